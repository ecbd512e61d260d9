//! The heads of the columns, which stay in sight while the canvas moves below them.

use eframe::egui::{Align2, FontId, Painter, Pos2, Rect, Stroke, pos2};
use egui_graphs::MetadataFrame;

use super::camera::{self, PITCH};
use super::model::{Column, LineageModel};
use crate::ui::theme::{self, Tokens, size};
use crate::ui::{fonts, widgets::text};

pub const HEIGHT: f32 = 44.0;
/// A narrower column has its number alone.
const ROOM_FOR_WORDS: f32 = 96.0;
/// Between two numbers, at least.
const APART: f32 = 8.0;

/// Every other column is a shade darker, so that the eye keeps to it.
pub fn bands(
    painter: &Painter,
    shown: &LineageModel,
    meta: &MetadataFrame,
    view: Rect,
    t: &Tokens,
) {
    for k in (1..shown.columns.len()).step_by(2) {
        let band = column_rect(k, meta, view).intersect(view);
        if band.is_positive() {
            painter.rect_filled(band, 0, t.panel);
        }
    }
}

pub fn paint(
    painter: &Painter,
    shown: &LineageModel,
    meta: &MetadataFrame,
    strip: Rect,
    t: &Tokens,
) {
    let painter = painter.with_clip_rect(strip.intersect(painter.clip_rect()));
    painter.rect_filled(strip, 0, t.background);
    let width = PITCH.x * meta.zoom;
    let mut free_from = f32::NEG_INFINITY;
    for (k, column) in shown.columns.iter().enumerate() {
        let rect = column_rect(k, meta, strip);
        if !rect.intersects(strip) {
            continue;
        }
        if width >= ROOM_FOR_WORDS {
            words(&painter, rect.shrink(4.0), column, t);
            continue;
        }
        let galley = painter.layout_no_wrap(column.number(), theme::small_font(), t.text_weak);
        let place = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
        if place.left() >= free_from {
            free_from = place.right() + APART;
            painter.galley(place.min, galley, t.text_weak);
        }
    }
    painter.hline(
        strip.x_range(),
        strip.bottom() - 0.5,
        Stroke::new(1.0, t.line),
    );
}

fn words(painter: &Painter, rect: Rect, column: &Column, t: &Tokens) {
    let line = |y: f32| -> Pos2 { pos2(rect.center().x, y) };
    let strong = FontId::new(size::BODY, fonts::semibold());
    let small = theme::small_font();
    let middle = rect.center().y;
    for (text, font, y, ink) in [
        (column.title(), strong, middle - 8.0, t.text),
        (column.words(), small, middle + 9.0, t.text_weak),
    ] {
        let text = text::fitted(painter, &text, &font, rect.width());
        painter.text(line(y), Align2::CENTER_CENTER, text, font, ink);
    }
}

fn column_rect(k: usize, meta: &MetadataFrame, view: Rect) -> Rect {
    let middle = meta.canvas_to_screen_pos(camera::at(k, 0.0)).x;
    let half = PITCH.x * meta.zoom / 2.0;
    Rect::from_x_y_ranges(middle - half..=middle + half, view.y_range())
}
