//! Kinship of models whose tokenizers number tokens otherwise: by token, not by number.

use std::collections::BTreeMap;
use std::path::Path;

use kinfolk::checkpoint::{Checkpoint, Kind};
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, Precision, TensorGram, measure};
use serde_json::json;

use crate::common::merging::read_all;
use crate::common::{f32_part, write_safetensors};
use crate::tokens::{ids, reordered, root, value};

/// A copy of a model with its rows in the opposite order, and its tokens numbered to match.
fn reversed(model: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let tensors = read_all(model);
    let mut numbers: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
    let rows = tensors["model.embed_tokens.weight"].1[0];
    for (name, (_, shape, own)) in tensors {
        let is_axis = name.contains("embed_tokens") || name.contains("lm_head");
        let order: Vec<usize> = (0..rows).rev().collect();
        let own = if is_axis {
            reordered(&own, rows, &order)
        } else {
            own
        };
        numbers.push((name, shape, own));
    }
    let parts: Vec<_> = numbers.iter().map(|(n, s, x)| f32_part(n, s, x)).collect();
    write_safetensors(&to.join("model.safetensors"), &parts);
    std::fs::copy(model.join("config.json"), to.join("config.json")).unwrap();
    let other = |id: u32| rows as u32 - 1 - id;
    let mut json = value(&model.join("tokenizer.json"));
    let vocabulary: BTreeMap<String, u32> = (ids(model).into_iter())
        .map(|(t, id)| (t, other(id)))
        .collect();
    json["model"]["vocab"] = json!(vocabulary);
    for token in json["added_tokens"].as_array_mut().unwrap() {
        token["id"] = json!(other(token["id"].as_u64().unwrap() as u32));
    }
    std::fs::write(to.join("tokenizer.json"), json.to_string()).unwrap();
}

fn kinship(base: &Path, models: &[&Path], known: Option<&Kinship>) -> Kinship {
    let base = Checkpoint::open(base).unwrap();
    let models: Vec<Checkpoint> = models
        .iter()
        .map(|path| Checkpoint::open(path).unwrap())
        .collect();
    let models: Vec<&Checkpoint> = models.iter().collect();
    measure(
        &base,
        &models,
        Precision::Full,
        known,
        &Ticket::default(),
        &|_, _| {},
    )
    .unwrap()
}

fn vocabulary_grams(kinship: &Kinship) -> Vec<&TensorGram> {
    let is_axis = |t: &&TensorGram| matches!(t.place.kind, Kind::Embedding | Kind::Head);
    kinship.tensors.iter().filter(is_axis).collect()
}

#[test]
fn kinship_of_a_model_does_not_depend_on_the_numbers_of_its_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let (base, a, b) = (
        root().join("models/fir/base"),
        root().join("models/fir/a"),
        root().join("models/fir/b"),
    );
    let turned = dir.path().join("turned");
    reversed(&a, &turned);
    let (own, other) = (
        kinship(&base, &[&a], None),
        kinship(&base, &[&turned], None),
    );
    let (own_grams, other_grams) = (vocabulary_grams(&own), vocabulary_grams(&other));
    assert_eq!(own_grams.len(), 2);
    for (own, other) in own_grams.iter().zip(&other_grams) {
        assert_eq!(own.gram, other.gram, "{}", own.tensor);
        // Of the 122 tokens of the model the base has 46.
        assert_eq!(own.gram.count, 46 * 32);
    }
    let both = kinship(&base, &[&a, &turned, &b], Some(&own));
    let mut of_pair = 0.0;
    for gram in vocabulary_grams(&both) {
        if let Some(sums) = gram.pair(0, 1) {
            assert_eq!(sums.squared_distance, 0.0);
            of_pair += sums.count;
        }
    }
    assert_eq!(of_pair, 2.0 * 46.0 * 32.0);
    let said = |own: &Kinship| {
        own.left_out
            .iter()
            .map(|l| l.reason.clone())
            .collect::<Vec<_>>()
    };
    let said = said(&own);
    assert!(
        said.contains(&"82 of 128 rows, of tokens that the model does not have".to_owned()),
        "{said:?}"
    );
    assert!(
        said.contains(&"76 of 122 rows, of tokens that the base does not have".to_owned()),
        "{said:?}"
    );
}
