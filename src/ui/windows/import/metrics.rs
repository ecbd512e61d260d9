//! Results of an evaluator: every metric of every task, with a tick for those that are taken.

use eframe::egui::{Align, Label, Layout, Rect, RichText, Stroke, Ui, UiBuilder, WidgetType, vec2};
use egui_extras::{Column, TableBuilder, TableRow};

use super::foot::{self, FooterAction};
use super::{Kept, head_ui};
use crate::import::harness::{self, Choice};
use crate::import::{Results, SameTasks};
use crate::ui::ext::{ResponseExt, UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, space};
use crate::workbench::Workbench;

pub(super) struct Metrics {
    name: String,
    results: Results,
    choices: Vec<Choice>,
    shows_members: bool,
    kept: Kept<Vec<bool>>,
    said: SameTasks,
}

impl Metrics {
    pub(super) fn new(name: String, results: Results) -> Self {
        let choices = harness::choices(&results);
        Self {
            name,
            results,
            choices,
            shows_members: false,
            kept: Kept::default(),
            said: SameTasks::new(),
        }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, bench: &Workbench) -> Option<FooterAction> {
        let models = format::counted(self.results.models.len(), "model");
        let facts = format!("results of lm-evaluation-harness, {models}");
        head_ui(ui, &format::elide_middle(&self.name, 48), &facts);
        self.controls(ui);
        let key: Vec<bool> = self.choices.iter().map(|c| c.is_on).collect();
        let (results, choices, name) = (&self.results, &self.choices, &self.name);
        let make = |doc: &crate::study::StudyDoc| harness::take(results, choices, doc, name);
        let outcome = self.kept.get(bench, (&key, &self.said), make);
        let below = foot::height(outcome);
        let and = match choices.iter().any(|c| c.is_on && c.is_fraction) {
            true => "; fractions become points",
            false => "",
        };
        let shown: Vec<usize> = (0..choices.len())
            .filter(|&k| self.shows_members || choices[k].group.is_none())
            .collect();
        grid_ui(ui, &mut self.choices, &shown, below);
        let doc = bench.study().doc();
        foot::foot_ui(ui, outcome, and, (doc, &mut self.said)).press
    }

    fn controls(&mut self, ui: &mut Ui) {
        let members = self.choices.iter().filter(|c| c.group.is_some()).count();
        ui.horizontal(|ui| {
            let words = "Tick what counts as a task's score; the usual metric is ticked";
            ui.weak(words);
            if members > 0 {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let words = format!("Show {members} tasks of groups");
                    outlined(ui);
                    ui.checkbox(&mut self.shows_members, words)
                        .on_hover_text("Tasks such as mmlu_anatomy, which count for mmlu already");
                });
            }
        });
    }
}

fn grid_ui(ui: &mut Ui, choices: &mut [Choice], shown: &[usize], below: f32) {
    let room = (ui.available_height() - below).max(3.0 * ROW_HEIGHT);
    let height = room.min((shown.len() as f32 + 1.5) * ROW_HEIGHT);
    let size = vec2(ui.available_width(), height);
    let place = UiBuilder::new().max_rect(Rect::from_min_size(ui.cursor().min, size));
    ui.scope_builder(place, |ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, 0.0);
        let table = TableBuilder::new(ui)
            .id_salt("metrics")
            .min_scrolled_height(0.0)
            .striped(true)
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(28.0))
            .column(Column::remainder().at_least(130.0).clip(true))
            .column(Column::exact(120.0).clip(true))
            .column(Column::exact(130.0).clip(true))
            .column(Column::exact(60.0))
            .column(Column::exact(70.0));
        let table = table.header(ROW_HEIGHT, |mut header| {
            header.col(|_| {});
            for title in ["Task", "Metric", "Filter"] {
                header.col(|ui| {
                    ui.quiet(title);
                });
            }
            for title in ["Models", "Mean"] {
                header.col(|ui| {
                    at_right(ui, |ui| ui.quiet(title));
                });
            }
        });
        table.body(|body| {
            body.rows(ROW_HEIGHT, shown.len(), |mut row| {
                let choice = &mut choices[shown[row.index()]];
                row_ui(&mut row, choice);
            });
        });
    });
}

fn row_ui(row: &mut TableRow<'_, '_>, choice: &mut Choice) {
    row.col(|ui| {
        outlined(ui);
        let response = ui.checkbox(&mut choice.is_on, "");
        let words = [&choice.task, &choice.metric, &choice.filter].map(String::as_str);
        let name = format!("Import {}", words.join(" "));
        response.named(WidgetType::Checkbox, name.trim());
        if !choice.why_off.is_empty() {
            response.on_hover_text(choice.why_off);
        }
    });
    let is_on = choice.is_on;
    row.col(|ui| {
        cell(ui, &choice.task, is_on);
        if !choice.why_off.is_empty() {
            let words = quiet(choice.why_off);
            ui.add(Label::new(words).truncate())
                .on_hover_text(choice.why_off);
        }
    });
    row.col(|ui| cell(ui, &choice.metric, is_on));
    row.col(|ui| cell(ui, &choice.filter, is_on));
    row.col(|ui| at_right(ui, |ui| cell(ui, &choice.models.to_string(), is_on)));
    row.col(|ui| {
        at_right(ui, |ui| cell(ui, &format::score(Some(choice.mean)), is_on));
    });
}

/// The box of a tick has an outline, because striped rows have its colour.
fn outlined(ui: &mut Ui) {
    let outline = Stroke::new(1.0, Tokens::of(ui).line_strong);
    ui.visuals_mut().widgets.inactive.bg_stroke = outline;
}

fn cell(ui: &mut Ui, text: &str, is_on: bool) {
    let t = Tokens::of(ui);
    let ink = if is_on { t.text } else { t.text_weak };
    ui.add(Label::new(RichText::new(text).color(ink)).truncate());
}

fn at_right<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) {
    ui.with_layout(Layout::right_to_left(Align::Center), content);
}
