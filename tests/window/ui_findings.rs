//! What stands out and what to do next: in the whole window, by label.

use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::study::Selection;
use kinfolk::ui::action::View;
use kinfolk::ui::prefs::Prefs;

use crate::harness::{
    Window, bench, click, command, doc, press, rest, says, settle_runs, type_text, window,
    window_of,
};

const COPIES: &str = "ledger and ledger-copy are the same (1.000)";

/// The demo with a copy of one of its models, measured.
fn demo_with_a_copy(home: &Path) -> Window {
    let from = home.join("data/demo/ledger");
    let to = home.join("ledger-copy");
    let mut window = window(home, vec![vec![to.clone()]]);
    click(&mut window, "Explore the demo");
    settle_runs(&mut window);
    std::fs::create_dir(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    settle_runs(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::M);
    settle_runs(&mut window);
    window
}

/// Goes through the findings until one is shown.
fn look_for(window: &mut Window, finding: &str) {
    for _ in 0..8 {
        if window.query_by_label(finding).is_some() {
            return;
        }
        click(window, "Next finding");
    }
    panic!("{finding} is not among the findings");
}

#[test]
fn copies_stand_out_lead_to_the_pair_and_stay_dismissed() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo_with_a_copy(home.path());
    let found = window.state().workbench().findings();
    assert!(found.iter().any(|f| f.sentence == COPIES), "{found:?}");
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    look_for(&mut window, COPIES);
    click(&mut window, COPIES);
    assert_eq!(window.state().prefs().view, View::Kinship);
    let selection = window.state().workbench().study().selection();
    assert!(matches!(selection, Selection::Pair(..)), "{selection:?}");
    look_for(&mut window, COPIES);
    click(&mut window, "Dismiss this finding");
    assert!(!says(&window, COPIES));
    rest(&mut window);
    let path = window.state().workbench().path().unwrap().to_owned();
    drop(window);

    let mut bench = bench(home.path());
    bench.open_study(&path);
    bench.wait(|_| {});
    let mut window = window_of([1280.0, 800.0], bench, Prefs::default(), vec![]);
    settle_runs(&mut window);
    let said = |window: &Window| {
        let found = window.state().workbench().findings().iter();
        found.filter(|f| f.sentence == COPIES).count()
    };
    assert_eq!(said(&window), 0, "after it was opened anew, too");
    command(&mut window, "show dismissed findings");
    assert_eq!(said(&window), 1);
}

#[test]
fn a_study_is_led_from_measuring_to_merging() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle_runs(&mut window);
    let [a, b] = {
        let suggested = window.state().workbench().suggestions();
        suggested.merges[0].pair().map(|k| suggested.models[k])
    };
    let names = [a, b].map(|id| doc(&window).name_of(id).to_owned());
    click(&mut window, &format!("Next: Compose {}", names.join(" × ")));
    settle_runs(&mut window);
    assert_eq!(window.state().prefs().view, View::Merge);
    assert_eq!(doc(&window).shown_draft().unwrap().name, names.join("-"));
    // A model without scores is evaluated before anything else is merged.
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    let copy = demo_with_a_copy(&home.path().join("second"));
    assert!(says(&copy, "Next: Evaluate 1 model"));
}

#[test]
fn without_scores_they_are_imported_next() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    press(&mut window, Modifiers::COMMAND, Key::N);
    command(&mut window, "add models by name");
    type_text(&mut window, "one\ntwo");
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    window.get_by_label("Next: Import scores…");
    window.run();
}

#[test]
fn what_is_not_measured_is_measured_next() {
    let home = tempfile::tempdir().unwrap();
    let study = kinfolk::workbench::demo::unpack(&home.path().join("family")).unwrap();
    let mut bench = bench(home.path());
    bench.open_study(&study);
    bench.wait(|_| {});
    let mut window = window_of([1280.0, 800.0], bench, Prefs::default(), vec![]);
    settle_runs(&mut window);
    click(&mut window, "Next: Measure kinship");
    settle_runs(&mut window);
    assert!(!says(&window, "Next: Measure kinship"));
    window.run();
}

/// Words of the workshop that no user should have to read.
const BANNED: [&str; 8] = [
    "Apart",
    "Numbers",
    "Gain in it",
    "Expected of the child",
    "Reported",
    "Put into a run",
    "still generation",
    "asked for are made",
];

#[test]
fn plain_words_stand_in_every_view() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle_runs(&mut window);
    let doc = doc(&window);
    let pair = Selection::Pair(doc.models[1].id, doc.models[2].id);
    let select = kinfolk::study::Command::Select(pair);
    window.state_mut().workbench_mut().apply(select);
    for key in [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
    ] {
        press(&mut window, Modifiers::COMMAND, key);
        for word in BANNED {
            // Whole labels or the start of one; names of models may hold any word.
            let found = window
                .query_all_by(|node| node.label().is_some_and(|label| label.starts_with(word)));
            assert_eq!(found.count(), 0, "{word} in {key:?}");
        }
    }
}

#[test]
fn every_finding_can_be_reached_by_the_keyboard_and_named() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo_with_a_copy(home.path());
    look_for(&mut window, COPIES);
    window.get_by_label(COPIES).focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().prefs().view, View::Kinship);
    let nameless = window.query_all_by_role(Role::Button).filter(|node| {
        let label = node.accesskit_node().label();
        label.is_none_or(|label| label.trim().is_empty())
    });
    assert_eq!(nameless.count(), 0);
    window.input_mut().events.push(Event::PointerGone);
    rest(&mut window);
}
