//! The bar below: what is being worked on, how far it is, and how to stop it.

use eframe::egui::{Align, Layout, Panel, RichText, Ui, vec2};
use egui_phosphor::regular as icon;

use crate::jobs::{Job, Unit};
use crate::study::Role;
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{icon_button, progress_bar};
use crate::workbench::{ModelFiles, Workbench};

const HEIGHT: f32 = 28.0;
const BAR_WIDTH: f32 = 140.0;

pub fn status_bar(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let frame = ui.pane(vec2(12.0, 0.0)).fill(Tokens::of(ui).panel);
    Panel::bottom("status bar")
        .exact_size(HEIGHT)
        .frame(frame)
        .show(ui, |ui| {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                match bench.jobs().running() {
                    [] => quiet(ui, bench),
                    [job] => job_ui(ui, job, actions),
                    [job, others @ ..] => {
                        job_ui(ui, job, actions);
                        ui.quiet(format!("and {} more", format::counted(others.len(), "job")));
                    }
                }
                // What waits to be judged goes with what is: one cross stops both.
                if let [_, rest @ ..] = &bench.being_evaluated()[..]
                    && !rest.is_empty()
                {
                    let waiting = format::counted(rest.len(), "model");
                    ui.quiet(format!("{waiting} to follow"));
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    problems(ui, bench);
                });
            });
        });
}

fn job_ui(ui: &mut Ui, job: &Job, actions: &mut Vec<Action>) {
    let progress = job.ticket.progress();
    ui.label(RichText::new(&job.title).size(size::SMALL));
    if let Some(fraction) = progress.fraction() {
        progress_bar(ui, &job.title, fraction as f32, BAR_WIDTH);
        match progress.unit {
            Unit::Bytes => {
                ui.quiet(format::percent(fraction));
                ui.quiet(format::throughput(progress.per_second()));
            }
            Unit::Items => {
                ui.quiet(format::items(progress.done, progress.total));
                ui.quiet(format::items_a_second(progress.per_second()));
            }
        }
        if let Some(left) = progress.time_left() {
            ui.quiet(format::time_left(left));
        }
    }
    if icon_button(ui, icon::X, &format!("Cancel {}", job.title.to_lowercase())).clicked() {
        actions.push(Action::Cancel(job.id));
    }
}

/// What there is, while nothing is being done.
fn quiet(ui: &mut Ui, bench: &Workbench) {
    if !bench.is_open() {
        ui.quiet("Ready");
        return;
    }
    let doc = bench.study().doc();
    let bases = doc
        .models
        .iter()
        .filter(|m| doc.role(m) == Role::Base)
        .count();
    let size: u64 = doc
        .models
        .iter()
        .filter_map(|m| Some(bench.files(m.id).checkpoint()?.size_bytes()))
        .sum();
    let mut parts = vec![format::counted(doc.models.len(), "model")];
    if bases > 0 {
        parts.push(format::counted(bases, "base"));
    }
    if size > 0 {
        parts.push(format::bytes(size));
    }
    ui.quiet(parts.join("  ·  "));
}

fn problems(ui: &mut Ui, bench: &Workbench) {
    let t = Tokens::of(ui);
    let models = &bench.study().doc().models;
    let failed = models
        .iter()
        .filter(|m| matches!(bench.files(m.id), ModelFiles::Failed(_)))
        .count();
    if failed > 0 {
        let text = format!(
            "{} {} not open",
            icon::WARNING,
            format::counted(failed, "model")
        );
        ui.label(RichText::new(text).size(size::SMALL).color(t.error));
    }
    let warnings: usize = models
        .iter()
        .filter_map(|m| Some(bench.files(m.id).checkpoint()?.problems().len()))
        .sum();
    if warnings > 0 {
        let text = format!("{} {}", icon::WARNING, format::counted(warnings, "warning"));
        ui.label(RichText::new(text).size(size::SMALL).color(t.warning));
    }
}
