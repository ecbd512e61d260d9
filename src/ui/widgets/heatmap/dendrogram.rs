//! The tree left of the rows: who joins whom, and how far apart, and what comes apart where it is
//! cut, in colours.

use eframe::egui::{Painter, Stroke, pos2};

use super::HeatMap;
use super::layout::Layout;
use crate::kinship::Join;
use crate::ui::theme::{Tokens, space};

/// Where heights stand on screen: leaves at the right, the root at the left.
pub(super) struct Axis {
    pub left: f32,
    pub right: f32,
    tallest: f64,
}

impl Axis {
    pub fn new(layout: &Layout, joins: &[Join]) -> Self {
        let right = layout.cells.left() - layout.row_names - space::XS;
        let heights = joins.iter().map(|join| join.height);
        Self {
            left: right - layout.dendrogram + space::S,
            right,
            tallest: heights.fold(f64::MIN_POSITIVE, f64::max),
        }
    }

    pub fn x_of(&self, height: f64) -> f32 {
        self.right - (height / self.tallest).clamp(0.0, 1.0) as f32 * (self.right - self.left)
    }

    /// The height at a place; beyond the root it is more than that of any join.
    pub fn height_at(&self, x: f32) -> f64 {
        f64::from((self.right - x) / (self.right - self.left)).max(0.0) * self.tallest
    }
}

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
    let axis = Axis::new(layout, joins);
    let (left, right) = (axis.left, axis.right);
    let mut nodes = vec![pos2(right, 0.0); n];
    for place in 0..n {
        nodes[map.model_at(place)].y = layout.row_rect(place).center().y;
    }
    let mut clusters: Vec<Option<usize>> = (0..n).map(|m| map.clusters.get(m).copied()).collect();
    for join in joins {
        let (Some(&a), Some(&b)) = (nodes.get(join.left), nodes.get(join.right)) else {
            return;
        };
        let x = axis.x_of(join.height);
        let both = clusters[join.left].filter(|_| clusters[join.left] == clusters[join.right]);
        let own = both.map_or(stroke, |cluster| Stroke::new(1.75, t.role(cluster)));
        painter.line(vec![a, pos2(x, a.y), pos2(x, b.y), b], own);
        nodes.push(pos2(x, (a.y + b.y) / 2.0));
        clusters.push(both);
    }
    if let (Some(root), false) = (nodes.last(), joins.is_empty()) {
        painter.hline(left - space::XS..=root.x, root.y, stroke);
    }
}

/// Half way between the last join below the cut and the first above it.
pub(super) fn cut_height(clusters: &[usize], joins: &[Join]) -> Option<f64> {
    let count = clusters.iter().max()? + 1;
    let first_above = (joins.len() + 1).checked_sub(count)?;
    let above = joins.get(first_above)?.height;
    let below = first_above.checked_sub(1).map_or(0.0, |k| joins[k].height);
    Some((above + below) / 2.0)
}
