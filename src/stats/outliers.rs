//! Which points stand far off the line, for naming them in a chart.
//!
//! The measure is the externally studentised residual tᵢ = eᵢ / (s₍ᵢ₎·√(1 − hᵢ)): the distance
//! from the line in standard deviations that are estimated without the point itself, with hᵢ
//! its leverage; s₍ᵢ₎² = (Σe² − eᵢ²/(1−hᵢ))/(n − 3). Beyond 2 a point deserves a look (Belsley,
//! Kuh and Welsch, *Regression diagnostics*, 1980, section 2.1). That is a reason to read its
//! name, not to leave it out: of well-behaved points about one in twenty lies there too.

use super::regression::least_squares;
use super::sample::{Sample, mean};

/// Beyond this a point is named.
pub const OUTLIER_LIMIT: f64 = 2.0;

/// The most points that are named, so that names stay readable.
const MOST: usize = 5;

/// Shares of sums of squares below this are rounding.
const ROUNDING: f64 = 1e-20;

/// The points whose studentised residual from the least-squares line is beyond
/// [`OUTLIER_LIMIT`]: indices into the sample, farthest first, five at most. Empty for fewer
/// than four points, and where all lie on the line.
pub fn outliers(sample: &Sample) -> Vec<usize> {
    let mut found: Vec<(usize, f64)> = studentised(sample)
        .into_iter()
        .map(f64::abs)
        .enumerate()
        .filter(|(_, t)| *t > OUTLIER_LIMIT)
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.into_iter().take(MOST).map(|(k, _)| k).collect()
}

/// The externally studentised residuals; infinite where all other points lie on one line, 0
/// for a point that alone decides its place on it. Empty as for [`outliers`].
fn studentised(sample: &Sample) -> Vec<f64> {
    let line = least_squares(sample).filter(|line| line.n > 3);
    let Some((line, mean_y)) = line.zip(mean(&sample.y)) else {
        return Vec::new();
    };
    let spread: f64 = sample.y.iter().map(|y| (y - mean_y).powi(2)).sum();
    let unexplained = line.residual.powi(2) * (line.n - 2) as f64;
    if unexplained <= ROUNDING * spread {
        return Vec::new();
    }
    let of = |(x, y): (f64, f64)| {
        let residual = y - line.at(x);
        let free = 1.0 - line.leverage(x);
        if free < 1e-12 {
            return 0.0;
        }
        let others = unexplained - residual.powi(2) / free;
        if others <= ROUNDING.sqrt() * unexplained {
            return f64::INFINITY.copysign(residual);
        }
        residual / (others / (line.n - 3) as f64 * free).sqrt()
    };
    sample.pairs().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::sample::points;

    #[test]
    fn a_residual_agrees_with_leaving_the_point_out() {
        let all = [
            (0.0, 0.1),
            (1.0, 1.3),
            (2.0, 1.8),
            (3.0, 6.0),
            (5.0, 5.1),
            (6.0, 5.8),
        ];
        let found = studentised(&points(&all));
        for (k, found) in found.iter().enumerate() {
            let mut rest = all.to_vec();
            let (x, y) = rest.remove(k);
            let line = least_squares(&points(&rest)).unwrap();
            // How far the point is from the line of the others, in the error of predicting it.
            let error = line.residual * (1.0 + line.leverage(x)).sqrt();
            let expected = (y - line.at(x)) / error;
            assert!((found - expected).abs() < 1e-9, "{k}: {found} {expected}");
        }
        assert_eq!(outliers(&points(&all)), [3]);
    }

    #[test]
    fn points_on_a_line_are_none_and_one_beside_it_is_one() {
        let mut pairs: Vec<(f64, f64)> =
            (0..8).map(|k| (f64::from(k), 0.3 * f64::from(k))).collect();
        assert!(outliers(&points(&pairs)).is_empty());
        pairs[5].1 += 1.0;
        assert_eq!(outliers(&points(&pairs)), [5]);
    }

    #[test]
    fn a_point_that_decides_the_line_alone_is_not_named() {
        let pairs = [(0.0, 1.0), (0.0, 1.2), (0.0, 0.9), (0.0, 1.1), (9.0, 50.0)];
        assert!(!outliers(&points(&pairs)).contains(&4));
        assert!(outliers(&points(&pairs[..3])).is_empty());
    }

    #[test]
    fn five_at_most_and_the_farthest_first() {
        let wild = |k: u32| f64::from(k % 2) * f64::from(k) * 3.0;
        let pairs: Vec<(f64, f64)> = (0..200)
            .map(|k| (f64::from(k), if k < 14 { wild(k) } else { 0.0 }))
            .collect();
        let found = outliers(&points(&pairs));
        assert_eq!(found.len(), 5);
        assert_eq!(found[0], 13);
    }
}
