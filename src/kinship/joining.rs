//! Neighbour joining: a tree whose branches may be of different lengths.
//!
//! Where one line of models has changed much and its sister little, clustering puts the wrong ones
//! together; neighbour joining corrects each distance by how far both are from everyone else, and
//! finds the right tree wherever the distances are sums along one. It has no root. Source: Saitou
//! and Nei, 1987; the criterion as in Studier and Keppler, 1988. Cost: n³.

use super::tree::Distances;
use super::{Matrix, Metric};

/// A node and the length of the branch to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// A model, or n + i for the i-th join.
    pub node: usize,
    /// Its length; below zero where the distances are not those of a tree.
    pub length: f64,
}

/// A tree without a root. Nodes 0 to n−1 are the models; the i-th join makes node n + i.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    /// Pairs that were joined.
    pub joins: Vec<[Branch; 2]>,
    /// What the last join leaves: three nodes, or all where there are fewer models.
    pub middle: Vec<Branch>,
}

/// Joins the models of `matrix`, whose values are those of `metric`; `None` if no pair has a value.
pub fn neighbour_joining(matrix: &Matrix, metric: Metric) -> Option<Joined> {
    let mut between = Distances::new(matrix, metric)?.rows;
    (0..between.len()).for_each(|i| between[i][i] = 0.0);
    let mut nodes: Vec<usize> = (0..matrix.len()).collect();
    let mut joins = Vec::new();
    while nodes.len() > 3 {
        let sums: Vec<f64> = between.iter().map(|row| row.iter().sum()).collect();
        let (a, b) = neighbours(&between, &sums);
        let others = (nodes.len() - 2) as f64;
        let own = between[a][b] / 2.0 + (sums[a] - sums[b]) / (2.0 * others);
        let branch = |at: usize, length| Branch {
            node: nodes[at],
            length,
        };
        joins.push([branch(a, own), branch(b, between[a][b] - own)]);
        join(&mut between, a, b);
        nodes[a] = matrix.len() + joins.len() - 1;
        nodes.remove(b);
    }
    Some(Joined {
        joins,
        middle: middle(&nodes, &between),
    })
}

/// The pair of the least corrected distance, the lower position first.
fn neighbours(between: &[Vec<f64>], sums: &[f64]) -> (usize, usize) {
    let others = (between.len() - 2) as f64;
    let mut best = (0, 1, f64::INFINITY);
    for (a, row) in between.iter().enumerate() {
        for (b, distance) in row.iter().enumerate().skip(a + 1) {
            let corrected = others * distance - sums[a] - sums[b];
            if corrected < best.2 {
                best = (a, b, corrected);
            }
        }
    }
    (best.0, best.1)
}

/// Puts the distances of the join of `a` and `b` into `a`, and takes `b` out.
fn join(between: &mut Vec<Vec<f64>>, a: usize, b: usize) {
    let second = between.remove(b);
    let apart = second[a];
    for row in between.iter_mut() {
        row.remove(b);
    }
    let others = (0..second.len()).filter(|&k| k != b);
    for (k, old) in others.enumerate().filter(|&(k, _)| k != a) {
        let distance = (between[a][k] + second[old] - apart) / 2.0;
        between[a][k] = distance;
        between[k][a] = distance;
    }
}

/// The last nodes around their middle.
fn middle(nodes: &[usize], between: &[Vec<f64>]) -> Vec<Branch> {
    let length = |k: usize| match nodes.len() {
        3 => {
            let (i, j) = ((k + 1) % 3, (k + 2) % 3);
            (between[k][i] + between[k][j] - between[i][j]) / 2.0
        }
        2 => between[0][1] / 2.0,
        _ => 0.0,
    };
    let branch = |(k, &node): (usize, &usize)| Branch {
        node,
        length: length(k),
    };
    nodes.iter().enumerate().map(branch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the article on the method in Wikipedia, worked out there by hand.
    #[test]
    fn five_taxa_worked_out_by_hand() {
        let rows = [
            [0.0, 5.0, 9.0, 9.0, 8.0],
            [5.0, 0.0, 10.0, 10.0, 9.0],
            [9.0, 10.0, 0.0, 8.0, 7.0],
            [9.0, 10.0, 8.0, 0.0, 3.0],
            [8.0, 9.0, 7.0, 3.0, 0.0],
        ];
        let matrix = Matrix::build(5, |i, j| Some(rows[i][j]));
        let found = neighbour_joining(&matrix, Metric::EUCLIDEAN).unwrap();
        let branch = |node, length| Branch { node, length };
        assert_eq!(found.joins[0], [branch(0, 2.0), branch(1, 3.0)]);
        assert_eq!(found.joins[1], [branch(5, 3.0), branch(2, 4.0)]);
        assert_eq!(
            found.middle,
            [branch(6, 2.0), branch(3, 2.0), branch(4, 1.0)]
        );
    }

    #[test]
    fn few_models_have_small_trees() {
        let matrix = Matrix::build(2, |_, _| Some(4.0));
        let two = neighbour_joining(&matrix, Metric::EUCLIDEAN).unwrap();
        assert_eq!(two.middle.iter().map(|b| b.length).sum::<f64>(), 4.0);
        let none = Matrix::build(3, |_, _| None);
        assert_eq!(neighbour_joining(&none, Metric::EUCLIDEAN), None);
    }
}
