//! What the files of two models tell beside kinship: how far rounding has moved them, what was
//! read under other names, and what their configurations say differently.

use eframe::egui::{Label, RichText, Ui};

use super::lines::{Cell, head_ui, heading, row_ui};
use crate::study::ModelId;
use crate::ui::format;
use crate::ui::theme::{Tokens, size};
use crate::workbench::Workbench;
use crate::workbench::inspecting::{PairFiles, Rounding, SettingOfPair};

/// The two and their base, with what rounding has done to them.
pub(super) struct Changes<'a> {
    pub base: &'a str,
    pub names: [&'a str; 2],
    pub rounding: [Option<&'a Rounding>; 3],
}

/// From this share of a change on, rounding decides a good part of its direction.
const MUCH: f64 = 0.5;

/// The distance that rounding alone makes, under the changes that it is a part of; `norms` are
/// their lengths.
pub(super) fn rounding_rows_ui(ui: &mut Ui, changes: &Changes<'_>, norms: [Option<f64>; 2]) {
    let names = [changes.names[0], changes.names[1], changes.base];
    for (name, rounding) in names.into_iter().zip(changes.rounding) {
        let Some(rounding) = rounding else { continue };
        let formats = &rounding.formats;
        let help = format!(
            "Rounding to {formats} alone moves {name} by about this distance. It is a part of the \
             change, and has no direction of its own"
        );
        let cell: Cell = (
            format!("≈ {}", format::about(rounding.distance)),
            format!("{}, from a sample", format::full(Some(rounding.distance))),
        );
        row_ui(ui, (&format!("Rounding {name}"), &help), &[cell]);
    }
    let share = |k: usize| {
        let distance = changes.rounding[k]?.distance;
        let norm = norms[k].filter(|norm| *norm > 0.0)?;
        Some(distance / norm).filter(|share| *share >= MUCH)
    };
    let noisy: Vec<&str> = (0..2)
        .filter(|&k| share(k).is_some())
        .map(|k| changes.names[k])
        .collect();
    if !noisy.is_empty() {
        let names = noisy.join(" and ");
        warning_ui(
            ui,
            format!(
                "Much of the change of {names} is rounding, and their kinship is too low for it"
            ),
        );
    }
}

/// Renamings and settings; nothing until they are known.
pub(super) fn files_ui(ui: &mut Ui, bench: &Workbench, a: ModelId, b: ModelId) {
    let Some(files) = bench.pair_files(a, b).cloned() else {
        return;
    };
    let doc = bench.study().doc();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let names = [a, b].map(|id| doc.name_of(id));
        renamings_ui(ui, &files, names);
        let base = bench.common_base(a, b).map(|base| doc.name_of(base));
        settings_ui(ui, &files.settings, names, base);
    });
}

fn renamings_ui(ui: &mut Ui, files: &PairFiles, names: [&str; 2]) {
    if files.renamings.is_empty() {
        return;
    }
    heading(ui, "Read under other names");
    for (model, note) in &files.renamings {
        let words = format!("{}: {note}", names[*model]);
        ui.add(Label::new(RichText::new(words).size(size::SMALL).weak()).wrap());
    }
}

fn settings_ui(ui: &mut Ui, settings: &[SettingOfPair], names: [&str; 2], base: Option<&str>) {
    if settings.is_empty() {
        return;
    }
    heading(ui, "Configuration");
    let mut head = vec![("First", names[0]), ("Second", names[1])];
    head.extend(base.map(|base| ("Base", base)));
    head_ui(ui, &head);
    for setting in settings {
        let known = setting.values.iter().take(head.len());
        let cells: Vec<Cell> = known.map(cell).collect();
        row_ui(ui, (&setting.what, &setting.what), &cells);
    }
    if settings.iter().any(|setting| setting.is_architecture) {
        let words = "Unlike architectures: equal shapes do not make equal weights";
        warning_ui(ui, words.to_owned());
    }
}

fn cell(value: &Option<String>) -> Cell {
    match value {
        Some(value) => (value.clone(), value.clone()),
        None => (String::new(), String::new()),
    }
}

fn warning_ui(ui: &mut Ui, words: String) {
    let ink = Tokens::of(ui).warning;
    ui.add(Label::new(RichText::new(words).size(size::SMALL).color(ink)).wrap());
}
