//! The import window as a user meets it: found by label, clicked, typed into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{DroppedFile, Event, Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::harness::{self, Window, click, doc, press, settle};

/// A window whose dialogs answer with these files, one after the other.
fn window(home: &Path, files: &[&str]) -> Window {
    harness::window(home, files.iter().map(|name| vec![data(name)]).collect())
}

/// Runs a command of the palette, and waits for what it starts.
fn command(window: &mut Window, words: &str) {
    harness::command(window, words);
    settle(window);
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/import")
        .join(name)
}

/// Opens the import window on the file that the dialog answers with.
fn import(window: &mut Window) {
    press(window, Modifiers::COMMAND | Modifiers::SHIFT, Key::I);
    settle(window);
}

fn scores(window: &Window) -> usize {
    doc(window).models.iter().map(|m| m.scores.len()).sum()
}

fn score(window: &Window, model: &str, task: &str) -> Option<f64> {
    let model = doc(window).models.iter().find(|m| m.name == model)?;
    model.score(task).map(|s| s.value)
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("not asked for".to_owned())
    }
}

#[test]
fn a_table_is_chosen_previewed_imported_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["leaderboard.csv"]);
    import(&mut window);
    window.get_by_label("3 models, 3 new; 18 scores, none overwritten");
    window.get_by_label("Meaning of HellaSwag");
    assert!(doc(&window).models.is_empty(), "nothing before Import");
    click(&mut window, "Import");
    assert_eq!(doc(&window).models.len(), 3);
    assert_eq!(score(&window, "acme/pine-7b", "GSM8K"), Some(70.4));
    window.get_by_label("Message: leaderboard.csv imported");
    assert!(
        window.query_by_label("Meaning of HellaSwag").is_none(),
        "it is closed"
    );
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(doc(&window).models.is_empty());
}

#[test]
fn escape_and_cancel_import_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["leaderboard.csv", "leaderboard.csv"]);
    import(&mut window);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Meaning of ARC").is_none());
    import(&mut window);
    click(&mut window, "Cancel");
    assert!(window.query_by_label("Meaning of ARC").is_none());
    assert!(!window.state().workbench().is_open());
}

#[test]
fn enter_alone_imports_where_nothing_has_the_focus() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["leaderboard.csv"]);
    import(&mut window);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(doc(&window).models.len(), 3);
}

#[test]
fn a_table_with_errors_names_them_and_cannot_be_imported() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["broken/values.csv"]);
    import(&mut window);
    window.get_by_label_contains("3 errors; nothing is imported");
    window.get_by_label_contains("Line 2, column 3: “seventy” is not a number");
    window.get_by_label_contains("Line 4, column 2: pine: the score on arc is 68.5 on line 2");
    let button = window.get_by_role_and_label(Role::Button, "Import");
    assert!(button.accesskit_node().is_disabled());
    button.click();
    window.run_steps(3);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    assert!(doc(&window).models.is_empty());
    window.get_by_label_contains("3 errors");
}

#[test]
fn a_file_that_is_no_table_is_told_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["broken/lengths.csv", "broken/comma.json"]);
    import(&mut window);
    window.get_by_label_contains("Line 3, column 3: This row has 2 cells");
    window.get_by_label_contains("Line 4, column 4: This row has 4 cells");
    click(&mut window, "Close");
    import(&mut window);
    window.get_by_label_contains("Line 3, column 30: The JSON is broken");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!window.state().workbench().is_open());
}

#[test]
fn the_meaning_of_a_column_and_the_scale_are_changed() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["spreadsheet.tsv"]);
    import(&mut window);
    window.get_by_label_contains("5 scores, none overwritten");
    window.get_by_label("Meaning of TruthfulQA").scroll_to_me();
    window.run_steps(20);
    click(&mut window, "Meaning of TruthfulQA");
    click(&mut window, "Leave out");
    window.get_by_label_contains("2 scores, none overwritten");
    click(&mut window, "Fractions, 0 to 1");
    window.get_by_label_contains("Line 2, column 8: 70.1 is not a fraction of 1");
    click(&mut window, "Points, 0 to 100");
    click(&mut window, "Import");
    assert_eq!(score(&window, "pine-1", "TruthfulQA"), None);
    assert_eq!(score(&window, "pine-1", "GSM8K"), Some(70.1));
}

#[test]
fn results_are_chosen_metric_by_metric() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["results"]);
    command(&mut window, "import a folder");
    window.get_by_label("2 models, 2 new; 6 scores, none overwritten; fractions become points");
    window.get_by_label_contains("is left out. Line 4");
    let less = window.query_all_by_label_contains("Less is better here");
    assert_eq!(
        less.count(),
        2,
        "perplexity and bits per byte say why they are off"
    );
    assert!(window.query_by_label("Import mmlu_stem acc").is_none());
    click(&mut window, "Show 2 tasks of groups");
    window.get_by_label("Import mmlu_stem acc");
    click(&mut window, "Import gsm8k exact_match flexible-extract");
    window.get_by_label_contains("8 scores");
    click(&mut window, "Import");
    assert_eq!(
        score(&window, "acme/pine-7b", "gsm8k (strict-match)"),
        Some(71.26)
    );
    assert_eq!(
        score(&window, "acme/pine-7b", "gsm8k (flexible-extract)"),
        Some(71.8)
    );
    assert_eq!(score(&window, "acme/pine-7b", "wikitext"), None);
}

#[test]
fn a_dropped_table_opens_the_window_and_several_come_one_after_the_other() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &[]);
    for name in ["card.md", "dezimal.csv"] {
        let file = Arc::new(Dropped(data(name)));
        window.input_mut().dropped_files.push(file);
    }
    settle(&mut window);
    window.get_by_label_contains("card.md");
    click(&mut window, "Import");
    window.get_by_label("Meaning of Modell");
    click(&mut window, "Import");
    assert_eq!(doc(&window).models.len(), 5);
}

#[test]
fn a_pasted_table_is_read_at_once_and_a_typed_one_by_its_button() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &[]);
    command(&mut window, "paste scores");
    let text = "model\tgsm8k\nabacus\t71.5\n";
    window
        .input_mut()
        .events
        .push(Event::Paste(text.to_owned()));
    window.run_steps(3);
    window.get_by_label_contains("1 model, 1 new; 1 score");
    click(&mut window, "Import");
    assert_eq!(score(&window, "abacus", "gsm8k"), Some(71.5));

    command(&mut window, "paste scores");
    window.get_by_label("Paste a table here");
    let text = Event::Text("model,gsm8k\nabacus,72".to_owned());
    window.input_mut().events.push(text);
    window.run_steps(3);
    click(&mut window, "Read the table");
    window.get_by_label_contains("abacus, gsm8k: 71.50 becomes 72.00");
    click(&mut window, "Import");
    assert_eq!(score(&window, "abacus", "gsm8k"), Some(72.0));
}

#[test]
fn pasted_prose_stays_in_its_box_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &[]);
    command(&mut window, "paste scores");
    window
        .input_mut()
        .events
        .push(Event::Paste("model,gsm8k".to_owned()));
    window.run_steps(3);
    window.get_by_label_contains("no rows below it");
    window.get_by_label("Paste a table here");
}

#[test]
fn scores_that_the_demo_has_already_are_written_over_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["../../../resources/demo/scores.csv"]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    let before = doc(&window).clone();
    import(&mut window);
    window.get_by_label_contains("scores are fractions and become points");
    // The study has more digits than the table, which is no reason for fifty warnings.
    window.get_by_label_contains("scores change by less than is shown");
    click(&mut window, "Import");
    assert_eq!(
        doc(&window).models.len(),
        before.models.len(),
        "no model is new"
    );
    assert_eq!(scores(&window), 128, "no score stands twice");
    assert_eq!(score(&window, "base", "max (dev)"), Some(67.3333));
    let from_file = |score: &kinfolk::study::Score| score.source.contains("scores.csv");
    let mut all = doc(&window).models.iter().flat_map(|m| &m.scores);
    assert!(all.all(from_file), "they say where they are from now");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(doc(&window).models, before.models);
}

/// Scores of the demo's tasks under other names: `dev_add` for `add (dev)`.
fn renamed_tasks(home: &Path) -> PathBuf {
    let file = home.join("second.csv");
    let table = "model,dev_add,dev_cnt,dev_max,dev_rev,dev_rot,dev_sort,dev_sub,dev_uniq\n\
                 newmodel,50,51,52,53,54,55,56,57\nabacus,90,30,60,99,98,70,90,50\n";
    std::fs::write(&file, table).unwrap();
    file
}

/// The demo with the import window open on those scores.
fn second_import(home: &Path) -> Window {
    let mut window = harness::window(home, vec![vec![renamed_tasks(home)]]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    import(&mut window);
    window
}

fn value(window: &Window, label: &str) -> Option<String> {
    window.get_by_label(label).accesskit_node().value()
}

fn average(window: &Window, model: &str) -> Option<f64> {
    let id = doc(window).models.iter().find(|m| m.name == model)?.id;
    window.state().workbench().record().row(id)?.average
}

#[test]
fn a_second_import_knows_the_tasks_of_the_first() {
    let home = tempfile::tempdir().unwrap();
    let mut window = second_import(home.path());
    let before = average(&window, "base").unwrap();
    window.get_by_label("8 tasks are taken for tasks of the study; change what is not so");
    assert_eq!(value(&window, "dev_add is").as_deref(), Some("add (dev)"));
    window.get_by_label_contains("Averages will be over 8 tasks; all 9 models");
    click(&mut window, "Import");
    assert_eq!(average(&window, "base"), Some(before));
    assert_eq!(average(&window, "newmodel"), Some(53.5));
    assert_eq!(score(&window, "abacus", "add (dev)"), Some(90.0));
    assert!(!harness::says(&window, "no average"));
}

#[test]
fn tasks_that_are_new_empty_no_average_in_silence() {
    let home = tempfile::tempdir().unwrap();
    let mut window = second_import(home.path());
    let before = average(&window, "base").unwrap();
    click(&mut window, "dev_add is");
    click(&mut window, "A new task");
    window.get_by_label_contains("7 tasks are taken for tasks of the study, 1 task is new");
    window.get_by_label_contains("7 models lose their average");
    click(&mut window, "Import");
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    // The mean over what is known stands in weaker ink, and the reason over the table.
    assert_eq!(average(&window, "base"), None);
    window.get_by_label_contains("base, Average 57.58 over 8 of 9 tasks");
    window.get_by_label_contains("8 models have no average: scores on dev_add and add (dev)");
    click(&mut window, "Merge 1 task");
    assert_eq!(average(&window, "base"), Some(before));
    assert!(!harness::says(&window, "no average"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    click(&mut window, "Leave 1 task out");
    assert_eq!(average(&window, "base"), Some(before));
    window.run();
}

#[test]
fn a_table_without_models_asks_whose_it_is() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["harness_card.md"]);
    import(&mut window);
    window.get_by_label_contains("No column names the models");
    window
        .get_by_role_and_label(Role::TextInput, "Model of every row")
        .focus();
    window.run_steps(2);
    let text = Event::Text("acme/pine-7b".to_owned());
    window.input_mut().events.push(text);
    window.run_steps(3);
    window.get_by_label_contains("1 model, 1 new; 6 scores");
}

#[test]
fn every_control_has_a_name_and_a_still_window_rests() {
    for file in [
        "leaderboard.csv",
        "results",
        "broken/values.csv",
        "broken/quote.csv",
    ] {
        let home = tempfile::tempdir().unwrap();
        let mut window = window(home.path(), &[file]);
        if file == "results" {
            command(&mut window, "import a folder");
        } else {
            import(&mut window);
        }
        for role in [
            Role::Button,
            Role::ComboBox,
            Role::CheckBox,
            Role::TextInput,
        ] {
            let nameless = window.query_all_by_role(role).filter(|node| {
                let label = node.accesskit_node().label();
                label.is_none_or(|l| l.trim().is_empty())
            });
            assert_eq!(nameless.count(), 0, "{role:?} in {file}");
        }
        // `run` panics if the window still wants a frame after its steps.
        window.run();
    }
}
