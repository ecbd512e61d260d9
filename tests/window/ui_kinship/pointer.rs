//! What the pointer does: hovers, menus, ranges, and that nothing moves under it.

use super::*;

/// The demo's view in a window of this size.
fn demo_at(size: Vec2) -> Window {
    let mut window = demo();
    window.set_size(size);
    window.run();
    window
}

#[test]
fn a_click_on_a_cell_moves_nothing_at_any_size() {
    for size in [
        vec2(440.0, 300.0),
        vec2(600.0, 420.0),
        vec2(1000.0, 700.0),
        vec2(1900.0, 1000.0),
    ] {
        let mut window = demo_at(size);
        window.get_by_label_contains("Select two models");
        for name in ["abacus", "Column tally", "mirror"] {
            window.get_by_label(name);
        }
        let cell = |window: &Window| window.get_by_label("abacus × mirror 0.113").rect();
        let before = cell(&window);
        let other = window.get_by_label("sorter × tally 0.317").rect();
        assert!(other.bottom() < size.y, "{size} {other}");
        window.get_by_label("abacus × mirror 0.113").click();
        window.run();
        window.get_by_label_contains("Pearson 0.113");
        assert_eq!(cell(&window), before, "{size}");
    }
}

#[test]
fn the_detail_folds_into_a_line_and_stays_so() {
    let mut window = demo();
    click(&mut window, "abacus × mirror 0.113");
    window.get_by_label("Pearson by Layer: attention, MLP, norm");
    click(&mut window, "Fold where they differ");
    sentence(&window, "Pearson 0.113");
    let chart = "Pearson by Layer: attention, MLP, norm";
    assert!(window.query_by_label(chart).is_none());
    click(&mut window, "sorter × tally 0.317");
    assert!(window.query_by_label(chart).is_none());
    click(&mut window, "Show where they differ");
    window.get_by_label(chart);
}

#[test]
fn a_cell_says_on_hover_what_its_value_means() {
    let mut window = demo();
    let cell = window.get_by_label_contains("abacus × ledger 0.").rect();
    window.event(eframe::egui::Event::PointerMoved(cell.center()));
    window.run_steps(60);
    sentence(&window, "close kin");
    let cell = window.get_by_label("abacus × mirror 0.113").rect();
    window.event(eframe::egui::Event::PointerMoved(cell.center()));
    window.run_steps(60);
    sentence(&window, "0.113 · distant kin");
}

#[test]
fn a_cell_and_a_name_have_a_menu() {
    let mut window = demo();
    let cell = window.get_by_label("abacus × mirror 0.113");
    cell.click_secondary();
    window.run();
    for words in ["Select pair", "Compose merge", "Show in lineage"] {
        window.get_by_label(words);
    }
    click(&mut window, "Copy value");
    let Some(Action::Copy { text, .. }) = window.state().asked.last() else {
        panic!();
    };
    assert!(text.starts_with("0.11"), "{text}");
    window.get_by_label("abacus").click_secondary();
    window.run();
    click(&mut window, "Copy name");
    assert!(matches!(
        window.state().asked.last(),
        Some(Action::Copy { text, .. }) if text == "abacus"
    ));
}

#[test]
fn the_range_of_the_colours_is_set_at_the_legend() {
    let mut window = demo();
    window.get_by_label("Legend Pearson, 0 unrelated to 1 related");
    click(&mut window, "Colour range");
    click(&mut window, "−1 to 1");
    window.get_by_label("Legend Pearson, −1 opposite to 1 related");
    let range = window.state().bench.study().doc().view.colours.unwrap();
    assert_eq!((range.lo, range.hi), (-1.0, 1.0));
    click(&mut window, "Usual range of the measure");
    window.get_by_label("Legend Pearson, 0 unrelated to 1 related");
}
