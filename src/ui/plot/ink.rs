//! Colours by meaning in the theme in force, and the shapes of points.

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, vec2};
use egui_plot::LineStyle;

use crate::figures::{Color, Dash, Layer, Marker, Panel};
use crate::ui::colormap::{Scale, mix};
use crate::ui::theme::Tokens;

#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub tokens: &'static Tokens,
    pub scale: Scale,
}

impl Ink {
    pub fn new(panel: &Panel, tokens: &'static Tokens) -> Self {
        Self {
            tokens,
            scale: scale_of(panel),
        }
    }

    pub fn of(&self, color: Color) -> Color32 {
        let t = self.tokens;
        match color {
            Color::Series(k) => t.role(k),
            Color::Value(value) | Color::Signed(value) => self.scale.color(Some(value), t),
            Color::Quiet => t.line_strong,
        }
    }

    /// What parts a point from its neighbours and its ground: series by a gap, values, whose
    /// palest colours are nearly that of the ground, by an outline.
    fn outline(&self, color: Color) -> Stroke {
        let t = self.tokens;
        match color {
            Color::Series(_) | Color::Quiet => Stroke::new(1.0, t.background),
            Color::Value(_) | Color::Signed(_) => {
                Stroke::new(1.0, mix(self.of(color), t.text, 0.45))
            }
        }
    }
}

pub fn scale_of(panel: &Panel) -> Scale {
    let (lo, hi) = panel
        .scale
        .as_ref()
        .map_or((0.0, 1.0), |(_, lo, hi)| (*lo, *hi));
    let is_signed = |layer: &Layer| match layer {
        Layer::Points(mark) => mark
            .points
            .iter()
            .any(|p| matches!(p.color, Color::Signed(_))),
        Layer::Bars { points, .. } => points.iter().any(|p| matches!(p.color, Color::Signed(_))),
        Layer::Cells(cells) => cells.is_signed,
        _ => false,
    };
    let is_distance = |layer: &Layer| matches!(layer, Layer::Cells(cells) if cells.is_distance);
    if panel.layers.iter().any(is_signed) {
        let limit = lo.abs().max(hi.abs());
        Scale::Diverging { limit }
    } else if panel.layers.iter().any(is_distance) {
        Scale::Distance { lo, hi }
    } else {
        Scale::Sequential { lo, hi }
    }
}

pub fn style(dash: Dash) -> LineStyle {
    match dash {
        Dash::Solid => LineStyle::Solid,
        Dash::Dashed => LineStyle::Dashed { length: 7.0 },
        Dash::Dotted => LineStyle::Dotted { spacing: 5.0 },
    }
}

pub fn marker(painter: &Painter, marker: Marker, at: Pos2, radius: f32, ink: &Ink, color: Color) {
    let (fill, outline) = (ink.of(color), ink.outline(color));
    let polygon = |offsets: &[[f32; 2]]| {
        let corners = offsets.iter().map(|[x, y]| at + vec2(*x, *y) * radius);
        Shape::convex_polygon(corners.collect(), fill, outline)
    };
    let shape = match marker {
        Marker::Circle => Shape::circle_filled(at, radius, fill),
        Marker::Ring => {
            let width = radius * 0.45;
            Shape::circle_stroke(at, radius, Stroke::new(width, fill))
        }
        Marker::Cross => {
            let (arm, width) = (radius * 0.85, radius * 0.5);
            for arm in [vec2(arm, arm), vec2(arm, -arm)] {
                let ends = [at - arm, at + arm];
                painter.line_segment(ends, Stroke::new(width + 1.5, outline.color));
            }
            for arm in [vec2(arm, arm), vec2(arm, -arm)] {
                painter.line_segment([at - arm, at + arm], Stroke::new(width, fill));
            }
            return;
        }
        Marker::Square => polygon(&[[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]]),
        Marker::Triangle => polygon(&[[0.0, -1.1], [1.05, 0.8], [-1.05, 0.8]]),
        Marker::Diamond => polygon(&[[0.0, -1.2], [1.2, 0.0], [0.0, 1.2], [-1.2, 0.0]]),
    };
    painter.add(shape);
    if marker == Marker::Circle {
        painter.circle_stroke(at, radius, outline);
    }
}

/// A veil over the lines behind a name.
pub fn under(painter: &Painter, rect: Rect, t: &Tokens) {
    let veil = t.background.gamma_multiply(0.75);
    painter.rect_filled(rect.expand2(vec2(2.0, 0.0)), 3, veil);
}

/// The size of points: smaller where they are many.
pub fn radius(points: usize) -> f32 {
    match points {
        0..300 => 4.5,
        300..3_000 => 3.5,
        _ => 2.5,
    }
}
