//! What the evaluator says, line by line, and how it ended; whose turn is next.

use eframe::egui::{
    Align, Color32, FontId, Frame, Label, Layout, RichText, ScrollArea, Sense, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use crate::study::ModelId;
use crate::ui::action::{Action, EvaluationAction};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, radius, size, space};
use crate::ui::views::ViewContext;
use crate::ui::widgets::icon_button_if;
use crate::workbench::Workbench;
use crate::workbench::evolving::EvaluationState;

/// The most names of waiting models that are listed.
const MOST_NAMES: usize = 3;
const LINE: f32 = 17.0;

pub fn has_anything(bench: &Workbench) -> bool {
    bench.last_evaluation().is_some()
        || !bench.evaluator_log().is_empty()
        || !bench.being_evaluated().is_empty()
}

/// One line: what is judged and what waits, or what came of it; with copy, clear and stop.
pub fn head_ui(ui: &mut Ui, view: &ViewContext<'_>) {
    let line = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
        buttons_ui(ui, view);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (words, ink) = status(ui, view.bench);
            ui.add(Label::new(RichText::new(words).color(ink)).truncate());
        });
    });
}

fn status(ui: &Ui, bench: &Workbench) -> (String, Color32) {
    let t = Tokens::of(ui);
    let name = |id: ModelId| bench.short(id).to_owned();
    let queue = bench.being_evaluated();
    if let Some((first, rest)) = queue.split_first() {
        let words = format!("Evaluating {}{}", name(*first), then(bench, rest));
        return (words, t.text);
    }
    let Some(last) = bench.last_evaluation() else {
        return ("No model has been evaluated yet".to_owned(), t.text_weak);
    };
    let name = name(last.model);
    match &last.state {
        EvaluationState::Running => (format!("Evaluating {name}"), t.text),
        EvaluationState::Done(n) => {
            let tasks = format::counted(*n, "task");
            (format!("{name}: {tasks} scored"), t.text)
        }
        EvaluationState::Cancelled => (format!("{name}: the evaluation was stopped"), t.text_weak),
        EvaluationState::Failed(_) => (format!("{name} was not evaluated"), t.error),
    }
}

/// Who waits: `, then arith, order and 3 more`.
fn then(bench: &Workbench, rest: &[ModelId]) -> String {
    let name = |&id| bench.short(id).to_owned();
    let names: Vec<String> = rest.iter().take(MOST_NAMES).map(name).collect();
    match rest.len().saturating_sub(MOST_NAMES) {
        _ if names.is_empty() => String::new(),
        0 => format!(", then {}", names.join(", ")),
        more => format!(", then {} and {more} more", names.join(", ")),
    }
}

fn buttons_ui(ui: &mut Ui, view: &ViewContext<'_>) {
    let is_running = !view.bench.being_evaluated().is_empty();
    let text = text(view.bench);
    let can_clear = !is_running && has_anything(view.bench);
    if icon_button_if(ui, can_clear, icon::TRASH, "Clear the evaluation log") {
        view.push(EvaluationAction::ClearLog);
    }
    if icon_button_if(ui, !text.is_empty(), icon::COPY, "Copy the evaluation log") {
        view.push(Action::Copy {
            text,
            what: "Evaluation log".to_owned(),
        });
    }
    if is_running && ui.button("Stop evaluating").clicked() {
        view.push(EvaluationAction::Stop);
    }
}

/// All that was said, and why it ended if it failed.
fn text(bench: &Workbench) -> String {
    let lines = bench.evaluator_log().iter().map(|line| line.text.clone());
    let failure = failure(bench).map(str::to_owned);
    lines.chain(failure).collect::<Vec<_>>().join("\n")
}

fn failure(bench: &Workbench) -> Option<&str> {
    match &bench.last_evaluation()?.state {
        EvaluationState::Failed(sentence) => Some(sentence),
        _ => None,
    }
}

/// The lines, `height` points high: the end is in sight unless the user has scrolled.
pub fn lines_ui(ui: &mut Ui, bench: &Workbench, height: f32) {
    let t = Tokens::of(ui);
    let failure = failure(bench);
    let frame = Frame::new()
        .fill(t.field)
        .stroke(eframe::egui::Stroke::new(1.0, t.line))
        .corner_radius(radius::CONTROL)
        .inner_margin(space::S);
    frame.show(ui, |ui| {
        let inside = (height - 2.0 * space::S).max(LINE);
        ui.set_min_height(inside);
        ui.set_width(ui.available_width());
        let lines = bench.evaluator_log();
        if lines.is_empty() && failure.is_none() {
            let words = RichText::new(silence(bench)).weak();
            ui.label(words.small());
            return;
        }
        // The sentence and the last lines of a failure have their own height.
        let of_failure = failure.map_or(0.0, |_| (inside * 0.5).max(4.0 * LINE));
        if let Some(sentence) = failure {
            failure_ui(ui, sentence, of_failure);
        }
        let left = inside - if lines.is_empty() { inside } else { of_failure };
        if left > LINE {
            scroll_ui(ui, bench, left);
        }
    });
}

fn silence(bench: &Workbench) -> &'static str {
    let is_running = !bench.being_evaluated().is_empty();
    match (is_running, bench.study().doc().evaluator.command()) {
        (true, Some(_)) => "It has not said anything yet",
        (true, None) => {
            "The built-in evaluator says nothing; how far it is stands in the bar below"
        }
        (false, _) => "What an evaluator prints is shown here",
    }
}

fn failure_ui(ui: &mut Ui, sentence: &str, height: f32) {
    let t = Tokens::of(ui);
    ui.scrolled("evaluation failure", height, |ui| {
        // The sentence of what happened, then what the program printed last.
        for (k, line) in sentence.lines().enumerate() {
            let words = RichText::new(line);
            let words = match k {
                0 => words.color(t.error),
                _ => words.font(font()).color(t.text),
            };
            ui.add(Label::new(words).wrap().selectable(true));
        }
    });
}

fn scroll_ui(ui: &mut Ui, bench: &Workbench, height: f32) {
    let t = Tokens::of(ui);
    let lines = bench.evaluator_log();
    ui.spacing_mut().item_spacing.y = 0.0;
    let shown = ScrollArea::both()
        .id_salt("evaluation log")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink(false)
        .stick_to_bottom(true)
        .show_rows(ui, LINE, lines.len(), |ui, range| {
            for line in lines.range(range) {
                let ink = match line.is_transient {
                    true => t.text_weak,
                    false => t.text,
                };
                let words = RichText::new(&line.text).font(font()).color(ink);
                let size = vec2(ui.available_width(), LINE);
                let label = Label::new(words).extend().selectable(true);
                ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                    ui.add(label)
                });
            }
        });
    let name = format!("Evaluation log, {}", format::counted(lines.len(), "line"));
    ui.interact(shown.inner_rect, shown.id.with("name"), Sense::hover())
        .named(WidgetType::Label, &name);
}

fn font() -> FontId {
    FontId::monospace(size::SMALL)
}
