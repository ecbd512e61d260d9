//! The shape of a child: which layers of which models become which of its layers.

use super::super::method::{BaseRule, Description};
use super::super::problem::Problem;
use super::super::recipe::{Content, ModelRef, Parameters, Recipe, RecipeInput, Slice};
use super::context::Context;

/// Layers that are merged with each other.
pub(super) struct Part<'r> {
    pub(super) sources: Vec<PartSource<'r>>,
    /// Which source is the base that the method works from.
    pub(super) base: Option<usize>,
    pub(super) parameters: Option<&'r Parameters>,
    /// How many layers; `None` for all there are.
    pub(super) len: Option<u32>,
    /// In the recipe.
    pub(super) path: String,
}

impl Part<'_> {
    /// The source whose tensors are the child's.
    pub(super) fn lead(&self) -> usize {
        self.base.unwrap_or(0)
    }
}

pub(super) struct PartSource<'r> {
    pub(super) model: usize,
    pub(super) reference: &'r ModelRef,
    pub(super) first: u32,
    pub(super) parameters: Option<&'r Parameters>,
    /// In the recipe.
    pub(super) path: String,
}

/// The parts of a recipe; problems go to `context`.
pub(super) fn parts<'r>(
    recipe: &'r Recipe,
    method: &Description,
    context: &mut Context<'_>,
) -> Vec<Part<'r>> {
    match &recipe.content {
        Content::Models(models) => whole(recipe, models, method, context).into_iter().collect(),
        Content::Slices(slices) => {
            if slices.is_empty() {
                context.error("slices", "there are no slices");
            }
            let part = |(k, slice)| sliced(recipe, k, slice, method, context);
            slices.iter().enumerate().filter_map(part).collect()
        }
    }
}

/// All layers of all models; a base that is not listed comes last.
fn whole<'r>(
    recipe: &'r Recipe,
    models: &'r [RecipeInput],
    method: &Description,
    context: &mut Context<'_>,
) -> Option<Part<'r>> {
    let mut sources: Vec<PartSource<'r>> = Vec::new();
    for (k, source) in models.iter().enumerate() {
        let path = format!("models[{k}]");
        if source.layer_range.is_some() {
            let sentence = "`layer_range` has no effect on whole models; use `slices`";
            let place = context.place(&format!("{path}.layer_range"));
            context.problem(Problem::ignored(place, sentence));
        }
        add(&mut sources, source, 0, path, context);
    }
    let listed = |base: &ModelRef| sources.iter().position(|s| s.reference == base);
    let mut base = recipe.base_model.as_ref().and_then(listed);
    if let (Some(reference), None) = (&recipe.base_model, base) {
        base = Some(sources.len());
        sources.push(PartSource {
            model: context.model(reference, "base_model"),
            reference,
            first: 0,
            parameters: None,
            path: "base_model".to_owned(),
        });
    }
    let part = Part {
        sources,
        base,
        parameters: None,
        len: None,
        path: "models".to_owned(),
    };
    checked(part, recipe.base_model.is_some(), method, context)
}

fn sliced<'r>(
    recipe: &'r Recipe,
    k: usize,
    slice: &'r Slice,
    method: &Description,
    context: &mut Context<'_>,
) -> Option<Part<'r>> {
    let path = format!("slices[{k}]");
    let mut sources: Vec<PartSource<'r>> = Vec::new();
    let mut lengths: Vec<u32> = Vec::new();
    for (i, source) in slice.sources.iter().enumerate() {
        let path = format!("{path}.sources[{i}]");
        if let Some((first, length)) = layers(source, &path, context) {
            lengths.push(length);
            add(&mut sources, source, first, path, context);
        }
    }
    if sources.len() < slice.sources.len().min(1) {
        return None;
    }
    if let Some(odd) = lengths.iter().position(|&length| length != lengths[0]) {
        let sentence = format!(
            "the sources of a slice must have equally many layers, and this one has {} where the \
             first has {}",
            lengths[odd], lengths[0]
        );
        context.error(&format!("{path}.sources[{odd}].layer_range"), sentence);
        return None;
    }
    let wanted = slice.base_model.as_ref().or(recipe.base_model.as_ref());
    let base = wanted.and_then(|base| sources.iter().position(|s| s.reference == base));
    let optional = method.base_is_model || method.base == BaseRule::Forbidden;
    if let (Some(wanted), None, false) = (wanted, base, optional) {
        let sentence = format!(
            "the base model {wanted} is not among the sources of this slice; add it, with the \
             layers that the others are compared with"
        );
        context.error(&format!("{path}.sources"), sentence);
        return None;
    }
    let part = Part {
        sources,
        base,
        parameters: Some(&slice.parameters),
        len: lengths.first().copied(),
        path: format!("{path}.sources"),
    };
    checked(part, wanted.is_some(), method, context)
}

/// First layer and number of layers.
fn layers(source: &RecipeInput, path: &str, context: &mut Context<'_>) -> Option<(u32, u32)> {
    let Some([first, end]) = source.layer_range else {
        context.error(path, "a source of a slice needs its `layer_range`");
        return None;
    };
    let path = format!("{path}.layer_range");
    let range = u32::try_from(first).ok().zip(u32::try_from(end).ok());
    match range {
        Some((first, end)) if first < end => Some((first, end - first)),
        _ => {
            let sentence =
                format!("[{first}, {end}] is not a range of layers; write [first, after the last]");
            context.error(&path, sentence);
            None
        }
    }
}

/// Adds a source; mergekit counts a model that is listed twice once, with its first parameters.
fn add<'r>(
    sources: &mut Vec<PartSource<'r>>,
    source: &'r RecipeInput,
    first: u32,
    path: String,
    context: &mut Context<'_>,
) {
    let reference = &source.model;
    if let Some(twin) = sources.iter().find(|s| s.reference == reference) {
        if twin.first == first {
            let sentence = format!("{reference} is listed twice and counts once, as in mergekit");
            context.warning(&path, sentence);
        } else {
            let sentence = format!(
                "{reference} is listed twice with different layers, and mergekit would take one \
                 of them; merge one of them first, as a document of its own"
            );
            context.error(&path, sentence);
        }
        return;
    }
    sources.push(PartSource {
        model: context.model(reference, &format!("{path}.model")),
        reference,
        first,
        parameters: Some(&source.parameters),
        path,
    });
}

/// Checks the number of models and what the method needs of a base.
fn checked<'r>(
    mut part: Part<'r>,
    has_base: bool,
    method: &Description,
    context: &mut Context<'_>,
) -> Option<Part<'r>> {
    let name = method.name;
    let needs_base = matches!(method.base, BaseRule::Required | BaseRule::OneOfModels);
    if needs_base && !has_base {
        context.error("merge_method", format!("{name} needs a `base_model`"));
        return None;
    }
    if method.base == BaseRule::Forbidden && has_base && part.sources.len() > 1 {
        context.error(
            "base_model",
            format!("{name} takes no base model; remove it"),
        );
        return None;
    }
    if method.base_is_model || method.base == BaseRule::Forbidden {
        part.base = None;
    }
    let outside = part.base.is_some() && method.base != BaseRule::OneOfModels;
    let count = part.sources.len() - usize::from(outside);
    let (least, most) = method.models;
    if part.sources.is_empty() || count < least || count > most {
        context.problem(Problem::error(
            context.place(&part.path),
            format!(
                "{name} takes {}, and there {}",
                wanted(method),
                found(count)
            ),
        ));
        return None;
    }
    Some(part)
}

fn wanted(method: &Description) -> String {
    let beside = match method.base {
        BaseRule::Required => " beside the base",
        BaseRule::OneOfModels => ", the base among them",
        BaseRule::Optional | BaseRule::Forbidden => "",
    };
    let models = |n: usize| format!("{n} {}", if n == 1 { "model" } else { "models" });
    let (least, most) = method.models;
    match (least, most) {
        (0, usize::MAX) => format!("one or more models{beside}"),
        (least, usize::MAX) => format!("{least} or more models{beside}"),
        (least, most) if least == most => format!("{}{beside}", models(most)),
        (_, most) if method.base == BaseRule::OneOfModels => format!("{}{beside}", models(most)),
        (0, most) => format!("{}{beside}", models(most)),
        (least, most) => format!("{least} to {}{beside}", models(most)),
    }
}

fn found(count: usize) -> String {
    match count {
        0 => "is none".to_owned(),
        1 => "is one".to_owned(),
        n => format!("are {n}"),
    }
}
