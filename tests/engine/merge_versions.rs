//! Where versions of mergekit differ: the numbers and refusals of 0.1.5, and those of 0.1.4 on
//! request.

use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::merge::recipe::{parse, to_yaml};
use kinfolk::merge::run::run;
use kinfolk::merge::version::Version;

use crate::common::merging::*;

fn set() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mergekit-0.1.5")
}

fn recipe(name: &str) -> String {
    std::fs::read_to_string(set().join(format!("recipes/{name}.yaml"))).unwrap()
}

/// Name, format and numbers of every tensor.
fn numbers(path: &Path) -> Vec<(String, String, Vec<f64>)> {
    let model = Checkpoint::open(path).unwrap();
    let read = |tensor: &kinfolk::checkpoint::Tensor| {
        let mut numbers = vec![0.0; tensor.elements()];
        tensor.numbers().unwrap().decode_f64(&mut numbers);
        (tensor.name.clone(), tensor.dtype.to_string(), numbers)
    };
    model.tensors().iter().map(read).collect()
}

fn made(yaml: &str, out: &Path) -> Vec<(String, String, Vec<f64>)> {
    let plan = planned(yaml, &set(), Some(out));
    run(&plan, &options(out), &Ticket::default()).unwrap_or_else(|e| panic!("{yaml}: {e}"));
    numbers(out)
}

/// How far off a number of this format may be.
fn allowed(dtype: &str, x: f64) -> f64 {
    match dtype {
        "F64" => 1e-14 + 1e-12 * x.abs(),
        // Computed alike and rounded once: the same, or one unit in the last place.
        "BF16" => x.abs() / 128.0,
        _ => 3e-7 + 2e-6 * x.abs(),
    }
}

#[test]
fn what_mergekit_0_1_5_makes_is_made() {
    let names = std::fs::read_dir(set().join("recipes")).unwrap();
    let names = names.map(|entry| entry.unwrap().path());
    let mut count = 0;
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let dir = tempfile::tempdir().unwrap();
        let own = made(&recipe(&name), &dir.path().join("out"));
        let theirs = numbers(&set().join(format!("expected/{name}.safetensors")));
        assert_eq!(own.len(), theirs.len(), "{name}");
        for (own, theirs) in own.iter().zip(&theirs) {
            assert_eq!((&own.0, &own.1), (&theirs.0, &theirs.1), "{name}");
            assert_eq!(own.2.len(), theirs.2.len(), "{name} {}", own.0);
            for (k, (x, y)) in own.2.iter().zip(&theirs.2).enumerate() {
                let off = (x - y).abs();
                assert!(off <= allowed(&own.1, *y), "{name} {} {k}: {x}, {y}", own.0);
            }
        }
        count += 1;
    }
    assert_eq!(count, 36);
}

#[test]
fn float64_is_the_same_on_any_number_of_threads() {
    let of_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        pool.unwrap().install(|| made(&recipe("f64-ties"), &out));
        weight_files(&out)
    };
    assert_eq!(of_threads(1), of_threads(3));
}

/// The sentences of the errors.
fn errors(yaml: &str) -> Vec<String> {
    let plan = planned(yaml, &set(), None);
    plan.errors().map(|error| error.to_string()).collect()
}

const OLD: &str = "kinfolk: {as: 0.1.4}\n";

#[test]
fn what_0_1_5_refuses_is_refused_unless_0_1_4_is_asked_for() {
    let with = |method: &str, models: &str| format!("merge_method: {method}\nmodels: [{models}]\n");
    let one = "{model: models/one, parameters: {weight: 1}}";
    let cases = [
        (with("linear", &format!("{one}, {one}")), "listed twice"),
        (
            with(
                "linear",
                &format!("{one}, {{model: models/wide, parameters: {{weight: 1}}}}"),
            ),
            "vocabularies of 12 to 14 tokens",
        ),
        (with("nuslerp", one), "takes 2 models, and there is one"),
        (
            with("slerp", "{model: models/one}") + "base_model: models/one\nparameters: {t: 0.5}\n",
            "takes 2 models, the base among them, and there is one",
        ),
        (
            with("arcee_fusion", "{model: models/one}") + "base_model: models/one\n",
            "takes 2 models",
        ),
        (
            with("sce", "") + "base_model: models/one\n",
            "the list of models is empty",
        ),
    ];
    for (yaml, sentence) in cases {
        let found = errors(&yaml);
        assert!(
            found.iter().any(|own| own.contains(sentence)),
            "{yaml}\n{found:?}"
        );
        assert_eq!(errors(&(yaml + OLD)), Vec::<String>::new());
    }
}

#[test]
fn another_shape_is_an_error_and_was_left_out() {
    let dir = tempfile::tempdir().unwrap();
    tiny_model(&dir.path().join("base"), 1);
    tiny_model(&dir.path().join("one"), 2);
    let odd = crate::common::f32_part("model.norm.weight", &[4], &[0.5; 4]);
    let path = dir.path().join("one/model.safetensors");
    let model = Checkpoint::open(&path).unwrap();
    let parts: Vec<crate::common::Part<'_>> = model
        .tensors()
        .iter()
        .filter(|tensor| tensor.name != "model.norm.weight")
        .map(|tensor| {
            let mut numbers = vec![0.0; tensor.elements()];
            tensor.numbers().unwrap().decode(&mut numbers);
            crate::common::f32_part(&tensor.name, &tensor.shape, &numbers)
        })
        .chain([odd])
        .collect();
    crate::common::write_safetensors(&dir.path().join("one/other.safetensors"), &parts);
    std::fs::rename(dir.path().join("one/other.safetensors"), &path).unwrap();
    let yaml = "merge_method: task_arithmetic\nbase_model: base\n\
                models: [{model: one, parameters: {weight: 1}}]\n";
    let errors = |yaml: &str| planned(yaml, dir.path(), None).errors().count();
    assert_eq!(errors(yaml), 1);
    assert_eq!(errors(&format!("{yaml}{OLD}")), 0);
}

#[test]
fn the_older_version_keeps_its_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name);
    // Breadcrumbs without an outlier kept nothing.
    let old = made(&(recipe("crumbs-zero") + OLD), &out("crumbs"));
    assert_eq!(old, numbers(&set().join("models/base/model.safetensors")));
    // The format was the base's.
    let old = made(&(recipe("mix-task-arithmetic") + OLD), &out("mixed"));
    assert!(old.iter().all(|(_, dtype, _)| dtype == "BF16"));
    let yaml = recipe("density-tiny") + OLD;
    assert!(errors(&yaml)[0].contains("keeps none of the"), "{yaml}");
}

#[test]
fn the_version_is_written_and_read() {
    let parsed = parse(&(recipe("density-tiny") + OLD));
    assert_eq!(parsed.recipes[0].own.version, Version::V0_1_4);
    let written = to_yaml(&parsed.recipes).unwrap();
    assert_eq!(parse(&written).recipes, parsed.recipes);
    let plain = to_yaml(&parse(&recipe("density-tiny")).recipes).unwrap();
    assert!(!plain.contains("kinfolk"), "{plain}");
    let odd = parse(&(recipe("density-tiny") + "kinfolk: {as: 0.1.3}\n"));
    assert!(odd.problems[0].sentence.contains("`0.1.4` or `0.1.5`"));
}
