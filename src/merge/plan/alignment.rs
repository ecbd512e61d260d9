//! Brings the models of a step to the names of the lead, and says what their configurations do
//! not agree on. After this, equal names are equal tensors.

use std::borrow::Cow;
use std::sync::Arc;

use super::ModelSource;
use super::context::Context;
use super::headers::Headers;
use super::shape::Part;
use crate::checkpoint::{Checkpoint, Weight};

/// How many settings a warning lists.
const SETTINGS_SHOWN: usize = 4;

/// Looks at each model beside the lead of the first part, whose names the child has.
pub(super) fn align(parts: &[Part<'_>], allow_crimes: bool, context: &mut Context<'_>) {
    let Some(lead) = parts.first().and_then(|part| part.sources.get(part.lead())) else {
        return;
    };
    let lead = lead.model;
    let sources = parts.iter().flat_map(|part| &part.sources);
    let mut seen = vec![lead];
    for source in sources {
        if seen.contains(&source.model) {
            continue;
        }
        seen.push(source.model);
        rename(source.model, lead, &source.path, context);
        compare(source.model, lead, &source.path, allow_crimes, context);
    }
}

fn rename(model: usize, lead: usize, path: &str, context: &mut Context<'_>) {
    let (Some(own), Some(lead)) = (opened(model, context), opened(lead, context)) else {
        return;
    };
    let Cow::Owned(seen) = own.seen_as(&lead) else {
        return;
    };
    let reference = context.models[model].reference.to_string();
    for note in seen.renamings() {
        context.warning(path, format!("{reference}: {note}"));
    }
    let seen = Arc::new(seen);
    context.headers[model] = Some(Headers::of_checkpoint(reference, &seen));
    context.models[model].source = ModelSource::Opened(seen);
}

fn opened(model: usize, context: &Context<'_>) -> Option<Arc<Checkpoint>> {
    context.models.get(model)?.checkpoint().cloned()
}

fn compare(model: usize, lead: usize, path: &str, allow_crimes: bool, context: &mut Context<'_>) {
    let (Some(own), Some(of_lead)) = (&context.headers[model], &context.headers[lead]) else {
        return;
    };
    let differences = own.config.differences(&of_lead.config);
    let (name, lead_name) = (own.name.clone(), of_lead.name.clone());
    let (crimes, settings): (Vec<_>, Vec<_>) = differences
        .into_iter()
        .partition(|d| d.weight == Weight::Architecture);
    for crime in crimes {
        let [own, theirs] = &crime.values;
        let what = format!(
            "{name} is a model of type {own} and {lead_name} of type {theirs}: equal shapes do not \
             make equal weights"
        );
        if allow_crimes {
            context.warning(path, what);
        } else {
            let out = "merge them all the same with `kinfolk: {allow_crimes: true}` or \
                       `--allow-crimes`";
            context.error(path, format!("{what}; {out}"));
        }
    }
    if settings.is_empty() {
        return;
    }
    let shown = settings.iter().take(SETTINGS_SHOWN).map(|d| {
        let [own, theirs] = &d.values;
        format!("{} ({own}, and {theirs} in {lead_name})", d.what)
    });
    let shown: Vec<String> = shown.collect();
    let more = match settings.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more settings"),
    };
    let shown = shown.join(", ");
    context.warning(
        path,
        format!(
            "the configuration of {name} differs in {shown}{more}; the child has those of one model"
        ),
    );
}
