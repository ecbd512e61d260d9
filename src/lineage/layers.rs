//! Which column a model stands in: its given generation, unless a parent stands there.
//!
//! Rings, which parents given by hand may form, are broken at the edge that closes them, and
//! are told. Columns are numbered without gaps, so that a generation of a million takes no
//! more room than one of two.

use super::Graph;

/// The column of every model.
pub(super) struct Layers {
    pub columns: Vec<usize>,
    pub generations: Vec<u32>,
    pub moved: Vec<usize>,
    pub rings: Vec<Vec<usize>>,
    /// One entry an edge: whether it goes from left to right, as all do that close no ring.
    pub goes_right: Vec<bool>,
}

pub(super) fn assign(graph: &Graph) -> Layers {
    let walk = Walk::through(graph);
    let mut levels = vec![0u32; graph.generations.len()];
    for &model in &walk.parents_first {
        let of_parents = walk.parents[model]
            .iter()
            .map(|&p| levels[p].saturating_add(1));
        let given = graph.generations[model];
        levels[model] = of_parents.max().unwrap_or(0).max(given.unwrap_or(0));
    }
    beside_first_child(graph, &walk, &mut levels);
    let moved = (0..levels.len())
        .filter(|&m| graph.generations[m].is_some_and(|given| levels[m] > given))
        .collect();
    let mut generations = levels.clone();
    generations.sort_unstable();
    generations.dedup();
    let columns = levels
        .iter()
        .map(|level| generations.partition_point(|g| g < level));
    Layers {
        columns: columns.collect(),
        generations,
        moved,
        rings: walk.rings,
        goes_right: walk.goes_right,
    }
}

/// Models that came from elsewhere stand where they are first used.
fn beside_first_child(graph: &Graph, walk: &Walk, levels: &mut [u32]) {
    for model in 0..levels.len() {
        let is_newcomer = walk.parents[model].is_empty() && graph.generations[model].is_none();
        let first = walk.children[model].iter().map(|&c| levels[c]).min();
        if let Some(first) = first.filter(|_| is_newcomer) {
            levels[model] = first.saturating_sub(1);
        }
    }
}

/// A walk through the whole lineage that finds rings and an order in which parents come first.
struct Walk {
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
    parents_first: Vec<usize>,
    rings: Vec<Vec<usize>>,
    goes_right: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    OnTheWay,
    Done,
}

impl Walk {
    /// Depth first from each model to its children, without recursion: a chain may be long.
    fn through(graph: &Graph) -> Self {
        let n = graph.generations.len();
        let mut out_edges = vec![Vec::new(); n];
        for (edge, [parent, child]) in graph.sound_edges() {
            out_edges[parent].push((edge, child));
        }
        let mut walk = Self {
            parents: vec![Vec::new(); n],
            children: vec![Vec::new(); n],
            parents_first: Vec::new(),
            rings: own_parents(graph),
            goes_right: vec![false; graph.edges.len()],
        };
        let mut marks = vec![Mark::New; n];
        for start in starts(graph) {
            walk.from(start, &out_edges, &mut marks);
        }
        walk.parents_first.reverse();
        walk
    }

    fn from(&mut self, start: usize, out_edges: &[Vec<(usize, usize)>], marks: &mut [Mark]) {
        if marks[start] != Mark::New {
            return;
        }
        let mut way = vec![(start, 0)];
        marks[start] = Mark::OnTheWay;
        while let Some((model, next)) = way.last_mut() {
            let model = *model;
            let Some(&(edge, child)) = out_edges[model].get(*next) else {
                marks[model] = Mark::Done;
                self.parents_first.push(model);
                way.pop();
                continue;
            };
            *next += 1;
            if marks[child] == Mark::OnTheWay {
                let ring = way.iter().map(|&(m, _)| m).skip_while(|&m| m != child);
                self.rings.push(ring.collect());
                continue;
            }
            self.goes_right[edge] = true;
            self.parents[child].push(model);
            self.children[model].push(child);
            if marks[child] == Mark::New {
                marks[child] = Mark::OnTheWay;
                way.push((child, 0));
            }
        }
    }
}

/// Models without parents first, so that a ring is broken where it leads back.
fn starts(graph: &Graph) -> Vec<usize> {
    let n = graph.generations.len();
    let mut has_parents = vec![false; n];
    for (_, [_, child]) in graph.sound_edges() {
        has_parents[child] = true;
    }
    let (first, then): (Vec<_>, Vec<_>) = (0..n).partition(|&m| !has_parents[m]);
    first.into_iter().chain(then).collect()
}

/// Models that are said to be their own parent.
fn own_parents(graph: &Graph) -> Vec<Vec<usize>> {
    let n = graph.generations.len();
    let own = graph.edges.iter().filter(|[a, b]| a == b && *a < n);
    own.map(|[a, _]| vec![*a]).collect()
}
