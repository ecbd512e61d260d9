//! What the colours, markers and dashes mean, in rows above a plot.

use plotters::style::text_anchor::HPos;

use super::canvas::{Area, Canvas, Type};
use super::frame::{LINE, size};
use super::ink::Ink;
use super::marks;
use super::ruler::Ruler;
use crate::charts::{Color, Dash, Key, Layer, Marker, Panel};

/// Width of the sample before a name, and of a marker alone.
const SAMPLES: (f32, f32) = (18.0, 7.0);
/// Between sample and name, and between entries.
const GAPS: (f32, f32) = (4.0, 14.0);

/// What is drawn for one name: a run's line and its points are one entry.
#[derive(Clone, Debug, Default, PartialEq)]
struct Entry {
    name: String,
    marker: Option<(Marker, Color)>,
    line: Option<(Dash, Color)>,
    area: Option<(Color, f64)>,
}

impl Entry {
    fn sample_width(&self) -> f32 {
        if self.line.is_none() && self.area.is_none() {
            SAMPLES.1
        } else {
            SAMPLES.0
        }
    }
}

/// The height of the legend over a plot of this width; 0 without one.
pub fn height(panel: &Panel, ruler: &mut Ruler, width: f32) -> f32 {
    match rows(panel, ruler, width).len() {
        0 => 0.0,
        rows => rows as f32 * size::NAME * LINE + 4.0,
    }
}

/// Draws it with its upper edge at `top`.
pub fn draw(canvas: &mut Canvas<'_>, panel: &Panel, ink: &Ink, ruler: &mut Ruler, area: Area) {
    for (k, row) in rows(panel, ruler, area.width()).iter().enumerate() {
        let base = area.top + (k as f32 + 0.8) * size::NAME * LINE;
        for (entry, x) in row {
            sample(
                canvas,
                entry,
                ink,
                [area.left + x, base - size::NAME * 0.35],
            );
            let style = Type {
                size: size::NAME,
                is_strong: false,
                align: HPos::Left,
                is_upward: false,
                color: ink.tokens.text,
            };
            let before = entry.sample_width() + GAPS.0;
            let name = ruler.elided(&entry.name, size::NAME, area.width() - before);
            canvas.text(&name, [area.left + x + before, base], style);
        }
    }
}

/// Entries in rows, each with its place from the left.
fn rows(panel: &Panel, ruler: &mut Ruler, width: f32) -> Vec<Vec<(Entry, f32)>> {
    let mut out: Vec<Vec<(Entry, f32)>> = Vec::new();
    let mut x = 0.0;
    for entry in entries(panel) {
        let own = entry.sample_width() + GAPS.0 + ruler.width(&entry.name, size::NAME, false);
        match out.last_mut().filter(|_| x + own <= width) {
            Some(row) => row.push((entry, x)),
            None => {
                x = 0.0;
                out.push(vec![(entry, x)]);
            }
        }
        x += own + GAPS.1;
    }
    out
}

fn entries(panel: &Panel) -> Vec<Entry> {
    if !panel.key.is_empty() {
        return panel.key.iter().map(of_key).collect();
    }
    let mut out: Vec<Entry> = Vec::new();
    for layer in &panel.layers {
        let (Layer::Points(_) | Layer::Line(_) | Layer::Band { .. } | Layer::Bars { .. }) = layer
        else {
            continue;
        };
        let name = name(layer);
        if name.is_empty() {
            continue;
        }
        let at = out.iter().position(|e| e.name == name).unwrap_or(out.len());
        if at == out.len() {
            out.push(Entry {
                name: name.to_owned(),
                ..Entry::default()
            });
        }
        add(&mut out[at], layer);
    }
    out
}

fn of_key(key: &Key) -> Entry {
    Entry {
        name: key.name.clone(),
        marker: key.marker.map(|marker| (marker, key.color)),
        line: key.dash.map(|dash| (dash, key.color)),
        area: None,
    }
}

fn name(layer: &Layer) -> &str {
    match layer {
        Layer::Points(mark) => &mark.name,
        Layer::Line(mark) => &mark.name,
        Layer::Band { name, .. } | Layer::Bars { name, .. } => name,
        _ => "",
    }
}

fn add(entry: &mut Entry, layer: &Layer) {
    match layer {
        Layer::Points(mark) => {
            let color = mark.points.first().map_or(Color::Quiet, |p| p.color);
            let quiet = matches!(color, Color::Value(_) | Color::Signed(_));
            entry.marker = Some((mark.marker, if quiet { Color::Quiet } else { color }));
        }
        Layer::Line(mark) => entry.line = Some((mark.dash, mark.color)),
        Layer::Band { color, .. } => entry.area = Some((*color, marks::BAND_ALPHA * 1.6)),
        Layer::Bars { color, .. } => entry.area = Some((*color, 1.0)),
        _ => {}
    }
}

fn sample(canvas: &mut Canvas<'_>, entry: &Entry, ink: &Ink, [x, y]: [f32; 2]) {
    let width = entry.sample_width();
    let area = Area {
        left: x,
        top: y - 3.5,
        right: x + width,
        bottom: y + 3.5,
    };
    if let Some((color, alpha)) = entry.area {
        canvas.rect(area, ink.color(color), alpha);
    }
    if let Some((dash, color)) = entry.line {
        let ends = [[x, y], [x + width, y]];
        canvas.line(&ends, dash, ink.color(color), marks::LINE_WIDTH, area);
    }
    if let Some((marker, color)) = entry.marker {
        let rim = ink.tokens.raised;
        marks::marker(
            canvas,
            marker,
            [x + width / 2.0, y],
            2.6,
            ink.color(color),
            rim,
        );
    }
}
