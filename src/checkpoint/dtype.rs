//! The number formats of safetensors, and which of them Kinfolk computes with.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::numeric::Float;

pub use safetensors::Dtype;

/// The format to decode with, or `None` for integers, flags, complex numbers and the
/// packed formats, which kinship leaves out.
///
/// The `FNUZ` variants of the 8-bit formats have another bias; they are left out as well,
/// because reading them as the common ones would give wrong numbers without a sign of it.
pub fn float(dtype: Dtype) -> Option<Float> {
    Some(match dtype {
        Dtype::F64 => Float::F64,
        Dtype::F32 => Float::F32,
        Dtype::F16 => Float::F16,
        Dtype::BF16 => Float::BF16,
        Dtype::F8_E4M3 => Float::F8E4M3,
        Dtype::F8_E5M2 => Float::F8E5M2,
        _ => return None,
    })
}

/// The name that headers and screens use, such as "BF16" or "F8_E4M3".
pub fn name(dtype: Dtype) -> String {
    dtype.to_string()
}

/// The format that a header calls `name`.
pub fn parse(name: &str) -> Option<Dtype> {
    let deserializer: StrDeserializer<'_, Error> = name.into_deserializer();
    Dtype::deserialize(deserializer).ok()
}

/// Bytes of `elements` numbers; `None` if they do not fill whole bytes, or overflow.
pub(super) fn size_bytes(dtype: Dtype, elements: usize) -> Option<usize> {
    let bits = (elements as u128) * (dtype.bitsize() as u128);
    usize::try_from(bits / 8)
        .ok()
        .filter(|_| bits.is_multiple_of(8))
}

/// The names of the dtypes with how many numbers each has, the most frequent first.
pub(super) fn by_share(counts: impl Iterator<Item = (Dtype, u64)>) -> Vec<(Dtype, u64)> {
    let mut sums: BTreeMap<Dtype, u64> = BTreeMap::new();
    for (dtype, count) in counts {
        *sums.entry(dtype).or_default() += count;
    }
    let mut shares: Vec<_> = sums.into_iter().collect();
    shares.sort_by_key(|&(dtype, count)| (std::cmp::Reverse(count), dtype));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for dtype in [Dtype::BF16, Dtype::F8_E4M3, Dtype::F4, Dtype::BOOL] {
            assert_eq!(parse(&name(dtype)), Some(dtype));
        }
        assert_eq!(parse("bf16"), None);
        assert_eq!(parse("Q4_K"), None);
    }

    #[test]
    fn packed_numbers_fill_whole_bytes() {
        assert_eq!(size_bytes(Dtype::F4, 6), Some(3));
        assert_eq!(size_bytes(Dtype::F4, 5), None);
        assert_eq!(size_bytes(Dtype::F64, usize::MAX), None);
    }

    #[test]
    fn biased_eight_bit_formats_are_not_taken_for_the_common_ones() {
        assert_eq!(float(Dtype::F8_E4M3), Some(Float::F8E4M3));
        assert_eq!(float(Dtype::F8_E4M3FNUZ), None);
        assert_eq!(float(Dtype::I8), None);
    }
}
