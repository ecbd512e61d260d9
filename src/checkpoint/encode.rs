//! Numbers to the bytes of a file: one rounding, to nearest even.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::dtype::Dtype;
use crate::numeric::Real;
use crate::numeric::blocks::q8_0;

/// Where the numbers of one tensor go in a file that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    dtype: Dtype,
    first_byte: u64,
    moved: Option<Moved>,
}

/// How a format stores a tensor otherwise than it is computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moved {
    /// Numbers of a row, as it is stored.
    pub(super) row_len: usize,
    /// Numbers that are stored; those beyond are left out.
    pub(super) keep: usize,
    /// For each row where it is stored, if they are in another order.
    pub(super) order: Option<Vec<usize>>,
    /// What is added to every number.
    pub(super) plus: f32,
    /// Whether the matrix is stored as its transpose.
    pub(super) transposed: bool,
}

/// Numbers as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The first byte's place in the file.
    pub offset: u64,
    /// Little-endian.
    pub bytes: Vec<u8>,
    /// How many of the numbers are NaN or infinite as written.
    pub non_finite: u64,
}

impl Slot {
    /// Room for a tensor of `dtype` from `first_byte` of the file on.
    pub fn new(dtype: Dtype, first_byte: u64) -> Self {
        Self {
            dtype,
            first_byte,
            moved: None,
        }
    }

    /// The same for a tensor that is stored in another way.
    pub(super) fn moved(self, moved: Moved) -> Self {
        Self {
            moved: Some(moved),
            ..self
        }
    }

    /// Where the tensor begins in the file.
    pub fn first_byte(&self) -> u64 {
        self.first_byte
    }

    /// The format that is written.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The tensor's elements from `first` on, in pieces that each go to one place; `None` for a
    /// format that is never written.
    pub fn encode<N: Real>(&self, first: usize, numbers: &[N]) -> Option<Vec<Encoded>> {
        if let (Dtype::F64, None) = (self.dtype, &self.moved) {
            let odd = numbers.iter().filter(|x| !x.is_finite()).count() as u64;
            let bytes = bytes(numbers, |x| x.wide().to_le_bytes());
            return Some(vec![self.encoded(first, (bytes, odd))]);
        }
        // A half of an f64 is that of its f32, as in PyTorch.
        let numbers = &*N::narrow(numbers);
        let Some(moved) = &self.moved else {
            return Some(vec![self.piece(first, numbers)?]);
        };
        let mut out = Vec::new();
        moved.pieces(first, numbers, &mut |at, piece| {
            out.push(self.piece(at, piece)?);
            Some(())
        })?;
        Some(out)
    }

    /// Numbers that are stored one after the other, the first of them as number `at`.
    fn piece(&self, at: usize, numbers: &[f32]) -> Option<Encoded> {
        Some(self.encoded(at, encode(self.dtype, at, numbers)?))
    }

    fn encoded(&self, at: usize, (bytes, non_finite): (Vec<u8>, u64)) -> Encoded {
        Encoded {
            offset: self.first_byte + self.dtype.stored_bytes(at),
            bytes,
            non_finite,
        }
    }
}

/// Takes a piece and the place of its first number in the tensor as it is stored.
type Take<'t> = &'t mut dyn FnMut(usize, &[f32]) -> Option<()>;

impl Moved {
    /// Whether a tensor of `elements` numbers would be written otherwise without it.
    pub(super) fn changes_anything(&self, elements: usize) -> bool {
        self.order.is_some() || self.plus != 0.0 || self.transposed || self.keep != elements
    }

    fn pieces(&self, first: usize, numbers: &[f32], take: Take<'_>) -> Option<()> {
        let numbers = &numbers[..numbers.len().min(self.keep.saturating_sub(first))];
        let own: Vec<f32> = numbers.iter().map(|x| x + self.plus).collect();
        if self.row_len == 0 || own.is_empty() {
            return Some(());
        }
        if self.transposed {
            return self.columns(first, &own, take);
        }
        let Some(order) = &self.order else {
            return take(first, &own);
        };
        let (mut at, mut rest) = (first, own.as_slice());
        while !rest.is_empty() {
            let (row, column) = (at / self.row_len, at % self.row_len);
            let len = rest.len().min(self.row_len - column);
            let (now, later) = rest.split_at(len);
            take(order.get(row)? * self.row_len + column, now)?;
            (rest, at) = (later, at + len);
        }
        Some(())
    }

    /// What stands below each other in the tensor stands side by side in the file.
    fn columns(&self, first: usize, numbers: &[f32], take: Take<'_>) -> Option<()> {
        let rows = self.row_len;
        let columns = self.keep / rows;
        for column in 0..columns {
            let row = first.saturating_sub(column).div_ceil(columns.max(1));
            let start = (row * columns + column).checked_sub(first)?;
            let own = numbers.iter().skip(start).step_by(columns);
            let own: Vec<f32> = own.copied().collect();
            if !own.is_empty() {
                take(column * rows + row, &own)?;
            }
        }
        Some(())
    }
}

fn encode(dtype: Dtype, at: usize, numbers: &[f32]) -> Option<(Vec<u8>, u64)> {
    let n = numbers.len();
    match dtype {
        Dtype::F32 => {
            let odd = numbers.iter().filter(|x| !x.is_finite()).count();
            Some((bytes(numbers, |x| x.to_le_bytes()), odd as u64))
        }
        Dtype::F64 => {
            let odd = numbers.iter().filter(|x| !x.is_finite()).count();
            Some((bytes(numbers, |x| f64::from(x).to_le_bytes()), odd as u64))
        }
        Dtype::F16 => {
            let mut out = vec![f16::ZERO; n];
            out.convert_from_f32_slice(numbers);
            let odd = out
                .iter()
                .filter(|x| x.to_bits() & 0x7c00 == 0x7c00)
                .count();
            Some((bytes(&out, |x| x.to_le_bytes()), odd as u64))
        }
        Dtype::BF16 => {
            let mut out = vec![bf16::ZERO; n];
            out.convert_from_f32_slice(numbers);
            let odd = out
                .iter()
                .filter(|x| x.to_bits() & 0x7f80 == 0x7f80)
                .count();
            Some((bytes(&out, |x| x.to_le_bytes()), odd as u64))
        }
        // Blocks come whole: pieces are cut at multiples of many of them.
        Dtype::Q8_0 if at.is_multiple_of(q8_0::NUMBERS) => q8_0::encode(numbers),
        _ => None,
    }
}

fn bytes<T: Copy, const N: usize>(numbers: &[T], bytes_of: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut out = vec![0; numbers.len() * N];
    let (places, _) = out.as_chunks_mut::<N>();
    for (place, number) in places.iter_mut().zip(numbers) {
        *place = bytes_of(*number);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(dtype: Dtype, numbers: &[f32]) -> Option<(Vec<u8>, u64)> {
        super::encode(dtype, 0, numbers)
    }

    #[test]
    fn rounding_is_to_nearest_even_and_overflow_is_counted() {
        let one_and_a_half_ulp = 1.0 + 1.5 / 128.0;
        let (bytes, odd) = encode(Dtype::BF16, &[1.0 + 1.0 / 256.0, one_and_a_half_ulp]).unwrap();
        assert_eq!(bytes, [0x80, 0x3f, 0x82, 0x3f]);
        assert_eq!(odd, 0);
        let (bytes, odd) = encode(Dtype::F16, &[70000.0, f32::NAN, 1.0]).unwrap();
        assert_eq!(bytes[..2], [0x00, 0x7c]);
        assert_eq!(odd, 2);
        assert!(encode(Dtype::I8, &[1.0]).is_none());
    }

    #[test]
    fn elements_go_where_those_before_them_end() {
        let slot = Slot::new(Dtype::BF16, 100);
        let encoded = slot.encode(3, &[0.0, f32::NAN]).unwrap();
        assert_eq!((encoded.len(), encoded[0].offset), (1, 106));
    }

    /// What a slot makes of a tensor of `shape` in pieces of `len`, read back as F32.
    fn stored(moved: &Moved, numbers: &[f32], len: usize) -> Vec<f32> {
        let slot = Slot::new(Dtype::F32, 0).moved(moved.clone());
        let mut out = vec![f32::NAN; moved.keep];
        for (k, piece) in numbers.chunks(len).enumerate() {
            for encoded in slot.encode(k * len, piece).unwrap() {
                let at = encoded.offset as usize / 4;
                for (k, x) in encoded.bytes.as_chunks::<4>().0.iter().enumerate() {
                    out[at + k] = f32::from_le_bytes(*x);
                }
            }
        }
        out
    }

    #[test]
    fn rows_columns_and_constants_are_moved_whatever_the_pieces() {
        let numbers: Vec<f32> = (0..6).map(|x| x as f32).collect();
        let plain = Moved {
            row_len: 2,
            keep: 6,
            order: None,
            plus: 0.0,
            transposed: false,
        };
        let rows = Moved {
            order: Some(vec![2, 0, 1]),
            ..plain.clone()
        };
        let cut = Moved {
            keep: 4,
            plus: 1.0,
            ..plain.clone()
        };
        // [3, 2] is stored as [2, 3].
        let columns = Moved {
            row_len: 3,
            transposed: true,
            ..plain.clone()
        };
        for len in 1..=6 {
            assert_eq!(stored(&plain, &numbers, len), numbers);
            assert_eq!(stored(&rows, &numbers, len), [2.0, 3.0, 4.0, 5.0, 0.0, 1.0]);
            assert_eq!(stored(&cut, &numbers, len), [1.0, 2.0, 3.0, 4.0]);
            let expected = [0.0, 2.0, 4.0, 1.0, 3.0, 5.0];
            assert_eq!(stored(&columns, &numbers, len), expected, "{len}");
        }
    }
}
