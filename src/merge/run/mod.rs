//! Carries out a plan: tensor by tensor, into a folder that gets its name when all is there.
//!
//! While a tensor is computed the system is told which pages come next, and what was written
//! before is brought to the disk by the system and, shard by shard, by a thread of its own.
//! Memory is that of the methods' blocks and of the chunks that are being written; no tensor is
//! held.

mod gguf;
mod one;
mod open;
mod outcome;
mod shard;
mod shards;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub use self::gguf::{GgufOptions, GgufWanted, gguf_options};
pub(crate) use self::one::Bench;
pub use self::one::Order;
use self::open::opened;
pub(crate) use self::open::{Changed, Opened, opened_models, watch};
pub use self::outcome::{NonFinite, Options, Outcome, RunError};
pub(crate) use self::shard::copy_bytes;
use self::shard::{Maker, skip};
pub(crate) use self::shards::Shards;
use super::chat_templates::chosen;
use super::plan::{Model, Plan, Step};
use super::recipe::{Recipe, to_yaml};
use super::write::{
    GGUF_NAME, Hashing, INDEX_NAME, Layout, Origin, Parents, Provenance, RECIPE_NAME, STEP_PREFIX,
    Staging, card, copy_companions, fill_in, recipe_hash, told_card, work_key, write_config,
    write_generation,
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
    run_as(plan, options, &Making::Folder, ticket)
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
    run_as(plan, options, &Making::Gguf(gguf), ticket)
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
    run_as(
        plan,
        options,
        &gguf.map_or(Making::Folder, Making::Gguf),
        ticket,
    )
}

/// The same into a folder, for a child that no recipe tells of: its card says what `provenance`
/// does, and no recipe lies beside it.
///
/// # Errors
/// As for [`run`].
pub fn run_told(
    plan: &Plan,
    options: &Options,
    provenance: &Provenance,
    ticket: &Ticket,
) -> Result<Outcome, RunError> {
    run_as(plan, options, &Making::Told(provenance), ticket)
}

/// What is made of a plan.
enum Making<'a> {
    Folder,
    Gguf(&'a GgufOptions),
    Told(&'a Provenance),
}

fn run_as(
    plan: &Plan,
    options: &Options,
    making: &Making<'_>,
    ticket: &Ticket,
) -> Result<Outcome, RunError> {
    let started = Instant::now();
    if let Some(problem) = plan.errors().next() {
        return Err(RunError::Failed(problem.to_string()));
    }
    let yamls = yamls(plan, options, making)?;
    let hashes: Vec<String> = yamls.iter().map(|yaml| recipe_hash(yaml)).collect();
    let (Some(yaml), Some(hash)) = (yamls.last(), hashes.last()) else {
        return Err(RunError::Failed("the recipe is empty".to_owned()));
    };
    let last = plan.steps.len().saturating_sub(1);
    let out = plan.steps[last].place.as_ref().unwrap_or(&options.out);
    let origin = match making {
        Making::Folder => Origin::of(yaml, models_of(plan)),
        // No recipe makes the one, and the other has keys of its own.
        Making::Told(_) | Making::Gguf(_) => Origin::default(),
    };
    let layout = |(k, step): (usize, &Step)| {
        // Steps on the way are read once and removed.
        let stays = k == last || step.place.is_some();
        let shard_bytes = if stays { options.shard_bytes } else { 0 };
        let none = Origin::default();
        let origin = if k == last { &origin } else { &none };
        Layout::new(&step.tensors, shard_bytes, (&hashes[k], origin))
    };
    let mut layouts: Vec<Layout> = plan.steps.iter().enumerate().map(layout).collect();
    if let (Making::Gguf(gguf), Some(layout)) = (making, layouts.last_mut()) {
        *layout = gguf::layout(plan, options, gguf, (yaml, hash))?;
    }
    let watch = watch(models_of(plan))?;
    // Shards of an input that was changed without another time or length are not used again.
    let key = format!(
        "{}-{}",
        work_key(models_of(plan), hash, options.seed, &layouts),
        watch.digest()
    );
    ticket.expect(plan.cost.bytes_read);
    let mut run = Run {
        plan,
        options,
        ticket,
        watch,
        key: &key,
        yamls: &yamls,
        making,
        outcome: Outcome {
            out: out.clone(),
            others: Vec::new(),
            files: Vec::new(),
            tensors: 0,
            bytes_read: plan.cost.bytes_read,
            bytes_written: 0,
            reused_files: 0,
            seconds: 0.0,
            non_finite: Vec::new(),
            recipe_sha256: hash.clone(),
        },
    };
    let staging = match making {
        Making::Gguf(_) => Staging::open_file(out, options.force, &key)?,
        Making::Folder | Making::Told(_) => Staging::open(out, options.force, &key)?,
    };
    let mut placed: Vec<Staging> = Vec::new();
    let hashing = origin.hash();
    let made = run.steps(&layouts, staging, &mut placed);
    let made = made.and_then(|staging| run.signed(layouts.last(), hashing, staging));
    match made {
        Ok(staging) => run.publish(placed, staging)?,
        Err(error) => {
            placed.into_iter().for_each(Staging::abandon);
            return Err(error);
        }
    }
    run.outcome.seconds = started.elapsed().as_secs_f64();
    Ok(run.outcome)
}

/// For each step the recipe that makes its result, as it is saved beside it.
fn yamls(plan: &Plan, options: &Options, making: &Making<'_>) -> Result<Vec<String>, String> {
    if let Making::Told(provenance) = making {
        return Ok(vec![provenance.settings.clone(); plan.steps.len()]);
    }
    let saved = |step: &&Step| {
        let mut recipe = step.recipe.clone();
        // Written with the seed that was used, the recipe makes the same child again.
        recipe.own.seed = options.seed.or(recipe.own.seed);
        recipe
    };
    let of_step = |k: usize| {
        let recipes: Vec<Recipe> = plan.way_to(k).iter().map(saved).collect();
        to_yaml(&recipes)
    };
    (0..plan.steps.len()).map(of_step).collect()
}

/// Everything that is read to carry out a plan.
fn models_of(plan: &Plan) -> impl Iterator<Item = &Model> {
    plan.steps.iter().flat_map(|step| &step.models)
}

/// What to know of a folder that is made after a GGUF file: it lacks what such a file keeps in
/// another form.
pub fn missing_companions(plan: &Plan) -> Option<&'static str> {
    let step = plan.steps.last()?;
    let donor = step.models.get(step.donor)?.checkpoint()?;
    let is_alone = donor.is_gguf() && !donor.folder().join("config.json").exists();
    is_alone.then_some(
        "the folder has no config.json and no tokenizer, which GGUF keeps in another form; put \
         config.json, tokenizer.json and tokenizer_config.json of the original model beside the \
         weights, without which no program loads it",
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
    /// The recipe of each step's result, or the settings of a child without one.
    yamls: &'a [String],
    making: &'a Making<'a>,
    outcome: Outcome,
}

impl Run<'_> {
    /// Makes all models, the last in `staging`; those that have places of their own wait in `placed`.
    fn steps(
        &mut self,
        layouts: &[Layout],
        mut staging: Staging,
        placed: &mut Vec<Staging>,
    ) -> Result<Staging, RunError> {
        let mut steps = Vec::new();
        let last = layouts.len().saturating_sub(1);
        for (k, layout) in layouts.iter().enumerate().take(last) {
            let made = match &self.plan.steps[k].place {
                Some(place) => self.placed_step(k, layout, place, (&steps, placed)),
                None => self.early_step(k, layout, staging.path(), &steps),
            };
            match made {
                Ok(made) => steps.push(made),
                Err(error) => {
                    staging.abandon();
                    return Err(error);
                }
            }
        }
        let done = self
            .step(last, &layouts[last], &mut staging, &steps)
            .and_then(|()| self.beside(last, &layouts[last], &staging, &steps))
            .and_then(|()| Ok(self.watch.check()?));
        match done {
            Ok(()) => Ok(staging),
            Err(error) => {
                staging.abandon();
                Err(error)
            }
        }
    }

    /// Writes the sums of the parents' files into the headers of the child.
    fn signed(
        &self,
        layout: Option<&Layout>,
        hashing: Hashing,
        staging: Staging,
    ) -> Result<Staging, RunError> {
        let written = hashing
            .wait(self.ticket)
            .map_err(RunError::from)
            .and_then(|sums| {
                let sums = sums?;
                for shard in layout.iter().flat_map(|layout| &layout.shards) {
                    let filled = match sums.is_empty() {
                        true => Ok(()),
                        false => fill_in(staging.path(), shard, &sums),
                    };
                    filled.map_err(|error| staging.sentence(&error, &shard.file_name))?;
                }
                Ok(self.watch.check()?)
            });
        match written {
            Ok(()) => Ok(staging),
            Err(error) => {
                staging.abandon();
                Err(error)
            }
        }
    }

    /// Gives all models their names, the last one's last.
    fn publish(&mut self, placed: Vec<Staging>, staging: Staging) -> Result<(), RunError> {
        // No file may be open in a folder that is renamed.
        self.watch = Watch::new([])?;
        for own in placed {
            self.outcome.others.push(own.out().to_owned());
            own.publish(&self.options.maker, self.options.removal)?;
        }
        if self.is_gguf() {
            let name = self.options.out.file_name().unwrap_or_default();
            self.outcome.files = vec![name.to_string_lossy().into_owned()];
            return Ok(staging.publish_file(GGUF_NAME)?);
        }
        Ok(staging.publish(&self.options.maker, self.options.removal)?)
    }

    /// Makes a model that stays, for later steps to read where it is made.
    fn placed_step(
        &mut self,
        k: usize,
        layout: &Layout,
        place: &Path,
        (steps, placed): (&[Arc<Checkpoint>], &mut Vec<Staging>),
    ) -> Result<Arc<Checkpoint>, RunError> {
        let key = format!("{}-{k}", self.key);
        let mut staging = Staging::open(place, self.options.force, &key)?;
        let done = self
            .step(k, layout, &mut staging, steps)
            .and_then(|()| self.companions(k, layout, &staging, steps))
            .and_then(|()| self.card(k, place, &staging));
        if let Err(error) = done {
            staging.abandon();
            return Err(error);
        }
        let name = match &layout.index {
            Some(_) => INDEX_NAME,
            None => STEP_FILE,
        };
        let path = staging.path().join(name);
        // It is given its name with the others, when all are made.
        placed.push(staging);
        let made = Arc::new(Checkpoint::open(&path)?);
        self.watch.add(Arc::clone(&made))?;
        Ok(made)
    }

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
            let made = self
                .step(k, layout, &mut staging, steps)
                .and_then(|()| self.companions(k, layout, &staging, steps));
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

    /// What belongs beside the weights of the child.
    fn beside(
        &self,
        k: usize,
        layout: &Layout,
        staging: &Staging,
        steps: &[Arc<Checkpoint>],
    ) -> Result<(), RunError> {
        if self.is_gguf() {
            return Ok(());
        }
        self.companions(k, layout, staging, steps)?;
        self.card(k, &self.outcome.out, staging)
    }

    fn card(&self, k: usize, out: &Path, staging: &Staging) -> Result<(), RunError> {
        if let Making::Told(provenance) = self.making {
            let card = told_card(self.plan, out, provenance);
            staging.write("README.md", card.as_bytes())?;
            return Ok(self.ticket.advance(0)?);
        }
        let (yaml, none) = (&self.yamls[k], Parents::default());
        // They are those of the last step.
        let parents = match k + 1 == self.yamls.len() {
            true => &self.options.parents,
            false => &none,
        };
        let card = card(&self.plan.way_to(k), out, yaml, parents);
        staging.write("README.md", card.as_bytes())?;
        staging.write(RECIPE_NAME, yaml.as_bytes())?;
        Ok(self.ticket.advance(0)?)
    }

    /// Whether the child is one GGUF file, with nothing beside it.
    fn is_gguf(&self) -> bool {
        matches!(self.making, Making::Gguf(_))
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
        self.outcome.files.clear();
        self.outcome.tensors = step.tensors.len();
        let maker = Maker {
            step,
            models: &models,
            watch: &self.watch,
            seed: self.options.seed,
            on_nan: self.options.on_nan,
            ticket: self.ticket,
        };
        let mut shards = Shards::new(staging, &self.watch, self.ticket);
        for shard in &layout.shards {
            self.outcome.files.push(shard.file_name.clone());
            self.outcome.bytes_written += shard.len;
            if shards.has(shard) {
                self.outcome.reused_files += 1;
                skip(step, shard, self.ticket)?;
                continue;
            }
            let odd = shards.make(shard, |file| maker.shard(shard, file))?;
            self.outcome.non_finite.extend(odd);
        }
        shards.finish()
    }

    fn companions(
        &self,
        k: usize,
        layout: &Layout,
        staging: &Staging,
        steps: &[Arc<Checkpoint>],
    ) -> Result<(), RunError> {
        let step = &self.plan.steps[k];
        let models = &opened(step, steps)?;
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
        let folders = models.iter().map(|(model, _)| model.folder());
        let wanted = step.recipe.chat_template.as_deref();
        let template = wanted.and_then(|wanted| chosen(wanted, folders));
        copy_companions(&donor, &tokenizer, (edit, template.is_some()), staging)?;
        if let Some(generation) = write_generation(&donor, &step.config)? {
            staging.write("generation_config.json", generation.as_bytes())?;
        }
        if let Some(template) = template {
            staging.write("chat_template.jinja", template.as_bytes())?;
        }
        Ok(())
    }
}
