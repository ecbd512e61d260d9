//! Whom a model resembles: kinship as measured, and as others have reported it.

use eframe::egui::Ui;

use crate::kinship::Metric;
use crate::study::{Command, Model, ModelId, Selection};
use crate::ui::action::Action;
use crate::ui::colormap::Scale;
use crate::ui::ext::UiExt;
use crate::ui::views::known_kinship;
use crate::ui::widgets::bars::{Bar, bars_ui};
use crate::ui::widgets::section_heading;
use crate::workbench::Workbench;

/// The most relatives that are listed in one list, and how they are split beyond that.
const MOST: usize = 8;
const NEAREST: usize = 5;
const FARTHEST: usize = 3;

/// Kin by falling kinship: as measured, and as reported.
type Relatives = [Vec<(ModelId, f64)>; 2];

/// The nearest and the farthest by Pearson correlation, as bars.
pub fn relatives_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    let key = (bench.revision(), model.id);
    let id = "relatives of the selected model";
    let kept = ui.remembered(id, key, |_| relatives(bench, model.id));
    for (kin, suffix) in kept.1.iter().zip(["", ", as reported"]) {
        if kin.is_empty() {
            continue;
        }
        let (near, far) = if kin.len() > MOST {
            (&kin[..NEAREST], &kin[kin.len() - FARTHEST..])
        } else {
            (&kin[..], &[][..])
        };
        for (which, kin) in [("Nearest", near), ("Farthest", far)] {
            let title = format!("{which} relatives{suffix}");
            list_ui(ui, bench, model.id, &title, kin, actions);
        }
    }
}

fn list_ui(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    title: &str,
    kin: &[(ModelId, f64)],
    actions: &mut Vec<Action>,
) {
    if kin.is_empty() {
        return;
    }
    section_heading(ui, title);
    let doc = bench.study().doc();
    let bars: Vec<Bar<'_>> = kin
        .iter()
        .map(|(other, value)| Bar {
            name: doc.name_of(*other),
            value: Some(*value),
            predicted: false,
        })
        .collect();
    let clicked = ui.push_id(title, |ui| bars_ui(ui, &bars, Scale::KINSHIP, 3));
    if let Some(clicked) = clicked.inner {
        let pair = Selection::Pair(id, kin[clicked].0);
        actions.push(Action::Study(Command::Select(pair)));
    }
}

fn relatives(bench: &Workbench, id: ModelId) -> Relatives {
    let (mut measured, mut reported) = (Vec::new(), Vec::new());
    for other in &bench.study().doc().models {
        match known_kinship(bench, id, other.id, Metric::DEFAULT) {
            Some((value, true)) => measured.push((other.id, value)),
            Some((value, false)) => reported.push((other.id, value)),
            None => {}
        }
    }
    let mut kin = [measured, reported];
    for kin in &mut kin {
        kin.sort_by(|a, b| b.1.total_cmp(&a.1));
    }
    kin
}
