//! Fields for a line of text, as high as the controls beside them.

use eframe::egui::{Align, Margin, Response, TextEdit, Ui, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;

use crate::ui::theme::{ROW_HEIGHT, Tokens};

/// A line of text; `name` is its accessible name, `hint` stands in it while it is empty.
pub fn text_field(ui: &mut Ui, name: &str, hint: &str, text: &mut String, width: f32) -> Response {
    field(ui, name, hint, text, width, 8)
}

/// A field that filters what is below it.
pub fn search_field(ui: &mut Ui, name: &str, text: &mut String, width: f32) -> Response {
    let response = field(ui, name, name, text, width, 28);
    let at = response.rect.left_center() + vec2(9.0, 0.0);
    let font = eframe::egui::FontId::proportional(15.0);
    let ink = Tokens::of(ui).text_weak;
    ui.painter().text(
        at,
        eframe::egui::Align2::LEFT_CENTER,
        icon::MAGNIFYING_GLASS,
        font,
        ink,
    );
    response
}

fn field(ui: &mut Ui, name: &str, hint: &str, text: &mut String, width: f32, left: i8) -> Response {
    let edit = TextEdit::singleline(text)
        .hint_text(hint)
        .margin(Margin {
            left,
            right: 8,
            top: 4,
            bottom: 4,
        })
        .vertical_align(Align::Center)
        .min_size(vec2(width, ROW_HEIGHT))
        .desired_width(width - f32::from(left) - 8.0);
    let response = ui.add(edit);
    let value = text.as_str();
    response.widget_info(|| WidgetInfo {
        label: Some(name.to_owned()),
        current_text_value: Some(value.to_owned()),
        ..WidgetInfo::new(WidgetType::TextEdit)
    });
    response
}
