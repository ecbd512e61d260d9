//! What differs beside the weights, and what was not compared.

use eframe::egui::{FontId, Grid, Label, RichText, Ui};

use crate::diff::{Diff, FileState};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::section_heading;

/// Tensors that are listed; the JSON has all.
const MOST: usize = 200;

/// How many settings, files and tensors are told of because they are not the same.
pub(super) fn count(diff: &Diff) -> usize {
    let files = diff.files.iter();
    let files = files.filter(|file| file.state != FileState::Equal).count();
    diff.settings.len() + files + diff.left_out.len()
}

pub(super) fn rest_ui(ui: &mut Ui, diff: &Diff) {
    settings_ui(ui, diff);
    files_ui(ui, diff);
    left_out_ui(ui, diff);
}

fn settings_ui(ui: &mut Ui, diff: &Diff) {
    section_heading(ui, "Configuration");
    if diff.settings.is_empty() {
        ui.weak("Nothing that decides what is computed differs");
        return;
    }
    grid("settings").show(ui, |ui| {
        let [a, b] = [&diff.models[0].name, &diff.models[1].name];
        for title in ["Setting", a, b] {
            ui.quiet(format::elide_middle(title, 24))
                .on_hover_text(title);
        }
        ui.end_row();
        for setting in &diff.settings {
            ui.label(mono(&setting.what));
            for value in &setting.values {
                let short = format::elide_middle(value, 28);
                ui.label(short).on_hover_text(value);
            }
            ui.end_row();
        }
    });
    ui.add_space(space::S);
}

fn files_ui(ui: &mut Ui, diff: &Diff) {
    if diff.files.is_empty() {
        return;
    }
    section_heading(ui, "Tokenizer and other files");
    let names = [&*diff.models[0].name, &*diff.models[1].name];
    grid("files").show(ui, |ui| {
        for file in &diff.files {
            ui.label(mono(&file.name));
            let words = file.state.words(names);
            ui.label(format::elide_middle(&words, 44))
                .on_hover_text(words);
            ui.end_row();
        }
    });
    ui.add_space(space::S);
}

fn left_out_ui(ui: &mut Ui, diff: &Diff) {
    if diff.left_out.is_empty() {
        return;
    }
    section_heading(ui, "Not compared");
    let ink = Tokens::of(ui).warning;
    let n = format::counted(diff.left_out.len(), "tensor");
    ui.label(RichText::new(n).size(size::SMALL).color(ink));
    for left in diff.left_out.iter().take(MOST) {
        let words = format!("{}: {}", left.tensor, left.reason);
        ui.add(Label::new(RichText::new(words).size(size::SMALL)).wrap());
    }
    let more = diff.left_out.len().saturating_sub(MOST);
    if more > 0 {
        ui.quiet(format!(
            "and {} more; the JSON has all",
            format::count(more as u64)
        ));
    }
}

fn grid(id: &str) -> Grid {
    let grid = Grid::new(("comparison", id)).num_columns(3);
    grid.spacing([space::L, space::XS])
}

fn mono(text: &str) -> RichText {
    RichText::new(text).font(FontId::monospace(size::SMALL))
}
