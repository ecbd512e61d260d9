//! The noise that twins are made from: the same for all tensors whose twins have one size.

use std::sync::OnceLock;

use crate::numeric::random::Stream;

/// Rows of normal numbers with mean 0, made orthogonal to each other and of mean square 1,
/// as far as this many numbers allow. Each is made when it is first asked for.
#[derive(Default)]
pub(super) struct Noise(Vec<OnceLock<Vec<f64>>>);

impl Noise {
    /// Makes room for this many rows.
    pub(super) fn make_room(&mut self, rows: usize) {
        let rows = rows.max(self.0.len());
        self.0.resize_with(rows, OnceLock::new);
    }

    /// The first `count` rows of `n` numbers.
    pub(super) fn rows(&self, count: usize, n: usize) -> Vec<&[f64]> {
        let mut out: Vec<&[f64]> = Vec::with_capacity(count);
        for (row, cell) in self.0.iter().take(count).enumerate() {
            let own = cell.get_or_init(|| independent(row, &out, n));
            out.push(own);
        }
        out
    }
}

/// The row `row`, beside those before it.
fn independent(row: usize, others: &[&[f64]], n: usize) -> Vec<f64> {
    let stream = Stream::new(0, "twin", row as u64);
    let mut own: Vec<f64> = (0..n).map(|k| stream.normal(k as u64)).collect();
    // Twice is enough for what rounding leaves of the first time.
    for _ in 0..2 {
        let mean = own.iter().sum::<f64>() / n as f64;
        own.iter_mut().for_each(|x| *x -= mean);
        for other in others {
            let dot = own.iter().zip(*other).map(|(a, b)| a * b).sum::<f64>() / n as f64;
            own.iter_mut().zip(*other).for_each(|(a, b)| *a -= dot * b);
        }
    }
    let size = (own.iter().map(|x| x * x).sum::<f64>() / n as f64).sqrt();
    let scale = if size > 1e-6 { 1.0 / size } else { 0.0 };
    own.iter_mut().for_each(|x| *x *= scale);
    own
}
