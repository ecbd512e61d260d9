//! What a model descends from and what was made from it, as names that can be clicked.

use eframe::egui::{Align, Label, Layout, RichText, Sense, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::edit;
use crate::study::{Command, Model, ModelEdit, ModelId, Selection, StudyDoc};
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, space};
use crate::ui::views::base_menu;
use crate::workbench::Workbench;

const MOST_CHILDREN: usize = 8;

pub fn descent_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    let doc = bench.study().doc();
    ui.add_space(space::XS);
    line_ui(ui, "Base", |ui| base_ui(ui, bench, model, actions));
    line_ui(ui, "Parents", |ui| parents_ui(ui, bench, model, actions));
    let children: Vec<ModelId> = doc.children(model.id).map(|m| m.id).collect();
    if !children.is_empty() {
        line_ui(ui, "Children", |ui| {
            children_ui(ui, bench, &children, actions);
        });
    }
}

/// Where the names begin, in points from the left.
const NAMES: f32 = 84.0;

fn line_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let left = ui.cursor().left();
        let line = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(vec2(NAMES, ROW_HEIGHT), line, |ui| ui.weak(name));
        ui.add_space((left + NAMES - ui.cursor().left()).max(0.0));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            content(ui);
        });
    });
}

fn base_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    let doc = bench.study().doc();
    let shown = model.base.map_or("–", |base| doc.name_of(base));
    let title = format!("{} {}", format::elide_middle(shown, 24), icon::CARET_DOWN);
    let response = ui
        .menu_button(title, |ui| base_menu(ui, bench, &[model.id], actions))
        .response;
    response.named(WidgetType::Button, format!("Base of {}", model.name));
}

fn parents_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    for &parent in &model.parents {
        model_link(ui, bench, parent, "", actions);
    }
    if model.origin.unnamed_parents {
        let words = if model.parents.is_empty() {
            "Not named"
        } else {
            "And others that are not named"
        };
        ui.weak(words);
    }
    let title = if model.parents.is_empty() {
        format!("– {}", icon::CARET_DOWN)
    } else {
        format!("Change {}", icon::CARET_DOWN)
    };
    let menu = ui.menu_button(title, |ui| {
        parents_menu(ui, bench.study().doc(), model, actions);
    });
    menu.response
        .named(WidgetType::Button, format!("Parents of {}", model.name));
}

fn parents_menu(ui: &mut Ui, doc: &StudyDoc, model: &Model, actions: &mut Vec<Action>) {
    let area = eframe::egui::ScrollArea::vertical().max_height(360.0);
    area.show(ui, |ui| {
        for other in doc.models.iter().filter(|m| m.id != model.id) {
            let mut is_parent = model.parents.contains(&other.id);
            let name = format::elide_middle(&other.name, 40);
            if ui.checkbox(&mut is_parent, name).changed() {
                let mut parents = model.parents.clone();
                parents.retain(|&p| p != other.id);
                if is_parent {
                    parents.push(other.id);
                }
                actions.push(edit(ModelEdit::SetParents(model.id, parents)));
            }
        }
    });
}

fn children_ui(ui: &mut Ui, bench: &Workbench, children: &[ModelId], actions: &mut Vec<Action>) {
    for &child in children.iter().take(MOST_CHILDREN) {
        model_link(ui, bench, child, "", actions);
    }
    if children.len() > MOST_CHILDREN {
        ui.weak(format!("and {} more", children.len() - MOST_CHILDREN));
    }
}

/// The name of a model, which selects it when it is clicked; `note` stands at the right.
pub fn model_link(
    ui: &mut Ui,
    bench: &Workbench,
    id: ModelId,
    note: &str,
    actions: &mut Vec<Action>,
) {
    let t = Tokens::of(ui);
    let name = bench.study().doc().name_of(id);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        if !note.is_empty() {
            ui.label(note);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let words = RichText::new(bench.short(id)).color(t.accent_text);
            let label = Label::new(words).truncate().sense(Sense::click());
            let response = ui.add(label.selectable(false));
            response.named(WidgetType::Link, format!("Show {name}"));
            let response = response.on_hover_cursor(eframe::egui::CursorIcon::PointingHand);
            if response.on_hover_text(name).clicked() {
                let one = Selection::Models(vec![id]);
                actions.push(Action::Study(Command::Select(one)));
            }
        });
    });
}
