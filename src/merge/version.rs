//! Whose rules a merge follows where versions of mergekit make different numbers, or refuse
//! different recipes.
//!
//! What differs between the two, all of it by rule and not by recipe:
//!
//! | | 0.1.4 | 0.1.5 |
//! | --- | --- | --- |
//! | format of the child where the models' differ and the recipe names none | the base's, else F32 | the one that holds all of them |
//! | a model listed twice | counts once | refused |
//! | vocabularies of different sizes | cut to the smallest | refused, unless asked for |
//! | other shapes, methods on changes | the model is left out there | refused |
//! | TIES, a density that keeps nothing | refused | keeps the largest change, or, if it is 0, none |
//! | Breadcrumbs without an outlier | keeps nothing | keeps what the density says |
//! | slerp, nuslerp and arcee_fusion of one model, empty lists | a copy | refused |
//!
//! 0.1.4 also rounded half-precision results after each operation; here both round once.

/// A version of mergekit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// Of 2026-06.
    V0_1_4,
    /// The newest.
    #[default]
    V0_1_5,
}

impl Version {
    /// All, with the names that recipes have for them.
    pub const NAMES: [(&'static str, Self); 2] = [("0.1.4", Self::V0_1_4), ("0.1.5", Self::V0_1_5)];

    /// As in recipes.
    pub fn name(self) -> &'static str {
        let own = Self::NAMES.iter().find(|(_, version)| *version == self);
        own.map_or("", |(name, _)| name)
    }
}
