//! Families that have nothing to do with each other: each is laid out by itself, then they are
//! stacked, the largest on top, as close as their outlines allow.

use super::Graph;
use super::layers::Layers;

/// A part of a lineage that no edge leaves.
pub(super) struct Component {
    /// Numbers in the whole lineage.
    pub models: Vec<usize>,
    /// Numbers of its edges in the whole lineage.
    pub edges: Vec<usize>,
    /// The part as a lineage of its own.
    pub graph: Graph,
}

/// The parts, that with most models first, equals by their first model.
pub(super) fn split(graph: &Graph) -> Vec<Component> {
    let n = graph.generations.len();
    let mut root: Vec<usize> = (0..n).collect();
    for (_, [a, b]) in graph.sound_edges() {
        let (a, b) = (find(&mut root, a), find(&mut root, b));
        root[a.max(b)] = a.min(b);
    }
    let mut place = vec![0; n];
    let mut parts: Vec<Component> = Vec::new();
    let mut part_of = vec![usize::MAX; n];
    for model in 0..n {
        let root = find(&mut root, model);
        if part_of[root] == usize::MAX {
            part_of[root] = parts.len();
            parts.push(Component {
                models: Vec::new(),
                edges: Vec::new(),
                graph: Graph::default(),
            });
        }
        part_of[model] = part_of[root];
        let part = &mut parts[part_of[model]];
        place[model] = part.models.len();
        part.models.push(model);
        part.graph.generations.push(graph.generations[model]);
    }
    for (edge, [a, b]) in graph.sound_edges() {
        let part = &mut parts[part_of[a]];
        part.edges.push(edge);
        part.graph.edges.push([place[a], place[b]]);
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.models.len()));
    parts
}

/// The least member of a model's part, with the way to it shortened.
fn find(root: &mut [usize], mut at: usize) -> usize {
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

impl Component {
    /// Its columns, cut out of those of the whole.
    pub fn layers(&self, whole: &Layers) -> Layers {
        Layers {
            columns: self.models.iter().map(|&m| whole.columns[m]).collect(),
            generations: whole.generations.clone(),
            moved: Vec::new(),
            rings: Vec::new(),
            goes_right: self.edges.iter().map(|&e| whole.goes_right[e]).collect(),
        }
    }
}

/// How far each column is filled.
pub(super) struct Stack(Vec<f32>);

impl Stack {
    pub fn new(columns: usize) -> Self {
        Self(vec![f32::NEG_INFINITY; columns])
    }

    /// Where a part goes whose things stand at these columns and heights; what comes later goes
    /// below it.
    pub fn put(&mut self, outline: &[(usize, f32)]) -> f32 {
        let least = outline.iter().map(|o| o.0).min().unwrap_or(0);
        let greatest = outline.iter().map(|o| o.0).max().unwrap_or(0);
        let mut tops = vec![f32::INFINITY; greatest + 1 - least];
        for &(column, height) in outline {
            let top = &mut tops[column - least];
            *top = top.min(height);
        }
        let first = tops.iter().copied().fold(f32::INFINITY, f32::min);
        let filled = self.0[least..].iter().zip(&tops);
        let down = filled
            .map(|(filled, top)| filled + 1.0 - top)
            .fold(-first, f32::max);
        for &(column, height) in outline {
            self.0[column] = self.0[column].max(height + down);
        }
        down
    }
}
