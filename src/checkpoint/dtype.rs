//! The number formats of stored tensors, and which of them Kinfolk computes with.

use std::collections::BTreeMap;
use std::fmt;

use crate::numeric::{Float, round};

/// How the numbers of a tensor are stored. In the order of their width, as in safetensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    non_camel_case_types,
    reason = "the names are those of the files"
)]
pub enum Dtype {
    BOOL,
    F4,
    F6_E2M3,
    F6_E3M2,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    F8_E4M3FNUZ,
    F8_E5M2FNUZ,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
}

/// All formats: name, bits of one number, and what decodes it.
///
/// Integers, flags, complex numbers and packed formats are not decoded. Nor are the `FNUZ`
/// variants of the 8-bit formats, which have another bias: read as the common ones they would
/// give wrong numbers without a sign of it.
const TABLE: [(Dtype, &str, usize, Option<Float>); 22] = [
    (Dtype::BOOL, "BOOL", 8, None),
    (Dtype::F4, "F4", 4, None),
    (Dtype::F6_E2M3, "F6_E2M3", 6, None),
    (Dtype::F6_E3M2, "F6_E3M2", 6, None),
    (Dtype::U8, "U8", 8, None),
    (Dtype::I8, "I8", 8, None),
    (Dtype::F8_E5M2, "F8_E5M2", 8, Some(Float::F8E5M2)),
    (Dtype::F8_E4M3, "F8_E4M3", 8, Some(Float::F8E4M3)),
    (Dtype::F8_E8M0, "F8_E8M0", 8, None),
    (Dtype::F8_E4M3FNUZ, "F8_E4M3FNUZ", 8, None),
    (Dtype::F8_E5M2FNUZ, "F8_E5M2FNUZ", 8, None),
    (Dtype::I16, "I16", 16, None),
    (Dtype::U16, "U16", 16, None),
    (Dtype::F16, "F16", 16, Some(Float::F16)),
    (Dtype::BF16, "BF16", 16, Some(Float::BF16)),
    (Dtype::I32, "I32", 32, None),
    (Dtype::U32, "U32", 32, None),
    (Dtype::F32, "F32", 32, Some(Float::F32)),
    (Dtype::C64, "C64", 64, None),
    (Dtype::F64, "F64", 64, Some(Float::F64)),
    (Dtype::I64, "I64", 64, None),
    (Dtype::U64, "U64", 64, None),
];

/// What the configurations of models and recipes call the formats that they name.
const IN_CONFIGS: [(Dtype, &str); 4] = [
    (Dtype::F64, "float64"),
    (Dtype::F32, "float32"),
    (Dtype::F16, "float16"),
    (Dtype::BF16, "bfloat16"),
];

impl Dtype {
    /// The name that headers and screens use, such as "BF16" or "F8_E4M3".
    pub const fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The format that a header calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        let row = TABLE.iter().find(|(_, own, ..)| *own == name);
        row.map(|(dtype, ..)| *dtype)
    }

    /// The name that configurations have for it, such as "bfloat16".
    pub fn config_name(self) -> Option<&'static str> {
        let row = IN_CONFIGS.iter().find(|(dtype, _)| *dtype == self);
        row.map(|(_, name)| *name)
    }

    /// The format that configurations call `name`.
    pub fn from_config_name(name: &str) -> Option<Self> {
        let row = IN_CONFIGS.iter().find(|(_, own)| *own == name);
        row.map(|(dtype, _)| *dtype)
    }

    /// Bits of one number; `None` for a format that stores numbers in blocks only.
    pub const fn width_bits(self) -> Option<usize> {
        Some(TABLE[self as usize].2)
    }

    /// Bytes of `elements` numbers, rounded up.
    pub fn stored_bytes(self, elements: usize) -> u64 {
        (elements as u64 * TABLE[self as usize].2 as u64).div_ceil(8)
    }

    /// The same exactly; `None` if they do not fill whole bytes, or overflow.
    pub(super) fn exact_bytes(self, elements: usize) -> Option<usize> {
        let bits = (elements as u128) * (TABLE[self as usize].2 as u128);
        usize::try_from(bits / 8)
            .ok()
            .filter(|_| bits.is_multiple_of(8))
    }

    /// Whether its numbers can be decoded, so that kinship and merges compute with them.
    pub const fn is_supported(self) -> bool {
        self.float().is_some()
    }

    /// Whether it is one of the 8-bit floats that can be decoded; in most models these mean
    /// little without their scales.
    pub const fn is_fp8(self) -> bool {
        matches!(self, Self::F8_E4M3 | Self::F8_E5M2)
    }

    /// Rounds numbers to those that the format has.
    pub fn round(self, numbers: &mut [f32]) {
        if let Some(float) = self.float() {
            round::round_to(float, numbers);
        }
    }

    pub(super) const fn float(self) -> Option<Float> {
        TABLE[self as usize].3
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The formats with how many numbers each has, the most frequent first.
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
    use safetensors::Dtype as Theirs;
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    #[test]
    fn every_format_has_its_row_and_is_that_of_safetensors() {
        for (k, &(dtype, name, bits, _)) in TABLE.iter().enumerate() {
            assert_eq!(dtype as usize, k);
            assert_eq!((Dtype::parse(name), dtype.name()), (Some(dtype), name));
            let deserializer: StrDeserializer<'_, Error> = name.into_deserializer();
            let theirs = Theirs::deserialize(deserializer).unwrap();
            assert_eq!(
                (theirs.to_string().as_str(), theirs.bitsize()),
                (name, bits)
            );
        }
        assert_eq!(Dtype::parse("bf16"), None);
        assert_eq!(Dtype::parse("Q4_K"), None);
    }

    #[test]
    fn packed_numbers_fill_whole_bytes() {
        assert_eq!(Dtype::F4.exact_bytes(6), Some(3));
        assert_eq!(Dtype::F4.exact_bytes(5), None);
        assert_eq!(Dtype::F64.exact_bytes(usize::MAX), None);
    }

    #[test]
    fn biased_eight_bit_formats_are_not_taken_for_the_common_ones() {
        assert_eq!(Dtype::F8_E4M3.float(), Some(Float::F8E4M3));
        assert!(!Dtype::F8_E4M3FNUZ.is_supported());
        assert!(!Dtype::I8.is_supported());
    }
}
