//! What a file claims about one tensor, checked against the storage that it names.

use std::ops::Range;

use super::container::Described;
use super::trouble::{Trouble, damaged, shown};
use super::types::{self, Held};
use super::value::{Node, Rebuild, Rebuilt, Value};
use crate::checkpoint::dtype::Dtype;
use crate::checkpoint::{layout, limits};

/// How many more numbers than are stored a tensor may show of them by repeating some, as masks
/// do: a gibibyte of F32, for a file of a few bytes can claim any number.
const MAX_REPEATED: usize = 1 << 28;

/// A tensor as a view of its storage.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Dimensions and distances in numbers, the outermost first, as few as say the same; `None`
    /// if the numbers lie one after the other.
    pub(super) apart: Option<Vec<(usize, usize)>>,
    pub(super) storage: Storage,
    /// Bytes of the storage from the first number that is used to the last.
    pub(super) range: Range<u64>,
}

/// Numbers of the file that tensors are views of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) held: Held,
    /// In the units of the class.
    pub(super) elements: u64,
    /// The bytes of the part that tensors may use.
    usable: Range<u64>,
}

impl Storage {
    /// Its bytes; checked not to overflow.
    pub(super) fn len_bytes(&self) -> u64 {
        self.elements * self.held.width() as u64
    }

    /// One storage may be described many times, but only as the same.
    pub(super) fn check_same(&self, other: &Self) -> Result<(), Trouble> {
        if (self.held, self.elements) == (other.held, other.elements) {
            return Ok(());
        }
        let key = shown(self.key.as_bytes());
        let reason = format!("storage `{key}` of it is described in two ways");
        Err(Trouble::Damaged(reason))
    }
}

impl Described<'_> {
    /// The storage that a persistent identifier describes: `('storage', class, key, location,
    /// elements)`, and before PyTorch 1.6 also a part of it, `(key, offset, elements)`, or `None`.
    pub(super) fn storage(self, node: Node) -> Result<Storage, Trouble> {
        let wrong = || damaged("it describes a storage in no way that PyTorch does");
        let (fields, view) = match self.heap.items(node) {
            [fields @ .., view] if fields.len() == 5 => (fields, *view),
            fields => (fields, Value::None),
        };
        let &[
            Value::Text(kind),
            class,
            Value::Text(key),
            _,
            Value::Int(elements),
        ] = fields
        else {
            return Err(wrong());
        };
        let Value::Global(class) = class else {
            return Err(wrong());
        };
        if self.bytes(kind) != b"storage" {
            return Err(wrong());
        }
        let (module, name) = super::construct::names(self.heap, self.text, class);
        let held = Held::of(module, name).ok_or_else(|| {
            let reason = format!("it stores numbers as `{}`", self.name(class));
            Trouble::Unsupported(reason)
        })?;
        let elements = u64::try_from(elements).map_err(|_| wrong())?;
        let width = held.width() as u64;
        let len = elements.checked_mul(width).ok_or_else(wrong)?;
        let usable = self.usable(view, width, len).ok_or_else(wrong)?;
        let key = std::str::from_utf8(self.bytes(key)).map_err(|_| wrong())?;
        Ok(Storage {
            key: key.to_owned(),
            held,
            elements,
            usable,
        })
    }

    fn usable(self, view: Value, width: u64, len: u64) -> Option<Range<u64>> {
        let Value::Tuple(view) = view else {
            return (view == Value::None).then_some(0..len);
        };
        let &[_, Value::Int(offset), Value::Int(elements)] = self.heap.items(view) else {
            return None;
        };
        let start = u64::try_from(offset).ok()?.checked_mul(width)?;
        let taken = u64::try_from(elements).ok()?.checked_mul(width)?;
        let end = start.checked_add(taken)?;
        (end <= len).then_some(start..end)
    }

    /// Checks one tensor.
    pub(super) fn claim(self, name: String, rebuilt: Rebuilt) -> Result<Claim, Trouble> {
        let tensor = shown(name.as_bytes());
        self.checked(name, rebuilt)
            .map_err(|reason| Trouble::Tensor { tensor, reason })
    }

    fn checked(self, name: String, rebuilt: Rebuilt) -> Result<Claim, String> {
        let &[storage, offset, shape, strides, ref rest @ ..] = self.heap.items(rebuilt.arguments)
        else {
            return Err("is described by too few values".to_owned());
        };
        let Value::Storage(storage) = storage else {
            return Err("is made of something else than a storage".to_owned());
        };
        let storage = self.storage(storage).map_err(|trouble| match trouble {
            Trouble::Unsupported(reason) | Trouble::Damaged(reason) => {
                format!("is not read because {reason}")
            }
            _ => "is made of something else than a storage".to_owned(),
        })?;
        let dtype = self.dtype(rebuilt.by, storage.held, rest)?;
        let view = View {
            offset: natural(offset).ok_or("begins at no place of its storage")?,
            shape: self.naturals(shape, "shape")?,
            strides: self.naturals(strides, "strides")?,
        };
        let width = types::width(dtype);
        let range = view.range(width, &storage.usable)?;
        let apart = view.apart();
        Ok(Claim {
            name,
            dtype,
            shape: view.shape,
            apart,
            storage,
            range,
        })
    }

    /// The type of a tensor, by its storage or (in the third form) by a name of its own; the
    /// values are those after the strides.
    fn dtype(self, by: Rebuild, held: Held, rest: &[Value]) -> Result<Dtype, String> {
        let (named, metadata) = match by {
            Rebuild::Typed => (None, rest.get(2)),
            Rebuild::Untyped => (rest.get(2), rest.get(3)),
        };
        match metadata {
            None | Some(Value::None) => {}
            Some(&Value::Dict(node)) if self.heap.items(node).is_empty() => {}
            // Such as that all numbers are to be negated.
            Some(_) => return Err("says more about its numbers than is understood".to_owned()),
        }
        match (by, held, named) {
            (Rebuild::Typed, Held::Numbers(dtype), _) => Ok(dtype),
            (Rebuild::Untyped, _, Some(&Value::Global(global))) => {
                let (module, name) = super::construct::names(self.heap, self.text, global);
                types::named(module, name).ok_or_else(|| {
                    let name = self.name(global);
                    format!("has numbers of type `{name}`, which are not read")
                })
            }
            (Rebuild::Typed, Held::Unread(_), _) => {
                Err("has numbers of a type that is not read, complex or quantised".to_owned())
            }
            _ => Err("does not say of what type its numbers are".to_owned()),
        }
    }

    fn naturals(self, value: Value, what: &str) -> Result<Vec<usize>, String> {
        let (Value::Tuple(node) | Value::List(node)) = value else {
            return Err(format!("has no list of numbers for its {what}"));
        };
        let items = self.heap.items(node);
        if items.len() > limits::DIMENSIONS {
            return Err(format!("has more than {} dimensions", limits::DIMENSIONS));
        }
        let numbers: Option<Vec<usize>> = items.iter().map(|&item| natural(item)).collect();
        numbers.ok_or_else(|| format!("has {what} that are negative or no numbers"))
    }
}

fn natural(value: Value) -> Option<usize> {
    match value {
        Value::Int(number) => usize::try_from(number).ok(),
        _ => None,
    }
}

struct View {
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl View {
    /// The bytes of the storage that it uses, from the first number to the last.
    fn range(&self, width: usize, usable: &Range<u64>) -> Result<Range<u64>, String> {
        let (shape, strides) = (&self.shape, &self.strides);
        if shape.len() != strides.len() {
            let (dims, given) = (shape.len(), strides.len());
            return Err(format!("has {dims} dimensions and {given} strides"));
        }
        let elements = layout::elements(shape)
            .filter(|&elements| elements <= isize::MAX as usize / 8)
            .ok_or_else(|| format!("has shape {shape:?}, more numbers than can be counted"))?;
        let beyond = || {
            format!(
                "with shape {shape:?}, strides {strides:?} and offset {} leaves its storage of {} bytes",
                self.offset,
                usable.end - usable.start
            )
        };
        let bytes = |numbers: usize| (numbers as u64).checked_mul(width as u64);
        let start = bytes(self.offset).and_then(|offset| usable.start.checked_add(offset));
        let start = start.filter(|&start| start <= usable.end);
        let start = start.ok_or_else(beyond)?;
        let span = self.span(elements).and_then(bytes);
        let end = span.and_then(|span| start.checked_add(span));
        let end = end.filter(|&end| end <= usable.end).ok_or_else(beyond)?;
        let stored = (usable.end - usable.start) / width as u64;
        if elements as u64 > stored.saturating_add(MAX_REPEATED as u64) {
            return Err(format!(
                "with shape {shape:?} and strides {strides:?} makes {elements} numbers of {stored}"
            ));
        }
        Ok(start..end)
    }

    /// Numbers from the first to the last, both included.
    fn span(&self, elements: usize) -> Option<usize> {
        if elements == 0 {
            return Some(0);
        }
        let dimensions = self.shape.iter().zip(&self.strides);
        let mut last = 0_usize;
        for (&len, &stride) in dimensions {
            last = last.checked_add((len - 1).checked_mul(stride)?)?;
        }
        last.checked_add(1)
    }

    /// As in [`Claim::apart`]; to be called when the range was found to be right.
    fn apart(&self) -> Option<Vec<(usize, usize)>> {
        if self.shape.contains(&0) {
            return None;
        }
        let mut few: Vec<(usize, usize)> = Vec::new();
        for (&len, &stride) in self.shape.iter().zip(&self.strides) {
            if len == 1 {
                continue;
            }
            match few.last_mut() {
                // One step of the outer is as far as all of the inner.
                Some(outer) if Some(outer.1) == len.checked_mul(stride) => {
                    *outer = (outer.0 * len, stride);
                }
                _ => few.push((len, stride)),
            }
        }
        match few[..] {
            [] | [(_, 1)] => None,
            _ => Some(few),
        }
    }
}
