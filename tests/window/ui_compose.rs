//! The whole way, from the welcome screen to a child in the study: once with the mouse alone,
//! once with the keyboard alone.

use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::kinship::Metric;
use kinfolk::merge::composition::Place;
use kinfolk::merge::recipe::{Setting, Value};
use kinfolk::study::Model;
use kinfolk::ui::action::View;

use crate::harness::{self, Window, press, settle, type_text, window};

/// Clicks, and waits for what that starts.
fn click(window: &mut Window, label: &str) {
    harness::click(window, label);
    settle(window);
}

/// Presses Tab until what has the keyboard is called so.
fn tab_to(window: &mut Window, label: &str) {
    for _ in 0..400 {
        let focused = window.query_all_by(|node| node.is_focused());
        let found = focused
            .into_iter()
            .any(|node| node.accesskit_node().label().as_deref() == Some(label));
        if found {
            return;
        }
        press(window, Modifiers::NONE, Key::Tab);
    }
    panic!("Tab does not lead to {label}");
}

fn enter_at(window: &mut Window, label: &str) {
    tab_to(window, label);
    press(window, Modifiers::NONE, Key::Enter);
    settle(window);
}

fn model(window: &Window, name: &str) -> Model {
    let doc = window.state().workbench().study().doc();
    let found = doc.models.iter().find(|m| m.name == name);
    found
        .unwrap_or_else(|| panic!("{name} is not in the study"))
        .clone()
}

/// The curve that the attention of the draft has.
fn attention(window: &Window) -> Vec<f64> {
    let doc = window.state().workbench().study().doc();
    let bench = window.state().workbench();
    let composition = bench.composition(doc.shown_draft().unwrap()).unwrap();
    let Some(Setting::Filtered(items)) = composition.setting(0, Place::Merge, "t") else {
        panic!("{:?}", composition.setting(0, Place::Merge, "t"));
    };
    assert_eq!(items[0].filter.as_deref(), Some("self_attn"));
    match &items[0].value {
        Value::Gradient(points) => points.clone(),
        other => panic!("{other:?}"),
    }
}

/// The child is there, made as it was composed, and resembles its parents as it was predicted.
fn check_child(window: &Window, out: &Path, parents: [&str; 2]) {
    let child = model(window, "child");
    assert_eq!(child.path.as_deref(), Some(out));
    assert_eq!(child.origin.method, "slerp");
    assert!(
        child.origin.recipe.contains("self_attn"),
        "{}",
        child.origin.recipe
    );
    let named = parents.map(|name| model(window, name).id);
    assert_eq!(child.parents, named);
    let bench = window.state().workbench();
    for parent in named {
        let predicted = child
            .origin
            .predicted
            .iter()
            .find(|f| f.model == parent)
            .unwrap();
        let measured = bench.kinship_of(child.id, parent, Metric::PEARSON).unwrap();
        // Written in the parents' bfloat16, which rounds the child's numbers to 8 bits.
        let apart = (predicted.kinship.get(Metric::PEARSON).unwrap() - measured).abs();
        assert!(predicted.error == 0.0 && apart < 0.01, "{apart}");
    }
}

#[test]
fn with_the_mouse_alone() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out").join("child");
    let mut window = window(home.path(), vec![vec![out.clone()]]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Models");
    click(&mut window, "Select arith");
    click(&mut window, "Select order");
    // The bar over the table and the inspector both offer it.
    let compose = window.get_all_by_label("Compose merge");
    compose.last().unwrap().click();
    window.run_steps(3);
    settle(&mut window);
    assert_eq!(window.state().prefs().view, View::Merge);
    let over_depth = window.query_all_by(|node| {
        let label = node.label();
        label.is_some_and(|l| l.starts_with("Over depth… t"))
    });
    // Nodes of the canvas stand in a scene: their place in the window is not the tree's.
    over_depth.into_iter().next().unwrap().click_accesskit();
    settle(&mut window);
    click(&mut window, "Different t for some tensors");
    click(&mut window, "Attention");
    click(&mut window, "Curve");
    let plot = window.get_by_label("t over the layers, 5 points").rect();
    // The middle one of five points stands in the middle of the plot, half way up.
    window.drag_at(plot.center());
    window.run_steps(2);
    window.hover_at(plot.center() - eframe::egui::vec2(0.0, 12.0));
    window.run_steps(2);
    window.drop_at(plot.center() - eframe::egui::vec2(0.0, 24.0));
    window.run_steps(2);
    settle(&mut window);
    let dragged = attention(&window);
    assert!(dragged[2] > 0.5, "{dragged:?}");
    assert_eq!([dragged[0], dragged[4]], [0.5, 0.5]);
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    settle(&mut window);
    window.get_by_label("arith-order (predicted)");
    press(&mut window, Modifiers::COMMAND, Key::Num5);
    settle(&mut window);
    let write = window.get_all_by_role_and_label(Role::Button, "Write merge…");
    write.last().unwrap().click();
    window.run_steps(3);
    settle(&mut window);
    click(&mut window, "Choose where to write…");
    settle(&mut window);
    click(&mut window, "Write");
    settle(&mut window);
    check_child(&window, &out, ["arith", "order"]);
}

#[test]
fn with_the_keyboard_alone() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out").join("child");
    let mut window = window(home.path(), vec![vec![out.clone()]]);
    enter_at(&mut window, "Explore the demo");
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    press(&mut window, Modifiers::NONE, Key::Home);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    press(&mut window, Modifiers::SHIFT, Key::ArrowDown);
    let chosen = window.state().workbench().study().selection().models();
    assert_eq!(
        chosen,
        ["abacus", "arith"].map(|name| model(&window, name).id)
    );
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    settle(&mut window);
    assert_eq!(window.state().prefs().view, View::Merge);
    enter_at(&mut window, "List");
    let label = {
        let all = window.query_all_by(|node| {
            let label = node.label();
            label.is_some_and(|l| l.starts_with("Over depth… t"))
        });
        all.into_iter()
            .next()
            .unwrap()
            .accesskit_node()
            .label()
            .unwrap()
    };
    enter_at(&mut window, &label);
    enter_at(&mut window, "Different t for some tensors");
    enter_at(&mut window, "Attention");
    enter_at(&mut window, "Curve");
    assert_eq!(attention(&window), [0.5; 5]);
    // A number that has the keyboard is being typed.
    tab_to(&mut window, "Point 2 of t");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, "0.9");
    press(&mut window, Modifiers::NONE, Key::Enter);
    settle(&mut window);
    assert_eq!(attention(&window), [0.5, 0.9, 0.5, 0.5, 0.5]);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    settle(&mut window);
    enter_at(&mut window, "Choose where to write…");
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    settle(&mut window);
    check_child(&window, &out, ["abacus", "arith"]);
}
