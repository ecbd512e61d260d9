//! Ancestors and descendants, to tell a model's kin from the rest.

use super::Graph;

/// One entry a model: whether it is the given one or an ancestor of it.
pub fn ancestors(graph: &Graph, of: usize) -> Vec<bool> {
    reached(graph, of, |[parent, child]| [child, parent])
}

/// One entry a model: whether it is the given one or descends from it.
pub fn descendants(graph: &Graph, of: usize) -> Vec<bool> {
    reached(graph, of, |edge| edge)
}

/// One entry a model: whether it is the given one, an ancestor or a descendant of it.
pub fn kin(graph: &Graph, of: usize) -> Vec<bool> {
    let up = ancestors(graph, of);
    let down = descendants(graph, of);
    up.into_iter().zip(down).map(|(a, b)| a || b).collect()
}

/// Every model that can be reached along the edges, turned by `turned`; rings do no harm.
fn reached(graph: &Graph, from: usize, turned: impl Fn([usize; 2]) -> [usize; 2]) -> Vec<bool> {
    let n = graph.generations.len();
    let mut next = vec![Vec::new(); n];
    for (_, edge) in graph.sound_edges() {
        let [a, b] = turned(edge);
        next[a].push(b);
    }
    let mut seen = vec![false; n];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at < n && !std::mem::replace(&mut seen[at], true) {
            open.extend(&next[at]);
        }
    }
    seen
}
