//! The tree left of the rows: who joins whom, and how far apart.

use eframe::egui::{Painter, Stroke, pos2};

use super::HeatMap;
use super::layout::Layout;
use crate::ui::theme::space;

/// One joining of two nodes. Nodes 0 to n−1 are the models; the i-th merge makes node n+i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// A model or an earlier merge.
    pub left: usize,
    /// The other one.
    pub right: usize,
    /// How far apart the two are; never negative.
    pub height: f64,
}

impl From<&crate::kinship::Merge> for Merge {
    fn from(merge: &crate::kinship::Merge) -> Self {
        Self {
            left: merge.left,
            right: merge.right,
            height: merge.height,
        }
    }
}

/// Draws the merges from the leaves at the right to the root at the left.
pub(super) fn paint(
    map: &HeatMap<'_>,
    merges: &[Merge],
    painter: &Painter,
    layout: &Layout,
    stroke: Stroke,
) {
    let n = layout.n;
    let right = layout.cells.left() - layout.row_names - space::XS;
    let left = right - layout.dendrogram + space::S;
    let tallest = merges
        .iter()
        .map(|m| m.height)
        .fold(f64::MIN_POSITIVE, f64::max);
    let x_of = |height: f64| right - (height / tallest).clamp(0.0, 1.0) as f32 * (right - left);
    let mut nodes = vec![pos2(right, 0.0); n];
    for place in 0..n {
        nodes[map.model_at(place)].y = layout.row_rect(place).center().y;
    }
    for merge in merges {
        let (Some(&a), Some(&b)) = (nodes.get(merge.left), nodes.get(merge.right)) else {
            return;
        };
        let x = x_of(merge.height);
        painter.line(vec![a, pos2(x, a.y), pos2(x, b.y), b], stroke);
        nodes.push(pos2(x, (a.y + b.y) / 2.0));
    }
    if let (Some(root), false) = (nodes.last(), merges.is_empty()) {
        painter.hline(left - space::XS..=root.x, root.y, stroke);
    }
}
