//! How far apart two clusters are, from the distances of those that were joined.
//!
//! All three are of the family of Lance and Williams, 1967: the distance of a join to any other
//! cluster follows from those of its two parts, as in `scipy.cluster.hierarchy.linkage`.

use serde::{Deserialize, Serialize};

/// A rule for the distance of clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linkage {
    /// The mean distance of their members: UPGMA (Sokal and Michener, 1958).
    #[default]
    Average,
    /// The greatest distance of two members: clusters are compact (Sørensen, 1948).
    Complete,
    /// The growth of the variance within (Ward, 1963), on distances taken as Euclidean ones.
    Ward,
}

impl Linkage {
    /// Every linkage, in the order on screen.
    pub const ALL: [Self; 3] = [Self::Average, Self::Complete, Self::Ward];

    /// The name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Average => "Average linkage",
            Self::Complete => "Complete linkage",
            Self::Ward => "Ward's linkage",
        }
    }

    /// One sentence on what it does.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Average => "Clusters are as far apart as their members on average (UPGMA)",
            Self::Complete => "Clusters are as far apart as their farthest members",
            Self::Ward => "Joins whatever adds least to the variance within clusters",
        }
    }

    /// The distance of a third cluster to the join of two.
    pub(super) fn joined(self, [a, b, third]: [f64; 3], [to_a, to_b, between]: [f64; 3]) -> f64 {
        match self {
            Self::Average => (a * to_a + b * to_b) / (a + b),
            Self::Complete => to_a.max(to_b),
            Self::Ward => {
                let sum = (a + third) * to_a * to_a + (b + third) * to_b * to_b
                    - third * between * between;
                (sum / (a + b + third)).max(0.0).sqrt()
            }
        }
    }
}
