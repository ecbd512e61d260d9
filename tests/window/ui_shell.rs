//! What frames the views: the drawer, messages, the tour, the keys that go through the window.

use eframe::egui::{FontId, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::study::{Command, ModelEdit, Selection};
use kinfolk::ui::action::View;
use kinfolk::ui::prefs::Prefs;

use crate::common;
use crate::harness::{
    self, Window, bench, click, command, doc, press, rest, says, settle, type_text, until,
    window_of,
};

const SMALL: [f32; 2] = [760.0, 520.0];

/// The demo in a window of a size, in a view.
fn demo(home: &std::path::Path, size: [f32; 2], prefs: Prefs) -> Window {
    let mut bench = bench(home);
    bench.open_demo();
    bench.wait(|_| {});
    let mut window = window_of(size, bench, prefs, vec![]);
    settle(&mut window);
    window
}

fn in_view(view: View) -> Prefs {
    Prefs {
        view,
        ..Prefs::default()
    }
}

fn select(window: &mut Window, names: &[&str]) {
    let models = &doc(window).models;
    let ids = models.iter().filter(|m| names.contains(&&m.name[..]));
    let selection = Selection::Models(ids.map(|m| m.id).collect());
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(selection));
    window.run_steps(3);
}

fn selected(window: &Window) -> Vec<String> {
    let study = window.state().workbench().study();
    let ids = study.selection().models().into_iter();
    ids.map(|id| study.doc().name_of(id).to_owned()).collect()
}

#[test]
fn in_a_narrow_window_the_inspector_is_a_drawer() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), SMALL, in_view(View::Models));
    select(&mut window, &["abacus"]);
    assert!(!says(&window, "Search tensors"));
    press(&mut window, Modifiers::COMMAND, Key::I);
    window.get_by_label("Search tensors");
    press(&mut window, Modifiers::COMMAND, Key::I);
    assert!(!says(&window, "Search tensors"));
    click(&mut window, "Inspector  Ctrl I");
    window.get_by_label("Search tensors");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!says(&window, "Search tensors"));
    assert_eq!(selected(&window), ["abacus"], "only the drawer is closed");
    assert!(
        window.state().prefs().inspector,
        "a wide window keeps its own"
    );
    rest(&mut window);
}

#[test]
fn who_opens_models_sees_them_and_no_merge() {
    let home = tempfile::tempdir().unwrap();
    let models = common::oracle("alder/base").parent().unwrap().to_owned();
    let paths = ["base", "c1", "c2"].map(|name| models.join(name)).to_vec();
    let bench = bench(home.path());
    let mut window = window_of(SMALL, bench, in_view(View::Merge), vec![paths]);
    click(&mut window, "Open models…");
    settle(&mut window);
    assert_eq!(doc(&window).models.len(), 3);
    assert_eq!(window.state().prefs().view, View::Models);
    press(&mut window, Modifiers::COMMAND, Key::Num5);
    window.get_by_label("Models to merge: c1, c2");
}

/// Whether a message offers to undo: the button in the bar says what it undoes.
fn offers(window: &Window) -> bool {
    let mut found = window.query_all_by_label("Undo");
    found.any(|button| !button.accesskit_node().is_disabled())
}

#[test]
fn a_message_offers_to_undo_for_as_long_as_it_is_the_last_change() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), harness::WIDE, in_view(View::Models));
    select(&mut window, &["abacus"]);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(doc(&window).models.len(), 7);
    click(&mut window, "Undo");
    settle(&mut window);
    assert_eq!(doc(&window).models.len(), 8);
    assert!(!offers(&window), "it was taken");
    select(&mut window, &["abacus"]);
    press(&mut window, Modifiers::NONE, Key::Delete);
    window.get_by_label("Undo");
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::RenameStudy("other".to_owned()));
    window.run_steps(3);
    assert!(!offers(&window), "another change came");
    window.get_by_label("Message: abacus removed from the study");
}

#[test]
fn what_could_not_be_saved_is_taken_back_once_it_can() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), harness::WIDE, in_view(View::Models));
    let folder = home.path().join("studies");
    let path = folder.join("own.kinfolk.json");
    std::fs::create_dir(&folder).unwrap();
    window.state_mut().workbench_mut().save_as(&path);
    window.state_mut().workbench_mut().finish_saving();
    rest(&mut window);
    let aside = home.path().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::RenameStudy("other".to_owned()));
    bench.save_if_changed();
    bench.finish_saving();
    window.run_steps(3);
    assert!(says(&window, "could not be saved"));
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    let bench = window.state_mut().workbench_mut();
    bench.save();
    bench.finish_saving();
    window.run_steps(3);
    assert!(!says(&window, "could not be saved"));
}

#[test]
fn the_tour_goes_over_real_controls_and_comes_once() {
    let home = tempfile::tempdir().unwrap();
    let prefs = Prefs {
        wants_tour: true,
        ..in_view(View::Kinship)
    };
    let mut window = demo(home.path(), harness::WIDE, prefs);
    window.get_by_label("Tour: Kinship");
    click(&mut window, "Next");
    window.get_by_label("Tour: Models");
    assert_eq!(window.state().prefs().view, View::Models);
    click(&mut window, "Back");
    window.get_by_label("Tour: Kinship");
    for _ in 0..4 {
        click(&mut window, "Next");
    }
    window.get_by_label("Tour: Everything by name");
    click(&mut window, "Done");
    assert!(!says(&window, "Tour:"));
    assert!(!window.state().prefs().wants_tour);
    command(&mut window, "take the tour");
    window.get_by_label("Tour: Kinship");
    click(&mut window, "Skip the tour");
    assert!(!says(&window, "Tour:"));
    rest(&mut window);
}

#[test]
fn the_first_screen_shows_what_it_is_about_and_leads_to_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let window = window_of(harness::WIDE, bench(home.path()), Prefs::default(), vec![]);
    window.get_by_label_contains("Kinship of the demo’s seven fine-tunes");
    let demo = window.get_by_label("Explore the demo").rect();
    let models = window.get_by_label("Open models…").rect();
    assert!(demo.right() < models.left());
}

#[test]
fn f6_goes_from_pane_to_pane() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), harness::WIDE, in_view(View::Models));
    select(&mut window, &["abacus"]);
    let focused = |window: &Window| {
        let id = window.ctx.memory(|memory| memory.focused()).unwrap();
        window.ctx.read_response(id).unwrap().rect.center().x
    };
    let rail = window.get_by_label("Kinship").rect().right();
    press(&mut window, Modifiers::NONE, Key::F6);
    let view = focused(&window);
    assert!(view > rail, "the view is first");
    press(&mut window, Modifiers::NONE, Key::F6);
    let inspector = focused(&window);
    assert!(inspector > view && inspector > 900.0, "{inspector}");
    press(&mut window, Modifiers::NONE, Key::F6);
    assert!(focused(&window) < rail);
    press(&mut window, Modifiers::SHIFT, Key::F6);
    assert_eq!(focused(&window), inspector);
}

#[test]
fn letters_lead_to_the_model_that_they_begin() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), harness::WIDE, in_view(View::Models));
    type_text(&mut window, "a");
    assert_eq!(selected(&window), ["abacus"]);
    // After a while it is a word of its own.
    window.run_steps(80);
    type_text(&mut window, "ar");
    assert_eq!(selected(&window), ["arith"]);
    window.run_steps(80);
    type_text(&mut window, "m");
    assert_eq!(selected(&window), ["mirror"]);
}

#[test]
fn the_help_fits_a_small_window() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), SMALL, in_view(View::Models));
    press(&mut window, Modifiers::NONE, Key::F1);
    window.run_steps(6);
    let close = window.get_by_label("Close").rect();
    assert!(close.bottom() < SMALL[1] && close.top() > 0.0, "{close:?}");
    let version = window.get_by_label_contains("Version ").rect();
    assert!(version.top() > 0.0, "{version:?}");
}

#[test]
fn charts_of_a_study_without_merges_open_on_its_pairs() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), harness::WIDE, in_view(View::Charts));
    window.run_steps(6);
    assert!(!says(&window, "Show the pairs"));
    assert!(says(&window, "n = "), "a figure with its numbers");
}

#[test]
fn letters_of_a_name_that_no_own_face_has_are_looked_for() {
    let face = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
    if !std::path::Path::new(face).exists() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), harness::WIDE, in_view(View::Models));
    let font = FontId::proportional(13.5);
    let has = |window: &Window| window.ctx.fonts_mut(|fonts| fonts.has_glyph(&font, 'ع'));
    assert!(!has(&window));
    let id = doc(&window).models[1].id;
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Model(ModelEdit::Rename(id, "عربي".to_owned())));
    until(&mut window, has);
    rest(&mut window);
}
