//! What the marks mean: a row of names with their shape and line, and the strip of colours.

use eframe::egui::{
    Align2, Color32, Painter, Rect, Sense, Shape, Stroke, Ui, WidgetType, pos2, vec2,
};

use super::ink::{self, Ink};
use crate::figures::{Color, Dash, Figure, Layer, Marker, Panel};
use crate::ui::colormap::{Scale, gradient};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::text;

const SWATCH: f32 = 26.0;
const ROW: f32 = 18.0;
const STRIP: f32 = 120.0;

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    name: String,
    color: Color,
    marker: Option<Marker>,
    dash: Option<Dash>,
    is_area: bool,
}

/// The names of a figure, each once; what has the same name shares a swatch.
fn entries(figure: &Figure) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for key in figure.panels.iter().flat_map(|panel| &panel.key) {
        let entry = Entry {
            name: key.name.clone(),
            color: key.color,
            marker: key.marker,
            dash: key.dash,
            is_area: false,
        };
        if !out.contains(&entry) {
            out.push(entry);
        }
    }
    let unkeyed = figure.panels.iter().filter(|panel| panel.key.is_empty());
    for layer in unkeyed.flat_map(|panel| &panel.layers) {
        let Some(new) = entry(layer) else { continue };
        // Only what looks alike shares a swatch.
        let is_same = |entry: &&mut Entry| {
            entry.name == new.name
                && entry.color == new.color
                && (entry.marker == new.marker || entry.marker.is_none() || new.marker.is_none())
        };
        match out.iter_mut().find(is_same) {
            Some(old) => {
                old.marker = old.marker.or(new.marker);
                old.dash = old.dash.or(new.dash);
            }
            None => out.push(new),
        }
    }
    out
}

fn entry(layer: &Layer) -> Option<Entry> {
    let (name, color, marker, dash, is_area) = match layer {
        Layer::Points(mark) => {
            let color = mark.points.first()?.color;
            (&mark.name, color, Some(mark.marker), None, false)
        }
        Layer::Line(line) => (&line.name, line.color, None, Some(line.dash), false),
        Layer::Band { name, color, .. } | Layer::Bars { name, color, .. } => {
            (name, *color, None, None, true)
        }
        Layer::Vertical { .. } | Layer::Horizontal { .. } | Layer::Cells(_) => return None,
    };
    (!name.is_empty()).then(|| Entry {
        name: name.clone(),
        color,
        marker,
        dash,
        is_area,
    })
}

pub fn legend_ui(ui: &mut Ui, figure: &Figure) {
    let entries = entries(figure);
    let strips = strips(figure);
    if entries.is_empty() && strips.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = ROW;
        ui.spacing_mut().item_spacing = vec2(space::L, space::XS);
        let ink = Ink::new(&Panel::default(), Tokens::of(ui));
        for entry in &entries {
            entry_ui(ui, entry, &ink);
        }
        for (name, scale) in &strips {
            strip_ui(ui, name, *scale);
        }
    });
    ui.add_space(space::XS);
}

fn entry_ui(ui: &mut Ui, entry: &Entry, ink: &Ink) {
    let font = theme::small_font();
    let words = text::fitted(ui.painter(), &entry.name, &font, 220.0);
    let width = SWATCH + space::XS + text::width(ui, &words, font.clone());
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    response.named(WidgetType::Label, &entry.name);
    let swatch = rect.with_max_x(rect.left() + SWATCH);
    swatch_ui(ui.painter(), swatch, entry, ink);
    let at = pos2(swatch.right() + space::XS, rect.center().y);
    let ink = Tokens::of(ui).text;
    ui.painter().text(at, Align2::LEFT_CENTER, words, font, ink);
}

fn swatch_ui(painter: &Painter, rect: Rect, entry: &Entry, ink: &Ink) {
    // Points that are coloured by value have a shape and no colour of their own.
    let color = match entry.color {
        Color::Value(_) | Color::Signed(_) => Color::Quiet,
        color => color,
    };
    let fill = ink.of(color);
    if entry.is_area {
        painter.rect_filled(rect.shrink2(vec2(3.0, 5.0)), 2, fill.gamma_multiply(0.5));
    }
    if let Some(dash) = entry.dash {
        line_ui(painter, rect, dash, Stroke::new(2.0, fill));
    }
    if let Some(marker) = entry.marker {
        ink::marker(painter, marker, rect.center(), 4.5, ink, color);
    }
}

fn line_ui(painter: &Painter, rect: Rect, dash: Dash, stroke: Stroke) {
    let ends = [rect.left_center(), rect.right_center()];
    match dash {
        Dash::Solid => {
            painter.line_segment(ends, stroke);
        }
        Dash::Dashed => {
            painter.extend(Shape::dashed_line(&ends, stroke, 7.0, 4.0));
        }
        Dash::Dotted => {
            painter.extend(Shape::dotted_line(&ends, stroke.color, 5.0, 1.5));
        }
    }
}

fn strips(figure: &Figure) -> Vec<(String, Scale)> {
    let mut out: Vec<(String, Scale)> = Vec::new();
    for panel in &figure.panels {
        let Some((name, _, _)) = &panel.scale else {
            continue;
        };
        let strip = (name.clone(), ink::scale_of(panel));
        if !out.contains(&strip) {
            out.push(strip);
        }
    }
    out
}

fn strip_ui(ui: &mut Ui, name: &str, scale: Scale) {
    let (lo, hi) = scale.range();
    let number = |value: f64| {
        let digits = if hi - lo <= 10.0 { 1 } else { 0 };
        format::decimals(Some(value), digits)
    };
    let (least, most) = (number(lo), number(hi));
    let font = theme::small_font();
    let width = |words: &str| text::width(ui, words, font.clone());
    let total = width(name) + width(&least) + width(&most) + STRIP + 3.0 * space::S;
    let (rect, response) = ui.allocate_exact_size(vec2(total, ROW), Sense::hover());
    response.named(
        WidgetType::Image,
        format!("Colours {name}, {least} to {most}"),
    );
    let (t, painter) = (Tokens::of(ui), ui.painter());
    let mut at = rect.left_center();
    let write = |x: &mut f32, words: &str, ink: Color32| {
        let drawn = painter.text(
            pos2(*x, at.y),
            Align2::LEFT_CENTER,
            words,
            font.clone(),
            ink,
        );
        *x = drawn.right() + space::S;
    };
    write(&mut at.x, name, t.text);
    write(&mut at.x, &least, t.text_weak);
    let strip = Rect::from_min_size(pos2(at.x, rect.center().y - 4.0), vec2(STRIP, 8.0));
    painter.add(gradient(strip, |share| scale.at(share, t)));
    at.x = strip.right() + space::S;
    write(&mut at.x, &most, t.text_weak);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{LineMark, Point, PointMark, Side};

    #[test]
    fn a_line_and_its_points_share_a_name() {
        let line = Layer::Line(LineMark {
            is_thin: false,
            name: "Path 1".into(),
            color: Color::Series(0),
            dash: Dash::Dashed,
            side: Side::Left,
            points: vec![],
        });
        let points = Layer::Points(PointMark {
            name: "Path 1".into(),
            marker: Marker::Cross,
            points: vec![Point {
                x: 0.0,
                y: 0.0,
                color: Color::Series(0),
                label: String::new(),
                details: vec![],
                models: vec![],
                short: String::new(),
                is_named: false,
            }],
            ..PointMark::default()
        });
        let figure = Figure {
            panels: vec![Panel {
                layers: vec![line, points],
                ..Panel::default()
            }],
            ..Figure::default()
        };
        let found = entries(&figure);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].marker, Some(Marker::Cross));
        assert_eq!(found[0].dash, Some(Dash::Dashed));
    }
}
