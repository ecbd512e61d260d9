//! The inspector of one model: what it is, what it descends from, what it scored, whom it
//! resembles.

mod descent;
mod record;
mod relatives;
mod reported;

use std::path::Path;

use eframe::egui::{
    Align, Button, FontId, Grid, Label, Layout, Margin, RichText, TextEdit, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use crate::checkpoint::{Checkpoint, OnDisk};
use crate::study::{Command, Model, ModelEdit, ModelId};
use crate::ui::action::{Action, MergeAction, ModelsAction};
use crate::ui::ask::Ask;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, size, space};
use crate::ui::views::{
    ADAPTER_COLOUR, ancestry_button, convert_button, evaluate_button, extract_button, merge_menu,
    proof_buttons,
};
use crate::ui::widgets::{icon_button, role_chip, section_heading, text, text_field};
use crate::workbench::inspecting::Rounding;
use crate::workbench::{ModelFiles, Workbench};

pub fn model_ui(ui: &mut Ui, bench: &Workbench, id: ModelId, actions: &mut Vec<Action>) {
    let doc = bench.study().doc();
    let Some(model) = doc.model(id) else { return };
    let mut name = model.name.clone();
    let width = ui.available_width();
    if text_field(ui, "Model name", "Name", &mut name, width).changed() && !name.is_empty() {
        actions.push(edit(ModelEdit::Rename(id, name)));
    }
    ui.horizontal(|ui| {
        let role = doc.role(model);
        role_chip(ui, role.title(), role as usize);
        if bench
            .files(id)
            .checkpoint()
            .is_some_and(|c| c.adapter().is_some())
        {
            role_chip(ui, "adapter", ADAPTER_COLOUR);
        }
    });
    state_ui(ui, bench, model, actions);
    descent::descent_ui(ui, bench, model, actions);
    record::record_ui(ui, bench, model, actions);
    if let Some(checkpoint) = bench.files(id).checkpoint() {
        facts_ui(ui, checkpoint, bench.rounding(id));
        problems_ui(ui, checkpoint);
    }
    relatives::relatives_ui(ui, bench, model, actions);
    note_ui(ui, model, actions);
}

pub use descent::model_link;

fn edit(edit: ModelEdit) -> Action {
    Action::Study(Command::Model(edit))
}

fn state_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    let t = Tokens::of(ui);
    let Some(path) = &model.path else {
        ui.weak("Known by name alone, without files");
        if ui.button("Find its files…").clicked() {
            actions.push(Action::Models(ModelsAction::AskWhereIs(model.id)));
        }
        return;
    };
    path_ui(ui, path, actions);
    let trouble = match bench.files(model.id) {
        ModelFiles::Failed(sentence) => Some((t.error, sentence.as_str())),
        ModelFiles::Open {
            on_disk: OnDisk::Missing,
            ..
        } => Some((
            t.error,
            "The files are gone. Find them again, or remove the model.",
        )),
        ModelFiles::Open {
            on_disk: OnDisk::Changed,
            ..
        } => Some((t.warning, "The files have changed since they were opened")),
        ModelFiles::Opening => Some((t.text_weak, "Opening…")),
        _ => None,
    };
    if let Some((ink, sentence)) = trouble {
        ui.label(RichText::new(sentence).color(ink));
        if ink == t.error && ui.button("Find again…").clicked() {
            actions.push(Action::Models(ModelsAction::AskWhereIs(model.id)));
        }
    }
}

fn path_ui(ui: &mut Ui, path: &Path, actions: &mut Vec<Action>) {
    let text = path.to_string_lossy();
    let line = Layout::right_to_left(Align::Center);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), ROW_HEIGHT), line, |ui| {
        if icon_button(ui, icon::FOLDER_OPEN, "Show in the file manager").clicked() {
            actions.push(Action::Reveal(path.to_owned()));
        }
        if icon_button(ui, icon::COPY, "Copy path").clicked() {
            actions.push(Action::copy("Path", text.to_string()));
        }
        let font = FontId::monospace(size::SMALL);
        let shown = text::fitted_tail(ui.painter(), &text, &font, ui.available_width());
        let label = Label::new(RichText::new(shown).font(font).weak()).extend();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(label).on_hover_text(text.as_ref());
        });
    });
}

fn facts_ui(ui: &mut Ui, checkpoint: &Checkpoint, rounding: Option<&Rounding>) {
    let config = checkpoint.config();
    let architecture = config
        .architectures
        .first()
        .cloned()
        .or_else(|| config.model_type.clone());
    let tied = if checkpoint.tied_embeddings() {
        "tied"
    } else {
        "untied"
    };
    let facts = [
        (
            "Architecture",
            architecture.unwrap_or_else(|| "–".to_owned()),
        ),
        ("Parameters", format::parameters(checkpoint.parameters())),
        ("Type", checkpoint.dtypes().to_owned()),
        (
            "Layers",
            checkpoint.layers_in_words().replacen(" layers", "", 1),
        ),
        ("Embeddings", tied.to_owned()),
        (
            "On disk",
            format!(
                "{}, {}",
                format::bytes(checkpoint.size_bytes()),
                checkpoint.form().title()
            ),
        ),
    ];
    ui.add_space(space::XS);
    Grid::new("facts")
        .num_columns(2)
        .min_row_height(20.0)
        .spacing([space::M, space::XS])
        .show(ui, |ui| {
            for (name, value) in facts {
                ui.weak(name);
                ui.add(Label::new(value).truncate());
                ui.end_row();
            }
            if let Some(rounding) = rounding {
                rounding_ui(ui, rounding);
            }
        });
}

/// How far rounding has moved a quantised model: differences below that say nothing.
fn rounding_ui(ui: &mut Ui, rounding: &Rounding) {
    let Rounding { formats, distance } = rounding;
    let help = format!(
        "Rounding to {formats} alone moves the weights by about this distance from those that \
         were quantised. A smaller distance to another model says nothing."
    );
    ui.weak("Rounding");
    let words = format!("a distance of about {}", format::about(*distance));
    ui.add(Label::new(words).truncate()).on_hover_text(help);
    ui.end_row();
}

fn problems_ui(ui: &mut Ui, checkpoint: &Checkpoint) {
    let t = Tokens::of(ui);
    for problem in checkpoint.problems() {
        let text = RichText::new(format!("{} {problem}", icon::WARNING));
        ui.add(Label::new(text.size(size::SMALL).color(t.warning)).wrap());
    }
}

fn note_ui(ui: &mut Ui, model: &Model, actions: &mut Vec<Action>) {
    section_heading(ui, "Note");
    let mut note = model.note.clone();
    let field = TextEdit::multiline(&mut note)
        .hint_text("What it was trained for, where it came from…")
        .desired_rows(2)
        .margin(Margin::symmetric(8, 4))
        .desired_width(f32::INFINITY);
    let response = ui.add(field);
    response.named(WidgetType::TextEdit, "Note");
    if response.changed() {
        actions.push(edit(ModelEdit::Note(model.id, note)));
    }
}

pub fn actions_ui(ui: &mut Ui, bench: &Workbench, id: ModelId, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let doc = bench.study().doc();
        ui.menu_button("Merge with…", |ui| merge_menu(ui, bench, id, actions));
        evaluate_button(ui, bench, "Evaluate", &[id], actions);
        convert_button(ui, bench, id, actions);
        ancestry_button(ui, bench, id, actions);
        extract_button(ui, bench, id, actions);
        proof_buttons(ui, bench, id, actions);
        let is_made_here = doc.model(id).is_some_and(|m| !m.origin.recipe.is_empty());
        if is_made_here && ui.button("Open its recipe on the canvas").clicked() {
            actions.push(Action::Merge(MergeAction::ReopenRecipe(id)));
        }
        let ids = doc.models.iter().map(|m| m.id);
        let others: Vec<ModelId> = ids.filter(|&m| m != id && bench.fits(id, m)).collect();
        let is_base = !doc.family(id).is_empty();
        let set = Button::new("Make base of all");
        if ui
            .add_enabled(!is_base && !others.is_empty(), set)
            .clicked()
        {
            actions.push(edit(ModelEdit::SetBase(others, Some(id))));
        }
        ui.ask("Remove", edit(ModelEdit::Remove(vec![id])), actions);
    });
}
