//! Methods tensor by tensor against what mergekit made of the same inputs.
//!
//! Recipes are read by a few lines of their own here, so that a method is judged for itself;
//! those with slices, filters or gradients are left to the tests of the recipe reader.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use kinfolk::checkpoint::{Checkpoint, Dtype};
use serde_json::Value;

use crate::common;
use crate::common::merging::{oracle_ambiguous, oracle_manifest};
use crate::common::methods::{Recipe, merge, merged_with_seed};

fn data(path: &str) -> PathBuf {
    common::oracle("").parent().unwrap().join(path)
}

fn json(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(data(path)).unwrap()).unwrap()
}

#[test]
fn every_simple_recipe_gives_the_numbers_of_mergekit() {
    let mut compared = 0;
    let failures = Mutex::new(Vec::new());
    for entry in &oracle_manifest() {
        let name = entry["name"].as_str().unwrap();
        let Some(recipe) = Recipe::read(&data(&format!("configs/{name}.yaml"))) else {
            continue;
        };
        if entry["kind"] == "merge" {
            compared += 1;
            let class = entry["class"].as_str().unwrap();
            if let Err(sentence) = compare(name, &recipe, class) {
                failures.lock().unwrap().push(format!("{name}: {sentence}"));
            }
        }
    }
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared >= 55, "only {compared} recipes were simple enough");
}

fn compare(name: &str, recipe: &Recipe, class: &str) -> Result<(), String> {
    let expected = Checkpoint::open(&data(&format!("expected/{name}"))).unwrap();
    let ambiguous = oracle_ambiguous(name);
    let mut judge = Judge::default();
    for tensor in expected.tensors() {
        let mut wanted = vec![0.0f32; tensor.elements()];
        tensor.numbers().unwrap().decode(&mut wanted);
        let mut found = merge(recipe, &tensor.name, &tensor.shape).map_err(|e| e.to_string())?;
        tensor.dtype.round(&mut found);
        let parents = if class == "noisy-selection" {
            recipe.numbers(&tensor.name)
        } else {
            Vec::new()
        };
        let mean_square =
            wanted.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / wanted.len() as f64;
        judge.scale = mean_square.sqrt() as f32;
        for (at, (&found, &wanted)) in found.iter().zip(&wanted).enumerate() {
            if ambiguous
                .get(&tensor.name)
                .is_none_or(|all| !all.contains(&at))
            {
                let parents: Vec<f32> = parents.iter().map(|p| p[at]).collect();
                judge.entry(class, recipe, tensor.dtype, [found, wanted], &parents);
            }
        }
    }
    judge.verdict(class, recipe)
}

#[derive(Default)]
struct Judge {
    entries: usize,
    /// Entries outside the rule, and those that use up an allowance.
    outside: usize,
    differing: usize,
    scale: f32,
    worst: f32,
}

impl Judge {
    fn entry(
        &mut self,
        class: &str,
        recipe: &Recipe,
        dtype: Dtype,
        [found, wanted]: [f32; 2],
        parents: &[f32],
    ) {
        self.entries += 1;
        if found == wanted || (found.is_nan() && wanted.is_nan()) {
            return;
        }
        // Further off than anything if just one of them is a number.
        let off = (found - wanted).abs();
        let off = if off.is_nan() { f32::INFINITY } else { off };
        self.worst = self.worst.max(off);
        let native = match recipe.float() {
            Some(Dtype::F16) => 2f32.powi(-9),
            _ => 2f32.powi(-6),
        };
        match class {
            "exact" => self.outside += 1,
            "float32" => self.outside += usize::from(off > 3e-7 + 2e-6 * wanted.abs()),
            "rounded" => {
                self.differing += 1;
                self.outside += usize::from(steps(dtype, found, wanted) > 1);
            }
            "native" => {
                self.differing += usize::from(off > native * wanted.abs().max(self.scale));
            }
            "noisy-selection" => {
                let tolerance = if recipe.is_narrow() {
                    2f32.powi(-7)
                } else {
                    1e-6
                };
                let near = |p: &f32| (found - p).abs() <= tolerance * p.abs().max(1e-3);
                self.outside += usize::from(!parents.iter().any(near));
                self.differing += usize::from(off > tolerance * wanted.abs());
            }
            other => panic!("no rule for {other}"),
        }
    }

    fn verdict(&self, class: &str, recipe: &Recipe) -> Result<(), String> {
        let allowed = match class {
            "rounded" => 0.01,
            "native" => 0.005,
            "noisy-selection" if recipe.is_narrow() => 0.25,
            "noisy-selection" => 0.05,
            _ => 0.0,
        };
        if self.outside > 0 || self.differing as f64 > allowed * self.entries as f64 {
            return Err(format!(
                "{class}: {} outside, {} differing of {}, at most by {}",
                self.outside, self.differing, self.entries, self.worst
            ));
        }
        Ok(())
    }
}

/// Numbers of a format between two.
fn steps(dtype: Dtype, a: f32, b: f32) -> i32 {
    let place = |x: f32| match dtype {
        Dtype::BF16 => i32::from(half::bf16::from_f32(x).to_bits() as i16),
        Dtype::F16 => i32::from(half::f16::from_f32(x).to_bits() as i16),
        _ => x.to_bits() as i32,
    };
    if a.is_sign_negative() == b.is_sign_negative() {
        (place(a) - place(b)).abs()
    } else {
        i32::MAX
    }
}

#[test]
fn recipes_that_mergekit_fails_on_are_refused() {
    for (name, words) in [
        ("err-density-zero", "density"),
        ("err-no-base", "base_model"),
        ("err-weight", "weight"),
        ("err-stock-one", "two models"),
        ("err-slerp-one", "slerp takes two models"),
        ("err-linear-base", "weight"),
    ] {
        let recipe = Recipe::read(&data(&format!("configs/{name}.yaml"))).unwrap();
        let error = merge(&recipe, "model.layers.0.input_layernorm.weight", &[32])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(words) && error.lines().count() == 1,
            "{name}: {error}"
        );
    }
}

const DRAWS: u64 = 24;

#[test]
fn random_methods_have_the_statistics_of_mergekit() {
    for entry in json("random.json").as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let recipe = Recipe::read(&data(&format!("configs/{name}.yaml"))).unwrap();
        let draws = entry["draws"].as_f64().unwrap();
        for (tensor, expected) in entry["tensors"].as_object().unwrap() {
            let found = statistics(&recipe, tensor);
            for (key, values) in found {
                let Some([mean, deviation]) = expected
                    .get(key)
                    .map(|v| [0, 1].map(|k| v[k].as_f64().unwrap()))
                else {
                    continue;
                };
                let average = values.iter().sum::<f64>() / values.len() as f64;
                let error = deviation * (1.0 / DRAWS as f64 + 1.0 / draws).sqrt();
                assert!(
                    (average - mean).abs() <= 4.0 * error + 1e-6,
                    "{name} {tensor} {key}: {average} is not {mean} ± {error}"
                );
            }
        }
        if let Some(rates) = entry.get("keep_rate_by_rank").filter(|r| !r.is_null()) {
            check_rates(name, &recipe, rates);
        }
    }
}

/// The share of draws in which a change is kept, by its rank in its row in ten bins.
fn check_rates(name: &str, recipe: &Recipe, expected: &Value) {
    let tensor = expected["tensor"].as_str().unwrap();
    let (base, shape) = (recipe.base_numbers(tensor), recipe.shape(tensor));
    let whole = recipe.weighted_changes(tensor);
    let mut bins = vec![0; whole.len()];
    for start in (0..whole.len()).step_by(shape[1]) {
        let mut order: Vec<usize> = (start..start + shape[1]).collect();
        order.sort_by(|&a, &b| whole[a].abs().total_cmp(&whole[b].abs()));
        for (rank, k) in order.into_iter().enumerate() {
            bins[k] = (rank as f64 / (shape[1] - 1) as f64 * 10.0).min(9.0) as usize;
        }
    }
    let (mut kept, mut all) = ([0.0f64; 10], [0.0f64; 10]);
    for seed in 0..DRAWS {
        let own = change(
            &merged_with_seed(recipe, tensor, &shape, seed).unwrap(),
            &base,
        );
        for (k, &bin) in bins.iter().enumerate().filter(|&(k, _)| whole[k] != 0.0) {
            all[bin] += 1.0;
            kept[bin] += f64::from(u8::from(own[k] != 0.0));
        }
    }
    for bin in 0..10 {
        let (rate, wanted) = (
            kept[bin] / all[bin],
            expected["bins"][bin].as_f64().unwrap(),
        );
        let error = (wanted * (1.0 - wanted) / all[bin]).sqrt();
        assert!(
            (rate - wanted).abs() <= 4.0 * error + 0.005,
            "{name} {bin}: {rate}, not {wanted}"
        );
    }
}

/// What a number of draws give, by the names of the statistics.
fn statistics(recipe: &Recipe, tensor: &str) -> BTreeMap<&'static str, Vec<f64>> {
    let base = recipe.base_numbers(tensor);
    let shape = recipe.shape(tensor);
    let whole = recipe.weighted_changes(tensor);
    let mut out: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for seed in 0..DRAWS {
        let own = change(
            &merged_with_seed(recipe, tensor, &shape, seed).unwrap(),
            &base,
        );
        let pairs = || own.iter().zip(&whole);
        let sum = |f: &dyn Fn(f64, f64) -> f64| pairs().map(|(&d, &t)| f(d, t)).sum::<f64>();
        let there = whole.iter().filter(|&&t| t != 0.0).count() as f64;
        let changed = pairs().filter(|&(&d, &t)| t != 0.0 && d != 0.0).count() as f64;
        let norms = (sum(&|d, _| d * d).sqrt(), sum(&|_, t| t * t).sqrt());
        if there == 0.0 {
            continue;
        }
        let mut add = |key, value: f64| out.entry(key).or_default().push(value);
        add("entries_changed", changed / there);
        add("l1_ratio", sum(&|d, _| d.abs()) / sum(&|_, t| t.abs()));
        add("l2_ratio", norms.1.recip() * norms.0);
        if norms.0 > 0.0 {
            add("cosine", sum(&|d, t| d * t) / norms.0 / norms.1);
        }
    }
    out
}

fn change(merged: &[f32], base: &[f32]) -> Vec<f64> {
    merged
        .iter()
        .zip(base)
        .map(|(m, b)| f64::from(*m) - f64::from(*b))
        .collect()
}
