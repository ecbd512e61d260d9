//! A menu within a menu, with the caret that the program has everywhere.

use eframe::egui::containers::menu::SubMenuButton;
use eframe::egui::{Button, Ui};
use egui_phosphor::regular as icon;

/// An entry of a menu that opens another one beside it.
pub fn submenu<R>(ui: &mut Ui, title: &str, content: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    let button = Button::new(title).right_text(icon::CARET_RIGHT);
    let (_, inner) = SubMenuButton::from_button(button).ui(ui, content);
    inner.map(|inner| inner.inner)
}
