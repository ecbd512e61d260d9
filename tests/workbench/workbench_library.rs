//! Opening what the program carries, and studies of earlier days, without a window.

use std::path::Path;

use kinfolk::study::{Command, ModelEdit, StudyDoc, file};
use kinfolk::workbench::library::{LIBRARY, bundled};
use kinfolk::workbench::{Folders, Workbench, demo};

fn bench(home: &Path) -> Workbench {
    Workbench::new(Folders::below(home), || {})
}

fn read(path: &Path) -> StudyDoc {
    let text = std::fs::read_to_string(path).unwrap();
    file::from_text(&text, path.parent().unwrap()).unwrap()
}

#[test]
fn every_record_opens_as_a_copy_of_the_users_own() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    for carried in &LIBRARY {
        bench.open_bundled(carried.key);
        assert_eq!(bench.study().doc(), carried.doc());
        let path = bench.path().unwrap().to_owned();
        assert!(path.starts_with(&bench.folders().data));
        assert_eq!(std::fs::read_to_string(path).unwrap(), carried.text());
        assert_eq!(bench.open_record().map(|b| b.key), Some(carried.key));
        assert_eq!(bench.recents()[0].name, carried.title);
    }
    assert!(bench.take_notices().is_empty());
    bench.close_study();
    assert!(bench.open_record().is_none());
}

#[test]
fn what_the_user_wrote_into_a_record_is_kept_until_it_is_restored() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    bench.open_bundled("llama2");
    let id = bench.study().doc().models[0].id;
    let note = ModelEdit::Note(id, "mine".to_owned());
    bench.apply(Command::Model(note));
    bench.close_study();
    bench.open_bundled("llama2");
    assert_eq!(bench.study().doc().models[0].note, "mine");
    // A change that is not saved yet does not come back either.
    bench.apply(Command::About("gone".to_owned()));
    bench.restore_bundled("llama2");
    assert_eq!(bench.study().doc(), bundled("llama2"));
    bench.save_if_changed();
    bench.finish_saving();
    assert_eq!(read(bench.path().unwrap()), *bundled("llama2"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_opens_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    std::fs::create_dir_all(&bench.folders().data).unwrap();
    // A file stands where the folder should be.
    std::fs::write(bench.folders().data.join("record"), "x").unwrap();
    bench.open_bundled("community");
    let notices = bench.take_notices();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].title, "The record could not be opened");
    assert!(!bench.is_open());
    bench.open_bundled("no such key");
    assert!(!bench.is_open() && bench.take_notices().is_empty());
}

#[test]
fn the_demo_has_the_scores_that_it_came_with() {
    let home = tempfile::tempdir().unwrap();
    let doc = read(&demo::unpack(home.path()).unwrap());
    let lines = csv::Reader::from_path(home.path().join("scores.csv")).unwrap();
    let mut seen = 0;
    for line in lines.into_deserialize() {
        let (model, split, task, n, correct, _): (String, String, String, u64, u64, f64) =
            line.unwrap();
        let model = doc.models.iter().find(|m| m.name == model).unwrap();
        let task = format!("{task} ({split})");
        let score = model.score(&task).unwrap();
        assert_eq!(score.n, Some(n));
        assert_eq!((score.value * n as f64 / 100.0).round() as u64, correct);
        assert_eq!(score.source, "demo-family");
        assert_eq!(doc.not_averaged.contains(&task), split == "test");
        seen += 1;
    }
    assert_eq!(seen, 128);
    assert_eq!(doc.not_averaged.len(), 8);
    assert!(doc.about.contains("Dev selects and test reports"));
}

#[test]
fn the_average_of_the_demo_is_that_of_dev_alone() {
    let home = tempfile::tempdir().unwrap();
    let doc = read(&demo::unpack(home.path()).unwrap());
    let record = kinfolk::study::StudyFacts::new(&doc, &|_, _, _| None);
    let average = |name: &str| {
        let id = doc.models.iter().find(|m| m.name == name).unwrap().id;
        record.row(id).unwrap().average.unwrap()
    };
    // The averages that the family was shipped with.
    for (name, dev) in [("base", 57.6), ("abacus", 74.8), ("tally", 66.0)] {
        assert!((average(name) - dev).abs() < 0.051, "{name}");
    }
    assert_eq!(doc.name_of(record.best().unwrap().id), "ledger");
}

/// A study of the first format, word for word as it was written.
const FIRST: &str = include_str!("../data/studies/first-format.kinfolk.json");

/// Whether all that `old` says stands in `new` as well.
fn is_kept(old: &serde_json::Value, new: &serde_json::Value) -> bool {
    match (old, new) {
        (serde_json::Value::Object(old), serde_json::Value::Object(new)) => old
            .iter()
            .all(|(key, value)| new.get(key).is_some_and(|new| is_kept(value, new))),
        (serde_json::Value::Array(old), serde_json::Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(a, b)| is_kept(a, b))
        }
        _ => old == new,
    }
}

#[test]
fn a_study_of_the_first_format_opens_unchanged() {
    let dir = Path::new("/somewhere/studies");
    let doc = file::from_text(FIRST, dir).unwrap();
    assert_eq!(doc.models.len(), 8);
    assert_eq!(doc.models[0].path.as_deref(), Some(&*dir.join("base")));
    assert_eq!(doc.models[1].parents, [doc.models[2].id]);
    assert!(doc.about.is_empty() && doc.pairs.is_empty() && doc.not_averaged.is_empty());
    assert!(
        doc.models
            .iter()
            .all(|m| m.scores.is_empty() && m.steps.is_empty())
    );
    let written = file::to_text(&doc, dir);
    let [old, new] = [FIRST, &written].map(|text| serde_json::from_str(text).unwrap());
    assert!(is_kept(&old, &new), "{written}");
    assert_eq!(file::from_text(&written, dir), Ok(doc));
}

#[test]
fn a_demo_study_of_the_first_format_is_left_as_the_user_has_it() {
    let home = tempfile::tempdir().unwrap();
    let path = demo::study_path(home.path());
    std::fs::write(&path, FIRST).unwrap();
    assert_eq!(demo::unpack(home.path()).unwrap(), path);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FIRST);
    assert!(read(&path).models.iter().all(|m| m.scores.is_empty()));
}
