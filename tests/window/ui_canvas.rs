//! The merge canvas as a user meets it: by label, by drag, by key. No graphics card.

use std::path::Path;

use eframe::egui::emath::TSTransform;
use eframe::egui::{Event, Id, Key, LayerId, Modifiers, Order, PointerButton, Pos2, Rect, vec2};
use egui_kittest::kittest::Queryable;
use kinfolk::merge::composition::{Composition, NodeId, Port};
use kinfolk::study::{Command, DraftContent, DraftEdit};
use kinfolk::ui::action::View;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::Workbench;

use crate::harness::{Window, bench, click, press, rest, says, settle, type_text, window_of};

/// The demo study with a draft made of these of its models, by a template; `None` for an empty
/// one.
fn window(home: &Path, template: Option<usize>, models: &[&str]) -> Window {
    let mut bench = bench(home);
    bench.open_demo();
    bench.wait(|_| {});
    let doc = bench.study().doc();
    let id = |name: &&str| doc.models.iter().find(|m| m.name == **name).unwrap().id;
    let ids: Vec<_> = models.iter().map(id).collect();
    match template {
        Some(template) => bench.compose_template(Some(template), &ids),
        None => bench.compose("New merge", &Composition::default()),
    }
    break_text_and_undo(&mut bench);
    let prefs = Prefs {
        view: View::Merge,
        inspector: false,
        ..Prefs::default()
    };
    let mut window = window_of([1600.0, 900.0], bench, prefs, vec![]);
    settle(&mut window);
    window
}

/// Leaves a mistake in the text one redo away.
fn break_text_and_undo(bench: &mut Workbench) {
    let draft = bench.study().doc().shown_draft().unwrap().clone();
    let sheet = DraftContent {
        text: format!("{}  : [", draft.sheet.text),
        ..draft.sheet
    };
    bench.apply(Command::Draft(DraftEdit::Write {
        id: draft.id,
        sheet,
        title: "Edit text".to_owned(),
        join: None,
    }));
    bench.apply(Command::Undo);
}

fn composition(window: &Window) -> Composition {
    let draft = window.state().workbench().study().doc().shown_draft();
    let bench = window.state().workbench();
    bench.composition(draft.unwrap()).unwrap()
}

fn text(window: &Window) -> String {
    let draft = window.state().workbench().study().doc().shown_draft();
    draft.unwrap().sheet.text.clone()
}

/// What feeds the first merge, by short name.
fn inputs(window: &Window) -> Vec<String> {
    let inputs = composition(window).inputs(0);
    inputs.iter().map(|m| m.short_name()).collect()
}

/// Inside the canvas a click by pointer would miss: its rectangles are in its own points.
fn tap(window: &mut Window, label: &str) {
    window.get_by_label(label).click_accesskit();
    window.run_steps(3);
}

fn snarl() -> Id {
    Id::new(("merge canvas", 0_u32))
}

fn to_window(window: &Window) -> TSTransform {
    let layer = LayerId::new(Order::Background, snarl());
    window.ctx.layer_transform_to_global(layer).unwrap()
}

/// A control's rectangle in the window.
fn rect(window: &Window, label: &str) -> Rect {
    to_window(window) * window.get_by_label(label).rect()
}

/// The frame of a node in the window, by its number in egui-snarl.
fn node(window: &Window, number: usize) -> Rect {
    let id = snarl().with(("snarl-node", egui_snarl::NodeId(number)));
    let frame = window.ctx.read_response(id.with("frame")).unwrap();
    to_window(window) * frame.rect
}

/// The number that egui-snarl gives a node: the one in the order of the graph, as long as
/// nothing was removed.
fn number(window: &Window, id: &NodeId) -> usize {
    let nodes = composition(window).graph().nodes;
    nodes.iter().position(|n| n.id == *id).unwrap()
}

fn button(window: &mut Window, at: Pos2, pressed: bool) {
    window.input_mut().events.push(Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    });
    window.step();
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    window.input_mut().events.push(Event::PointerMoved(from));
    window.step();
    button(window, from, true);
    for part in [0.3, 0.6, 1.0] {
        let at = from + (to - from) * part;
        window.input_mut().events.push(Event::PointerMoved(at));
        window.step();
    }
    button(window, to, false);
    window.run_steps(4);
}

fn model(window: &Window, name: &str) -> NodeId {
    let bench = window.state().workbench();
    let models = &bench.study().doc().models;
    let id = models.iter().find(|m| m.name == name).unwrap().id;
    NodeId::Model(bench.reference(id).unwrap())
}

#[test]
fn the_canvas_shows_what_the_recipe_says_and_is_still() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    window.get_by_label("Method of SLERP");
    window.get_by_label("Model 1 of SLERP: abacus");
    window.get_by_label("Model 2 of SLERP: order");
    window.get_by_label("t of SLERP");
    rest(&mut window);
}

#[test]
fn a_method_is_chosen_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    tap(&mut window, "Method of SLERP");
    click(&mut window, "Linear");
    assert_eq!(composition(&window).recipes[0].merge_method, "linear");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(composition(&window).recipes[0].merge_method, "slerp");
}

#[test]
fn a_slider_by_key_changes_the_text() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    assert!(text(&window).contains("t: 0.5"));
    window.get_by_label("t of SLERP").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert!(text(&window).contains("t: 0.51"), "{}", text(&window));
}

#[test]
fn a_drag_of_a_slider_is_one_step_of_undo() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let slider = rect(&window, "t of SLERP");
    drag(&mut window, slider.center(), slider.right_center());
    assert!(!text(&window).contains("t: 0.5\n"), "{}", text(&window));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(text(&window).contains("t: 0.5"), "{}", text(&window));
}

#[test]
fn the_base_is_one_of_the_models_by_its_radio() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    tap(&mut window, "order is the base of SLERP");
    let base = composition(&window).recipes[0].base_model.clone();
    assert_eq!(base.unwrap().short_name(), "order");
}

#[test]
fn a_parameter_goes_to_the_editor_over_depth_and_back_to_its_default() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(4), &["abacus", "order"]);
    assert!(window.query_by_label("lambda of TIES").is_none());
    tap(&mut window, "All parameters of TIES");
    window.get_by_label("lambda of TIES").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert!(text(&window).contains("lambda"), "{}", text(&window));
    tap(&mut window, "Back to default, lambda of TIES");
    assert!(!text(&window).contains("lambda"), "{}", text(&window));
    window.get_by_label("Over depth… weight of abacus in TIES");
}

#[test]
fn a_model_is_added_by_enter_and_connected_from_pin_to_pin() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(3), &["abacus", "order"]);
    window.get_by_label("Add mirror to the canvas").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    let mirror = model(&window, "mirror");
    assert_eq!(composition(&window).loose.len(), 1);
    let (from, to) = pins(&window, &mirror, "Model 3 of Task arithmetic: add a model");
    drag(&mut window, from, to);
    assert_eq!(inputs(&window), ["abacus", "order", "mirror"]);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(inputs(&window), ["abacus", "order"]);
}

/// The pin of a node that feeds, and the one beside a port's label. The last node added has the
/// last number.
fn pins(window: &Window, from: &NodeId, port: &str) -> (Pos2, Pos2) {
    let NodeId::Model(reference) = from else {
        panic!("a model")
    };
    let title = rect(window, &reference.short_name());
    let frames = (0..12).filter_map(|n| {
        let id = snarl().with(("snarl-node", egui_snarl::NodeId(n)));
        let frame = window.ctx.read_response(id.with("frame"))?;
        Some(to_window(window) * frame.rect)
    });
    let frames: Vec<Rect> = frames.collect();
    let of = |at: Pos2| *frames.iter().find(|frame| frame.contains(at)).unwrap();
    let scale = to_window(window).scaling;
    let from = of(title.center());
    let port = rect(window, port);
    let to = of(port.center());
    let out = Pos2::new(from.right(), title.bottom() + 17.0 * scale);
    (out, Pos2::new(to.left(), port.center().y))
}

#[test]
fn a_wrong_connection_says_why_and_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let before = text(&window);
    let abacus = model(&window, "abacus");
    let (from, to) = pins(&window, &abacus, "Model 2 of SLERP: order");
    drag(&mut window, from, to);
    window.get_by_label("This merge has that model already");
    assert_eq!(text(&window), before);
}

#[test]
fn a_model_is_dropped_on_a_port_and_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let from = window.get_by_label("Add mirror to the canvas").rect();
    let port = rect(&window, "Model 2 of SLERP: order").center();
    drag(&mut window, from.center(), port);
    assert_eq!(inputs(&window), ["abacus", "mirror"]);
    let from = window.get_by_label("Add tally to the canvas").rect();
    let output = node(&window, number(&window, &NodeId::Output));
    let at = output.left_bottom() + vec2(0.0, 90.0);
    let wanted = to_window(&window).inverse() * at;
    drag(&mut window, from.center(), at);
    let tally = model(&window, "tally");
    assert!(
        composition(&window)
            .graph()
            .nodes
            .iter()
            .any(|n| n.id == tally)
    );
    let places = &window
        .state()
        .workbench()
        .study()
        .doc()
        .shown_draft()
        .unwrap()
        .sheet
        .places;
    let own = places
        .iter()
        .find(|(key, _)| key.ends_with("tally"))
        .unwrap();
    assert!(
        (Pos2::from(own.1) - wanted).length() < 2.0,
        "{own:?} {wanted:?}"
    );
}

#[test]
fn a_node_that_is_dragged_stays_where_it_was_put() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let at = rect(&window, "abacus").center();
    drag(&mut window, at, at - vec2(0.0, 60.0));
    let moved = rect(&window, "abacus").center();
    assert!(
        (moved - (at - vec2(0.0, 60.0))).length() < 8.0,
        "{at:?} {moved:?}"
    );
    press(&mut window, Modifiers::COMMAND, Key::Z);
    let back = rect(&window, "abacus").center();
    assert!((back - at).length() < 8.0);
    let history = window.state().workbench().study().history();
    assert_eq!(history.redo_title(), Some("Move nodes"));
}

#[test]
fn nodes_are_selected_duplicated_and_removed_by_key() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    press(&mut window, Modifiers::COMMAND, Key::A);
    press(&mut window, Modifiers::COMMAND, Key::D);
    assert_eq!(composition(&window).recipes.len(), 2);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(
        composition(&window).recipes.len(),
        1,
        "the copy was selected"
    );
    let models = window.state().workbench().study().doc().models.len();
    assert_eq!(models, 8, "the study keeps its models");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(composition(&window).recipes.len(), 2);
}

#[test]
fn a_recipe_is_pasted_beside_what_is_there() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let copied = text(&window);
    window.input_mut().events.push(Event::Paste(copied));
    window.run_steps(4);
    let names: Vec<_> = composition(&window)
        .recipes
        .iter()
        .map(|r| r.name.clone())
        .collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    window
        .input_mut()
        .events
        .push(Event::Paste("some prose".to_owned()));
    window.run_steps(4);
    assert_eq!(composition(&window).recipes.len(), 2);
}

#[test]
fn a_selected_wire_is_removed_by_key() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    tap(&mut window, "Model 2 of SLERP: order");
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(inputs(&window), ["abacus"]);
    assert_eq!(composition(&window).loose.len(), 1);
}

#[test]
fn every_connection_can_be_made_in_the_list() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(3), &["abacus"]);
    click(&mut window, "List");
    click(&mut window, "Model 2 of Task arithmetic");
    click(&mut window, "order");
    assert_eq!(inputs(&window), ["abacus", "order"]);
    click(&mut window, "Model 1 of Task arithmetic");
    click(&mut window, "Nothing");
    assert_eq!(inputs(&window), ["order"]);
    click(&mut window, "Add merge");
    click(&mut window, "Linear");
    assert_eq!(composition(&window).recipes.len(), 2);
    click(&mut window, "Model 1 of Linear");
    click(&mut window, "Task arithmetic");
    let made = composition(&window);
    let fed = made
        .graph()
        .links
        .into_iter()
        .find(|l| l.to == NodeId::Merge(1));
    assert_eq!(
        fed.map(|l| (l.from, l.port)),
        Some((NodeId::Merge(0), Port::Model(0)))
    );
    click(&mut window, "Remove Linear");
    assert_eq!(composition(&window).recipes.len(), 1);
}

#[test]
fn an_unfinished_text_changes_nothing_on_the_canvas_and_cannot_be_edited_over() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    window.run_steps(10);
    let (before, slider) = (to_window(&window), rect(&window, "t of SLERP"));
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    window.get_by_label("The text is unfinished; the canvas follows once it can be read");
    window.get_by_label("Add mirror to the canvas");
    assert_eq!(to_window(&window), before);
    assert_eq!(rect(&window, "t of SLERP"), slider);
    let broken = text(&window);
    press(&mut window, Modifiers::COMMAND, Key::A);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(text(&window), broken);
    assert!(says(&window, "The recipe’s text is unfinished"));
    drag(&mut window, slider.center(), slider.right_center());
    assert_eq!(text(&window), broken);
}

#[test]
fn a_second_merge_leaves_the_output_alone_and_can_be_wired_to_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    window.run_steps(10);
    let (before, slerp) = (to_window(&window), node(&window, 2));
    click(&mut window, "Add merge");
    click(&mut window, "Linear");
    settle(&mut window);
    let written = |window: &Window| composition(window).feeds(&NodeId::Output, Port::Output);
    assert_eq!(written(&window), Some(NodeId::Merge(0)));
    assert_eq!(to_window(&window), before, "nothing moves");
    assert_eq!(node(&window, 2), slerp);
    window.get_by_label("Linear is not part of the output yet");
    assert!(!says(&window, "document"));
    assert!(window.state().workbench().is_ready_to_write());
    let linear = node(&window, 4);
    let visible = window.ctx.content_rect();
    assert!(visible.contains_rect(linear), "{linear:?}");
    // From what comes out of the new one, beside its title, to the port of the output.
    let scale = to_window(&window).scaling;
    let title = rect(&window, "Method of Linear");
    let from = Pos2::new(linear.right(), title.bottom() + 17.0 * scale);
    let output = node(&window, 3);
    let name = rect(&window, "Name of the child");
    drag(&mut window, from, Pos2::new(output.left(), name.center().y));
    assert_eq!(written(&window), Some(NodeId::Merge(1)));
    click(&mut window, "List");
    click(&mut window, "What is written");
    click(&mut window, "SLERP");
    assert_eq!(written(&window), Some(NodeId::Merge(0)));
}

#[test]
fn undo_in_the_text_goes_one_step_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    click(&mut window, "Recipe as YAML");
    let type_in = |window: &mut Window, words: &str| {
        window.get_by_label("Recipe text").focus();
        window.run_steps(3);
        press(window, Modifiers::COMMAND, Key::End);
        type_text(window, words);
    };
    type_in(&mut window, "# one");
    click(&mut window, "Add merge");
    click(&mut window, "Linear");
    assert_eq!(composition(&window).recipes.len(), 2);
    type_in(&mut window, "# two");
    assert!(text(&window).contains("# two"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!text(&window).contains("# two"));
    assert_eq!(composition(&window).recipes.len(), 2, "the merge stays");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(composition(&window).recipes.len(), 1);
    assert!(text(&window).contains("# one"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!text(&window).contains("# one"));
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert!(text(&window).contains("# one"));
}

#[test]
fn small_nodes_say_what_they_are() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    window.run_steps(10);
    while to_window(&window).scaling > 0.45 {
        press(&mut window, Modifiers::NONE, Key::Minus);
    }
    window.get_by_label("SLERP of abacus, order, t 0.5");
    window.run_steps(10);
    let small = to_window(&window).scaling;
    click(&mut window, "Recipe as YAML");
    window.run_steps(10);
    assert_eq!(to_window(&window).scaling, small, "it stays as it is");
}

#[test]
fn keys_do_not_reach_the_canvas_behind_the_help() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    press(&mut window, Modifiers::COMMAND, Key::A);
    press(&mut window, Modifiers::NONE, Key::F1);
    window.get_by_label("Close");
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(composition(&window).recipes.len(), 1);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Close").is_none());
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(composition(&window).recipes.len(), 0, "what was selected");
}

#[test]
fn the_child_is_renamed_and_the_merge_asked_for_on_the_canvas() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    window.get_by_label("Name of the child").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::COMMAND, Key::A);
    window
        .input_mut()
        .events
        .push(Event::Text("halfway".to_owned()));
    window.run_steps(3);
    let draft = window.state().workbench().study().doc().shown_draft();
    assert_eq!(draft.unwrap().name, "halfway");
    window.get_by_label("Write halfway…");
}

#[test]
fn a_wire_dropped_on_the_canvas_offers_a_merge_and_feeds_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let abacus = model(&window, "abacus");
    let (from, _) = pins(&window, &abacus, "Model 2 of SLERP: order");
    let output = node(&window, number(&window, &NodeId::Output));
    drag(&mut window, from, output.left_bottom() + vec2(0.0, 90.0));
    click(&mut window, "Task arithmetic");
    let made = composition(&window);
    assert_eq!(made.recipes.len(), 2);
    assert_eq!(made.node_of(&made.inputs(1)[0]), abacus);
}

#[test]
fn the_menu_of_a_node_removes_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    let at = rect(&window, "order").center();
    window.input_mut().events.push(Event::PointerMoved(at));
    window.step();
    for pressed in [true, false] {
        window.input_mut().events.push(Event::PointerButton {
            pos: at,
            button: PointerButton::Secondary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.step();
    }
    window.run_steps(3);
    click(&mut window, "Remove Del");
    assert_eq!(inputs(&window), ["abacus"]);
    assert_eq!(composition(&window).loose, []);
}

#[test]
fn an_empty_draft_begins_with_a_merge_of_what_is_dropped_on_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), None, &[]);
    click(&mut window, "Add merge");
    click(&mut window, "SLERP");
    // The new node is measured, then all is brought into sight.
    window.run_steps(6);
    let from = window.get_by_label("Add mirror to the canvas").rect();
    let port = rect(&window, "Model 1 of SLERP: add a model").center();
    drag(&mut window, from.center(), port);
    assert_eq!(inputs(&window), ["mirror"]);
}

#[test]
fn from_afar_nodes_are_titles() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    for _ in 0..4 {
        click(&mut window, "Zoom out  −");
        window.run_steps(3);
    }
    assert!(window.query_by_label("t of SLERP").is_none());
    click(&mut window, "Fit  F");
    window.run_steps(8);
    window.get_by_label("t of SLERP");
}

#[test]
fn a_model_that_is_nowhere_is_marked_at_its_port() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), None, &[]);
    let recipe =
        "merge_method: linear\nmodels:\n- model: /nowhere/nobody\n  parameters: {weight: 1}\n";
    window
        .input_mut()
        .events
        .push(Event::Paste(recipe.to_owned()));
    window.step();
    settle(&mut window);
    window.get_by_label("Add nobody to the study");
    let mark = "Error in Model 1 of Linear";
    assert!(window.query_all_by_label_contains(mark).count() > 0);
    let fine = "in Model 2 of Linear";
    assert_eq!(window.query_all_by_label_contains(fine).count(), 0);
}

#[test]
fn several_nodes_move_together() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some(0), &["abacus", "order"]);
    press(&mut window, Modifiers::COMMAND, Key::A);
    let (a, b) = (
        rect(&window, "abacus").center(),
        rect(&window, "order").center(),
    );
    drag(&mut window, a, a + vec2(0.0, 40.0));
    let (a_now, b_now) = (
        rect(&window, "abacus").center(),
        rect(&window, "order").center(),
    );
    assert!((a_now - a).y > 20.0);
    assert!(
        ((a_now - a) - (b_now - b)).length() < 2.0,
        "{a} {a_now} {b} {b_now}"
    );
}
