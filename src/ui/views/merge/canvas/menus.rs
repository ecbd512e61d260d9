//! What can be done with the canvas and its nodes, in menus and by key.

use eframe::egui::{Align, Button, Layout, Pos2, Ui, ViewportCommand, WidgetType};
use egui_phosphor::regular as icon;

use super::env::{Env, MERGE, key_of};
use crate::merge::composition::{Composition, NodeId, Port};
use crate::merge::methods::Method;
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::widgets::{icon_button, icon_toggle, methods_menu, segmented, submenu};

/// The menu of the empty canvas; `at` is where a new merge is put.
pub fn canvas_ui(ui: &mut Ui, env: &mut Env<'_, '_>, at: Option<Pos2>) {
    submenu(ui, "Add merge", |ui| {
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
        None => env.edit_beside("Add merge", &from, MERGE, change),
    }
}

pub fn select_all(env: &mut Env<'_, '_>) {
    env.look.selected = env.keys();
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
    let mut composition = env.composition.clone();
    let copies = composition.duplicate(&nodes);
    if copies.is_empty() {
        return;
    }
    let keys = copies.iter().map(|n| key_of(&composition, n)).collect();
    env.edit_beside("Duplicate", &nodes, MERGE, |c| {
        *c = composition;
        copies.into_iter().next()
    });
    env.look.selected = keys;
}

/// Puts the recipes of the selected merges on the clipboard.
pub fn copy(env: &mut Env<'_, '_>) {
    let selected = env.selected();
    let recipe = |n: &NodeId| env.composition.recipes.get(n.merge()?).cloned();
    let recipes = selected.iter().filter_map(recipe).collect();
    let copied = Composition {
        recipes,
        ..Composition::default()
    };
    match copied.to_text() {
        Ok(text) if !text.is_empty() => env.push(Action::Copy {
            text,
            what: "Recipe".to_owned(),
        }),
        _ => {}
    }
}

/// Puts the merges of a recipe's text on the canvas, if it is one.
pub fn paste(env: &mut Env<'_, '_>, text: &str) {
    let Some(pasted) = Composition::read(text, &[]).filter(|c| !c.recipes.is_empty()) else {
        return;
    };
    let mut composition = env.composition.clone();
    let new = composition.insert(pasted);
    let keys = new.iter().map(|n| key_of(&composition, n)).collect();
    env.edit_beside("Paste", &[], MERGE, |c| {
        *c = composition;
        new.into_iter().next()
    });
    env.look.selected = keys;
}

/// Forgets where nodes were put, so that the layout places them.
pub fn tidy(env: &mut Env<'_, '_>) {
    env.write_places(Vec::new(), "Tidy layout", None);
    env.look.wants_tidy = true;
    env.look.fit();
}

pub const ZOOM_STEP: f32 = 1.25;

/// Narrower than this, in points, the button that adds a merge is only a sign.
const ROOM_FOR_WORDS: f32 = 400.0;

pub fn toolbar_ui(ui: &mut Ui, env: &mut Env<'_, '_>, as_list: &mut bool, has_shelf: &mut bool) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if !*as_list {
            icon_toggle(ui, icon::SIDEBAR_SIMPLE, "List of models", has_shelf);
        }
        add_ui(ui, env);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ways = [(false, "Canvas"), (true, "List")];
            segmented(ui, "Canvas or list", as_list, &ways);
            if !*as_list {
                zoom_ui(ui, env);
            }
        });
    });
}

fn add_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let label = match ui.available_width() < ROOM_FOR_WORDS {
        true => icon::PLUS.to_owned(),
        false => format!("{} Add merge", icon::PLUS),
    };
    let menu = ui.menu_button(label, |ui| methods_menu(ui, None));
    let response = menu.response.on_hover_text("Add merge");
    response.named(WidgetType::Button, "Add merge");
    if let Some(method) = menu.inner.flatten() {
        add_merge(env, method, None);
    }
}

fn zoom_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let zoom = env.look.to_global.scaling;
    if icon_button(ui, icon::CORNERS_OUT, "Fit  F").clicked() {
        env.look.fit();
    }
    if icon_button(ui, icon::MAGNIFYING_GLASS_PLUS, "Zoom in  +").clicked() {
        env.look.zoom_by(ZOOM_STEP);
    }
    let words = format::percent(f64::from(zoom));
    ui.add_sized([44.0, 20.0], eframe::egui::Label::new(words));
    if icon_button(ui, icon::MAGNIFYING_GLASS_MINUS, "Zoom out  −").clicked() {
        env.look.zoom_by(1.0 / ZOOM_STEP);
    }
    if icon_button(ui, icon::TREE_STRUCTURE, "Tidy layout  L").clicked() {
        tidy(env);
    }
}
