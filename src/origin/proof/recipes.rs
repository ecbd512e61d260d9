//! Recipes as a proof writes them.

use super::case::Case;
use crate::merge::recipe::{
    Content, OwnOptions, Parameters, Recipe, RecipeInput, Setting, Slice, Value,
};
use crate::merge::run::Order;

/// A recipe that could have made the child.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The recipe.
    pub recipe: Recipe,
    /// What is to be said of it, such as that its random choices cannot be repeated.
    pub note: Option<String>,
    /// When its numbers are rounded.
    pub order: Order,
}

/// The recipe of a method over these people with their parameters.
pub(crate) fn recipe(
    case: &Case,
    method: &str,
    base: Option<usize>,
    inputs: Vec<(usize, Parameters)>,
    parameters: Parameters,
) -> Recipe {
    let input = |(person, parameters): (usize, Parameters)| RecipeInput {
        model: case.people[person].reference.clone(),
        layer_range: None,
        parameters,
    };
    let inputs = inputs.into_iter().map(input).collect();
    bare(case, method, base, Content::Models(inputs), parameters)
}

/// The recipe that stacks layers: of whom, from which layer to before which.
pub(crate) fn stacked(case: &Case, layers: &[(usize, [u32; 2])]) -> Recipe {
    let slice = |&(person, [from, to]): &(usize, [u32; 2])| Slice {
        sources: vec![RecipeInput {
            model: case.people[person].reference.clone(),
            layer_range: Some([i64::from(from), i64::from(to)]),
            parameters: Vec::new(),
        }],
        ..Slice::default()
    };
    let slices = layers.iter().map(slice).collect();
    bare(
        case,
        "passthrough",
        None,
        Content::Slices(slices),
        Vec::new(),
    )
}

fn bare(
    case: &Case,
    method: &str,
    base: Option<usize>,
    content: Content,
    parameters: Parameters,
) -> Recipe {
    Recipe {
        name: None,
        merge_method: method.to_owned(),
        base_model: base.map(|base| case.people[base].reference.clone()),
        content,
        parameters,
        dtype: None,
        out_dtype: None,
        tokenizer_source: None,
        tokenizer: None,
        chat_template: None,
        own: OwnOptions::default(),
    }
}

/// One parameter.
pub(crate) fn number(key: &str, value: f64) -> (String, Setting) {
    (key.to_owned(), Setting::Value(Value::Number(value)))
}

/// One flag.
pub(crate) fn flag(key: &str, value: bool) -> (String, Setting) {
    (key.to_owned(), Setting::Value(Value::Flag(value)))
}

impl From<Recipe> for Candidate {
    fn from(recipe: Recipe) -> Self {
        Self {
            recipe,
            note: None,
            order: Order::Once,
        }
    }
}
