//! Who judges the models of the study: the window that sets it up.
//!
//! What is done in it is done to the study at once, and undo takes it back; so the window has
//! one button, which closes it.

mod built_in;
mod program;

use std::path::Path;

use eframe::egui::{Context, FontId, Key, Label, Modifiers, RichText, ScrollArea, Ui, Vec2};

use super::log;
use crate::study::{Command, Evaluator, EvolutionEdit, ModelId};
use crate::ui::action::{EvaluationAction, ImportAction};
use crate::ui::ext::{UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::views::ViewContext;
use crate::ui::widgets::{primary_button, segmented, text};
use crate::workbench::{ModelFiles, Workbench};

use program::Program;

const WIDTH: f32 = 660.0;
/// Height of the log in the window, and the least room for what is above it, in points.
const LOG: f32 = 132.0;
const LEAST_BODY: f32 = 120.0;

#[derive(Default)]
pub struct EvaluatorPart {
    pub is_open: bool,
    /// The set-ups of the other kinds, as they were left: a look at another kind costs nothing.
    kept: Vec<Evaluator>,
    program: Program,
    /// How high what stands below the set-up was: the set-up scrolls in what is left.
    foot: f32,
}

impl EvaluatorPart {
    pub fn open(&mut self) {
        self.is_open = true;
        self.kept.clear();
        self.program = Program::default();
    }

    pub fn ui(&mut self, ctx: &Context, view: &ViewContext<'_>) {
        self.is_open &= view.bench.is_open();
        if !self.is_open {
            return;
        }
        let room = ctx.content_rect().size() - 2.0 * Vec2::splat(space::XL + space::L);
        let modal = modal(ctx, "evaluator", space::L).show(ctx, |ui| {
            ui.set_width(WIDTH.min(room.x));
            ui.set_max_height(room.y);
            self.content_ui(ui, view, room.y)
        });
        if modal.inner || modal.should_close() {
            self.is_open = false;
        }
    }

    /// Everything in the window; whether it is done with.
    fn content_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, height: f32) -> bool {
        let top = ui.cursor().top();
        ui.label(theme::strong("How models are judged").size(size::HEADING));
        self.kind_ui(ui, view);
        let left = height - (ui.cursor().top() - top) - self.foot;
        ui.scrolled("evaluator", left.max(LEAST_BODY), |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::M);
            match &view.doc().evaluator {
                Evaluator::ByHand => by_hand_ui(ui, view),
                Evaluator::BuiltIn { tasks } => built_in::ui(ui, view, tasks),
                Evaluator::Command { call } => self.program.ui(ui, view, call),
            }
        });
        let above = ui.cursor().top();
        let is_done = foot_ui(ui, view);
        let foot = ui.cursor().top() - above;
        if (foot - self.foot).abs() > 0.5 {
            self.foot = foot;
            ui.ctx().request_repaint();
        }
        is_done
    }

    fn kind_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) {
        let now = &view.doc().evaluator;
        let kinds = Evaluator::kinds();
        let titles = kinds.each_ref().map(|kind| (kind.title(), kind.title()));
        let mut title = now.title();
        if segmented(ui, "How models are judged", &mut title, &titles) {
            self.kept.retain(|kept| kept.title() != now.title());
            self.kept.push(now.clone());
            let mut all = self.kept.iter().chain(&kinds);
            let chosen = all.find(|kind| kind.title() == title);
            if let Some(chosen) = chosen {
                judge_by(view, chosen.clone());
            }
        }
    }
}

fn by_hand_ui(ui: &mut Ui, view: &ViewContext<'_>) {
    sentence(
        ui,
        "You evaluate elsewhere, and type the scores into the table of models or import them. An \
         evolution that waits for scores goes on by itself once they are there.",
    );
    ui.horizontal_wrapped(|ui| {
        if ui.button("Import scores…").clicked() {
            view.push(ImportAction::AskForFiles);
        }
        built_in::proposed_ui(ui, view);
    });
}

/// What is in the way, a model to try it on with what comes of it, and the button that closes.
fn foot_ui(ui: &mut Ui, view: &ViewContext<'_>) -> bool {
    let is_by_hand = view.doc().evaluator.is_by_hand();
    if !is_by_hand {
        ui.add_space(space::XS);
        objection_ui(ui, view.bench);
        if log::has_anything(view.bench) {
            log::head_ui(ui, view);
            // Low windows have room for a few lines only.
            let height = LOG.min(ui.ctx().content_rect().height() * 0.16);
            log::lines_ui(ui, view.bench, height);
        }
    }
    ui.add_space(space::XS);
    let mut is_done = false;
    ui.horizontal(|ui| {
        is_done = primary_button(ui, "Done").clicked();
        if !is_by_hand {
            try_ui(ui, view);
        }
    });
    // Enter belongs to whatever has the focus; where nothing has, it means the button.
    let is_free = ui.memory(|memory| memory.focused().is_none());
    let pressed = |ui: &Ui, modifiers| ui.input_mut(|i| i.consume_key(modifiers, Key::Enter));
    is_done || pressed(ui, Modifiers::COMMAND) || is_free && pressed(ui, Modifiers::NONE)
}

/// One line that is always there, so that nothing moves while a call is typed.
fn objection_ui(ui: &mut Ui, bench: &Workbench) {
    let t = Tokens::of(ui);
    let evaluator = &bench.study().doc().evaluator;
    let is_blank = Evaluator::kinds().contains(evaluator);
    let (words, ink) = match bench.evaluator_objection() {
        // Nothing is wrong yet with what has not been begun.
        Some(objection) if is_blank => (objection, t.text_weak),
        Some(objection) => (objection, t.error),
        None => ("Ready to evaluate", t.ok),
    };
    ui.add(Label::new(RichText::new(words).color(ink)).wrap());
}

/// One model to see whether it works.
fn try_ui(ui: &mut Ui, view: &ViewContext<'_>) {
    let models = &view.doc().models;
    let is_open = |id: ModelId| matches!(view.bench.files(id), ModelFiles::Open { .. });
    let can: Vec<_> = models.iter().filter(|m| is_open(m.id)).collect();
    let nothing = can
        .is_empty()
        .then_some("No model of the study has files here");
    let why_not = view.bench.evaluator_objection().or(nothing);
    ui.add_enabled_ui(why_not.is_none(), |ui| {
        let menu = ui.menu_button("Try on…", |ui| {
            ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
                for model in can {
                    if ui.button(format::elide_middle(&model.name, 40)).clicked() {
                        view.push(EvaluationAction::Start(vec![model.id]));
                        ui.close();
                    }
                }
            });
        });
        if let Some(why_not) = why_not {
            menu.response.on_disabled_hover_text(why_not);
        }
    });
}

/// Says who judges from now on.
fn judge_by(view: &ViewContext<'_>, evaluator: Evaluator) {
    view.push(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator)));
}

/// A weak sentence over the whole width.
fn sentence(ui: &mut Ui, words: &str) {
    let ink = Tokens::of(ui).text_weak;
    ui.add(Label::new(RichText::new(words).color(ink)).wrap());
}

/// The end of a path, in what room there is.
fn path_ui(ui: &mut Ui, path: &Path) {
    let whole = path.to_string_lossy();
    let font = FontId::monospace(size::SMALL);
    let shown = text::fitted_tail(ui.painter(), &whole, &font, ui.available_width());
    ui.add(Label::new(RichText::new(shown).font(font)).extend())
        .on_hover_text(whole.as_ref());
}
