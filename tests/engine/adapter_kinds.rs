//! Adapters of every kind against what PEFT's `merge_and_unload` makes of them. See
//! `tests/data/formats/adapters/README.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::{Change, Checkpoint, Tensor};
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Aggregate, Measure, Metric, Precision, Scope, measure};
use kinfolk::merge::run::run;
use tempfile::TempDir;

use crate::common::merging::{options, planned, read_all};
use crate::common::{f32_part, write_safetensors};

/// PEFT adds in `f32`.
const NEAR: f32 = 2e-6;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/adapters")
}

fn open(path: &Path) -> Checkpoint {
    Checkpoint::open(path).unwrap()
}

/// The families and their adapters.
fn families() -> Vec<(PathBuf, Vec<PathBuf>)> {
    let entries = |path: &Path| {
        let entries = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let adapters = |family: &PathBuf| {
        let mut folders = entries(family);
        folders.retain(|folder| !folder.ends_with("base"));
        folders
    };
    let families = entries(&root()).into_iter();
    families.map(|f| (f.join("base"), adapters(&f))).collect()
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    let mut out = vec![f32::NAN; tensor.elements()];
    tensor.numbers().unwrap().decode(&mut out);
    out
}

/// The tensor with the adapter on it, read in parts of this length.
fn merged(base: &Checkpoint, tensor: &Tensor, adapter: &Checkpoint, part: usize) -> Vec<f32> {
    let change = adapter.adapter().unwrap().change(base, tensor).unwrap();
    match change {
        Change::None => numbers(tensor),
        Change::Replaced(own) => numbers(own),
        Change::LowRank(low_rank) => {
            let mut out = vec![0.0; tensor.elements()];
            let factors = low_rank.decode();
            for (k, part_of) in out.chunks_mut(part).enumerate() {
                factors.delta(k * part, part_of);
            }
            let own = numbers(tensor);
            out.iter_mut().zip(own).for_each(|(x, w)| *x += w);
            out
        }
        Change::Rebuilt { tensor, .. } => {
            let mut out = vec![f32::NAN; tensor.elements()];
            let all = tensor.numbers().unwrap();
            for (k, part_of) in out.chunks_mut(part).enumerate() {
                let start = k * part;
                all.part(start..start + part_of.len()).decode(part_of);
            }
            out
        }
    }
}

fn assert_near(found: &[f32], expected: &[f32], off: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (k, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= off, "{what} at {k}: {a} and not {b}");
    }
}

/// The tensors of a base, those changed by an adapter being PEFT's.
fn expected(base: &Path, adapter: &Path) -> BTreeMap<String, Vec<f32>> {
    let all = read_all(base).into_iter();
    let mut all: BTreeMap<String, Vec<f32>> = all.map(|(name, read)| (name, read.2)).collect();
    for (name, read) in read_all(&adapter.join("expected.safetensors")) {
        assert!(all.insert(name, read.2).is_some());
    }
    all
}

#[test]
fn every_kind_gives_the_weights_that_peft_merges() {
    let mut n_adapters = 0;
    for (base_path, adapters) in families() {
        let base = open(&base_path);
        for path in adapters {
            let adapter = open(&path);
            let missing = adapter.adapter().unwrap().targets_missing_in(&base);
            assert_eq!(missing, [""; 0], "{path:?}");
            assert_eq!(adapter.problems(), [""; 0], "{path:?}");
            let expected = expected(&base_path, &path);
            for tensor in base.tensors() {
                for part in [7, 1024] {
                    let found = merged(&base, tensor, &adapter, part);
                    let what = format!("{} of {path:?}", tensor.name);
                    assert_near(&found, &expected[&tensor.name], NEAR, &what);
                }
            }
            n_adapters += 1;
        }
    }
    assert_eq!(n_adapters, 25);
}

#[test]
fn every_kind_has_the_kinship_of_the_merged_model() {
    for (base_path, paths) in families() {
        let base = open(&base_path);
        let models: Vec<Checkpoint> = paths.iter().map(|path| open(path)).collect();
        let models: Vec<&Checkpoint> = models.iter().collect();
        let ticket = Ticket::default();
        let kinship = measure(&base, &models, Precision::Full, None, &ticket, &|_, _| {}).unwrap();
        assert_eq!(kinship.left_out, []);
        let changes: Vec<Vec<f64>> = paths.iter().map(|path| change(&base_path, path)).collect();
        for (a, b) in (0..paths.len()).flat_map(|b| (0..b).map(move |a| (a, b))) {
            for (metric, expected) in [
                (Metric::COSINE, cosine(&changes[a], &changes[b])),
                (Metric::EUCLIDEAN, distance(&changes[a], &changes[b])),
            ] {
                let form = Measure {
                    metric,
                    aggregate: Aggregate::Whole,
                    scope: Scope::default(),
                };
                let found = kinship.matrix(form).get(a, b).unwrap();
                let off = 2e-5 * expected.abs().max(0.1);
                let what = format!("{:?} {:?}: {found} {expected}", paths[a], paths[b]);
                assert!((found - expected).abs() < off, "{what}");
            }
        }
    }
}

fn change(base: &Path, adapter: &Path) -> Vec<f64> {
    let expected = expected(base, adapter);
    let base = read_all(base);
    let changes = expected.iter().flat_map(|(name, own)| {
        let pairs = own.iter().zip(&base[name].2);
        pairs.map(|(x, w)| f64::from(x - w)).collect::<Vec<_>>()
    });
    changes.collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let off: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    dot(&off, &off).sqrt()
}

#[test]
fn a_merge_of_a_base_with_an_adapter_is_what_peft_merges() {
    for name in [
        "qwen/dora-embed",
        "qwen/oft",
        "tied/tokens-tied",
        "moe/parameters",
    ] {
        let path = root().join(name);
        let base = path.with_file_name("base");
        let (base, path) = (base.to_string_lossy(), path.to_string_lossy());
        let yaml = format!(
            "merge_method: linear\ndtype: float32\nmodels:\n  - model: {base}+{path}\n    \
             parameters:\n      weight: 1.0\n"
        );
        let dir = TempDir::new().unwrap();
        let out = dir.path().join("out");
        let plan = planned(&yaml, &root(), Some(&out));
        run(&plan, &options(&out), &Ticket::default()).unwrap();
        let written = read_all(&out);
        let expected = expected(Path::new(&*base), Path::new(&*path));
        assert_eq!(written.len(), expected.len(), "{name}");
        for (tensor, (.., found)) in &written {
            assert_near(
                found,
                &expected[tensor],
                NEAR,
                &format!("{tensor} of {name}"),
            );
        }
    }
}

/// A base with these tensors, and the configuration of a model.
fn base(config: &str, parts: &[(&str, &[usize], &[f32])]) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("config.json"), config).unwrap();
    write(&dir.path().join("model.safetensors"), parts);
    dir
}

/// An adapter of rank 1 and alpha 1 with these settings and tensors.
fn adapter(settings: &str, parts: &[(&str, &[usize], &[f32])]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let config = format!(r#"{{"peft_type":"LORA","r":1,"lora_alpha":1{settings}}}"#);
    std::fs::write(dir.path().join("adapter_config.json"), config).unwrap();
    write(&dir.path().join("adapter_model.safetensors"), parts);
    dir
}

fn write(path: &Path, parts: &[(&str, &[usize], &[f32])]) {
    let names: Vec<String> = parts.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let parts: Vec<_> = parts
        .iter()
        .zip(&names)
        .map(|((_, shape, numbers), name)| f32_part(name, shape, numbers))
        .collect();
    write_safetensors(path, &parts);
}

/// What an adapter makes of the only tensor of a base that it changes.
fn check(base: &TempDir, adapter: &TempDir, name: &str, expected: &[f32]) {
    let (base, adapter) = (open(base.path()), open(adapter.path()));
    let missing = adapter.adapter().unwrap().targets_missing_in(&base);
    assert_eq!(missing, [""; 0]);
    let found = merged(&base, base.tensor(name).unwrap(), &adapter, 1024);
    assert_eq!(found, expected);
}

const Q_A: &str = "base_model.model.model.layers.0.q_proj.lora_A.weight";
const Q_B: &str = "base_model.model.model.layers.0.q_proj.lora_B.weight";

#[test]
fn an_adapter_of_the_tower_that_speaks_leaves_the_one_that_sees() {
    let q: (&[usize], &[f32]) = (&[1, 2], &[1.0, 2.0]);
    let base = base(
        "{}",
        &[
            ("language_model.model.layers.0.q_proj.weight", q.0, q.1),
            ("vision_tower.layers.0.q_proj.weight", q.0, q.1),
        ],
    );
    let adapter = adapter("", &[(Q_A, &[1, 2], &[3.0, 4.0]), (Q_B, &[1, 1], &[1.0])]);
    let name = "language_model.model.layers.0.q_proj.weight";
    check(&base, &adapter, name, &[4.0, 6.0]);
    check(&base, &adapter, "vision_tower.layers.0.q_proj.weight", q.1);
}

#[test]
fn what_is_added_to_a_tied_head_is_added_to_the_embedding() {
    let base = base(
        r#"{"tie_word_embeddings":true}"#,
        &[("model.embed_tokens.weight", &[2, 1], &[1.0, 2.0])],
    );
    let adapter = adapter(
        "",
        &[
            ("base_model.model.lm_head.lora_A.weight", &[1, 1], &[1.0]),
            (
                "base_model.model.lm_head.lora_B.weight",
                &[2, 1],
                &[10.0, 20.0],
            ),
        ],
    );
    check(&base, &adapter, "model.embed_tokens.weight", &[11.0, 22.0]);
}

#[test]
fn a_stored_head_that_is_tied_changes_with_the_embedding() {
    let base = base(
        r#"{"tie_word_embeddings":true}"#,
        &[
            ("lm_head.weight", &[2, 1], &[1.0, 2.0]),
            ("model.embed_tokens.weight", &[2, 1], &[1.0, 2.0]),
        ],
    );
    let rows = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta";
    let adapter = adapter(
        r#","trainable_token_indices":{"embed_tokens":[1]}"#,
        &[(rows, &[1, 1], &[7.0])],
    );
    check(&base, &adapter, "model.embed_tokens.weight", &[1.0, 7.0]);
    check(&base, &adapter, "lm_head.weight", &[1.0, 7.0]);
}

#[test]
fn of_a_grown_vocabulary_the_rows_of_the_base_are_compared() {
    let base = base("{}", &[("model.embed_tokens.weight", &[2, 1], &[1.0, 2.0])]);
    let whole = "base_model.model.model.embed_tokens.base_layer.weight";
    let a = "base_model.model.model.embed_tokens.lora_embedding_A";
    let b = "base_model.model.model.embed_tokens.lora_embedding_B";
    let factors: [(&str, &[usize], &[f32]); 2] =
        [(a, &[1, 3], &[1.0, 2.0, 3.0]), (b, &[1, 1], &[10.0])];
    let stored: (&str, &[usize], &[f32]) = (whole, &[3, 1], &[1.0, 3.0, 5.0]);
    for (parts, row) in [
        (&factors[..], 22.0),
        (&[factors[0], factors[1], stored], 23.0),
    ] {
        let (base, adapter) = (open(base.path()), adapter("", parts));
        let adapter = open(adapter.path());
        let tensor = &base.tensors()[0];
        let found = merged(&base, tensor, &adapter, 1024);
        assert_eq!(found[..2], [11.0, row]);
        let ticket = Ticket::default();
        let models = [&adapter];
        let kinship = measure(&base, &models, Precision::Full, None, &ticket, &|_, _| {}).unwrap();
        let reason = &kinship.left_out[0].reason;
        assert_eq!(reason, "1 of its 3 rows; the base has only 2");
    }
}

/// What cannot be worked out is not left out: a number over the rest would be of another model.
#[test]
fn no_kinship_is_told_of_half_an_adapter() {
    let (q, k): ([f32; 4], [f32; 1]) = ([1.0; 4], [1.0]);
    let base = base(
        "{}",
        &[
            ("h.0.mlp.c_fc.weight", &[2, 4], &[0.0; 8]),
            ("h.0.mlp.c_fc.bias", &[4], &[0.0; 4]),
            ("h.0.attn.c_proj.weight", &[2, 2], &q),
            ("k.weight", &[1, 1], &k),
        ],
    );
    let adapter = adapter(
        r#","init_lora_weights":"olora""#,
        &[
            (
                "base_model.model.h.0.attn.c_proj.lora_A.weight",
                &[1, 2],
                &[1.0; 2],
            ),
            (
                "base_model.model.h.0.attn.c_proj.lora_B.weight",
                &[2, 1],
                &[1.0; 2],
            ),
        ],
    );
    let (base, adapter) = (open(base.path()), open(adapter.path()));
    let ticket = Ticket::default();
    let models = [&adapter];
    let error = measure(&base, &models, Precision::Full, None, &ticket, &|_, _| {});
    let message = error.err().unwrap().to_string();
    assert!(message.contains("OLoRA"), "{message}");
}

#[test]
fn a_convolution_is_a_matrix_with_a_kernel() {
    let base = base("{}", &[("conv.weight", &[1, 2, 1, 1], &[1.0, 2.0])]);
    let adapter = adapter(
        "",
        &[
            (
                "base_model.model.conv.lora_A.weight",
                &[1, 2, 1, 1],
                &[1.0, 2.0],
            ),
            (
                "base_model.model.conv.lora_B.weight",
                &[1, 1, 1, 1],
                &[10.0],
            ),
        ],
    );
    check(&base, &adapter, "conv.weight", &[11.0, 22.0]);
}

/// Fused experts lie as [experts, outputs, inputs] in most models, and as [experts, inputs,
/// outputs] in some; square ones are told by their relatives.
#[test]
fn fused_experts_lie_either_way() {
    let a = "base_model.model.mlp.experts.lora_A.weight";
    let b = "base_model.model.mlp.experts.lora_B.weight";
    let adapter = adapter(
        r#","target_parameters":["mlp.experts.down_proj"]"#,
        &[
            (a, &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
            (b, &[2, 2], &[1.0, 10.0, 2.0, 20.0]),
        ],
    );
    // Expert 0: (1, 2)ᵀ·(1, 2); expert 1: (10, 20)ᵀ·(3, 4).
    let straight = [1.0, 2.0, 2.0, 4.0, 30.0, 40.0, 60.0, 80.0];
    let across = [1.0, 2.0, 2.0, 4.0, 30.0, 60.0, 40.0, 80.0];
    let down: (&str, &[usize], &[f32]) = ("mlp.experts.down_proj", &[2, 2, 2], &[0.0; 8]);
    let relative = |shape| ("mlp.experts.gate_up_proj", shape, &[0.0; 16][..]);
    let found = |shape: &'static [usize]| base("{}", &[down, relative(shape)]);
    check(&found(&[2, 4, 2]), &adapter, down.0, &straight);
    check(&found(&[2, 2, 4]), &adapter, down.0, &across);
    let (base, adapter) = (base("{}", &[down]), open(adapter.path()));
    let base = open(base.path());
    let error = adapter.adapter().unwrap().change(&base, &base.tensors()[0]);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("relative"), "{message}");
}
