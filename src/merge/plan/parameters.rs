//! Checks the parameters of a recipe against the description of its method.

use super::super::method::{Description, Parameter, ParameterKind, ParameterScope};
use super::super::methods::REGISTRY;
use super::super::problem::{Problem, nearest};
use super::super::recipe::{Content, Parameters, Recipe, RecipeInput, Setting, Value};
use super::context::Context;
use super::rules;

/// Looks at every parameter, wherever it stands.
pub(super) fn check(recipe: &Recipe, method: &Description, context: &mut Context<'_>) {
    let own = |sources: &[RecipeInput], path: &str, context: &mut Context<'_>| {
        for (k, source) in sources.iter().enumerate() {
            let path = format!("{path}[{k}].parameters");
            level(&source.parameters, &path, true, method, context);
        }
    };
    for (prefix, content) in rules::with_paths(&recipe.content) {
        match content {
            Content::Models(models) => own(models, &format!("{prefix}models"), context),
            Content::Slices(slices) => {
                for (k, slice) in slices.iter().enumerate() {
                    let path = format!("{prefix}slices[{k}]");
                    own(&slice.sources, &format!("{path}.sources"), context);
                    let path = format!("{path}.parameters");
                    level(&slice.parameters, &path, false, method, context);
                }
            }
            Content::Modules(_) => {}
        }
    }
    if let Content::Modules(modules) = &recipe.content {
        for module in modules {
            let path = format!("modules.{}.parameters", module.name);
            level(&module.parameters, &path, false, method, context);
        }
    }
    level(&recipe.parameters, "parameters", false, method, context);
}

fn level(
    parameters: &Parameters,
    path: &str,
    of_model: bool,
    method: &Description,
    context: &mut Context<'_>,
) {
    for (key, setting) in parameters {
        let path = format!("{path}.{key}");
        match method.parameters.iter().find(|own| own.key == key) {
            None => unknown(key, &path, method, context),
            Some(own) if of_model && own.scope == ParameterScope::Global => {
                let sentence = format!(
                    "`{key}` is for the whole merge and has no effect on one model, in mergekit \
                     neither; move it to the recipe's `parameters`"
                );
                context.problem(Problem::ignored(context.place(&path), sentence));
            }
            Some(own) => values(own, setting, &path, context),
        }
    }
}

/// A parameter of another method has no effect, as in mergekit; one of no method is misspelt,
/// and has none either.
fn unknown(key: &str, path: &str, method: &Description, context: &mut Context<'_>) {
    let elsewhere = REGISTRY
        .iter()
        .any(|other| other.description().parameters.iter().any(|p| p.key == key));
    let own = method.parameters.iter().map(|own| own.key);
    let near = nearest(key, own).filter(|_| !elsewhere);
    let sentence = format!("{} has no parameter `{key}`; it has no effect", method.name);
    context.problem(Problem::ignored(context.place(path), sentence).with_nearest(near));
}

fn values(own: &Parameter, setting: &Setting, path: &str, context: &mut Context<'_>) {
    let values: Vec<&Value> = match setting {
        Setting::Value(value) => vec![value],
        Setting::Filtered(items) => items.iter().map(|item| &item.value).collect(),
    };
    for value in values {
        let numbers: Vec<f64> = match value {
            Value::Number(number) => vec![*number],
            Value::Flag(flag) => vec![f64::from(u8::from(*flag))],
            Value::Gradient(points) => points.clone(),
        };
        let is_flag = matches!(value, Value::Flag(_));
        if let Some(sentence) = numbers.iter().find_map(|&n| complaint(own, n, is_flag)) {
            context.error(path, sentence);
        }
    }
}

fn complaint(own: &Parameter, number: f64, is_flag: bool) -> Option<String> {
    let key = own.key;
    match own.kind {
        ParameterKind::Flag { .. } => {
            let is_flag = is_flag || number == 0.0 || number == 1.0;
            (!is_flag).then(|| format!("`{key}` is true or false, not {number}"))
        }
        ParameterKind::Number { .. } if is_flag => {
            Some(format!("`{key}` is a number, not true or false"))
        }
        ParameterKind::Number { min, max, .. } => {
            let within = (min..=max).contains(&number);
            (!within).then(|| format!("`{key}` is {}, not {number}", range(min, max)))
        }
    }
}

fn range(min: f64, max: f64) -> String {
    match (min > f64::MIN, max < f64::MAX) {
        (true, true) => format!("from {min} to {max}"),
        (true, false) => format!("{min} or more"),
        (false, true) => format!("{max} or less"),
        (false, false) => "a finite number".to_owned(),
    }
}
