//! What can be asked of a cell and of a name, and what a pair's value means.

use eframe::egui::Ui;

use super::shown::Shown;
use crate::study::{Command, ModelEdit, ModelId, Selection};
use crate::ui::action::{Action, View};
use crate::ui::ask::Ask;
use crate::ui::format;
use crate::ui::views::{compare_button, compose};
use crate::workbench::Workbench;

/// The menu of a cell; `a` and `b` are places in the family.
pub fn pair_menu(
    ui: &mut Ui,
    bench: &Workbench,
    shown: &Shown,
    (a, b): (usize, usize),
    actions: &mut Vec<Action>,
) {
    let (first, second) = (shown.key.models[a], shown.key.models[b]);
    let both = Selection::Pair(first, second);
    ui.menu_ask("Select pair", select(both.clone()), actions);
    ui.menu_ask("Compose merge", compose(vec![first, second]), actions);
    if compare_button(ui, bench, (first, second), actions) {
        ui.close();
    }
    ui.separator();
    for k in [a, b] {
        let words = format!("Hide {}", shown.key.short[k]);
        hide_ui(ui, shown, &words, shown.key.models[k], actions);
    }
    unhide_ui(ui, shown, actions);
    ui.separator();
    if let Some(value) = shown.matrix.get(a, b) {
        let copied = Action::copy("Value", format::plain(Some(value)));
        ui.menu_ask("Copy value", copied, actions);
    }
    go_to(ui, "Show in lineage", &both, View::Lineage, actions);
    go_to(ui, "Show in models", &both, View::Models, actions);
}

/// The menu of a name.
pub fn name_menu(
    ui: &mut Ui,
    bench: &Workbench,
    shown: &Shown,
    model: usize,
    actions: &mut Vec<Action>,
) {
    let Some(&id) = shown.key.models.get(model) else {
        return;
    };
    let selection = bench.study().selection();
    let one = Selection::Models(vec![id]);
    ui.menu_ask("Select", select(one.clone()), actions);
    let (words, toggled) = match selection.contains(id) {
        true => ("Take out of the selection", selection.toggled(id)),
        false => ("Add to the selection", selection.toggled(id)),
    };
    ui.menu_ask(words, select(toggled), actions);
    ui.separator();
    hide_ui(ui, shown, "Hide model", id, actions);
    unhide_ui(ui, shown, actions);
    ui.separator();
    let copied = Action::copy("Name", shown.key.labels[model].clone());
    ui.menu_ask("Copy name", copied, actions);
    go_to(ui, "Show in lineage", &one, View::Lineage, actions);
    go_to(ui, "Show in models", &one, View::Models, actions);
}

/// Leaves a model out of the matrix, unless too few would be left to compare.
fn hide_ui(ui: &mut Ui, shown: &Shown, words: &str, id: ModelId, actions: &mut Vec<Action>) {
    ui.add_enabled_ui(shown.key.models.len() > 2, |ui| {
        let hide = Command::Model(ModelEdit::Hide(vec![id]));
        ui.menu_ask(words, hide, actions);
    });
}

/// Puts back what was left out, if anything was.
fn unhide_ui(ui: &mut Ui, shown: &Shown, actions: &mut Vec<Action>) {
    if !shown.key.hidden.is_empty() {
        let words = format!("Show {} hidden", shown.key.hidden.len());
        let show = Command::Model(ModelEdit::Unhide(shown.key.hidden.clone()));
        ui.menu_ask(&words, show, actions);
    }
}

fn go_to(ui: &mut Ui, title: &str, what: &Selection, view: View, actions: &mut Vec<Action>) {
    if ui.button(title).clicked() {
        actions.push(select(what.clone()));
        actions.push(Action::Go(view));
        ui.close();
    }
}

pub fn select(selection: Selection) -> Action {
    Action::Study(Command::Select(selection))
}

/// What a pair's value means and what came of merging the two: `close kin · merged once: +0.42`.
pub fn meaning(bench: &Workbench, shown: &Shown, (a, b): (usize, usize)) -> Option<String> {
    let value = shown.matrix.get(a, b)?;
    let word = shown.key.measure.metric.meaning(value).map(str::to_owned);
    let merged = merged(bench, shown.key.models[a], shown.key.models[b]);
    let parts: Vec<String> = word.into_iter().chain(merged).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// How often exactly these two were merged, and the best that it gained.
fn merged(bench: &Workbench, a: ModelId, b: ModelId) -> Option<String> {
    let (doc, record) = (bench.study().doc(), bench.record());
    let is_theirs = |parents: &[ModelId]| parents == [a, b] || parents == [b, a];
    let merges = doc
        .children(a)
        .filter(|m| is_theirs(&m.parents) && !m.origin.unnamed_parents);
    let gains: Vec<Option<f64>> = merges
        .map(|merge| record.row(merge.id).and_then(|row| row.gain))
        .collect();
    let best = gains.iter().flatten().copied().reduce(f64::max);
    let gain = best.map(|gain| format::signed(Some(gain), 2));
    match (gains.len(), gain) {
        (0, _) => None,
        (1, Some(gain)) => Some(format!("merged once: {gain}")),
        (1, None) => Some("merged once".to_owned()),
        (n, Some(gain)) => Some(format!("merged {n} times, at best {gain}")),
        (n, None) => Some(format!("merged {n} times")),
    }
}
