//! A recipe tried: its tensors made by the program's own engine and compared with the child's,
//! byte by byte, without writing any.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::case::{BASE, Case, last_place};
use crate::checkpoint::{Checkpoint, Dtype, Kind, RawTensor, Tensor};
use crate::jobs::Ticket;
use crate::merge::MergeError;
use crate::merge::plan::{Plan, Step, Surroundings, TensorPlan, plan};
use crate::merge::recipe::{Parsed, Recipe};
use crate::merge::run::{Bench, Order, RunError};
use crate::parallel::lock;

/// How well a recipe's tensors are the child's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Tensors compared.
    pub tensors: usize,
    /// Bytes compared.
    pub bytes: u64,
    /// Bytes that are the same.
    pub equal: u64,
    /// Numbers that the child or the recipe has moved away from the base.
    pub moved: u64,
    /// Those of them that are the same.
    pub moved_equal: u64,
    /// Those of them that are at most one last place of the child's format apart.
    pub moved_near: u64,
    /// The largest difference of two numbers.
    pub largest: f64,
    /// Σ (made − child)²
    pub residual: f64,
    /// Σ (child − base)²
    pub change: f64,
    /// Tensors with a byte that is not the same.
    pub differing: Vec<String>,
    /// By kind of tensor.
    pub kinds: BTreeMap<Kind, KindScore>,
}

/// The same of the tensors of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct KindScore {
    /// Tensors compared.
    pub tensors: usize,
    /// Bytes compared.
    pub bytes: u64,
    /// Bytes that are the same.
    pub equal: u64,
    /// The largest difference of two numbers.
    pub largest: f64,
}

impl KindScore {
    /// The share of bytes that are the same; 1 where nothing was compared.
    pub fn share(&self) -> f64 {
        ratio(self.equal, self.bytes)
    }
}

impl Score {
    /// The share of bytes that are the same; 1 where nothing was compared.
    pub fn share(&self) -> f64 {
        ratio(self.equal, self.bytes)
    }

    /// The same of moved numbers.
    pub fn moved_share(&self) -> f64 {
        ratio(self.moved_equal, self.moved)
    }

    /// The share of moved numbers that are at most one last place apart.
    pub fn near_share(&self) -> f64 {
        ratio(self.moved_near, self.moved)
    }

    /// |made − child| over |child − base|.
    pub fn relative(&self) -> f64 {
        if self.residual == 0.0 {
            return 0.0;
        }
        (self.residual / self.change).sqrt()
    }

    fn add(&mut self, kind: Kind, own: &Self) {
        let of_kind = self.kinds.entry(kind).or_default();
        of_kind.tensors += 1;
        of_kind.bytes += own.bytes;
        of_kind.equal += own.equal;
        of_kind.largest = of_kind.largest.max(own.largest);
        self.tensors += 1;
        self.bytes += own.bytes;
        self.equal += own.equal;
        self.moved += own.moved;
        self.moved_equal += own.moved_equal;
        self.moved_near += own.moved_near;
        self.largest = self.largest.max(own.largest);
        self.residual += own.residual;
        self.change += own.change;
    }
}

fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 {
        1.0
    } else {
        part as f64 / of as f64
    }
}

/// A recipe planned for a case.
pub(crate) struct Trial<'c> {
    child: &'c Checkpoint,
    /// What numbers have moved from, where that is known.
    base: Option<&'c Checkpoint>,
    plan: Plan,
    order: Order,
}

impl<'c> Trial<'c> {
    /// Plans a recipe; the sentence says why it cannot be.
    pub(crate) fn new(case: &'c Case, recipe: &Recipe) -> Result<Self, String> {
        let parsed = Parsed::from(vec![recipe.clone()]);
        let opened: Vec<Arc<Checkpoint>> = (case.people.iter())
            .flat_map(|person| std::iter::once(&person.weights).chain(&person.adapter))
            .map(Arc::clone)
            .collect();
        let surroundings = Surroundings {
            root: &case.root,
            working: None,
            hub: None,
            out: None,
            intermediates: None,
            force: false,
            allow_crimes: true,
            threads: rayon::current_num_threads(),
            opened: &opened,
        };
        let plan = plan(&parsed, &surroundings);
        let error = plan.errors().next().map(ToString::to_string);
        let trial = Self::of(&case.child, Some(&case.people[BASE].weights), plan);
        error.map_or(Ok(trial), Err)
    }

    /// A sound plan for a child.
    pub(crate) fn of(child: &'c Checkpoint, base: Option<&'c Checkpoint>, plan: Plan) -> Self {
        Self {
            child,
            base,
            plan,
            order: Order::Once,
        }
    }

    /// The same, rounded at other times.
    pub(crate) fn in_order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// Whether numbers of the plan depend on the order of operations.
    pub(crate) fn has_steps(&self) -> bool {
        const KNOWN: [&str; 6] = [
            "linear",
            "task_arithmetic",
            "ties",
            "breadcrumbs",
            "breadcrumbs_ties",
            "nuslerp",
        ];
        let method = self.step().map(|step| step.method.description().name);
        method.is_some_and(|method| KNOWN.contains(&method))
    }

    fn step(&self) -> Option<&Step> {
        self.plan.steps.last()
    }

    /// The tensors of the child that the recipe makes too, in its shape and format.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = (&TensorPlan, &Tensor)> {
        let planned = self.step().into_iter().flat_map(|step| &step.tensors);
        planned.filter_map(|tensor| Some((tensor, self.child.tensor(&tensor.name)?)))
    }

    /// The format that the recipe writes most numbers in.
    pub(crate) fn dtype(&self) -> Option<Dtype> {
        let planned = self.step()?.tensors.iter();
        Some(planned.max_by_key(|tensor| tensor.elements())?.dtype)
    }

    /// Tensors of the child that the recipe does not make in its shape and format, by name.
    pub(crate) fn missing(&self) -> Vec<&str> {
        let own = self.child.tensors().iter();
        let is_made = |own: &Tensor| {
            let made = self.step().and_then(|step| step.tensor(&own.name));
            made.is_some_and(|made| made.shape == own.shape && made.dtype == own.dtype)
        };
        own.filter(|own| !is_made(own))
            .map(|own| own.name.as_str())
            .collect()
    }

    /// Makes the tensors that `wanted` names and compares them.
    ///
    /// # Errors
    /// When the ticket is cancelled, or a file has changed.
    pub(crate) fn score(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        ticket: &Ticket,
    ) -> Result<Score, RunError> {
        let mut score = Score::default();
        let Some(step) = self.step() else {
            return Ok(score);
        };
        let bench = Bench::new(step, self.order)?;
        let chosen: Vec<_> = self
            .tensors()
            .filter(|(made, _)| wanted(&made.name))
            .collect();
        ticket.expect(chosen.iter().map(|(made, _)| step.bytes_read(made)).sum());
        for (made, own) in chosen {
            let of_tensor = self.compared(&bench, made, own, ticket)?;
            if of_tensor.equal < of_tensor.bytes {
                score.differing.push(made.name.clone());
            }
            score.add(own.place.kind, &of_tensor);
        }
        Ok(score)
    }

    fn compared(
        &self,
        bench: &Bench<'_>,
        made: &TensorPlan,
        own: &Tensor,
        ticket: &Ticket,
    ) -> Result<Score, RunError> {
        let bytes = own.size_bytes();
        let is_alike = made.shape == own.shape && made.dtype == own.dtype;
        let Some(stored) = own.stored_bytes().filter(|_| is_alike) else {
            // Another shape or format: no byte can be the same.
            return Ok(Score {
                bytes,
                largest: f64::INFINITY,
                residual: f64::INFINITY,
                ..Score::default()
            });
        };
        let base = self.base.and_then(|base| base.tensor(&made.name));
        let base = base.filter(|base| base.shape == own.shape);
        let base = base.and_then(Tensor::numbers);
        let width = (bytes / own.elements().max(1) as u64).max(1);
        // Sums of the pieces, each by its place, so that they add up in the same order always.
        let pieces: Mutex<BTreeMap<u64, Score>> = Mutex::new(BTreeMap::new());
        let take = |first: u64, bytes: &[u8]| {
            let range = first as usize..first as usize + bytes.len();
            let stored = stored.part(range);
            if stored.len() != bytes.len() {
                return;
            }
            let at = (first / width) as usize;
            let pair = Pair {
                dtype: own.dtype,
                made: bytes,
                stored: &stored,
                base: base.map(|base| base.part(at..at + bytes.len() / width as usize)),
            };
            let score = pair.score();
            lock(&pieces).insert(first, score);
        };
        bench
            .make(made, ticket, &take)
            .map_err(|error| failure(&made.name, error))?;
        let mut score = Score::default();
        let pieces = pieces
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        pieces
            .into_values()
            .for_each(|piece| score.add(own.place.kind, &piece));
        score.kinds.clear();
        Ok(score)
    }
}

fn failure(tensor: &str, error: MergeError) -> RunError {
    match error {
        MergeError::Cancelled(cancelled) => cancelled.into(),
        other => RunError::Failed(format!("{tensor}: {other}")),
    }
}

/// The same piece of a tensor, made and stored.
struct Pair<'a> {
    dtype: Dtype,
    made: &'a [u8],
    stored: &'a [u8],
    base: Option<RawTensor<'a>>,
}

impl Pair<'_> {
    fn score(&self) -> Score {
        let same = self
            .made
            .iter()
            .zip(self.stored)
            .filter(|(a, b)| a == b)
            .count();
        let mut score = Score {
            bytes: self.stored.len() as u64,
            equal: same as u64,
            ..Score::default()
        };
        let raw = |bytes| RawTensor::new(self.dtype, bytes);
        let (Some(made), Some(stored)) = (raw(self.made), raw(self.stored)) else {
            return score;
        };
        let decoded = |raw: RawTensor<'_>| {
            let mut out = vec![0.0f32; raw.elements()];
            raw.decode(&mut out);
            out
        };
        let (made, stored) = (decoded(made), decoded(stored));
        let base = self.base.map(decoded);
        for k in 0..stored.len() {
            let base = base.as_ref().and_then(|base| base.get(k)).copied();
            score.number(made[k], stored[k], base, self.dtype);
        }
        score
    }
}

impl Score {
    fn number(&mut self, made: f32, stored: f32, base: Option<f32>, dtype: Dtype) {
        let (x, y) = (f64::from(made), f64::from(stored));
        let origin = base.map_or(0.0, f64::from);
        let difference = (x - y).abs();
        let is_same = made == stored || made.is_nan() && stored.is_nan();
        if !is_same {
            // NaN on one side only is as far as can be.
            let size = if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            };
            self.largest = self.largest.max(size);
            self.residual += size * size;
        }
        let change = y - origin;
        if change.is_finite() {
            self.change += change * change;
        }
        if base.is_some_and(|base| base == made && base == stored) {
            return;
        }
        self.moved += 1;
        self.moved_equal += u64::from(is_same);
        let near = is_same || difference <= 1.01 * last_place(dtype, x.abs().max(y.abs()));
        self.moved_near += u64::from(near);
    }
}
