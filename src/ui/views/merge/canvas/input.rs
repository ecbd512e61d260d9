//! Pointer and keys on the canvas: selecting, moving, dropping, commands.

use std::collections::BTreeMap;

use eframe::egui::{
    DragAndDrop, Event, Id, Key, Modifiers, PointerButton, Pos2, Rect, Response, Ui, Vec2,
};
use egui_snarl::Snarl;

use super::board::Slot;
use super::env::{Env, key_of};
use super::menus::{self, ZOOM_STEP};
use super::shelf::Dragged;
use crate::merge::composition::{Composition, NodeId, Port};

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
        env.look.deselect();
    }
    boxed(ui, env, id, box_from);
    let slots = snarl.node_ids().map(|(n, slot)| (n, slot.clone()));
    let slots: Vec<(egui_snarl::NodeId, Slot)> = slots.collect();
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
    let composition = env.composition;
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

type Binding = (Modifiers, Key, fn(&mut Env<'_, '_>));

/// Keys of the canvas, while no text has them.
pub fn keys(ui: &Ui, env: &mut Env<'_, '_>) {
    let ctx = ui.ctx();
    if ctx.text_edit_focused() || ctx.any_popup_open() || !ui.is_enabled() {
        return;
    }
    let (none, ctrl) = (Modifiers::NONE, Modifiers::COMMAND);
    let bindings: [Binding; 10] = [
        (none, Key::L, menus::tidy),
        (none, Key::F, |env| env.look.fit()),
        (none, Key::Plus, |env| env.look.zoom_by(ZOOM_STEP)),
        (none, Key::Equals, |env| env.look.zoom_by(ZOOM_STEP)),
        (none, Key::Minus, |env| env.look.zoom_by(1.0 / ZOOM_STEP)),
        (none, Key::Delete, menus::remove),
        (none, Key::Backspace, menus::remove),
        (ctrl, Key::A, menus::select_all),
        (ctrl, Key::D, menus::duplicate),
        (none, Key::Escape, |env| env.look.deselect()),
    ];
    for (modifiers, key, act) in bindings {
        if ctx.input_mut(|i| i.consume_key(modifiers, key)) {
            act(env);
        }
    }
    for event in ui.input(|i| i.events.clone()) {
        match event {
            Event::Copy => menus::copy(env),
            Event::Paste(text) => menus::paste(env, &text),
            _ => {}
        }
    }
}

/// What lies under a place on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Port(NodeId, Port),
    Canvas,
}

/// What a drop at `at` means: the port there, or the free port of the merge there; everywhere
/// else the canvas. Places are in the canvas' own points.
pub fn target(
    composition: &Composition,
    rects: &BTreeMap<String, Rect>,
    ports: &[(NodeId, Port, Rect)],
    key_of: impl Fn(&NodeId) -> String,
    at: Pos2,
) -> Target {
    let merges = (0..composition.recipes.len()).map(NodeId::Merge);
    let is_hit = |merge: &NodeId| rects.get(&key_of(merge)).is_some_and(|r| r.contains(at));
    let Some(merge) = merges.into_iter().find(is_hit) else {
        return Target::Canvas;
    };
    let mut own = ports.iter().filter(|(node, ..)| *node == merge);
    let port = match own.find(|(.., rect)| rect.y_range().expand(2.0).contains(at.y)) {
        Some((_, port, _)) => *port,
        None => Port::Model(composition.inputs(merge.merge().unwrap_or(0)).len()),
    };
    Target::Port(merge, port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::methods::find;
    use crate::merge::recipe::ModelRef;
    use eframe::egui::pos2;

    #[test]
    fn a_drop_finds_the_port_the_merge_or_the_canvas() {
        let models = ["a"].map(ModelRef::at);
        let made = Composition::merge_of(find("linear").unwrap(), &models, None);
        let merge = NodeId::Merge(0);
        let rect = |y0: f32, y1: f32| Rect::from_min_max(pos2(0.0, y0), pos2(200.0, y1));
        let rects = BTreeMap::from([("m".to_owned(), rect(0.0, 100.0))]);
        let ports = vec![
            (merge.clone(), Port::Base, rect(20.0, 40.0)),
            (merge.clone(), Port::Model(0), rect(50.0, 70.0)),
        ];
        let at = |x: f32, y: f32| target(&made, &rects, &ports, |_| "m".to_owned(), pos2(x, y));
        assert_eq!(at(10.0, 30.0), Target::Port(merge.clone(), Port::Base));
        assert_eq!(at(10.0, 60.0), Target::Port(merge.clone(), Port::Model(0)));
        assert_eq!(at(10.0, 90.0), Target::Port(merge, Port::Model(1)));
        assert_eq!(at(300.0, 60.0), Target::Canvas);
    }
}
