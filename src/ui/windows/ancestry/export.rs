//! The answer for other programs: copied as a sentence, saved as CSV and JSON.

use eframe::egui::Ui;

use crate::origin::ancestry::{GroupShares, Report, report, words};
use crate::ui::action::{Action, Content, Export};
use crate::ui::dialogs::Filter;
use crate::workbench::Workbench;
use crate::workbench::ancestry::{Ancestry, AncestryRequest};

const JSON: Filter = Filter::new("JSON", &["json"]);

pub(super) fn export_ui(
    ui: &mut Ui,
    bench: &Workbench,
    request: &AncestryRequest,
    found: &Ancestry,
    actions: &mut Vec<Action>,
) {
    let doc = bench.study().doc();
    let child = doc.name_of(request.child);
    let names: Vec<String> = request
        .candidates
        .iter()
        .map(|id| doc.name_of(*id).to_owned())
        .collect();
    if ui.button("Copy").clicked() {
        let sentence = words::sentence(&found.answer, child, &names);
        let text = format!(
            "{child}: {}\n{sentence}\n",
            words::shares(&found.answer, &names)
        );
        actions.push(Action::copy("Ancestry", text));
    }
    let of = |groups: &[GroupShares]| report(&found.answer, child, &names, Some(groups));
    if ui.button("Save CSV…").clicked() {
        let both = [of(&found.layers), of(&found.kinds)];
        actions.push(Action::Export(Export::table(
            "the ancestry",
            "ancestry",
            csv(&both),
        )));
    }
    if ui.button("Save JSON…").clicked() {
        let json = serde_json::to_vec_pretty(&of(&found.layers)).unwrap_or_default();
        actions.push(Action::Export(Export {
            title: "Save the ancestry as JSON".to_owned(),
            name: "ancestry.json".to_owned(),
            filter: JSON,
            content: Content::Bytes(json),
        }));
    }
}

/// A row for the whole model, each layer and each kind; a column for each parent.
fn csv([layers, kinds]: &[Report; 2]) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let parents = layers.parts.iter().map(|part| part.model.clone());
    let head = ["tensors".to_owned()].into_iter().chain(parents);
    let head: Vec<String> = head.chain(["residual".to_owned()]).collect();
    let row = |name: &str, shares: &[f64], residual: f64| {
        let shares = shares.iter().map(f64::to_string);
        let all = [name.to_owned()].into_iter().chain(shares);
        all.chain([residual.to_string()]).collect::<Vec<String>>()
    };
    let shares = |parts: &[crate::origin::ancestry::NamedPart]| -> Vec<f64> {
        parts.iter().map(|part| part.share).collect()
    };
    let mut rows = vec![head, row("all", &shares(&layers.parts), layers.residual)];
    for group in [layers, kinds]
        .iter()
        .flat_map(|own| own.groups.iter().flatten())
    {
        let own = row(&group.name, &shares(&group.parts), group.residual);
        if !rows.contains(&own) {
            rows.push(own);
        }
    }
    for row in rows {
        // A table in memory takes every row.
        out.write_record(row).ok();
    }
    out.into_inner().unwrap_or_default()
}
