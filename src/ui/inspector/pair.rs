//! The inspector of two models: how related they are, by every measure.

mod facts;
mod files;
mod lines;

use std::sync::Arc;

use eframe::egui::{Align, Label, Layout, RichText, Ui};
use facts::{Key, PairStats};
use files::Changes;
use lines::{Cell, head_ui, heading, line_ui, number, row_ui};

use crate::kinship::table::kind_words;
use crate::kinship::{Compared, Metric};
use crate::study::{ModelId, PairRecord, StudyDoc};
use crate::ui::action::{Action, ModelsAction, View};
use crate::ui::ask::Ask;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::inspector::model::model_link;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::{compare_button, compose, relate_button};
use crate::ui::widgets::{kinship_fact, points_fact, role_chip, section_heading};
use crate::workbench::Workbench;

/// Draws everything about two models.
///
/// `view` is what is shown beside them.
pub fn pair_ui(
    ui: &mut Ui,
    bench: &Workbench,
    (a, b): (ModelId, ModelId),
    view: View,
    actions: &mut Vec<Action>,
) {
    name_ui(ui, bench, a);
    name_ui(ui, bench, b);
    ui.add_space(space::XS);
    let doc = bench.study().doc();
    let names = [a, b].map(|id| bench.short(id));
    ui.horizontal_wrapped(|ui| {
        ui.ask("Compose merge", compose(vec![a, b]), actions);
        compare_button(ui, bench, (a, b), actions);
    });
    if let Some((place, of)) = bench.place_among_suggestions(a, b) {
        let words = format!("Place {place} of {of} among what to merge next");
        if ui.link(words).clicked() {
            actions.push(Action::Go(View::Next));
        }
    }
    match bench.common_base(a, b) {
        None => {
            if !is_reported(bench, a, b) {
                ui.weak(no_common_base(bench, a, b));
                relate_button(ui, bench, (a, b), actions);
            }
        }
        Some(base) => match facts(ui, bench, base, a, b) {
            Some(facts) => {
                let changes = Changes {
                    base: doc.name_of(base),
                    names,
                    rounding: [a, b, base].map(|id| bench.rounding(id)),
                };
                ui.scope(|ui| facts_ui(ui, &changes, &facts.1, view, actions));
            }
            None => not_measured_ui(ui, bench, base, is_reported(bench, a, b), actions),
        },
    }
    files::files_ui(ui, bench, a, b);
    record_ui(ui, bench, a, b, actions);
}

fn is_reported(bench: &Workbench, a: ModelId, b: ModelId) -> bool {
    let doc = bench.study().doc();
    let given = |metric| doc.given_kinship(a, b, metric);
    Metric::ALL.iter().any(|&metric| given(metric).is_some())
}

fn name_ui(ui: &mut Ui, bench: &Workbench, id: ModelId) {
    let doc = bench.study().doc();
    let Some(model) = doc.model(id) else { return };
    let role = doc.role(model);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            role_chip(ui, role.title(), role as usize);
            let name = Label::new(theme::strong(bench.short(id)))
                .truncate()
                .halign(Align::Min);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(name).on_hover_text(&model.name);
            });
        });
    });
}

fn no_common_base(bench: &Workbench, a: ModelId, b: ModelId) -> String {
    let doc = bench.study().doc();
    let is_base_of =
        |base: ModelId, id: ModelId| doc.model(id).is_some_and(|m| m.base == Some(base));
    for (base, model) in [(a, b), (b, a)] {
        if is_base_of(base, model) {
            return format!(
                "{} is the base of {}. Kinship compares models that descend from the same base.",
                doc.name_of(base),
                doc.name_of(model)
            );
        }
    }
    let has_files = |id| doc.model(id).is_some_and(|m| m.path.is_some());
    if !(has_files(a) && has_files(b)) {
        return "Their kinship is neither reported nor measured: it takes the files of both and \
                of their base."
            .to_owned();
    }
    "They have no base in common, so there is no kinship to measure. Set their base in the table \
     of models."
        .to_owned()
}

fn not_measured_ui(
    ui: &mut Ui,
    bench: &Workbench,
    base: ModelId,
    is_reported: bool,
    actions: &mut Vec<Action>,
) {
    let has_files = bench.files(base).checkpoint().is_some();
    if is_reported && !has_files {
        return;
    }
    ui.weak("The kinship of these two is not measured yet");
    let can = bench.measuring(base).is_none() && has_files;
    ui.add_enabled_ui(can, |ui| {
        if ui.button("Measure kinship").clicked() {
            actions.push(Action::Models(ModelsAction::Measure { base, anew: false }));
        }
    });
}

/// The facts, worked out anew only when something they follow from has changed.
fn facts(
    ui: &Ui,
    bench: &Workbench,
    base: ModelId,
    a: ModelId,
    b: ModelId,
) -> Option<Arc<(Key, PairStats)>> {
    let doc = bench.study().doc();
    let family = bench.family(base);
    let place = |id: ModelId| family.measured[family.models.iter().position(|&m| m == id)?];
    let measured = bench.measured(base)?;
    let measure = doc.view.measure;
    let key = Key {
        base,
        revision: measured.revision(),
        metric: measure.metric,
        tied_twice: measure.scope.tied_twice,
        places: [place(a)?, place(b)?],
        names: [a, b].map(|id| bench.short(id).to_owned()),
        sizes: [a, b].map(|id| bench.numbers_of(id)),
    };
    let id = "facts of the selected pair";
    Some(ui.remembered(id, key, |key| PairStats::new(key.clone(), measured)))
}

fn facts_ui(
    ui: &mut Ui,
    changes: &Changes<'_>,
    facts: &PairStats,
    view: View,
    actions: &mut Vec<Action>,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    section_heading(ui, "Kinship");
    if facts.is_provisional {
        ui.weak("Still being measured");
    }
    compared_ui(ui, facts.compared);
    values_ui(ui, facts);
    if let Some(reason) = &facts.reason {
        ui.weak(reason);
    }
    ui.add_space(space::S);
    section_heading(ui, "Changes from the base");
    ui.add_space(space::XS);
    changes_ui(ui, changes, facts);
    left_out_ui(ui, facts, actions);
    ui.add_space(space::S);
    let metric = facts.key.metric.heading();
    section_heading(ui, &format!("{metric} by kind of tensor"));
    kinds_ui(ui, facts);
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        if view != View::Kinship && ui.button("Show in matrix").clicked() {
            actions.push(Action::Go(View::Kinship));
        }
        if ui.button("Copy").clicked() {
            actions.push(Action::copy("Kinship of the pair", facts.as_table()));
        }
    });
}

const WHOLE: (&str, &str) = ("Whole", "All tensors as one vector");
const BY_TENSOR: (&str, &str) = ("By tensor", "Mean over tensors, weighted by parameters");

fn values_ui(ui: &mut Ui, facts: &PairStats) {
    head_ui(ui, &[WHOLE, BY_TENSOR]);
    for (metric, values) in &facts.values {
        let label = metric.heading();
        row_ui(ui, (&label, ""), &values.map(number));
    }
}

/// Over how many numbers the values below were measured; where that is little, how much.
fn compared_ui(ui: &mut Ui, compared: Compared) {
    ui.add_space(space::XS);
    let numbers = format::parameters(compared.numbers);
    let words = format!("Over {numbers} numbers");
    let full = format!(
        "{} numbers of both, {} of the larger model",
        format::count(compared.numbers),
        format::share(compared.share())
    );
    let line = match compared.small_share() {
        None => ui.quiet(words),
        Some(share) => {
            let words = format!("{words}, {} of the larger model", format::share(share));
            let ink = Tokens::of(ui).warning;
            ui.add(Label::new(RichText::new(words).color(ink)).wrap())
        }
    };
    line.on_hover_text(full);
    ui.add_space(space::XS);
}

fn changes_ui(ui: &mut Ui, changes: &Changes<'_>, facts: &PairStats) {
    let base = changes.base;
    for (name, norm) in changes.names.into_iter().zip(facts.norms) {
        let help = format!("How far {name} is from {base}, over the tensors that both share");
        row_ui(
            ui,
            (&format!("{} {name}", format::NORM), &help),
            &[number(norm)],
        );
    }
    files::rounding_rows_ui(ui, changes, facts.norms);
}

fn count(parameters: u64) -> Cell {
    (format::parameters(parameters), format::count(parameters))
}

const MOST_LISTED: usize = 12;

fn left_out_ui(ui: &mut Ui, facts: &PairStats, actions: &mut Vec<Action>) {
    let n = facts.left_out.len();
    if n == 0 {
        return;
    }
    let label = format!("{} left out", format::counted(n, "tensor"));
    let text = RichText::new(label).color(Tokens::of(ui).warning);
    let mut listed: Vec<&str> = facts
        .left_out
        .iter()
        .take(MOST_LISTED)
        .map(String::as_str)
        .collect();
    let rest = format!("and {} more", n.saturating_sub(MOST_LISTED));
    if n > MOST_LISTED {
        listed.push(&rest);
    }
    let button = ui.add(eframe::egui::Button::new(text).frame(false));
    let hover = format!("{}\nClick to copy the list", listed.join("\n"));
    if button.on_hover_text(hover).clicked() {
        actions.push(Action::copy("List", facts.left_out.join("\n")));
    }
}

fn kinds_ui(ui: &mut Ui, facts: &PairStats) {
    let parameters = ("Params", "Parameters that were compared");
    head_ui(ui, &[WHOLE, BY_TENSOR, parameters]);
    for kind in &facts.kinds {
        let [whole, by_tensor] = kind.values.map(number);
        let cells = [whole, by_tensor, count(kind.parameters)];
        row_ui(ui, (kind_words(kind.kind), ""), &cells);
    }
}

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
    let head = ["First", "Second", "Diff."];
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
        model_link(ui, bench, merge.id, &note, actions);
    }
}
