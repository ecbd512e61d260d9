//! Every recipe of the oracle set, against what mergekit made of it.

use std::collections::BTreeMap;

use kinfolk::merge::recipe::{parse, to_yaml};
use serde_json::Value;

use crate::common::merging::*;
use crate::common::{Part, f32_part, write_safetensors};

fn of_kind(kind: &str) -> Vec<Value> {
    let all = oracle_manifest().into_iter();
    let found: Vec<Value> = all.filter(|entry| entry["kind"] == kind).collect();
    assert!(!found.is_empty());
    found
}

/// Numbers of one model side by side with mergekit's.
struct Compared {
    name: String,
    dtype: String,
    total: usize,
    outside: usize,
}

impl Compared {
    fn within(&self, share: f64) {
        let Self {
            name,
            total,
            outside,
            ..
        } = self;
        let allowed = share * *total as f64;
        assert!(*outside as f64 <= allowed, "{name}: {outside} of {total}");
    }
}

/// Counts the entries for which `close(expected, own, rms)` is false.
fn compare(name: &str, out: &std::path::Path, close: impl Fn(f32, f32, f32) -> bool) -> Compared {
    let expected = read_all(&oracle_root().join(format!("expected/{name}")));
    let own = read_all(out);
    let left_out = oracle_ambiguous(name);
    let names = |all: &BTreeMap<String, Read>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&expected), names(&own), "{name}");
    let mut compared = Compared {
        name: name.to_owned(),
        dtype: String::new(),
        total: 0,
        outside: 0,
    };
    for (tensor, (dtype, shape, numbers)) in &expected {
        let (own_dtype, own_shape, own_numbers) = &own[tensor];
        assert_eq!((dtype, shape), (own_dtype, own_shape), "{name} {tensor}");
        compared.dtype.clone_from(dtype);
        let finite = numbers.iter().filter(|x| x.is_finite());
        let square: f64 = finite.map(|&x| f64::from(x).powi(2)).sum();
        let rms = (square / numbers.len() as f64).sqrt() as f32;
        for (k, (&a, &b)) in numbers.iter().zip(own_numbers).enumerate() {
            if left_out.get(tensor).is_some_and(|set| set.contains(&k)) {
                continue;
            }
            let same = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() || a == b;
            compared.total += 1;
            compared.outside += usize::from(!same && !close(a, b, rms));
        }
    }
    compared
}

/// One unit in the last place of a 16-bit format, around `x`.
fn ulp(dtype: &str, x: f32) -> f32 {
    let (bits, least) = match dtype {
        "F16" => (10, -14),
        _ => (7, -126),
    };
    let exponent = (x.abs().log2().floor() as i32).max(least);
    2f32.powi(exponent - bits)
}

fn check(entry: &Value, recipe: &str) {
    let name = entry["name"].as_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(&dir.path().join("out"));
    if name == "linear-sharded-output" {
        options.shard_bytes = 40_000;
    }
    merge_oracle(recipe, &options).unwrap_or_else(|e| panic!("{name}: {e}"));
    let out = &options.out;
    match entry["class"].as_str().unwrap() {
        "exact" => compare(name, out, |_, _, _| false).within(0.0),
        "float32" => {
            compare(name, out, |a, b, _| (a - b).abs() <= 3e-7 + 2e-6 * a.abs()).within(0.0);
        }
        "rounded" => {
            let dtype = compare(name, out, |_, _, _| true).dtype;
            let one = |a: f32, b: f32| (a - b).abs() <= ulp(&dtype, a.abs().max(b.abs()));
            compare(name, out, |a, b, _| one(a, b)).within(0.0);
            compare(name, out, |_, _, _| false).within(0.01);
        }
        "native" => {
            let dtype = compare(name, out, |_, _, _| true).dtype;
            let factor = if dtype == "F16" {
                2f32.powi(-9)
            } else {
                2f32.powi(-6)
            };
            let close = |a: f32, b: f32, rms: f32| (a - b).abs() <= factor * a.abs().max(rms);
            compare(name, out, close).within(0.005);
        }
        "noisy-selection" => noisy(name, entry, out),
        other => panic!("{name}: unknown class {other}"),
    }
}

/// Every entry is the base's or the other model's, and few differ from mergekit's choice.
fn noisy(name: &str, entry: &Value, out: &std::path::Path) {
    let inputs = entry["inputs"].as_object().unwrap().values();
    let inputs: Vec<BTreeMap<String, Read>> = inputs
        .map(|path| read_all(&oracle_root().join(path.as_str().unwrap())))
        .collect();
    let is_f32 = entry["compute_dtype"] == "float32";
    let tolerance = if is_f32 { 1e-6 } else { 2f32.powi(-7) };
    for (tensor, (_, _, numbers)) in read_all(out) {
        for (k, own) in numbers.iter().enumerate() {
            let near = |input: &BTreeMap<String, Read>| {
                let theirs = input[&tensor].2[k];
                (own - theirs).abs() <= tolerance * theirs.abs().max(1e-6)
            };
            assert!(inputs.iter().any(near), "{name} {tensor} {k}");
        }
    }
    let close = |a: f32, b: f32, _: f32| (a - b).abs() <= tolerance * a.abs();
    compare(name, out, close).within(if is_f32 { 0.05 } else { 0.25 });
}

#[test]
fn every_merge_equals_mergekits() {
    for entry in of_kind("merge") {
        check(&entry, &oracle_recipe(entry["name"].as_str().unwrap()));
    }
}

#[test]
fn the_newer_version_makes_the_same_but_where_it_says_so() {
    // Cut vocabularies, and Breadcrumbs without an outlier; see `merge_versions`.
    let other = ["linear-vocab-mismatch", "ties-wide", "breadcrumbs-ties"];
    let name = |entry: &Value| entry["name"].as_str().unwrap().to_owned();
    let same = of_kind("merge").into_iter();
    for entry in same.filter(|entry| !other.contains(&name(entry).as_str())) {
        check(&entry, &oracle_recipe_of_today(&name(&entry)));
    }
    for refused in &other[..2] {
        let plan = planned(&oracle_recipe_of_today(refused), &oracle_root(), None);
        assert!(!plan.is_sound(), "{refused}");
    }
}

#[test]
fn every_recipe_survives_being_written_and_read() {
    for entry in oracle_manifest() {
        let name = entry["name"].as_str().unwrap();
        let text = oracle_recipe(name);
        let parsed = parse(&text);
        assert_eq!(parsed.problems, [], "{name}");
        let again = parse(&to_yaml(&parsed.recipes).unwrap());
        assert_eq!(parsed.recipes, again.recipes, "{name}");
        let plans = [&text, &to_yaml(&again.recipes).unwrap()]
            .map(|yaml| planned(yaml, &oracle_root(), None));
        let [first, second] = plans;
        let tensors = |plan: &kinfolk::merge::plan::Plan| {
            let steps = plan.steps.iter();
            steps.map(|step| step.tensors.clone()).collect::<Vec<_>>()
        };
        assert_eq!(tensors(&first), tensors(&second), "{name}");
        let sentences = |plan: &kinfolk::merge::plan::Plan| {
            let problems = plan.problems.iter();
            problems.map(|p| p.sentence.clone()).collect::<Vec<_>>()
        };
        assert_eq!(sentences(&first), sentences(&second), "{name}");
    }
}

#[test]
fn what_mergekit_fails_on_is_one_line_and_no_weights() {
    let (dir, recipes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for entry in of_kind("error") {
        let name = entry["name"].as_str().unwrap();
        let out = dir.path().join(name);
        let root = oracle_root();
        let recipe = recipes.path().join("recipe.yaml");
        std::fs::write(&recipe, oracle_recipe(name)).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_kinfolk"))
            .arg("merge")
            .args([&recipe, &out])
            .arg("--root")
            .arg(&root)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {message}");
        assert_eq!(message.lines().count(), 1, "{name}: {message}");
        assert!(message.starts_with("kinfolk: "), "{name}: {message}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn random_merges_repeat_for_a_seed_and_differ_between_seeds() {
    for entry in of_kind("random") {
        let name = entry["name"].as_str().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let made = |folder: &str, seed: u64| {
            let mut options = options(&dir.path().join(folder));
            options.seed = Some(seed);
            merge_oracle(&oracle_recipe(name), &options).unwrap();
            weight_files(&options.out)
        };
        let first = made("a", 1);
        assert!(first == made("b", 1), "{name}");
        assert!(first != made("c", 2), "{name}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for name in [
        "ties-three",
        "slerp-gradient",
        "rand-della",
        "linear-f16-to-bf16",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let made = |threads: usize| {
            let options = options(&dir.path().join(threads.to_string()));
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| merge_oracle(&oracle_recipe(name), &options))
                .unwrap();
            weight_files(&options.out)
        };
        assert!(made(1) == made(2), "{name}");
    }
}

#[test]
fn tensors_begin_where_their_numbers_can_be_mapped() {
    // F32 behind an odd number of halves would be out of step.
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("m");
    std::fs::create_dir(&model).unwrap();
    let half = Part {
        name: "a.weight",
        dtype: "F16",
        shape: &[3],
        bytes: vec![0; 6],
    };
    write_safetensors(
        &model.join("model.safetensors"),
        &[half, f32_part("b.weight", &[1], &[1.5])],
    );
    let yaml = "merge_method: passthrough\nmodels: [{model: m}]\n";
    let options = options(&dir.path().join("out"));
    let plan = planned(yaml, dir.path(), Some(&options.out));
    kinfolk::merge::run::run(&plan, &options, &kinfolk::jobs::Ticket::default()).unwrap();
    let bytes = std::fs::read(options.out.join("model.safetensors")).unwrap();
    let header = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let address = |name: &str| header.tensor(name).unwrap().data().as_ptr() as usize;
    assert_eq!((address("b.weight") - bytes.as_ptr() as usize) % 4, 0);
}
