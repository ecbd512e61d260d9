//! A number that is read at a glance, with what it is below it.

use eframe::egui::{Label, Ui, WidgetType};

use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::theme::{self, size};

/// The number in large, and all its digits on hover.
pub(super) fn number_ui(ui: &mut Ui, value: &str, what: &str, full: &str) {
    let response = ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(Label::new(theme::strong(value).size(size::TITLE)).extend());
        ui.add(Label::new(quiet(what)).extend());
    });
    let response = response.response.on_hover_text(full);
    response.named(WidgetType::Label, format!("{value} {what}"));
}
