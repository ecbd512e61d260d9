//! What stands in the view where there is nothing to draw, and the lines above the canvas.

use eframe::egui::Ui;
use egui_phosphor::regular as icon;

use super::model::LineageModel;
use crate::ui::ext::UiExt;
use crate::ui::action::{Action, ImportAction, ModelsAction, View};
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::{banner, empty_state};

/// More names than these are only counted.
const MOST_NAMES: usize = 4;

pub fn no_models_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let sentence = "No models yet. Add models or import a table, and their lineage is drawn here.";
    if empty_state(ui, icon::TREE_STRUCTURE, sentence, Some("Add models…")) {
        actions.push(Action::Models(ModelsAction::AskForFolders));
    }
}

/// What has to be known about the picture below.
pub fn banners_ui(ui: &mut Ui, shown: &LineageModel, actions: &mut Vec<Action>) {
    for ring in &shown.layout.rings {
        ring_ui(ui, shown, ring, actions);
    }
    let has_parents = |k: usize| !shown.cards[k].parents.is_empty();
    if !(0..shown.cards.len()).any(has_parents) && shown.layout.rings.is_empty() {
        if shown.cards.iter().any(|card| card.unnamed_parents) {
            say(
                ui,
                "No parent is named here, so there are no lines to draw.",
            );
        } else {
            no_parents_ui(ui, actions);
        }
    }
}

/// Parents given by hand can lead back to where they began.
fn ring_ui(ui: &mut Ui, shown: &LineageModel, ring: &[usize], actions: &mut Vec<Action>) {
    let name = |&m: &usize| format::elide_middle(&shown.cards[m].name, 32);
    let first = ring.first().map(name).unwrap_or_default();
    let through: Vec<String> = ring.iter().skip(1).take(MOST_NAMES).map(name).collect();
    let more = ring.len().saturating_sub(1 + MOST_NAMES);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let sentence = if through.is_empty() {
        format!("{first} is its own parent; say in the inspector what it was made from")
    } else {
        let through = through.join(", ");
        format!(
            "{first} is its own ancestor, over {through}{rest}; say in the inspector what they \
             were made from"
        )
    };
    if banner(ui, &sentence, Some("Select them")) {
        let ids = shown.ids(ring.iter().copied());
        actions.push(super::pointer::select_all(ids));
    }
}

fn no_parents_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let sentence = "Nobody has parents yet. Say in the inspector what a model was made from, or \
                    import a table of merges.";
    say(ui, sentence);
    ui.horizontal_wrapped(|ui| {
        ui.ask("Import scores…", ImportAction::AskForFiles, actions);
        ui.ask("Go to models", View::Models, actions);
    });
    ui.add_space(space::XS);
}

fn say(ui: &mut Ui, sentence: &str) {
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        ui.weak(icon::INFO);
        ui.weak(sentence);
    });
}
