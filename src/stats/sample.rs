//! Pairs of numbers, and the sums over them that everything else is made of.

/// Pairs of finite numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    pub x: Vec<f64>,
    /// The second; as many as in `x`.
    pub y: Vec<f64>,
    /// How many pairs were left out, as one of the two was not known or not finite.
    pub missing: usize,
}

impl Sample {
    /// Keeps the pairs of which both are known and finite, in their order, and counts the rest.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (Option<f64>, Option<f64>)>) -> Self {
        let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
        let mut out = Self::default();
        for (x, y) in pairs {
            if let (Some(x), Some(y)) = (finite(x), finite(y)) {
                out.x.push(x);
                out.y.push(y);
            } else {
                out.missing += 1;
            }
        }
        out
    }

    /// How many pairs there are; those that are missing do not count.
    pub fn n(&self) -> usize {
        self.x.len().min(self.y.len())
    }

    pub fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.x.iter().copied().zip(self.y.iter().copied())
    }
}

#[cfg(test)]
pub(super) fn points(pairs: &[(f64, f64)]) -> Sample {
    Sample::from_pairs(pairs.iter().map(|&(x, y)| (Some(x), Some(y))))
}

/// The least and the greatest finite value; `None` without any.
pub fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((value, value), |(lo, hi)| (value.min(lo), value.max(hi))))
    })
}

/// The mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Distances from the mean in units of the greatest of them, so that no square can overflow;
/// `None` if all values are the same.
pub(super) fn unit_deviations(values: &[f64]) -> Option<Vec<f64>> {
    let first = *values.first()?;
    if values.iter().all(|&v| v == first) {
        return None;
    }
    let largest = |values: &[f64]| values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let divided = |values: &[f64], by: f64| values.iter().map(|v| v / by).collect::<Vec<f64>>();
    let scaled = divided(values, largest(values));
    let centre = mean(&scaled)?;
    let deviations: Vec<f64> = scaled.iter().map(|v| v - centre).collect();
    let spread = largest(&deviations);
    (spread > 0.0).then(|| divided(&deviations, spread))
}

/// Σ aᵢ·bᵢ.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The value below which a share `q` of the values lies, between neighbours by proportion
/// (type 7 of Hyndman and Fan, 1996; the default of R and NumPy). `sorted` ascends.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    // Written so that it never leaves the neighbours nor falls as q grows, not by a rounding.
    let between = low + (high - low) * (place - below as f64);
    Some(between.min(high))
}

/// The middle value, or the mean of the two in the middle.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_or_not_finite_is_counted_as_missing() {
        let sample = Sample::from_pairs([
            (Some(1.0), Some(2.0)),
            (None, Some(2.0)),
            (Some(1.0), None),
            (Some(f64::NAN), Some(1.0)),
            (Some(3.0), Some(f64::INFINITY)),
            (Some(3.0), Some(-4.0)),
        ]);
        assert_eq!(sample.x, [1.0, 3.0]);
        assert_eq!(sample.y, [2.0, -4.0]);
        assert_eq!((sample.n(), sample.missing), (2, 4));
    }

    #[test]
    fn what_is_not_a_number_has_no_extent() {
        let values = [2.0, f64::NAN, -1.0, f64::INFINITY];
        assert_eq!(extent(values), Some((-1.0, 2.0)));
        assert_eq!(extent([f64::NAN]), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.9), Some(7.0));
        assert_eq!(quantile(&[0.0, 1.0, 2.0, 3.0], 0.25), Some(0.75));
        assert_eq!(quantile(&[0.0, 1.0, 2.0, 3.0], 1.0), Some(3.0));
        let equal = [0.9; 40];
        assert!((0..100).all(|q| quantile(&equal, f64::from(q) / 99.0) == Some(0.9)));
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn equal_values_have_no_deviation() {
        // The mean of three times 0.1 is not 0.1 in floating point.
        assert_eq!(unit_deviations(&[0.1; 3]), None);
        assert_eq!(unit_deviations(&[]), None);
        assert_eq!(unit_deviations(&[1e308, -1e308]), Some(vec![1.0, -1.0]));
    }
}
