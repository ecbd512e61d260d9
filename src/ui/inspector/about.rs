//! What is known of the study as a whole: shown in the inspector while nothing is selected.

use eframe::egui::{Align, Label, Layout, ScrollArea, TextEdit, Ui, WidgetType};
use egui_phosphor::regular as icon;

use crate::study::{Command, StudyDoc};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{icon_toggle, section_heading};
use crate::workbench::Workbench;

/// Lines of the field in which the description is written.
const FIELD_ROWS: usize = 12;

/// A first line that is longer, in bytes, is no heading.
const MOST_HEADING: usize = 60;

#[derive(Default)]
pub struct About {
    is_edited: bool,
}

impl About {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        let doc = bench.study().doc();
        let is_edited = &mut self.is_edited;
        ScrollArea::vertical()
            .id_salt("about")
            .auto_shrink(false)
            .show(ui, |ui| {
                // The scroll bar floats; nothing lies under it.
                ui.set_max_width(ui.available_width() - space::L);
                head(ui, doc, is_edited);
                ui.add_space(space::S);
                if *is_edited {
                    field(ui, doc, actions);
                } else {
                    *is_edited = paragraphs(ui, doc);
                }
            });
    }
}

fn head(ui: &mut Ui, doc: &StudyDoc, is_edited: &mut bool) {
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        if !doc.about.is_empty() || *is_edited {
            let name = "Edit description";
            icon_toggle(ui, icon::PENCIL_SIMPLE, name, is_edited);
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add(Label::new(theme::strong(&doc.name).size(size::HEADING)).wrap());
            let models = format::counted(doc.models.len(), "model");
            let merges = doc.models.iter().filter(|m| is_merge(m)).count();
            let line = match merges {
                0 => models,
                n => format!("{models}  ·  {}", format::counted(n, "merge")),
            };
            ui.quiet(line);
        });
    });
}

/// Says whether the user wants to write.
fn paragraphs(ui: &mut Ui, doc: &StudyDoc) -> bool {
    if doc.about.trim().is_empty() {
        let line = "Select a model or a pair to see more of it";
        ui.weak(line);
        ui.add_space(space::S);
        return ui.button("Describe this study").clicked();
    }
    ui.spacing_mut().item_spacing.y = space::M;
    for paragraph in doc.about.split("\n\n").map(str::trim) {
        paragraph_ui(ui, paragraph);
    }
    false
}

/// A paragraph; a short first line without a full stop is its heading.
fn paragraph_ui(ui: &mut Ui, paragraph: &str) {
    let text = match paragraph.split_once('\n') {
        Some((heading, text)) if heading.len() < MOST_HEADING && !heading.ends_with('.') => {
            section_heading(ui, heading);
            ui.add_space(space::XS - space::M);
            text
        }
        _ => paragraph,
    };
    if !text.is_empty() {
        ui.add(Label::new(text).wrap().selectable(true));
    }
}

fn is_merge(model: &crate::study::Model) -> bool {
    model.parents.len() > 1 || model.origin.unnamed_parents
}

fn field(ui: &mut Ui, doc: &StudyDoc, actions: &mut Vec<Action>) {
    let mut about = doc.about.clone();
    let field = TextEdit::multiline(&mut about)
        .hint_text("What this study is about, where its numbers are from…")
        .desired_rows(FIELD_ROWS)
        .desired_width(f32::INFINITY);
    let response = ui.add(field);
    response.named(WidgetType::TextEdit, "Description");
    if response.changed() {
        actions.push(Action::Study(Command::About(about)));
    }
}
