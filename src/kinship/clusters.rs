//! Groups of relatives, to be named where there is no room for each model: the tree of
//! [`cluster`](super::cluster) cut once, where the next join is farthest from the last. Cost: one
//! walk over the tree for each number of groups.

use super::Join;

/// Fewer groups than this say little.
const LEAST: usize = 4;

/// The models of `order`, which is that of the tree, in at most `most` groups that stand beside
/// each other, none of them more than half of all where that can be; none where there is no tree,
/// or no more than `most` models.
pub fn groups(order: &[usize], joins: &[Join], most: usize) -> Vec<Vec<usize>> {
    let n = order.len();
    if joins.len() + 1 != n || n <= most {
        return Vec::new();
    }
    let gap = |groups: usize| joins[n - groups].height - joins[n - groups - 1].height;
    let largest = |groups: &Vec<Vec<usize>>| groups.iter().map(Vec::len).max().unwrap_or(0);
    let cuts = (LEAST.min(most).max(2)..=most).map(|count| (count, cut(order, joins, count)));
    let cuts: Vec<(usize, Vec<Vec<usize>>)> = cuts.collect();
    let fair = cuts.iter().filter(|(_, groups)| 2 * largest(groups) <= n);
    let best = fair
        .max_by(|a, b| gap(a.0).total_cmp(&gap(b.0)))
        .or(cuts.last());
    best.map_or(Vec::new(), |(_, groups)| groups.clone())
}

/// The models in `count` groups, by cutting the tree once; none where there is no tree to cut, or
/// for fewer than two groups.
pub fn cut_into(order: &[usize], joins: &[Join], count: usize) -> Vec<Vec<usize>> {
    let n = order.len();
    match joins.len() + 1 == n && (2..=n).contains(&count) {
        true => cut(order, joins, count),
        false => Vec::new(),
    }
}

/// The tree without its last joins, so that `count` groups are left.
fn cut(order: &[usize], joins: &[Join], count: usize) -> Vec<Vec<usize>> {
    let n = order.len();
    let owner = owners(n, &joins[..n - count]);
    let same = |a: &usize, b: &usize| owner.get(*a) == owner.get(*b);
    order.chunk_by(same).map(<[usize]>::to_vec).collect()
}

/// The last node that each model was joined into.
fn owners(n: usize, joins: &[Join]) -> Vec<usize> {
    let mut above: Vec<Option<usize>> = vec![None; n + joins.len()];
    for (k, join) in joins.iter().enumerate() {
        for part in [join.left, join.right] {
            if let Some(place) = above.get_mut(part) {
                *place = Some(n + k);
            }
        }
    }
    // From the top down, each node knows where it ends.
    let mut owner: Vec<usize> = (0..above.len()).collect();
    for node in (0..above.len()).rev() {
        if let Some(up) = above[node] {
            owner[node] = owner[up];
        }
    }
    owner.truncate(n);
    owner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinship::{Matrix, Metric, cluster};

    /// Families of as many models, in turn; kin within, strangers between.
    fn families(count: usize, each: usize) -> (Matrix, usize) {
        let n = count * each;
        let near = |i: usize, j: usize| if i % count == j % count { 0.9 } else { 0.1 };
        let value = |i: usize, j: usize| near(i, j) + 0.001 * (i * j % 7) as f64;
        (Matrix::build(n, |i, j| Some(value(i, j))), n)
    }

    #[test]
    fn families_come_apart() {
        let (matrix, n) = families(5, 8);
        let tree = cluster(&matrix, Metric::PEARSON);
        let found = groups(&tree.order, &tree.joins, 12);
        assert_eq!(found.len(), 5);
        for group in &found {
            assert!(group.iter().all(|k| k % 5 == group[0] % 5), "{group:?}");
        }
        assert_eq!(found.concat(), tree.order);
        assert_eq!(n, 40);
    }

    #[test]
    fn a_tree_is_cut_into_as_many_groups_as_are_wanted() {
        let (matrix, n) = families(3, 4);
        let tree = cluster(&matrix, Metric::PEARSON);
        let sizes = |count| -> Vec<usize> {
            let groups = cut_into(&tree.order, &tree.joins, count);
            groups.iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(3), [4, 4, 4]);
        assert_eq!(sizes(n), vec![1; n]);
        assert!(sizes(1).is_empty() && sizes(n + 1).is_empty());
    }

    #[test]
    fn few_models_and_no_tree_are_not_cut() {
        let (matrix, _) = families(2, 4);
        let tree = cluster(&matrix, Metric::PEARSON);
        assert!(groups(&tree.order, &tree.joins, 12).is_empty());
        assert!(groups(&(0..40).collect::<Vec<_>>(), &[], 12).is_empty());
        assert!(groups(&[], &[], 12).is_empty());
    }
}
