//! What can be done with models: the bar over the table, the menu of a row, the choice of a
//! base. All of them act on everything that is selected.

use eframe::egui::{
    Align2, Area, Button, Frame, Id, Margin, Order, Rect, ScrollArea, Stroke, Ui, vec2,
};

use crate::origin::proof::Extent;
use crate::study::{Command, ModelEdit, ModelId, Selection};
use crate::ui::action::{
    Action, AncestryAction, ExtractAction, MergeAction, ModelsAction, ProofAction, View,
    WriteAction, WriteWhat,
};
use crate::ui::ask::Ask;
use crate::ui::format;
use crate::ui::theme::{Tokens, radius, space};
use crate::ui::views::evaluate_button;
use crate::ui::widgets::{primary_button, submenu};
use crate::ui::windows::transplant_donors;
use crate::workbench::Workbench;
use crate::workbench::proving::ProofRequest;

/// What can be done with two or more selected models, floating over the foot of `view`, so
/// that nothing moves under the pointer.
pub fn selection_bar(ui: &Ui, view: Rect, bench: &Workbench, actions: &mut Vec<Action>) {
    let ids = bench.study().selection().models();
    if ids.len() < 2 {
        return;
    }
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.line_strong))
        .corner_radius(radius::CARD)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 8));
    Area::new(Id::new("selection bar"))
        .order(Order::Middle)
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(view.center_bottom() - vec2(0.0, space::L))
        .show(ui.ctx(), |ui| {
            frame.show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(format!("{} selected", format::counted(ids.len(), "model")));
                    ui.add_space(space::S);
                    selection_actions(ui, bench, &ids, actions);
                });
            });
        });
}

pub fn selection_actions(
    ui: &mut Ui,
    bench: &Workbench,
    ids: &[ModelId],
    actions: &mut Vec<Action>,
) {
    let doc = bench.study().doc();
    let base = ids
        .iter()
        .find_map(|&id| doc.model(id)?.base)
        .or_else(|| doc.shown_base());
    if let Some(base) = base {
        let can = bench.measuring(base).is_none() && bench.family(base).unmeasured() > 0;
        if can && primary_button(ui, "Measure kinship").clicked() {
            actions.push(Action::Models(ModelsAction::Measure { base, anew: false }));
        }
    }
    ui.ask("Compose merge", compose(ids.to_vec()), actions);
    evaluate_button(ui, bench, "Evaluate", ids, actions);
    if let [a, b] = ids {
        if ui.button("See kinship").clicked() {
            actions.push(Action::Study(Command::Select(Selection::Pair(*a, *b))));
            actions.push(Action::Go(View::Kinship));
        }
        relate_button(ui, bench, (*a, *b), actions);
    }
    ui.menu_button("Set base…", |ui| base_menu(ui, bench, ids, actions));
    ui.ask("Remove", edit(ModelEdit::Remove(ids.to_vec())), actions);
}

pub const COMPARE: &str = "Compare tensor by tensor…";

pub fn compose(models: Vec<ModelId>) -> Action {
    compose_by(None, models)
}

/// Begins a merge by a template, or by the one that fits the number of models.
pub fn compose_by(template: Option<usize>, models: Vec<ModelId>) -> Action {
    Action::Merge(MergeAction::Compose { template, models })
}

/// A button that compares two models tensor by tensor, greyed where they cannot be; whether it
/// was clicked.
pub fn compare_button(
    ui: &mut Ui,
    bench: &Workbench,
    (a, b): (ModelId, ModelId),
    actions: &mut Vec<Action>,
) -> bool {
    let objection = bench.compare_objection(a, b);
    let button = ui.add_enabled(objection.is_none(), Button::new(COMPARE));
    let button = button.on_disabled_hover_text(objection.unwrap_or_default());
    if button.clicked() {
        actions.push(Action::Models(ModelsAction::Compare(a, b)));
    }
    button.clicked()
}

/// A button that asks whether two models are related at all, greyed where that cannot be told.
pub fn relate_button(
    ui: &mut Ui,
    bench: &Workbench,
    (a, b): (ModelId, ModelId),
    actions: &mut Vec<Action>,
) {
    let objection = bench.relate_objection(a, b);
    let button = ui.add_enabled(objection.is_none(), Button::new("Are these related?"));
    let button = button.on_disabled_hover_text(objection.unwrap_or_default());
    let help = "Looks whether the two were trained independently, without a base";
    if button.on_hover_text(help).clicked() {
        actions.push(Action::Models(ModelsAction::Relate(a, b)));
    }
}

/// A button that gives a model another tokenizer, greyed where it cannot have one.
fn transplant_button(ui: &mut Ui, bench: &Workbench, id: ModelId, actions: &mut Vec<Action>) {
    let is_alone = transplant_donors(bench, id).next().is_none();
    let no_donor = is_alone.then_some("It takes another model with files, whose tokenizer it gets");
    let objection = bench.transplant_objection(id).or(no_donor);
    let button = ui.add_enabled(objection.is_none(), Button::new("Transplant a tokenizer…"));
    let button = button.on_disabled_hover_text(objection.unwrap_or_default());
    if button.clicked() {
        actions.push(Action::Models(ModelsAction::Transplant(id)));
        ui.close();
    }
}

/// A button that writes a model in another format, greyed where it cannot be; whether it was
/// clicked.
pub fn convert_button(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    actions: &mut Vec<Action>,
) -> bool {
    let objection = bench.convert_objection(id);
    let button = ui.add_enabled(objection.is_none(), Button::new("Convert…"));
    let button = button.on_disabled_hover_text(objection.unwrap_or_default());
    if button.clicked() {
        actions.push(WriteAction::Ask(WriteWhat::Convert(id)).into());
    }
    button.clicked()
}

/// A button that asks how an adapter is to be extracted from a model, greyed where that cannot be;
/// whether it was clicked.
pub fn extract_button(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    actions: &mut Vec<Action>,
) -> bool {
    let objection = bench.extract_objection(id);
    let button = ui.add_enabled(objection.is_none(), Button::new("Extract LoRA…"));
    let button = button.on_disabled_hover_text(objection.unwrap_or_default());
    if button.clicked() {
        actions.push(Action::Extract(ExtractAction::Ask(id)));
    }
    button.clicked()
}

/// A button that asks how a model was made, and one that verifies a merge whose recipe is
/// recorded; whether one was clicked.
pub fn proof_buttons(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    actions: &mut Vec<Action>,
) -> bool {
    let objection = bench.prove_objection(id);
    let prove = ui.add_enabled(objection.is_none(), Button::new("Prove…"));
    let prove = prove.on_disabled_hover_text(objection.unwrap_or_default());
    let prove = prove.on_hover_text("Find the recipe that makes its bytes again");
    if prove.clicked() {
        actions.push(ProofAction::Ask(id).into());
    }
    let doc = bench.study().doc();
    let is_recorded = doc.model(id).is_some_and(|m| !m.origin.recipe.is_empty());
    if !is_recorded {
        return prove.clicked();
    }
    let objection = bench.verify_objection(id);
    let verify = ui.add_enabled(objection.is_none(), Button::new("Verify"));
    let verify = verify.on_disabled_hover_text(objection.unwrap_or_default());
    let verify = verify.on_hover_text("Hash its parents and run its recipe again");
    if verify.clicked() {
        let extent = Extent::Sample;
        let request = ProofRequest::Verify { child: id, extent };
        actions.push(ProofAction::Start(Box::new(request)).into());
    }
    prove.clicked() || verify.clicked()
}

/// A button that shows of which models a model was made, greyed where that cannot be told;
/// whether it was clicked.
pub fn ancestry_button(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    actions: &mut Vec<Action>,
) -> bool {
    let objection = bench.ancestry_objection(id);
    let button = ui.add_enabled(objection.is_none(), Button::new("Ancestry…"));
    let button = button.on_disabled_hover_text(objection.unwrap_or_default());
    if button.clicked() {
        actions.push(AncestryAction::Show(id).into());
    }
    button.clicked()
}

/// The models that one can be merged with: those of its family first, then all of its shape.
pub fn merge_menu(ui: &mut Ui, bench: &Workbench, id: ModelId, actions: &mut Vec<Action>) {
    let doc = bench.study().doc();
    let base = doc.model(id).and_then(|m| m.base);
    let is_kin = |m: &&crate::study::Model| base.is_some() && m.base == base;
    let can = doc
        .models
        .iter()
        .filter(|m| m.id != id && Some(m.id) != base && bench.fits(id, m.id));
    let (kin, others): (Vec<_>, Vec<_>) = can.partition(is_kin);
    if kin.is_empty() && others.is_empty() {
        ui.label("No other model has its shape");
    }
    ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        for (k, models) in [kin, others].into_iter().enumerate() {
            if k == 1 && !models.is_empty() {
                ui.separator();
            }
            for other in models {
                if ui.button(format::elide_middle(&other.name, 40)).clicked() {
                    actions.push(compose(vec![id, other.id]));
                    ui.close();
                }
            }
        }
    });
}

/// The models that can be the base of `ids`; those of other shapes are there, and say so.
pub fn base_menu(ui: &mut Ui, bench: &Workbench, ids: &[ModelId], actions: &mut Vec<Action>) {
    let doc = bench.study().doc();
    let fits = |base: ModelId| ids.iter().all(|&id| id == base || bench.fits(base, id));
    let others = doc.models.iter().filter(|m| ids != [m.id]);
    let (can, cannot): (Vec<_>, Vec<_>) = others.partition(|m| fits(m.id));
    for (models, enabled) in [(can, true), (cannot, false)] {
        for model in models {
            let name = format::elide_middle(&model.name, 40);
            let button = ui.add_enabled(enabled, Button::new(name));
            let button = button.on_disabled_hover_text("Its tensors have other names or shapes");
            if button.clicked() {
                actions.push(edit(ModelEdit::SetBase(ids.to_vec(), Some(model.id))));
                ui.close();
            }
        }
    }
    ui.separator();
    if ui.button("No base").clicked() {
        actions.push(edit(ModelEdit::SetBase(ids.to_vec(), None)));
        ui.close();
    }
}

/// The menu of a row; gives `true` if its model is to be renamed in place.
pub fn row_menu(ui: &mut Ui, bench: &Workbench, row: ModelId, actions: &mut Vec<Action>) -> bool {
    let selection = bench.study().selection();
    let ids = if selection.contains(row) {
        selection.models()
    } else {
        vec![row]
    };
    let several = format::counted(ids.len(), "model");
    let mut is_renaming = false;
    if ids.len() == 1 {
        is_renaming = ui.add(Button::new("Rename…").shortcut_text("F2")).clicked();
    }
    if ids.len() > 1 {
        if ui.button(format!("Compose merge of {several}")).clicked() {
            actions.push(compose(ids.clone()));
            ui.close();
        }
        if let [a, b] = ids[..]
            && compare_button(ui, bench, (a, b), actions)
        {
            ui.close();
        }
    } else {
        submenu(ui, "Merge with", |ui| merge_menu(ui, bench, row, actions));
        transplant_button(ui, bench, row, actions);
        if ancestry_button(ui, bench, row, actions) {
            ui.close();
        }
        if extract_button(ui, bench, row, actions) {
            ui.close();
        }
        if convert_button(ui, bench, row, actions) {
            ui.close();
        }
        if proof_buttons(ui, bench, row, actions) {
            ui.close();
        }
    }
    let asked = actions.len();
    evaluate_button(ui, bench, "Evaluate", &ids, actions);
    if actions.len() > asked {
        ui.close();
    }
    submenu(ui, "Set base…", |ui| base_menu(ui, bench, &ids, actions));
    if let Some(path) = bench.study().doc().model(row).and_then(|m| m.path.clone()) {
        ui.separator();
        let text = path.to_string_lossy().into_owned();
        let choices = [
            (
                "Copy path",
                Action::Copy {
                    text,
                    what: "Path".to_owned(),
                },
            ),
            ("Show in the file manager", Action::Reveal(path)),
            ("Find again…", Action::Models(ModelsAction::AskWhereIs(row))),
        ];
        for (title, action) in choices {
            ui.menu_ask(title, action, actions);
        }
    }
    ui.separator();
    let title = match ids.len() {
        1 => "Remove from study".to_owned(),
        _ => format!("Remove {several} from study"),
    };
    if ui.add(Button::new(title).shortcut_text("Del")).clicked() {
        actions.push(edit(ModelEdit::Remove(ids)));
        ui.close();
    }
    if is_renaming {
        ui.close();
    }
    is_renaming
}

fn edit(edit: ModelEdit) -> Action {
    Action::Study(Command::Model(edit))
}
