//! A study that another program has, has changed, or has damaged, as the window shows it.

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, ModelEdit, ModelId};
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::{Folders, Workbench};

use crate::harness::{WIDE, Window, bench, click, opened, says, until};

fn window(home: &Path, study: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let files = vec![study.to_owned()];
    let mut window = opened(WIDE, bench(home), Prefs::default(), answers, files);
    window.run_steps(4);
    window
}

fn study(dir: &Path) -> PathBuf {
    let path = dir.join("s.kinfolk.json");
    let text = r#"{"kinfolk": "study", "version": 1, "name": "s",
        "models": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}], "next_id": 2}"#;
    std::fs::write(&path, text).unwrap();
    path
}

fn note(words: &str) -> Command {
    Command::Model(ModelEdit::Note(ModelId(0), words.to_owned()))
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_second_window_is_read_only_until_it_takes_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = study(dir.path());
    let folders = Folders::below(&dir.path().join("other"));
    let mut first = Workbench::new(folders, || {});
    first.open_study(&path);
    let mut second = window(&dir.path().join("home"), &path, Vec::new());
    let words = format!(
        "Read-only: another Kinfolk (process {})",
        std::process::id()
    );
    assert!(second.query_by_label_contains(&words).is_some());
    click(&mut second, "Take over");
    assert!(second.query_by_label_contains("Read-only").is_none());
    first.apply(note("too late"));
    first.save_if_changed();
    first.finish_saving();
    assert!(first.opened_by().is_some(), "it was told");
    assert!(!text(&path).contains("too late"));
}

#[test]
fn a_copy_of_a_read_only_study_is_one_s_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = study(dir.path());
    let mut first = Workbench::new(Folders::below(&dir.path().join("other")), || {});
    first.open_study(&path);
    let copy = dir.path().join("copy.kinfolk.json");
    let mut second = window(&dir.path().join("home"), &path, vec![vec![copy.clone()]]);
    click(&mut second, "Save as…");
    until(&mut second, |_| copy.is_file());
    assert!(second.query_by_label_contains("Read-only").is_none());
    assert_eq!(second.state().workbench().path(), Some(&*copy));
}

#[test]
fn two_changes_of_one_thing_are_asked_about() {
    for (way, kept) in [("Keep mine", "mine"), ("Reload", "theirs")] {
        let dir = tempfile::tempdir().unwrap();
        let path = study(dir.path());
        let mut own = window(&dir.path().join("home"), &path, Vec::new());
        let theirs = text(&path).replace(r#""name": "a""#, r#""name": "a", "note": "theirs""#);
        std::fs::write(&path, theirs).unwrap();
        own.state_mut().workbench_mut().apply(note("mine"));
        until(&mut own, |window| {
            says(
                window,
                "Another program has changed this study, and so have you",
            )
        });
        assert!(!text(&path).contains("mine"));
        click(&mut own, way);
        until(&mut own, |_| text(&path).contains(kept));
        assert!(
            own.query_by_label_contains("Another program has changed")
                .is_none()
        );
        let doc = own.state().workbench().study().doc();
        assert_eq!(doc.models[0].note, kept);
    }
}

#[test]
fn a_damaged_study_offers_its_earlier_version() {
    let dir = tempfile::tempdir().unwrap();
    let (path, home) = (study(dir.path()), dir.path().join("home"));
    drop(window(&home, &path, Vec::new()));
    std::fs::write(&path, "{\"kinfolk\": \"stu").unwrap();
    let mut again = window(&home, &path, Vec::new());
    assert!(
        again
            .query_by_label_contains("with 2 models, is kept")
            .is_some()
    );
    click(&mut again, "Open the earlier version");
    let doc = again.state().workbench().study().doc();
    assert_eq!(doc.models.len(), 2);
    assert!(text(&path).contains("\"models\""));
}
