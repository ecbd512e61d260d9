//! Writing: what stands in the way, where to, and what is being written; what was predicted
//! beside what is measured when it is done.

mod done;

use eframe::egui::{
    Align, Frame, Label, Layout, Margin, Response, RichText, Stroke, Ui, WidgetType,
};
use egui_phosphor::regular as icon;

use super::DraftContext;
use super::child::{line_ui, problems};
use crate::jobs::JobId;
use crate::study::{Command, Selection};
use crate::ui::action::{Action, MergeAction, View};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, space};
use crate::ui::widgets::{icon_button, primary_button, progress_bar, scroll_list};
use crate::workbench::merging::{MergeState, QueuedMerge};

/// The most that are listed; the rest is counted.
const MOST: usize = 4;
/// Room that percent and time need beside the bar, in points.
const BESIDE_BAR: f32 = 130.0;

#[derive(Default)]
pub struct QueuePanel {
    is_unfolded: bool,
}

impl QueuePanel {
    /// Draws what stands in the way, the button that writes, and the queue, `most` points high.
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, most: f32) {
        let top = ui.cursor().top();
        problems::ui(ui, shown);
        ui.add_space(space::XS);
        write_ui(ui, shown, why_not(shown));
        let merges = shown.bench.merges();
        if merges.is_empty() {
            return;
        }
        ui.add_space(space::XS);
        heading_ui(ui, shown, merges);
        // A panel that is as high as its content offers no more than it had a frame ago.
        let height = (most - (ui.cursor().top() - top)).max(90.0);
        scroll_list(ui, "queue", height, |ui| {
            let listed = if self.is_unfolded { merges.len() } else { MOST };
            for merge in merges.iter().rev().take(listed) {
                merge_ui(ui, shown, merge);
            }
            if merges.len() > MOST {
                ui.checkbox(&mut self.is_unfolded, format!("All {}", merges.len()));
            }
        });
    }
}

fn heading_ui(ui: &mut Ui, shown: &DraftContext<'_>, merges: &[QueuedMerge]) {
    ui.horizontal(|ui| {
        let open = merges.iter().filter(|m| m.is_open()).count();
        let words = match open {
            0 => "Queue".to_owned(),
            n => format!("Queue, {n} to go"),
        };
        ui.label(theme::strong(words));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_any_done = merges.iter().any(|m| !m.is_open());
            if is_any_done && icon_button(ui, icon::BROOM, "Clear what is done").clicked() {
                shown.push(MergeAction::ClearDone);
            }
        });
    });
}

/// The one button; why not, where it cannot be pressed.
pub fn write_ui(ui: &mut Ui, shown: &DraftContext<'_>, why: Option<String>) -> Response {
    let button = ui
        .add_enabled_ui(why.is_none(), |ui| primary_button(ui, "Write merge…"))
        .inner;
    if button.clicked() {
        shown.push(MergeAction::AskWhereToWrite);
    }
    button.on_disabled_hover_text(why.unwrap_or_default())
}

/// Why the merge on the canvas cannot be written now.
pub fn why_not(shown: &DraftContext<'_>) -> Option<String> {
    if shown.composition.recipes.is_empty() {
        return Some("There is no merge on the canvas".to_owned());
    }
    if shown.is_broken {
        return Some("The recipe's text has a mistake".to_owned());
    }
    // While a slider moves the button stays as it was; the plan is made anew before writing.
    let Some(ahead) = shown.ahead else {
        return Some("The recipe is being checked".to_owned());
    };
    let errors = ahead.problems.iter().filter(|p| p.is_error()).count();
    let stand = if errors == 1 { "stands" } else { "stand" };
    (errors > 0).then(|| format!("{} {stand} in the way", format::counted(errors, "error")))
}

fn merge_ui(ui: &mut Ui, shown: &DraftContext<'_>, merge: &QueuedMerge) {
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(radius::CONTROL)
        .inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        head_ui(ui, shown, merge);
        match &merge.state {
            MergeState::Waiting => {
                line_ui(ui, "Waits for the others");
            }
            MergeState::Running(job) => running_ui(ui, shown, *job, &merge.name),
            MergeState::Cancelled => {
                line_ui(ui, "Cancelled; what was finished is kept for another try");
                again_ui(ui, shown, merge);
            }
            MergeState::Failed(sentence) => {
                let text = RichText::new(format!("{} {sentence}", icon::X_CIRCLE));
                ui.add(Label::new(text.small().color(t.error)).wrap());
                again_ui(ui, shown, merge);
            }
            MergeState::Done { child, made } => {
                let bytes = format::bytes(made.bytes_written);
                let time = std::time::Duration::from_secs_f64(made.seconds.max(0.0));
                line_ui(ui, &format!("{bytes} in {}", format::duration(time)));
                done::ui(ui, shown, *child);
            }
        }
    });
}

/// The name, and what can be done at once.
fn head_ui(ui: &mut Ui, shown: &DraftContext<'_>, merge: &QueuedMerge) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons_ui(ui, shown, merge);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(theme::strong(&merge.name)).truncate())
                    .on_hover_text(merge.out.to_string_lossy());
            });
        });
    });
}

fn buttons_ui(ui: &mut Ui, shown: &DraftContext<'_>, merge: &QueuedMerge) {
    let name = &merge.name;
    match &merge.state {
        MergeState::Waiting | MergeState::Running(_) => {
            if icon_button(ui, icon::X, &format!("Cancel {name}")).clicked() {
                shown.push(MergeAction::Cancel(merge.id));
            }
        }
        MergeState::Done { child, .. } => {
            if icon_button(ui, icon::FOLDER_OPEN, &format!("Show the files of {name}")).clicked() {
                shown.push(Action::Reveal(merge.out.clone()));
            }
            if icon_button(ui, icon::TABLE, &format!("Show {name} in Models")).clicked() {
                let one = Selection::Models(vec![*child]);
                shown.push(Command::Select(one));
                shown.push(View::Models);
            }
        }
        MergeState::Failed(_) | MergeState::Cancelled => {}
    }
}

/// The ways on from a merge that was not written.
fn again_ui(ui: &mut Ui, shown: &DraftContext<'_>, merge: &QueuedMerge) {
    let name = &merge.name;
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        let (verb, action) = match merge.may_replace {
            true => ("Replace", MergeAction::Replace(merge.id)),
            false => ("Try again", MergeAction::Retry(merge.id)),
        };
        let elsewhere = MergeAction::AskWhereToWriteAgain(merge.id);
        for (title, label, action) in [
            (verb, format!("{verb} {name}"), action),
            (
                "Another folder…",
                format!("Another folder for {name}…"),
                elsewhere,
            ),
        ] {
            let response = ui.button(title);
            response.named(WidgetType::Button, &label);
            if response.clicked() {
                shown.push(action);
            }
        }
    });
}

fn running_ui(ui: &mut Ui, shown: &DraftContext<'_>, job: JobId, name: &str) {
    let Some(job) = shown.bench.jobs().get(job) else {
        return;
    };
    let progress = job.ticket.progress();
    ui.horizontal(|ui| {
        let fraction = progress.fraction().unwrap_or(0.0);
        let width = (ui.available_width() - BESIDE_BAR).max(40.0);
        progress_bar(ui, &format!("Writing {name}"), fraction as f32, width);
        line_ui(ui, &format::percent(fraction));
        if let Some(left) = progress.time_left() {
            line_ui(ui, &format::time_left(left));
        }
    });
}
