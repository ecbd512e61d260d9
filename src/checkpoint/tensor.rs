//! One stored tensor, as the table of a checkpoint lists it.

use std::ops::Range;
use std::sync::Arc;

use super::dtype::Dtype;
use super::names::{TensorLocation, place};
use super::raw::RawTensor;
use super::rounding;
use super::source::{self, Cut, Joined, PlainSource, Source, Stored};
use super::stored::StoredBytes;

/// One stored tensor; its numbers stay on disk until [`Tensor::numbers`] are read.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// As in the file, or as Hugging Face's format names what the file calls otherwise.
    pub name: String,
    /// Number format.
    pub dtype: Dtype,
    /// Dimensions, outermost first; empty for a single number.
    pub shape: Vec<usize>,
    /// Layer and kind, by the name.
    pub place: TensorLocation,
    elements: usize,
    storage: Storage,
    /// Whether it holds already what an adapter does to it.
    has_adapter_in_it: bool,
}

#[derive(Debug, Clone)]
enum Storage {
    /// Little-endian numbers of the tensor's format, end to end.
    Plain(Stored),
    /// The same on a store, if the format is one that is computed with.
    Elsewhere(PlainSource),
    Coded(Arc<dyn Source>),
}

impl Tensor {
    /// Little-endian numbers in a file; the caller has checked that they are as many as the
    /// shape says.
    pub(super) fn plain(name: String, dtype: Dtype, shape: Vec<usize>, stored: Stored) -> Self {
        let storage = match dtype.float() {
            Some(float) if stored.file.object().is_some() => {
                Storage::Elsewhere(PlainSource { float, stored })
            }
            _ => Storage::Plain(stored),
        };
        Self::new(name, dtype, shape, storage)
    }

    /// Weights that are decoded by `source`, which has as many as the shape says.
    pub(super) fn coded(
        name: String,
        dtype: Dtype,
        shape: Vec<usize>,
        source: Arc<dyn Source>,
    ) -> Self {
        Self::new(name, dtype, shape, Storage::Coded(source))
    }

    fn new(name: String, dtype: Dtype, shape: Vec<usize>, storage: Storage) -> Self {
        Self {
            place: place(&name),
            // The product was checked when the file was opened.
            elements: shape.iter().product(),
            name,
            dtype,
            shape,
            storage,
            has_adapter_in_it: false,
        }
    }

    /// The same, of a table that was put together from what adapters have made.
    #[must_use]
    pub(super) fn with_adapter_in_it(self) -> Self {
        Self {
            has_adapter_in_it: true,
            ..self
        }
    }

    /// Whether it holds already what an adapter on its model does to it.
    pub fn has_adapter_in_it(&self) -> bool {
        self.has_adapter_in_it
    }

    /// The same weights with another name, and in a shape of as many.
    #[must_use]
    pub(super) fn shaped(self, name: String, shape: Vec<usize>) -> Self {
        Self::new(name, self.dtype, shape, self.storage)
    }

    /// The same weights under the name and at the place of `other`.
    #[must_use]
    pub(super) fn renamed(&self, other: &Self) -> Self {
        Self {
            name: other.name.clone(),
            place: other.place,
            ..self.clone()
        }
    }

    /// The weights `range`, flat, as a tensor of one dimension; `None` if they are of a format
    /// that is not computed with.
    pub(super) fn cut(&self, range: Range<usize>) -> Option<Self> {
        let shape = vec![range.len()];
        let name = self.name.clone();
        if let (Some(stored), Some(float)) = (self.plainly_stored(), self.dtype.float()) {
            let width = float.bytes();
            let stored = stored.part(range.start * width..range.end * width);
            return Some(Self::plain(name, self.dtype, shape, stored));
        }
        let of = self.source()?;
        Some(Self::coded(
            name,
            self.dtype,
            shape,
            Arc::new(Cut { of, range }),
        ))
    }

    /// All `parts`, one after the other, with name, shape and place of `other`; `None` if they
    /// are of a format that is not computed with.
    pub(super) fn joined(other: &Self, parts: &[Self]) -> Option<Self> {
        let dtype = parts.first()?.dtype;
        let storage = match parts {
            [only] => only.storage.clone(),
            parts => {
                let sources: Option<Vec<_>> = parts.iter().map(Self::source).collect();
                Storage::Coded(Arc::new(Joined::new(sources?)))
            }
        };
        Some(Self {
            dtype,
            storage,
            ..other.clone()
        })
    }

    /// How many numbers it has.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// Bytes on disk, scales and the like included.
    pub fn size_bytes(&self) -> u64 {
        match &self.storage {
            Storage::Plain(stored) => stored.range.len() as u64,
            Storage::Elsewhere(source) => source.stored.range.len() as u64,
            Storage::Coded(source) => source::size_bytes(&**source),
        }
    }

    /// Its weights; `None` if they are of a format that is not computed with.
    pub fn numbers(&self) -> Option<RawTensor<'_>> {
        match &self.storage {
            Storage::Plain(stored) => RawTensor::new(self.dtype, stored.bytes()),
            Storage::Elsewhere(source) => Some(RawTensor::coded(self.dtype, source)),
            Storage::Coded(source) => {
                let raw = RawTensor::coded(self.dtype, &**source);
                self.dtype.is_supported().then_some(raw)
            }
        }
    }

    /// What is stored, to be copied as it is; `None` where only decoding gives the weights.
    pub fn stored_bytes(&self) -> Option<StoredBytes<'_>> {
        self.plainly_stored().map(StoredBytes::new)
    }

    /// The same as it lies in the map of its file; `None` on a store too.
    pub fn bytes(&self) -> Option<&[u8]> {
        let stored = self.plainly_stored()?;
        stored.file.object().is_none().then(|| stored.bytes())
    }

    /// Where its bytes lie, if they are plain numbers.
    pub(super) fn plainly_stored(&self) -> Option<&Stored> {
        match &self.storage {
            Storage::Plain(stored) => Some(stored),
            Storage::Elsewhere(source) => Some(&source.stored),
            Storage::Coded(_) => None,
        }
    }

    /// Its weights, to build others on; `None` if they are of a format that is not computed with.
    pub(super) fn source(&self) -> Option<Arc<dyn Source>> {
        match &self.storage {
            Storage::Plain(stored) => Some(Arc::new(PlainSource {
                float: self.dtype.float()?,
                stored: stored.clone(),
            })),
            Storage::Elsewhere(source) => Some(Arc::new(source.clone())),
            Storage::Coded(source) => self.dtype.is_supported().then(|| Arc::clone(source)),
        }
    }

    /// How far rounding to its format moves it, as the expected sum of squares, estimated where
    /// it is large; `None` for plain numbers.
    pub(super) fn rounding(&self) -> Option<f64> {
        match &self.storage {
            Storage::Plain(_) | Storage::Elsewhere(_) => None,
            Storage::Coded(source) => {
                let of = |first, len| source.rounding(first, len);
                Some(rounding::expected(self.elements, of))
            }
        }
    }

    /// Calls `visit` with everything in files that it is made from.
    pub(super) fn stored(&self, mut visit: impl FnMut(&Stored)) {
        match &self.storage {
            Storage::Plain(stored) => visit(stored),
            Storage::Elsewhere(source) => visit(&source.stored),
            Storage::Coded(source) => source.stored(&mut visit),
        }
    }

    /// Tells the system that its numbers will be read soon.
    pub fn advise_soon(&self) {
        self.stored(|stored| stored.file.advise_soon(&stored.range));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Weights that no file holds.
    #[derive(Debug)]
    struct InMemory(Vec<f32>);

    impl Source for InMemory {
        fn elements(&self) -> usize {
            self.0.len()
        }

        fn read(&self, first: usize, out: &mut [f32]) {
            out.copy_from_slice(&self.0[first..first + out.len()]);
        }

        fn stored(&self, _: &mut dyn FnMut(&Stored)) {}
    }

    /// A tensor of these numbers, for tests.
    pub(in crate::checkpoint) fn in_memory(shape: &[usize], numbers: &[f32]) -> Tensor {
        let source = Arc::new(InMemory(numbers.to_vec()));
        Tensor::coded(String::new(), Dtype::F32, shape.to_vec(), source)
    }
}
