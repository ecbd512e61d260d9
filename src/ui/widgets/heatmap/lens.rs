//! The lens over a picture of many models: the cells around the pointer, large enough to read.

use eframe::egui::{
    Id, LayerId, Order, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

use super::layout::Layout;
use super::{HeatMap, paint};
use crate::ui::theme::{self, Tokens, radius, size, space};
use crate::ui::widgets::text;

/// Cells to each side of the one under the pointer.
const REACH: isize = 2;
const CELL: Vec2 = vec2(44.0, 28.0);

pub(super) fn show(map: &HeatMap<'_>, ui: &Ui, layout: &Layout, at: Pos2) {
    let Some((row, column)) = layout.cell_at(at) else {
        return;
    };
    let layer = LayerId::new(Order::Tooltip, Id::new("heat map lens"));
    let painter = ui.ctx().layer_painter(layer);
    let t = Tokens::of(ui);
    let rect = place(ui, at);
    let shadow = ui.visuals().popup_shadow.as_shape(rect, radius::CARD);
    painter.add(Shape::from(shadow));
    let outline = Stroke::new(1.0, t.line);
    painter.rect(rect, radius::CARD, t.raised, outline, StrokeKind::Inside);
    let inside = rect.shrink(space::M);
    caption(map, &painter, inside, (row, column), t);
    let corner = inside.min + vec2(0.0, 3.0 * (size::BODY + space::XS) + space::XS);
    for down in -REACH..=REACH {
        for across in -REACH..=REACH {
            let step = vec2((across + REACH) as f32, (down + REACH) as f32) * CELL;
            let place = (
                row.checked_add_signed(down),
                column.checked_add_signed(across),
            );
            let (Some(r), Some(c)) = place else { continue };
            if r >= layout.n || c >= layout.n {
                continue;
            }
            let cell = Rect::from_min_size(corner + step, CELL).shrink(1.0);
            lens_cell(map, &painter, cell, map.pair_at((r, c)), t);
        }
    }
    let middle = Rect::from_min_size(corner + CELL * REACH as f32, CELL);
    painter.rect_stroke(middle, 4, Stroke::new(2.0, t.text), StrokeKind::Middle);
}

fn lens_cell(map: &HeatMap<'_>, painter: &Painter, rect: Rect, pair: (usize, usize), t: &Tokens) {
    if pair.0 == pair.1 {
        painter.rect_filled(rect, 3, t.panel);
    } else {
        let values = Some((11.0, map.decimals.min(3)));
        paint::cell(map, painter, rect, pair, values, t);
    }
}

fn caption(map: &HeatMap<'_>, painter: &Painter, inside: Rect, at: (usize, usize), t: &Tokens) {
    let (a, b) = map.pair_at(at);
    let line = size::BODY + space::XS;
    let row =
        |i: f32| Rect::from_min_size(inside.min + vec2(0.0, i * line), vec2(inside.width(), line));
    let note = (map.note)(a, b).filter(|_| map.value((a, b)).is_none());
    let value = note.unwrap_or_else(|| map.says((a, b)));
    let strong = theme::strong_font();
    text::left(painter, row(0.0), map.name(a), &strong, t.text);
    let other = format!("× {}", map.name(b));
    text::left(painter, row(1.0), &other, &strong, t.text);
    let body = theme::body_font();
    text::left(painter, row(2.0), &value, &body, t.text);
}

/// Right below the pointer, or on the side of it where there is room.
fn place(ui: &Ui, at: Pos2) -> Rect {
    let cells = CELL * (2 * REACH + 1) as f32;
    let text = 3.0 * (size::BODY + space::XS) + space::XS;
    let want = cells + vec2(0.0, text) + Vec2::splat(2.0 * space::M);
    let screen = ui.ctx().content_rect().shrink(space::XS);
    let gap = space::XL;
    let x = if at.x + gap + want.x <= screen.right() {
        at.x + gap
    } else {
        at.x - gap - want.x
    };
    let y = (at.y + gap).min(screen.bottom() - want.y).max(screen.top());
    Rect::from_min_size(pos2(x.max(screen.left()), y), want)
}
