//! The graph as a list: every connection and setting as an ordinary control, in the order of
//! the recipe. For the keyboard, for screen readers, and for whom a list is plainer.

use eframe::egui::{
    Align, Button, ComboBox, Frame, Grid, Layout, Response, ScrollArea, Ui, WidgetInfo, WidgetType,
    vec2,
};
use egui_phosphor::regular as icon;

use super::env::Env;
use super::marks;
use super::nodes::{self, parameter_ui};
use crate::merge::composition::{NodeId, Place, Port};
use crate::merge::recipe::ModelRef;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{card, caret, icon_button, text};

/// Widths of a choice and of the words in front of it, in points.
const COMBO: f32 = 220.0;
const CAPTION: f32 = 64.0;

pub fn ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        Frame::new().inner_margin(space::M).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::M;
            for merge in 0..env.composition.recipes.len() {
                wide_card(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = space::XS;
                    ui.push_id(merge, |ui| merge_ui(ui, env, merge));
                });
            }
            if env.composition.recipes.is_empty() {
                ui.weak("No merge yet. Add one above.");
            }
            loose_ui(ui, env);
            wide_card(ui, |ui| {
                ui.label(theme::strong("Output"));
                if env.composition.recipes.len() > 1 {
                    let name = env.port_name(&NodeId::Output, Port::Output);
                    ui.horizontal(|ui| {
                        feed_ui(ui, env, &NodeId::Output, Port::Output, &name);
                    });
                }
                nodes::output_ui(ui, env);
            });
        });
    });
}

fn wide_card(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    card(ui, |ui| {
        ui.set_min_width(ui.available_width());
        content(ui);
    });
}

fn merge_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize) {
    let owner = env.merge_name(merge);
    ui.horizontal(|ui| {
        nodes::merge_title_ui(ui, env, merge);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::TRASH, &format!("Remove {owner}")).clicked() {
                env.edit("Remove merge", None, |c| c.remove(&[NodeId::Merge(merge)]));
            }
        });
    });
    let node = NodeId::Merge(merge);
    let mut nodes = env.composition.graph().nodes.into_iter();
    let ports = nodes.find(|n| n.id == node);
    for port in ports.map(|n| n.ports).unwrap_or_default() {
        port_row_ui(ui, env, merge, port);
    }
    base_row_ui(ui, env, merge);
    for parameter in nodes::parameters(env, merge, Place::Merge) {
        parameter_ui(ui, env, merge, Place::Merge, parameter);
    }
}

fn port_row_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, port: Port) {
    let node = NodeId::Merge(merge);
    let name = env.port_name(&node, port);
    ui.horizontal(|ui| {
        feed_ui(ui, env, &node, port, &name);
        marks::mark_ui(ui, &marks::own_problems(env, merge, Some(port)), &name);
    });
    let Port::Model(k) = port else { return };
    // A port that is not fed has no parameters yet.
    if env.composition.inputs(merge).len() <= k {
        return;
    }
    let place = Place::Model(k);
    for parameter in nodes::parameters(env, merge, place) {
        ui.horizontal(|ui| {
            ui.add_space(CAPTION + ui.spacing().item_spacing.x);
            parameter_ui(ui, env, merge, place, parameter);
        });
    }
}

/// What feeds a port, to be chosen among everything; what may not is greyed and says why.
fn feed_ui(ui: &mut Ui, env: &mut Env<'_, '_>, node: &NodeId, port: Port, name: &str) {
    let fed = env.composition.feeds(node, port);
    let shown = fed.as_ref().map(|from| env.node_name(from));
    let mut chosen = None;
    let mut is_emptied = false;
    let response = combo_ui(ui, &short_port(port), name, shown, |ui| {
        let may_be_empty = fed.is_some() && port != Port::Output;
        if may_be_empty && ui.selectable_label(false, "Nothing").clicked() {
            is_emptied = true;
        }
        for other in candidates(env, node) {
            let is_now = fed.as_ref() == Some(&other);
            let may = env.composition.may_connect(&other, node, port);
            let words = format::elide_middle(&env.node_name(&other), 40);
            let button = Button::selectable(is_now, words);
            let response = ui.add_enabled(may.is_ok() || is_now, button);
            if response.clicked() && !is_now {
                chosen = Some(other);
            }
            if let Err(sentence) = may {
                response.on_disabled_hover_text(sentence);
            }
        }
    });
    if let Some(from) = chosen {
        let now = ui.input(|i| i.time);
        env.connect(&from, node, port, response.rect.left_bottom(), now);
    } else if is_emptied {
        env.disconnect(node, port);
    }
}

/// A folded choice called `name` behind its caption.
fn combo_ui(
    ui: &mut Ui,
    caption: &str,
    name: &str,
    shown: Option<String>,
    content: impl FnOnce(&mut Ui),
) -> Response {
    let shown = shown.unwrap_or("nothing".to_owned());
    caption_ui(ui, caption);
    let combo = ComboBox::from_id_salt(name)
        .selected_text(format::elide_middle(&shown, 32))
        .width(COMBO)
        .icon(caret)
        .show_ui(ui, content);
    combo.response.widget_info(|| WidgetInfo {
        current_text_value: Some(shown.clone()),
        ..WidgetInfo::labeled(WidgetType::ComboBox, true, name)
    });
    combo.response
}

/// The words in front of a choice, all as wide.
fn caption_ui(ui: &mut Ui, words: &str) {
    let size = vec2(CAPTION, ui.spacing().interact_size.y);
    let rect = ui.allocate_space(size).1;
    let (ink, font) = (Tokens::of(ui).text, theme::body_font());
    text::left(ui.painter(), rect, words, &font, ink);
}

fn short_port(port: Port) -> String {
    match port {
        Port::Base => "Base".to_owned(),
        Port::Model(k) => format!("Model {}", k + 1),
        Port::Output => "Output".to_owned(),
    }
}

/// Everything that could feed a port: what is on the canvas, and the study's models.
fn candidates(env: &Env<'_, '_>, node: &NodeId) -> Vec<NodeId> {
    let nodes = env.composition.graph().nodes.into_iter().map(|n| n.id);
    let mut out: Vec<NodeId> = nodes
        .filter(|id| id != node && *id != NodeId::Output)
        .collect();
    if *node == NodeId::Output {
        out.retain(|id| id.merge().is_some());
        return out;
    }
    for model in &env.doc().models {
        let id = env.bench.reference(model.id).map(NodeId::Model);
        out.extend(id.filter(|id| !out.contains(id)));
    }
    out
}

/// For methods whose base is one of the models: which of them it is.
fn base_row_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize) {
    let inputs = env.composition.inputs(merge);
    let Some(now) = nodes::chosen_base(env, merge).filter(|_| !inputs.is_empty()) else {
        return;
    };
    let name = format!("Base of {}", env.merge_name(merge));
    let shown = now.map(|model| env.name_of(model));
    let mut chosen: Option<usize> = None;
    ui.horizontal(|ui| {
        combo_ui(ui, "Base", &name, shown, |ui| {
            for (k, model) in inputs.iter().enumerate() {
                let name = env.name_of(model);
                if ui.selectable_label(now == Some(model), name).clicked() {
                    chosen = Some(k);
                }
            }
        });
    });
    if let Some(k) = chosen {
        env.edit("Change base", None, |c| c.set_base_input(merge, k));
    }
}

/// Models that nothing is made from yet, and a way to put more there.
fn loose_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let loose: Vec<ModelRef> = env.composition.loose.clone();
    if loose.is_empty() {
        return;
    }
    wide_card(ui, |ui| {
        ui.label(theme::strong("Not connected"));
        Grid::new("loose models").num_columns(2).show(ui, |ui| {
            for model in loose {
                let name = env.name_of(&model);
                ui.label(format::elide_middle(&name, 40));
                if icon_button(ui, icon::TRASH, &format!("Remove {name}")).clicked() {
                    env.edit("Remove model", None, |c| c.remove(&[NodeId::Model(model)]));
                }
                ui.end_row();
            }
        });
    });
}
