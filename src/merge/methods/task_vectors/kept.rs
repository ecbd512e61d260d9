//! Which numbers of a tensor were kept, a bit each, where deciding it again would take long.

use crate::numeric::{Real, vector};

/// Bits of a whole tensor, in the chunks that it was read in.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Numbers of a chunk; the last may have fewer.
    chunk: usize,
    words: Vec<Vec<u64>>,
}

/// Bits of one chunk, as they come.
#[derive(Default)]
pub(super) struct Bits {
    len: usize,
    words: Vec<u64>,
}

impl Bits {
    /// Appends a bit for each number: whether it is not 0.
    pub(super) fn push<N: Real>(&mut self, numbers: &[N]) {
        let mut rest = numbers;
        while !rest.is_empty() {
            let at = self.len % 64;
            let (own, after) = rest.split_at((64 - at).min(rest.len()));
            let bit = |(k, x): (usize, &N)| u64::from(*x != N::ZERO) << k;
            let word = own.iter().enumerate().map(bit).fold(0, |a, b| a | b);
            match self.words.last_mut() {
                Some(last) if at > 0 => *last |= word << at,
                _ => self.words.push(word),
            }
            self.len += own.len();
            rest = after;
        }
    }
}

impl Kept {
    pub(super) fn new(chunk: usize, bits: impl Iterator<Item = Bits>) -> Self {
        Self {
            chunk: chunk.max(1),
            words: bits.map(|bits| bits.words).collect(),
        }
    }

    /// Writes `factor·(x − base)` of what was kept, and 0 for the rest, from flat index `start` on.
    pub(super) fn changes<N: Real>(
        &self,
        start: usize,
        (x, base): (&[N], &[N]),
        factor: N,
        out: &mut [N],
    ) {
        let mut from = 0;
        while from < out.len() {
            let at = (start + from) % self.chunk;
            let to = out.len().min(from + self.chunk - at);
            let words = self.words.get((start + from) / self.chunk);
            let words = words.map_or(&[][..], Vec::as_slice);
            let part = from..to;
            let (x, base) = (&x[part.clone()], &base[part.clone()]);
            vector::kept_difference(&mut out[part], factor, x, base, words, at);
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_in_pieces_is_found_again_in_others() {
        let numbers: Vec<f32> = (0..300u32).map(|k| f32::from(k % 7 < 3)).collect();
        let chunk = |numbers: &[f32], piece: usize| {
            let mut bits = Bits::default();
            numbers.chunks(piece).for_each(|own| bits.push(own));
            bits
        };
        for piece in [1, 5, 64, 100] {
            let kept = Kept::new(130, numbers.chunks(130).map(|own| chunk(own, piece)));
            for width in [3, 64, 300] {
                let mut out = Vec::new();
                for start in (0..300).step_by(width) {
                    let n = width.min(300 - start);
                    let mut own = vec![9.0f32; n];
                    kept.changes(start, (&vec![1.5; n], &vec![0.5; n]), 2.0, &mut own);
                    out.extend(own);
                }
                let expected: Vec<f32> = numbers.iter().map(|x| 2.0 * x).collect();
                assert_eq!(out, expected, "{piece} {width}");
            }
        }
    }
}
