//! Round numbers along an axis.

use crate::ui::colormap::round_step;
use crate::ui::format;

/// Round numbers from `lo` to `hi`, at most about `most`, with their words.
pub fn ticks(lo: f64, hi: f64, most: usize, is_whole: bool) -> Vec<(f64, String)> {
    if !(lo.is_finite() && hi.is_finite() && hi > lo) {
        return Vec::new();
    }
    let mut step = round_step(hi - lo, most.max(1));
    if is_whole {
        step = step.max(1.0).round();
    }
    // Rounding must not lose the tick at an end.
    let slack = 1e-9;
    let first = (lo / step - slack).ceil() as i64;
    let last = (hi / step + slack).floor() as i64;
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    (first..=last)
        .map(|k| k as f64 * step)
        .map(|at| (at, format::decimals(Some(at), decimals)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lo: f64, hi: f64, is_whole: bool) -> Vec<String> {
        let found = ticks(lo, hi, 5, is_whole);
        found.into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn ticks_are_round_and_reach_the_ends() {
        assert_eq!(
            words(0.0, 1.0, false),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(words(-1.1, 3.2, false), ["−1", "0", "1", "2", "3"]);
        assert_eq!(words(66.0, 69.4, false), ["66", "67", "68", "69"]);
        assert_eq!(words(-0.4, 2.4, true), ["0", "1", "2"]);
        assert_eq!(
            words(0.0, 0.05, false),
            ["0.00", "0.01", "0.02", "0.03", "0.04", "0.05"]
        );
        assert!(words(1.0, 1.0, false).is_empty());
        assert!(words(f64::NAN, 1.0, false).is_empty());
    }
}
