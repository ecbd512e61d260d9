//! A score that is being written in its cell.

use eframe::egui::{Key, Modifiers, Rect, Response, RichText, TextEdit, Ui, WidgetType};

use super::block::{NotANumber, score};
use super::cells::editor_id;
use crate::study::ModelId;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};

pub struct Editing {
    pub id: ModelId,
    pub task: String,
    text: String,
    is_new: bool,
    /// Whether its cell was in sight in this frame.
    is_seen: bool,
    /// Begun by a digit: arrows leave the cell. Else they go through the text.
    is_typed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Cancelled,
    /// A number was written, or nothing; then columns and rows to go on by.
    Taken(Option<f64>, (isize, isize)),
    /// The field was left with a text that is not a number.
    Refused(String),
}

/// Keys that take the number and go on, with columns and rows.
const LEAVING: [(Key, Modifiers, (isize, isize)); 6] = [
    (Key::Enter, Modifiers::SHIFT, (0, -1)),
    (Key::Enter, Modifiers::NONE, (0, 1)),
    (Key::Tab, Modifiers::SHIFT, (-1, 0)),
    (Key::Tab, Modifiers::NONE, (1, 0)),
    (Key::ArrowUp, Modifiers::NONE, (0, -1)),
    (Key::ArrowDown, Modifiers::NONE, (0, 1)),
];
const LEAVING_IF_TYPED: [(Key, Modifiers, (isize, isize)); 2] = [
    (Key::ArrowLeft, Modifiers::NONE, (-1, 0)),
    (Key::ArrowRight, Modifiers::NONE, (1, 0)),
];

impl Editing {
    pub fn of(id: ModelId, task: &str, value: Option<f64>) -> Self {
        Self {
            id,
            task: task.to_owned(),
            text: format::plain(value),
            is_new: true,
            is_seen: false,
            is_typed: false,
        }
    }

    pub fn typed(id: ModelId, task: &str, text: String) -> Self {
        Self {
            is_typed: true,
            text,
            ..Self::of(id, task, None)
        }
    }

    /// How it ends if its cell has gone out of sight since it was last drawn.
    pub fn out_of_sight(&mut self) -> Option<End> {
        let is_seen = std::mem::take(&mut self.is_seen) || self.is_new;
        (!is_seen).then(|| self.left())
    }

    /// What comes of it when the field is left.
    fn left(&self) -> End {
        match score(&self.text) {
            Ok(value) => End::Taken(value, (0, 0)),
            Err(NotANumber) => End::Refused(self.text.clone()),
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, rect: Rect, label: &str) -> Option<End> {
        self.is_seen = true;
        let left_by = self.leaving(ui);
        let value = score(&self.text);
        let t = Tokens::of(ui);
        let ink = if value.is_ok() { t.text } else { t.error };
        let field = TextEdit::singleline(&mut self.text)
            .id(editor_id())
            .font(theme::body_font())
            .text_color(ink)
            .horizontal_align(eframe::egui::Align::Max)
            .margin(eframe::egui::Margin::symmetric(4, 3))
            .lock_focus(true);
        let response = ui.put(rect.expand2(eframe::egui::vec2(space::XS, -1.0)), field);
        response.named(WidgetType::TextEdit, format!("Score, {label}"));
        if std::mem::take(&mut self.is_new) {
            self.focus(ui, &response);
            return None;
        }
        match (score(&self.text), left_by) {
            (Ok(value), Some(to)) => {
                response.surrender_focus();
                Some(End::Taken(value, to))
            }
            (Err(NotANumber), Some(_)) => {
                response.request_focus();
                self.complain(&response);
                None
            }
            (_, None) if response.lost_focus() => {
                let escapes = ui.input(|i| i.key_pressed(Key::Escape));
                Some(if escapes { End::Cancelled } else { self.left() })
            }
            (Err(NotANumber), None) => {
                self.complain(&response);
                None
            }
            (Ok(_), None) => None,
        }
    }

    fn leaving(&self, ui: &Ui) -> Option<(isize, isize)> {
        let typed: &[_] = if self.is_typed {
            &LEAVING_IF_TYPED
        } else {
            &[]
        };
        let mut keys = LEAVING.iter().chain(typed);
        if self.is_new {
            return None;
        }
        ui.input_mut(|i| {
            keys.find(|(key, modifiers, _)| i.consume_key(*modifiers, *key))
                .map(|(.., to)| *to)
        })
    }

    /// The keyboard goes to the field: behind what was typed, or over all that stood there.
    fn focus(&self, ui: &Ui, response: &Response) {
        use eframe::egui::text::{CCursor, CCursorRange};
        response.request_focus();
        let end = CCursor::new(self.text.chars().count());
        let start = if self.is_typed { end } else { CCursor::new(0) };
        let mut state = TextEdit::load_state(ui.ctx(), response.id).unwrap_or_default();
        state
            .cursor
            .set_char_range(Some(CCursorRange::two(start, end)));
        state.store(ui.ctx(), response.id);
    }

    fn complain(&self, response: &Response) {
        response.show_tooltip_ui(|ui| {
            let ink = Tokens::of(ui).error;
            ui.label(RichText::new("Type a number, such as 71.2").color(ink));
        });
    }
}
