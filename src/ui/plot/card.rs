//! The card beside what is under the pointer: its name and its values.

use std::sync::Arc;

use eframe::egui::{Galley, Id, LayerId, Order, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::ui::theme::{self, Tokens, radius, space};
use crate::ui::widgets::text;

const WIDEST: f32 = 360.0;
const LINE: f32 = 18.0;
/// From the point to the card.
const GAP: f32 = 14.0;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    pub title: String,
    pub rows: Vec<(String, String)>,
}

impl Card {
    /// Draws it beside `at`, inside the window.
    pub fn paint(&self, ui: &Ui, at: Pos2) {
        let t = Tokens::of(ui);
        let layer = LayerId::new(Order::Tooltip, Id::new("chart card"));
        let painter = ui.ctx().layer_painter(layer);
        let lay = |words: &str, font, ink| -> Arc<Galley> {
            let words = text::fitted(&painter, words, &font, WIDEST - 2.0 * space::M);
            painter.layout_no_wrap(words, font, ink)
        };
        let title = lay(&self.title, theme::strong_font(), t.text);
        let rows: Vec<[Arc<Galley>; 2]> = self
            .rows
            .iter()
            .map(|(name, value)| {
                [
                    lay(name, theme::small_font(), t.text_weak),
                    lay(value, theme::small_font(), t.text),
                ]
            })
            .collect();
        let column = |k: usize| rows.iter().map(|r| r[k].size().x).fold(0.0, f32::max);
        let (names, values) = (column(0), column(1));
        let width = title.size().x.max(names + space::M + values) + 2.0 * space::S;
        let has_title = f32::from(u8::from(!self.title.is_empty()));
        let height = LINE * (rows.len() as f32 + has_title) + 2.0 * space::S - 2.0;
        let rect = beside(at, vec2(width, height), ui.ctx().content_rect());
        painter.rect(
            rect,
            radius::CONTROL,
            t.raised,
            Stroke::new(1.0, t.line_strong),
            StrokeKind::Inside,
        );
        let mut corner = rect.min + vec2(space::S, space::S - 1.0);
        if has_title > 0.0 {
            painter.galley(corner, title, t.text);
            corner.y += LINE;
        }
        for [name, value] in rows {
            let right = pos2(rect.right() - space::S - value.size().x, corner.y);
            painter.galley(corner, name, t.text_weak);
            painter.galley(right, value, t.text);
            corner.y += LINE;
        }
    }
}

/// Right of and above the point; on its other side where the window ends.
fn beside(at: Pos2, size: eframe::egui::Vec2, window: Rect) -> Rect {
    let x = if at.x + GAP + size.x <= window.right() {
        at.x + GAP
    } else {
        at.x - GAP - size.x
    };
    let y = if at.y - GAP - size.y >= window.top() {
        at.y - GAP - size.y
    } else {
        at.y + GAP
    };
    let most = (window.max - size).max(window.min);
    Rect::from_min_size(pos2(x, y).clamp(window.min, most), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_stays_in_the_window() {
        let window = Rect::from_min_max(pos2(0.0, 0.0), pos2(400.0, 300.0));
        for at in [pos2(2.0, 2.0), pos2(398.0, 298.0), pos2(200.0, 150.0)] {
            let rect = beside(at, vec2(120.0, 60.0), window);
            assert!(window.contains_rect(rect), "{at:?}: {rect:?}");
            assert!(!rect.contains(at));
        }
    }
}
