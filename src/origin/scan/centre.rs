//! Which member of a family the others were likely fine-tuned from, where nobody says it.
//!
//! Seen from the base, task vectors of unrelated fine-tunes have cosines of about 0. Seen from a
//! fine-tune, everything lies on the far side of the base, and cosines are about ½. Akin members
//! blur this, so it is the mean over all pairs that decides, and only a clear one. A fine-tune
//! that others go on from looks like a base to them; it is told from one by the number of
//! directions in which the others lie, which must be the greatest from the base.

/// Members whose changes are looked at, evenly spread.
const MOST: usize = 24;
/// Fewer have too few pairs.
const FEWEST: usize = 4;
/// The base sees a mean cosine below this, and below this share of what the next best sees.
const HIGHEST: f64 = 0.3;
const SHARE: f64 = 0.8;

/// The centre of a family of `n` by the squared distances of its members; `None` without a clear
/// one. Cost: 24 distances for each member.
pub(in crate::origin) fn centre(
    n: usize,
    squared_distance: impl Fn(usize, usize) -> f64,
) -> Option<usize> {
    if n < FEWEST {
        return None;
    }
    let count = n.min(MOST);
    let others: Vec<usize> = (0..count).map(|k| k * n / count).collect();
    let from = |k: usize| -> Vec<f64> {
        let own = others.iter();
        own.map(|&other| squared_distance(k, other)).collect()
    };
    let between: Vec<Vec<f64>> = others.iter().map(|&k| from(k)).collect();
    let mean = |k: usize| Some((mean_cosine(&from(k), &between)?, k));
    let mut seen: Vec<(f64, usize)> = (0..n).filter_map(mean).collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Copies of the base see what it sees.
    let (first, k) = *seen.first()?;
    let second = seen
        .iter()
        .find(|(_, other)| squared_distance(k, *other) > 0.0)?;
    let directions = |k: usize| directions(&from(k), &between);
    let is_clear = first < HIGHEST && first < SHARE * second.0;
    let most = is_clear.then(|| directions(k))?;
    let mut others = seen
        .iter()
        .filter(|(_, other)| squared_distance(k, *other) > 0.0);
    others
        .all(|(_, other)| directions(*other) < most)
        .then_some(k)
}

/// In how many directions some models lie, seen from an origin: those of a cosine above
/// [`HIGHEST`] are in one.
fn directions(from: &[f64], between: &[Vec<f64>]) -> usize {
    let others: Vec<usize> = (0..from.len()).filter(|&k| from[k] > 0.0).collect();
    let mut heads: Vec<usize> = Vec::new();
    for &i in &others {
        let is_along = |&j: &usize| {
            let sides = from[i] + from[j] - between[i][j];
            sides > HIGHEST * 2.0 * (from[i] * from[j]).sqrt()
        };
        if !heads.iter().any(is_along) {
            heads.push(i);
        }
    }
    heads.len()
}

/// The mean cosine of the differences of some models from an origin, by their squared distances
/// from it and from each other; a copy of the origin has none.
fn mean_cosine(from: &[f64], between: &[Vec<f64>]) -> Option<f64> {
    let others: Vec<usize> = (0..from.len()).filter(|&k| from[k] > 0.0).collect();
    let (mut sum, mut count) = (0.0, 0);
    for (at, &i) in others.iter().enumerate() {
        for &j in &others[..at] {
            sum += (from[i] + from[j] - between[i][j]) / (2.0 * (from[i] * from[j]).sqrt());
            count += 1;
        }
    }
    (count >= 3).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The centre of models that have changed by these amounts in directions of their own.
    fn centre_of(models: &[[f64; 6]]) -> Option<usize> {
        centre(models.len(), |a, b| {
            let pairs = models[a].iter().zip(&models[b]);
            pairs.map(|(x, y)| (x - y) * (x - y)).sum()
        })
    }

    #[test]
    fn the_start_of_unrelated_fine_tunes_is_found() {
        let star = [
            [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.2, 0.0, 0.0, 0.0],
            [0.0; 6],
            [0.0, 0.0, 0.0, 0.8, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        ];
        assert_eq!(centre_of(&star), Some(2));
        assert_eq!(centre_of(&star[..3]), None, "too few");
    }

    #[test]
    fn a_fine_tune_that_others_go_on_from_is_not_taken_for_the_base() {
        // The base, a fine-tune, two that were trained on from it, and two others of the base:
        // from the first and from the second the others lie in three directions.
        let twice = [
            [0.0; 6],
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 0.6, 0.0, 0.0, 0.0, 0.0],
            [1.0, 0.0, 0.6, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        ];
        assert_eq!(centre_of(&twice), None);
    }
}
