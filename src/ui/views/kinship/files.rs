//! What can be taken out of the view: a table, a file, a picture.

use eframe::egui::Theme;

use super::shown::Shown;
use crate::kinship::table;
use crate::study::Order;
use crate::ui::action::{Action, Export};
use crate::ui::format;
use crate::ui::paper::{Format, HeatMapPage, Picture};
use crate::workbench::Workbench;

pub fn csv(bench: &Workbench, shown: &Shown) -> Export {
    let text = table::csv(&shown.key.labels, &shown.matrix, order(bench, shown));
    Export::table(
        "kinship",
        &table::file_stem(shown.key.measure),
        text.into_bytes(),
    )
}

/// The matrix for a spreadsheet; its corner says what was measured.
pub fn copy(bench: &Workbench, shown: &Shown) -> Action {
    let base = bench.study().doc().name_of(shown.key.base);
    let corner = format!("{}, relative to {base}", table::words(shown.key.measure));
    Action::copy(
        "Kinship table",
        table::tsv(
            &corner,
            &shown.key.labels,
            &shown.matrix,
            order(bench, shown),
        ),
    )
}

pub fn picture(bench: &Workbench, shown: &Shown, theme: Theme, format: Format) -> Export {
    let doc = bench.study().doc();
    let base = doc.name_of(shown.key.base);
    let page = HeatMapPage {
        title: table::words(shown.key.measure),
        note: format!("{}, relative to {base}", caption(shown)),
        labels: shown.key.labels.clone(),
        matrix: shown.matrix.clone(),
        metric: shown.key.measure.metric,
        has_tree: doc.view.order == Order::Relatedness,
        order: order(bench, shown).to_vec(),
        joins: shown.joins.clone(),
    };
    let picture = Picture::new(move || Ok(page.draw(theme)));
    let stem = table::file_stem(shown.key.measure);
    Export::picture("kinship", &stem, picture, format)
}

pub fn caption(shown: &Shown) -> String {
    let n = shown.key.models.len();
    let known = shown.known();
    let models = if known < n {
        format!("{}, {known} of them measured", format::counted(n, "model"))
    } else {
        format::counted(n, "model")
    };
    let what = if shown.key.measure.metric.is_similarity() {
        "mean kinship"
    } else {
        "mean distance"
    };
    let mean = if shown.key.provisional {
        format::UNDEFINED.to_owned()
    } else {
        shown.mean.words()
    };
    let parameters = format::parameters(shown.parameters);
    format!("{models}, {what} {mean}, {parameters} parameters")
}

fn order<'a>(bench: &Workbench, shown: &'a Shown) -> &'a [usize] {
    shown.order(bench.study().doc().view.order)
}
