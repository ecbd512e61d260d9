//! Preferences of the program.

use eframe::egui::{
    Align, Button, Frame, Layout, Margin, RichText, ScrollArea, ThemePreference, Ui, vec2,
};

use crate::ui::action::{Action, WindowAction};
use crate::ui::ask::Ask;
use crate::ui::format;
use crate::ui::prefs::Prefs;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{section_heading, segmented};
use crate::workbench::Workbench;

/// Width of the names of settings, in points.
const NAMES: f32 = 80.0;

pub fn ui(ui: &mut Ui, bench: &Workbench, prefs: &Prefs, actions: &mut Vec<Action>) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.label(theme::strong("Settings").size(size::TITLE));
            ui.add_space(space::M);
            look(ui, prefs, actions);
            ui.add_space(space::L);
            kept(ui, bench, actions);
        });
    });
}

fn look(ui: &mut Ui, prefs: &Prefs, actions: &mut Vec<Action>) {
    section_heading(ui, "Look");
    let mut theme = prefs.theme;
    let themes = [
        (ThemePreference::System, "As the system"),
        (ThemePreference::Light, "Light"),
        (ThemePreference::Dark, "Dark"),
    ];
    row(ui, "Theme", |ui| {
        if segmented(ui, "Theme", &mut theme, &themes) {
            actions.push(Action::Window(WindowAction::SetTheme(theme)));
        }
    });
    row(ui, "Size", |ui| {
        for (label, zoom) in [
            ("Smaller", prefs.zoom - 0.1),
            ("Larger", prefs.zoom + 0.1),
            ("Normal size", 1.0),
        ] {
            ui.add_enabled_ui((zoom - prefs.zoom).abs() > 0.01, |ui| {
                ui.ask(label, WindowAction::SetZoom(zoom), actions);
            });
        }
        ui.weak(format::percent(f64::from(prefs.zoom)));
    });
}

/// A name at the left and its controls, which stand in line with those above.
fn row(ui: &mut Ui, name: &str, controls: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let size = vec2(NAMES, ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(NAMES);
            ui.label(name);
        });
        controls(ui);
    });
    ui.add_space(space::XS);
}

fn kept(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let folders = bench.folders();
    section_heading(ui, "What is kept on this computer");
    for (what, path) in [
        (
            "Studies without a place of their own, and the demo",
            &folders.data,
        ),
        (
            "Kinship that was measured, so that a study opens with it",
            &folders.cache,
        ),
    ] {
        ui.label(what);
        ui.label(RichText::new(path.to_string_lossy()).monospace().weak());
        ui.add_space(space::XS);
    }
    ui.horizontal(|ui| {
        if ui.button("Show the folders").clicked() {
            actions.push(Action::Reveal(folders.data.clone()));
        }
        let kept = bench.kept();
        let clear = ui.add_enabled(
            kept.is_none_or(|kept| kept.files > 0),
            Button::new("Remove kept kinship"),
        );
        if let Some(kept) = kept {
            let (files, bytes) = (
                format::counted(kept.files, "file"),
                format::bytes(kept.bytes),
            );
            ui.weak(format!("{files}, {bytes}"));
        }
        if clear
            .on_hover_text("It is measured again when it is needed")
            .clicked()
        {
            actions.push(Action::ClearCache);
        }
    });
}
