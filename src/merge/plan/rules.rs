//! What a recipe says of method, formats and chat template, checked word by word.

use super::super::chat_templates;
use super::super::method::Method;
use super::super::methods::{self, REGISTRY};
use super::super::problem::{Problem, nearest};
use super::super::recipe::{Content, Recipe};
use super::context::Context;
use crate::checkpoint::Dtype;

/// The formats that a recipe asks for.
pub(super) struct Formats {
    /// That inputs are rounded to.
    pub(super) compute: Option<Dtype>,
    /// That is written, where the recipe says so.
    pub(super) written: Option<Dtype>,
}

/// The formats that recipes name.
const FORMATS: [&str; 4] = ["float32", "float16", "bfloat16", "float64"];

/// What people write instead.
const ALIASES: [(&str, &str); 10] = [
    ("fp32", "float32"),
    ("f32", "float32"),
    ("float", "float32"),
    ("fp16", "float16"),
    ("f16", "float16"),
    ("half", "float16"),
    ("bf16", "bfloat16"),
    ("double", "float64"),
    ("fp64", "float64"),
    ("f64", "float64"),
];

pub(super) fn method(recipe: &Recipe, context: &mut Context<'_>) -> Option<&'static dyn Method> {
    let name = recipe.merge_method.as_str();
    let found = methods::find(name);
    if found.is_none() {
        let names = REGISTRY.iter().map(|method| method.description().name);
        let place = context.place("merge_method");
        let problem = Problem::error(place, format!("there is no method `{name}`"));
        context.problem(problem.with_nearest(nearest(name, names)));
    }
    found
}

/// Models or slices, of the recipe or of each of its modules, and what their paths begin with.
pub(super) fn with_paths(content: &Content) -> Vec<(String, &Content)> {
    match content {
        Content::Modules(modules) => (modules.iter())
            .map(|module| (format!("modules.{}.", module.name), &module.content))
            .collect(),
        plain => vec![(String::new(), plain)],
    }
}

/// What is read and written for mergekit alone.
pub(super) fn residual_weights(recipe: &Recipe, context: &mut Context<'_>) {
    for (prefix, content) in with_paths(&recipe.content) {
        let Content::Slices(slices) = content else {
            continue;
        };
        for (k, slice) in slices.iter().enumerate() {
            if slice.residual_weight.is_some() {
                context.warning(
                    &format!("{prefix}slices[{k}].residual_weight"),
                    "`residual_weight` has no effect, in mergekit neither",
                );
            }
        }
    }
}

pub(super) fn formats(recipe: &Recipe, context: &mut Context<'_>) -> Formats {
    let dtype = format("dtype", recipe.dtype.as_deref(), context);
    let out = format("out_dtype", recipe.out_dtype.as_deref(), context);
    Formats {
        compute: dtype,
        written: out.or(dtype),
    }
}

/// The format that a recipe calls `name`, if it can be computed with and written.
pub(crate) fn format(key: &str, name: Option<&str>, context: &mut Context<'_>) -> Option<Dtype> {
    let name = name?;
    let plain = name.strip_prefix("torch.").unwrap_or(name);
    if FORMATS.contains(&plain) {
        return Dtype::from_config_name(plain);
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == plain);
    let near = alias
        .map(|(_, own)| (*own).to_owned())
        .or_else(|| nearest(plain, FORMATS));
    let sentence =
        format!("`{name}` cannot be computed with; float32, float16, bfloat16 and float64 can");
    let problem = Problem::error(context.place(key), sentence).with_nearest(near);
    context.problem(problem);
    None
}

/// A template is told from a misspelt name by its braces; mergekit wants 20 characters as well.
pub(super) fn chat_template(recipe: &Recipe, context: &mut Context<'_>) {
    let Some(template) = recipe.chat_template.as_deref() else {
        return;
    };
    let names = || chat_templates::names().chain(["auto"]);
    if template.contains('{') || names().any(|name| name == template) {
        return;
    }
    let known: Vec<&str> = names().collect();
    let sentence = format!(
        "a chat template is one of {} or a text with {{{{ … }}}} in it, and not `{template}`",
        known.join(", ")
    );
    let problem = Problem::error(context.place("chat_template"), sentence);
    context.problem(problem.with_nearest(nearest(template, names())));
}
