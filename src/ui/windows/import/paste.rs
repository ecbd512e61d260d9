//! A box for a table from the clipboard.

use eframe::egui::{Event, FontId, Margin, ScrollArea, TextEdit, Ui, WidgetType};

use super::foot::{self, FooterAction};
use super::head_ui;
use crate::import::{Content, ImportError, Source};
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{size, space};
use crate::ui::widgets::primary_button;

const NAME: &str = "Pasted table";
const HEIGHT: f32 = 148.0;

#[derive(Default)]
pub(super) struct Paste {
    text: String,
    errors: Vec<ImportError>,
    was_shown: bool,
}

impl Paste {
    /// Draws the box; what is pasted is read at once.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> Option<FooterAction> {
        head_ui(ui, "from the clipboard", "");
        ui.add_space(space::XS);
        ui.label(
            "Copy cells of a spreadsheet with their header, a table of a model card, or the text \
             of a result file",
        );
        let pasted = self.take_paste(ui);
        self.box_ui(ui);
        foot::errors_ui(ui, &self.errors, 100.0);
        ui.add_space(space::XS);
        let mut press = None;
        ui.horizontal(|ui| {
            let has_text = !self.text.trim().is_empty();
            let button = ui.add_enabled_ui(has_text, |ui| primary_button(ui, "Read the table"));
            let button = button
                .inner
                .on_disabled_hover_text("There is no text in the box yet");
            if button.clicked() || pasted {
                press = self.read();
            }
            if ui.button("Cancel").clicked() {
                press = Some(FooterAction::Cancel);
            }
        });
        press
    }

    /// Takes what is pasted in this frame before the box does.
    fn take_paste(&mut self, ui: &Ui) -> bool {
        let mut pasted = String::new();
        ui.input_mut(|input| {
            input.events.retain(|event| match event {
                Event::Paste(text) => {
                    pasted.push_str(text);
                    false
                }
                _ => true,
            });
        });
        let some = !pasted.trim().is_empty();
        if some {
            self.text = pasted;
        }
        some
    }

    fn box_ui(&mut self, ui: &mut Ui) {
        ScrollArea::both()
            .id_salt("pasted")
            .max_height(HEIGHT)
            .auto_shrink(false)
            .show(ui, |ui| {
                let edit = TextEdit::multiline(&mut self.text)
                    .hint_text("Paste a table here")
                    .font(FontId::monospace(size::SMALL))
                    .margin(Margin::symmetric(8, 4))
                    .desired_width(f32::INFINITY)
                    .desired_rows(10);
                let response = ui.add(edit);
                response.named(WidgetType::TextEdit, "Paste a table here");
                if response.changed() {
                    self.errors.clear();
                }
                if !self.was_shown {
                    response.request_focus();
                    self.was_shown = true;
                }
            });
    }

    /// A table or results; the errors stay under the box otherwise.
    fn read(&mut self) -> Option<FooterAction> {
        let source = Source::from_text(NAME, &self.text);
        if let Content::Broken(errors) = source.content {
            self.errors = errors;
            return None;
        }
        Some(FooterAction::Read(Box::new(source)))
    }
}
