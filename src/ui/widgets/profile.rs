//! Lines over the layers of a model: where two models are alike, and where they part.
//!
//! The legend stands above and doubles as readout: while the pointer is over the plot it shows
//! the layer and then each series' value there, in places that are kept for them, so that
//! nothing jumps; where they do not fit into one row they take several. A layer without a value
//! is a gap, never a zero.

use eframe::egui::{
    Align2, Color32, Id, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType,
    pos2, vec2,
};
use egui_plot::{AxisHints, HLine, Line, Plot, PlotPoint, PlotPoints, PlotTransform, Points};

use crate::ui::ext::quiet;
use crate::ui::format;
use crate::ui::theme::{self, Tokens};
use crate::ui::ticks::{ticks, words};
use crate::ui::widgets::text;

const LINE_WIDTH: f32 = 1.75;
const LEAST_HEIGHT: f32 = 64.0;
/// The axis under the lines, and what a number at their left needs, in points.
const BELOW: f32 = 36.0;
const MARK: f32 = 13.0;

#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// What it is, for the legend.
    pub name: &'a str,
    /// Which of the role colours it has.
    pub role: usize,
    /// A value a layer; undefined is a gap.
    pub values: Vec<Option<f64>>,
}

#[derive(Clone, Debug)]
pub struct Profile<'a> {
    /// Parts this plot from others in the same window.
    pub id_salt: &'a str,
    /// Name of the horizontal axis, such as `Layer`.
    pub x_name: &'a str,
    /// Name and unit of the vertical axis.
    pub y_name: &'a str,
    pub series: &'a [Series<'a>],
    /// The vertical range; `None` fits the data and 0.
    pub y_range: Option<(f64, f64)>,
    pub decimals: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileResponse {
    pub hovered: Option<usize>,
    pub clicked: Option<usize>,
}

impl Profile<'_> {
    pub fn show(&self, ui: &mut Ui) -> ProfileResponse {
        let legend = Legend::new(self, ui);
        let (space, _) = ui.allocate_exact_size(legend.size, Sense::hover());
        let plot = self.plot(ui).show(ui, |plot| {
            let t = Tokens::of(plot.ctx());
            plot.set_plot_bounds_x(-0.5..=self.layers().max(1) as f64 - 0.5);
            let (lo, hi) = self.y_bounds();
            plot.set_plot_bounds_y(lo..=hi);
            let zero = HLine::new("", 0.0).color(t.line_strong).width(1.0);
            plot.hline(zero.allow_hover(false));
            for series in self.series {
                let color = t.role(series.role);
                for run in runs(&series.values) {
                    add_run(plot, run, color);
                }
            }
        });
        let hovered = self.layer_at(&plot.response, &plot.transform);
        self.describe(&plot.response);
        if let Some(layer) = hovered {
            self.readout_marks(ui, &plot.transform, layer);
        }
        legend.paint(self, ui, space.min, hovered);
        let clicked = hovered.filter(|_| plot.response.clicked());
        ProfileResponse { hovered, clicked }
    }

    fn plot(&self, ui: &Ui) -> Plot<'static> {
        let t = Tokens::of(ui);
        let label = |text: &str| quiet(text);
        let axis = |hints: AxisHints<'static>, name: &str| {
            hints
                .label(label(name))
                .tick_label_font(theme::small_font())
                .tick_label_color(t.text_weak)
                .formatter(|mark, _| words(mark))
        };
        let height = ui.available_height().max(LEAST_HEIGHT);
        let most_marks = ((height - BELOW) / MARK).clamp(1.0, 5.0) as usize;
        Plot::new(Id::new("profile").with(self.id_salt))
            .height(height)
            .allow_zoom(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .allow_axis_zoom_drag(false)
            .show_x(false)
            .show_y(false)
            .show_background(false)
            .show_grid([false, true])
            .grid_color(t.line)
            .grid_fade(0.0)
            .set_margin_fraction(Vec2::ZERO)
            .x_grid_spacer(|input| ticks(input.bounds, true, 12))
            .y_grid_spacer(move |input| ticks(input.bounds, false, most_marks))
            .cursor_color(Color32::TRANSPARENT)
            .label_formatter(|_| None)
            .custom_x_axes(vec![
                axis(AxisHints::new_x(), self.x_name).label_spacing(8.0..=16.0),
            ])
            .custom_y_axes(vec![
                axis(AxisHints::new_y(), self.y_name)
                    .min_thickness(44.0)
                    .label_spacing(8.0..=16.0),
            ])
    }

    fn layers(&self) -> usize {
        self.series
            .iter()
            .map(|s| s.values.len())
            .max()
            .unwrap_or(0)
    }

    /// The given range, or that of the data with 0 in it and a little air.
    fn y_bounds(&self) -> (f64, f64) {
        if let Some(range) = self.y_range {
            return range;
        }
        let values = self.series.iter().flat_map(|s| s.values.iter().flatten());
        let (lo, hi) = values
            .filter(|v| v.is_finite())
            .fold((0.0, 0.0), |(lo, hi): (f64, f64), v| {
                (lo.min(*v), hi.max(*v))
            });
        let air = (hi - lo).max(1e-6) * 0.08;
        (
            if lo < 0.0 { lo - air } else { -air / 4.0 },
            if hi > 0.0 { hi + air } else { air / 4.0 },
        )
    }

    fn layer_at(&self, response: &Response, transform: &PlotTransform) -> Option<usize> {
        let at = transform
            .value_from_position(response.hover_pos()?)
            .x
            .round();
        (at >= 0.0 && (at as usize) < self.layers()).then_some(at as usize)
    }

    fn describe(&self, response: &Response) {
        response.widget_info(|| {
            let names: Vec<&str> = self.series.iter().map(|s| s.name).collect();
            let label = format!("{} by {}: {}", self.y_name, self.x_name, names.join(", "));
            WidgetInfo::labeled(WidgetType::Image, true, label)
        });
    }

    /// A line at the layer, and a dot on each series.
    fn readout_marks(&self, ui: &Ui, transform: &PlotTransform, layer: usize) {
        let t = Tokens::of(ui);
        let place = |y: f64| transform.position_from_point(&PlotPoint::new(layer as f64, y));
        let frame = transform.frame();
        let painter = ui.painter().with_clip_rect(frame.expand(4.0));
        painter.vline(
            place(0.0).x,
            frame.y_range(),
            Stroke::new(1.0, t.line_strong),
        );
        for series in self.series {
            if let Some(Some(value)) = series.values.get(layer) {
                let dot = place(*value);
                painter.circle(
                    dot,
                    4.0,
                    t.role(series.role),
                    Stroke::new(1.5, t.background),
                );
            }
        }
    }
}

/// The stretches without a gap.
fn runs(values: &[Option<f64>]) -> Vec<Vec<[f64; 2]>> {
    let mut runs: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
    for (layer, value) in values.iter().enumerate() {
        match (value.filter(|v| v.is_finite()), runs.last_mut()) {
            (Some(value), Some(run)) => run.push([layer as f64, value]),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn add_run<'a>(plot: &mut egui_plot::PlotUi<'a>, run: Vec<[f64; 2]>, color: Color32) {
    let is_alone = run.len() == 1;
    let points = PlotPoints::from(run);
    if is_alone {
        let dot = Points::new("", points).color(color).radius(2.5);
        plot.points(dot.allow_hover(false));
    } else {
        let line = Line::new("", points).color(color).width(LINE_WIDTH);
        plot.line(line.allow_hover(false));
    }
}

const ROW: f32 = 20.0;
const GAP: f32 = 4.0;
/// Length of the line, and what parts one series from the next.
const LINE: f32 = 10.0;
const APART: f32 = 10.0;

/// Where everything stands, whether or not the pointer is there.
struct Legend {
    pub size: Vec2,
    /// Of the layer, then of each series, from the corner.
    cells: Vec<Rect>,
    names: Vec<f32>,
}

impl Legend {
    pub fn new(profile: &Profile<'_>, ui: &Ui) -> Self {
        let width = |line: &str| text::width(ui, line, theme::small_font());
        let value = width(&format::decimals(Some(-1.0), profile.decimals));
        let names: Vec<f32> = profile.series.iter().map(|s| width(s.name)).collect();
        let layer = width(&layer_label(profile, profile.layers().saturating_sub(1)));
        let series = names.iter().map(|name| LINE + GAP + name + GAP + value);
        let widths: Vec<f32> = std::iter::once(layer).chain(series).collect();
        let room = ui.available_width();
        let cells = in_rows(&widths, APART, room);
        let bottom = cells.last().map_or(ROW, Rect::bottom);
        Self {
            size: vec2(room, bottom),
            cells,
            names,
        }
    }

    pub fn paint(&self, profile: &Profile<'_>, ui: &Ui, corner: Pos2, hovered: Option<usize>) {
        let (t, font) = (Tokens::of(ui), theme::small_font());
        let room = Rect::from_min_size(corner, self.size);
        let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
        let mut cells = self
            .cells
            .iter()
            .map(|cell| cell.translate(corner.to_vec2()));
        let write = |at: Pos2, line: &str, ink| {
            painter.text(at, Align2::LEFT_CENTER, line, font.clone(), ink);
        };
        if let (Some(cell), Some(layer)) = (cells.next(), hovered) {
            let label = layer_label(profile, layer);
            write(cell.left_center(), &label, t.text_weak);
        }
        for ((cell, series), name) in cells.zip(profile.series).zip(&self.names) {
            let (left, y) = (cell.left(), cell.center().y);
            let stroke = Stroke::new(LINE_WIDTH + 0.75, t.role(series.role));
            painter.hline(left..=left + LINE, y, stroke);
            let left = left + LINE + GAP;
            write(pos2(left, y), series.name, t.text);
            if let Some(layer) = hovered {
                let value = series.values.get(layer).copied().flatten();
                let shown = format::decimals(value, profile.decimals);
                write(pos2(left + name + GAP, y), &shown, t.text);
            }
        }
    }
}

fn layer_label(profile: &Profile<'_>, layer: usize) -> String {
    format!("{} {layer}", profile.x_name)
}

/// Cells of these widths from left to right, in as many rows as they need; further rows begin
/// below the second cell, since the first is the layer's.
fn in_rows(widths: &[f32], gap: f32, room: f32) -> Vec<Rect> {
    let mut at = Pos2::ZERO;
    let widest = widths.iter().skip(1).copied().fold(0.0, f32::max);
    let indent = widths.first().map_or(0.0, |first| first + gap);
    let indent = if indent + widest > room { 0.0 } else { indent };
    let mut cells = Vec::new();
    for &width in widths {
        if at.x > indent && at.x + width > room {
            at = pos2(indent, at.y + ROW);
        }
        cells.push(Rect::from_min_size(at, vec2(width, ROW)));
        at.x += width + gap;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_layer_is_a_gap() {
        let values = [
            Some(0.1),
            None,
            Some(0.3),
            Some(0.4),
            Some(f64::NAN),
            None,
            Some(0.5),
        ];
        let lengths: Vec<usize> = runs(&values).iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 2, 1]);
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn the_range_holds_zero_unless_given() {
        let series = [Series {
            name: "a",
            role: 0,
            values: vec![Some(0.2), Some(0.5), None],
        }];
        let mut profile = Profile {
            id_salt: "",
            x_name: "Layer",
            y_name: "Kinship",
            series: &series,
            y_range: None,
            decimals: 3,
        };
        let (lo, hi) = profile.y_bounds();
        assert!((-0.05..=0.0).contains(&lo) && hi > 0.5 && hi < 0.6);
        profile.y_range = Some((-1.0, 1.0));
        assert_eq!(profile.y_bounds(), (-1.0, 1.0));
    }

    #[test]
    fn the_layer_and_the_values_never_overlap() {
        let widths = [48.0, 110.0, 90.0, 95.0];
        for room in [40.0, 120.0, 200.0, 300.0, 420.0] {
            let cells = in_rows(&widths, 12.0, room);
            assert_eq!(cells[0].min, Pos2::ZERO);
            for (k, a) in cells.iter().enumerate() {
                assert!(a.right() <= room || a.left() == 0.0, "{room} {a:?}");
                assert!(cells[k + 1..].iter().all(|b| !a.shrink(0.1).intersects(*b)));
            }
        }
        assert_eq!(in_rows(&widths, 12.0, 420.0)[3].top(), 0.0);
    }
}
