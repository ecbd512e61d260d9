//! The best so far and the kinship among the best, of this run and others with its founders.

use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{
    Align, Button, Grid, Layout, Response, RichText, ScrollArea, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::RunContext;
use crate::figures::{Along, Course, Figure, evolutions};
use crate::study::EvolutionId;
use crate::ui::action::{Action, ChartAsk};
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::format;
use crate::ui::plot::{Drawing, Hand};
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::views::charts::{select_picked, take_out};
use crate::ui::views::evolution::summaries::RunSummary;
use crate::ui::views::evolution::words;
use crate::ui::widgets::segmented;
use crate::workbench::{Notice, NoticeKind};

/// The least height of a pair of axes, in points, and of what is above and between them.
const LEAST: f32 = 152.0;
const BETWEEN: f32 = 64.0;

#[derive(Default)]
pub struct ChartPart {
    along: Along,
    hand: Hand,
    kept: Option<(Key, Result<Figure, String>)>,
}

/// What the figure depends on.
type Key = (u64, EvolutionId, Along);

impl ChartPart {
    /// Draws chart and table in `height` points or more; which run was clicked in the table.
    pub fn ui(&mut self, ui: &mut Ui, context: RunContext<'_>, height: f32) -> Option<EvolutionId> {
        let top = ui.cursor().top();
        ui.horizontal(|ui| {
            segmented(ui, "What the curves go by", &mut self.along, &Along::ALL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(ask) = save_ui(ui) {
                    self.bring_up_to_date(context);
                    context.push(self.taken_out(ask));
                }
            });
        });
        self.bring_up_to_date(context);
        let runs = context.runs.with_same_founders(context.id);
        let used = ui.cursor().top() - top + table_height(runs.len()) + space::S;
        let room = (height - used).max(self.least_height());
        let room = vec2(ui.available_width(), room);
        match &self.kept {
            Some((_, Ok(figure))) => {
                ui.allocate_ui(room, |ui| {
                    let drawing = Drawing {
                        figure,
                        id_salt: "evolution",
                        selection: context.bench.study().selection(),
                        lasso: false,
                        reset: false,
                    };
                    ui.set_min_size(room);
                    if let Some(picked) = drawing.show(ui, &mut self.hand).picked
                        && let Some(action) = select_picked(context.bench.study(), &picked)
                    {
                        context.push(action);
                    }
                });
            }
            Some((_, Err(sentence))) => {
                ui.add_space(space::S);
                ui.weak(sentence);
                ui.add_space(space::S);
            }
            None => {}
        }
        table_ui(ui, context, &runs)
    }

    /// The height at which the figure need not be scrolled in its place.
    fn least_height(&self) -> f32 {
        let panels = match &self.kept {
            Some((_, Ok(figure))) => figure.panels.len(),
            _ => 0,
        };
        panels as f32 * LEAST + BETWEEN
    }

    fn bring_up_to_date(&mut self, context: RunContext<'_>) {
        let key = (context.bench.revision(), context.id, self.along);
        if self.kept.as_ref().is_none_or(|(kept, _)| *kept != key) {
            self.kept = Some((key, figure(context, self.along)));
        }
    }

    fn taken_out(&self, ask: ChartAsk) -> Action {
        let taken = match &self.kept {
            Some((_, Ok(figure))) => take_out(ask, figure),
            Some((_, Err(sentence))) => Err(sentence.clone()),
            None => Err("There is no chart yet".to_owned()),
        };
        taken.unwrap_or_else(|detail| {
            Action::Tell(Notice {
                kind: NoticeKind::Failed,
                title: "The chart could not be taken out".to_owned(),
                detail,
            })
        })
    }
}

fn save_ui(ui: &mut Ui) -> Option<ChartAsk> {
    let mut asked = None;
    let sign = RichText::new(icon::DOWNLOAD_SIMPLE).size(17.0).weak();
    let button = MenuButton::from_button(Button::new(sign).frame(false));
    let (response, _) = button.ui(ui, |ui| {
        for (ask, words, _) in ChartAsk::ALL {
            if ui.button(words).clicked() {
                asked = Some(ask);
            }
        }
    });
    response.named(WidgetType::Button, "Save or copy the chart");
    response.on_hover_text("Save or copy the chart");
    asked
}

/// The curves of the runs that can be compared: the same founders, judged by the same tasks.
fn figure(context: RunContext<'_>, along: Along) -> Result<Figure, String> {
    let doc = context.bench.study().doc();
    let own = context.summary().ok_or("There is no such evolution")?;
    let runs = context.runs.with_same_founders(context.id);
    let is_like = |run: &&&RunSummary| run.tasks == own.tasks;
    let courses: Vec<Course<'_>> = runs
        .iter()
        .filter(is_like)
        .map(|run| Course {
            name: &run.name,
            index: run.colour,
            is_shown: run.id == context.id,
            has_ended: run.ended.is_some(),
            members: &run.standing.members,
            models: &run.standing.models,
            generations: &run.standing.generations,
            tau: doc.evolution(run.id).and_then(|e| e.setup.rules.tau),
        })
        .collect();
    let mut figure = evolutions(&courses, along, &|id| doc.name_of(id).to_owned())?;
    figure.source = doc.source.clone();
    Ok(figure)
}

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
        "Test score",
        "Mean of its best model on the tasks that do not select: no model was chosen by them",
    ),
];
const LONGEST: usize = 26;
/// Narrower than this, in points, names are cut more, and the scored are left out.
const NARROW: f32 = 470.0;
const SHORT: usize = 14;

/// The height of the table, in points.
fn table_height(runs: usize) -> f32 {
    (runs + 1) as f32 * (ROW_HEIGHT + 2.0)
}

/// Draws the table; which run was clicked.
fn table_ui(ui: &mut Ui, context: RunContext<'_>, runs: &[&RunSummary]) -> Option<EvolutionId> {
    let is_narrow = ui.available_width() < NARROW;
    let mut clicked = None;
    let mut grid_ui = |ui: &mut Ui| {
        for (k, (head, help)) in HEADS.into_iter().enumerate() {
            if !(is_narrow && k == SCORED) {
                hover(cell(ui, head, k > 0, true), help);
            }
        }
        ui.end_row();
        for run in runs {
            if row_ui(ui, context, run, is_narrow) {
                clicked = Some(run.id);
            }
            ui.end_row();
        }
    };
    ScrollArea::horizontal()
        .id_salt("runs of the same founders")
        .show(ui, |ui| {
            Grid::new("runs of the same founders")
                .num_columns(HEADS.len() + 1)
                .min_row_height(ROW_HEIGHT - 4.0)
                .spacing(vec2(10.0, 4.0))
                .show(ui, &mut grid_ui);
        });
    clicked
}

fn hover(response: Response, help: &str) {
    if !help.is_empty() {
        response.on_hover_text(help);
    }
}

fn row_ui(ui: &mut Ui, context: RunContext<'_>, run: &RunSummary, is_narrow: bool) -> bool {
    let t = Tokens::of(ui);
    let is_shown = run.id == context.id;
    let name = format::elide_middle(&run.name, if is_narrow { SHORT } else { LONGEST });
    let name = match is_shown {
        true => theme::strong(name),
        false => RichText::new(name),
    };
    let dot = RichText::new("●").color(t.role(run.colour));
    let shown = |ui: &mut Ui| {
        ui.label(dot);
        let button = ui.add(Button::new(name).frame(false));
        button.on_hover_text(&run.name).clicked()
    };
    let clicked = ui.horizontal(shown).inner;
    let reported = run.reported.map(|(mean, _)| mean);
    let best = run.best_score();
    let figures = [
        (format::count(run.standing.merges as u64), String::new()),
        (format::count(run.scored as u64), String::new()),
        (format::score(best), format::full(best)),
        (format::score(reported), reported_words(run)),
    ];
    for (k, (words, help)) in (1..).zip(figures) {
        if !(is_narrow && k == SCORED) {
            hover(cell(ui, &words, true, false), &help);
        }
    }
    let state = context.bench.run_state(run.id);
    let help = run.ended.map_or("", |ended| ended.sentence());
    hover(cell(ui, words::state(&state), false, true), help);
    clicked
}

fn reported_words(run: &RunSummary) -> String {
    match run.reported {
        Some((mean, n)) => {
            let (mean, tasks) = (format::full(Some(mean)), format::counted(n, "task"));
            format!("{mean}, mean of {tasks} that did not select")
        }
        None => "Its best model has no score on another task".to_owned(),
    }
}

fn cell(ui: &mut Ui, words: &str, is_number: bool, is_quiet: bool) -> Response {
    let _t = Tokens::of(ui);
    let text = match is_quiet {
        true => quiet(words),
        false => RichText::new(words),
    };
    if !is_number {
        return ui.label(text);
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text))
        .inner
}
