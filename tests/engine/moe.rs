//! Mixtures of experts: what mergekit-moe makes of the same recipes, and what is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::files::Removal;
use kinfolk::jobs::Ticket;
use kinfolk::merge::plan::Surroundings;
use kinfolk::merge::run::RunError;
use kinfolk::moe::{Expert, MoeOptions, MoeOutcome, MoePlan, Prompts, Purpose, parse, plan, run};
use serde_json::Value;

use crate::common::merging::{Read, read_all, weight_files};

fn set() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moe")
}

/// What mergekit makes, by recipe.
fn expected() -> BTreeMap<String, Value> {
    serde_json::from_slice(&std::fs::read(set().join("gates.json")).unwrap()).unwrap()
}

fn recipe(name: &str) -> String {
    std::fs::read_to_string(set().join(format!("configs/{name}.yaml"))).unwrap()
}

fn planned(yaml: &str, root: &Path, out: Option<&Path>) -> MoePlan {
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
    plan(&parse(yaml), &surroundings, Purpose::Use)
}

fn options(out: &Path) -> MoeOptions {
    MoeOptions {
        out: out.to_owned(),
        shard_bytes: 0,
        force: false,
        seed: None,
        removal: Removal::Delete,
    }
}

fn made(yaml: &str, options: &MoeOptions) -> Result<MoeOutcome, RunError> {
    let plan = planned(yaml, &set(), Some(&options.out));
    assert!(plan.is_sound(), "{:?}", plan.problems);
    run(&plan.child.unwrap(), options, &Ticket::default())
}

/// A mixture in a folder of its own, with all its tensors.
fn mixture(yaml: &str) -> (tempfile::TempDir, BTreeMap<String, Read>) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    made(yaml, &options(&out)).unwrap();
    let tensors = read_all(&out);
    (dir, tensors)
}

/// The errors of a recipe that must not be sound.
fn refused(yaml: &str, root: &Path) -> String {
    let plan = planned(yaml, root, None);
    assert!(!plan.is_sound(), "{yaml}");
    let errors = plan.problems.iter().filter(|own| own.is_error());
    let errors: Vec<String> = errors.map(ToString::to_string).collect();
    errors.join("\n")
}

/// What the rules say of a tensor that is not a router: the base's, or pieces of experts.
fn by_the_rules(
    name: &str,
    base: &BTreeMap<String, Read>,
    experts: &[BTreeMap<String, Read>],
) -> Vec<f32> {
    let (layer, part) = match name.split_once(".mlp.") {
        None => return base.get(name).map_or(Vec::new(), |own| own.2.clone()),
        Some(found) => found,
    };
    let of = |model: &BTreeMap<String, Read>, part: &str| {
        model[&format!("{layer}.mlp.{part}.weight")].2.clone()
    };
    let parts: Vec<&str> = part.split('.').collect();
    match parts[..] {
        ["experts", "gate_up_proj"] => (experts.iter())
            .flat_map(|own| [of(own, "gate_proj"), of(own, "up_proj")].concat())
            .collect(),
        ["experts", "down_proj"] => experts
            .iter()
            .flat_map(|own| of(own, "down_proj"))
            .collect(),
        ["experts", k, part, "weight"] => of(&experts[k.parse::<usize>().unwrap()], part),
        [_, part, "weight"] => of(experts.last().unwrap(), part),
        _ => panic!("{name}"),
    }
}

/// The models of the experts, their results scaled as the recipe says.
fn models_of(yaml: &str) -> Vec<BTreeMap<String, Read>> {
    let recipe = parse(yaml).recipe.unwrap();
    let scaled = |expert: &Expert| {
        let mut model = read_all(&set().join(&expert.source_model.path));
        let scale = expert.residual_scale.unwrap_or(1.0) as f32;
        let results = model
            .iter_mut()
            .filter(|(name, _)| name.ends_with("down_proj.weight"));
        for (_, (_, _, numbers)) in results {
            numbers.iter_mut().for_each(|x| *x *= scale);
        }
        model
    };
    recipe.all_experts().map(scaled).collect()
}

#[test]
fn mixtures_are_what_mergekit_makes() {
    for (name, expected) in expected() {
        let yaml = recipe(&name);
        let (dir, found) = mixture(&yaml);
        let base = yaml
            .lines()
            .find_map(|line| line.strip_prefix("base_model: "));
        let base = read_all(&set().join(base.unwrap()));
        let experts = models_of(&yaml);
        for (tensor, (_, shape, numbers)) in &found {
            let rows = &expected["rows"][tensor];
            if rows.is_array() {
                same_rows(&name, rows, numbers, &expected["rule"]);
                continue;
            }
            assert_eq!(shape.iter().product::<usize>(), numbers.len());
            let wanted = by_the_rules(tensor, &base, &experts);
            let is_zero_bias = tensor.ends_with(".bias") && wanted.is_empty();
            match is_zero_bias {
                true => assert!(numbers.iter().all(|x| *x == 0.0), "{name} {tensor}"),
                false => assert!(*numbers == wanted, "{name} {tensor}"),
            }
        }
        let rows = expected["rows"].as_object().unwrap();
        assert!(rows.keys().all(|own| found.contains_key(own)), "{name}");
        let text = std::fs::read(dir.path().join("out/config.json")).unwrap();
        let config: Value = serde_json::from_slice(&text).unwrap();
        for (key, wanted) in expected["config"].as_object().into_iter().flatten() {
            // Older files have another word for the format.
            let own = if key == "dtype" { "torch_dtype" } else { key };
            assert_eq!(&config[own], wanted, "{name} {key}");
        }
    }
}

fn same_rows(name: &str, wanted: &Value, found: &[f32], rule: &Value) {
    let wanted: Vec<Vec<f64>> = serde_json::from_value(wanted.clone()).unwrap();
    let width = wanted[0].len();
    assert_eq!(found.len(), width * wanted.len(), "{name}");
    for (wanted, found) in wanted.iter().zip(found.chunks(width)) {
        let found: Vec<f64> = found.iter().map(|x| f64::from(*x)).collect();
        let pairs = || wanted.iter().zip(&found);
        if let Some(most) = rule["max_abs"].as_f64() {
            let off = pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off <= most, "{name}: {off}");
        }
        if let Some(least) = rule["least_cosine"].as_f64() {
            let dot: f64 = pairs().map(|(a, b)| a * b).sum();
            let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!(dot / length(wanted) / length(&found) >= least, "{name}");
            assert!((length(&found) - 1.0).abs() < 1e-5, "{name}");
        }
    }
}

#[test]
fn prompts_are_tokens_as_mergekit_has_them() {
    for (name, expected) in expected() {
        let plan = planned(&recipe(&name), &set(), None);
        let prompts = Prompts::read(&plan.child.unwrap()).unwrap();
        let wanted: BTreeMap<String, Vec<u32>> =
            serde_json::from_value(expected["prompts"].clone()).unwrap();
        for (text, tokens) in prompts.texts.iter().zip(&prompts.tokens) {
            assert_eq!(Some(tokens), wanted.get(text), "{name}: {text}");
        }
    }
}

fn maplet(head: &str, first: &str, second: &str) -> String {
    format!(
        "base_model: models/maplet/base\n{head}\nexperts:\n- source_model: models/maplet/e1\n  \
         {first}\n- source_model: models/maplet/base\n  {second}\n"
    )
}

const SALT: &str = "positive_prompts: [salt]";
const SOUP: &str = "positive_prompts: [soup]";
const GATE: &str = "model.layers.1.mlp.gate.weight";

#[test]
fn random_rows_have_the_distribution_of_their_mode_and_follow_the_seed() {
    let rows = |mode: &str, seed: u64| {
        let yaml = maplet(
            &format!("gate_mode: {mode}\nkinfolk: {{seed: {seed}}}"),
            "",
            "",
        );
        let (_dir, found) = mixture(&yaml.replace("\n  \n", "\n"));
        let rows = found
            .iter()
            .filter(|(name, _)| name.ends_with("mlp.gate.weight"));
        rows.flat_map(|(_, own)| own.2.clone())
            .collect::<Vec<f32>>()
    };
    let normal: Vec<f32> = (0..8).flat_map(|seed| rows("random", seed)).collect();
    let uniform: Vec<f32> = (0..8)
        .flat_map(|seed| rows("uniform_random", seed))
        .collect();
    let n = normal.len() as f64;
    assert_eq!(normal.len(), 8 * 2 * 2 * 32);
    let moment = |x: &[f32], power| x.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / n;
    // Four standard errors of a mean, and of a variance, whose own variance is 2 for normal numbers.
    assert!(moment(&normal, 1).abs() < 4.0 / n.sqrt());
    assert!((moment(&normal, 2) - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
    // Within ±1/√32: variance b²/3, and that of the squares 4b⁴/45.
    let bound = 1.0 / 32f64.sqrt();
    assert!(uniform.iter().all(|x| f64::from(x.abs()) <= bound));
    assert!(moment(&uniform, 1).abs() < 4.0 * bound / (3.0 * n).sqrt());
    let error = 4.0 * (4.0 / 45.0f64).sqrt() * bound * bound / n.sqrt();
    assert!((moment(&uniform, 2) - bound * bound / 3.0).abs() < error);
    assert_eq!(rows("random", 3), rows("random", 3));
    assert_ne!(rows("random", 3), rows("random", 4));
}

#[test]
fn noise_is_as_strong_as_it_says_and_is_scaled_with_the_expert() {
    let first = format!("{SALT}\n  noise_scale: 0.05\n  residual_scale: 2.0");
    let (_dir, found) = mixture(&maplet("gate_mode: cheap_embed", &first, SOUP));
    let own = read_all(&set().join("models/maplet/e1"));
    for (part, tensor, scale) in [
        ("gate_proj", "experts.gate_up_proj", 1.0),
        ("down_proj", "experts.down_proj", 2.0),
    ] {
        let wanted = &own[&format!("model.layers.0.mlp.{part}.weight")].2;
        let numbers = &found[&format!("model.layers.0.mlp.{tensor}")].2[..wanted.len()];
        let noise = numbers
            .iter()
            .zip(wanted)
            .map(|(x, y)| f64::from(*x) - scale * f64::from(*y));
        let noise: Vec<f64> = noise.collect();
        let n = noise.len() as f64;
        let deviation = (noise.iter().map(|x| x * x).sum::<f64>() / n).sqrt();
        let wanted = 0.05 * scale;
        // Four standard errors of a deviation.
        assert!(
            (deviation / wanted - 1.0).abs() < 4.0 / (2.0 * n).sqrt(),
            "{part}: {deviation}"
        );
        assert!((noise.iter().sum::<f64>() / n).abs() < 4.0 * wanted / n.sqrt());
    }
    // The other expert has none.
    let up = &own["model.layers.0.mlp.up_proj.weight"].2;
    let base = read_all(&set().join("models/maplet/base"));
    let both = &found["model.layers.0.mlp.experts.gate_up_proj"].2;
    let wanted = &base["model.layers.0.mlp.gate_proj.weight"].2;
    assert_eq!(&both[2 * up.len()..3 * up.len()], &wanted[..]);
}

#[test]
fn one_thread_and_many_write_the_same_bytes_in_any_number_of_files() {
    let first = format!("{SALT}\n  noise_scale: 0.01");
    let yaml = maplet("gate_mode: hidden", &first, SOUP);
    let dir = tempfile::tempdir().unwrap();
    let files = |threads: usize, shard_bytes: u64| {
        let out = dir.path().join(format!("{threads}-{shard_bytes}"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let own = MoeOptions {
            shard_bytes,
            ..options(&out)
        };
        pool.build().unwrap().install(|| made(&yaml, &own)).unwrap();
        (weight_files(&out), out)
    };
    let (one, out) = files(1, 0);
    assert_eq!(one, files(3, 0).0);
    let (many, cut) = files(2, 20_000);
    assert!(many.len() > 3, "{}", many.len());
    assert_eq!(read_all(&out), read_all(&cut));
    // The folder is a whole model, and says how it was made.
    for name in [
        "config.json",
        "tokenizer.json",
        "README.md",
        "mergekit_moe_config.yml",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let saved = std::fs::read_to_string(out.join("mergekit_moe_config.yml")).unwrap();
    assert_eq!(parse(&saved).recipe, parse(&yaml).recipe);
}

#[test]
fn a_format_is_rounded_to_once() {
    let yaml = maplet("gate_mode: cheap_embed\ndtype: bfloat16", SALT, SOUP);
    let (_dir, found) = mixture(&yaml);
    assert!(found.values().all(|(dtype, ..)| dtype == "BF16"));
    let base = read_all(&set().join("models/maplet/base"));
    let (wanted, found) = (&base["model.norm.weight"].2, &found["model.norm.weight"].2);
    for (x, y) in wanted.iter().zip(found) {
        assert_eq!(half::bf16::from_f32(*x).to_f32(), *y);
    }
}

#[test]
fn rows_that_cancel_out_or_agree_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let first = format!("{SALT}\n  negative_prompts: [salt]");
    let yaml = maplet("gate_mode: cheap_embed", &first, SOUP);
    let outcome = made(&yaml, &options(&out)).unwrap();
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    assert!(outcome.warnings[0].starts_with("in 2 of 2 layers an expert's positive"));
    let found = read_all(&out);
    assert!(found[GATE].2[..32].iter().all(|x| *x == 0.0));
}

#[test]
fn a_run_that_fails_or_is_cancelled_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let empty = || std::fs::read_dir(dir.path()).unwrap().next().is_none();
    let yaml = maplet("gate_mode: hidden", SALT, SOUP);
    let child = planned(&yaml, &set(), Some(&out)).child.unwrap();
    let ticket = Ticket::default();
    ticket.cancel();
    let result = run(&child, &options(&out), &ticket);
    assert!(matches!(result, Err(RunError::Cancelled(_))), "{result:?}");
    assert!(empty());
    // A prompt that is longer than the model reads.
    let long = format!("positive_prompts: [{}]", "salt ".repeat(400));
    let yaml = maplet("gate_mode: hidden", &long, SOUP);
    let error = made(&yaml, &options(&out)).unwrap_err().to_string();
    assert!(error.contains("is longer than its 256"), "{error}");
    assert!(empty());
}

/// A copy of a model with some keys of its configuration changed, below `dir`.
fn changed(dir: &Path, model: &str, name: &str, change: impl Fn(&mut Value)) -> PathBuf {
    let (from, to) = (set().join("models").join(model), dir.join(name));
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let path = to.join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    std::fs::write(path, config.to_string()).unwrap();
    to
}

#[test]
fn what_cannot_be_a_mixture_is_refused_in_a_sentence() {
    let check = |yaml: &str, wanted: &str| {
        let said = refused(yaml, &set());
        assert!(said.contains(wanted), "{said}");
    };
    let cheap = |rest: &str| maplet(&format!("gate_mode: cheap_embed\n{rest}"), SALT, SOUP);
    check(
        &cheap("architecture: switch"),
        "there is no architecture `switch`",
    );
    check(
        &cheap("architecture: qwen3"),
        "Qwen3 MoE is made of models of type qwen3",
    );
    check(
        &cheap("architecture: qwen"),
        "Qwen2 MoE takes exactly one shared expert",
    );
    check(&cheap("dtype: int8"), "`int8` cannot be computed with");
    let shared = "shared_experts: [{source_model: models/maplet/e1, positive_prompts: [a]}]";
    check(
        &cheap(&format!("architecture: deepseek\n{shared}")),
        "a shared expert without prompts",
    );
    check(
        &cheap(&format!("architecture: mixtral\n{shared}")),
        "Mixtral takes no shared expert",
    );
    let mixed = cheap("").replace("maplet/e1", "basil/e1");
    check(
        &mixed,
        "is a model of type qwen2 and models/maplet/base of type llama",
    );
    check(
        &cheap("").replace("maplet/e1", "maplet/e9"),
        "there is nothing at",
    );
    let narrow = cheap("").replace("maplet", "thyme");
    check(&narrow.replace("thyme/e1", "maplet/e1"), "of type llama");
}

#[test]
fn a_base_that_a_mixture_would_not_compute_with_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let yaml = |base: &Path, head: &str| {
        let base = base.display();
        maplet(&format!("gate_mode: cheap_embed\n{head}"), SALT, SOUP).replacen(
            "models/maplet/base",
            &base.to_string(),
            1,
        )
    };
    let check = |base: &Path, head: &str, wanted: &str| {
        let said = refused(&yaml(base, head), &set());
        assert!(said.contains(wanted), "{said}");
    };
    let set_key =
        |key: &'static str, value: Value| move |config: &mut Value| config[key] = value.clone();
    let of_base = |name: &str, key: &'static str, value: Value| {
        changed(dir.path(), "maplet/base", name, set_key(key, value))
    };
    let wide = of_base("wide", "hidden_size", 48.into());
    check(
        &wide,
        "",
        "says a width of 48, and its token embedding has 32",
    );
    let deep = of_base("deep", "num_hidden_layers", 3.into());
    check(&deep, "", "says 3 layers, and its weights have 2");
    let shallow = of_base("shallow", "num_hidden_layers", 1.into());
    check(&shallow, "", "has no place for");
    let heads = of_base("heads", "head_dim", 4.into());
    check(&heads, "architecture: deepseek", "the base's have 4");
    let bare = of_base("bare", "vocab_size", 122.into());
    std::fs::remove_file(bare.join("config.json")).unwrap();
    check(&bare, "", "the base has no config.json");
    // A window is left out as in mergekit, and that is said.
    let window = of_base("window", "sliding_window", 64.into());
    let plan = planned(&yaml(&window, ""), &set(), None);
    assert!(plan.is_sound());
    let said: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|own| own.contains("looks back over 64 positions")),
        "{said:?}"
    );
    // A Llama model that says nothing of its head, and has none, is tied, and says so afterwards.
    let out = dir.path().join("out");
    let silent = changed(dir.path(), "thyme/base", "silent", |config| {
        config
            .as_object_mut()
            .unwrap()
            .remove("tie_word_embeddings");
    });
    let tied = recipe("moe-qwen3").replacen("models/thyme/base", &silent.display().to_string(), 1);
    made(&tied, &options(&out)).unwrap();
    let config = std::fs::read_to_string(out.join("config.json")).unwrap();
    assert!(config.contains("\"tie_word_embeddings\": true"), "{config}");
    assert!(Checkpoint::open(&out).unwrap().tied_embeddings());
}

#[test]
fn experts_of_another_width_or_with_biases_are_refused() {
    use crate::common::{Part, write_safetensors, zeros};
    let dir = tempfile::tempdir().unwrap();
    let expert = |name: &str, width: usize, with_bias: bool| {
        let to = changed(dir.path(), "maplet/e1", name, |_| {});
        let mut shapes: Vec<(String, Vec<usize>)> = Vec::new();
        for layer in 0..2 {
            let at = |part: &str| format!("model.layers.{layer}.mlp.{part}");
            shapes.push((at("gate_proj.weight"), vec![width, 32]));
            shapes.push((at("up_proj.weight"), vec![width, 32]));
            shapes.push((at("down_proj.weight"), vec![32, width]));
            if with_bias {
                shapes.push((at("up_proj.bias"), vec![width]));
            }
        }
        let parts: Vec<Part<'_>> = shapes
            .iter()
            .map(|(name, shape)| zeros(name, shape))
            .collect();
        write_safetensors(&to.join("model.safetensors"), &parts);
        to
    };
    let check = |expert: &Path, head: &str, wanted: Option<&str>| {
        let yaml = maplet(&format!("gate_mode: cheap_embed\n{head}"), SALT, SOUP);
        let yaml = yaml.replacen("models/maplet/e1", &expert.display().to_string(), 1);
        match wanted {
            Some(wanted) => {
                let said = refused(&yaml, &set());
                assert!(said.contains(wanted), "{said}");
            }
            None => assert!(planned(&yaml, &set(), None).is_sound()),
        }
    };
    check(&expert("same", 48, false), "", None);
    check(
        &expert("narrow", 40, false),
        "",
        Some("must be of one width"),
    );
    check(
        &expert("biased", 48, true),
        "",
        Some("its MLPs have biases"),
    );
}
