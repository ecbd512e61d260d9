//! The head of a column that sorts a table.

use eframe::egui::{Align2, Rect, Response, Sense, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::{focus_ring, text};
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, Tokens, space};

/// Title and help of a column; `order` is whether its table is sorted by it, and then whether in
/// reverse.
pub fn sort_header(
    ui: &Ui,
    rect: Rect,
    (title, help): (&str, &str),
    align: Align2,
    order: Option<bool>,
) -> Response {
    let t = Tokens::of(ui);
    let response = ui.interact(rect, ui.id().with(("header", title)), Sense::click());
    response.named_selected(
        WidgetType::Button,
        order.is_some(),
        format!("Sort by {title}"),
    );
    let arrow = match order {
        None => "",
        Some(false) => icon::CARET_DOWN,
        Some(true) => icon::CARET_UP,
    };
    let ink = if order.is_some() || response.hovered() {
        t.text
    } else {
        t.text_weak
    };
    let label = match (arrow, align) {
        ("", _) => title.to_owned(),
        (_, Align2::LEFT_CENTER) => format!("{title} {arrow}"),
        _ => format!("{arrow} {title}"),
    };
    let inside = rect.shrink2(vec2(space::XS, 0.0));
    let (painter, font) = (ui.painter(), theme::small_font());
    text::line_in(painter, inside, align, &label, &font, ink);
    focus_ring(ui, &response);
    response.on_hover_text(help)
}
