//! The child's configuration, as far as its tensors decide it.

use std::collections::BTreeMap;

use super::context::Context;
use super::headers::{Head, Headers};
use super::shape::Part;
use super::towers::Tower;
use super::{ConfigChange, TensorPlan};
use crate::checkpoint::{Dtype, Stack, is_language_head, is_token_embedding};

/// What must change in the donor's configuration to fit the tensors.
pub(super) fn config_change(
    made: &[TensorPlan],
    parts: &[Part<'_>],
    donor: usize,
    context: &Context<'_>,
) -> ConfigChange {
    let Some(Some(headers)) = context.headers.get(donor) else {
        return ConfigChange::default();
    };
    let rows = rows(made);
    ConfigChange {
        layers: layers(parts, donor),
        vision_layers: vision_layers(parts),
        vocab_size: rows.filter(|&rows| says_otherwise(headers, rows)),
        tie_word_embeddings: tied(made, parts, headers, context),
        dtype: main_dtype(made),
        without_prediction: headers.config.prediction_layers.is_some_and(|n| n > 0)
            && made.iter().all(|t| t.place.stack != Stack::Prediction),
        ..ConfigChange::default()
    }
}

/// Rows of the child's token embedding.
pub(super) fn rows(made: &[TensorPlan]) -> Option<usize> {
    let embedding = made.iter().find(|t| is_token_embedding(&t.name));
    embedding.and_then(|t| t.shape.first().copied())
}

/// Whether a configuration does not have this number of rows.
fn says_otherwise(headers: &Headers<'_>, rows: usize) -> bool {
    let own = headers.config.vocab_size.or(headers.vocabulary());
    own != Some(rows)
}

/// For each layer of a stack, the donor's layer that it is, or else the first source's.
fn layers(parts: &[Part<'_>], donor: usize) -> Option<Vec<usize>> {
    let mut out = Vec::new();
    for part in parts.iter().filter(|part| part.has_text()) {
        let len = part.len?;
        let own = part.sources.iter().find(|s| s.model == donor);
        let first = own.or(part.sources.first())?.first;
        out.extend((first..first + len).map(|layer| layer as usize));
    }
    Some(out).filter(|out| !out.is_empty())
}

/// Layers of the part that sees, where its slices are stacked.
fn vision_layers(parts: &[Part<'_>]) -> Option<usize> {
    let own = parts.iter().filter(|p| p.tower() == Some(Tower::Vision));
    let lengths: Option<Vec<u32>> = own.map(|part| part.len).collect();
    let layers: u32 = lengths?.into_iter().sum();
    (layers > 0).then_some(layers as usize)
}

/// The tied flag, where the donor's is wrong for the child.
///
/// A head that is written counts only if some model that has one uses it: files that were
/// saved with a head beside a tied flag keep the flag.
fn tied(
    made: &[TensorPlan],
    parts: &[Part<'_>],
    donor: &Headers<'_>,
    context: &Context<'_>,
) -> Option<bool> {
    let head_is_written = made.iter().any(|t| is_language_head(&t.name));
    let says = donor.config.tie_word_embeddings;
    if head_is_written {
        let text = parts.iter().rfind(|part| part.has_text());
        let sources = text?.sources.iter();
        let mut headers = sources.filter_map(|s| context.headers[s.model].as_ref());
        let used =
            headers.any(|h| h.head().is_some() && h.config.tie_word_embeddings != Some(true));
        // A head that was put together may have been made of a tied embedding.
        let is_own = |head: Head<'_>| !head.has_adapter_in_it;
        let donor_is_tied =
            says == Some(true) || says.is_none() && !donor.head().is_some_and(is_own);
        return (used && donor_is_tied).then_some(false);
    }
    let speaks = donor
        .config
        .architectures
        .iter()
        .any(|name| name.contains("CausalLM") || name.contains("LMHead"));
    (says == Some(false) && speaks && donor.embedding().is_some()).then_some(true)
}

/// The name that configurations have for the format of most numbers.
fn main_dtype(made: &[TensorPlan]) -> Option<String> {
    let mut counts: BTreeMap<Dtype, usize> = BTreeMap::new();
    for tensor in made {
        *counts.entry(tensor.dtype).or_default() += tensor.elements();
    }
    let (most, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    most.config_name().map(str::to_owned)
}
