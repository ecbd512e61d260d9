//! What is predicted of a child against the kinship of the child that is made.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, Measure, Metric, Precision, measure};
use kinfolk::merge::methods;
use kinfolk::merge::predict::{Parts, Predicted, Wish, predict};

use crate::common;
use crate::common::methods::{Recipe, merge};

/// A base and its models, measured.
struct Family {
    base: Checkpoint,
    models: Vec<Checkpoint>,
    names: Vec<String>,
    kinship: Kinship,
}

impl Family {
    fn open(folder: &Path, names: &[&str]) -> Self {
        let open = |name: &str| Checkpoint::open(&folder.join(name)).unwrap();
        let (base, models) = (
            open("base"),
            names.iter().map(|n| open(n)).collect::<Vec<_>>(),
        );
        let all: Vec<&Checkpoint> = models.iter().collect();
        let kinship = measured(&base, &all, None);
        let path = |name: &&str| folder.join(name).to_string_lossy().into_owned();
        Self {
            names: names.iter().map(path).collect(),
            base,
            models,
            kinship,
        }
    }

    /// Which model of the family an input of a recipe is; the outer `None`: of another family.
    fn input(&self, name: &str) -> Option<Option<usize>> {
        if Path::new(name) == self.base.path() {
            return Some(None);
        }
        self.names.iter().position(|own| own == name).map(Some)
    }

    fn predict(&self, recipe: &Recipe) -> Predicted<'_> {
        let method = methods::find(&recipe.method).unwrap();
        let (names, base) = recipe.inputs();
        let inputs: Vec<Option<usize>> =
            names.iter().map(|name| self.input(name).unwrap()).collect();
        let values = recipe.values(method);
        let parts = |_: &str| {
            Some(Parts {
                inputs: inputs.clone(),
                base,
                values: &values,
            })
        };
        let wish = Wish {
            method,
            parts: &parts,
        };
        predict(Cow::Borrowed(&self.kinship), &wish).unwrap()
    }

    /// The kinship with the child, after it was made and written.
    fn made(&self, recipe: &Recipe) -> Kinship {
        let mut parts = Vec::new();
        for tensor in self.base.tensors() {
            let numbers = merge(recipe, &tensor.name, &tensor.shape).unwrap();
            parts.push(common::f32_part(&tensor.name, &tensor.shape, &numbers));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("child.safetensors");
        common::write_safetensors(&path, &parts);
        let child = Checkpoint::open(&path).unwrap();
        let mut all: Vec<&Checkpoint> = self.models.iter().collect();
        all.push(&child);
        measured(&self.base, &all, Some(&self.kinship))
    }

    /// The largest difference between predicted and made: cosine and Pearson as they are,
    /// distances as a share of themselves.
    fn largest_error(&self, recipe: &Recipe) -> (f64, bool) {
        let (predicted, made) = (self.predict(recipe), self.made(recipe));
        let mut worst = 0.0f64;
        for metric in [Metric::PEARSON, Metric::COSINE, Metric::EUCLIDEAN] {
            let whole = Measure {
                metric,
                ..Measure::default()
            };
            let matrix = made.matrix(whole);
            let child = self.models.len();
            let pairs = predicted
                .with_each(metric)
                .into_iter()
                .zip((0..child).map(|model| matrix.get(model, child)));
            for (predicted, made) in pairs {
                assert_eq!(predicted.is_some(), made.is_some());
                let (predicted, made) = (predicted.unwrap_or(0.0), made.unwrap_or(0.0));
                let size = if metric == Metric::EUCLIDEAN {
                    made.max(1e-9)
                } else {
                    1.0
                };
                worst = worst.max((predicted - made).abs() / size);
            }
        }
        (worst, predicted.exact)
    }

    /// Exact means 1e-6, and an estimate keeps to what its method states.
    fn check(&self, name: &str, recipe: &Recipe) -> bool {
        let (error, is_exact) = self.largest_error(recipe);
        let description = methods::find(&recipe.method).unwrap().description();
        let stated = if is_exact {
            1e-6
        } else {
            description.prediction_error
        };
        assert!(error <= stated, "{name}: off by {error}, stated {stated}");
        is_exact
    }
}

fn measured(base: &Checkpoint, models: &[&Checkpoint], known: Option<&Kinship>) -> Kinship {
    measure(
        base,
        models,
        Precision::Full,
        known,
        &Ticket::default(),
        &|_, _| {},
    )
    .unwrap()
}

fn data(path: &str) -> PathBuf {
    common::oracle("").parent().unwrap().join(path)
}

/// The simple recipes of the oracle set about one family, computed in f32.
fn recipes(family: &Family) -> Vec<(String, Recipe)> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(data("configs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name.starts_with("err-") || path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        // Nothing is predicted for Arcee Fusion.
        let Some(mut recipe) = Recipe::read(&path).filter(|r| r.method != "arcee_fusion") else {
            continue;
        };
        recipe.place(&data(""));
        recipe.dtype = None;
        if recipe
            .inputs()
            .0
            .iter()
            .all(|input| family.input(input).is_some())
        {
            out.push((name, recipe));
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

#[test]
fn children_of_the_oracle_recipes_are_predicted() {
    let mut exact = 0;
    for family in ["alder", "birch", "cedar"] {
        let family = Family::open(&data("models").join(family), &["c1", "c2", "c3", "c4"]);
        for (name, recipe) in recipes(&family) {
            exact += usize::from(family.check(&name, &recipe));
        }
    }
    assert!(exact >= 30, "{exact}");
}

#[test]
fn children_of_the_demo_family_are_predicted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let names = ["arith", "mirror", "order", "sorter"];
    let family = Family::open(&folder, &names);
    for (method, sparse, parameters) in DEMO {
        let mut recipe = Recipe {
            method: (*method).to_owned(),
            base: Some(folder.join("base").to_string_lossy().into_owned()),
            ..Recipe::default()
        };
        for name in &family.names[..if *method == "nearswap" { 1 } else { 3 }] {
            let mut own = BTreeMap::from([("weight".to_owned(), 0.5)]);
            own.extend(sparse.iter().map(|(k, v)| ((*k).to_owned(), *v)));
            recipe.models.push((name.clone(), own));
        }
        recipe
            .global
            .extend(parameters.iter().map(|(k, v)| ((*k).to_owned(), *v)));
        family.check(method, &recipe);
    }
}

type Given = &'static [(&'static str, f64)];

/// Methods that are estimated, with parameters of the models and of the merge.
const DEMO: &[(&str, Given, Given)] = &[
    ("ties", &[("density", 0.2)], &[]),
    ("dare_ties", &[("density", 0.3)], &[]),
    ("della", &[("density", 0.5)], &[]),
    ("breadcrumbs_ties", &[("density", 0.5)], &[]),
    ("sce", &[], &[("select_topk", 0.3)]),
    ("ramplus_tl", &[], &[("epsilon", 0.003)]),
    ("nearswap", &[], &[("t", 0.001)]),
];
