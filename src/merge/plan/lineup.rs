//! The inputs of one tensor lined up: who has it, and in which shape.

use std::borrow::Cow;

use super::super::method::{BaseRule, Description};
use super::super::recipe::Recipe;
use super::super::version::Version;
use super::context::Context;
use super::diagnostics::Diagnostics;
use super::headers::{Head, Headers};
use super::shape::Part;
use super::towers::Tower;
use crate::checkpoint::{is_language_head, is_token_embedding};
use crate::text::counted;

/// A tensor to be made, as it is asked of the sources.
pub(super) struct TensorRequest<'w> {
    /// Which of the lead's tensors it is.
    pub(super) at: usize,
    /// What a source calls it whose first layer this is.
    pub(super) name_in: &'w dyn Fn(u32) -> Cow<'w, str>,
}

/// One input that is there.
pub(super) struct ResolvedInput<'g> {
    pub(super) source: usize,
    /// The name that was asked for.
    pub(super) requested: Cow<'g, str>,
    /// The tensor that holds the numbers.
    pub(super) head: Head<'g>,
}

/// What every source has of a tensor; `None` if one that must have it does not.
pub(super) fn resolve<'g>(
    part: &Part<'_>,
    tensor: &TensorRequest<'g>,
    context: &'g Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<ResolvedInput<'g>>> {
    let mut inputs = Vec::new();
    let mut complete = true;
    for (source, own) in part.sources.iter().enumerate() {
        let requested = (tensor.name_in)(own.first);
        let headers = context.headers[own.model].as_ref()?;
        let Some(head) = headers.holder_of(&requested, tensor.at) else {
            complete = false;
            let in_lead = context.headers[part.sources[part.lead()].model].as_ref();
            let in_lead = in_lead.and_then(|lead| lead.find(&requested, tensor.at));
            if in_lead.is_some_and(|head| is_computed(&head)) {
                diagnostics.computed(&requested);
            } else {
                diagnostics.missing(&own.path, &headers.name, &requested);
            }
            continue;
        };
        let adapter = context.models[own.model].adapter.as_ref();
        let adapter = adapter.filter(|_| !head.has_adapter_in_it);
        if let Some(adapter) = adapter.and_then(|adapter| adapter.adapter()) {
            let own = head.shape.first().copied().unwrap_or(1);
            match adapter.rows(headers, head.name, head.shape) {
                // A vocabulary that grew in training is cut to that of the base.
                Ok(rows) if rows > own => diagnostics.rows_differ(head.name, (own, rows), true),
                Ok(_) => {}
                Err(error) => {
                    diagnostics.refused(head.name, error.to_string());
                    complete = false;
                }
            }
        }
        inputs.push(ResolvedInput {
            source,
            requested,
            head,
        });
    }
    complete.then_some(inputs)
}

/// The shape that all inputs have, those with another left out of `inputs`; vocabularies are
/// cut to the smallest. `None` if there is no such shape.
pub(super) fn common_shape(
    part: &Part<'_>,
    inputs: &mut Vec<ResolvedInput<'_>>,
    (method, recipe): (&Description, &Recipe),
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<usize>> {
    let lead = inputs.iter().find(|g| g.source == part.lead())?;
    let (mut shape, name) = (lead.head.shape.to_vec(), lead.requested.clone());
    let is_vocabulary = is_token_embedding(&name) || is_language_head(&name);
    let fits = |own: &[usize]| {
        own == shape || is_vocabulary && own.len() == shape.len() && own.get(1..) == shape.get(1..)
    };
    let odd: Vec<usize> = (0..inputs.len())
        .filter(|&k| !fits(inputs[k].head.shape))
        .collect();
    // By the rules of mergekit 0.1.4 methods that work on changes leave a model out of a tensor
    // that it has in another shape; else that is an error.
    let version = recipe.own.version;
    let by_old = version == Version::V0_1_4;
    let skipped = by_old && method.base == BaseRule::Required && part.base.is_some();
    for &k in odd.iter().rev() {
        let source = &part.sources[inputs[k].source];
        let headers = context.headers[source.model].as_ref();
        diagnostics.odd_shape(
            &source.path,
            headers.map_or("", |h| h.name.as_str()),
            &inputs[k].requested,
            inputs[k].head.shape,
            &shape,
            skipped,
        );
        if skipped {
            inputs.remove(k);
        }
    }
    if !odd.is_empty() && !skipped {
        return None;
    }
    let left = inputs.len() - usize::from(part.base.is_some());
    if !odd.is_empty() && left < method.models_by(version).0 {
        diagnostics.refused(&name, "too few models have it in this shape".to_owned());
        return None;
    }
    if let Some(rows) = shape.first_mut() {
        let all = inputs.iter().filter_map(|g| g.head.shape.first().copied());
        let least = all.clone().min().unwrap_or(*rows);
        if all.clone().any(|rows| rows != least) {
            // Where the recipe orders the tokens, what is left beyond the last row is in no child.
            let is_wanted =
                recipe.own.truncate_embeddings || by_old || recipe.tokens_from().is_some();
            diagnostics.rows_differ(&name, (least, all.max().unwrap_or(least)), is_wanted);
        }
        *rows = least;
    }
    Some(shape)
}

/// Checks that all sources have the layers that the part takes.
pub(super) fn check_layers(part: &Part<'_>, context: &mut Context<'_>) {
    let mut told: Vec<(String, String)> = Vec::new();
    let lead = part.sources.get(part.lead());
    let lead = lead.and_then(|s| context.headers[s.model].as_ref());
    for source in &part.sources {
        let Some(headers) = &context.headers[source.model] else {
            continue;
        };
        let Some(len) = part.len else {
            let agrees = |lead: &&Headers<'_>| match part.tower() {
                None => lead.layers_agree(headers),
                Some(tower) => tower.layers(lead) == tower.layers(headers),
            };
            if let Some(lead) = lead.filter(|lead| !agrees(lead)) {
                told.push((
                    source.path.clone(),
                    format!(
                        "{} has {} and {} has {}; models that are merged must have equally many",
                        headers.name,
                        layers_of(part, headers),
                        lead.name,
                        layers_of(part, lead)
                    ),
                ));
            }
            continue;
        };
        let end = u64::from(source.first) + u64::from(len);
        let have = match part.tower() {
            None if headers.heads().any(|head| Tower::of(&head) != Tower::Text) => None,
            None => headers.main_layers(),
            Some(tower) => Some(tower.layers(headers)),
        };
        match have {
            None => told.push((
                source.path.clone(),
                format!(
                    "{} has several parts, and slices are of one; name the parts under `modules`",
                    headers.name
                ),
            )),
            Some(have) if end > u64::from(have) => told.push((
                format!("{}.layer_range", source.path),
                format!(
                    "layers {} to {} are asked for, and {} has {}",
                    source.first,
                    end - 1,
                    headers.name,
                    layers_of(part, headers)
                ),
            )),
            Some(_) => told.extend(
                headers
                    .first_absent(|head| part.stacks(head), source.first, len)
                    .map(|layer| {
                        (
                            format!("{}.layer_range", source.path),
                            format!("{} has no tensor of layer {layer}", headers.name),
                        )
                    }),
            ),
        }
    }
    for (path, sentence) in told {
        context.error(&path, sentence);
    }
}

/// Buffers that programs compute, and that some of them save. Never what is learned: a bias has
/// one dimension, a mask has more.
pub(super) fn is_computed(head: &Head<'_>) -> bool {
    let ends = |ends: &[&str]| ends.iter().any(|end| head.name.ends_with(end));
    ends(&[
        "rotary_emb.inv_freq",
        "position_ids",
        "attn.masked_bias",
        "attention.masked_bias",
    ]) || ends(&[".attn.bias", ".attention.bias"]) && head.shape.len() > 1
}

fn layers_of(part: &Part<'_>, headers: &Headers<'_>) -> String {
    match part.tower() {
        None => layer_count(headers),
        Some(tower) => counted(tower.layers(headers) as usize, "such layer"),
    }
}

fn layer_count(headers: &Headers<'_>) -> String {
    let count: u64 = headers.needed_layers().map(|(_, &n)| u64::from(n)).sum();
    format!("{count} {}", if count == 1 { "layer" } else { "layers" })
}
