//! PEFT LoRA adapters: what they do to the tensors of their base.
//!
//! An adapter is read as changes, δ = scale · B·A or a whole new tensor, never merged into a
//! copy of the base. Whatever cannot be read that way is refused with its reason; half of an
//! adapter would be another model.

mod config;
mod keys;
mod low_rank;
mod targets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use self::config::AdapterConfig;
use self::low_rank::Factor;
pub use self::low_rank::{Factors, LowRank};
use self::targets::{Target, targets};
use super::dtype::Dtype;
use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::listed::Listed;
use super::raw::RawTensor;
use super::tensor::Tensor;
use super::weights::Weights;

/// Prefixes that a base may have or lack beside the names in an adapter.
const PREFIXES: &[&str] = &["model.", "transformer."];

/// An opened LoRA adapter.
#[derive(Debug)]
pub struct Adapter {
    weights: Arc<Weights>,
    config: AdapterConfig,
    /// By the name of the base tensor, as the adapter has it.
    targets: BTreeMap<String, Target>,
}

/// What an adapter does to one tensor of its base.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// Nothing.
    None,
    /// Adds the product of two factors.
    LowRank(LowRank<'a>),
    /// Puts another tensor of the same shape in its place.
    Replaced {
        /// Its format, which need not be the base's.
        dtype: Dtype,
        /// The whole new tensor; `None` if its format is not computed with.
        numbers: Option<RawTensor<'a>>,
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
            config,
            targets,
        })
    }

    /// Where the adapter says that its base is: a name on the hub, or a path.
    pub fn base_name(&self) -> Option<&str> {
        self.config.base_name.as_deref()
    }

    /// The base tensors that the adapter changes, as it names them, sorted.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// What the adapter does to the base tensor `name`.
    ///
    /// # Errors
    /// If the base tensor has another shape than the adapter was made for.
    pub fn change(&self, name: &str, shape: &[usize]) -> Result<Change<'_>, CheckpointError> {
        let Some(target) = spellings(name).find_map(|name| self.targets.get(&name)) else {
            return Ok(Change::None);
        };
        let change = change_by(target);
        let expected = match (&change, target) {
            (Change::LowRank(low_rank), _) => low_rank.shape().to_vec(),
            (_, Target::Replaced(own)) => own.shape.clone(),
            _ => return Ok(change),
        };
        if expected != shape {
            return Err(CheckpointError::AdapterShape {
                path: self.weights.path().to_owned(),
                tensor: name.to_owned(),
                expected: format!("{expected:?}"),
                found: format!("{shape:?}"),
            });
        }
        Ok(change)
    }

    /// The targets that a base lacks under every spelling, sorted.
    pub fn targets_missing_in(&self, base_has: impl Fn(&str) -> bool) -> Vec<String> {
        self.targets()
            .filter(|target| !spellings(target).any(|name| base_has(&name)))
            .map(str::to_owned)
            .collect()
    }

    /// Sentences about settings that were left out.
    pub(super) fn remarks(&self) -> &[String] {
        &self.config.remarks
    }

    pub(super) fn config_identity(&self) -> &FileIdentity {
        &self.config.identity
    }
}

fn change_by(target: &Target) -> Change<'_> {
    match target {
        Target::Replaced(own) => Change::Replaced {
            dtype: own.dtype,
            numbers: own.numbers(),
        },
        Target::LowRank {
            a,
            b,
            scale,
            transposed,
        } => Change::LowRank(LowRank {
            rank: matrix(a)[0],
            a: factor(a),
            b: factor(b),
            scale: *scale,
            transposed: *transposed,
        }),
    }
}

fn factor(own: &Tensor) -> Factor<'_> {
    Factor {
        shape: matrix(own),
        numbers: own.numbers(),
    }
}

/// The shape of a factor, which has been checked to be a matrix.
fn matrix(own: &Tensor) -> [usize; 2] {
    own.shape.as_slice().try_into().unwrap_or_default()
}

/// A name as it is, then with and without the prefixes that models are wrapped in.
fn spellings(name: &str) -> impl Iterator<Item = String> {
    let without = PREFIXES.iter().filter_map(|p| name.strip_prefix(p));
    let with = PREFIXES.iter().map(move |prefix| format!("{prefix}{name}"));
    std::iter::once(name)
        .chain(without)
        .map(str::to_owned)
        .chain(with)
}
