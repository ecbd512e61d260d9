//! The recipe as text, beside the canvas: what is done on either shows on the other.

mod layout;

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::{TextEditOutput, TextEditState};
use eframe::egui::{
    Align, Context, Frame, Id, Key, Layout, Margin, Modifiers, Rect, RichText, ScrollArea, Shape,
    TextBuffer, TextEdit, Ui, WidgetInfo, WidgetType, pos2,
};
use egui_phosphor::regular as icon;

use super::DraftContext;
use crate::merge::problem::Severity;
use crate::study::{Command, DraftId};
use crate::ui::action::{Action, Content, Export};
use crate::ui::dialogs::Filter;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{fold_toggle, icon_button};

const YAML: Filter = Filter {
    name: "mergekit recipes",
    extensions: &["yaml"],
};

/// After this long without a key the next is a step of undo of its own.
const PAUSE_SECS: f64 = 1.0;

#[derive(Default)]
pub struct YamlPanel {
    pub is_open: bool,
    /// Counts sittings: what is typed in one go is one step of undo.
    sitting: usize,
    /// When something was typed last, in the time of the window.
    typed_at: f64,
    /// The text as it was left here, to find out what the other side changed.
    last: Option<(DraftId, String)>,
}

impl YamlPanel {
    /// Draws it; the line that a problem leads to unfolds it and comes into sight.
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, line: Option<usize>) {
        self.is_open |= line.is_some();
        self.header_ui(ui, shown);
        if self.is_open {
            ui.add_space(space::XS);
            let area = ScrollArea::both().id_salt("yaml").auto_shrink(false);
            area.show(ui, |ui| self.text_ui(ui, shown, line));
        }
    }

    fn header_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        ui.horizontal(|ui| {
            fold_toggle(ui, "Recipe as YAML", &mut self.is_open);
            ui.label(theme::strong("YAML"));
            let marks = layout::marks(shown);
            let errors = marks
                .iter()
                .filter(|m| m.severity == Severity::Error)
                .count();
            if errors > 0 {
                let words = format::counted(errors, "mistake");
                let words = RichText::new(format!("{} {words}", icon::X_CIRCLE)).small();
                ui.label(words.color(Tokens::of(ui).error));
            }
            if shown.is_broken {
                ui.quiet("The text is unfinished; the canvas follows once it can be read");
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = &shown.draft.sheet.text;
                if icon_button(ui, icon::DOWNLOAD_SIMPLE, "Save the recipe as…").clicked() {
                    shown.push(Action::Export(Export {
                        title: "Save the recipe as YAML".to_owned(),
                        name: format!("{}.yaml", shown.draft.name),
                        filter: YAML,
                        content: Content::Bytes(text.clone().into_bytes()),
                    }));
                }
                if icon_button(ui, icon::COPY, "Copy the recipe").clicked() {
                    shown.push(Action::Copy {
                        text: text.clone(),
                        what: "Recipe".to_owned(),
                    });
                }
            });
        });
    }

    fn text_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, jump: Option<usize>) {
        let marks = layout::marks(shown);
        let mut text = shown.draft.sheet.text.clone();
        let id = Id::new(("recipe text", shown.draft.id.0));
        if let Some((_, old)) = self.last.take().filter(|(of, _)| *of == shown.draft.id) {
            follow(ui.ctx(), id, &old, &text);
        }
        undo_by_key(ui, shown, id);
        let edited = Frame::new()
            .fill(Tokens::of(ui).field)
            .inner_margin(Margin::same(8))
            .show(ui, |ui| {
                ui.set_min_height(ui.available_height());
                ui.horizontal_top(|ui| {
                    layout::numbers_ui(ui, &text, &marks);
                    edit_ui(ui, id, &mut text, &marks)
                })
                .inner
            })
            .inner;
        edited.response.response.widget_info(|| WidgetInfo {
            label: Some("Recipe text".to_owned()),
            current_text_value: Some(shown.draft.sheet.text.clone()),
            ..WidgetInfo::new(WidgetType::TextEdit)
        });
        if let Some(line) = jump {
            ui.scroll_to_rect(line_rect(&edited, line), Some(Align::Center));
        }
        let now = ui.input(|i| i.time);
        if edited.response.response.gained_focus() || now - self.typed_at > PAUSE_SECS {
            self.sitting += 1;
        }
        if text != shown.draft.sheet.text {
            self.typed_at = now;
        }
        if text != shown.draft.sheet.text {
            let join = Some(format!("text {}", self.sitting));
            shown.write_text(text.clone(), "Edit the recipe", join);
        }
        self.last = Some((shown.draft.id, text));
    }
}

/// Undo and redo in the field are those of the study: the field's own would jump over what was
/// done on the canvas meanwhile.
fn undo_by_key(ui: &Ui, shown: &DraftContext<'_>, id: Id) {
    if !ui.memory(|memory| memory.has_focus(id)) {
        return;
    }
    let keys = [
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::Z, Command::Redo),
        (Modifiers::COMMAND, Key::Y, Command::Redo),
        (Modifiers::COMMAND, Key::Z, Command::Undo),
    ];
    for (modifiers, key, command) in keys {
        if ui.input_mut(|i| i.consume_key(modifiers, key)) {
            shown.push(command);
        }
    }
}

fn edit_ui(ui: &mut Ui, id: Id, text: &mut String, marks: &[layout::Mark]) -> TextEditOutput {
    let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, _width: f32| {
        let job = layout::job(buffer.as_str(), &layout::font(), Tokens::of(ui));
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let band = |_| ui.painter().add(Shape::Noop);
    let bands: Vec<_> = marks.iter().map(band).collect();
    let edited = TextEdit::multiline(text)
        .id(id)
        .code_editor()
        .frame(Frame::NONE)
        .margin(Margin::ZERO)
        .hint_text("merge_method: slerp\nmodels:\n…")
        .desired_width(f32::INFINITY)
        .desired_rows(6)
        .layouter(&mut layouter)
        .show(ui);
    let t = Tokens::of(ui);
    let pointer = edited.response.response.hover_pos();
    for (band, mark) in bands.into_iter().zip(marks) {
        let rect = line_rect(&edited, mark.line);
        ui.painter()
            .set(band, Shape::rect_filled(rect, 2, mark.ground(t)));
        if pointer.is_some_and(|at| rect.y_range().contains(at.y)) {
            let response = edited.response.response.clone();
            response.on_hover_text_at_pointer(&mark.sentences);
        }
    }
    edited
}

/// Where a line stands, counted from 1, over the whole width.
fn line_rect(edited: &TextEditOutput, line: usize) -> Rect {
    let rows = edited.galley.rows.len().max(1);
    let height = edited.galley.rect.height() / rows as f32;
    let top = edited.galley_pos.y + height * (line.clamp(1, rows) - 1) as f32;
    let whole = edited.response.response.rect;
    Rect::from_min_max(pos2(whole.left(), top), pos2(whole.right(), top + height))
}

/// Moves the cursor of the field `id` with the text, if the text has changed.
fn follow(ctx: &Context, id: Id, old: &str, new: &str) {
    if old == new {
        return;
    }
    let Some(mut state) = TextEditState::load(ctx, id) else {
        return;
    };
    let Some(range) = state.cursor.char_range() else {
        return;
    };
    let at = |cursor: CCursor| CCursor::new(moved(cursor.index.into(), old, new));
    let range = CCursorRange::two(at(range.secondary), at(range.primary));
    state.cursor.set_char_range(Some(range));
    state.store(ctx, id);
}

/// Where a place in the old text is in the new one, both counted in characters: what is before
/// the change stays, what is behind it moves with the end, and what is within goes to its start.
fn moved(at: usize, old: &str, new: &str) -> usize {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - before;
    let pairs = old.iter().rev().zip(new.iter().rev());
    let behind = pairs.take(rest).take_while(|(a, b)| a == b).count();
    match at {
        at if at <= before => at,
        at if at >= old.len() - behind => (at + new.len()).saturating_sub(old.len()),
        _ => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_moves_with_its_word() {
        let old = "a: 1\nb: 2\nc: 3\n";
        let new = "a: 1\nbb: 25\nc: 3\n";
        assert_eq!(moved(2, old, new), 2);
        // The c.
        assert_eq!(moved(10, old, new), 12);
        // The end.
        assert_eq!(moved(15, old, new), 17);
        assert_eq!(moved(2, "abc", ""), 0);
        assert_eq!(moved(0, "abc", "xabc"), 0);
    }
}
