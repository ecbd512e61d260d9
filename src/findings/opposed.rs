//! A model that changed the base the other way from its whole family.

use super::{Facts, Finding, Place, key};
use crate::stats::mean;
use crate::study::{ModelId, Selection};
use crate::text::number;

/// The fewest relatives that make a family.
const LEAST: usize = 3;
/// The most that a model is compared with.
const MOST: usize = 200;
/// Mean kinship below this opposes; unrelated models are within it either side of 0.
const OPPOSED: f64 = -0.1;
/// The share of relatives that it has to oppose.
const MOST_OF_THEM: f64 = 0.75;

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let families = facts.families().into_iter();
    families
        .flat_map(|(_, models)| {
            let of = |&id: &ModelId| finding(facts, id, &models);
            models.iter().filter_map(of).collect::<Vec<_>>()
        })
        .collect()
}

fn finding(facts: &Facts<'_>, id: ModelId, family: &[ModelId]) -> Option<Finding> {
    // Of a large family some, evenly spread: their mean is that of all within a few hundredths.
    let step = family.len().div_ceil(MOST);
    let others = family.iter().step_by(step).filter(|&&other| other != id);
    let values: Vec<f64> = others
        .filter_map(|&other| (facts.kinship)(id, other))
        .collect();
    let mean = mean(&values).filter(|mean| *mean < OPPOSED)?;
    let against = values.iter().filter(|value| **value < 0.0).count();
    let opposes = against as f64 >= MOST_OF_THEM * values.len() as f64;
    (values.len() >= LEAST && opposes).then(|| Finding {
        key: key("opposed", &[id]),
        sentence: format!(
            "{} opposes its family: mean kinship {} with {} models",
            facts.name(id),
            number(mean, 3),
            values.len()
        ),
        place: Place::Kinship,
        selection: Selection::Models(vec![id]),
    })
}
