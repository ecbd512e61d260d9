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
mod header;
mod legend;
mod list;
mod model;
mod names;
mod pill;
mod pointer;
mod states;

use eframe::egui::{CentralPanel, Margin, Panel, Ui, vec2};

use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::theme::space;
use crate::workbench::Workbench;

use canvas::{Canvas, CanvasRequest};
use controls::LineageOptions;
use list::List;
use model::{Key, LineageModel};

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
            states::no_models_ui(ui, actions);
            return;
        }
        self.bring_up_to_date(bench);
        let Some(shown) = &self.shown else { return };
        let has_room = ui.available_width() >= ROOM_FOR_LIST;
        let list_is_shown = self.look.list.unwrap_or(has_room);
        let (look, canvas, list) = (&mut self.look, &mut self.canvas, &mut self.list);
        let mut wanted = CanvasRequest::default();
        let above = Panel::top("lineage controls");
        ui.strip(above, vec2(space::L, space::M), |ui| {
            wanted.reveal = controls::ui(ui, bench, shown, look, canvas, list_is_shown, actions);
            states::banners_ui(ui, shown, actions);
        });
        if list_is_shown {
            let touched = list_panel(ui, |ui| list.ui(ui, bench, shown, actions));
            wanted.reveal = wanted.reveal.or(touched.reveal);
            wanted.hovered = touched.hovered;
        }
        let below = Panel::bottom("lineage legend");
        ui.strip(below, vec2(space::L, space::S), |ui| {
            legend::ui(ui, shown, look.colour);
        });
        let is_searching = !look.search.text.trim().is_empty();
        wanted.found = is_searching.then(|| look.search.matches(shown));
        wanted.gone_to = (wanted.found.as_ref()).and_then(|found| look.search.current(found));
        CentralPanel::default().frame(ui.pane(0)).show(ui, |ui| {
            canvas.ui(ui, bench, shown, look.colour, &wanted, actions);
        });
    }

    fn bring_up_to_date(&mut self, bench: &Workbench) {
        let key = Key {
            revision: bench.revision(),
            runs: self.look.runs.clone(),
        };
        if self.shown.as_ref().is_none_or(|shown| shown.key != key) {
            self.shown = Some(LineageModel::new(key, bench, self.shown.take()));
        }
    }
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
