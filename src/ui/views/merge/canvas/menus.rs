//! What can be done with the canvas and its nodes, in menus and by key.

use eframe::egui::{Button, Pos2, Ui, ViewportCommand};

use super::env::Env;
use super::keys::key_of;
use crate::merge::composition::{Composition, NodeId, Port};
use crate::merge::methods::Method;
use crate::ui::action::Action;
use crate::ui::widgets::methods_menu;

/// The menu of the empty canvas; `at` is where a new merge is put.
pub fn canvas_ui(ui: &mut Ui, env: &mut Env<'_, '_>, at: Option<Pos2>) {
    ui.menu_button("Add merge", |ui| {
        if let Some(method) = methods_menu(ui, None) {
            add_merge(env, method, at);
        }
    });
    ui.separator();
    if item(ui, "Select all", "Ctrl A", true) {
        select_all(env);
    }
    if item(ui, "Paste", "Ctrl V", true) {
        ui.ctx().send_viewport_cmd(ViewportCommand::RequestPaste);
    }
    ui.separator();
    if item(ui, "Tidy layout", "L", true) {
        tidy(env);
    }
    if item(ui, "Fit", "F", true) {
        env.look.fit();
    }
}

/// The menu of the selected nodes.
pub fn nodes_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let nodes = env.selected();
    let has_merge = nodes.iter().any(|n| n.merge().is_some());
    let removable = nodes.iter().any(|n| *n != NodeId::Output);
    if item(ui, "Copy", "Ctrl C", has_merge) {
        copy(env);
    }
    if item(ui, "Duplicate", "Ctrl D", has_merge) {
        duplicate(env);
    }
    ui.separator();
    if item(ui, "Remove", "Del", removable) {
        remove(env);
    }
}

/// The menu where a wire was dropped: a new merge that it feeds.
pub fn dropped_wire_ui(ui: &mut Ui, env: &mut Env<'_, '_>, from: &[NodeId], at: Pos2) {
    let Some(method) = methods_menu(ui, None) else {
        return;
    };
    env.edit_at("Add merge", at, |c| {
        let merge = NodeId::Merge(c.add_merge(method));
        for (k, from) in from.iter().enumerate() {
            c.connect(from, &merge, Port::Model(k)).ok();
        }
        Some(merge)
    });
}

fn item(ui: &mut Ui, label: &str, keys: &str, enabled: bool) -> bool {
    let button = Button::new(label).shortcut_text(keys);
    let is_clicked = ui.add_enabled(enabled, button).clicked();
    if is_clicked {
        ui.close();
    }
    is_clicked
}

/// Puts a merge on the canvas; fed by what is selected, as far as it takes that.
pub fn add_merge(env: &mut Env<'_, '_>, method: &'static dyn Method, at: Option<Pos2>) {
    let from = env.selected();
    let change = |c: &mut Composition| {
        let merge = NodeId::Merge(c.add_merge(method));
        let mut port = 0;
        for from in from.iter().filter(|n| **n != NodeId::Output) {
            if c.connect(from, &merge, Port::Model(port)).is_ok() {
                port += 1;
            }
        }
        Some(merge)
    };
    match at {
        Some(at) => env.edit_at("Add merge", at, change),
        None => env.edit("Add merge", None, |c| {
            change(c);
        }),
    }
}

pub fn select_all(env: &mut Env<'_, '_>) {
    let nodes = env.composition().graph().nodes;
    let keys = nodes.iter().map(|n| key_of(env.composition(), &n.id));
    env.look.selected = keys.collect();
}

/// Removes the selected wire, or the selected nodes.
pub fn remove(env: &mut Env<'_, '_>) {
    if let Some((to, port)) = env.look.wire.clone() {
        return env.disconnect(&to, port);
    }
    let nodes = env.selected();
    env.edit("Remove from canvas", None, |c| c.remove(&nodes));
    env.look.selected.clear();
}

/// Copies the selected merges beside themselves.
pub fn duplicate(env: &mut Env<'_, '_>) {
    let nodes = env.selected();
    let mut composition = env.composition().clone();
    let copies = composition.duplicate(&nodes);
    if copies.is_empty() {
        return;
    }
    let keys = copies.iter().map(|n| key_of(&composition, n)).collect();
    env.edit("Duplicate", None, |c| *c = composition);
    env.look.selected = keys;
}

/// Puts the recipes of the selected merges on the clipboard.
pub fn copy(env: &mut Env<'_, '_>) {
    let recipes: Vec<_> = env
        .selected()
        .iter()
        .filter_map(|n| env.composition().recipes.get(n.merge()?).cloned())
        .collect();
    let copied = Composition {
        recipes,
        loose: Vec::new(),
    };
    match copied.to_text() {
        Ok(text) if !text.is_empty() => env.actions.push(Action::Copy {
            text,
            what: "Recipe".to_owned(),
        }),
        _ => {}
    }
}

/// Puts the merges of a recipe's text on the canvas; says whether it was one.
pub fn paste(env: &mut Env<'_, '_>, text: &str) -> bool {
    let Some(pasted) = Composition::read(text, &[]).filter(|c| !c.recipes.is_empty()) else {
        return false;
    };
    let mut composition = env.composition().clone();
    let new = composition.insert(pasted);
    let keys = new.iter().map(|n| key_of(&composition, n)).collect();
    env.edit("Paste", None, |c| *c = composition);
    env.look.selected = keys;
    true
}

/// Forgets where nodes were put, so that the layout places them.
pub fn tidy(env: &mut Env<'_, '_>) {
    env.write_places(Vec::new(), "Tidy layout", None);
    env.look.fit();
}
