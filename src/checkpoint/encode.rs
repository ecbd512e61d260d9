//! Numbers to the bytes of a file: one rounding, to nearest even.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::dtype::Dtype;

/// Where the numbers of one tensor go in a file that is being written.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    dtype: Dtype,
    first_byte: u64,
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
        Self { dtype, first_byte }
    }

    /// The tensor's elements from `first` on; `None` for a format that is never written.
    pub fn encode(&self, first: usize, numbers: &[f32]) -> Option<Encoded> {
        let (bytes, non_finite) = encode(self.dtype, numbers)?;
        Some(Encoded {
            offset: self.first_byte + self.dtype.stored_bytes(first),
            bytes,
            non_finite,
        })
    }
}

fn encode(dtype: Dtype, numbers: &[f32]) -> Option<(Vec<u8>, u64)> {
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
        assert_eq!(slot.encode(3, &[0.0, f32::NAN]).unwrap().offset, 106);
    }
}
