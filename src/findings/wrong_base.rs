//! A fine-tune that lies so far from its base that it hardly descends from it.

use super::{Facts, Finding, Place, key};
use crate::study::{ModelId, Selection};
use crate::text::number;

/// The fewest other models of the base.
const LEAST: usize = 2;
/// How many times as far as the middle one of the others.
const FAR: f64 = 10.0;

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let families = facts.families().into_iter();
    families
        .flat_map(|(base, models)| {
            let of = |&id: &ModelId| finding(facts, base, id, &models);
            models.iter().filter_map(of).collect::<Vec<_>>()
        })
        .collect()
}

fn finding(facts: &Facts<'_>, base: ModelId, id: ModelId, family: &[ModelId]) -> Option<Finding> {
    let others = family.iter().filter(|&&other| other != id);
    let mut lengths: Vec<f64> = others.filter_map(|&other| (facts.norm)(other)).collect();
    lengths.sort_by(f64::total_cmp);
    let middle = lengths
        .get(lengths.len() / 2)
        .filter(|middle| **middle > 0.0)?;
    let times = (facts.norm)(id)? / middle;
    (lengths.len() >= LEAST && times >= FAR).then(|| Finding {
        key: key("wrong base", &[id, base]),
        sentence: format!(
            "{} may not descend from {}: its task vector is {} times as long as the others’",
            facts.name(id),
            facts.name(base),
            number(times, 0)
        ),
        place: Place::Models,
        selection: Selection::Models(vec![id]),
    })
}
