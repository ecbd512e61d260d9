//! Quantised safetensors: the weights that many small tensors beside each other stand for.
//!
//! A scheme knows its own by their names and their formats, takes them from the table of a whole
//! checkpoint, and puts the weight there, under the name and in the shape that the unquantised
//! model has. What remains afterwards and can only be a part of a quantised weight is an error:
//! a number that is not the weight is never used as if it were.
//!
//! Only names, shapes and some hundred bytes of description are read here; scales and codes are
//! numbers, which are read with the weights.

mod bitsandbytes;
mod codes;
mod columns;
mod float4;
mod gptq;
mod grid;
mod packed;
mod scaled;
mod scales;
mod settings;
mod table;

use std::path::Path;

use self::settings::Settings;
use self::table::{Of, Table};
use super::config::Config;
use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::tensor::Tensor;
use crate::text::natural;

/// The tensors of a checkpoint as its unquantised model has them.
#[derive(Debug)]
pub(super) struct Resolved {
    /// By name.
    pub(super) tensors: Vec<Tensor>,
    /// A file that was read, besides the configuration.
    pub(super) beside: Option<FileIdentity>,
}

/// Puts weights in the place of what they are stored as; `tensors` are those of all shards.
pub(super) fn resolve(
    folder: &Path,
    config: &Config,
    tensors: Vec<Tensor>,
) -> Result<Resolved, CheckpointError> {
    let (settings, beside) = Settings::read(folder, config)?;
    let mut table = Table::new(settings, tensors);
    refuse_foreign(&table)?;
    refuse_elsewhere(&table)?;
    bitsandbytes::take(&mut table)?;
    gptq::take(&mut table)?;
    packed::take(&mut table)?;
    float4::blocks(&mut table)?;
    float4::modelopt(&mut table)?;
    scaled::take(&mut table)?;
    if table.has_made() || table.settings.is_said() {
        drop_activation_scales(&mut table)?;
    }
    refuse_leftovers(&table)?;
    let mut tensors = table.into_tensors();
    tensors.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(Resolved { tensors, beside })
}

/// Parts of schemes that are not read, by the ends of their names.
const FOREIGN: [(&str, &str); 8] = [
    (".q_weight", "EXL2"),
    (".trellis", "EXL3"),
    (".W_q", "HQQ"),
    (".codebooks", "AQLM"),
    (".weight_bitmask", "sparse compressed-tensors"),
    (".weight_compressed", "sparse compressed-tensors"),
    (".pre_quant_scale", "AWQ of ModelOpt"),
    (".weight_scale_4bit", "4-bit scales"),
];

fn refuse_foreign(table: &Table) -> Result<(), CheckpointError> {
    let scheme = |tensor: &Tensor| {
        let mut known = FOREIGN.iter();
        known.find(|(end, _)| tensor.name.ends_with(end))
    };
    match table.stored().find_map(|t| Some((t, scheme(t)?))) {
        Some((tensor, (_, scheme))) => {
            let found = format!("tensor `{}` is a part of {scheme}", tensor.name);
            Err(table.settings.unknown(found))
        }
        None => Ok(()),
    }
}

/// What lies on a store must be plain numbers.
fn refuse_elsewhere(table: &Table) -> Result<(), CheckpointError> {
    let mut stored = table.stored().filter_map(Tensor::plainly_stored);
    let Some(stored) = stored.find(|stored| stored.file.object().is_some()) else {
        return Ok(());
    };
    let is_part = |tensor: &Tensor| {
        PARTS.contains(&last_word(&tensor.name)) || tensor.name.contains(".quant_state.")
    };
    if table.settings.is_said() || table.stored().any(is_part) {
        let path = stored.file.path();
        return Err(CheckpointError::only_plain(
            path,
            "its weights are quantised",
        ));
    }
    Ok(())
}

/// Last words of the names of what scales inputs, outputs and caches, and changes no weight.
const ACTIVATION_SCALES: [&str; 13] = [
    "input_scale",
    "input_scale_ub",
    "input_global_scale",
    "input_zero_point",
    "scale_input",
    "output_scale",
    "output_zero_point",
    "k_scale",
    "v_scale",
    "q_scale",
    "prob_scale",
    "k_zero_point",
    "v_zero_point",
];

/// What ComfyUI says of a whole file, and of a module.
const COMFY_FILE: &str = "scaled_fp8";
const COMFY_MODULE: &str = "comfy_quant";

fn drop_activation_scales(table: &mut Table) -> Result<(), CheckpointError> {
    comfy(table)?;
    table.forget(|name| {
        let word = last_word(name);
        word == COMFY_FILE
            || word == COMFY_MODULE
            || ACTIVATION_SCALES.contains(&word)
            || word.ends_with("_input_scale")
    });
    Ok(())
}

/// A module of ComfyUI says in JSON how it is stored; the floats are those that are read here.
fn comfy(table: &mut Table) -> Result<(), CheckpointError> {
    let says = |t: &&Tensor| last_word(&t.name) == COMFY_MODULE;
    let said: Vec<Tensor> = table.stored().filter(says).cloned().collect();
    for tensor in &said {
        let scheme = "ComfyUI";
        let of = Of { scheme, tensor };
        let bytes = table.description(of, tensor, 1 << 16)?;
        let text = String::from_utf8_lossy(&bytes);
        let object: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let format = object
            .as_ref()
            .and_then(|object| object.get("format")?.as_str());
        if !format.is_some_and(|format| format.starts_with("float8_")) {
            let found = format
                .unwrap_or("none")
                .chars()
                .take(64)
                .collect::<String>();
            return Err(of.misfit("the format float8_e4m3fn or float8_e5m2", &found));
        }
    }
    Ok(())
}

fn last_word(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Last words that only a part of a quantised weight has.
const PARTS: [&str; 17] = [
    "weight_scale_inv",
    "weight_scale",
    "weight_scale_2",
    "scale_weight",
    "weight_packed",
    "weight_zero_point",
    "weight_global_scale",
    "weight_shape",
    "weight_g_idx",
    "qweight",
    "qzeros",
    "SCB",
    "weight_format",
    "absmax",
    "quant_map",
    "nested_absmax",
    "nested_quant_map",
];

/// What nobody took and cannot be a weight.
fn refuse_leftovers(table: &Table) -> Result<(), CheckpointError> {
    let scheme = "a quantised model";
    for tensor in table.stored() {
        let of = Of { scheme, tensor };
        let word = last_word(&tensor.name);
        if PARTS.contains(&word) || tensor.name.contains(".quant_state.") {
            return Err(of.misfit("the weight that it belongs to", "none that fits"));
        }
        let is_matrix = tensor.shape.len() >= 2;
        if is_matrix && word == "weight" && tensor.dtype.is_integer() {
            return Err(of.misfit("floats, or scales beside it", tensor.dtype.name()));
        }
        let is_scheme = table.settings.method().is_some_and(|m| m != "bitsandbytes");
        if is_matrix && is_scheme && tensor.dtype.is_fp8() {
            return Err(of.misfit("a scale beside it", "none"));
        }
    }
    Ok(())
}
