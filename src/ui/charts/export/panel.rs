//! One panel: axes and grid around what is drawn.

use eframe::egui::Color32;
use plotters::style::text_anchor::HPos;

use super::canvas::{Area, Canvas, Type};
use super::frame::{
    BAR_GAP, BAR_WIDTH, Frame, LINE, MOST_TICKS, Margins, Place, SHAPE, TICK_GAP, TICK_LENGTH,
    Words, axis_width, column_names, row_names, size, vertical_words,
};
use super::ink::{Ink, has_scale};
use super::legend;
use super::marks;
use super::ruler::Ruler;
use super::ticks::ticks;
use crate::charts::{Color, Dash, Panel, Side};

/// Draws a panel in its place.
pub fn draw(canvas: &mut Canvas<'_>, panel: &Panel, place: &Place, ruler: &mut Ruler) {
    let ink = Ink::of(panel);
    let frame = Frame::new(panel, place.plot);
    let is_matrix = panel.cells().is_some();
    if panel.has_axes && !is_matrix {
        grid(canvas, panel, &frame, &ink);
    }
    marks::draw(canvas, panel, &ink, &frame, ruler);
    if panel.has_axes {
        horizontal_axis(canvas, panel, &frame, &ink, ruler);
        left_axis(canvas, panel, &frame, &ink, ruler, place.outer);
    }
    right_axis(canvas, panel, &frame, &ink, ruler);
    if has_scale(panel) && place.has_bar {
        color_bar(canvas, panel, &frame, &ink, ruler);
    }
    above(canvas, panel, &frame, place.margins, ruler);
}

/// The name of an axis that runs upwards, cut to the height of its plot.
fn upward_name(
    canvas: &mut Canvas<'_>,
    name: &str,
    x: f32,
    frame: &Frame,
    ink: &Ink,
    ruler: &mut Ruler,
) {
    let Area { top, bottom, .. } = frame.plot;
    // What lies above and below the plot is free beside it.
    let name = ruler.elided(name, size::NAME, (bottom - top) * 1.15);
    let kind = upward(size::NAME, HPos::Center, ink.tokens.text);
    canvas.text(&name, [x, (top + bottom) / 2.0], kind);
}

fn style(size: f32, align: HPos, color: Color32) -> Type {
    Type {
        size,
        is_strong: false,
        align,
        is_upward: false,
        color,
    }
}

fn upward(size: f32, align: HPos, color: Color32) -> Type {
    Type {
        is_upward: true,
        ..style(size, align, color)
    }
}

fn grid(canvas: &mut Canvas<'_>, panel: &Panel, frame: &Frame, ink: &Ink) {
    let Area {
        left,
        top,
        right,
        bottom,
    } = frame.plot;
    let (x, y) = (frame.bounds.x, frame.bounds.y);
    for (at, _) in ticks(x.0, x.1, columns_of_ticks(frame), panel.x.is_whole) {
        let x = frame.x(at);
        canvas.path(&[[x, top], [x, bottom]], ink.tokens.hover, 0.5);
    }
    for (at, _) in ticks(y.0, y.1, MOST_TICKS, panel.y.is_whole) {
        let y = frame.y(at, Side::Left);
        canvas.path(&[[left, y], [right, y]], ink.tokens.hover, 0.5);
    }
}

/// A wide plot has room for more numbers.
fn columns_of_ticks(frame: &Frame) -> usize {
    ((frame.plot.width() / 24.0) as usize).clamp(2, 16)
}

fn horizontal_axis(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    frame: &Frame,
    ink: &Ink,
    ruler: &mut Ruler,
) {
    let Area {
        left,
        right,
        bottom,
        ..
    } = frame.plot;
    let mut below = bottom + TICK_LENGTH + TICK_GAP;
    if panel.x.names.is_empty() {
        canvas.path(
            &[[left, bottom], [right, bottom]],
            ink.tokens.line_strong,
            0.7,
        );
        let (from, to) = frame.bounds.x;
        for (at, word) in ticks(from, to, columns_of_ticks(frame), panel.x.is_whole) {
            let x = frame.x(at);
            let ends = [[x, bottom], [x, bottom + TICK_LENGTH]];
            canvas.path(&ends, ink.tokens.line_strong, 0.7);
            let place = [x, below + size::TICK * 0.8];
            canvas.text(
                &word,
                place,
                style(size::TICK, HPos::Center, ink.tokens.text),
            );
        }
        below += size::TICK * LINE;
    } else {
        below += names_of_columns(canvas, panel, frame, ink, ruler, below);
    }
    let place = [(left + right) / 2.0, below + size::NAME];
    canvas.text(
        &panel.x.name,
        place,
        style(size::NAME, HPos::Center, ink.tokens.text),
    );
}

fn names_of_columns(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    frame: &Frame,
    ink: &Ink,
    ruler: &mut Ruler,
    top: f32,
) -> f32 {
    let cell = frame.plot.width() / panel.x.names.len() as f32;
    let (names, is_upward) = column_names(panel, ruler, cell);
    for (k, name) in names.iter().enumerate() {
        let x = frame.x(k as f64);
        if is_upward {
            let kind = upward(size::TICK, HPos::Right, ink.tokens.text);
            canvas.text(name, [x + size::TICK * 0.36, top], kind);
        } else {
            let kind = style(size::TICK, HPos::Center, ink.tokens.text);
            canvas.text(name, [x, top + size::TICK * 0.8], kind);
        }
    }
    if is_upward {
        ruler.widest(names.iter().map(String::as_str), size::TICK)
    } else {
        size::TICK * LINE
    }
}

fn left_axis(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    frame: &Frame,
    ink: &Ink,
    ruler: &mut Ruler,
    outer: f32,
) {
    let Area {
        left, top, bottom, ..
    } = frame.plot;
    let text = style(size::TICK, HPos::Right, ink.tokens.text);
    let number = left - TICK_LENGTH - TICK_GAP;
    if panel.y.names.is_empty() {
        canvas.path(&[[left, top], [left, bottom]], ink.tokens.line_strong, 0.7);
        let (from, to) = frame.bounds.y;
        for (at, word) in ticks(from, to, MOST_TICKS, panel.y.is_whole) {
            let y = frame.y(at, Side::Left);
            canvas.path(
                &[[left - TICK_LENGTH, y], [left, y]],
                ink.tokens.line_strong,
                0.7,
            );
            canvas.text(&word, [number, y + size::TICK * 0.36], text);
        }
    } else {
        for (k, name) in row_names(&panel.y, ruler, outer).iter().enumerate() {
            let y = frame.y(k as f64, Side::Left);
            canvas.text(name, [number, y + size::TICK * 0.36], text);
        }
    }
    let width = axis_width(&panel.y, frame.bounds.y, ruler, outer);
    let x = left - width + size::NAME;
    upward_name(canvas, &panel.y.name, x, frame, ink, ruler);
}

fn right_axis(canvas: &mut Canvas<'_>, panel: &Panel, frame: &Frame, ink: &Ink, ruler: &mut Ruler) {
    let (Some(axis), Some(range)) = (&panel.right, frame.bounds.right) else {
        return;
    };
    let Area {
        right, top, bottom, ..
    } = frame.plot;
    canvas.path(
        &[[right, top], [right, bottom]],
        ink.tokens.line_strong,
        0.7,
    );
    for (at, word) in ticks(range.0, range.1, MOST_TICKS, axis.is_whole) {
        let y = frame.y(at, Side::Right);
        canvas.path(
            &[[right, y], [right + TICK_LENGTH, y]],
            ink.tokens.line_strong,
            0.7,
        );
        let place = [right + TICK_LENGTH + TICK_GAP, y + size::TICK * 0.36];
        canvas.text(&word, place, style(size::TICK, HPos::Left, ink.tokens.text));
    }
    let width = axis_width(axis, range, ruler, frame.plot.width());
    upward_name(canvas, &axis.name, right + width - 2.0, frame, ink, ruler);
}

/// How finely the colour bar is divided.
const SLICES: usize = 96;
/// The tallest that it gets, in points.
const TALLEST_BAR: f32 = 190.0;

fn color_bar(canvas: &mut Canvas<'_>, panel: &Panel, frame: &Frame, ink: &Ink, ruler: &mut Ruler) {
    let second = match (&panel.right, frame.bounds.right) {
        (Some(axis), Some(range)) => axis_width(axis, range, ruler, frame.plot.width()),
        _ => 0.0,
    };
    let left = frame.plot.right + second + BAR_GAP;
    let height = frame.plot.height().min(TALLEST_BAR);
    let middle = (frame.plot.top + frame.plot.bottom) / 2.0;
    let bar = Area {
        left,
        right: left + BAR_WIDTH,
        top: middle - height / 2.0,
        bottom: middle + height / 2.0,
    };
    let (lo, hi) = ink.scale.range();
    let y = |value: f64| bar.bottom - ((value - lo) / (hi - lo)) as f32 * bar.height();
    for k in 0..SLICES {
        let at = |k: usize| lo + (hi - lo) * k as f64 / SLICES as f64;
        let slice = Area {
            top: y(at(k + 1)),
            // A little over the next, so that no white shows between.
            bottom: (y(at(k)) + 0.3).min(bar.bottom),
            ..bar
        };
        canvas.rect(slice, ink.value(Some((at(k) + at(k + 1)) / 2.0)), 1.0);
    }
    canvas.outline(bar, ink.tokens.line_strong, 0.5);
    let words = ticks(lo, hi, MOST_TICKS, false);
    for (at, word) in &words {
        let place = [bar.right + TICK_GAP, y(*at) + size::TICK * 0.36];
        canvas.text(word, place, style(size::TICK, HPos::Left, ink.tokens.text));
    }
    if let Some((name, ..)) = &panel.scale {
        let numbers = ruler.widest(words.iter().map(|(_, word)| word.as_str()), size::TICK);
        let x = bar.right + TICK_GAP + numbers + size::NAME * LINE;
        upward_name(canvas, name, x, frame, ink, ruler);
    }
}

/// Title, legend and the words of vertical lines.
fn above(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    frame: &Frame,
    margins: Margins,
    ruler: &mut Ruler,
) {
    let ink = Ink::of(panel);
    let plot = frame.plot;
    let mut top = plot.top - margins.top;
    if !panel.title.is_empty() {
        let kind = Type {
            is_strong: true,
            ..style(size::PANEL, HPos::Left, ink.tokens.text)
        };
        canvas.text(&panel.title, [plot.left, top + size::PANEL], kind);
        top += size::PANEL * LINE + 2.0;
    }
    legend::draw(canvas, panel, &ink, ruler, Area { top, ..plot });
    let (all, _) = vertical_words(panel, ruler, plot.width());
    let base = |words: &Words| plot.top - 3.0 - words.row as f32 * size::NAME * LINE;
    // From words that stand higher, the line is led up to them, behind those below.
    for words in all.iter().filter(|words| words.row > 0) {
        let x = plot.left + words.middle;
        let ends = [[x, plot.top], [x, base(words) + 2.0]];
        let color = words.runs.first().map_or(Color::Quiet, |run| run.1);
        let clip = Area { top: 0.0, ..plot };
        canvas.line(&ends, Dash::Dotted, ink.color(color), 0.5, clip);
    }
    for words in &all {
        vertical_name(canvas, words, [plot.left + words.middle, base(words)], &ink);
    }
}

/// Words over a vertical line, with the shapes of its runs before them.
fn vertical_name(canvas: &mut Canvas<'_>, words: &Words, [middle, base]: [f32; 2], ink: &Ink) {
    let left = middle - words.half;
    let area = Area {
        left: left - 1.0,
        right: middle + words.half + 1.0,
        top: base - size::NAME,
        bottom: base + 2.0,
    };
    canvas.rect(area, Color32::WHITE, 1.0);
    for (k, (marker, color)) in words.runs.iter().enumerate() {
        let at = [left + (k as f32 + 0.4) * SHAPE, base - size::NAME * 0.35];
        let rim = ink.tokens.raised;
        marks::marker(canvas, *marker, at, 2.6, ink.color(*color), rim);
    }
    let kind = style(size::NAME, HPos::Left, ink.tokens.text);
    let at = [left + SHAPE * words.runs.len() as f32, base];
    canvas.text(&words.text, at, kind);
}
