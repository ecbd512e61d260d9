//! From the documents of a recipe file to steps, in the order in which they depend on each
//! other.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::problem::{Place, Problem};
use super::super::recipe::{AdapterRef, Content, ModelRef, Parsed, Recipe};
use super::inputs::Headers;
use super::tensors::tensors;
use super::{
    Model, ModelSource, Plan, Step, Surroundings, locate, output, parameters, rules, shape, size,
    vocabulary,
};
use crate::checkpoint::{Checkpoint, Config};

/// Plans all documents of a recipe file.
pub fn plan(parsed: &Parsed, surroundings: &Surroundings<'_>) -> Plan {
    let mut plan = Plan {
        steps: Vec::new(),
        problems: parsed.problems.clone(),
        cost: size::none(),
    };
    // What could not be read is not planned: its gaps would only be found a second time.
    if plan.errors().next().is_none() {
        for document in order(&parsed.recipes, parsed, &mut plan.problems) {
            let mut context = Context::new(parsed, surroundings, document, &plan.steps);
            let step = context.step(&parsed.recipes[document]);
            plan.problems.append(&mut context.problems);
            let Some(step) = step else { break };
            plan.steps.push(step);
        }
    }
    plan.cost = size::cost(&plan.steps, surroundings.threads);
    if let Some(out) = surroundings.out {
        let found = output::problems(out, surroundings.force, &plan);
        plan.problems.extend(found);
    }
    // Errors first; within them, the order in which they were found is that of the recipe.
    plan.problems.sort_by_key(|problem| problem.severity);
    plan
}

/// The documents so that each comes after those whose results it reads.
fn order(recipes: &[Recipe], parsed: &Parsed, problems: &mut Vec<Problem>) -> Vec<usize> {
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
            let models = recipe.models().into_iter();
            models.filter_map(|model| named(&model.path)).collect()
        })
        .collect();
    let ends: Vec<usize> = (0..recipes.len())
        .filter(|k| !needs.iter().any(|needs| needs.contains(k)))
        .collect();
    if let [_, second, ..] = ends[..] {
        let sentence = "no other document reads this one's result, and one merge has one result; \
                        give the documents to separate merges";
        error(second, "", sentence.to_owned());
        return Vec::new();
    }
    let mut done: Vec<usize> = Vec::new();
    while done.len() < recipes.len() {
        let is_next =
            |k: &usize| !done.contains(k) && needs[*k].iter().all(|need| done.contains(need));
        let Some(next) = (0..recipes.len()).find(is_next) else {
            let first = (0..recipes.len()).find(|k| !done.contains(k)).unwrap_or(0);
            let sentence = "this document needs its own result, directly or by way of others";
            error(first, "", sentence.to_owned());
            return Vec::new();
        };
        done.push(next);
    }
    done
}

/// What is known while one step is planned.
pub(super) struct Context<'a> {
    parsed: &'a Parsed,
    surroundings: &'a Surroundings<'a>,
    document: usize,
    earlier: &'a [Step],
    /// The models, each once, in the order of their first mention.
    pub(super) models: Vec<Model>,
    /// Their headers; `None` for one that could not be opened.
    pub(super) headers: Vec<Option<Headers<'a>>>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Context<'a> {
    fn new(
        parsed: &'a Parsed,
        surroundings: &'a Surroundings<'a>,
        document: usize,
        earlier: &'a [Step],
    ) -> Self {
        Self {
            parsed,
            surroundings,
            document,
            earlier,
            models: Vec::new(),
            headers: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn place(&self, path: &str) -> Place {
        self.parsed.positions.place(self.document, path)
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn error(&mut self, path: &str, sentence: impl Into<String>) {
        let problem = Problem::error(self.place(path), sentence);
        self.problem(problem);
    }

    pub(super) fn warning(&mut self, path: &str, sentence: impl Into<String>) {
        let problem = Problem::warning(self.place(path), sentence);
        self.problem(problem);
    }

    pub(super) fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// Plans one document; `None` if it has an error.
    fn step(&mut self, recipe: &Recipe) -> Option<Step> {
        let Some(method) = rules::method(recipe, self) else {
            self.find_models(recipe);
            return None;
        };
        let formats = rules::formats(recipe, self);
        rules::chat_template(recipe, self);
        rules::residual_weights(recipe, self);
        parameters::check(recipe, method.description(), self);
        let parts = shape::parts(recipe, method.description(), self);
        let (donor, tokenizer) = self.donors(recipe, &parts);
        if self.has_errors() {
            return None;
        }
        let made = tensors(recipe, method, &formats, &parts, self);
        vocabulary::check(recipe, &parts, tokenizer, self);
        if self.has_errors() {
            return None;
        }
        // Only now: a range of layers that no model has would be listed layer by layer.
        let config = vocabulary::config_change(&made, &parts, donor, self);
        Some(Step {
            recipe: recipe.clone(),
            document: self.document,
            method,
            models: std::mem::take(&mut self.models),
            tensors: made,
            donor,
            tokenizer,
            config,
        })
    }

    /// Opens what the recipe names, so that all that is not there is said at once. What other
    /// documents make is not looked for: those may have failed themselves.
    fn find_models(&mut self, recipe: &Recipe) {
        rules::formats(recipe, self);
        let made: Vec<&str> = (self.parsed.recipes.iter())
            .filter_map(|other| other.name.as_deref())
            .collect();
        if let Some(base) = &recipe.base_model
            && !made.contains(&base.path.as_str())
        {
            self.model(base, "base_model");
        }
        let Content::Models(models) = &recipe.content else {
            return;
        };
        for (k, own) in models.iter().enumerate() {
            if !made.contains(&own.model.path.as_str()) {
                self.model(&own.model, &format!("models[{k}].model"));
            }
        }
    }

    /// The models whose configuration and whose tokenizer the child gets.
    fn donors(&mut self, recipe: &Recipe, parts: &[shape::Part<'_>]) -> (usize, usize) {
        let base = recipe
            .base_model
            .as_ref()
            .map(|base| self.model(base, "base_model"));
        let first = parts
            .first()
            .and_then(|part| part.sources.first())
            .map(|source| source.model);
        let donor = base.or(first).unwrap_or(0);
        let tokenizer = rules::tokenizer(recipe, base, self).unwrap_or(donor);
        (donor, tokenizer)
    }

    /// The model that the recipe names at `path`, opened when it is first mentioned.
    pub(super) fn model(&mut self, reference: &ModelRef, path: &str) -> usize {
        if let Some(known) = self.models.iter().position(|m| &m.reference == reference) {
            return known;
        }
        let adapter = reference
            .adapter
            .as_ref()
            .and_then(|adapter| self.adapter(adapter, path));
        let (source, headers) = match self.earlier_step(reference) {
            Some(step) => (Some(ModelSource::Step(step)), self.headers_of_step(step)),
            None => self.open_model(reference, path),
        };
        if let (Some(headers), Some(adapter)) = (&headers, &adapter) {
            let missing = adapter.adapter().map_or(Vec::new(), |a| {
                a.targets_missing_in(|name| headers.find(name, 0).is_some())
            });
            if let Some(first) = missing.first() {
                let sentence = format!(
                    "the adapter changes {} tensors that the model does not have, such as {first}; \
                     it was made for another model",
                    missing.len()
                );
                self.error(path, sentence);
            }
        }
        // A model that is not there stays in the table, so that indices are right; its problem
        // is an error, and the plan ends before anyone reads it.
        self.headers.push(headers);
        self.models.push(Model {
            reference: reference.clone(),
            source: source.unwrap_or(ModelSource::Step(usize::MAX)),
            adapter,
        });
        self.models.len() - 1
    }

    fn earlier_step(&self, reference: &ModelRef) -> Option<usize> {
        self.earlier
            .iter()
            .position(|step| step.name() == Some(reference.path.as_str()))
    }

    fn headers_of_step(&self, step: usize) -> Option<Headers<'a>> {
        let made = self.earlier.get(step)?;
        let config = config_of(self.earlier, step);
        let name = made.name().unwrap_or_default().to_owned();
        Some(Headers::of_step(name, made, &config))
    }

    fn open_model(
        &mut self,
        reference: &ModelRef,
        path: &str,
    ) -> (Option<ModelSource>, Option<Headers<'a>>) {
        let place = AdapterRef {
            path: reference.path.clone(),
            revision: reference.revision.clone(),
        };
        let Some(opened) = self.open(&place, path) else {
            return (None, None);
        };
        if opened.adapter().is_some() {
            let sentence = format!("{reference} is an adapter; write `base+{reference}`");
            self.error(path, sentence);
            return (None, None);
        }
        let headers = Headers::of_checkpoint(reference.to_string(), &opened);
        (Some(ModelSource::Opened(opened)), Some(headers))
    }

    fn adapter(&mut self, reference: &AdapterRef, path: &str) -> Option<Arc<Checkpoint>> {
        let opened = self.open(reference, path)?;
        if opened.adapter().is_none() {
            let sentence = format!("{} is no LoRA adapter", reference.path);
            self.error(path, sentence);
            return None;
        }
        Some(opened)
    }

    fn open(&mut self, reference: &AdapterRef, path: &str) -> Option<Arc<Checkpoint>> {
        let Surroundings {
            root, hub, opened, ..
        } = *self.surroundings;
        let revision = reference.revision.as_deref();
        let open = |found: PathBuf| match opened.iter().find(|known| known.path() == found) {
            Some(known) => Ok(Arc::clone(known)),
            None => match Checkpoint::open(&found) {
                Ok(checkpoint) => Ok(Arc::new(checkpoint)),
                Err(error) => Err(error.to_string()),
            },
        };
        match locate(&reference.path, revision, root, hub).and_then(open) {
            Ok(checkpoint) => Some(checkpoint),
            Err(sentence) => {
                self.error(path, sentence);
                None
            }
        }
    }
}

/// The configuration that the child of a step has, as far as the plan reads it.
fn config_of(steps: &[Step], step: usize) -> Config {
    let Some(made) = steps.get(step) else {
        return Config::default();
    };
    match made.models.get(made.donor).map(|donor| &donor.source) {
        Some(ModelSource::Opened(checkpoint)) => checkpoint.config().clone(),
        // A step only names earlier ones.
        Some(ModelSource::Step(earlier)) if *earlier < step => config_of(steps, *earlier),
        _ => Config::default(),
    }
}
