//! One pair of axes with everything in it, on egui_plot.
//!
//! Axes, grid, lines, bands and the way from values to pixels are egui_plot's. Points are
//! painted over it, since they have outlines, shapes and rings that it does not know.

use eframe::egui::{
    Align2, Color32, Id, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2, WidgetType, pos2,
};
use egui_plot::{
    AxisHints, Bar, BarChart, FilledArea, HLine, HPlacement, Line, Plot, PlotPoint, PlotPoints,
    PlotTransform, PlotUi,
};

use super::Touched;
use super::bounds::{self, Home};
use super::card::Card;
use super::hand::{Hand, zoom_and_pan};
use super::ink::{self, Ink};
use super::names;
use super::spots::{Spot, nearest, spots};
use crate::figures::{Axis, Color, Layer, Panel, Side};
use crate::study::Selection;
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::theme::{self, Tokens, space};
use crate::ui::ticks::ticks;
use crate::ui::widgets::text;

const LINE_WIDTH: f32 = 1.75;
/// Of what is there for comparison.
const THIN: f32 = 1.0;
/// Room for the numbers of a vertical axis, in points.
const NUMBERS: f32 = 40.0;
/// Least distances between marks, in points.
const MARK_X: f32 = 40.0;
const MARK_NAME: f32 = 64.0;
const MARK_Y: f32 = 28.0;
/// What the other axis takes of the length that a name can have.
const AROUND: f32 = 28.0;

pub struct PanelView<'a> {
    pub panel: &'a Panel,
    pub index: usize,
    /// Parts it from others in the window.
    pub salt: Id,
    pub label: &'a str,
    pub selection: &'a Selection,
    pub lasso: bool,
    pub reset: bool,
    /// Whether the wheel zooms; it scrolls where the figure is higher than its place.
    pub has_wheel: bool,
}

impl PanelView<'_> {
    pub fn show(&self, ui: &mut Ui, hand: &mut Hand) -> Touched {
        let home = Home::new(self.panel);
        let ink = Ink::new(self.panel, Tokens::of(ui));
        let has_wheel = self.has_wheel;
        let plot = self.plot(ui, &home).show(ui, |plot| {
            zoom_and_pan(plot, &home, has_wheel);
            for layer in &self.panel.layers {
                add(plot, layer, &home, &ink);
            }
        });
        let (transform, response) = (plot.transform, plot.response);
        let has_moved = self.has_moved(ui, *transform.frame());
        response.named(WidgetType::Image, self.label);
        let spots = spots(self.panel, &home, &transform);
        self.paint(ui, &spots, &transform, &home, &ink);
        let picked = hand.touch(ui, self.index, &response, &spots, self.lasso);
        hand.paint(ui, self.index, *transform.frame());
        let still = !ui.input(|i| i.pointer.any_down());
        if let Some(spot) = response
            .hover_pos()
            .filter(|_| still)
            .and_then(|at| nearest(&spots, at))
        {
            ring(
                ui,
                spot,
                transform.frame(),
                Stroke::new(2.0, ink.tokens.text),
            );
            self.card(spot, &home).paint(ui, spot.at);
        }
        Touched {
            picked,
            is_zoomed: is_zoomed(&transform, &home),
            has_moved,
        }
    }

    /// Whether the frame is another one than before. How much room axes take shows only once
    /// they are drawn.
    fn has_moved(&self, ui: &Ui, frame: Rect) -> bool {
        let id = self.salt.with(("frame", self.index));
        let before: Option<Rect> = ui.data(|data| data.get_temp(id));
        let differs = |before: Rect| (before.size() - frame.size()).abs().max_elem() > 0.5;
        let has_moved = before.is_none_or(differs);
        if has_moved {
            ui.data_mut(|data| data.insert_temp(id, frame));
        }
        has_moved
    }

    fn plot(&self, ui: &Ui, home: &Home) -> Plot<'static> {
        let t = Tokens::of(ui);
        let bits = [home.x, home.y].map(|(lo, hi)| (lo.to_bits(), hi.to_bits()));
        let plot = Plot::new(self.salt.with((self.index, bits)))
            .height(ui.available_height())
            .width(ui.available_width())
            .min_size(Vec2::splat(40.0))
            .auto_bounds(false)
            .default_x_bounds(home.x.0, home.x.1)
            .default_y_bounds(home.y.0, home.y.1)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_axis_zoom_drag(false)
            .show_x(false)
            .show_y(false)
            .show_background(false)
            .cursor_color(Color32::TRANSPARENT)
            .label_formatter(|_| None)
            .grid_color(t.line)
            .grid_fade(0.0);
        let plot = if self.reset { plot.reset() } else { plot };
        if self.panel.has_axes {
            self.with_axes(plot, ui, home)
        } else {
            plot.show_axes(false).show_grid(false)
        }
    }

    fn with_axes(&self, plot: Plot<'static>, ui: &Ui, home: &Home) -> Plot<'static> {
        let t = Tokens::of(ui);
        let (x, y) = (&self.panel.x, &self.panel.y);
        let apart = if x.names.is_empty() {
            MARK_X
        } else {
            MARK_NAME
        };
        let most_x = (ui.available_width() / apart).clamp(2.0, 16.0) as usize;
        let most_y = (ui.available_height() / MARK_Y).clamp(2.0, 10.0) as usize;
        let (whole_x, whole_y) = (is_whole(x), is_whole(y));
        let (width, height) = (ui.available_width(), ui.available_height());
        let small = theme::small_font();
        let hints = |hints: AxisHints<'static>, axis: &Axis, room: f32| {
            let words = axis.clone();
            // Longer than its axis a name would lie over its neighbours.
            let name = text::fitted(ui.painter(), &axis.name, &small, room - AROUND);
            hints
                .label(quiet(name))
                .tick_label_font(theme::small_font())
                .tick_label_color(t.text_weak)
                .label_spacing(8.0..=12.0)
                .formatter(move |mark, _| bounds::mark_words(&words, mark))
        };
        let mut vertical = vec![hints(AxisHints::new_y(), y, height).min_thickness(NUMBERS)];
        if let (Some(right), Some(_)) = (&self.panel.right, home.right) {
            // Its marks do not stand where those of the left axis do; they are painted.
            let axis = hints(AxisHints::new_y(), right, height)
                .formatter(|_, _| String::new())
                .placement(HPlacement::Right);
            vertical.push(axis.min_thickness(NUMBERS + space::L));
        }
        plot.custom_x_axes(vec![hints(AxisHints::new_x(), x, width - NUMBERS)])
            .custom_y_axes(vertical)
            .x_grid_spacer(move |input| ticks(input.bounds, whole_x, most_x))
            .y_grid_spacer(move |input| ticks(input.bounds, whole_y, most_y))
    }

    /// Everything over the lines: points, rings, names, the numbers of the right axis.
    fn paint(
        &self,
        ui: &Ui,
        spots: &[Spot<'_>],
        transform: &PlotTransform,
        home: &Home,
        ink: &Ink,
    ) {
        let t = ink.tokens;
        let frame = *transform.frame();
        let painter = ui
            .painter()
            .with_clip_rect(frame.expand(6.0).intersect(ui.clip_rect()));
        if self.panel.has_axes {
            let line = Stroke::new(1.0, t.line_strong);
            painter.hline(frame.x_range(), frame.bottom(), line);
            painter.vline(frame.left(), frame.y_range(), line);
        }
        names::vertical_lines(&painter, self.panel, transform, ink);
        let radius = ink::radius(spots.len());
        for spot in spots.iter().filter(|spot| spot.bar.is_none()) {
            // What the axis at the right measures steps back behind what the left one does.
            let share = if spot.side == Side::Right { 0.72 } else { 1.0 };
            ink::marker(
                &painter,
                spot.marker,
                spot.at,
                radius * share,
                ink,
                spot.point.color,
            );
        }
        let selected: Vec<&Spot<'_>> = spots
            .iter()
            .filter(|s| is_selected(self.selection, s))
            .collect();
        for spot in &selected {
            ring(ui, spot, &frame, Stroke::new(2.5, t.accent));
        }
        let ringed: Vec<Pos2> = selected.iter().map(|spot| spot.at).collect();
        names::paint(&painter, self.panel, spots, &ringed, (home, transform), ink);
        if let (Some(axis), Some(_)) = (&self.panel.right, home.right) {
            right_marks(ui, axis, home, transform);
        }
    }

    fn card(&self, spot: &Spot<'_>, home: &Home) -> Card {
        let (axis, range) = home.axis(self.panel, spot.side);
        let point = spot.point;
        let mut rows = Vec::new();
        if self.panel.has_axes {
            let x = bounds::value_words(&self.panel.x, home.x, point.x);
            rows.push((self.panel.x.name.clone(), x));
            // Of what is scaled the axis knows no value; the details do.
            if spot.side != Side::Scaled {
                rows.push((axis.name.clone(), bounds::value_words(axis, range, point.y)));
            }
        }
        // What the axes say already is not said again.
        let is_said = |name: &String| rows.iter().any(|(axis, _)| says(axis, name));
        let more: Vec<(String, String)> = point
            .details
            .iter()
            .filter(|(name, value)| !is_said(name) && *value != point.label)
            .cloned()
            .collect();
        rows.extend(more);
        Card {
            title: point.label.clone(),
            rows,
        }
    }
}

/// Whether the name of an axis is that of a value too. After a comma stands what makes it
/// another one, such as a shift.
fn says(axis: &str, name: &str) -> bool {
    let rest = axis.strip_prefix(name);
    rest.is_some_and(|rest| !rest.starts_with(','))
        || axis
            .to_lowercase()
            .ends_with(&format!("({})", name.to_lowercase()))
}

fn is_whole(axis: &Axis) -> bool {
    axis.is_whole || !axis.names.is_empty()
}

/// Whether the models of a spot are what is selected: one of them, or both of a pair.
fn is_selected(selection: &Selection, spot: &Spot<'_>) -> bool {
    match (&spot.point.models[..], selection) {
        ([], _) | (_, Selection::Nothing) => false,
        (models, selection) => models.iter().all(|&id| selection.contains(id)),
    }
}

fn ring(ui: &Ui, spot: &Spot<'_>, frame: &Rect, stroke: Stroke) {
    let painter = ui
        .painter()
        .with_clip_rect(frame.expand(9.0).intersect(ui.clip_rect()));
    match spot.bar {
        Some(bar) => {
            painter.rect_stroke(bar.expand(1.0), 2, stroke, StrokeKind::Outside);
        }
        None => {
            painter.circle_stroke(spot.at, 8.0, stroke);
        }
    }
}

/// The numbers of the second vertical axis, at round values of its own.
fn right_marks(ui: &Ui, axis: &Axis, home: &Home, transform: &PlotTransform) {
    let t = Tokens::of(ui);
    let frame = transform.frame();
    let bounds = transform.bounds();
    let range = (
        home.on_right(bounds.min()[1]),
        home.on_right(bounds.max()[1]),
    );
    let most = (frame.height() / MARK_Y).clamp(2.0, 10.0) as usize;
    let line = Stroke::new(1.0, t.line_strong);
    ui.painter().vline(frame.right(), frame.y_range(), line);
    for mark in ticks(range, is_whole(axis), most) {
        let value = home.on_left(Side::Right, mark.value);
        let y = transform.position_from_point(&PlotPoint::new(0.0, value)).y;
        let at = pos2(frame.right(), y);
        ui.painter().hline(at.x..=at.x + 4.0, y, line);
        let words = bounds::mark_words(axis, mark);
        let at = at + Vec2::new(8.0, 0.0);
        ui.painter().text(
            at,
            Align2::LEFT_CENTER,
            words,
            theme::small_font(),
            t.text_weak,
        );
    }
}

fn is_zoomed(transform: &PlotTransform, home: &Home) -> bool {
    let bounds = transform.bounds();
    let differs = |a: f64, b: f64, whole: f64| (a - b).abs() > 1e-6 * whole.abs();
    let (x, y) = (home.x.1 - home.x.0, home.y.1 - home.y.0);
    let ([left, low], [right, high]) = (bounds.min(), bounds.max());
    differs(left, home.x.0, x)
        || differs(right, home.x.1, x)
        || differs(low, home.y.0, y)
        || differs(high, home.y.1, y)
}

/// Everything but points, as items of the plot.
fn add(plot: &mut PlotUi<'_>, layer: &Layer, home: &Home, ink: &Ink) {
    match layer {
        Layer::Points(_) | Layer::Cells(_) | Layer::Vertical { .. } => {}
        Layer::Line(line) => {
            let at = |p: &[f64; 2]| [p[0], home.on_left(line.side, p[1])];
            let points: Vec<[f64; 2]> = line.points.iter().map(at).collect();
            let item = Line::new("", PlotPoints::from(points))
                .color(ink.of(line.color))
                .width(match (line.is_thin, line.color) {
                    (true, _) => THIN,
                    (_, Color::Quiet) => 1.25,
                    _ => LINE_WIDTH,
                })
                .style(ink::style(line.dash));
            plot.line(item.allow_hover(false));
        }
        Layer::Band { color, points, .. } => {
            let column = |k: usize| -> Vec<f64> { points.iter().map(|p| p[k]).collect() };
            let fill = ink.of(*color).gamma_multiply(0.16);
            let area = FilledArea::new("", &column(0), &column(1), &column(2)).fill_color(fill);
            plot.add(area.allow_hover(false));
        }
        Layer::Horizontal { y, color } => {
            let line = HLine::new("", *y).color(ink.of(*color)).width(1.0);
            plot.hline(line.allow_hover(false));
        }
        Layer::Bars { width, points, .. } => {
            let bar = |p: &crate::figures::Point| {
                let fill = ink.of(p.color);
                Bar::new(p.x, p.y)
                    .width(*width)
                    .fill(fill)
                    .stroke(Stroke::NONE)
            };
            let chart = BarChart::new("", points.iter().map(bar).collect());
            plot.bar_chart(chart.allow_hover(false));
        }
    }
}
