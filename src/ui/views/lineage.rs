//! The lineage: who descends from whom, generation by generation, and the same as a list.
//!
//! What is drawn is worked out once and kept beside the key that it was worked out for; a
//! window that stands still computes nothing and asks for no frame.

mod camera;
mod canvas;
mod controls;
mod curve;
mod drawn;
mod files;
mod fold;
mod legend;
mod list;
mod look;
mod model;
mod names;
mod pill;
mod pointer;
mod proposal;
mod stage;

use canvas::{Canvas, CanvasRequest};
use controls::LineageOptions;
use drawn::ColourBy;
use eframe::egui::{CentralPanel, Margin, Panel, Theme, Ui, vec2};
use egui_phosphor::regular as icon;
use list::List;
use model::{Key, LineageModel};

use crate::ui::action::{Action, ImportAction, ModelsAction, View};
use crate::ui::ask::Ask;
use crate::ui::ext::UiExt;
use crate::ui::paper::Picture;
use crate::ui::theme::space;
use crate::ui::widgets::{banner, empty_state};
use crate::workbench::Workbench;

/// Narrower than this, in points, the list folds.
const ROOM_FOR_LIST: f32 = 760.0;
const LIST: f32 = 236.0;

#[derive(Default)]
pub struct LineageView {
    shown: Option<LineageModel>,
    look: LineageOptions,
    canvas: Canvas,
    list: List,
}

impl LineageView {
    pub fn study_opened(&mut self) {
        *self = Self::default();
    }

    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        if bench.study().doc().models.is_empty() {
            no_models_ui(ui, actions);
            return;
        }
        self.bring_up_to_date(bench);
        let Some(shown) = &self.shown else { return };
        let has_room = ui.available_width() >= ROOM_FOR_LIST;
        let list_is_shown = self.look.list.unwrap_or(has_room);
        let (look, canvas, list) = (&mut self.look, &mut self.canvas, &mut self.list);
        let mut wanted = CanvasRequest::default();
        let mut opened = None;
        let above = Panel::top("lineage controls");
        ui.strip(above, vec2(space::L, space::M), |ui| {
            wanted.reveal = controls::ui(ui, bench, shown, look, canvas, list_is_shown, actions);
            banners_ui(ui, shown, actions);
        });
        if list_is_shown {
            let touched = list_panel(ui, |ui| list.ui(ui, bench, shown, actions));
            wanted.reveal = wanted.reveal.or(touched.reveal);
            wanted.hovered = touched.hovered;
            opened = touched.opened;
        }
        proposal::panel(ui, bench, actions);
        let below = Panel::bottom("lineage legend");
        ui.strip(below, vec2(space::L, space::S), |ui| {
            legend::ui(ui, shown, look.colour);
        });
        wanted.proposed = proposal::dashed(bench, shown);
        let is_searching = !look.search.text.trim().is_empty();
        wanted.found = is_searching.then(|| look.search.matches(shown));
        wanted.gone_to = (wanted.found.as_ref()).and_then(|found| look.search.current(found));
        CentralPanel::default().frame(ui.pane(0)).show(ui, |ui| {
            let touched = canvas.ui(ui, bench, shown, look.colour, &wanted, actions);
            opened = opened.or(touched);
        });
        let family = opened.and_then(|node| shown.cards[node].family.clone());
        look.folding.opened.extend(family);
    }

    fn bring_up_to_date(&mut self, bench: &Workbench) {
        let key = Key {
            revision: bench.revision(),
            runs: self.look.runs.clone(),
            folding: self.look.folding.clone(),
        };
        if self.shown.as_ref().is_none_or(|shown| shown.key != key) {
            self.shown = Some(LineageModel::new(key, bench, self.shown.take()));
        }
    }
}

/// The lineage of a study's models, all runs, by score.
pub fn picture(bench: &Workbench, theme: Theme) -> Picture {
    let key = Key {
        revision: bench.revision(),
        ..Key::default()
    };
    let shown = LineageModel::new(key, bench, None);
    let study = &bench.study().doc().name;
    files::picture(&shown, study, ColourBy::default(), theme)
}

fn list_panel<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = Margin {
        left: space::S as i8,
        right: space::XS as i8,
        ..Margin::ZERO
    };
    Panel::left("lineage list")
        .default_size(LIST)
        .size_range(160.0..=420.0)
        .resizable(true)
        .frame(ui.pane(margin))
        .show(ui, content)
        .inner
}

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
    let name = |&m: &usize| shown.cards[m].short.clone();
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
        actions.push(pointer::select_all(ids));
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
