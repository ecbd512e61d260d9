//! Sorts the tensors of an adapter's file by what they change, and checks that they fit together.

use std::collections::BTreeMap;
use std::path::Path;

use super::config::AdapterConfig;
use super::keys::{self, Key, Side};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::tensor::Tensor;

/// What is stored for one base tensor.
#[derive(Debug)]
pub(super) enum Target {
    LowRank {
        a: Tensor,
        b: Tensor,
        scale: f32,
        transposed: bool,
    },
    Replaced(Tensor),
}

/// Sorts the stored tensors into targets by the name of the base tensor.
pub(super) fn targets(
    path: &Path,
    config: &AdapterConfig,
    tensors: &[Tensor],
) -> Result<BTreeMap<String, Target>, CheckpointError> {
    let mut targets = BTreeMap::new();
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    for entry in tensors.iter().cloned() {
        match keys::parse(&entry.name) {
            Err(reason) => return Err(refused(path, &entry.name, &reason)),
            Ok(Key::Replacement(base)) => {
                insert(path, &mut targets, base, Target::Replaced(entry))?;
            }
            Ok(Key::Factor {
                module,
                side,
                embedding,
            }) => put(
                path,
                pairs.entry(module).or_default(),
                entry,
                side,
                embedding,
            )?,
        }
    }
    for (module, pair) in pairs {
        let target = low_rank(path, config, &module, pair)?;
        insert(path, &mut targets, format!("{module}.weight"), target)?;
    }
    Ok(targets)
}

/// The factors of one module, with their own alpha.
pub(in crate::checkpoint) struct FactorPair {
    /// As Hugging Face's checkpoints name it.
    pub(in crate::checkpoint) module: String,
    /// [rank, inputs]
    pub(in crate::checkpoint) a: Tensor,
    /// [outputs, rank]
    pub(in crate::checkpoint) b: Tensor,
    /// The change is alpha / rank · B·A.
    pub(in crate::checkpoint) alpha: f64,
}

/// The targets of pairs that name their modules.
pub(super) fn of_pairs(
    path: &Path,
    pairs: Vec<FactorPair>,
) -> Result<BTreeMap<String, Target>, CheckpointError> {
    let mut targets = BTreeMap::new();
    for FactorPair {
        module,
        a,
        b,
        alpha,
    } in pairs
    {
        let rank = a.shape.first().copied().unwrap_or(0);
        check_factor(path, &a, 0, rank, "[rank, inputs]")?;
        check_factor(path, &b, 1, rank, "[outputs, rank]")?;
        if rank == 0 {
            return Err(broken(path, &a.name, "has rank 0".to_owned()));
        }
        let target = Target::LowRank {
            a,
            b,
            scale: (alpha / rank as f64) as f32,
            transposed: false,
        };
        insert(path, &mut targets, format!("{module}.weight"), target)?;
    }
    Ok(targets)
}

/// A module's factors while the file is being sorted.
#[derive(Default)]
struct Pair {
    a: Option<Tensor>,
    b: Option<Tensor>,
    embedding: bool,
}

fn put(
    path: &Path,
    pair: &mut Pair,
    entry: Tensor,
    side: Side,
    embedding: bool,
) -> Result<(), CheckpointError> {
    let begun = pair.a.is_some() || pair.b.is_some();
    if begun && pair.embedding != embedding {
        let reason = "and its partner are of different kinds";
        return Err(broken(path, &entry.name, reason.to_owned()));
    }
    pair.embedding = embedding;
    let slot = match side {
        Side::A => &mut pair.a,
        Side::B => &mut pair.b,
    };
    if let Some(other) = slot {
        let reason = format!("and `{}` are for the same module", other.name);
        return Err(broken(path, &entry.name, reason));
    }
    *slot = Some(entry);
    Ok(())
}

fn insert(
    path: &Path,
    targets: &mut BTreeMap<String, Target>,
    base: String,
    target: Target,
) -> Result<(), CheckpointError> {
    if targets.contains_key(&base) {
        let reason = "would be changed twice".to_owned();
        return Err(broken(path, &base, reason));
    }
    targets.insert(base, target);
    Ok(())
}

fn low_rank(
    path: &Path,
    config: &AdapterConfig,
    module: &str,
    pair: Pair,
) -> Result<Target, CheckpointError> {
    let (a, b) = match (pair.a, pair.b) {
        (Some(a), Some(b)) => (a, b),
        (Some(alone), None) => return Err(broken(path, &alone.name, "has no lora_B".to_owned())),
        (None, Some(alone)) => return Err(broken(path, &alone.name, "has no lora_A".to_owned())),
        // A pair is made for a factor that is put into it.
        (None, None) => return Err(broken(path, module, "has no factors".to_owned())),
    };
    let rank = config.rank(module) as usize;
    check_factor(path, &a, 0, rank, "[rank, inputs]")?;
    check_factor(path, &b, 1, rank, "[outputs, rank]")?;
    Ok(Target::LowRank {
        a,
        b,
        scale: config.scale(module),
        transposed: pair.embedding || config.fan_in_fan_out,
    })
}

fn check_factor(
    path: &Path,
    factor: &Tensor,
    axis: usize,
    rank: usize,
    layout: &str,
) -> Result<(), CheckpointError> {
    if !factor.dtype.is_supported() {
        let reason = format!("is stored as {}, expected a float format", factor.dtype);
        return Err(broken(path, &factor.name, reason));
    }
    if factor.shape.len() != 2 || factor.shape[axis] != rank {
        let found = &factor.shape;
        let reason = format!("should be {layout} with rank {rank}, found {found:?}");
        return Err(broken(path, &factor.name, reason));
    }
    Ok(())
}

fn broken(path: &Path, tensor: &str, reason: String) -> CheckpointError {
    CheckpointError::AdapterTensor {
        path: path.to_owned(),
        tensor: tensor.to_owned(),
        reason,
    }
}

fn refused(path: &Path, tensor: &str, reason: &str) -> CheckpointError {
    CheckpointError::AdapterUnsupported {
        path: path.to_owned(),
        reason: format!("its tensor `{tensor}` {reason}"),
    }
}
