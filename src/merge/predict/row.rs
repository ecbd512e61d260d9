//! One more row of a Gram matrix: that of a combination of the others.

use crate::numeric::{Gram, GramRow};

/// A vector in terms of the rows of a Gram: its share of the base, and of each δ.
pub(super) struct Combination {
    /// a₀ of a₀b + Σ aₖδₖ.
    base: f64,
    /// aₖ of model k, counted from 0.
    models: Vec<(usize, f64)>,
}

/// The change Σ cᵢxᵢ − b of a child whose inputs have these rows: as xᵢ = b + δᵢ, it is
/// (Σ cᵢ − 1)·b + Σ cᵢδᵢ.
pub(super) fn combination(coefficients: &[f64], rows: &[usize]) -> Combination {
    let sum: f64 = coefficients.iter().sum();
    let excess = sum - 1.0;
    // Shares that sum to one but for rounding leave nothing of the base, which is so much
    // larger than the changes that the rounding would show.
    let base = if excess.abs() < 1e-14 { 0.0 } else { excess };
    let models = coefficients
        .iter()
        .zip(rows)
        .filter(|(_, row)| **row > 0)
        .map(|(&c, &row)| (row - 1, c));
    Combination {
        base,
        models: models.collect(),
    }
}

/// The row of `child` beside those of the Gram.
pub(super) fn of(child: &Combination, gram: &Gram) -> GramRow {
    let n = gram.models();
    let with = |row: usize| {
        let changes = child.models.iter().map(|&(k, a)| a * gram.dot(k + 1, row));
        child.base * gram.dot(0, row) + changes.sum::<f64>()
    };
    let sums = child.models.iter().map(|&(k, a)| a * gram.sums[k + 1]);
    let distances = Distances::new(gram, child);
    let mut dots: Vec<f64> = Vec::with_capacity(n + 2);
    dots.extend((0..=n).map(with));
    dots.push(distances.to(None));
    GramRow {
        sum: child.base * gram.sums[0] + sums.sum::<f64>(),
        dots,
        squared_distances: (0..n).map(|model| distances.to(Some(model))).collect(),
        non_finite: 0,
    }
}

/// Squared distances of the child, from distances alone, so that nearly equal models lose no
/// digits.
///
/// For y = Σ aₖδₖ, with the base as a point of share 1 − Σ aₖ, |y − p|² is
/// Σ aᵢ·d²(i, p) − ½ ΣΣ aᵢaⱼ·d²(i, j); the second part is the same for every p.
struct Distances<'g> {
    gram: &'g Gram,
    child: &'g Combination,
    points: Vec<(Option<usize>, f64)>,
    between_points: f64,
    /// b·Σ aₖδₖ
    cross: f64,
}

impl<'g> Distances<'g> {
    fn new(gram: &'g Gram, child: &'g Combination) -> Self {
        let rest = 1.0 - child.models.iter().map(|(_, a)| a).sum::<f64>();
        let mut points: Vec<(Option<usize>, f64)> =
            child.models.iter().map(|&(k, a)| (Some(k), a)).collect();
        points.push((None, rest));
        let mut between_points = 0.0;
        for (i, &(p, a)) in points.iter().enumerate() {
            for &(q, b) in &points[..i] {
                between_points += a * b * between(gram, p, q);
            }
        }
        let cross = child.models.iter().map(|&(k, a)| a * gram.dot(0, k + 1));
        Self {
            gram,
            child,
            points,
            between_points,
            cross: cross.sum(),
        }
    }

    /// |child − p|² for a model, or for the base.
    fn to(&self, p: Option<usize>) -> f64 {
        let points = self.points.iter();
        let changes: f64 = points.map(|&(q, a)| a * between(self.gram, p, q)).sum();
        let base = self.child.base;
        let of_p = p.map_or(0.0, |model| self.gram.dot(0, model + 1));
        let base = base * base * self.gram.dot(0, 0) + 2.0 * base * (self.cross - of_p);
        (changes - self.between_points + base).max(0.0)
    }
}

/// Squared distance of two models, or of a model and the base.
fn between(gram: &Gram, p: Option<usize>, q: Option<usize>) -> f64 {
    match (p, q) {
        (None, None) => 0.0,
        (Some(k), None) | (None, Some(k)) => gram.dot(k + 1, k + 1),
        (Some(i), Some(j)) => gram.squared_distance(i, j),
    }
}
