//! The least-squares line and its bands.
//!
//! slope b = Sxy/Sxx and intercept a = ȳ − b·x̄, with Sxx = Σ(xᵢ−x̄)² and Sxy = Σ(xᵢ−x̄)(yᵢ−ȳ);
//! residual standard deviation s = √(Σeᵢ²/(n−2)); standard error of the slope s/√Sxx. Bands by
//! Student's t with n − 2 degrees of freedom (Draper and Smith, *Applied regression analysis*,
//! chapter 1). They hold at one x at a time, and for residuals that are normal and alike.

use super::correlation::pearson;
use super::sample::{Sample, mean};
use super::student::t_reach;

/// A least-squares line y = intercept + slope·x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Change of y with x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
    /// Number of points, three or more.
    pub n: usize,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Two-sided p of the slope, the same as that of Pearson's r; 1 where all y are the same.
    pub slope_p: f64,
    /// Residual standard deviation s, over n − 2 degrees of freedom, in units of y.
    pub residual: f64,
    /// Mean of x.
    pub mean_x: f64,
    /// Σ(x − mean)².
    pub sxx: f64,
}

/// The line with the least sum of squared vertical distances; `None` for fewer than three
/// points, where all x are the same, and where squares overflow.
pub fn least_squares(sample: &Sample) -> Option<Line> {
    let n = sample.n();
    let first = *sample.x.first()?;
    if n < 3 || sample.x.iter().all(|&x| x == first) {
        return None;
    }
    let (mean_x, mean_y) = (mean(&sample.x)?, mean(&sample.y)?);
    let sum = |term: &dyn Fn(f64, f64) -> f64| sample.pairs().map(|(x, y)| term(x, y)).sum::<f64>();
    let sxx = sum(&|x, _| (x - mean_x).powi(2));
    let slope = sum(&|x, y| (x - mean_x) * (y - mean_y)) / sxx;
    let intercept = mean_y - slope * mean_x;
    let unexplained = sum(&|x, y| (y - mean_y - slope * (x - mean_x)).powi(2));
    let residual = (unexplained / (n - 2) as f64).sqrt();
    let line = Line {
        slope,
        intercept,
        n,
        slope_error: residual / sxx.sqrt(),
        slope_p: pearson(sample).map_or(1.0, |c| c.p),
        residual,
        mean_x,
        sxx,
    };
    let numbers = [slope, intercept, residual, line.slope_error, sxx];
    numbers.iter().all(|v| v.is_finite()).then_some(line)
}

impl Line {
    /// y on the line.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// Where the line may lie at x, lower and upper end: y ± t·s·√(1/n + (x−x̄)²/Sxx). NaN for a
    /// level outside 0 to 1.
    pub fn confidence(&self, x: f64, level: f64) -> (f64, f64) {
        self.band(x, level, 0.0)
    }

    /// Where the next point may lie at x: y ± t·s·√(1 + 1/n + (x−x̄)²/Sxx). NaN for a level
    /// outside 0 to 1.
    pub fn prediction(&self, x: f64, level: f64) -> (f64, f64) {
        self.band(x, level, 1.0)
    }

    /// Where the slope may lie. NaN for a level outside 0 to 1.
    pub fn slope_interval(&self, level: f64) -> (f64, f64) {
        let reach = self.reach(level) * self.slope_error;
        (self.slope - reach, self.slope + reach)
    }

    /// Share of its own value that a point at x has in the line there, 1/n + (x−x̄)²/Sxx.
    pub(super) fn leverage(&self, x: f64) -> f64 {
        1.0 / self.n as f64 + (x - self.mean_x).powi(2) / self.sxx
    }

    fn band(&self, x: f64, level: f64, own: f64) -> (f64, f64) {
        let reach = self.reach(level) * self.residual * (own + self.leverage(x)).sqrt();
        (self.at(x) - reach, self.at(x) + reach)
    }

    fn reach(&self, level: f64) -> f64 {
        t_reach(level, self.n as f64 - 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::sample::points;

    #[test]
    fn a_line_by_hand() {
        // x̄ = 2.5, ȳ = 2.5, Sxx = 5, Sxy = 4; residuals −0.3 0.9 −0.9 0.3, Σe² = 1.8.
        let line = points(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.0)]);
        let line = least_squares(&line).unwrap();
        assert!((line.slope - 0.8).abs() < 1e-15 && (line.intercept - 0.5).abs() < 1e-14);
        assert!((line.residual - 0.9f64.sqrt()).abs() < 1e-14);
        assert!((line.slope_error - (0.9f64 / 5.0).sqrt()).abs() < 1e-14);
        assert!((line.slope_p - 0.2).abs() < 1e-12);
        // t(0.975; 2) = 4.302653; at the mean the band is t·s/√n.
        let (low, high) = line.confidence(2.5, 0.95);
        assert!(((high - low) / 2.0 - 4.302_653 * 0.9f64.sqrt() / 2.0).abs() < 1e-5);
        let (lower, upper) = line.prediction(2.5, 0.95);
        assert!(lower < low && upper > high);
        assert!(line.confidence(2.5, 1.5).0.is_nan());
    }

    #[test]
    fn exact_points_have_a_band_without_width() {
        let line = least_squares(&points(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)])).unwrap();
        assert_eq!((line.slope, line.intercept, line.residual), (2.0, 1.0, 0.0));
        assert_eq!(line.slope_p, 0.0);
        assert_eq!(line.confidence(9.0, 0.95), (19.0, 19.0));
        let flat = least_squares(&points(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)])).unwrap();
        assert_eq!((flat.slope, flat.slope_p), (0.0, 1.0));
    }

    #[test]
    fn no_line_through_a_column_or_two_points() {
        assert_eq!(least_squares(&points(&[])), None);
        assert_eq!(least_squares(&points(&[(1.0, 1.0), (2.0, 2.0)])), None);
        let column = points(&[(0.1, 1.0), (0.1, 2.0), (0.1, 3.0)]);
        assert_eq!(least_squares(&column), None);
        let huge = points(&[(1e200, 1.0), (2e200, 2.0), (4e200, 3.0)]);
        assert_eq!(least_squares(&huge), None);
    }
}
