//! Which tensors have a row for each token, and which models have a part in each.

use super::super::tokens::{Axis, Holder, Member};
use super::context::Context;
use super::headers::Headers;
use super::shape::Part;
use crate::checkpoint::{Dtype, is_head_bias, is_language_head, is_token_embedding};

/// The tensors with a vocabulary axis, each with the models that have it: those of the first part
/// for embeddings, those of the last for heads.
pub(super) fn axes<'m>(
    parts: &[Part<'_>],
    members: &'m [Member<'m>],
    context: &Context<'_>,
) -> Vec<Axis<'m>> {
    let is_head = |name: &str| is_language_head(name) || is_head_bias(name);
    // Of a model of several parts those of the language model.
    let first = parts.iter().find(|part| part.has_text());
    let last = parts.iter().rfind(|part| part.has_text());
    let embeddings = first.map(|part| names(part, is_token_embedding, context));
    let heads = last.map(|part| names(part, is_head, context));
    let of_embeddings = first.zip(embeddings);
    let of_heads = last.zip(heads);
    let both = of_embeddings.into_iter().chain(of_heads);
    let axis = |(part, names): (&Part<'_>, Vec<String>)| -> Vec<Axis<'m>> {
        let axis = |name| axis(name, part, members, context);
        names.into_iter().map(axis).collect()
    };
    both.flat_map(axis).collect()
}

/// The names that `is_axis` is true for, in any model of a part.
fn names(part: &Part<'_>, is_axis: impl Fn(&str) -> bool, context: &Context<'_>) -> Vec<String> {
    let sources = part.sources.iter();
    let headers = sources.filter_map(|source| context.headers[source.model].as_ref());
    let mut out: Vec<String> = Vec::new();
    for head in headers.flat_map(Headers::heads) {
        let is_known = out.iter().any(|name| name == head.name);
        if is_axis(head.name) && !head.shape.is_empty() && !is_known {
            out.push(head.name.to_owned());
        }
    }
    out
}

/// The models of a part that have the tensor, in the order of the members: the base first.
fn axis<'m>(
    name: String,
    part: &Part<'_>,
    members: &'m [Member<'m>],
    context: &Context<'_>,
) -> Axis<'m> {
    let is_source = |member: &&Member<'_>| {
        let mut sources = part.sources.iter();
        sources.any(|source| source.model == member.model)
    };
    let holder = |member: &'m Member<'m>| {
        let head = context.headers[member.model]
            .as_ref()?
            .holder_of(&name, 0)?;
        Some(Holder {
            member,
            tensor: head.name.to_owned(),
            rows: head.shape.first().copied().unwrap_or(0),
            dtype: head.dtype,
        })
    };
    let holders: Vec<Holder<'m>> = members
        .iter()
        .filter(is_source)
        .filter_map(holder)
        .collect();
    let dtype = Dtype::common(holders.iter().map(|holder| holder.dtype));
    Axis {
        name,
        holders,
        dtype,
    }
}
