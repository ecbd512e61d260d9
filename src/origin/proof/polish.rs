//! The neighbours of a recipe: each of its numbers a little larger or smaller.

use super::decimals::Fitted;
use super::recipes::Candidate;
use crate::merge::recipe::{Parameters, Recipe, Setting, Value};

/// The recipe with each of its numbers a little larger or smaller.
pub(crate) fn neighbours(candidate: &Candidate) -> Vec<Candidate> {
    let mut out = Vec::new();
    let mut changed = |change: &dyn Fn(&mut Recipe)| {
        let mut other = candidate.clone();
        change(&mut other.recipe);
        out.push(other);
    };
    let inputs = candidate.recipe.content.inputs().len();
    for at in 0..inputs {
        for (key, steps) in [("density", DENSITY_STEPS), ("weight", WEIGHT_STEPS)] {
            for step in steps {
                changed(&|recipe| {
                    if let Some(input) = recipe.content.inputs_mut().into_iter().nth(at) {
                        shift(&mut input.parameters, key, *step);
                    }
                });
            }
        }
    }
    for (key, steps) in [("lambda", WEIGHT_STEPS), ("gamma", GAMMA_STEPS)] {
        for step in steps {
            changed(&|recipe| shift(&mut recipe.parameters, key, *step));
        }
    }
    out.retain(|other| other.recipe != candidate.recipe);
    out
}

const DENSITY_STEPS: &[f64] = &[-0.05, 0.05, -0.02, 0.02, -0.01, 0.01, -0.005, 0.005];
const WEIGHT_STEPS: &[f64] = &[-0.01, 0.01, -0.001, 0.001];
const GAMMA_STEPS: &[f64] = &[-0.005, 0.005];

fn shift(parameters: &mut Parameters, key: &str, step: f64) {
    for (_, setting) in parameters.iter_mut().filter(|(own, _)| own == key) {
        if let Setting::Value(Value::Number(value)) = setting {
            let moved = Fitted {
                value: *value + step,
                error: 0.0,
            }
            .shortest()
            .0;
            let is_bounded = key == "density" || key == "gamma";
            *value = if is_bounded {
                moved.clamp(0.0, 1.0)
            } else {
                moved
            };
        }
    }
}
