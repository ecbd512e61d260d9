//! When an evolution ends by itself: every rule with a switch and its numbers.

use std::ops::RangeInclusive;

use eframe::egui::{DragValue, Grid, RichText, Ui, WidgetInfo, WidgetType};

use crate::lineage::evolution::{NoGain, Rules};
use crate::ui::theme::{Tokens, size, space};

/// Draws the form; the rules if they have changed.
pub fn rules_ui(ui: &mut Ui, rules: &Rules) -> Option<Rules> {
    let mut new = *rules;
    ui.set_max_width(420.0);
    let weak = Tokens::of(ui).text_weak;
    let help = "The run ends at the first that is met";
    ui.label(RichText::new(help).size(size::SMALL).color(weak));
    ui.add_space(space::XS);
    Grid::new("rules").num_columns(3).show(ui, |ui| {
        let r = &mut new;
        let still = (
            "The best stay the same for",
            "still generations",
            "generations",
        );
        count(ui, &mut r.still, 2, still);
        share(ui, &mut r.tau);
        no_gain(ui, &mut r.no_gain);
        let made = |what| ("So many are made", what, what);
        count(ui, &mut r.generations, 8, made("generations"));
        count(ui, &mut r.merges, 40, made("merges"));
        let judged = (
            "So many are made, founders’ included",
            "evaluations",
            "evaluations",
        );
        count(ui, &mut r.evaluations, 100, judged);
        minutes(ui, &mut r.seconds);
    });
    (new != *rules).then_some(new)
}

/// A rule with a whole number: the words before it, what it is called, the words behind it.
fn count(ui: &mut Ui, rule: &mut Option<u32>, usual: u32, words: (&str, &str, &str)) {
    let (before, what, behind) = words;
    switch(ui, rule, usual, before, what);
    let name = format!("Number of {what}");
    number(ui, rule.as_mut(), usual, 1..=100_000, (&name, 0.1));
    ui.label(behind);
    ui.end_row();
}

fn share(ui: &mut Ui, rule: &mut Option<f64>) {
    switch(ui, rule, 0.9, "The best have a mean kinship above", "tau");
    number(ui, rule.as_mut(), 0.9, 0.0..=1.0, ("Kinship limit", 0.005));
    ui.label("τ; the paper’s early stop is 0.9");
    ui.end_row();
}

fn no_gain(ui: &mut Ui, rule: &mut Option<NoGain>) {
    let usual = NoGain {
        points: 0.5,
        generations: 2,
    };
    switch(ui, rule, usual, "The best gains less than", "gain");
    let points = rule.as_mut().map(|r| &mut r.points);
    number(ui, points, usual.points, 0.0..=100.0, ("Least gain", 0.05));
    ui.horizontal(|ui| {
        ui.label("points in");
        let generations = rule.as_mut().map(|r| &mut r.generations);
        let name = ("Generations of the least gain", 0.1);
        number(ui, generations, usual.generations, 1..=1_000, name);
        ui.label("generations");
    });
    ui.end_row();
}

fn minutes(ui: &mut Ui, rule: &mut Option<u64>) {
    switch(ui, rule, 1_800, "So much time is spent", "minutes");
    let mut minutes = rule.map(|secs| secs as f64 / 60.0);
    let name = ("Number of minutes", 0.5);
    number(ui, minutes.as_mut(), 30.0, 0.1..=100_000.0, name);
    if let Some(minutes) = minutes {
        *rule = Some((minutes * 60.0).round() as u64);
    }
    ui.label("minutes of merging and evaluating");
    ui.end_row();
}

fn switch<T: Copy>(ui: &mut Ui, rule: &mut Option<T>, usual: T, words: &str, what: &str) {
    let mut on = rule.is_some();
    let response = ui.checkbox(&mut on, words);
    let name = format!("Stop by {what}");
    response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, on, &name));
    if response.changed() {
        *rule = on.then_some(usual);
    }
}

/// A field for the number; greyed with the usual one where the rule is off.
fn number<T: eframe::emath::Numeric>(
    ui: &mut Ui,
    value: Option<&mut T>,
    usual: T,
    range: RangeInclusive<T>,
    (name, speed): (&str, f64),
) {
    let is_on = value.is_some();
    let mut idle = usual;
    let value = value.unwrap_or(&mut idle);
    let field = DragValue::new(value)
        .range(range)
        .speed(speed)
        .max_decimals(3);
    let field = ui.add_enabled(is_on, field);
    field.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, is_on, name));
}
