//! The line under the map while no pair is selected.

use eframe::egui::{Align, Label, Layout, RichText, Ui};

use super::map::in_family;
use super::mean::Mean;
use super::shown::Shown;
use crate::ui::format;
use crate::ui::theme::Tokens;
use crate::workbench::{Family, Workbench};

pub fn ui(ui: &mut Ui, bench: &Workbench, family: &Family, shown: &Shown) {
    let t = Tokens::of(ui);
    let selected = in_family(bench.study().selection(), shown);
    let places: Vec<usize> = (selected.iter())
        .filter_map(|&id| shown.place_of(id))
        .collect();
    let mean = (places.len() > 2).then(|| mean(bench, family, shown, &places));
    let (sentence, ink) = match &mean {
        Some(mean) => (several(shown, &places, mean), t.text),
        None => (wanted(shown, &places), t.text_weak),
    };
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let label = ui.add(Label::new(RichText::new(sentence).color(ink)).truncate());
        if let Some(mean) = mean {
            label.on_hover_text(format::full(mean.value()));
        }
    });
}

/// What to select to see more.
fn wanted(shown: &Shown, places: &[usize]) -> String {
    let name = |k: usize| format::elide_middle(&shown.key.labels[k], 40);
    let is_missing = |k: &&usize| shown.key.places[**k].is_none();
    match (places, places.iter().find(is_missing)) {
        ([_, _], Some(&missing)) => format!("{} is not measured yet", name(missing)),
        ([one], _) => format!(
            "Select one more model to see where it differs from {}",
            name(*one)
        ),
        _ => "Select two models to see where they differ".to_owned(),
    }
}

fn mean(bench: &Workbench, family: &Family, shown: &Shown, places: &[usize]) -> Mean {
    match bench.measured(family.base) {
        Some(measured) => Mean::new(measured.kinship(), shown.into(), places),
        None => Mean::default(),
    }
}

/// n-model kinship of the selection.
fn several(shown: &Shown, places: &[usize], mean: &Mean) -> String {
    let what = if shown.key.measure.metric.is_similarity() {
        "Kinship"
    } else {
        "Distance"
    };
    let n = places.len();
    let pairs = format::counted(n * (n - 1) / 2, "pair");
    let rest = match mean.value() {
        _ if shown.key.provisional => ", still being measured".to_owned(),
        Some(_) => format!(" (mean of {pairs})"),
        None => String::new(),
    };
    format!("{what} of these {n} models: {}{rest}", mean.words())
}
