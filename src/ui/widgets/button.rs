//! Buttons: the primary one, icons with names, and a choice among a few.

use eframe::egui::{
    Align2, Button, FontId, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetType,
    pos2, vec2,
};

use super::text;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, space};

/// Size of an icon that stands alone, in points.
const ICON_SIZE: f32 = 17.0;

/// The button that gets on; at most one in a view.
pub fn primary_button(ui: &mut Ui, label: &str) -> Response {
    let t = Tokens::of(ui);
    ui.scope(|ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        let ring = Stroke::new(2.0, t.text);
        let states = [
            (&mut widgets.inactive, t.accent, Stroke::NONE),
            (&mut widgets.hovered, t.accent_hover, Stroke::NONE),
            (&mut widgets.active, t.accent_hover, ring),
        ];
        for (state, fill, outline) in states {
            state.weak_bg_fill = fill;
            state.bg_stroke = outline;
            state.fg_stroke.color = t.on_accent;
        }
        ui.spacing_mut().button_padding.x = 14.0;
        ui.add(Button::new(theme::strong(label)).min_size(vec2(0.0, ROW_HEIGHT)))
    })
    .inner
}

/// A button that is only an icon; `name` is its tooltip and its accessible name.
pub fn icon_button(ui: &mut Ui, icon: &str, name: &str) -> Response {
    let response = icon_ui(ui, icon, false);
    response.named(WidgetType::Button, name);
    response.on_hover_text(name)
}

/// The same, greyed unless `enabled`; whether it was clicked.
pub fn icon_button_if(ui: &mut Ui, enabled: bool, icon: &str, name: &str) -> bool {
    ui.add_enabled_ui(enabled, |ui| icon_button(ui, icon, name).clicked())
        .inner
}

/// An icon that stays pressed while `on`.
pub fn icon_toggle(ui: &mut Ui, icon: &str, name: &str, on: &mut bool) -> Response {
    let mut response = icon_ui(ui, icon, *on);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let selected = *on;
    response.named_selected(WidgetType::Button, selected, name);
    response.on_hover_text(name)
}

fn icon_ui(ui: &mut Ui, icon: &str, on: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(ROW_HEIGHT), Sense::click());
    let t = Tokens::of(ui);
    let painter = ui.painter();
    if on {
        painter.rect_filled(rect, radius::CONTROL, t.selection);
    } else if response.hovered() || response.is_pointer_button_down_on() {
        painter.rect_filled(rect, radius::CONTROL, t.hover);
    }
    focus_ring(ui, &response);
    let ink = match (ui.is_enabled(), on, response.hovered()) {
        (false, ..) => t.line_strong,
        (_, true, _) => t.accent_text,
        (_, _, true) => t.text,
        _ => t.text_weak,
    };
    let font = FontId::proportional(ICON_SIZE);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, icon, font, ink);
    response
}

/// The ring around what has the keyboard.
pub fn focus_ring(ui: &Ui, response: &Response) {
    focus_ring_at(ui, response, response.rect);
}

/// The same around `rect`, where the widget itself has no room for a ring.
fn focus_ring_at(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        let ring = Stroke::new(2.0, Tokens::of(ui).accent);
        ui.painter()
            .rect_stroke(rect, radius::CONTROL, ring, StrokeKind::Inside);
    }
}

/// The ground of a row that can be clicked: selected, under the pointer, with the keyboard.
pub fn row_ground(ui: &Ui, response: &Response, rect: Rect, is_selected: bool) {
    let t = Tokens::of(ui);
    if is_selected || response.hovered() {
        let fill = if is_selected { t.selection } else { t.hover };
        ui.painter().rect_filled(rect, radius::CONTROL, fill);
    }
    focus_ring_at(ui, response, rect);
}

/// One choice among a few, side by side. Says whether it changed.
pub fn segmented<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    options: &[(T, &str)],
) -> bool {
    let t = Tokens::of(ui);
    let widths: Vec<f32> = options
        .iter()
        .map(|(_, label)| text::width(ui, label, theme::body_font()).ceil() + 2.0 * space::M)
        .collect();
    let size = vec2(widths.iter().sum::<f32>() + 4.0, ROW_HEIGHT);
    let (rect, group) = ui.allocate_exact_size(size, Sense::hover());
    group.named(WidgetType::RadioGroup, name);
    let trough = if t.dark { t.field } else { t.hover };
    ui.painter().rect_filled(rect, radius::CONTROL + 1, trough);
    let before = *value;
    let mut left = rect.left() + 2.0;
    for ((option, label), width) in options.iter().zip(widths) {
        let at = Rect::from_min_size(pos2(left, rect.top() + 2.0), vec2(width, ROW_HEIGHT - 4.0));
        left += width;
        if segment(ui, at, group.id.with(label), label, *option == before).clicked() {
            *value = *option;
        }
    }
    *value != before
}

fn segment(ui: &Ui, rect: Rect, id: Id, label: &str, selected: bool) -> Response {
    let t = Tokens::of(ui);
    let response = ui.interact(rect, id, Sense::click());
    response.named_selected(WidgetType::RadioButton, selected, label);
    if selected {
        let fill = if t.dark { t.hover } else { t.raised };
        let outline = Stroke::new(1.0, if t.dark { t.line_strong } else { t.line });
        ui.painter()
            .rect(rect, radius::CONTROL, fill, outline, StrokeKind::Inside);
    }
    focus_ring(ui, &response);
    let ink = if selected || response.hovered() {
        t.text
    } else {
        t.text_weak
    };
    let (at, font) = (rect.center(), theme::body_font());
    ui.painter()
        .text(at, Align2::CENTER_CENTER, label, font, ink);
    response
}
