//! Whom a model resembles: kinship as measured, and as others have reported it.

use std::sync::Arc;

use eframe::egui::{Id, Ui};

use crate::kinship::Metric;
use crate::study::{Command, Model, ModelId, Selection};
use crate::ui::action::Action;
use crate::ui::colormap::Scale;
use crate::ui::views::known_kinship;
use crate::ui::widgets::bars::{Bar, bars_ui};
use crate::ui::widgets::section_heading;
use crate::workbench::Workbench;

/// The most relatives that are listed in one list, and how they are split beyond that.
const MOST: usize = 8;
const NEAREST: usize = 5;
const FARTHEST: usize = 3;

/// What is known of one model's kin, by falling kinship.
struct Relatives {
    key: (u64, ModelId),
    measured: Vec<(ModelId, f64)>,
    reported: Vec<(ModelId, f64)>,
}

/// The nearest and the farthest by Pearson correlation, as bars.
pub fn relatives_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    let relatives = relatives(ui, bench, model.id);
    for (kin, suffix) in [
        (&relatives.measured, ""),
        (&relatives.reported, ", as reported"),
    ] {
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

/// Worked out anew only when the study or a measurement has changed.
fn relatives(ui: &Ui, bench: &Workbench, id: ModelId) -> Arc<Relatives> {
    let key = (bench.revision(), id);
    let memory = Id::new("relatives of the selected model");
    let kept: Option<Arc<Relatives>> = ui.data(|data| data.get_temp(memory));
    if let Some(kept) = kept.filter(|kept| kept.key == key) {
        return kept;
    }
    let (mut measured, mut reported) = (Vec::new(), Vec::new());
    for other in &bench.study().doc().models {
        match known_kinship(bench, id, other.id, Metric::DEFAULT) {
            Some((value, true)) => measured.push((other.id, value)),
            Some((value, false)) => reported.push((other.id, value)),
            None => {}
        }
    }
    for kin in [&mut measured, &mut reported] {
        kin.sort_by(|a, b| b.1.total_cmp(&a.1));
    }
    let new = Arc::new(Relatives {
        key,
        measured,
        reported,
    });
    ui.data_mut(|data| data.insert_temp(memory, Arc::clone(&new)));
    new
}
