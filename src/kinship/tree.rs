//! Which models are nearest to which: average-linkage clustering (UPGMA) of a kinship matrix.
//!
//! Two clusters are as far apart as their members on average; the two nearest join, until one
//! is left. For a similarity the distance is 1 − value. A pair without a value counts as
//! farther than every pair with one; where no pair has one there is no tree. Ties go to the
//! lowest indices, so the same matrix always gives the same tree. Source: Sokal and Michener,
//! 1958. Cost: n³ comparisons at worst, 20 ms for 200 models.
//!
//! A tree leaves open which of two branches stands above. The one with the lowest model does,
//! and a branch is turned only where this brings clearly nearer models together: so a slightly
//! different measure of the same models does not shuffle the rows.

use super::{Matrix, Metric};

/// How much farther than the farthest known pair an unknown one is.
const UNKNOWN: f64 = 1.25;

/// How much nearer the models that meet must come for a branch to be turned, as a share of the
/// span from the nearest to the farthest pair.
const CLEARLY: f64 = 0.25;

/// One joining of two nodes. Nodes 0 to n−1 are the models; the i-th merge makes node n+i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// A model or an earlier merge; the one with the lowest model.
    pub left: usize,
    /// The other one.
    pub right: usize,
    /// Their mean distance; never negative, and never below that of an earlier merge but for
    /// rounding.
    pub height: f64,
}

/// The tree over a matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The merges, nearest first; one fewer than there are models, or none if no pair has a
    /// value.
    pub merges: Vec<Merge>,
    /// The models, so that relatives stand beside each other.
    pub order: Vec<usize>,
}

/// Clusters the models of `matrix`, whose values are those of `metric`.
pub fn cluster(matrix: &Matrix, metric: Metric) -> Tree {
    let Some(distances) = Distances::new(matrix, metric) else {
        return Tree {
            merges: Vec::new(),
            order: (0..matrix.len()).collect(),
        };
    };
    let mut clusters: Vec<Cluster> = (0..matrix.len()).map(Cluster::leaf).collect();
    // The distances of clusters, by position in `clusters`.
    let mut between = distances.rows.clone();
    let mut merges = Vec::new();
    while clusters.len() > 1 {
        let (a, b, height) = nearest(&between);
        join_distances(&mut between, a, b, clusters[a].size(), clusters[b].size());
        let second = clusters.remove(b);
        let node = matrix.len() + merges.len();
        let joined = std::mem::take(&mut clusters[a]).beside(second, node, &distances);
        merges.push(Merge {
            left: joined.parts.0,
            right: joined.parts.1,
            height,
        });
        clusters[a] = joined;
    }
    let order = clusters.pop().map_or(Vec::new(), |all| all.order);
    Tree { merges, order }
}

struct Distances {
    rows: Vec<Vec<f64>>,
    /// From the nearest to the farthest pair.
    span: f64,
}

impl Distances {
    /// `None` if no pair has a value.
    fn new(matrix: &Matrix, metric: Metric) -> Option<Self> {
        let known = |value: f64| {
            let distance = if metric.is_similarity() {
                1.0 - value
            } else {
                value
            };
            distance.max(0.0)
        };
        let distance = |value: &Option<f64>| value.filter(|v| v.is_finite()).map(known);
        let n = matrix.len();
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        let (nearest, farthest) = pairs
            .filter_map(|(i, j)| distance(&matrix.get(i, j)))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), d| {
                (d.min(lo), d.max(hi))
            });
        if nearest > farthest {
            return None;
        }
        let unknown = if farthest > 0.0 {
            farthest * UNKNOWN
        } else {
            1.0
        };
        let value = |v: &Option<f64>| distance(v).unwrap_or(unknown);
        Some(Self {
            rows: matrix
                .rows()
                .map(|row| row.iter().map(value).collect())
                .collect(),
            span: farthest - nearest,
        })
    }
}

/// The nearest two clusters, the lower position first.
fn nearest(between: &[Vec<f64>]) -> (usize, usize, f64) {
    let mut best = (0, 1, f64::INFINITY);
    for (a, row) in between.iter().enumerate() {
        for (b, &distance) in row.iter().enumerate().skip(a + 1) {
            if distance < best.2 {
                best = (a, b, distance);
            }
        }
    }
    best
}

/// Puts the mean of rows `a` and `b`, weighted by their sizes, into `a`, and takes `b` out.
fn join_distances(between: &mut Vec<Vec<f64>>, a: usize, b: usize, size_a: usize, size_b: usize) {
    let (size_a, size_b) = (size_a as f64, size_b as f64);
    let second = between.remove(b);
    for row in between.iter_mut() {
        row.remove(b);
    }
    let others = (0..second.len()).filter(|&k| k != b);
    for (k, old) in others.enumerate() {
        let mean = (size_a * between[a][k] + size_b * second[old]) / (size_a + size_b);
        between[a][k] = mean;
        between[k][a] = mean;
    }
}

#[derive(Default)]
struct Cluster {
    node: usize,
    parts: (usize, usize),
    order: Vec<usize>,
}

impl Cluster {
    fn leaf(model: usize) -> Self {
        Self {
            node: model,
            parts: (model, model),
            order: vec![model],
        }
    }

    fn size(&self) -> usize {
        self.order.len()
    }

    fn ends(&self) -> [usize; 2] {
        let end = |model: Option<&usize>| model.copied().unwrap_or_default();
        [end(self.order.first()), end(self.order.last())]
    }

    /// Puts two clusters beside each other, turned if this brings clearly nearer ends together.
    fn beside(mut self, mut other: Self, node: usize, distances: &Distances) -> Self {
        let (own, others) = (self.ends(), other.ends());
        let meets = |(turn_self, turn_other): (bool, bool)| {
            distances.rows[own[usize::from(!turn_self)]][others[usize::from(turn_other)]]
        };
        let as_they_are = (false, false);
        let turned = [(true, false), (false, true), (true, true)];
        let nearest = turned
            .into_iter()
            .min_by(|&a, &b| meets(a).total_cmp(&meets(b)))
            .unwrap_or(as_they_are);
        let gain = meets(as_they_are) - meets(nearest);
        let turns = if gain > CLEARLY * distances.span {
            nearest
        } else {
            as_they_are
        };
        if turns.0 {
            self.order.reverse();
        }
        if turns.1 {
            other.order.reverse();
        }
        let parts = (self.node, other.node);
        self.order.append(&mut other.order);
        Self {
            node,
            parts,
            order: self.order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similar(n: usize, value: impl Fn(usize, usize) -> Option<f64>) -> Tree {
        let matrix = Matrix::build(n, |i, j| if i == j { Some(1.0) } else { value(i, j) });
        cluster(&matrix, Metric::Pearson)
    }

    /// Whether the models of `set` are neighbours.
    fn together(tree: &Tree, set: &[usize]) -> bool {
        let place = |m: &usize| tree.order.iter().position(|o| o == m).unwrap();
        let places: Vec<usize> = set.iter().map(place).collect();
        places.iter().max().unwrap() - places.iter().min().unwrap() == set.len() - 1
    }

    #[test]
    fn two_clear_families_part_at_the_root() {
        let tree = similar(6, |i, j| Some(if i % 2 == j % 2 { 0.9 } else { 0.1 }));
        assert!(together(&tree, &[0, 2, 4]) && together(&tree, &[1, 3, 5]));
        let root = tree.merges.last().unwrap();
        assert!((root.height - 0.9).abs() < 1e-12);
        assert!(
            tree.merges[..4]
                .iter()
                .all(|m| (m.height - 0.1).abs() < 1e-12)
        );
        assert_eq!(tree.order[0], 0);
    }

    #[test]
    fn heights_are_means_worked_out_by_hand() {
        // 0–1 join at 0.1; 2 is 0.5 and 0.7 away from them.
        let tree = similar(3, |i, j| match (i, j) {
            (0, 1) => Some(0.9),
            (0, 2) => Some(0.5),
            _ => Some(0.3),
        });
        let heights: Vec<f64> = tree.merges.iter().map(|m| m.height).collect();
        assert!((heights[0] - 0.1).abs() < 1e-12 && (heights[1] - 0.6).abs() < 1e-12);
        assert_eq!((tree.merges[1].left, tree.merges[1].right), (3, 2));
        // 0 is nearer to 2 than 1 is, so it stands between them.
        assert_eq!(tree.order, [1, 0, 2]);
    }

    #[test]
    fn of_distances_the_smallest_join_first() {
        let matrix = Matrix::build(4, |i, j| {
            Some(i.abs_diff(j) as f64 * if i == 2 { 0.5 } else { 1.0 })
        });
        let tree = cluster(&matrix, Metric::Euclidean);
        assert_eq!((tree.merges[0].left, tree.merges[0].right), (2, 3));
    }

    #[test]
    fn small_matrices_have_small_trees() {
        assert_eq!(similar(0, |_, _| None), Tree::default());
        let one = similar(1, |_, _| None);
        assert!(one.merges.is_empty() && one.order == [0]);
        let two = similar(2, |_, _| Some(0.25));
        assert_eq!(two.order, [0, 1]);
        assert_eq!(
            two.merges,
            [Merge {
                left: 0,
                right: 1,
                height: 0.75
            }]
        );
    }

    #[test]
    fn undefined_pairs_count_as_farthest() {
        let tree = similar(4, |i, j| (j != 2 && i != 2).then_some(0.1));
        assert_eq!(
            tree.merges
                .last()
                .unwrap()
                .right
                .min(tree.merges.last().unwrap().left),
            2
        );
        assert!(tree.merges.last().unwrap().height > 0.9);
    }

    #[test]
    fn without_any_value_there_is_no_tree() {
        let tree = similar(5, |_, _| None);
        assert!(tree.merges.is_empty());
        assert_eq!(tree.order, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_slightly_different_measure_does_not_flip_the_order() {
        // Two pairs of twins. Which twins meet in the middle is a matter of the third digit.
        let order = |wobble: &dyn Fn(usize, usize) -> f64| {
            similar(4, |i, j| {
                let value = if i / 2 == j / 2 { 0.9 } else { 0.3 };
                Some(value + 0.005 * wobble(i, j))
            })
            .order
        };
        let wobbles: [&dyn Fn(usize, usize) -> f64; 4] = [
            &|_, _| 0.0,
            &|i, j| (i * j % 2) as f64,
            &|i, j| ((i + j) % 2) as f64,
            &|i, _| if i == 0 { 1.0 } else { 0.0 },
        ];
        for wobble in wobbles {
            assert_eq!(order(wobble), [0, 1, 2, 3]);
        }
    }

    #[test]
    fn two_hundred_models_take_no_time_and_stay_in_their_lines() {
        let started = std::time::Instant::now();
        let tree = similar(200, |i, j| {
            Some(if i / 20 == j / 20 { 0.8 } else { 0.1 } + ((i * 31 + j * 17) % 10) as f64 * 1e-3)
        });
        assert_eq!(tree.merges.len(), 199);
        let mut sorted = tree.order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..200));
        for line in 0..10 {
            assert!(together(
                &tree,
                &(line * 20..line * 20 + 20).collect::<Vec<_>>()
            ));
        }
        let rises = tree
            .merges
            .is_sorted_by(|a, b| a.height <= b.height + 1e-12);
        assert!(rises);
        assert!(started.elapsed().as_secs() < 5);
    }
}
