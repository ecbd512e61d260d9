//! The rows above the figure: its title with what can be done to it, and its choices.

use eframe::egui::{
    Align, Button, DragValue, Grid, Id, Label, Layout, PopupCloseBehavior, Response, RichText,
    ScrollArea, Ui, WidgetType, containers::menu::MenuButton, containers::menu::MenuConfig,
};
use egui_phosphor::regular as icon;

use super::model::ChartModel;
use super::quantities::{AvailableQuantity, known, quantity_title, with_points};
use super::{Tools, choose, list};
use crate::figures::{Control, Figure, chart, shown_model};
use crate::stats::SaturationRule;
use crate::study::chart::{ChartChoices, FitBand, FitLine, Overlay, PointsAre, Quantity};
use crate::study::{ModelId, StudyDoc};
use crate::ui::action::{Action, ChartAsk, FileAction};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{size, space};
use crate::ui::widgets::{Choice, choice, icon_button, icon_toggle, metric_choice, segmented};
use crate::workbench::Workbench;
use crate::workbench::library::bundled;

/// What the tools at the right need, in points.
const TOOLS: f32 = 180.0;

pub fn head_ui(
    ui: &mut Ui,
    shown: &ChartModel,
    choices: &ChartChoices,
    has_list: bool,
    tools: &mut Tools,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        if !has_list {
            list::menu_ui(ui, choices, actions);
        }
        let own = list::title(choices.kind);
        let title = shown.figure.as_ref().map_or("", |figure| &figure.title);
        let title = if title.is_empty() { own } else { title };
        // The list says whose figures these are.
        let short = title.replacen(" of the paper:", ":", 1);
        let words = RichText::new(short)
            .size(size::HEADING)
            .family(crate::ui::fonts::semibold());
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - TOOLS).max(1.0));
            ui.add(Label::new(words).truncate()).on_hover_text(title);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let has_plots = |figure: &Figure| figure.panels.iter().any(|p| p.cells().is_none());
            let has_plots = shown.figure.as_ref().is_ok_and(has_plots);
            ui.add_enabled_ui(shown.figure.is_ok(), |ui| {
                tools_ui(ui, tools, has_plots, actions);
            });
        });
    });
}

fn tools_ui(ui: &mut Ui, tools: &mut Tools, has_plots: bool, actions: &mut Vec<Action>) {
    let mut ask = |asked: bool, what: ChartAsk| {
        if asked {
            actions.push(Action::Chart(what));
        }
    };
    let sign = RichText::new(icon::DOWNLOAD_SIMPLE).size(17.0).weak();
    let button = MenuButton::from_button(Button::new(sign).frame(false));
    let (response, _) = button.ui(ui, |ui| {
        ask(ui.button("Save as SVG…").clicked(), ChartAsk::Svg);
        ask(ui.button("Save as PNG…").clicked(), ChartAsk::Png);
        ask(ui.button("Save as CSV…").clicked(), ChartAsk::Csv);
    });
    response.named(WidgetType::Button, "Save as…");
    response.on_hover_text("Save as…");
    let copied = icon_button(ui, icon::COPY, "Copy table").clicked();
    ask(copied, ChartAsk::Table);
    let copied = icon_button(ui, icon::IMAGE, "Copy picture").clicked();
    ask(copied, ChartAsk::Picture);
    ui.add_space(space::S);
    icon_toggle(ui, icon::TABLE, "Table", &mut tools.table);
    // In a matrix there is nothing to enclose and nothing to zoom.
    if !has_plots {
        return;
    }
    ui.add_enabled_ui(!tools.table, |ui| {
        let lasso = "Lasso: draw a loop around points instead of a box";
        icon_toggle(ui, icon::LASSO, lasso, &mut tools.lasso);
        ui.add_enabled_ui(tools.is_zoomed, |ui| {
            tools.reset |= icon_button(ui, icon::CORNERS_OUT, "Show the whole chart").clicked();
        });
    });
}

pub fn controls_ui(
    ui: &mut Ui,
    bench: &Workbench,
    choices: &ChartChoices,
    actions: &mut Vec<Action>,
) {
    let Some(chart) = chart(choices.kind) else {
        return;
    };
    let is_open = |key| bench.open_record().is_some_and(|open| open.key == key);
    if chart.study.is_some_and(is_open) {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = eframe::egui::vec2(space::M, space::XS);
        let before = choices;
        let mut choices = choices.clone();
        for control in chart.controls {
            match control {
                Control::Points => scatter_ui(ui, bench, &mut choices),
                Control::Fit => fit_ui(ui, &mut choices),
                // An empty control would leave a hole in its row.
                Control::Runs if bench.record().runs.len() < 2 => {}
                Control::Runs => flow(ui, "Runs", "", |ui| {
                    runs_ui(ui, &bench.record().runs, before, actions);
                }),
                Control::Metric => metric_ui(ui, &mut choices),
                Control::Overlay => overlay_ui(ui, &mut choices),
                Control::Rule => flow(ui, "Rule", "", |ui| rule_ui(ui, before, actions)),
                Control::Group => group_ui(ui, bench.study().doc(), &mut choices),
                Control::Model => model_ui(ui, bench, &mut choices),
            }
        }
        if let Some(key) = chart.study {
            study_ui(ui, key, actions);
        }
        if choices != *before {
            actions.push(choose(choices));
        }
    });
}

fn scatter_ui(ui: &mut Ui, bench: &Workbench, choices: &mut ChartChoices) {
    let options = [(PointsAre::Models, "Models"), (PointsAre::Pairs, "Pairs")];
    flow(ui, "Points are", "Points are", |ui| {
        let mut points = choices.points;
        segmented(ui, "Points are", &mut points, &options);
        if points != choices.points {
            *choices = with_points(choices, points, (bench.record(), bench.pair_rows()));
        }
    });
    let known = known(bench.record(), bench.pair_rows(), choices.points);
    if let Some(x) = quantity_ui(ui, "x", "X axis", &known, Some(&choices.x), choices.points) {
        choices.x = x.unwrap_or_else(|| choices.x.clone());
    }
    if let Some(y) = quantity_ui(ui, "y", "Y axis", &known, Some(&choices.y), choices.points) {
        choices.y = y.unwrap_or_else(|| choices.y.clone());
    }
    let colour = choices.colour.as_ref();
    if let Some(colour) = quantity_ui(ui, "Colour", "Colour", &known, colour, choices.points) {
        choices.colour = colour;
    }
}

/// A menu of quantities; only the colour can also be the run.
fn quantity_ui(
    ui: &mut Ui,
    short: &str,
    name: &str,
    known: &[AvailableQuantity],
    current: Option<&Quantity>,
    points: PointsAre,
) -> Option<Option<Quantity>> {
    let is_colour = name == "Colour";
    let mut offered: Vec<(Option<Quantity>, String)> = Vec::new();
    if is_colour {
        offered.push((None, "Run".to_owned()));
    }
    offered.extend(known.iter().map(|AvailableQuantity { quantity, count }| {
        let words = format!("{} ({count})", quantity_title(quantity, points));
        (Some(quantity.clone()), words)
    }));
    let has_current = offered.iter().any(|(q, _)| q.as_ref() == current);
    if let Some(current) = current.filter(|_| !has_current) {
        let words = format!("{} (0)", quantity_title(current, points));
        offered.push((Some(current.clone()), words));
    }
    let at = offered.iter().position(|(q, _)| q.as_ref() == current)?;
    let options: Vec<Choice<'_, usize>> = offered
        .iter()
        .enumerate()
        .map(|(value, (_, label))| Choice::new(value, label, ""))
        .collect();
    let chosen = flow(ui, name, short, |ui| choice(ui, name, at, &options))?;
    offered
        .into_iter()
        .nth(chosen)
        .map(|(quantity, _)| quantity)
}

fn fit_ui(ui: &mut Ui, choices: &mut ChartChoices) {
    let least = "The line with the least squared distance";
    let robust = "Theil–Sen: the median of all slopes, which outliers hardly move";
    let lines = [
        Choice::new(FitLine::None, "None", ""),
        Choice::new(FitLine::LeastSquares, "Least squares", least),
        Choice::new(FitLine::Robust, "Robust", robust),
    ];
    flow_choice(ui, "Line", &mut choices.line, &lines);
    if choices.line != FitLine::LeastSquares {
        return;
    }
    let line = "Where the line may lie, at 95 %";
    let next = "Where the next point may lie, at 95 %";
    let bands = [
        Choice::new(FitBand::None, "None", ""),
        Choice::new(FitBand::Confidence, "Confidence", line),
        Choice::new(FitBand::Prediction, "Prediction", next),
    ];
    flow_choice(ui, "Band", &mut choices.band, &bands);
}

/// Says whether something else was chosen.
fn flow_choice<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    options: &[Choice<'_, T>],
) -> bool {
    let new = flow(ui, name, name, |ui| choice(ui, name, *value, options));
    *value = new.unwrap_or(*value);
    new.is_some()
}

fn metric_ui(ui: &mut Ui, choices: &mut ChartChoices) {
    let chosen = flow(ui, "Metric", "Kinship", |ui| {
        metric_choice(ui, "Metric", choices.metric)
    });
    choices.metric = chosen.unwrap_or(choices.metric);
}

fn overlay_ui(ui: &mut Ui, choices: &mut ChartChoices) {
    let options = [(Overlay::TwoAxes, "Two axes"), (Overlay::MinMax, "Min–max")];
    flow(ui, "Overlay", "", |ui| {
        segmented(ui, "Overlay", &mut choices.overlay, &options);
    });
}

/// What was measured, and each table of reported pairs.
fn group_ui(ui: &mut Ui, doc: &StudyDoc, choices: &mut ChartChoices) {
    let mut groups: Vec<&str> = vec![""];
    for pair in &doc.pairs {
        if !groups.contains(&pair.group.as_str()) {
            groups.push(&pair.group);
        }
    }
    let options: Vec<Choice<'_, usize>> = groups
        .iter()
        .enumerate()
        .map(|(value, group)| match *group {
            "" => Choice::new(value, "As measured", ""),
            group => Choice::new(value, group, ""),
        })
        .collect();
    let mut at = groups.iter().position(|g| *g == choices.group).unwrap_or(0);
    if flow_choice(ui, "Group", &mut at, &options) {
        choices.group = groups[at].to_owned();
    }
}

/// The models that have a base, of which a change can be measured.
fn model_ui(ui: &mut Ui, bench: &Workbench, choices: &mut ChartChoices) {
    let doc = bench.study().doc();
    let selected = bench.study().selection().models();
    let shown = shown_model(choices, doc, &selected);
    let models = doc.models.iter().filter(|m| m.base.is_some());
    let options: Vec<Choice<'_, Option<ModelId>>> = models
        .map(|m| Choice::new(Some(m.id), &m.name, ""))
        .collect();
    let mut model = shown;
    if !options.is_empty() && flow_choice(ui, "Model", &mut model, &options) {
        choices.model = model;
    }
}

/// The study that a figure of the paper is drawn from, and the way to it.
fn study_ui(ui: &mut Ui, key: &'static str, actions: &mut Vec<Action>) {
    let name = &bundled(key).name;
    let help = "Until then points select models of the open study that have the same names";
    let button = ui.button(format!("Open “{name}”"));
    if button.on_hover_text(help).clicked() {
        actions.push(Action::File(FileAction::OpenBundled(key)));
    }
}

/// A control with its name in front, which may be empty; `id` parts it from its neighbours.
///
/// How wide a control is shows once it is drawn, so its width of the last frame decides; where
/// that has changed the frame is drawn again before it is seen.
fn flow<T>(ui: &mut Ui, id: &str, name: &str, control: impl FnOnce(&mut Ui) -> T) -> T {
    let id = Id::new("chart control").with(id);
    let known: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let is_first = ui.cursor().left() <= ui.max_rect().left() + 1.0;
    if !is_first && ui.cursor().left() + known > ui.max_rect().right() {
        ui.end_row();
    }
    let drawn = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        if !name.is_empty() {
            ui.quiet(name);
        }
        control(ui)
    });
    let width = drawn.response.rect.width();
    if (width - known).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, width));
        ui.ctx().request_discard("a control has another width");
    }
    drawn.inner
}

const RULE: &str = "Saturation rule";
const SENTENCE: &str = "Saturated from the generation after which the best gained less than the \
                        least gain in each of the given number of generations, while the kinship \
                        among the best was above the limit";

fn rule_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = MenuButton::new(format!("{RULE}  {}", icon::CARET_DOWN)).config(config);
    let (response, _) = button.ui(ui, |ui| {
        ui.set_max_width(300.0);
        ui.quiet(SENTENCE);
        ui.add_space(space::XS);
        let mut rule = choices.saturation;
        Grid::new("saturation rule")
            .num_columns(2)
            .show(ui, |ui| rule_form(ui, &mut rule));
        ui.add_space(space::XS);
        let is_default = rule == SaturationRule::default();
        if ui
            .add_enabled(!is_default, Button::new("Reset to defaults"))
            .clicked()
        {
            rule = SaturationRule::default();
        }
        if rule != choices.saturation {
            actions.push(choose(ChartChoices {
                saturation: rule,
                ..choices.clone()
            }));
        }
    });
    response.named(WidgetType::Button, RULE);
}

fn rule_form(ui: &mut Ui, rule: &mut SaturationRule) {
    let epsilon = DragValue::new(&mut rule.epsilon)
        .range(0.0..=20.0)
        .speed(0.05);
    rule_line(ui, "Least gain ε, points", |ui| {
        ui.add(epsilon.max_decimals(2))
    });
    let window = DragValue::new(&mut rule.window).range(1..=20).speed(0.1);
    rule_line(ui, "Generations w", |ui| ui.add(window));
    let tau = DragValue::new(&mut rule.tau).range(-1.0..=1.0).speed(0.005);
    rule_line(ui, "Kinship limit τ", |ui| ui.add(tau.max_decimals(3)));
    let top = DragValue::new(&mut rule.top).range(2..=20).speed(0.1);
    rule_line(ui, "Best models k", |ui| ui.add(top));
}

fn rule_line(ui: &mut Ui, name: &str, field: impl FnOnce(&mut Ui) -> Response) {
    let label = ui.label(name);
    field(ui).labelled_by(label.id);
    ui.end_row();
}

/// A folded list of the study's runs with a check each; nothing where there is one run or none.
fn runs_ui(ui: &mut Ui, runs: &[String], choices: &ChartChoices, actions: &mut Vec<Action>) {
    let shown = shown_runs(runs, &choices.runs);
    let words = match shown.len() {
        n if n == runs.len() => "All runs".to_owned(),
        1 => format::elide_middle(&shown[0], 24),
        n => format!("{n} of {} runs", runs.len()),
    };
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = MenuButton::new(format!("{words}  {}", icon::CARET_DOWN)).config(config);
    let (response, _) = button.ui(ui, |ui| {
        ui.set_min_width(180.0);
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for run in runs {
                let mut is_shown = shown.contains(run);
                if ui
                    .checkbox(&mut is_shown, format::elide_middle(run, 40))
                    .changed()
                {
                    let runs = toggled(runs, &shown, run);
                    actions.push(choose(ChartChoices {
                        runs,
                        ..choices.clone()
                    }));
                }
            }
        });
    });
    response.named(
        WidgetType::Button,
        format!("Runs: {}", words.to_lowercase()),
    );
}

/// The runs that are shown; an empty choice shows all.
fn shown_runs(runs: &[String], chosen: &[String]) -> Vec<String> {
    let is_shown = |run: &&String| chosen.is_empty() || chosen.contains(run);
    let shown: Vec<String> = runs.iter().filter(is_shown).cloned().collect();
    if shown.is_empty() {
        runs.to_vec()
    } else {
        shown
    }
}

/// The choice with one run put in or taken out; the last one stays.
fn toggled(runs: &[String], shown: &[String], run: &String) -> Vec<String> {
    let is_left = |r: &&String| shown.contains(r) != (*r == run);
    let left: Vec<String> = runs.iter().filter(is_left).cloned().collect();
    match left.len() {
        0 => shown.to_vec(),
        n if n == runs.len() => Vec::new(),
        _ => left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_shown_by_an_empty_choice_and_one_stays() {
        let runs = ["a", "b", "c"].map(String::from);
        let own = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
        assert_eq!(shown_runs(&runs, &[]), runs);
        assert_eq!(shown_runs(&runs, &own(&["gone"])), runs);
        assert_eq!(toggled(&runs, &runs, &runs[1]), own(&["a", "c"]));
        assert_eq!(toggled(&runs, &own(&["a", "c"]), &runs[1]), own(&[]));
        assert_eq!(toggled(&runs, &own(&["a"]), &runs[0]), own(&["a"]));
    }
}
