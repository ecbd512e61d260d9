//! Families that the demo does not have, made up, against the straight loop of `naive`.

use std::path::Path;

use kinfolk::evaluate::{Model, evaluate, evaluate_items, read_tasks};
use kinfolk::jobs::Ticket;

use super::logits::{demo, load};
use super::naive::Naive;
use crate::common::{Part, f32_part, write_safetensors};

const HIDDEN: usize = 32;
const INNER: usize = 48;
const VOCABULARY: usize = 51;
const POSITIONS: usize = 24;
/// As the demo's tokenizer has it.
const END: u32 = 2;

/// A decoder with weights that are drawn, without what makes a family special.
pub fn plain(seed: u64) -> Naive {
    let mut naive = Naive {
        layers: 2,
        heads: 4,
        kv_heads: 2,
        head_dim: 8,
        eps: 1e-5,
        theta: 10_000.0,
        linear: 1.0,
        ..Naive::default()
    };
    let mut draw = Draw(seed);
    draw.tensor(
        &mut naive,
        "model.embed_tokens.weight",
        &[VOCABULARY, HIDDEN],
    );
    for k in 0..naive.layers {
        let shapes = [
            ("self_attn.q_proj", vec![32, HIDDEN]),
            ("self_attn.k_proj", vec![16, HIDDEN]),
            ("self_attn.v_proj", vec![16, HIDDEN]),
            ("self_attn.o_proj", vec![HIDDEN, 32]),
            ("mlp.gate_proj", vec![INNER, HIDDEN]),
            ("mlp.up_proj", vec![INNER, HIDDEN]),
            ("mlp.down_proj", vec![HIDDEN, INNER]),
            ("input_layernorm", vec![HIDDEN]),
            ("post_attention_layernorm", vec![HIDDEN]),
        ];
        for (name, shape) in shapes {
            draw.tensor(
                &mut naive,
                &format!("model.layers.{k}.{name}.weight"),
                &shape,
            );
        }
    }
    draw.tensor(&mut naive, "model.norm.weight", &[HIDDEN]);
    draw.tensor(&mut naive, "lm_head.weight", &[VOCABULARY, HIDDEN]);
    naive
}

pub struct Draw(pub u64);

impl Draw {
    /// A tensor whose products keep their size, so that attention looks at something.
    pub fn tensor(&mut self, naive: &mut Naive, name: &str, shape: &[usize]) {
        let count = shape.iter().product();
        let size = if shape.len() == 1 {
            1.0
        } else {
            3.0 / (shape[1] as f32).sqrt()
        };
        let numbers = (0..count).map(|_| self.number() * size).collect();
        naive
            .weights
            .insert(name.to_owned(), (shape.to_vec(), numbers));
    }

    /// From −1 to 1.
    fn number(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// Writes a decoder as a model folder with the demo's tokenizer; `more` goes into its settings.
pub fn write(dir: &Path, naive: &Naive, architecture: &str, more: &str) {
    let part = |(name, (shape, numbers)): (&'static str, &'static (Vec<usize>, Vec<f32>))| {
        f32_part(name, shape, numbers)
    };
    // Parts borrow their names for as long as the test runs.
    let weights: &'static _ = Box::leak(Box::new(naive.weights.clone()));
    let parts: Vec<Part<'static>> = weights.iter().map(|(n, w)| part((n.as_str(), w))).collect();
    write_safetensors(&dir.join("model.safetensors"), &parts);
    let config = format!(
        r#"{{"architectures": ["{architecture}"], "hidden_size": {HIDDEN},
            "intermediate_size": {INNER}, "num_hidden_layers": {}, "num_attention_heads": {},
            "num_key_value_heads": {}, "vocab_size": {VOCABULARY}, "rms_norm_eps": {},
            "max_position_embeddings": {POSITIONS}, "eos_token_id": {END} {more}}}"#,
        naive.layers, naive.heads, naive.kv_heads, naive.eps
    );
    std::fs::write(dir.join("config.json"), config).unwrap();
    std::fs::copy(demo("base/tokenizer.json"), dir.join("tokenizer.json")).unwrap();
}

/// Prompts of different lengths, some longer than the window.
const PROMPTS: [&str; 5] = ["ab", "rev abcd=", "sort dbca=", "uniq abbaxyz=", "a"];

/// Logits, answers and a perplexity of the model in `dir` are those of the straight loop.
fn check(dir: &Path, naive: &Naive) {
    let model = load(dir);
    for prompt in PROMPTS {
        let tokens = model.tokens(prompt).unwrap();
        let found = model.logits(&tokens, &Ticket::default()).unwrap();
        let wanted = naive.logits(&tokens).concat();
        let size = wanted.iter().fold(1.0f64, |size, v| size.max(v.abs()));
        assert_eq!(found.len(), wanted.len());
        for (a, b) in found.iter().zip(&wanted) {
            // Some hundred roundings of f32 on the way, each of 6e-8 of the largest number.
            assert!(
                (f64::from(*a) - b).abs() < 2e-5 * size,
                "{prompt}: {a} for {b}"
            );
        }
    }
    check_answers(dir, &model, naive);
    check_perplexity(dir, &model, naive);
}

/// Answers come through the cache, token by token.
fn check_answers(dir: &Path, model: &Model, naive: &Naive) {
    let path = dir.join("answers.jsonl");
    let line = |prompt: &&str| {
        serde_json::json!({"prompt": prompt, "answer": "?", "max_new_tokens": 9}).to_string()
    };
    let lines: Vec<String> = PROMPTS.iter().map(line).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let tasks = read_tasks(&[path]).unwrap();
    let outcomes = evaluate_items(model, &tasks, &Ticket::default()).unwrap();
    for (prompt, item) in PROMPTS.iter().zip(&outcomes[0].items) {
        let tokens = model.tokens(prompt).unwrap();
        let wanted = naive.answer(&tokens, END, 9);
        // The first four tokens are special and no text.
        let text = wanted.iter().filter(|&&token| token > 3).count();
        assert_eq!(item.got.chars().count(), text, "{prompt}");
        let said = model.tokens(&item.got).unwrap();
        let wanted: Vec<u32> = wanted.into_iter().filter(|&token| token > 3).collect();
        assert_eq!(said[1..], wanted, "{prompt}");
    }
}

/// A text of more than one window.
fn check_perplexity(dir: &Path, model: &Model, naive: &Naive) {
    let text = "the quick brown fox jumps over the lazy dog";
    let path = dir.join("text.txt");
    std::fs::write(&path, text).unwrap();
    let scores = evaluate(model, &read_tasks(&[path]).unwrap(), &Ticket::default()).unwrap();
    let tokens = model.tokens(text).unwrap();
    let foretold = tokens.len() - 1;
    let window = |from: usize| &tokens[from..=foretold.min(from + POSITIONS)];
    let doubt: f64 = (0..foretold)
        .step_by(POSITIONS)
        .map(|from| naive.doubt(window(from)))
        .sum();
    let wanted = (doubt / foretold as f64).exp();
    assert_eq!(scores[0].n, Some(43));
    assert_eq!(scores[0].correct, None);
    let found = scores[0].value;
    assert!((found / wanted - 1.0).abs() < 1e-4, "{found} for {wanted}");
}

#[test]
fn a_mistral_looks_back_over_its_window_only() {
    let dir = tempfile::tempdir().unwrap();
    let naive = Naive {
        window: Some(5),
        ..plain(1)
    };
    write(
        dir.path(),
        &naive,
        "MistralForCausalLM",
        r#", "sliding_window": 5"#,
    );
    check(dir.path(), &naive);
}

#[test]
fn a_qwen2_has_biases_and_may_share_its_embedding() {
    let dir = tempfile::tempdir().unwrap();
    let mut naive = plain(2);
    naive.weights.remove("lm_head.weight");
    naive.theta = 1e6;
    for k in 0..naive.layers {
        for (name, rows) in [("q_proj", 32), ("k_proj", 16), ("v_proj", 16)] {
            let name = format!("model.layers.{k}.self_attn.{name}.bias");
            Draw(k as u64 + rows as u64).tensor(&mut naive, &name, &[rows]);
        }
    }
    let more = r#", "tie_word_embeddings": true, "rope_theta": 1e6, "sliding_window": 5,
        "use_sliding_window": false"#;
    write(dir.path(), &naive, "Qwen2ForCausalLM", more);
    check(dir.path(), &naive);
}

#[test]
fn a_qwen3_norms_its_heads_and_a_factor_divides_all_angles() {
    let dir = tempfile::tempdir().unwrap();
    let mut naive = plain(3);
    naive.linear = 4.0;
    for k in 0..naive.layers {
        for name in ["q_norm", "k_norm"] {
            let name = format!("model.layers.{k}.self_attn.{name}.weight");
            Draw(k as u64 + 7).tensor(&mut naive, &name, &[8]);
        }
    }
    let more = r#", "rope_scaling": {"rope_type": "linear", "factor": 4.0}"#;
    write(dir.path(), &naive, "Qwen3ForCausalLM", more);
    check(dir.path(), &naive);
}

/// The straight loop itself, on a model whose logits others have computed.
#[test]
fn a_window_changes_what_a_model_says() {
    let (all, some) = (
        plain(1),
        Naive {
            window: Some(5),
            ..plain(1)
        },
    );
    let tokens: Vec<u32> = (4..14).collect();
    let (all, some) = (all.logits(&tokens), some.logits(&tokens));
    assert_eq!(all[..5], some[..5]);
    assert!((5..10).all(|k| all[k] != some[k]));
}
