//! What a study lacks most: measuring, scores, or the merge that promises most.

use super::{compose_by, evaluate_objection};
use crate::study::{ModelId, Role};
use crate::ui::action::{Action, EvaluationAction, ImportAction, ModelsAction, View};
use crate::ui::format;
use crate::workbench::Workbench;
use crate::workbench::evolving::RunState;

/// A step that gets on: why, the words of its button, and what that does.
pub struct Step {
    pub words: String,
    pub button: String,
    pub action: Action,
}

/// Longer names are cut in their middle.
const LONGEST: usize = 16;

/// The next step, unless the view itself offers it or something runs that leads there.
pub fn next_step(bench: &Workbench, view: View) -> Option<Step> {
    if bench.study().doc().models.len() < 2 || is_running(bench) {
        return None;
    }
    match measure(bench) {
        // The view of kinship says it over the map.
        Some(_) if view == View::Kinship => None,
        Some(step) => Some(step),
        // It says itself whose scores are missing.
        None if view == View::Next => None,
        None => scores(bench, view).or_else(|| merge(bench, view)),
    }
}

fn is_running(bench: &Workbench) -> bool {
    let doc = bench.study().doc();
    let runs = |id| {
        matches!(
            bench.run_state(id),
            RunState::Running(_) | RunState::Waiting(_)
        )
    };
    bench.is_measuring()
        || !bench.being_evaluated().is_empty()
        || doc.evolutions.iter().any(|e| runs(e.id))
}

fn measure(bench: &Workbench) -> Option<Step> {
    let doc = bench.study().doc();
    let base = doc.shown_base()?;
    let family = bench.family(base);
    let is_open = bench.files(base).checkpoint().is_some();
    let n = family.unmeasured();
    let can = is_open && n > 0 && family.models.len() > 1;
    let verb = if n == 1 { "is" } else { "are" };
    can.then(|| Step {
        words: format!("{} {verb} not measured", format::counted(n, "model")),
        button: "Measure kinship".to_owned(),
        action: ModelsAction::MeasureHere(base).into(),
    })
}

/// Scores for all, or for those that have none.
fn scores(bench: &Workbench, view: View) -> Option<Step> {
    let doc = bench.study().doc();
    let (scored, unscored): (Vec<_>, Vec<_>) = doc
        .models
        .iter()
        .filter(|model| doc.role(model) != Role::Base)
        .partition(|model| !model.scores.is_empty() || model.origin.average.is_some());
    let can_be = |id: &ModelId| bench.files(*id).checkpoint().is_some();
    let unscored: Vec<ModelId> = unscored.into_iter().map(|m| m.id).filter(can_be).collect();
    if scored.is_empty() {
        // Over the table there is a button for it already.
        return (view != View::Models).then(|| Step {
            words: "No model has scores".to_owned(),
            button: "Import scores…".to_owned(),
            action: ImportAction::AskForFiles.into(),
        });
    }
    let n = format::counted(unscored.len(), "model");
    let verb = if unscored.len() == 1 { "has" } else { "have" };
    (!unscored.is_empty()).then(|| evaluate(bench, format!("{n} {verb} no scores"), unscored))
}

/// Has models judged, or leads to the window that says how.
fn evaluate(bench: &Workbench, words: String, models: Vec<ModelId>) -> Step {
    let button = format!("Evaluate {}", format::counted(models.len(), "model"));
    let can = bench.evaluator_objection().is_none() && evaluate_objection(bench, &models).is_none();
    match can {
        true => Step {
            words,
            button,
            action: EvaluationAction::Start(models).into(),
        },
        false => Step {
            words,
            button: format!("{button}…"),
            action: EvaluationAction::ShowSetup.into(),
        },
    }
}

/// The merge that promises most, where none is being composed.
fn merge(bench: &Workbench, view: View) -> Option<Step> {
    let doc = bench.study().doc();
    if view == View::Merge && doc.shown_draft().is_some() {
        return None;
    }
    let suggested = bench.suggestions();
    let first = suggested.merges.first()?;
    let pair = first.pair().map(|k| suggested.models[k]);
    let template = suggested.recommended.first()?.way.template();
    let names = pair.map(|id| format::elide_middle(bench.short(id), LONGEST));
    Some(Step {
        words: "Promises most".to_owned(),
        button: format!("Compose {}", names.join(" × ")),
        action: compose_by(template, pair.to_vec()),
    })
}
