//! The studies that the program carries, held row by row against the tables they are from.

mod community;
mod experiments;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kinfolk::kinship::Metric;
use kinfolk::study::{Model, PairRecord, StudyDoc, StudyFacts, file};
use kinfolk::workbench::library::{LIBRARY, bundled};

type Line = BTreeMap<String, String>;

fn table(path: &str) -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    let lines = csv::Reader::from_path(path).unwrap();
    lines.into_deserialize().map(Result::unwrap).collect()
}

fn paper(name: &str) -> Vec<Line> {
    table(&format!("paper/{name}.csv"))
}

fn number(line: &Line, column: &str) -> Option<f64> {
    let text = line
        .get(column)
        .unwrap_or_else(|| panic!("no column {column}"));
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn whole(line: &Line, column: &str) -> u32 {
    line[column].parse().unwrap()
}

fn model<'a>(doc: &'a StudyDoc, name: &str) -> &'a Model {
    let mut named = doc.models.iter().filter(|m| m.name == name);
    let found = named.next().unwrap_or_else(|| panic!("no model {name}"));
    assert!(named.next().is_none(), "{name} is there twice");
    found
}

fn parents<'a>(doc: &'a StudyDoc, model: &Model) -> BTreeSet<&'a str> {
    model.parents.iter().map(|&p| doc.name_of(p)).collect()
}

/// Generation in a run and whether it explored; `None` if it does not belong to it.
fn place(model: &Model, run: &str) -> Option<(u32, bool)> {
    let step = model.steps.iter().find(|step| step.run == run)?;
    Some((step.generation, step.exploration))
}

fn in_run<'a>(doc: &'a StudyDoc, run: &str) -> BTreeSet<&'a str> {
    let members = doc.models.iter().filter(|m| place(m, run).is_some());
    members.map(|m| m.name.as_str()).collect()
}

fn score(model: &Model, task: &str) -> Option<f64> {
    model.score(task).map(|score| score.value)
}

fn record(doc: &StudyDoc) -> StudyFacts {
    StudyFacts::new(doc, &|_, _, _| None)
}

/// Whether a printed number is `exact` cut to two decimals, where `exact` is known to `reading`.
fn is_cut(printed: f64, exact: f64, reading: f64) -> bool {
    let rounding = 1e-9;
    (-reading - rounding..0.01 + reading + rounding).contains(&(exact - printed))
}

// --- what holds for all ---

#[test]
fn every_study_is_as_the_program_would_write_it() {
    for bundled in &LIBRARY {
        let doc = file::from_text(bundled.text(), Path::new("/")).unwrap();
        assert_eq!(doc, *bundled.doc());
        let written = file::to_text(&doc, Path::new("/"));
        let differs = written
            .lines()
            .zip(bundled.text().lines())
            .find(|(a, b)| a != b);
        assert_eq!(differs, None, "{}", bundled.key);
        assert_eq!(written, bundled.text(), "{}", bundled.key);
    }
}

#[test]
fn every_study_has_its_name_its_source_and_its_limits() {
    let keys: BTreeSet<&str> = LIBRARY.iter().map(|b| b.key).collect();
    assert_eq!(keys.len(), LIBRARY.len());
    for b in &LIBRARY {
        let doc = bundled(b.key);
        assert_eq!(doc.name, b.title);
        assert!(!b.sentence.is_empty() && !b.sentence.ends_with('.'));
        assert!(
            doc.about.contains("What it can and cannot say\n"),
            "{}",
            b.key
        );
        let of_paper = b.key != "demo-evolution";
        assert_eq!(
            doc.about.contains("arXiv 2410.12613"),
            of_paper,
            "{}",
            b.key
        );
    }
    assert!(bundled("no such key").models.is_empty());
}

#[test]
fn every_study_is_whole() {
    for b in &LIBRARY {
        let doc = b.doc();
        let ids: BTreeSet<_> = doc.models.iter().map(|m| m.id).collect();
        let names: BTreeSet<_> = doc.models.iter().map(|m| &m.name).collect();
        assert_eq!(
            (ids.len(), names.len()),
            (doc.models.len(), doc.models.len())
        );
        for m in &doc.models {
            assert!(m.path.is_none() && m.base.is_none(), "{}", m.name);
            assert!(m.parents.iter().all(|p| ids.contains(p) && *p != m.id));
        }
        let in_pairs = doc.pairs.iter().flat_map(|p| p.models);
        assert!(in_pairs.into_iter().all(|id| ids.contains(&id)));
        let runs = record(doc).runs;
        let shown = &doc.view.charts.runs;
        assert!(shown.iter().all(|run| runs.contains(run)), "{}", b.key);
        let group = &doc.view.charts.group;
        assert!(group.is_empty() || doc.pairs.iter().any(|p| p.group == *group));
        assert!(
            doc.not_averaged
                .iter()
                .all(|t| record(doc).tasks.contains(t))
        );
    }
}

// --- the community ---

/// One model under several names, as `about` says.
fn one_name(name: &str) -> &str {
    match name {
        "distilabeled-Marcoro14-7B" => "distilabeled-Marcoro14-7B-slerp",
        "Experiment28-7B" => "Experiment28",
        "Experiment26" => "Experiment26-7B",
        "NeuTrixOmniBe-7B-model" => "NeuTrixOmniBe-7B-model-remix",
        "MBX-7B" => "MBX-7B-v3",
        "Yamshadow-7B" => "YamShadow-7B",
        "NeuralHerems-Mistral-2.5-7B" | "NeuralHermes-Mistral-2.5-7B" => {
            "NeuralHermes-2.5-Mistral-7B"
        }
        name => name,
    }
}

// --- the experiments ---

// --- where the sources contradict themselves ---

/// A reader meets each contradiction where it concerns him.
#[test]
fn what_does_not_agree_stands_in_the_notes() {
    for (key, name, said) in [
        (
            "community",
            "TurdusBeagle-7B",
            "StrangeMerges_9-7B-dare_ties",
        ),
        (
            "community",
            "StrangeMerges_9-7B-dare_ties",
            "TurdusBeagle-7B",
        ),
        ("community", "StrangeMerges_32-7B-slerp", "0.01 in Figure 2"),
        ("community", "MBX-7B-v3", "−0.07 in Table 8"),
        ("community", "MBX-7B-v3", "taken for one model"),
        (
            "community",
            "mistral-ft-optimized-1218 × NeuralHermes-2.5-Mistral-7B",
            "twice",
        ),
        (
            "community",
            "Kunoichi-DPO-v2-7B × AlphaMonarch-7B",
            "not drawn",
        ),
        ("community", "YugoGPT × AlphaMonarch-7B", "not drawn"),
        ("community", "Figure 2, point 34", "No row of Table 8"),
        ("community", "Figure 2, point 2", "Table 8"),
        ("community", "Figure 2, point 33", "Table 8"),
        ("community", "shadow-clown-7B-slerp", "more than two"),
        ("community", "Daredevil-7B", "more than two"),
        ("community", "pastiche-crown-clown-7b-dare", "more than two"),
        ("experiment", "model-1-2", "+0.02"),
        ("experiment", "model-3-2", "+1.09"),
        ("experiment", "model-3-1", "v1 in the text"),
        ("experiment", "model-3-3", "v2 in the text"),
        ("experiment", "model-5-exp", "0.53"),
        ("experiment", "model-4-exp", "Neither the paper"),
        ("humaneval", "child1-1-greedy", "164"),
        ("humaneval", "child4-1-greedy", "ended after generation 3"),
        ("llama2", "child-2-1-greedy", "other scores"),
        ("llama2", "child-6-exp", "0.06"),
    ] {
        let note = &model(bundled(key), name).note;
        assert!(note.contains(said), "{name}: {note}");
    }
    let noted = |key: &str| {
        let pairs = bundled(key).pairs.iter().filter(|p| !p.note.is_empty());
        pairs.count()
    };
    assert_eq!((noted("community"), noted("llama2")), (1, 3));
}

/// Each HumanEval score is a number of solved problems among 164, cut or rounded, or says that
/// it is none.
#[test]
fn scores_that_no_number_of_problems_gives_are_noted() {
    for m in &bundled("humaneval").models {
        let solved = score(m, "HumanEval").unwrap() * 1.64;
        let nearest = solved.round() / 1.64;
        let fits = (nearest - score(m, "HumanEval").unwrap()).abs() < 0.01;
        assert_eq!(m.note.contains("164"), !fits, "{}", m.name);
    }
}
