//! What folds, and what scrolls in the room that is left to it.

use eframe::egui::{Response, ScrollArea, Ui};
use egui_phosphor::regular as icon;

use super::icon_toggle;
use crate::ui::theme::space;

/// The caret that folds and unfolds what is called `name`.
pub fn fold_toggle(ui: &mut Ui, name: &str, is_open: &mut bool) -> Response {
    let glyph = match *is_open {
        true => icon::CARET_DOWN,
        false => icon::CARET_RIGHT,
    };
    icon_toggle(ui, glyph, name, is_open)
}

/// What takes up to `height` points and scrolls beyond; `salt` parts it from others.
pub fn scroll_list<R>(
    ui: &mut Ui,
    salt: &str,
    height: f32,
    content: impl FnOnce(&mut Ui) -> R,
) -> R {
    ScrollArea::vertical()
        .id_salt(salt)
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::M);
            content(ui)
        })
        .inner
}
