//! Values of the metadata, read where they stand in the header.

/// The kinds of values, by their numbers in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl ValueKind {
    pub(super) fn of(number: u32) -> Option<Self> {
        const ALL: [ValueKind; 13] = [
            ValueKind::U8,
            ValueKind::I8,
            ValueKind::U16,
            ValueKind::I16,
            ValueKind::U32,
            ValueKind::I32,
            ValueKind::F32,
            ValueKind::Bool,
            ValueKind::String,
            ValueKind::Array,
            ValueKind::U64,
            ValueKind::I64,
            ValueKind::F64,
        ];
        ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// Bytes of one value; `None` if they vary.
    pub(super) const fn width(self) -> Option<usize> {
        match self {
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::U16 | Self::I16 => Some(2),
            Self::U32 | Self::I32 | Self::F32 => Some(4),
            Self::U64 | Self::I64 | Self::F64 => Some(8),
            Self::String | Self::Array => None,
        }
    }
}

/// An array: the kind of its values, how many, and their bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Array<'h> {
    pub(super) kind: ValueKind,
    pub(super) count: u64,
    pub(super) bytes: &'h [u8],
}

/// A value of the metadata.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'h> {
    /// A single number or flag.
    Scalar(ValueKind, &'h [u8]),
    Text(&'h str),
    Array(Array<'h>),
}

impl Value<'_> {
    /// A whole number that is not negative, whatever its width.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Scalar(kind, bytes) => number(*kind, bytes),
            Self::Text(_) | Self::Array(_) => None,
        }
    }

    pub(super) fn float(&self) -> Option<f32> {
        match self {
            Self::Scalar(ValueKind::F32, bytes) => {
                Some(f32::from_le_bytes((*bytes).try_into().ok()?))
            }
            Self::Scalar(ValueKind::F64, bytes) => {
                Some(f64::from_le_bytes((*bytes).try_into().ok()?) as f32)
            }
            _ => None,
        }
    }

    /// One number for all layers, or that of layer `layer` in a list.
    pub(super) fn number_of_layer(&self, layer: u32) -> Option<u64> {
        let Self::Array(array) = self else {
            return self.number();
        };
        let width = array.kind.width()?;
        let start = (layer as usize).checked_mul(width)?;
        number(
            array.kind,
            array.bytes.get(start..start.checked_add(width)?)?,
        )
    }
}

fn number(kind: ValueKind, bytes: &[u8]) -> Option<u64> {
    let signed = |value: i64| u64::try_from(value).ok();
    match kind {
        ValueKind::U8 => Some(u64::from(*bytes.first()?)),
        ValueKind::I8 => signed(i64::from(bytes.first()?.cast_signed())),
        ValueKind::U16 => Some(u64::from(u16::from_le_bytes(bytes.try_into().ok()?))),
        ValueKind::I16 => signed(i64::from(i16::from_le_bytes(bytes.try_into().ok()?))),
        ValueKind::U32 => Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?))),
        ValueKind::I32 => signed(i64::from(i32::from_le_bytes(bytes.try_into().ok()?))),
        ValueKind::U64 => Some(u64::from_le_bytes(bytes.try_into().ok()?)),
        ValueKind::I64 => signed(i64::from_le_bytes(bytes.try_into().ok()?)),
        ValueKind::F32
        | ValueKind::F64
        | ValueKind::Bool
        | ValueKind::String
        | ValueKind::Array => None,
    }
}
