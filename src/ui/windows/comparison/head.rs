//! The top of a comparison: both names, what can be taken out, how far the two lie apart, and
//! what they are.

use std::sync::Arc;

use eframe::egui::{Align, Grid, Label, Layout, RichText, Ui};
use egui_phosphor::regular as icon;

use crate::diff::{Diff, html};
use crate::kinship::Compared;
use crate::study::ModelId;
use crate::ui::action::{Action, Content, Export};
use crate::ui::dialogs::Filter;
use crate::ui::ext::{UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::icon_button;
use crate::ui::windows::number::number_ui;
use crate::workbench::Workbench;
use crate::workbench::tokens::{Listed, TokensOf};

/// A result with the study's models that it is about.
pub(super) struct Whose<'a> {
    pub diff: &'a Arc<Diff>,
    /// Their tokens, if somebody has asked for them.
    pub tokens: Option<&'a Listed>,
    /// What rounding has done to them.
    rounding: Vec<String>,
}

impl<'a> Whose<'a> {
    pub fn new(bench: &'a Workbench, models: [ModelId; 2], diff: &'a Arc<Diff>) -> Self {
        let of = |(k, id): (usize, ModelId)| {
            let rounding = bench.rounding(id)?;
            Some(format!(
                "Rounding to {} alone moves {} by about {}",
                rounding.formats,
                diff.models[k].name,
                format::about(rounding.distance)
            ))
        };
        let is_shown = bench.tokens_shown() == Some(TokensOf::Pair(models));
        Self {
            diff,
            tokens: bench
                .tokens()
                .filter(|_| is_shown)
                .map(|(listed, _)| listed),
            rounding: models.into_iter().enumerate().filter_map(of).collect(),
        }
    }
}

const JSON: Filter = Filter::new("JSON", &["json"]);

/// Both names and the buttons; says whether the window stays open.
pub(super) fn title_ui(ui: &mut Ui, diff: &Diff, actions: &mut Vec<Action>) -> bool {
    let mut stays = true;
    let [a, b] = [&diff.models[0].name, &diff.models[1].name];
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::X, "Close the comparison").clicked() {
                stays = false;
            }
            ui.add_space(space::S);
            if ui.button("Save JSON…").clicked() {
                let json = serde_json::to_vec_pretty(diff).unwrap_or_default();
                actions.push(Action::Export(file(diff, "JSON", "json", JSON, json)));
            }
            if ui.button("Save page…").clicked() {
                let page = html(diff).into_bytes();
                actions.push(Action::Export(file(
                    diff,
                    "a page",
                    "html",
                    Filter::PAGE,
                    page,
                )));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let title = theme::strong(format!("{a} and {b}")).size(size::HEADING);
                let title = ui.add(Label::new(title).truncate());
                title.on_hover_text(format!("{a}\n{b}"));
            });
        });
    });
    stays
}

fn file(diff: &Diff, what: &str, ending: &str, filter: Filter, bytes: Vec<u8>) -> Export {
    let safe = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or(name);
        let safe = |c: char| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        };
        last.chars().map(safe).collect::<String>()
    };
    let [a, b] = [&diff.models[0].name, &diff.models[1].name].map(|name| safe(name));
    Export {
        title: format!("Save the comparison as {what}"),
        name: format!("{a}-{b}.{ending}"),
        filter,
        content: Content::Bytes(bytes),
    }
}

/// How far the two lie apart, and what they are.
pub(super) fn facts_ui(ui: &mut Ui, whose: &Whose<'_>) {
    let diff = whose.diff;
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XXL;
        for (value, what, full) in numbers(diff) {
            number_ui(ui, &value, what, &full);
        }
    });
    ui.add_space(space::S);
    models_ui(ui, diff);
    part_ui(ui, diff);
    for note in diff.renamings.iter().chain(&whose.rounding) {
        ui.add(Label::new(quiet(note)).wrap());
    }
    if diff.whole.not_finite > 0 {
        let n = format::count(diff.whole.not_finite);
        let words = format!("{n} numbers are NaN or infinite in one of the two, and left out");
        let ink = Tokens::of(ui).warning;
        ui.label(RichText::new(words).size(size::SMALL).color(ink));
    }
}

/// How much of the larger of the two was compared, where that is little.
fn part_ui(ui: &mut Ui, diff: &Diff) {
    let compared = Compared {
        numbers: diff.whole.count,
        larger: diff.models[0].parameters.max(diff.models[1].parameters),
    };
    let Some(share) = compared.small_share() else {
        return;
    };
    let numbers = format::parameters(compared.numbers);
    let share = format::share(share);
    let words = format!("Over {numbers} numbers, {share} of the larger model");
    ui.label(RichText::new(words).color(Tokens::of(ui).warning));
}

/// What is shown, what it is, and all its digits.
fn numbers(diff: &Diff) -> [(String, &'static str, String); 5] {
    let whole = &diff.whole;
    let equal = whole.equal as f64 / whole.count.max(1) as f64;
    let apart = whole.relative().map(|apart| 100.0 * apart);
    let largest = significant(whole.largest);
    [
        (
            whole
                .relative()
                .map_or(format::UNDEFINED.to_owned(), format::share),
            "apart, of the first's length",
            format!("‖a − b‖ / ‖a‖ = {} %", format::full(apart)),
        ),
        (
            format::decimals(whole.cosine(), 5),
            "cosine of the weights",
            format::full(whole.cosine()),
        ),
        (
            significant(whole.distance()),
            "distance",
            format::full(Some(whole.distance())),
        ),
        (
            largest,
            "largest difference",
            format::full(Some(whole.largest)),
        ),
        (
            format::share(equal),
            "of the numbers are equal",
            format!(
                "{} of {} numbers",
                format::count(whole.equal),
                format::count(whole.count)
            ),
        ),
    ]
}

/// Three figures.
pub(super) fn significant(value: f64) -> String {
    format::figures(value, 3)
}

/// A line for each of the two: form, formats, layers, size.
fn models_ui(ui: &mut Ui, diff: &Diff) {
    let grid = Grid::new("compared models").num_columns(6);
    grid.spacing([space::XL, space::XS]).show(ui, |ui| {
        for title in [
            "Model",
            "Form",
            "Stored as",
            "Layers",
            "Parameters",
            "On disk",
        ] {
            ui.quiet(title);
        }
        ui.end_row();
        for side in &diff.models {
            let name = format::elide_middle(&side.name, 44);
            ui.label(theme::strong(name)).on_hover_text(&side.name);
            ui.label(side.form);
            ui.label(format::elide_middle(&side.dtypes, 40))
                .on_hover_text(&side.dtypes);
            ui.label(side.layers.replacen(" layers", "", 1));
            ui.label(format::parameters(side.parameters))
                .on_hover_text(format::count(side.parameters));
            ui.label(format::bytes(side.bytes));
            ui.end_row();
        }
    });
}
