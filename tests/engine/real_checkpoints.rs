//! Checkpoints as people have them: other names, stale indexes, unlike configurations, parts that
//! some lack. Kinds of public reports, on models made here.

use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, Measure, Precision, measure};
use kinfolk::merge::run::run;

use crate::common::merging::{options, planned, read_all};
use crate::common::{f32_part, write_safetensors};

/// Names and shapes of a small Llama.
const LLAMA: &[(&str, &[usize])] = &[
    ("model.embed_tokens.weight", &[6, 4]),
    ("model.layers.0.self_attn.q_proj.weight", &[4, 4]),
    ("model.layers.0.self_attn.k_proj.weight", &[2, 4]),
    ("model.layers.0.self_attn.v_proj.weight", &[2, 4]),
    ("model.layers.0.mlp.gate_proj.weight", &[6, 4]),
    ("model.layers.0.mlp.up_proj.weight", &[6, 4]),
    ("model.layers.0.mlp.down_proj.weight", &[4, 6]),
    ("model.layers.1.self_attn.q_proj.weight", &[4, 4]),
    ("model.norm.weight", &[4]),
    ("lm_head.weight", &[6, 4]),
];

/// Numbers that depend on the model and the tensor alone.
fn numbers(seed: usize, name: &str, n: usize) -> Vec<f32> {
    let salt: usize = name.bytes().map(usize::from).sum();
    let number = |i: usize| ((i * 7919 + seed * 104_729 + salt * 31) % 1009) as f32 / 500.0 - 1.0;
    (0..n).map(number).collect()
}

type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

fn tensors(seed: usize, shapes: &[(&str, &[usize])]) -> Tensors {
    let tensor = |(name, shape): &(&str, &[usize])| {
        let n = shape.iter().product();
        ((*name).to_owned(), shape.to_vec(), numbers(seed, name, n))
    };
    shapes.iter().map(tensor).collect()
}

fn write(folder: &Path, config: &str, tensors: &Tensors) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    write_file(&folder.join("model.safetensors"), tensors);
    std::fs::write(folder.join("config.json"), config).unwrap();
    folder.to_owned()
}

fn write_file(path: &Path, tensors: &Tensors) {
    let part = |(name, shape, numbers): &'_ (String, Vec<usize>, Vec<f32>)| {
        f32_part(name.clone().leak(), shape.clone().leak(), numbers)
    };
    write_safetensors(path, &tensors.iter().map(part).collect::<Vec<_>>());
}

fn with_names(tensors: &Tensors, rename: impl Fn(&str) -> String) -> Tensors {
    let renamed = tensors.iter().cloned();
    renamed
        .map(|(name, shape, numbers)| (rename(&name), shape, numbers))
        .collect()
}

/// Takes some tensors out and puts one made of their numbers in.
fn joined(mut tensors: Tensors, parts: &[&str], whole: &str, shape: &[usize]) -> Tensors {
    let mut numbers = Vec::new();
    for part in parts {
        let at = tensors.iter().position(|(name, ..)| name == part).unwrap();
        numbers.extend(tensors.remove(at).2);
    }
    tensors.push((whole.to_owned(), shape.to_vec(), numbers));
    tensors
}

fn kinship(base: &Path, models: &[&Path]) -> Kinship {
    let base = Checkpoint::open(base).unwrap();
    let models: Vec<Checkpoint> = models
        .iter()
        .map(|m| Checkpoint::open(m).unwrap())
        .collect();
    let models: Vec<&Checkpoint> = models.iter().collect();
    let ticket = Ticket::default();
    measure(&base, &models, Precision::Full, None, &ticket, &|_, _| {}).unwrap()
}

fn value(kinship: &Kinship) -> f64 {
    kinship.matrix(Measure::default()).get(0, 1).unwrap()
}

const PLAIN: &str = r#"{"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "num_hidden_layers": 2, "vocab_size": 6, "tie_word_embeddings": false}"#;

/// A base and two models with the same names, and what their kinship is.
struct Family {
    dir: tempfile::TempDir,
    expected: Kinship,
}

impl Family {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (k, name) in ["base", "a", "b"].iter().enumerate() {
            write(&dir.path().join(name), PLAIN, &tensors(k, LLAMA));
        }
        let path = |name: &str| dir.path().join(name);
        let expected = kinship(&path("base"), &[&path("a"), &path("b")]);
        Self { dir, expected }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Asserts that `b` stored otherwise is `b`: the kinship is the same, over the same numbers.
    fn is_b(&self, stored: &Tensors, config: &str) {
        let other = write(&self.path("other"), config, stored);
        let found = kinship(&self.path("base"), &[&self.path("a"), &other]);
        assert_eq!(found.left_out, []);
        assert_eq!(found.tensors.len(), self.expected.tensors.len());
        assert_eq!(value(&found), value(&self.expected));
    }
}

#[test]
fn wrappers_around_names_are_seen_through() {
    let family = Family::new();
    let b = tensors(2, LLAMA);
    let wrap = |prefix: &'static str| move |name: &str| format!("{prefix}{name}");
    family.is_b(&with_names(&b, wrap("module._orig_mod.")), PLAIN);
    family.is_b(&with_names(&b, wrap("language_model.")), PLAIN);
    let inner = |name: &str| match name.strip_prefix("model.") {
        Some(rest) => format!("model.language_model.{rest}"),
        None => name.to_owned(),
    };
    family.is_b(&with_names(&b, inner), PLAIN);
    let bare = |name: &str| name.strip_prefix("model.").unwrap_or(name).to_owned();
    family.is_b(&with_names(&b, bare), PLAIN);
}

#[test]
fn fused_matrices_are_read_as_their_parts_and_parts_as_the_whole() {
    let family = Family::new();
    let fused = |seed: usize| {
        let attention = ["q_proj", "k_proj", "v_proj"]
            .map(|part| format!("model.layers.0.self_attn.{part}.weight"));
        let attention: Vec<&str> = attention.iter().map(String::as_str).collect();
        let qkv = "model.layers.0.self_attn.qkv_proj.weight";
        let all = joined(tensors(seed, LLAMA), &attention, qkv, &[8, 4]);
        let [gate, up, both] =
            ["gate", "up", "gate_up"].map(|p| format!("model.layers.0.mlp.{p}_proj.weight"));
        joined(all, &[&gate, &up], &both, &[12, 4])
    };
    family.is_b(&fused(2), PLAIN);
    // And the other way: the base is fused, the models are not.
    let base = write(&family.path("fused"), PLAIN, &fused(0));
    let found = kinship(&base, &[&family.path("a"), &family.path("b")]);
    assert_eq!(found.left_out, []);
    let (found, expected) = (value(&found), value(&family.expected));
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn experts_are_one_by_one_or_stacked() {
    let mixtral: Vec<(String, Vec<usize>)> = (0..3)
        .flat_map(|e| {
            let name = move |w| format!("model.layers.0.block_sparse_moe.experts.{e}.{w}.weight");
            [
                (name("w1"), vec![6, 4]),
                (name("w2"), vec![4, 6]),
                (name("w3"), vec![6, 4]),
            ]
        })
        .chain([(
            "model.layers.0.block_sparse_moe.gate.weight".to_owned(),
            vec![3, 4],
        )])
        .collect();
    let shapes: Vec<(&str, &[usize])> = mixtral.iter().map(|(n, s)| (&**n, &**s)).collect();
    let dir = tempfile::tempdir().unwrap();
    let config = r#"{"model_type": "mixtral"}"#;
    let path = |name: &str| dir.path().join(name);
    for (k, name) in ["base", "a", "b"].iter().enumerate() {
        write(&path(name), config, &tensors(k, &shapes));
    }
    let expected = kinship(&path("base"), &[&path("a"), &path("b")]);
    let old = tensors(2, &shapes);
    let of = |name: &str| old.iter().find(|(own, ..)| own == name).unwrap().2.clone();
    let expert = |e: usize, w: &str| {
        of(&format!(
            "model.layers.0.block_sparse_moe.experts.{e}.{w}.weight"
        ))
    };
    let both = (0..3)
        .flat_map(|e| [expert(e, "w1"), expert(e, "w3")].concat())
        .collect();
    let down = (0..3).flat_map(|e| expert(e, "w2")).collect();
    let at = |name: &str| format!("model.layers.0.mlp.{name}");
    let stacked = vec![
        (at("experts.gate_up_proj"), vec![3, 12, 4], both),
        (at("experts.down_proj"), vec![3, 4, 6], down),
        (
            at("gate.weight"),
            vec![3, 4],
            of("model.layers.0.block_sparse_moe.gate.weight"),
        ),
    ];
    let new = write(&path("new"), config, &stacked);
    let found = kinship(&path("base"), &[&path("a"), &new]);
    assert_eq!(found.left_out, []);
    assert_eq!(value(&found), value(&expected));
    // The stacked model's own names, with the others seen through.
    let other = kinship(&new, &[&path("a"), &path("base")]);
    assert_eq!(other.left_out, []);
    // gpt-oss stacks transposed matrices: equal shapes would be chance.
    let other = write(&path("oss"), r#"{"model_type": "gpt_oss"}"#, &stacked);
    assert!(!kinship(&path("base"), &[&other]).left_out.is_empty());
}

#[test]
fn a_merge_of_other_names_has_the_names_of_the_first_and_says_so() {
    let family = Family::new();
    let b = with_names(&tensors(2, LLAMA), |name| format!("language_model.{name}"));
    write(&family.path("b_inside"), PLAIN, &b);
    let merged = |other: &str| {
        let yaml = format!(
            "merge_method: linear\nmodels: [{{model: a, parameters: {{weight: 1}}}}, {{model: {other}, parameters: {{weight: 3}}}}]\n"
        );
        let out = family.path(&format!("child_{other}"));
        let plan = planned(&yaml, family.dir.path(), Some(&out));
        run(&plan, &options(&out), &Ticket::default()).unwrap();
        let said = plan
            .problems
            .iter()
            .any(|p| p.to_string().contains("read under other names"));
        (read_all(&out), said)
    };
    let (plain, seen) = (merged("b"), merged("b_inside"));
    assert_eq!(plain.0, seen.0);
    assert_eq!((plain.1, seen.1), (false, true));
}

fn problems(yaml: &str, root: &Path) -> (usize, String) {
    let plan = planned(yaml, root, None);
    let all: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
    (plan.errors().count(), all.join("\n"))
}

#[test]
fn unlike_architectures_are_an_error_that_the_recipe_lifts_and_unlike_numbers_a_warning() {
    let family = Family::new();
    let config = |edit: (&str, &str)| PLAIN.replace(edit.0, edit.1);
    let model = tensors(2, LLAMA);
    write(
        &family.path("gemma"),
        &config((r#""llama""#, r#""gemma""#)),
        &model,
    );
    let yarn =
        r#""rope_theta": 1e6, "rope_scaling": {"rope_type": "yarn", "factor": 4.0}, "vocab_size""#;
    write(
        &family.path("yarn"),
        &config((r#""vocab_size""#, yarn)),
        &model,
    );
    let linear = |b: &str| {
        format!(
            "merge_method: linear\nmodels: [{{model: a, parameters: {{weight: 1}}}}, {{model: {b}, parameters: {{weight: 1}}}}]\n"
        )
    };
    let root = family.dir.path();
    let (errors, said) = problems(&linear("gemma"), root);
    assert!(
        errors == 1 && said.contains("type gemma") && said.contains("allow_crimes"),
        "{said}"
    );
    let lifted = format!("{}kinfolk: {{allow_crimes: true}}\n", linear("gemma"));
    let (errors, said) = problems(&lifted, root);
    assert!(errors == 0 && said.contains("type gemma"), "{said}");
    let (errors, said) = problems(&linear("yarn"), root);
    assert!(
        errors == 0 && said.contains("rope_scaling (factor 4, type yarn, and none in a)"),
        "{said}"
    );
    assert_eq!(problems(&linear("b"), root), (0, String::new()));
}

#[test]
fn layers_that_predict_further_tokens_are_no_part_of_the_stack() {
    let family = Family::new();
    let extra = r#""num_nextn_predict_layers": 1, "vocab_size""#;
    let config = PLAIN.replace(r#""vocab_size""#, extra);
    let mut with = tensors(0, LLAMA);
    with.push((
        "model.layers.2.eh_proj.weight".to_owned(),
        vec![2, 4],
        vec![0.5; 8],
    ));
    let path = write(&family.path("mtp"), &config, &with);
    let opened = Checkpoint::open(&path).unwrap();
    assert_eq!(
        (opened.layers(), opened.layers_in_words().as_str()),
        (2, "2 layers, 1 prediction layers")
    );
    let yaml = "merge_method: slerp\nbase_model: mtp\nmodels: [{model: mtp}, {model: b}]\nparameters: {t: [0, 1]}\n";
    let out = family.path("child");
    let plan = planned(yaml, family.dir.path(), Some(&out));
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    let child = read_all(&out);
    // The gradient ends at the last counted layer, and the further one is the base's.
    let last = "model.layers.1.self_attn.q_proj.weight";
    assert_eq!(child[last].2, numbers(2, last, 16));
    assert_eq!(child["model.layers.2.eh_proj.weight"].2, vec![0.5; 8]);
    let left = format!("{yaml}kinfolk: {{missing_parts: leave_out}}\n");
    let out = family.path("child_without");
    run(
        &planned(&left, family.dir.path(), Some(&out)),
        &options(&out),
        &Ticket::default(),
    )
    .unwrap();
    assert!(!read_all(&out).contains_key("model.layers.2.eh_proj.weight"));
    let written = std::fs::read_to_string(out.join("config.json")).unwrap();
    assert!(
        written.contains(r#""num_nextn_predict_layers": 0"#),
        "{written}"
    );
}

#[test]
fn a_learned_bias_is_never_taken_for_a_mask() {
    let family = Family::new();
    let shapes: &[(&str, &[usize])] = &[("transformer.h.0.attn.c_attn.weight", &[12, 4])];
    let bias: &[(&str, &[usize])] = &[("transformer.h.0.attn.c_attn.bias", &[12])];
    let mask: &[(&str, &[usize])] = &[("transformer.h.0.attn.bias", &[1, 1, 4, 4])];
    let qwen = r#"{"model_type": "qwen"}"#;
    write(&family.path("plain"), qwen, &tensors(0, shapes));
    write(
        &family.path("biased"),
        qwen,
        &tensors(1, &[shapes, bias].concat()),
    );
    write(
        &family.path("masked"),
        qwen,
        &tensors(1, &[shapes, mask].concat()),
    );
    let linear = |a: &str, b: &str| {
        format!(
            "merge_method: linear\nmodels: [{{model: {a}, parameters: {{weight: 1}}}}, {{model: {b}, parameters: {{weight: 1}}}}]\n"
        )
    };
    let root = family.dir.path();
    let (errors, said) = problems(&linear("biased", "plain"), root);
    assert!(errors == 1 && said.contains("lacks"), "{said}");
    let (errors, said) = problems(&linear("plain", "biased"), root);
    assert!(
        errors == 0 && said.contains("c_attn.bias") && said.contains("the child will not have"),
        "{said}"
    );
    let (errors, said) = problems(&linear("masked", "plain"), root);
    assert!(errors == 0 && said.contains("can be computed"), "{said}");
}

/// Two shards with half of the tensors each, called `stem-0000k-of-00002`.
fn shards(folder: &Path) -> Vec<String> {
    std::fs::create_dir_all(folder).unwrap();
    let all = tensors(1, LLAMA);
    let (first, second) = all.split_at(5);
    let names = [1, 2].map(|k| format!("model-0000{k}-of-00002.safetensors"));
    for (name, part) in names.iter().zip([first, second]) {
        write_file(&folder.join(name), &part.to_vec());
    }
    names.to_vec()
}

fn index(folder: &Path, place: impl Fn(usize) -> String, further: &str) {
    let places = LLAMA
        .iter()
        .enumerate()
        .map(|(k, (name, _))| format!(r#""{name}": "{}""#, place(k)));
    let map = places.collect::<Vec<_>>().join(", ");
    let text = format!(r#"{{"weight_map": {{{map}{further}}}}}"#);
    std::fs::write(folder.join("model.safetensors.index.json"), text).unwrap();
}

#[test]
fn a_whole_set_of_shards_is_opened_whatever_its_index_says() {
    let dir = tempfile::tempdir().unwrap();
    let whole = write(&dir.path().join("whole"), PLAIN, &tensors(1, LLAMA));
    let expected = read_all(&whole);
    let folder = dir.path().join("model");
    let names = shards(&folder);
    let opened = |note: &str| {
        let found = Checkpoint::open(&folder).unwrap();
        assert!(
            found.problems().iter().any(|p| p.contains(note)),
            "{:?}",
            found.problems()
        );
        assert_eq!(read_all(&folder), expected);
    };
    opened("there is no index");
    index(
        &folder,
        |k| format!("model-0000{}-of-00004.safetensors", k % 4 + 1),
        "",
    );
    opened("are taken without it");
    let right = |k: usize| names[k / 5].clone();
    index(
        &folder,
        right,
        r#", "mtp.fc.weight": "model-00002-of-00002.safetensors""#,
    );
    opened("in no shard: mtp.fc.weight");
    index(&folder, |k| names[1 - k / 5].clone(), "");
    opened("in another shard than the index says");
    // A shard that is not here stays an error.
    std::fs::remove_file(folder.join(&names[1])).unwrap();
    index(&folder, right, "");
    let error = Checkpoint::open(&folder).unwrap_err().to_string();
    assert!(error.contains("is missing; download it"), "{error}");
}

#[test]
fn what_is_called_safetensors_and_is_not_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    for (bytes, name) in [
        (&b"<!DOCTYPE html><html>sign in</html>"[..], "a web page"),
        (b"{\"error\": \"gated\", \"code\": 403}", "a JSON text"),
        (b"Entry not found, whatever it was", "no such file"),
        (
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03 and more bytes",
            "a gzip archive",
        ),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = Checkpoint::open(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("model.safetensors"),
            "{error}"
        );
    }
}

#[test]
fn what_a_loader_needs_goes_with_the_child_and_a_strangers_path_does_not() {
    let family = Family::new();
    let donor = family.path("a");
    let config = PLAIN.replace(
        "{\"arch",
        r#"{"_name_or_path": "/home/someone/secret",
        "auto_map": {"AutoModel": "modeling_x.X"}, "arch"#,
    );
    std::fs::write(donor.join("config.json"), config).unwrap();
    let modules = r#"[{"path": ""}, {"path": "1_Pooling"}, {"path": "../2_Evil"}]"#;
    std::fs::write(donor.join("modules.json"), modules).unwrap();
    std::fs::create_dir(donor.join("1_Pooling")).unwrap();
    std::fs::write(donor.join("1_Pooling/config.json"), "{}").unwrap();
    std::fs::write(donor.join("processor_config.json"), "{}").unwrap();
    let yaml = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]\n";
    let out = family.path("child");
    let plan = planned(yaml, family.dir.path(), Some(&out));
    assert!(
        plan.problems
            .iter()
            .any(|p| p.to_string().contains("modeling_x.py"))
    );
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    assert!(out.join("1_Pooling/config.json").is_file());
    assert!(out.join("processor_config.json").is_file());
    let written = std::fs::read_to_string(out.join("config.json")).unwrap();
    assert!(!written.contains("secret"), "{written}");
    // What was made can be replaced, with its folder.
    let mut again = options(&out);
    again.force = true;
    let plan = planned(yaml, family.dir.path(), None);
    run(&plan, &again, &Ticket::default()).unwrap();
}
