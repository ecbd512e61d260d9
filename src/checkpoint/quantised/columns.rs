//! Codes that lie input by input: what GPTQ and AWQ store is the transpose of the weight.
//!
//! They are decoded in that order, a few outputs of one input at a time, which is how vectors are
//! filled; [`Transposed`](super::super::source::Transposed) makes rows of the weight of it.

use super::super::bands::{BAND, Tile};
use super::super::source::{Source, Stored};
use super::scales::{Groups, Scales};

/// Weights `(code − zero) · scale`, `[inputs, outputs]`.
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
    pub(super) scales: Scales,
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

/// Scales and zeros of a few outputs in one group.
struct Line {
    group: usize,
    scales: [f32; BAND],
    zeros: [f32; BAND],
}

type Words<'w> = &'w [[u8; 4]];

fn words(stored: &Stored) -> Words<'_> {
    stored.bytes().as_chunks().0
}

/// The word at `at`; zero beyond the end, which the shapes rule out.
fn word(words: Words<'_>, at: usize) -> u32 {
    words.get(at).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

impl Columns {
    /// The codes of one input for outputs from `first` on.
    fn codes(&self, words: Words<'_>, input: usize, first: usize, out: &mut [f32]) {
        match self.packing {
            Packing::Inputs(bits) => {
                let (row, shift) = (input * bits / 32, input * bits % 32);
                let mask = (1 << bits) - 1;
                let at = |row: usize| words.get(row * self.outputs + first..).unwrap_or_default();
                if shift + bits <= 32 {
                    for (word, out) in at(row).iter().zip(out) {
                        *out = small(u32::from_le_bytes(*word) >> shift & mask);
                    }
                    return;
                }
                for ((low, high), out) in at(row).iter().zip(at(row + 1)).zip(out) {
                    let low = u32::from_le_bytes(*low) >> shift;
                    let high = u32::from_le_bytes(*high) << (32 - shift);
                    *out = small((low | high) & mask);
                }
            }
            Packing::Awq => {
                let start = input * (self.outputs / 8);
                if !first.is_multiple_of(8) || !out.len().is_multiple_of(8) {
                    for (k, out) in out.iter_mut().enumerate() {
                        *out = small(awq(words, start, first + k));
                    }
                    return;
                }
                let words = words.get(start + first / 8..).unwrap_or_default();
                for (word, out) in words.iter().zip(out.as_chunks_mut::<8>().0) {
                    let word = u32::from_le_bytes(*word);
                    *out = AWQ_SHIFTS.map(|shift| small(word >> shift & 15));
                }
            }
        }
    }

    fn line(&self, group: usize, first: usize, len: usize) -> Line {
        let mut line = Line {
            group,
            scales: [f32::NAN; BAND],
            zeros: [0.0; BAND],
        };
        if group >= self.count {
            return line;
        }
        let scales = &mut line.scales[..len];
        self.scales.read(group * self.outputs + first, scales);
        let words = words(&self.zeros);
        let zeros = &mut line.zeros[..len];
        match self.packing {
            Packing::Inputs(bits) if self.fills_words(bits, first) => {
                let (in_word, mask) = (32 / bits, (1 << bits) - 1);
                let start = (group * self.outputs + first) / in_word;
                let words = words.get(start..).unwrap_or_default();
                for (word, zeros) in words.iter().zip(zeros.chunks_mut(in_word)) {
                    let word = u32::from_le_bytes(*word);
                    for (k, zero) in zeros.iter_mut().enumerate() {
                        *zero = small(word >> (k * bits) & mask) + self.zero_offset;
                    }
                }
            }
            _ => {
                for (k, zero) in zeros.iter_mut().enumerate() {
                    *zero = small(self.zero(words, group, first + k)) + self.zero_offset;
                }
            }
        }
        line
    }

    /// Whether codes end where words do, and output `first` begins one.
    fn fills_words(&self, bits: usize, first: usize) -> bool {
        32_usize.is_multiple_of(bits) && first.is_multiple_of(32 / bits)
    }

    fn zero(&self, words: Words<'_>, group: usize, output: usize) -> u32 {
        match self.packing {
            Packing::Inputs(bits) => {
                let start = group * (self.outputs * bits / 32);
                let (at, shift) = (output * bits / 32, output * bits % 32);
                let pair = [0, 1].map(|k| word(words, start + at + k));
                bits_at(pair, shift, bits)
            }
            Packing::Awq => awq(words, group * (self.outputs / 8), output),
        }
    }

    /// Calls `part` for runs of at most [`BAND`] outputs of one input.
    fn by_inputs(&self, first: usize, out: &mut [f32], part: impl Fn(usize, usize, &mut [f32])) {
        let (mut at, mut rest) = (first, out);
        while !rest.is_empty() {
            let (input, output) = (at / self.outputs, at % self.outputs);
            let len = (self.outputs - output).min(BAND).min(rest.len());
            let (now, later) = rest.split_at_mut(len);
            part(input, output, now);
            (rest, at) = (later, at + len);
        }
    }
}

/// An integer that `f32` has, by the conversion that vectors have.
fn small(code: u32) -> f32 {
    code.cast_signed() as f32
}

fn awq(words: Words<'_>, start: usize, output: usize) -> u32 {
    word(words, start + output / 8) >> AWQ_SHIFTS[output % 8] & 15
}

/// `bits` bits of two words from bit `shift` on.
fn bits_at([low, high]: [u32; 2], shift: usize, bits: usize) -> u32 {
    let pair = u64::from(low) | u64::from(high) << 32;
    (pair >> shift) as u32 & ((1 << bits) - 1)
}

fn scaled(numbers: &mut [f32], line: &Line) {
    for ((x, scale), zero) in numbers.iter_mut().zip(&line.scales).zip(&line.zeros) {
        *x = (*x - zero) * scale;
    }
}

impl Source for Columns {
    fn elements(&self) -> usize {
        self.outputs.saturating_mul(self.inputs)
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let words = words(&self.codes);
        self.by_inputs(first, out, |input, output, now| {
            let line = self.line(self.groups.at(input), output, now.len());
            self.codes(words, input, output, now);
            scaled(now, &line);
        });
    }

    fn read_tile(&self, _: usize, _: usize, tile: &mut Tile<'_>) {
        let words = words(&self.codes);
        let (outputs, inputs) = (tile.rows.clone(), tile.columns.clone());
        let mut run = [0.0; BAND];
        let run = &mut run[..outputs.len()];
        let mut line = self.line(self.groups.at(inputs.start), outputs.start, outputs.len());
        for (k, input) in inputs.enumerate() {
            let group = self.groups.at(input);
            if line.group != group {
                line = self.line(group, outputs.start, outputs.len());
            }
            self.codes(words, input, outputs.start, run);
            scaled(run, &line);
            tile.put(k, run);
        }
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        visit(&self.codes);
        self.scales.stored(visit);
        visit(&self.zeros);
        self.groups.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let mut sum = 0.0;
        let mut scale = [0.0];
        for at in first..first + len {
            let (input, output) = (at / self.outputs, at % self.outputs);
            let group = self.groups.at(input);
            self.scales.read(group * self.outputs + output, &mut scale);
            sum += f64::from(scale[0]).powi(2);
        }
        sum / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_cross_the_ends_of_words() {
        let words = [0xc000_0001, 0x0000_0001];
        assert_eq!(bits_at(words, 30, 3), 7);
        assert_eq!(bits_at(words, 31, 3), 3);
        assert_eq!(bits_at(words, 0, 8), 1);
    }
}
