//! A conversion that runs, and what came of it.

use std::time::Duration;

use eframe::egui::{Label, RichText, Ui};
use egui_phosphor::regular as icon;

use super::form::{Press, path_ui};
use crate::jobs::JobId;
use crate::merge::run::Outcome;
use crate::ui::action::{Action, WriteAction};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::primary_button;
use crate::ui::windows::job::job_ui;
use crate::workbench::Workbench;
use crate::workbench::converting::{Conversion, ConversionState};

pub(super) fn ui(
    ui: &mut Ui,
    bench: &Workbench,
    own: &Conversion,
    actions: &mut Vec<Action>,
) -> Option<Press> {
    let name = format::elide_middle(&own.name, 40);
    let title = match &own.state {
        ConversionState::Running(_) => format!("Writing {name}"),
        ConversionState::Done(_) => format!("{name} is written"),
        ConversionState::Failed(_) => format!("{name} was not written"),
        ConversionState::Cancelled => format!("Writing {name} was cancelled"),
    };
    ui.label(theme::strong(title).size(size::HEADING));
    path_ui(ui, &own.out);
    match &own.state {
        ConversionState::Running(job) => running_ui(ui, bench, *job, actions),
        ConversionState::Done(made) => done_ui(ui, bench, own, made, actions),
        ConversionState::Failed(sentence) => {
            let words = RichText::new(format!("{}  {sentence}", icon::X_CIRCLE));
            let ink = Tokens::of(ui).error;
            ui.add(Label::new(words.color(ink)).wrap());
            again_ui(ui, own, actions)
        }
        ConversionState::Cancelled => {
            ui.weak("Finished files stay beside it for the next try");
            again_ui(ui, own, actions)
        }
    }
}

fn running_ui(
    ui: &mut Ui,
    bench: &Workbench,
    job: JobId,
    actions: &mut Vec<Action>,
) -> Option<Press> {
    let then = "What came of it is here when you ask to convert the model again";
    let stays = job_ui(ui, bench, ("Converting", job), then, actions);
    (!stays).then_some(Press::Close)
}

fn done_ui(
    ui: &mut Ui,
    bench: &Workbench,
    own: &Conversion,
    made: &Outcome,
    actions: &mut Vec<Action>,
) -> Option<Press> {
    let bytes = format::bytes(made.bytes_written);
    let time = Duration::from_secs_f64(made.seconds.max(0.0));
    let files = format::counted(made.files.len(), "file");
    ui.label(format!("{bytes} in {files}, {}", format::duration(time)));
    let t = Tokens::of(ui);
    if let Some(odd) = made.non_finite.first() {
        let n = format::counted(made.non_finite.len(), "tensor");
        let words = format!("{n} with NaN or infinite numbers, as in {}", odd.tensor);
        let words = RichText::new(words).size(size::SMALL).color(t.warning);
        ui.add(Label::new(words).wrap());
    }
    ui.add_space(space::S);
    let mut press = None;
    ui.horizontal(|ui| {
        if bench.is_in_study(&own.out) {
            ui.weak("It is in the study");
        } else if primary_button(ui, "Add to study").clicked() {
            actions.push(WriteAction::AddConverted(own.of).into());
            press = Some(Press::Close);
        }
        if ui.button("Show in the file manager").clicked() {
            actions.push(Action::Reveal(own.out.clone()));
        }
        if ui.button("Close").clicked() {
            press = Some(Press::Close);
        }
    });
    press
}

fn again_ui(ui: &mut Ui, own: &Conversion, actions: &mut Vec<Action>) -> Option<Press> {
    ui.add_space(space::S);
    let mut press = None;
    ui.horizontal(|ui| {
        if primary_button(ui, "Try again…").clicked() {
            actions.push(WriteAction::ForgetConversion(own.of).into());
        }
        if ui.button("Close").clicked() {
            press = Some(Press::Close);
        }
    });
    press
}
