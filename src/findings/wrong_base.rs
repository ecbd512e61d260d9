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
            let known = |&id: &ModelId| Some((id, (facts.norm)(id)?));
            let known: Vec<(ModelId, f64)> = models.iter().filter_map(known).collect();
            let mut lengths: Vec<f64> = known.iter().map(|(_, length)| *length).collect();
            lengths.sort_by(f64::total_cmp);
            let of = |&own: &(ModelId, f64)| finding(facts, base, own, &lengths);
            known.iter().filter_map(of).collect::<Vec<_>>()
        })
        .collect()
}

/// `lengths` are those of all, in order.
fn finding(
    facts: &Facts<'_>,
    base: ModelId,
    (id, length): (ModelId, f64),
    lengths: &[f64],
) -> Option<Finding> {
    let own = lengths.partition_point(|other| other.total_cmp(&length).is_lt());
    // The middle of the others.
    let middle = lengths.len().saturating_sub(1) / 2;
    let middle = lengths.get(if middle < own { middle } else { middle + 1 });
    let middle = middle.filter(|middle| **middle > 0.0)?;
    let times = length / middle;
    (lengths.len() > LEAST && times >= FAR).then(|| Finding {
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
