//! Run, pause, stop and resume, what the run is doing, and what it lacks.

use std::time::Duration;

use eframe::egui::{
    Align, Button, Color32, Label, Layout, Response, RichText, Sense, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::{Ask, RunContext};
use crate::jobs::JobId;
use crate::lineage::strategy::strategy;
use crate::study::{Command, Evolution, ModelId, Selection};
use crate::ui::action::{Action, EvolutionAction, ImportAction, ModelsAction, View};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::views::evolution::log;
use crate::ui::widgets::{icon_button, primary_button, progress_bar, text};
use crate::workbench::evolving::{Doing, RunState};
use crate::workbench::{ModelFiles, Workbench};

const BAR: f32 = 120.0;
/// Room for how far the child is, and how long it takes yet, in points.
const PERCENT: f32 = 44.0;
const TIME_LEFT: f32 = 84.0;
const GO_ON: &str = "Asks again whether it has ended; change its stop rules first";
/// Of those that wait for scores, this many are named.
const MOST_NAMES: usize = 3;

/// Draws the bar; what is asked of the view.
pub fn bar_ui(ui: &mut Ui, context: RunContext<'_>, evolution: &Evolution) -> Option<Ask> {
    let state = context.bench.run_state(context.id);
    if let RunState::Running(doing) = &state {
        return ui
            .horizontal(|ui| running_ui(ui, context, &state, doing))
            .inner;
    }
    let objection = context.bench.run_objection(evolution);
    let asked = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.set_min_height(ROW_HEIGHT);
        buttons_ui(ui, context, &state, objection.is_none());
        state_ui(ui, context, &state);
        save_ui(ui, context);
        match (&state, objection) {
            (RunState::Waiting(_), _) => {}
            (_, Some(sentence)) => {
                return objection_ui(ui, context, evolution, &state, &sentence);
            }
            (RunState::Failed(_), None) => missing_ui(ui, context),
            _ => {}
        }
        false
    });
    asked.inner.then_some(Ask::Evaluator)
}

/// A run writes down every child; where that fails its work would be lost.
fn save_ui(ui: &mut Ui, context: RunContext<'_>) {
    if context.bench.save_failed() {
        let words = "The study cannot be saved, so what a run finds would be lost; save it \
                     elsewhere first";
        warn(ui, words);
    }
}

/// One line in which everything has its place, so that nothing moves while numbers do.
fn running_ui(
    ui: &mut Ui,
    context: RunContext<'_>,
    state: &RunState,
    doing: &Doing,
) -> Option<Ask> {
    ui.spacing_mut().item_spacing.x = space::S;
    ui.set_min_height(ROW_HEIGHT);
    buttons_ui(ui, context, state, true);
    let job = match doing {
        Doing::Merging { job, .. }
        | Doing::Evaluating { job, .. }
        | Doing::OnCluster { job, .. } => Some(*job),
        Doing::WaitingForTurn => None,
    };
    progress_ui(ui, context, job);
    let mut asked = None;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if log::has_anything(context.bench)
            && icon_button(ui, icon::TERMINAL_WINDOW, "Evaluation log").clicked()
        {
            asked = Some(Ask::Log);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            save_ui(ui, context);
            let words = running_words(context, doing);
            ui.add(Label::new(&words).truncate()).on_hover_text(&words);
        });
    });
    asked
}

fn warn(ui: &mut Ui, words: &str) {
    let ink = Tokens::of(ui).warning;
    say(ui, &format!("{}  {words}", icon::WARNING), ink);
}

fn buttons_ui(ui: &mut Ui, context: RunContext<'_>, state: &RunState, can_run: bool) {
    let id = context.id;
    let stop = |ui: &mut Ui| {
        let help = "Ends what it is doing now; that child is made anew when the run goes on";
        ui.button(format!("{}  Stop", icon::STOP))
            .on_hover_text(help)
            .clicked()
    };
    match state {
        RunState::Running(_) => {
            let is_pausing = context.bench.is_pausing(id);
            let words = if is_pausing { "Pausing…" } else { "Pause" };
            let pause = Button::new(format!("{}  {words}", icon::PAUSE));
            let help = "Pauses after the child that is being made";
            if ui
                .add_enabled(!is_pausing, pause)
                .on_hover_text(help)
                .clicked()
            {
                context.push(EvolutionAction::Pause(id));
            }
            if stop(ui) {
                context.push(EvolutionAction::Stop(id));
            }
        }
        RunState::Waiting(_) => {
            if ui.button(format!("{}  Pause", icon::PAUSE)).clicked() {
                context.push(EvolutionAction::Pause(id));
            }
        }
        _ => {
            if run_ui(ui, state, can_run).clicked() {
                context.push(EvolutionAction::Run(id));
            }
        }
    }
}

fn run_ui(ui: &mut Ui, state: &RunState, can_run: bool) -> Response {
    let (words, help) = match state {
        RunState::Failed(_) => ("Try again", ""),
        RunState::Paused => ("Resume", "Goes on where it stopped; nothing is done twice"),
        RunState::Ended(_) => ("Go on", GO_ON),
        _ => ("Run", ""),
    };
    let is_primary = !matches!(state, RunState::Ended(_));
    let response = ui
        .add_enabled_ui(can_run, |ui| match is_primary {
            true => primary_button(ui, words),
            false => ui.button(words),
        })
        .inner;
    match help {
        "" => response,
        help => response.on_hover_text(help),
    }
}

fn state_ui(ui: &mut Ui, context: RunContext<'_>, state: &RunState) {
    let t = Tokens::of(ui);
    match state {
        RunState::Ready => {}
        RunState::Running(doing) => say(ui, &running_words(context, doing), t.text),
        RunState::Waiting(models) => waiting_ui(ui, context, models),
        RunState::Paused => say(ui, &with_spent(context, "Paused"), t.text),
        RunState::Failed(sentence) => {
            let words = format!("{}  {sentence}", icon::WARNING_CIRCLE);
            say(ui, &words, t.error);
        }
        RunState::Ended(ended) => say(ui, &with_spent(context, ended.sentence()), t.text),
    }
}

fn running_words(context: RunContext<'_>, doing: &Doing) -> String {
    let name = |id: &ModelId| context.bench.short(*id).to_owned();
    let short = |name: &str| format::elide_middle(name, 40);
    let words = match doing {
        Doing::WaitingForTurn if is_measuring(context) => "measuring kinship".to_owned(),
        Doing::WaitingForTurn => "waiting for its turn".to_owned(),
        Doing::Merging { child, .. } => format!("merging {}", short(child)),
        Doing::Evaluating { model, .. } => format!("evaluating {}", short(&name(model))),
        Doing::OnCluster { names, .. } => on_cluster(context, names.len()),
    };
    let merges = matches!(doing, Doing::Merging { .. } | Doing::OnCluster { .. });
    let generation = generation(context, merges);
    with_spent(context, &format!("{generation} · {words}"))
}

/// What the workers of a cluster do.
fn on_cluster(context: RunContext<'_>, models: usize) -> String {
    let progress = context.bench.on_cluster().progress;
    let done = progress.done;
    match progress.workers {
        0 if progress.of == 0 => format!("handing out {}", format::counted(models, "model")),
        0 => format!("{done} of {models} judged; no worker is seen, start some"),
        n => format!(
            "{done} of {models} judged by {}",
            format::counted(n, "worker")
        ),
    }
}

/// Whether the family of the run is being measured.
fn is_measuring(context: RunContext<'_>) -> bool {
    let founder = context.summary().and_then(|run| run.founders.first());
    let base = founder.and_then(|id| context.bench.study().doc().model(*id)?.base);
    base.is_some_and(|base| context.bench.measuring(base).is_some())
}

/// The generation that is being worked on; a merge may be the first of a new one.
fn generation(context: RunContext<'_>, merges: bool) -> String {
    let Some(facts) = context.summary() else {
        return String::new();
    };
    let members = &facts.standing.members;
    let last = members.iter().map(|m| m.generation).max().unwrap_or(0);
    let is_whole = members.iter().all(|m| m.score.is_some());
    match last + u32::from(merges && is_whole) {
        0 => "Founders".to_owned(),
        n => format!("Generation {n}"),
    }
}

/// What was done so far, behind what is said.
fn with_spent(context: RunContext<'_>, words: &str) -> String {
    let doc = context.bench.study().doc();
    let (Some(evolution), Some(facts)) = (doc.evolution(context.id), context.summary()) else {
        return words.to_owned();
    };
    let merges = format::counted(facts.standing.merges, "merge");
    let evaluations = format::counted(evolution.evaluations as usize, "evaluation");
    let time = Duration::try_from_secs_f64(evolution.seconds).unwrap_or_default();
    let time = match time.is_zero() {
        true => String::new(),
        false => format!(", {}", format::duration(time)),
    };
    format!("{words} · {merges}, {evaluations}{time}")
}

/// How far the child is, in fixed places; they are empty where that is not known.
fn progress_ui(ui: &mut Ui, context: RunContext<'_>, job: Option<JobId>) {
    let job = job.and_then(|job| context.bench.jobs().get(job));
    let progress = job.map(|job| job.ticket.progress());
    let fraction = progress.as_ref().and_then(|p| p.fraction());
    let left = progress.as_ref().and_then(|p| p.time_left());
    progress_bar(
        ui,
        "Progress of the child",
        fraction.unwrap_or(0.0) as f32,
        BAR,
    );
    slot(
        ui,
        PERCENT,
        &fraction.map_or(String::new(), format::percent),
    );
    slot(
        ui,
        TIME_LEFT,
        &left.map_or(String::new(), format::time_left),
    );
}

/// Words in a place of their own.
fn slot(ui: &mut Ui, width: f32, words: &str) {
    let size = vec2(width, ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    if !words.is_empty() {
        response.named(WidgetType::Label, words);
        let ink = Tokens::of(ui).text_weak;
        text::right(ui.painter(), rect, words, &theme::body_font(), ink);
    }
}

fn waiting_ui(ui: &mut Ui, context: RunContext<'_>, models: &[ModelId]) {
    let name = |id: &ModelId| context.bench.short(*id).to_owned();
    let mut names: Vec<String> = models.iter().take(MOST_NAMES).map(name).collect();
    if models.len() > MOST_NAMES {
        names.push(format!("{} more", models.len() - MOST_NAMES));
    }
    let words = match &names[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(""),
    };
    let words = format!("Waits for the scores of {words}; it goes on by itself");
    say(ui, &words, Tokens::of(ui).text);
    if ui.button("Type scores").clicked() {
        let chosen = Selection::Models(models.to_vec());
        context.push(Command::Select(chosen));
        context.push(View::Models);
    }
    if ui.button("Import scores…").clicked() {
        context.push(ImportAction::AskForFiles);
    }
}

/// The way to files that are gone.
fn missing_ui(ui: &mut Ui, context: RunContext<'_>) {
    let Some(facts) = context.summary() else {
        return;
    };
    let is_gone = |id: &&ModelId| {
        let files = context.bench.files(**id);
        files.are_missing() || matches!(files, ModelFiles::Failed(_))
    };
    if let Some(id) = facts.standing.models.iter().find(is_gone) {
        let name = context.bench.short(*id);
        if ui.button(format!("Find {name} again…")).clicked() {
            context.push(ModelsAction::AskWhereIs(*id));
        }
    }
}

/// What stands in the way of the run, with the way out of it; whether that is the evaluator's
/// window.
fn objection_ui(
    ui: &mut Ui,
    context: RunContext<'_>,
    evolution: &Evolution,
    state: &RunState,
    sentence: &str,
) -> bool {
    if !matches!(state, RunState::Failed(said) if said == sentence) {
        warn(ui, sentence);
    }
    let Some((words, steps)) = fix(context.bench, evolution) else {
        return false;
    };
    let is_clicked = ui.button(words).clicked();
    match steps {
        _ if !is_clicked => false,
        None => true,
        Some(steps) => {
            steps.into_iter().for_each(|step| context.push(step));
            false
        }
    }
}

fn say(ui: &mut Ui, words: &str, ink: Color32) {
    ui.label(RichText::new(words).size(size::BODY).color(ink));
}

/// What helps against the first thing that [`Workbench::run_objection`] objects to, in the same
/// order: the words of a button, and what it asks for; `None` is the evaluator's window.
/// Founders, method and strategy are chosen in the sentence above.
fn fix(bench: &Workbench, evolution: &Evolution) -> Option<(&'static str, Option<Vec<Action>>)> {
    let doc = bench.study().doc();
    let founders = doc.population(evolution);
    if founders.len() < 2 {
        let add = vec![ModelsAction::AskForFolders.into()];
        return (doc.models.len() < 2).then_some(("Add models…", Some(add)));
    }
    let known = strategy(&evolution.setup.strategy)?.description();
    let has_path = |id: &ModelId| doc.model(*id).is_none_or(|m| m.path.is_some());
    if !doc.has_begun(evolution)
        && let Some(id) = founders.iter().find(|id| !has_path(id))
    {
        let find = vec![ModelsAction::AskWhereIs(*id).into()];
        return Some(("Find its files…", Some(find)));
    }
    if evolution.setup.folder.is_none() {
        let ask = vec![EvolutionAction::AskForFolder(evolution.id).into()];
        return Some(("Choose folder…", Some(ask)));
    }
    let base = |id: &ModelId| doc.model(*id).and_then(|m| m.base);
    let first = founders.first().and_then(base);
    let have_one = first.is_some() && founders.iter().all(|id| base(id) == first);
    if known.uses_kinship && !have_one {
        let select = Command::Select(Selection::Models(founders)).into();
        return Some((
            "Set base in Models",
            Some(vec![select, View::Models.into()]),
        ));
    }
    let evaluator = bench.evaluator_error(&doc.evaluator);
    let is_it = evaluator.is_some() && evaluator == bench.run_objection(evolution);
    is_it.then_some(("Set up evaluator…", None))
}
