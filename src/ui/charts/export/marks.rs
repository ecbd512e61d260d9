//! What is drawn inside a plot: points, lines, bands, bars, cells, and the names of points.

use eframe::egui::Color32;
use plotters::style::text_anchor::HPos;

use super::canvas::{Area, Canvas, Type};
use super::frame::{Frame, size};
use super::ink::{self, Ink};
use super::ruler::Ruler;
use crate::charts::{Cells, Color, Dash, Layer, Marker, Panel, PointMark, Side, labels};
use crate::ui::{colormap, format};

/// Width of lines, in points.
pub const LINE_WIDTH: f32 = 1.3;
/// Width of lines that stand behind, in points.
const QUIET_WIDTH: f32 = 0.8;
/// How much of what lies behind a band is hidden.
pub const BAND_ALPHA: f64 = 0.16;
/// Radius of a point, and where there are many.
const RADIUS: (f32, f32) = (2.6, 2.0);
const MANY: usize = 80;

/// Draws every layer, back to front, and then the names.
pub fn draw(canvas: &mut Canvas<'_>, panel: &Panel, ink: &Ink, frame: &Frame, ruler: &mut Ruler) {
    let many = ink::points(panel).count() > MANY;
    let radius = if many { RADIUS.1 } else { RADIUS.0 };
    for layer in &panel.layers {
        match layer {
            Layer::Points(mark) => points(canvas, mark, ink, frame, radius),
            Layer::Line(mark) => {
                let corners = mark.points.iter();
                let corners: Vec<[f32; 2]> =
                    corners.map(|&[x, y]| frame.at(x, y, mark.side)).collect();
                let quiet = mark.color == Color::Quiet;
                let width = if quiet { QUIET_WIDTH } else { LINE_WIDTH };
                canvas.line(
                    &corners,
                    mark.dash,
                    ink.color(mark.color),
                    width,
                    frame.plot,
                );
            }
            Layer::Band { color, points, .. } => band(canvas, points, ink.color(*color), frame),
            Layer::Vertical { x, runs, .. } => vertical(canvas, frame.x(*x), runs, ink, frame),
            Layer::Horizontal { y, color } => {
                let y = frame.y(*y, Side::Left);
                let ends = [[frame.plot.left, y], [frame.plot.right, y]];
                canvas.line(
                    &ends,
                    Dash::Solid,
                    ink.color(*color),
                    QUIET_WIDTH,
                    frame.plot,
                );
            }
            Layer::Bars {
                color,
                width,
                points,
                ..
            } => {
                for point in points {
                    let zero = frame.y(0.0, Side::Left);
                    let end = frame.y(point.y, Side::Left);
                    let area = Area {
                        left: frame.x(point.x - width / 2.0),
                        right: frame.x(point.x + width / 2.0),
                        top: zero.min(end).max(frame.plot.top),
                        bottom: zero.max(end).min(frame.plot.bottom),
                    };
                    canvas.rect(area, ink.color(*color), 1.0);
                }
            }
            Layer::Cells(values) => cells(canvas, values, ink, frame, ruler),
        }
    }
    names(canvas, panel, ink, frame, ruler);
}

fn points(canvas: &mut Canvas<'_>, mark: &PointMark, ink: &Ink, frame: &Frame, radius: f32) {
    // What the axis at the right measures steps back behind what the left one does.
    let share = if mark.side == Side::Right { 0.72 } else { 1.0 };
    let radius = radius * share;
    for point in &mark.points {
        let at = frame.at(point.x, point.y, mark.side);
        if !frame.plot.has(at) {
            continue;
        }
        let color = ink.color(point.color);
        // A bright value on white has a rim that can be seen.
        let rim = match point.color {
            Color::Value(_) | Color::Signed(_) => colormap::mix(color, ink.tokens.text, 0.5),
            _ => ink.tokens.raised,
        };
        marker(canvas, mark.marker, at, radius, color, rim);
    }
}

/// Corners of a ring.
const RING: usize = 32;

/// A dash of a vertical line, and from one to the next.
const DASH: (f32, f32) = (4.5, 7.0);

/// A line that has the colours of its runs in turn.
fn vertical(canvas: &mut Canvas<'_>, x: f32, runs: &[(Marker, Color)], ink: &Ink, frame: &Frame) {
    if x < frame.plot.left || x > frame.plot.right {
        return;
    }
    let colors: Vec<Color> = match runs {
        [] => vec![Color::Quiet],
        runs => runs.iter().map(|(_, color)| *color).collect(),
    };
    let count = (frame.plot.height() / DASH.1).ceil() as usize;
    for (k, color) in (0..count).zip(colors.iter().cycle()) {
        let top = frame.plot.top + k as f32 * DASH.1;
        let bottom = (top + DASH.0).min(frame.plot.bottom);
        canvas.path(&[[x, top], [x, bottom]], ink.color(*color), 1.0);
    }
}

/// One marker.
pub fn marker(
    canvas: &mut Canvas<'_>,
    marker: Marker,
    [x, y]: [f32; 2],
    radius: f32,
    color: Color32,
    rim: Color32,
) {
    let r = radius;
    let corners: &[[f32; 2]] = match marker {
        Marker::Circle => return canvas.circle([x, y], r, color, rim),
        Marker::Ring => {
            let turn = |k: usize| std::f32::consts::TAU * k as f32 / RING as f32;
            let round = |k: usize| [x + turn(k).cos() * r, y + turn(k).sin() * r];
            let outline: Vec<[f32; 2]> = (0..=RING).map(round).collect();
            return canvas.path(&outline, color, 1.3);
        }
        Marker::Cross => {
            for (color, width) in [(rim, 2.1), (color, 1.3)] {
                for [dx, dy] in [[r, r], [r, -r]] {
                    canvas.path(&[[x - dx, y - dy], [x + dx, y + dy]], color, width);
                }
            }
            return;
        }
        Marker::Square => &[[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
        Marker::Triangle => &[[0.0, -1.2], [1.1, 0.8], [-1.1, 0.8]],
        Marker::Diamond => &[[0.0, -1.3], [1.3, 0.0], [0.0, 1.3], [-1.3, 0.0]],
    };
    let mut outline: Vec<[f32; 2]> = corners
        .iter()
        .map(|c| [x + c[0] * r, y + c[1] * r])
        .collect();
    canvas.polygon(&outline, color, 1.0);
    outline.extend(outline.first().copied());
    canvas.path(&outline, rim, 0.5);
}

/// Bands are held at the edges of the plot, which changes nothing inside.
fn band(canvas: &mut Canvas<'_>, points: &[[f64; 3]], color: Color32, frame: &Frame) {
    let (from, to) = frame.bounds.x;
    let inside = points.iter().filter(|p| p[0] >= from && p[0] <= to);
    let edge = |x: f64, y: f64| {
        let [x, y] = frame.at(x, y, Side::Left);
        [x, y.clamp(frame.plot.top, frame.plot.bottom)]
    };
    let mut outline: Vec<[f32; 2]> = inside.clone().map(|p| edge(p[0], p[1])).collect();
    outline.extend(inside.rev().map(|p| edge(p[0], p[2])));
    if outline.len() > 2 {
        canvas.polygon(&outline, color, BAND_ALPHA);
    }
}

fn cells(canvas: &mut Canvas<'_>, cells: &Cells, ink: &Ink, frame: &Frame, ruler: &mut Ruler) {
    for (k, &value) in cells.values.iter().enumerate() {
        let (column, row) = ((k % cells.columns) as f64, (k / cells.columns) as f64);
        let [left, top] = frame.at(column - 0.5, row - 0.5, Side::Left);
        let [right, bottom] = frame.at(column + 0.5, row + 0.5, Side::Left);
        let area = Area {
            left,
            top,
            right,
            bottom,
        };
        let color = ink.value(value);
        canvas.rect(area, color, 1.0);
        if value.is_none() {
            let ends = [[left, bottom], [right, top]];
            canvas.path(&ends, ink.tokens.line_strong, 0.5);
        }
        let Some(decimals) = cells.decimals else {
            continue;
        };
        let text = format::decimals(value, decimals);
        let fits = ruler.width(&text, size::TICK, false) < area.width() - 2.0
            && area.height() > size::TICK;
        if fits && value.is_some() {
            let middle = [
                (left + right) / 2.0,
                (top + bottom) / 2.0 + size::TICK * 0.36,
            ];
            canvas.text(&text, middle, small(HPos::Center, colormap::text_on(color)));
        }
    }
    for k in 1..cells.columns {
        let x = frame.x(k as f64 - 0.5);
        canvas.path(
            &[[x, frame.plot.top], [x, frame.plot.bottom]],
            Color32::WHITE,
            0.5,
        );
    }
    for k in 1..cells.rows() {
        let y = frame.y(k as f64 - 0.5, Side::Left);
        canvas.path(
            &[[frame.plot.left, y], [frame.plot.right, y]],
            Color32::WHITE,
            0.5,
        );
    }
}

fn small(align: HPos, color: Color32) -> Type {
    Type {
        size: size::TICK,
        is_strong: false,
        align,
        is_upward: false,
        color,
    }
}

/// The longest that the label of a point may be, as a share of the plot.
const LONGEST_LABEL: f32 = 0.45;

/// Names of points, off each other, off points and, where there is room, off lines.
fn names(canvas: &mut Canvas<'_>, panel: &Panel, ink: &Ink, frame: &Frame, ruler: &mut Ruler) {
    let (mut anchors, mut texts, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for layer in &panel.layers {
        let Layer::Points(mark) = layer else { continue };
        for point in &mark.points {
            let at = frame.at(point.x, point.y, mark.side);
            if !frame.plot.has(at) {
                continue;
            }
            points.push(at);
            if point.is_named && !point.label.is_empty() {
                let longest = frame.plot.width() * LONGEST_LABEL;
                texts.push(ruler.elided(&point.label, size::TICK, longest));
                anchors.push(at);
            }
        }
    }
    let sizes: Vec<[f32; 2]> = texts
        .iter()
        .map(|text| [ruler.width(text, size::TICK, false), size::TICK * 1.15])
        .collect();
    let frame_ends = [
        frame.plot.left,
        frame.plot.top,
        frame.plot.right,
        frame.plot.bottom,
    ];
    // In a tree the edges lie everywhere, and a name far from its node says nothing.
    let lines = if panel.has_axes {
        along_lines(panel, frame)
    } else {
        Vec::new()
    };
    let mut places = labels::place(&anchors, &sizes, (&points, &lines), frame_ends);
    if places.iter().any(Option::is_none) {
        places = labels::place(&anchors, &sizes, (&points, &[]), frame_ends);
    }
    for ((text, size), place) in texts.iter().zip(&sizes).zip(places) {
        let Some([left, top]) = place else { continue };
        let area = Area {
            left: left - 0.5,
            top,
            right: left + size[0] + 0.5,
            bottom: top + size[1],
        };
        canvas.rect(area, Color32::WHITE, 0.75);
        let baseline = [left, top + size[1] * 0.8];
        canvas.text(text, baseline, small(HPos::Left, ink.tokens.text));
    }
}

/// Points every few points along each line, which names keep off.
fn along_lines(panel: &Panel, frame: &Frame) -> Vec<[f32; 2]> {
    const EVERY: f32 = 4.0;
    let mut out = Vec::new();
    for layer in &panel.layers {
        let Layer::Line(mark) = layer else { continue };
        for pair in mark.points.windows(2) {
            let from = frame.at(pair[0][0], pair[0][1], mark.side);
            let to = frame.at(pair[1][0], pair[1][1], mark.side);
            let length = (to[0] - from[0]).hypot(to[1] - from[1]);
            let steps = (length / EVERY).ceil().clamp(1.0, 2000.0);
            for k in 0..=steps as usize {
                let t = k as f32 / steps;
                let at = [
                    from[0] + t * (to[0] - from[0]),
                    from[1] + t * (to[1] - from[1]),
                ];
                if frame.plot.has(at) {
                    out.push(at);
                }
            }
        }
    }
    out
}
