//! Merges for tests: a recipe planned and carried out, and what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::merge::plan::{Plan, Surroundings, plan};
use kinfolk::merge::recipe::parse;
use kinfolk::merge::run::{Options, Outcome, RunError, run};
use kinfolk::merge::write::Parents;

/// The folder of the oracle set.
pub fn oracle_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle")
}

/// The text of one of its recipes, by the rules of mergekit 0.1.4, which made the set.
pub fn oracle_recipe(name: &str) -> String {
    oracle_recipe_of_today(name) + "\nkinfolk: {as: 0.1.4}\n"
}

/// The same by the rules of today.
pub fn oracle_recipe_of_today(name: &str) -> String {
    std::fs::read_to_string(oracle_root().join(format!("configs/{name}.yaml"))).unwrap()
}

/// What the oracle set says about each of its recipes.
pub fn oracle_manifest() -> Vec<serde_json::Value> {
    let text = std::fs::read(oracle_root().join("manifest.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Entries of a merge, tensor by tensor, that mergekit itself does not fix.
pub fn oracle_ambiguous(name: &str) -> BTreeMap<String, BTreeSet<usize>> {
    let path = oracle_root().join(format!("expected/{name}/ambiguous.json"));
    std::fs::read(path).map_or(BTreeMap::new(), |text| {
        serde_json::from_slice(&text).unwrap()
    })
}

/// Plans a recipe whose paths start from `root`.
pub fn planned(yaml: &str, root: &Path, out: Option<&Path>) -> Plan {
    let surroundings = Surroundings {
        root,
        working: None,
        hub: None,
        out,
        intermediates: None,
        force: false,
        allow_crimes: false,
        threads: 2,
        opened: &[],
    };
    plan(&parse(yaml), &surroundings)
}

/// The usual way to carry out a plan.
pub fn options(out: &Path) -> Options {
    Options {
        maker: String::new(),
        removal: kinfolk::files::Removal::Delete,
        out: out.to_owned(),
        shard_bytes: 5_000_000_000,
        force: false,
        seed: None,
        on_nan: None,
        parents: Parents::default(),
    }
}

/// Plans and carries out a recipe of the oracle set.
pub fn merge_oracle(yaml: &str, options: &Options) -> Result<Outcome, RunError> {
    let plan = planned(yaml, &oracle_root(), Some(&options.out));
    run(&plan, options, &Ticket::default())
}

/// A tensor as it was read: format, shape, numbers.
pub type Read = (String, Vec<usize>, Vec<f32>);

/// All tensors of a model.
pub fn read_all(path: &Path) -> BTreeMap<String, Read> {
    let model = Checkpoint::open(path).unwrap();
    let read = |tensor: &kinfolk::checkpoint::Tensor| {
        let mut numbers = vec![0.0; tensor.elements()];
        tensor.numbers().unwrap().decode(&mut numbers);
        (tensor.dtype.to_string(), tensor.shape.clone(), numbers)
    };
    let tensors = model.tensors().iter();
    tensors.map(|t| (t.name.clone(), read(t))).collect()
}

/// The bytes of all files of weights, by name.
pub fn weight_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".safetensors") {
            out.insert(name, std::fs::read(&path).unwrap());
        }
    }
    out
}

/// A small model of random numbers below `dir`: two layers, width 8.
pub fn tiny_model(dir: &Path, seed: u64) {
    tiny_model_of(dir, seed, 2, 12);
}

/// The same with so many layers and words.
pub fn tiny_model_of(dir: &Path, seed: u64, layers: usize, words: usize) {
    std::fs::create_dir_all(dir).unwrap();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = |n: usize| -> Vec<f32> {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..n).map(|_| next()).collect()
    };
    let mut shapes = vec![("model.embed_tokens.weight".to_owned(), vec![words, 8])];
    for k in 0..layers {
        shapes.push((format!("model.layers.{k}.mlp.up_proj.weight"), vec![16, 8]));
        shapes.push((format!("model.layers.{k}.input_layernorm.weight"), vec![8]));
    }
    shapes.push(("model.norm.weight".to_owned(), vec![8]));
    shapes.push(("lm_head.weight".to_owned(), vec![words, 8]));
    let parts: Vec<super::Part<'_>> = shapes
        .iter()
        .map(|(name, shape)| super::f32_part(name, shape, &random(shape.iter().product())))
        .collect();
    super::write_safetensors(&dir.join("model.safetensors"), &parts);
    let config = format!(
        r#"{{"architectures": ["LlamaForCausalLM"], "num_hidden_layers": {layers},
            "vocab_size": {words}, "tie_word_embeddings": false, "torch_dtype": "float32"}}"#
    );
    std::fs::write(dir.join("config.json"), config).unwrap();
}
