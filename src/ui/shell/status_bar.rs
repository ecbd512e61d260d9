//! The bar below: what is being worked on, how far it is, and how to stop it.

use eframe::egui::{Align, Button, Color32, Label, Layout, Panel, RichText, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use crate::jobs::{Job, Unit};
use crate::study::{Command, Model, ModelId, Role, Selection};
use crate::ui::action::{Action, View};
use crate::ui::ext::{ResponseExt, UiExt, quiet as quiet_text};
use crate::ui::format;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{icon_button, progress_bar};
use crate::workbench::{ModelFiles, Workbench};

const HEIGHT: f32 = 28.0;
const BAR_WIDTH: f32 = 120.0;
/// Room for the title of what is done, and for each of its numbers, in points.
const TITLE: f32 = 170.0;
const DONE: f32 = 124.0;
const RATE: f32 = 74.0;
const LEFT: f32 = 100.0;

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

/// Each piece has its place, so that nothing moves while the numbers do: the button to stop it
/// can be hit.
fn job_ui(ui: &mut Ui, job: &Job, actions: &mut Vec<Action>) {
    let progress = job.ticket.progress();
    let name = format!("Cancel {}", job.title.to_lowercase());
    slot(ui, TITLE, |ui| {
        let title = RichText::new(&job.title).size(size::SMALL);
        ui.add(Label::new(title).truncate());
    });
    if icon_button(ui, icon::X, &name).clicked() {
        actions.push(Action::Cancel(job.id));
    }
    let Some(fraction) = progress.fraction() else {
        return;
    };
    progress_bar(ui, &job.title, fraction as f32, BAR_WIDTH);
    let (done, rate) = match progress.unit {
        Unit::Bytes => (
            format::percent(fraction),
            format::throughput(progress.per_second()),
        ),
        Unit::Items => (
            format::items(progress.done, progress.total),
            format::items_a_second(progress.per_second()),
        ),
    };
    let left = progress.time_left().map(format::time_left);
    for (width, words) in [(DONE, done), (RATE, rate), (LEFT, left.unwrap_or_default())] {
        // What there is no room for is left out, the last first.
        if ui.available_width() < width {
            break;
        }
        slot(ui, width, |ui| {
            ui.add(Label::new(quiet_text(words)).truncate());
        });
    }
}

fn slot(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    let size = vec2(width, ui.available_height());
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_width(width);
        content(ui);
    });
}

const MEMORY: &str = "What the program holds itself, and what the system keeps of model files \
                      for it, which it takes back when memory is short";

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
    if let Some(memory) = bench.memory() {
        let (own, mapped) = (format::bytes(memory.own), format::bytes(memory.mapped));
        ui.quiet(format!("memory {own}, mapped {mapped}"))
            .on_hover_text(MEMORY);
    }
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
