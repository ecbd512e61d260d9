//! Small marks beside text: roles and keys.

use eframe::egui::{Align2, Response, Sense, Stroke, StrokeKind, Ui, WidgetType, vec2};

use super::text;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, Tokens, space};

/// Height of a chip; three fit a row of text with air around.
const HEIGHT: f32 = 20.0;
const DOT: f32 = 4.0;

/// A word with a dot in the colour of its role; the word tells it also without the colour.
pub fn role_chip(ui: &mut Ui, label: &str, role: usize) -> Response {
    let t = Tokens::of(ui);
    let font = theme::small_font();
    let lead = space::S + 2.0 * DOT + space::XS;
    let size = vec2(
        lead + text::width(ui, label, font.clone()) + space::S,
        HEIGHT,
    );
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter();
    painter.rect(
        rect,
        10,
        t.raised,
        Stroke::new(1.0, t.line),
        StrokeKind::Inside,
    );
    let dot = rect.left_center() + vec2(space::S + DOT, 0.0);
    painter.circle_filled(dot, DOT, t.role(role));
    let at = rect.left_center() + vec2(lead, 0.0);
    painter.text(at, Align2::LEFT_CENTER, label, font, t.text);
    response.named(WidgetType::Label, label);
    response
}

/// The keys of a shortcut, parted by spaces, each as a cap.
pub fn key_caps(ui: &mut Ui, shortcut: &str) {
    ui.spacing_mut().item_spacing.x = 3.0;
    for key in shortcut.split_whitespace() {
        key_cap(ui, key);
    }
}

fn key_cap(ui: &mut Ui, key: &str) {
    let t = Tokens::of(ui);
    let font = theme::small_font();
    let width = (text::width(ui, key, font.clone()) + 10.0).max(HEIGHT);
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let outline = Stroke::new(1.0, t.line);
    ui.painter()
        .rect(rect, 4, t.panel, outline, StrokeKind::Inside);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, key, font, t.text_weak);
}

/// The width [`key_caps`] will take, in points.
pub fn key_caps_width(ui: &Ui, shortcut: &str) -> f32 {
    let cap = |key| (text::width(ui, key, theme::small_font()) + 10.0).max(HEIGHT) + 3.0;
    shortcut.split_whitespace().map(cap).sum()
}
