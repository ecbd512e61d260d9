//! Preferences of the program.

use eframe::egui::{Frame, Margin, RichText, ScrollArea, ThemePreference, Ui};

use crate::ui::action::{Action, WindowAction};
use crate::ui::ask::Ask;
use crate::ui::format;
use crate::ui::prefs::Prefs;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{section_heading, segmented};
use crate::workbench::Workbench;

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
    ui.horizontal(|ui| {
        ui.label("Theme");
        if segmented(ui, "Theme", &mut theme, &themes) {
            actions.push(Action::Window(WindowAction::SetTheme(theme)));
        }
    });
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.label("Size");
        for (label, by) in [("Smaller", -0.1), ("Larger", 0.1)] {
            ui.ask(label, WindowAction::SetZoom(prefs.zoom + by), actions);
        }
        ui.weak(format::percent(f64::from(prefs.zoom)));
    });
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
        let clear = ui.button("Remove kept kinship");
        if clear
            .on_hover_text("It is measured again when it is needed")
            .clicked()
        {
            actions.push(Action::ClearCache);
        }
    });
}
