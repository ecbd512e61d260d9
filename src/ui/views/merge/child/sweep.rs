//! One parameter from end to end: the child's kinship as curves; a click takes the value.

use eframe::egui::{Align, DragValue, Layout, RichText, Ui, Vec2, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;
use egui_plot::{Line, PlotPoints, VLine};

use super::super::{DraftContext, Focus};
use super::{kin, line_ui};
use crate::kinship::Metric;
use crate::merge::composition::Place;
use crate::merge::methods::{self, ParameterKind, ParameterScope};
use crate::merge::recipe::{Content, Setting, Value};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::Tokens;
use crate::ui::widgets::{Choice, choice, icon_button, section_heading, still_plot};
use crate::workbench::composing::{NoChild, SweepPoint, Swept};

const HEIGHT: f32 = 150.0;
/// Height of what is below the choice, so that nothing jumps when it comes.
const BELOW: f32 = 280.0;
/// Height of a line of the legend, in points.
const LEGEND_ROW: f32 = 18.0;
/// The most lines in the plot.
const MOST_LINES: usize = 6;

/// Draws the section; it is as high whether or not there is something to show.
pub fn ui(ui: &mut Ui, shown: &DraftContext<'_>, metric: Metric, rows: &[kin::Row]) {
    let all = sweepable(shown);
    let is_there = |own: &Swept| all.iter().any(|(_, s)| s == own);
    let mut swept = shown.options.borrow_mut().swept.take().filter(is_there);
    if all.is_empty() {
        return;
    }
    section_heading(ui, "Weight sweep");
    ui.horizontal(|ui| {
        choice_ui(ui, &all, &mut swept);
        if let Some(own) = &swept {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                value_ui(ui, shown, own);
                let name = format!("Edit {} over depth", own.key);
                if icon_button(ui, icon::CHART_LINE, &name).clicked() {
                    shown.focus.replace(Some(Focus {
                        merge: own.merge,
                        place: own.place,
                        key: own.key.clone(),
                    }));
                }
            });
        }
    });
    if let Some(own) = &swept {
        ui.allocate_ui(vec2(ui.available_width(), BELOW), |ui| {
            ui.set_min_height(BELOW);
            match shown.ahead.map(|ahead| &ahead.sweep[..]) {
                None | Some([]) => {
                    line_ui(ui, why_nothing(shown));
                }
                Some(sweep) => plot_ui(ui, shown, own, sweep, (metric, rows)),
            }
        });
    }
    shown.options.borrow_mut().swept = swept;
}

fn why_nothing(shown: &DraftContext<'_>) -> &'static str {
    match shown.ahead.map(|ahead| &ahead.child) {
        Some(Err(NoChild::Refused(_))) => "Cannot be predicted",
        Some(Err(NoChild::NoRecipe)) => "Known once the merge has no errors",
        Some(Err(NoChild::NotMeasured(..))) => "Known once the kinship of the models is measured",
        Some(Ok(_)) | None => "Looking ahead…",
    }
}

fn choice_ui(ui: &mut Ui, all: &[(String, Swept)], swept: &mut Option<Swept>) {
    let is_now = |own: &Swept| all.iter().position(|(_, s)| s == own);
    let current = swept.as_ref().and_then(is_now);
    let option = |value: Option<usize>| Choice {
        value,
        label: value.map_or("Off", |k| all[k].0.as_str()),
        help: "",
    };
    let options: Vec<Choice<'_, _>> = std::iter::once(None)
        .chain((0..all.len()).map(Some))
        .map(option)
        .collect();
    if let Some(chosen) = choice(ui, "Parameter to sweep", current, &options) {
        *swept = chosen.map(|k| all[k].1.clone());
    }
}

/// The value as a number, for those who would rather type than point.
fn value_ui(ui: &mut Ui, shown: &DraftContext<'_>, swept: &Swept) {
    let now = value_now(shown, swept);
    let (lo, hi) = swept.range;
    let mut value = now.unwrap_or((lo + hi) / 2.0);
    let field = DragValue::new(&mut value)
        .speed((hi - lo).abs().max(1e-6) / 200.0)
        .max_decimals(3)
        .custom_formatter(|value, _| match now {
            Some(_) => format::plain(Some((value * 1e3).round() / 1e3)),
            None => "curve".to_owned(),
        });
    let response = ui.add(field);
    let name = format!("Value of {}", swept.key);
    response.widget_info(|| WidgetInfo {
        value: Some(value),
        ..WidgetInfo::labeled(WidgetType::DragValue, true, &name)
    });
    if response.changed() && now != Some(value) {
        let join = format!("sweep {} {:?} {}", swept.merge, swept.place, swept.key);
        take(shown, swept, value, Some(join));
    }
}

/// The value that the recipe gives; `None` for a curve, and for several.
fn value_now(shown: &DraftContext<'_>, swept: &Swept) -> Option<f64> {
    match shown
        .composition
        .setting(swept.merge, swept.place, &swept.key)
    {
        Some(Setting::Value(Value::Number(value))) => Some(*value),
        _ => None,
    }
}

fn take(shown: &DraftContext<'_>, swept: &Swept, value: f64, join: Option<String>) {
    let setting = Setting::Value(Value::Number(value));
    shown.edit(&format!("Set {}", swept.key), join, |c| {
        c.set(swept.merge, swept.place, &swept.key, Some(setting));
    });
}

/// Every number of every merge that may be swept, with words for it.
fn sweepable(shown: &DraftContext<'_>) -> Vec<(String, Swept)> {
    let mut out = Vec::new();
    for (merge, recipe) in shown.composition.recipes.iter().enumerate() {
        let Some(method) = methods::find(&recipe.merge_method) else {
            continue;
        };
        let description = method.description();
        let of_merge = match shown.composition.recipes.len() {
            1 => String::new(),
            _ => format!(" of {}", description.title),
        };
        for parameter in description.parameters {
            let ParameterKind::Number { slider_range, .. } = parameter.kind else {
                continue;
            };
            let swept = |place| Swept {
                merge,
                place,
                key: parameter.key.to_owned(),
                range: slider_range,
            };
            match (parameter.scope, &recipe.content) {
                (ParameterScope::PerModel, Content::Models(models)) => {
                    for (k, source) in models.iter().enumerate() {
                        let name = format!("{} of {}", parameter.key, source.model.short_name());
                        out.push((name, swept(Place::Model(k))));
                    }
                }
                _ => out.push((format!("{}{of_merge}", parameter.key), swept(Place::Merge))),
            }
        }
    }
    out
}

fn plot_ui(
    ui: &mut Ui,
    shown: &DraftContext<'_>,
    swept: &Swept,
    sweep: &[SweepPoint],
    (metric, rows): (Metric, &[kin::Row]),
) {
    let t = Tokens::of(ui);
    let lines: Vec<Curve<'_>> = rows
        .iter()
        .filter(|row| row.who != kin::Who::Stranger)
        .take(MOST_LINES)
        .map(|row| Curve::new(row, rows, sweep, metric))
        .collect();
    let now = value_now(shown, swept);
    let plot = still_plot(ui, "sweep", HEIGHT, [&swept.key, metric.title])
        .set_margin_fraction(Vec2::new(0.02, 0.08))
        .show(ui, |plot| {
            for (role, line) in lines.iter().enumerate() {
                let points = PlotPoints::from(line.points.clone());
                let drawn = Line::new(line.row.name.clone(), points).allow_hover(false);
                plot.line(drawn.color(t.role(role)).width(1.75));
            }
            if let Some(now) = now {
                let mark = VLine::new("now", now).allow_hover(false);
                plot.vline(mark.color(t.accent).width(1.5));
            }
        });
    plot.response.named(
        WidgetType::Image,
        format!("Kinship of the child by {}", swept.key),
    );
    let pointed = plot.response.hover_pos().map(|at| {
        let (lo, hi) = swept.range;
        let value = plot.transform.value_from_position(at).x;
        (value.clamp(lo.min(hi), hi.max(lo)) * 100.0).round() / 100.0
    });
    legend_ui(ui, &lines, pointed.or(now));
    let hint = match pointed {
        Some(value) => {
            let value = format::decimals(Some(value), 2);
            format!("Click to take {} = {value}", swept.key)
        }
        None if now.is_none() => "A click takes one value for all layers".to_owned(),
        None => "Click into the curves to take a value".to_owned(),
    };
    line_ui(ui, &hint);
    if let Some(value) = pointed.filter(|_| plot.response.clicked()) {
        take(shown, swept, value, None);
    }
}

struct Curve<'r> {
    row: &'r kin::Row,
    points: Vec<[f64; 2]>,
}

impl<'r> Curve<'r> {
    fn new(row: &'r kin::Row, rows: &[kin::Row], sweep: &[SweepPoint], metric: Metric) -> Self {
        let point = |p: &SweepPoint| {
            let values = kin::value_of(row, rows, &p.with);
            Some([p.value, values.get(metric)?])
        };
        Self {
            row,
            points: sweep.iter().filter_map(point).collect(),
        }
    }

    /// On the straight line between the two nearest points.
    fn at(&self, x: f64) -> Option<f64> {
        let between = |w: &[[f64; 2]]| (w[0][0] - 1e-9..=w[1][0] + 1e-9).contains(&x);
        let pair = self.points.windows(2).find(|w| between(w))?;
        let share = (x - pair[0][0]) / (pair[1][0] - pair[0][0]);
        Some(pair[0][1] + share * (pair[1][1] - pair[0][1]))
    }
}

/// Which line is whose, with its value under the pointer, or where the recipe stands.
fn legend_ui(ui: &mut Ui, lines: &[Curve<'_>], x: Option<f64>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.spacing_mut().interact_size.y = LEGEND_ROW;
    for (role, line) in lines.iter().enumerate() {
        ui.horizontal(|ui| {
            let color = Tokens::of(ui).role(role);
            ui.label(RichText::new("—").color(color).strong());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let value = format::kinship(x.and_then(|x| line.at(x)));
                ui.label(RichText::new(value).small());
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    line_ui(ui, &line.row.name);
                });
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_between_its_points() {
        let row = kin::Row::new(kin::Who::Population, String::new());
        let curve = Curve {
            row: &row,
            points: vec![[0.0, 1.0], [0.5, 0.5], [1.0, 0.9]],
        };
        assert_eq!(curve.at(0.0), Some(1.0));
        assert!((curve.at(0.25).unwrap() - 0.75).abs() < 1e-12);
        assert!((curve.at(1.0).unwrap() - 0.9).abs() < 1e-12);
        assert_eq!(curve.at(1.5), None);
    }
}
