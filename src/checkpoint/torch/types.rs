//! What PyTorch calls the types of numbers.

use crate::checkpoint::dtype::Dtype;

/// What a class of storages holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Numbers(Dtype),
    /// Bytes, whose type the tensor says.
    Bytes,
    /// Numbers of this many bytes that are not read: rounded with a scale that stands elsewhere, or
    /// complex numbers of two doubles.
    Unread(usize),
}

const STORAGES: [(&str, Held); 19] = [
    ("FloatStorage", Held::Numbers(Dtype::F32)),
    ("HalfStorage", Held::Numbers(Dtype::F16)),
    ("BFloat16Storage", Held::Numbers(Dtype::BF16)),
    ("DoubleStorage", Held::Numbers(Dtype::F64)),
    ("LongStorage", Held::Numbers(Dtype::I64)),
    ("IntStorage", Held::Numbers(Dtype::I32)),
    ("ShortStorage", Held::Numbers(Dtype::I16)),
    ("CharStorage", Held::Numbers(Dtype::I8)),
    ("ByteStorage", Held::Numbers(Dtype::U8)),
    ("BoolStorage", Held::Numbers(Dtype::BOOL)),
    ("ComplexFloatStorage", Held::Numbers(Dtype::C64)),
    ("ComplexDoubleStorage", Held::Unread(16)),
    ("UntypedStorage", Held::Bytes),
    ("_UntypedStorage", Held::Bytes),
    ("QInt8Storage", Held::Unread(1)),
    ("QUInt8Storage", Held::Unread(1)),
    ("QUInt4x2Storage", Held::Unread(1)),
    ("QUInt2x4Storage", Held::Unread(1)),
    ("QInt32Storage", Held::Unread(4)),
];

const TYPES: [(&str, Dtype); 26] = [
    ("float32", Dtype::F32),
    ("float", Dtype::F32),
    ("float16", Dtype::F16),
    ("half", Dtype::F16),
    ("bfloat16", Dtype::BF16),
    ("float64", Dtype::F64),
    ("double", Dtype::F64),
    ("float8_e4m3fn", Dtype::F8_E4M3),
    ("float8_e5m2", Dtype::F8_E5M2),
    ("float8_e4m3fnuz", Dtype::F8_E4M3FNUZ),
    ("float8_e5m2fnuz", Dtype::F8_E5M2FNUZ),
    ("float8_e8m0fnu", Dtype::F8_E8M0),
    ("int64", Dtype::I64),
    ("long", Dtype::I64),
    ("int32", Dtype::I32),
    ("int", Dtype::I32),
    ("int16", Dtype::I16),
    ("short", Dtype::I16),
    ("int8", Dtype::I8),
    ("uint64", Dtype::U64),
    ("uint32", Dtype::U32),
    ("uint16", Dtype::U16),
    ("uint8", Dtype::U8),
    ("bool", Dtype::BOOL),
    ("complex64", Dtype::C64),
    ("cfloat", Dtype::C64),
];

impl Held {
    /// What storages of the class hold.
    pub(super) fn of(module: &[u8], class: &[u8]) -> Option<Self> {
        if !matches!(module, b"torch" | b"torch.storage" | b"torch.cuda") {
            return None;
        }
        let row = STORAGES.iter().find(|(own, _)| own.as_bytes() == class);
        row.map(|&(_, held)| held)
    }

    /// Bytes of one of its numbers.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Numbers(dtype) => width(dtype),
            Self::Bytes => 1,
            Self::Unread(width) => width,
        }
    }
}

/// The type `torch.name`.
pub(super) fn named(module: &[u8], name: &[u8]) -> Option<Dtype> {
    let row = TYPES.iter().find(|(own, _)| own.as_bytes() == name);
    row.filter(|_| module == b"torch").map(|&(_, dtype)| dtype)
}

/// Bytes of one number; all that PyTorch has fill whole bytes.
pub(super) fn width(dtype: Dtype) -> usize {
    dtype.width_bits().map_or(1, |bits| bits.div_ceil(8))
}
