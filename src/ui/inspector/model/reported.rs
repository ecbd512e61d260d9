//! Numbers that others reported of a model, to be written down by hand: the average, and of a
//! merge its gain and the kinship of its parents.

use eframe::egui::{Button, Id, RichText, Ui, WidgetType};
use egui_phosphor::regular as icon;

use crate::study::{Command, Model, RecordEdit, Reported};
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, size, space};
use crate::ui::views::read_number;
use crate::ui::widgets::{focus_ring, text_field};

/// Where the fields begin, in points from the left.
const FIELD: f32 = 130.0;

pub fn reported_ui(ui: &mut Ui, model: &Model, actions: &mut Vec<Action>) {
    let is_merge = model.parents.len() > 1 || model.origin.unnamed_parents;
    if !is_open(ui) {
        return;
    }
    for what in Reported::all() {
        if is_merge || !what.is_of_merge() || what.get(&model.origin).is_some() {
            field_ui(ui, model, what, actions);
        }
    }
}

/// The button that unfolds the fields; whether they are unfolded.
fn is_open(ui: &mut Ui) -> bool {
    const WORDS: &str = "As reported";
    let memory = Id::new("reported numbers are unfolded");
    let was_open: bool = ui.data(|data| data.get_temp(memory)).unwrap_or(false);
    let caret = if was_open {
        icon::CARET_DOWN
    } else {
        icon::CARET_RIGHT
    };
    let words = RichText::new(format!("{caret} {WORDS}")).color(Tokens::of(ui).accent_text);
    let response = ui.add(Button::new(words).frame(false));
    response.named_selected(WidgetType::Button, was_open, WORDS);
    focus_ring(ui, &response);
    let is_open = was_open != response.clicked();
    ui.data_mut(|data| data.insert_temp(memory, is_open));
    is_open
}

/// One number. What is typed is taken in as soon as it is one.
fn field_ui(ui: &mut Ui, model: &Model, what: Reported, actions: &mut Vec<Action>) {
    let memory = Id::new("reported number being written").with((model.id, what.title()));
    let given = what.get(&model.origin);
    let typed: Option<String> = ui.data(|data| data.get_temp(memory));
    let mut words = typed.unwrap_or_else(|| format::plain(given).replace('-', "−"));
    let response = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.set_min_height(ROW_HEIGHT);
        let left = ui.cursor().left();
        ui.weak(what.title());
        ui.add_space((left + FIELD - ui.cursor().left()).max(0.0));
        let name = format!("{} as reported", what.title());
        let width = ui.available_width();
        text_field(ui, &name, format::UNDEFINED, &mut words, width)
    });
    let response = response.inner;
    let value = read_number(&words);
    if value.is_err() {
        let ink = Tokens::of(ui).error;
        let sentence = "Type a number, such as 0.85";
        ui.label(RichText::new(sentence).size(size::SMALL).color(ink));
    }
    if response.changed()
        && let Ok(value) = value
        && value != given
    {
        let edit = RecordEdit::SetReported(model.id, what, value);
        actions.push(Action::Study(Command::Record(edit)));
    }
    // While it is written in, the text stays as it is typed.
    let is_written_in = response.has_focus();
    ui.data_mut(|data| {
        if is_written_in {
            data.insert_temp(memory, words);
        } else {
            data.remove::<String>(memory);
        }
    });
}
