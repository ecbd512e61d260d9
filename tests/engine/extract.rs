//! Extracted adapters against mergekit's: names, types, shapes and settings are the same, and no
//! product of two factors of that rank is nearer to the change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faer::{Mat, MatRef};
use kinfolk::checkpoint::Checkpoint;
use kinfolk::extract::{Fate, Options, Pair, Patterns, Report, Wish, extract, plan};
use kinfolk::files::Removal;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Measure, Metric, Precision, measure};
use kinfolk::merge::run::RunError;
use serde::Deserialize;
use serde_json::Value;

use crate::common::{f32_part, write_safetensors};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/extract")
}

#[derive(Deserialize)]
struct Recipe {
    name: String,
    kind: String,
    options: Vec<String>,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    tensors: BTreeMap<String, (String, Vec<usize>)>,
}

fn recipes() -> Vec<Recipe> {
    let text = std::fs::read_to_string(data().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Recipe {
    fn value(&self, option: &str) -> Option<&str> {
        let at = self.options.iter().position(|own| own == option)?;
        self.options.get(at + 1).map(String::as_str)
    }

    fn values(&self, option: &str) -> Vec<&str> {
        let pairs = self.options.windows(2);
        let own = pairs.filter(|pair| pair[0] == option);
        own.map(|pair| &pair[1][..]).collect()
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|own| own == option)
    }

    fn wish(&self) -> Wish {
        let usual = Wish::default();
        Wish {
            max_rank: self
                .value("--max-rank")
                .map_or(usual.max_rank, |rank| Some(rank.parse().unwrap())),
            epsilon: self
                .value("--sv-epsilon")
                .map_or(0.0, |epsilon| epsilon.parse().unwrap()),
            distribute: !self.has("--no-distribute-scale"),
            embed_lora: self.has("--embed-lora"),
            skip_undecomposable: self.has("--skip-undecomposable"),
            save_modules: (self.values("--save-module").into_iter())
                .map(str::to_owned)
                .collect(),
            include: Patterns::new(&self.values("-i")).unwrap(),
            exclude: Patterns::new(&self.values("-e")).unwrap(),
            ..usual
        }
    }

    fn pair(&self) -> Pair {
        let open = |option| Arc::new(opened(self.value(option).unwrap()));
        Pair::new(open("--base-model"), open("--model"))
    }
}

fn opened(model: &str) -> Checkpoint {
    Checkpoint::open(&data().join(model)).unwrap()
}

fn options(out: &Path) -> Options {
    Options {
        out: out.to_owned(),
        force: false,
        removal: Removal::Delete,
        base_name: "models/maplet/base".to_owned(),
        model_name: "a fine-tune".to_owned(),
        seed: 0,
    }
}

/// Extracts on this many threads.
fn made(pair: Pair, wish: Wish, out: &Path, threads: usize) -> Report {
    let plan = plan(pair, wish).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    pool.install(|| extract(&plan, &options(out), &Ticket::default()))
        .unwrap()
}

/// The cosine of two models' changes.
fn kinship(base: &Checkpoint, a: &Checkpoint, b: &Checkpoint) -> f64 {
    let ticket = Ticket::default();
    let kinship = measure(base, &[a, b], Precision::Full, None, &ticket, &|_, _| {});
    let cosine = Measure {
        metric: Metric::COSINE,
        ..Measure::default()
    };
    kinship.unwrap().matrix(cosine).get(0, 1).unwrap()
}

fn numbers(checkpoint: &safetensors::SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = checkpoint.tensor(name).unwrap();
    match tensor.dtype() {
        safetensors::Dtype::F32 => (tensor.data().as_chunks::<4>().0.iter())
            .map(|x| f32::from_le_bytes(*x))
            .collect(),
        safetensors::Dtype::BF16 => (tensor.data().as_chunks::<2>().0.iter())
            .map(|x| half::bf16::from_le_bytes(*x).to_f32())
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The change of a model's tensor, rounded to BF16 where it is stored so.
fn change(pair: &Pair, name: &str) -> Mat<f32> {
    let read = |model: &Checkpoint| {
        let tensor = model
            .tensor(name)
            .or(model.tensor("model.embed_tokens.weight"));
        let tensor = tensor.unwrap().clone();
        let mut out = vec![0.0; tensor.elements()];
        tensor.numbers().unwrap().decode(&mut out);
        (tensor, out)
    };
    let ((tensor, own), (_, base)) = (read(&pair.model), read(&pair.base));
    let mut change: Vec<f32> = own.iter().zip(base).map(|(own, base)| own - base).collect();
    tensor.dtype.round(&mut change);
    MatRef::from_row_major_slice(&change, tensor.shape[0], tensor.shape[1]).to_owned()
}

/// Whether a product of two factors leaves no more of a change than the best of its rank.
fn check_factors(a: MatRef<'_, f32>, b: MatRef<'_, f32>, change: MatRef<'_, f32>, share: f64) {
    let rank = a.nrows();
    let values = change.singular_values().unwrap();
    let rest = values.iter().skip(rank).map(|s| f64::from(*s).powi(2));
    let best = rest.sum::<f64>().sqrt();
    let left = f64::from((change - b * a).norm_l2());
    let norm = f64::from(change.norm_l2());
    assert!(
        left <= best * 1.0001 + share * norm,
        "{left} is above {best}"
    );
}

fn check(recipe: &Recipe, out: &Path, report: &Report) {
    let pair = recipe.pair();
    let bytes = std::fs::read(out.join("adapter_model.safetensors")).unwrap();
    let made = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let found: BTreeMap<String, (String, Vec<usize>)> = made
        .tensors()
        .into_iter()
        .map(|(name, t)| (name, (format!("{:?}", t.dtype()), t.shape().to_vec())))
        .collect();
    assert_eq!(found, recipe.tensors, "{}", recipe.name);
    let config = std::fs::read_to_string(out.join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&config).unwrap();
    for key in ["target_modules", "modules_to_save"] {
        let names = config[key].as_array_mut().unwrap();
        names.sort_by_key(|name| name.as_str().map(str::to_owned));
    }
    for (key, expected) in recipe.config.as_object().unwrap() {
        if key != "base_model_name_or_path" {
            assert_eq!(&config[key], expected, "{}: {key}", recipe.name);
        }
    }
    for (name, (dtype, shape)) in &recipe.tensors {
        let own = name.strip_prefix("base_model.model.").unwrap();
        let share = if dtype == "BF16" { 2e-2 } else { 1e-5 };
        let factors = [
            (".lora_A.weight", ".lora_B.weight"),
            (".lora_embedding_A", ".lora_embedding_B"),
        ];
        let Some((a_end, b_end)) = factors.into_iter().find(|(a, _)| name.ends_with(a)) else {
            continue;
        };
        let module = own.strip_suffix(a_end).unwrap();
        let b_name = format!("base_model.model.{module}{b_end}");
        let b_shape = &recipe.tensors[&b_name].1;
        let (a, b) = (numbers(&made, name), numbers(&made, &b_name));
        let a = MatRef::from_row_major_slice(&a, shape[0], shape[1]);
        let b = MatRef::from_row_major_slice(&b, b_shape[0], b_shape[1]);
        let change = change(&pair, &format!("{module}.weight"));
        match a_end.contains("embedding") {
            true => check_factors(a, b, change.transpose(), share),
            false => check_factors(a, b, change.as_ref(), share),
        }
        check_scale(recipe, a, b, share);
        check_report(report, module, (a, b, change.as_ref()));
    }
}

fn check_scale(recipe: &Recipe, a: MatRef<'_, f32>, b: MatRef<'_, f32>, share: f64) {
    let (in_a, in_b) = (f64::from(a.norm_l2()), f64::from(b.norm_l2()));
    if recipe.has("--no-distribute-scale") {
        let inner = b.transpose() * b;
        let identity = Mat::<f32>::identity(inner.nrows(), inner.ncols());
        assert!(f64::from((inner - identity).norm_max()) < 1e-3 + share);
    } else {
        assert!(
            (in_a - in_b).abs() <= (1e-3 + share) * in_b,
            "{in_a} {in_b}"
        );
    }
}

/// What is told of a module is what its factors are.
fn check_report(
    report: &Report,
    module: &str,
    (a, b, change): (MatRef<'_, f32>, MatRef<'_, f32>, MatRef<'_, f32>),
) {
    let own = report.modules.iter().find(|own| own.module == module);
    let own = own.unwrap();
    let norm = f64::from(change.norm_l2());
    assert!((own.change.unwrap() - norm).abs() <= 1e-5 * norm);
    let Fate::Factors { rank, residual, .. } = own.fate else {
        panic!("{module} has factors")
    };
    assert_eq!(rank, a.nrows());
    let product = b * a;
    let left = match product.nrows() == change.nrows() && product.ncols() == change.ncols() {
        true => (change - product).norm_l2(),
        false => (change - product.transpose()).norm_l2(),
    };
    let left = f64::from(left) / norm.max(1e-30);
    assert!(
        (left - residual).abs() < 1e-4,
        "{module}: {left} {residual}"
    );
}

#[test]
fn adapters_are_mergekits() {
    let dir = tempfile::tempdir().unwrap();
    let recipes = recipes();
    let made_ones = recipes.iter().filter(|recipe| recipe.kind != "error");
    for recipe in made_ones {
        let out = dir.path().join(&recipe.name);
        let report = made(recipe.pair(), recipe.wish(), &out, 2);
        check(recipe, &out, &report);
    }
    assert!(recipes.len() >= 14);
}

#[test]
fn another_architecture_is_refused_by_its_tensor() {
    let recipe = recipes().into_iter().find(|r| r.kind == "error").unwrap();
    let refusal = plan(recipe.pair(), recipe.wish()).unwrap_err();
    assert!(refusal.contains("tensor `"), "{refusal}");
}

#[test]
fn threads_change_no_byte_and_nothing_else_lies_beside() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = &recipes()[0];
    let mut files = Vec::new();
    for threads in [1, 3] {
        let out = dir.path().join(threads.to_string());
        made(recipe.pair(), recipe.wish(), &out, threads);
        files.push(std::fs::read(out.join("adapter_model.safetensors")).unwrap());
        let mut names: Vec<String> = (std::fs::read_dir(&out).unwrap())
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".kinfolk-made.json",
                "README.md",
                "adapter_config.json",
                "adapter_model.safetensors"
            ]
        );
    }
    assert!(files[0] == files[1]);
}

#[test]
fn the_adapter_opens_as_a_model_akin_to_the_fine_tune() {
    let dir = tempfile::tempdir().unwrap();
    let base = Arc::new(opened("models/maplet/base"));
    let fine_tune = Arc::new(opened("models/maplet/e2"));
    for (rank, at_least) in [(4, 0.6), (32, 0.999_999)] {
        let out = dir.path().join(rank.to_string());
        let pair = Pair::new(Arc::clone(&base), Arc::clone(&fine_tune));
        let wish = Wish {
            max_rank: Some(rank),
            ..Wish::default()
        };
        let expected = made(pair, wish, &out, 2).kinship().unwrap();
        let adapter = Arc::new(Checkpoint::open(&out).unwrap());
        assert_eq!(adapter.problems(), &[] as &[String]);
        let cosine = kinship(&base, &fine_tune, &adapter);
        assert!((cosine - expected).abs() < 1e-5, "{cosine} {expected}");
        assert!(cosine > at_least, "{cosine}");
    }
}

#[test]
fn energy_gives_each_module_the_smallest_rank_that_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let pair = || {
        Pair::new(
            Arc::new(opened("models/maplet/base")),
            Arc::new(opened("models/maplet/e2")),
        )
    };
    let wish = |most| Wish {
        energy: Some(0.8),
        max_rank: most,
        ..Wish::default()
    };
    let report = made(pair(), wish(None), &dir.path().join("a"), 2);
    let mut ranks = std::collections::BTreeSet::new();
    for module in &report.modules {
        if let Fate::Factors {
            rank, ref values, ..
        } = module.fate
        {
            let change = change(&pair(), &format!("{}.weight", module.module));
            let all = change.singular_values().unwrap();
            let square = |s: &f32| f64::from(*s).powi(2);
            let energy: f64 = all.iter().map(square).sum();
            let sum = |n: usize| all.iter().take(n).map(square).sum::<f64>();
            if energy == 0.0 {
                assert_eq!(rank, 0);
                continue;
            }
            assert!(sum(rank) >= 0.799_99 * energy && sum(rank - 1) < 0.800_01 * energy);
            assert_eq!(values.len(), rank);
            ranks.insert(rank);
        }
    }
    assert!(ranks.len() > 2, "{ranks:?}");
    let bounded = made(pair(), wish(Some(3)), &dir.path().join("b"), 2);
    assert_eq!(bounded.rank, 3);
    // Every rank but the largest stands in the patterns, and what did not change is excluded.
    let config = std::fs::read_to_string(dir.path().join("a/adapter_config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    let patterns = config["rank_pattern"].as_object().unwrap();
    let ranked = report.modules.iter().filter(|m| m.rank() > Some(0));
    let smaller = ranked.filter(|m| m.rank() < Some(report.rank)).count();
    assert_eq!(patterns.len(), smaller);
}

#[test]
fn rank_stabilised_factors_stand_for_the_same_change() {
    let dir = tempfile::tempdir().unwrap();
    let base = Arc::new(opened("models/basil/base"));
    let pair = || Pair::new(Arc::clone(&base), Arc::new(opened("models/basil/e1")));
    let wish = |rslora| Wish {
        rslora,
        max_rank: Some(8),
        ..Wish::default()
    };
    let read = |rslora: bool| {
        let out = dir.path().join(rslora.to_string());
        made(pair(), wish(rslora), &out, 2);
        Arc::new(Checkpoint::open(&out).unwrap())
    };
    let kinship = kinship(&base, &read(false), &read(true));
    assert!(kinship > 0.999_9, "{kinship}");
}

#[test]
fn matrices_of_conv1d_are_turned_and_what_is_no_module_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let wave = |n: usize, from: f32| -> Vec<f32> {
        (0..n).map(|k| ((k as f32 + from) * 0.7).sin()).collect()
    };
    let write = |name: &str, from: f32, odd: f32| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let parts = [
            f32_part("h.0.attn.c_attn.weight", &[4, 12], &wave(48, from)),
            f32_part("h.0.attn.c_attn.bias", &[12], &wave(12, from)),
            f32_part("h.0.attn.c_proj.weight", &[4, 4], &wave(16, from)),
            f32_part("h.0.attn.gates", &[2], &[odd, 1.0]),
        ];
        write_safetensors(&folder.join("model.safetensors"), &parts);
        Arc::new(Checkpoint::open(&folder).unwrap())
    };
    let (base, model) = (write("base", 0.0, 1.0), write("model", 5.0, 1.0));
    let out = dir.path().join("out");
    made(
        Pair::new(Arc::clone(&base), Arc::clone(&model)),
        Wish::default(),
        &out,
        1,
    );
    let bytes = std::fs::read(out.join("adapter_model.safetensors")).unwrap();
    let made = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let a = made.tensor("base_model.model.transformer.h.0.attn.c_attn.lora_A.weight");
    assert_eq!(a.unwrap().shape(), [4, 4]);
    let adapter = Arc::new(Checkpoint::open(&out).unwrap());
    let kinship = kinship(&base, &model, &adapter);
    assert!(kinship > 0.999_999, "{kinship}");
    let other = write("other", 5.0, 2.0);
    let refusal = plan(Pair::new(base, other), Wish::default()).unwrap_err();
    assert!(refusal.contains("`h.0.attn.gates`"), "{refusal}");
}

#[test]
fn a_cancelled_extraction_and_one_with_nan_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, number: f32| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let part = f32_part(
            "model.layers.0.mlp.up_proj.weight",
            &[2, 2],
            &[number, 1.0, 2.0, 3.0],
        );
        write_safetensors(&folder.join("model.safetensors"), &[part]);
        Arc::new(Checkpoint::open(&folder).unwrap())
    };
    let pair = |number: f32, name: &str| {
        Pair::new(write(&format!("base-{name}"), 0.0), write(name, number))
    };
    let out = dir.path().join("out");
    let ticket = Ticket::default();
    ticket.cancel();
    let whole = plan(pair(1.0, "a"), Wish::default()).unwrap();
    let ended = extract(&whole, &options(&out), &ticket);
    assert!(matches!(ended, Err(RunError::Cancelled(_))));
    let odd = plan(pair(f32::NAN, "b"), Wish::default()).unwrap();
    let ended = extract(&odd, &options(&out), &Ticket::default());
    let Err(RunError::Failed(sentence)) = ended else {
        panic!("NaN is no change")
    };
    assert!(
        sentence.contains("`model.layers.0.mlp.up_proj.weight`"),
        "{sentence}"
    );
    let names = std::fs::read_dir(dir.path()).unwrap();
    let names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn an_adapter_is_extracted_again_at_a_smaller_rank() {
    let dir = tempfile::tempdir().unwrap();
    let base = Arc::new(opened("models/maplet/base"));
    let first = dir.path().join("first");
    let wish = |rank| Wish {
        max_rank: Some(rank),
        ..Wish::default()
    };
    let fine_tune = Arc::new(opened("models/maplet/e1"));
    made(Pair::new(Arc::clone(&base), fine_tune), wish(8), &first, 2);
    let adapter = Arc::new(Checkpoint::open(&first).unwrap());
    let second = dir.path().join("second");
    // The changes have rank 3.
    made(
        Pair::new(Arc::clone(&base), Arc::clone(&adapter)),
        wish(3),
        &second,
        2,
    );
    let kinship = kinship(&base, &adapter, &Checkpoint::open(&second).unwrap());
    assert!(kinship > 0.999_99, "{kinship}");
}

#[test]
fn names_that_are_no_modules_and_impossible_ranks_are_refused() {
    let pair = || {
        Pair::new(
            Arc::new(opened("models/maplet/base")),
            Arc::new(opened("models/maplet/e1")),
        )
    };
    let refusal = |wish: Wish| plan(pair(), wish).unwrap_err();
    let save = |name: &str| Wish {
        save_modules: vec![name.to_owned()],
        ..Wish::default()
    };
    let sentence = refusal(save("q_prj"));
    assert!(
        sentence.contains("`q_prj`") && sentence.contains("`q_proj`"),
        "{sentence}"
    );
    assert!(
        refusal(Wish {
            max_rank: Some(0),
            ..Wish::default()
        })
        .contains("rank is 0")
    );
    assert!(
        refusal(Wish {
            epsilon: f64::NAN,
            ..Wish::default()
        })
        .contains("threshold")
    );
    let none = Wish {
        exclude: Patterns::new(&["."]).unwrap(),
        ..Wish::default()
    };
    assert!(refusal(none).contains("no module is left"));
    assert!(
        Patterns::new(&["("])
            .unwrap_err()
            .contains("regular expression")
    );
}
