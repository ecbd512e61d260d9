//! Writing: what stands in the way, where to, and what is being written; what was predicted
//! beside what is measured when it is done.

use eframe::egui::{
    Align, Align2, Button, Frame, Label, Layout, Margin, Rect, Response, RichText, Sense, Stroke,
    Ui, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::DraftContext;
use super::child::line_ui;
use crate::jobs::JobId;
use crate::kinship::{Metric, Values};
use crate::merge::problem::Problem;
use crate::study::{Command, ModelId, Selection};
use crate::ui::action::{Action, MergeAction, SweepAction, View};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, space};
use crate::ui::views::evaluate_button;
use crate::ui::widgets::{icon_button, primary_button, progress_bar, scroll_list, text};
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
        problems_ui(ui, shown);
        ui.add_space(space::XS);
        let why = why_not(shown);
        ui.horizontal(|ui| {
            let can = why.is_none();
            write_ui(ui, shown, why);
            sweep_ui(ui, shown, can);
        });
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

/// Tries values of the recipe on the canvas, one after the other.
pub fn sweep_ui(ui: &mut Ui, shown: &DraftContext<'_>, can: bool) {
    let is_running = shown.bench.is_sweeping();
    let button = ui.add_enabled(can || is_running, Button::new("Sweep…"));
    let help = "Merges and scores it for a grid of values of its parameters";
    if button.on_hover_text(help).clicked() {
        shown.push(SweepAction::Ask(shown.draft.id));
    }
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
                done_ui(ui, shown, *child);
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
                    .on_hover_text(merge.order.out.to_string_lossy());
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
                shown.push(Action::Reveal(merge.order.out.clone()));
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
            ("Elsewhere…", format!("Write {name} elsewhere…"), elsewhere),
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

/// The most height that the list takes, in points; more is scrolled.
const PROBLEMS: f32 = 132.0;

fn problems_ui(ui: &mut Ui, shown: &DraftContext<'_>) {
    let problems = shown.ahead.map_or(&[][..], |ahead| &ahead.problems);
    problems_heading_ui(ui, shown, problems);
    if problems.is_empty() {
        return;
    }
    scroll_list(ui, "problems", PROBLEMS, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for problem in problems {
            problem_ui(ui, shown, problem);
        }
    });
}

/// One line, there in any case.
fn problems_heading_ui(ui: &mut Ui, shown: &DraftContext<'_>, problems: &[Problem]) {
    let t = Tokens::of(ui);
    let errors = problems.iter().filter(|p| p.is_error()).count();
    let notes = problems.len() - errors;
    let (n_errors, n_notes) = (
        format::counted(errors, "error"),
        format::counted(notes, "note"),
    );
    let (mark, ink, words) = match (errors, notes) {
        (0, 0) if shown.composition.recipes.is_empty() => (icon::CIRCLE, t.text_weak, "–".into()),
        (0, 0) => (
            icon::CHECK_CIRCLE,
            t.text_weak,
            "Nothing stands in the way".into(),
        ),
        (0, _) => (icon::WARNING, t.warning, n_notes),
        (_, 0) => (icon::X_CIRCLE, t.error, n_errors),
        _ => (icon::X_CIRCLE, t.error, format!("{n_errors}, {n_notes}")),
    };
    ui.label(theme::strong(format!("{mark} {words}")).color(ink));
}

fn problem_ui(ui: &mut Ui, shown: &DraftContext<'_>, problem: &Problem) {
    let t = Tokens::of(ui);
    let ink = match problem.is_error() {
        true => t.error,
        false => t.warning,
    };
    let sentence = match problem.place.position {
        Some(at) => format!("{} (line {})", problem.headline(), at.line),
        None => problem.headline(),
    };
    let text = RichText::new(sentence).small().color(ink);
    let response = ui.add(Button::new(text).frame(false).wrap());
    response.named(WidgetType::Button, format!("Show {}", problem.sentence));
    if response.on_hover_text("Show where").clicked() {
        shown
            .jump
            .set(problem.place.position.map(|p| p.line as usize));
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        fixes_ui(ui, shown, problem);
    });
}

/// Buttons that mend a problem, each a step of its own in the history.
fn fixes_ui(ui: &mut Ui, shown: &DraftContext<'_>, problem: &Problem) {
    if let Some((nearest, text)) = mended(&shown.draft.sheet.text, problem) {
        let words = format!("Replace by {nearest}");
        if ui.button(&words).clicked() {
            shown.write_text(text, &words, None);
        }
    }
    if let Some(fix) = problem.fix
        && ui.button(fix.title()).clicked()
    {
        shown.edit(fix.title(), None, |composition| {
            if let Some(recipe) = composition.recipes.get_mut(problem.place.document) {
                recipe.own.decide(fix);
            }
        });
    }
}

/// The nearest valid name, and the text with it in place of the word that is wrong.
fn mended<'p>(text: &str, problem: &'p Problem) -> Option<(&'p str, String)> {
    let nearest = problem.nearest.as_deref()?;
    let at = problem.place.position?;
    let line = text.lines().nth(at.line as usize - 1)?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    // The place of a value is that of its key: the word that is wrong is quoted in the sentence.
    let wrong = problem.sentence.split('`').nth(1)?;
    if wrong.is_empty() || !wrong.chars().all(is_word) {
        return None;
    }
    let from = line.find(wrong)?;
    let before = text.split_inclusive('\n').take(at.line as usize - 1);
    let start: usize = before.map(str::len).sum();
    let mut out = text.to_owned();
    out.replace_range(start + from..start + from + wrong.len(), nearest);
    Some((nearest, out))
}

const ROW: f32 = 17.0;
/// Room for one number, in points.
const CELL: f32 = 58.0;
const DOT: f32 = 3.5;

const PREDICTED: &str = "predicted";
/// Room for the name of a model, in points.
const NAME: f32 = 80.0;

/// Draws two lines for each parent: hollow what was predicted, solid what was measured.
fn done_ui(ui: &mut Ui, shown: &DraftContext<'_>, child: ModelId) {
    let doc = shown.doc();
    let Some(model) = doc.model(child) else {
        line_ui(ui, "No longer in the study");
        return;
    };
    let predicted = |parent: ModelId| model.origin.predicted.iter().find(|f| f.model == parent);
    let rows = model.parents.iter().filter_map(|&parent| {
        let predicted = predicted(parent)?.kinship.clone();
        let measured = Values::by(|metric| shown.bench.kinship_of(child, parent, metric));
        Some((doc.name_of(parent), predicted, measured))
    });
    let rows: Vec<(&str, Values, Values)> = rows.collect();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if !rows.is_empty() {
            metrics_ui(ui);
        }
        for (name, predicted, measured) in &rows {
            values_ui(ui, name, PREDICTED, predicted);
            values_ui(ui, name, "measured", measured);
        }
    });
    if model.scores.is_empty() {
        ui.horizontal(|ui| {
            ui.quiet("No scores yet");
            let asked = &mut shown.asked.borrow_mut();
            evaluate_button(ui, shown.bench, "Evaluate", &[child], asked);
        });
    }
}

/// The measures that there is room for; all of them stand in the hover.
fn shown_metrics(width: f32) -> Vec<Metric> {
    let room = ((width - NAME) / CELL).max(1.0) as usize;
    Metric::independent().take(room).collect()
}

fn metrics_ui(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let weak = Tokens::of(ui).text_weak;
    let metrics = shown_metrics(rect.width());
    for (k, metric) in metrics.iter().enumerate() {
        let font = theme::small_font();
        let (painter, at) = (ui.painter(), cell(rect, metrics.len(), k));
        let title = metric.heading();
        text::line_in(painter, at, Align2::RIGHT_CENTER, &title, &font, weak);
    }
}

/// The name stands in the line of what was predicted, a dot in both.
fn values_ui(ui: &mut Ui, name: &str, what: &str, values: &Values) {
    let is_predicted = what == PREDICTED;
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let metrics = shown_metrics(rect.width());
    let number = |metric: &Metric| format::kinship(values.get(*metric));
    let shown: Vec<String> = metrics.iter().map(number).collect();
    let label = format!("{name} {what} {}", shown.join(" "));
    response.named(WidgetType::Label, &label);
    let font = theme::small_font();
    let painter = ui.painter();
    let dot = pos2(rect.left() + DOT + 1.0, rect.center().y);
    if is_predicted {
        painter.circle_stroke(dot, DOT, Stroke::new(1.5, t.accent));
    } else {
        painter.circle_filled(dot, DOT, t.accent);
    }
    let left = rect.left() + 2.0 * DOT + space::S;
    let right = cell(rect, metrics.len(), 0).left() - space::XS;
    let words = rect.with_min_x(left).with_max_x(right);
    let (said, ink) = match is_predicted {
        true => (name, t.text),
        false => (what, t.text_weak),
    };
    text::left(painter, words, said, &font, ink);
    for (k, value) in shown.iter().enumerate() {
        let at = cell(rect, metrics.len(), k);
        text::line_in(painter, at, Align2::RIGHT_CENTER, value, &font, t.text);
    }
    let full = |m: Metric| format!("{} {}", m.heading(), format::full(values.get(m)));
    let full: Vec<String> = Metric::independent().map(full).collect();
    response.on_hover_text(format!("{name}, {what}\n{}", full.join("\n")));
}

/// The `k`-th of `n` cells.
fn cell(row: Rect, n: usize, k: usize) -> Rect {
    let right = row.right() - CELL * (n - 1 - k) as f32;
    row.with_min_x(right - CELL).with_max_x(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::recipe::parse;

    #[test]
    fn a_misspelt_word_is_replaced_where_it_stands() {
        let text = "merge_method: slrep\nbase_model: a\nmodels:\n- model: a\n- model: b\nparameters: {t: 0.5}\n";
        let root = std::path::Path::new("/nowhere");
        let surroundings = crate::merge::plan::Surroundings {
            root,
            working: None,
            hub: None,
            out: None,
            intermediates: None,
            force: false,
            allow_crimes: false,
            threads: 1,
            opened: &[],
        };
        let plan = crate::merge::plan::plan(&parse(text), &surroundings);
        let problem = plan.problems.iter().find(|p| p.nearest.is_some()).unwrap();
        let (nearest, mended) = mended(text, problem).unwrap();
        assert_eq!(nearest, "slerp");
        assert_eq!(mended, text.replace("slrep", "slerp"));
    }
}
