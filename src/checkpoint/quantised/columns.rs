//! Codes that lie input by input: what GPTQ and AWQ store is the transpose of the weight.
//!
//! A row of the weight is gathered from one word in each stored row. Its cache lines hold the
//! words of the fifteen rows after it too, and a pass reads rows one after the other, so that
//! they are fetched once.

use super::super::source::{Source, Stored};
use super::scales::{Groups, ScaleNumbers, Scales};

/// Weights `(code − zero) · scale`, `[outputs, inputs]`.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) packing: Packing,
    /// I32.
    pub(super) codes: Stored,
    pub(super) groups: Groups,
    /// How many groups there are.
    pub(super) count: usize,
    /// `[count, outputs]`.
    pub(super) scales: ScaleNumbers,
    /// I32, `[count, outputs]` packed along the outputs.
    pub(super) zeros: Stored,
    /// What is added to each zero.
    pub(super) zero_offset: f32,
}

/// How codes are packed into words of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Codes of this many bits along the inputs, low bits first, across the ends of words.
    Inputs(usize),
    /// Eight outputs in a word, in AWQ's order.
    Awq,
}

/// Where AWQ puts each of eight outputs, in bits.
const AWQ_SHIFTS: [usize; 8] = [0, 16, 4, 20, 8, 24, 12, 28];

/// Inputs whose codes fill whole words, for every number of bits.
const UNIT: usize = 32;

impl Columns {
    /// The word at `at`; zero beyond the end, which the shapes rule out.
    fn word(stored: &[[u8; 4]], at: usize) -> u32 {
        stored.get(at).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// The codes of one output from input `first` on.
    fn codes(&self, output: usize, first: usize, out: &mut [f32]) {
        let (words, _) = self.codes.bytes().as_chunks::<4>();
        match self.packing {
            Packing::Inputs(4) => self.halves(words, output, first, out),
            Packing::Inputs(bits) => self.streamed(words, bits, output, first, out),
            Packing::Awq => {
                let shift = AWQ_SHIFTS[output % 8];
                let stride = self.outputs / 8;
                let start = (first * stride + output / 8).min(words.len());
                let words = words[start..].iter().step_by(stride);
                for (word, out) in words.zip(out) {
                    *out = (u32::from_le_bytes(*word) >> shift & 15) as f32;
                }
            }
        }
    }

    /// Eight inputs in a word.
    fn halves(&self, words: &[[u8; 4]], output: usize, first: usize, out: &mut [f32]) {
        let number = |word: u32, k: usize| (word >> (4 * k) & 15) as f32;
        let start = (first / 8 * self.outputs + output).min(words.len());
        let mut words = words[start..].iter().step_by(self.outputs.max(1));
        let mut next = || words.next().map_or(0, |word| u32::from_le_bytes(*word));
        let skip = first % 8;
        let head = if skip == 0 {
            0
        } else {
            (8 - skip).min(out.len())
        };
        let (head, rest) = out.split_at_mut(head);
        if !head.is_empty() {
            let word = next();
            for (k, out) in head.iter_mut().enumerate() {
                *out = number(word, skip + k);
            }
        }
        let (whole, last) = rest.as_chunks_mut::<8>();
        for out in whole {
            let word = next();
            *out = std::array::from_fn(|k| number(word, k));
        }
        if !last.is_empty() {
            let word = next();
            for (k, out) in last.iter_mut().enumerate() {
                *out = number(word, k);
            }
        }
    }

    /// Any number of bits up to eight, 32 inputs at a time.
    fn streamed(
        &self,
        words: &[[u8; 4]],
        bits: usize,
        output: usize,
        first: usize,
        out: &mut [f32],
    ) {
        let (mut at, mut rest) = (first, out);
        while !rest.is_empty() {
            let (unit, skip) = (at / UNIT, at % UNIT);
            let (now, later) = rest.split_at_mut((UNIT - skip).min(rest.len()));
            let word = |k: usize| Self::word(words, (unit * bits + k) * self.outputs + output);
            // One more, so that a code that ends with a word finds a next one.
            let mut stream = [0; 9];
            for (k, to) in stream.iter_mut().enumerate().take(bits) {
                *to = word(k);
            }
            for (k, out) in now.iter_mut().enumerate() {
                *out = bits_at(&stream, (skip + k) * bits, bits) as f32;
            }
            at += now.len();
            rest = later;
        }
    }

    fn zero(&self, words: &[[u8; 4]], group: usize, output: usize) -> f32 {
        let code = match self.packing {
            Packing::Inputs(bits) => {
                let start = group * (self.outputs * bits).div_ceil(32);
                let (word, shift) = (output * bits / 32, output * bits % 32);
                let pair = [0, 1].map(|k| Self::word(words, start + word + k));
                bits_at(&pair, shift, bits)
            }
            Packing::Awq => {
                let word = Self::word(words, group * (self.outputs / 8) + output / 8);
                word >> AWQ_SHIFTS[output % 8] & 15
            }
        };
        code as f32 + self.zero_offset
    }

    fn scale(&self, output: usize, first: usize, out: &mut [f32], with_zeros: bool) {
        let (words, _) = self.zeros.bytes().as_chunks::<4>();
        let all = Scales::new(self.scales.clone());
        let fill = |first: usize, scales: &mut [f32], zeros: &mut [f32]| {
            for (k, (scale, zero)) in scales.iter_mut().zip(zeros).enumerate() {
                let group = first + k;
                all.read(group * self.outputs + output, std::slice::from_mut(scale));
                if with_zeros {
                    *zero = self.zero(words, group, output);
                }
            }
        };
        self.groups.apply(first, out, self.count, fill);
    }

    fn by_rows(&self, first: usize, out: &mut [f32], part: impl Fn(usize, usize, &mut [f32])) {
        let (mut at, mut rest) = (first, out);
        while !rest.is_empty() {
            let (output, input) = (at / self.inputs, at % self.inputs);
            let (now, later) = rest.split_at_mut((self.inputs - input).min(rest.len()));
            at += now.len();
            part(output, input, now);
            rest = later;
        }
    }
}

/// `bits` bits of a stream of words from bit `at` on.
fn bits_at(stream: &[u32], at: usize, bits: usize) -> u32 {
    let word = |at: usize| u64::from(stream.get(at).copied().unwrap_or_default());
    let pair = word(at / 32) | word(at / 32 + 1) << 32;
    (pair >> (at % 32)) as u32 & ((1 << bits) - 1)
}

impl Source for Columns {
    fn elements(&self) -> usize {
        self.outputs.saturating_mul(self.inputs)
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        self.by_rows(first, out, |output, input, now| {
            self.codes(output, input, now);
            self.scale(output, input, now, true);
        });
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        visit(&self.codes);
        Scales::new(self.scales.clone()).stored(visit);
        visit(&self.zeros);
        self.groups.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let mut sum = 0.0;
        for start in (0..len).step_by(256) {
            let mut scales = [1.0; 256];
            let scales = &mut scales[..(len - start).min(256)];
            self.by_rows(first + start, scales, |output, input, now| {
                self.scale(output, input, now, false);
            });
            sum += scales.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        }
        sum / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_cross_the_ends_of_words() {
        let codes: Vec<u32> = (0..32).map(|k| (k * 5 + 3) % 8).collect();
        let mut stream = [0u32; 3];
        for (k, code) in codes.iter().enumerate() {
            for bit in 0..3 {
                let at = 3 * k + bit;
                stream[at / 32] |= (code >> bit & 1) << (at % 32);
            }
        }
        let read = |k| bits_at(&stream, 3 * k, 3);
        assert_eq!((0..32).map(read).collect::<Vec<_>>(), codes);
    }
}
