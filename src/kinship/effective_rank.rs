//! In how many directions a set of models has changed.
//!
//! The participation ratio of the eigenvalues of the normalised Gram matrix C of their task
//! vectors, whose entries are cosines: (Σλ)² / Σλ² = n² / Σᵢⱼ Cᵢⱼ². It is n for orthogonal
//! changes and 1 for copies; models that are opposite count as one direction. No eigenvalue has to
//! be computed. Used as a count of dimensions in Gao et al., 2017 (bioRxiv 214262).

use super::{Kinship, Matrix, Measure, Metric, Scope};

impl Kinship {
    /// How many directions `models` span over the tensors of a scope, between 1 and their number;
    /// `None` if two of them have no cosine, or if there are fewer than two.
    pub fn effective_rank(&self, models: &[usize], scope: Scope) -> Option<f64> {
        let measure = Measure {
            metric: Metric::COSINE,
            scope,
            ..Measure::default()
        };
        participation(&self.matrix(measure), models)
    }
}

/// n² / Σ C² of the rows and columns `models` of a matrix of cosines.
pub fn participation(cosines: &Matrix, models: &[usize]) -> Option<f64> {
    let mut squares = 0.0;
    for &a in models {
        for &b in models {
            let value = if a == b { 1.0 } else { cosines.get(a, b)? };
            squares += value * value;
        }
    }
    let n = models.len() as f64;
    (models.len() > 1 && squares.is_finite()).then(|| n * n / squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_models_span_as_many_directions_as_they_are_and_copies_one() {
        let of = |value: f64| {
            let cosines = Matrix::build(4, |i, j| Some(if i == j { 1.0 } else { value }));
            participation(&cosines, &[0, 1, 2, 3]).unwrap()
        };
        assert_eq!((of(0.0), of(1.0), of(-1.0)), (4.0, 1.0, 1.0));
        // Eigenvalues 2.5, 0.5, 0.5, 0.5: 16 / 7.
        assert!((of(0.5) - 16.0 / 7.0).abs() < 1e-12);
        assert_eq!(participation(&Matrix::default(), &[]), None);
    }
}
