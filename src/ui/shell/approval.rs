//! Asks before a command of a study runs that the user has not approved: the whole of it, and
//! *don't* for an answer that was not meant.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{
    Align, Context, FontId, Frame, Key, Label, Layout, Margin, Modifiers, RichText, ScrollArea, Ui,
    vec2,
};
use egui_phosphor::regular as icon;

use crate::ui::action::{Action, EvaluationAction};
use crate::ui::ext::{UiExt, modal};
use crate::ui::theme::{self, Tokens, radius, size, space};
use crate::ui::widgets::primary_button;
use crate::workbench::Workbench;
use crate::workbench::approval::{Unapproved, seen, visible};

const WIDTH: f32 = 620.0;
/// Room that the rest of the dialog needs beside the list, in points.
const AROUND: f32 = 330.0;
const LEAST_LIST: f32 = 80.0;
const NAMES: f32 = 72.0;
/// For so long the button that runs it cannot be pressed: a click that was meant for what lay
/// there before the question is no answer to it.
const WAIT_SECS: f64 = 0.5;

#[derive(Default)]
pub struct Approval {
    /// About what, and since when, in the time of the window.
    shown: Option<(Unapproved, f64)>,
}

impl Approval {
    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(command) = bench.asked_command() else {
            self.shown = None;
            return;
        };
        let may_run = self.was_shown_long_enough(ctx, command);
        let room = ctx.content_rect().size() - vec2(2.0, 2.0) * (space::XL + space::L);
        let modal = modal(ctx, "approval", space::XL).show(ctx, |ui| {
            ui.set_width(WIDTH.min(room.x));
            content_ui(ui, bench, command, room.y, may_run, actions);
        });
        // Enter belongs to whatever has the focus; where nothing has, it means the default.
        let is_free = ctx.memory(|memory| memory.focused().is_none());
        let enter = is_free && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
        let is_outside = modal.backdrop_response.clicked();
        if enter || modal.should_close() && !is_outside {
            actions.push(Action::Evaluation(EvaluationAction::RefuseCommand));
        }
    }

    fn was_shown_long_enough(&mut self, ctx: &Context, command: &Unapproved) -> bool {
        let now = ctx.input(|input| input.time);
        let since = match &self.shown {
            Some((shown, since)) if shown == command => *since,
            _ => {
                self.shown = Some((command.clone(), now));
                now
            }
        };
        let left = WAIT_SECS - (now - since);
        if left > 0.0 {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(left));
        }
        left <= 0.0
    }
}

fn content_ui(
    ui: &mut Ui,
    bench: &Workbench,
    command: &Unapproved,
    height: f32,
    may_run: bool,
    actions: &mut Vec<Action>,
) {
    ui.spacing_mut().item_spacing.y = space::S;
    ui.label(theme::strong("Run the command of this study?").size(size::HEADING));
    let name = visible(&bench.study().doc().name);
    ui.weak(format!(
        "{name} judges its models by a command that you have not approved on this computer. \
         It can do whatever you can do: read, change and send your files. Run it only if you \
         trust where the study is from and know what the command does."
    ));
    ui.add_space(space::XS);
    let is_all_seen = parts_ui(ui, command, (height - AROUND).max(LEAST_LIST));
    let indent = Margin::symmetric(space::M as i8, 0);
    Frame::new().inner_margin(indent).show(ui, |ui| {
        places_ui(ui, command);
    });
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        if primary_button(ui, "Don’t run").clicked() {
            actions.push(Action::Evaluation(EvaluationAction::RefuseCommand));
        }
        ui.add_enabled_ui(may_run, |ui| {
            if ui.button("Run this command").clicked() {
                actions.push(Action::Evaluation(EvaluationAction::ApproveCommand));
            }
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let t = Tokens::of(ui);
            let (words, ink) = if is_all_seen {
                ("You are asked again if anything in it changes", t.text_weak)
            } else {
                ("Scroll to see the whole command", t.warning)
            };
            ui.label(RichText::new(words).size(size::SMALL).color(ink));
        });
    });
}

/// Program, arguments and variables, each by itself: where one ends and the next begins cannot
/// be feigned by quotes. Whether all of it is in sight.
fn parts_ui(ui: &mut Ui, command: &Unapproved, height: f32) -> bool {
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.field)
        .stroke(eframe::egui::Stroke::new(1.0, t.line))
        .corner_radius(radius::CONTROL)
        .inner_margin(Margin::same(space::M as i8));
    let list = frame.show(ui, |ui| {
        ScrollArea::vertical()
            .max_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                // The scroll bar floats; nothing lies under it.
                ui.set_max_width(ui.available_width() - space::M);
                let call = &command.call;
                part_ui(ui, "Program", &call.program);
                for (k, argument) in call.arguments.iter().enumerate() {
                    part_ui(ui, &format!("Argument {}", k + 1), argument);
                }
                for (name, value) in &call.variables {
                    part_ui(ui, "Variable", &format!("{name}={value}"));
                }
            })
    });
    let list = list.inner;
    list.content_size.y <= list.inner_rect.height() + 1.0
}

fn part_ui(ui: &mut Ui, name: &str, text: &str) {
    row_ui(ui, name, |ui| {
        let shown = shown(text, Tokens::of(ui));
        ui.add(Label::new(shown).wrap().selectable(true));
    });
}

/// A text with everything in it to be seen; what stands there by its number is marked.
fn shown(text: &str, t: &Tokens) -> LayoutJob {
    let font = FontId::monospace(size::SMALL + 0.5);
    let format = |ink| TextFormat::simple(font.clone(), ink);
    let mut job = LayoutJob::default();
    if text.is_empty() {
        job.append("empty", 0.0, format(t.text_weak));
    }
    let chars: Vec<(char, bool)> = text
        .chars()
        .map(|c| (c, !seen(c).chars().eq([c])))
        .collect();
    for run in chars.chunk_by(|a, b| a.1 == b.1) {
        let is_marked = run[0].1;
        let ink = if is_marked { t.warning } else { t.text };
        let mut shown: String = run.iter().map(|(c, _)| seen(*c)).collect();
        if run.iter().any(|(c, _)| *c == '\n') {
            shown.push('\n');
        }
        job.append(&shown, 0.0, format(ink));
    }
    job
}

fn places_ui(ui: &mut Ui, command: &Unapproved) {
    match &command.program {
        Ok(file) if *file == *command.call.program => {}
        Ok(file) => place_ui(ui, "File", &file.to_string_lossy()),
        Err(sentence) => place_ui(ui, "File", sentence),
    }
    place_ui(ui, "Folder", &command.folder.to_string_lossy());
    if let Some(study) = &command.study {
        place_ui(ui, "Study", &study.to_string_lossy());
    }
    let words = "{model} stands for the model’s folder, {output} for that of its results.";
    if command.call.arguments.iter().any(|text| text.contains('{')) {
        ui.horizontal(|ui| {
            ui.weak(icon::INFO);
            ui.add(Label::new(RichText::new(words).weak()).wrap());
        });
    }
}

fn place_ui(ui: &mut Ui, name: &str, path: &str) {
    row_ui(ui, name, |ui| {
        let font = FontId::monospace(size::SMALL);
        let text = RichText::new(visible(path)).font(font);
        ui.add(Label::new(text).wrap().selectable(true));
    });
}

fn row_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let size = vec2(NAMES, 0.0);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Min), |ui| {
            ui.set_min_width(NAMES);
            ui.quiet(name);
        });
        ui.vertical(content);
    });
}
