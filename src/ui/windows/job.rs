//! A job in the window that waits for it: how far it is, and the two ways out.

use eframe::egui::Ui;

use crate::jobs::JobId;
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::progress_bar;
use crate::workbench::Workbench;

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
