//! The inputs of one tensor lined up: who has it, and in which shape.

use std::borrow::Cow;

use super::super::methods::BaseRule;
use super::inputs::{Head, Headers};
use super::shape::Part;
use super::steps::Context;
use super::tensors::{Maker, lead_of};
use crate::checkpoint::{is_language_head, is_token_embedding};

/// A tensor to be made, as it is asked of the sources.
pub(super) struct Wanted<'w> {
    /// Which of the lead's tensors it is.
    pub(super) at: usize,
    /// What a source calls it whose first layer this is.
    pub(super) name_in: &'w dyn Fn(u32) -> Cow<'w, str>,
}

/// One input that is there.
pub(super) struct Given<'g> {
    pub(super) source: usize,
    /// The tensor that was asked for.
    pub(super) wanted: Cow<'g, str>,
    /// The tensor that holds the numbers.
    pub(super) head: Head<'g>,
}

impl Maker<'_> {
    /// What every source has of a tensor; `None` if one that must have it has not.
    pub(super) fn given<'g>(
        &mut self,
        part: &Part<'_>,
        tensor: &Wanted<'g>,
        context: &'g Context<'_>,
    ) -> Option<Vec<Given<'g>>> {
        let mut given = Vec::new();
        let mut complete = true;
        for (source, own) in part.sources.iter().enumerate() {
            let wanted = (tensor.name_in)(own.first);
            let headers = context.headers[own.model].as_ref()?;
            let Some(head) = headers.holder_of(&wanted, tensor.at) else {
                complete = false;
                if is_computed(&wanted) {
                    self.findings.computed(&wanted);
                } else {
                    self.findings.missing(&own.path, &headers.name, &wanted);
                }
                continue;
            };
            let adapter = context.models[own.model].adapter.as_ref();
            if let Some(adapter) = adapter.and_then(|adapter| adapter.adapter())
                && let Err(error) = adapter.change(head.name, head.shape)
            {
                self.findings.refused(head.name, error.to_string());
                complete = false;
            }
            given.push(Given {
                source,
                wanted,
                head,
            });
        }
        complete.then_some(given)
    }

    /// The shape that all inputs have, those with another left out of `given`; vocabularies are
    /// cut to the smallest. `None` if there is no such shape.
    pub(super) fn common_shape(
        &mut self,
        part: &Part<'_>,
        given: &mut Vec<Given<'_>>,
        context: &Context<'_>,
    ) -> Option<Vec<usize>> {
        let lead_source = lead_of(part);
        let lead = given.iter().find(|g| g.source == lead_source)?;
        let (mut shape, name) = (lead.head.shape.to_vec(), lead.wanted.clone());
        let is_vocabulary = is_token_embedding(&name) || is_language_head(&name);
        let fits = |own: &[usize]| {
            own == shape
                || is_vocabulary && own.len() == shape.len() && own.get(1..) == shape.get(1..)
        };
        let odd: Vec<usize> = (0..given.len())
            .filter(|&k| !fits(given[k].head.shape))
            .collect();
        let mut can_go_on = true;
        for &k in odd.iter().rev() {
            let path = &part.sources[given[k].source].path;
            let model = part.sources[given[k].source].model;
            let model = context.headers[model]
                .as_ref()
                .map_or("", |h| h.name.as_str());
            let skipped = self.skips_odd_shapes() && part.base.is_some();
            self.findings.odd_shape(
                path,
                model,
                &given[k].wanted,
                given[k].head.shape,
                &shape,
                skipped,
            );
            can_go_on &= skipped;
            if skipped {
                given.remove(k);
            }
        }
        if !can_go_on {
            return None;
        }
        let left = given.len() - usize::from(part.base.is_some());
        if !odd.is_empty() && left < self.method.description().models.0 {
            self.findings
                .refused(&name, "too few models have it in this shape".to_owned());
            return None;
        }
        if let Some(rows) = shape.first_mut() {
            let all = given.iter().filter_map(|g| g.head.shape.first().copied());
            let least = all.clone().min().unwrap_or(*rows);
            if all.clone().any(|rows| rows != least) {
                self.findings.cut(&name, least, all.max().unwrap_or(least));
            }
            *rows = least;
        }
        Some(shape)
    }

    /// Methods that work on changes leave a model out of a tensor that it has in another shape,
    /// as mergekit's do; for the others that is an error.
    fn skips_odd_shapes(&self) -> bool {
        let method = self.method.description();
        method.base == BaseRule::Required
    }
}

/// Checks that all sources have the layers that the part takes.
pub(super) fn check_layers(part: &Part<'_>, context: &mut Context<'_>) {
    let mut told: Vec<(String, String)> = Vec::new();
    let lead = part.sources.get(lead_of(part));
    let lead = lead.and_then(|s| context.headers[s.model].as_ref());
    for source in &part.sources {
        let Some(headers) = &context.headers[source.model] else {
            continue;
        };
        let Some(len) = part.len else {
            if let Some(lead) = lead.filter(|lead| lead.layers != headers.layers) {
                told.push((
                    source.path.clone(),
                    format!(
                        "{} has {} and {} has {}; models that are merged must have equally many",
                        headers.name,
                        layer_count(headers),
                        lead.name,
                        layer_count(lead)
                    ),
                ));
            }
            continue;
        };
        let end = u64::from(source.first) + u64::from(len);
        match headers.only_stack() {
            None => told.push((
                source.path.clone(),
                format!(
                    "{} has several stacks of layers, and slices of such models cannot be \
                     taken yet",
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
                    layer_count(headers)
                ),
            )),
            Some(_) => told.extend(headers.first_absent(source.first, len).map(|layer| {
                (
                    format!("{}.layer_range", source.path),
                    format!("{} has no tensor of layer {layer}", headers.name),
                )
            })),
        }
    }
    for (path, sentence) in told {
        context.error(&path, sentence);
    }
}

/// Buffers that programs compute, and that some of them save.
pub(super) fn is_computed(name: &str) -> bool {
    [
        "rotary_emb.inv_freq",
        "position_ids",
        "attn.bias",
        "attn.masked_bias",
        "attention.bias",
        "attention.masked_bias",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

fn layer_count(headers: &Headers<'_>) -> String {
    let count: u64 = headers.layers.values().map(|&n| u64::from(n)).sum();
    format!("{count} {}", if count == 1 { "layer" } else { "layers" })
}
