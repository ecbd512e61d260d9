//! Carries out a plan: tensor by tensor, into a folder that gets its name when all is there.
//!
//! While a tensor is computed the system is told which pages come next, and what was written
//! before is brought to the disk by the system and, shard by shard, by a thread of its own.
//! Memory is that of the methods' blocks and of the chunks that are being written; no tensor is
//! held.

mod gguf;
mod open;
mod outcome;
mod shard;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub use self::gguf::{GgufOptions, GgufWanted, gguf_options};
use self::open::{Opened, opened, watch};
pub use self::outcome::{NonFinite, Options, Outcome, RunError};
use self::shard::{Maker, failure, skip};
use super::chat_templates::chosen;
use super::plan::{Plan, Step};
use super::recipe::{Recipe, to_yaml};
use super::write::{
    Finishing, GGUF_NAME, INDEX_NAME, Layout, RECIPE_NAME, STEP_PREFIX, ShardFile, Staging, card,
    copy_companions, recipe_hash, work_key, write_config, write_generation,
};
use crate::checkpoint::{Checkpoint, Watch};
use crate::jobs::Ticket;

/// Carries out `plan`, which must be sound, on all threads of the current pool.
///
/// # Errors
/// [`RunError::Cancelled`] within a tenth of a second of the ticket being cancelled; a sentence
/// for anything else, such as an input that did not stay what it was. Nothing is at `options.out` then that was not there before; finished
/// shards stay beside it for the next run.
pub fn run(plan: &Plan, options: &Options, ticket: &Ticket) -> Result<Outcome, RunError> {
    run_to(plan, options, None, ticket)
}

/// The same into one GGUF file at `options.out`, with what `gguf` says.
///
/// # Errors
/// As for [`run`]; a sentence too if the template is of another model.
pub fn run_gguf(
    plan: &Plan,
    options: &Options,
    gguf: &GgufOptions,
    ticket: &Ticket,
) -> Result<Outcome, RunError> {
    run_to(plan, options, Some(gguf), ticket)
}

/// The same into a folder, or into one GGUF file if there is something of that.
///
/// # Errors
/// As for [`run`] and [`run_gguf`].
pub fn run_to(
    plan: &Plan,
    options: &Options,
    gguf: Option<&GgufOptions>,
    ticket: &Ticket,
) -> Result<Outcome, RunError> {
    let started = Instant::now();
    if let Some(problem) = plan.errors().next() {
        return Err(RunError::Failed(problem.to_string()));
    }
    let saved = |step: &Step| {
        let mut recipe = step.recipe.clone();
        // Written with the seed that was used, the recipe makes the same child again.
        recipe.own.seed = options.seed.or(recipe.own.seed);
        recipe
    };
    let recipes: Vec<Recipe> = plan.steps.iter().map(saved).collect();
    let yaml = to_yaml(&recipes)?;
    let hash = recipe_hash(&yaml);
    let last = plan.steps.len().saturating_sub(1);
    let layout = |(k, step): (usize, &Step)| {
        // Steps on the way are read once and removed.
        let shard_bytes = if k == last { options.shard_bytes } else { 0 };
        Layout::new(&step.tensors, shard_bytes, &hash)
    };
    let mut layouts: Vec<Layout> = plan.steps.iter().enumerate().map(layout).collect();
    if let (Some(gguf), Some(layout)) = (gguf, layouts.last_mut()) {
        *layout = gguf::layout(plan, options, gguf, (&yaml, &hash))?;
    }
    let watch = watch(plan)?;
    // Shards of an input that was changed without another time or length are not used again.
    let key = format!(
        "{}-{}",
        work_key(plan, &hash, options.seed, &layouts),
        watch.digest()
    );
    ticket.expect(plan.cost.bytes_read);
    let mut run = Run {
        plan,
        options,
        ticket,
        watch,
        key: &key,
        yaml: &yaml,
        is_gguf: gguf.is_some(),
        outcome: Outcome {
            out: options.out.clone(),
            files: Vec::new(),
            tensors: 0,
            bytes_read: plan.cost.bytes_read,
            bytes_written: 0,
            reused_files: 0,
            seconds: 0.0,
            non_finite: Vec::new(),
            recipe_sha256: hash,
        },
    };
    let staging = match gguf {
        Some(_) => Staging::open_file(&options.out, options.force, &key)?,
        None => Staging::open(&options.out, options.force, &key)?,
    };
    let mut steps = Vec::new();
    for (k, layout) in layouts.iter().enumerate().take(last) {
        match run.early_step(k, layout, staging.path(), &steps) {
            Ok(made) => steps.push(made),
            Err(error) => {
                staging.abandon();
                return Err(error);
            }
        }
    }
    let Some(layout) = layouts.last() else {
        return Err(RunError::Failed("the recipe is empty".to_owned()));
    };
    run.last_step(last, layout, staging, &steps)?;
    run.outcome.seconds = started.elapsed().as_secs_f64();
    Ok(run.outcome)
}

/// What to know of a folder that is made after a GGUF file: it lacks what such a file keeps in
/// another form.
pub fn missing_companions(plan: &Plan) -> Option<&'static str> {
    let step = plan.steps.last()?;
    let donor = step.models.get(step.donor)?.checkpoint()?;
    let is_alone = donor.is_gguf() && !donor.folder().join("config.json").exists();
    is_alone.then_some(
        "the folder has no config.json and no tokenizer, which GGUF keeps in another form; put \
         those of the original model beside the weights",
    )
}

/// The one file of a step on the way, opened by its name: its folder, which still tells of the
/// work, is not a model to anybody else.
const STEP_FILE: &str = "model.safetensors";

struct Run<'a> {
    plan: &'a Plan,
    options: &'a Options,
    ticket: &'a Ticket,
    /// Everything that is read, the models of earlier steps too.
    watch: Watch<Arc<Checkpoint>>,
    key: &'a str,
    yaml: &'a str,
    /// Whether the child is one GGUF file, with nothing beside it.
    is_gguf: bool,
    outcome: Outcome,
}

impl Run<'_> {
    /// Makes a model that later steps read, or takes the one that an earlier run has made.
    fn early_step(
        &mut self,
        k: usize,
        layout: &Layout,
        folder: &Path,
        steps: &[Arc<Checkpoint>],
    ) -> Result<Arc<Checkpoint>, RunError> {
        let out = folder.join(format!("{STEP_PREFIX}{k}"));
        let key = format!("{}-{k}", self.key);
        if !Staging::is_done(&out, &key) {
            let mut staging = Staging::open(&out, true, &key)?;
            let step = &self.plan.steps[k];
            let made = self
                .step(k, layout, &mut staging, steps)
                .and_then(|()| self.companions(step, layout, &opened(step, steps)?, &staging));
            match made {
                Ok(()) => staging.publish_step()?,
                Err(error) => {
                    staging.abandon();
                    return Err(error);
                }
            };
        }
        let made = Arc::new(Checkpoint::open(&out.join(STEP_FILE))?);
        self.watch.add(Arc::clone(&made))?;
        Ok(made)
    }

    fn last_step(
        &mut self,
        k: usize,
        layout: &Layout,
        mut staging: Staging,
        steps: &[Arc<Checkpoint>],
    ) -> Result<(), RunError> {
        let done = self
            .step(k, layout, &mut staging, steps)
            .and_then(|()| self.beside(k, layout, &staging, steps))
            .and_then(|()| Ok(self.watch.check()?));
        match done {
            Ok(()) if self.is_gguf => {
                let name = self.options.out.file_name().unwrap_or_default();
                self.outcome.files = vec![name.to_string_lossy().into_owned()];
                Ok(staging.publish_file(GGUF_NAME)?)
            }
            Ok(()) => Ok(staging.publish(&self.options.maker, self.options.removal)?),
            Err(error) => {
                staging.abandon();
                Err(error)
            }
        }
    }

    /// What belongs beside the weights of the child.
    fn beside(
        &self,
        k: usize,
        layout: &Layout,
        staging: &Staging,
        steps: &[Arc<Checkpoint>],
    ) -> Result<(), RunError> {
        if self.is_gguf {
            return Ok(());
        }
        let step = &self.plan.steps[k];
        self.companions(step, layout, &opened(step, steps)?, staging)?;
        self.card(staging)
    }

    fn card(&self, staging: &Staging) -> Result<(), RunError> {
        let Options { out, parents, .. } = self.options;
        let card = card(self.plan, out, self.yaml, parents);
        staging.write("README.md", card.as_bytes())?;
        staging.write(RECIPE_NAME, self.yaml.as_bytes())?;
        Ok(self.ticket.advance(0)?)
    }

    /// Writes the shards of a step.
    fn step(
        &mut self,
        k: usize,
        layout: &Layout,
        staging: &mut Staging,
        steps: &[Arc<Checkpoint>],
    ) -> Result<(), RunError> {
        let step = &self.plan.steps[k];
        let models = opened(step, steps)?;
        let mut finishing: Option<Finishing> = None;
        self.outcome.files.clear();
        self.outcome.tensors = step.tensors.len();
        for shard in &layout.shards {
            self.outcome.files.push(shard.file_name.clone());
            self.outcome.bytes_written += shard.len;
            if staging.has(shard) {
                self.outcome.reused_files += 1;
                skip(step, shard, self.ticket)?;
                continue;
            }
            let file = ShardFile::create(staging.path(), shard)
                .map_err(|error| staging.sentence(&error, &shard.file_name))?;
            let maker = Maker {
                step,
                models: &models,
                watch: &self.watch,
                seed: self.options.seed,
                on_nan: self.options.on_nan,
                ticket: self.ticket,
            };
            let made = maker.shard(shard, &file);
            // First, because reading what is lost can fail by other words.
            self.watch.check()?;
            let odd = made.map_err(|error| failure(error, staging, shard))?;
            self.outcome.non_finite.extend(odd);
            // One shard is on its way to the disk while the next is made.
            self.await_disk(finishing.take(), staging)?;
            let handed = file.finish(&shard.file_name);
            finishing = Some(handed.map_err(|error| staging.sentence(&error, &shard.file_name))?);
        }
        self.await_disk(finishing, staging)
    }

    fn await_disk(
        &self,
        finishing: Option<Finishing>,
        staging: &mut Staging,
    ) -> Result<(), RunError> {
        let Some(finishing) = finishing else {
            return Ok(());
        };
        let file_name = finishing.file_name().to_owned();
        match finishing.wait(self.ticket)? {
            Ok(()) => Ok(staging.note(&file_name)?),
            Err(error) => Err(staging.sentence(&error, &file_name).into()),
        }
    }

    fn companions(
        &self,
        step: &Step,
        layout: &Layout,
        models: &Opened,
        staging: &Staging,
    ) -> Result<(), RunError> {
        if let Some(index) = &layout.index {
            staging.write(INDEX_NAME, index.as_bytes())?;
        }
        let folder = |model: usize| {
            models
                .get(model)
                .map(|(model, _)| model.folder().to_owned())
        };
        let (Some(donor), Some(tokenizer)) = (folder(step.donor), folder(step.tokenizer)) else {
            return Ok(());
        };
        if let Some(config) = write_config(&donor, &step.config)? {
            staging.write("config.json", config.as_bytes())?;
        }
        let edit = step.tokens.as_ref().and_then(|tokens| tokens.edit.as_ref());
        copy_companions(&donor, &tokenizer, edit, staging)?;
        if let Some(generation) = write_generation(&donor, &step.config)? {
            staging.write("generation_config.json", generation.as_bytes())?;
        }
        let folders = models.iter().map(|(model, _)| model.folder());
        let template = step.recipe.chat_template.as_deref();
        if let Some(template) = template.and_then(|wanted| chosen(wanted, folders)) {
            staging.write("chat_template.jinja", template.as_bytes())?;
        }
        Ok(())
    }
}
