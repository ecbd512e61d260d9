//! TSV-Merge: of each dᵢ = UᵢΣᵢVᵢᵀ the first of as many singular values as there are models to
//! share the rank; with the kept columns side by side in Û and V̂ and the kept values in Σ̂,
//! d = polar(Û) Σ̂ polar(V̂)ᵀ, which is ΣUᵢΣᵢVᵢᵀ with directions that overlap turned apart
//! (2412.00081, algorithm 1).

use faer::Mat;
use rayon::prelude::*;

use super::Square;
use super::matrix::Matrix;
use super::polar::{polar, singular_values};
use super::products::{add_rows, eigen, gram, product};
use crate::jobs::Ticket;
use crate::merge::error::MergeError;

/// The strongest directions of one change.
struct Part {
    values: Vec<f64>,
    /// [longer side, rank], row-major.
    left: Vec<f32>,
    /// [shorter side, rank]
    right: Mat<f64>,
}

pub(super) fn combine(changes: &[Matrix], ticket: &Ticket) -> Result<Matrix, MergeError> {
    let shape = changes[0].shape;
    let rank = (shape[0].min(shape[1]) / changes.len()).max(1);
    // Eigenvectors are found on one thread each.
    let parts = changes.par_iter().map(|change| part(change, rank, ticket));
    let parts = parts.collect::<Result<Vec<Part>, _>>()?;
    let values: Vec<f64> = parts
        .iter()
        .flat_map(|p| p.values.iter().copied())
        .collect();
    let left = Matrix::new(
        [shape[0].max(shape[1]), values.len()],
        side_by_side(&parts, shape[0].max(shape[1])),
    );
    let right = columns(&parts, shape[0].min(shape[1]), values.len());
    let (of_left, of_right) = rayon::join(
        || polar(&gram(left.view(), ticket)?, ticket),
        || {
            let inner = product(right.as_ref().transpose(), right.as_ref(), ticket)?;
            polar(&inner, ticket)
        },
    );
    let (of_left, of_right) = (of_left?.root, of_right?.root);
    let turned = product(right.as_ref(), of_right.as_ref(), ticket)?;
    let k = values.len();
    let scaled = Mat::from_fn(k, k, |i, j| of_left[(i, j)] * values[j]);
    let end = product(scaled.as_ref(), turned.as_ref().transpose(), ticket)?;
    let mut out = vec![0.0; shape[0] * shape[1]];
    add_rows(&mut out, left.view(), end.as_ref(), ticket)?;
    Ok(Matrix::from_tall(shape, out))
}

fn part(change: &Matrix, rank: usize, ticket: &Ticket) -> Result<Part, MergeError> {
    let tall = change.tall();
    let (squares, vectors) = eigen(&gram(tall, ticket)?)?;
    ticket.advance(0)?;
    let mut values = singular_values(&squares);
    values.truncate(rank);
    let right = vectors.as_ref().subcols(0, values.len()).to_owned();
    let scaled = Square::from_fn(right.nrows(), values.len(), |i, j| {
        right[(i, j)] / values[j]
    });
    let mut left = vec![0.0; tall.nrows() * values.len()];
    if !values.is_empty() {
        add_rows(&mut left, tall, scaled.as_ref(), ticket)?;
    }
    Ok(Part {
        values,
        left,
        right,
    })
}

/// The left sides of all parts as one matrix, row-major.
fn side_by_side(parts: &[Part], rows: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for row in 0..rows {
        for part in parts {
            let k = part.values.len();
            out.extend_from_slice(&part.left[row * k..(row + 1) * k]);
        }
    }
    out
}

/// The right sides of all parts as one matrix.
fn columns(parts: &[Part], rows: usize, k: usize) -> Mat<f64> {
    let mut out = Mat::zeros(rows, k);
    let mut at = 0;
    for part in parts {
        let own = part.right.ncols();
        out.as_mut().subcols_mut(at, own).copy_from(&part.right);
        at += own;
    }
    out
}
