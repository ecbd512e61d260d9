//! The row above the lines: the layer under the pointer, then each series with its value there.

use eframe::egui::{Align2, Pos2, Rect, Stroke, Ui, Vec2, pos2, vec2};

use super::{LINE_WIDTH, Profile};
use crate::ui::format;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::text;

const ROW: f32 = 20.0;
const GAP: f32 = 4.0;
/// Length of the line, and what parts one series from the next.
const LINE: f32 = 10.0;
const APART: f32 = 10.0;

/// Where everything stands, whether or not the pointer is there.
pub(super) struct Legend {
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

/// Cells of these widths from left to right, in as many rows as they need.
fn in_rows(widths: &[f32], gap: f32, room: f32) -> Vec<Rect> {
    let mut at = Pos2::ZERO;
    let mut cells = Vec::new();
    for &width in widths {
        if at.x > 0.0 && at.x + width > room {
            at = pos2(0.0, at.y + ROW);
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
