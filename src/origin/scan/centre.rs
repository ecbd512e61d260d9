//! Which member of a family the others were likely fine-tuned from, where nobody says it.
//!
//! Seen from the base, task vectors of unrelated fine-tunes have cosines of about 0. Seen from a
//! fine-tune, everything lies on the far side of the base, and cosines are about ½. Akin members
//! blur this, so it is the mean over all pairs that decides, and only a clear one.

use super::sketch::Sketch;

/// Members that are looked at: cost grows with their cube.
const MOST: usize = 48;
/// Fewer have too few pairs.
const FEWEST: usize = 4;
/// The base sees a mean cosine below this, and below this share of what the next best sees.
const HIGHEST: f64 = 0.3;
const SHARE: f64 = 0.8;

/// The centre of a family; `None` without a clear one.
pub(super) fn centre(sketches: &[&Sketch]) -> Option<usize> {
    let n = sketches.len();
    let is_one_shape = sketches.iter().all(|own| own.shape == sketches[0].shape);
    if !(FEWEST..=MOST).contains(&n) || !is_one_shape {
        return None;
    }
    let square = |i: usize, j: usize| sketches[i].squared_distance(sketches[j]);
    let squares: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| square(i, j)).collect())
        .collect();
    let mut seen: Vec<(f64, usize)> = (0..n)
        .filter_map(|k| Some((mean_cosine(&squares, k)?, k)))
        .collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    match seen[..] {
        [(first, k), (second, _), ..] if first < HIGHEST && first < SHARE * second => Some(k),
        _ => None,
    }
}

/// The mean cosine of all others' differences from `origin`; a copy of it has none.
fn mean_cosine(squares: &[Vec<f64>], origin: usize) -> Option<f64> {
    let n = squares.len();
    let is_other = |k: &usize| *k != origin && squares[origin][*k] > 0.0;
    let others: Vec<usize> = (0..n).filter(is_other).collect();
    let (mut sum, mut count) = (0.0, 0);
    for (at, &i) in others.iter().enumerate() {
        for &j in &others[..at] {
            let (a, b) = (squares[origin][i], squares[origin][j]);
            sum += (a + b - squares[i][j]) / (2.0 * (a * b).sqrt());
            count += 1;
        }
    }
    (count >= 3).then(|| sum / f64::from(count))
}
