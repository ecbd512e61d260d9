//! What is shown of the suggestions: rows in words, or why there are none. Pure; worked out
//! anew when the study or a measurement has changed.

use crate::advice::{Advice, Advised};
use crate::lineage::suggest::{Reason, Suggestion};
use crate::study::ModelId;
use crate::ui::action::{Action, ImportAction, ModelsAction, View};
use crate::ui::views::compose_by;
use crate::workbench::suggesting::Recommended;
use crate::workbench::{ModelFiles, Workbench};

pub struct Shown {
    /// The state of the workbench that they follow from.
    pub revision: u64,
    /// The most promising first; empty where `obstacle` says why.
    pub rows: Vec<Row>,
    /// What the expectations rest on, in a sentence or two.
    pub basis: String,
    pub obstacle: Option<Obstacle>,
}

pub struct Row {
    /// The two, the better one first.
    pub pair: [ModelId; 2],
    /// What the two are called where there is little room, and in full.
    pub names: [String; 2],
    pub whole: [String; 2],
    /// Their averages, in points.
    pub averages: [Option<f64>; 2],
    /// What is expected of the child.
    pub advised: Advised,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// By which method it is best made, and why.
    pub recommended: Recommended,
    /// What the canvas will lack; it can be composed all the same.
    pub lacks: Option<String>,
}

impl Row {
    /// Whether the two are so nearly equal that a merge of them is neither.
    pub fn are_copies(&self) -> bool {
        self.advised.are_copies()
    }

    /// Begins the merge by the method that is recommended.
    pub fn compose(&self) -> Action {
        compose_by(self.recommended.way.template(), self.pair.to_vec())
    }

    /// Both names as one: `mirror × order`.
    pub fn title(&self) -> String {
        self.names.join(" × ")
    }
}

/// Why there are no rows, or what stands in the way of better ones.
pub struct Obstacle {
    pub sentence: String,
    /// The ways on: the words of a button, and what it asks for.
    pub ways: Vec<(&'static str, Action)>,
    /// The models that scores are missing of, where that is what is missing.
    pub unscored: Vec<ModelId>,
}

impl Shown {
    pub fn new(bench: &Workbench) -> Self {
        let suggested = bench.suggestions();
        let with_ways = suggested.merges.iter().zip(&suggested.recommended);
        let row = |(merge, way)| row(bench, &suggested.models, merge, way);
        let rows: Vec<Row> = with_ways.map(row).collect();
        Self {
            revision: bench.revision(),
            basis: basis(&suggested.advice),
            obstacle: obstacle(bench, &suggested.models, &rows),
            rows,
        }
    }
}

fn basis(advice: &Advice) -> String {
    let kinship = advice.kinship_sentence().map(|s| format!("  ·  {s}"));
    format!("{}{}", advice.sentence(), kinship.unwrap_or_default())
}

fn row(
    bench: &Workbench,
    models: &[ModelId],
    merge: &Suggestion,
    recommended: &Recommended,
) -> Row {
    let (doc, record) = (bench.study().doc(), bench.record());
    let counts = |task: &&String| !doc.not_averaged.contains(task);
    let counted: Vec<&String> = record.tasks.iter().filter(counts).collect();
    let model_name = |k: usize| bench.short(models[k]).to_owned();
    let task_name = |k: usize| counted.get(k).map_or(String::new(), |task| (*task).clone());
    let pair = merge.pair().map(|k| models[k]);
    let words = |reason: &Reason| reason.words(&model_name, &task_name);
    Row {
        pair,
        names: pair.map(|id| bench.short(id).to_owned()),
        whole: pair.map(|id| doc.name_of(id).to_owned()),
        averages: pair.map(|id| record.row(id).and_then(|row| row.average)),
        advised: merge.advised,
        reasons: merge.reasons.iter().map(words).collect(),
        recommended: recommended.clone(),
        lacks: lacks(bench, pair),
    }
}

/// What stands in the way of writing a merge of the two.
fn lacks(bench: &Workbench, pair: [ModelId; 2]) -> Option<String> {
    let is_open = |id: &ModelId| bench.files(*id).checkpoint().is_some();
    let without = pair.iter().filter(|id| !is_open(id));
    let names = without.map(|&id| bench.short(id));
    let names: Vec<&str> = names.collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    (!names.is_empty()).then(|| {
        format!(
            "{} {verb} no files here: the merge can be composed by name, and written once they \
             are found in Models",
            names.join(" and ")
        )
    })
}

fn obstacle(bench: &Workbench, models: &[ModelId], rows: &[Row]) -> Option<Obstacle> {
    let (doc, record) = (bench.study().doc(), bench.record());
    let name = |id: ModelId| bench.short(id);
    let go = || ("Go to models", Action::Go(View::Models));
    let add = || ("Add models…", ModelsAction::AskForFolders.into());
    let import = || ("Import scores…", ImportAction::AskForFiles.into());
    let found = |sentence: &str, ways| {
        Some(Obstacle {
            sentence: sentence.to_owned(),
            ways,
            unscored: Vec::new(),
        })
    };
    if doc.models.is_empty() {
        let sentence = "With models and their scores, the merges that promise most are listed here";
        return found(sentence, vec![add()]);
    }
    if models.len() < 2 {
        return found("A merge takes two models; add another", vec![add()]);
    }
    let has_average = |id: &ModelId| record.row(*id).is_some_and(|row| row.average.is_some());
    let (scored, unscored): (Vec<ModelId>, Vec<ModelId>) =
        models.iter().copied().partition(has_average);
    let has_scores = |id: &ModelId| {
        let row = record.row(*id);
        row.is_some_and(|row| row.scores.iter().any(Option::is_some))
    };
    let (sentence, ways) = match scored[..] {
        [] if models.iter().any(has_scores) => (
            "No model has a score on every task that counts, so there is no average to go by. \
             Fill in what is missing, or count fewer tasks in Models."
                .to_owned(),
            vec![import(), go()],
        ),
        [] => (
            "No model has a score yet. Import what you have, type scores into the table of \
             models, or have the models evaluated."
                .to_owned(),
            vec![import()],
        ),
        [one] if models.iter().any(|id| *id != one && has_scores(id)) => (
            format!(
                "Only {} has a score on every task that counts, so only it has an average. Fill \
                 in what is missing of the others, or count fewer tasks in Models.",
                name(one)
            ),
            vec![import(), go()],
        ),
        [one] => (
            format!(
                "Only {} has a score. A merge is suggested between two models that have one.",
                name(one)
            ),
            vec![import()],
        ),
        _ if rows.is_empty() => (
            "Every pair of models with scores has been merged. Add models, or score the merges \
             to go on with them."
                .to_owned(),
            vec![add()],
        ),
        _ if rows.iter().all(Row::are_copies) => {
            let sentence = "All pairs that are left are near copies of each other, and two equal \
                            models cannot gain. Add models that differ.";
            return found(sentence, vec![add()]);
        }
        _ => {
            let (sentence, ways) = unknown_kinship(bench, rows)?;
            return found(&sentence, ways);
        }
    };
    Some(Obstacle {
        sentence,
        ways,
        unscored,
    })
}

/// Why kinship is not known of every pair, or only as reported.
fn unknown_kinship(
    bench: &Workbench,
    rows: &[Row],
) -> Option<(String, Vec<(&'static str, Action)>)> {
    let doc = bench.study().doc();
    let has_files = |id: &ModelId| doc.model(*id).is_some_and(|m| m.path.is_some());
    if !rows.iter().any(|row| row.pair.iter().any(has_files)) {
        let sentence = "These models have no files here: kinship is as reported, and a merge is \
                        composed by name";
        return Some((sentence.to_owned(), Vec::new()));
    }
    if rows.iter().all(|row| row.advised.kinship.is_some()) {
        return None;
    }
    let Some(base) = doc.shown_base() else {
        let sentence = "No base is chosen, so kinship cannot be measured. \
                        Set the base in the table of models.";
        let go = ("Go to models", Action::Go(View::Models));
        return Some((sentence.to_owned(), vec![go]));
    };
    if bench.measuring(base).is_some() {
        let sentence = "Kinship is being measured; the order may change";
        return Some((sentence.to_owned(), Vec::new()));
    }
    match bench.files(base) {
        ModelFiles::Opening => None,
        ModelFiles::Open { .. } if !bench.files(base).are_missing() => {
            let sentence = "Kinship is not measured of every pair yet, so it is not looked at";
            let measure = ModelsAction::MeasureHere(base).into();
            (bench.family(base).unmeasured() > 0)
                .then(|| (sentence.to_owned(), vec![("Measure kinship", measure)]))
        }
        _ => {
            let sentence = format!(
                "The files of the base {} cannot be read, so kinship is not known",
                bench.short(base)
            );
            let find = ModelsAction::AskWhereIs(base).into();
            Some((sentence, vec![("Find the base again…", find)]))
        }
    }
}
