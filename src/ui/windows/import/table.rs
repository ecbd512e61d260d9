//! A table with the meaning of each column above it.

use eframe::egui::{
    Align, Color32, Label, Layout, RichText, ScrollArea, Stroke, StrokeKind, Ui, UiBuilder, vec2,
};
use egui_extras::{Column, TableBuilder, TableRow};
use egui_phosphor::regular as icon;

use super::foot::{self, FooterAction};
use super::{Kept, head_ui};
use crate::import::{self, ImportError, Mapping, Meaning, SameTasks, Scale, Table, guess};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, size, space};
use crate::ui::widgets::{Choice, choice, segmented, text_field};
use crate::workbench::Workbench;

/// Wide enough for the longest meaning.
const COLUMN: f32 = 164.0;
const LINE_COLUMN: f32 = 56.0;
const HEADER: f32 = 2.0 * ROW_HEIGHT + 4.0;

pub(super) struct TableStage {
    name: String,
    table: Table,
    mapping: Mapping,
    kept: Kept<Mapping>,
    said: SameTasks,
    scroll_to: Option<usize>,
}

impl TableStage {
    pub(super) fn new(name: String, table: Table) -> Self {
        let mapping = guess(&table);
        Self {
            name,
            table,
            mapping,
            kept: Kept::default(),
            said: SameTasks::new(),
            scroll_to: None,
        }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, bench: &Workbench) -> Option<FooterAction> {
        let table = &self.table;
        let facts = format!(
            "{}, {} with {}",
            table.delimiter.title(),
            format::counted(table.rows.len(), "row"),
            format::counted(table.header.len(), "column")
        );
        head_ui(ui, &format::elide_middle(&self.name, 48), &facts);
        self.controls(ui);
        let (table, name) = (&self.table, &self.name);
        let make = |doc: &crate::study::StudyDoc| import::apply(table, &self.mapping, doc, name);
        let outcome = self.kept.get(bench, (&self.mapping, &self.said), make);
        let none = Vec::new();
        let errors = outcome.as_ref().err().unwrap_or(&none);
        let below = foot::height(outcome);
        let mut grid = Grid {
            table,
            mapping: &self.mapping,
            errors,
            scroll_to: self.scroll_to.take(),
            changed: None,
        };
        grid.ui(ui, below);
        let changed = grid.changed;
        let doc = bench.study().doc();
        let and = scale_words(&self.mapping);
        let foot = foot::foot_ui(ui, outcome, and, (doc, &mut self.said));
        self.scroll_to = foot.go_to;
        if let Some((column, meaning)) = changed {
            self.mapping.meanings[column] = meaning;
        }
        foot.press
    }

    fn controls(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            if self.mapping.meanings.iter().any(Meaning::is_score) {
                ui.label("Scores are");
                let scales = [
                    (Scale::Points, "Points, 0 to 100"),
                    (Scale::Fractions, "Fractions, 0 to 1"),
                ];
                segmented(ui, "Scores are", &mut self.mapping.scores_are, &scales);
            }
            if self.mapping.needs_model_of_all() {
                ui.add_space(space::S);
                ui.label("Model of every row");
                let text = &mut self.mapping.model_of_all;
                text_field(ui, "Model of every row", "org/name", text, 220.0);
            }
        });
    }
}

/// What becomes of the scale, for the end of the sentence.
fn scale_words(mapping: &Mapping) -> &'static str {
    let has_scores = mapping.meanings.iter().any(Meaning::is_score);
    match mapping.scores_are {
        Scale::Fractions if has_scores => "; scores are fractions and become points",
        _ => "",
    }
}

struct Grid<'a> {
    table: &'a Table,
    mapping: &'a Mapping,
    errors: &'a [ImportError],
    scroll_to: Option<usize>,
    changed: Option<(usize, Meaning)>,
}

impl Grid<'_> {
    fn ui(&mut self, ui: &mut Ui, below: f32) {
        let room = (ui.available_height() - below).max(HEADER + 2.0 * ROW_HEIGHT);
        // A line more, so that the scroll bar lies under the last row and not on it.
        let rows = (self.table.rows.len() as f32 + 1.0) * ROW_HEIGHT;
        let height = room.min(HEADER + rows);
        let place = UiBuilder::new().max_rect(eframe::egui::Rect::from_min_size(
            ui.cursor().min,
            vec2(ui.available_width(), height),
        ));
        ui.scope_builder(place, |ui| {
            ScrollArea::horizontal()
                .id_salt("table")
                .auto_shrink(false)
                .show(ui, |ui| self.table_ui(ui));
        });
    }

    fn table_ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing = vec2(space::S, 0.0);
        let columns = self.table.header.len();
        let line_of = |line: usize| self.table.rows.iter().position(|row| row.line == line);
        let mut grid = TableBuilder::new(ui)
            .id_salt("rows to import")
            .min_scrolled_height(0.0)
            .striped(true)
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(LINE_COLUMN))
            .columns(Column::exact(COLUMN).clip(true), columns);
        if let Some(row) = self.scroll_to.and_then(line_of) {
            grid = grid.scroll_to_row(row, Some(Align::Center));
        }
        let grid = grid.header(HEADER, |mut header| {
            header.col(|ui| {
                ui.vertical(|ui| {
                    ui.add_space(ROW_HEIGHT + 4.0);
                    ui.quiet("Line");
                });
            });
            for column in 0..columns {
                header.col(|ui| self.head(ui, column));
            }
        });
        grid.body(|body| {
            body.rows(ROW_HEIGHT, self.table.rows.len(), |mut row| {
                self.row(&mut row);
            });
        });
    }

    fn head(&mut self, ui: &mut Ui, column: usize) {
        let name = self.table.column_name(column);
        let all = Meaning::all(&name);
        let current = &self.mapping.meanings[column];
        let at = all.iter().position(|m| same(m, current)).unwrap_or(0);
        let titles: Vec<_> = all.iter().map(Meaning::title).collect();
        let options: Vec<Choice<'_, usize>> = all
            .iter()
            .enumerate()
            .map(|(value, m)| Choice::new(value, &titles[value], m.help()))
            .collect();
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            if let Some(chosen) = choice(ui, &format!("Meaning of {name}"), at, &options) {
                self.changed = Some((column, all[chosen].clone()));
            }
            let is_wrong = self
                .errors
                .iter()
                .any(|e| e.line == self.table.header_line && e.column == column + 1);
            let ink = self.ink(ui, column, is_wrong);
            let words = theme::strong(&name).color(ink);
            ui.add(Label::new(words).truncate());
        });
    }

    fn ink(&self, ui: &Ui, column: usize, is_wrong: bool) -> Color32 {
        let t = Tokens::of(ui);
        match (is_wrong, &self.mapping.meanings[column]) {
            (true, _) => t.error,
            (_, Meaning::Ignore) => t.text_weak,
            _ => t.text,
        }
    }

    fn row(&self, row: &mut TableRow<'_, '_>) {
        let own = &self.table.rows[row.index()];
        let errors: Vec<&ImportError> = self.errors.iter().filter(|e| e.line == own.line).collect();
        row.col(|ui| {
            if errors.is_empty() {
                ui.quiet(own.line.to_string());
            } else {
                let words = format!("{} {}", icon::WARNING_CIRCLE, own.line);
                let words = RichText::new(words)
                    .size(size::SMALL)
                    .color(Tokens::of(ui).error);
                ui.label(words).on_hover_text(lines(&errors));
            }
        });
        for (column, cell) in own.cells.iter().enumerate() {
            let wrong: Vec<&ImportError> = errors
                .iter()
                .filter(|e| e.column == column + 1)
                .copied()
                .collect();
            row.col(|ui| self.cell(ui, column, cell, &wrong));
        }
    }

    fn cell(&self, ui: &mut Ui, column: usize, cell: &str, wrong: &[&ImportError]) {
        let ink = self.ink(ui, column, !wrong.is_empty());
        let label = Label::new(RichText::new(cell).color(ink)).truncate();
        if wrong.is_empty() {
            ui.add(label);
        } else {
            let rect = ui.max_rect().shrink2(vec2(1.0, 2.0));
            let stroke = Stroke::new(1.0, Tokens::of(ui).error);
            ui.painter()
                .rect_stroke(rect, radius::CONTROL, stroke, StrokeKind::Inside);
            ui.add_space(space::XS);
            ui.add(label).on_hover_text(lines(wrong));
        }
    }
}

fn lines(errors: &[&ImportError]) -> String {
    let lines: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
    lines.join("\n")
}

/// The same entry of the menu, whatever the task is called.
fn same(a: &Meaning, b: &Meaning) -> bool {
    matches!((a, b), (Meaning::Score(_), Meaning::Score(_))) || a == b
}
