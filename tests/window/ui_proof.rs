//! A merge proved in the whole window: asked for by label, looked at, recorded, opened.

use std::path::{Path, PathBuf};

use kinfolk::jobs::Ticket;
use kinfolk::merge::run::run;
use kinfolk::study::{Command, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::common::merging::{options, planned};
use crate::harness::{Window, bench, click, command, doc, opened, says, settle};

/// The demo's base, two of its models and a merge of them, in a window at rest, the merge selected.
fn window(home: &Path) -> Window {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let child = home.join("child");
    let yaml = "merge_method: slerp\nbase_model: arith\nmodels: [{model: arith}, {model: sorter}]\n\
                parameters: {t: 0.3}\n";
    let plan = planned(yaml, &demo, Some(&child));
    run(&plan, &options(&child), &Ticket::default()).unwrap();
    let named = |name: &str| demo.join(name);
    let paths: [(&str, PathBuf); 4] = [
        ("base", named("base")),
        ("arith", named("arith")),
        ("sorter", named("sorter")),
        ("child", child),
    ];
    let listed = paths.iter().enumerate().map(|(k, (name, path))| {
        let base = if k > 0 { r#", "base": 0"# } else { "" };
        let path = serde_json::to_string(path).unwrap();
        format!(r#"{{"id": {k}, "name": "{name}", "path": {path}{base}}}"#)
    });
    let listed: Vec<String> = listed.collect();
    let study = home.join("family.kinfolk.json");
    let text = format!(
        r#"{{"kinfolk": "study", "version": 1, "name": "family", "models": [{}]}}"#,
        listed.join(", ")
    );
    std::fs::write(&study, text).unwrap();
    let prefs = Prefs::default();
    let mut window = opened(
        crate::harness::WIDE,
        bench(home),
        prefs,
        Vec::new(),
        vec![study],
    );
    settle(&mut window);
    let own = doc(&window)
        .models
        .iter()
        .find(|m| m.name == "child")
        .unwrap()
        .id;
    let select = Command::Select(Selection::Models(vec![own]));
    window.state_mut().workbench_mut().apply(select);
    window.run_steps(3);
    window
}

#[test]
fn a_merge_is_proved_recorded_and_opened_on_the_canvas() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path());
    command(&mut window, "Prove how child was made");
    assert!(says(&window, "How was child made?"));
    click(&mut window, "Prove");
    settle(&mut window);
    assert!(says(
        &window,
        "SLERP, t = 0.3, of arith and sorter: 100 % of bytes equal"
    ));
    click(&mut window, "On all tensors");
    settle(&mut window);
    assert!(says(&window, "All tensors were compared"));
    click(&mut window, "Record as its recipe");
    window.run_steps(3);
    let child = |window: &Window| {
        let models = &doc(window).models;
        models.iter().find(|m| m.name == "child").unwrap().clone()
    };
    assert_eq!(child(&window).origin.method, "slerp");
    assert_eq!(child(&window).parents.len(), 2);
    assert!(child(&window).origin.recipe.contains("merge_method: slerp"));
    click(&mut window, "Open on the canvas");
    settle(&mut window);
    assert_eq!(doc(&window).drafts.len(), 1);
    window.state_mut().workbench_mut().apply(Command::Undo);
    window.state_mut().workbench_mut().apply(Command::Undo);
    assert_eq!(
        child(&window).origin.method,
        "",
        "undo takes the record back"
    );
}

#[test]
fn nothing_is_claimed_without_the_other_parent() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path());
    command(&mut window, "Prove how child was made");
    // Its box among the parents: the name is also in the table behind.
    let state = window.state_mut();
    let models = &state.workbench().study().doc().models;
    let sorter = models.iter().find(|m| m.name == "sorter").unwrap().id;
    let remove = kinfolk::study::ModelEdit::Remove(vec![sorter]);
    state.workbench_mut().apply(Command::Model(remove));
    window.run_steps(3);
    click(&mut window, "Cancel");
    command(&mut window, "Prove how child was made");
    click(&mut window, "Prove");
    settle(&mut window);
    assert!(says(&window, "Nothing is claimed for child"));
    click(&mut window, "Close");
}
