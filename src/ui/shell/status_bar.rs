//! The bar below: what is being worked on, how far it is, and how to stop it.

use eframe::egui::{Align, Button, Color32, Layout, Panel, RichText, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use crate::jobs::{Job, Unit};
use crate::study::{Command, Model, ModelId, Role, Selection};
use crate::ui::action::{Action, View};
use crate::ui::ext::{ResponseExt, UiExt};
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
                    problems(ui, bench, actions);
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

/// Models that are not open and warnings, each a button that selects whose they are.
fn problems(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let t = Tokens::of(ui);
    let models = &bench.study().doc().models;
    let failed = models
        .iter()
        .filter(|m| matches!(bench.files(m.id), ModelFiles::Failed(_)));
    let failed: Vec<ModelId> = failed.map(|m| m.id).collect();
    let words = format!("{} not open", format::counted(failed.len(), "model"));
    problem_ui(ui, &words, t.error, failed, actions);
    let warnings = |m: &Model| {
        bench
            .files(m.id)
            .checkpoint()
            .map_or(0, |c| c.problems().len())
    };
    let of = models
        .iter()
        .filter(|m| warnings(m) > 0)
        .map(|m| m.id)
        .collect();
    let count = models.iter().map(warnings).sum();
    problem_ui(
        ui,
        &format::counted(count, "warning"),
        t.warning,
        of,
        actions,
    );
}

fn problem_ui(
    ui: &mut Ui,
    words: &str,
    ink: Color32,
    models: Vec<ModelId>,
    actions: &mut Vec<Action>,
) {
    if models.is_empty() {
        return;
    }
    let shown = RichText::new(format!("{} {words}", icon::WARNING));
    let button = Button::new(shown.size(size::SMALL).color(ink)).frame(false);
    let response = ui.add(button);
    response.named(WidgetType::Button, words);
    if response.on_hover_text("Show them in Models").clicked() {
        actions.push(Action::Study(Command::Select(Selection::Models(models))));
        actions.push(Action::Go(View::Models));
    }
}
