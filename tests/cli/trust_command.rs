//! A command that a study brings runs only after the user has approved it: in the terminal, in
//! the workbench and in the window.

#![cfg(unix)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::evaluate::command::Call;
use kinfolk::study::{self, Evaluator, EvolutionEdit, EvolutionId, ModelId};
use kinfolk::ui::app::App;
use kinfolk::ui::dialogs::Scripted;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::evolving::RunState;
use kinfolk::workbench::{Folders, Workbench};
use serde_json::{Value, json};

use crate::common;
use crate::harness::{Window, click, command, press, settle_runs};

const SCRIPT: &str = "echo ran >> ran; echo '{\"a\": 50}' > \"$2/results.json\"";

/// A place with a stranger's study in it, and a home of the program.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.folder()).unwrap();
        place.write(SCRIPT);
        place
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("stranger")
    }

    fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    fn study(&self) -> PathBuf {
        self.folder().join("theirs.kinfolk.json")
    }

    /// A study of two founders whose command appends to a file each time it runs.
    fn write(&self, script: &str) {
        let model = |id: u32, name: &str, base: Option<u32>| json!({"id": id, "name": name, "path": common::oracle(&format!("alder/{name}")), "base": base, "scores": []});
        let study = json!({
            "kinfolk": "study", "version": 1, "name": "theirs",
            "models": [model(0, "base", None), model(1, "c1", Some(0)), model(2, "c2", Some(0))],
            "evaluator": {"kind": "command", "call": {
                "program": "/bin/sh",
                "arguments": ["-c", script, "judge", "{model}", "{output}"],
            }},
            "evolutions": [{"id": 0, "name": "run", "setup": {
                "founders": [1, 2], "strategy": "greedy", "folder": "children",
                "recipe": "merge_method: slerp\nparameters:\n  t: 0.5\ndtype: float32\n",
                "rules": {"generations": 1}, "tasks": ["a"],
            }}],
            "next_evolution": 1, "next_id": 3,
        });
        std::fs::write(self.study(), study.to_string()).unwrap();
    }

    fn runs(&self) -> usize {
        let ran = std::fs::read_to_string(self.folder().join("ran"));
        ran.map_or(0, |text| text.lines().count())
    }

    fn evolve(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
        command
            .env("KINFOLK_HOME", self.home())
            .arg("evolve")
            .arg(self.study())
            .args(["--name", "run"])
            .stdin(Stdio::null());
        command
    }

    fn approved(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.home().join("data/approved-commands.json"));
        text.map_or(Vec::new(), |text| serde_json::from_str(&text).unwrap())
    }

    fn bench(&self) -> Workbench {
        let mut bench = Workbench::new(Folders::below(&self.home()), || {});
        bench.open_study(&self.study());
        bench.wait(|_| {});
        bench
    }
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn fault_6_a_strangers_command_is_refused_without_a_terminal_and_shown() {
    let place = Place::new();
    let before = std::fs::read(place.study()).unwrap();
    let output = place.evolve().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = error(&output);
    assert!(error.contains("--trust-command"), "{error}");
    assert!(error.contains("echo ran >> ran"), "{error}");
    assert!(error.contains("{model} {output}"), "{error}");
    assert_eq!(place.runs(), 0);
    assert_eq!(std::fs::read(place.study()).unwrap(), before);
    assert!(place.approved().is_empty());
}

#[test]
fn fault_6_a_command_is_trusted_by_option_once_and_stays_approved_until_it_changes() {
    let place = Place::new();
    let trusted = place.evolve().arg("--trust-command").output().unwrap();
    assert!(trusted.status.success(), "{}", error(&trusted));
    let judged = place.runs();
    assert!(judged >= 3, "{judged}");
    let approved = place.approved();
    assert_eq!(approved.len(), 1);
    let line = approved[0]["command"].as_str().unwrap();
    assert!(line.starts_with("/bin/sh -c "), "{line}");
    // The next process asks no more, of a study that is as it was at first.
    std::fs::remove_dir_all(place.folder().join("children")).unwrap();
    place.write(SCRIPT);
    let again = place.evolve().output().unwrap();
    assert!(again.status.success(), "{}", error(&again));
    assert!(place.runs() > judged);
    // One argument is another.
    let judged = place.runs();
    place.write(&format!("{SCRIPT} "));
    let changed = place.evolve().output().unwrap();
    assert_eq!(changed.status.code(), Some(1));
    assert_eq!(place.runs(), judged);
}

#[test]
fn fault_6_the_same_command_in_another_folder_is_another_command() {
    let place = Place::new();
    let mut bench = place.bench();
    let command = bench.unapproved_command().unwrap();
    bench.approve(&command);
    assert_eq!(bench.unapproved_command(), None);
    let other = place.0.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let copy = other.join("theirs.kinfolk.json");
    std::fs::copy(place.study(), &copy).unwrap();
    bench.open_study(&copy);
    let command = bench.unapproved_command().unwrap();
    assert_eq!(command.folder, other.canonicalize().unwrap());
    // A link to the approved folder is that folder.
    let link = place.0.path().join("link");
    std::os::unix::fs::symlink(place.folder(), &link).unwrap();
    bench.open_study(&link.join("theirs.kinfolk.json"));
    assert_eq!(bench.unapproved_command(), None);
}

#[test]
fn fault_6_nothing_that_is_not_typed_approves_a_strangers_command() {
    let place = Place::new();
    let mut bench = place.bench();
    let theirs = bench.study().doc().evaluator.clone();
    let Evaluator::Command { call } = theirs.clone() else {
        panic!("no command");
    };
    // A look at another kind and back, undo, redo, and a change of theirs.
    bench.set_evaluator(Evaluator::ByHand);
    bench.set_evaluator(theirs.clone());
    assert!(bench.unapproved_command().is_some());
    bench.apply(study::Command::Undo);
    bench.apply(study::Command::Redo);
    assert!(bench.unapproved_command().is_some());
    let longer = Call {
        limit_minutes: Some(5),
        ..call
    };
    bench.set_evaluator(Evaluator::Command { call: longer });
    assert!(bench.unapproved_command().is_some());
    // Through a save under another name, and for whoever opens that.
    let copy = place.0.path().join("copy.kinfolk.json");
    bench.save_as(&copy);
    bench.finish_saving();
    bench.open_study(&copy);
    assert!(bench.unapproved_command().is_some());
    assert!(place.approved().is_empty());
}

#[test]
fn fault_6_what_the_user_types_is_approved_and_stays_so() {
    let place = Place::new();
    let mut bench = Workbench::new(Folders::below(&place.home()), || {});
    bench.new_study();
    let typed = |line: &str| Evaluator::Command {
        call: Call::parse(line).unwrap(),
    };
    for line in ["", "j", "judge {model}", "judge {model} {output}"] {
        bench.set_evaluator(typed(line));
        assert_eq!(bench.unapproved_command(), None, "{line}");
    }
    bench.save();
    bench.save_if_changed();
    bench.finish_saving();
    let path = bench.path().unwrap().to_owned();
    // Only what has come to rest is written down.
    assert_eq!(place.approved().len(), 1);
    bench.close_study();
    bench.open_study(&path);
    assert_eq!(bench.unapproved_command(), None);
    // It goes along to another place.
    let elsewhere = place.0.path().join("mine.kinfolk.json");
    bench.save_as(&elsewhere);
    bench.finish_saving();
    bench.close_study();
    bench.open_study(&elsewhere);
    assert_eq!(bench.unapproved_command(), None);
    // In a stranger's study the program's own template is as good as typed.
    bench.open_study(&place.study());
    let call = Call::lm_eval();
    bench.set_evaluator(Evaluator::Command { call });
    assert_eq!(bench.unapproved_command(), None);
}

#[test]
fn fault_6_a_run_that_meets_a_command_that_is_not_approved_stops_there() {
    let place = Place::new();
    let mut bench = place.bench();
    let theirs = bench.study().doc().evaluator.clone();
    bench.apply(study::Command::Evolution(EvolutionEdit::SetEvaluator(
        Evaluator::ByHand,
    )));
    bench.run_evolution(EvolutionId(0));
    assert!(matches!(
        bench.run_state(EvolutionId(0)),
        RunState::Waiting(_)
    ));
    // Undo in the midst of it, and scores that make it go on.
    bench.apply(study::Command::Evolution(EvolutionEdit::SetEvaluator(
        theirs,
    )));
    let scores = [ModelId(1), ModelId(2)].map(|id| (id, "a".to_owned(), Some(40.0)));
    let edit = study::RecordEdit::SetScores(scores.to_vec());
    bench.apply(study::Command::Record(edit));
    for _ in 0..2000 {
        bench.poll_within(Duration::from_millis(10));
        if bench.asked_command().is_some() {
            break;
        }
    }
    let command = bench.asked_command().expect("nobody was asked");
    assert_eq!(
        command.program.as_deref().unwrap(),
        Path::new("/bin/sh"),
        "what will run is said"
    );
    assert_eq!(bench.run_state(EvolutionId(0)), RunState::Paused);
    assert_eq!(place.runs(), 0);
    bench.approve_asked();
    for _ in 0..4000 {
        bench.poll_within(Duration::from_millis(10));
        if matches!(bench.run_state(EvolutionId(0)), RunState::Ended(_)) {
            break;
        }
    }
    assert!(place.runs() > 0, "{:?}", bench.run_state(EvolutionId(0)));
}

#[test]
fn fault_6_an_approval_that_cannot_be_written_down_holds_until_the_study_is_closed() {
    let place = Place::new();
    let mut bench = place.bench();
    std::fs::create_dir_all(place.home().join("data/approved-commands.json")).unwrap();
    let command = bench.unapproved_command().unwrap();
    bench.approve(&command);
    assert_eq!(bench.unapproved_command(), None);
    let told = bench.take_notices();
    assert!(
        told.iter().any(|n| n.title.contains("could not be kept")),
        "{told:?}"
    );
    bench.open_study(&place.study());
    assert!(bench.unapproved_command().is_some());
}

// The terminal.

/// Runs a call on a terminal of its own, and answers its question.
fn on_a_terminal(mut command: Command, answer: &str) -> (Option<i32>, String) {
    use std::os::fd::FromRawFd;
    let (mut ours, mut theirs) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: both places are there to be written to, and nothing else is asked for.
    let opened = unsafe { libc::openpty(&mut ours, &mut theirs, null, null.cast(), null.cast()) };
    assert_eq!(opened, 0);
    // SAFETY: both are open, and nobody else has them.
    let (mut ours, theirs) = unsafe {
        (
            std::fs::File::from_raw_fd(ours),
            std::fs::File::from_raw_fd(theirs),
        )
    };
    let stdin = Stdio::from(theirs.try_clone().unwrap());
    let mut child = command.stdin(stdin).stderr(theirs).spawn().unwrap();
    drop(command);
    ours.write_all(answer.as_bytes()).unwrap();
    let mut said = Vec::new();
    // The end of a terminal is an error.
    ours.read_to_end(&mut said).ok();
    let status = child.wait().unwrap();
    let said = String::from_utf8_lossy(&said).replace('\r', "");
    (status.code(), said)
}

#[test]
fn fault_6_on_a_terminal_the_whole_command_is_shown_and_only_yes_runs_it() {
    let place = Place::new();
    place.write(&format!("{SCRIPT} # \u{1b}[2J\u{202e}"));
    let quiet = || {
        let mut command = place.evolve();
        command.stdout(Stdio::null());
        command
    };
    for answer in ["\n", "n\n", "maybe\n"] {
        let (status, said) = on_a_terminal(quiet(), answer);
        assert_eq!((status, place.runs()), (Some(1), 0), "{said}");
        assert!(said.contains("argument   -c\n"), "{said}");
        assert!(said.contains("argument   {output}\n"), "{said}");
        assert!(said.contains("\\u{1b}[2J\\u{202e}"), "{said}");
        let folder = place.folder().canonicalize().unwrap();
        assert!(said.contains(&format!("runs in    {}", folder.display())));
        assert!(said.contains("[y/N]"), "{said}");
    }
    let (status, said) = on_a_terminal(quiet(), "y\n");
    assert_eq!(status, Some(0), "{said}");
    assert!(place.runs() > 0);
    assert_eq!(place.approved().len(), 1);
}

// The window.

fn window(place: &Place, study: Option<PathBuf>) -> Window {
    let folders = Folders::below(&place.home());
    let mut window = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_max_steps(60)
        .with_step_dt(1.0 / 60.0)
        .build_eframe(move |cc| {
            let bench = Workbench::new(folders, || {});
            let picker = Box::new(Scripted::default());
            let paths = study.into_iter().collect();
            App::new(&cc.egui_ctx, bench, picker, Prefs::default(), paths)
        });
    settle_runs(&mut window);
    window
}

fn has(window: &Window, label: &str) -> bool {
    window.query_all_by_label(label).next().is_some()
}

const RUN: &str = "Run this command";

#[test]
fn fault_6_the_window_shows_the_command_and_runs_it_only_when_told_to() {
    let place = Place::new();
    let before = std::fs::read(place.study()).unwrap();
    let mut window = window(&place, Some(place.study()));
    assert!(!has(&window, RUN), "opening a study asks for nothing");
    command(&mut window, "Run evolution run");
    assert!(has(&window, "Program") && has(&window, "Argument 5"));
    for part in ["/bin/sh", "-c", SCRIPT, "{model}", "{output}"] {
        assert!(has(&window, part), "{part}");
    }
    let folder = place.folder().canonicalize().unwrap();
    assert!(has(&window, &folder.to_string_lossy()));
    assert!(has(&window, &place.study().to_string_lossy()));
    // A click that was meant for what lay there before is no answer.
    let run = window.get_by_label(RUN).accesskit_node();
    assert!(run.is_disabled());
    for key in [Key::Escape, Key::Enter] {
        press(&mut window, Modifiers::NONE, key);
        assert!(!has(&window, RUN), "{key:?}");
        command(&mut window, "Run evolution run");
        assert!(has(&window, RUN));
    }
    click(&mut window, "Don’t run");
    settle_runs(&mut window);
    assert_eq!(place.runs(), 0);
    let state = window.state().workbench().run_state(EvolutionId(0));
    assert_eq!(state, RunState::Ready, "nothing was begun");
    assert_eq!(std::fs::read(place.study()).unwrap(), before);
    command(&mut window, "Run evolution run");
    window.run_steps(60);
    click(&mut window, RUN);
    settle_runs(&mut window);
    assert!(place.runs() > 0);
    let state = window.state().workbench().run_state(EvolutionId(0));
    assert!(matches!(state, RunState::Ended(_)), "{state:?}");
    assert_eq!(place.approved().len(), 1);
}

#[test]
fn fault_6_models_that_are_to_be_evaluated_wait_for_the_answer() {
    let place = Place::new();
    let mut window = window(&place, Some(place.study()));
    click(&mut window, "Select c1");
    command(&mut window, "Evaluate selected models");
    assert!(has(&window, RUN));
    assert_eq!(place.runs(), 0);
    window.run_steps(60);
    click(&mut window, RUN);
    settle_runs(&mut window);
    assert_eq!(place.runs(), 1);
    let doc = window.state().workbench().study().doc();
    assert_eq!(
        doc.model(ModelId(1)).unwrap().score("a").unwrap().value,
        50.0
    );
}

#[test]
fn fault_6_a_command_typed_into_the_window_is_not_asked_about() {
    let place = Place::new();
    let script = place.folder().join("judge.sh");
    std::fs::write(&script, format!("{SCRIPT}\n")).unwrap();
    // A study with the same models and no command.
    let mut study: Value = serde_json::from_slice(&std::fs::read(place.study()).unwrap()).unwrap();
    study.as_object_mut().unwrap().remove("evaluator");
    std::fs::write(place.study(), study.to_string()).unwrap();
    let mut window = window(&place, Some(place.study()));
    command(&mut window, "choose how models are judged");
    click(&mut window, "A program");
    let field = window.get_by_role_and_label(Role::TextInput, "Command line");
    field.focus();
    window.run_steps(2);
    let line = "/bin/sh judge.sh {model} {output}";
    window.input_mut().events.push(Event::Text(line.to_owned()));
    window.run_steps(3);
    click(&mut window, "Done");
    command(&mut window, "Run evolution run");
    assert!(!has(&window, RUN));
    settle_runs(&mut window);
    assert!(place.runs() > 0);
}
