//! The curve over the layers, its points to be dragged.

use eframe::egui::{CursorIcon, Pos2, Ui, Vec2, WidgetType};
use egui_plot::{HLine, Line, LineStyle, PlotPoints, Points};

use super::{Edited, points, selected_mut, value_of};
use crate::merge::recipe::Setting;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::Tokens;
use crate::ui::views::merge::DraftContext;
use crate::ui::widgets::still_plot;

/// How near the pointer must be to a point, in points of the screen.
const REACH: f32 = 14.0;

pub fn ui(
    ui: &mut Ui,
    shown: &DraftContext<'_>,
    edited: &Edited,
    setting: &mut Setting,
    selected: usize,
    dragged: &mut Option<usize>,
) {
    let t = Tokens::of(ui);
    let last_layer = shown.ahead.map_or(1, |a| a.layers.max(2) - 1) as f64;
    let Some(own) = selected_mut(setting, selected).map(|value| points(value)) else {
        return;
    };
    let all = every_curve(setting);
    let (lo, hi) = bounds(edited.range(), &all);
    let behind: Vec<[f64; 2]> = parents(shown, (lo, hi));
    let key = edited.parameter.key;
    let height = ui.available_height().max(80.0);
    let plot = still_plot(ui, "curve over depth", height, ["Layer", key])
        .show_grid([false, true])
        .set_margin_fraction(Vec2::ZERO)
        .show(ui, |plot| {
            plot.set_plot_bounds_x(-0.02 * last_layer..=1.02 * last_layer);
            let air = 0.06 * (hi - lo);
            plot.set_plot_bounds_y(lo - air..=hi + air);
            if behind.len() > 1 {
                let line = Line::new("parents", PlotPoints::from(behind.clone()));
                let style = LineStyle::Dotted { spacing: 5.0 };
                let line = line.color(t.line_strong).width(1.5).style(style);
                plot.line(line.allow_hover(false));
            }
            for (k, curve) in all.iter().enumerate() {
                let (color, width) = match k == selected.min(all.len() - 1) {
                    true => (t.accent, 2.0),
                    false => (t.line_strong, 1.0),
                };
                let line = Line::new("", PlotPoints::from(corners(curve, last_layer)));
                plot.line(line.color(color).width(width).allow_hover(false));
            }
            if own.len() > 1 {
                let marks = Points::new("", PlotPoints::from(corners(&own, last_layer)));
                plot.points(marks.color(t.accent).radius(5.0).allow_hover(false));
            } else if let [value] = own[..] {
                let line = HLine::new("", value).color(t.accent).width(2.0);
                plot.hline(line.allow_hover(false));
            }
        });
    plot.response.named(
        WidgetType::Image,
        format!("{key} over the layers, {} points", own.len()),
    );
    let nearest = |at: Pos2| {
        let place = |[x, y]: [f64; 2]| plot.transform.position_from_point(&[x, y].into());
        let corners = corners(&own, last_layer).into_iter();
        let places = corners.map(|corner| place(corner).distance(at));
        let (k, distance) = places.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
        (distance <= REACH || own.len() == 1).then_some(k)
    };
    let response = &plot.response;
    if response.hover_pos().and_then(nearest).is_some() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeVertical);
    }
    // A point is taken where the button goes down, not where the pointer comes by.
    let is_pressed = ui.input(|i| i.pointer.primary_pressed());
    if response.is_pointer_button_down_on() && is_pressed {
        *dragged = response.interact_pointer_pos().and_then(nearest);
    }
    if !response.is_pointer_button_down_on() {
        *dragged = None;
    }
    if let (Some(k), Some(at)) = (*dragged, response.interact_pointer_pos()) {
        let wanted = plot.transform.value_from_position(at).y.clamp(lo, hi);
        let step = (hi - lo) / 100.0;
        let mut moved = own.clone();
        if let Some(point) = moved.get_mut(k) {
            *point = ((wanted / step).round() * step * 1e6).round() / 1e6;
        }
        if let Some(value) = selected_mut(setting, selected).filter(|_| moved != own) {
            *value = value_of(moved);
        }
    }
}

/// The corners of a curve: its points are spread evenly over the layers.
fn corners(curve: &[f64], last_layer: f64) -> Vec<[f64; 2]> {
    match curve {
        [one] => vec![[0.0, *one], [last_layer, *one]],
        all => {
            let step = last_layer / (all.len() - 1) as f64;
            all.iter()
                .enumerate()
                .map(|(k, &y)| [k as f64 * step, y])
                .collect()
        }
    }
}

fn every_curve(setting: &Setting) -> Vec<Vec<f64>> {
    match setting {
        Setting::Value(value) => vec![points(value)],
        Setting::Filtered(items) => items.iter().map(|item| points(&item.value)).collect(),
    }
}

/// The usual range, widened to what is drawn.
fn bounds((lo, hi): (f64, f64), curves: &[Vec<f64>]) -> (f64, f64) {
    let values = curves.iter().flatten().copied().filter(|v| v.is_finite());
    values.fold((lo, hi), |(lo, hi), v| (lo.min(v), hi.max(v)))
}

/// Kinship of the parents over the layers, from 0 to 1 laid over the range of the parameter.
fn parents(shown: &DraftContext<'_>, (lo, hi): (f64, f64)) -> Vec<[f64; 2]> {
    let Some(child) = shown.child() else {
        return Vec::new();
    };
    let point = |(k, value): (usize, &Option<f64>)| {
        Some([k as f64, lo + (hi - lo) * (*value)?.clamp(0.0, 1.0)])
    };
    let values = child.profile.parents.iter().enumerate();
    values.filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_spread_evenly_over_the_layers() {
        assert_eq!(corners(&[0.2], 31.0), [[0.0, 0.2], [31.0, 0.2]]);
        assert_eq!(
            corners(&[0.0, 1.0, 0.5], 10.0),
            [[0.0, 0.0], [5.0, 1.0], [10.0, 0.5]]
        );
        assert_eq!(bounds((0.0, 1.0), &[vec![-0.5, 0.3]]), (-0.5, 1.0));
    }
}
