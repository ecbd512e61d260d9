//! What an evolution begins with: a checklist with scores and kinship to the best.

use eframe::egui::{Align, Layout, ScrollArea, Ui, vec2};

use crate::study::{Evolution, ModelId, Role};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, space};
use crate::ui::widgets::{fuzzy, search_field};
use crate::workbench::Workbench;

const WIDTH: f32 = 380.0;
const MOST_HEIGHT: f32 = 300.0;
const COLUMN: f32 = 64.0;

/// Draws the list; the founders if they have changed.
pub fn founders_ui(
    ui: &mut Ui,
    bench: &Workbench,
    evolution: &Evolution,
    search: &mut String,
) -> Option<Vec<ModelId>> {
    ui.set_width(WIDTH);
    let chosen = &evolution.setup.founders;
    let all = candidates(bench);
    let mut new = None;
    ui.horizontal(|ui| {
        search_field(ui, "Search founders", search, 200.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("None").clicked() {
                new = Some(Vec::new());
            }
            if ui.button("All").clicked() {
                new = Some(all.clone());
            }
        });
    });
    head_ui(ui);
    let doc = bench.study().doc();
    let names = || all.iter().map(|id| doc.name_of(*id));
    let found = fuzzy::ranked(search.trim(), names());
    let shown: Vec<ModelId> = found.into_iter().map(|k| all[k]).collect();
    if shown.is_empty() {
        ui.quiet("No model goes by that");
    }
    let tasks = doc.selecting_tasks(evolution);
    let best = best(bench, &all, &tasks);
    ScrollArea::vertical()
        .max_height(MOST_HEIGHT)
        .auto_shrink([false, true])
        .show_rows(ui, ROW_HEIGHT, shown.len(), |ui, rows| {
            for &id in &shown[rows] {
                if row_ui(ui, bench, id, chosen.contains(&id), (&tasks, best)) {
                    new = Some(toggled(chosen, id));
                }
            }
        });
    new.filter(|new| new != chosen)
}

fn head_ui(ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.quiet("Model");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(space::M);
            column(ui, "Kinship to best");
            column(ui, "Score");
        });
    });
}

fn row_ui(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    mut is_in: bool,
    (tasks, best): (&[String], Option<ModelId>),
) -> bool {
    let name = bench.study().doc().name_of(id);
    let mut changed = false;
    ui.horizontal(|ui| {
        let shown = bench.short(id);
        let response = ui.checkbox(&mut is_in, shown);
        changed = response.changed();
        response.on_hover_text(name);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(space::M);
            let other = best.filter(|best| *best != id);
            let kinship = other.and_then(|best| bench.known_kinship(id, best));
            column(ui, &format::kinship(kinship));
            column(ui, &format::score(score(bench, id, tasks)));
        });
    });
    changed
}

/// A cell of a fixed width, at the right.
fn column(ui: &mut Ui, words: &str) {
    let width = if words.len() > 9 { 92.0 } else { COLUMN };
    let size = vec2(width, ui.available_height());
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.quiet(words)
    });
}

/// All models but bases; the family that is shown first.
fn candidates(bench: &Workbench) -> Vec<ModelId> {
    let doc = bench.study().doc();
    let base = doc.shown_base();
    let models = doc.models.iter().filter(|m| doc.role(m) != Role::Base);
    let (family, others): (Vec<_>, Vec<_>) = models.partition(|m| base.is_some() && m.base == base);
    family.into_iter().chain(others).map(|m| m.id).collect()
}

/// Mean score on the tasks that select, in points.
fn score(bench: &Workbench, id: ModelId, tasks: &[String]) -> Option<f64> {
    let model = bench.study().doc().model(id)?;
    let scores = tasks.iter().map(|task| model.score(task).map(|s| s.value));
    let scores: Option<Vec<f64>> = scores.collect();
    let scores = scores.filter(|all| !all.is_empty())?;
    Some(scores.iter().sum::<f64>() / scores.len() as f64)
}

fn best(bench: &Workbench, all: &[ModelId], tasks: &[String]) -> Option<ModelId> {
    let scored = |id: &ModelId| Some((*id, score(bench, *id, tasks)?));
    let scored = all.iter().filter_map(scored);
    let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(id, _)| id)
}

/// With one put in at the end, or taken out.
fn toggled(chosen: &[ModelId], id: ModelId) -> Vec<ModelId> {
    let mut out = chosen.to_vec();
    out.retain(|other| *other != id);
    if out.len() == chosen.len() {
        out.push(id);
    }
    out
}
