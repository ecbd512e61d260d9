//! The rules by which a run ends, as a form.

use std::ops::RangeInclusive;

use eframe::egui::{DragValue, Grid, Ui, WidgetType};

use crate::lineage::evolution::{NoGain, Rules};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::space;

/// Draws the form; the rules if they have changed.
pub fn rules_ui(ui: &mut Ui, rules: &Rules) -> Option<Rules> {
    let mut new = *rules;
    ui.set_max_width(420.0);
    ui.quiet("The run ends at the first that is met");
    ui.add_space(space::XS);
    Grid::new("rules").num_columns(3).show(ui, |ui| {
        let r = &mut new;
        let same = "The best stay the same for";
        count(
            ui,
            &mut r.patience_generations,
            2,
            same,
            "unchanged generations",
        );
        switch(
            ui,
            &mut r.tau,
            0.9,
            "The best have a mean kinship above",
            "tau",
        );
        number(ui, r.tau.as_mut(), 0.9, 0.0..=1.0, ("Kinship limit", 0.005));
        ui.label("τ; the paper’s early stop is 0.9");
        ui.end_row();
        no_gain(ui, &mut r.no_gain);
        let made = "So many are made";
        count(ui, &mut r.generations, 8, made, "generations");
        count(ui, &mut r.merges, 40, made, "merges");
        let judged = "So many are made, founders’ included";
        count(ui, &mut r.evaluations, 100, judged, "evaluations");
        minutes(ui, &mut r.seconds);
    });
    (new != *rules).then_some(new)
}

/// A rule with a whole number: the words before it, and what is counted.
fn count(ui: &mut Ui, rule: &mut Option<u32>, usual: u32, before: &str, what: &str) {
    switch(ui, rule, usual, before, what);
    let name = format!("Number of {what}");
    number(ui, rule.as_mut(), usual, 1..=100_000, (&name, 0.1));
    ui.label(what.trim_start_matches("unchanged "));
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
    *rule = minutes.map(|minutes| (minutes * 60.0).round() as u64);
    ui.label("minutes of merging and evaluating");
    ui.end_row();
}

fn switch<T: Copy>(ui: &mut Ui, rule: &mut Option<T>, usual: T, words: &str, what: &str) {
    let mut on = rule.is_some();
    let response = ui.checkbox(&mut on, words);
    response.named_selected(WidgetType::Checkbox, on, format!("Stop by {what}"));
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
    let field = DragValue::new(value).range(range).speed(speed);
    let field = ui.add_enabled(is_on, field.max_decimals(3));
    field.named(WidgetType::DragValue, name);
}
