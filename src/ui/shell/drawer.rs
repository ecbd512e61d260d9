//! The inspector over the view, in a window that has no room for it beside the view.

use eframe::egui::{Align2, Context, Frame, Id, Modal, Ui, vec2};

use crate::ui::theme::{TOP_BAR_HEIGHT, Tokens, space};

/// Its width, in points, where the window is wide enough.
const WIDTH: f32 = 340.0;
/// What it leaves of the window's height, in points: the bar below.
const BELOW: f32 = 28.0;

/// Draws the drawer; says whether it stays open.
pub fn drawer(ctx: &Context, content: impl FnOnce(&mut Ui)) -> bool {
    let window = ctx.content_rect().size();
    let size = vec2(
        WIDTH.min(window.x - 2.0 * space::XXL),
        window.y - TOP_BAR_HEIGHT - BELOW,
    );
    let id = Id::new("inspector drawer");
    let area = Modal::default_area(id).anchor(Align2::RIGHT_TOP, vec2(0.0, TOP_BAR_HEIGHT));
    let frame = Frame::new()
        .fill(Tokens::of(ctx).panel)
        .inner_margin(space::M);
    let modal = Modal::new(id).area(area).frame(frame).show(ctx, |ui| {
        let size = size - vec2(2.0, 2.0) * space::M;
        ui.set_min_size(size);
        ui.set_max_size(size);
        content(ui);
    });
    !modal.should_close()
}
