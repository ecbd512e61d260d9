//! Studies: open in two programs, changed from outside, damaged, from elsewhere.

use super::*;

fn bench(home: &Path) -> kinfolk::workbench::Workbench {
    kinfolk::workbench::Workbench::new(kinfolk::workbench::Folders::below(home), || {})
}

/// A study of two models without files.
fn small_study(dir: &Path) -> PathBuf {
    let path = dir.join("s.kinfolk.json");
    let text = r#"{"kinfolk": "study", "version": 1, "name": "s",
        "models": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}], "next_id": 2}"#;
    std::fs::write(&path, text).unwrap();
    path
}

fn note(bench: &mut kinfolk::workbench::Workbench, id: u32, words: &str) {
    use kinfolk::study::{Command, ModelEdit, ModelId};
    bench.apply(Command::Model(ModelEdit::Note(
        ModelId(id),
        words.to_owned(),
    )));
}

fn notes(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let doc: serde_json::Value = serde_json::from_str(&text).unwrap();
    let models = doc["models"].as_array().unwrap().iter();
    models
        .map(|m| m["note"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Names in a folder, but for the program's own.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().into_string().unwrap())
        .filter(|name| name != "home" && name != "other-home")
        .collect();
    names.sort();
    names
}

#[test]
fn fault_8_the_second_program_can_only_look_and_says_who_has_the_study() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_study(dir.path());
    let mut first = bench(&dir.path().join("home"));
    first.open_study(&path);
    assert!(first.opened_by().is_none());
    let mut second = bench(&dir.path().join("other-home"));
    second.open_study(&path);
    let owner = second.opened_by().unwrap();
    assert_eq!(owner.process, std::process::id());
    let words = format!("another Kinfolk (process {}", std::process::id());
    assert!(owner.words().starts_with(&words), "{}", owner.words());

    note(&mut second, 0, "second");
    assert_eq!(second.study().doc().models[0].note, "");
    assert!(
        second.take_notices()[0]
            .title
            .contains("open in another Kinfolk")
    );
    second.save();
    second.finish_saving();
    note(&mut first, 0, "first");
    first.save_if_changed();
    first.finish_saving();
    assert_eq!(notes(&path), ["first", ""]);

    // A copy is the second's own.
    let copy = dir.path().join("copy.kinfolk.json");
    second.save_as(&copy);
    second.finish_saving();
    note(&mut second, 1, "second");
    second.save_if_changed();
    second.finish_saving();
    assert_eq!(notes(&copy), ["", "second"]);
    assert_eq!(notes(&path), ["first", ""]);
    drop((first, second));
    assert_eq!(names(dir.path()), ["copy.kinfolk.json", "s.kinfolk.json"]);
    let ended = output(&mut evolve(dir.path(), &path, &[]));
    assert!(
        !stderr(&ended).contains("another Kinfolk"),
        "the lock is given back"
    );
}

#[test]
fn fault_8_a_run_on_a_study_that_is_open_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let study = demo_study(dir.path());
    let mut window = bench(&dir.path().join("other-home"));
    window.open_study(&study);
    let before = std::fs::read(&study).unwrap();
    let ended = output(&mut evolve(dir.path(), &study, &[]));
    assert_eq!(ended.status.code(), Some(1));
    let said = stderr(&ended);
    assert!(
        said.contains(&format!("process {}", std::process::id())),
        "{said}"
    );
    assert_eq!(std::fs::read(&study).unwrap(), before);
}

#[test]
fn fault_8_a_study_that_was_taken_over_is_not_written_by_who_lost_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_study(dir.path());
    let mut first = bench(&dir.path().join("home"));
    first.open_study(&path);
    let mut second = bench(&dir.path().join("other-home"));
    second.open_study(&path);
    second.take_over();
    assert!(second.opened_by().is_none());
    note(&mut second, 0, "second");
    second.save_if_changed();
    second.finish_saving();
    note(&mut first, 0, "first");
    first.save_if_changed();
    first.finish_saving();
    assert_eq!(notes(&path), ["second", ""]);
    assert!(first.opened_by().is_some());
    // What could not be written is kept when the study is left.
    first.close_study();
    assert_eq!(notes(&path), ["second", ""]);
    let kept = dir.path().join("s.kinfolk.json.mine");
    assert_eq!(notes(&kept), ["first", ""]);
}

#[test]
fn fault_8_what_cannot_be_read_in_a_study_s_place_is_kept_before_it_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_study(dir.path());
    let mut own = bench(&dir.path().join("home"));
    own.open_study(&path);
    let later = r#"{"kinfolk": "study", "version": 99, "name": "from a later program"}"#;
    std::fs::write(&path, later).unwrap();
    note(&mut own, 0, "own");
    own.save_if_changed();
    own.finish_saving();
    assert_eq!(notes(&path), ["own", ""]);
    let kept = std::fs::read_to_string(dir.path().join("s.kinfolk.json.other")).unwrap();
    assert_eq!(kept, later);
    let told = own.take_notices();
    assert!(told.iter().any(|n| n.detail.contains(".other")), "{told:?}");
}

#[test]
fn fault_8_changes_from_outside_are_put_together_or_asked_about() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_study(dir.path());
    let mut own = bench(&dir.path().join("home"));
    own.open_study(&path);
    let write_outside = |note: &str| {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut doc: serde_json::Value = serde_json::from_str(&text).unwrap();
        doc["models"][1]["note"] = note.into();
        std::fs::write(&path, doc.to_string()).unwrap();
    };
    // Each has changed another model.
    write_outside("outside");
    note(&mut own, 0, "own");
    own.save_if_changed();
    own.finish_saving();
    assert_eq!(notes(&path), ["own", "outside"]);
    assert_eq!(own.study().doc().models[1].note, "outside");

    // Both have changed the same one.
    write_outside("outside again");
    note(&mut own, 1, "mine");
    own.save_if_changed();
    own.finish_saving();
    assert!(own.has_conflict() && own.save_failed());
    assert_eq!(
        notes(&path),
        ["own", "outside again"],
        "nothing is overwritten"
    );
    own.keep_mine();
    own.finish_saving();
    assert!(!own.has_conflict() && !own.save_failed());
    assert_eq!(notes(&path), ["own", "mine"]);
    let other = dir.path().join("s.kinfolk.json.other");
    assert_eq!(notes(&other), ["own", "outside again"]);

    write_outside("a third time");
    note(&mut own, 1, "mine again");
    own.save_if_changed();
    own.finish_saving();
    own.reload();
    assert_eq!(own.study().doc().models[1].note, "a third time");
    let kept = |name: &str| notes(&dir.path().join(name));
    assert_eq!(kept("s.kinfolk.json.mine"), ["own", "mine again"]);

    // Whoever leaves without deciding loses nothing.
    write_outside("a last time");
    note(&mut own, 1, "undecided");
    own.close_study();
    assert_eq!(notes(&path), ["own", "a last time"]);
    assert_eq!(kept("s.kinfolk.json.mine-2"), ["own", "undecided"]);
}

#[test]
fn fault_13_a_damaged_study_offers_its_last_good_version() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_study(dir.path());
    let home = dir.path().join("home");
    let mut own = bench(&home);
    own.open_study(&path);
    own.close_study();
    let half = &std::fs::read(&path).unwrap()[..60];
    std::fs::write(&path, half).unwrap();

    own.open_study(&path);
    assert!(!own.is_open());
    let backup = own.backup().unwrap().clone();
    assert_eq!(backup.models, 2);
    let told = own.take_notices();
    let told = told
        .iter()
        .find(|n| n.title.contains("could not be opened"))
        .unwrap();
    assert!(
        told.detail.contains("an earlier version of it is kept in"),
        "{told:?}"
    );
    own.open_backup();
    assert_eq!(own.study().doc().models.len(), 2);
    assert_eq!(own.path(), Some(&*path));
    assert_eq!(notes(&path).len(), 2);
    assert_eq!(
        std::fs::read(dir.path().join("s.kinfolk.json.damaged")).unwrap(),
        half
    );
}

#[test]
fn fault_13_copies_of_studies_do_not_fill_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_study(dir.path());
    let home = dir.path().join("home");
    for n in 0..8 {
        let mut own = bench(&home);
        own.open_study(&path);
        note(&mut own, 0, &n.to_string());
        own.close_study();
        // As if ten minutes had gone by.
        let folder = std::fs::read_dir(home.join("data/backups")).unwrap();
        let folder = folder.flatten().next().unwrap().path();
        for (k, entry) in std::fs::read_dir(&folder).unwrap().flatten().enumerate() {
            let older = folder.join(format!("{}.kinfolk.json", n * 1000 + k + 1));
            std::fs::rename(entry.path(), older).unwrap();
        }
    }
    let folders = std::fs::read_dir(home.join("data/backups")).unwrap();
    let folder = folders.flatten().next().unwrap().path();
    let copies = std::fs::read_dir(folder).unwrap().count();
    assert!((2..=5).contains(&copies), "{copies}");
}

/// A study that calls a folder of the user's a child of its run, to be removed when it ends.
#[test]
fn fault_1_a_study_from_elsewhere_removes_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    for (name, seed) in [("base", 1), ("c1", 2), ("c2", 3), ("c3", 4)] {
        tiny_model(&dir.path().join(name), seed);
    }
    let thesis = dir.path().join("Documents/thesis");
    std::fs::create_dir_all(&thesis).unwrap();
    std::fs::write(thesis.join("thesis.tex"), "mine").unwrap();
    let model = |id: u32, name: &str| {
        serde_json::json!({"id": id, "name": name, "path": name, "base": 0,
            "scores": [{"task": "a", "value": 50.0 + f64::from(id)}],
            "steps": [{"run": "run", "generation": 0, "number": id}]})
    };
    let study = serde_json::json!({"kinfolk": "study", "version": 1, "name": "gift",
        "models": [
            {"id": 0, "name": "base", "path": "base"},
            model(1, "c1"), model(2, "c2"), model(3, "c3"),
            {"id": 4, "name": "child", "path": "Documents/thesis", "base": 0, "parents": [1, 2],
             "scores": [{"task": "a", "value": 1.0}],
             "steps": [{"run": "run", "generation": 1, "number": 1}]}],
        "evolutions": [{"id": 0, "name": "run", "token": "0123456789abcdef",
            "setup": {"founders": [1, 2, 3], "strategy": "greedy", "folder": "Documents",
                      "keep": "best", "tasks": ["a"], "rules": {"merges": 1}}}]});
    let path = dir.path().join("gift.kinfolk.json");
    std::fs::write(&path, study.to_string()).unwrap();
    let ended = output(&mut kinfolk(
        dir.path(),
        &["evolve", path.to_str().unwrap(), "--name", "run"],
    ));
    assert!(ended.status.success(), "{}", stderr(&ended));
    assert_eq!(std::fs::read(thesis.join("thesis.tex")).unwrap(), b"mine");
}
