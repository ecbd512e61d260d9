//! Preferences of the program.

use std::num::NonZero;

use eframe::egui::{
    Align, Button, Frame, Layout, Margin, RichText, ScrollArea, ThemePreference, Ui, vec2,
};
use egui_phosphor::regular as icon;

use crate::ui::action::{Action, ModelsAction, WindowAction};
use crate::ui::ask::Ask;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::prefs::{Prefs, Setting};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{Choice, choice, icon_button, section_heading, segmented};
use crate::workbench::Workbench;

/// Width of the names of settings, in points.
const NAMES: f32 = 150.0;
/// Lines are no longer than this.
const MOST_WIDTH: f32 = 760.0;

pub fn ui(ui: &mut Ui, bench: &Workbench, prefs: &Prefs, actions: &mut Vec<Action>) {
    Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.label(theme::strong("Settings").size(size::TITLE));
            ui.add_space(space::M);
            ui.set_max_width(MOST_WIDTH.min(ui.available_width() - space::L));
            look(ui, prefs, actions);
            ui.add_space(space::L);
            work(ui, prefs, actions);
            ui.add_space(space::L);
            places(ui, prefs, actions);
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
    let mut decimals = prefs.decimals;
    row(ui, "Decimals of kinship", |ui| {
        let name = "Decimals of kinship";
        segmented(ui, name, &mut decimals.kinship, &NUMBERS[1..]);
    });
    row(ui, "Decimals of scores", |ui| {
        segmented(ui, "Decimals of scores", &mut decimals.score, &NUMBERS[..3]);
    });
    if decimals != prefs.decimals {
        actions.push(set(Setting::Decimals(decimals)));
    }
}

const NUMBERS: [(usize, &str); 4] = [(1, "1"), (2, "2"), (3, "3"), (4, "4")];

fn set(setting: Setting) -> Action {
    Action::Window(WindowAction::Set(setting))
}

/// What work may take of the machine, and how its end is told.
fn work(ui: &mut Ui, prefs: &Prefs, actions: &mut Vec<Action>) {
    section_heading(ui, "Work");
    row(ui, "Threads", |ui| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let counts = counts(cores, prefs.threads);
        let words: Vec<String> = counts
            .iter()
            .map(|count| threads_words(*count, cores))
            .collect();
        let options = options(&counts, &words);
        if let Some(threads) = choice(ui, "Threads", prefs.threads, &options) {
            actions.push(set(Setting::Threads(threads)));
        }
        ui.quiet("Fewer leave the machine free for other things, and take longer");
    });
    row(ui, "Memory", |ui| {
        let sizes = sizes(prefs.memory_bytes);
        let words: Vec<String> = sizes.iter().map(|size| memory_words(*size)).collect();
        let options = options(&sizes, &words);
        if let Some(bytes) = choice(ui, "Memory", prefs.memory_bytes, &options) {
            actions.push(set(Setting::Memory(bytes)));
        }
        ui.quiet("Mapped files do not count; a low limit means fewer threads");
    });
    row(ui, "When work ends", |ui| {
        let mut notifies = prefs.notifies;
        let words = "Tell me outside the window, if it took more than 30 s";
        if ui.checkbox(&mut notifies, words).changed() {
            actions.push(set(Setting::Notifies(notifies)));
        }
    });
}

fn options<'a, T: Copy>(values: &[T], words: &'a [String]) -> Vec<Choice<'a, T>> {
    let pairs = values.iter().zip(words);
    pairs
        .map(|(&value, words)| Choice::new(value, words, ""))
        .collect()
}

/// All of them, then ever fewer; what is set is among them.
fn counts(cores: usize, set: Option<usize>) -> Vec<Option<usize>> {
    let halves = std::iter::successors(Some(cores), |n| Some(n / 2).filter(|&n| n > 0));
    let mut fewer: Vec<usize> = halves.skip(1).chain(set).collect();
    fewer.sort_unstable_by(|a, b| b.cmp(a));
    fewer.dedup();
    std::iter::once(None)
        .chain(fewer.into_iter().map(Some))
        .collect()
}

fn threads_words(count: Option<usize>, cores: usize) -> String {
    count.map_or(format!("All {cores}"), |count| count.to_string())
}

/// No limit, then ever less; what is set is among them.
fn sizes(set: Option<u64>) -> Vec<Option<u64>> {
    const USUAL: [u64; 8] = [32_000, 16_000, 8_000, 4_000, 2_000, 1_000, 250, 100];
    let usual = USUAL.map(|megabytes| megabytes * 1_000_000);
    let mut sizes: Vec<u64> = usual.into_iter().chain(set).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.dedup();
    std::iter::once(None)
        .chain(sizes.into_iter().map(Some))
        .collect()
}

fn memory_words(bytes: Option<u64>) -> String {
    const GB: u64 = 1_000_000_000;
    match bytes {
        None => "No limit".to_owned(),
        Some(bytes) if bytes >= GB => format!("{} GB", bytes / GB),
        Some(bytes) => format!("{} MB", bytes / 1_000_000),
    }
}

/// Where models are looked for.
fn places(ui: &mut Ui, prefs: &Prefs, actions: &mut Vec<Action>) {
    section_heading(ui, "Folders with models");
    ui.weak("Listed with the hub's cache, where models are added from");
    ui.add_space(space::XS);
    for folder in &prefs.folders {
        ui.horizontal(|ui| {
            let path = folder.to_string_lossy();
            ui.label(RichText::new(format::elide_middle(&path, 80)).monospace())
                .on_hover_text(&path[..]);
            if icon_button(ui, icon::X, &format!("Remove {path}")).clicked() {
                actions.push(set(Setting::RemoveFolder(folder.clone())));
            }
        });
    }
    ui.horizontal(|ui| {
        ui.ask("Add folder…", WindowAction::AskForScannedFolder, actions);
        ui.ask("Show what lies there", ModelsAction::BrowseHub, actions);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_among_the_choices() {
        assert_eq!(counts(8, None), [None, Some(4), Some(2), Some(1)]);
        assert_eq!(counts(4, Some(6)), [None, Some(6), Some(2), Some(1)]);
        assert_eq!(counts(1, Some(1)), [None, Some(1)]);
        assert!(sizes(Some(300_000_000)).contains(&Some(300_000_000)));
        let words: Vec<String> = sizes(None).into_iter().map(memory_words).collect();
        assert_eq!(words[..2], ["No limit", "32 GB"]);
        assert_eq!(words.last().unwrap(), "100 MB");
    }
}
