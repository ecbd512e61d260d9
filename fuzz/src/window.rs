//! A study in the whole window, without a screen: a few frames of one view. Which one follows
//! from the bytes, because all of them would take a second.

use egui_kittest::Harness;
use kinfolk::ui::action::View;
use kinfolk::ui::app::App;
use kinfolk::ui::dialogs::Scripted;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::{Folders, Workbench};

use crate::files::{folder, home};

/// A study, as it lies in a folder of its own.
pub fn window(data: &[u8]) {
    // What cannot be read has only its sentence, and its window is the same each time.
    let text = String::from_utf8_lossy(data);
    if kinfolk::study::file::from_text(&text, home()).is_err() {
        return;
    }
    let sum = data.iter().fold(0usize, |sum, &byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    show(data, View::ALL[sum % View::ALL.len()]);
}

fn show(data: &[u8], view: View) {
    let path = folder("window").join("fuzzed.kinfolk.json");
    std::fs::write(&path, data).unwrap();
    let folders = Folders::below(&home().join("home"));
    let mut window: Harness<'_, App> = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_max_steps(8)
        .build_eframe(move |cc| {
            let mut bench = Workbench::new(folders, || {});
            bench.open_study(&path);
            bench.wait(|_| {});
            let prefs = Prefs {
                view,
                ..Prefs::default()
            };
            let picker = Box::new(Scripted::new(Vec::new()));
            App::new(&cc.egui_ctx, bench, picker, prefs, Vec::new())
        });
    window.run_steps(4);
}
