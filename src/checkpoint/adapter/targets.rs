//! Sorts the tensors of an adapter's file by what they change.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::config::{AdapterConfig, ends_with_words};
use super::keys::{self, Key, Part};
use super::kinds::Method;
use super::low_rank::Pair;
use super::module::{Module, Parts};
use super::target::{Kind, Layer, Target, broken, refused};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::tensor::Tensor;

/// By the name of the base tensor, as the adapter has it.
pub(super) type Targets = BTreeMap<String, Target>;

/// What stands in the file, apart from what changes whole modules.
#[derive(Default)]
struct Sorted {
    targets: Targets,
    modules: BTreeMap<String, Parts>,
    shared: BTreeMap<Part, Tensor>,
}

/// Sorts the stored tensors into targets by the name of the base tensor.
pub(super) fn targets(
    path: &Path,
    config: &AdapterConfig,
    tensors: &[Tensor],
) -> Result<Targets, CheckpointError> {
    let mut sorted = Sorted::default();
    for entry in tensors.iter().cloned() {
        sorted.put(path, config, entry)?;
    }
    let Sorted {
        mut targets,
        modules,
        shared,
    } = sorted;
    for (name, parts) in modules {
        let module = Module {
            path,
            config,
            name: &name,
            shared: &shared,
            parameters: parameters_of(config, &name),
        };
        for (tensor, target) in module.targets(parts)? {
            insert(path, &mut targets, tensor, target)?;
        }
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
    /// The order of the outputs.
    pub(in crate::checkpoint) outputs: Outputs,
}

/// In which order a factor has its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::checkpoint) enum Outputs {
    /// As Hugging Face's checkpoints have them.
    Plain,
    /// Those of the heads of queries, as pairs.
    PairedQueries,
    /// The same of keys.
    PairedKeys,
}

/// The targets of pairs that name their modules.
pub(super) fn of_pairs(path: &Path, pairs: Vec<FactorPair>) -> Result<Targets, CheckpointError> {
    let mut targets = Targets::new();
    for FactorPair {
        module,
        a,
        b,
        alpha,
        outputs,
    } in pairs
    {
        let rank = a.shape.first().copied().unwrap_or(0);
        check_factor(path, &a, 0, rank, "[rank, inputs]")?;
        check_factor(path, &b, 1, rank, "[outputs, rank]")?;
        if rank == 0 {
            return Err(broken(path, &a.name, "has rank 0".to_owned()));
        }
        let pair = Pair {
            a,
            b,
            a_rows: None,
            b_rows: None,
            rank,
            experts: 1,
            scale: (alpha / rank as f64) as f32,
        };
        let target = Target {
            whole: None,
            kind: Kind::LowRank {
                pair: Arc::new(pair),
                layer: match outputs {
                    Outputs::Plain => Layer::Linear,
                    Outputs::PairedQueries => Layer::PairedQueries,
                    Outputs::PairedKeys => Layer::PairedKeys,
                },
            },
            optional: false,
        };
        insert(path, &mut targets, format!("{module}.weight"), target)?;
    }
    Ok(targets)
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

impl Sorted {
    fn put(
        &mut self,
        path: &Path,
        config: &AdapterConfig,
        entry: Tensor,
    ) -> Result<(), CheckpointError> {
        let key = keys::parse(&entry.name, config.method)
            .map_err(|reason| refused(path, &entry.name, &reason))?;
        match key {
            Key::Helper if config.has_helpers => Ok(()),
            Key::Helper => Err(refused(
                path,
                &entry.name,
                "is of a kind that the configuration does not name",
            )),
            Key::Replacement(base) => {
                let target = Target {
                    whole: Some(entry),
                    kind: Kind::Nothing,
                    optional: false,
                };
                insert(path, &mut self.targets, base, target)
            }
            Key::Shared(part) => {
                check_part(path, config, &entry, part)?;
                let name = entry.name.clone();
                let other = self.shared.insert(part, entry);
                other.map_or(Ok(()), |other| Err(twice(path, &name, &other.name)))
            }
            Key::Part {
                module,
                depth,
                part,
            } => {
                check_part(path, config, &entry, part)?;
                let name = entry.name.clone();
                let parts = self.modules.entry(module).or_default();
                match parts.insert((depth, part), entry) {
                    // The base's own weights, which PEFT stores under each of their wrappers.
                    Some(other) if matches!(part, Part::BaseWeight | Part::BaseBias) => {
                        same_shape(path, &other, &parts[&(depth, part)])
                    }
                    Some(other) => Err(twice(path, &name, &other.name)),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whether a part is one of this kind of adapter, with numbers that are computed with.
fn check_part(
    path: &Path,
    config: &AdapterConfig,
    entry: &Tensor,
    part: Part,
) -> Result<(), CheckpointError> {
    if !belongs(part, config.method) {
        let reason = "is of another kind of adapter than its configuration says";
        return Err(refused(path, &entry.name, reason));
    }
    if part == Part::BiasB && !config.factor_bias {
        let reason = "is a bias of a factor, which counts only with lora_bias";
        return Err(refused(path, &entry.name, reason));
    }
    if part == Part::Magnitude && !config.dora {
        let reason = "is a length of DoRA, which counts only with use_dora";
        return Err(refused(path, &entry.name, reason));
    }
    if !entry.dtype.is_supported() {
        let reason = format!("is stored as {}, expected a float format", entry.dtype);
        return Err(broken(path, &entry.name, reason));
    }
    Ok(())
}

fn belongs(part: Part, method: Method) -> bool {
    match part {
        Part::A | Part::B => matches!(method, Method::Lora | Method::AdaLora),
        Part::EmbeddingA | Part::EmbeddingB | Part::BiasB | Part::Magnitude => {
            method == Method::Lora
        }
        Part::E => method == Method::AdaLora,
        Part::HadaW1A | Part::HadaW1B | Part::HadaW2A | Part::HadaW2B => method == Method::LoHa,
        Part::LokrW1
        | Part::LokrW1A
        | Part::LokrW1B
        | Part::LokrW2
        | Part::LokrW2A
        | Part::LokrW2B => method == Method::LoKr,
        Part::Ia3 => method == Method::Ia3,
        Part::VeraA | Part::VeraB | Part::VeraLambdaB | Part::VeraLambdaD => method == Method::Vera,
        Part::Oft => method == Method::Oft,
        Part::TokenRows => matches!(method, Method::Lora | Method::Tokens),
        Part::BaseWeight | Part::BaseBias => true,
    }
}

/// The adapted parameters of a module in the order of the model's classes, which decides how they
/// are wrapped in each other.
fn parameters_of(config: &AdapterConfig, module: &str) -> Vec<String> {
    const ORDER: &[&str] = &["gate_up_proj", "gate_proj", "up_proj", "down_proj"];
    let mut found: Vec<String> = Vec::new();
    for name in &config.parameters {
        let (of, parameter) = name.rsplit_once('.').unwrap_or(("experts", name));
        if ends_with_words(module, of) && !found.iter().any(|known| known == parameter) {
            found.push(parameter.to_owned());
        }
    }
    let place = |name: &String| ORDER.iter().position(|known| known == name);
    if found.len() > 1 && found.iter().any(|name| place(name).is_none()) {
        // Of others the order is not known, and two factors could be taken for each other.
        found.clear();
    }
    found.sort_by_key(place);
    found
}

fn insert(
    path: &Path,
    targets: &mut Targets,
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

fn twice(path: &Path, name: &str, other: &str) -> CheckpointError {
    broken(path, name, format!("and `{other}` are for the same module"))
}

fn same_shape(path: &Path, one: &Tensor, other: &Tensor) -> Result<(), CheckpointError> {
    if one.shape == other.shape && one.dtype == other.dtype {
        return Ok(());
    }
    let reason = format!("and `{}` should be the same and differ", one.name);
    Err(broken(path, &other.name, reason))
}
