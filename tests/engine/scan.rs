//! Folders of very many families, told apart and put together by small samples.

use std::path::Path;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::origin::scan::families;

use crate::common::{f32_part, write_safetensors};

const HIDDEN: usize = 32;

/// Tensors of a small Llama: names, shapes, numbers of a small generator.
fn weights(layers: usize, seed: u64) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut even = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let mut out = Vec::new();
    let mut add = |name: String, rows: usize, columns: usize| {
        let numbers = (0..rows * columns).map(|_| even() * 0.1).collect();
        out.push((name, vec![rows, columns], numbers));
    };
    add("model.embed_tokens.weight".to_owned(), 40, HIDDEN);
    for layer in 0..layers {
        let place = format!("model.layers.{layer}");
        for part in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            add(format!("{place}.self_attn.{part}.weight"), HIDDEN, HIDDEN);
        }
        add(format!("{place}.mlp.gate_proj.weight"), 2 * HIDDEN, HIDDEN);
        add(format!("{place}.mlp.up_proj.weight"), 2 * HIDDEN, HIDDEN);
        add(format!("{place}.mlp.down_proj.weight"), HIDDEN, 2 * HIDDEN);
    }
    out
}

/// Writes a model without some of its layers, and opens it.
fn write(dir: &Path, seed: u64, without: Option<usize>) -> Checkpoint {
    std::fs::create_dir_all(dir).unwrap();
    let layers = 3;
    let kept: Vec<usize> = (0..layers).filter(|own| Some(*own) != without).collect();
    let config = format!(
        r#"{{"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":{HIDDEN},
        "num_hidden_layers":{},"intermediate_size":{},"num_attention_heads":4,
        "num_key_value_heads":4,"vocab_size":40,"tie_word_embeddings":true}}"#,
        kept.len(),
        2 * HIDDEN
    );
    std::fs::write(dir.join("config.json"), config).unwrap();
    let all = weights(layers, seed);
    let renamed = all.iter().filter_map(|(name, shape, numbers)| {
        let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
        let layer: usize = layer.parse().ok()?;
        let at = kept.iter().position(|own| *own == layer)?;
        Some((format!("model.layers.{at}.{rest}"), shape, numbers))
    });
    let mut named: Vec<_> = renamed.collect();
    named.push((all[0].0.clone(), &all[0].1, &all[0].2));
    let parts: Vec<_> = (named.iter())
        .map(|(name, shape, numbers)| f32_part(name, shape, numbers))
        .collect();
    write_safetensors(&dir.join("model.safetensors"), &parts);
    Checkpoint::open(dir).unwrap()
}

#[test]
fn models_without_a_layer_come_to_their_kin_among_more_families_than_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let count = 20;
    let mut models = Vec::new();
    for family in 0..count {
        for (kind, without) in [("whole", None), ("cut", Some(1))] {
            let place = dir.path().join(format!("{family}-{kind}"));
            models.push(write(&place, family + 1, without));
        }
    }
    let models: Vec<&Checkpoint> = models.iter().collect();
    let found = families(&models, &Ticket::default()).unwrap();
    let members: Vec<Vec<usize>> = found
        .families
        .iter()
        .map(|own| own.members.clone())
        .collect();
    let wanted: Vec<Vec<usize>> = (0..count as usize)
        .map(|k| vec![2 * k, 2 * k + 1])
        .collect();
    assert_eq!(members, wanted);
    // 190 pairs of families, of which the likeliest are looked at.
    assert!(found.not_compared > 0, "{}", found.not_compared);
}
