//! Shares over the layers and kinds: the curve of a SLERP, the seams of a model made of layers.

use serde::Serialize;

use super::equations::Equations;
use super::first::Question;
use crate::kinship::Grain;

/// The shares in one group of tensors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupShares {
    /// Layer or kind.
    pub name: String,
    /// Numbers that were compared in it.
    pub parameters: u64,
    /// A share for each candidate asked about, in that order.
    pub shares: Vec<f64>,
    /// The relative residual in it.
    pub residual: f64,
}

/// The shares of candidates `among` (by their place in the question) in each group.
pub fn shares_by_group(question: &Question<'_>, among: &[usize], grain: Grain) -> Vec<GroupShares> {
    let Question {
        kinship,
        child,
        candidates,
        signs,
        ..
    } = *question;
    let chosen: Vec<usize> = among.iter().map(|&k| candidates[k]).collect();
    let everyone: Vec<usize> = (0..chosen.len()).collect();
    let groups = kinship.groups(grain).into_iter();
    let of = |group: crate::kinship::Group| {
        let own = Equations::of(kinship, child, &chosen, &group.tensors)?;
        let fit = own.whole.fit_of(&everyone, signs);
        Some(GroupShares {
            name: group.name,
            parameters: own.whole.count(),
            shares: fit.shares,
            residual: fit.residual,
        })
    };
    groups.filter_map(of).collect()
}
