//! Student's t and the normal distribution, as far as tests and intervals need them.

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::checked_beta_reg;

/// The two-sided p of a correlation r over n points, by Student's t with n − 2 degrees of
/// freedom: with t² = (n−2)·r²/(1−r²) that is I(1−r²; (n−2)/2, ½), the regularised incomplete
/// beta function, which needs no t and so is 0 rather than NaN for |r| = 1.
pub(super) fn p_of_correlation(r: f64, n: usize) -> Option<f64> {
    let freedom = n.checked_sub(2).filter(|&f| f > 0)? as f64;
    let unexplained = ((1.0 - r) * (1.0 + r)).clamp(0.0, 1.0);
    let p = checked_beta_reg(freedom / 2.0, 0.5, unexplained).ok()?;
    Some(p.clamp(0.0, 1.0))
}

/// How many standard errors an interval of this level reaches to either side, by Student's t;
/// NaN for a level outside 0 to 1 or without a degree of freedom.
pub(crate) fn t_reach(level: f64, freedom: f64) -> f64 {
    if !is_level(level) {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| reach(&t, level))
}

/// The library's quantile is good to five digits only for 100 000 degrees of freedom, its tail
/// to nine and more: two steps of Newton's method carry these over.
fn reach(distribution: &StudentsT, level: f64) -> f64 {
    let tail = (1.0 - level) / 2.0;
    let mut t = distribution.inverse_cdf(1.0 - tail);
    for _ in 0..2 {
        let step = (distribution.sf(t) - tail) / distribution.pdf(t);
        if step.is_finite() {
            t += step;
        }
    }
    t
}

/// The same by the normal distribution.
pub(super) fn z_reach(level: f64) -> f64 {
    if !is_level(level) {
        return f64::NAN;
    }
    Normal::standard().inverse_cdf((1.0 + level) / 2.0)
}

/// Whether an interval can have this level: above 0 and below 1.
pub(super) fn is_level(level: f64) -> bool {
    level > 0.0 && level < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_are_those_of_the_tables() {
        // Tables of Student's t and of the normal distribution.
        for (level, freedom, reach) in [
            (0.95, 1.0, 12.706),
            (0.95, 2.0, 4.303),
            (0.95, 12.0, 2.179),
            (0.99, 12.0, 3.055),
            (0.95, 120.0, 1.980),
        ] {
            assert!((t_reach(level, freedom) - reach).abs() < 5e-4, "{freedom}");
        }
        assert!((z_reach(0.95) - 1.959_964).abs() < 1e-6);
        assert!(t_reach(1.0, 3.0).is_nan() && t_reach(0.95, 0.0).is_nan());
        assert!(z_reach(f64::NAN).is_nan());
    }

    #[test]
    fn no_correlation_has_p_one_and_a_perfect_one_zero() {
        assert_eq!(p_of_correlation(0.0, 10), Some(1.0));
        assert_eq!(p_of_correlation(1.0, 10), Some(0.0));
        assert_eq!(p_of_correlation(-1.0, 3), Some(0.0));
        assert_eq!(p_of_correlation(0.5, 2), None);
        // With one degree of freedom t is Cauchy: p = 1 − (2/π)·arcsin r.
        let p = p_of_correlation(0.5, 3).unwrap();
        assert!((p - 2.0 / 3.0).abs() < 1e-12, "{p}");
    }
}
