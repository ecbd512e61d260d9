//! The line that cuts the tree into clusters: dragged with the pointer, or moved by the arrow keys.

use eframe::egui::{
    CursorIcon, EventFilter, Key, Painter, Rect, Response, Sense, Shape, Stroke, StrokeKind,
    Tooltip, Ui, WidgetInfo, pos2, vec2,
};

use super::HeatMap;
use super::dendrogram::{Axis, cut_height};
use super::layout::Layout;
use crate::kinship::Join;
use crate::ui::theme::{Tokens, space};

/// Width and height of the grip on the line, in points.
const GRIP: [f32; 2] = [5.0, 16.0];

/// The cut as it is, and as it would be at the pointer.
pub(super) struct Cut {
    /// Where it is, or is dragged to, across the tree.
    x: f32,
    is_touched: bool,
    /// How many clusters are asked for, where these are others than there are.
    pub asked: Option<usize>,
}

/// Lets the cut be moved, where the map allows it.
pub(super) fn interact(map: &HeatMap<'_>, ui: &Ui, layout: &Layout) -> Option<Cut> {
    let joins = map
        .dendrogram
        .filter(|joins| map.can_cut && !joins.is_empty())?;
    let axis = Axis::new(layout, joins);
    let count = map.clusters.iter().max().map_or(1, |most| most + 1);
    let zone = Rect::from_x_y_ranges(
        axis.left - space::S..=axis.right,
        layout.body().top()..=layout.cells.bottom(),
    );
    let response = ui.interact(zone, map.id(ui).with("cut"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, count as f64, "Cut of the tree"));
    let held = response.interact_pointer_pos();
    let asked = match held {
        Some(at) if response.dragged() || response.clicked() => Some(count_at(&axis, joins, at.x)),
        _ => by_keys(ui, &response, count, joins.len() + 1),
    };
    let dragged = held.filter(|_| response.dragged());
    let x = match dragged {
        Some(at) => at.x.clamp(zone.left(), zone.right()),
        // Just beyond the root where nothing is cut.
        None => cut_height(map.clusters, joins)
            .map_or(axis.left - GRIP[0] / 4.0, |height| axis.x_of(height)),
    };
    let cut = Cut {
        x,
        is_touched: response.hovered() || response.dragged() || response.has_focus(),
        asked: asked.filter(|&asked| asked != count),
    };
    let response = response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    match dragged {
        Some(_) => {
            Tooltip::for_widget(&response).at_pointer().show(|ui| {
                ui.label(words(asked.unwrap_or(count)));
            });
        }
        None => {
            response.on_hover_text_at_pointer(format!(
                "{}\nDrag or click to cut elsewhere",
                words(count)
            ));
        }
    }
    Some(cut)
}

fn words(count: usize) -> String {
    match count {
        1 => "One cluster: no cut".to_owned(),
        n => format!("Cut into {n} clusters"),
    }
}

/// Clusters that are left where all joins above a place are undone.
fn count_at(axis: &Axis, joins: &[Join], x: f32) -> usize {
    let height = axis.height_at(x);
    1 + joins.iter().filter(|join| join.height > height).count()
}

/// The clusters that arrow keys ask for: right is towards the leaves.
fn by_keys(ui: &Ui, response: &Response, count: usize, most: usize) -> Option<usize> {
    if !response.has_focus() {
        return None;
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let (more, fewer) = ui.input(|input| {
        (
            input.num_presses(Key::ArrowRight),
            input.num_presses(Key::ArrowLeft),
        )
    });
    let asked = (count + more).saturating_sub(fewer).clamp(1, most);
    (asked != count).then_some(asked)
}

/// The line with its grip; the grip alone where nothing is cut.
pub(super) fn paint(cut: &Cut, is_cut: bool, painter: &Painter, layout: &Layout, t: &Tokens) {
    let ink = if cut.is_touched || is_cut {
        t.accent
    } else {
        t.line_strong
    };
    let (top, bottom) = (layout.body().top(), layout.cells.bottom());
    if is_cut || cut.is_touched {
        let width = if cut.is_touched { 1.5 } else { 1.0 };
        let ends = [pos2(cut.x, top), pos2(cut.x, bottom)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(width, ink), 4.0, 3.0));
    }
    let grip = Rect::from_center_size(pos2(cut.x, (top + bottom) / 2.0), vec2(GRIP[0], GRIP[1]));
    painter.rect(
        grip,
        2.0,
        t.background,
        Stroke::new(1.0, ink),
        StrokeKind::Inside,
    );
}
