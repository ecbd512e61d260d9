//! The recipe as text, beside the canvas: what is done on either shows on the other.

mod cursor;
mod layout;

use eframe::egui::text_edit::TextEditOutput;
use eframe::egui::{
    Align, Frame, Id, Layout, Margin, Rect, RichText, ScrollArea, Shape, TextBuffer, TextEdit, Ui,
    WidgetInfo, WidgetType, pos2,
};
use egui_phosphor::regular as icon;

use super::{DraftContext, Jump};
use crate::merge::problem::Severity;
use crate::study::{Command, DraftContent, DraftEdit, DraftId};
use crate::ui::action::{Action, Content, Export};
use crate::ui::dialogs::Filter;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::{icon_button, icon_toggle};

const YAML: Filter = Filter {
    name: "mergekit recipes",
    extensions: &["yaml"],
};

/// What it keeps while it is shown.
#[derive(Default)]
pub struct YamlPanel {
    is_open: bool,
    /// How often the text got the keyboard: what is typed in one go is one step of undo.
    sitting: usize,
    /// The text as it was left here, to find out what the other side changed.
    last: Option<(DraftId, String)>,
}

impl YamlPanel {
    /// Whether the text is unfolded.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Draws it; a problem that was clicked unfolds it and brings its line into sight.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        shown: &DraftContext<'_>,
        jump: Option<Jump>,
        actions: &mut Vec<Action>,
    ) {
        let line = jump.and_then(|jump| jump.line);
        if line.is_some() {
            self.is_open = true;
        }
        self.header_ui(ui, shown, actions);
        if self.is_open {
            ui.add_space(space::XS);
            ScrollArea::both()
                .id_salt("yaml")
                .auto_shrink(false)
                .show(ui, |ui| self.text_ui(ui, shown, line, actions));
        }
    }

    fn header_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, actions: &mut Vec<Action>) {
        let t = Tokens::of(ui);
        ui.horizontal(|ui| {
            let glyph = if self.is_open {
                icon::CARET_DOWN
            } else {
                icon::CARET_RIGHT
            };
            icon_toggle(ui, glyph, "Recipe as YAML", &mut self.is_open);
            ui.label(theme::strong("YAML"));
            let errors = layout::marks(shown)
                .iter()
                .filter(|mark| mark.severity == Severity::Error)
                .count();
            if errors > 0 {
                let words = crate::ui::format::counted(errors, "mistake");
                ui.label(
                    RichText::new(format!("{} {words}", icon::X_CIRCLE))
                        .size(size::SMALL)
                        .color(t.error),
                );
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = &shown.draft.sheet.text;
                if icon_button(ui, icon::DOWNLOAD_SIMPLE, "Save the recipe as…").clicked() {
                    actions.push(Action::Export(Export {
                        title: "Save the recipe as YAML".to_owned(),
                        name: format!("{}.yaml", shown.draft.name),
                        filter: YAML,
                        content: Content::Bytes(text.clone().into_bytes()),
                    }));
                }
                if icon_button(ui, icon::COPY, "Copy the recipe").clicked() {
                    actions.push(Action::Copy {
                        text: text.clone(),
                        what: "Recipe".to_owned(),
                    });
                }
            });
        });
    }

    fn text_ui(
        &mut self,
        ui: &mut Ui,
        shown: &DraftContext<'_>,
        jump: Option<usize>,
        actions: &mut Vec<Action>,
    ) {
        let marks = layout::marks(shown);
        let mut text = shown.draft.sheet.text.clone();
        let id = Id::new(("recipe text", shown.draft.id.0));
        if let Some((_, old)) = self.last.take().filter(|(of, _)| *of == shown.draft.id) {
            cursor::follow(ui.ctx(), id, &old, &text);
        }
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
        if edited.response.response.gained_focus() {
            self.sitting += 1;
        }
        if text != shown.draft.sheet.text {
            let join = Some(format!("text {}", self.sitting));
            actions.push(write(shown, text.clone(), join));
        }
        self.last = Some((shown.draft.id, text));
    }
}

fn edit_ui(ui: &mut Ui, id: Id, text: &mut String, marks: &[layout::Mark]) -> TextEditOutput {
    let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, _width: f32| {
        let job = layout::job(buffer.as_str(), &layout::font(), Tokens::of(ui));
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let bands: Vec<_> = marks
        .iter()
        .map(|_| ui.painter().add(Shape::Noop))
        .collect();
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
            edited
                .response
                .response
                .clone()
                .on_hover_text_at_pointer(&mark.sentences);
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

fn write(shown: &DraftContext<'_>, text: String, join: Option<String>) -> Action {
    let sheet = DraftContent {
        text,
        ..shown.draft.sheet.clone()
    };
    Action::Study(Command::Draft(DraftEdit::Write {
        id: shown.draft.id,
        sheet,
        title: "Edit the recipe".to_owned(),
        join,
    }))
}
