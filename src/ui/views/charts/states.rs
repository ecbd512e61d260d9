//! What stands in the view where there is nothing to draw.

use eframe::egui::Ui;
use egui_phosphor::regular as icon;

use super::choose;
use super::model::ChartModel;
use super::quantities::with_points;
use crate::figures::{Chart, Control, Needs, chart};
use crate::study::chart::{ChartChoices, ChartKind, PointsAre};
use crate::ui::action::{Action, FileAction, ImportAction, ModelsAction, View};
use crate::ui::widgets::empty_state_with;
use crate::workbench::Workbench;

/// The record that is offered where there is none: its name and its key.
const RECORD: (&str, &str) = ("Open the community’s record", "community");
const EMPTY: &str = "Nothing is written down yet. Charts are drawn from scores and from kinship; \
                     import scores, or look at what others have recorded.";
const FILES: &str = "The models of this study are known by name alone. The change of each layer \
                     is measured in their weights; add models with their files and a base.";

pub fn nothing_ui(
    ui: &mut Ui,
    bench: &Workbench,
    shown: &ChartModel,
    choices: &ChartChoices,
    actions: &mut Vec<Action>,
) {
    let missing = shown.figure.as_ref().err().map_or("", String::as_str);
    let sentence = match kind_of(bench, choices.kind) {
        Lack::Everything => EMPTY,
        Lack::Files => FILES,
        Lack::Other => missing,
    };
    let (words, action) = pairs(bench, choices)
        .or_else(|| way_on(bench, choices.kind))
        .unzip();
    let mut opens = false;
    let below = |ui: &mut Ui| {
        opens = bench.open_record().is_none() && ui.button(RECORD.0).clicked();
    };
    if empty_state_with(ui, icon::CHART_SCATTER, sentence, words, below) {
        actions.extend(action);
    }
    if opens {
        actions.push(Action::File(FileAction::OpenBundled(RECORD.1)));
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Lack {
    Everything,
    Files,
    Other,
}

fn needs(kind: ChartKind) -> Needs {
    chart(kind).map_or(Needs::Nothing, |chart| chart.needs)
}

fn kind_of(bench: &Workbench, kind: ChartKind) -> Lack {
    let models = &bench.study().doc().models;
    if models.is_empty() {
        Lack::Everything
    } else if needs(kind) == Needs::Weights && models.iter().all(|m| m.path.is_none()) {
        Lack::Files
    } else {
        Lack::Other
    }
}

/// The pairs whose kinship is known, where no merge is.
fn pairs(bench: &Workbench, choices: &ChartChoices) -> Option<(&'static str, Action)> {
    let data = (bench.record(), bench.pair_rows());
    let has_points = |chart: &Chart| chart.controls.contains(&Control::Points);
    let is_lacking =
        chart(choices.kind).is_some_and(has_points) && choices.points == PointsAre::Models;
    (is_lacking && data.1.len() > 1).then(|| {
        let choices = with_points(choices, PointsAre::Pairs, data);
        ("Show the pairs", choose(choices))
    })
}

fn way_on(bench: &Workbench, kind: ChartKind) -> Option<(&'static str, Action)> {
    let has_scores = bench.record().rows.iter().any(|row| row.average.is_some());
    match (kind_of(bench, kind), needs(kind)) {
        (_, Needs::Nothing) => None,
        (Lack::Files, _) => Some(("Add models…", Action::Models(ModelsAction::AskForFolders))),
        (Lack::Other, Needs::Kinship | Needs::Weights) => {
            Some(("Go to kinship", Action::Go(View::Kinship)))
        }
        _ if has_scores => None,
        _ => Some(("Import scores…", Action::Import(ImportAction::AskForFiles))),
    }
}
