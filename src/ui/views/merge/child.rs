//! The child that does not exist yet: which models it would resemble, what it may gain, what it costs.
//!
//! Every line has its place, with a dash while its value is not known; only values move. While
//! the recipe has a mistake, the child stays as it was before it, greyed.

mod kin;
mod over_layers;
pub mod problems;
mod sweep;

use std::time::Duration;

use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::{DraftContext, Focus};
use crate::kinship::Metric;
use crate::merge::plan::Cost;
use crate::study::ModelId;
use crate::ui::action::{Action, ModelsAction};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::{metric_choice, section_heading};
use crate::workbench::composing::{Child, ExpectedGain, GainSource, NoChild, Swept};

/// How much of its ink something keeps that is no longer so.
const GREYED: f32 = 0.5;

/// The paper's own limit, in plain words.
pub const CAVEAT: &str = "Kinship says more about the size of a gain than about its sign: relatives \
                      gain little, strangers gain or lose much.";
const INTERVAL: &str = "The interval is where 95 of 100 such merges would lie, if the record is \
                        like them. Where it holds 0, the merge may as well lose.";
/// What n, r and p are.
pub const RECORD: &str = "n is the number of merges that this is drawn from: those of this study, or \
                      of the community where the study has too few. r how closely their gain \
                      follows the kinship of their parents, p how easily chance alone would give \
                      that r.";

/// What it keeps while it is shown.
#[derive(Default)]
pub struct ChildPanel {
    kin: kin::Kin,
    gain: Gain,
}

/// What the panel changes of the view.
pub struct Own<'v> {
    pub metric: &'v mut Metric,
    /// The parameter whose sweep is shown.
    pub swept: &'v mut Option<Swept>,
    /// The parameter in the editor below the canvas.
    pub focus: &'v mut Option<Focus>,
}

impl ChildPanel {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        shown: &DraftContext<'_>,
        own: Own<'_>,
        actions: &mut Vec<Action>,
    ) {
        let Own {
            metric,
            swept,
            focus,
        } = own;
        ScrollArea::vertical()
            .id_salt("child")
            .auto_shrink(false)
            .show(ui, |ui| {
                // The scroll bar floats; nothing lies under it.
                ui.set_max_width(ui.available_width() - space::M);
                heading_ui(ui, metric);
                let metric = *metric;
                ui.scope(|ui| {
                    if shown.is_foregone() {
                        ui.multiply_opacity(GREYED);
                    }
                    self.kin.ui(ui, shown, metric, actions);
                });
                // The line is as high as the button that may stand in it.
                let line = vec2(ui.available_width(), ROW_HEIGHT);
                let layout = Layout::left_to_right(Align::Center);
                ui.allocate_ui_with_layout(line, layout, |ui| {
                    ui.set_min_height(ROW_HEIGHT);
                    how_sure_ui(ui, shown, actions);
                });
                ui.scope(|ui| {
                    if shown.is_foregone() {
                        ui.multiply_opacity(GREYED);
                    }
                    over_layers::ui(ui, shown, metric);
                    self.gain.ui(ui, shown);
                    cost_ui(ui, shown);
                });
                let rows = self.kin.rows();
                sweep::ui(ui, shown, metric, rows, (swept, focus), actions);
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
        let has_mistake = |ahead: &crate::workbench::composing::Prediction| {
            matches!(ahead.child, Err(NoChild::NoRecipe))
        };
        self.before.is_some()
            && !self.draft.sheet.text.trim().is_empty()
            && self.ahead.is_some_and(has_mistake)
    }
}

/// A line of small text that keeps to one line; all of it on hover.
fn line_ui(ui: &mut Ui, text: &str) -> eframe::egui::Response {
    let weak = Tokens::of(ui).text_weak;
    let text = RichText::new(text).size(size::SMALL).color(weak);
    ui.add(Label::new(text).truncate())
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
fn how_sure_ui(ui: &mut Ui, shown: &DraftContext<'_>, actions: &mut Vec<Action>) {
    let Some(ahead) = shown.ahead else {
        line_ui(ui, "Looking ahead…");
        return;
    };
    match &ahead.child {
        Ok(child) if child.exact => {
            let help = "Worked actions from what was measured, without a sample. Only the rounding to \
                        the format that is written may move it.";
            line_ui(ui, "Exact").on_hover_text(help);
        }
        Ok(child) => {
            let error = format::decimals(Some(child.error), 2);
            let help = "The method keeps or drops numbers by their size or by chance. It is tried \
                        on a small stand-in with the same norms and angles.";
            line_ui(ui, &format!("An estimate, off by up to {error}")).on_hover_text(help);
        }
        Err(NoChild::NoRecipe) if shown.is_foregone() => {
            line_ui(ui, "As it was before the mistake");
        }
        Err(NoChild::NoRecipe) => {
            line_ui(ui, "Known once the merge has no errors");
        }
        Err(NoChild::Refused(_)) => {
            line_ui(ui, "Cannot be predicted");
        }
        Err(NoChild::NotMeasured(base, names)) => measure_ui(ui, shown, *base, names, actions),
    }
}

/// The button that measures in the line that says what is missing, so that nothing below moves.
fn measure_ui(
    ui: &mut Ui,
    shown: &DraftContext<'_>,
    base: Option<ModelId>,
    names: &[String],
    actions: &mut Vec<Action>,
) {
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
            actions.push(Action::Models(ModelsAction::MeasureHere(base)));
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
    key: Option<(u64, Option<u64>)>,
    expected: Option<ExpectedGain>,
}

impl Gain {
    /// Draws the section; its lines are always there.
    fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        self.bring_up_to_date(shown);
        gain_heading_ui(ui);
        let weak = Tokens::of(ui).text_weak;
        ui.horizontal(|ui| match self.expected {
            Some(gain) => {
                let (lo, hi) = gain.interval;
                let value = format!("{} points", format::signed(Some(gain.value), 2));
                ui.label(theme::strong(&value));
                let (lo, hi) = (format::signed(Some(lo), 2), format::signed(Some(hi), 2));
                let range = RichText::new(format!("95 %: {lo} to {hi}"));
                ui.label(range.size(size::SMALL).color(weak));
            }
            None => {
                ui.label(format::UNDEFINED);
            }
        })
        .response
        .on_hover_text(format!("{CAVEAT}\n\n{INTERVAL}"));
        match &self.expected {
            Some(gain) => line_ui(ui, &record_line(gain)).on_hover_text(RECORD),
            None => line_ui(ui, "Known with the kinship of the parents"),
        };
    }

    /// The record is gone through only when it, or the parents' kinship, has changed.
    fn bring_up_to_date(&mut self, shown: &DraftContext<'_>) {
        let kinship = shown.of_parents(Metric::DEFAULT);
        let key = (shown.bench.revision(), kinship.map(f64::to_bits));
        if self.key != Some(key) {
            self.expected = kinship.and_then(|kinship| shown.bench.expected_gain(kinship));
            self.key = Some(key);
        }
    }
}

/// The name of the section, and beside it what it means.
fn gain_heading_ui(ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("Expected gain"));
        ui.with_layout(Layout::right_to_left(Align::Center), meaning);
    });
}

/// A button that opens what an expected gain means.
pub fn meaning(ui: &mut Ui) {
    let ink = Tokens::of(ui).accent_text;
    let words = RichText::new("What does this mean?")
        .size(size::SMALL)
        .color(ink);
    MenuButton::from_button(Button::new(words).frame(false)).ui(ui, meaning_ui);
}

fn record_line(gain: &ExpectedGain) -> String {
    let from = match gain.source {
        GainSource::Study => "this study",
        GainSource::Community => "community",
    };
    let r = format::decimals(Some(gain.r), 2);
    let p = p_value(gain.p);
    format!("n = {}, r = {r}, {p}, {from}", gain.n)
}

fn meaning_ui(ui: &mut Ui) {
    ui.set_max_width(320.0);
    for paragraph in [CAVEAT, INTERVAL, RECORD] {
        ui.label(paragraph);
    }
    let weak = Tokens::of(ui).text_weak;
    let source = "Exploring Model Kinship for Merging Large Language Models, arXiv 2410.12613";
    ui.label(RichText::new(source).size(size::SMALL).color(weak));
}

/// Smaller than three decimals can say is said so.
fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p => format!("p = {}", format::decimals(Some(p), 3)),
    }
}

/// What the merge costs on disk, in memory and in time, in one line.
fn cost_ui(ui: &mut Ui, shown: &DraftContext<'_>) {
    section_heading(ui, "Cost");
    let cost = shown.ahead.map(|ahead| ahead.cost);
    match cost.filter(|cost| cost.bytes_written > 0) {
        Some(cost) => line_ui(ui, &short(&cost)).on_hover_text(long(&cost)),
        None => line_ui(ui, format::UNDEFINED),
    };
}

fn short(cost: &Cost) -> String {
    let disk = format::bytes(cost.bytes_written);
    let memory = format::bytes(cost.peak_memory_bytes);
    format!("{disk}  ·  {memory} memory  ·  {}", time(cost))
}

fn long(cost: &Cost) -> String {
    format!(
        "Reads {}, writes {}, needs up to {} of memory and {}",
        format::bytes(cost.bytes_read),
        format::bytes(cost.bytes_written),
        format::bytes(cost.peak_memory_bytes),
        time(cost),
    )
}

fn time(cost: &Cost) -> String {
    match cost.seconds {
        under if under < 1.0 => "under 1 s".to_owned(),
        secs => format!("about {}", format::duration(Duration::from_secs_f64(secs))),
    }
}
