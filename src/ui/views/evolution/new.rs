//! A new evolution, from scratch or like another one.

use std::path::PathBuf;

use crate::lineage::strategy::strategy;
use crate::study::{Evolution, EvolutionId, ModelId, Role, Setup, StudyDoc};
use crate::workbench::Workbench;

/// The models that a new evolution would begin with: those that are selected if there are two
/// or more, else the fine-tunes of the family that is shown.
pub fn founders(bench: &Workbench) -> Vec<ModelId> {
    let doc = bench.study().doc();
    let has_role = |id: &ModelId, role| doc.model(*id).is_some_and(|m| doc.role(m) == role);
    let mut selected = bench.study().selection().models();
    selected.retain(|id| !has_role(id, Role::Base));
    if selected.len() > 1 {
        return selected;
    }
    let mut family = doc.shown_base().map_or_else(Vec::new, |b| doc.family(b));
    family.retain(|id| has_role(id, Role::FineTune));
    family
}

/// A new evolution; its children lie beside the study.
pub fn new_evolution(bench: &Workbench) -> Evolution {
    let founders = founders(bench);
    let has_base = bench.study().doc().base_of_all(&founders).is_some();
    called(bench, "Evolution", Setup::usual(founders, has_base))
}

/// Another one with the same founders and the strategy of a name.
pub fn compared(bench: &Workbench, evolution: &Evolution, by: &str) -> Evolution {
    let mut setup = evolution.setup.clone();
    setup.founders = founders_of(bench.study().doc(), evolution);
    by.clone_into(&mut setup.strategy);
    let is_same = by == evolution.setup.strategy;
    let title = strategy(by).map_or(by, |s| s.description().title);
    let name = if is_same { &evolution.name } else { title };
    called(bench, name, setup)
}

/// The founders that a run began with, or will.
pub fn founders_of(doc: &StudyDoc, evolution: &Evolution) -> Vec<ModelId> {
    let is_founder = |id: &ModelId| {
        let step = doc.model(*id).and_then(|m| m.step(&evolution.name));
        step.is_none_or(|step| step.generation == 0)
    };
    let mut out = doc.population(evolution);
    out.retain(is_founder);
    out
}

fn called(bench: &Workbench, name: &str, mut setup: Setup) -> Evolution {
    let name = bench.study().doc().free_run_name(name);
    setup.folder = folder(bench, &name);
    Evolution {
        id: EvolutionId::default(),
        name,
        setup,
        ..Evolution::default()
    }
}

/// Beside the study, after the name.
fn folder(bench: &Workbench, name: &str) -> Option<PathBuf> {
    let beside = bench.path()?.parent()?;
    Some(beside.join("evolutions").join(slug(name)))
}

fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let words: String = name.to_lowercase().chars().map(plain).collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    match words.join("-") {
        slug if slug.is_empty() => "evolution".to_owned(),
        slug => slug,
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn folders_have_plain_names() {
        assert_eq!(
            slug("With kinship, five founders"),
            "with-kinship-five-founders"
        );
        assert_eq!(slug("进化 2"), "进化-2");
        assert_eq!(slug("…"), "evolution");
    }
}
