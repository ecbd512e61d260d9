//! The types of tensors by their numbers, and which of them are read.

use crate::checkpoint::dtype::Dtype;
use crate::numeric::Packing;

/// How the numbers of a type are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Each for itself.
    Plain(Dtype),
    /// In blocks.
    Packed(Dtype, Packing),
}

const TYPES: [(u32, Type); 20] = [
    (0, Type::Plain(Dtype::F32)),
    (1, Type::Plain(Dtype::F16)),
    (2, Type::Packed(Dtype::Q4_0, Packing::Q4_0)),
    (3, Type::Packed(Dtype::Q4_1, Packing::Q4_1)),
    (6, Type::Packed(Dtype::Q5_0, Packing::Q5_0)),
    (7, Type::Packed(Dtype::Q5_1, Packing::Q5_1)),
    (8, Type::Packed(Dtype::Q8_0, Packing::Q8_0)),
    (10, Type::Packed(Dtype::Q2_K, Packing::Q2_K)),
    (11, Type::Packed(Dtype::Q3_K, Packing::Q3_K)),
    (12, Type::Packed(Dtype::Q4_K, Packing::Q4_K)),
    (13, Type::Packed(Dtype::Q5_K, Packing::Q5_K)),
    (14, Type::Packed(Dtype::Q6_K, Packing::Q6_K)),
    (20, Type::Packed(Dtype::IQ4_NL, Packing::IQ4_NL)),
    (24, Type::Plain(Dtype::I8)),
    (25, Type::Plain(Dtype::I16)),
    (26, Type::Plain(Dtype::I32)),
    (27, Type::Plain(Dtype::I64)),
    (28, Type::Plain(Dtype::F64)),
    (30, Type::Plain(Dtype::BF16)),
    (39, Type::Packed(Dtype::MXFP4, Packing::MXFP4)),
];

/// Types that are not read, to be refused by their names.
const OTHERS: [(u32, &str); 22] = [
    (4, "Q4_2"),
    (5, "Q4_3"),
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (29, "IQ1_M"),
    (31, "Q4_0_4_4"),
    (32, "Q4_0_4_8"),
    (33, "Q4_0_8_8"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (36, "IQ4_NL_4_4"),
    (37, "IQ4_NL_4_8"),
    (38, "IQ4_NL_8_8"),
    (40, "NVFP4"),
    (41, "Q1_0"),
];

impl Type {
    /// The type of this number; the error is what it is called.
    pub(super) fn of(number: u32) -> Result<Self, String> {
        if let Some((_, own)) = TYPES.iter().find(|(own, _)| *own == number) {
            return Ok(*own);
        }
        let name = OTHERS.iter().find(|(own, _)| *own == number);
        Err(name.map_or_else(
            || format!("number {number}"),
            |(_, name)| (*name).to_owned(),
        ))
    }

    /// The number of a type in files.
    pub(super) fn number(dtype: Dtype) -> Option<u32> {
        let found = TYPES.iter().find(|(_, own)| own.dtype() == dtype);
        found.map(|(number, _)| *number)
    }

    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::Plain(dtype) | Self::Packed(dtype, _) => dtype,
        }
    }

    /// Numbers of a block; rows are whole blocks.
    pub(super) fn block(self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::Packed(_, packing) => packing.numbers(),
        }
    }

    /// Bytes of `elements` numbers, whole blocks of them.
    pub(super) fn bytes(self, elements: usize) -> Option<usize> {
        match self {
            Self::Plain(dtype) => dtype.exact_bytes(elements),
            Self::Packed(_, packing) => (elements / packing.numbers()).checked_mul(packing.bytes()),
        }
    }
}
