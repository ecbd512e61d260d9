//! The child that does not exist yet: which models it would resemble, what it may gain, what it costs.
//!
//! Every line has its place, with a dash while its value is not known; only values move. While
//! the recipe has a mistake, the child stays as it was before it, greyed.

mod kin;
mod over_layers;
mod sweep;

use std::time::Duration;

use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{Align, Button, Label, Layout, Response, RichText, ScrollArea, Ui, vec2};

use super::{DraftContext, Tab};
use crate::kinship::Metric;
use crate::study::ModelId;
use crate::ui::action::ModelsAction;
use crate::ui::ext::{UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::{metric_choice, section_heading};
use crate::workbench::composing::{
    Child, ExpectedGain, MergeKind, NoChild, Prediction, TokensSummary,
};
use crate::workbench::memory_note;

/// How much of its ink something keeps that is no longer so.
const GREYED: f32 = 0.5;

/// The paper's own limit, in plain words.
const CAVEAT: &str = "Gains are learned from the merges of this study, and from no other: what \
                      predicts gain in one family predicts nothing in the next.";
const INTERVAL: &str = "The interval is where 90 of 100 such merges would lie, by how far off the \
                        merges of this study were while they were held out. Where it holds 0, the \
                        merge may as well lose.";
/// What n and the rank correlation are.
pub const RECORD: &str = "n is the number of this study's merges that this is learned from. The \
                      rank correlation is that of predicted with real gain of merges that were \
                      held out: 1 is the same order, 0 says nothing.";

const PAPER: &str = "Exploring Model Kinship for Merging Large Language Models, arXiv 2410.12613";
const EXACT: &str = "Worked out from what was measured, without a sample. Only the rounding to \
                     the format that is written moves it: its errors lie in all directions and \
                     make the child a little less like everybody.";
const ESTIMATE: &str = "The method keeps or drops numbers by their size or by chance. It is tried \
                        on a small stand-in with the same norms and angles.";

#[derive(Default)]
pub struct ChildPanel {
    kin: kin::Kin,
    gain: Gain,
}

impl ChildPanel {
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let area = ScrollArea::vertical().id_salt("child").auto_shrink(false);
        area.show(ui, |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::M);
            heading_ui(ui, &mut shown.options.borrow_mut().metric);
            let metric = shown.options.borrow().metric;
            let greyed = |ui: &mut Ui, content: &mut dyn FnMut(&mut Ui)| {
                ui.scope(|ui| {
                    if shown.is_foregone() {
                        ui.multiply_opacity(GREYED);
                    }
                    content(ui);
                });
            };
            greyed(ui, &mut |ui| self.kin.ui(ui, shown, metric));
            // The line is as high as the button that may stand in it.
            let line = vec2(ui.available_width(), ROW_HEIGHT);
            let layout = Layout::left_to_right(Align::Center);
            ui.allocate_ui_with_layout(line, layout, |ui| {
                ui.set_min_height(ROW_HEIGHT);
                how_sure_ui(ui, shown);
            });
            greyed(ui, &mut |ui| {
                over_layers::ui(ui, shown, metric);
                self.gain.ui(ui, shown);
                cost_ui(ui, shown);
                tokens_ui(ui, shown);
            });
            sweep::ui(ui, shown, metric, self.kin.rows());
            ui.add_space(space::S);
        });
    }
}

impl DraftContext<'_> {
    /// The child's kinship, if it is known; as it was, while the recipe has a mistake.
    pub(super) fn child(&self) -> Option<&Child> {
        match &self.ahead?.child {
            Ok(child) => Some(child),
            Err(_) => (self.before.filter(|_| self.is_foregone())).map(|before| &before.child),
        }
    }

    /// Kinship of the parents with each other; as it was, while the recipe has a mistake.
    pub(super) fn of_parents(&self, metric: Metric) -> Option<f64> {
        let values = match self.ahead? {
            _ if self.is_foregone() => &self.before?.of_parents,
            ahead => &ahead.of_parents,
        };
        values.get(metric)
    }

    /// Whether the child that is shown is the one before the recipe got a mistake.
    pub(super) fn is_foregone(&self) -> bool {
        let has_mistake = |ahead: &Prediction| matches!(ahead.child, Err(NoChild::NoRecipe));
        self.before.is_some()
            && !self.draft.sheet.text.trim().is_empty()
            && self.ahead.is_some_and(has_mistake)
    }
}

/// A line of small text that keeps to one line; all of it on hover.
pub fn line_ui(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(quiet(text)).truncate())
}

fn heading_ui(ui: &mut Ui, metric: &mut Metric) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("The child").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(chosen) = metric_choice(ui, "Measure of the child's kinship", *metric) {
                *metric = chosen;
            }
        });
    });
    section_heading(ui, "Kinship to");
}

/// One line: exact, how far off, or why there is nothing and what to do.
fn how_sure_ui(ui: &mut Ui, shown: &DraftContext<'_>) {
    let (words, help) = match shown.ahead.map(|ahead| &ahead.child) {
        None => ("Looking ahead…".to_owned(), ""),
        Some(Ok(child)) if child.exact => (exact_words(child), EXACT),
        Some(Ok(child)) => {
            let error = format::decimals(Some(child.error), 2);
            (format!("An estimate, off by up to {error}"), ESTIMATE)
        }
        Some(Err(NoChild::NoRecipe)) if shown.is_foregone() => {
            ("As it was before the mistake".to_owned(), "")
        }
        Some(Err(NoChild::NoRecipe)) => ("Known once the merge has no errors".to_owned(), ""),
        Some(Err(NoChild::Refused(_))) => ("Cannot be predicted".to_owned(), ""),
        Some(Err(NoChild::NotMeasured(base, names))) => {
            return measure_ui(ui, shown, *base, names);
        }
    };
    let line = line_ui(ui, &words);
    if !help.is_empty() {
        line.on_hover_text(help);
    }
}

/// How exact it is, and what rounding makes of that where three decimals would show it.
fn exact_words(child: &Child) -> String {
    let Some(rounding) = child.rounding else {
        return "Exact".to_owned();
    };
    let parents = child.parents.iter().filter_map(|id| child.with.get(id));
    let most = parents.filter_map(|values| Some(values.get(Metric::DEFAULT)?.abs()));
    let moved = most.fold(0.0, f64::max) * rounding.lost;
    let words = format!("Exact before rounding to {}", rounding.format);
    match moved >= 0.0005 {
        true => format!("{words}, about {}", format::signed(Some(-moved), 3)),
        false => words,
    }
}

/// The button that measures in the line that says what is missing, so that nothing below moves.
fn measure_ui(ui: &mut Ui, shown: &DraftContext<'_>, base: Option<ModelId>, names: &[String]) {
    let Some(base) = base else {
        let text = "Add these models to the study and say what their base is";
        line_ui(ui, text).on_hover_text(text);
        return;
    };
    if let Some(job) = shown.bench.measuring(base) {
        let job = shown.bench.jobs().get(job);
        let done = job.and_then(|j| j.ticket.progress().fraction());
        let done = format::percent(done.unwrap_or(0.0));
        line_ui(ui, &format!("Measuring, {done}"));
        return;
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if ui.button("Measure kinship").clicked() {
            shown.push(ModelsAction::MeasureHere(base));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let all = format!("Not measured: {}", names.join(", "));
            line_ui(ui, &all).on_hover_text(&all);
        });
    });
}

/// What was worked out last, with what it followed from.
#[derive(Default)]
struct Gain {
    key: Option<(u64, Vec<ModelId>, Option<MergeKind>)>,
    expected: Option<ExpectedGain>,
}

impl Gain {
    /// Draws the section; its lines are always there. The record is gone through only when it,
    /// or the parents' kinship, has changed.
    fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let kinship = shown.of_parents(Metric::DEFAULT);
        let before = shown.before.filter(|_| shown.is_foregone());
        let ahead = shown.ahead.and_then(|ahead| ahead.kind);
        let kind = before.map_or(ahead, |before| before.kind);
        let parents = shown.child().map_or(&[][..], |child| &child.parents);
        let key = (shown.bench.revision(), parents.to_vec(), kind);
        if self.key.as_ref() != Some(&key) {
            self.expected = kind.and_then(|kind| shown.bench.expected_gain(parents, kind));
            self.key = Some(key);
        }
        ui.horizontal(|ui| {
            ui.label(theme::strong("Expected gain"));
            ui.with_layout(Layout::right_to_left(Align::Center), meaning);
        });
        ui.horizontal(|ui| match &self.expected {
            Some(gain) => {
                let points = |value: f64| format::signed(Some(value), 2);
                ui.label(theme::strong(format!("{} points", points(gain.value))));
                line_ui(ui, &interval(gain));
            }
            None => {
                ui.label(format::UNDEFINED);
            }
        })
        .response
        .on_hover_text(format!("{CAVEAT}\n\n{INTERVAL}"));
        match &self.expected {
            Some(gain) => line_ui(ui, &record_line(gain)).on_hover_text(RECORD),
            None => line_ui(ui, unknown_gain(shown.ahead, kinship.is_some())),
        };
    }
}

/// A button that opens what an expected gain means.
pub fn meaning(ui: &mut Ui) {
    let ink = Tokens::of(ui).accent_text;
    let words = RichText::new("What does this mean?").small().color(ink);
    MenuButton::from_button(Button::new(words).frame(false)).ui(ui, |ui| {
        ui.set_max_width(320.0);
        // Of itself a menu stretches its lines from edge to edge.
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            for paragraph in [CAVEAT, INTERVAL, RECORD] {
                ui.label(paragraph);
            }
            ui.quiet(PAPER);
        });
    });
}

fn interval(gain: &ExpectedGain) -> String {
    let points = |value: f64| format::signed(Some(value), 2);
    let (lo, hi) = gain.interval;
    format!("90 % range: {} to {}", points(lo), points(hi))
}

/// Why no gain is expected.
fn unknown_gain(ahead: Option<&Prediction>, is_kinship_known: bool) -> &'static str {
    match ahead.map(|ahead| (&ahead.child, ahead.kind)) {
        Some((Err(NoChild::NoRecipe), _)) => "Known once the merge has no errors",
        Some((Err(NoChild::Refused(_)), _)) => "Not known of a child that cannot be predicted",
        Some((_, None)) if is_kinship_known => "Not known of merges of merges",
        Some(_) if is_kinship_known => "The study's merges are of another kind, or have no scores",
        _ => "Known with the kinship of the parents",
    }
}

fn record_line(gain: &ExpectedGain) -> String {
    match (&gain.used, gain.spearman) {
        (Some(used), Some(rank)) => {
            let rank = format::decimals(Some(rank), 2);
            format!(
                "n = {}, rank correlation {rank}, {}",
                gain.n,
                used.to_lowercase()
            )
        }
        _ if gain.n == 0 => "A guess: no merge of this study is known".to_owned(),
        _ => format!("n = {}, nothing predicts gain here yet", gain.n),
    }
}

/// What the merge costs on disk, in memory and in time, in one line.
fn cost_ui(ui: &mut Ui, shown: &DraftContext<'_>) {
    section_heading(ui, "Cost");
    let before = shown.before.filter(|_| shown.is_foregone());
    let ahead = shown.ahead.map(|ahead| ahead.cost);
    let cost = before.map(|before| before.cost).or(ahead);
    let Some(cost) = cost.filter(|cost| cost.bytes_written > 0) else {
        line_ui(ui, format::UNDEFINED);
        return;
    };
    let disk = format::bytes(cost.bytes_written);
    let memory = format::bytes(cost.peak_memory_bytes);
    let (warm, cold) = (about(cost.seconds), about(cost.cold_seconds));
    let time = match warm == cold {
        true => warm.clone(),
        false => format!("{warm}, {cold} from disk"),
    };
    let read = format::bytes(cost.bytes_read);
    let long = format!(
        "Reads {read}, writes {disk}, needs up to {memory} of memory. It takes {warm} where the \
         files lie in memory already, {cold} where they come from the disk."
    );
    line_ui(ui, &format!("{disk}  ·  {memory} memory  ·  {time}")).on_hover_text(long);
    if let Some(note) = memory_note(&cost) {
        let ink = Tokens::of(ui).warning;
        ui.label(RichText::new(note).small().color(ink));
    }
}

/// The tokens in one line, and a button that lists them.
fn tokens_ui(ui: &mut Ui, shown: &DraftContext<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("Tokens"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ink = Tokens::of(ui).accent_text;
            let words = RichText::new("Show the tokens").small().color(ink);
            if ui.add(Button::new(words).frame(false)).clicked() {
                shown.tab.set(Tab::Tokens);
            }
        });
    });
    let summary = shown.ahead.and_then(|ahead| ahead.tokens);
    let line = line_ui(
        ui,
        &summary.map_or(format::UNDEFINED.to_owned(), tokens_line),
    );
    if let Some(conflicts) = summary.map(|own| own.conflicts).filter(|n| *n > 0) {
        let n = format::counted(conflicts, "role");
        line.on_hover_text(format!(
            "{n} of tokens or templates differ from the child's"
        ));
    }
}

fn tokens_line(summary: TokensSummary) -> String {
    let count = |n: usize| format::count(n as u64);
    let mut words = match (summary.child, summary.differ) {
        (Some(child), _) => {
            let new = match child.new {
                0 => String::new(),
                n => format!(", {} new", count(n)),
            };
            format!("{} in {} rows{new}", count(child.tokens), count(child.rows))
        }
        (None, true) => "Rows of the same number are merged".to_owned(),
        (None, false) => "All models have the same".to_owned(),
    };
    if summary.conflicts > 0 {
        words = format!(
            "{words}, {}",
            format::counted(summary.conflicts, "conflict")
        );
    }
    words
}

fn about(secs: f64) -> String {
    match secs {
        under if under < 1.0 => "under 1 s".to_owned(),
        secs => format!("about {}", format::duration(Duration::from_secs_f64(secs))),
    }
}
