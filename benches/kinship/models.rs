//! Llama-like BF16 models of any size, drawn from a seed and an index.
//!
//! Model "one" is the base plus a change c + n₁/2, model "two" the base plus c + n₂/2, with
//! c, n₁ and n₂ independent and of one size, so that their cosine is 1 / (1 + ¼) = 0.8.
//! Model "near" is "one" with the last bit of some numbers flipped.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// How large the models are.
pub struct Shape {
    pub layers: usize,
    pub hidden: usize,
    pub vocabulary: usize,
}

impl Shape {
    fn tensors(&self) -> Vec<(String, [usize; 2])> {
        let (hidden, mlp) = (self.hidden, 8 * self.hidden / 3);
        let mut all = vec![
            (
                "model.embed_tokens.weight".to_owned(),
                [self.vocabulary, hidden],
            ),
            ("lm_head.weight".to_owned(), [self.vocabulary, hidden]),
        ];
        let in_layer = [
            ("self_attn.q_proj", [hidden, hidden]),
            ("self_attn.k_proj", [hidden / 4, hidden]),
            ("self_attn.v_proj", [hidden / 4, hidden]),
            ("self_attn.o_proj", [hidden, hidden]),
            ("mlp.gate_proj", [mlp, hidden]),
            ("mlp.up_proj", [mlp, hidden]),
            ("mlp.down_proj", [hidden, mlp]),
            ("input_layernorm", [1, hidden]),
        ];
        for layer in 0..self.layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
            all.extend(in_layer.map(|(part, shape)| (name(part), shape)));
        }
        all
    }
}

/// The bits of the nearest BF16; the numbers here are finite.
pub fn bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// `count` numbers in −1..1 from number `start` of the sequence of this seed.
pub fn numbers(seed: u64, start: u64, count: usize) -> impl Iterator<Item = f32> {
    let of = move |k: u64| {
        // SplitMix64.
        let x = (k ^ seed << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    (start..start + count as u64).map(of)
}

/// Writes base, one, two and near into `folder`, one on each thread that there is.
pub fn write(folder: &Path, shape: &Shape) -> std::io::Result<()> {
    let tensors = shape.tensors();
    let write = |name| write_model(&folder.join(format!("{name}.safetensors")), name, &tensors);
    std::thread::scope(|scope| {
        let halves = [["base", "one"], ["two", "near"]]
            .map(|names| scope.spawn(move || names.into_iter().try_for_each(write)));
        for half in halves {
            half.join()
                .map_err(|_| std::io::Error::other("a writer panicked"))??;
        }
        Ok(())
    })
}

fn write_model(path: &Path, name: &str, tensors: &[(String, [usize; 2])]) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let header = header(tensors);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    let total: usize = tensors
        .iter()
        .map(|(_, [rows, columns])| rows * columns)
        .sum();
    let mut bytes = Vec::new();
    for start in (0..total).step_by(1 << 16) {
        let count = (total - start).min(1 << 16);
        bytes.clear();
        bytes.extend(stored(name, start as u64, count).flat_map(u16::to_le_bytes));
        file.write_all(&bytes)?;
    }
    file.flush()
}

fn stored(name: &str, start: u64, count: usize) -> impl Iterator<Item = u16> {
    let (own, change) = match name {
        "base" => (1, 0.0),
        "two" => (3, 0.005),
        _ => (2, 0.005),
    };
    let flip = u16::from(name == "near");
    numbers(0, start, count)
        .zip(numbers(1, start, count))
        .zip(numbers(own, start, count))
        .zip(start..)
        .map(move |(((base, common), own), k)| {
            let theta = 0.05 * base + change * (common + 0.5 * own);
            bf16(theta) ^ if k % 1021 == 0 { flip } else { 0 }
        })
}

fn header(tensors: &[(String, [usize; 2])]) -> String {
    let mut begin = 0;
    let fields: Vec<String> = tensors
        .iter()
        .map(|(name, [rows, columns])| {
            let end = begin + 2 * rows * columns;
            let field = format!(
                r#""{name}":{{"dtype":"BF16","shape":[{rows},{columns}],"data_offsets":[{begin},{end}]}}"#
            );
            begin = end;
            field
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}
