//! Pieces that the set-up is put together from: words, and controls that are words themselves.

use eframe::egui::{
    Button, PopupCloseBehavior, Response, RichText, Ui, WidgetInfo, WidgetType,
    containers::menu::MenuButton, containers::menu::MenuConfig,
};
use egui_phosphor::regular as icon;

use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{Choice, choice, text};

/// What is said of what would make another experiment of a run that has begun.
pub const FIXED: &str = "Fixed since the run has begun; duplicate it to try another";
/// Room for what shows that a button opens a list, in points.
const CARET: f32 = 26.0;
/// The widest control, in points; its words are cut in their middle.
const WIDEST: f32 = 380.0;

/// A control that goes to the next row as a whole where `width` points are not left.
pub fn flow<T>(ui: &mut Ui, width: f32, control: impl FnOnce(&mut Ui) -> T) -> T {
    let is_first = ui.cursor().left() <= ui.max_rect().left() + 1.0;
    if !is_first && ui.cursor().left() + width > ui.max_rect().right() {
        ui.end_row();
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        control(ui)
    })
    .inner
}

/// A choice among several, folded, where it has room.
pub fn chosen<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: T,
    options: &[Choice<'_, T>],
) -> Option<T> {
    let labels = options.iter().map(|option| width(ui, option.label));
    let widest = labels.fold(0.0, f32::max);
    flow(ui, widest + CARET, |ui| choice(ui, name, value, options))
}

/// The width of words in a button, with what is around them.
pub fn width(ui: &Ui, words: &str) -> f32 {
    let around = 2.0 * ui.spacing().button_padding.x;
    text::width(ui, words, theme::body_font()) + around
}

/// Words between controls.
pub fn say(ui: &mut Ui, words: &str) {
    let weak = Tokens::of(ui).text_weak;
    ui.label(RichText::new(words).color(weak));
}

/// What can no longer be chosen, as a word.
pub fn fixed(ui: &mut Ui, words: &str) {
    let shown = fitted(ui, words);
    ui.label(theme::strong(shown).color(Tokens::of(ui).text))
        .on_hover_text(match words {
            "" => FIXED.to_owned(),
            _ => format!("{words}\n{FIXED}"),
        });
}

/// A button with the words of what is chosen, under which the choice lies; `name` is what is
/// chosen, for those who hear it.
pub fn folded(ui: &mut Ui, name: &str, words: &str, content: impl FnOnce(&mut Ui)) -> Response {
    let shown = fitted(ui, words);
    let room = width(ui, &shown) + CARET;
    flow(ui, room, |ui| {
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let button = Button::new(format!("{shown}  {}", icon::CARET_DOWN));
        let (response, _) = MenuButton::from_button(button)
            .config(config)
            .ui(ui, content);
        named(ui, &response, name, words);
        match shown == words {
            true => response,
            false => response.on_hover_text(words),
        }
    })
}

/// A button with the words of what is chosen, that leads elsewhere.
pub fn leading(ui: &mut Ui, name: &str, words: &str) -> Response {
    let shown = fitted(ui, words);
    let room = width(ui, &shown);
    flow(ui, room, |ui| {
        let response = ui.button(shown);
        named(ui, &response, name, words);
        response
    })
}

fn fitted(ui: &Ui, words: &str) -> String {
    let most = WIDEST.min(ui.max_rect().width() - 60.0);
    text::fitted(ui.painter(), words, &theme::body_font(), most)
}

fn named(ui: &Ui, response: &Response, name: &str, words: &str) {
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(words.to_owned()),
        ..WidgetInfo::labeled(WidgetType::Button, enabled, name)
    });
}
