//! A sweep of the recipe on the canvas, by labels: asked for, gone through, opened, recorded.

use std::path::Path;

use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::study::{Command, Evaluator, EvolutionEdit, ModelId};
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::sweeping::SweepState;

use crate::common::demo_of_few_items;
use crate::harness::{WIDE, Window, bench, click, command, doc, opened, says, settle, until};

/// The demo judged on two items of one task, with a SLERP of two of its models on the canvas.
fn window(home: &Path) -> Window {
    let study = demo_of_few_items(&home.join("demo"), 2);
    let prefs = Prefs::default();
    let mut window = opened(WIDE, bench(home), prefs, Vec::new(), vec![study]);
    settle(&mut window);
    let named = |window: &Window, name: &str| -> ModelId {
        let models = &doc(window).models;
        models.iter().find(|m| m.name == name).unwrap().id
    };
    let parents = [named(&window, "arith"), named(&window, "mirror")];
    let tasks = vec![home.join("demo/tasks/add.dev.jsonl")];
    let judge = EvolutionEdit::SetEvaluator(Evaluator::BuiltIn { tasks });
    let own = window.state_mut().workbench_mut();
    own.apply(Command::Evolution(judge));
    own.compose_template(None, &parents);
    click(&mut window, "Merge");
    settle(&mut window);
    window
}

fn is_over(window: &Window) -> bool {
    let sweep = window.state().workbench().sweep();
    sweep.is_some_and(|run| !matches!(run.state, SweepState::Running(_)))
}

#[test]
fn a_sweep_of_one_parameter_is_asked_for_gone_through_opened_and_recorded() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path());
    click(&mut window, "Sweep…");
    assert!(says(&window, "5 children to merge and score"));
    click(&mut window, "Start sweep");
    until(&mut window, is_over);
    settle(&mut window);
    window.get_by_label("Score by t");
    assert!(says(&window, "Best: t="));
    let before = doc(&window).models.len();
    click(&mut window, "Add to study");
    settle(&mut window);
    let models = &doc(&window).models;
    assert_eq!(models.len(), before + 5);
    let cell = models.iter().find(|m| m.name.ends_with("t=0.3")).unwrap();
    assert_eq!((cell.parents.len(), cell.scores.len()), (2, 1));
    assert!(cell.path.is_none(), "its files are gone");
    let drafts = doc(&window).drafts.len();
    click(&mut window, "Open t=0.3");
    settle(&mut window);
    let all = &doc(&window).drafts;
    assert_eq!(all.len(), drafts + 1);
    let text = &all.last().unwrap().sheet.text;
    assert!(text.contains("t: 0.3"), "{text}");
    assert!(window.query_by_label("Close the sweep").is_none());
    // One step of undo takes the recipe off, the next all five cells.
    for _ in 0..2 {
        window.state_mut().workbench_mut().apply(Command::Undo);
    }
    assert_eq!(doc(&window).models.len(), before);
    command(&mut window, "Show the sweep");
    window.get_by_label("Close the sweep");
}

#[test]
fn a_sweep_without_an_evaluator_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path());
    let by_hand = EvolutionEdit::SetEvaluator(Evaluator::ByHand);
    let own = window.state_mut().workbench_mut();
    own.apply(Command::Evolution(by_hand));
    click(&mut window, "Sweep…");
    assert!(says(&window, "written by hand"));
    let start = window.get_by_label("Start sweep");
    assert!(start.accesskit_node().is_disabled());
}
