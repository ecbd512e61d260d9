//! What frames the content of a view: headings, empty states, progress.

use eframe::egui::{
    Align, Align2, FontId, Frame, Layout, Margin, Rect, Response, RichText, Sense, Stroke, Ui,
    WidgetInfo, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::button::primary_button;
use super::text;
use crate::kinship::Metric;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, size, space};

/// Height of a line with a name and a value, in points.
const FACT_HEIGHT: f32 = 22.0;

/// Names a section, with room above that belongs to it.
pub fn section_heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::XS);
    ui.label(theme::strong(text)).explained(text, "");
}

pub fn card<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let t = Tokens::of(ui);
    Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(radius::CARD)
        .inner_margin(space::M)
        .show(ui, content)
        .inner
}

/// What stands where nothing is yet: a sentence, and the one button that gets on. Says whether
/// it was clicked.
pub fn empty_state(ui: &mut Ui, icon: &str, sentence: &str, button: Option<&str>) -> bool {
    empty_state_with(ui, icon, sentence, button, |_| {})
}

/// The same with something more below the button.
pub fn empty_state_with(
    ui: &mut Ui,
    icon: &str,
    sentence: &str,
    button: Option<&str>,
    below: impl FnOnce(&mut Ui),
) -> bool {
    let mut is_clicked = false;
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.3 - space::XXL).max(space::L));
        ui.label(RichText::new(icon).font(FontId::proportional(40.0)).weak());
        ui.add_space(space::XS);
        ui.scope(|ui| {
            ui.set_max_width(440.0);
            ui.label(RichText::new(sentence).size(size::BODY).weak());
        });
        ui.add_space(space::S);
        if let Some(label) = button {
            is_clicked = primary_button(ui, label).clicked();
        }
        below(ui);
    });
    is_clicked
}

/// An amber line with what has to be known; says whether its button was clicked.
pub fn banner(ui: &mut Ui, sentence: &str, button: Option<&str>) -> bool {
    let t = Tokens::of(ui);
    ui.add_space(space::XS);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.warning))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::symmetric(space::M as i8, space::XS as i8));
    let line = |ui: &mut Ui| {
        ui.set_min_width(ui.available_width());
        ui.label(RichText::new(icon::WARNING).color(t.warning));
        ui.label(RichText::new(sentence).color(t.warning));
        let right = Layout::right_to_left(Align::Center);
        ui.with_layout(right, |ui| {
            button.is_some_and(|label| ui.button(label).clicked())
        })
        .inner
    };
    frame.show(ui, |ui| ui.horizontal(line).inner).inner
}

/// A thin bar; `fraction` is 0 to 1, `name` says what it measures.
pub fn progress_bar(ui: &mut Ui, name: &str, fraction: f32, width: f32) -> Response {
    let t = Tokens::of(ui);
    let fraction = if fraction.is_nan() {
        0.0
    } else {
        fraction.clamp(0.0, 1.0)
    };
    let height = ui
        .spacing()
        .interact_size
        .y
        .min(ui.available_height().max(4.0));
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let bar = Rect::from_center_size(rect.center(), vec2(width, 4.0));
    let done = Rect::from_min_max(bar.min, pos2(bar.left() + width * fraction, bar.bottom()));
    ui.painter().rect_filled(bar, 2, t.line);
    ui.painter().rect_filled(done, 2, t.accent);
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from(fraction)),
        ..WidgetInfo::labeled(WidgetType::ProgressIndicator, true, name)
    });
    response
}

/// The value of a measure, in full on hover.
pub fn kinship_fact(ui: &mut Ui, metric: Metric, value: Option<f64>) {
    let (shown, full) = (format::kinship(value), format::full(value));
    fact_ui(ui, metric.title, &shown, &full);
}

/// Something in points, in full on hover with what it is; nothing where there is none.
pub fn points_fact(ui: &mut Ui, name: &str, value: Option<f64>, help: &str) {
    if value.is_some() {
        let full = format!("{}\n{help}", format::full(value));
        fact_ui(ui, name, &format::score(value), &full);
    }
}

/// A name at the left, a value at the right.
pub fn fact_ui(ui: &mut Ui, name: &str, value: &str, hover: &str) {
    let t = Tokens::of(ui);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, FACT_HEIGHT), Sense::hover());
    response.named(WidgetType::Label, format!("{name} {value}"));
    let font = theme::body_font();
    let taken = text::width(ui, value, font.clone());
    let left = rect.with_max_x(rect.right() - taken - space::S);
    let painter = ui.painter();
    text::left(painter, left, name, &font, t.text_weak);
    painter.text(
        rect.right_center(),
        Align2::RIGHT_CENTER,
        value,
        font,
        t.text,
    );
    response.explained(name, hover);
}
