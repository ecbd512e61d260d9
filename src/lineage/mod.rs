//! Who descends from whom, laid out: generations as columns from left to right, relatives near
//! each other, few crossings. Plain numbers in, plain numbers out.
//!
//! The steps are those of Sugiyama, Tagawa and Toda (1981): put every model into a column
//! (`layers`), order each column so that few edges cross (`order`), then give every model
//! a height near its relatives (`place`). Nothing is random, so the same lineage always gives
//! the same picture.

mod best;
mod components;
mod graph;
mod kin;
mod layers;
mod order;
mod place;

pub mod evolution;
pub mod strategy;
pub mod suggest;

pub use best::best_of_generations;
pub use graph::{Graph, Layout};
pub use kin::{ancestors, descendants, kin};
pub use order::crossings;

use components::{Component, Stack};
use layers::Layers;
use order::Columns;

/// Lays a lineage out. Takes O(S · (V + E) · log E) for S sweeps, with an edge counted once for
/// each column that it passes.
///
/// Edges that name no model are left out; a lineage without models gives an empty layout.
pub fn lay_out(graph: &Graph) -> Layout {
    let layers = layers::assign(graph);
    let mut stack = Stack::new(layers.generations.len());
    let mut out = Layout {
        heights: vec![0.0; graph.generations.len()],
        bends: vec![Vec::new(); graph.edges.len()],
        ..Layout::default()
    };
    for part in components::split(graph) {
        put(&part, &part.layers(&layers), &mut stack, &mut out);
    }
    Layout {
        columns: layers.columns,
        generations: layers.generations,
        moved: layers.moved,
        rings: layers.rings,
        ..out
    }
}

/// Lays one family out and puts it below those before.
fn put(part: &Component, layers: &Layers, stack: &mut Stack, out: &mut Layout) {
    let mut columns = Columns::new(&part.graph, layers);
    out.crossings_before += columns.crossings();
    columns.reduce_crossings();
    out.crossings += columns.crossings();
    let heights = place::heights(&columns);
    let down = stack.put(&columns.outline(&heights));
    for (&model, height) in part.models.iter().zip(&heights) {
        out.heights[model] = height + down;
    }
    let bends = columns.bends(part.edges.len(), &heights);
    for (&edge, bends) in part.edges.iter().zip(bends) {
        let moved = bends
            .into_iter()
            .map(|(column, height)| (column, height + down));
        out.bends[edge] = moved.collect();
    }
}
