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
    let mut out: Vec<Axis<'m>> = Vec::new();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return out;
    };
    let is_head = |name: &str| is_language_head(name) || is_head_bias(name);
    let rules: [(&Part<'_>, &dyn Fn(&str) -> bool); 2] =
        [(first, &is_token_embedding), (last, &is_head)];
    for (part, is_axis) in rules {
        let headers = || {
            part.sources
                .iter()
                .filter_map(|s| context.headers[s.model].as_ref())
        };
        let mut names: Vec<String> = Vec::new();
        for head in headers().flat_map(Headers::heads) {
            if is_axis(head.name)
                && !head.shape.is_empty()
                && !names.iter().any(|name| name == head.name)
            {
                names.push(head.name.to_owned());
            }
        }
        for name in names {
            let mut holders: Vec<Holder<'m>> = Vec::new();
            // In the order of the members: the base first.
            for member in members {
                let is_source = part
                    .sources
                    .iter()
                    .any(|source| source.model == member.model);
                let headers = context.headers[member.model].as_ref().filter(|_| is_source);
                let held = headers.and_then(|headers| headers.holder_of(&name, 0));
                if let Some(head) = held {
                    holders.push(Holder {
                        member,
                        tensor: head.name.to_owned(),
                        rows: head.shape.first().copied().unwrap_or(0),
                        dtype: head.dtype,
                    });
                }
            }
            let dtype = Dtype::common(holders.iter().map(|holder| holder.dtype));
            out.push(Axis {
                name,
                holders,
                dtype,
            });
        }
    }
    out
}
