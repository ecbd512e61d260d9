//! The shape of a child: which layers of which models become which of its layers.

use super::super::method::{BaseRule, Description};
use super::super::problem::Problem;
use super::super::recipe::{Content, ModelRef, Parameters, Recipe, RecipeInput, Slice};
use super::super::version::Version;
use super::context::Context;
use super::headers::Head;
use super::towers::Tower;

/// Layers that are merged with each other.
pub(super) struct Part<'r> {
    pub(super) sources: Vec<PartSource<'r>>,
    /// Which source is the base that the method works from.
    pub(super) base: Option<usize>,
    /// Which source is the base model of the recipe, also where the method takes it for one more
    /// model.
    named_base: Option<usize>,
    pub(super) parameters: Option<&'r Parameters>,
    /// The part of the model that it is about, with the parameters for that; all of the model if
    /// there is none.
    pub(super) module: Option<(Tower, &'r Parameters)>,
    /// How many layers; `None` for all there are.
    pub(super) len: Option<u32>,
    /// In the recipe.
    pub(super) path: String,
}

impl Part<'_> {
    /// The source whose tensors are the child's.
    pub(super) fn lead(&self) -> usize {
        self.named_base.unwrap_or(0)
    }

    pub(super) fn tower(&self) -> Option<Tower> {
        self.module.map(|(tower, _)| tower)
    }

    /// Whether it is about this tensor.
    pub(super) fn covers(&self, head: &Head<'_>) -> bool {
        self.tower().is_none_or(|tower| tower == Tower::of(head))
    }

    /// Whether this tensor of a layer is stacked with its slices. Without modules, what a model
    /// may lack is beside the stack.
    pub(super) fn stacks(&self, head: &Head<'_>) -> bool {
        let optional = head.place.stack.is_optional();
        match self.tower() {
            None => !optional,
            Some(Tower::Text) => !optional && self.covers(head),
            Some(_) => self.covers(head),
        }
    }

    /// Whether it is about the language model.
    pub(super) fn has_text(&self) -> bool {
        self.tower().is_none_or(|tower| tower == Tower::Text)
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
    let Content::Modules(modules) = &recipe.content else {
        let place = Within {
            recipe,
            method,
            prefix: String::new(),
            module: None,
        };
        return place.parts(&recipe.content, context);
    };
    if modules.is_empty() {
        context.error("modules", "there are no modules");
    }
    let mut out: Vec<Part<'r>> = Vec::new();
    let mut known: Vec<Tower> = Vec::new();
    for own in modules {
        let path = format!("modules.{}", own.name);
        let Some(tower) = Tower::named(&own.name, &path, context) else {
            continue;
        };
        if known.contains(&tower) {
            let sentence = format!("there are two modules for the part {}", tower.name());
            context.error(&path, sentence);
        }
        known.push(tower);
        let place = Within {
            recipe,
            method,
            prefix: format!("{path}."),
            module: Some((tower, &own.parameters)),
        };
        out.extend(place.parts(&own.content, context));
    }
    out
}

/// Where in a recipe parts are looked for.
struct Within<'r, 'm> {
    recipe: &'r Recipe,
    method: &'m Description,
    /// What the paths begin with.
    prefix: String,
    module: Option<(Tower, &'r Parameters)>,
}

impl<'r> Within<'r, '_> {
    fn parts(&self, content: &'r Content, context: &mut Context<'_>) -> Vec<Part<'r>> {
        match content {
            Content::Models(models) => self.whole(models, context).into_iter().collect(),
            Content::Slices(slices) => {
                if slices.is_empty() {
                    context.error(&format!("{}slices", self.prefix), "there are no slices");
                }
                let part = |(k, slice)| self.sliced(k, slice, context);
                slices.iter().enumerate().filter_map(part).collect()
            }
            // A module has no modules.
            Content::Modules(_) => Vec::new(),
        }
    }

    /// All layers of all models; a base that is not listed comes last.
    fn whole(&self, models: &'r [RecipeInput], context: &mut Context<'_>) -> Option<Part<'r>> {
        let Self { recipe, prefix, .. } = self;
        let mut sources: Vec<PartSource<'r>> = Vec::new();
        if models.is_empty() && recipe.own.version == Version::V0_1_5 {
            context.error(&format!("{prefix}models"), "the list of models is empty");
            return None;
        }
        for (k, source) in models.iter().enumerate() {
            let path = format!("{prefix}models[{k}]");
            if source.layer_range.is_some() {
                let sentence = "`layer_range` has no effect on whole models; use `slices`";
                let place = context.place(&format!("{path}.layer_range"));
                context.problem(Problem::ignored(place, sentence));
            }
            add(&mut sources, source, 0, (path, recipe.own.version), context);
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
            named_base: base,
            parameters: None,
            module: self.module,
            len: None,
            path: format!("{prefix}models"),
        };
        let by = (self.method, self.recipe.own.version);
        checked(part, recipe.base_model.is_some(), by, context)
    }

    fn sliced(&self, k: usize, slice: &'r Slice, context: &mut Context<'_>) -> Option<Part<'r>> {
        let Self { recipe, method, .. } = self;
        let path = format!("{}slices[{k}]", self.prefix);
        let mut sources: Vec<PartSource<'r>> = Vec::new();
        let mut lengths: Vec<u32> = Vec::new();
        for (i, source) in slice.sources.iter().enumerate() {
            let path = format!("{path}.sources[{i}]");
            if let Some((first, length)) = layers(source, &path, context) {
                lengths.push(length);
                add(
                    &mut sources,
                    source,
                    first,
                    (path, recipe.own.version),
                    context,
                );
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
            named_base: base,
            parameters: Some(&slice.parameters),
            module: self.module,
            len: lengths.first().copied(),
            path: format!("{path}.sources"),
        };
        checked(
            part,
            wanted.is_some(),
            (method, recipe.own.version),
            context,
        )
    }
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

/// Adds a source, which is none yet; mergekit 0.1.4 counted a model that is listed twice once, with
/// its first parameters.
fn add<'r>(
    sources: &mut Vec<PartSource<'r>>,
    source: &'r RecipeInput,
    first: u32,
    (path, version): (String, Version),
    context: &mut Context<'_>,
) {
    let reference = &source.model;
    if let Some(twin) = sources.iter().find(|s| s.reference == reference) {
        if version == Version::V0_1_5 {
            let sentence = format!(
                "{reference} is listed twice; list it once, with one weight, or to merge it with \
                 itself make one of them first, as a document of its own"
            );
            context.error(&path, sentence);
        } else if twin.first == first {
            let sentence =
                format!("{reference} is listed twice and counts once, as in mergekit 0.1.4");
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
    (method, version): (&Description, Version),
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
    let (least, most) = method.models_by(version);
    if part.sources.is_empty() || count < least || count > most {
        context.problem(Problem::error(
            context.place(&part.path),
            format!(
                "{name} takes {}, and there {}",
                wanted(method, version),
                found(count)
            ),
        ));
        return None;
    }
    Some(part)
}

fn wanted(method: &Description, version: Version) -> String {
    let beside = match method.base {
        BaseRule::Required => " beside the base",
        BaseRule::OneOfModels => ", the base among them",
        BaseRule::Optional | BaseRule::Forbidden => "",
    };
    let models = |n: usize| format!("{n} {}", if n == 1 { "model" } else { "models" });
    let (least, most) = method.models_by(version);
    match (least, most) {
        (0, usize::MAX) => format!("one or more models{beside}"),
        (least, usize::MAX) => format!("{least} or more models{beside}"),
        (least, most) if least == most => format!("{}{beside}", models(most)),
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
