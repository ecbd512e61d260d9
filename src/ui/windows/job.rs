//! A job in the window that waits for it: how far it is, the two ways out, and why it failed.

use eframe::egui::{Label, Ui};

use crate::jobs::JobId;
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{primary_button, progress_bar};
use crate::workbench::Workbench;

/// The page of a job that runs.
pub(super) struct Running<'a> {
    /// What is being made, as the heading says it.
    pub title: &'a str,
    /// What the job does, in a sentence.
    pub about: &'a str,
    /// What it is called in the list of jobs.
    pub name: &'a str,
    pub job: JobId,
    /// Where the result is later.
    pub then: &'a str,
}

/// Where results are that a command shows again.
pub(super) const AMONG_COMMANDS: &str = "The result is among the commands, under Models";

/// The heading of every page.
pub(super) fn title_ui(ui: &mut Ui, title: &str) {
    ui.label(theme::strong(title).size(size::HEADING));
}

/// The page of a job that runs; says whether the window stays open.
pub(super) fn running_ui(
    ui: &mut Ui,
    bench: &Workbench,
    running: &Running<'_>,
    actions: &mut Vec<Action>,
) -> bool {
    title_ui(ui, running.title);
    ui.weak(running.about);
    job_ui(
        ui,
        bench,
        (running.name, running.job),
        running.then,
        actions,
    )
}

/// The page of a job that failed, with why; says whether the window stays open.
pub(super) fn failed_ui(ui: &mut Ui, title: &str, sentence: &str) -> bool {
    title_ui(ui, title);
    ui.add(Label::new(crate::text::sentence_case(sentence)).wrap());
    ui.add_space(space::S);
    !primary_button(ui, "Close").clicked()
}

/// Draws the bar and the buttons; `then` says where the result is later. Says whether the window
/// stays open.
pub(super) fn job_ui(
    ui: &mut Ui,
    bench: &Workbench,
    (title, job): (&str, JobId),
    then: &str,
    actions: &mut Vec<Action>,
) -> bool {
    ui.add_space(space::XS);
    let progress = bench.jobs().get(job).map(|job| job.ticket.progress());
    let fraction = progress.and_then(|progress| progress.fraction());
    let width = ui.available_width();
    progress_bar(ui, title, fraction.unwrap_or(0.0) as f32, width);
    let left = progress.and_then(|progress| progress.time_left());
    let left = left.map_or(String::new(), |left| {
        format!(", {}", format::time_left(left))
    });
    ui.quiet(format!(
        "{}{left}",
        format::percent(fraction.unwrap_or(0.0))
    ));
    ui.add_space(space::S);
    let mut stays = true;
    ui.horizontal(|ui| {
        let behind = ui.button("Go on in the background");
        stays = !behind.on_hover_text(then).clicked();
        if ui.button("Cancel").clicked() {
            actions.push(Action::Cancel(job));
        }
    });
    stays
}
