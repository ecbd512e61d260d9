//! Models that are the same as far as kinship tells.

use std::collections::BTreeMap;

use super::{Facts, Finding, Place, key, some_of};
use crate::study::{ModelId, Selection};
use crate::text::number;

/// What three decimals show as 1.000.
const SAME: f64 = 0.999_5;
/// The most by which the lengths of copies differ: more is the same direction, not the same
/// model.
const SAME_LENGTH: f64 = 0.001;

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let families = facts.families();
    let families = families.iter().map(|(_, models)| groups(facts, models));
    families
        .flatten()
        .map(|group| finding(facts, &group))
        .collect()
}

/// Sets of two or more models of which each is like the first.
fn groups(facts: &Facts<'_>, models: &[ModelId]) -> Vec<Vec<ModelId>> {
    let mut groups: BTreeMap<ModelId, Vec<ModelId>> = BTreeMap::new();
    let norms: BTreeMap<ModelId, f64> = (models.iter())
        .filter_map(|&id| Some((id, (facts.norm)(id)?)))
        .collect();
    // Only models of about one length are compared; of a length that is not known, any.
    let may_be = |a: ModelId, b: ModelId| match (norms.get(&a), norms.get(&b)) {
        (Some(a), Some(b)) => (a - b).abs() <= SAME_LENGTH * a.max(*b),
        _ => true,
    };
    for &model in models {
        let is_like = |&&first: &&ModelId| may_be(first, model) && is_akin(facts, first, model);
        let first = groups.keys().find(is_like).copied();
        groups
            .entry(first.unwrap_or(model))
            .or_default()
            .push(model);
    }
    groups
        .into_values()
        .filter(|group| group.len() > 1)
        .collect()
}

fn is_akin(facts: &Facts<'_>, a: ModelId, b: ModelId) -> bool {
    (facts.kinship)(a, b).is_some_and(|kinship| kinship >= SAME)
}

fn finding(facts: &Facts<'_>, group: &[ModelId]) -> Finding {
    let least = group[1..]
        .iter()
        .filter_map(|&id| (facts.kinship)(group[0], id));
    let least = number(least.fold(1.0, f64::min), 3);
    let names: Vec<&str> = group.iter().map(|&id| facts.name(id)).collect();
    Finding {
        key: key("copies", group),
        sentence: format!("{} are the same ({least})", some_of(&names)),
        place: Place::Kinship,
        selection: match group {
            [a, b] => Selection::Pair(*a, *b),
            more => Selection::Models(more.to_vec()),
        },
    }
}
