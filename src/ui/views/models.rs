//! The table of models: a study's first view.

mod actions;
mod columns;

use eframe::egui::{
    Align, Frame, Key, Label, Layout, Margin, Modifiers, RichText, ScrollArea, Sense, Stroke,
    TextEdit, Ui, vec2,
};
use egui_extras::{Column, TableBuilder, TableRow};
use egui_phosphor::regular as icon;

use crate::study::{Command, Model, ModelEdit, ModelId, Selection};
use crate::ui::action::Action;
use crate::ui::theme::{ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{empty_state, icon_button, search_field};
use crate::workbench::Workbench;

pub use actions::{base_menu, selection_actions};
pub use columns::ADAPTER_COLOUR;
use columns::{COLUMNS, Sorting};

/// What the table keeps while it is shown.
#[derive(Default)]
pub struct ModelsView {
    filter: String,
    sorting: Sorting,
    renaming: Option<Renaming>,
    /// Where a range that is selected with Shift begins.
    anchor: Option<ModelId>,
    /// The row that the keyboard went to, to be brought into sight.
    scroll_to: Option<usize>,
}

/// Whether keys without a modifier mean the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// They do.
    Free,
    /// Something on top, or a field of text, has them.
    Taken,
}

/// Rows that a page key goes over.
const PAGE: usize = 15;

struct Renaming {
    id: ModelId,
    text: String,
    is_new: bool,
}

impl ModelsView {
    /// Draws the view.
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, keys: Keys, out: &mut Vec<Action>) {
        if bench.study().doc().models.is_empty() {
            let sentence = "No models yet. Add a base and its fine-tunes: folders of checkpoints, \
                            safetensors files or LoRA adapters. You can also drop them here, or \
                            paste their paths.";
            if empty_state(ui, icon::STACK, sentence, Some("Add models…")) {
                out.push(Action::AskForModels);
            }
            return;
        }
        let rows = self.rows(bench);
        let view = ui.max_rect();
        Frame::new()
            .inner_margin(Margin::symmetric(16, 12))
            .show(ui, |ui| {
                self.strip(ui, bench, rows.len(), out);
                ui.add_space(space::XS);
                if keys == Keys::Free {
                    self.keys(ui, bench, &rows, out);
                }
                ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
                    self.table(ui, bench, &rows, out);
                });
            });
        actions::selection_bar(ui, view, bench, out);
    }

    /// The models that the filter leaves, in the order of the sorting.
    fn rows(&self, bench: &Workbench) -> Vec<ModelId> {
        let doc = bench.study().doc();
        let filter = self.filter.to_lowercase();
        let matches = |m: &&Model| {
            let role = doc.role(m).title();
            [m.name.as_str(), m.note.as_str(), role]
                .iter()
                .any(|s| s.to_lowercase().contains(&filter))
        };
        let mut rows: Vec<&Model> = doc.models.iter().filter(matches).collect();
        self.sorting.sort(&mut rows, bench);
        rows.into_iter().map(|m| m.id).collect()
    }

    fn strip(&mut self, ui: &mut Ui, bench: &Workbench, shown: usize, out: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 260.0).clamp(90.0, 220.0);
            if ui.button(format!("{}  Add models…", icon::PLUS)).clicked() {
                out.push(Action::AskForModels);
            }
            if ui.button("Add files…").clicked() {
                out.push(Action::AskForModelFiles);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                search_field(ui, "Filter models", &mut self.filter, width);
                if !self.filter.is_empty() && icon_button(ui, icon::X, "Clear the filter").clicked()
                {
                    self.filter.clear();
                }
                let all = bench.study().doc().models.len();
                if shown < all {
                    let weak = Tokens::of(ui).text_weak;
                    ui.label(RichText::new(format!("{shown} of {all}")).color(weak));
                }
            });
        });
    }

    /// Arrows, Home, End and the page keys move the selection, with Shift they widen it; F2
    /// renames.
    fn keys(&mut self, ui: &Ui, bench: &Workbench, rows: &[ModelId], out: &mut Vec<Action>) {
        let selected = bench.study().selection().models().last().copied();
        let at = selected.and_then(|id| rows.iter().position(|&r| r == id));
        let last = rows.len().saturating_sub(1);
        let pressed = |key, modifiers| ui.input_mut(|i| i.consume_key(modifiers, key));
        let steps = [
            (Key::ArrowUp, at.map_or(0, |at| at.saturating_sub(1))),
            (Key::ArrowDown, at.map_or(0, |at| at + 1)),
            (Key::PageUp, at.map_or(0, |at| at.saturating_sub(PAGE))),
            (Key::PageDown, at.map_or(0, |at| at + PAGE)),
            (Key::Home, 0),
            (Key::End, last),
        ];
        for (key, to) in steps {
            let to = to.min(last);
            let widens = pressed(key, Modifiers::SHIFT);
            if !widens && !pressed(key, Modifiers::NONE) || rows.is_empty() {
                continue;
            }
            self.scroll_to = Some(to);
            let selection = if widens {
                self.range_to(rows[to], rows)
            } else {
                self.anchor = Some(rows[to]);
                Selection::Models(vec![rows[to]])
            };
            out.push(select(selection));
        }
        if let (true, Some(id)) = (pressed(Key::F2, Modifiers::NONE), selected) {
            self.start_renaming(bench, id);
        }
    }

    /// All rows from where the range began to this one, which comes last.
    fn range_to(&self, id: ModelId, rows: &[ModelId]) -> Selection {
        let at = |id: ModelId| rows.iter().position(|&r| r == id);
        let (from, to) = (self.anchor.and_then(at).unwrap_or(0), at(id).unwrap_or(0));
        let mut models = rows[from.min(to)..=from.max(to)].to_vec();
        if to < from {
            models.reverse();
        }
        Selection::Models(models)
    }

    /// Turns a name in the table into a field.
    pub fn start_renaming(&mut self, bench: &Workbench, id: ModelId) {
        let text = bench.study().doc().name_of(id).to_owned();
        self.renaming = Some(Renaming {
            id,
            text,
            is_new: true,
        });
    }

    fn table(&mut self, ui: &mut Ui, bench: &Workbench, rows: &[ModelId], out: &mut Vec<Action>) {
        // Rows are as high as they say, with nothing between them.
        ui.spacing_mut().item_spacing = vec2(space::S, 0.0);
        let left = columns::left_of(ui.available_width());
        let mut table = TableBuilder::new(ui)
            .id_salt("models")
            .striped(true)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(28.0));
        for column in &COLUMNS {
            table = table.column(column.width(left));
        }
        if let Some(row) = self.scroll_to.take() {
            table = table.scroll_to_row(row, None);
        }
        let table = table.header(ROW_HEIGHT, |mut header| {
            header.col(|_| {});
            for k in 0..COLUMNS.len() {
                header.col(|ui| self.sorting.header_ui(ui, k));
            }
        });
        table.body(|body| {
            body.rows(ROW_HEIGHT, rows.len(), |mut row| {
                let id = rows[row.index()];
                self.row(&mut row, bench, id, rows, out);
            });
        });
    }

    fn row(
        &mut self,
        row: &mut TableRow<'_, '_>,
        bench: &Workbench,
        id: ModelId,
        rows: &[ModelId],
        out: &mut Vec<Action>,
    ) {
        let Some(model) = bench.study().doc().model(id) else {
            return;
        };
        let selection = bench.study().selection();
        let is_selected = selection.contains(id);
        row.set_selected(is_selected);
        row.col(|ui| {
            let mut checked = is_selected;
            // An outline, because the row under the pointer has the colour of the box.
            let outline = Stroke::new(1.0, Tokens::of(ui).line_strong);
            ui.visuals_mut().widgets.inactive.bg_stroke = outline;
            let response = ui.checkbox(&mut checked, "");
            response.widget_info(|| {
                eframe::egui::WidgetInfo::selected(
                    eframe::egui::WidgetType::Checkbox,
                    true,
                    checked,
                    format!("Select {}", model.name),
                )
            });
            if response.changed() {
                out.push(select(selection.toggled(id)));
            }
        });
        for (k, column) in COLUMNS.iter().enumerate() {
            row.col(|ui| {
                if k == 0 && self.renaming.as_ref().is_some_and(|r| r.id == id) {
                    self.rename_ui(ui, out);
                } else {
                    (column.cell)(ui, bench, model);
                }
            });
        }
        let response = row.response();
        if response.double_clicked() {
            self.start_renaming(bench, id);
        } else if response.clicked() {
            out.push(select(self.clicked(&response, selection, id, rows)));
        }
        response.context_menu(|ui| {
            if actions::row_menu(ui, bench, id, out) {
                self.start_renaming(bench, id);
            }
        });
    }

    /// Plain: this one; Ctrl: this one more or less; Shift: all from the last one to this.
    fn clicked(
        &mut self,
        response: &eframe::egui::Response,
        selection: &Selection,
        id: ModelId,
        rows: &[ModelId],
    ) -> Selection {
        let modifiers = response.ctx.input(|i| i.modifiers);
        if modifiers.shift {
            return self.range_to(id, rows);
        }
        self.anchor = Some(id);
        if modifiers.command {
            selection.toggled(id)
        } else {
            Selection::Models(vec![id])
        }
    }

    fn rename_ui(&mut self, ui: &mut Ui, out: &mut Vec<Action>) {
        let Some(renaming) = &mut self.renaming else {
            return;
        };
        let field = TextEdit::singleline(&mut renaming.text).desired_width(f32::INFINITY);
        let response = ui.add(field);
        if std::mem::take(&mut renaming.is_new) {
            response.request_focus();
        }
        if response.lost_focus() {
            let cancelled = ui.input(|i| i.key_pressed(Key::Escape));
            let name = renaming.text.trim().to_owned();
            if !cancelled && !name.is_empty() {
                out.push(edit(ModelEdit::Rename(renaming.id, name)));
            }
            self.renaming = None;
        }
    }
}

fn select(selection: Selection) -> Action {
    Action::Study(Command::Select(selection))
}

fn edit(edit: ModelEdit) -> Action {
    Action::Study(Command::Model(edit))
}

/// A cell's text that lets clicks through to its row.
fn text(ui: &mut Ui, text: impl Into<eframe::egui::WidgetText>) -> eframe::egui::Response {
    // A selected row keeps its ink; its ground says enough.
    ui.visuals_mut().override_text_color = None;
    ui.add(Label::new(text).truncate().selectable(false))
}
