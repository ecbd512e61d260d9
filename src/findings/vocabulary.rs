//! Models of one family whose vocabularies differ in size.

use std::collections::BTreeMap;

use super::{Facts, Finding, Place, key, some_of};
use crate::study::{ModelId, Selection};

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let families = facts.families().into_iter();
    families
        .filter_map(|(base, models)| finding(facts, base, &models))
        .collect()
}

/// The models that differ from the base, or from most where the base does not say.
fn finding(facts: &Facts<'_>, base: ModelId, models: &[ModelId]) -> Option<Finding> {
    let mut by_size: BTreeMap<usize, Vec<ModelId>> = BTreeMap::new();
    for &id in models {
        if let Some(size) = (facts.tokens)(id) {
            by_size.entry(size).or_default().push(id);
        }
    }
    let most = || {
        by_size
            .iter()
            .max_by_key(|(_, models)| models.len())
            .map(|(size, _)| *size)
    };
    let usual = (facts.tokens)(base).or_else(most)?;
    let others = by_size.iter().filter(|(size, _)| **size != usual);
    let (sizes, others): (Vec<usize>, Vec<&Vec<ModelId>>) =
        others.map(|(size, models)| (*size, models)).unzip();
    let others: Vec<ModelId> = others.into_iter().flatten().copied().collect();
    let (first, last) = (sizes.first()?, sizes.last()?);
    let range = match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    };
    let names: Vec<&str> = others.iter().map(|&id| facts.name(id)).collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    Some(Finding {
        key: key("vocabulary", &others),
        sentence: format!(
            "{} {verb} {range} tokens, {} has {usual}: choose a tokenizer when they are merged",
            some_of(&names),
            facts.name(base)
        ),
        place: Place::Models,
        selection: Selection::Models(others),
    })
}
