//! PEFT adapters: what they do to the tensors of their base.
//!
//! An adapter is read as changes: a product of two factors, a whole new tensor, or weights that
//! are made from those of the base when they are read. It is never merged into a copy of the
//! base. The weights are those that PEFT's `merge_and_unload` makes. Whatever cannot be read that
//! way is refused with its reason; half of an adapter would be another model.

mod config;
mod edited;
mod fit;
mod keys;
mod kinds;
mod low_rank;
mod module;
mod names;
mod patterns;
mod settings;
mod target;
mod targets;

use std::path::Path;
use std::sync::Arc;

use self::config::AdapterConfig;
use self::edited::{Edited, Shelf};
use self::fit::{Fit, How, Misfit, Place};
use self::kinds::Cayley;
pub use self::low_rank::{Factors, LowRank};
pub use self::names::{Base, is_stored_across};
use self::names::{has_experts, one_expert, owner, target_of};
use self::target::{Kind, Target, broken};
pub(super) use self::targets::{FactorPair, Outputs};
use self::targets::{Targets, targets};
use super::dtype::Dtype;
use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::listed::Listed;
use super::names::{is_language_head, is_token_embedding};
use super::source::{Cut, Joined, Source};
use super::tensor::Tensor;
use super::weights::Weights;

/// An opened adapter.
#[derive(Debug)]
pub struct Adapter {
    weights: Arc<Weights>,
    /// PEFT's; `None` if the factors come with their scale.
    config: Option<AdapterConfig>,
    /// By the name of the base tensor, as the adapter has it.
    targets: Targets,
    shelf: Arc<Shelf>,
}

/// What an adapter does to one tensor of its base.
#[derive(Debug, Clone)]
pub enum Change<'a> {
    /// Nothing.
    None,
    /// Adds the product of two factors.
    LowRank(LowRank<'a>),
    /// Puts another tensor in its place; of a vocabulary it may have another number of rows, and
    /// its format need not be the base's.
    Replaced(&'a Tensor),
    /// Makes other weights of it.
    Rebuilt {
        /// The weights, decoded when they are read.
        tensor: Tensor,
        /// Rows that the adapter is made for; of a vocabulary the base may have fewer.
        rows: usize,
    },
}

impl Adapter {
    pub(super) fn new(
        config_path: &Path,
        Listed { file, tensors, .. }: &Listed,
    ) -> Result<Self, CheckpointError> {
        let config = AdapterConfig::read(config_path)?;
        let targets = targets(file.path(), &config, tensors)?;
        Ok(Self {
            weights: Arc::clone(file),
            config: Some(config),
            targets,
            shelf: Arc::default(),
        })
    }

    /// An adapter of these factors, which lie in `file`.
    pub(super) fn of_factors(
        file: &Arc<Weights>,
        pairs: Vec<FactorPair>,
    ) -> Result<Self, CheckpointError> {
        Ok(Self {
            weights: Arc::clone(file),
            config: None,
            targets: targets::of_pairs(file.path(), pairs)?,
            shelf: Arc::default(),
        })
    }

    /// Where the adapter says that its base is: a name on the hub, or a path.
    pub fn base_name(&self) -> Option<&str> {
        self.config.as_ref()?.base_name.as_deref()
    }

    /// The base tensors that the adapter changes, as it names them, sorted.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// What the adapter does to a tensor of `base`.
    ///
    /// # Errors
    /// If the base tensor has another shape than the adapter was made for, or numbers that are
    /// not computed with.
    pub fn change(&self, base: &dyn Base, tensor: &Tensor) -> Result<Change<'_>, CheckpointError> {
        match self.fit(base, &tensor.name, &tensor.shape)? {
            None => Ok(Change::None),
            Some(Fit::LowRank(low_rank)) => Ok(Change::LowRank(low_rank)),
            Some(Fit::Replaced(own)) => Ok(Change::Replaced(own)),
            Some(Fit::Edited {
                whole,
                how,
                shape,
                rows,
            }) => {
                let of = whole.unwrap_or(tensor);
                let Some(source) = of.source() else {
                    let reason = format!(
                        "is made from numbers of type {}, which are not computed with",
                        of.dtype
                    );
                    return Err(broken(self.weights.path(), &tensor.name, reason));
                };
                let source = self.edited(source, how, shape.iter().product());
                let name = tensor.name.clone();
                let tensor = Tensor::coded(name, Dtype::F32, shape, source);
                Ok(Change::Rebuilt { tensor, rows })
            }
        }
    }

    /// Whether every change of these tensors of a base can be worked out: what is left out of one
    /// for another reason than that this is not the adapter's base would be half of an adapter.
    ///
    /// # Errors
    /// For the first change that cannot.
    pub fn check_changes(
        &self,
        base: &dyn Base,
        tensors: &[Tensor],
    ) -> Result<(), CheckpointError> {
        for tensor in tensors {
            match self.change(base, tensor) {
                Ok(_) | Err(CheckpointError::AdapterShape { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How many rows a tensor `name` of this shape has with the adapter on it, in a base that
    /// need not exist yet; of a vocabulary they may be more than the base has.
    ///
    /// # Errors
    /// If [`Adapter::change`] would fail, or if the adapter has fewer rows of a
    /// vocabulary than the base.
    pub fn rows(
        &self,
        base: &dyn Base,
        name: &str,
        shape: &[usize],
    ) -> Result<usize, CheckpointError> {
        let own = shape.first().copied().unwrap_or(1);
        let rows = match self.fit(base, name, shape)? {
            None => own,
            Some(Fit::LowRank(low_rank)) => low_rank.shape()[0],
            Some(Fit::Replaced(own)) => own.shape.first().copied().unwrap_or(1),
            Some(Fit::Edited { rows, .. }) => rows,
        };
        if own > rows {
            let misfit = Misfit::Shape(format!("a vocabulary of at most {rows} tokens"));
            return Err(self.misfit(misfit, name, shape));
        }
        Ok(rows)
    }

    /// The targets that a base lacks under every spelling, sorted.
    pub fn targets_missing_in(&self, base: &dyn Base) -> Vec<String> {
        let is_missing = |name: &str, target: &Target| {
            let has = owner(name, base).is_some()
                || matches!(target.kind, Kind::Experts(_)) && has_experts(name, base);
            !has && !target.optional && self.head_for_embedding(base) != Some(name)
        };
        let missing = self
            .targets
            .iter()
            .filter(|(name, own)| is_missing(name, own));
        missing.map(|(name, _)| name.clone()).collect()
    }

    fn fit(
        &self,
        base: &dyn Base,
        name: &str,
        shape: &[usize],
    ) -> Result<Option<Fit<'_>>, CheckpointError> {
        let config = self.config.as_ref();
        let place = Place {
            name,
            shape,
            base,
            fan_in_fan_out: config.is_some_and(|config| config.fan_in_fan_out),
            cayley: config.map_or(Cayley::Exact, |config| config.cayley),
        };
        let target = self.target(base, name);
        let fit = match target {
            Some(target) => Some(place.fit(target)),
            None => one_expert(name).into_iter().find_map(|one| {
                let target = self.targets.get(&one.fused).or_else(|| {
                    let mut names = names::spellings(&one.fused);
                    names.find_map(|name| self.targets.get(&name))
                });
                target.map(|target| place.fit_expert(target, &one))
            }),
        };
        fit.transpose()
            .map_err(|misfit| self.misfit(misfit, name, shape))
    }

    fn misfit(&self, misfit: Misfit, name: &str, shape: &[usize]) -> CheckpointError {
        let path = self.weights.path().to_owned();
        match misfit {
            Misfit::Unsupported(reason) => CheckpointError::AdapterUnsupported { path, reason },
            Misfit::Shape(expected) => CheckpointError::AdapterShape {
                path,
                tensor: name.to_owned(),
                expected,
                found: format!("{shape:?}"),
            },
        }
    }

    /// What changes the tensor `name`: its own target, or that of what it is tied to.
    fn target(&self, base: &dyn Base, name: &str) -> Option<&Target> {
        let own = target_of(&self.targets, name, base);
        let tied = || {
            if is_token_embedding(name) {
                return self.head_for_embedding(base);
            }
            // A tied head that is stored all the same is a copy of the embedding.
            let is_copy = is_language_head(name) && base.tied() == Some(true);
            let is_embedding =
                |target: &&str| is_token_embedding(target) && owner(target, base).is_some();
            let embedding = self.targets().find(is_embedding);
            embedding.filter(|_| is_copy)
        };
        self.targets.get(own.or_else(tied)?)
    }

    /// The target of a head that a base does not store, because it is the embedding: what is
    /// added to one is added to both, for they are one tensor. An adapter that trains a head of
    /// its own, or both, makes two of them, which no longer fit the base.
    fn head_for_embedding(&self, base: &dyn Base) -> Option<&str> {
        let is_added = |target: &Target| {
            target.whole.is_none()
                && matches!(target.kind, Kind::LowRank { .. } | Kind::Dora { .. })
        };
        let mut heads = self.targets.iter().filter(|(name, target)| {
            is_language_head(name) && is_added(target) && owner(name, base).is_none()
        });
        let (head, _) = heads.next()?;
        let alone = !self.targets().any(is_token_embedding);
        (alone && base.tied() == Some(true)).then_some(head)
    }

    fn edited(&self, of: Arc<dyn Source>, how: How, elements: usize) -> Arc<dyn Source> {
        match how {
            How::Once(edit) => Arc::new(Edited::new(of, elements, edit, &self.shelf)),
            How::ForEach(edits) => {
                let each = elements / edits.len().max(1);
                let parts = edits.into_iter().enumerate().map(|(k, edit)| {
                    let range = k * each..(k + 1) * each;
                    let of = Arc::new(Cut {
                        of: Arc::clone(&of),
                        range,
                    });
                    let edited: Arc<dyn Source> =
                        Arc::new(Edited::new(of, each, edit, &self.shelf));
                    edited
                });
                Arc::new(Joined::new(parts.collect()))
            }
        }
    }

    /// Sentences about settings that were left out.
    pub(super) fn remarks(&self) -> &[String] {
        self.config.as_ref().map_or(&[], |config| &config.remarks)
    }

    pub(super) fn config_identity(&self) -> Option<&FileIdentity> {
        Some(&self.config.as_ref()?.identity)
    }
}
