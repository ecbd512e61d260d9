//! Colours on paper: dark on white, series as in the light theme.

use eframe::egui::{Color32, Theme};

use crate::charts::{Cells, Color, Layer, Panel, Point};
use crate::ui::colormap::Scale;
use crate::ui::theme::Tokens;

/// How the colours of a panel are printed.
#[derive(Clone, Copy)]
pub struct Ink {
    /// The light theme.
    pub tokens: &'static Tokens,
    /// What its values mean.
    pub scale: Scale,
}

impl Ink {
    /// The colours of a panel.
    pub fn of(panel: &Panel) -> Self {
        Self {
            tokens: tokens(),
            scale: scale(panel),
        }
    }

    /// A colour by its meaning.
    pub fn color(&self, color: Color) -> Color32 {
        match color {
            Color::Series(index) => self.tokens.role(index),
            Color::Value(value) | Color::Signed(value) => self.value(Some(value)),
            Color::Quiet => self.tokens.line_strong,
        }
    }

    /// A value on the panel's scale; undefined is grey.
    pub fn value(&self, value: Option<f64>) -> Color32 {
        self.scale.color(value, self.tokens)
    }
}

/// The colours of paper.
pub fn tokens() -> &'static Tokens {
    Tokens::for_theme(Theme::Light)
}

/// Whether a panel needs a colour bar.
pub fn has_scale(panel: &Panel) -> bool {
    panel.scale.is_some() || panel.cells().is_some()
}

fn scale(panel: &Panel) -> Scale {
    let given = panel.scale.as_ref().map(|&(_, lo, hi)| (lo, hi));
    let cells = panel.cells();
    let (lo, hi) = given
        .or_else(|| cells.and_then(Cells::range))
        .unwrap_or((0.0, 1.0));
    if cells.is_some_and(|cells| cells.is_signed) || points(panel).any(is_signed) {
        return Scale::Diverging {
            limit: lo.abs().max(hi.abs()),
        };
    }
    if cells.is_some_and(|cells| cells.is_distance) {
        return Scale::Distance { lo, hi };
    }
    Scale::Sequential { lo, hi }
}

fn is_signed(point: &Point) -> bool {
    matches!(point.color, Color::Signed(_))
}

/// Every point of a panel.
pub fn points(panel: &Panel) -> impl Iterator<Item = &Point> {
    panel.layers.iter().flat_map(of_layer)
}

fn of_layer(layer: &Layer) -> &[Point] {
    match layer {
        Layer::Points(mark) => &mark.points,
        Layer::Bars { points, .. } => points,
        _ => &[],
    }
}
