//! Folders of results, studies as sources, and what an import does to the study.

use super::*;

fn results(paths: Vec<PathBuf>) -> (Workbench, Source, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Workbench::new(Folders::below(home.path()), || {});
    bench.open_paths(paths);
    bench.wait(|_| {});
    let source = bench.take_import_source().expect("something to import");
    (bench, source, home)
}

#[test]
fn a_folder_of_results_is_read_newest_first_and_broken_files_are_said() {
    let (bench, source, _home) = results(vec![data("results")]);
    let Content::Harness(results) = source.content else {
        panic!("no results");
    };
    let names: Vec<&str> = results.models.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["acme/oak-7b", "acme/pine-7b"]);
    assert_eq!(results.notes.len(), 2, "{:?}", results.notes);
    assert!(
        results.notes[0].words.contains("is left out. Line 4"),
        "{:?}",
        results.notes
    );
    assert!(
        results.notes[1]
            .words
            .contains("has 1 task in several files"),
        "{:?}",
        results.notes
    );
    let choices = harness::choices(&results);
    let on: Vec<&str> = choices
        .iter()
        .filter(|c| c.is_on)
        .map(|c| c.task.as_str())
        .collect();
    assert_eq!(on, ["arc_challenge", "gsm8k", "mmlu", "truthfulqa_mc2"]);
    let ready = harness::take(&results, &choices, bench.study().doc(), "results").unwrap();
    let pine = entry(&ready.import, "acme/pine-7b");
    assert_eq!(score(pine, "arc_challenge"), Some(68.52));
    let gsm8k = pine.scores.iter().find(|s| s.task == "gsm8k").unwrap();
    assert_eq!(
        (gsm8k.value, gsm8k.stderr, gsm8k.n),
        (71.26, Some(1.25), Some(1319))
    );
    assert!(gsm8k.source.contains("2024-05-03"), "{}", gsm8k.source);
}

#[test]
fn results_of_older_versions_and_plain_objects_are_read() {
    let files = vec![data("old_style.json"), data("plain.json")];
    let (bench, source, _home) = results(files);
    let Content::Harness(results) = source.content else {
        panic!("no results");
    };
    let choices = harness::choices(&results);
    let ready = harness::take(&results, &choices, bench.study().doc(), "two").unwrap();
    let oak = entry(&ready.import, "acme/oak-7b");
    assert_eq!(score(oak, "hellaswag"), Some(85.24));
    assert_eq!(score(oak, "truthfulqa_mc"), Some(58.77));
    assert_eq!(score(oak, "gsm8k"), Some(69.06));
    let pine = entry(&ready.import, "acme/pine-7b");
    assert!(pine.scores.iter().any(|s| s.value == 70.4));
}

#[test]
fn a_study_is_known_by_its_content_whatever_it_is_called() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mine.json");
    let text = "{\"name\": \"Mine\", \"version\": 1, \"kinfolk\": \"study\"}";
    std::fs::write(&path, text).unwrap();
    let mut bench = Workbench::new(Folders::below(home.path()), || {});
    bench.open_paths(vec![path]);
    bench.wait(|_| {});
    assert_eq!(bench.study().doc().name, "Mine");
    assert!(bench.take_import_source().is_none());
}

#[test]
fn what_cannot_be_read_changes_nothing_and_waits_to_be_told() {
    let missing = data("nowhere.csv");
    let (bench, source, _home) = results(vec![missing]);
    let Content::Broken(errors) = source.content else {
        panic!("read");
    };
    assert!(
        errors[0].message.contains("could not be read"),
        "{}",
        errors[0]
    );
    assert!(!bench.is_open());
}

#[test]
fn a_cancelled_reading_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Workbench::new(Folders::below(home.path()), || {});
    bench.read_scores(vec![data("results")]);
    let job = bench.jobs().running()[0].id;
    bench.cancel(job);
    bench.wait(|_| {});
    // Cancelling may come too late, but then the result is whole.
    let taken = bench.take_import_source();
    assert!(taken.is_none_or(|s| matches!(s.content, Content::Harness(_))));
    assert!(!bench.is_open());
}

#[test]
fn an_import_starts_a_study_and_is_told_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Workbench::new(Folders::below(home.path()), || {});
    let mut import = ready(&table(&data("leaderboard.csv"))).import;
    import.title = "leaderboard.csv".to_owned();
    bench.import(import.clone());
    assert_eq!(bench.study().doc().name, "leaderboard");
    let notices = bench.take_notices();
    assert_eq!(notices[0].kind, NoticeKind::Changed);
    assert_eq!(notices[0].title, "leaderboard.csv imported");
    assert!(
        notices[0].detail.starts_with("3 models, 3 new; 18 scores"),
        "{}",
        notices[0].detail
    );
    bench.import(import);
    assert_eq!(
        bench.take_notices()[0].title,
        "leaderboard.csv holds nothing new"
    );
    bench.apply(Command::Undo);
    assert!(bench.study().doc().models.is_empty());
}
