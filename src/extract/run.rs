//! Carries out a plan: module by module, on all threads, into a folder that gets its name when
//! all is there.

mod meter;
mod module;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use self::meter::Meter;
use self::module::{Made, Maker, Source};
use super::model::Numbers;
use super::plan::{ModulePlan, Plan, TensorPlan, Work};
use super::report::{Fate, ModuleReport, Report};
use super::write::{Entry, Parts, card, config, encoded, write_file};
use crate::checkpoint::{CheckpointError, Watch};
use crate::files::Removal;
use crate::jobs::{Failure, Ticket};
use crate::merge::plan::{output_clash, too_little_room};
use crate::merge::run::RunError;
use crate::merge::write::{Staging, copy_tokenizer, folder};
use crate::parallel::{in_order_by, lock};

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that is made.
    pub out: PathBuf,
    /// Whether an adapter at `out` is replaced.
    pub force: bool,
    /// Where one goes that is replaced.
    pub removal: Removal,
    /// What the adapter calls its base, for PEFT to find it.
    pub base_name: String,
    /// What the card calls the fine-tune.
    pub model_name: String,
    /// The start of the random numbers that spaces begin with.
    pub seed: u64,
}

impl Options {
    /// Whether the adapter can be written where it is wanted, before anything is read.
    ///
    /// # Errors
    /// A sentence.
    pub fn check(&self, plan: &Plan) -> Result<(), String> {
        let objections = [
            output_clash(&self.out, plan.pair.checkpoints()),
            folder::objection(&self.out, self.force),
            // Factors are written twice, and once each.
            too_little_room(&self.out, 2 * plan.bytes_written() + SPARE_BYTES),
        ];
        objections.into_iter().flatten().next().map_or(Ok(()), Err)
    }
}

/// Room for the configuration, the card and a tokenizer.
const SPARE_BYTES: u64 = 32 << 20;
/// Numbers of matrices that are held at once, 4 bytes each; one that is larger is read anew for
/// every product.
const HELD: usize = 1 << 26;

/// Extracts the adapter, on all threads of the current pool.
///
/// # Errors
/// [`RunError::Cancelled`] soon after the ticket was cancelled; a sentence for anything else.
/// Nothing is at `options.out` then that was not there before.
pub fn extract(plan: &Plan, options: &Options, ticket: &Ticket) -> Result<Report, RunError> {
    let started = Instant::now();
    options.check(plan)?;
    let watch = Watch::new(plan.pair.checkpoints())?;
    ticket.expect(plan.bytes_read());
    let staging = Staging::open(&options.out, options.force, "extract")?;
    let run = Run {
        plan,
        options,
        ticket,
        staging: &staging,
        watch: &watch,
    };
    match run.all() {
        Ok(mut report) => {
            staging.publish("", options.removal)?;
            report.seconds = started.elapsed().as_secs_f64();
            Ok(report)
        }
        Err(error) => {
            staging.abandon();
            Err(error)
        }
    }
}

struct Run<'a> {
    plan: &'a Plan,
    options: &'a Options,
    ticket: &'a Ticket,
    staging: &'a Staging,
    watch: &'a Watch<&'a crate::checkpoint::Checkpoint>,
}

/// What an extraction writes into.
const PARTS_NAME: &str = "adapter_model.parts";
const WEIGHTS_NAME: &str = "adapter_model.safetensors";

impl Run<'_> {
    fn all(&self) -> Result<Report, RunError> {
        let failed = |error: io::Error| self.staging.sentence(&error, PARTS_NAME);
        let parts = Parts::create(self.staging.path().join(PARTS_NAME)).map_err(failed)?;
        let made = self.modules(&parts)?;
        let mut entries = Vec::new();
        let mut modules = Vec::new();
        for made in made {
            entries.extend(made.entries);
            modules.push(made.report);
        }
        let tensors = entries.len();
        let path = self.staging.path().join(WEIGHTS_NAME);
        let bytes_written = write_file(&path, entries, |entry, to| self.numbers(entry, &parts, to))
            .map_err(|error: Stopped| self.stopped(error))?;
        parts.remove().map_err(failed)?;
        self.beside(&modules)?;
        self.watch.check()?;
        let rank = modules.iter().filter_map(ModuleReport::rank).max();
        Ok(Report {
            out: self.options.out.clone(),
            rank: rank.unwrap_or(0),
            bytes_written,
            tensors,
            seconds: 0.0,
            notes: self.notes(&modules),
            modules,
        })
    }

    /// All modules, as many at once as there is room for.
    fn modules(&self, parts: &Parts) -> Result<Vec<Made>, RunError> {
        let modules = &self.plan.modules;
        let largest = modules.iter().map(|m| match m.work {
            Work::Factors { .. } => m.weight.elements(),
            Work::Whole(_) | Work::LeftOut(_) => 0,
        });
        let at_once = HELD / largest.max().unwrap_or(0).max(1);
        let cells: Vec<Mutex<Option<Made>>> = modules.iter().map(|_| Mutex::new(None)).collect();
        let maker = Maker {
            plan: self.plan,
            parts,
            watch: self.watch,
            seed: self.options.seed,
            held: HELD,
        };
        in_order_by(at_once.max(1), modules.len(), |k| {
            let meter = Meter::new(self.ticket, self.plan.bytes_of(&modules[k]));
            let made = maker.module(&modules[k], &meter);
            *lock(&cells[k]) = Some(made.map_err(|error| self.stopped(error))?);
            Ok::<(), RunError>(meter.finish()?)
        })?;
        Ok(cells
            .into_iter()
            .filter_map(|cell| lock(&cell).take())
            .collect())
    }

    /// Writes the numbers of one tensor.
    fn numbers(
        &self,
        entry: &Entry<Source>,
        parts: &Parts,
        to: &mut dyn Write,
    ) -> Result<(), Stopped> {
        match &entry.from {
            Source::Part(place) => Ok(parts.copy(*place, to)?),
            Source::Weights(tensor) => self.weights(tensor, entry, to),
        }
    }

    /// A tensor of the fine-tune as it is.
    fn weights(
        &self,
        tensor: &TensorPlan,
        entry: &Entry<Source>,
        to: &mut dyn Write,
    ) -> Result<(), Stopped> {
        const PIECE: usize = 1 << 20;
        let own = self.plan.pair.own(&tensor.own)?;
        let base = tensor.base.as_deref();
        let base = base.and_then(|name| self.plan.pair.base.tensor(name));
        let numbers = Numbers::new(&own, base).ok_or_else(|| unread(tensor))?;
        let mut out = vec![0.0; PIECE.min(tensor.elements())];
        for start in (0..tensor.elements()).step_by(PIECE) {
            let range = start..(start + PIECE).min(tensor.elements());
            let out = &mut out[..range.len()];
            numbers.weights(range, out);
            self.watch.glance()?;
            to.write_all(&encoded(entry.dtype, out)?)?;
            self.ticket.advance(0).map_err(Failure::from)?;
        }
        Ok(())
    }

    /// What belongs beside the weights.
    fn beside(&self, modules: &[ModuleReport]) -> Result<(), RunError> {
        let Options {
            base_name,
            model_name,
            out,
            ..
        } = self.options;
        let config = config(self.plan, modules, base_name);
        self.staging
            .write("adapter_config.json", config.as_bytes())?;
        let card = card(self.plan, modules, (out, base_name, model_name));
        self.staging.write("README.md", card.as_bytes())?;
        if self.plan.pair.has_other_tokens() || self.plan.has_other_rows() {
            copy_tokenizer(self.plan.pair.model.folder(), self.staging)?;
        }
        Ok(self.ticket.advance(0)?)
    }

    /// The plan's notes, and what was only found on the way.
    fn notes(&self, modules: &[ModuleReport]) -> Vec<String> {
        let mut notes = self.plan.notes.clone();
        let unchanged = |m: &&ModuleReport| m.rank() == Some(0);
        let n = modules.iter().filter(unchanged).count();
        if n > 0 {
            notes.push(format!(
                "{n} modules have no singular value above the threshold and were left out"
            ));
        }
        notes
    }

    fn stopped(&self, error: Stopped) -> RunError {
        match error {
            Stopped::Run(error) => error,
            Stopped::Io(error) => self.staging.sentence(&error, WEIGHTS_NAME).into(),
        }
    }
}

fn unread(tensor: &TensorPlan) -> String {
    format!(
        "tensor `{}` holds numbers that are not computed with",
        tensor.own
    )
}

/// Why a module was not made.
pub(super) enum Stopped {
    Run(RunError),
    Io(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<String> for Stopped {
    fn from(sentence: String) -> Self {
        Self::Run(sentence.into())
    }
}

impl From<CheckpointError> for Stopped {
    fn from(error: CheckpointError) -> Self {
        Self::Run(error.into())
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Run(match failure {
            Failure::Cancelled => RunError::Cancelled(crate::jobs::Cancelled),
            Failure::Failed(sentence) => RunError::Failed(sentence),
        })
    }
}

impl Plan {
    /// Whether the fine-tune has another number of rows of tokens.
    fn has_other_rows(&self) -> bool {
        let differs = |m: &ModulePlan| {
            let base = m.weight.base.as_deref();
            let base = base.and_then(|name| self.pair.base.tensor(name));
            base.is_some_and(|base| base.shape.first() != m.weight.shape.first())
        };
        self.modules.iter().any(differs)
    }
}

impl Fate {
    /// What the plan says of a module that gets no factors.
    fn planned(work: &Work) -> Option<Self> {
        match work {
            Work::Factors { .. } => None,
            Work::Whole(why) => Some(Self::Whole { why }),
            Work::LeftOut(why) => Some(Self::LeftOut { why }),
        }
    }
}
