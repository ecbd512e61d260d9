//! The whole window in tests: opened, clicked, typed into, and waited for.

// Every integration test compiles this file and uses a part of it.
#![allow(dead_code, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::study::StudyDoc;
use kinfolk::ui::app::App;
use kinfolk::ui::dialogs::Scripted;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::{Folders, Workbench};

pub type Window = Harness<'static, App>;

pub const WIDE: [f32; 2] = [1280.0, 800.0];

/// The longest that is waited for anything. Reached only where something is wrong.
const PATIENCE: Duration = Duration::from_secs(240);

/// A workbench with folders of its own.
pub fn bench(home: &Path) -> Workbench {
    Workbench::new(Folders::below(home), || {})
}

/// A window with folders of its own; dialogs answer with `answers`, one after the other.
pub fn window(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    window_of(WIDE, bench(home), Prefs::default(), answers)
}

/// A window of a size on a workbench.
pub fn window_of(
    size: [f32; 2],
    bench: Workbench,
    prefs: Prefs,
    answers: Vec<Vec<PathBuf>>,
) -> Window {
    opened(size, bench, prefs, answers, Vec::new())
}

/// The same, started with these files.
pub fn opened(
    size: [f32; 2],
    bench: Workbench,
    prefs: Prefs,
    answers: Vec<Vec<PathBuf>>,
    files: Vec<PathBuf>,
) -> Window {
    Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .build_eframe(move |cc| {
            let picker = Box::new(Scripted::new(answers));
            App::new(&cc.egui_ctx, bench, picker, prefs, files)
        })
}

/// Until no job runs, no merge waits and nothing is judged: what the window asks for at the end
/// of that, too.
pub fn settle(window: &mut Window) {
    let is_busy = |bench: &Workbench| !bench.jobs().running().is_empty() || bench.is_writing();
    settle_while(window, is_busy);
}

/// The same, and until no run of an evolution has more to do.
pub fn settle_runs(window: &mut Window) {
    settle_while(window, |bench| {
        !bench.jobs().running().is_empty() || bench.is_evolving()
    });
}

/// Jobs are waited for without drawing, since the window would take their time.
fn settle_while(window: &mut Window, is_busy: impl Fn(&Workbench) -> bool) {
    let due = Instant::now() + PATIENCE;
    loop {
        window.step();
        let bench = window.state_mut().workbench_mut();
        if !is_busy(bench) {
            window.run_steps(4);
            if !is_busy(window.state().workbench()) {
                return;
            }
        }
        let bench = window.state_mut().workbench_mut();
        while !bench.jobs().running().is_empty() && Instant::now() < due {
            bench.poll_within(Duration::from_millis(100));
        }
        assert!(Instant::now() < due, "jobs did not end");
    }
}

/// Steps until something is so, without drawing while jobs run and say nothing.
pub fn until(window: &mut Window, is_so: impl Fn(&Window) -> bool) {
    let due = Instant::now() + PATIENCE;
    while !is_so(window) {
        assert!(Instant::now() < due, "it did not come about");
        let bench = window.state_mut().workbench_mut();
        bench.poll_within(Duration::from_millis(20));
        window.step();
    }
}

/// Until what was changed is saved, and so no time asks for another frame.
pub fn rest(window: &mut Window) {
    window.state_mut().workbench_mut().save_if_changed();
    window.state_mut().workbench_mut().finish_saving();
    window.step();
    window.run();
}

pub fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

pub fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// What has this in its label is clicked.
pub fn click_named(window: &mut Window, part: &str) {
    window.get_by_label_contains(part).click();
    window.run_steps(3);
}

pub fn event(window: &mut Window, event: Event) {
    window.input_mut().events.push(event);
    window.run_steps(3);
}

pub fn type_text(window: &mut Window, text: &str) {
    event(window, Event::Text(text.to_owned()));
}

/// Runs a command of the palette by its first words.
pub fn command(window: &mut Window, words: &str) {
    press(window, Modifiers::COMMAND, Key::K);
    type_text(window, words);
    press(window, Modifiers::NONE, Key::Enter);
}

pub fn doc(window: &Window) -> &StudyDoc {
    window.state().workbench().study().doc()
}

/// Whether something has this in its label.
pub fn says(window: &Window, part: &str) -> bool {
    window.query_all_by_label_contains(part).next().is_some()
}
