//! What the merge may gain, by the record; never without n and r.

use eframe::egui::{Align, Button, Layout, RichText, Ui, containers::menu::MenuButton};

use super::super::Shown;
use super::line_ui;
use crate::kinship::Metric;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size};
use crate::workbench::composing::{ExpectedGain, GainSource};

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

/// What was worked out last, with what it followed from.
#[derive(Default)]
pub struct Gain {
    key: Option<(u64, Option<u64>)>,
    expected: Option<ExpectedGain>,
}

impl Gain {
    /// Draws the section; its lines are always there.
    pub fn ui(&mut self, ui: &mut Ui, shown: &Shown<'_>) {
        self.bring_up_to_date(shown);
        heading_ui(ui);
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
    fn bring_up_to_date(&mut self, shown: &Shown<'_>) {
        let kinship = shown.of_parents(Metric::DEFAULT);
        let key = (shown.bench.revision(), kinship.map(f64::to_bits));
        if self.key != Some(key) {
            self.expected = kinship.and_then(|kinship| shown.bench.expected_gain(kinship));
            self.key = Some(key);
        }
    }
}

/// The name of the section, and beside it what it means.
fn heading_ui(ui: &mut Ui) {
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
