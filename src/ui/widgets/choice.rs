//! A choice among several, folded into a button that shows the current one.

use eframe::egui::style::WidgetVisuals;
use eframe::egui::{
    Align2, ComboBox, FontId, Rect, Response, TextStyle, Ui, WidgetInfo, WidgetType,
};
use egui_phosphor::regular as icon;

use super::text;
use crate::kinship::Metric;
use crate::ui::format::elide_middle;

/// The most characters that the folded button shows.
const LONGEST: usize = 28;

pub struct Choice<'a, T> {
    pub value: T,
    pub label: &'a str,
    /// One more sentence, shown on hover; may be empty.
    pub help: &'a str,
}

impl<'a, T> Choice<'a, T> {
    pub fn new(value: T, label: &'a str, help: &'a str) -> Self {
        Self { value, label, help }
    }
}

/// A folded choice called `name`; what was newly chosen. It is as wide as its longest option, so
/// that what stands beside it stays where it is.
pub fn choice<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: T,
    options: &[Choice<'_, T>],
) -> Option<T> {
    let current = options.iter().find(|option| option.value == value);
    let shown = current.map_or("", |option| option.label);
    let mut chosen = None;
    let button = ComboBox::from_id_salt(name)
        .selected_text(elide_middle(shown, LONGEST))
        .width(widest(ui, options))
        .icon(caret)
        .show_ui(ui, |ui| {
            // A press and its release in one frame, as of a tap on a touchpad, raise the window
            // that the button is in above the list that they open.
            ui.ctx().move_to_top(ui.layer_id());
            for option in options {
                let response = ui.selectable_label(option.value == value, option.label);
                if help(response, option.help).clicked() {
                    chosen = Some(option.value);
                }
            }
        })
        .response;
    let enabled = ui.is_enabled();
    button.widget_info(|| WidgetInfo {
        current_text_value: Some(shown.to_owned()),
        ..WidgetInfo::labeled(WidgetType::ComboBox, enabled, name)
    });
    help(button, current.map_or("", |option| option.help));
    chosen.filter(|&new| new != value)
}

/// A folded choice among the measures; one that the program does not know is among them while
/// it is chosen.
pub fn metric_choice(ui: &mut Ui, name: &str, value: Metric) -> Option<Metric> {
    let unknown = Some(value).filter(|metric| !metric.is_known());
    let metrics = Metric::ALL.iter().copied().chain(unknown);
    let option = |value: Metric| Choice::new(value, value.title, value.help);
    let options: Vec<Choice<'_, Metric>> = metrics.map(option).collect();
    choice(ui, name, value, &options)
}

/// The width of the button with the longest option in it.
fn widest<T>(ui: &Ui, options: &[Choice<'_, T>]) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let width = |option: &Choice<'_, T>| {
        text::width(ui, &elide_middle(option.label, LONGEST), font.clone())
    };
    let spacing = ui.spacing();
    let around = spacing.icon_spacing + spacing.icon_width + 2.0 * spacing.button_padding.x;
    options.iter().map(width).fold(0.0, f32::max).ceil() + around
}

/// What shows that a button opens a list; as light as the text beside it.
pub fn caret(ui: &Ui, rect: Rect, visuals: &WidgetVisuals, _is_open: bool) {
    let font = FontId::proportional(14.0);
    let ink = visuals.fg_stroke.color.gamma_multiply(0.75);
    let at = rect.center();
    ui.painter()
        .text(at, Align2::CENTER_CENTER, icon::CARET_DOWN, font, ink);
}

fn help(response: Response, sentence: &str) -> Response {
    if sentence.is_empty() {
        response
    } else {
        response.on_hover_text(sentence)
    }
}
