//! Keyboard and help: every shortcut, and what the words mean.

use eframe::egui::{Context, Grid, Ui};

use crate::glossary;
use crate::ui::commands::{self, Entry};
use crate::ui::ext::{UiExt, modal};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{key_caps, primary_button, section_heading};

/// Draws the page; says whether it stays open.
pub fn help(ctx: &Context, entries: &[Entry]) -> bool {
    let mut stays = true;
    let modal = modal(ctx, "help", space::XL).show(ctx, |ui| {
        ui.set_width(480.0);
        ui.label(theme::strong("Kinfolk").size(size::TITLE));
        let version = format!("Version {}", env!("CARGO_PKG_VERSION"));
        ui.weak(version);
        ui.add_space(space::S);
        ui.scrolled("help", 420.0, |ui| {
            section_heading(ui, "Words");
            words(ui);
            section_heading(ui, "Keyboard");
            shortcuts(ui, entries);
            section_heading(ui, "Source");
            ui.label(
                "Model kinship is defined in Exploring Model Kinship for Merging Large Language \
                 Models, arXiv 2410.12613",
            );
        });
        ui.add_space(space::M);
        stays = !primary_button(ui, "Close").clicked();
    });
    stays && !modal.should_close()
}

/// The glossary.
fn words(ui: &mut Ui) {
    for term in glossary::all() {
        ui.label(theme::strong(term.title));
        ui.label(term.sentence);
        for line in [term.formula, term.range] {
            if !line.is_empty() {
                ui.quiet(line);
            }
        }
        ui.add_space(space::S);
    }
}

fn shortcuts(ui: &mut Ui, entries: &[Entry]) {
    Grid::new("shortcuts")
        .num_columns(2)
        .spacing([space::L, space::XS])
        .show(ui, |ui| {
            for entry in entries {
                let Some(shortcut) = &entry.shortcut else {
                    continue;
                };
                ui.label(entry.name.unwrap_or(&entry.title));
                key_caps(ui, &commands::keys(shortcut));
                ui.end_row();
            }
        });
}
