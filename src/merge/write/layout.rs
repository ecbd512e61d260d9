//! Which tensor goes where: shards, their headers, and the index.

use serde_json::{Map, Value, json};

use super::super::plan::TensorPlan;
use super::Origin;
use crate::checkpoint::{GgufLayout, Slot};

/// The files of a child, all known before the first byte.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// In the order of writing.
    pub(crate) shards: Vec<ShardPlan>,
    /// Text of `model.safetensors.index.json`; `None` for a single file.
    pub(crate) index: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShardPlan {
    /// Such as `model-00001-of-00002.safetensors`.
    pub(crate) file_name: String,
    /// The file's bytes before the first number.
    pub(crate) prefix: Vec<u8>,
    /// Each tensor by its number in the step, with its place in the file.
    pub(crate) tensors: Vec<(usize, Slot)>,
    /// Bytes that are written as they are.
    pub(crate) copies: Vec<(u64, Vec<u8>)>,
    pub(crate) len: u64,
}

pub(crate) const INDEX_NAME: &str = "model.safetensors.index.json";

impl Layout {
    /// Lays out `tensors`; `shard_bytes` of 0 means one file. A tensor larger than a shard gets
    /// one of its own.
    pub(crate) fn new(
        tensors: &[TensorPlan],
        shard_bytes: u64,
        (recipe_hash, origin): (&str, &Origin),
    ) -> Self {
        let mut groups: Vec<Vec<usize>> = vec![Vec::new()];
        let mut size = 0;
        for (k, tensor) in tensors.iter().enumerate() {
            let bytes = tensor.size_bytes();
            let is_full = shard_bytes > 0 && size > 0 && size + bytes > shard_bytes;
            if is_full {
                groups.push(Vec::new());
                size = 0;
            }
            size += bytes;
            if let Some(last) = groups.last_mut() {
                last.push(k);
            }
        }
        let count = groups.len();
        let shards: Vec<ShardPlan> = groups
            .into_iter()
            .enumerate()
            .map(|(k, group)| {
                let name = match count {
                    1 => "model.safetensors".to_owned(),
                    _ => format!("model-{:05}-of-{count:05}.safetensors", k + 1),
                };
                ShardPlan::new(name, group, tensors, (recipe_hash, origin))
            })
            .collect();
        let index = (count > 1).then(|| index(&shards, tensors));
        Self { shards, index }
    }

    /// One GGUF file, called `file_name` until it is finished.
    pub(crate) fn of_gguf(file_name: &str, gguf: GgufLayout) -> Self {
        let slots = gguf.slots.into_iter().enumerate();
        let shard = ShardPlan {
            file_name: file_name.to_owned(),
            prefix: gguf.prefix,
            tensors: slots.filter_map(|(k, slot)| Some((k, slot?))).collect(),
            copies: gguf.copies,
            len: gguf.len,
        };
        Self {
            shards: vec![shard],
            index: None,
        }
    }
}

impl ShardPlan {
    fn new(
        file_name: String,
        mut group: Vec<usize>,
        tensors: &[TensorPlan],
        (recipe_hash, origin): (&str, &Origin),
    ) -> Self {
        // Wide numbers first, so that every tensor begins at a multiple of its number's size.
        group.sort_by_key(|&k| std::cmp::Reverse(tensors[k].dtype.width_bits()));
        let mut entries = Map::new();
        let mut metadata = json!({"format": "pt", "kinfolk_recipe_sha256": recipe_hash});
        for (key, text) in origin.entries() {
            metadata[key] = json!(text);
        }
        entries.insert("__metadata__".to_owned(), metadata);
        let mut offsets = Vec::new();
        let mut end = 0;
        for k in group {
            let tensor = &tensors[k];
            let begin = end;
            end += tensor.size_bytes();
            entries.insert(
                tensor.name.clone(),
                json!({
                    "dtype": tensor.dtype.name(),
                    "shape": tensor.shape,
                    "data_offsets": [begin, end],
                }),
            );
            offsets.push((k, begin));
        }
        let mut header = Value::Object(entries).to_string();
        while !header.len().is_multiple_of(8) {
            header.push(' ');
        }
        let data_start = 8 + header.len() as u64;
        let slot = |(k, begin): (usize, u64)| {
            let tensor: &TensorPlan = &tensors[k];
            (k, Slot::new(tensor.dtype, data_start + begin))
        };
        let mut prefix = (header.len() as u64).to_le_bytes().to_vec();
        prefix.extend_from_slice(header.as_bytes());
        Self {
            file_name,
            prefix,
            tensors: offsets.into_iter().map(slot).collect(),
            copies: Vec::new(),
            len: data_start + end,
        }
    }
}

fn index(shards: &[ShardPlan], tensors: &[TensorPlan]) -> String {
    let mut weight_map = Map::new();
    for shard in shards {
        for (k, _) in &shard.tensors {
            weight_map.insert(tensors[*k].name.clone(), json!(shard.file_name));
        }
    }
    let total: u64 = tensors.iter().map(TensorPlan::size_bytes).sum();
    let index = json!({"metadata": {"total_size": total}, "weight_map": weight_map});
    format!("{index:#}\n")
}
