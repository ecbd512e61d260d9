//! Who may still be whose parent: found edges, without circles.

/// The ancestors of every model, as far as they are known.
#[derive(Clone, Debug)]
pub struct Ancestors(Vec<Vec<bool>>);

impl Ancestors {
    /// No edges among `n` models.
    pub fn new(n: usize) -> Self {
        Self(vec![vec![false; n]; n])
    }

    /// Whether `older` is among the ancestors of `younger`.
    pub fn has(&self, younger: usize, older: usize) -> bool {
        self.0[younger][older]
    }

    /// Whether `parent` can be a parent of `child`: it is not the child, nor descends from it.
    pub fn may_be(&self, child: usize, parent: usize) -> bool {
        child != parent && !self.has(parent, child)
    }

    /// Notes an edge, which closes no circle.
    pub fn add(&mut self, child: usize, parent: usize) {
        let mut above = self.0[parent].clone();
        above[parent] = true;
        let n = self.0.len();
        for model in 0..n {
            if model == child || self.0[model][child] {
                let own = &mut self.0[model];
                own.iter_mut().zip(&above).for_each(|(to, &is)| *to |= is);
            }
        }
    }
}
