//! Keyboard and help: every shortcut, and what the words mean.

use eframe::egui::{Align, Context, Label, Layout, Ui, vec2};

use crate::glossary;
use crate::ui::commands::{self, Entry};
use crate::ui::ext::{UiExt, modal};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{key_caps, primary_button, section_heading};

/// Width of the page where the window has room for it, and what it leaves of the window's
/// height to its head, its button and its margins, in points.
const WIDTH: f32 = 480.0;
const LEAVES: f32 = 210.0;
/// Width of the left column, in points.
const LEFT: f32 = 170.0;

/// Draws the page; says whether it stays open.
pub fn help(ctx: &Context, entries: &[Entry]) -> bool {
    let mut stays = true;
    let window = ctx.content_rect().size();
    let modal = modal(ctx, "help", space::XL).show(ctx, |ui| {
        ui.set_width(WIDTH.min(window.x - 4.0 * space::XL));
        ui.label(theme::strong("Kinfolk").size(size::TITLE));
        let version = format!("Version {}", env!("CARGO_PKG_VERSION"));
        ui.weak(version);
        ui.add_space(space::S);
        let most = (window.y - LEAVES).clamp(120.0, 520.0);
        ui.scrolled("help", most, |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::L);
            section_heading(ui, "Keyboard");
            for entry in entries {
                let Some(shortcut) = &entry.shortcut else {
                    continue;
                };
                row_ui(ui, entry.name.unwrap_or(&entry.title), |ui| {
                    key_caps(ui, &commands::keys(shortcut));
                });
            }
            section_heading(ui, "Words");
            words(ui);
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

/// What is explained at the left, and beside it how.
fn row_ui(ui: &mut Ui, left: &str, right: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let room = LEFT.min(ui.available_width() * 0.45);
        ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(room);
            ui.add(Label::new(left).wrap());
        });
        right(ui);
    });
}
