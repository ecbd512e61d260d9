//! What is written down of two models: kinship as reported, scores side by side, merges of
//! the two.

use eframe::egui::Ui;

use super::line_ui;
use crate::kinship::Metric;
use crate::study::{ModelId, PairRecord, StudyDoc};
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::inspector::model::model_link;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{kinship_fact, points_fact, section_heading};
use crate::workbench::Workbench;

pub fn record_ui(
    ui: &mut Ui,
    bench: &Workbench,
    a: ModelId,
    b: ModelId,
    actions: &mut Vec<Action>,
) {
    if !has_anything(bench, a, b) {
        return;
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        reported_ui(ui, bench.study().doc(), a, b);
        scores_ui(ui, bench, a, b);
        merges_ui(ui, bench, a, b, actions);
    });
}

/// Whether anything is written down of one of them that is drawn here.
fn has_anything(bench: &Workbench, a: ModelId, b: ModelId) -> bool {
    let doc = bench.study().doc();
    let of_both = |pair: &PairRecord| pair.models.contains(&a) && pair.models.contains(&b);
    let has_score = |id| {
        let row = bench.record().row(id);
        row.is_some_and(|row| row.average.is_some() || row.scores.iter().any(Option::is_some))
    };
    doc.pairs.iter().any(of_both)
        || has_score(a)
        || has_score(b)
        || doc.children(a).any(|m| m.parents.contains(&b))
}

/// Every report of the two: each table of a paper is one.
fn reported_ui(ui: &mut Ui, doc: &StudyDoc, a: ModelId, b: ModelId) {
    let is_theirs = |pair: &&PairRecord| pair.models == [a, b] || pair.models == [b, a];
    let pairs: Vec<&PairRecord> = doc.pairs.iter().filter(is_theirs).collect();
    for pair in &pairs {
        heading(ui, "Kinship as reported");
        if !pair.group.is_empty() {
            ui.quiet(&pair.group);
        }
        let unknown = pair.kinship.metrics().filter(|metric| !metric.is_known());
        let metrics = Metric::ALL.iter().copied().chain(unknown);
        kinship_ui(ui, metrics, &|metric| pair.kinship.get(metric));
        let help = "In points, as reported";
        points_fact(ui, "Task difference", pair.difference, help);
        if !pair.note.is_empty() {
            ui.quiet(&pair.note);
        }
    }
    let of_merge = |metric| doc.given_kinship(a, b, metric);
    if pairs.is_empty() && Metric::ALL.iter().any(|&m| of_merge(m).is_some()) {
        heading(ui, "Kinship as reported");
        ui.quiet("With a merge of the two");
        kinship_ui(ui, Metric::ALL.iter().copied(), &of_merge);
    }
}

fn kinship_ui(
    ui: &mut Ui,
    metrics: impl Iterator<Item = Metric>,
    kinship: &dyn Fn(Metric) -> Option<f64>,
) {
    for metric in metrics {
        let value = kinship(metric);
        if value.is_some() && !metric.repeats(kinship) {
            kinship_fact(ui, metric, value);
        }
    }
}

fn scores_ui(ui: &mut Ui, bench: &Workbench, a: ModelId, b: ModelId) {
    let (doc, record) = (bench.study().doc(), bench.record());
    let (Some(left), Some(right)) = (doc.model(a), doc.model(b)) else {
        return;
    };
    let (Some(row_a), Some(row_b)) = (record.row(a), record.row(b)) else {
        return;
    };
    let score = |model: &crate::study::Model, task: &str| model.score(task).map(|s| s.value);
    let mut lines: Vec<(String, Option<f64>, Option<f64>)> = record
        .tasks
        .iter()
        .map(|task| (task.clone(), score(left, task), score(right, task)))
        .collect();
    lines.insert(0, ("Average".to_owned(), row_a.average, row_b.average));
    lines.retain(|(_, x, y)| x.is_some() || y.is_some());
    if lines.is_empty() {
        return;
    }
    heading(ui, "Scores");
    let t = Tokens::of(ui);
    let head = ["First", "Second", "Apart"];
    let help = [
        left.name.clone(),
        right.name.clone(),
        "First minus second".to_owned(),
    ];
    let head: Vec<(String, String)> = head.map(ToOwned::to_owned).into_iter().zip(help).collect();
    line_ui(ui, ("", ""), &head, &theme::small_font(), t.text_weak);
    for (task, x, y) in lines {
        let apart = x.zip(y).map(|(x, y)| x - y);
        let cells = [
            (format::score(x), format::full(x)),
            (format::score(y), format::full(y)),
            (format::signed(apart, 2), format::full(apart)),
        ];
        line_ui(ui, (&task, &task), &cells, &theme::body_font(), t.text);
    }
    let difference = doc.performance_difference(a, b);
    let help = "Mean over the tasks of how far the two are apart, in points";
    points_fact(ui, "Average task difference", difference, help);
}

/// Merges with exactly these two parents, and what they gained.
fn merges_ui(ui: &mut Ui, bench: &Workbench, a: ModelId, b: ModelId, actions: &mut Vec<Action>) {
    let (doc, record) = (bench.study().doc(), bench.record());
    let merges = doc.children(a).filter(|m| {
        let theirs = m.parents == [a, b] || m.parents == [b, a];
        theirs && !m.origin.unnamed_parents
    });
    let merges: Vec<_> = merges.collect();
    if merges.is_empty() {
        return;
    }
    heading(ui, "Already merged as");
    for merge in merges {
        let gain = record.row(merge.id).and_then(|row| row.gain);
        let note = match gain {
            Some(_) => format!("gain {}", format::signed(gain, 2)),
            None => merge.origin.method.clone(),
        };
        model_link(ui, doc, merge.id, &note, actions);
    }
}

fn heading(ui: &mut Ui, title: &str) {
    ui.add_space(space::S);
    section_heading(ui, title);
    ui.add_space(space::XS);
}
