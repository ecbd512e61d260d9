//! Below the mixture: how far it is, and the button that gets on.

use eframe::egui::{Align, Label, Layout, RichText, Ui};
use egui_phosphor::regular as icon;

use crate::jobs::JobId;
use crate::study::{Command, Selection};
use crate::ui::action::{Action, Content, Export, MixtureAction, View};
use crate::ui::dialogs::Filter;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::Tokens;
use crate::ui::widgets::{primary_button, progress_bar};
use crate::workbench::Workbench;
use crate::workbench::mixing::{Mixture, MixtureState};

/// Room for the bar, in points.
const BAR: f32 = 260.0;

/// A recipe that is saved where the user says.
pub(super) fn saved(name: &str, yaml: &str) -> Action {
    Action::Export(Export {
        title: "Save the recipe".to_owned(),
        name: format!("{name}.yaml"),
        filter: Filter::YAML,
        content: Content::Bytes(yaml.as_bytes().to_vec()),
    })
}

pub(super) fn foot_ui(
    ui: &mut Ui,
    bench: &Workbench,
    mixture: &Mixture,
    actions: &mut Vec<Action>,
) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        buttons_ui(ui, bench, mixture, actions);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            state_ui(ui, bench, mixture);
        });
    });
}

fn buttons_ui(ui: &mut Ui, bench: &Workbench, mixture: &Mixture, actions: &mut Vec<Action>) {
    match &mixture.state {
        MixtureState::Running(_) => {
            if ui.button("Cancel").clicked() {
                actions.push(MixtureAction::Cancel.into());
            }
            return;
        }
        MixtureState::Done { child, made } => {
            if ui.button("Show in Models").clicked() {
                let one = Selection::Models(vec![*child]);
                actions.push(Command::Select(one).into());
                actions.push(View::Models.into());
                actions.push(MixtureAction::Hide.into());
            }
            if ui.button("Show the files").clicked() {
                actions.push(Action::Reveal(made.out.clone()));
            }
        }
        MixtureState::InTheWay(out) => {
            if ui.button("Replace the model there").clicked() {
                let (out, force) = (out.clone(), true);
                actions.push(MixtureAction::Write { out, force }.into());
            }
        }
        MixtureState::Draft | MixtureState::Failed(_) | MixtureState::Cancelled => {}
    }
    let is_ready = bench.mixture_is_ready();
    let button = ui.add_enabled_ui(is_ready, |ui| primary_button(ui, "Write mixture…"));
    let why = match bench.mixture_checks() {
        None => "The mixture is being checked",
        Some(_) => "Something stands in the way",
    };
    if button.inner.on_disabled_hover_text(why).clicked() {
        actions.push(MixtureAction::AskWhereToWrite.into());
    }
}

fn state_ui(ui: &mut Ui, bench: &Workbench, mixture: &Mixture) {
    let t = Tokens::of(ui);
    match &mixture.state {
        MixtureState::Draft => {}
        MixtureState::Running(job) => running_ui(ui, bench, *job, &mixture.name),
        MixtureState::Cancelled => {
            ui.quiet("Cancelled; nothing was left behind but finished files");
        }
        MixtureState::InTheWay(out) => {
            let text = format!("A model lies there already: {}", out.display());
            ui.add(Label::new(RichText::new(text).small().color(t.error)).truncate());
        }
        MixtureState::Failed(sentence) => {
            let text = format!("{} {sentence}", icon::X_CIRCLE);
            let label = Label::new(RichText::new(text).small().color(t.error)).truncate();
            ui.add(label).on_hover_text(sentence);
        }
        MixtureState::Done { made, .. } => {
            let time = std::time::Duration::from_secs_f64(made.seconds.max(0.0));
            let (bytes, time) = (format::bytes(made.bytes_written), format::duration(time));
            let text = format!("{} Written: {bytes} in {time}", icon::CHECK_CIRCLE);
            ui.label(RichText::new(text).small().color(t.ok));
        }
    }
}

fn running_ui(ui: &mut Ui, bench: &Workbench, job: JobId, name: &str) {
    let Some(job) = bench.jobs().get(job) else {
        return;
    };
    let progress = job.ticket.progress();
    let fraction = progress.fraction().unwrap_or(0.0);
    progress_bar(ui, &format!("Writing {name}"), fraction as f32, BAR);
    ui.quiet(format::percent(fraction));
    if let Some(left) = progress.time_left() {
        ui.quiet(format::time_left(left));
    }
}
