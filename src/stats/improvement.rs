//! What may be hoped for from a trial whose outcome is uncertain.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Expected improvement: by how much a normal variable with this mean and standard deviation
/// is above `best` on average, where being below counts as 0. With z = (mean − best)/spread it
/// is (mean − best)·Φ(z) + spread·φ(z); 0 if more than 30 deviations are missing, and without
/// spread what the mean is above `best`. In units of the mean; NaN if an argument is NaN.
///
/// Source: J. Močkus, *On Bayesian methods for seeking the extremum*, 1975.
pub fn expected_improvement(mean: f64, spread: f64, best: f64) -> f64 {
    let ahead = mean - best;
    let z = ahead / spread;
    if z < -30.0 {
        return 0.0;
    }
    if spread <= 0.0 {
        return ahead.max(0.0);
    }
    let normal = Normal::standard();
    let hoped = ahead * normal.cdf(z) + spread * normal.pdf(z);
    // A rounding may leave it below 0; a NaN is to stay one.
    if hoped < 0.0 { 0.0 } else { hoped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn improvements_by_hand() {
        // At the best the mean of the upper half: φ(0) = 0.398942.
        assert!((expected_improvement(5.0, 2.0, 5.0) - 2.0 * 0.398_942).abs() < 1e-5);
        // One deviation below: φ(1) − Φ(−1) = 0.241971 − 0.158655.
        assert!((expected_improvement(4.0, 1.0, 5.0) - 0.083_316).abs() < 1e-5);
        assert!((expected_improvement(9.0, 1.0, 5.0) - 4.0).abs() < 1e-5);
    }

    #[test]
    fn certainty_improves_by_what_it_is_above() {
        assert_eq!(expected_improvement(6.0, 0.0, 5.0), 1.0);
        assert_eq!(expected_improvement(4.0, 0.0, 5.0), 0.0);
        assert_eq!(expected_improvement(5.0, 0.0, 5.0), 0.0);
        assert_eq!(expected_improvement(0.0, 1.0, 1e3), 0.0);
        assert!(expected_improvement(f64::NAN, 1.0, 1.0).is_nan());
    }

    #[test]
    fn more_spread_hopes_for_more() {
        let hope = |spread: f64| expected_improvement(4.0, spread, 5.0);
        let spreads: Vec<f64> = (1..60).map(|k| f64::from(k) / 10.0).collect();
        assert!(spreads.windows(2).all(|two| hope(two[0]) < hope(two[1])));
    }
}
