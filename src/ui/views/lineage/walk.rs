//! Where the arrow keys lead: up and down among the models of a generation and on into the
//! next, left to the first parent, right to the first child.

use eframe::egui::{EventFilter, Id, Key, Modifiers, Ui};

use super::model::LineageModel;

/// The keys that walk; while `holder` has the keyboard they are not egui's.
pub fn pressed(ui: &Ui, holder: Id) -> Option<Key> {
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(holder, arrows));
    let keys = [
        Key::ArrowUp,
        Key::ArrowDown,
        Key::ArrowLeft,
        Key::ArrowRight,
    ];
    ui.input_mut(|input| {
        let is_pressed = |key: &Key| input.consume_key(Modifiers::NONE, *key);
        keys.into_iter().find(is_pressed)
    })
}

/// The model that a key leads to from `at`; the first one from nowhere.
pub fn target(shown: &LineageModel, at: Option<usize>, key: Key) -> Option<usize> {
    let order: Vec<usize> = shown.groups.iter().flat_map(|g| g.models.clone()).collect();
    let Some(at) = at else {
        return order.first().copied();
    };
    let place = order.iter().position(|&m| m == at)?;
    match key {
        Key::ArrowUp => order.get(place.checked_sub(1)?).copied(),
        Key::ArrowDown => order.get(place + 1).copied(),
        Key::ArrowLeft => shown.parents(at).first().copied(),
        Key::ArrowRight => shown.children(at).first().copied(),
        _ => None,
    }
}
