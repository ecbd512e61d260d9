//! The numbers of a curve, to be typed: how many points, and each of them.

use eframe::egui::{DragValue, ScrollArea, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

use super::{Edited, points, selected_mut, value_of};
use crate::merge::methods::ParameterKind;
use crate::merge::recipe::{Setting, Value};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::{icon_button_if, segmented};

/// A gradient of more points than this is read, and not drawn point by point.
const MOST: usize = 32;
/// Width of one number, in points.
const FIELD: f32 = 44.0;

pub fn ui(ui: &mut Ui, edited: &Edited, setting: &mut Setting, selected: usize) {
    let Some(value) = selected_mut(setting, selected) else {
        return;
    };
    let key = edited.parameter.key;
    if let ParameterKind::Flag { .. } = edited.parameter.kind {
        let mut is_on = points(value).first().is_some_and(|v| *v != 0.0);
        if ui.checkbox(&mut is_on, key).changed() {
            *value = Value::Flag(is_on);
        }
        return;
    }
    let mut all = points(value);
    let mut is_curve = all.len() > 1;
    ui.horizontal(|ui| {
        let name = format!("Shape of {key}");
        let shapes = [(false, "One value"), (true, "Curve")];
        if segmented(ui, &name, &mut is_curve, &shapes) {
            all = match is_curve {
                true => vec![all[0]; 5],
                false => vec![all.iter().sum::<f64>() / all.len() as f64],
            };
        }
        if is_curve {
            counts_ui(ui, &mut all);
        }
        ScrollArea::horizontal().id_salt("points").show(ui, |ui| {
            let shown = all.len().min(MOST);
            numbers_ui(ui, edited, &mut all[..shown]);
        });
    });
    if all != points(value) {
        *value = value_of(all);
    }
}

/// A point more or less; the curve keeps its shape.
fn counts_ui(ui: &mut Ui, all: &mut Vec<f64>) {
    let n = all.len();
    let fewer = icon_button_if(ui, n > 2, icon::MINUS, "One point less");
    ui.quiet(format!("{n} points"));
    let more = icon_button_if(ui, n < MOST, icon::PLUS, "One point more");
    if fewer {
        *all = resampled(all, n - 1);
    } else if more {
        *all = resampled(all, n + 1);
    }
}

fn numbers_ui(ui: &mut Ui, edited: &Edited, all: &mut [f64]) {
    let (lo, hi) = edited.range();
    let bounds = match edited.parameter.kind {
        ParameterKind::Number { min, max, .. } => min..=max,
        ParameterKind::Flag { .. } => 0.0..=1.0,
    };
    let n = all.len();
    ui.horizontal(|ui| {
        for (k, point) in all.iter_mut().enumerate() {
            let field = DragValue::new(point)
                .speed((hi - lo).abs().max(1e-6) / 200.0)
                .range(bounds.clone())
                .max_decimals(3)
                .custom_formatter(|value, _| format::plain(Some((value * 1e3).round() / 1e3)));
            let response = ui.add_sized([FIELD, ROW_HEIGHT], field);
            let value = *point;
            response.widget_info(|| {
                let name = match n {
                    1 => edited.parameter.key.to_owned(),
                    _ => format!("Point {} of {}", k + 1, edited.parameter.key),
                };
                WidgetInfo {
                    value: Some(value),
                    ..WidgetInfo::labeled(WidgetType::DragValue, true, name)
                }
            });
        }
    });
}

/// The same curve in another number of points, straight lines between.
fn resampled(points: &[f64], n: usize) -> Vec<f64> {
    let last = (points.len() - 1) as f64;
    let at = |k: usize| {
        let place = k as f64 / (n.max(2) - 1) as f64 * last;
        let before = (place as usize).min(points.len() - 1);
        let after = (before + 1).min(points.len() - 1);
        let share = place - before as f64;
        let value = points[before] * (1.0 - share) + points[after] * share;
        (value * 1e6).round() / 1e6
    };
    (0..n).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_its_shape_with_more_points() {
        assert_eq!(resampled(&[0.0, 1.0], 3), [0.0, 0.5, 1.0]);
        assert_eq!(resampled(&[0.0, 0.5, 1.0], 2), [0.0, 1.0]);
        assert_eq!(
            resampled(&[0.0, 0.5, 0.3, 0.7, 1.0], 5),
            [0.0, 0.5, 0.3, 0.7, 1.0]
        );
        assert_eq!(resampled(&[2.0, 4.0], 5), [2.0, 2.5, 3.0, 3.5, 4.0]);
    }
}
