//! From the documents of a recipe file to steps, in the order in which they depend on each
//! other.

use super::super::problem::Problem;
use super::super::recipe::{Content, Parsed, Recipe};
use super::context::Context;
use super::shape::Part;
use super::tensors::tensors;
use super::tokens::TokensOf;
use super::{
    ConfigChange, Cost, Plan, Step, Surroundings, alignment, child_config, parameters, places,
    rules, shape, size, tokens,
};

/// Plans all documents of a recipe file.
pub fn plan(parsed: &Parsed, surroundings: &Surroundings<'_>) -> Plan {
    plan_of(parsed, None, surroundings)
}

/// Plans what one document of a recipe file needs, and leaves the others alone; without one it
/// plans all of them.
pub fn plan_of(parsed: &Parsed, output: Option<usize>, surroundings: &Surroundings<'_>) -> Plan {
    let mut plan = Plan {
        steps: Vec::new(),
        problems: parsed.problems.clone(),
        cost: Cost::default(),
    };
    // What could not be read is not planned: its gaps would only be found a second time.
    if plan.errors().next().is_none() {
        let has_places = surroundings.intermediates.is_some();
        for document in order(parsed, (output, has_places), &mut plan.problems) {
            let mut context = Context::new(parsed, surroundings, document, &plan.steps);
            let step = step(&parsed.recipes[document], &mut context);
            plan.problems.append(&mut context.problems);
            let Some(mut step) = step else { break };
            step.place = places::of(step.name(), surroundings.intermediates);
            plan.steps.push(step);
        }
    }
    plan.cost = size::cost(&plan.steps, surroundings.threads);
    let found = places::problems(surroundings, &plan);
    plan.problems.extend(found);
    // Errors first; within them, the order in which they were found is that of the recipe.
    plan.problems.sort_by_key(|problem| problem.severity);
    plan
}

/// The documents that `output` needs, or all, so that each comes after those whose results it
/// reads, one without a name last. Several may be read by no other where each has its place.
fn order(
    parsed: &Parsed,
    (output, has_places): (Option<usize>, bool),
    problems: &mut Vec<Problem>,
) -> Vec<usize> {
    let recipes = &parsed.recipes;
    let mut error = |document: usize, path: &str, sentence: String| {
        let place = parsed.positions.place(document, path);
        problems.push(Problem::error(place, sentence));
    };
    let named = |name: &str| {
        recipes
            .iter()
            .position(|recipe| recipe.name.as_deref() == Some(name))
    };
    for (k, recipe) in recipes.iter().enumerate() {
        if let Some(name) = recipe.name.as_deref().filter(|name| named(name) != Some(k)) {
            error(k, "name", format!("two documents are called `{name}`"));
            return Vec::new();
        }
    }
    let needs: Vec<Vec<usize>> = recipes
        .iter()
        .map(|recipe| {
            let models = recipe.models().into_iter().chain(recipe.token_models());
            models.filter_map(|model| named(&model.path)).collect()
        })
        .collect();
    let ends: Vec<usize> = (0..recipes.len())
        .filter(|k| !needs.iter().any(|needs| needs.contains(k)))
        .collect();
    let nameless = |k: &usize| recipes[*k].name.is_none();
    let unnamed = ends.iter().copied().filter(nameless).nth(1);
    if let (Some(second), None) = (unnamed, output) {
        let sentence = "two documents have no name, and only one can be the last; name the others";
        error(second, "", sentence.to_owned());
        return Vec::new();
    }
    if let ([_, second, ..], false, None) = (&ends[..], has_places, output) {
        let sentence = "no other document reads this one's result, and one merge has one result; \
                        give the documents to separate merges, or each its own folder with \
                        `kinfolk merge --intermediates DIR`";
        error(*second, "", sentence.to_owned());
        return Vec::new();
    }
    let needed = match output {
        Some(output) => needed(output, &needs),
        None => (0..recipes.len()).collect(),
    };
    let mut done: Vec<usize> = Vec::new();
    while done.len() < needed.len() {
        let is_next =
            |k: &usize| !done.contains(k) && needs[*k].iter().all(|need| done.contains(need));
        let Some(next) = needed.iter().copied().find(is_next) else {
            let first = needed.iter().find(|k| !done.contains(k));
            let first = first.copied().unwrap_or(0);
            let sentence = "this document needs its own result, directly or by way of others";
            error(first, "", sentence.to_owned());
            return Vec::new();
        };
        done.push(next);
    }
    // Nothing reads it, and what is last is the child.
    done.sort_by_key(nameless);
    done
}

/// A document and all that it needs, in their order.
fn needed(output: usize, needs: &[Vec<usize>]) -> Vec<usize> {
    let mut found = vec![false; needs.len()];
    let mut open = vec![output];
    while let Some(next) = open.pop() {
        if let Some(is_found) = found.get_mut(next).filter(|is_found| !**is_found) {
            *is_found = true;
            open.extend(&needs[next]);
        }
    }
    (0..needs.len()).filter(|&k| found[k]).collect()
}

/// Plans one document; `None` if it has an error.
fn step(recipe: &Recipe, context: &mut Context<'_>) -> Option<Step> {
    let Some(method) = rules::method(recipe, context) else {
        find_models(recipe, context);
        return None;
    };
    let formats = rules::formats(recipe, context);
    rules::chat_template(recipe, context);
    rules::residual_weights(recipe, context);
    parameters::check(recipe, method.description(), context);
    let parts = shape::parts(recipe, method.description(), context);
    let (donor, tokenizer) = donors(recipe, &parts, context);
    let allow_crimes = recipe.own.allow_crimes || context.allows_crimes();
    alignment::align(&parts, allow_crimes, context);
    if context.has_errors() {
        return None;
    }
    let wanted = TokensOf {
        recipe,
        parts: &parts,
        tokenizer,
    };
    let lined_up = wanted.line_up(&formats, context);
    if context.has_errors() {
        return None;
    }
    let made = tensors(recipe, method, &formats, &parts, context);
    let own_tokens = match lined_up {
        Some(tokens) => Some(tokens),
        None => wanted.by_number(&made, context),
    };
    if context.has_errors() {
        return None;
    }
    alignment::warn_of_settings(&parts, context);
    code_is_not_copied(donor, context);
    // Only now: a range of layers that no model has would be listed layer by layer.
    let mut config = child_config::config_change(&made, &parts, donor, context);
    if let Some(own) = &own_tokens {
        let ids = tokens::special_ids(own, [donor, tokenizer], child_config::rows(&made), context);
        config = ConfigChange {
            token_ids: ids.token_ids,
            generation_ids: ids.generation_ids,
            ..config
        };
    }
    Some(Step {
        recipe: recipe.clone(),
        document: context.document,
        method,
        models: std::mem::take(&mut context.models),
        tensors: made,
        donor,
        tokenizer,
        config,
        tokens: own_tokens,
        place: None,
    })
}

/// Code of a stranger is run by whoever loads the child, so that it is not passed on unasked.
fn code_is_not_copied(donor: usize, context: &mut Context<'_>) {
    let Some(headers) = &context.headers[donor] else {
        return;
    };
    let files = headers.config.code.join(", ");
    if !files.is_empty() {
        let sentence = format!(
            "the configuration of {} names code of its own ({files}), which is not copied; copy \
             it into the child's folder if you trust it",
            headers.name
        );
        context.warning("", sentence);
    }
}

/// Opens what the recipe names, so that all that is not there is said at once. What other
/// documents make is not looked for: those may have failed themselves.
fn find_models(recipe: &Recipe, context: &mut Context<'_>) {
    rules::formats(recipe, context);
    let parsed = context.parsed;
    let made: Vec<&str> = (parsed.recipes.iter())
        .filter_map(|other| other.name.as_deref())
        .collect();
    if let Some(base) = &recipe.base_model
        && !made.contains(&base.path.as_str())
    {
        context.model(base, "base_model");
    }
    for (prefix, content) in rules::with_paths(&recipe.content) {
        let Content::Models(models) = content else {
            continue;
        };
        for (k, own) in models.iter().enumerate() {
            if !made.contains(&own.model.path.as_str()) {
                context.model(&own.model, &format!("{prefix}models[{k}].model"));
            }
        }
    }
}

/// The models whose configuration and whose tokenizer the child gets.
fn donors(recipe: &Recipe, parts: &[Part<'_>], context: &mut Context<'_>) -> (usize, usize) {
    let base = recipe
        .base_model
        .as_ref()
        .map(|base| context.model(base, "base_model"));
    let first = parts
        .first()
        .and_then(|part| part.sources.first())
        .map(|source| source.model);
    let donor = base.or(first).unwrap_or(0);
    let tokenizer = tokens::source(recipe, donor, context).unwrap_or(donor);
    (donor, tokenizer)
}
