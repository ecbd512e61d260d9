//! Runs of the same founders in figures: what they cost, and what they came to.

use eframe::egui::{Align, Button, Grid, Layout, RichText, ScrollArea, Ui, vec2};

use super::Look;
use crate::study::EvolutionId;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size};
use crate::ui::views::evolution::known::Facts;
use crate::ui::views::evolution::words;

/// The column of models with a score.
const SCORED: usize = 2;
/// Heads with what they mean.
const HEADS: [(&str, &str); 5] = [
    ("Evolution", ""),
    (
        "Merges",
        "Merges made in it, those that another run made first included",
    ),
    (
        "Evaluations",
        "Models of it that have a score, founders included",
    ),
    ("Best", "Score of its best model on the tasks that select"),
    (
        "Reported",
        "Mean of its best model on the tasks that do not select: nobody was chosen by them",
    ),
];
const LONGEST: usize = 26;
/// Narrower than this, in points, names are cut more, and the scored are left out.
const NARROW: f32 = 470.0;
const SHORT: usize = 14;

/// The height of the table, in points.
pub fn height(runs: usize) -> f32 {
    (runs + 1) as f32 * (ROW_HEIGHT + 2.0)
}

/// Draws the table; which run was clicked.
pub fn table_ui(ui: &mut Ui, look: Look<'_>, runs: &[&Facts]) -> Option<EvolutionId> {
    let is_narrow = ui.available_width() < NARROW;
    ScrollArea::horizontal()
        .id_salt("runs of the same founders")
        .show(ui, |ui| grid_ui(ui, look, runs, is_narrow))
        .inner
}

fn grid_ui(ui: &mut Ui, look: Look<'_>, runs: &[&Facts], is_narrow: bool) -> Option<EvolutionId> {
    let mut clicked = None;
    Grid::new("runs of the same founders")
        .num_columns(HEADS.len() + 1)
        .min_row_height(ROW_HEIGHT - 4.0)
        .spacing(vec2(10.0, 4.0))
        .show(ui, |ui| {
            for (k, (head, help)) in HEADS.into_iter().enumerate() {
                if is_narrow && k == SCORED {
                    continue;
                }
                let response = cell(ui, head, k > 0, true);
                if !help.is_empty() {
                    response.on_hover_text(help);
                }
            }
            ui.end_row();
            for run in runs {
                if row_ui(ui, look, run, is_narrow) {
                    clicked = Some(run.id);
                }
                ui.end_row();
            }
        });
    clicked
}

fn row_ui(ui: &mut Ui, look: Look<'_>, run: &Facts, is_narrow: bool) -> bool {
    let t = Tokens::of(ui);
    let is_shown = run.id == look.id;
    let name = format::elide_middle(&run.name, if is_narrow { SHORT } else { LONGEST });
    let name = match is_shown {
        true => theme::strong(name),
        false => RichText::new(name),
    };
    let dot = RichText::new("●").color(t.role(run.colour));
    let clicked = ui
        .horizontal(|ui| {
            ui.label(dot);
            let button = ui.add(Button::new(name).frame(false));
            button.on_hover_text(&run.name).clicked()
        })
        .inner;
    let reported = run.reported.map(|(mean, _)| mean);
    let figures = [
        (format::count(run.standing.merges as u64), String::new()),
        (format::count(run.scored as u64), String::new()),
        (
            format::score(run.best_score()),
            format::full(run.best_score()),
        ),
        (format::score(reported), reported_words(run)),
    ];
    for (k, (words, hover)) in (1..).zip(figures) {
        if is_narrow && k == SCORED {
            continue;
        }
        let response = cell(ui, &words, true, false);
        if !hover.is_empty() {
            response.on_hover_text(hover);
        }
    }
    let state = look.bench.run_state(run.id);
    let response = cell(ui, words::state(&state), false, true);
    if let Some(ended) = run.ended {
        response.on_hover_text(ended.sentence());
    }
    clicked
}

fn reported_words(run: &Facts) -> String {
    match run.reported {
        Some((mean, n)) => format!(
            "{}, mean of {} that did not select",
            format::full(Some(mean)),
            format::counted(n, "task")
        ),
        None => "Its best model has no score on another task".to_owned(),
    }
}

fn cell(ui: &mut Ui, words: &str, is_number: bool, is_quiet: bool) -> eframe::egui::Response {
    let t = Tokens::of(ui);
    let text = match is_quiet {
        true => RichText::new(words).size(size::SMALL).color(t.text_weak),
        false => RichText::new(words),
    };
    if !is_number {
        return ui.label(text);
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text))
        .inner
}
