//! Carries out a plan: the router's rows first, then tensor by tensor into a folder that gets its
//! name when all is there.
//!
//! Memory is that of the blocks that are on their way, and of the router's rows; with hidden
//! states, that of one layer of the base before anything is written.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::Serialize;

use super::card::card;
use super::gates::Gates;
use super::plan::MoeChild;
use super::tensors::{Made, MoeTensor, Piece};
use crate::checkpoint::{Checkpoint, CheckpointError, Slot, Watch};
use crate::files::Removal;
use crate::jobs::Ticket;
use crate::merge::plan::TensorPlan;
use crate::merge::run::{Changed, Opened, RunError, Shards, copy_bytes, opened_models, watch};
use crate::merge::tensor::MergeTensor;
use crate::merge::write::{
    INDEX_NAME, Layout, MOE_RECIPE_NAME, Origin, ShardFile, ShardPlan, Staging, copy_companions,
    recipe_hash, work_key,
};
use crate::merge::{Blocks, Cuts, Inputs, MergeError};
use crate::numeric::random::Stream;

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct MoeOptions {
    /// The folder that is made.
    pub out: PathBuf,
    /// Largest file of weights; 0 for one file.
    pub shard_bytes: u64,
    /// Whether a model at `out` is replaced.
    pub force: bool,
    /// Seed of random rows and of noise, before the recipe's.
    pub seed: Option<u64>,
    /// Where a model goes that is replaced.
    pub removal: Removal,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MoeOutcome {
    /// The folder.
    pub out: PathBuf,
    /// Files of weights.
    pub files: Vec<String>,
    /// Tensors in them.
    pub tensors: usize,
    /// Bytes of inputs that were read.
    pub bytes_read: u64,
    /// Bytes of weights.
    pub bytes_written: u64,
    /// Shards that an earlier run had finished.
    pub reused_files: usize,
    /// Time it took.
    pub seconds: f64,
    /// NaN and infinities among the numbers that were computed; what is copied is not looked at.
    pub non_finite: u64,
    /// What the user should know of it, a sentence each.
    pub warnings: Vec<String>,
    /// SHA-256 of the recipe, also in the headers of the files.
    pub recipe_sha256: String,
}

/// Makes a mixture, on all threads of the current pool.
///
/// # Errors
/// [`RunError::Cancelled`] soon after the ticket is cancelled; a sentence for anything else, such
/// as a prompt that the tokenizer cannot read. Nothing is at `options.out` then that was not there
/// before; finished shards stay beside it for the next run.
pub fn run(
    child: &MoeChild,
    options: &MoeOptions,
    ticket: &Ticket,
) -> Result<MoeOutcome, RunError> {
    let started = Instant::now();
    let mut recipe = child.recipe.clone();
    // Written with the seed that was used, the recipe makes the same child again.
    recipe.own.seed = options.seed.or(recipe.own.seed);
    let yaml = recipe.to_yaml()?;
    let hash = recipe_hash(&yaml);
    let plans: Vec<TensorPlan> = child.tensors.iter().map(|t| t.plan.clone()).collect();
    let layout = Layout::new(&plans, options.shard_bytes, (&hash, &Origin::default()));
    let watch = watch(child.models.iter())?;
    let key = format!(
        "{}-{}",
        work_key(
            child.models.iter(),
            &hash,
            options.seed,
            std::slice::from_ref(&layout)
        ),
        watch.digest()
    );
    ticket.expect(child.cost.bytes_read);
    // Before the folder is made: whatever is wrong with a prompt is found by here.
    let seed = recipe.own.seed.unwrap_or(0);
    let gates = Gates::make(child, seed, ticket)?;
    let mut staging = Staging::open(&options.out, options.force, &key)?;
    let work = Work {
        child,
        models: opened_models(&child.models, &[])?,
        watch: &watch,
        gates: &gates,
        seed,
        ticket,
        non_finite: AtomicU64::new(0),
    };
    let made = work.all(&layout, &mut staging, (&yaml, options));
    let made = made.and_then(|made| {
        watch.check()?;
        Ok(made)
    });
    let (files, reused_files) = match made {
        Ok(made) => {
            staging.publish("", options.removal)?;
            made
        }
        Err(error) => {
            staging.abandon();
            return Err(error);
        }
    };
    Ok(MoeOutcome {
        out: options.out.clone(),
        files,
        tensors: child.tensors.len(),
        bytes_read: child.cost.bytes_read,
        bytes_written: layout.shards.iter().map(|shard| shard.len).sum(),
        reused_files,
        seconds: started.elapsed().as_secs_f64(),
        non_finite: work.non_finite.load(Ordering::Relaxed),
        warnings: gates.warnings(),
        recipe_sha256: hash,
    })
}

struct Work<'a> {
    child: &'a MoeChild,
    models: Opened,
    watch: &'a Watch<Arc<Checkpoint>>,
    gates: &'a Gates,
    seed: u64,
    ticket: &'a Ticket,
    non_finite: AtomicU64,
}

impl Work<'_> {
    /// Everything in the folder; the files of weights, and how many were there already.
    fn all(
        &self,
        layout: &Layout,
        staging: &mut Staging,
        (yaml, options): (&str, &MoeOptions),
    ) -> Result<(Vec<String>, usize), RunError> {
        let mut reused = 0;
        let mut shards = Shards::new(staging, self.watch, self.ticket);
        for shard in &layout.shards {
            if shards.has(shard) {
                reused += 1;
                self.skip(shard)?;
                continue;
            }
            shards.make(shard, |file| self.shard(shard, file))?;
        }
        shards.finish()?;
        if let Some(index) = &layout.index {
            staging.write(INDEX_NAME, index.as_bytes())?;
        }
        if let Some(base) = self.child.base() {
            copy_companions(base.folder(), base.folder(), (None, false), staging)?;
        }
        staging.write("config.json", self.child.config.as_bytes())?;
        let card = card(self.child, &options.out, yaml);
        staging.write("README.md", card.as_bytes())?;
        staging.write(MOE_RECIPE_NAME, yaml.as_bytes())?;
        self.ticket.advance(0)?;
        let files = layout.shards.iter().map(|shard| shard.file_name.clone());
        Ok((files.collect(), reused))
    }

    /// Counts a shard that is there as read, so that the bar comes to its end.
    fn skip(&self, shard: &ShardPlan) -> Result<(), RunError> {
        let tensors = shard.tensors.iter().map(|(k, _)| &self.child.tensors[*k]);
        let pieces = tensors.flat_map(MoeTensor::pieces);
        let bytes = pieces.map(piece_bytes);
        Ok(self.ticket.advance(bytes.sum())?)
    }

    fn shard(&self, shard: &ShardPlan, file: &ShardFile) -> Result<(), MergeError> {
        for (at, (k, slot)) in shard.tensors.iter().enumerate() {
            if let Some((next, _)) = shard.tensors.get(at + 1) {
                self.read_ahead(&self.child.tensors[*next]);
            }
            let tensor = &self.child.tensors[*k];
            match &tensor.made {
                Made::Pieces(pieces) => {
                    let mut first = 0;
                    for piece in pieces {
                        self.piece(piece, first, (file, slot))?;
                        first += piece.elements;
                    }
                }
                Made::Gate { layer, experts } => {
                    let rows = self.gates.of(&tensor.plan.name, *layer, experts.clone());
                    self.write(0, &rows, (file, slot))?;
                }
                // The file is made of zeros.
                Made::Zeros => {}
            }
        }
        Ok(())
    }

    fn read_ahead(&self, tensor: &MoeTensor) {
        for piece in tensor.pieces() {
            let (weights, _) = &self.models[piece.input.model];
            if let Some(own) = weights.tensor(&piece.input.tensor) {
                own.advise_soon();
            }
        }
    }

    /// Writes a piece from number `first` of its tensor on.
    fn piece(
        &self,
        piece: &Piece,
        first: usize,
        to: (&ShardFile, &Slot),
    ) -> Result<(), MergeError> {
        let changed = Changed::new(&piece.input, &self.models)?;
        if let Some(bytes) = changed
            .stored_as(to.1.dtype())
            .filter(|_| piece.is_as_it_is())
        {
            let (file, slot) = to;
            let place = slot.first_byte() + slot.dtype().stored_bytes(first);
            return copy_bytes(bytes, (file, place), self.watch, self.ticket);
        }
        let before = self.ticket.progress().done;
        let own = MergeTensor {
            name: &piece.input.tensor,
            shape: &[piece.elements],
            inputs: vec![changed.input(piece.elements)?],
            base: None,
            rounded_to: None,
            seed: self.seed,
        };
        let stream = Stream::new(self.seed, &piece.input.tensor, piece.expert);
        let make = |range: Range<usize>, inputs: &[&[f32]], out: &mut [f32]| {
            let numbers = inputs.first().copied().unwrap_or_default();
            made(piece, stream, range, numbers, out);
        };
        let write =
            |range: Range<usize>, numbers: &[f32]| self.write(first + range.start, numbers, to);
        let cuts = Cuts::new(&own, Blocks::Any);
        Inputs::new(&own).make(cuts, self.ticket, make, &write)?;
        // Scales and the like are counted with the weights that they are for.
        let done = self.ticket.progress().done - before;
        let expected = piece_bytes(piece);
        Ok(self.ticket.advance(expected.saturating_sub(done))?)
    }

    fn write(
        &self,
        first: usize,
        numbers: &[f32],
        (file, slot): (&ShardFile, &Slot),
    ) -> Result<(), MergeError> {
        let encoded = slot.encode(first, numbers).ok_or_else(|| {
            let sentence = format!("numbers of type {} cannot be written", slot.dtype());
            MergeError::Refused(sentence)
        })?;
        let refused = |error: CheckpointError| MergeError::Refused(error.to_string());
        self.watch.glance().map_err(refused)?;
        for piece in encoded {
            self.non_finite
                .fetch_add(piece.non_finite, Ordering::Relaxed);
            file.write_at(piece.offset, &piece.bytes)?;
        }
        Ok(())
    }
}

fn piece_bytes(piece: &Piece) -> u64 {
    piece.input.dtype.stored_bytes(piece.elements)
}

/// The numbers of a piece: the model's, with noise, scaled.
fn made(piece: &Piece, stream: Stream, range: Range<usize>, numbers: &[f32], out: &mut [f32]) {
    if piece.noise == 0.0 {
        let pairs = out.iter_mut().zip(numbers);
        pairs.for_each(|(to, x)| *to = x * piece.scale);
        return;
    }
    let noise = f64::from(piece.noise);
    for ((to, x), k) in out.iter_mut().zip(numbers).zip(range) {
        let noisy = f64::from(*x) + noise * stream.normal(k as u64);
        *to = (noisy * f64::from(piece.scale)) as f32;
    }
}
