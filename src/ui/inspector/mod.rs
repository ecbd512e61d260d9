//! The inspector on the right: the same in every view, about what is selected.

mod about;
pub mod model;
pub mod pair;
pub mod several;
pub mod tensors;

use eframe::egui::{Panel, Rect, ScrollArea, Ui};

use about::About;
use tensors::Tensors;

use crate::study::{ModelId, Selection};
use crate::ui::action::{Action, View};
use crate::ui::ext::UiExt;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::section_heading;
use crate::workbench::Workbench;

/// Wide enough for the names of tensors.
const DEFAULT_WIDTH: f32 = 340.0;

#[derive(Default)]
pub struct Inspector {
    about: About,
    tensors: Tensors,
}

/// Takes the room beside a view, and gives it.
pub fn pane(ui: &mut Ui) -> Rect {
    let frame = ui.pane(12).fill(Tokens::of(ui).panel);
    let panel = Panel::right("inspector")
        .default_size(DEFAULT_WIDTH)
        .size_range(240.0..=760.0);
    let pane = panel.resizable(true).frame(frame).show(ui, |ui| {
        // A panel takes the size of its content; this one keeps its own.
        ui.set_min_size(ui.available_size());
        ui.max_rect()
    });
    pane.inner
}

impl Inspector {
    /// Draws it into the room that there is.
    pub fn content_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        view: View,
        actions: &mut Vec<Action>,
    ) {
        ui.set_min_size(ui.available_size());
        ui.set_max_width(ui.available_width());
        ui.shrink_clip_rect(ui.max_rect().expand(space::M));
        match bench.study().selection() {
            Selection::Nothing => self.about.ui(ui, bench, actions),
            Selection::Models(ids) if ids.len() == 1 => self.model(ui, bench, ids[0], actions),
            Selection::Models(ids) => several::several_ui(ui, bench, ids, actions),
            Selection::Pair(a, b) => {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    ui.set_max_width(ui.available_width() - space::L);
                    pair::pair_ui(ui, bench, (*a, *b), view, actions);
                });
            }
        }
    }

    pub fn study_opened(&mut self) {
        self.about = About::default();
    }

    fn model(&mut self, ui: &mut Ui, bench: &Workbench, id: ModelId, actions: &mut Vec<Action>) {
        let checkpoint = bench.files(id).checkpoint();
        let share = if checkpoint.is_some() { 0.62 } else { 1.0 };
        let height = ui.available_height() * share;
        ui.scrolled("model", height, |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::L);
            model::model_ui(ui, bench, id, actions);
            ui.add_space(space::S);
            model::actions_ui(ui, bench, id, actions);
        });
        if let Some(checkpoint) = checkpoint {
            ui.separator();
            section_heading(ui, "Tensors");
            self.tensors.ui(ui, checkpoint, actions);
        }
    }
}
