//! From fitted numbers to those that somebody wrote into a recipe: the shortest decimals.

/// A fitted number and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fitted {
    pub value: f64,
    pub error: f64,
}

/// The most places behind the point.
const MOST_PLACES: u32 = 9;
/// How many standard errors a rounded number may be away.
const ERRORS: f64 = 3.0;
/// Below this a difference is rounding of the computation itself.
const FLOOR: f64 = 4e-7;

impl Fitted {
    /// How far off a number may be.
    pub(crate) fn reach(self) -> f64 {
        ERRORS * self.error + FLOOR * self.value.abs().max(1.0)
    }

    /// The decimal with the fewest places that is within reach, and how many places it has.
    pub(crate) fn shortest(self) -> (f64, u32) {
        let reach = self.reach();
        for places in 0..=MOST_PLACES {
            let unit = 10f64.powi(places.cast_signed());
            let near = (self.value * unit).round() / unit;
            if (near - self.value).abs() <= reach {
                // −0 is written as 0.
                return (near + 0.0, places);
            }
        }
        (self.value, MOST_PLACES + 1)
    }

    /// The same for a number times `factor`.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            value: self.value * factor,
            error: self.error * factor.abs(),
        }
    }
}

/// Weights of which only the ratios count: scaled so that they are short. As they are if nothing
/// is shorter.
pub(crate) fn short_ratios(weights: &[Fitted]) -> Vec<f64> {
    let cost = |factor: f64| -> (u32, Vec<f64>) {
        let scaled = weights.iter().map(|w| w.times(factor).shortest());
        let (values, places): (Vec<f64>, Vec<u32>) = scaled.unzip();
        (places.iter().sum(), values)
    };
    let mut best = cost(1.0);
    let sizes = || {
        weights
            .iter()
            .map(|w| w.value.abs())
            .filter(|&size| size > 1e-3)
    };
    let largest = sizes().fold(0.0, f64::max);
    // The largest is 1, then 0.9, …; then each of the others is 1.
    let of_largest = [1.0, 2.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3].map(|to| to / largest);
    let factors = of_largest.into_iter().chain(sizes().map(|size| 1.0 / size));
    for factor in factors.filter(|factor| factor.is_finite()) {
        let found = cost(factor);
        // A few places fewer are not enough: shares that sum to one are what most people write.
        if found.0 + 3 < best.0 {
            best = found;
        }
    }
    best.1
}

/// The most sets of weights that are proposed.
const MOST_SETS: usize = 10;
/// Weights up to this many hundredths are looked for.
const MOST_HUNDREDTHS: u32 = 200;
/// A place more is as unlikely as being this many standard errors off.
const A_PLACE: f64 = 2.0;

/// Weights of which only the ratios count, as somebody may have written them: as they are, scaled
/// to short ones, and in hundredths. The likeliest first.
pub(crate) fn ratios(weights: &[Fitted]) -> Vec<Vec<f64>> {
    let largest = weights
        .iter()
        .fold(0.0f64, |most, w| most.max(w.value.abs()));
    let mut sets: Vec<(f64, Vec<f64>)> = Vec::new();
    for hundredths in 1..=MOST_HUNDREDTHS {
        let factor = f64::from(hundredths) / 100.0 / largest;
        if !factor.is_finite() {
            break;
        }
        let (mut cost, mut set) = (0.0, Vec::new());
        for scaled in weights.iter().map(|w| w.times(factor)) {
            let near = (scaled.value * 100.0).round() / 100.0;
            let off = (near - scaled.value).abs();
            let places = Fitted {
                value: near,
                error: 0.0,
            }
            .shortest()
            .1;
            cost += A_PLACE * f64::from(places) + (off / (scaled.reach() / ERRORS)).powi(2);
            set.push(near + 0.0);
        }
        // Sums that are one are what most people write.
        let is_whole = (set.iter().sum::<f64>() - 1.0).abs() < 1e-9;
        cost -= if is_whole { 2.0 * A_PLACE } else { 0.0 };
        sets.push((cost, set));
    }
    sets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let limit = ERRORS * ERRORS * weights.len() as f64 + 6.0 * A_PLACE;
    let likely = sets
        .into_iter()
        .take(MOST_SETS)
        .filter(|(cost, _)| *cost < limit);
    let mut out = vec![short_ratios(weights)];
    for (_, set) in likely {
        if !out.contains(&set) {
            out.push(set);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(value: f64, error: f64) -> Fitted {
        Fitted { value, error }
    }

    #[test]
    fn the_shortest_decimal_within_reach_is_taken() {
        assert_eq!(fitted(0.300_012, 1e-5).shortest(), (0.3, 1));
        assert_eq!(fitted(0.3456, 1e-5).shortest(), (0.3456, 4));
        assert_eq!(fitted(0.999, 0.001).shortest(), (1.0, 0));
        assert_eq!(fitted(-1e-9, 1e-9).shortest().0.to_bits(), 0.0f64.to_bits());
    }

    #[test]
    fn weights_are_scaled_to_short_ones() {
        let thirds = [fitted(2.0 / 3.0, 1e-5), fitted(1.0 / 3.0, 1e-5)];
        assert_eq!(short_ratios(&thirds), [1.0, 0.5]);
        assert_eq!(short_ratios(&[fitted(1.0 / 3.0, 1e-5); 3]), [1.0; 3]);
        let usual = [fitted(0.6, 1e-4), fitted(0.4, 1e-4)];
        assert_eq!(short_ratios(&usual), [0.6, 0.4]);
    }

    #[test]
    fn weights_in_hundredths_are_found_by_their_ratios() {
        let sum = 0.67 + 0.71;
        let of = |error| ratios(&[fitted(0.67 / sum, error), fitted(0.71 / sum, error)]);
        assert!(of(1e-6).contains(&vec![0.67, 0.71]));
        assert!(of(2e-5).contains(&vec![0.67, 0.71]));
        let precise = ratios(&[fitted(23.0 / 71.0, 1e-9), fitted(48.0 / 71.0, 1e-9)]);
        assert!(precise[..2].contains(&vec![0.23, 0.48]), "{precise:?}");
    }
}
