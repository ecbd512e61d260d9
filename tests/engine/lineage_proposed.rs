//! The lineage of folders whose history is known, told from their weights alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::MeasureError;
use kinfolk::merge::run::run;
use kinfolk::numeric::random::Stream;
use kinfolk::origin::lineage::{Proposal, propose};

use crate::common::merging::{options, planned};
use crate::common::{Part, write_safetensors};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo")
}

/// A folder of models with what is true of them.
struct Folder {
    dir: tempfile::TempDir,
    models: Vec<(String, PathBuf)>,
    /// Parent and child.
    truth: BTreeSet<(String, String)>,
}

impl Folder {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            models: Vec::new(),
            truth: BTreeSet::new(),
        }
    }

    fn add(&mut self, name: &str, path: PathBuf, parents: &[&str]) {
        self.models.push((name.to_owned(), path));
        let edges = parents.iter().map(|p| ((*p).to_owned(), name.to_owned()));
        self.truth.extend(edges);
    }

    fn demo(names: &[(&str, &[&str])]) -> Self {
        let mut out = Self::new();
        for (name, parents) in names {
            out.add(name, demo().join(name), parents);
        }
        out
    }

    fn path(&self, name: &str) -> &Path {
        let found = self.models.iter().find(|(own, _)| own == name);
        &found.unwrap_or_else(|| panic!("{name}")).1
    }

    /// Merges by a recipe in which `$name` stands for a model; `parents` is what is true of it.
    fn merge(&mut self, name: &str, yaml: &str, parents: &[&str]) {
        let mut yaml = format!("{yaml}\ndtype: bfloat16\n");
        for (own, path) in &self.models {
            yaml = yaml.replace(&format!("${own}."), path.to_str().unwrap());
        }
        let out = self.dir.path().join(name);
        let plan = planned(&yaml, self.dir.path(), Some(&out));
        run(&plan, &options(&out), &Ticket::default()).unwrap();
        // The recipe would tell.
        for file in ["mergekit_config.yml", "README.md"] {
            std::fs::remove_file(out.join(file)).unwrap();
        }
        self.add(name, out, parents);
    }

    /// Models whose name says nothing.
    fn proposed(&self) -> Proposal {
        let names: Vec<String> = (0..self.models.len()).map(|k| format!("m{k}")).collect();
        self.proposed_as(&names)
    }

    fn proposed_as(&self, names: &[String]) -> Proposal {
        let open = |(_, path): &(String, PathBuf)| Checkpoint::open(path).unwrap();
        let models: Vec<Checkpoint> = self.models.iter().map(open).collect();
        let models: Vec<&Checkpoint> = models.iter().collect();
        propose(&models, names, &Ticket::default()).unwrap()
    }

    fn edges(&self, proposal: &Proposal) -> BTreeSet<(String, String)> {
        let name = |k: usize| self.models[k].0.clone();
        let edges = proposal.edges.iter();
        edges.map(|edge| (name(edge.from), name(edge.to))).collect()
    }

    /// All true edges are found, and no other.
    fn check(&self) -> Proposal {
        let proposal = self.proposed();
        let found = self.edges(&proposal);
        let wrong: Vec<_> = found.difference(&self.truth).collect();
        let missed: Vec<_> = self.truth.difference(&found).collect();
        assert!(
            wrong.is_empty() && missed.is_empty(),
            "wrong {wrong:?}, missed {missed:?}, {:?}",
            proposal.notes
        );
        proposal
    }
}

const FAMILY: [(&str, &[&str]); 8] = [
    ("abacus", &["arith"]),
    ("arith", &["base"]),
    ("base", &[]),
    ("ledger", &["arith"]),
    ("mirror", &["base"]),
    ("order", &["base"]),
    ("sorter", &["base"]),
    ("tally", &["base"]),
];

#[test]
fn fine_tunes_and_their_fine_tunes_are_told_from_the_weights() {
    let folder = Folder::demo(&FAMILY);
    let proposal = folder.check();
    assert_eq!(proposal.families.len(), 1);
    assert_eq!(proposal.families[0].base, Some(2));
    let sure = proposal.edges.iter().all(|edge| edge.confidence > 0.5);
    assert!(sure, "{:?}", proposal.edges);
}

fn weighted(
    method: &str,
    base: Option<&str>,
    parts: &[(&str, f64)],
    density: Option<f64>,
) -> String {
    let mut yaml = format!("merge_method: {method}\n");
    if let Some(base) = base {
        yaml += &format!("base_model: ${base}.\n");
    }
    yaml += "models:\n";
    for (model, weight) in parts {
        let density = density.map_or(String::new(), |d| format!(", density: {d}"));
        yaml += &format!("  - model: ${model}.\n    parameters: {{weight: {weight}{density}}}\n");
    }
    yaml
}

#[test]
fn two_generations_of_merges_have_their_parents_and_shares() {
    let mut folder = Folder::demo(&FAMILY);
    let linear = weighted("linear", None, &[("arith", 0.6), ("order", 0.4)], None);
    folder.merge("linear", &linear, &["arith", "order"]);
    let slerp = "merge_method: slerp\nbase_model: $abacus.\nmodels:\n  - model: $abacus.\n  - model: $mirror.\nparameters: {t: 0.3}";
    folder.merge("slerp", slerp, &["abacus", "mirror"]);
    let added = [("mirror", 0.7), ("sorter", 0.5)];
    let added = weighted("task_arithmetic", Some("base"), &added, None);
    folder.merge("added", &added, &["mirror", "sorter"]);
    let ties = [("mirror", 0.8), ("abacus", 0.5)];
    let ties = weighted("ties", Some("base"), &ties, Some(0.4));
    folder.merge("ties", &ties, &["mirror", "abacus"]);
    let dare = [("mirror", 0.5), ("tally", 0.5)];
    let dare = weighted("dare_linear", Some("base"), &dare, Some(0.5));
    folder.merge("dare", &dare, &["mirror", "tally"]);
    let near = weighted("linear", None, &[("abacus", 0.97), ("arith", 0.03)], None);
    folder.merge("near", &near, &["abacus", "arith"]);
    let second = weighted("linear", None, &[("linear", 0.5), ("order", 0.5)], None);
    folder.merge("second", &second, &["linear", "order"]);
    let of_dare = weighted(
        "ties",
        Some("base"),
        &[("dare", 1.0), ("abacus", 1.0)],
        Some(0.5),
    );
    folder.merge("of dare", &of_dare, &["dare", "abacus"]);
    let proposal = folder.check();
    let share = |from: &str, to: &str| {
        let place = |name: &str| {
            folder
                .models
                .iter()
                .position(|(own, _)| own == name)
                .unwrap()
        };
        let (from, to) = (place(from), place(to));
        let edge = proposal.edges.iter().find(|e| (e.from, e.to) == (from, to));
        edge.unwrap().share.unwrap()
    };
    for (from, to, expected) in [
        ("arith", "linear", 0.6),
        ("abacus", "slerp", 0.7),
        ("mirror", "added", 0.7),
        ("sorter", "added", 0.5),
        ("abacus", "near", 0.97),
        ("order", "second", 0.5),
    ] {
        let found = share(from, to);
        assert!((found - expected).abs() < 0.02, "{from} → {to}: {found}");
    }
}

/// A child of a model that is not there has no wrong parent.
#[test]
fn children_of_a_missing_parent_are_given_to_no_other() {
    let without: Vec<_> = FAMILY
        .iter()
        .filter(|(name, _)| *name != "arith")
        .copied()
        .collect();
    let folder = Folder::demo(&without);
    let proposal = folder.proposed();
    let found = folder.edges(&proposal);
    assert!(
        found
            .iter()
            .all(|(from, to)| from == "base" && to != "abacus" && to != "ledger"),
        "{found:?}"
    );
    assert_eq!(found.len(), 4);
    let note = proposal
        .notes
        .iter()
        .find(|note| note.contains("share a parent"));
    assert!(note.is_some(), "{:?}", proposal.notes);
}

#[test]
fn equal_models_are_told_of_and_get_no_edge_between_them() {
    let mut folder = Folder::demo(&FAMILY[1..5]);
    folder.add("again", demo().join("mirror"), &[]);
    let proposal = folder.check();
    assert!(
        proposal
            .notes
            .iter()
            .any(|note| note.contains("same numbers"))
    );
}

#[test]
fn any_number_of_threads_gives_the_same_lineage() {
    let folder = Folder::demo(&FAMILY[..5]);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| folder.proposed())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_cancelled_search_ends() {
    let base = Checkpoint::open(&demo().join("base")).unwrap();
    let ticket = Ticket::default();
    ticket.cancel();
    let names = ["a".to_owned(), "b".to_owned()];
    let found = propose(&[&base, &base], &names, &ticket);
    assert!(
        matches!(found, Err(MeasureError::Cancelled(_))),
        "{found:?}"
    );
}

const MATRICES: [&str; 4] = [
    "model.layers.0.self_attn.q_proj.weight",
    "model.layers.0.mlp.up_proj.weight",
    "model.layers.1.self_attn.q_proj.weight",
    "model.layers.1.mlp.up_proj.weight",
];
const SIDE: usize = 96;

/// A model of some matrices in BF16, in a folder of its own.
fn write(dir: &Path, numbers: &[Vec<f64>]) -> PathBuf {
    std::fs::create_dir_all(dir).unwrap();
    let part = |(name, numbers): (&&'static str, &Vec<f64>)| Part {
        name,
        dtype: "BF16",
        shape: &[SIDE, SIDE],
        bytes: numbers
            .iter()
            .flat_map(|&x| half::bf16::from_f64(x).to_le_bytes())
            .collect(),
    };
    let parts: Vec<Part<'_>> = MATRICES.iter().zip(numbers).map(part).collect();
    write_safetensors(&dir.join("model.safetensors"), &parts);
    std::fs::write(dir.join("config.json"), r#"{"model_type": "llama"}"#).unwrap();
    dir.to_owned()
}

/// Random numbers of a size, the same for the same name.
fn random(name: &str, size: f64) -> Vec<Vec<f64>> {
    let matrix = |k: usize| {
        let stream = Stream::new(7, name, k as u64);
        (0..SIDE * SIDE)
            .map(|at| size * stream.normal(at as u64))
            .collect()
    };
    (0..MATRICES.len()).map(matrix).collect()
}

fn plus(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let sum = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(x, y)| x + y).collect();
    a.iter().zip(b).map(sum).collect()
}

#[test]
fn unrelated_bases_of_one_shape_come_apart() {
    let mut folder = Folder::new();
    for family in ["x", "y"] {
        let base = random(family, 0.02);
        let name = |what: &str| format!("{family} {what}");
        let path = |folder: &Folder, what: &str| folder.dir.path().join(format!("{family}-{what}"));
        let at = path(&folder, "base");
        folder.add(&name("base"), write(&at, &base), &[]);
        let mut tunes = Vec::new();
        for tune in ["a", "b", "c", "d"] {
            let tuned = plus(&base, &random(&name(tune), 0.003));
            let at = path(&folder, tune);
            folder.add(&name(tune), write(&at, &tuned), &[&name("base")]);
            tunes.push(tuned);
        }
        let further = plus(&tunes[0], &random(&name("further"), 0.002));
        let at = path(&folder, "further");
        folder.add(&name("further"), write(&at, &further), &[&name("a")]);
        let at = [(name("b"), 0.5), (name("c"), 0.5)];
        let parts: Vec<(&str, f64)> = at.iter().map(|(n, w)| (n.as_str(), *w)).collect();
        let merged = weighted("linear", None, &parts, None);
        folder.merge(&name("merged"), &merged, &[&name("b"), &name("c")]);
    }
    for (name, parents) in FAMILY {
        folder.add(name, demo().join(name), parents);
    }
    let proposal = folder.check();
    let sizes: Vec<usize> = proposal.families.iter().map(|f| f.models.len()).collect();
    assert_eq!(sizes, [7, 7, 8]);
    assert!(folder.path("x base").exists());
}
