//! Logits of the demo family against those of the scripts that made it.

use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::evaluate::Model;
use kinfolk::jobs::Ticket;
use kinfolk::merge::plan::{Surroundings, plan};
use kinfolk::merge::run::run;
use safetensors::SafeTensors;

use crate::common::merging::options;

/// As the issue wants it.
const TOLERANCE: f32 = 1e-3;

const PROMPTS: [&str; 3] = ["add 11+86=", "rev lzyq=", "uniq vvwvo="];

pub fn demo(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("resources/demo").join(name)
}

pub fn load(path: &Path) -> Model {
    Model::load(&Checkpoint::open(path).unwrap(), &Ticket::default()).unwrap()
}

/// The largest difference between a model's logits and the reference's.
fn largest_difference(model: &Model, kind: &str) -> f32 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(root.join("tests/data/evaluate/logits.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut largest = 0.0f32;
    for (k, prompt) in PROMPTS.iter().enumerate() {
        let reference = file.tensor(&format!("{kind}.{k}")).unwrap();
        let wanted = reference.data().chunks_exact(4);
        let wanted: Vec<f32> = wanted
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        let tokens = model.tokens(prompt).unwrap();
        assert_eq!(reference.shape(), [tokens.len(), model.vocabulary()]);
        let found = model.logits(&tokens, &Ticket::default()).unwrap();
        assert_eq!(found.len(), wanted.len());
        for (a, b) in found.iter().zip(&wanted) {
            // NaN must not pass for small.
            assert!(a.is_finite());
            largest = largest.max((a - b).abs());
        }
    }
    largest
}

#[test]
fn logits_of_the_base_are_the_references() {
    let difference = largest_difference(&load(&demo("base")), "base");
    println!("largest difference of the base: {difference:e}");
    assert!(difference < TOLERANCE, "{difference}");
}

#[test]
fn logits_of_a_slerp_merge_are_the_references() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("child");
    let yaml = "merge_method: slerp\nbase_model: mirror\nmodels: [{model: mirror}, \
                {model: sorter}]\nparameters: {t: 0.5}\ndtype: float32\n";
    let parsed = kinfolk::merge::recipe::parse(yaml);
    let surroundings = Surroundings {
        root: &demo(""),
        working: None,
        hub: None,
        out: Some(&out),
        intermediates: None,
        force: false,
        allow_crimes: false,
        threads: 2,
        opened: &[],
    };
    run(
        &plan(&parsed, &surroundings),
        &options(&out),
        &Ticket::default(),
    )
    .unwrap();
    let difference = largest_difference(&load(&out), "merge");
    println!("largest difference of the merge: {difference:e}");
    assert!(difference < TOLERANCE, "{difference}");
}
