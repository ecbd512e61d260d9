//! The formats of stored tensors, and which of them Kinfolk computes with.

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
    // Blocks of numbers with their scales, as in GGUF.
    Q2_K,
    Q3_K,
    Q4_0,
    Q4_K,
    IQ4_NL,
    Q4_1,
    Q5_0,
    Q5_K,
    Q5_1,
    Q6_K,
    Q8_0,
    // Numbers whose scales are further tensors of a safetensors file.
    MXFP4,
    NVFP4,
    FP4,
    NF4,
    GPTQ,
    AWQ,
    PACKED_INT,
    SCALED_I8,
    SCALED_F8,
}

/// What makes numbers of what is stored.
#[derive(Clone, Copy)]
enum Decoding {
    None,
    /// Each number stands for itself.
    Plain(Float),
    /// A [`super::source::Source`]; nothing of it can be told from one stored number.
    Coded,
}

/// All formats: name, bits of 256 numbers with their scales (about, where a file may choose the
/// size of its groups), and what decodes it.
///
/// Integers, flags, complex numbers and packed formats are not decoded by themselves. Nor are the
/// `FNUZ` variants of the 8-bit formats, which have another bias: read as the common ones they
/// would give wrong numbers without a sign of it.
const TABLE: [(Dtype, &str, usize, Decoding); 42] = [
    (Dtype::BOOL, "BOOL", 8 * 256, Decoding::None),
    (Dtype::F4, "F4", 4 * 256, Decoding::None),
    (Dtype::F6_E2M3, "F6_E2M3", 6 * 256, Decoding::None),
    (Dtype::F6_E3M2, "F6_E3M2", 6 * 256, Decoding::None),
    (Dtype::U8, "U8", 8 * 256, Decoding::None),
    (Dtype::I8, "I8", 8 * 256, Decoding::None),
    (
        Dtype::F8_E5M2,
        "F8_E5M2",
        8 * 256,
        Decoding::Plain(Float::F8E5M2),
    ),
    (
        Dtype::F8_E4M3,
        "F8_E4M3",
        8 * 256,
        Decoding::Plain(Float::F8E4M3),
    ),
    (Dtype::F8_E8M0, "F8_E8M0", 8 * 256, Decoding::None),
    (Dtype::F8_E4M3FNUZ, "F8_E4M3FNUZ", 8 * 256, Decoding::None),
    (Dtype::F8_E5M2FNUZ, "F8_E5M2FNUZ", 8 * 256, Decoding::None),
    (Dtype::I16, "I16", 16 * 256, Decoding::None),
    (Dtype::U16, "U16", 16 * 256, Decoding::None),
    (Dtype::F16, "F16", 16 * 256, Decoding::Plain(Float::F16)),
    (Dtype::BF16, "BF16", 16 * 256, Decoding::Plain(Float::BF16)),
    (Dtype::I32, "I32", 32 * 256, Decoding::None),
    (Dtype::U32, "U32", 32 * 256, Decoding::None),
    (Dtype::F32, "F32", 32 * 256, Decoding::Plain(Float::F32)),
    (Dtype::C64, "C64", 64 * 256, Decoding::None),
    (Dtype::F64, "F64", 64 * 256, Decoding::Plain(Float::F64)),
    (Dtype::I64, "I64", 64 * 256, Decoding::None),
    (Dtype::U64, "U64", 64 * 256, Decoding::None),
    (Dtype::Q2_K, "Q2_K", 84 * 8, Decoding::Coded),
    (Dtype::Q3_K, "Q3_K", 110 * 8, Decoding::Coded),
    (Dtype::Q4_0, "Q4_0", 8 * 18 * 8, Decoding::Coded),
    (Dtype::Q4_K, "Q4_K", 144 * 8, Decoding::Coded),
    (Dtype::IQ4_NL, "IQ4_NL", 8 * 18 * 8, Decoding::Coded),
    (Dtype::Q4_1, "Q4_1", 8 * 20 * 8, Decoding::Coded),
    (Dtype::Q5_0, "Q5_0", 8 * 22 * 8, Decoding::Coded),
    (Dtype::Q5_K, "Q5_K", 176 * 8, Decoding::Coded),
    (Dtype::Q5_1, "Q5_1", 8 * 24 * 8, Decoding::Coded),
    (Dtype::Q6_K, "Q6_K", 210 * 8, Decoding::Coded),
    (Dtype::Q8_0, "Q8_0", 8 * 34 * 8, Decoding::Coded),
    (Dtype::MXFP4, "MXFP4", 4 * 256 + 8 * 8, Decoding::Coded),
    (Dtype::NVFP4, "NVFP4", 4 * 256 + 16 * 8, Decoding::Coded),
    (Dtype::FP4, "FP4", 4 * 256 + 4 * 32, Decoding::Coded),
    (Dtype::NF4, "NF4", 4 * 256 + 4 * 32, Decoding::Coded),
    (Dtype::GPTQ, "GPTQ", 4 * 256 + 2 * 20, Decoding::Coded),
    (Dtype::AWQ, "AWQ", 4 * 256 + 2 * 20, Decoding::Coded),
    (
        Dtype::PACKED_INT,
        "packed INT",
        4 * 256 + 2 * 16,
        Decoding::Coded,
    ),
    (Dtype::SCALED_I8, "scaled I8", 8 * 256, Decoding::Coded),
    (Dtype::SCALED_F8, "scaled F8", 8 * 256, Decoding::Coded),
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
        self.row().1
    }

    /// The format that a header calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        let row = TABLE.iter().find(|(_, own, ..)| *own == name);
        let is_plain = |row: &&(_, _, _, Decoding)| !matches!(row.3, Decoding::Coded);
        row.filter(is_plain).map(|(dtype, ..)| *dtype)
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
        match self.row().3 {
            Decoding::Coded => None,
            Decoding::None | Decoding::Plain(_) => Some(self.row().2 / 256),
        }
    }

    /// Bytes of `elements` numbers, rounded up.
    pub fn stored_bytes(self, elements: usize) -> u64 {
        let bits = (elements as u128) * (self.row().2 as u128);
        u64::try_from(bits.div_ceil(8 * 256)).unwrap_or(u64::MAX)
    }

    /// The same exactly; `None` if they do not fill whole bytes, or overflow.
    pub(super) fn exact_bytes(self, elements: usize) -> Option<usize> {
        let bits = (elements as u128) * (self.width_bits()? as u128);
        usize::try_from(bits / 8)
            .ok()
            .filter(|_| bits.is_multiple_of(8))
    }

    /// Whether its numbers can be decoded, so that kinship and merges compute with them.
    pub const fn is_supported(self) -> bool {
        !matches!(self.row().3, Decoding::None)
    }

    /// Whether its weights are rounded to few bits with scales of their own.
    pub const fn is_quantised(self) -> bool {
        matches!(self.row().3, Decoding::Coded)
    }

    /// The format in which weights that came in this one are written where nothing says
    /// otherwise: quantised ones are written unscaled.
    #[must_use]
    pub const fn written(self) -> Self {
        match self.row().3 {
            Decoding::Coded => Self::BF16,
            Decoding::None | Decoding::Plain(_) => self,
        }
    }

    /// The format in which weights are saved for training on: as [`Self::written`], and those of
    /// 8 bits in one of 16.
    #[must_use]
    pub const fn saved(self) -> Self {
        match self.is_fp8() {
            true => Self::BF16,
            false => self.written(),
        }
    }

    /// The format that holds the numbers of all of these: theirs if it is one, else F32, or F64
    /// where one of them is that.
    #[must_use]
    pub fn common(formats: impl IntoIterator<Item = Self>) -> Self {
        let mut formats = formats.into_iter().map(Self::written);
        let first = formats.next().unwrap_or(Self::F32);
        formats.fold(first, |common, own| match (common, own) {
            (common, own) if common == own => common,
            (Self::F64, _) | (_, Self::F64) => Self::F64,
            _ => Self::F32,
        })
    }

    /// Whether its numbers need `f64`.
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::F64)
    }

    /// Whether it is one of the 8-bit floats that can be decoded, without scales.
    pub const fn is_fp8(self) -> bool {
        matches!(self, Self::F8_E4M3 | Self::F8_E5M2)
    }

    /// Whether files have it with a scale in another tensor: an 8-bit float or integer.
    pub(super) const fn takes_scales(self) -> bool {
        let is_biased = matches!(self, Self::F8_E4M3FNUZ | Self::F8_E5M2FNUZ);
        self.is_fp8() || is_biased || matches!(self, Self::I8)
    }

    /// Whether its numbers are whole, or bytes of anything.
    pub(super) const fn is_integer(self) -> bool {
        use Dtype::{I8, I16, I32, I64, U8, U16, U32, U64};
        matches!(self, I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64)
    }

    /// Rounds numbers to those that the format has.
    pub fn round(self, numbers: &mut [f32]) {
        if let Some(float) = self.float() {
            round::round_to(float, numbers);
        }
    }

    /// The mean square of the error of rounding to it, as a share of that of the numbers; `None`
    /// where `f32` keeps all its digits, and for formats that are not rounded to.
    pub fn rounding_share(self) -> Option<f64> {
        round::error_share(self.float()?)
    }

    /// How many binary digits its numbers have after the first; where it is of eight bits or
    /// fewer, and how they are scaled is not known here, 3.
    pub const fn digits(self) -> i32 {
        match self {
            Self::F32 | Self::F64 => 23,
            Self::F16 => 10,
            Self::BF16 => 7,
            _ => 3,
        }
    }

    /// What most models are stored as.
    pub const fn usual() -> Self {
        Self::BF16
    }

    pub(super) const fn float(self) -> Option<Float> {
        match self.row().3 {
            Decoding::Plain(float) => Some(float),
            Decoding::None | Decoding::Coded => None,
        }
    }

    const fn row(self) -> &'static (Self, &'static str, usize, Decoding) {
        &TABLE[self as usize]
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
            if dtype.is_quantised() {
                assert_eq!(Dtype::parse(name), None);
                continue;
            }
            assert_eq!((Dtype::parse(name), dtype.name()), (Some(dtype), name));
            let deserializer: StrDeserializer<'_, Error> = name.into_deserializer();
            let theirs = Theirs::deserialize(deserializer).unwrap();
            assert_eq!(
                (theirs.to_string().as_str(), theirs.bitsize()),
                (name, bits / 256)
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
