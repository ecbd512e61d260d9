//! From the stored tensors of a file to those of Hugging Face's checkpoints.

use std::path::Path;
use std::sync::Arc;

use super::architectures::Architecture;
use super::blocks::{Less, PackedSource};
use super::header::Header;
use super::layout::Entry;
use super::names::{Place, is_computed};
use super::rows::row_order;
use super::types::Type;
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::limits;
use crate::checkpoint::source::{PlainSource, Rows, Source, Stored, Transposed};
use crate::checkpoint::tensor::Tensor;
use crate::checkpoint::weights::Weights;

/// What is needed to read the tensors of a file.
pub(super) struct Reading<'r> {
    pub(super) path: &'r Path,
    pub(super) file: &'r Arc<Weights>,
    pub(super) architecture: &'static Architecture,
    /// The one with the metadata: a split model's first.
    pub(super) header: &'r Header,
}

/// A tensor as it is stored, its numbers in the order of the file.
pub(super) struct Raw {
    pub(super) kind: Type,
    pub(super) shape: Vec<usize>,
    stored: Stored,
}

impl Reading<'_> {
    pub(super) fn refused(&self, tensor: &str, reason: impl Into<String>) -> CheckpointError {
        CheckpointError::GgufTensor {
            path: self.path.to_owned(),
            tensor: tensor.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn raw(&self, entry: &Entry) -> Raw {
        Raw {
            kind: entry.kind,
            shape: entry.shape.clone(),
            stored: Stored {
                file: Arc::clone(self.file),
                range: entry.range.clone(),
            },
        }
    }

    /// The tensors that `entries` are, names and orders brought to Hugging Face's.
    pub(super) fn tensors(&self, entries: &[Entry]) -> Result<Vec<Tensor>, CheckpointError> {
        let mut tensors = Vec::new();
        for entry in entries.iter().filter(|entry| !is_computed(&entry.name)) {
            let refused = |reason: String| self.refused(&entry.name, reason);
            let place = Place::of(self.architecture, &entry.name).ok_or_else(|| {
                let name = self.architecture.name;
                refused(format!(
                    "is not one that models of architecture `{name}` are known to have; take \
                     the safetensors version"
                ))
            })?;
            let raw = self.raw(entry);
            if place.is_stack() {
                let experts = raw.experts().map_err(refused)?;
                if tensors.len() + experts.len() > limits::TENSORS {
                    let most = limits::TENSORS;
                    return Err(refused(format!("has experts beyond {most} tensors in all")));
                }
                for (expert, raw) in experts.into_iter().enumerate() {
                    tensors.push(raw.tensor(place.of_expert(expert)));
                }
            } else {
                tensors.push(self.tensor(&place, raw).map_err(refused)?);
            }
        }
        Ok(tensors)
    }

    fn tensor(&self, place: &Place, mut raw: Raw) -> Result<Tensor, String> {
        let name = place.name.clone();
        // Some converters drop a dimension of one.
        if place.stem == "ffn_gate_inp_shexp" && place.is_weight && raw.shape.len() == 1 {
            raw.shape.insert(0, 1);
        }
        let rows = match raw.elements() {
            0 => 0,
            _ => raw.shape.first().copied().unwrap_or(1),
        };
        let order = row_order(self.architecture, place, self.header, rows)?;
        let is_transposed = place.is_transposed(self.architecture);
        let is_plus_one = place.is_plus_one(self.architecture);
        if order.is_none() && !is_transposed && !is_plus_one {
            return Ok(raw.tensor(name));
        }
        let (dtype, mut shape) = (raw.kind.dtype(), raw.shape.clone());
        let mut source = raw
            .source()
            .ok_or_else(|| format!("is of {dtype}, and weights of this kind must be floats"))?;
        if let Some(order) = order {
            source = Arc::new(Rows {
                of: source,
                row_len: shape.iter().skip(1).product(),
                order,
            });
        }
        if is_transposed {
            let &[columns, rows] = shape.as_slice() else {
                return Err(format!("has shape {shape:?}, and should be a matrix"));
            };
            source = Arc::new(Transposed {
                of: source,
                rows,
                columns,
            });
            shape = vec![rows, columns];
        }
        if is_plus_one {
            source = Arc::new(Less {
                of: source,
                by: 1.0,
            });
        }
        Ok(Tensor::coded(name, dtype, shape, source))
    }
}

impl Raw {
    /// As it is, under this name.
    pub(super) fn tensor(self, name: String) -> Tensor {
        match self.kind {
            Type::Plain(dtype) => Tensor::plain(name, dtype, self.shape, self.stored),
            Type::Packed(dtype, packing) => {
                let source = self.packed(packing);
                Tensor::coded(name, dtype, self.shape, source)
            }
        }
    }

    fn elements(&self) -> usize {
        // The product was checked with the layout.
        self.shape.iter().product()
    }

    fn packed(&self, packing: crate::numeric::Packing) -> Arc<dyn Source> {
        Arc::new(PackedSource {
            packing,
            stored: self.stored.clone(),
            elements: self.elements(),
        })
    }

    /// Its numbers; `None` if they are not computed with.
    pub(super) fn source(&self) -> Option<Arc<dyn Source>> {
        Some(match self.kind {
            Type::Plain(dtype) => Arc::new(PlainSource {
                float: dtype.float()?,
                stored: self.stored.clone(),
            }),
            Type::Packed(_, packing) => self.packed(packing),
        })
    }

    /// The tensors of a stack: the first dimension counts them. Whole rows are whole blocks, so
    /// that each has bytes of its own.
    fn experts(&self) -> Result<Vec<Self>, String> {
        let &[experts, rows, columns] = self.shape.as_slice() else {
            let shape = &self.shape;
            return Err(format!(
                "has shape {shape:?}, and should be a stack of matrices"
            ));
        };
        if self.elements() == 0 {
            return Err("is a stack without numbers".to_owned());
        }
        if experts > limits::TENSORS {
            let most = limits::TENSORS;
            return Err(format!(
                "has {experts} experts, and at most {most} are read"
            ));
        }
        let bytes = self.stored.range.len() / experts;
        let one = |k: usize| Self {
            kind: self.kind,
            shape: vec![rows, columns],
            stored: self.stored.part(k * bytes..(k + 1) * bytes),
        };
        Ok((0..experts).map(one).collect())
    }
}
