//! How far off a prediction may be, from how far off those of held-out merges were.
//!
//! With n held-out errors the half width is their ⌈level·(n + 1)⌉-th smallest size: the interval of
//! conformal prediction by cross-validation (V. Vovk, *Cross-conformal predictors*, 2015;
//! Barber et al., *Predictive inference with the jackknife+*, 2021). Where n is too small for
//! that place to exist, it is what Student's t with n − 1 degrees of freedom says of the same
//! errors, and no less than the largest of them. Below [`ENOUGH`] merges a guess counts as one
//! error more, with n + 2 degrees of freedom, so that there is an answer before any merge.

use super::compare::ENOUGH;
use crate::stats::t_reach;

/// What an interval reaches to either side, and the deviation that goes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    pub half: f64,
    /// Root mean square of the errors.
    pub deviation: f64,
}

impl Reach {
    pub fn new(errors: &[f64], guess: f64, level: f64) -> Self {
        let n = errors.len();
        let squares: f64 = errors.iter().map(|e| e * e).sum();
        let place = (level * (n as f64 + 1.0)).ceil() as usize;
        let mut sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        if (1..=n).contains(&place) {
            return Self {
                half: sizes[place - 1],
                deviation: (squares / n as f64).sqrt(),
            };
        }
        let (deviation, freedom) = match n < ENOUGH {
            true => {
                let with_guess = (squares + guess * guess) / (n as f64 + 1.0);
                (with_guess.sqrt(), n as f64 + 2.0)
            }
            false => ((squares / n as f64).sqrt(), n as f64 - 1.0),
        };
        let largest = sizes.last().copied().unwrap_or(0.0);
        Self {
            half: (t_reach(level, freedom) * deviation).max(largest),
            deviation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_that_of_conformal_prediction() {
        let errors: Vec<f64> = (1..=19)
            .map(|k| f64::from(k) * [1.0, -1.0][k as usize % 2])
            .collect();
        assert_eq!(Reach::new(&errors, 9.0, 0.9).half, 18.0);
        assert_eq!(Reach::new(&errors[..9], 0.0, 0.9).half, 9.0);
    }

    #[test]
    fn few_merges_give_wide_intervals() {
        let none = Reach::new(&[], 2.0, 0.9);
        assert!((none.half - 2.0 * 2.9200).abs() < 1e-3, "{none:?}");
        let four = Reach::new(&[1.0, -1.0, 1.0, -1.0], 1.0, 0.9);
        assert!((four.half - 1.943).abs() < 1e-3, "{four:?}");
        assert_eq!(four.deviation, 1.0);
    }
}
