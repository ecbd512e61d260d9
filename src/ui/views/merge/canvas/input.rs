//! Pointer and keys on the canvas: selecting, moving, dropping, commands.

use eframe::egui::{
    DragAndDrop, Event, Id, Key, Modifiers, PointerButton, Pos2, Rect, Response, Ui, Vec2,
};
use egui_snarl::Snarl;

use super::board::Slot;
use super::drop::{Target, target};
use super::env::Env;
use super::keys::key_of;
use super::menus;
use super::shelf::Dragged;
use super::toolbar::ZOOM_STEP;
use crate::merge::composition::NodeId;

/// What the pointer does to nodes and ground.
pub fn pointer(
    ui: &Ui,
    env: &mut Env<'_, '_>,
    snarl: &mut Snarl<Slot>,
    id: Id,
    ground: &Response,
    rect: Rect,
    box_from: &mut Option<Pos2>,
) {
    let modifiers = ui.input(|i| i.modifiers);
    if ground.clicked() && modifiers.is_none() {
        env.look.selected.clear();
        env.look.wire = None;
    }
    boxed(ui, env, id, box_from);
    let slots: Vec<(egui_snarl::NodeId, Slot)> = snarl
        .node_ids()
        .map(|(n, slot)| (n, slot.clone()))
        .collect();
    for (number, slot) in &slots {
        // The frame of a node, by the id that egui-snarl gives it.
        let frame = id.with(("snarl-node", *number)).with("frame");
        let Some(response) = ui.ctx().read_response(frame) else {
            continue;
        };
        if response.clicked() || response.drag_started_by(PointerButton::Primary) {
            select(env, &slot.key, modifiers, response.clicked());
        }
        moved(env, snarl, &slots, slot, &response);
    }
    dropped(ui, env, rect);
}

fn select(env: &mut Env<'_, '_>, key: &str, modifiers: Modifiers, is_click: bool) {
    env.look.wire = None;
    let is_selected = env.is_selected(key);
    if modifiers.shift || modifiers.command {
        match is_selected {
            true => env.look.selected.retain(|own| own != key),
            false => env.look.selected.push(key.to_owned()),
        }
    } else if is_click || !is_selected {
        env.look.selected = vec![key.to_owned()];
    }
}

/// A node that is dragged takes the other selected ones along. The places are the draft's as
/// soon as it is let go.
fn moved(
    env: &mut Env<'_, '_>,
    snarl: &mut Snarl<Slot>,
    slots: &[(egui_snarl::NodeId, Slot)],
    slot: &Slot,
    response: &Response,
) {
    let is_moving = response.dragged_by(PointerButton::Primary);
    let delta = response.drag_delta();
    if is_moving && delta != Vec2::ZERO && env.is_selected(&slot.key) {
        for (number, other) in slots {
            let follows = other.key != slot.key && env.is_selected(&other.key);
            if let Some(own) = snarl.get_node_info_mut(*number).filter(|_| follows) {
                own.pos += delta;
            }
        }
    }
    if response.drag_stopped() {
        let places = snarl.nodes_info().map(|n| (n.value.key.clone(), n.pos));
        let places = places.map(|(key, at)| (key, at.round().into())).collect();
        env.look.hear(response);
        let join = env.look.join("move");
        env.write_places(places, "Move nodes", join);
    }
}

/// Shift and a drag over the ground select what lies in the box; egui-snarl draws it.
fn boxed(ui: &Ui, env: &mut Env<'_, '_>, id: Id, from: &mut Option<Pos2>) {
    let Some(response) = ui.ctx().read_response(id.with("select")) else {
        return;
    };
    let at = ui.input(|i| i.pointer.latest_pos());
    let Some(at) = at.map(|at| env.look.to_global.inverse() * at) else {
        return;
    };
    if response.drag_started() {
        *from = Some(at);
    }
    if response.drag_stopped()
        && let Some(from) = from.take()
    {
        let area = Rect::from_two_pos(from, at);
        let inside = env.look.rects.iter().filter(|(_, r)| area.intersects(**r));
        env.look.selected = inside.map(|(key, _)| key.clone()).collect();
    }
}

/// A model from the list is let go over the canvas.
fn dropped(ui: &Ui, env: &mut Env<'_, '_>, rect: Rect) {
    let at = ui.ctx().pointer_interact_pos();
    let Some(at) = at.filter(|at| rect.contains(*at)) else {
        return;
    };
    if !ui.input(|i| i.pointer.any_released()) {
        return;
    }
    let Some(dragged) = DragAndDrop::take_payload::<Dragged>(ui.ctx()) else {
        return;
    };
    let place = env.look.to_global.inverse() * at;
    let composition = env.composition();
    let key = |node: &NodeId| key_of(composition, node);
    let model = NodeId::Model(dragged.reference.clone());
    match target(composition, &env.look.rects, &env.look.ports, key, place) {
        Target::Port(merge, port) => {
            let now = ui.input(|i| i.time);
            env.connect(&model, &merge, port, at, now);
        }
        Target::Canvas => env.edit_at("Add model", place, |c| {
            c.add_model(dragged.reference.clone());
            Some(model)
        }),
    }
}

/// Keys of the canvas, while no text has them.
pub fn keys(ui: &Ui, env: &mut Env<'_, '_>) {
    let ctx = ui.ctx();
    if ctx.text_edit_focused() || ctx.any_popup_open() || !ui.is_enabled() {
        return;
    }
    let pressed = |modifiers, key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let (none, ctrl) = (Modifiers::NONE, Modifiers::COMMAND);
    let zoom = env.look.to_global.scaling;
    if pressed(none, Key::L) {
        menus::tidy(env);
    }
    if pressed(none, Key::F) {
        env.look.fit();
    }
    if pressed(none, Key::Plus) || pressed(none, Key::Equals) {
        env.look.wants_zoom = Some(zoom * ZOOM_STEP);
    }
    if pressed(none, Key::Minus) {
        env.look.wants_zoom = Some(zoom / ZOOM_STEP);
    }
    if pressed(none, Key::Delete) || pressed(none, Key::Backspace) {
        menus::remove(env);
    }
    if pressed(ctrl, Key::A) {
        menus::select_all(env);
    }
    if pressed(ctrl, Key::D) {
        menus::duplicate(env);
    }
    if pressed(none, Key::Escape) {
        env.look.selected.clear();
        env.look.wire = None;
    }
    clipboard(ui, env);
}

fn clipboard(ui: &Ui, env: &mut Env<'_, '_>) {
    let (is_copied, pasted) = ui.input(|i| {
        let mut pasted = i.events.iter().filter_map(|event| match event {
            Event::Paste(text) => Some(text.clone()),
            _ => None,
        });
        let is_copied = i.events.iter().any(|event| matches!(event, Event::Copy));
        (is_copied, pasted.next())
    });
    if is_copied {
        menus::copy(env);
    }
    if let Some(text) = pasted {
        menus::paste(env, &text);
    }
}
