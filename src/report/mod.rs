//! What a study says, as one page that needs nothing else: for those who have no Kinfolk.

mod page;

use crate::study::{Model, ModelFacts, ModelId, Role, StudyDoc, StudyFacts};
use crate::text::{counted, list, number, signed};
use crate::workbench::Workbench;

pub use page::html;

/// The words and tables of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub name: String,
    pub about: String,
    /// Where its numbers are from.
    pub source: String,
    /// Large numbers at the top: what each is, and its value.
    pub numbers: Vec<(&'static str, String)>,
    /// What stands out, a sentence each.
    pub findings: Vec<String>,
    pub tasks: Vec<String>,
    /// The best first; models without an average last, in the order of the study.
    pub models: Vec<ModelRow>,
    pub merges: Vec<MergeRow>,
    pub evolutions: Vec<EvolutionRow>,
    /// What keeps the numbers from saying more, a sentence each.
    pub caveats: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelRow {
    pub rank: Option<usize>,
    pub name: String,
    pub role: &'static str,
    pub base: String,
    pub average: Option<f64>,
    /// One entry a task of the report.
    pub scores: Vec<Option<f64>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MergeRow {
    pub name: String,
    pub parents: Vec<String>,
    pub method: String,
    /// Of its parents, with the name of the measure.
    pub kinship: Option<(f64, &'static str)>,
    pub average: Option<f64>,
    pub gain: Option<f64>,
    /// In mergekit's YAML; may be empty.
    pub recipe: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvolutionRow {
    pub name: String,
    pub strategy: String,
    pub founders: usize,
    pub children: usize,
    pub evaluations: u32,
    /// Its best model and that model's average.
    pub best: Option<(String, f64)>,
}

/// A picture of the page as an SVG document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// The section that it stands in; pictures of one section follow each other.
    pub section: &'static str,
    pub title: String,
    /// What it shows, for those who cannot see it and as the words below it.
    pub words: Vec<String>,
    pub svg: String,
}

impl Report {
    pub fn of(bench: &Workbench) -> Self {
        let (doc, facts) = (bench.study().doc(), bench.record());
        let merges: Vec<MergeRow> = pairs(doc, facts)
            .filter(|(model, _)| model.is_merge())
            .map(|(model, row)| merge_row(doc, model, row))
            .collect();
        Self {
            name: doc.name.clone(),
            about: doc.about.clone(),
            source: doc.source.clone(),
            numbers: numbers(doc, facts),
            findings: findings(doc, facts, &merges),
            tasks: facts.tasks.clone(),
            models: model_rows(doc, facts),
            evolutions: evolution_rows(doc, facts),
            caveats: caveats(bench, &merges),
            merges,
        }
    }
}

fn pairs<'a>(
    doc: &'a StudyDoc,
    facts: &'a StudyFacts,
) -> impl Iterator<Item = (&'a Model, &'a ModelFacts)> {
    doc.models.iter().zip(&facts.rows)
}

fn numbers(doc: &StudyDoc, facts: &StudyFacts) -> Vec<(&'static str, String)> {
    let merges = doc.models.iter().filter(|m| m.is_merge()).count();
    let mut out = vec![
        ("models", doc.models.len().to_string()),
        ("of them merges", merges.to_string()),
    ];
    let tasks = Some(facts.tasks.len()).filter(|&n| n > 0);
    out.extend(tasks.map(|n| ("tasks", n.to_string())));
    let best = facts.best().and_then(|best| best.average);
    out.extend(best.map(|best| ("best average", number(best, 2))));
    out
}

fn findings(doc: &StudyDoc, facts: &StudyFacts, merges: &[MergeRow]) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(facts.best().and_then(|best| best_words(doc, facts, best)));
    let gains: Vec<f64> = merges.iter().filter_map(|merge| merge.gain).collect();
    if !gains.is_empty() {
        let better = gains.iter().filter(|&&gain| gain > 0.0).count();
        let mean = gains.iter().sum::<f64>() / gains.len() as f64;
        out.push(format!(
            "{better} of {} with a known gain scored above the mean of their parents; the mean \
             gain is {} points.",
            counted(gains.len(), "merge"),
            signed(mean, 2)
        ));
    }
    out
}

/// The best model beside the best of those that it was made from.
fn best_words(doc: &StudyDoc, facts: &StudyFacts, best: &ModelFacts) -> Option<String> {
    let (model, average) = (doc.model(best.id)?, best.average?);
    let start = format!(
        "{} has the best average, {} points",
        model.name,
        number(average, 2)
    );
    let of = |id: &ModelId| Some((*id, facts.row(*id)?.average?));
    let parents = model.parents.iter().filter_map(of);
    let Some((parent, theirs)) = parents.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Some(format!("{start}."));
    };
    let which = match model.parents.len() {
        1 => "which it was made from",
        _ => "the best of its parents",
    };
    Some(format!(
        "{start}, {} beside {}, {which}.",
        signed(average - theirs, 2),
        doc.name_of(parent)
    ))
}

fn model_rows(doc: &StudyDoc, facts: &StudyFacts) -> Vec<ModelRow> {
    let row = |(model, row): (&Model, &ModelFacts)| ModelRow {
        rank: row.rank,
        name: model.name.clone(),
        role: doc.role(model).title(),
        base: model
            .base
            .map_or_else(String::new, |base| doc.name_of(base).to_owned()),
        average: row.average,
        scores: row.scores.clone(),
    };
    let mut out: Vec<ModelRow> = pairs(doc, facts).map(row).collect();
    out.sort_by_key(|row| row.rank.unwrap_or(usize::MAX));
    out
}

fn merge_row(doc: &StudyDoc, model: &Model, row: &ModelFacts) -> MergeRow {
    let metrics = crate::kinship::Metric::ALL.iter();
    let mut values = metrics.filter_map(|&metric| {
        let value = row.kinship.get(metric).filter(|value| value.is_finite())?;
        Some((value, metric.short))
    });
    let mut parents: Vec<String> = (model.parents.iter())
        .map(|&id| doc.name_of(id).to_owned())
        .collect();
    if model.origin.unnamed_parents {
        parents.push("others that are not named".to_owned());
    }
    MergeRow {
        name: model.name.clone(),
        parents,
        method: model.origin.method.clone(),
        kinship: values.next(),
        average: row.average,
        gain: row.gain,
        recipe: model.origin.recipe.clone(),
    }
}

fn evolution_rows(doc: &StudyDoc, facts: &StudyFacts) -> Vec<EvolutionRow> {
    let row = |evolution: &crate::study::Evolution| {
        let is_in = |(model, _): &(&Model, &ModelFacts)| model.step(&evolution.name).is_some();
        let members = || pairs(doc, facts).filter(is_in);
        let scored = members().filter_map(|(m, row)| Some((m.name.clone(), row.average?)));
        EvolutionRow {
            name: evolution.name.clone(),
            strategy: evolution.setup.strategy.clone(),
            founders: evolution.setup.founders.len(),
            children: members().filter(|(m, _)| m.is_merge()).count(),
            evaluations: evolution.evaluations,
            best: scored.max_by(|a, b| a.1.total_cmp(&b.1)),
        }
    };
    doc.evolutions.iter().map(row).collect()
}

fn caveats(bench: &Workbench, merges: &[MergeRow]) -> Vec<String> {
    let (doc, facts) = (bench.study().doc(), bench.record());
    let mut out = Vec::new();
    for base in doc.bases() {
        let family = bench.family(base);
        let unknown = family.measured.iter().filter(|m| m.is_none()).count();
        if unknown > 0 && !family.models.is_empty() {
            out.push(format!(
                "The kinship of {unknown} of {} of {} was not measured.",
                counted(family.models.len(), "model"),
                doc.name_of(base)
            ));
        }
    }
    let unknown = |row: &&ModelFacts| row.average.is_none();
    let without = facts.rows.iter().filter(unknown).count();
    if without > 0 && !facts.tasks.is_empty() {
        out.push(format!(
            "{} without an average: not all tasks that count were evaluated.",
            counted(without, "model")
        ));
    }
    let reported = facts.rows.iter().filter(|row| row.gain_is_reported).count();
    if reported > 0 {
        out.push(format!(
            "The gain of {} is as reported and cannot be worked out from scores.",
            counted(reported, "merge")
        ));
    }
    let known = merges.iter().filter(|m| m.gain.is_some()).count();
    if (1..10).contains(&known) {
        out.push(format!(
            "{} with a known gain are too few to tell what makes a merge gain.",
            counted(known, "merge")
        ));
    }
    let no_base: Vec<String> = (doc.models.iter())
        .filter(|model| doc.role(model) == Role::NoBase)
        .map(|model| model.name.clone())
        .collect();
    if !no_base.is_empty() {
        out.push(format!("No base is known for {}.", list(&no_base)));
    }
    for (model, row) in pairs(doc, facts) {
        let told = row.conflicts.iter();
        out.extend(told.map(|conflict| format!("{}: {conflict}.", model.name)));
    }
    out
}
