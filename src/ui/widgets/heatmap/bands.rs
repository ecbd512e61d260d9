//! The names of groups of rows, where rows are too thin for one name each.

use eframe::egui::{Align2, Id, Painter, Rect, Sense, Stroke, Ui, WidgetType, pos2};

use super::HeatMap;
use super::layout::Layout;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, Tokens, size};
use crate::ui::widgets::text;

/// Rows that stand beside each other and are named together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// The first row and the one behind the last, by place on screen.
    pub rows: (usize, usize),
    pub label: String,
    /// All their names, for a hover.
    pub names: String,
}

/// From the bracket to the cells, and from the name to the bracket.
const GAP: f32 = 4.0;
const LINE: f32 = size::SMALL + 2.0;

/// Where the bracket of a band stands: beside its rows.
fn rect(layout: &Layout, band: &Band) -> Rect {
    let (first, last) = (band.rows.0, band.rows.1.max(1) - 1);
    layout
        .row_name_rect(first)
        .union(layout.row_name_rect(last))
}

/// Brackets, and names as far as they have room.
pub(super) fn paint(map: &HeatMap<'_>, painter: &Painter, layout: &Layout, t: &Tokens) {
    let mut free_from = f32::NEG_INFINITY;
    for band in map.bands {
        let rect = rect(layout, band);
        let x = rect.right() - GAP;
        let stroke = Stroke::new(1.5, t.line_strong);
        painter.vline(x, rect.top() + 1.0..=rect.bottom() - 1.0, stroke);
        let top = (rect.center().y - LINE / 2.0).max(free_from);
        if top + LINE / 2.0 > rect.bottom() + LINE / 2.0 {
            continue;
        }
        free_from = top + LINE;
        let line = Rect::from_min_max(pos2(rect.left(), top), pos2(x - GAP, top + LINE));
        let font = theme::small_font();
        text::line_in(
            painter,
            line,
            Align2::RIGHT_CENTER,
            &band.label,
            &font,
            t.text,
        );
    }
}

/// The band that was clicked, and the one that was clicked twice.
pub(super) fn interact(
    map: &HeatMap<'_>,
    ui: &Ui,
    layout: &Layout,
    id: Id,
) -> (Option<usize>, Option<usize>) {
    let (mut clicked, mut opened) = (None, None);
    for (k, band) in map.bands.iter().enumerate() {
        let rect = rect(layout, band).intersect(layout.rows_zone());
        let response = ui.interact(rect, id.with(("band", k)), Sense::CLICK);
        response.named(WidgetType::Button, &band.label);
        if response.double_clicked() {
            opened = Some(k);
        } else if response.clicked() {
            clicked = Some(k);
        }
        response.on_hover_text(format!("{}\n\nDouble-click to zoom in", band.names));
    }
    (clicked, opened)
}
