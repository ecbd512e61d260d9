//! Lays out a GGUF file after a template: which tensor goes where, in which type and order, and
//! the header that says so. All of it is known before the first number.
//!
//! Types and orders are those of llama.cpp's converter: vectors, norms, routers and positions in
//! F32, all else in the type that is asked for; rows that do not fill blocks of Q8_0 in F16.

use std::collections::BTreeMap;

use super::config::tokens;
use super::metadata::{self, Said};
use super::names::{Back, Place, is_computed};
use super::rows::row_order;
use super::template::GgufTemplate;
use crate::checkpoint::dtype::Dtype;
use crate::checkpoint::encode::{Moved, Slot};
use crate::text::natural;

/// The types that files are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GgufKind {
    /// IEEE half.
    F16,
    /// The upper half of an IEEE single.
    Bf16,
    /// Eight bits and a scale for 32 numbers.
    Q8_0,
}

/// A tensor that is to be written, as Hugging Face's checkpoints have it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Its name there.
    pub name: &'w str,
    /// Its shape there, outermost first.
    pub shape: &'w [usize],
    /// Whether it holds numbers that can be computed with.
    pub is_float: bool,
}

/// What the file is to be.
#[derive(Clone, Copy, Debug)]
pub struct GgufWish<'w> {
    /// The type of the matrices.
    pub kind: GgufKind,
    /// What the model is called.
    pub name: &'w str,
    /// The recipe that it is made by, and its hash.
    pub recipe: &'w str,
    /// SHA-256 in hexadecimal.
    pub recipe_sha256: &'w str,
}

/// A file that can be written.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufLayout {
    /// The header, padded up to the first number.
    pub prefix: Vec<u8>,
    /// Where the tensors that were asked for go, in their order; `None` for buffers that GGUF
    /// does not have.
    pub slots: Vec<Option<Slot>>,
    /// Bytes that are written as they are.
    pub copies: Vec<(u64, Vec<u8>)>,
    /// Bytes of the file.
    pub len: u64,
}

impl GgufKind {
    /// The names that the command line knows.
    pub const NAMES: &[(&str, Self)] = &[
        ("f16", Self::F16),
        ("bf16", Self::Bf16),
        ("q8_0", Self::Q8_0),
    ];

    /// As files and llama.cpp spell it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q8_0 => "Q8_0",
        }
    }

    /// The one that keeps weights of this format best in half their room or less.
    pub const fn of_weights(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F16 => Self::F16,
            _ => Self::Bf16,
        }
    }

    const fn dtype(self) -> Dtype {
        match self {
            Self::F16 => Dtype::F16,
            Self::Bf16 => Dtype::BF16,
            Self::Q8_0 => Dtype::Q8_0,
        }
    }

    /// `general.file_type`.
    const fn file_type(self) -> u32 {
        match self {
            Self::F16 => 1,
            Self::Bf16 => 32,
            Self::Q8_0 => 7,
        }
    }
}

/// Numbers of a block of the only packed type that is written.
const BLOCK: usize = 32;

/// Stems of tensors that are F32 in every file, beside norms and vectors.
const ALWAYS_F32: [&str; 4] = [
    "ffn_gate_inp",
    "ffn_gate_inp_shexp",
    "position_embd",
    "token_types",
];

/// Endings of buffers that checkpoints may have and GGUF has not.
const BUFFERS: [&str; 4] = [
    "rotary_emb.inv_freq",
    "attn.bias",
    "attn.masked_bias",
    "position_ids",
];

/// A tensor of the file while it is put together.
struct Made {
    place: Place,
    /// By the number of the expert, or one: which of those that were asked for.
    parts: BTreeMap<usize, usize>,
    /// Of one part, in GGUF's order of dimensions but outermost first.
    shape: Vec<usize>,
    dtype: Dtype,
}

impl GgufTemplate {
    /// Lays out a file with `wanted` and this template's metadata.
    ///
    /// # Errors
    /// A sentence, if a tensor has no place in files of this architecture, or the template is of
    /// another model.
    pub fn layout(&self, wanted: &[Wanted<'_>], wish: &GgufWish<'_>) -> Result<GgufLayout, String> {
        let made = self.made(wanted, wish.kind)?;
        let layers = made.values().filter_map(|own| own.place.layer).max();
        let layers = layers.map_or(0, |last| last as usize + 1);
        self.check_whole(&made, layers)?;
        let order = self.order(&made);
        let said = Said {
            tensors: order.iter().map(|name| self.said(name, &made)).collect(),
            file_type: wish.kind.file_type(),
            layers,
            name: wish.name,
            recipe: wish.recipe,
            recipe_sha256: wish.recipe_sha256,
        };
        let header = metadata::write(self, &said)?;
        let mut layout = GgufLayout {
            slots: vec![None; wanted.len()],
            copies: Vec::new(),
            len: header.prefix.len() as u64 + header.data_len,
            prefix: header.prefix,
        };
        for (name, offset) in order.iter().zip(header.offsets) {
            let start = layout.prefix.len() as u64 + offset;
            match made.get(*name) {
                Some(own) => self.place_parts(own, start, wanted, &mut layout)?,
                None => {
                    let bytes = self.stored(name).and_then(|own| own.bytes.clone());
                    layout.copies.extend(bytes.map(|bytes| (start, bytes)));
                }
            }
        }
        Ok(layout)
    }

    fn misfit(&self, sentence: &str) -> String {
        let path = self.path.display();
        format!("{sentence}; give a template of the same model (--template): {path}")
    }

    /// The tensors of the file by their names.
    fn made(
        &self,
        wanted: &[Wanted<'_>],
        kind: GgufKind,
    ) -> Result<BTreeMap<String, Made>, String> {
        let architecture = self.architecture;
        let mut made: BTreeMap<String, Made> = BTreeMap::new();
        for (k, own) in wanted.iter().enumerate() {
            if BUFFERS.iter().any(|end| own.name.ends_with(end)) {
                continue;
            }
            let unknown = || {
                let sentence = format!(
                    "tensor `{}` has no place in GGUF files of architecture `{}`",
                    own.name, architecture.name
                );
                self.misfit(&sentence)
            };
            let back = Back::of(architecture, own.name).ok_or_else(unknown)?;
            let place = Place::of(architecture, &back.name).ok_or_else(unknown)?;
            if !own.is_float {
                return Err(format!(
                    "tensor `{}` holds no floats, and GGUF files of models hold nothing else",
                    own.name
                ));
            }
            let mut shape = own.shape.to_vec();
            if place.is_transposed(architecture) {
                shape.reverse();
            }
            let entry = made.entry(back.name).or_insert_with(|| Made {
                dtype: dtype_of(&place, &shape, kind),
                place,
                parts: BTreeMap::new(),
                shape: shape.clone(),
            });
            let is_second = entry.parts.insert(back.expert.unwrap_or(0), k).is_some();
            if is_second || entry.shape != shape {
                return Err(format!(
                    "tensor `{}` does not fit the others of its kind",
                    own.name
                ));
            }
        }
        for (name, own) in &mut made {
            let complete = own.parts.keys().copied().eq(0..own.parts.len());
            if !complete {
                return Err(format!("not all experts of `{name}` are there"));
            }
            self.check_shape(name, own)?;
        }
        Ok(made)
    }

    /// A tensor must have the shape that it has in the template; of layers that the template
    /// does not have, that of the first layer.
    fn check_shape(&self, name: &str, own: &mut Made) -> Result<(), String> {
        let of_first = || {
            let (_, rest) = name.strip_prefix("blk.")?.split_once('.')?;
            self.tensor(&format!("blk.0.{rest}"))
        };
        let Some(theirs) = self.tensor(name).or_else(of_first) else {
            // A head beside the embedding: the template's are tied. Gemma's first two are always.
            let is_tied = ["gemma", "gemma2"].contains(&self.architecture.name);
            return match own.place.stem {
                "output" if !is_tied => Ok(()),
                _ => Err(self.misfit(&format!("the template has no tensor `{name}`"))),
            };
        };
        let found = stacked(own);
        let mut expected = theirs.shape.clone();
        if own.place.stem == "ffn_gate_inp_shexp" && expected.len() == 1 {
            expected.insert(0, 1);
        }
        // The converter cuts what Gemma 3 has beyond its tokenizer.
        let is_cut = self.architecture.name == "gemma3"
            && own.place.stem == "token_embd"
            && found.get(1..) == expected.get(1..)
            && found.first() > expected.first();
        if is_cut {
            own.shape.clone_from(&expected);
            return Ok(());
        }
        if found != expected {
            let what = match own.place.stem {
                "token_embd" | "output" => ", and so another vocabulary",
                _ => "",
            };
            return Err(self.misfit(&format!(
                "tensor `{name}` has shape {found:?} and the template's {expected:?}{what}"
            )));
        }
        Ok(())
    }

    /// Whatever the template has in these layers must be written too.
    fn check_whole(&self, made: &BTreeMap<String, Made>, layers: usize) -> Result<(), String> {
        let vocabulary = tokens(&self.header);
        if let (Some(own), Some(tokens)) = (made.get("token_embd.weight"), vocabulary)
            && own.shape.first() != Some(&tokens)
        {
            let rows = own.shape.first().copied().unwrap_or(0);
            return Err(self.misfit(&format!(
                "the embedding has {rows} rows and the template's vocabulary {tokens} tokens"
            )));
        }
        for own in &self.tensors {
            let name = own.entry.name.as_str();
            let layer = Place::of(self.architecture, name).and_then(|place| place.layer);
            let is_needed = !is_computed(name)
                && name != "output.weight"
                && layer.is_none_or(|layer| (layer as usize) < layers);
            if is_needed && !made.contains_key(name) {
                return Err(self.misfit(&format!("the model lacks `{name}` of the template")));
            }
        }
        Ok(())
    }

    /// The names of all tensors: as in the template, then what it does not have.
    fn order<'n>(&'n self, made: &'n BTreeMap<String, Made>) -> Vec<&'n str> {
        let own = self.tensors.iter();
        let mut order: Vec<&str> = own
            .filter(|own| made.contains_key(&own.entry.name) || own.bytes.is_some())
            .map(|own| own.entry.name.as_str())
            .collect();
        let mut rest: Vec<&str> = made.keys().map(String::as_str).collect();
        rest.retain(|name| self.tensor(name).is_none());
        rest.sort_by(|a, b| natural(a, b));
        order.extend(rest);
        order
    }

    /// Name, shape and type for the header.
    fn said<'n>(&self, name: &'n str, made: &BTreeMap<String, Made>) -> metadata::Tensor<'n> {
        match (made.get(name), self.tensor(name)) {
            (Some(own), _) => metadata::Tensor {
                name,
                shape: stacked(own),
                dtype: own.dtype,
                bytes: bytes(own) * own.parts.len() as u64,
            },
            (None, Some(entry)) => metadata::Tensor {
                name,
                shape: entry.shape.clone(),
                dtype: entry.kind.dtype(),
                bytes: entry.range.len() as u64,
            },
            // Names come from one of the two.
            (None, None) => metadata::Tensor {
                name,
                shape: vec![0],
                dtype: Dtype::F32,
                bytes: 0,
            },
        }
    }

    fn place_parts(
        &self,
        own: &Made,
        start: u64,
        wanted: &[Wanted<'_>],
        layout: &mut GgufLayout,
    ) -> Result<(), String> {
        let rows = own.shape.first().copied().unwrap_or(1);
        let order = row_order(self.architecture, &own.place, &self.header, rows);
        let order = order.map_err(|reason| {
            let name = &own.place.name;
            self.misfit(&format!("tensor `{name}` {reason}"))
        })?;
        let is_transposed = own.place.is_transposed(self.architecture);
        let moved = Moved {
            row_len: own.shape.iter().skip(1).product(),
            keep: own.shape.iter().product(),
            order,
            plus: match own.place.is_plus_one(self.architecture) {
                true => 1.0,
                false => 0.0,
            },
            transposed: is_transposed,
        };
        for (&expert, &k) in &own.parts {
            let first_byte = start + bytes(own) * expert as u64;
            let slot = Slot::new(own.dtype, first_byte);
            let all: usize = wanted.get(k).map_or(0, |own| own.shape.iter().product());
            let is_moved = moved.changes_anything(all);
            if let Some(place) = layout.slots.get_mut(k) {
                *place = Some(match is_moved {
                    true => slot.moved(moved.clone()),
                    false => slot,
                });
            }
        }
        Ok(())
    }
}

/// The shape of all parts together.
fn stacked(own: &Made) -> Vec<usize> {
    let mut shape = own.shape.clone();
    if own.place.is_stack() {
        shape.insert(0, own.parts.len());
    }
    shape
}

/// Bytes of one part.
fn bytes(own: &Made) -> u64 {
    own.dtype.stored_bytes(own.shape.iter().product())
}

fn dtype_of(place: &Place, shape: &[usize], kind: GgufKind) -> Dtype {
    let is_small = shape.len() <= 1 && !place.is_stack()
        || place.is_weight && place.stem.ends_with("_norm")
        || place.is_weight && ALWAYS_F32.contains(&place.stem);
    let row = shape.last().copied().unwrap_or(1);
    match kind {
        _ if is_small => Dtype::F32,
        GgufKind::Q8_0 if !row.is_multiple_of(BLOCK) || place.is_stack() && shape.len() < 2 => {
            Dtype::F16
        }
        kind => kind.dtype(),
    }
}
