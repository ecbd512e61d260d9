//! Brings the models of a step to the names of the lead, and says what their configurations do
//! not agree on. After this, equal names are equal tensors.

use std::borrow::Cow;
use std::sync::Arc;

use super::ModelSource;
use super::context::Context;
use super::headers::Headers;
use super::shape::Part;
use crate::checkpoint::{Checkpoint, Difference, Weight};
use crate::merge::problem::{Fix, Problem};

/// How many settings a warning lists.
const SETTINGS_SHOWN: usize = 4;

/// Looks at each model beside the lead of the first part, whose names the child has: brings it
/// to those names, and stops at another architecture.
pub(super) fn align(parts: &[Part<'_>], allow_crimes: bool, context: &mut Context<'_>) {
    for (model, lead, path) in beside_the_lead(parts) {
        rename(model, lead, path, context);
        crimes(model, lead, path, allow_crimes, context);
    }
}

/// Warns of what the configurations say differently; for a plan that has no error.
pub(super) fn warn_of_settings(parts: &[Part<'_>], context: &mut Context<'_>) {
    for (model, lead, path) in beside_the_lead(parts) {
        settings(model, lead, path, context);
    }
}

/// Each model that is not the lead, with the lead and its own place in the recipe.
fn beside_the_lead<'p>(parts: &'p [Part<'_>]) -> Vec<(usize, usize, &'p str)> {
    let lead = parts.first().and_then(|part| part.sources.get(part.lead()));
    let Some(lead) = lead.map(|lead| lead.model) else {
        return Vec::new();
    };
    let mut out: Vec<(usize, usize, &str)> = Vec::new();
    for source in parts.iter().flat_map(|part| &part.sources) {
        let is_new = out.iter().all(|(model, ..)| *model != source.model);
        if is_new && source.model != lead {
            out.push((source.model, lead, &source.path));
        }
    }
    out
}

/// Brings a model to the names of the lead.
pub(crate) fn rename(model: usize, lead: usize, path: &str, context: &mut Context<'_>) {
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

/// The names of two models, and what their configurations say differently.
fn differences(
    model: usize,
    lead: usize,
    context: &Context<'_>,
) -> Option<([String; 2], Vec<Difference>)> {
    let (own, lead) = (
        context.headers[model].as_ref()?,
        context.headers[lead].as_ref()?,
    );
    let found = own.config.differences(&lead.config);
    Some(([own.name.clone(), lead.name.clone()], found))
}

/// Stops at a model of another architecture than the lead's, unless that is allowed.
pub(crate) fn crimes(
    model: usize,
    lead: usize,
    path: &str,
    allowed: bool,
    context: &mut Context<'_>,
) {
    let Some(([name, lead_name], found)) = differences(model, lead, context) else {
        return;
    };
    for crime in found.iter().filter(|d| d.weight == Weight::Architecture) {
        let [own, theirs] = &crime.values;
        let what = format!(
            "{name} is a model of type {own} and {lead_name} of type {theirs}: equal shapes do not \
             make equal weights"
        );
        if allowed {
            context.warning(path, what);
        } else {
            let out = "merge them all the same with `kinfolk: {allow_crimes: true}` or \
                       `--allow-crimes`";
            let place = context.place(path);
            let error = Problem::error(place, format!("{what}; {out}"));
            context.problem(error.with_fix(Fix::AllowCrimes));
        }
    }
}

/// Warns of settings that are not the lead's.
pub(crate) fn settings(model: usize, lead: usize, path: &str, context: &mut Context<'_>) {
    let Some(([name, lead_name], found)) = differences(model, lead, context) else {
        return;
    };
    let settings: Vec<&Difference> = found
        .iter()
        .filter(|d| d.weight == Weight::Setting)
        .collect();
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
    let sentence = format!(
        "the configuration of {name} differs in {shown}{more}; the child has those of one model"
    );
    context.warning(path, sentence);
}
