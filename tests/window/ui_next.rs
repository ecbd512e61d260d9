//! What to merge next, who judges, and evaluating from anywhere: in the whole window, found by
//! label, clicked, typed into.

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, MouseWheelUnit, OutputCommand, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::evaluate::command::Call;
use kinfolk::study::{Evaluator, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::common::write_program;
use crate::harness::{
    Window, bench, click, click_named, command, doc, press, says, settle_runs, type_text, until,
    window_of,
};

fn window(home: &Path, size: [f32; 2], answers: Vec<Vec<PathBuf>>) -> Window {
    window_of(size, bench(home), Prefs::default(), answers)
}

/// The demo, measured, in the view of the next merge.
fn demo(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let mut window = window(home, [1280.0, 800.0], answers);
    click(&mut window, "Explore the demo");
    settle_runs(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num7);
    window
}

/// An empty study with these models and what they scored on one task, in the view of the next merge.
fn pasted(home: &Path, table: &str) -> Window {
    let mut window = window(home, [1280.0, 800.0], vec![]);
    command(&mut window, "paste scores");
    let text = Event::Paste(table.to_owned());
    window.input_mut().events.push(text);
    window.run_steps(3);
    click(&mut window, "Import");
    settle_runs(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num7);
    window
}

fn copied(window: &mut Window, label: &str) -> String {
    window.get_by_label(label).click();
    // The button is pressed in one step and its text copied in one after it.
    for _ in 0..6 {
        window.step();
        let commands = &window.output().platform_output.commands;
        let text = commands.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        if let Some(text) = text {
            return text;
        }
    }
    panic!("nothing was copied");
}

#[test]
fn the_demo_has_three_suggestions_and_one_is_composed() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    let bench = window.state().workbench();
    let suggested = bench.suggestions();
    assert_eq!(suggested.merges.len(), 21, "every pair of seven");
    let names = |k: usize| {
        suggested.merges[k]
            .pair()
            .map(|at| doc(&window).name_of(suggested.models[at]).to_owned())
    };
    let [first, third] = [names(0), names(2)];
    let fourth = names(3).join(" × ");
    window.get_by_label(&format!("Suggestion 1: {}", first.join(" × ")));
    window.get_by_label(&format!("Suggestion 3: {}", third.join(" × ")));
    assert!(!says(&window, &format!("Suggestion 4: {fourth}")));
    assert!(
        says(&window, &format!("Pair 4 of 21: {fourth}")),
        "all stand in the table"
    );
    // Never a gain without its interval and the chance that it is worth something.
    let cards = window.query_all_by_label_contains("Suggestion ").count();
    assert_eq!(cards, 3);
    let chances = window.query_all_by_label_contains("chance of a new best");
    assert!(chances.count() > cards, "each card, and the table");
    window.get_by_label_contains("Nothing predicts gain here yet (n = 0)");
    click_named(&mut window, "Suggestion 1: ");
    let selected = window.state().workbench().study().selection().clone();
    assert!(matches!(selected, Selection::Pair(..)), "{selected:?}");
    window.get_by_label_contains("Place 1 of 21 among what to merge next");
    let [a, b] = &third;
    click(&mut window, &format!("Compose merge of {a} and {b}"));
    settle_runs(&mut window);
    let draft = doc(&window).shown_draft().unwrap();
    assert_eq!(draft.name, format!("{a}-{b}"));
    window.get_by_label("Name of the merge");
    window.run();
}

#[test]
fn the_table_is_walked_by_the_keyboard() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    window.get_by_label("All 21 pairs");
    window.get_by_label_contains("Pair 1 of 21: ").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    let bench = window.state().workbench();
    let second = bench.suggestions().merges[1].pair();
    let [a, b] = second.map(|at| bench.suggestions().models[at]);
    assert_eq!(*bench.study().selection(), Selection::Pair(a, b));
    window.run();
}

#[test]
fn suggestions_are_copied_and_saved() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("next.csv");
    let mut window = demo(home.path(), vec![vec![file.clone()]]);
    let text = copied(&mut window, "Copy the suggestions");
    assert_eq!(text.lines().count(), 21, "{text}");
    assert!(
        text.starts_with("1. ") && text.contains("90 % range: "),
        "{text}"
    );
    click(&mut window, "Save the suggestions as CSV…");
    settle_runs(&mut window);
    let mut table = csv::Reader::from_path(file).unwrap();
    let header = table.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|own| own == name).unwrap();
    let columns = ["score_from", "expected_score", "score_to"].map(at);
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 21);
    for row in &rows {
        let [low, score, high] = columns.map(|k| row[k].parse::<f64>().unwrap());
        assert!(
            low < score && score < high,
            "a score stands within its interval"
        );
    }
}

/// The record of the demo's runs, in the view of the next merge.
fn record(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let mut window = window(home, [1280.0, 800.0], answers);
    click(&mut window, "Open the record: The demo's evolution");
    settle_runs(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num7);
    window
}

#[test]
fn what_predicts_gain_is_a_page_with_every_predictor_and_every_merge() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("predictors.csv");
    let mut window = record(home.path(), vec![vec![file.clone()]]);
    click(&mut window, "What predicts gain here?");
    window.get_by_label("Back to the pairs");
    let advice = &window.state().workbench().suggestions().advice;
    let (used, n) = (advice.used().unwrap().title.clone(), advice.n);
    window.get_by_label_contains(&format!("{used}: rank correlation "));
    window.get_by_label_contains(", used");
    // In the caption of the chart, and in what is read out for it.
    let held = format!("of {n} real gains lie in their 90 % interval");
    assert!(window.get_all_by_label_contains(&held).count() > 0);
    // Each merge is predicted once with one parent left out, and once with the other.
    click(&mut window, "Partners of a new model");
    window.get_by_label_contains(&format!("n {}, used", 2 * n));
    let text = copied(&mut window, "Copy the predictors");
    assert!(
        text.contains("(leave one model out)") && text.contains(", used"),
        "{text}"
    );
    click(&mut window, "Save the predictors as CSV…");
    settle_runs(&mut window);
    let mut table = csv::Reader::from_path(file).unwrap();
    assert_eq!(&table.headers().unwrap()[3], "spearman");
    assert_eq!(table.records().count(), advice_lines(&window));
    click(&mut window, "Back to the pairs");
    window.get_by_label_contains("Suggestion 1: ");
    window.run();
}

/// Predictors that were compared, each both ways.
fn advice_lines(window: &Window) -> usize {
    let advice = &window.state().workbench().suggestions().advice;
    advice.predictors.iter().filter(|one| one.n > 0).count()
}

#[test]
fn the_page_on_predictors_is_reached_from_the_charts_and_empty_without_merges() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    click(&mut window, "Charts");
    click(&mut window, "What predicts gain here?");
    window.get_by_label_contains("Nothing predicts gain here yet (n = 0)");
    window.get_by_label_contains("once five merges and their parents have scores");
    click(&mut window, "Back to the pairs");
    window.get_by_label_contains("Suggestion 1: ");
}

#[test]
fn it_is_a_view_of_its_own_reached_from_every_other() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    assert!(
        !says(&window, "Suggestion 1: "),
        "not in the way of an evolution"
    );
    for view in [
        "Models",
        "Kinship",
        "Charts",
        "Lineage",
        "Merge",
        "Evolution",
    ] {
        click(&mut window, view);
        window
            .get_by_role_and_label(Role::Button, "Next merge")
            .click();
        window.run_steps(3);
        window.get_by_label_contains("Suggestion 1: ");
    }
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    command(&mut window, "suggest next merge");
    window.get_by_label_contains("Suggestion 1: ");
    window.run();
}

#[test]
fn an_evolution_fits_a_laptop_and_nothing_scrolls() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    let place = |window: &Window| {
        let run = window.get_by_role_and_label(Role::Button, "Run");
        run.rect()
    };
    let before = place(&window);
    assert!(before.bottom() < 400.0, "{before:?}");
    let below = before.center() + vec2(0.0, 60.0);
    for event in [
        Event::PointerMoved(below),
        Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, -200.0),
            phase: TouchPhase::Move,
            modifiers: Modifiers::NONE,
        },
    ] {
        window.event(event);
        window.run_steps(10);
    }
    assert_eq!(place(&window), before);
}

#[test]
fn without_scores_the_ways_to_get_some_are_there() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [1280.0, 800.0], vec![]);
    press(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, Modifiers::COMMAND, Key::Num7);
    window.get_by_label_contains("With models and their scores");
    command(&mut window, "add models by name");
    type_text(&mut window, "one\ntwo");
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    press(&mut window, Modifiers::COMMAND, Key::Num7);
    window.get_by_label_contains("No model has a score yet");
    window.get_by_label("Import scores…");
    click(&mut window, "Evaluate 2 models…");
    window.get_by_label_contains("You evaluate elsewhere");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!says(&window, "You evaluate elsewhere"));
    window.run();
}

#[test]
fn one_score_is_not_enough() {
    let home = tempfile::tempdir().unwrap();
    let table = "model\tgsm8k\tarc\npine\t70.5\t60\noak\t68.0\t\n";
    let window = pasted(home.path(), table);
    window.get_by_label_contains("Only pine has a score on every task that counts");
    window.get_by_label("Evaluate…");
}

#[test]
fn scores_that_leave_gaps_are_told_apart_from_none() {
    let home = tempfile::tempdir().unwrap();
    let window = pasted(home.path(), "model\tgsm8k\tarc\npine\t70.5\t\noak\t\t50\n");
    window.get_by_label_contains("No model has a score on every task that counts");
}

#[test]
fn when_all_is_merged_it_is_said() {
    let home = tempfile::tempdir().unwrap();
    let table = "model\tparents\tgsm8k\npine\t\t70.5\noak\t\t68.0\nelm\tpine, oak\t\n";
    let window = pasted(home.path(), table);
    window.get_by_label_contains("Every pair of models with scores has been merged");
}

#[test]
fn others_tables_have_suggestions_and_compose_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = pasted(
        home.path(),
        "model\tgsm8k\npine\t70.5\noak\t68.0\nelm\t60\n",
    );
    window.get_by_label_contains("These models have no files here");
    assert_eq!(
        window
            .query_all_by_label_contains("How similar they are")
            .count(),
        3
    );
    window.get_by_label("Compose merge of pine and oak").hover();
    window.run_steps(40);
    window.get_by_label_contains("pine and oak have no files here");
    click(&mut window, "Compose merge of pine and oak");
    settle_runs(&mut window);
    assert_eq!(doc(&window).shown_draft().unwrap().name, "pine-oak");
}

/// Opens the window that says how models are judged.
fn ask_how(window: &mut Window) {
    command(window, "choose how models are judged");
    window.get_by_label_contains("Done");
}

fn call(window: &Window) -> Call {
    match &doc(window).evaluator {
        Evaluator::Command { call } => call.clone(),
        other => panic!("{other:?}"),
    }
}

/// Has a program judge from now on, by its line.
fn judge_by(window: &mut Window, line: &str) {
    ask_how(window);
    click(window, "A program");
    window
        .get_by_role_and_label(Role::TextInput, "Command line")
        .focus();
    window.run_steps(2);
    type_text(window, line);
    click(window, "Done");
}

#[test]
fn a_command_line_goes_to_the_study_as_it_is_typed() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    let before = doc(&window).evaluator.clone();
    judge_by(&mut window, "A='b c' judge --to {output} {model}");
    let typed = call(&window);
    assert_eq!(typed.program, "judge");
    assert_eq!(typed.arguments, ["--to", "{output}", "{model}"]);
    assert_eq!(typed.variables, [("A".to_owned(), "b c".to_owned())]);
    ask_how(&mut window);
    let field = window.get_by_role_and_label(Role::TextInput, "Command line");
    let shown = field.accesskit_node().value().unwrap();
    assert_eq!(Call::parse(&shown).unwrap(), typed, "{shown}");
    assert!(says(&window, "“judge” was not found on the path"));
    // A line that is none leaves the last one as it is, and says so.
    field.focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::End);
    type_text(&mut window, " 'never");
    window.get_by_label_contains("is never closed");
    assert_eq!(call(&window), typed);
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Done").is_none());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(doc(&window).evaluator, before);
}

#[test]
fn the_template_variables_and_limit_are_set_by_mouse() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("work");
    std::fs::create_dir(&folder).unwrap();
    let mut window = demo(home.path(), vec![vec![folder.clone()]]);
    ask_how(&mut window);
    click(&mut window, "A program");
    click(&mut window, "Fill in lm_eval");
    assert_eq!(call(&window), Call::lm_eval());
    click(&mut window, "Remove PYTHONUNBUFFERED");
    assert!(call(&window).variables.is_empty());
    window.get_by_label("Name of a new variable").focus();
    window.run_steps(2);
    type_text(&mut window, "9 HF-TOKEN");
    press(&mut window, Modifiers::NONE, Key::Tab);
    type_text(&mut window, "a b");
    click(&mut window, "Add");
    let variables = [("HFTOKEN".to_owned(), "a b".to_owned())];
    assert_eq!(call(&window).variables, variables);
    click(&mut window, "End it after");
    assert_eq!(call(&window).limit_minutes, Some(60));
    click(&mut window, "Choose folder…");
    window.run_steps(3);
    assert_eq!(call(&window).folder, Some(folder));
    // Another kind and back: nothing is lost.
    click(&mut window, "By hand");
    assert_eq!(doc(&window).evaluator, Evaluator::ByHand);
    click(&mut window, "A program");
    assert_eq!(call(&window).variables, variables);
    click(&mut window, "Done");
    assert!(window.query_by_label("Done").is_none());
}

#[test]
fn task_files_are_listed_counted_and_taken_out() {
    let home = tempfile::tempdir().unwrap();
    let bad = home.path().join("bad.jsonl");
    std::fs::write(&bad, "{\"prompt\": \"1+1=\", \"answer\": \"2\"}\n{}\n").unwrap();
    let texts = home.path().join("prose.txt");
    std::fs::write(&texts, "Once upon a time").unwrap();
    let mut window = demo(home.path(), vec![vec![bad, texts]]);
    ask_how(&mut window);
    settle_runs(&mut window);
    window.get_by_label("16 tasks, 2800 items");
    click(&mut window, "Count add (dev) for the average");
    assert!(doc(&window).not_averaged.contains(&"add (dev)".to_owned()));
    click(&mut window, "Count add (dev) for the average");
    assert!(!doc(&window).not_averaged.contains(&"add (dev)".to_owned()));
    window.get_by_label("Add tasks…").scroll_to_me();
    window.run_steps(6);
    click(&mut window, "Add tasks…");
    settle_runs(&mut window);
    window.get_by_label_contains("Line 2 of the tasks cannot be used");
    let prose = window.get_by_label("Count prose for the average");
    assert!(prose.accesskit_node().is_disabled(), "less is better there");
    click(&mut window, "Remove bad.jsonl");
    settle_runs(&mut window);
    assert!(!says(&window, "cannot be used"));
    let Evaluator::BuiltIn { tasks } = &doc(&window).evaluator else {
        panic!("another evaluator");
    };
    assert_eq!(tasks.len(), 2);
}

/// A program that is there, and what it does.
#[cfg(unix)]
fn program(home: &Path, script: &str) -> String {
    let path = home.join("judge.sh");
    write_program(&path, &format!("#!/bin/sh\n{script}\n"));
    format!("{} {{model}} {{output}}", path.display())
}

#[cfg(unix)]
fn score(window: &Window, model: &str, task: &str) -> Option<f64> {
    let model = doc(window).models.iter().find(|m| m.name == model)?;
    model.score(task).map(|s| s.value)
}

#[cfg(unix)]
#[test]
fn selected_models_are_judged_one_after_the_other() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    let line = program(
        home.path(),
        "echo judging $1\nprintf '{\"riddles\": 0.5}' > $2/scores.json",
    );
    judge_by(&mut window, &line);
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    click(&mut window, "Select ledger");
    click(&mut window, "Select mirror");
    let buttons = window.get_all_by_role_and_label(Role::Button, "Evaluate");
    buttons.last().unwrap().click();
    window.run_steps(2);
    settle_runs(&mut window);
    for model in ["ledger", "mirror"] {
        assert_eq!(score(&window, model, "riddles"), Some(50.0), "{model}");
    }
    assert_eq!(score(&window, "abacus", "riddles"), None);
    command(&mut window, "show the evaluation log");
    assert!(says(&window, "mirror: 1 task scored"));
    assert!(says(&window, "judging "));
    let text = copied(&mut window, "Copy the evaluation log");
    assert!(
        text.starts_with("judging ") && text.ends_with("mirror"),
        "{text}"
    );
    click(&mut window, "Clear the evaluation log");
    window.get_by_label("No model has been evaluated yet");
    window.run();
}

#[cfg(unix)]
#[test]
fn a_program_that_fails_says_why_where_it_is_tried() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    let line = program(home.path(), "echo no such tokenizer >&2\nexit 3");
    judge_by(&mut window, &line);
    ask_how(&mut window);
    window.get_by_label("Ready to evaluate");
    click(&mut window, "Try on…");
    let mut options = window.get_all_by_role_and_label(Role::Button, "abacus");
    options.next_back().unwrap().click();
    drop(options);
    window.run_steps(2);
    settle_runs(&mut window);
    assert!(says(&window, "abacus was not evaluated"));
    assert!(says(&window, "ended with code 3"));
    assert!(says(&window, "no such tokenizer"));
    window.run();
}

#[cfg(unix)]
#[test]
fn leaving_while_a_model_is_judged_asks_first() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    let line = program(home.path(), "echo waiting\nsleep 30");
    judge_by(&mut window, &line);
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    click(&mut window, "Select ledger");
    command(&mut window, "evaluate the selected");
    window.run_steps(3);
    assert!(window.state().workbench().is_evolving());
    press(&mut window, Modifiers::COMMAND, Key::W);
    window.get_by_label("ledger is being evaluated");
    click(&mut window, "Go on evaluating");
    assert!(window.state().workbench().is_open());
    assert!(window.state().workbench().is_evolving());
    press(&mut window, Modifiers::COMMAND, Key::W);
    click(&mut window, "Stop and close");
    assert!(!window.state().workbench().is_open());
    assert!(!window.state().workbench().is_evolving());
}

#[cfg(unix)]
#[test]
fn what_is_judged_is_stopped_with_all_that_waits() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    let line = program(home.path(), "echo waiting\nsleep 30");
    judge_by(&mut window, &line);
    press(&mut window, Modifiers::COMMAND, Key::A);
    command(&mut window, "evaluate the selected");
    command(&mut window, "show the evaluation log");
    window.get_by_label("Evaluating base, then abacus, arith, ledger and 4 more");
    // Lines are there while it runs.
    until(&mut window, |window| says(window, "waiting"));
    click(&mut window, "Stop evaluating");
    settle_runs(&mut window);
    window.get_by_label("base: the evaluation was stopped");
    assert!(window.state().workbench().being_evaluated().is_empty());
    window.run();
}

#[test]
fn tasks_that_lie_beside_the_models_are_proposed() {
    let home = tempfile::tempdir().unwrap();
    let family = home.path().join("family");
    kinfolk::workbench::demo::unpack(&family).unwrap();
    let models = ["base", "ledger", "mirror"].map(|name| family.join(name));
    let mut window = window(home.path(), [1280.0, 800.0], vec![models.to_vec()]);
    press(&mut window, Modifiers::COMMAND, Key::N);
    command(&mut window, "add models…");
    settle_runs(&mut window);
    assert_eq!(doc(&window).models.len(), 3);
    ask_how(&mut window);
    click_named(&mut window, "Use 16 task files in ");
    let tasks = vec![family.join("tasks")];
    assert_eq!(doc(&window).evaluator, Evaluator::BuiltIn { tasks });
    settle_runs(&mut window);
    assert!(!says(&window, "Use 16 task files"), "it is used");
}

#[test]
fn the_menu_of_a_row_evaluates_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    // The inspector has a button of this name as well.
    press(&mut window, Modifiers::COMMAND, Key::I);
    assert!(window.query_by_label("Evaluate").is_none());
    window.get_by_label("ledger").click_secondary();
    window.run_steps(3);
    window.get_by_label("Evaluate");
}

#[test]
fn every_control_has_a_name_and_a_still_window_rests() {
    for kind in ["By hand", "Built in", "A program"] {
        let home = tempfile::tempdir().unwrap();
        let mut window = demo(home.path(), vec![]);
        ask_how(&mut window);
        click(&mut window, kind);
        settle_runs(&mut window);
        for role in [
            Role::Button,
            Role::ComboBox,
            Role::CheckBox,
            Role::RadioButton,
            Role::TextInput,
            Role::SpinButton,
        ] {
            let nameless = window.query_all_by_role(role).filter(|node| {
                let label = node.accesskit_node().label();
                label.is_none_or(|l| l.trim().is_empty())
            });
            assert_eq!(nameless.count(), 0, "{role:?}, {kind}");
        }
        window.run();
        // Enter means the one button where nothing has the keyboard.
        press(&mut window, Modifiers::NONE, Key::Enter);
        assert!(window.query_by_label("Done").is_none(), "{kind}");
    }
}
