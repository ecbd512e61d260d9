//! Which models stand nearest to each other: hierarchical clustering of a kinship matrix.
//!
//! The two nearest clusters join, until one is left; how far apart two are is a matter of the
//! [`Linkage`]. For a similarity the distance is 1 − value. A pair without a value counts as
//! farther than every pair with one; where no pair has one there is no tree. Ties go to the
//! lowest indices, so the same matrix always gives the same tree. Cost: about n² for most
//! matrices, n³ at worst. Memory: two matrices.
//!
//! A tree leaves open which of two branches stands above. The one with the lowest model does,
//! and a branch is turned only where this brings clearly nearer models together: so a slightly
//! different measure of the same models does not shuffle the rows.

use super::linkage::Linkage;
use super::{Matrix, Metric};

/// How much farther than the farthest known pair an unknown one is.
const UNKNOWN: f64 = 1.25;

/// How much nearer the models that meet must come for a branch to be turned, as a share of the
/// span from the nearest to the farthest pair.
const CLEARLY: f64 = 0.25;

/// One joining of two nodes. Nodes 0 to n−1 are the models; the i-th join makes node n+i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Join {
    /// A model or an earlier join; the one with the lowest model.
    pub left: usize,
    /// The other one.
    pub right: usize,
    /// Their distance; never negative, and never below that of an earlier join but for rounding.
    pub height: f64,
}

/// The tree over a matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The joins, nearest first; one fewer than there are models, or none if no pair has a
    /// value.
    pub joins: Vec<Join>,
    /// The models, so that relatives stand beside each other.
    pub order: Vec<usize>,
}

/// Clusters the models of `matrix`, whose values are those of `metric`, by average linkage.
pub fn cluster(matrix: &Matrix, metric: Metric) -> Tree {
    cluster_by(Linkage::Average, matrix, metric)
}

/// The same by any linkage.
pub fn cluster_by(linkage: Linkage, matrix: &Matrix, metric: Metric) -> Tree {
    let Some(distances) = Distances::new(matrix, metric) else {
        return Tree {
            joins: Vec::new(),
            order: (0..matrix.len()).collect(),
        };
    };
    let n = matrix.len();
    let mut clusters: Vec<Cluster> = (0..n).map(Cluster::leaf).collect();
    let mut left = Left::new(distances.rows.clone());
    let mut joins = Vec::new();
    while left.alive.len() > 1 {
        let (a, b, height) = left.nearest();
        left.join(linkage, (a, b), |k| clusters[k].size() as f64);
        let (first, second) = (
            std::mem::take(&mut clusters[a]),
            std::mem::take(&mut clusters[b]),
        );
        let joined = first.beside(second, n + joins.len(), &distances);
        joins.push(Join {
            left: joined.parts.0,
            right: joined.parts.1,
            height,
        });
        clusters[a] = joined;
    }
    let order = clusters
        .into_iter()
        .next()
        .map_or(Vec::new(), |all| all.order);
    Tree { joins, order }
}

/// The clusters that are left, each at the place of its lowest model, with their distances.
///
/// Each remembers the nearest of those behind it, so that a join looks again only for those
/// whose nearest it took away (Müllner: *Modern hierarchical, agglomerative clustering
/// algorithms*, arXiv 1109.2378, the generic algorithm).
struct Left {
    between: Vec<Vec<f64>>,
    /// Ascending.
    alive: Vec<usize>,
    /// For each the nearest of a higher place, the lowest of equally near ones, and its distance.
    nearest: Vec<(usize, f64)>,
}

impl Left {
    fn new(between: Vec<Vec<f64>>) -> Self {
        let n = between.len();
        let mut out = Self {
            between,
            alive: (0..n).collect(),
            nearest: vec![(0, f64::INFINITY); n],
        };
        (0..n).for_each(|place| out.look(place));
        out
    }

    /// Finds the nearest of a place anew.
    fn look(&mut self, place: usize) {
        let row = &self.between[place];
        let from = self.alive.partition_point(|other| *other <= place);
        let mut best = (0, f64::INFINITY);
        for &other in &self.alive[from..] {
            if row[other] < best.1 {
                best = (other, row[other]);
            }
        }
        self.nearest[place] = best;
    }

    /// The nearest two, the lower place first; the lowest places of equally near ones.
    fn nearest(&self) -> (usize, usize, f64) {
        let mut best = (self.alive[0], self.alive[1], f64::INFINITY);
        for &place in &self.alive {
            let (other, distance) = self.nearest[place];
            if distance < best.2 {
                best = (place, other, distance);
            }
        }
        best
    }

    /// Puts the distances of the join of `a` and `b` at `a`, and takes `b` out.
    fn join(&mut self, linkage: Linkage, (a, b): (usize, usize), size: impl Fn(usize) -> f64) {
        self.alive.retain(|place| *place != b);
        let apart = self.between[a][b];
        for &k in self.alive.iter().filter(|k| **k != a) {
            let sizes = [size(a), size(b), size(k)];
            let joined = linkage.joined(sizes, [self.between[a][k], self.between[b][k], apart]);
            self.between[a][k] = joined;
            self.between[k][a] = joined;
        }
        let before: Vec<usize> = self.alive.iter().copied().take_while(|k| *k < b).collect();
        for k in before {
            let (own, distance) = self.nearest[k];
            let joined = self.between[k][a];
            if k == a || own == a || own == b {
                self.look(k);
            } else if k < a && (joined < distance || joined == distance && a < own) {
                self.nearest[k] = (a, joined);
            }
        }
    }
}

/// Distances of all pairs; those without a value are farther than all others.
pub(super) struct Distances {
    pub(super) rows: Vec<Vec<f64>>,
    /// From the nearest to the farthest pair.
    span: f64,
}

impl Distances {
    /// `None` if no pair has a value.
    pub(super) fn new(matrix: &Matrix, metric: Metric) -> Option<Self> {
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
        cluster(&matrix, Metric::PEARSON)
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
        let root = tree.joins.last().unwrap();
        assert!((root.height - 0.9).abs() < 1e-12);
        assert!(
            tree.joins[..4]
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
        let heights: Vec<f64> = tree.joins.iter().map(|m| m.height).collect();
        assert!((heights[0] - 0.1).abs() < 1e-12 && (heights[1] - 0.6).abs() < 1e-12);
        assert_eq!((tree.joins[1].left, tree.joins[1].right), (3, 2));
        // 0 is nearer to 2 than 1 is, so it stands between them.
        assert_eq!(tree.order, [1, 0, 2]);
    }

    #[test]
    fn of_distances_the_smallest_join_first() {
        let matrix = Matrix::build(4, |i, j| {
            Some(i.abs_diff(j) as f64 * if i == 2 { 0.5 } else { 1.0 })
        });
        let tree = cluster(&matrix, Metric::EUCLIDEAN);
        assert_eq!((tree.joins[0].left, tree.joins[0].right), (2, 3));
    }

    /// Worked out by `scipy.cluster.hierarchy.linkage` 1.17 on these distances.
    #[test]
    fn linkages_are_those_of_scipy() {
        let rows = [
            [0.0, 2.0, 6.0, 10.0, 9.0],
            [2.0, 0.0, 5.0, 9.0, 8.0],
            [6.0, 5.0, 0.0, 4.0, 5.0],
            [10.0, 9.0, 4.0, 0.0, 3.0],
            [9.0, 8.0, 5.0, 3.0, 0.0],
        ];
        let matrix = Matrix::build(5, |i, j| Some(rows[i][j]));
        let heights = |linkage| -> Vec<f64> {
            let tree = cluster_by(linkage, &matrix, Metric::EUCLIDEAN);
            tree.joins.iter().map(|join| join.height).collect()
        };
        let expected = [
            (Linkage::Average, [2.0, 3.0, 4.5, 7.833_333_333_333_333]),
            (Linkage::Complete, [2.0, 3.0, 5.0, 10.0]),
            (
                Linkage::Ward,
                [2.0, 3.0, 4.932_882_862_316_247, 11.792_653_080_060_767],
            ),
        ];
        for (linkage, expected) in expected {
            let found = heights(linkage);
            let near = found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(near, "{linkage:?}: {found:?}");
        }
    }

    /// The two nearest join, found by looking at all pairs.
    fn naive(linkage: Linkage, matrix: &Matrix) -> Vec<(usize, usize, f64)> {
        let mut between = Distances::new(matrix, Metric::PEARSON).unwrap().rows;
        let mut alive: Vec<(usize, f64)> = (0..matrix.len()).map(|k| (k, 1.0)).collect();
        let mut out = Vec::new();
        while alive.len() > 1 {
            let mut best = (0, 1, f64::INFINITY);
            for (at, &(a, _)) in alive.iter().enumerate() {
                for (to, &(b, _)) in alive.iter().enumerate().skip(at + 1) {
                    if between[a][b] < best.2 {
                        best = (at, to, between[a][b]);
                    }
                }
            }
            let ((a, of_a), (b, of_b)) = (alive[best.0], alive[best.1]);
            for &(k, of_k) in alive.iter().filter(|(k, _)| *k != a && *k != b) {
                let apart = [between[a][k], between[b][k], between[a][b]];
                let joined = linkage.joined([of_a, of_b, of_k], apart);
                (between[a][k], between[k][a]) = (joined, joined);
            }
            alive[best.0].1 += of_b;
            alive.remove(best.1);
            out.push((a, b, best.2));
        }
        out
    }

    #[test]
    fn the_nearest_are_found_without_looking_at_all_pairs() {
        for seed in 0..20u64 {
            let stream = crate::numeric::random::Stream::new(seed, "tree", 0);
            // Few values, so that there are ties.
            let steps = if seed % 2 == 0 { 6 } else { 1 << 20 };
            let matrix = Matrix::build(40, |i, j| {
                Some((stream.at((i * 40 + j) as u64) % steps) as f64 / steps as f64)
            });
            for linkage in Linkage::ALL {
                let heights = naive(linkage, &matrix).into_iter().map(|join| join.2);
                let tree = cluster_by(linkage, &matrix, Metric::PEARSON);
                assert!(
                    heights.eq(tree.joins.iter().map(|join| join.height)),
                    "{linkage:?}"
                );
            }
        }
    }

    #[test]
    fn small_matrices_have_small_trees() {
        assert_eq!(similar(0, |_, _| None), Tree::default());
        let one = similar(1, |_, _| None);
        assert!(one.joins.is_empty() && one.order == [0]);
        let two = similar(2, |_, _| Some(0.25));
        assert_eq!(two.order, [0, 1]);
        assert_eq!(
            two.joins,
            [Join {
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
            tree.joins
                .last()
                .unwrap()
                .right
                .min(tree.joins.last().unwrap().left),
            2
        );
        assert!(tree.joins.last().unwrap().height > 0.9);
    }

    #[test]
    fn without_any_value_there_is_no_tree() {
        let tree = similar(5, |_, _| None);
        assert!(tree.joins.is_empty());
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
        assert_eq!(tree.joins.len(), 199);
        let mut sorted = tree.order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..200));
        for line in 0..10 {
            assert!(together(
                &tree,
                &(line * 20..line * 20 + 20).collect::<Vec<_>>()
            ));
        }
        let rises = tree.joins.is_sorted_by(|a, b| a.height <= b.height + 1e-12);
        assert!(rises);
        assert!(started.elapsed().as_secs() < 5);
    }
}
