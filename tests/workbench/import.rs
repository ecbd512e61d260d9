//! Importing tables and results: every format from real-looking files, and broken ones.

mod broken;
mod results;

use std::path::{Path, PathBuf};

use kinfolk::import::{
    Content, ImportError, Mapping, Meaning, Preview, Ready, Scale, Source, Table, apply, guess,
    harness,
};
use kinfolk::kinship::Metric;
use kinfolk::study::{Command, Entry, Import, RecordEdit, Score, Study, StudyDoc};
use kinfolk::workbench::{Folders, NoticeKind, Workbench};
use proptest::prelude::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn data(name: &str) -> PathBuf {
    root().join("tests/data/import").join(name)
}

fn source(path: &Path) -> Source {
    let name = path.file_name().unwrap().to_string_lossy();
    Source::from_bytes(&name, &std::fs::read(path).unwrap())
}

fn table(path: &Path) -> Table {
    match source(path).content {
        Content::Table(table) => table,
        other => panic!("no table: {other:?}"),
    }
}

fn paper(name: &str) -> Table {
    table(&root().join("tests/data/paper").join(name))
}

fn errors(name: &str) -> Vec<ImportError> {
    match source(&data(&format!("broken/{name}"))).content {
        Content::Broken(errors) => errors,
        Content::Table(table) => {
            let mapping = guess(&table);
            apply(&table, &mapping, &StudyDoc::default(), name).unwrap_err()
        }
        Content::Harness(_) => panic!("{name} was read"),
    }
}

/// What the columns are guessed to mean, without those that are left out.
fn meanings(table: &Table) -> Vec<(String, Meaning)> {
    let meanings = guess(table).meanings;
    let named = table.header.iter().cloned().zip(meanings);
    named.filter(|(_, m)| *m != Meaning::Ignore).collect()
}

fn ready(table: &Table) -> Ready {
    apply(table, &guess(table), &StudyDoc::default(), "table").unwrap()
}

fn entry<'a>(import: &'a Import, model: &str) -> &'a Entry {
    let found = import.entries.iter().find(|e| e.model == model);
    found.unwrap_or_else(|| panic!("no {model}"))
}

fn score(entry: &Entry, task: &str) -> Option<f64> {
    entry
        .scores
        .iter()
        .find(|s| s.task == task)
        .map(|s| s.value)
}

#[test]
fn a_leaderboard_gives_its_models_and_six_tasks() {
    let table = table(&data("leaderboard.csv"));
    let tasks: Vec<String> = meanings(&table)
        .into_iter()
        .filter_map(|(_, m)| match m {
            Meaning::Score(task) => Some(task),
            _ => None,
        })
        .collect();
    assert_eq!(
        tasks,
        [
            "ARC",
            "HellaSwag",
            "MMLU",
            "TruthfulQA",
            "Winogrande",
            "GSM8K"
        ]
    );
    let import = ready(&table).import;
    let pine = entry(&import, "acme/pine-7b");
    assert_eq!(pine.average, Some(73.03));
    assert_eq!(score(pine, "GSM8K"), Some(70.4));
    assert_eq!(import.entries.len(), 3);
}

#[test]
fn without_fullname_the_link_of_a_leaderboard_gives_the_name() {
    let mut table = table(&data("leaderboard.csv"));
    table.header.pop();
    table.rows.iter_mut().for_each(|row| drop(row.cells.pop()));
    let import = ready(&table).import;
    assert_eq!(import.entries[2].model, "elm-labs/elm-7B-v0.1");
}

#[test]
fn a_spreadsheet_gives_merges_with_parents_runs_and_what_was_reported() {
    let table = table(&data("spreadsheet.tsv"));
    let import = ready(&table).import;
    let two = entry(&import, "pine-2");
    assert_eq!(two.parents, ["pine-1", "oak-7b"]);
    assert_eq!(two.method, "ties");
    assert_eq!(
        (two.steps[0].run.as_str(), two.steps[0].generation),
        ("greedy", 2)
    );
    assert_eq!(
        (two.gain, two.kinship.get(Metric::PEARSON)),
        (Some(-0.1), Some(0.91))
    );
    let x = entry(&import, "pine-x");
    assert_eq!(
        (score(x, "GSM8K"), x.average, x.kinship.get(Metric::PEARSON)),
        (None, None, None)
    );
    assert_eq!(x.note, "explores\r\nfar away");
    assert_eq!(score(x, "TruthfulQA"), Some(55.4));
}

#[test]
fn decimal_commas_and_percent_signs_are_understood() {
    let import = ready(&table(&data("dezimal.csv"))).import;
    assert_eq!(score(entry(&import, "kiefer-7b"), "ARC"), Some(68.52));
}

#[test]
fn a_table_of_a_model_card_is_found_among_its_words() {
    let import = ready(&table(&data("card.md"))).import;
    let names: Vec<&str> = import.entries.iter().map(|e| e.model.as_str()).collect();
    assert_eq!(names, ["acme/pine-7b", "acme/oak-7b", "elm-7B-v0.1"]);
    assert_eq!(score(&import.entries[0], "ARC"), Some(68.52));
    assert_eq!(score(&import.entries[2], "GSM8K"), None);
}

#[test]
fn a_table_of_the_harness_needs_the_name_of_its_model_and_keeps_variants_apart() {
    let table = table(&data("harness_card.md"));
    let mut mapping = guess(&table);
    assert!(mapping.needs_model_of_all());
    let doc = StudyDoc::default();
    let found = apply(&table, &mapping, &doc, "card").unwrap_err();
    assert!(found[0].message.contains("whose table"), "{}", found[0]);
    mapping.model_of_all = "acme/pine-7b".to_owned();
    let import = apply(&table, &mapping, &doc, "card").unwrap().import;
    let pine = entry(&import, "acme/pine-7b");
    assert_eq!(score(pine, "arc_challenge (acc_norm)"), Some(68.52));
    assert_eq!(score(pine, "gsm8k (strict-match, exact_match)"), Some(70.4));
    assert_eq!(score(pine, "stem (acc)"), Some(54.02));
    assert_eq!(pine.scores[0].stderr, Some(1.39));
}

#[test]
fn the_demo_scores_are_a_long_table_of_fractions() {
    let table = table(&root().join("resources/demo/scores.csv"));
    let mapping = guess(&table);
    let expected = [
        Meaning::Model,
        Meaning::Qualifier,
        Meaning::Task,
        Meaning::Count,
        Meaning::Ignore,
        Meaning::Value,
    ];
    assert_eq!(mapping.meanings, expected);
    assert_eq!(mapping.scores_are, Scale::Fractions);
    let import = ready(&table).import;
    assert_eq!(import.entries.len(), 8);
    let expected = Score {
        task: "add (dev)".to_owned(),
        value: 28.6667,
        stderr: None,
        n: Some(150),
        source: "table".to_owned(),
    };
    assert_eq!(entry(&import, "base").scores[0], expected);
    let all: usize = import.entries.iter().map(|e| e.scores.len()).sum();
    assert_eq!(all, 128);
}

#[test]
fn a_table_of_pairs_is_known_by_its_two_names() {
    let kinship = table(&root().join("resources/demo/kinship.csv"));
    let import = ready(&kinship).import;
    assert_eq!(import.pairs[0].models, ["abacus", "arith"]);
    assert_eq!(
        import.pairs[0].kinship.get(Metric::EUCLIDEAN),
        Some(2.462_057_420_47)
    );
    assert!(import.entries.is_empty());
}

#[test]
fn a_pair_that_the_paper_lists_twice_with_other_values_is_told() {
    let mut table = paper("task_difference.csv");
    let mapping = guess(&table);
    let doc = StudyDoc::default();
    let found = apply(&table, &mapping, &doc, "pairs").unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].line, 12);
    assert!(
        found[0].message.contains("on line 5 already"),
        "{}",
        found[0]
    );
    table.rows.remove(10);
    let import = apply(&table, &mapping, &doc, "pairs").unwrap().import;
    assert_eq!(import.pairs[3].difference, Some(0.70));
    assert_eq!(import.pairs[3].kinship.get(Metric::COSINE), Some(0.80));
}

#[test]
fn the_matrices_of_the_paper_lose_their_diagonals_and_say_so() {
    let ready = ready(&paper("kinship_matrices.csv"));
    assert!(
        ready.notes[0]
            .words
            .contains("of a model with itself left out"),
        "{:?}",
        ready.notes
    );
    assert!(
        ready
            .import
            .pairs
            .iter()
            .all(|p| p.models[0] != p.models[1])
    );
    assert_eq!(ready.import.pairs[0].group, "fine_tuned");
    assert_eq!(
        ready.import.pairs[0].kinship.get(Metric::PEARSON),
        Some(0.01)
    );
}

#[test]
fn the_paths_of_the_paper_contradict_themselves_once_and_both_lines_are_named() {
    let mut table = paper("evolution_paths.csv");
    let mapping = guess(&table);
    assert!(
        !mapping
            .meanings
            .iter()
            .any(|m| matches!(m, Meaning::Score(_)))
    );
    assert_eq!(
        mapping.column(&Meaning::Kinship(Metric::EUCLIDEAN)),
        Some(12)
    );
    let doc = StudyDoc::default();
    let found = apply(&table, &mapping, &doc, "paths").unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].line, 27);
    assert!(found[0].message.contains("on line 15"), "{}", found[0]);
    // The same model under two names; with one of them the table is sound.
    for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
        if cell == "Experiment28-7B" {
            "Experiment28".clone_into(cell);
        }
    }
    let import = apply(&table, &mapping, &doc, "paths").unwrap().import;
    assert_eq!(import.entries.len(), 23);
    let shared = entry(&import, "YamShadow-7B");
    let steps: Vec<(&str, u32)> = shared
        .steps
        .iter()
        .map(|s| (s.run.as_str(), s.generation))
        .collect();
    assert_eq!(steps, [("Path 1", 13), ("Path 2", 11)]);
    let open = entry(&import, "shadow-clown-7B-slerp");
    assert!(open.unnamed_parents);
    assert_eq!(
        open.parents,
        ["StrangeMerges_32-7B-slerp", "pastiche-crown-clown-7b-dare"]
    );
    assert!(!shared.unnamed_parents);
}

#[test]
fn the_main_experiment_of_the_paper_is_read_as_it_stands() {
    let table = paper("main_experiment.csv");
    let expected = [
        ("model", Meaning::Model),
        ("generation", Meaning::Generation),
        ("run", Meaning::Run),
        ("truthfulqa", Meaning::Score("truthfulqa".to_owned())),
        ("winogrande", Meaning::Score("winogrande".to_owned())),
        ("gsm8k", Meaning::Score("gsm8k".to_owned())),
        ("avg", Meaning::Average),
        ("kinship", Meaning::Kinship(Metric::PEARSON)),
        ("parent_1", Meaning::Parent),
        ("parent_2", Meaning::Parent),
        ("hf_repo", Meaning::Published),
    ];
    let expected = expected.map(|(name, m)| (name.to_owned(), m));
    assert_eq!(meanings(&table), expected);
    let mut study = Study::default();
    let import = ready(&table).import;
    let models = import.entries.len();
    study.apply(Command::Record(RecordEdit::Import(import)));
    let doc = study.doc();
    // Every parent is itself a row of the table.
    assert_eq!(doc.models.len(), models);
    let child = doc.models.iter().find(|m| m.name == "model-2-1").unwrap();
    let parents: Vec<&str> = child.parents.iter().map(|&id| doc.name_of(id)).collect();
    assert_eq!(parents, ["model-1-3", "Open-chat"]);
    study.apply(Command::Undo);
    assert!(study.doc().models.is_empty());
}

#[test]
fn a_sheet_with_all_scores_below_one_holds_fractions_and_the_switch_changes_that() {
    let text = "model,arc,avg,gain\na,0.685,0.7,0.01\nb,1.0,0.69,-0.02\n";
    let table = Table::parse(text).unwrap();
    let mut mapping = guess(&table);
    assert_eq!(mapping.scores_are, Scale::Fractions);
    let doc = StudyDoc::default();
    let import = apply(&table, &mapping, &doc, "t").unwrap().import;
    assert_eq!(score(&import.entries[0], "arc"), Some(68.5));
    assert_eq!(
        (import.entries[1].average, import.entries[1].gain),
        (Some(69.0), Some(-2.0))
    );
    mapping.scores_are = Scale::Points;
    let import = apply(&table, &mapping, &doc, "t").unwrap().import;
    assert_eq!(score(&import.entries[0], "arc"), Some(0.685));
    // One score above 1 in any column says that all are points.
    let points = Table::parse("model,arc,avg\na,0.5,70\n").unwrap();
    let mut mapping = guess(&points);
    assert_eq!(mapping.scores_are, Scale::Points);
    mapping.scores_are = Scale::Fractions;
    let found = apply(&points, &mapping, &doc, "t").unwrap_err();
    assert_eq!((found[0].line, found[0].column), (2, 3));
}

#[test]
fn a_preview_tells_new_from_known_and_old_from_new() {
    let mut study = Study::default();
    let first = "model,gsm8k\norg/pine,70\noak,60\n";
    let import = ready(&Table::parse(first).unwrap()).import;
    study.apply(Command::Record(RecordEdit::Import(import)));
    let text = "model,GSM-8K,arc,parent_1,parent_2\nPine,71,50,,\nchild,72,,oak,elm\noak,60,,,\n";
    let table = Table::parse(text).unwrap();
    let ready = apply(&table, &guess(&table), study.doc(), "t").unwrap();
    assert_eq!(ready.notes[0].words, "Pine is taken for org/pine");
    assert_eq!(ready.notes.len(), 1);
    let preview = Preview::new(&ready.import, study.doc());
    assert_eq!(
        preview.sentence(),
        "3 models and 1 parent known by name, 2 new; 4 scores, 1 overwrites another"
    );
    let pine = &preview.models[0];
    assert_eq!((pine.name.as_str(), pine.is_new), ("org/pine", false));
    let over = &pine.overwritten[0];
    // The study's own spelling of the task is kept.
    assert_eq!(
        (over.task.as_str(), over.old, over.new),
        ("gsm8k", 70.0, 71.0)
    );
    study.apply(Command::Record(RecordEdit::Import(ready.import)));
    assert_eq!(study.doc().models.len(), 4);
}

#[test]
fn parents_are_written_in_one_cell_in_three_ways() {
    for cell in ["a + b", "a; b", "\"a, b\""] {
        let text = format!("model\tparents\tother parents\nc\t{cell}\t\nd\ta\t2\n");
        let table = Table::parse(&text).unwrap();
        let import = ready(&table).import;
        assert_eq!(import.entries[0].parents, ["a", "b"], "{cell}");
        assert!(!import.entries[0].unnamed_parents);
        assert!(import.entries[1].unnamed_parents);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No text ever panics, and a table that is refused says why.
    #[test]
    fn no_text_panics(text in "[ab1,;\\t|\"\\n\\r.%±−{}\\[\\]:\u{2009}é-]{0,80}") {
        survives(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let source = Source::from_bytes("x", &bytes);
        if let Content::Broken(errors) = source.content {
            prop_assert!(!errors.is_empty());
        }
    }

    /// Real files with a piece cut out, doubled or changed.
    #[test]
    fn no_damaged_file_panics(
        which in 0usize..9,
        at in 0.0f64..1.0,
        length in 0usize..40,
        put in "[,;\\t|\"\\n1a{}]{0,3}",
    ) {
        let files = [
            "leaderboard.csv", "spreadsheet.tsv", "dezimal.csv", "card.md", "harness_card.md",
            "old_style.json", "plain.json", "broken/values.csv",
            "results/acme__pine-7b/results_2024-05-01T12-00-00.123456.json",
        ];
        let text = std::fs::read_to_string(data(files[which])).unwrap();
        let mut chars: Vec<char> = text.chars().collect();
        let from = (at * chars.len() as f64) as usize;
        let to = (from + length).min(chars.len());
        chars.splice(from..to, put.chars());
        survives(&chars.into_iter().collect::<String>());
    }
}

fn survives(text: &str) {
    let doc = StudyDoc::default();
    match Source::from_text("x", text).content {
        Content::Table(table) => {
            assert!(
                table
                    .rows
                    .iter()
                    .all(|row| row.cells.len() == table.header.len())
            );
            let mut mapping = guess(&table);
            mapping.model_of_all = "m".to_owned();
            match apply(&table, &mapping, &doc, "x") {
                Ok(ready) => {
                    Preview::new(&ready.import, &doc).sentence();
                }
                Err(errors) => assert!(!errors.is_empty()),
            }
            for meaning in Meaning::all("x") {
                mapping.meanings = vec![meaning; table.header.len()];
                apply(&table, &mapping, &doc, "x").ok();
            }
        }
        Content::Harness(results) => {
            let choices = harness::choices(&results);
            harness::take(&results, &choices, &doc, "x").ok();
        }
        Content::Broken(errors) => assert!(!errors.is_empty()),
    }
}
