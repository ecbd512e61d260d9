//! LoRA adapters in GGUF: the factors `lora_a` [rank, inputs] and `lora_b` [outputs, rank].

use std::collections::BTreeMap;

use super::header::Header;
use super::layout::Entry;
use super::names::Place;
use super::tensors::Reading;
use crate::checkpoint::adapter::{Adapter, FactorPair, Outputs};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::tensor::Tensor;

/// Whether a file says that it is an adapter.
pub(super) fn is_adapter(header: &Header) -> bool {
    header.text("general.type") == Some("adapter")
}

/// The adapter that the file is, and its tensors under the names that PEFT has for them.
pub(super) fn read(
    reading: &Reading<'_>,
    entries: &[Entry],
) -> Result<(Adapter, Vec<Tensor>), CheckpointError> {
    let unsupported = |reason: String| CheckpointError::GgufUnsupported {
        path: reading.path.to_owned(),
        reason,
    };
    let header = reading.header;
    match header.text("adapter.type") {
        Some("lora") => {}
        other => {
            let other = other.unwrap_or("none");
            return Err(unsupported(format!(
                "its adapter type is `{other}`, not `lora`"
            )));
        }
    }
    let alpha = header.value("adapter.lora.alpha");
    let alpha = alpha
        .and_then(|alpha| alpha.float())
        .filter(|own| own.is_finite());
    let alpha = alpha.ok_or_else(|| unsupported("it has no `adapter.lora.alpha`".to_owned()))?;
    let mut pairs: BTreeMap<String, ([Option<Tensor>; 2], Outputs)> = BTreeMap::new();
    for entry in entries {
        let (module, side, outputs) = place(reading, entry)?;
        let word = ["lora_A", "lora_B"][side];
        let name = format!("base_model.model.{module}.{word}.weight");
        let tensor = reading.raw(entry).tensor(name);
        let (pair, _) = pairs.entry(module).or_insert(([None, None], outputs));
        if let Some(slot) = pair.get_mut(side) {
            *slot = Some(tensor);
        }
    }
    let mut tensors = Vec::new();
    let mut factors = Vec::new();
    for (module, (pair, outputs)) in pairs {
        let [Some(a), Some(b)] = pair else {
            return Err(unsupported(format!(
                "`{module}` has one of its two factors only"
            )));
        };
        tensors.extend([a.clone(), b.clone()]);
        factors.push(FactorPair {
            module,
            a,
            b,
            alpha: f64::from(alpha),
            outputs,
        });
    }
    Ok((Adapter::of_factors(reading.file, factors)?, tensors))
}

/// The module that a factor belongs to, which of the two it is, and the order of its outputs.
fn place(
    reading: &Reading<'_>,
    entry: &Entry,
) -> Result<(String, usize, Outputs), CheckpointError> {
    let refused = |reason: &str| reading.refused(&entry.name, reason);
    let (base, side) = if let Some(base) = entry.name.strip_suffix(".lora_a") {
        (base, 0)
    } else if let Some(base) = entry.name.strip_suffix(".lora_b") {
        (base, 1)
    } else {
        return Err(refused(
            "is not a factor of LoRA; save the adapter again with PEFT",
        ));
    };
    let architecture = reading.architecture;
    let place = Place::of(architecture, base).ok_or_else(|| {
        refused("changes a tensor that is not known; take the adapter as PEFT saved it")
    })?;
    let is_matrix = place.is_weight && !place.is_stack() && place.layer.is_some();
    if !is_matrix || place.is_transposed(architecture) || place.is_plus_one(architecture) {
        return Err(refused(
            "changes a tensor that GGUF stores in another form; take the adapter as PEFT saved it",
        ));
    }
    // An adapter's metadata do not tell the number of heads that the order depends on.
    if place.is_ungrouped(architecture) {
        return Err(refused(
            "has its rows in the order of the base's heads, whose number an adapter in GGUF does \
             not tell; take the adapter as PEFT saved it",
        ));
    }
    let module = place.name.strip_suffix(".weight").unwrap_or(&place.name);
    // The base tells the number of heads.
    let outputs = match (place.is_rotated(architecture), place.stem) {
        (false, _) => Outputs::Plain,
        (true, "attn_k") => Outputs::PairedKeys,
        (true, _) => Outputs::PairedQueries,
    };
    Ok((module.to_owned(), side, outputs))
}
