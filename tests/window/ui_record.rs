//! The record as a user meets it: scores typed, pasted and undone, models and tasks without
//! files, and the same in the inspector.

use std::path::Path;

use eframe::egui::{Event, Key, Modifiers, OutputCommand};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::study::{ModelId, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::harness::{Window, bench, click, doc, event, opened, press, rest, type_text, until};

fn window(home: &Path, study: &str) -> Window {
    let path = home.join("s.kinfolk.json");
    std::fs::write(&path, study).unwrap();
    let (size, prefs) = ([1600.0, 1000.0], Prefs::default());
    let mut window = opened(size, bench(home), prefs, vec![], vec![path]);
    window.run_steps(4);
    window
}

/// Two founders, a merge of them whose reported gain is wrong, and a third model.
const STUDY: &str = r#"{"kinfolk": "study", "version": 1, "name": "record", "models": [
    {"id": 0, "name": "ada", "scores": [
        {"task": "gsm8k", "value": 60.0, "stderr": 1.25, "n": 1319, "source": "table.csv"},
        {"task": "mmlu", "value": 50.0}]},
    {"id": 1, "name": "bo", "scores": [
        {"task": "gsm8k", "value": 40.0}, {"task": "mmlu", "value": 70.0}]},
    {"id": 2, "name": "merged", "parents": [0, 1],
        "origin": {"method": "slerp", "kinship": {"pearson": 0.9, "cosine": 0.91}, "gain": 1.0},
        "steps": [{"run": "Path 1", "generation": 1}],
        "scores": [{"task": "gsm8k", "value": 64.0}, {"task": "mmlu", "value": 52.5}]},
    {"id": 3, "name": "模型", "published": "someone/moxing"}],
    "pairs": [{"models": [0, 3], "kinship": {"pearson": 0.25}, "group": "Table 13"}]}"#;

fn record_window(home: &Path) -> Window {
    window(home, STUDY)
}

fn key(window: &mut Window, key: Key) {
    press(window, Modifiers::NONE, key);
}

fn paste(window: &mut Window, text: &str) {
    event(window, Event::Paste(text.to_owned()));
}

fn secondary_click(window: &mut Window, label: &str) {
    window.get_by_label(label).click_secondary();
    window.run_steps(4);
}

fn score(window: &Window, model: &str, task: &str) -> Option<f64> {
    let model = doc(window).models.iter().find(|m| m.name == model).unwrap();
    model.score(task).map(|score| score.value)
}

fn selection(window: &Window) -> &Selection {
    window.state().workbench().study().selection()
}

fn is_there(window: &Window, label: &str) -> bool {
    window.query_all_by_label(label).count() > 0
}

fn is_said(window: &Window, words: &str) -> bool {
    window.query_all_by_label_contains(words).count() > 0
}

#[test]
fn a_digit_writes_over_a_cell_and_tab_enter_and_arrows_go_on() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "ada, gsm8k 60.00");
    type_text(&mut window, "6");
    type_text(&mut window, "1,5");
    key(&mut window, Key::Tab);
    assert_eq!(score(&window, "ada", "gsm8k"), Some(61.5));
    type_text(&mut window, "42");
    key(&mut window, Key::Enter);
    assert_eq!(score(&window, "ada", "mmlu"), Some(42.0));
    assert_eq!(*selection(&window), Selection::Models(vec![ModelId(1)]));
    type_text(&mut window, "7");
    key(&mut window, Key::ArrowLeft);
    assert_eq!(score(&window, "bo", "mmlu"), Some(7.0));
    type_text(&mut window, "8");
    key(&mut window, Key::ArrowDown);
    assert_eq!(score(&window, "bo", "gsm8k"), Some(8.0));
    assert_eq!(*selection(&window), Selection::Models(vec![ModelId(2)]));
    for _ in 0..4 {
        press(&mut window, Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(score(&window, "ada", "gsm8k"), Some(60.0));
    assert_eq!(doc(&window).models[0].scores[0].stderr, Some(1.25));
}

#[test]
fn f2_edits_what_stands_there_and_escape_leaves_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "bo, mmlu 70.00");
    key(&mut window, Key::F2);
    key(&mut window, Key::End);
    type_text(&mut window, ".25");
    key(&mut window, Key::Enter);
    assert_eq!(score(&window, "bo", "mmlu"), Some(70.25));
    click(&mut window, "bo, mmlu 70.25");
    key(&mut window, Key::Enter);
    type_text(&mut window, "9");
    key(&mut window, Key::Escape);
    assert_eq!(score(&window, "bo", "mmlu"), Some(70.25));
    assert_eq!(*selection(&window), Selection::Models(vec![ModelId(1)]));
}

#[test]
fn a_double_click_opens_a_cell_for_writing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    let pos = window.get_by_label("bo, mmlu 70.00").rect().center();
    event(&mut window, Event::PointerMoved(pos));
    // Both clicks in one frame: the steps of a harness are too long for a double click.
    for pressed in [true, false, true, false] {
        window.input_mut().events.push(Event::PointerButton {
            pos,
            button: eframe::egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }
    window.run_steps(4);
    assert!(is_there(&window, "Score, mmlu of bo"));
    type_text(&mut window, "71");
    key(&mut window, Key::Enter);
    assert_eq!(score(&window, "bo", "mmlu"), Some(71.0));
}

#[test]
fn what_is_no_number_is_marked_and_not_taken() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "bo, mmlu 70.00");
    type_text(&mut window, "7x");
    key(&mut window, Key::Enter);
    assert!(is_there(&window, "Score, mmlu of bo"), "it stays open");
    assert!(is_there(&window, "Type a number, such as 71.2"));
    assert_eq!(score(&window, "bo", "mmlu"), Some(70.0));
    click(&mut window, "ada, gsm8k 60.00");
    assert_eq!(score(&window, "bo", "mmlu"), Some(70.0));
    assert!(is_said(&window, "“7x” is not a number"));
}

#[test]
fn delete_clears_a_score_and_removes_no_model() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "bo, mmlu 70.00");
    key(&mut window, Key::Delete);
    assert_eq!(score(&window, "bo", "mmlu"), None);
    key(&mut window, Key::Delete);
    assert_eq!(doc(&window).models.len(), 4);
    // Once rows are chosen instead, the key means models again.
    click(&mut window, "Select ada");
    key(&mut window, Key::Delete);
    assert_eq!(doc(&window).models.len(), 2);
}

#[test]
fn a_pasted_block_fills_a_block_in_one_step_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "ada, gsm8k 60.00");
    paste(&mut window, "11,5\t12\n\t14\n15\t16\n17\t18\n");
    assert_eq!(score(&window, "ada", "gsm8k"), Some(11.5));
    assert_eq!(score(&window, "bo", "gsm8k"), None, "an empty cell clears");
    assert_eq!(score(&window, "merged", "mmlu"), Some(16.0));
    assert_eq!(score(&window, "模型", "mmlu"), Some(18.0));
    assert!(is_said(&window, "7 scores pasted, 1 cleared"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(score(&window, "ada", "gsm8k"), Some(60.0));
    assert_eq!(score(&window, "bo", "gsm8k"), Some(40.0));
    assert_eq!(score(&window, "模型", "mmlu"), None);
}

#[test]
fn a_block_with_words_changes_nothing_and_names_the_cell() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "ada, gsm8k 60.00");
    let before = doc(&window).clone();
    paste(&mut window, "11\t12\n13\tgood");
    assert_eq!(*doc(&window), before);
    assert!(is_said(
        &window,
        "Row 2, column 2 of the block, mmlu of bo, is “good”"
    ));
    assert_eq!(
        window.state().workbench().study().history().undo_title(),
        None
    );
}

#[test]
fn pasting_without_a_cell_says_what_to_do_and_prose_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    let before = doc(&window).clone();
    paste(&mut window, "the base\nof it all");
    assert!(
        window
            .query_by_label_contains("No cell is chosen")
            .is_none()
    );
    paste(&mut window, "11\t12");
    assert!(is_said(&window, "No cell is chosen"));
    assert_eq!(*doc(&window), before);
}

#[test]
fn keys_that_come_within_one_frame_all_count() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    let pressed = |key| Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: true,
        modifiers: Modifiers::NONE,
    };
    for _ in 0..3 {
        window.input_mut().events.push(pressed(Key::ArrowDown));
    }
    window.run_steps(4);
    assert_eq!(*selection(&window), Selection::Models(vec![ModelId(2)]));
}

#[test]
fn a_pasted_table_with_a_header_opens_the_import() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    paste(&mut window, "Model\tgsm8k\nada\t61");
    window.get_by_label("Paste a table here");
}

#[test]
fn pasted_scores_over_a_cell_of_something_else_say_so() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(
        &mut window,
        "merged, Gain +3.25, disagrees with what was reported",
    );
    paste(&mut window, "11\t12");
    assert!(is_said(&window, "Gain holds no scores to paste over"));
}

#[test]
fn the_filter_knows_runs_and_parents_and_escape_empties_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    for words in ["path 1", "ada, bo"] {
        click(&mut window, "Filter models");
        type_text(&mut window, words);
        assert!(is_there(&window, "Select merged") && !is_there(&window, "Select bo"));
        key(&mut window, Key::Escape);
        assert!(is_there(&window, "Select bo"));
    }
    click(&mut window, "Filter models");
    type_text(&mut window, "zebra");
    assert!(is_said(&window, "No model goes by “zebra”"));
    // The cross in the field has the same name.
    let clear = window.get_all_by_label("Clear the filter");
    clear.last().unwrap().click();
    window.run_steps(4);
    assert!(is_there(&window, "Select bo"));
}

#[test]
fn of_many_tasks_those_that_do_not_count_are_a_click_away() {
    let home = tempfile::tempdir().unwrap();
    let scores: Vec<String> = (0..10)
        .map(|k| format!(r#"{{"task": "t{k}", "value": 5{k}.0}}"#))
        .collect();
    let study = format!(
        r#"{{"kinfolk": "study", "version": 1, "name": "many", "not_averaged": ["t1", "t2"],
        "models": [{{"id": 0, "name": "ada", "scores": [{}]}}]}}"#,
        scores.join(", ")
    );
    let mut window = window(home.path(), &study);
    assert!(is_there(&window, "Sort by t0") && !is_there(&window, "Sort by t1"));
    click(&mut window, "+ 2 tasks");
    assert!(is_there(&window, "Sort by t1") && is_there(&window, "Sort by t2"));
    assert!(!is_there(&window, "+ 2 tasks"));
}

#[test]
fn pasted_paths_add_models_even_with_a_cell_chosen() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "ada, gsm8k 60.00");
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle/models/alder/base");
    paste(&mut window, &base.to_string_lossy());
    until(&mut window, |window| doc(window).models.len() == 5);
}

#[test]
fn selected_rows_are_copied_with_headers_and_every_digit() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "Select ada");
    click(&mut window, "Select merged");
    window.input_mut().events.push(Event::Copy);
    let mut copied = None;
    for _ in 0..4 {
        window.step();
        for command in &window.output().platform_output.commands {
            if let OutputCommand::CopyText(text) = command {
                copied = Some(text.clone());
            }
        }
    }
    let copied = copied.expect("something is copied");
    let lines: Vec<Vec<&str>> = copied.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(lines.len(), 3, "{copied}");
    let at = |title: &str| lines[0].iter().position(|t| *t == title).unwrap();
    assert_eq!(lines[1][at("Name")], "ada");
    assert_eq!(lines[1][at("gsm8k")], "60");
    assert_eq!(lines[2][at("mmlu")], "52.5");
    assert_eq!(lines[2][at("Gain")], "3.25");
    assert_eq!(lines[2][at("Parents")], "ada, bo");
}

#[test]
fn models_are_added_by_name_and_known_ones_are_not_doubled() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    window.get_by_label_contains("More").click();
    window.run_steps(4);
    click(&mut window, "Add by name…");
    type_text(&mut window, "new one");
    key(&mut window, Key::Enter);
    type_text(&mut window, "ada");
    window.get_by_label("One of them is in the study already");
    click(&mut window, "Add 1 model");
    let names: Vec<&str> = doc(&window)
        .models
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    assert_eq!(names, ["ada", "bo", "merged", "模型", "new one"]);
}

#[test]
fn a_task_is_added_and_takes_scores() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "bo, mmlu 70.00");
    click(&mut window, "Add task…");
    type_text(&mut window, "mmlu");
    window.get_by_label("There is a task of this name");
    key(&mut window, Key::Enter);
    assert!(!is_there(&window, "Sort by mmlu hard"));
    type_text(&mut window, " hard");
    key(&mut window, Key::Enter);
    window.get_by_label("Sort by mmlu hard");
    // The new column has the keyboard, in the row that was selected.
    type_text(&mut window, "33");
    key(&mut window, Key::Enter);
    assert_eq!(score(&window, "bo", "mmlu hard"), Some(33.0));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    window.get_by_label("Sort by mmlu hard");
}

#[test]
fn the_menu_of_a_header_counts_renames_removes_and_hides() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    assert!(is_there(&window, "merged, Average 58.25"));
    secondary_click(&mut window, "Sort by mmlu");
    click(&mut window, "Count for the average");
    assert_eq!(doc(&window).not_averaged, ["mmlu"]);
    assert!(is_there(&window, "merged, Average 64.00"));
    secondary_click(&mut window, "Sort by mmlu");
    click(&mut window, "Rename task…");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, "MMLU");
    key(&mut window, Key::Enter);
    assert_eq!(score(&window, "bo", "MMLU"), Some(70.0));
    secondary_click(&mut window, "Sort by MMLU");
    click(&mut window, "Remove task");
    assert_eq!(score(&window, "bo", "MMLU"), None);
    assert!(!is_there(&window, "Sort by MMLU"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(score(&window, "bo", "MMLU"), Some(70.0));
    secondary_click(&mut window, "Sort by parents");
    click(&mut window, "Hide column");
    assert!(!is_there(&window, "Sort by parents"));
    assert_eq!(doc(&window).view.columns.hidden, ["parents"]);
}

#[test]
fn sorting_leaves_what_is_undefined_at_the_end_both_ways() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    let order = |window: &Window| {
        let mut rows: Vec<(i32, String)> = window
            .get_all_by_label_contains("Select ")
            .filter(|node| node.accesskit_node().role() == eframe::egui::accesskit::Role::CheckBox)
            .map(|node| {
                let label = node.accesskit_node().label().unwrap();
                (node.rect().top() as i32, label.replace("Select ", ""))
            })
            .collect();
        rows.sort();
        rows.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    click(&mut window, "Sort by gsm8k");
    assert_eq!(order(&window), ["merged", "ada", "bo", "模型"]);
    click(&mut window, "Sort by gsm8k");
    assert_eq!(order(&window), ["bo", "ada", "merged", "模型"]);
    click(&mut window, "Sort by gsm8k");
    assert_eq!(order(&window), ["ada", "bo", "merged", "模型"]);
}

#[test]
fn the_columns_menu_shows_and_hides_and_the_study_remembers() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    assert!(!is_there(&window, "Sort by size"), "no model has files");
    window.get_by_label_contains("Columns").click();
    window.run_steps(4);
    // It stands among the empty ones, below what is in sight.
    window.get_by_label("Size").click_accesskit();
    window.run_steps(3);
    click(&mut window, "Gain");
    assert_eq!(doc(&window).view.columns.shown, ["size"]);
    assert_eq!(doc(&window).view.columns.hidden, ["gain"]);
    assert!(is_there(&window, "Sort by size") && !is_there(&window, "Sort by gain"));
    click(&mut window, "Usual columns");
    assert!(!is_there(&window, "Sort by size") && is_there(&window, "Sort by gain"));
}

#[test]
fn the_inspector_shows_the_record_and_parents_select() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "Select merged");
    window.get_by_label("Average, 1st of 3 58.25");
    window.get_by_label("gsm8k 64.00");
    window.get_by_label("Merge gain +3.25  (reported +1.00)");
    window.get_by_label("Pearson 0.900");
    window.get_by_label("Task difference of the parents 20.00");
    window.get_by_label_contains("The merge gain is reported as +1.00; the averages give +3.25");
    click(&mut window, "Show ada");
    assert_eq!(*selection(&window), Selection::Models(vec![ModelId(0)]));
    // Its child leads back.
    click(&mut window, "Show merged");
    assert_eq!(*selection(&window), Selection::Models(vec![ModelId(2)]));
}

#[test]
fn method_run_and_generation_are_written_in_the_inspector() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "Select 模型");
    window.get_by_label("Known by name alone, without files");
    window.get_by_label("Find its files…");
    click(&mut window, "Add to a run");
    let field = eframe::egui::accesskit::Role::TextInput;
    window.get_by_role_and_label(field, "Run").click();
    window.run_steps(4);
    type_text(&mut window, "greedy");
    window.get_by_role_and_label(field, "Method").click();
    window.run_steps(4);
    type_text(&mut window, "ties");
    let model = |window: &Window| doc(window).models[3].clone();
    assert_eq!(model(&window).steps[0].run, "greedy");
    assert_eq!(model(&window).origin.method, "ties");
    click(&mut window, "Take out of this run");
    assert!(model(&window).steps.is_empty());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(model(&window).steps[0].run, "greedy");
}

#[test]
fn what_was_reported_of_a_merge_is_written_by_hand() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "Select merged");
    click(&mut window, "As reported");
    click(&mut window, "Merge gain as reported");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, "3.2");
    type_text(&mut window, "x");
    assert!(is_said(&window, "Type a number, such as 0.85"));
    key(&mut window, Key::Backspace);
    type_text(&mut window, "5");
    let gain = |window: &Window| doc(window).model(ModelId(2)).unwrap().origin.gain;
    assert_eq!(gain(&window), Some(3.25));
    assert!(!is_said(&window, "The merge gain is reported as"));
    key(&mut window, Key::Escape);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(gain(&window), Some(1.0), "what was typed is one step");
    // A founder has no gain to write down.
    click(&mut window, "Select merged");
    click(&mut window, "Select bo");
    assert!(!is_there(&window, "Merge gain as reported"));
    assert!(is_there(&window, "Average as reported"));
}

#[test]
fn the_inspector_of_a_pair_says_what_was_reported_and_merged() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "Select ada");
    window.get_by_label("Nearest relatives, as reported");
    click(&mut window, "模型 0.250");
    assert_eq!(*selection(&window), Selection::Pair(ModelId(0), ModelId(3)));
    window.get_by_label("Table 13");
    window.get_by_label("Pearson 0.250");
    key(&mut window, Key::Escape);
    click(&mut window, "Select ada");
    click(&mut window, "bo 0.900");
    window.get_by_label("Already merged as");
    window.get_by_label("gain +3.25");
    window.get_by_label("gsm8k 60.00 40.00 +20.00");
    window.get_by_label("Average task difference 20.00");
}

#[test]
fn several_models_show_their_mean_kinship_and_averages() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    for name in ["Select ada", "Select bo", "Select 模型"] {
        click(&mut window, name);
    }
    window.get_by_label("Mean kinship, 2 of 3 pairs 0.575");
    window.get_by_label("Mean of the averages, 2 of 3 55.00");
}

#[test]
fn kinship_without_files_is_no_dead_end() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    click(&mut window, "Kinship");
    window.get_by_label_contains("as reported, for 2 pairs");
    click(&mut window, "Show in Charts");
    assert_eq!(
        window.state().prefs().view,
        kinfolk::ui::action::View::Charts
    );
}

#[test]
fn a_study_that_cannot_be_saved_is_still_written_into() {
    let home = tempfile::tempdir().unwrap();
    let mut window = record_window(home.path());
    // A folder in place of the file: nothing can be saved there.
    let path = home.path().join("s.kinfolk.json");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir_all(path.join("in the way")).unwrap();
    click(&mut window, "bo, mmlu 70.00");
    type_text(&mut window, "71");
    key(&mut window, Key::Enter);
    press(&mut window, Modifiers::COMMAND, Key::S);
    assert_eq!(score(&window, "bo", "mmlu"), Some(71.0));
    assert!(window.state().workbench().save_failed());
}

#[test]
fn two_hundred_models_of_twenty_tasks_draw_only_what_is_seen() {
    let home = tempfile::tempdir().unwrap();
    let scores: Vec<String> = (0..20)
        .map(|t| format!(r#"{{"task": "task {t}", "value": {t}.5}}"#))
        .collect();
    let models: Vec<String> = (0..200)
        .map(|m| {
            let scores = scores.join(",");
            format!(r#"{{"id": {m}, "name": "model {m:03}", "scores": [{scores}]}}"#)
        })
        .collect();
    let study = format!(
        r#"{{"kinfolk": "study", "version": 1, "name": "big", "models": [{}]}}"#,
        models.join(",")
    );
    let mut window = window(home.path(), &study);
    let boxes = window.get_all_by_label_contains("Select model").count();
    assert!(boxes < 60, "{boxes} rows are drawn");
    assert!(!is_there(&window, "model 000, task 19 19.50"));
    // The keyboard brings the far end into sight.
    click(&mut window, "Select model 000");
    key(&mut window, Key::End);
    for _ in 0..30 {
        key(&mut window, Key::ArrowRight);
    }
    window.run_steps(40);
    assert!(is_there(&window, "model 199, task 19 19.50"));
    assert!(is_there(&window, "Select model 199"), "names stay in sight");
    // At rest nothing asks for a frame.
    rest(&mut window);
}
