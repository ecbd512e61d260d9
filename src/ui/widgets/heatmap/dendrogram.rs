//! The tree left of the rows: who joins whom, and how far apart; where it is cut, and what comes
//! apart there, in colours.

use eframe::egui::{Painter, Shape, Stroke, pos2};

use super::HeatMap;
use super::layout::Layout;
use crate::kinship::Join;
use crate::ui::theme::{Tokens, space};

/// Draws the joins from the leaves at the right to the root at the left.
pub(super) fn paint(
    map: &HeatMap<'_>,
    joins: &[Join],
    painter: &Painter,
    layout: &Layout,
    t: &Tokens,
) {
    let stroke = Stroke::new(1.0, t.line_strong);
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
    let mut clusters: Vec<Option<usize>> = (0..n).map(|m| map.clusters.get(m).copied()).collect();
    for join in joins {
        let (Some(&a), Some(&b)) = (nodes.get(join.left), nodes.get(join.right)) else {
            return;
        };
        let x = x_of(join.height);
        let both = clusters[join.left].filter(|_| clusters[join.left] == clusters[join.right]);
        let own = both.map_or(stroke, |cluster| Stroke::new(1.75, t.role(cluster)));
        painter.line(vec![a, pos2(x, a.y), pos2(x, b.y), b], own);
        nodes.push(pos2(x, (a.y + b.y) / 2.0));
        clusters.push(both);
    }
    if let (Some(root), false) = (nodes.last(), joins.is_empty()) {
        painter.hline(left - space::XS..=root.x, root.y, stroke);
    }
    if let Some(height) = cut_height(map.clusters, joins) {
        let x = x_of(height);
        let ends = [pos2(x, layout.cells.top()), pos2(x, layout.cells.bottom())];
        painter.extend(Shape::dashed_line(
            &ends,
            Stroke::new(1.0, t.accent),
            4.0,
            3.0,
        ));
    }
}

/// Half way between the last join below the cut and the first above it.
fn cut_height(clusters: &[usize], joins: &[Join]) -> Option<f64> {
    let count = clusters.iter().max()? + 1;
    let first_above = (joins.len() + 1).checked_sub(count)?;
    let above = joins.get(first_above)?.height;
    let below = first_above.checked_sub(1).map_or(0.0, |k| joins[k].height);
    Some((above + below) / 2.0)
}
