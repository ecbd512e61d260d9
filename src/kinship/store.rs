//! A kinship result as bytes, so that it need not be measured twice.
//!
//! The bytes are a safetensors file: one F64 tensor `sums` with all Gram matrices end to end,
//! and in its metadata their layout as JSON, after the SHA-256 of both. Bytes that do not fit
//! together give `None`, wrong numbers never; a cache is not worth an error.

use std::collections::HashMap;
use std::ops::Range;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Kinship, Precision, TensorGram};
use crate::checkpoint::{LeftOut, names};
use crate::numeric::Gram;

/// Changes when the meaning of the stored sums does; older files are then measured anew.
pub const VERSION: u32 = 3;
const TENSOR: &str = "sums";
const LAYOUT: &str = "kinfolk.kinship";

/// A result with the keys of the files that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedKinship {
    /// Key of the base.
    pub base: String,
    /// Keys of the models, in the order of the result.
    pub models: Vec<String>,
    /// The result.
    pub kinship: Kinship,
}

#[derive(Serialize, Deserialize)]
struct Layout {
    version: u32,
    base_key: String,
    model_keys: Vec<String>,
    models: usize,
    tied_embeddings: bool,
    precision: Precision,
    tensors: Vec<TensorLayout>,
    left_out: Vec<(String, Option<usize>, String)>,
}

#[derive(Serialize, Deserialize)]
struct TensorLayout {
    tensor: String,
    rows: Range<usize>,
    models: Vec<usize>,
}

/// The bytes of a result; `None` if it could not be written as a safetensors file.
pub fn to_bytes(stored: &CachedKinship) -> Option<Vec<u8>> {
    let kinship = &stored.kinship;
    let layout = Layout {
        version: VERSION,
        base_key: stored.base.clone(),
        model_keys: stored.models.clone(),
        models: kinship.models,
        tied_embeddings: kinship.tied_embeddings,
        precision: kinship.precision,
        tensors: kinship
            .tensors
            .iter()
            .map(|t| TensorLayout {
                tensor: t.tensor.clone(),
                rows: t.rows.clone(),
                models: t.models.clone(),
            })
            .collect(),
        left_out: kinship
            .left_out
            .iter()
            .map(|l| (l.tensor.clone(), l.model, l.reason.clone()))
            .collect(),
    };
    let layout = serde_json::to_string(&layout).ok()?;
    seal(&layout, kinship.tensors.iter().map(|tensor| &tensor.gram))
}

/// Grams end to end as a safetensors file, with what says how they are laid out.
pub fn seal<'a>(layout: &str, grams: impl Iterator<Item = &'a Gram>) -> Option<Vec<u8>> {
    let sums: Vec<u8> = grams.flat_map(numbers).flat_map(f64::to_le_bytes).collect();
    let sealed = format!("{} {layout}", hash(layout, &sums));
    let metadata = HashMap::from([(LAYOUT.to_owned(), sealed)]);
    let view = TensorView::new(Dtype::F64, vec![sums.len() / 8], &sums).ok()?;
    safetensors::serialize([(TENSOR, view)], Some(metadata)).ok()
}

/// The layout and the numbers of such a file; `None` if it is not whole.
pub fn unseal(bytes: &[u8]) -> Option<(String, Vec<f64>)> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
    let metadata = metadata.metadata().as_ref()?;
    let file = SafeTensors::deserialize(bytes).ok()?;
    let sums = file.tensor(TENSOR).ok()?.data();
    let (expected, layout) = metadata.get(LAYOUT)?.split_once(' ')?;
    if expected != hash(layout, sums) {
        return None;
    }
    let (numbers, _) = sums.as_chunks();
    let numbers = numbers.iter().map(|number| f64::from_le_bytes(*number));
    Some((layout.to_owned(), numbers.collect()))
}

/// The result that `bytes` hold, if they hold one.
pub fn from_bytes(bytes: &[u8]) -> Option<CachedKinship> {
    let (layout, numbers) = unseal(bytes)?;
    let layout: Layout = serde_json::from_str(&layout).ok()?;
    if layout.version != VERSION || layout.model_keys.len() != layout.models {
        return None;
    }
    let mut numbers = numbers.into_iter();
    let mut tensors = Vec::new();
    for tensor in layout.tensors {
        let sorted = tensor.models.is_sorted_by(|a, b| a < b);
        if !sorted
            || tensor
                .models
                .last()
                .is_some_and(|&last| last >= layout.models)
        {
            return None;
        }
        let gram = read_gram(tensor.models.len(), &mut numbers)?;
        tensors.push(TensorGram {
            place: names::place(&tensor.tensor),
            tensor: tensor.tensor,
            rows: tensor.rows,
            models: tensor.models,
            gram,
        });
    }
    if numbers.next().is_some() {
        return None;
    }
    let left_out = layout.left_out.into_iter();
    let kinship = Kinship {
        models: layout.models,
        tensors,
        left_out: left_out
            .map(|(tensor, model, reason)| LeftOut {
                tensor,
                model,
                reason,
            })
            .collect(),
        tied_embeddings: layout.tied_embeddings,
        precision: layout.precision,
    };
    Some(CachedKinship {
        base: layout.base_key,
        models: layout.model_keys,
        kinship,
    })
}

/// In lower-case hexadecimal digits.
fn hash(layout: &str, sums: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(layout)
        .chain_update(sums)
        .finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every number of a Gram, in the order that [`read_gram`] reads. Counts are exact in `f64`.
fn numbers(gram: &Gram) -> impl Iterator<Item = f64> + '_ {
    std::iter::once(gram.count as f64)
        .chain(gram.non_finite.iter().map(|&n| n as f64))
        .chain(gram.sums.iter().copied())
        .chain(gram.dots.iter().copied())
        .chain(gram.squared_distances.iter().copied())
}

/// The next Gram of `models` models.
pub fn read_gram(models: usize, numbers: &mut impl ExactSizeIterator<Item = f64>) -> Option<Gram> {
    // Checked before room is made: the list of models may be longer than any that was measured.
    if models.checked_mul(models)? > numbers.len() {
        return None;
    }
    let mut gram = Gram::zero(models);
    gram.count = numbers.next()? as u64;
    for count in &mut gram.non_finite {
        *count = numbers.next()? as u64;
    }
    let rest = [&mut gram.sums, &mut gram.dots, &mut gram.squared_distances];
    for number in rest.into_iter().flatten() {
        *number = numbers.next()?;
    }
    Some(gram)
}
