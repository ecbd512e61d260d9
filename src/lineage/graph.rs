//! What is laid out, and what comes out.

/// Models by number, and who was made from whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The generation of each model where it is given. A model without one stands right of its
    /// parents, or, if it has none, just left of its first child.
    pub generations: Vec<Option<u32>>,
    /// Parent and child.
    pub edges: Vec<[usize; 2]>,
}

impl Graph {
    /// The edges whose ends are two different models, with their places in [`Self::edges`].
    pub(super) fn sound_edges(&self) -> impl Iterator<Item = (usize, [usize; 2])> {
        let n = self.generations.len();
        let edges = self.edges.iter().copied().enumerate();
        edges.filter(move |&(_, [a, b])| a != b && a < n && b < n)
    }
}

/// Where everything stands. One entry a model where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The column, from 0 at the left. Columns that would be empty do not exist.
    pub columns: Vec<usize>,
    /// The height of the middle, downwards from 0, in rows: two models of a column are at least
    /// one apart.
    pub heights: Vec<f32>,
    /// One entry a column: the generation that it stands for.
    pub generations: Vec<u32>,
    /// One entry an edge: where it passes columns between its ends, as column and height.
    pub bends: Vec<Vec<(usize, f32)>>,
    /// Models that stand right of their given generation, because a parent stands there.
    pub moved: Vec<usize>,
    /// Models that descend from themselves, one list a ring; one edge of each was left out of
    /// account.
    pub rings: Vec<Vec<usize>>,
    /// Crossings of edges in the order that was given.
    pub crossings_before: usize,
    /// Crossings that are left.
    pub crossings: usize,
}
