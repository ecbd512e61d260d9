//! A bug in a view or between two frames: a page with what happened, a study that is whole, and
//! ways to go on. And a signal, after which the window saves and closes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui::{
    Key, Modifiers, OutputCommand, Theme, ViewportCommand, ViewportEvent, ViewportId,
};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::evaluate::command::Call;
use kinfolk::study::Evaluator;
use kinfolk::ui::action::View;
use kinfolk::ui::app::App;
use kinfolk::ui::dialogs::Scripted;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::{Folders, Workbench};

use crate::common;
use crate::picture;

use crate::harness::{WIDE, Window, bench, click, says, type_text, window_of};

/// A window on an empty study that was given a name a moment ago; dialogs answer `answers`.
fn window(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let mut bench = bench(home);
    bench.new_study();
    bench.save_as(&bench.folders().data.join("mine"));
    bench.finish_saving();
    bench.take_notices();
    let mut window = window_of(WIDE, bench, Prefs::default(), answers);
    window.run_steps(3);
    window
}

/// An edit that is not saved yet: a model by its name.
fn edit(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(3);
    type_text(window, "Add models by name");
    window.key_press_modifiers(Modifiers::NONE, Key::Enter);
    window.run_steps(3);
    type_text(window, "oak");
    click(window, "Add 1 model");
    assert_eq!(models(window), 1);
}

fn models(window: &Window) -> usize {
    window.state().workbench().study().doc().models.len()
}

fn saved(home: &Path) -> String {
    std::fs::read_to_string(home.join("data/mine.kinfolk.json")).unwrap()
}

fn has(window: &Window, label: &str) -> bool {
    window.query_by_label(label).is_some()
}

fn panics() {
    panic!("a bug on purpose");
}

fn asks_to_close(window: &Window) -> bool {
    let output = &window.output().viewport_output[&ViewportId::ROOT];
    output.commands.contains(&ViewportCommand::Close)
}

const TITLE: &str = "Kinfolk ran into a bug";
const BACK: &str = "Back to the window";

#[test]
fn a_bug_in_a_view_shows_a_page_and_the_study_is_saved() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    edit(&mut window);
    window.state_mut().call_in_frames(Some(panics), None);
    window.step();
    assert!(has(&window, TITLE));
    assert!(says(&window, "while the view Models was drawn"));
    assert!(says(&window, "Your study is whole, and saved"));
    assert!(saved(home.path()).contains("oak"));
    // Nothing of the window is left beside it.
    assert!(!has(&window, "Kinship"));
    // It stays, without a frame that nobody asked for.
    window.run();
    assert!(has(&window, TITLE));
}

#[test]
fn the_report_has_message_place_and_calls_and_can_be_copied() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    window.state_mut().call_in_frames(Some(panics), None);
    window.run_steps(2);
    window.get_by_label("Copy the report").click();
    let mut copied = None;
    for _ in 0..5 {
        window.step();
        for command in &window.output().platform_output.commands {
            if let OutputCommand::CopyText(text) = command {
                copied = Some(text.clone());
            }
        }
    }
    let copied = copied.expect("nothing was copied");
    for part in [
        "a bug on purpose",
        "ui_trouble.rs:",
        "while drawing the view Models",
        env!("CARGO_PKG_VERSION"),
        "ui_trouble::panics",
    ] {
        assert!(copied.contains(part), "{part} is not in {copied}");
    }
    assert!(has(&window, "Report copied"));
}

#[test]
fn the_way_back_leads_to_another_view_and_a_second_bug_to_the_page_again() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    window.state_mut().call_in_frames(Some(panics), None);
    window.run_steps(2);
    click(&mut window, BACK);
    // It panics there as well: the page again, and no end of the program.
    assert!(has(&window, TITLE));
    assert!(says(&window, "while the view Settings was drawn"));
    window.state_mut().call_in_frames(None, None);
    click(&mut window, BACK);
    assert!(!has(&window, TITLE));
    assert_eq!(window.state().prefs().view, View::Models);
    edit(&mut window);
}

#[test]
fn the_study_is_saved_elsewhere_from_the_page() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere = home.path().join("elsewhere.kinfolk.json");
    let mut window = window(home.path(), vec![vec![elsewhere.clone()]]);
    edit(&mut window);
    // A folder where the study was: it cannot be saved there.
    let own = home.path().join("data/mine.kinfolk.json");
    std::fs::remove_file(&own).unwrap();
    std::fs::create_dir(&own).unwrap();
    window.state_mut().call_in_frames(Some(panics), None);
    window.run_steps(2);
    assert!(says(&window, "Your study is not saved"));
    click(&mut window, "Save the study as…");
    assert!(says(&window, "Your study is whole, and saved"));
    assert!(has(&window, TITLE));
    let text = std::fs::read_to_string(elsewhere).unwrap();
    assert!(text.contains("oak"));
}

#[test]
fn a_bug_between_two_frames_shows_the_page_and_the_study_is_read_again() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    edit(&mut window);
    window.state_mut().call_in_frames(None, Some(panics));
    window.run_steps(2);
    assert!(has(&window, TITLE));
    assert!(says(&window, "while something was carried out"));
    assert!(saved(home.path()).contains("oak"));
    window.state_mut().call_in_frames(None, None);
    click(&mut window, BACK);
    assert!(!has(&window, TITLE));
    assert_eq!(models(&window), 1);
}

#[test]
fn a_bug_on_the_welcome_screen_has_a_way_on() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::below(home.path());
    let mut window: Window = Harness::builder()
        .with_size([800.0, 560.0])
        .build_eframe(move |cc| {
            let bench = Workbench::new(folders, || {});
            let picker = Box::new(Scripted::default());
            App::new(&cc.egui_ctx, bench, picker, Prefs::default(), Vec::new())
        });
    window.state_mut().call_in_frames(Some(panics), None);
    window.run_steps(2);
    assert!(says(&window, "while the welcome screen was drawn"));
    assert!(!has(&window, "Save the study as…"));
    window.state_mut().call_in_frames(None, None);
    click(&mut window, BACK);
    assert_eq!(window.state().prefs().view, View::Settings);
    assert!(!has(&window, TITLE));
}

#[test]
fn an_edit_of_the_last_moment_is_saved_at_a_signal() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    let signal = Arc::new(AtomicBool::new(false));
    window.state_mut().end_on(Arc::clone(&signal));
    edit(&mut window);
    assert!(!asks_to_close(&window));
    signal.store(true, Ordering::Relaxed);
    window.step();
    assert!(saved(home.path()).contains("oak"));
    assert!(asks_to_close(&window));
}

#[test]
fn a_signal_is_heard_on_the_page_of_a_bug() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    let signal = Arc::new(AtomicBool::new(false));
    window.state_mut().end_on(Arc::clone(&signal));
    window.state_mut().call_in_frames(Some(panics), None);
    window.run_steps(2);
    signal.store(true, Ordering::Relaxed);
    window.step();
    assert!(asks_to_close(&window));
}

/// A study whose command takes its time, approved.
#[cfg(unix)]
fn slow(home: &Path) -> Workbench {
    let call = Call::parse("/bin/sh -c 'sleep 60' {model} {output}").unwrap();
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.new_study();
    bench.save_as(&bench.folders().data.join("mine"));
    bench.finish_saving();
    bench.add_paths(vec![common::oracle("alder/base")]);
    bench.wait(|_| {});
    bench.set_evaluator(Evaluator::Command { call });
    let id = bench.study().doc().models[0].id;
    bench.evaluate_models(&[id]);
    assert!(bench.is_evolving());
    bench
}

#[cfg(unix)]
#[test]
fn work_that_runs_does_not_hold_up_a_signal() {
    let home = tempfile::tempdir().unwrap();
    let bench = slow(home.path());
    let signal = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&signal);
    let mut window: Window = Harness::builder().build_eframe(move |cc| {
        let picker = Box::new(Scripted::default());
        let mut app = App::new(&cc.egui_ctx, bench, picker, Prefs::default(), Vec::new());
        app.end_on(heard);
        app
    });
    // The question is open, because the window was to be closed.
    close(&mut window);
    assert!(has(&window, "Stop and close"));
    signal.store(true, Ordering::Relaxed);
    window.step();
    assert!(asks_to_close(&window));
    close(&mut window);
    let commands = &window.output().viewport_output[&ViewportId::ROOT].commands;
    assert!(!commands.contains(&ViewportCommand::CancelClose));
    let started = std::time::Instant::now();
    eframe::App::on_exit(window.state_mut(), None);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
    assert!(window.state().workbench().jobs().running().is_empty());
}

/// The window is asked to close, as by its own button.
#[cfg(unix)]
fn close(window: &mut Window) {
    let root = window.input_mut().viewports.get_mut(&ViewportId::ROOT);
    root.unwrap().events.push(ViewportEvent::Close);
    window.step();
}

fn look(name: &str, theme: Theme) {
    let mut window: Harness<'_, ()> = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .build_ui_state(page(), ());
    window.run_steps(3);
    window.snapshot_options(name, &picture::options());
}

/// The page with a report that is the same on every machine.
fn page() -> impl FnMut(&mut eframe::egui::Ui, &mut ()) {
    use kinfolk::ui::trouble::{Caught, Doing, Saved, Trouble};
    let calls = [
        "core::panicking::panic_bounds_check",
        "kinfolk::ui::views::kinship::map::cells",
        "kinfolk::ui::views::kinship::KinshipView::ui",
        "kinfolk::ui::app::App::frame_ui",
        "kinfolk::ui::trouble::caught::guarded",
    ];
    let lines = calls.iter().enumerate();
    let caught = Caught {
        message: "index out of bounds: the len is 7 but the index is 7".to_owned(),
        place: "src/ui/views/kinship/map.rs:112:21".to_owned(),
        backtrace: lines.map(|(k, call)| format!("{k:4}: {call}\n")).collect(),
    };
    let saved = Saved::At("/home/me/studies/mistral-7b.kinfolk.json".to_owned());
    let mut trouble = Trouble::new(&caught, Doing::Drawing(Some(View::Kinship)), saved);
    trouble.report = trouble.report.replace(std::env::consts::ARCH, "x86_64");
    let mut is_styled = false;
    move |ui, ()| {
        if is_styled {
            trouble.ui(ui);
        } else {
            kinfolk::ui::theme::apply(ui.ctx());
            ui.ctx().request_repaint();
            is_styled = true;
        }
    }
}

#[test]
fn the_page_looks_as_accepted_in_light() {
    look("trouble_light", Theme::Light);
}

#[test]
fn the_page_looks_as_accepted_in_dark() {
    look("trouble_dark", Theme::Dark);
}
