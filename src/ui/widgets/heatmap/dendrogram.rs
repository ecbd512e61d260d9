//! The tree left of the rows: who joins whom, and how far apart.

use eframe::egui::{Painter, Stroke, pos2};

use super::HeatMap;
use super::layout::Layout;
use crate::kinship::Join;
use crate::ui::theme::space;

/// Draws the joins from the leaves at the right to the root at the left.
pub(super) fn paint(
    map: &HeatMap<'_>,
    joins: &[Join],
    painter: &Painter,
    layout: &Layout,
    stroke: Stroke,
) {
    let n = layout.n;
    let right = layout.cells.left() - layout.row_names - space::XS;
    let left = right - layout.dendrogram + space::S;
    let tallest = joins
        .iter()
        .map(|m| m.height)
        .fold(f64::MIN_POSITIVE, f64::max);
    let x_of = |height: f64| right - (height / tallest).clamp(0.0, 1.0) as f32 * (right - left);
    let mut nodes = vec![pos2(right, 0.0); n];
    for place in 0..n {
        nodes[map.model_at(place)].y = layout.row_rect(place).center().y;
    }
    for join in joins {
        let (Some(&a), Some(&b)) = (nodes.get(join.left), nodes.get(join.right)) else {
            return;
        };
        let x = x_of(join.height);
        painter.line(vec![a, pos2(x, a.y), pos2(x, b.y), b], stroke);
        nodes.push(pos2(x, (a.y + b.y) / 2.0));
    }
    if let (Some(root), false) = (nodes.last(), joins.is_empty()) {
        painter.hline(left - space::XS..=root.x, root.y, stroke);
    }
}
