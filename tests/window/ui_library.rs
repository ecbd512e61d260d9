//! The record from the welcome screen and the palette, and a study's description in the
//! inspector.

use std::path::Path;

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use kinfolk::ui::action::View;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::library::{LIBRARY, bundled};

use crate::harness::{WIDE, Window, bench, click, press, type_text, window_of};

fn window(home: &Path, size: [f32; 2]) -> Window {
    window_of(size, bench(home), Prefs::default(), vec![])
}

const SMALL: [f32; 2] = [760.0, 520.0];

#[test]
fn every_record_is_one_click_from_the_welcome_screen() {
    for size in [WIDE, [899.0, 1200.0]] {
        let home = tempfile::tempdir().unwrap();
        let mut window = window(home.path(), size);
        for carried in &LIBRARY {
            click(&mut window, &format!("Open the record: {}", carried.title));
            let app = window.state();
            assert_eq!(app.workbench().study().doc(), carried.doc());
            assert_eq!(app.prefs().view, View::Charts);
            press(&mut window, Modifiers::COMMAND, Key::W);
        }
    }
}

#[test]
fn the_columns_stand_beside_each_other_where_there_is_room() {
    let tops = |size| {
        let home = tempfile::tempdir().unwrap();
        let mut window = window(home.path(), size);
        window.run_steps(2);
        ["Recent studies", "Learn from the record"].map(|label| {
            let rect = window.get_by_label(label).rect();
            assert!(rect.right() <= size[0]);
            rect.top()
        })
    };
    let [recent, record] = tops(WIDE);
    assert_eq!(recent, record);
    let [recent, record] = tops(SMALL);
    assert!(record > recent);
}

#[test]
fn a_record_does_not_stand_among_the_recent_studies_too() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), WIDE);
    let title = LIBRARY[1].title;
    click(&mut window, &format!("Open the record: {title}"));
    press(&mut window, Modifiers::COMMAND, Key::W);
    window.get_by_label(&format!("Open the record: {title}"));
    assert!(
        window
            .query_by_label(&format!("Open study {title}"))
            .is_none()
    );
}

#[test]
fn a_record_is_opened_and_restored_by_keyboard_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), WIDE);
    press(&mut window, Modifiers::COMMAND, Key::K);
    type_text(&mut window, "record: the paper's experiment on llama");
    press(&mut window, Modifiers::NONE, Key::Enter);
    let doc = |window: &Window| window.state().workbench().study().doc().clone();
    assert_eq!(doc(&window), *bundled("llama2"));
    click(&mut window, "Edit description");
    window.get_by_label("Description").focus();
    window.run_steps(2);
    type_text(&mut window, "Mine. ");
    assert_ne!(doc(&window).about, bundled("llama2").about);
    press(&mut window, Modifiers::COMMAND, Key::K);
    type_text(&mut window, "restore the record");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(doc(&window), *bundled("llama2"));
}

#[test]
fn what_is_known_of_a_study_is_read_and_written_in_the_inspector() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), WIDE);
    click(&mut window, "Open the record: The paper's experiment");
    window.get_by_label("What it can and cannot say");
    window.get_by_label_contains("arXiv 2410.12613 version 3");
    window.get_by_label("39 models  ·  36 merges");

    press(&mut window, Modifiers::COMMAND, Key::N);
    assert!(
        window
            .query_by_label("What it can and cannot say")
            .is_none()
    );
    click(&mut window, "Describe this study");
    window.get_by_label("Description").focus();
    window.run_steps(2);
    type_text(&mut window, "Night run of ");
    type_text(&mut window, "llamas");
    let bench = window.state().workbench();
    assert_eq!(bench.study().doc().about, "Night run of llamas");
    click(&mut window, "Edit description");
    window.get_by_label("Night run of llamas");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    let bench = window.state().workbench();
    assert_eq!(bench.study().doc().about, "", "what was typed is one step");
}

#[test]
fn models_without_files_are_not_asked_for_a_base() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), WIDE);
    click(&mut window, "Open the record: The paper's experiment");
    click(&mut window, "Kinship");
    click(&mut window, "Show in Charts");
    assert_eq!(window.state().prefs().view, View::Charts);
}
