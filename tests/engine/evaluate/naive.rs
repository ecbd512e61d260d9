//! A decoder as a straight loop: f64, one token after the other, everything anew for every
//! token, no cache, no library. Slow, and so short that it is obviously right.

#![allow(
    clippy::needless_range_loop,
    reason = "heads and numbers are called by their places, as in the formula"
)]

use std::collections::BTreeMap;

/// Weights by name, row by row, and what else a decoder is.
#[derive(Clone, Default)]
pub struct Naive {
    pub weights: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    pub layers: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    pub eps: f64,
    pub theta: f64,
    /// Divides all angles.
    pub linear: f64,
    pub window: Option<usize>,
}

impl Naive {
    /// The logits after each token.
    pub fn logits(&self, tokens: &[u32]) -> Vec<Vec<f64>> {
        (1..=tokens.len())
            .map(|n| self.last_logits(&tokens[..n]))
            .collect()
    }

    /// What greedy decoding says after a prompt, `count` tokens or until `end`.
    pub fn answer(&self, prompt: &[u32], end: u32, count: usize) -> Vec<u32> {
        let mut tokens = prompt.to_vec();
        for _ in 0..count {
            let logits = self.last_logits(&tokens);
            let likelier = |a: &usize, b: &usize| logits[*a].total_cmp(&logits[*b]);
            let best = (0..logits.len()).max_by(likelier).unwrap() as u32;
            if best == end {
                break;
            }
            tokens.push(best);
        }
        tokens.split_off(prompt.len())
    }

    /// Σ −ln p of the last token of each prefix, by its logits.
    pub fn doubt(&self, tokens: &[u32]) -> f64 {
        let logits = self.logits(&tokens[..tokens.len() - 1]);
        let of_one = |(row, &next): (&Vec<f64>, &u32)| {
            let sum: f64 = row.iter().map(|v| v.exp()).sum();
            sum.ln() - row[next as usize]
        };
        logits.iter().zip(&tokens[1..]).map(of_one).sum()
    }

    fn last_logits(&self, tokens: &[u32]) -> Vec<f64> {
        let mut x: Vec<Vec<f64>> = tokens
            .iter()
            .map(|&t| self.row("model.embed_tokens.weight", t as usize))
            .collect();
        for k in 0..self.layers {
            let part = |name: &str| format!("model.layers.{k}.{name}");
            let normed: Vec<Vec<f64>> = x
                .iter()
                .map(|x| self.norm(x, &part("input_layernorm")))
                .collect();
            let attended = self.attend(&normed, &part("self_attn"));
            for (x, a) in x.iter_mut().zip(&attended) {
                add(x, a);
                let inner = self.norm(x, &part("post_attention_layernorm"));
                let gate = self.linear(&inner, &part("mlp.gate_proj"));
                let up = self.linear(&inner, &part("mlp.up_proj"));
                let silu = |g: f64| g / (1.0 + (-g).exp());
                let inner: Vec<f64> = gate.iter().zip(&up).map(|(&g, u)| silu(g) * u).collect();
                add(x, &self.linear(&inner, &part("mlp.down_proj")));
            }
        }
        let last = self.norm(x.last().unwrap(), "model.norm");
        let head = ["lm_head", "model.embed_tokens"];
        let stored = |name: &&str| self.weights.contains_key(&format!("{name}.weight"));
        self.linear(&last, head.into_iter().find(stored).unwrap())
    }

    fn attend(&self, x: &[Vec<f64>], name: &str) -> Vec<Vec<f64>> {
        let heads = |proj: &str, norm: &str| -> Vec<Vec<Vec<f64>>> {
            let of_token = |(p, x): (usize, &Vec<f64>)| {
                let all = self.linear(x, &format!("{name}.{proj}"));
                let turned = |h: &[f64]| match proj {
                    "v_proj" => h.to_vec(),
                    _ => self.turned(&self.norm_if_there(h, &format!("{name}.{norm}")), p),
                };
                all.chunks(self.head_dim).map(turned).collect()
            };
            x.iter().enumerate().map(of_token).collect()
        };
        let (q, k, v) = (
            heads("q_proj", "q_norm"),
            heads("k_proj", "k_norm"),
            heads("v_proj", ""),
        );
        let one = |i: usize| {
            let first = self.window.map_or(0, |w| (i + 1).saturating_sub(w));
            let mut joined = Vec::new();
            for h in 0..self.heads {
                let g = h / (self.heads / self.kv_heads);
                let score = |j: usize| dot(&q[i][h], &k[j][g]) / (self.head_dim as f64).sqrt();
                let weights: Vec<f64> = (first..=i).map(|j| score(j).exp()).collect();
                let sum: f64 = weights.iter().sum();
                for d in 0..self.head_dim {
                    let mixed = (first..=i).map(|j| weights[j - first] / sum * v[j][g][d]);
                    joined.push(mixed.sum());
                }
            }
            self.linear(&joined, &format!("{name}.o_proj"))
        };
        (0..x.len()).map(one).collect()
    }

    /// Number i and number i + d/2 of a head are a point that turns with its position.
    fn turned(&self, head: &[f64], position: usize) -> Vec<f64> {
        let half = head.len() / 2;
        let mut out = head.to_vec();
        for i in 0..half {
            let turn = self.theta.powf(-2.0 * i as f64 / head.len() as f64);
            let (sin, cos) = (position as f64 * turn / self.linear).sin_cos();
            out[i] = head[i] * cos - head[i + half] * sin;
            out[i + half] = head[i] * sin + head[i + half] * cos;
        }
        out
    }

    fn norm(&self, x: &[f64], name: &str) -> Vec<f64> {
        let scale = &self.weights[&format!("{name}.weight")].1;
        let mean = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
        let root = (mean + self.eps).sqrt();
        x.iter()
            .zip(scale)
            .map(|(v, &s)| v / root * f64::from(s))
            .collect()
    }

    fn norm_if_there(&self, x: &[f64], name: &str) -> Vec<f64> {
        match self.weights.contains_key(&format!("{name}.weight")) {
            true => self.norm(x, name),
            false => x.to_vec(),
        }
    }

    fn linear(&self, x: &[f64], name: &str) -> Vec<f64> {
        let weight = format!("{name}.weight");
        let rows = self.weights[&weight].0[0];
        let mut out: Vec<f64> = (0..rows).map(|r| dot(&self.row(&weight, r), x)).collect();
        if let Some((_, bias)) = self.weights.get(&format!("{name}.bias")) {
            out.iter_mut()
                .zip(bias)
                .for_each(|(o, &b)| *o += f64::from(b));
        }
        out
    }

    fn row(&self, name: &str, row: usize) -> Vec<f64> {
        let (shape, numbers) = &self.weights[name];
        let row = &numbers[row * shape[1]..(row + 1) * shape[1]];
        row.iter().map(|&v| f64::from(v)).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(x: &mut [f64], more: &[f64]) {
    x.iter_mut().zip(more).for_each(|(x, m)| *x += m);
}
