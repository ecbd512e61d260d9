//! A fine-tune beside its base: which numbers of the one belong to which of the other.

use std::ops::Range;
use std::sync::Arc;

use crate::checkpoint::{
    Change, Checkpoint, CheckpointError, Dtype, Factors, RawTensor, Tensor, is_language_head,
    is_token_embedding,
};
use crate::numeric::Numbers as _;

/// A fine-tune and its base.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What the adapter will be applied to.
    pub base: Arc<Checkpoint>,
    /// The fine-tune as it was opened.
    pub model: Arc<Checkpoint>,
    /// The same with the names that the base has.
    seen: Arc<Checkpoint>,
}

/// A fine-tune's numbers for a tensor.
pub(super) enum Own<'a> {
    /// Those of the base: an adapter that does not touch it.
    Same,
    /// Its own.
    Stored(&'a Tensor),
    /// An adapter's product is added to the base's.
    Added(crate::checkpoint::LowRank<'a>),
    /// An adapter makes others of the base's.
    Made(Tensor),
}

impl Pair {
    /// Brings the names together.
    pub fn new(base: Arc<Checkpoint>, model: Arc<Checkpoint>) -> Self {
        let seen = Arc::new(model.seen_as(&base).into_owned());
        Self { base, model, seen }
    }

    /// Sentences about what was renamed.
    pub fn renamings(&self) -> &[String] {
        self.seen.renamings()
    }

    /// The names of what the fine-tune has and the base has not.
    pub(super) fn extra(&self) -> Vec<String> {
        if let Some(adapter) = self.model.adapter() {
            return adapter.targets_missing_in(&*self.base);
        }
        let own = self.seen.tensors().iter();
        let extra = own.filter(|tensor| self.base.tensor(&tensor.name).is_none());
        extra.map(|tensor| tensor.name.clone()).collect()
    }

    /// The token embedding and the language head of the base, as far as they are stored.
    pub(super) fn find(&self, is: fn(&str) -> bool) -> Option<&Tensor> {
        self.base.tensors().iter().find(|tensor| is(&tensor.name))
    }

    /// What the fine-tune has for the tensor called `name`.
    ///
    /// # Errors
    /// A clause, if it has nothing, or nothing that is computed with.
    pub(super) fn own(&self, name: &str) -> Result<Own<'_>, String> {
        let clause = |error: CheckpointError| error.to_string();
        if let Some(adapter) = self.model.adapter() {
            let of_base = self.base.tensor(name);
            let tensor = of_base.ok_or_else(|| "the base has no such tensor".to_owned())?;
            return match adapter.change(&*self.base, tensor).map_err(clause)? {
                Change::None => Ok(Own::Same),
                Change::LowRank(factors) => Ok(Own::Added(factors)),
                Change::Replaced(own) => Ok(Own::Stored(own)),
                Change::Rebuilt { tensor, .. } => Ok(Own::Made(tensor)),
            };
        }
        let own = self.seen.tensor(name);
        own.map(Own::Stored)
            .ok_or_else(|| "the fine-tune has no such tensor".to_owned())
    }

    /// The name of the fine-tune's tensor that serves as the head called `head`: the embedding,
    /// where it is tied.
    pub(super) fn own_head<'n>(&'n self, head: &'n str) -> &'n str {
        let is_stored = self.model.adapter().is_some() || self.seen.tensor(head).is_some();
        let embedding = || self.find(is_token_embedding).map(|tensor| &tensor.name[..]);
        match is_stored || !is_language_head(head) {
            true => head,
            false => embedding().unwrap_or(head),
        }
    }

    /// Whether the same number is another token, or there are more tokens, as far as the
    /// tokenizers tell.
    pub(super) fn has_other_tokens(&self) -> bool {
        let own = self.model.vocabulary().ok().flatten();
        let of_base = self.base.vocabulary().ok().flatten();
        own.zip(of_base)
            .is_some_and(|(own, base)| !own.agrees(base))
    }

    /// All that is read.
    pub(super) fn checkpoints(&self) -> [&Checkpoint; 2] {
        [&self.base, &self.model]
    }
}

impl Own<'_> {
    /// Its dimensions, where they are not the base's by definition.
    pub(super) fn shape(&self) -> Option<Vec<usize>> {
        match self {
            Self::Same => None,
            Self::Stored(tensor) => Some(tensor.shape.clone()),
            Self::Added(factors) => Some(factors.shape().to_vec()),
            Self::Made(tensor) => Some(tensor.shape.clone()),
        }
    }

    /// The format that it is stored in; `None` for what an adapter makes.
    pub(super) fn dtype(&self) -> Option<Dtype> {
        match self {
            Self::Stored(tensor) => Some(tensor.dtype),
            Self::Same | Self::Added(_) | Self::Made(_) => None,
        }
    }
}

/// The numbers of a fine-tune beside those of its base, decoded as they are read.
pub(super) struct Numbers<'a> {
    base: Option<RawTensor<'a>>,
    own: OwnNumbers<'a>,
}

enum OwnNumbers<'a> {
    Same,
    Stored(RawTensor<'a>),
    Added(Factors),
}

impl<'a> Numbers<'a> {
    /// Those of a tensor; the base may be without it.
    pub(super) fn new(own: &'a Own<'a>, base: Option<&'a Tensor>) -> Option<Self> {
        let base = match base {
            Some(tensor) => Some(tensor.numbers()?),
            None => None,
        };
        let own = match own {
            Own::Same => OwnNumbers::Same,
            Own::Stored(tensor) => OwnNumbers::Stored(tensor.numbers()?),
            Own::Made(tensor) => OwnNumbers::Stored(tensor.numbers()?),
            Own::Added(factors) => OwnNumbers::Added(factors.decode()),
        };
        Some(Self { base, own })
    }

    /// The fine-tune's weights of these flat indices.
    pub(super) fn weights(&self, range: Range<usize>, out: &mut [f32]) {
        match (&self.own, self.base) {
            (OwnNumbers::Stored(own), _) => own.part(range).decode(out),
            (OwnNumbers::Same, Some(base)) => base.part(range).decode(out),
            (OwnNumbers::Added(factors), Some(base)) => {
                let mut delta = vec![0.0; out.len()];
                base.part(range.clone()).decode(out);
                factors.delta(range.start, &mut delta);
                for (weight, delta) in out.iter_mut().zip(delta) {
                    *weight += delta;
                }
            }
            (OwnNumbers::Same | OwnNumbers::Added(_), None) => out.fill(0.0),
        }
    }

    /// The change of these flat indices; `room` is as long as `out`.
    pub(super) fn change(&self, range: Range<usize>, room: &mut [f32], out: &mut [f32]) {
        let Some(base) = self.base else {
            return self.weights(range, out);
        };
        match &self.own {
            OwnNumbers::Same => out.fill(0.0),
            OwnNumbers::Added(factors) => factors.delta(range.start, out),
            OwnNumbers::Stored(own) => {
                let (own, base) = (own.part(range.clone()), base.part(range));
                if own.is_wide() || base.is_wide() {
                    return wide_change(own, base, out);
                }
                own.decode(out);
                base.decode(room);
                for (change, base) in out.iter_mut().zip(room) {
                    *change -= *base;
                }
            }
        }
    }
}

/// Doubles are subtracted as they are: rounded first, two that are nearly alike would be the same.
fn wide_change(own: RawTensor<'_>, base: RawTensor<'_>, out: &mut [f32]) {
    let mut wide = [vec![0.0; out.len()], vec![0.0; out.len()]];
    own.decode_f64(&mut wide[0]);
    base.decode_f64(&mut wide[1]);
    for ((change, own), base) in out.iter_mut().zip(&wide[0]).zip(&wide[1]) {
        *change = (own - base) as f32;
    }
}
