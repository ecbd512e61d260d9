//! What a recipe for a mixture would make: checked and sized by headers, before the first byte.

use serde_json::{Map, Value};

use super::architecture::Architecture;
use super::check::{self, Purpose};
use super::config::{Mixture, losses};
use super::read::MoeParsed;
use super::recipe::{Expert, MoeRecipe};
use super::tensors::{MoeTensor, Wanted, Widths, has_head};
use crate::checkpoint::{Checkpoint, Dtype, is_gguf_name, is_token_embedding};
use crate::evaluate;
use crate::merge::plan::{
    ConfigChange, Context, Cost, Model, Surroundings, beside_bytes, cost_of, crimes, format,
    problems_of, rename, settings,
};
use crate::merge::problem::{Problem, nearest};
use crate::merge::write::{read_config, write_config_with};

/// What a recipe would make.
pub struct MoePlan {
    /// What is wrong, errors first.
    pub problems: Vec<Problem>,
    /// The mixture; `None` if there is an error.
    pub child: Option<MoeChild>,
}

/// A mixture that can be made.
pub struct MoeChild {
    /// What was asked for.
    pub recipe: MoeRecipe,
    /// Its architecture.
    pub architecture: Architecture,
    /// The models it is made of, each once.
    pub models: Vec<Model>,
    /// Which of them is the base.
    pub base: usize,
    /// The model of each expert, shared ones last.
    pub experts: Vec<usize>,
    /// What it holds, in the order of people.
    pub tensors: Vec<MoeTensor>,
    /// Layers.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// The format of all its numbers.
    pub dtype: Dtype,
    /// What making it costs.
    pub cost: Cost,
    /// Its `config.json`.
    pub(super) config: String,
}

impl MoePlan {
    /// Whether nothing stands in the way.
    pub fn is_sound(&self) -> bool {
        self.child.is_some() && !self.problems.iter().any(Problem::is_error)
    }

    /// Makes mistakes of words that change nothing.
    pub fn be_strict(&mut self) {
        crate::merge::problem::be_strict(&mut self.problems);
    }
}

impl MoeChild {
    /// The opened base.
    pub fn base(&self) -> Option<&Checkpoint> {
        self.models.get(self.base)?.checkpoint().map(|own| &**own)
    }

    /// How many experts tokens are sent to.
    pub fn routed(&self) -> usize {
        self.recipe.experts.len()
    }

    /// How many experts have a row of a router, shared ones last.
    pub fn gated(&self) -> usize {
        match self.architecture.gates_shared() {
            true => self.experts.len(),
            false => self.routed(),
        }
    }
}

/// Plans a recipe.
pub fn plan(parsed: &MoeParsed, surroundings: &Surroundings<'_>, purpose: Purpose) -> MoePlan {
    let mut problems = parsed.text.problems.clone();
    let recipe = parsed.recipe.as_ref();
    // What could not be read is not planned: its gaps would only be found a second time.
    let recipe = recipe.filter(|_| !problems.iter().any(Problem::is_error));
    let mut child = None;
    if let Some(recipe) = recipe {
        let mut context = Context::new(&parsed.text, surroundings, 0, &[]);
        let found = check::problems(recipe, &parsed.text.positions, purpose);
        found.into_iter().for_each(|own| context.problem(own));
        child = Planner {
            recipe,
            surroundings,
        }
        .child(&mut context);
        problems.append(&mut context.problems);
    }
    problems.sort_by_key(|problem| problem.severity);
    if problems.iter().any(Problem::is_error) {
        child = None;
    }
    MoePlan { problems, child }
}

struct Planner<'a> {
    recipe: &'a MoeRecipe,
    surroundings: &'a Surroundings<'a>,
}

impl Planner<'_> {
    fn child(&self, context: &mut Context<'_>) -> Option<MoeChild> {
        let recipe = self.recipe;
        let base = context.model(&recipe.base_model, "base_model");
        let experts: Vec<(_, usize, String)> = check::with_paths(recipe)
            .into_iter()
            .map(|(path, own)| {
                let model = context.model(&own.source_model, &format!("{path}.source_model"));
                (own, model, path)
            })
            .collect();
        self.relatives(base, &experts, context);
        if context.has_errors() {
            return None;
        }
        let config = base_config(base, context)?;
        let architecture = self.architecture(base, context)?;
        let dtype = self.dtype(base, context)?;
        let (errors, warnings) = losses(architecture, &config);
        errors
            .into_iter()
            .for_each(|own| context.error("base_model", own));
        warnings
            .into_iter()
            .for_each(|own| context.warning("base_model", own));
        self.gates(base, context);
        let (layers, hidden) = sizes(base, context)?;
        let models: Vec<usize> = experts.iter().map(|(_, model, _)| *model).collect();
        let is_tied = context.models[base].checkpoint()?.tied_embeddings();
        let wanted = Wanted {
            architecture,
            base,
            experts,
            routed: recipe.experts.len(),
            layers,
            hidden,
            dtype,
            is_tied,
        };
        let (tensors, widths) = wanted.tensors(context);
        if context.has_errors() {
            return None;
        }
        let config = self.config(architecture, base, (&tensors, widths, dtype), context)?;
        let cost = self.cost(&tensors, base, context);
        let child = MoeChild {
            recipe: recipe.clone(),
            architecture,
            experts: models,
            base,
            tensors,
            layers,
            hidden,
            dtype,
            cost,
            config,
            models: std::mem::take(&mut context.models),
        };
        self.output(&child, context);
        Some(child)
    }

    /// Brings the experts to the names of the base, and says what the configurations do not agree
    /// on.
    fn relatives(
        &self,
        base: usize,
        experts: &[(&Expert, usize, String)],
        context: &mut Context<'_>,
    ) {
        let allow = self.recipe.own.allow_crimes || self.surroundings.allow_crimes;
        let mut seen = vec![base];
        for (_, model, path) in experts {
            if seen.contains(model) {
                continue;
            }
            seen.push(*model);
            let path = format!("{path}.source_model");
            rename(*model, base, &path, context);
            crimes(*model, base, &path, allow, context);
            settings(*model, base, &path, context);
        }
    }

    /// The architecture that is asked for, or else the first that fits.
    fn architecture(&self, base: usize, context: &mut Context<'_>) -> Option<Architecture> {
        let family = context.models[base]
            .checkpoint()?
            .config()
            .model_type
            .clone();
        let family = family.unwrap_or_default();
        let named = self.recipe.architecture.as_deref();
        let candidates = match named {
            Some(name) => Architecture::named(name),
            None => Architecture::ALL.to_vec(),
        };
        if let (true, Some(name)) = (candidates.is_empty(), named) {
            let keys = || Architecture::ALL.into_iter().map(Architecture::key);
            let known: Vec<&str> = keys().collect();
            let sentence = format!(
                "there is no architecture `{name}`; {} are",
                known.join(", ")
            );
            let problem = Problem::error(context.place("architecture"), sentence);
            context.problem(problem.with_nearest(nearest(name, keys())));
            return None;
        }
        let shared = &self.recipe.shared_experts;
        let reads = self.recipe.gate_mode.reads_prompts();
        let mut objections = Vec::new();
        for own in candidates {
            // Random rows ask for no prompts.
            let has_gate = |has_prompts: bool| has_prompts || !reads && own.gates_shared();
            let shared = shared
                .iter()
                .map(|s| has_gate(!s.positive_prompts.is_empty()));
            match own.objection(&family, &shared.collect::<Vec<bool>>()) {
                None => return Some(own),
                Some(objection) => objections.push(objection),
            }
        }
        let path = if named.is_some() {
            "architecture"
        } else {
            "base_model"
        };
        let sentence = format!(
            "these models make no mixture of experts, the base being of type `{family}`: {}",
            objections.join("; ")
        );
        context.error(path, sentence);
        None
    }

    /// The format of the recipe, else that of the base's configuration, else of its weights.
    fn dtype(&self, base: usize, context: &mut Context<'_>) -> Option<Dtype> {
        let checkpoint = context.models[base].checkpoint()?.clone();
        let stored = checkpoint
            .tensors()
            .iter()
            .max_by_key(|t| t.elements())?
            .dtype;
        let of_weights = || stored.written().config_name().map(str::to_owned);
        let name = self.recipe.dtype.clone();
        let name = name
            .or_else(|| checkpoint.config().dtype.clone())
            .or_else(of_weights);
        let Some(name) = name else {
            let sentence = format!(
                "the base is stored as {stored}; say with `dtype` in which format the mixture is \
                 to be written"
            );
            context.error("base_model", sentence);
            return None;
        };
        format("dtype", Some(&name), context)
    }

    /// Whether the rows of the router can be made.
    fn gates(&self, base: usize, context: &mut Context<'_>) {
        if !self.recipe.gate_mode.runs_base() {
            return;
        }
        let model = &context.models[base];
        let mode = self.recipe.gate_mode.key();
        let sentence = match (&model.adapter, model.checkpoint()) {
            (Some(_), _) => Some(format!(
                "`gate_mode: {mode}` runs the base, which has an adapter on it; merge the two \
                 into a folder first, or take `gate_mode: cheap_embed`"
            )),
            (None, Some(checkpoint)) => evaluate::can_be_run(checkpoint)
                .err()
                .map(|error| error.to_string()),
            (None, None) => None,
        };
        if let Some(sentence) = sentence {
            context.error("gate_mode", sentence);
        }
    }

    fn config(
        &self,
        architecture: Architecture,
        base: usize,
        (tensors, widths, dtype): (&[MoeTensor], Widths, Dtype),
        context: &mut Context<'_>,
    ) -> Option<String> {
        let checkpoint = context.models[base].checkpoint()?.clone();
        let said = checkpoint.config();
        let rows = tensors.iter().find(|t| is_token_embedding(&t.plan.name));
        let rows = rows.and_then(|t| t.plan.shape.first().copied());
        let silent = said.tie_word_embeddings.is_none() && !has_head(&checkpoint);
        let change = ConfigChange {
            vocab_size: rows.filter(|rows| said.vocab_size != Some(*rows)),
            tie_word_embeddings: silent.then_some(true),
            dtype: dtype.config_name().map(str::to_owned),
            ..ConfigChange::default()
        };
        let mixture = Mixture {
            architecture,
            experts: self.recipe.experts.len(),
            per_token: self.recipe.per_token(),
            width: widths.routed,
            shared_width: widths.shared,
        };
        match write_config_with(checkpoint.folder(), &change, |object| mixture.apply(object)) {
            Ok(text) => text,
            Err(sentence) => {
                context.error("base_model", sentence);
                None
            }
        }
    }

    fn cost(&self, tensors: &[MoeTensor], base: usize, context: &Context<'_>) -> Cost {
        let inputs = tensors.iter().flat_map(|t| t.pieces());
        let of_tensors = inputs.map(|piece| piece.input.dtype.stored_bytes(piece.elements));
        let of_gates = match (self.recipe.gate_mode.runs_base(), context.models.get(base)) {
            (true, Some(model)) => model.checkpoint().map_or(0, |own| gate_bytes(own)),
            _ => 0,
        };
        let written = tensors.iter().map(|t| t.plan.size_bytes()).sum();
        cost_of(
            of_tensors.sum::<u64>() + of_gates,
            written,
            self.surroundings.threads,
        )
    }

    fn output(&self, child: &MoeChild, context: &mut Context<'_>) {
        let Some(out) = self.surroundings.out else {
            return;
        };
        if is_gguf_name(out) {
            let sentence = format!(
                "a mixture is written as a folder of safetensors, and this is the name of a GGUF \
                 file: {}",
                out.display()
            );
            context.error("", sentence);
            return;
        }
        let folder = child.base().map(Checkpoint::folder);
        let beside = beside_bytes(folder.zip(folder), child.tensors.len());
        let needed = child.cost.bytes_written + beside;
        let force = self.surroundings.force;
        let found = problems_of(out, force, || child.models.iter(), needed);
        found.into_iter().for_each(|own| context.problem(own));
    }
}

/// Bytes of the layers that are run to make gates: all but the last.
fn gate_bytes(base: &Checkpoint) -> u64 {
    let layers = base.layers() as u32;
    let is_run = |layer: Option<u32>| layer.is_some_and(|own| own + 1 < layers);
    let run = base.tensors().iter().filter(|t| is_run(t.place.layer));
    run.map(|tensor| tensor.size_bytes()).sum()
}

/// The base's configuration, which the mixture cannot do without.
fn base_config(base: usize, context: &mut Context<'_>) -> Option<Map<String, Value>> {
    let checkpoint = context.models[base].checkpoint()?.clone();
    let sentence = match read_config(checkpoint.folder()) {
        Ok(Some(config)) => return Some(config),
        Ok(None) => format!(
            "the base has no config.json, from which the mixture's is made; put the original \
             model's beside the weights: {}",
            checkpoint.folder().display()
        ),
        Err(sentence) => sentence,
    };
    context.error("base_model", sentence);
    None
}

/// Layers and width of the base.
fn sizes(base: usize, context: &mut Context<'_>) -> Option<(usize, usize)> {
    let checkpoint = context.models[base].checkpoint()?.clone();
    let config = checkpoint.config();
    let layers = config.num_hidden_layers.unwrap_or(checkpoint.layers());
    let embedding = checkpoint
        .tensors()
        .iter()
        .find(|t| is_token_embedding(&t.name));
    let width = match embedding.map(|t| &t.shape[..]) {
        Some(&[_, width]) => width,
        found => {
            let shape = found.map_or("none".to_owned(), |shape| format!("{shape:?}"));
            let sentence = format!(
                "the base's token embedding should have two dimensions, and has {shape}: {}",
                checkpoint.path().display()
            );
            context.error("base_model", sentence);
            return None;
        }
    };
    if let Some(said) = config.hidden_size.filter(|said| *said != width) {
        let sentence = format!(
            "the base's config.json says a width of {said}, and its token embedding has {width}: \
             {}",
            checkpoint.path().display()
        );
        context.error("base_model", sentence);
    }
    if layers > checkpoint.layers() {
        let sentence = format!(
            "the base's config.json says {layers} layers, and its weights have {}: {}",
            checkpoint.layers(),
            checkpoint.path().display()
        );
        context.error("base_model", sentence);
        return None;
    }
    Some((layers, width))
}
