//! Writes a header: the template's metadata with what must differ, and the list of tensors.

use super::header::Entry;
use super::template::{GgufTemplate, MADE_KEY};
use super::types::Type;
use super::value::Value;
use crate::checkpoint::dtype::Dtype;

/// What a header says beside what the template's says.
pub(super) struct Said<'s> {
    /// In the order of the file.
    pub(super) tensors: Vec<Tensor<'s>>,
    pub(super) file_type: u32,
    pub(super) layers: usize,
    pub(super) name: &'s str,
    pub(super) recipe: &'s str,
    pub(super) recipe_sha256: &'s str,
}

pub(super) struct Tensor<'s> {
    pub(super) name: &'s str,
    /// Outermost first.
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) bytes: u64,
}

/// A header that is ready.
pub(super) struct Written {
    /// Padded up to the data.
    pub(super) prefix: Vec<u8>,
    /// From the start of the data.
    pub(super) offsets: Vec<u64>,
    pub(super) data_len: u64,
}

/// The version that is written.
const VERSION: u32 = 3;

/// `general.quantization_version` of the blocks that are written.
const QUANTIZATION_VERSION: u32 = 2;

/// Entries about the template's own making, and those of its parts.
const NOT_COPIED: [&str; 18] = [
    "general.author",
    "general.base_model.",
    "general.basename",
    "general.dataset.",
    "general.description",
    "general.doi",
    "general.finetune",
    "general.name",
    "general.organization",
    "general.quantized_by",
    "general.repo_url",
    "general.source.",
    "general.url",
    "general.uuid",
    "general.version",
    "general.size_label",
    "kinfolk.",
    "split.",
];

/// Numbers of kinds of values in files.
const U32: u32 = 4;
const STRING: u32 = 8;

/// Writes the header of a file after `template`.
pub(super) fn write(template: &GgufTemplate, said: &Said<'_>) -> Result<Written, String> {
    let (entries, count) = entries(template, said)?;
    let mut out = b"GGUF".to_vec();
    out.extend(VERSION.to_le_bytes());
    out.extend((said.tensors.len() as u64).to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(entries);
    let alignment = template.header.alignment;
    let mut offset = 0u64;
    let mut offsets = Vec::new();
    for tensor in &said.tensors {
        let kind = Type::number(tensor.dtype)
            .ok_or_else(|| format!("numbers of type {} cannot be written", tensor.dtype))?;
        string(&mut out, tensor.name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        for dim in tensor.shape.iter().rev() {
            out.extend((*dim as u64).to_le_bytes());
        }
        out.extend(kind.to_le_bytes());
        out.extend(offset.to_le_bytes());
        offsets.push(offset);
        offset = (offset + tensor.bytes).next_multiple_of(alignment);
    }
    let padded = (out.len() as u64).next_multiple_of(alignment);
    out.resize(padded as usize, 0);
    Ok(Written {
        prefix: out,
        offsets,
        data_len: offset,
    })
}

/// The bytes of all entries, and how many there are.
fn entries(template: &GgufTemplate, said: &Said<'_>) -> Result<(Vec<u8>, u64), String> {
    let header = &template.header;
    let layers_key = format!("{}.block_count", template.architecture.name);
    let old_layers = header.number(&layers_key);
    let layers_differ = old_layers != Some(said.layers as u64);
    let mut new: Vec<(&str, Vec<u8>)> = vec![
        ("general.name", text("general.name", said.name)),
        (
            "general.file_type",
            number("general.file_type", said.file_type),
        ),
        (
            "general.quantization_version",
            number("general.quantization_version", QUANTIZATION_VERSION),
        ),
        (MADE_KEY, text(MADE_KEY, said.recipe_sha256)),
        ("kinfolk.recipe", text("kinfolk.recipe", said.recipe)),
    ];
    if layers_differ {
        let layers = u32::try_from(said.layers).unwrap_or(u32::MAX);
        new.push((&layers_key, number(&layers_key, layers)));
    }
    let (mut out, mut count) = (Vec::new(), 0);
    for entry in &header.entries {
        let replaced = new.iter().position(|(key, _)| *key == entry.key);
        if let Some(at) = replaced {
            out.extend(new.remove(at).1);
            count += 1;
            continue;
        }
        if NOT_COPIED.iter().any(|start| entry.key.starts_with(start)) {
            continue;
        }
        if layers_differ && is_per_layer(template, entry, old_layers) {
            return Err(format!(
                "the child has {} layers, and the template's `{}` is a list for {} layers; give a \
                 template of {} layers (--template): {}",
                said.layers,
                entry.key,
                old_layers.unwrap_or(0),
                said.layers,
                template.path.display()
            ));
        }
        out.extend_from_slice(header.bytes.get(entry.whole.clone()).unwrap_or_default());
        count += 1;
    }
    for (_, bytes) in new {
        out.extend(bytes);
        count += 1;
    }
    Ok((out, count))
}

/// Whether an entry is a list with a value for each layer of the template.
fn is_per_layer(template: &GgufTemplate, entry: &Entry, layers: Option<u64>) -> bool {
    let own = format!("{}.", template.architecture.name);
    let is_list = |value: Value<'_>| match value {
        Value::Array(array) => Some(array.count) == layers,
        Value::Scalar(..) | Value::Text(_) => false,
    };
    entry.key.starts_with(&own) && template.header.value_of(entry).is_some_and(is_list)
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn number(key: &str, value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, key);
    out.extend(U32.to_le_bytes());
    out.extend(value.to_le_bytes());
    out
}

fn text(key: &str, value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, key);
    out.extend(STRING.to_le_bytes());
    string(&mut out, value);
    out
}
