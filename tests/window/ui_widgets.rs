//! Every widget is found by its label, does what it says, and leaves the window still.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::ui::dialogs::{Desktop, FilePicker, InApp, PickKind, PickRequest, Picked};
use kinfolk::ui::theme;
use kinfolk::ui::widgets::heatmap::{HeatMap, HeatMapResponse};
use kinfolk::ui::widgets::palette::{Palette, PaletteEntry};
use kinfolk::ui::widgets::toast::{ToastKind, Toasts};
use kinfolk::ui::widgets::{empty_state, icon_button, segmented};

/// A harness in our style; `S` collects what the widgets gave back.
fn harness<S: Default>(mut content: impl FnMut(&mut Ui, &mut S) + 'static) -> Harness<'static, S> {
    let mut is_styled = false;
    Harness::builder()
        .with_size(vec2(900.0, 640.0))
        .with_max_steps(12)
        .build_ui_state(
            move |ui: &mut Ui, state: &mut S| {
                if is_styled {
                    content(ui, state);
                } else {
                    theme::apply(ui.ctx());
                    ui.ctx().request_repaint();
                    is_styled = true;
                }
            },
            S::default(),
        )
}

/// Keeps what was touched last, since a click is gone a frame later.
fn heat_map(n: usize) -> Harness<'static, HeatMapResponse> {
    let mut labels: Vec<String> = (0..n).map(|i| format!("model {i}")).collect();
    labels[0] = "abacus".into();
    labels[1] = "mirror".into();
    let mut harness = harness(move |ui, kept: &mut HeatMapResponse| {
        let value = |a: usize, b: usize| Some((a + b) as f64 / 10.0 + 0.0127);
        let touched = HeatMap::new(&labels, &value).show(ui);
        kept.hovered = touched.hovered;
        kept.clicked = touched.clicked.or(kept.clicked);
        kept.clicked_label = touched.clicked_label.or(kept.clicked_label);
    });
    harness.run();
    harness
}

#[test]
fn a_cell_is_found_by_both_names_and_clicked() {
    let mut harness = heat_map(7);
    harness.get_by_label("abacus × mirror 0.113").click();
    harness.run();
    assert_eq!(harness.state().clicked, Some((0, 1)));
    harness.get_by_label("mirror × abacus 0.113").hover();
    harness.run();
    assert_eq!(harness.state().hovered, Some((1, 0)));
    assert_eq!(harness.state().clicked_label, None);
}

#[test]
fn a_model_is_found_by_its_name_in_the_map() {
    let mut harness = heat_map(7);
    harness.get_by_label("mirror").click();
    harness.run();
    assert_eq!(harness.state().clicked_label, Some(1));
    harness.get_by_label("Column abacus").click();
    harness.run();
    assert_eq!(harness.state().clicked_label, Some(0));
    assert_eq!(harness.state().clicked, None);
}

#[test]
fn arrows_move_the_current_cell_and_enter_selects_it() {
    for n in [7, 40] {
        let mut harness = heat_map(n);
        harness.key_press(Key::Tab);
        harness.run();
        harness.key_press(Key::ArrowDown);
        harness.key_press(Key::ArrowDown);
        harness.key_press(Key::ArrowRight);
        harness.run();
        assert_eq!(harness.state().hovered, Some((3, 1)), "{n}");
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state().clicked, Some((3, 1)), "{n}");
    }
}

#[test]
fn a_large_map_is_one_picture_that_tells_its_current_cell() {
    let mut harness = heat_map(200);
    assert!(harness.query_by_label("abacus × mirror 0.113").is_none());
    let map = harness.get_by_label("mirror × abacus 0.113");
    let (rect, cell) = (map.rect(), map.rect().size() / 200.0);
    harness.hover_at(rect.min + vec2(150.5, 20.5) * cell);
    harness.run();
    assert_eq!(harness.state().hovered, Some((20, 150)));
}

#[test]
fn names_stay_in_sight_while_a_map_larger_than_its_place_scrolls() {
    let labels: Vec<String> = (0..24).map(|i| format!("model {i}")).collect();
    let mut harness = harness(move |ui, kept: &mut HeatMapResponse| {
        ui.set_max_size(vec2(500.0, 300.0));
        eframe::egui::ScrollArea::both().show(ui, |ui| {
            *kept = HeatMap::new(&labels, &|_, _| Some(0.5)).show(ui);
        });
    });
    harness.run();
    let name = |harness: &Harness<'_, HeatMapResponse>| harness.get_by_label("model 9").rect();
    let before = name(&harness);
    harness.hover_at(eframe::egui::pos2(300.0, 250.0));
    harness.run();
    harness.event(eframe::egui::Event::MouseWheel {
        unit: eframe::egui::MouseWheelUnit::Point,
        delta: vec2(-200.0, -100.0),
        modifiers: Modifiers::NONE,
        phase: eframe::egui::TouchPhase::Move,
    });
    harness.run_steps(60);
    let after = name(&harness);
    assert!(after.top() < before.top() - 50.0, "{before} {after}");
    assert!(after.left() > before.left() - 20.0, "{before} {after}");
    assert!(harness.get_by_label("Column model 9").rect().top() >= 0.0);
}

#[test]
fn small_maps_do_not_break() {
    for n in [2, 3] {
        heat_map(n);
    }
    let mut empty = harness(|ui, kept: &mut HeatMapResponse| {
        *kept = HeatMap::new(&[], &|_, _| None).show(ui);
        *kept = HeatMap::new(&["only".to_owned()], &|_, _| None).show(ui);
    });
    empty.run();
}

fn entries() -> Vec<PaletteEntry<'static>> {
    let entry = |title, group, shortcut, enabled| PaletteEntry {
        title,
        full: title,
        group,
        shortcut,
        enabled,
    };
    vec![
        entry("Open models…", "File", "Ctrl O", true),
        entry("Measure kinship", "Kinship", "Ctrl M", true),
        entry("Write merge…", "Merge", "", false),
        entry("Compose merge", "Merge", "", true),
    ]
}

fn palette() -> Harness<'static, (Palette, Option<usize>)> {
    let mut harness = harness(|ui, (palette, chosen): &mut (Palette, Option<usize>)| {
        *chosen = palette.show(ui.ctx(), &entries()).or(*chosen);
    });
    harness.state_mut().0.open();
    harness.run();
    harness
}

#[test]
fn a_command_is_found_by_letters_and_entered() {
    let mut harness = palette();
    harness.get_by_role(Role::TextInput).type_text("mk");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().1, Some(1));
    assert!(!harness.state().0.is_open());
}

#[test]
fn a_command_is_clicked_or_reached_by_arrows_unless_it_is_disabled() {
    let mut harness = palette();
    harness.get_by_label("Compose merge, Merge").click();
    harness.run();
    assert_eq!(harness.state().1, Some(3));

    let mut harness = palette();
    harness.key_press(Key::ArrowDown);
    harness.key_press(Key::ArrowDown);
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().1, None);
    harness.key_press(Key::ArrowUp);
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().1, Some(1));
}

#[test]
fn escape_closes_the_palette() {
    let mut harness = palette();
    harness.key_press_modifiers(Modifiers::NONE, Key::Escape);
    harness.run();
    assert!(!harness.state().0.is_open() && harness.state().1.is_none());
}

#[test]
fn a_failure_is_dismissed_by_its_button() {
    let mut harness = harness(|ui, toasts: &mut Toasts| {
        toasts.show(ui.ctx(), eframe::egui::Align2::RIGHT_BOTTOM);
    });
    harness
        .state_mut()
        .push(ToastKind::Failed, "No room on disk", "1.2 GB are missing");
    harness.run();
    harness.get_by_label("Failed: No room on disk");
    harness.get_by_label("Dismiss").click();
    harness.run();
    assert!(harness.state().is_empty());
}

#[test]
fn small_controls_have_names() {
    #[derive(Default)]
    struct State {
        metric: usize,
        opened: bool,
        undone: bool,
    }
    let mut harness = harness(|ui, state: &mut State| {
        segmented(
            ui,
            "Metric",
            &mut state.metric,
            &[(0, "Pearson"), (1, "Cosine")],
        );
        state.undone |=
            icon_button(ui, egui_phosphor::regular::ARROW_COUNTER_CLOCKWISE, "Undo").clicked();
        let icon = egui_phosphor::regular::TREE_STRUCTURE;
        state.opened |= empty_state(ui, icon, "No models yet", Some("Open models…"));
    });
    harness.run();
    for label in ["Cosine", "Undo", "Open models…"] {
        harness.get_by_label(label).click();
        harness.run();
    }
    let State {
        metric,
        opened,
        undone,
    } = harness.state();
    assert!(*metric == 1 && *opened && *undone);
}

fn request(dir: &std::path::Path) -> PickRequest {
    PickRequest {
        title: "Open models".into(),
        kind: PickKind::OpenFolders,
        start_dir: Some(dir.to_path_buf()),
        places: Vec::new(),
    }
}

#[test]
fn several_folders_are_picked_in_the_built_in_dialog() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["abacus", "mirror"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
    }
    let mut harness = harness(|ui, (picker, picked): &mut (InApp, Option<Picked>)| {
        *picked = picker.ui(ui.ctx()).or(picked.take());
    });
    let ctx = harness.ctx.clone();
    harness.run();
    harness.state_mut().0.start(request(dir.path()), &ctx);
    harness.run();
    harness.get_by_label_contains("abacus").click();
    harness.run();
    let mirror = harness.get_by_label_contains("mirror");
    mirror.click_modifiers(Modifiers::COMMAND);
    harness.run();
    harness.get_by_label("Open").click();
    harness.run();
    let picked = harness.state().1.clone().unwrap();
    assert_eq!(picked.paths.len(), 2, "{:?}", picked.paths);
}

#[test]
fn a_desktop_that_never_answers_is_left_for_the_built_in_dialog() {
    let mut harness = harness(|ui, (picker, picked): &mut (Desktop, Option<Picked>)| {
        *picked = picker.ui(ui.ctx()).or(picked.take());
    });
    let ctx = harness.ctx.clone();
    harness.run();
    // Waits until the test lets go of the other end.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let ask = move |_: &PickRequest| {
        held.lock()
            .ok()
            .and_then(|h| h.recv().ok())
            .map(|()| vec![])
    };
    harness.state_mut().0 = Desktop::with_ask(Arc::new(ask));
    harness
        .state_mut()
        .0
        .start(request(&std::env::temp_dir()), &ctx);
    harness.run();
    harness
        .get_by_label("Use the built-in dialog instead")
        .click();
    harness.run();
    harness.get_by_label("Cancel").click();
    harness.run();
    assert_eq!(harness.state().1.as_ref().map(|p| p.paths.len()), Some(0));
    drop(hold);
}
