//! What a model makes of texts, layer by layer, with the weights of one layer in memory at a time.
//!
//! All texts go through a layer before the next layer is read. Products with weights are taken of
//! many texts at once, side by side without padding; attention sees each text by itself.
//! Memory: one layer as f32, twice while it is put in order, and the states of all tokens.

use std::path::Path;

use candle_core::{Device, Tensor};
use candle_nn::Module;

use super::cache::Cache;
use super::decoder::{Layer, mixed};
use super::rope::Rope;
use super::settings::{Settings, object_of};
use super::weights::Reader;
use super::words::Words;
use crate::checkpoint::Checkpoint;
use crate::evaluate::{EvaluateError, Visit};
use crate::jobs::Ticket;

/// Tokens that go through a layer at once, unless one text has more: few enough that the largest
/// product of a model of 7 B takes some tenths of a second, because cancellation is heard between
/// them.
const AT_ONCE: usize = 64;

const EMBEDDING: &str = "model.embed_tokens.weight";

/// The tokens of prompts for a model in `folder`: the text of its first token, such as `<s>`, in
/// front, and no other special tokens but those that a prompt writes out, as in mergekit-moe.
///
/// # Errors
/// What is wrong with the tokenizer; a prompt of no tokens.
pub fn prompt_tokens(folder: &Path, prompts: &[&str]) -> Result<Vec<Vec<u32>>, EvaluateError> {
    let words = Words::read(folder, Vec::new())?;
    let path = folder.join("tokenizer_config.json");
    let first = object_of(&path)?;
    let first = first.get("bos_token");
    let first = first.and_then(|token| token.get("content").unwrap_or(token).as_str());
    let first = first.unwrap_or_default();
    let tokens = words.plain(prompts.iter().map(|own| format!("{first}{own}")).collect())?;
    match tokens.iter().position(Vec::is_empty) {
        None => Ok(tokens),
        Some(k) => Err(EvaluateError::Tokenizer {
            path: folder.join("tokenizer.json"),
            reason: format!("it makes no token of the prompt `{}`", prompts[k]),
        }),
    }
}

/// Whether the settings of a model are such as [`states_by_layer`] can compute with.
///
/// # Errors
/// What it cannot run and why.
pub fn can_be_run(checkpoint: &Checkpoint) -> Result<(), EvaluateError> {
    Settings::read(checkpoint).map(drop)
}

/// Calls `visit` with what enters each layer of a model, for each of `texts`.
///
/// The last layer's weights are not read: nothing that it makes enters a layer. The ticket hears
/// of the bytes of the layers that are.
///
/// # Errors
/// What the built-in evaluator cannot run and why; a text of more tokens than the model reads, or
/// of one that it does not know.
pub fn states_by_layer(
    checkpoint: &Checkpoint,
    texts: &[Vec<u32>],
    ticket: &Ticket,
    visit: Visit<'_>,
) -> Result<(), EvaluateError> {
    let mut reader = Reader::new(checkpoint, ticket)?;
    let settings = Settings::read(checkpoint)?;
    check(checkpoint, &settings, texts)?;
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let rope = Rope::new(settings.head_dim, longest, settings.theta, settings.stretch)?;
    let mut packs = Vec::new();
    for pack in packed(texts) {
        packs.push(Pack::new(pack, checkpoint, &settings, texts)?);
    }
    for k in 0..settings.windows.len() {
        for pack in &packs {
            pack.tell(k, visit)?;
        }
        if k + 1 == settings.windows.len() {
            break;
        }
        let layer = Layer::read(&settings, &mut reader, k)?;
        ticket.advance(layer_bytes(checkpoint, k))?;
        for pack in &mut packs {
            pack.advance(&settings, &rope, &layer, ticket)?;
        }
    }
    reader.unchanged()
}

/// Bytes that the weights of a layer take in files.
pub(super) fn layer_bytes(checkpoint: &Checkpoint, layer: usize) -> u64 {
    let tensors = checkpoint.tensors().iter();
    let own = tensors.filter(|t| t.place.layer.is_some_and(|own| own as usize == layer));
    own.map(|tensor| tensor.size_bytes()).sum()
}

fn check(
    checkpoint: &Checkpoint,
    settings: &Settings,
    texts: &[Vec<u32>],
) -> Result<(), EvaluateError> {
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    if longest > settings.positions {
        return Err(EvaluateError::Unsupported {
            path: checkpoint.path().to_owned(),
            reason: format!(
                "a prompt of {longest} tokens is longer than its {}",
                settings.positions
            ),
        });
    }
    Ok(())
}

/// Numbers of texts that go through a layer together.
fn packed(texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = Vec::new();
    let mut size = 0;
    for (k, text) in texts.iter().enumerate() {
        match out.last_mut() {
            Some(last) if size + text.len() <= AT_ONCE => last.push(k),
            _ => {
                out.push(vec![k]);
                size = 0;
            }
        }
        size += text.len();
    }
    out
}

/// Texts that go through a layer together, and what is known of them so far.
struct Pack {
    /// The number of each text, and how many tokens it has.
    texts: Vec<(usize, usize)>,
    /// [tokens of all, hidden].
    states: Tensor,
}

impl Pack {
    fn new(
        pack: Vec<usize>,
        checkpoint: &Checkpoint,
        settings: &Settings,
        texts: &[Vec<u32>],
    ) -> Result<Self, EvaluateError> {
        let tokens = pack.iter().flat_map(|&k| &texts[k]);
        let rows = embedded(checkpoint, tokens.copied(), settings)?;
        let shape = (rows.len() / settings.hidden, settings.hidden);
        Ok(Self {
            texts: pack.into_iter().map(|k| (k, texts[k].len())).collect(),
            states: Tensor::from_vec(rows, shape, &Device::Cpu)?,
        })
    }

    fn tell(
        &self,
        layer: usize,
        visit: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Result<(), EvaluateError> {
        let mut from = 0;
        for &(k, len) in &self.texts {
            let own = self.states.narrow(0, from, len)?;
            visit(layer, k, &own.flatten_all()?.to_vec1::<f32>()?);
            from += len;
        }
        Ok(())
    }

    fn advance(
        &mut self,
        settings: &Settings,
        rope: &Rope,
        layer: &Layer,
        ticket: &Ticket,
    ) -> Result<(), EvaluateError> {
        let eps = settings.eps as f32;
        let all = layer.inputs.forward(&layer.normed(&self.states, eps)?)?;
        let mut parts = Vec::new();
        let mut from = 0;
        for &(_, len) in &self.texts {
            ticket.advance(0)?;
            let cache = Cache::of_layers(1, settings, 1, len)?;
            let own = all.narrow(0, from, len)?;
            parts.push(mixed(settings, rope, layer, (&own, len), (&cache, 0))?);
            from += len;
        }
        let attended = layer.out.forward(&Tensor::cat(&parts, 0)?)?;
        let states = (&self.states + attended)?;
        ticket.advance(0)?;
        self.states = (&states + layer.mlp(&states, eps)?)?;
        Ok(ticket.advance(0)?)
    }
}

/// The rows of the token embedding, one after the other; the others are not read.
fn embedded(
    checkpoint: &Checkpoint,
    tokens: impl Iterator<Item = u32>,
    settings: &Settings,
) -> Result<Vec<f32>, EvaluateError> {
    let missing = || EvaluateError::MissingTensor {
        path: checkpoint.path().to_owned(),
        tensor: EMBEDDING.to_owned(),
    };
    let embedding = checkpoint.tensor(EMBEDDING).ok_or_else(missing)?;
    let expected = vec![settings.vocabulary, settings.hidden];
    if embedding.shape != expected {
        return Err(EvaluateError::TensorShape {
            path: checkpoint.path().to_owned(),
            tensor: EMBEDDING.to_owned(),
            expected,
            found: embedding.shape.clone(),
        });
    }
    let numbers = embedding.numbers().ok_or_else(missing)?;
    let mut rows = Vec::new();
    for token in tokens {
        let token = token as usize;
        if token >= settings.vocabulary {
            let most = settings.vocabulary;
            return Err(EvaluateError::Tokenizer {
                path: checkpoint.folder().join("tokenizer.json"),
                reason: format!("it makes token {token} and the model knows {most}"),
            });
        }
        let first = rows.len();
        rows.resize(first + settings.hidden, 0.0);
        let row = token * settings.hidden..(token + 1) * settings.hidden;
        numbers.part(row).decode(&mut rows[first..]);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::*;

    fn demo() -> Checkpoint {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Checkpoint::open(&root.join("resources/demo/base")).unwrap()
    }

    #[test]
    fn texts_side_by_side_are_what_each_is_alone() {
        let (checkpoint, ticket) = (demo(), Ticket::default());
        let texts = [vec![3, 9, 4, 20, 7], vec![5], vec![8, 8, 11]];
        let mut last = [Vec::new(), Vec::new(), Vec::new()];
        let mut layers = 0;
        states_by_layer(&checkpoint, &texts, &ticket, &mut |layer, text, states| {
            layers = layers.max(layer + 1);
            last[text] = states.to_vec();
        })
        .unwrap();
        let model = Model::load(&checkpoint, &ticket).unwrap();
        assert_eq!(layers, model.decoder.settings.windows.len());
        for (text, found) in texts.iter().zip(&last) {
            let wanted = model.decoder.entering_the_last(text, &ticket).unwrap();
            assert_eq!(wanted.len(), found.len());
            for (a, b) in wanted.iter().zip(found) {
                // Sums in another order: some hundred roundings of f32 of numbers up to 20.
                assert!((a - b).abs() < 1e-4, "{a} and {b}");
            }
        }
    }

    #[test]
    fn texts_are_packed_without_splitting_one() {
        let text = |len: usize| vec![1; len];
        let lens = [40, 24, 1, 200, 3, 3].map(text);
        assert_eq!(packed(&lens), [vec![0, 1], vec![2], vec![3], vec![4, 5]]);
        assert!(packed(&[]).is_empty());
    }
}
