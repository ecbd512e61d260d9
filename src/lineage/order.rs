//! The order within columns: models and the places where long edges pass are moved next to
//! what they are tied to, from left to right and back, and the best order is kept.
//!
//! The sweep sorts a column by the mean place of its neighbours in the column before
//! (barycentre, Sugiyama et al. 1981). Crossings between two columns are counted as inversions
//! with a Fenwick tree (Barth, Mutzel and Jünger 2004), O(E log V).

use super::Graph;
use super::layers::Layers;

/// Sweeps in all; more bring little after the first dozen.
const SWEEPS: usize = 16;

/// An edge over more columns than this is drawn as one curve: it would only be in the way.
const MOST_COLUMNS: usize = 24;

/// The columns with everything that stands in them: models by their number, then one passage
/// for each column that a long edge passes.
pub(super) struct Columns {
    /// From top to bottom.
    pub order: Vec<Vec<usize>>,
    /// What a thing is tied to in the column before and in the one after.
    pub before: Vec<Vec<usize>>,
    pub after: Vec<Vec<usize>>,
    /// How many things are models.
    pub models: usize,
    /// One entry a passage: its edge and its column.
    passages: Vec<(usize, usize)>,
    /// The place of everything in its column.
    place: Vec<usize>,
}

impl Columns {
    pub fn new(graph: &Graph, layers: &Layers) -> Self {
        let models = graph.generations.len();
        let mut columns = Self {
            order: vec![Vec::new(); layers.generations.len()],
            before: vec![Vec::new(); models],
            after: vec![Vec::new(); models],
            models,
            passages: Vec::new(),
            place: Vec::new(),
        };
        for (model, &column) in layers.columns.iter().enumerate() {
            columns.order[column].push(model);
        }
        for (edge, [parent, child]) in graph.sound_edges() {
            let (from, to) = (layers.columns[parent], layers.columns[child]);
            if layers.goes_right[edge] && to - from <= MOST_COLUMNS {
                columns.tie(edge, parent, child, from + 1..to);
            }
        }
        columns.number();
        columns
    }

    /// Ties a parent to its child over a passage in each column between.
    fn tie(&mut self, edge: usize, parent: usize, child: usize, between: std::ops::Range<usize>) {
        let mut last = parent;
        for column in between {
            let passage = self.before.len();
            self.before.push(vec![last]);
            self.after.push(Vec::new());
            self.after[last].push(passage);
            self.order[column].push(passage);
            self.passages.push((edge, column));
            last = passage;
        }
        self.after[last].push(child);
        self.before[child].push(last);
    }

    fn number(&mut self) {
        self.place.resize(self.before.len(), 0);
        for column in &self.order {
            for (place, &thing) in column.iter().enumerate() {
                self.place[thing] = place;
            }
        }
    }

    /// Whether a thing is a passage of a long edge.
    pub fn is_passage(&self, thing: usize) -> bool {
        thing >= self.models
    }

    pub fn crossings(&self) -> usize {
        let pairs = self.order.iter().map(|column| {
            let ties = |&from: &usize| self.after[from].iter().map(move |&to| (from, to));
            let edges = column.iter().flat_map(ties);
            let places = edges.map(|(from, to)| (self.place[from], self.place[to]));
            crossings(&places.collect::<Vec<_>>())
        });
        pairs.sum()
    }

    pub fn reduce_crossings(&mut self) {
        let mut best = (self.crossings(), self.order.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            self.sweep(sweep % 2 == 0);
            let now = self.crossings();
            if now < best.0 {
                best = (now, self.order.clone());
            }
        }
        self.order = best.1;
        self.number();
    }

    fn sweep(&mut self, to_the_right: bool) {
        let count = self.order.len();
        for step in 1..count {
            let column = if to_the_right { step } else { count - 1 - step };
            let ties = match to_the_right {
                true => &self.before,
                false => &self.after,
            };
            let mean = |thing: usize| {
                let ties = &ties[thing];
                let sum: usize = ties.iter().map(|&tie| self.place[tie]).sum();
                (!ties.is_empty()).then(|| sum as f64 / ties.len() as f64)
            };
            let means = self.order[column].iter().map(|&t| (t, mean(t))).collect();
            self.order[column] = sorted(means);
            for (place, &thing) in self.order[column].iter().enumerate() {
                self.place[thing] = place;
            }
        }
    }

    /// Column and height of everything, passages too.
    pub fn outline(&self, heights: &[f32]) -> Vec<(usize, f32)> {
        let columns = self.order.iter().enumerate();
        let things = columns.flat_map(|(k, column)| column.iter().map(move |&thing| (k, thing)));
        things.map(|(k, thing)| (k, heights[thing])).collect()
    }

    /// One entry an edge: its passages from left to right as column and height.
    pub fn bends(&self, edges: usize, heights: &[f32]) -> Vec<Vec<(usize, f32)>> {
        let mut out = vec![Vec::new(); edges];
        for (k, &(edge, column)) in self.passages.iter().enumerate() {
            out[edge].push((column, heights[self.models + k]));
        }
        out
    }
}

/// By mean place; what has no ties keeps its place between the others.
fn sorted(things: Vec<(usize, Option<f64>)>) -> Vec<usize> {
    let tied = things.iter().filter_map(|&(t, mean)| Some((t, mean?)));
    let mut tied: Vec<(usize, f64)> = tied.collect();
    tied.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut tied = tied.into_iter().map(|(thing, _)| thing);
    let next = |(thing, mean): (usize, Option<f64>)| match mean {
        Some(_) => tied.next().unwrap_or(thing),
        None => thing,
    };
    things.into_iter().map(next).collect()
}

/// How many of these edges between two columns cross: pairs whose places have opposite orders.
/// Edges that share an end do not.
pub fn crossings(edges: &[(usize, usize)]) -> usize {
    let mut edges = edges.to_vec();
    edges.sort_unstable();
    let height = edges.iter().map(|&(_, to)| to + 1).max().unwrap_or(0);
    let mut tree = vec![0usize; height + 1];
    let mut count = 0;
    for (seen, &(_, to)) in edges.iter().enumerate() {
        // Every edge seen so far starts above; those that end below cross this one.
        let mut at = to + 1;
        let mut not_below = 0;
        while at > 0 {
            not_below += tree[at];
            at &= at - 1;
        }
        count += seen - not_below;
        let mut at = to + 1;
        while at <= height {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}
