//! Studies with a lineage: the paper's two community paths, and made-up ones of any size.

// Two tests compile this file and use a part of it.
#![allow(dead_code)]

use std::path::Path;

use kinfolk::kinship::Metric;
use kinfolk::study::{Command, Entry, Import, RecordEdit, Score, Selection, Step};
use kinfolk::workbench::{Folders, Workbench};

/// A workbench with an empty study below a folder.
pub fn bench(home: &Path) -> Workbench {
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.new_study();
    bench
}

/// Takes entries in as an imported table.
pub fn import(bench: &mut Workbench, entries: Vec<Entry>) {
    let title = "table".to_owned();
    let import = Import {
        title,
        entries,
        pairs: Vec::new(),
    };
    bench.apply(Command::Record(RecordEdit::Import(import)));
    bench.apply(Command::Select(Selection::Nothing));
}

/// A merge in a generation of a run.
pub fn merge(name: &str, parents: &[&str], run: &str, generation: u32, average: f64) -> Entry {
    Entry {
        model: name.to_owned(),
        parents: parents.iter().map(|&p| p.to_owned()).collect(),
        steps: vec![Step {
            run: run.to_owned(),
            generation,
            ..Step::default()
        }],
        average: Some(average),
        ..Entry::default()
    }
}

/// Both community paths of the paper, from its tables 4 to 7.
pub fn community() -> Vec<Entry> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/paper/evolution_paths.csv");
    let mut table = csv::Reader::from_path(path).unwrap();
    let heads = table.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let read = |row: &csv::StringRecord| {
        let at = |name: &str| row[heads.iter().position(|head| head == name).unwrap()].to_owned();
        let number = |name: &str| at(name).parse::<f64>().ok();
        let parents = [at("model_1"), at("model_2")];
        let named: Vec<String> = parents.into_iter().filter(|p| p != "...").collect();
        Entry {
            model: at("model_merged"),
            unnamed_parents: named.len() < 2,
            parents: named,
            steps: vec![Step {
                run: format!("Path {}", at("path")),
                generation: at("generation").parse().unwrap(),
                ..Step::default()
            }],
            kinship: [
                (Metric::PEARSON, number("pcc")),
                (Metric::COSINE, number("cs")),
                (Metric::EUCLIDEAN, number("ed")),
            ]
            .into_iter()
            .filter_map(|(metric, value)| Some((metric, value?)))
            .collect(),
            average: number("atp"),
            gain: number("merge_gain"),
            ..Entry::default()
        }
    };
    rows.iter().map(read).collect()
}

/// An evolution of `width` models a generation, each made from two of the last two.
pub fn evolution(models: usize, width: usize) -> Vec<Entry> {
    let mut seed = 11u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let name = |k: usize| format!("model-{}-{}", k / width, k % width + 1);
    let mut out = Vec::new();
    for k in 0..models {
        let generation = k / width;
        let first = generation.saturating_sub(2) * width;
        let parents: Vec<String> = match generation {
            0 => Vec::new(),
            _ => (0..2)
                .map(|_| name(first + random(generation * width - first)))
                .collect(),
        };
        let score = 60.0 + generation as f64 + random(300) as f64 / 100.0;
        out.push(Entry {
            model: name(k),
            kinship: (generation > 0)
                .then(|| (Metric::PEARSON, random(1000) as f64 / 1000.0))
                .into_iter()
                .collect(),
            parents,
            steps: vec![Step {
                run: String::new(),
                generation: generation as u32,
                exploration: k % 17 == 9,
                ..Step::default()
            }],
            scores: vec![Score {
                task: "average".to_owned(),
                value: score,
                ..Score::default()
            }],
            ..Entry::default()
        });
    }
    out
}
