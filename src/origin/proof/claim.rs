//! What is claimed, over how much, and when.

use super::decimals::Fitted;
use super::recipes::Candidate;
use super::trial::Score;
use crate::merge::methods;
use crate::merge::recipe::{Parameters, Recipe, Setting, Value};
use crate::merge::run::Order;

/// How much is compared at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// A few tensors of each kind and depth.
    #[default]
    Sample,
    /// All tensors.
    All,
}

/// A recipe that is claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The recipe.
    pub recipe: Recipe,
    /// Its text, as `kinfolk merge` reads it.
    pub yaml: String,
    /// Recipes in words that make the same bytes.
    pub also: Vec<String>,
    /// What cannot be repeated.
    pub note: Option<String>,
    /// When numbers are rounded to make the child's.
    pub order: Order,
}

/// Whether a recipe is claimed for what it reproduces.
///
/// Rounded once by this program's arithmetic, nearly all numbers are the same. Another program's
/// order of operations leaves some of them a last place away; in F32 that is next to nothing of
/// the change. A recipe that takes one model nearly as it is must make nearly all numbers, because
/// a light fine-tune of that model looks like that too. A copy has no arithmetic and must be the
/// same throughout.
pub(crate) fn holds(candidate: &Candidate, score: &Score) -> bool {
    if candidate.note.is_some() {
        return true;
    }
    // Tensors of another shape or format.
    if !score.largest.is_finite() {
        return false;
    }
    let recipe = &candidate.recipe;
    let people = recipe.models().len();
    if recipe.merge_method == "passthrough" || people < 2 {
        return score.equal == score.bytes;
    }
    if is_nearly_a_copy(recipe) {
        return score.moved_share() >= 0.995;
    }
    // What is kept by magnitude shows in every number by itself; combinations of whole models can
    // be nearly the same by several methods.
    let least = match recipe.merge_method.as_str() {
        "ties" | "breadcrumbs" | "breadcrumbs_ties" => 0.8,
        _ => 0.9,
    };
    score.moved_share() >= least || score.relative() < 1e-4 && is_plain(recipe)
}

/// The most places behind the point of numbers that somebody wrote.
const MOST_PLACES: u32 = 4;

/// Whether its numbers are short. Long ones for each kind of tensor fit what another method made
/// of the same models.
fn is_plain(recipe: &Recipe) -> bool {
    let is_short = |value: &f64| {
        let own = Fitted {
            value: *value,
            error: 0.0,
        };
        own.shortest().1 <= MOST_PLACES
    };
    let are_short = |value: &Value| match value {
        Value::Number(number) => is_short(number),
        Value::Gradient(points) => points.iter().all(is_short),
        Value::Flag(_) => true,
    };
    let is_plain = |(_, setting): &(String, Setting)| match setting {
        Setting::Value(value) => are_short(value),
        Setting::Filtered(items) => items.iter().all(|item| are_short(&item.value)),
    };
    let inputs = recipe.content.inputs();
    let of_models = inputs.iter().flat_map(|input| &input.parameters);
    of_models.chain(&recipe.parameters).all(is_plain)
}

/// Whether sums are divided by their weights, so that the weight of one model alone is nothing.
fn is_divided(recipe: &Recipe) -> bool {
    let given = recipe.parameters.iter().find(|(key, _)| key == "normalize");
    if let Some((_, Setting::Value(Value::Flag(flag)))) = given {
        return *flag;
    }
    let method = methods::find(&recipe.merge_method);
    let own = method.and_then(|method| {
        let mut parameters = method.description().parameters.iter();
        parameters.find(|own| own.key == "normalize")?.default()
    });
    own.is_some_and(|default| default != 0.0)
}

/// Whether it takes one model nearly as it is, as a light fine-tune of that model would look.
fn is_nearly_a_copy(recipe: &Recipe) -> bool {
    // Its `t` is a distance, not a share.
    if recipe.merge_method == "nearswap" {
        return true;
    }
    let inputs = recipe.content.inputs();
    let others = inputs
        .iter()
        .filter(|input| Some(&input.model) != recipe.base_model.as_ref());
    let [only] = others.collect::<Vec<_>>()[..] else {
        return false;
    };
    let number = |parameters: &Parameters, key: &str| {
        let own = parameters.iter().find(|(own, _)| own == key);
        own.and_then(|(_, setting)| match setting {
            Setting::Value(Value::Number(value)) => Some(*value),
            _ => None,
        })
    };
    // NearSwap and SLERP with the base say by `t` how much there is of it.
    let share = match is_divided(recipe) {
        true => None,
        false => number(&only.parameters, "weight").or(number(&recipe.parameters, "t")),
    };
    let factor = number(&recipe.parameters, "lambda").unwrap_or(1.0);
    let density = number(&only.parameters, "density").unwrap_or(1.0);
    (share.unwrap_or(1.0) * factor - 1.0).abs() < 0.05 && density > 0.9
}
