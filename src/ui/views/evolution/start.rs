//! The evolutions of the study as tabs, a new one, and the empty state.

use eframe::egui::{Color32, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::summaries::{RunSummaries, RunSummary};
use super::{new, words};
use crate::study::EvolutionId;
use crate::ui::action::{Action, EvolutionAction, ModelsAction, View};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, space};
use crate::ui::views::ViewContext;
use crate::ui::widgets::{empty_state, focus_ring, text};
use crate::workbench::Workbench;
use crate::workbench::evolving::RunState;

const HEIGHT: f32 = 44.0;
const LEAST: f32 = 120.0;
const WIDEST: f32 = 220.0;
const DOT: f32 = 4.0;
/// Room for the button at the right, in points.
const NEW: f32 = 150.0;

const NOTHING: &str = "An evolution merges the best of some models, judges the children and goes \
                       on with the best of all, generation after generation";
const NO_FAMILY: &str = "An evolution begins with two or more models of one family. Add models to \
                         this study first.";
const NO_BASE: &str = "An evolution begins with two or more fine-tunes of one base. Say what the \
                       models of this study descend from, or select those to begin with.";

/// Draws the tabs; which one is shown is given back in `shown`.
pub fn ui(
    ui: &mut Ui,
    view: &ViewContext<'_>,
    summaries: &RunSummaries,
    (current, shown): (Option<EvolutionId>, &mut Option<EvolutionId>),
) {
    if summaries.runs.is_empty() {
        return nothing_ui(ui, view);
    }
    ui.horizontal(|ui| {
        let width = (ui.available_width() - NEW).max(LEAST);
        let is_wider = summaries.runs.len() as f32 * (LEAST + space::S) > width + space::S;
        ScrollArea::horizontal()
            .id_salt("evolutions")
            .max_width(width)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                // All in sight, as long as their words can be read.
                let count = summaries.runs.len() as f32;
                let most = ((width - (count - 1.0) * space::S) / count).clamp(LEAST, WIDEST);
                for run in &summaries.runs {
                    let state = view.bench.run_state(run.id);
                    if tab_ui(ui, run, &state, (current == Some(run.id), most)) {
                        *shown = Some(run.id);
                    }
                }
                if is_wider {
                    // The bar that scrolls lies below the tabs, not on them.
                    ui.set_min_height(HEIGHT + space::M);
                }
            });
        ui.add_space(space::XS);
        let button = ui.button(format!("{}  New evolution", icon::PLUS));
        button.named(WidgetType::Button, "New evolution");
        if button.on_hover_text(of_whom(view.bench)).clicked() {
            view.push(EvolutionAction::New);
        }
    });
}

/// What a new evolution would begin with.
fn of_whom(bench: &Workbench) -> String {
    match new::founders(bench).len() {
        0 => "Its founders are chosen then".to_owned(),
        n if bench.study().selection().models().len() > 1 => {
            format!("From the {} that are selected", format::counted(n, "model"))
        }
        n => format!("From the {} of the family", format::counted(n, "fine-tune")),
    }
}

fn nothing_ui(ui: &mut Ui, view: &ViewContext<'_>) {
    let models = view.doc().models.len();
    let (sentence, button, action) = match new::founders(view.bench).len() {
        2.. => (NOTHING, "New evolution", EvolutionAction::New.into()),
        _ if models < 2 => (NO_FAMILY, "Add models…", ModelsAction::AskForFolders.into()),
        _ => (NO_BASE, "Go to models", Action::Go(View::Models)),
    };
    if empty_state(ui, icon::DNA, sentence, Some(button)) {
        view.push(action);
    }
}

fn tab_ui(
    ui: &mut Ui,
    run: &RunSummary,
    state: &RunState,
    (is_current, most): (bool, f32),
) -> bool {
    let t = Tokens::of(ui);
    let score = run.best_score().map(|best| format::score(Some(best)));
    let with = |before: &str| {
        let score = score.as_ref().map(|score| format!(" · {before}{score}"));
        format!("{}{}", words::state(state), score.unwrap_or_default())
    };
    let (below, said) = (with(""), with("best "));
    let (strong, small) = (theme::strong_font(), theme::small_font());
    let lead = 2.0 * DOT + space::XS;
    let width = text::width(ui, &below, small.clone()) + lead;
    let width = width.max(text::width(ui, &run.name, strong.clone()));
    let width = (width + 2.0 * space::M).clamp(LEAST, most);
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let label = format!("{}, {}", run.name, said.to_lowercase());
    response.named_selected(WidgetType::Button, is_current, &label);
    let (fill, line) = match (is_current, response.hovered()) {
        (true, _) => (t.selection, t.accent),
        (_, true) => (t.hover, t.line),
        _ => (t.raised, t.line),
    };
    let outline = Stroke::new(1.0, line);
    let painter = ui.painter();
    painter.rect(rect, radius::CARD, fill, outline, StrokeKind::Inside);
    focus_ring(ui, &response);
    let inside = rect.shrink2(vec2(space::M, 5.0));
    let row = inside.height() / 2.0;
    let name = Rect::from_min_size(inside.min, vec2(inside.width(), row));
    let is_cut = text::left(painter, name, &run.name, &strong, t.text);
    let at = name.left_center() + vec2(DOT, row);
    let line = Stroke::new(1.0, outline_of(t, state));
    painter.circle(at, DOT, dot(t, state), line);
    let words = name
        .translate(vec2(0.0, row))
        .with_min_x(name.left() + lead);
    text::left(painter, words, &below, &small, t.text_weak);
    match is_cut {
        true => response.on_hover_text(&run.name).clicked(),
        false => response.clicked(),
    }
}

/// What runs is filled with the accent, what needs the user is amber or red, what is over is
/// grey; the word beside it tells it also without the colour.
const fn dot(t: &Tokens, state: &RunState) -> Color32 {
    match state {
        RunState::Ready | RunState::Paused => Color32::TRANSPARENT,
        _ => outline_of(t, state),
    }
}

const fn outline_of(t: &Tokens, state: &RunState) -> Color32 {
    match state {
        RunState::Running(_) => t.accent,
        RunState::Waiting(_) => t.warning,
        RunState::Failed(_) => t.error,
        RunState::Ready | RunState::Paused | RunState::Ended(_) => t.line_strong,
    }
}
