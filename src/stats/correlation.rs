//! How closely two quantities go together: Pearson's r and Spearman's rank correlation.
//!
//! r = Σ(xᵢ−x̄)(yᵢ−ȳ) / √(Σ(xᵢ−x̄)²·Σ(yᵢ−ȳ)²). Spearman's is the same over ranks, where equal
//! values share the mean of their places. The two-sided p is by Student's t with n − 2 degrees
//! of freedom: exact for Pearson's r of normal data, an approximation for ranks (the one SciPy
//! uses too). Cost: n for Pearson, n log n for Spearman.
//!
//! Neither is defined for fewer than three points, as two always lie on a line, nor where all x
//! or all y are the same.

use super::sample::{Sample, dot, unit_deviations};
use super::student::p_of_correlation;

/// A correlation and how likely one as strong is by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// From −1 to 1.
    pub r: f64,
    /// Two-sided p, 0 to 1; 0 for a perfect correlation.
    pub p: f64,
    pub n: usize,
}

/// Pearson's r; `None` for fewer than three points or where all x or all y are the same.
pub fn pearson(sample: &Sample) -> Option<Correlation> {
    correlation(&sample.x, &sample.y)
}

/// Spearman's rank correlation; `None` as for [`pearson`].
pub fn spearman(sample: &Sample) -> Option<Correlation> {
    correlation(&ranks(&sample.x), &ranks(&sample.y))
}

fn correlation(x: &[f64], y: &[f64]) -> Option<Correlation> {
    let n = x.len();
    let r = coefficient(&unit_deviations(x)?, &unit_deviations(y)?)?;
    let p = p_of_correlation(r, n)?;
    Some(Correlation { r, p, n })
}

/// r of deviations from the mean.
fn coefficient(x: &[f64], y: &[f64]) -> Option<f64> {
    let r = dot(x, y) / (dot(x, x).sqrt() * dot(y, y).sqrt());
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// Places from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut out = vec![0.0; values.len()];
    let mut before = 0;
    // By comparison, not by bits: −0 and 0 are equal.
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let shared = before as f64 + (tied.len() + 1) as f64 / 2.0;
        for &k in tied {
            out[k] = shared;
        }
        before += tied.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(x: &[f64], y: &[f64]) -> Sample {
        Sample::from_pairs(x.iter().map(|&v| Some(v)).zip(y.iter().map(|&v| Some(v))))
    }

    #[test]
    fn a_case_by_hand() {
        // Deviations −1.5 −0.5 0.5 1.5 and −1.5 0.5 −0.5 1.5: Σxy = 4, Σx² = Σy² = 5.
        let found = pearson(&sample(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])).unwrap();
        assert!((found.r - 0.8).abs() < 1e-15, "{found:?}");
        // t with 2 degrees of freedom has p = 1 − |r|.
        assert!((found.p - 0.2).abs() < 1e-12, "{found:?}");
        assert_eq!(found.n, 4);
    }

    #[test]
    fn perfect_correlations_have_p_zero_and_no_nan() {
        for slope in [2.0, -3.0] {
            let x = [1.0, 2.0, 4.0, 8.0];
            let y = x.map(|v| slope * v);
            let found = pearson(&sample(&x, &y)).unwrap();
            assert_eq!(found.r, f64::signum(slope));
            assert_eq!(found.p, 0.0);
        }
    }

    #[test]
    fn what_says_nothing_is_none() {
        for (x, y) in [
            (&[][..], &[][..]),
            (&[1.0], &[2.0]),
            (&[1.0, 2.0], &[2.0, 3.0]),
            (&[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]),
            (&[1.0, 2.0, 3.0], &[0.1, 0.1, 0.1]),
        ] {
            assert_eq!(pearson(&sample(x, y)), None);
            assert_eq!(spearman(&sample(x, y)), None);
        }
    }

    #[test]
    fn huge_and_tiny_numbers_do_not_overflow() {
        let x = [1.0, 2.0, 3.0, 4.0];
        for scale in [1e-300, 1e300] {
            let y = [1.0, 3.0, 2.0, 4.0].map(|v| v * scale);
            let r = pearson(&sample(&x, &y)).unwrap().r;
            assert!((r - 0.8).abs() < 1e-12, "{r}");
        }
    }

    #[test]
    fn equal_values_share_their_places() {
        assert_eq!(ranks(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
        assert_eq!(ranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert_eq!(ranks(&[]), [0.0; 0]);
    }

    #[test]
    fn ranks_forget_the_shape() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0];
        let y = x.map(f64::exp);
        assert_eq!(spearman(&sample(&x, &y)).unwrap().r, 1.0);
        assert!(pearson(&sample(&x, &y)).unwrap().r < 0.95);
    }
}
