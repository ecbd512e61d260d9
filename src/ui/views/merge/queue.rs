//! Writing: what stands in the way, where to, and what is being written; what was predicted
//! beside what is measured when it is done.

mod done;

use eframe::egui::{Align, Button, Frame, Label, Layout, Margin, RichText, ScrollArea, Stroke, Ui};
use egui_phosphor::regular as icon;

use super::child::problems;
use super::{DraftContext, Jump};
use crate::jobs::JobId;
use crate::study::{Command, Selection};
use crate::ui::action::{Action, MergeAction, View};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, size, space};
use crate::ui::widgets::{icon_button, primary_button, progress_bar};
use crate::workbench::merging::{MergeState, QueuedMerge};

/// The most that are listed; the rest is counted.
const MOST: usize = 4;
/// Room that percent and time need beside the bar, in points.
const BESIDE_BAR: f32 = 130.0;

/// What it keeps while it is shown.
#[derive(Default)]
pub struct QueuePanel {
    is_unfolded: bool,
}

impl QueuePanel {
    /// Draws what stands in the way, the button that writes, and the queue, `most` points high.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        shown: &DraftContext<'_>,
        jump: &mut Option<Jump>,
        most: f32,
        actions: &mut Vec<Action>,
    ) {
        let top = ui.cursor().top();
        problems::ui(ui, shown, jump, actions);
        ui.add_space(space::XS);
        write_ui(ui, shown, actions);
        let merges = shown.bench.merges();
        if merges.is_empty() {
            return;
        }
        ui.add_space(space::XS);
        heading_ui(ui, merges, actions);
        // A panel that is as high as its content offers no more than it had a frame ago.
        let height = (most - (ui.cursor().top() - top)).max(90.0);
        ScrollArea::vertical()
            .id_salt("queue")
            .max_height(height)
            .min_scrolled_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width() - space::M);
                let listed = if self.is_unfolded { merges.len() } else { MOST };
                for merge in merges.iter().rev().take(listed) {
                    merge_ui(ui, shown, merge, actions);
                }
                if merges.len() > MOST {
                    ui.checkbox(&mut self.is_unfolded, format!("All {}", merges.len()));
                }
            });
    }
}

fn heading_ui(ui: &mut Ui, merges: &[QueuedMerge], actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let open = merges.iter().filter(|m| m.is_open()).count();
        let words = match open {
            0 => "Queue".to_owned(),
            n => format!("Queue, {n} to go"),
        };
        ui.label(theme::strong(&words));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_any_done = merges.iter().any(|m| !m.is_open());
            if is_any_done && icon_button(ui, icon::BROOM, "Clear what is done").clicked() {
                actions.push(Action::Merge(MergeAction::ClearDone));
            }
        });
    });
}

/// The one button; why not, where it cannot be pressed.
fn write_ui(ui: &mut Ui, shown: &DraftContext<'_>, actions: &mut Vec<Action>) {
    let why = why_not(shown);
    let button = ui
        .add_enabled_ui(why.is_none(), |ui| primary_button(ui, "Write merge…"))
        .inner;
    let response = button.on_disabled_hover_text(why.as_deref().unwrap_or_default());
    if response.clicked() {
        actions.push(Action::Merge(MergeAction::AskWhereToWrite));
    }
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

fn merge_ui(ui: &mut Ui, shown: &DraftContext<'_>, merge: &QueuedMerge, actions: &mut Vec<Action>) {
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(radius::CONTROL)
        .inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        head_ui(ui, merge, actions);
        match &merge.state {
            MergeState::Waiting => small(ui, "Waits for the others"),
            MergeState::Running(job) => running_ui(ui, shown, *job, &merge.name),
            MergeState::Cancelled => {
                small(ui, "Cancelled; what was finished is kept for another try");
                again_ui(ui, merge, actions);
            }
            MergeState::Failed(sentence) => {
                let text = RichText::new(format!("{} {sentence}", icon::X_CIRCLE));
                ui.add(Label::new(text.size(size::SMALL).color(t.error)).wrap());
                again_ui(ui, merge, actions);
            }
            MergeState::Done { child, made } => {
                let bytes = format::bytes(made.bytes_written);
                let time = std::time::Duration::from_secs_f64(made.seconds.max(0.0));
                small(ui, &format!("{bytes} in {}", format::duration(time)));
                done::ui(ui, shown, *child);
            }
        }
    });
}

/// The name, and what can be done at once.
fn head_ui(ui: &mut Ui, merge: &QueuedMerge, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons_ui(ui, merge, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(theme::strong(&merge.name)).truncate())
                    .on_hover_text(merge.out.to_string_lossy());
            });
        });
    });
}

fn buttons_ui(ui: &mut Ui, merge: &QueuedMerge, actions: &mut Vec<Action>) {
    let name = &merge.name;
    match &merge.state {
        MergeState::Waiting | MergeState::Running(_) => {
            if icon_button(ui, icon::X, &format!("Cancel {name}")).clicked() {
                actions.push(Action::Merge(MergeAction::Cancel(merge.id)));
            }
        }
        MergeState::Done { child, .. } => {
            if icon_button(ui, icon::FOLDER_OPEN, &format!("Show the files of {name}")).clicked() {
                actions.push(Action::Reveal(merge.out.clone()));
            }
            if icon_button(ui, icon::TABLE, &format!("Show {name} in Models")).clicked() {
                let one = Selection::Models(vec![*child]);
                actions.push(Action::Study(Command::Select(one)));
                actions.push(Action::Go(View::Models));
            }
        }
        MergeState::Failed(_) | MergeState::Cancelled => {}
    }
}

/// The ways on from a merge that was not written.
fn again_ui(ui: &mut Ui, merge: &QueuedMerge, actions: &mut Vec<Action>) {
    let name = &merge.name;
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        let (verb, action) = match merge.may_replace {
            true => ("Replace", Action::Merge(MergeAction::Replace(merge.id))),
            false => ("Try again", Action::Merge(MergeAction::Retry(merge.id))),
        };
        let ways = [
            (verb, format!("{verb} {name}"), action),
            (
                "Another folder…",
                format!("Another folder for {name}…"),
                Action::Merge(MergeAction::AskWhereToWriteAgain(merge.id)),
            ),
        ];
        for (title, label, action) in ways {
            let response = ui.add(Button::new(title));
            response.widget_info(|| {
                eframe::egui::WidgetInfo::labeled(eframe::egui::WidgetType::Button, true, &label)
            });
            if response.clicked() {
                actions.push(action);
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
        small(ui, &format::percent(fraction));
        if let Some(left) = progress.time_left() {
            small(ui, &format::time_left(left));
        }
    });
}

fn small(ui: &mut Ui, text: &str) {
    let weak = Tokens::of(ui).text_weak;
    let text = RichText::new(text).size(size::SMALL).color(weak);
    ui.add(Label::new(text).truncate());
}
