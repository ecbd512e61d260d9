//! What stands in the view before there is a matrix, and the banners above it.

use eframe::egui::{Align, CentralPanel, Label, Layout, RichText, Ui, vec2};
use egui_phosphor::regular as icon;

use super::shown::Shown;
use crate::checkpoint::OnDisk;
use crate::study::ModelId;
use crate::ui::action::{Action, ModelsAction, View};
use crate::ui::ask::Ask;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, size, space};
use crate::ui::widgets::{banner, card, empty_state, progress_bar};
use crate::workbench::{Family, ModelFiles, Workbench};

pub enum Stage {
    Matrix,
    Opening,
    BaseNotOpen(String),
    /// There are no files, and kinship of this many pairs is known from reports.
    Reported(usize),
    NotMeasured,
    /// A single model, which has a norm and no kin.
    OneModel,
}

pub fn stage(bench: &Workbench, family: &Family) -> Stage {
    let known = family.measured.iter().flatten().count();
    let running = bench.measuring(family.base).is_some();
    match bench.files(family.base) {
        ModelFiles::Open { .. } => {}
        ModelFiles::Opening => return Stage::Opening,
        ModelFiles::Failed(sentence) => return Stage::BaseNotOpen(sentence.clone()),
        ModelFiles::None if reported(bench) > 0 => return Stage::Reported(reported(bench)),
        ModelFiles::None => return Stage::BaseNotOpen("It is known by name alone".to_owned()),
    }
    if known == 0 && !running {
        let is_opening = |id: &ModelId| matches!(bench.files(*id), ModelFiles::Opening);
        if family.models.iter().any(is_opening) {
            return Stage::Opening;
        }
        return Stage::NotMeasured;
    }
    if family.models.len() == 1 {
        Stage::OneModel
    } else {
        Stage::Matrix
    }
}

/// How many pairs and merges of the study have kinship as reported.
fn reported(bench: &Workbench) -> usize {
    let doc = bench.study().doc();
    let merges = doc.models.iter();
    let merges = merges.filter(|m| !m.origin.kinship.is_empty()).count();
    let pairs = doc.pairs.iter();
    pairs.filter(|p| !p.kinship.is_empty()).count() + merges
}

fn reported_ui(ui: &mut Ui, n: usize, actions: &mut Vec<Action>) {
    let text = format!(
        "Kinship here is as reported, for {} of models. There are no files to measure it from; \
         Charts shows what is known.",
        format::counted(n, "pair")
    );
    if empty_state(ui, icon::CHART_SCATTER, &text, Some("Show in Charts")) {
        actions.push(Action::Go(View::Charts));
    }
}

pub fn no_base_ui(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let models = &bench.study().doc().models;
    let has_files = models.iter().any(|m| m.path.is_some());
    let n = reported(bench);
    if n > 0 && !has_files {
        reported_ui(ui, n, actions);
        return;
    }
    let (sentence, button, action) = match models.len() {
        0 => (
            "No models yet. Add a base and models that descend from it.",
            "Add models…",
            Action::Models(ModelsAction::AskForFolders),
        ),
        1 => (
            "One model alone has no kin. Add models that descend from it.",
            "Add models…",
            Action::Models(ModelsAction::AskForFolders),
        ),
        _ if !has_files => (
            "These models are known by name alone, and kinship is measured from files. Select a \
             model and find its files, or add models that have some.",
            "Go to models",
            Action::Go(View::Models),
        ),
        _ => (
            "No base is chosen. Kinship compares what models changed since their common base; \
             say in the table of models which one that is.",
            "Go to models",
            Action::Go(View::Models),
        ),
    };
    if empty_state(ui, icon::TREE_STRUCTURE, sentence, Some(button)) {
        actions.push(action);
    }
}

pub fn stage_ui(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    stage: &Stage,
    shown: Option<&Shown>,
    actions: &mut Vec<Action>,
) {
    CentralPanel::default()
        .frame(ui.pane(space::L))
        .show(ui, |ui| match stage {
            Stage::Matrix | Stage::Opening => {
                empty_state(ui, icon::HOURGLASS, "The models are being opened", None);
            }
            Stage::Reported(n) => reported_ui(ui, *n, actions),
            Stage::BaseNotOpen(sentence) => base_not_open_ui(ui, bench, family, sentence, actions),
            Stage::NotMeasured => not_measured_ui(ui, bench, family, actions),
            Stage::OneModel => one_model_ui(ui, bench, family, shown, actions),
        });
}

fn base_not_open_ui(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    sentence: &str,
    actions: &mut Vec<Action>,
) {
    let name = bench.study().doc().name_of(family.base);
    let text = format!("The files of the base {name} cannot be read. {sentence}");
    if empty_state(ui, icon::FILE_X, &text, Some("Find the base again…")) {
        actions.push(Action::Models(ModelsAction::AskWhereIs(family.base)));
    }
}

fn not_measured_ui(ui: &mut Ui, bench: &Workbench, family: &Family, actions: &mut Vec<Action>) {
    let base = bench.study().doc().name_of(family.base);
    let open = family.models.len() - family.not_open;
    // A number stays with its unit.
    let size = format::bytes(family.size_bytes).replace(' ', "\u{a0}");
    if open == 0 {
        let text = format!(
            "None of the models that descend from {base} can be read. Find their files again in \
             the table of models."
        );
        if empty_state(ui, icon::FILE_X, &text, Some("Go to models")) {
            actions.push(Action::Go(View::Models));
        }
        return;
    }
    let models = format::counted(open, "fine-tune");
    let text = if bench.measured(family.base).is_some() {
        format!(
            "The files have changed since kinship was measured. Measuring {models} of {base} \
             again reads {size} once."
        )
    } else {
        format!(
            "Kinship is not measured yet. Measuring {models} of {base} reads {size} once; the \
             result is kept."
        )
    };
    if empty_state(ui, icon::GRID_FOUR, &text, Some("Measure kinship")) {
        actions.push(measure(family));
    }
}

fn measure(family: &Family) -> Action {
    Action::Models(ModelsAction::Measure {
        base: family.base,
        anew: false,
    })
}

fn one_model_ui(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    shown: Option<&Shown>,
    actions: &mut Vec<Action>,
) {
    let doc = bench.study().doc();
    let name = family.models.first().map_or("", |&id| doc.name_of(id));
    let norm = shown.and_then(|shown| norm_of(bench, family, shown));
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.3 - space::XXL).max(space::L));
        ui.set_max_width(440.0);
        card(ui, |ui| {
            ui.label(theme::strong(format::elide_middle(name, 48)))
                .on_hover_text(name);
            let text = RichText::new(format!("{} {}", format::NORM, format::kinship(norm)));
            ui.label(text.size(size::TITLE))
                .on_hover_text(format::full(norm));
            let base = doc.name_of(family.base);
            let sentence = format!("Length of what it changed since {base}");
            ui.weak(sentence);
        });
        ui.add_space(space::S);
        ui.weak("A matrix needs two models that descend from the same base.");
        ui.add_space(space::S);
        if crate::ui::widgets::primary_button(ui, "Add models…").clicked() {
            actions.push(Action::Models(ModelsAction::AskForFolders));
        }
    });
}

/// |δ| of the only model over the tensors in scope; `None` if nothing of it could be compared.
fn norm_of(bench: &Workbench, family: &Family, shown: &Shown) -> Option<f64> {
    let place = shown.key.places.first().copied()??;
    let kinship = bench.measured(family.base)?.kinship();
    let sums = kinship.sums(&shown.tensors, place, place, false);
    (sums.count > 0.0).then(|| sums.square_a.sqrt())
}

/// A running measurement, or what has to be known about the values below.
pub fn banners_ui(ui: &mut Ui, bench: &Workbench, family: &Family, actions: &mut Vec<Action>) {
    if bench.measuring(family.base).is_some() {
        // Over the map there is a place for it.
        if family.models.len() == 1 {
            ui.add_space(space::XS);
            running_ui(ui, bench, family, actions);
        }
        return;
    }
    let known = family.measured.iter().flatten().count();
    let unmeasured = family.unmeasured();
    let base_is_open = bench.files(family.base).checkpoint().is_some();
    // What a run makes it measures itself; the map stays where it is meanwhile.
    if known > 0 && unmeasured > 0 && !bench.is_evolving() {
        let label = format!("Measure {}", format::counted(unmeasured, "model"));
        if banner(ui, &partly_known(family), Some(&label)) {
            actions.push(measure(family));
        }
    }
    if base_is_open {
        missing_ui(ui, bench, family, actions);
    }
}

/// Models that changed are told apart from models that are new.
fn partly_known(family: &Family) -> String {
    let new = family.unmeasured() - family.changed;
    let is = |n: usize| if n == 1 { "is" } else { "are" };
    let changed = format!(
        "{} changed since {} measured",
        format::counted(family.changed, "model"),
        if family.changed == 1 {
            "it was"
        } else {
            "they were"
        }
    );
    let fresh = format!(
        "{} {} not measured yet",
        format::counted(new, "model"),
        is(new)
    );
    match (new, family.changed) {
        (_, 0) => fresh,
        (0, _) => changed,
        _ => format!("{changed}, and {fresh}"),
    }
}

fn missing_ui(ui: &mut Ui, bench: &Workbench, family: &Family, actions: &mut Vec<Action>) {
    let is_missing = |id: &&ModelId| match bench.files(**id) {
        ModelFiles::Open { on_disk, .. } => *on_disk == OnDisk::Missing,
        ModelFiles::Failed(_) => true,
        ModelFiles::None | ModelFiles::Opening => false,
    };
    let missing: Vec<ModelId> = family.models.iter().filter(is_missing).copied().collect();
    match missing[..] {
        [] => {}
        [one] => {
            let name = bench.short(one);
            let sentence = format!("The files of {name} are missing or cannot be read");
            if banner(ui, &sentence, Some("Find again…")) {
                actions.push(Action::Models(ModelsAction::AskWhereIs(one)));
            }
        }
        _ => {
            let n = format::counted(missing.len(), "model");
            let sentence = format!("The files of {n} are missing or cannot be read");
            if banner(ui, &sentence, Some("Go to models")) {
                actions.push(Action::Go(View::Models));
            }
        }
    }
}

/// The room that the line needs, in points.
pub const RUNNING_WIDTH: f32 = 340.0;
const BAR: f32 = 120.0;
const PERCENT: f32 = 44.0;

/// The job that measures the family, if one runs, at the right end of the line.
pub fn running_ui(ui: &mut Ui, bench: &Workbench, family: &Family, actions: &mut Vec<Action>) {
    let Some(id) = bench.measuring(family.base) else {
        return;
    };
    let job = bench.jobs().running().iter().find(|job| job.id == id);
    // Bytes are known beforehand, so they tell more than tensors, some of which are huge.
    let fraction = job.and_then(|job| job.ticket.progress().fraction());
    let fraction = fraction.unwrap_or(0.0);
    let room = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        ui.ask("Cancel", Action::Cancel(id), actions);
        let percent = RichText::new(format::percent(fraction)).weak();
        ui.add_sized([PERCENT, ROW_HEIGHT], Label::new(percent.size(size::SMALL)));
        progress_bar(ui, "Measuring kinship", fraction as f32, BAR);
        ui.label("Measuring kinship");
    });
}
