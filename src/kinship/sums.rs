//! What one pass adds up for a pair of models, and what follows from it.
//!
//! Source: model kinship as in arXiv 2410.12613, section 4.1 (Pearson, cosine and Euclidean
//! distance of task vectors). A task vector that is all zero has no direction, and one that
//! is constant has no variance: what would divide by zero is `None`, never NaN and never 0.

use std::ops::AddAssign;

/// Sums over the entries that two task vectors δₐ and δᵦ share.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairSums {
    /// Number of entries.
    pub count: f64,
    /// Σδₐ
    pub sum_a: f64,
    /// Σδᵦ
    pub sum_b: f64,
    /// Σδₐ²
    pub square_a: f64,
    /// Σδᵦ²
    pub square_b: f64,
    /// Σδₐδᵦ
    pub product: f64,
    /// Σ(δₐ − δᵦ)²
    pub squared_distance: f64,
}

impl AddAssign for PairSums {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.sum_a += other.sum_a;
        self.sum_b += other.sum_b;
        self.square_a += other.square_a;
        self.square_b += other.square_b;
        self.product += other.product;
        self.squared_distance += other.squared_distance;
    }
}

/// A variance below this share of the mean square is rounding noise of the sums: the vector
/// is constant, up to numbers that differ in their last bits.
const CONSTANT: f64 = 1e-13;

impl PairSums {
    /// Pearson correlation; `None` if one of the two is constant.
    pub fn pearson(&self) -> Option<f64> {
        let variance = |sum: f64, square: f64| {
            let v = square - sum * sum / self.count;
            (v > CONSTANT * square).then_some(v)
        };
        let (a, b) = (
            variance(self.sum_a, self.square_a)?,
            variance(self.sum_b, self.square_b)?,
        );
        let covariance = self.product - self.sum_a * self.sum_b / self.count;
        finite(covariance / (a.sqrt() * b.sqrt())).map(|r| r.clamp(-1.0, 1.0))
    }

    /// Cosine; `None` if one of the two is all zero.
    pub fn cosine(&self) -> Option<f64> {
        let norms = self.square_a.sqrt() * self.square_b.sqrt();
        finite(self.product / norms).map(|c| c.clamp(-1.0, 1.0))
    }

    /// Euclidean distance; `None` if there is nothing to compare.
    pub fn euclidean(&self) -> Option<f64> {
        if self.count > 0.0 {
            finite(self.squared_distance.max(0.0).sqrt())
        } else {
            None
        }
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinship::Metric;

    /// The sums by their definition.
    fn sums(a: &[f64], b: &[f64]) -> PairSums {
        let mut out = PairSums::default();
        for (&a, &b) in a.iter().zip(b) {
            out += PairSums {
                count: 1.0,
                sum_a: a,
                sum_b: b,
                square_a: a * a,
                square_b: b * b,
                product: a * b,
                squared_distance: (a - b) * (a - b),
            };
        }
        out
    }

    fn check(metric: Metric, a: &[f64], b: &[f64], expected: Option<f64>) {
        let found = metric.of(&sums(a, b));
        match (found, expected) {
            (Some(f), Some(e)) => assert!((f - e).abs() < 1e-15, "{metric:?}: {f} is not {e}"),
            _ => assert_eq!(found, expected, "{metric:?}"),
        }
    }

    #[test]
    fn opposite_changes_are_told_apart_by_sign_only() {
        let (a, b) = ([1.0, -2.0, 3.0], [-1.0, 2.0, -3.0]);
        check(Metric::PEARSON, &a, &b, Some(-1.0));
        check(Metric::COSINE, &a, &b, Some(-1.0));
        check(Metric::ABSOLUTE_COSINE, &a, &b, Some(1.0));
        check(Metric::EUCLIDEAN, &a, &b, Some(56f64.sqrt()));
    }

    #[test]
    fn a_shift_changes_the_cosine_and_not_pearson() {
        check(
            Metric::PEARSON,
            &[1.0, 2.0, 3.0],
            &[11.0, 12.0, 13.0],
            Some(1.0),
        );
        check(
            Metric::COSINE,
            &[1.0, 0.0],
            &[1.0, 1.0],
            Some(0.5f64.sqrt()),
        );
    }

    #[test]
    fn a_model_equal_to_its_base_has_a_distance_and_no_direction() {
        let (a, zero) = ([3.0, 4.0], [0.0, 0.0]);
        check(Metric::PEARSON, &a, &zero, None);
        check(Metric::COSINE, &a, &zero, None);
        check(Metric::ABSOLUTE_COSINE, &a, &zero, None);
        check(Metric::EUCLIDEAN, &a, &zero, Some(5.0));
    }

    #[test]
    fn a_constant_change_has_no_pearson() {
        let a: Vec<f64> = (0..1000).map(|k| f64::from(k).sin()).collect();
        check(Metric::PEARSON, &[0.1; 1000], &a, None);
        check(Metric::PEARSON, &[0.3], &[0.4], None);
        check(Metric::COSINE, &[0.3], &[0.4], Some(1.0));
    }

    #[test]
    fn nothing_in_common_has_no_value() {
        for &metric in Metric::ALL {
            check(metric, &[], &[], None);
        }
    }
}
