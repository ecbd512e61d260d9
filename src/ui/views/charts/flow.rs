//! Controls in rows: each goes to the next row as a whole where it does not fit.

use eframe::egui::{Id, RichText, Ui};

use crate::ui::ext::UiExt;
use crate::ui::theme::{Tokens, size, space};

/// A control with its name in front, which may be empty; `id` parts it from its neighbours.
///
/// How wide a control is shows once it is drawn, so its width of the last frame decides; where
/// that has changed the frame is drawn again before it is seen.
pub fn flow<T>(ui: &mut Ui, id: &str, name: &str, control: impl FnOnce(&mut Ui) -> T) -> T {
    let id = Id::new("chart control").with(id);
    let known: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let is_first = ui.cursor().left() <= ui.max_rect().left() + 1.0;
    if !is_first && ui.cursor().left() + known > ui.max_rect().right() {
        ui.end_row();
    }
    let drawn = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        if !name.is_empty() {
            ui.quiet(name);
        }
        control(ui)
    });
    let width = drawn.response.rect.width();
    if (width - known).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, width));
        ui.ctx().request_discard("a control has another width");
    }
    drawn.inner
}
