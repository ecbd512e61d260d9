//! Round numbers along an axis or a strip of colours, and their words.

use egui_plot::GridMark;

use super::format;

/// How many steps a scale is counted in, at most.
pub const MOST_STEPS: usize = 5;
/// Rounding must not lose the number at an end.
const SLACK: f64 = 1e-6;

/// The least of 1, 2 or 5 times a power of ten that parts `span` into at most `most` steps.
pub fn round_step(span: f64, most: usize) -> f64 {
    let rough = (span / most as f64).max(1e-9);
    let power = 10f64.powf(rough.log10().floor());
    let fits = |factor: &f64| power * factor >= rough * 0.999;
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(fits);
    power * factor.unwrap_or(10.0)
}

/// Multiples of a round step within a range, at most about `most`; whole ones where only those
/// mean something.
pub fn ticks((lo, hi): (f64, f64), is_whole: bool, most: usize) -> Vec<GridMark> {
    let is_range = lo.is_finite() && hi.is_finite() && hi > lo;
    if !is_range {
        return Vec::new();
    }
    let least = if is_whole { 1.0 } else { 0.0 };
    let step_size = round_step(hi - lo, most.max(1)).max(least);
    let (first, last) = (
        (lo / step_size - SLACK).ceil(),
        (hi / step_size + SLACK).floor(),
    );
    let mark = |k: i64| GridMark {
        value: k as f64 * step_size,
        step_size,
    };
    (first as i64..=last as i64).map(mark).collect()
}

pub fn words(mark: GridMark) -> String {
    let digits = (-(mark.step_size * 1.001).log10().floor()).clamp(0.0, 6.0);
    format::decimals(Some(mark.value), digits as usize)
}

/// A number with as few digits as say it.
pub fn short(value: f64) -> String {
    let decimals = (0..6).find(|&d| {
        let scaled = value * 10f64.powi(d);
        (scaled - scaled.round()).abs() < 1e-6
    });
    format::decimals(Some(value), decimals.unwrap_or(6) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lo: f64, hi: f64, is_whole: bool, most: usize) -> String {
        let marks = ticks((lo, hi), is_whole, most);
        marks.into_iter().map(words).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_reach_the_ends() {
        assert_eq!(all(0.0, 1.0, false, 5), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(all(-1.1, 3.2, false, 5), "−1 0 1 2 3");
        assert_eq!(all(-1.1, 4.9, false, 6), "−1 0 1 2 3 4");
        assert_eq!(all(66.0, 69.4, false, 5), "66 67 68 69");
        assert_eq!(all(-0.4, 2.4, true, 5), "0 1 2");
        assert_eq!(all(-0.3, 3.3, true, 12), "0 1 2 3");
        assert_eq!(all(-0.5, 1.5, true, 12), "0 1");
        assert_eq!(all(-0.5, 31.5, true, 12).split(' ').count(), 7);
        let fine = "0.00 0.01 0.02 0.03 0.04 0.05";
        assert_eq!(all(0.0, 0.05, false, 5), fine);
    }

    #[test]
    fn on_a_strip_they_say_it_shortly() {
        let check = |lo, hi, expected: &str| {
            let found = ticks((lo, hi), false, MOST_STEPS).into_iter();
            let found: Vec<String> = found.map(|mark| short(mark.value)).collect();
            assert_eq!(found.join(" "), expected);
        };
        check(0.0, 1.0, "0 0.2 0.4 0.6 0.8 1");
        check(-1.0, 1.0, "−1 −0.5 0 0.5 1");
        check(7.0, 9.0, "7 7.5 8 8.5 9");
        check(0.0, 0.000_2, "0 0.00005 0.0001 0.00015 0.0002");
    }

    #[test]
    fn without_a_range_there_are_none() {
        for range in [(1.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(ticks(range, false, 5).is_empty());
        }
    }

    #[test]
    fn steps_are_round() {
        for (span, most, step) in [(1.0, 5, 0.2), (2.0, 5, 0.5), (8.1, 5, 2.0), (31.0, 12, 5.0)] {
            assert!((round_step(span, most) - step).abs() < 1e-12, "{span}");
        }
        assert!(round_step(0.0, 5) > 0.0);
    }
}
