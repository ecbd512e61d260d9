//! The numbers of a tensor as they are stored, and the one way to read them.
//!
//! Everyone outside speaks of elements; bytes, widths and offsets stay in here. How numbers are
//! stored is one [`Encoding`]; formats that are not plain numbers are a [`Source`] each. The decision is made once for each
//! range that is read, so callers read ranges of some hundred numbers or more.

use std::ops::Range;

use super::dtype::Dtype;
use super::source::{Source, Stretch};
use crate::numeric::{Numbers, Plain};

/// The stored numbers of a tensor, or of a run of its elements, row-major; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct RawTensor<'a> {
    dtype: Dtype,
    encoding: Encoding<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Encoding<'a> {
    /// As they lie in a file, one after the other.
    Plain(Plain<'a>),
    /// In memory.
    Decoded(&'a [f32]),
    /// Decoded when they are read.
    Coded(Stretch<'a>),
}

impl<'a> RawTensor<'a> {
    /// Little-endian numbers of one format; `None` if it is not one that can be decoded.
    pub fn new(dtype: Dtype, bytes: &'a [u8]) -> Option<Self> {
        let float = dtype.float()?;
        Some(Self {
            dtype,
            encoding: Encoding::Plain(Plain { float, bytes }),
        })
    }

    /// All weights that `source` decodes, which are stored as `dtype`.
    pub(super) fn coded(dtype: Dtype, source: &'a dyn Source) -> Self {
        Self {
            dtype,
            encoding: Encoding::Coded(Stretch::new(source)),
        }
    }

    /// Numbers in memory, as if they had been stored as F32.
    pub const fn of_numbers(numbers: &'a [f32]) -> Self {
        Self {
            dtype: Dtype::F32,
            encoding: Encoding::Decoded(numbers),
        }
    }

    /// Their format.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// How many numbers there are.
    pub fn elements(&self) -> usize {
        self.numbers().count()
    }

    /// Bytes that reading all of them takes.
    #[inline]
    pub fn size_bytes(&self) -> u64 {
        match self.encoding {
            Encoding::Plain(plain) => plain.bytes.len() as u64,
            Encoding::Decoded(numbers) => size_of_val(numbers) as u64,
            Encoding::Coded(stretch) => stretch.size_bytes(),
        }
    }

    /// A run of elements; what lies beyond the last is left out.
    #[inline]
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let encoding = match self.encoding {
            Encoding::Plain(Plain { float, bytes }) => {
                let width = float.bytes();
                let bytes = cut(bytes, range.start * width..range.end * width);
                Encoding::Plain(Plain { float, bytes })
            }
            Encoding::Decoded(numbers) => Encoding::Decoded(cut(numbers, range)),
            Encoding::Coded(stretch) => Encoding::Coded(stretch.part(range)),
        };
        Self { encoding, ..*self }
    }

    /// Has them fetched, if they lie on a store; a map is read ahead by the system.
    pub fn fetch_soon(&self) {
        if let Encoding::Coded(stretch) = self.encoding {
            stretch.source.fetch_soon(stretch.first, stretch.len);
        }
    }

    /// Decodes the first numbers; F64 is rounded to the nearest `f32`, all else is exact.
    pub fn decode(&self, out: &mut [f32]) {
        self.read_f32(out);
    }

    /// Decodes the first numbers, all exactly.
    pub fn decode_f64(&self, out: &mut [f64]) {
        self.read_f64(out);
    }

    #[inline]
    fn numbers(&self) -> &dyn Numbers {
        match &self.encoding {
            Encoding::Plain(plain) => plain,
            Encoding::Decoded(numbers) => numbers,
            Encoding::Coded(stretch) => stretch,
        }
    }
}

impl Numbers for RawTensor<'_> {
    #[inline]
    fn count(&self) -> usize {
        self.numbers().count()
    }

    #[inline]
    fn is_wide(&self) -> bool {
        self.numbers().is_wide()
    }

    #[inline]
    fn read_f32(&self, out: &mut [f32]) {
        self.numbers().read_f32(out);
    }

    #[inline]
    fn read_f64(&self, out: &mut [f64]) {
        self.numbers().read_f64(out);
    }

    #[inline]
    fn read_change(&self, base: &[f32], out: &mut [f64]) {
        self.numbers().read_change(base, out);
    }
}

fn cut<T>(all: &[T], range: Range<usize>) -> &[T] {
    let end = range.end.min(all.len());
    &all[range.start.min(end)..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_counted_in_elements() {
        let bytes: Vec<u8> = [1.0f32, 2.0, 3.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let stored = RawTensor::new(Dtype::F32, &bytes).unwrap();
        let in_memory = RawTensor::of_numbers(&[1.0, 2.0, 3.0]);
        for raw in [stored, in_memory] {
            assert_eq!((raw.elements(), raw.size_bytes()), (3, 12));
            let mut out = [0.0; 2];
            raw.part(1..3).decode(&mut out);
            assert_eq!(out, [2.0, 3.0]);
            assert_eq!(raw.part(2..9).elements(), 1);
            assert_eq!(raw.part(7..9).elements(), 0);
        }
        assert!(RawTensor::new(Dtype::I8, &[0]).is_none());
    }
}
