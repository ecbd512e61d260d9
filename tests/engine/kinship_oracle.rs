//! Kinship of the oracle models against numbers summed by an independent float64 program, and
//! against the paper's own tool. See `tests/data/oracle/PROVENANCE.md`.

// Helpers unwrap as tests do.

use kinfolk::checkpoint::{Checkpoint, Kind};
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{
    Aggregate, Kinship, Measure, Metric, PairSums, Precision, Scope, TensorGram, measure,
};
use serde_json::Value;

use crate::common;

/// Sums in `f64` differ by the order of adding only.
const SUM: f64 = 1e-9;
/// The paper's tool adds in `f32`, and prints four digits of its split values.
const TOOL: f64 = 1e-5;
const TOOL_SPLIT: f64 = 6e-5;

const METRICS: [(&str, Metric); 4] = [
    ("pcc", Metric::PEARSON),
    ("cos", Metric::COSINE),
    ("cs", Metric::ABSOLUTE_COSINE),
    ("ed", Metric::EUCLIDEAN),
];

/// A family, measured, beside what the oracle says of it.
struct Family {
    name: &'static str,
    models: Vec<String>,
    expected: Value,
    kinship: Kinship,
}

fn open(model: &str) -> Checkpoint {
    Checkpoint::open(&common::oracle(model)).unwrap()
}

fn kinship(base: &str, models: &[&str], precision: Precision) -> Kinship {
    let base = open(base);
    let models: Vec<Checkpoint> = models.iter().map(|m| open(m)).collect();
    let models: Vec<&Checkpoint> = models.iter().collect();
    measure(
        &base,
        &models,
        precision,
        None,
        &Ticket::default(),
        &|_, _| {},
    )
    .unwrap()
}

impl Family {
    fn all(precision: Precision) -> Vec<Self> {
        let file = std::fs::read(common::oracle("../kinship.json")).unwrap();
        let mut oracle: Value = serde_json::from_slice(&file).unwrap();
        ["alder", "birch", "cedar", "elm"]
            .map(|name| Self::new(name, oracle["families"][name].take(), precision))
            .into()
    }

    fn new(name: &'static str, expected: Value, precision: Precision) -> Self {
        let models: Vec<String> = strings(&expected["models"]);
        let paths: Vec<&str> = models.iter().map(|m| m.as_str()).collect();
        let kinship = kinship(&format!("{name}/base"), &paths, precision);
        Self {
            name,
            models,
            expected,
            kinship,
        }
    }

    /// Every pair that the oracle lists: its two models and what is expected of them.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize, &Value)> {
        let index = |path: &Value| {
            let model = short(path.as_str().unwrap());
            self.models.iter().position(|m| m == model).unwrap()
        };
        let pairs = self.expected["pairs"].as_array().unwrap();
        assert!(pairs.len() >= 6, "{}", self.name);
        pairs
            .iter()
            .map(move |pair| (index(&pair["a"]), index(&pair["b"]), pair))
    }

    fn value(&self, a: usize, b: usize, measure: Measure) -> Option<f64> {
        self.kinship.matrix(measure).get(a, b)
    }

    /// Compares the metrics that `expected` has: distances relatively, the rest absolutely.
    fn check_metrics(&self, a: usize, b: usize, form: Measure, expected: &Value, off: f64) {
        let mut found_any = false;
        for (key, metric) in METRICS {
            let Some(expected) = expected.get(key) else {
                continue;
            };
            found_any = true;
            let found = self.value(a, b, Measure { metric, ..form });
            let what = format!("{} {a} {b} {form:?} {key}", self.name);
            check(&what, found, expected, metric == Metric::EUCLIDEAN, off);
        }
        assert!(found_any, "the oracle has no metric for {form:?}");
    }
}

/// "models/alder/c1" without its first folder.
fn short(path: &str) -> &str {
    path.strip_prefix("models/").unwrap()
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|s| short(s.as_str().unwrap()).to_owned())
        .collect()
}

fn check(what: &str, found: Option<f64>, expected: &Value, relative: bool, off: f64) {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => {
            let off = if relative { off * expected.abs() } else { off };
            let error = (found - expected).abs();
            assert!(
                error <= off,
                "{what}: {found} is not {expected}, off by {error:e}"
            );
        }
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

fn check_sums(what: &str, sums: &PairSums, expected: &Value) {
    assert_eq!(sums.count, expected["n"].as_f64().unwrap(), "{what}");
    let all = [
        ("dot", sums.product),
        ("norm_a", sums.square_a.sqrt()),
        ("norm_b", sums.square_b.sqrt()),
        ("sum_a", sums.sum_a),
        ("sum_b", sums.sum_b),
        ("ed", sums.squared_distance.sqrt()),
    ];
    for (key, found) in all {
        check(
            &format!("{what} {key}"),
            Some(found),
            &expected[key],
            true,
            SUM,
        );
    }
    for (key, metric) in METRICS {
        let relative = metric == Metric::EUCLIDEAN;
        check(
            &format!("{what} {key}"),
            metric.of(sums),
            &expected[key],
            relative,
            SUM,
        );
    }
}

fn tensor<'k>(kinship: &'k Kinship, name: &str) -> &'k TensorGram {
    kinship.tensors.iter().find(|t| t.tensor == name).unwrap()
}

fn form(aggregate: Aggregate) -> Measure {
    Measure {
        aggregate,
        ..Measure::default()
    }
}

fn twice(aggregate: Aggregate) -> Measure {
    let scope = Scope {
        tied_twice: true,
        ..Scope::default()
    };
    Measure {
        scope,
        ..form(aggregate)
    }
}

#[test]
fn whole_model_sums_and_metrics() {
    for family in Family::all(Precision::Full) {
        let parameters = family.expected["parameters"].as_u64();
        assert_eq!(Some(family.kinship.parameters()), parameters);
        for (a, b, expected) in family.pairs() {
            let mut sums = PairSums::default();
            for tensor in &family.kinship.tensors {
                sums += tensor.pair(a, b).unwrap();
            }
            check_sums(family.name, &sums, &expected["full"]);
            family.check_metrics(a, b, form(Aggregate::Whole), &expected["full"], SUM);
        }
    }
}

#[test]
fn sums_and_metrics_of_each_tensor() {
    for family in Family::all(Precision::Full) {
        for (a, b, expected) in family.pairs() {
            let tensors = expected["per_tensor"].as_object().unwrap();
            assert_eq!(tensors.len(), family.kinship.tensors.len());
            for (name, expected) in tensors {
                let sums = tensor(&family.kinship, name).pair(a, b).unwrap();
                check_sums(&format!("{} {name} {a} {b}", family.name), &sums, expected);
            }
        }
    }
}

#[test]
fn mean_over_tensors_and_how_many_numbers_it_uses() {
    for family in Family::all(Precision::Full) {
        for (a, b, expected) in family.pairs() {
            for (key, metric) in METRICS {
                let expected = &expected["split"][key];
                let measure = Measure {
                    metric,
                    ..form(Aggregate::MeanOverTensors)
                };
                let found = family.value(a, b, measure);
                let what = format!("{} {a} {b} {key}", family.name);
                check(
                    &what,
                    found,
                    &expected["value"],
                    metric == Metric::EUCLIDEAN,
                    SUM,
                );
                let sums = family.kinship.tensors.iter().map(|t| t.pair(a, b).unwrap());
                let used: Vec<f64> = sums
                    .filter(|s| metric.of(s).is_some())
                    .map(|s| s.count)
                    .collect();
                assert_eq!(
                    Some(used.len() as u64),
                    expected["tensors_used"].as_u64(),
                    "{what}"
                );
                let parameters = expected["parameters_used"].as_f64().unwrap();
                assert_eq!(used.iter().sum::<f64>(), parameters, "{what}");
            }
        }
    }
}

#[test]
fn each_kind_of_tensor() {
    let kinds = [
        ("embed", Kind::Embedding),
        ("head", Kind::Head),
        ("attention", Kind::Attention),
        ("mlp", Kind::Mlp),
        ("norm", Kind::Norm),
    ];
    for family in Family::all(Precision::Full) {
        for (a, b, expected) in family.pairs() {
            for (key, kind) in kinds {
                let Some(expected) = expected["by_kind"].get(key) else {
                    assert!(!family.kinship.has_kind(kind), "{} {key}", family.name);
                    continue;
                };
                let scope = Scope {
                    kind: Some(kind),
                    tied_twice: false,
                };
                let form = Measure {
                    scope,
                    ..form(Aggregate::Whole)
                };
                family.check_metrics(a, b, form, expected, SUM);
            }
        }
    }
}

#[test]
fn tied_embedding_counted_twice() {
    let families = Family::all(Precision::Full);
    let elm = families.iter().find(|f| f.name == "elm").unwrap();
    assert!(elm.kinship.tied_embeddings);
    for (a, b, expected) in elm.pairs() {
        let mean = Aggregate::MeanOverTensors;
        elm.check_metrics(
            a,
            b,
            twice(Aggregate::Whole),
            &expected["full_tied_twice"],
            SUM,
        );
        elm.check_metrics(a, b, twice(mean), &expected["split_tied_twice"], SUM);
    }
}

#[test]
fn all_pairs_at_once_are_the_same_to_the_bit() {
    for Family { name, kinship, .. } in Family::all(Precision::Full) {
        let scopes = [None, Some(Kind::Attention), Some(Kind::Embedding)];
        for (kind, tied_twice) in scopes.into_iter().flat_map(|k| [(k, false), (k, true)]) {
            let scope = Scope { kind, tied_twice };
            let tensors = kinship.in_scope(scope);
            for aggregate in Aggregate::ALL {
                let values = kinship.pair_values(&tensors, aggregate, tied_twice);
                for &metric in Metric::ALL {
                    let measure = Measure {
                        metric,
                        aggregate,
                        scope,
                    };
                    let same = |a, b| {
                        let one = kinship.value(&tensors, a, b, measure);
                        values.get(metric, a, b).map(f64::to_bits) == one.map(f64::to_bits)
                    };
                    let all = 0..kinship.models;
                    assert!(
                        all.clone().all(|a| all.clone().all(|b| same(a, b))),
                        "{name} {measure:?}"
                    );
                }
                let n = kinship.models;
                assert_eq!(values.get(Metric::EUCLIDEAN, 0, n), None);
            }
        }
    }
}

#[test]
fn eight_bit_variant() {
    let mut compared = 0;
    for family in Family::all(Precision::EightBit) {
        for (a, b, expected) in family.pairs().filter(|(_, _, e)| !e["full_8bit"].is_null()) {
            let form = form(Aggregate::Whole);
            family.check_metrics(a, b, form, &expected["full_8bit"], SUM);
            compared += 1;
        }
    }
    assert_eq!(compared, 24);
}

#[test]
fn the_papers_tool_on_whole_models() {
    for family in Family::all(Precision::Full) {
        for (a, b, expected) in family.pairs() {
            let Some(tool) = expected.get("zjunlp_tool").filter(|t| !t.is_null()) else {
                continue;
            };
            // It walks loaded models, where a tied embedding is met twice.
            let full = &tool["full"];
            family.check_metrics(a, b, twice(Aggregate::Whole), full, TOOL);
            for (key, metric) in METRICS {
                let Some(value) = tool["split_4_decimals"].get(key) else {
                    continue;
                };
                let measure = Measure {
                    metric,
                    ..twice(Aggregate::MeanOverTensors)
                };
                let found = family.value(a, b, measure);
                let what = format!("{} {a} {b} split {key}", family.name);
                check(&what, found, value, false, TOOL_SPLIT);
            }
        }
    }
}

#[test]
fn the_papers_tool_in_eight_bits() {
    for family in Family::all(Precision::EightBit) {
        for (a, b, expected) in family.pairs() {
            if let Some(tool) = expected.get("zjunlp_tool").filter(|t| !t.is_null()) {
                family.check_metrics(a, b, twice(Aggregate::Whole), &tool["full_8bit"], TOOL);
            }
        }
    }
}

/// The three metrics of a pair over the whole model.
fn metrics(kinship: &Kinship, a: usize, b: usize) -> [Option<f64>; 3] {
    [Metric::PEARSON, Metric::COSINE, Metric::EUCLIDEAN].map(|metric| {
        let measure = Measure {
            metric,
            ..Measure::default()
        };
        kinship.matrix(measure).get(a, b)
    })
}

#[test]
fn model_with_broken_numbers_loses_those_tensors_alone() {
    let found = kinship(
        "cedar/base",
        &["cedar/c1", "cedar/nan", "cedar/c2"],
        Precision::Full,
    );
    let broken: Vec<&str> = found.left_out.iter().map(|l| l.tensor.as_str()).collect();
    assert!(!broken.is_empty());
    assert!(found.left_out.iter().all(|l| l.model == Some(1)));
    let reasons: Vec<&str> = found.left_out.iter().map(|l| l.reason.as_str()).collect();
    assert!(
        reasons.iter().all(|r| r.ends_with("NaN or infinite")),
        "{reasons:?}"
    );
    let counted: u64 = reasons.iter().map(|r| r[..1].parse::<u64>().unwrap()).sum();
    assert_eq!(counted, 3);
    for tensor in &found.tensors {
        let is_broken = broken.contains(&tensor.tensor.as_str());
        assert_eq!(tensor.pair(0, 1).is_none(), is_broken, "{}", tensor.tensor);
        assert_eq!(tensor.pair(1, 2).is_none(), is_broken, "{}", tensor.tensor);
        assert!(tensor.pair(0, 2).is_some());
        if let Some(sums) = tensor.pair(0, 1) {
            assert_eq!(sums.squared_distance, 0.0, "nan is c1 elsewhere");
        }
    }
    let [pearson, cosine, distance] = metrics(&found, 0, 1);
    assert!((pearson.unwrap() - 1.0).abs() < SUM && (cosine.unwrap() - 1.0).abs() < SUM);
    assert_eq!(distance, Some(0.0));
}

#[test]
fn eight_bits_survive_broken_numbers() {
    let models = ["cedar/c1", "cedar/nan"];
    let found = kinship("cedar/base", &models, Precision::EightBit);
    let [pearson, ..] = metrics(&found, 0, 1);
    assert!((pearson.unwrap() - 1.0).abs() < 0.01, "{pearson:?}");
}

#[test]
fn rows_beyond_the_vocabulary_of_the_base_are_left_out_and_told() {
    let found = kinship("cedar/base", &["cedar/wide", "cedar/c1"], Precision::Full);
    let told: Vec<String> = found
        .left_out
        .iter()
        .map(|l| format!("{} {:?}: {}", l.tensor, l.model, l.reason))
        .collect();
    assert_eq!(
        told,
        [
            "lm_head.weight Some(0): 8 of its 72 rows; the base has only 64",
            "model.embed_tokens.weight Some(0): 8 of its 72 rows; the base has only 64",
        ]
    );
    assert_eq!(found.parameters(), 21664);
    assert_eq!(
        metrics(&found, 0, 1)[2],
        Some(0.0),
        "wide is c1 with more rows"
    );
}

#[test]
fn smaller_vocabulary_of_the_base_side_is_cut_the_same_way() {
    let found = kinship("cedar/wide", &["cedar/base", "cedar/wide"], Precision::Full);
    let head = found
        .tensors
        .iter()
        .filter(|t| t.tensor == "lm_head.weight");
    let rows: Vec<_> = head.map(|t| (t.rows.clone(), t.models.clone())).collect();
    assert_eq!(rows, [(0..64, vec![0, 1]), (64..72, vec![1])]);
    assert!(
        found
            .left_out
            .iter()
            .all(|l| l.reason == "8 of its 72 rows; the model has only 64")
    );
    assert_eq!(found.left_out.len(), 2);
}

#[test]
fn head_that_a_tied_base_lacks_is_told() {
    let found = kinship("elm/base", &["elm/untied", "elm/c2"], Precision::Full);
    assert_eq!(found.left_out.len(), 1);
    assert_eq!(found.left_out[0].tensor, "lm_head.weight");
    assert_eq!(found.left_out[0].model, Some(0));
    assert!(found.left_out[0].reason.contains("embeddings are tied"));
    assert_eq!(
        metrics(&found, 0, 1)[2],
        Some(0.0),
        "untied is c2 elsewhere"
    );
    assert_eq!(found.parameters(), 21152);
}

#[test]
fn model_equal_to_its_base_has_no_direction() {
    let found = kinship("cedar/base", &["cedar/twin", "cedar/c1"], Precision::Full);
    assert_eq!(metrics(&found, 0, 1)[..2], [None, None]);
    assert_eq!(metrics(&found, 0, 0), [None, None, Some(0.0)]);
    let norm = metrics(&found, 0, 1)[2].unwrap();
    assert!((norm / 0.31016555379572247 - 1.0).abs() < SUM);
    let found = kinship(
        "cedar/base",
        &["cedar/twin", "cedar/c1"],
        Precision::EightBit,
    );
    assert_eq!(metrics(&found, 0, 1)[..2], [None, None]);
}

/// Half the distance of neighbouring `f32`, relative: the most that one rounding changes.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;

/// `cedar/lora` merged into its base as an F32 file, and the most that the roundings on the
/// two ways to δ can make its task vector differ from the adapter's, as a norm.
///
/// Here δ is summed in `f64`, rounded to `f32`, and θ = W + δ is rounded again; the pass takes
/// θ − W and rounds a third time. The adapter's own δ is a sum of r products in `f32`. So an
/// entry differs by at most (|δ| + |θ| + |δ|) · u + (r + 1) · u · scale · Σ|b||a|, with second
/// orders of u left to a factor 1.01.
fn merged_lora(folder: &std::path::Path) -> (Checkpoint, f64) {
    let (base, lora) = (open("cedar/base"), open("cedar/lora"));
    let decoded = |checkpoint: &Checkpoint, name: &str| {
        let tensor = checkpoint.tensor(name)?;
        let mut out = vec![0.0f32; tensor.elements()];
        tensor.numbers().unwrap().decode(&mut out);
        Some(out)
    };
    let (rank, scale) = (4, 2.0);
    let (mut merged, mut off, mut touched) = (Vec::new(), 0.0, 0);
    for tensor in base.tensors() {
        let mut theta = decoded(&base, &tensor.name).unwrap();
        let module = tensor.name.strip_suffix(".weight").unwrap();
        let factor = |side| {
            decoded(
                &lora,
                &format!("base_model.model.{module}.lora_{side}.weight"),
            )
        };
        if let (Some(a), Some(b)) = (factor("A"), factor("B")) {
            let columns = tensor.shape[1];
            for (at, theta) in theta.iter_mut().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let products = (0..rank)
                    .map(|k| f64::from(b[row * rank + k]) * f64::from(a[k * columns + column]));
                let size: f64 = products.clone().map(f64::abs).sum();
                let delta = (scale * products.sum::<f64>()) as f32;
                *theta += delta;
                let roundings = f64::from(2.0 * delta.abs() + theta.abs());
                off += (1.01 * UNIT * (roundings + (rank + 1) as f64 * scale * size)).powi(2);
            }
            touched += 1;
        }
        merged.push(common::f32_part(&tensor.name, &tensor.shape, &theta));
    }
    assert_eq!(touched, 6, "three modules in each of two layers");
    let path = folder.join("merged.safetensors");
    common::write_safetensors(&path, &merged);
    (Checkpoint::open(&path).unwrap(), off.sqrt())
}

#[test]
fn adapter_is_as_akin_as_the_model_it_is_merged_into() {
    let folder = tempfile::tempdir().unwrap();
    let (merged, off) = merged_lora(folder.path());
    let mut models = vec![open("cedar/lora"), merged];
    models.extend(["c1", "c2", "c3", "c4"].map(|c| open(&format!("cedar/{c}"))));
    let models: Vec<&Checkpoint> = models.iter().collect();
    let base = open("cedar/base");
    let full = Precision::Full;
    let found = measure(&base, &models, full, None, &Ticket::default(), &|_, _| {}).unwrap();
    assert_eq!(found.left_out, []);
    let [_, cosine, distance] = metrics(&found, 0, 1);
    assert!(
        cosine.unwrap() > 0.999_999 && distance.unwrap() <= off,
        "{distance:?} {off}"
    );
    let norm = found
        .tensors
        .iter()
        .map(|t| t.pair(0, 0).unwrap().square_a)
        .sum::<f64>()
        .sqrt();
    for child in 2..6 {
        let (adapter, merged) = (metrics(&found, 0, child), metrics(&found, 1, child));
        let difference = |k: usize| (adapter[k].unwrap() - merged[k].unwrap()).abs();
        // Directions of two vectors differ by at most twice their relative distance. Centring
        // takes from the norm less than a tenth, which Pearson then divides by.
        assert!(
            difference(0) <= 2.0 * off / (0.9 * norm),
            "{child} {}",
            difference(0)
        );
        assert!(
            difference(1) <= 2.0 * off / norm,
            "{child} {}",
            difference(1)
        );
        assert!(difference(2) <= off, "{child} {}", difference(2));
    }
}
