//! A few numbers of a piece: some hidden dimensions by some of the other side.

use super::pieces::{Part, Piece};
use crate::numeric::Numbers;
use crate::numeric::random::Stream;

/// Of all that is drawn here; any other would do.
const SEED: u64 = 16;

/// `most` of the numbers 0..n, drawn by `name`, in order; all if there are no more.
pub(super) fn choose(n: usize, most: usize, name: &str) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let stream = Stream::new(SEED, name, n as u64);
    let mut keyed: Vec<(u64, usize)> = (0..n).map(|k| (stream.at(k as u64), k)).collect();
    keyed.select_nth_unstable(most);
    let mut out: Vec<usize> = keyed[..most].iter().map(|&(_, k)| k).collect();
    out.sort_unstable();
    out
}

/// Numbers of one piece.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) key: String,
    pub(super) part: Part,
    /// Length of the other side, of which `width` were read.
    pub(super) others: usize,
    pub(super) width: usize,
    /// One row for each hidden dimension, of `width` numbers, of mean square 1.
    pub(super) numbers: Vec<f32>,
    /// What they were divided by.
    pub(super) size: f64,
}

/// Reads the hidden dimensions `hidden` of `piece` and at most `most` of its other side, which
/// are the same for all pieces of that length. Cost: the rows that are touched, whole.
pub(super) fn read(piece: &Piece<'_>, hidden: &[usize], most: usize) -> Option<Sample> {
    let raw = piece.tensor.numbers()?;
    let others = choose(piece.others, most, "others");
    let width = others.len();
    let mut numbers = vec![0.0f32; hidden.len() * width];
    let mut row = vec![0.0f32; piece.columns];
    let read_row = |index: usize, row: &mut [f32]| {
        let start = index * piece.columns;
        raw.part(start..start + piece.columns).read_f32(row);
    };
    if piece.is_by_rows {
        for (own, &dimension) in numbers.chunks_exact_mut(width).zip(hidden) {
            read_row(dimension, &mut row);
            for (to, &other) in own.iter_mut().zip(&others) {
                *to = row[other];
            }
        }
    } else {
        for (k, &other) in others.iter().enumerate() {
            read_row(other, &mut row);
            for (at, &dimension) in hidden.iter().enumerate() {
                numbers[at * width + k] = row[dimension];
            }
        }
    }
    let size = to_unit(&mut numbers);
    Some(Sample {
        key: piece.key.clone(),
        part: piece.part,
        others: piece.others,
        width,
        numbers,
        size,
    })
}

/// Bytes that [`read`] touches.
pub(super) fn bytes(piece: &Piece<'_>, hidden: usize, most: usize) -> u64 {
    let rows = if piece.is_by_rows { hidden } else { most };
    let all = piece
        .tensor
        .elements()
        .div_ceil(piece.columns.max(1))
        .max(1);
    piece.tensor.size_bytes() / all as u64 * rows.min(all) as u64
}

/// Scales to a mean square of 1, so that no tensor outweighs another, and gives what was divided
/// by; what is no number is 0.
pub(super) fn to_unit(numbers: &mut [f32]) -> f64 {
    for number in numbers.iter_mut().filter(|number| !number.is_finite()) {
        *number = 0.0;
    }
    let square: f64 = numbers.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let size = (square / numbers.len().max(1) as f64).sqrt();
    if size > 0.0 {
        let scale = size.recip();
        numbers
            .iter_mut()
            .for_each(|x| *x = (f64::from(*x) * scale) as f32);
    }
    size
}

impl Sample {
    /// The same numbers with a row for each of the other side.
    pub(super) fn across(&self) -> Vec<f32> {
        let rows = self.numbers.chunks_exact(self.width.max(1));
        let column = |k: usize| rows.clone().map(move |row| row[k]);
        (0..self.width).flat_map(column).collect()
    }
}
