//! The tensors of a checkpoint as a table: searchable, and fluid with a hundred thousand rows.

use std::sync::Arc;

use eframe::egui::{Align, FontId, Label, Layout, RichText, Ui, vec2};
use egui_extras::{Column, TableBuilder};

use crate::checkpoint::{Checkpoint, Tensor};
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, size, space};
use crate::ui::widgets::{search_field, text};

#[derive(Default)]
pub struct Tensors {
    query: String,
    found: Option<Found>,
}

/// The rows of one query, so that a frame does not search again.
struct Found {
    checkpoint: Arc<Checkpoint>,
    query: String,
    rows: Vec<usize>,
}

impl Tensors {
    pub fn ui(&mut self, ui: &mut Ui, checkpoint: &Arc<Checkpoint>, actions: &mut Vec<Action>) {
        let width = ui.available_width();
        search_field(ui, "Search tensors", &mut self.query, width);
        let rows = rows(&mut self.found, checkpoint, &self.query);
        let tensors = checkpoint.tensors();
        let shown = if rows.len() == tensors.len() {
            format::counted(rows.len(), "tensor")
        } else {
            format!(
                "{} of {}",
                rows.len(),
                format::counted(tensors.len(), "tensor")
            )
        };
        ui.quiet(shown);
        ui.spacing_mut().item_spacing = vec2(space::XS, 0.0);
        let table = TableBuilder::new(ui)
            .id_salt("tensors")
            .striped(true)
            .auto_shrink(false)
            // The table ends where the inspector ends, however little is left for it.
            .min_scrolled_height(0.0)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::remainder().at_least(80.0).clip(true))
            .column(Column::exact(84.0).clip(true))
            .column(Column::exact(60.0))
            .column(Column::exact(56.0));
        let table = table.header(ROW_HEIGHT, |mut header| {
            for title in ["Tensor", "Shape", "Type", "Size"] {
                header.col(|ui| {
                    ui.quiet(title);
                });
            }
        });
        table.body(|body| {
            body.rows(ROW_HEIGHT, rows.len(), |mut row| {
                let tensor = &tensors[rows[row.index()]];
                row.col(|ui| name_ui(ui, tensor, actions));
                row.col(|ui| cell(ui, &shape(tensor)));
                row.col(|ui| cell(ui, tensor.dtype.name()));
                row.col(|ui| cell(ui, &format::bytes(tensor.size_bytes())));
            });
        });
    }
}

fn rows<'a>(
    found: &'a mut Option<Found>,
    checkpoint: &Arc<Checkpoint>,
    query: &str,
) -> &'a [usize] {
    let holds = found
        .as_ref()
        .is_some_and(|f| Arc::ptr_eq(&f.checkpoint, checkpoint) && f.query == query);
    if !holds {
        *found = None;
    }
    let found = found.get_or_insert_with(|| Found {
        checkpoint: Arc::clone(checkpoint),
        query: query.to_owned(),
        rows: matching(checkpoint.tensors(), query),
    });
    &found.rows
}

/// Tensors that have every word of the query in their name, type or kind.
fn matching(tensors: &[Tensor], query: &str) -> Vec<usize> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let matches = |tensor: &Tensor| {
        let name = tensor.name.to_lowercase();
        let dtype = tensor.dtype.name().to_lowercase();
        words
            .iter()
            .all(|w| name.contains(w) || dtype == *w || tensor.place.kind.title() == *w)
    };
    (0..tensors.len())
        .filter(|&k| words.is_empty() || matches(&tensors[k]))
        .collect()
}

fn name_ui(ui: &mut Ui, tensor: &Tensor, actions: &mut Vec<Action>) {
    let font = FontId::monospace(size::SMALL);
    let room = ui.available_width();
    let name = text::fitted_tensor_name(ui.painter(), &tensor.name, &font, room);
    let label = Label::new(RichText::new(name).font(font))
        .extend()
        .sense(eframe::egui::Sense::click());
    let response = ui
        .add(label)
        .on_hover_text(format!("{}\nClick to copy the name", tensor.name));
    if response.clicked() {
        actions.push(Action::copy("Tensor name", tensor.name.clone()));
    }
}

fn cell(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).size(size::SMALL)).truncate());
}

fn shape(tensor: &Tensor) -> String {
    if tensor.shape.is_empty() {
        return "scalar".to_owned();
    }
    let dims: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
    dims.join(" × ")
}
