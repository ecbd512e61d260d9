//! A decoder of the Llama family: tokens in, logits out.
//!
//! Why not the models of candle-transformers: they give the logits of the last position alone,
//! of which no perplexity can be made, and their caches cannot let go of texts that are finished.
//!
//! Texts of a batch have equal length, so that nothing is padded. All arithmetic is f32. What a
//! token comes out as does not depend on the other texts of its batch, up to the order in which
//! a product of matrices is summed: the library takes another way for a single row. It never
//! depends on the number of threads of the pool.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::ops::{rms_norm, softmax_last_dim};
use candle_nn::{Linear, Module};

use super::cache::Cache;
use super::gated::Gated;
use super::rope::Rope;
use super::settings::Settings;
use super::weights::Reader;
use crate::evaluate::EvaluateError;
use crate::jobs::Ticket;

#[derive(Debug)]
pub(super) struct Decoder {
    pub(super) settings: Settings,
    embedding: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    head: Linear,
    rope: Rope,
}

/// One layer, and what it does.
#[derive(Debug)]
pub(super) struct Layer {
    attention_norm: Tensor,
    /// Queries, keys and values side by side: fewer and larger products cost less.
    pub(super) inputs: Linear,
    head_norms: Option<(Tensor, Tensor)>,
    pub(super) out: Linear,
    mlp_norm: Tensor,
    /// Gate and up side by side.
    gate_up: Linear,
    down: Linear,
    window: Option<usize>,
}

impl Decoder {
    pub(super) fn read(
        settings: Settings,
        mut from: Reader<'_>,
    ) -> std::result::Result<Self, EvaluateError> {
        let words = [settings.vocabulary, settings.hidden];
        let embedding = from.tensor("model.embed_tokens.weight", &words)?;
        let layers = (0..settings.windows.len()).map(|k| Layer::read(&settings, &mut from, k));
        let layers = layers.collect::<std::result::Result<_, _>>()?;
        let norm = from.tensor("model.norm.weight", &[settings.hidden])?;
        let head = if settings.tied {
            from.pass_over("lm_head.weight");
            embedding.clone()
        } else {
            from.tensor("lm_head.weight", &words)?
        };
        from.finish()?;
        let (dim, most) = (settings.head_dim, settings.positions);
        Ok(Self {
            rope: Rope::new(dim, most, settings.theta, settings.stretch)?,
            embedding,
            layers,
            norm,
            head: Linear::new(head, None),
            settings,
        })
    }

    /// Goes through more tokens of every text of a batch, those of a text side by side; gives
    /// what is known after each, [rows × new, hidden].
    pub(super) fn advance(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        ticket: &Ticket,
    ) -> std::result::Result<Tensor, EvaluateError> {
        let new = tokens.len() / cache.rows().max(1);
        let mut x = self
            .embedding
            .index_select(&Tensor::new(tokens, &Device::Cpu)?, 0)?;
        for (k, layer) in self.layers.iter().enumerate() {
            ticket.advance(0)?;
            let attended = self.attend(layer, k, &layer.normed(&x, self.eps())?, new, cache)?;
            x = (x + attended)?;
            ticket.advance(0)?;
            x = (&x + layer.mlp(&x, self.eps())?)?;
        }
        cache.advance(new);
        Ok(rms_norm(&x, &self.norm, self.eps())?)
    }

    /// The logits of what [`Self::advance`] gave, [n, vocabulary].
    pub(super) fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        self.head.forward(hidden)
    }

    /// What enters the last layer after each token of one text, by the way that answers take.
    #[cfg(test)]
    pub(super) fn entering_the_last(
        &self,
        tokens: &[u32],
        ticket: &Ticket,
    ) -> std::result::Result<Vec<f32>, EvaluateError> {
        let cache = Cache::new(&self.settings, 1, tokens.len())?;
        let all = Tensor::new(tokens, &Device::Cpu)?;
        let mut x = self.embedding.index_select(&all, 0)?;
        for (k, layer) in self.layers.iter().enumerate().rev().skip(1).rev() {
            ticket.advance(0)?;
            let normed = layer.normed(&x, self.eps())?;
            x = (&x + self.attend(layer, k, &normed, tokens.len(), &cache)?)?;
            x = (&x + layer.mlp(&x, self.eps())?)?;
        }
        Ok(x.flatten_all()?.to_vec1()?)
    }

    #[cfg(test)]
    pub(super) fn set_windows(&mut self, window: Option<usize>) {
        self.layers
            .iter_mut()
            .for_each(|layer| layer.window = window);
    }

    fn eps(&self) -> f32 {
        self.settings.eps as f32
    }

    /// Attention of `new` tokens a row over themselves and those before, [rows × new, hidden].
    fn attend(
        &self,
        layer: &Layer,
        k: usize,
        x: &Tensor,
        new: usize,
        cache: &Cache,
    ) -> Result<Tensor> {
        let all = layer.inputs.forward(x)?;
        let mixed = mixed(&self.settings, &self.rope, layer, (&all, new), (cache, k))?;
        layer.out.forward(&mixed)
    }
}

/// What attention mixes from the queries, keys and values of `new` tokens a row,
/// [rows × new, heads × head_dim]; those before are in layer `k` of the cache.
pub(super) fn mixed(
    s: &Settings,
    rope: &Rope,
    layer: &Layer,
    (all, new): (&Tensor, usize),
    (cache, k): (&Cache, usize),
) -> Result<Tensor> {
    let (rows, before) = (cache.rows(), cache.len());
    let all = all.reshape((rows, new, s.heads + 2 * s.kv_heads, s.head_dim))?;
    let all = all.transpose(1, 2)?;
    let part = |from, heads| all.narrow(1, from, heads)?.contiguous();
    let mut queries = part(0, s.heads)?;
    let mut keys = part(s.heads, s.kv_heads)?;
    let values = part(s.heads + s.kv_heads, s.kv_heads)?;
    if let Some((of_queries, of_keys)) = &layer.head_norms {
        queries = rms_norm(&queries, of_queries, s.eps as f32)?;
        keys = rms_norm(&keys, of_keys, s.eps as f32)?;
    }
    let queries = rope.turn(&queries, before)?;
    let keys = rope.turn(&keys, before)?;
    let from = layer.window.map_or(0, |w| (before + 1).saturating_sub(w));
    let (keys, values) = cache.extend(k, &keys, &values, from)?;
    // Query heads that share a key head are one matrix.
    let queries = queries.reshape((rows, s.kv_heads, s.heads / s.kv_heads * new, s.head_dim))?;
    let queries = (queries * (1.0 / (s.head_dim as f64).sqrt()))?;
    let mut scores = queries.matmul(&keys.transpose(2, 3)?)?;
    if new > 1 {
        let mask = mask(before, new, from, layer.window)?;
        let seen = before + new - from;
        scores = scores
            .reshape((rows * s.heads, new, seen))?
            .broadcast_add(&mask)?
            .reshape(scores.shape())?;
    }
    let mixed = softmax_last_dim(&scores)?.matmul(&values)?;
    mixed
        .reshape((rows, s.heads, new, s.head_dim))?
        .transpose(1, 2)?
        .reshape((rows * new, s.heads * s.head_dim))
}

impl Layer {
    pub(super) fn read(
        s: &Settings,
        from: &mut Reader<'_>,
        k: usize,
    ) -> std::result::Result<Self, EvaluateError> {
        let (queries, keys) = (s.heads * s.head_dim, s.kv_heads * s.head_dim);
        let part = |part: &str| format!("model.layers.{k}.{part}");
        let inputs = [
            ("self_attn.q_proj", queries),
            ("self_attn.k_proj", keys),
            ("self_attn.v_proj", keys),
        ];
        let gate_up = [("mlp.gate_proj", s.inner), ("mlp.up_proj", s.inner)];
        let mut linear = |parts: &[(&str, usize)], columns, must_have_bias| {
            let parts: Vec<_> = parts
                .iter()
                .map(|&(name, rows)| (part(name), rows))
                .collect();
            joined(from, &parts, columns, must_have_bias)
        };
        let layer = Self {
            inputs: linear(&inputs, s.hidden, s.qkv_bias)?,
            out: linear(&[("self_attn.o_proj", s.hidden)], queries, false)?,
            gate_up: linear(&gate_up, s.hidden, false)?,
            down: linear(&[("mlp.down_proj", s.hidden)], s.inner, false)?,
            attention_norm: from.tensor(&part("input_layernorm.weight"), &[s.hidden])?,
            mlp_norm: from.tensor(&part("post_attention_layernorm.weight"), &[s.hidden])?,
            head_norms: None,
            window: s.windows[k],
        };
        let head_norms = if s.qk_norm {
            let of_queries = from.tensor(&part("self_attn.q_norm.weight"), &[s.head_dim])?;
            let of_keys = from.tensor(&part("self_attn.k_norm.weight"), &[s.head_dim])?;
            Some((of_queries, of_keys))
        } else {
            None
        };
        Ok(Self {
            head_norms,
            ..layer
        })
    }

    /// What goes into attention.
    pub(super) fn normed(&self, x: &Tensor, eps: f32) -> Result<Tensor> {
        rms_norm(x, &self.attention_norm, eps)
    }

    /// What the MLP adds, its norm included.
    pub(super) fn mlp(&self, x: &Tensor, eps: f32) -> Result<Tensor> {
        let normed = rms_norm(x, &self.mlp_norm, eps)?;
        let inner = self.gate_up.forward(&normed)?.apply_op1_no_bwd(&Gated)?;
        self.down.forward(&inner)
    }
}

/// Weights of the same width, by name and rows, as one; biases are used where they are stored.
fn joined(
    from: &mut Reader<'_>,
    parts: &[(String, usize)],
    columns: usize,
    must_have_bias: bool,
) -> std::result::Result<Linear, EvaluateError> {
    let (mut weights, mut biases, mut has_bias) = (Vec::new(), Vec::new(), false);
    for (name, rows) in parts {
        weights.push(from.tensor(&format!("{name}.weight"), &[*rows, columns])?);
        let bias = format!("{name}.bias");
        let stored = if must_have_bias {
            Some(from.tensor(&bias, &[*rows])?)
        } else {
            from.optional(&bias, &[*rows])?
        };
        has_bias |= stored.is_some();
        let none = || Tensor::zeros(*rows, DType::F32, &Device::Cpu);
        biases.push(stored.map_or_else(none, Ok)?);
    }
    // Stored by columns, a weight need not be turned around for every product.
    let weight = Tensor::cat(&weights, 0)?.t()?.contiguous()?.t()?;
    let bias = has_bias.then(|| Tensor::cat(&biases, 0)).transpose()?;
    Ok(Linear::new(weight, bias))
}

/// Minus infinity where a new token must not look: at those behind it, and at those before its
/// window. Tokens `before`.. look at positions `from`..; [new, before + new − from].
fn mask(before: usize, new: usize, from: usize, window: Option<usize>) -> Result<Tensor> {
    let seen = before + new - from;
    let hidden = |i: usize, j: usize| j > i || window.is_some_and(|w| i - j >= w);
    let row = |i: usize| {
        (from..before + new).map(move |j| if hidden(i, j) { f32::NEG_INFINITY } else { 0.0 })
    };
    let numbers: Vec<f32> = (before..before + new).flat_map(row).collect();
    Tensor::from_vec(numbers, (new, seen), &Device::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_hides_the_future_and_what_lies_before_the_window() {
        let shown = |mask: Tensor| {
            let rows: Vec<Vec<f32>> = mask.to_vec2().unwrap();
            let line = |row: &Vec<f32>| {
                row.iter()
                    .map(|&v| if v == 0.0 { '1' } else { '0' })
                    .collect()
            };
            rows.iter().map(line).collect::<Vec<String>>()
        };
        assert_eq!(shown(mask(0, 3, 0, None).unwrap()), ["100", "110", "111"]);
        assert_eq!(
            shown(mask(0, 3, 0, Some(2)).unwrap()),
            ["100", "110", "011"]
        );
        assert_eq!(shown(mask(4, 2, 3, Some(2)).unwrap()), ["110", "011"]);
    }
}
