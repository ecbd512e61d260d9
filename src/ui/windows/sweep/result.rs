//! The grid as a picture and as a table, while it fills and after.

use eframe::egui::{Align, Button, Layout, RichText, ScrollArea, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::{grid, score_words};
use crate::text::counted;
use crate::ui::action::{Action, Export, SweepAction};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{primary_button, progress_bar, section_heading};
use crate::workbench::Workbench;
use crate::workbench::sweeping::{RowState, SweepRun, SweepState, Table};

const COLUMN: f32 = 150.0;
const SCORE: f32 = 90.0;
/// What of the window is no table and no picture, in points.
const AROUND: f32 = 250.0;

/// Draws it; says whether the window stays open.
pub(super) fn ui(ui: &mut Ui, bench: &Workbench, room: f32, actions: &mut Vec<Action>) -> bool {
    let Some(run) = bench.sweep() else {
        ui.weak("No sweep was started");
        return true;
    };
    state_ui(ui, run, actions);
    let picture = ((room - AROUND) * 0.55).max(110.0);
    let chosen = grid::ui(ui, &run.table, picture);
    let clicked = table_ui(ui, &run.table, (room - AROUND - picture).max(90.0));
    if let Some(row) = chosen.or(clicked).and_then(|k| run.table.rows.get(k)) {
        let name = format!("{} {}", run.sweep.name, row.name);
        actions.push(SweepAction::OpenRecipe(name, row.text.clone()).into());
    }
    ui.add_space(space::S);
    foot_ui(ui, run, actions)
}

fn state_ui(ui: &mut Ui, run: &SweepRun, actions: &mut Vec<Action>) {
    let (done, all) = (run.table.done(), run.table.rows.len());
    match &run.state {
        SweepState::Running(_) => {
            let fraction = done as f32 / all.max(1) as f32;
            progress_bar(ui, "Progress of the sweep", fraction, ui.available_width());
            ui.horizontal(|ui| {
                let workers = match run.progress.workers {
                    0 if all > 0 => "; no worker is seen, start some".to_owned(),
                    0 | 1 => String::new(),
                    n => format!(", {}", counted(n, "worker")),
                };
                let words = match all {
                    0 => "Checking the recipes…".to_owned(),
                    _ => format!("{done} of {}{workers}", counted(all, "cell")),
                };
                ui.quiet(words);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let help = "Started again, it goes on where it stopped";
                    if ui.button("Stop").on_hover_text(help).clicked() {
                        actions.push(SweepAction::Stop.into());
                    }
                });
            });
        }
        SweepState::Done => best_ui(ui, &run.table),
        SweepState::Cancelled => {
            ui.label(format!("Stopped after {done} of {}", counted(all, "cell")));
        }
        SweepState::Failed(sentence) => {
            let ink = Tokens::of(ui).error;
            ui.label(RichText::new(sentence).color(ink));
        }
    }
}

fn best_ui(ui: &mut Ui, table: &Table) {
    let best = table.best().and_then(|k| table.rows.get(k));
    let words = match best {
        Some(row) => format!("Best: {} with {}", row.name, score_words(row)),
        None => "No cell has a score".to_owned(),
    };
    ui.label(crate::ui::theme::strong(words));
    let failed = table.failed();
    if failed > 0 {
        ui.weak(format!("{} failed", counted(failed, "cell")));
    }
}

/// A line a cell, the best first; which was clicked.
fn table_ui(ui: &mut Ui, table: &Table, room: f32) -> Option<usize> {
    section_heading(ui, "Cells");
    let (order, best) = (table.by_score(), table.best());
    let mut clicked = None;
    ScrollArea::vertical()
        .id_salt("cells")
        .max_height(room)
        .auto_shrink([false, true])
        .show_rows(ui, ROW_HEIGHT, order.len(), |ui, shown| {
            for &k in &order[shown] {
                let row = &table.rows[k];
                ui.horizontal(|ui| {
                    let words = format::elide_middle(&row.name, 60);
                    let room = vec2(2.0 * COLUMN, ROW_HEIGHT);
                    let from_left = Layout::left_to_right(Align::Center);
                    let button = ui.allocate_ui_with_layout(room, from_left, |ui| {
                        ui.set_width(room.x);
                        ui.add(Button::new(words).frame(false))
                    });
                    let button = button.inner;
                    button.named(WidgetType::Button, format!("Open {}", row.name));
                    if button
                        .on_hover_text("Puts this recipe on the canvas")
                        .clicked()
                    {
                        clicked = Some(k);
                    }
                    ui.allocate_ui(vec2(SCORE, ROW_HEIGHT), |ui| {
                        ui.set_width(SCORE);
                        let label = ui.label(score_words(row));
                        if let RowState::Failed(sentence) = &row.state {
                            label.on_hover_text(sentence);
                        }
                    });
                    if best == Some(k) {
                        ui.label(format!("{}  best", icon::STAR));
                    }
                });
            }
        });
    clicked
}

fn foot_ui(ui: &mut Ui, run: &SweepRun, actions: &mut Vec<Action>) -> bool {
    let mut stays = true;
    let is_over = !matches!(run.state, SweepState::Running(_));
    ui.horizontal(|ui| {
        if is_over && ui.button("New sweep…").clicked() {
            actions.push(SweepAction::Ask(run.draft).into());
        }
        if !is_over {
            let help = "Sweep… beside the recipe brings it back";
            stays = !ui
                .button("Go on in the background")
                .on_hover_text(help)
                .clicked();
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let can = is_over && !run.is_recorded && run.table.best().is_some();
            let words = if run.is_recorded {
                "Added to the study"
            } else {
                "Add to study"
            };
            let button = ui.add_enabled_ui(can, |ui| primary_button(ui, words));
            if button.inner.clicked() {
                actions.push(SweepAction::AddToStudy.into());
            }
            if is_over
                && ui.button("Save table…").clicked()
                && let Ok(csv) = run.table.to_csv()
            {
                let name = format!("{}-sweep", run.sweep.name);
                actions.push(Action::Export(Export::table("the sweep", &name, csv)));
            }
        });
    });
    stays
}
