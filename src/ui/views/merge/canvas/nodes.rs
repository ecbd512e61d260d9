//! What stands in the nodes: models, merges, the output.

use eframe::egui::{Button, Rect, RichText, Sense, Ui, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::env::{Env, key_of, method_title};
use super::marks::{apart_ui, mark_ui, own_problems};
use crate::merge::composition::{NodeId, Place, Port};
use crate::merge::methods::{BaseRule, Description, Parameter, ParameterScope, find};
use crate::merge::recipe::{ModelRef, Setting, Value};
use crate::study::{Command, DraftEdit, ModelEdit, ModelId, NewModel};
use crate::ui::action::ModelsAction;
use crate::ui::ext::{ResponseExt, UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::merge::Focus;
use crate::ui::views::merge::queue::{why_not, write_ui};
use crate::ui::widgets::{
    ParameterChange, ParameterEditor, focus_ring, methods_menu, role_chip, text_field,
};
use crate::workbench::ModelFiles;

/// The most characters of a model's name in a node.
const LONGEST: usize = 24;

/// The title of a model, red if its files are gone.
pub fn model_title_ui(ui: &mut Ui, env: &Env<'_, '_>, model: &ModelRef) {
    let t = Tokens::of(ui);
    let name = env.name_of(model);
    let trouble = trouble(env, model);
    let ink = if trouble.is_some() { t.error } else { t.text };
    ui.horizontal(|ui| {
        if trouble.is_some() {
            ui.label(RichText::new(icon::FILE_X).color(t.error));
        }
        let text = theme::strong(format::elide_middle(&name, LONGEST)).color(ink);
        let hover = match &trouble {
            Some(sentence) => format!("{sentence}\n{model}"),
            None => model.to_string(),
        };
        ui.label(text).on_hover_text(hover);
    });
}

fn trouble(env: &Env<'_, '_>, model: &ModelRef) -> Option<String> {
    let id = env.bench.model_of(model)?;
    match env.bench.files(id) {
        files if files.are_missing() => Some("Its files are gone".to_owned()),
        ModelFiles::Failed(sentence) => Some(sentence.clone()),
        _ => None,
    }
}

/// What a model is: its role and size, or that the study does not have it.
pub fn model_ui(ui: &mut Ui, env: &mut Env<'_, '_>, model: &ModelRef) {
    match env.bench.model_of(model) {
        Some(id) => known_model_ui(ui, env, id, model),
        None => foreign_model_ui(ui, env, model),
    }
}

fn known_model_ui(ui: &mut Ui, env: &mut Env<'_, '_>, id: ModelId, model: &ModelRef) {
    let doc = env.doc();
    if trouble(env, model).is_some() {
        let label = format!("Find {} again…", doc.name_of(id));
        if small_button(ui, "Find again…", &label) {
            env.push(ModelsAction::AskWhereIs(id));
        }
        return;
    }
    let size = env.bench.files(id).checkpoint();
    let size = size.map(|c| format::bytes(c.size_bytes()));
    ui.quiet(size.unwrap_or_default());
    if let Some(role) = doc.model(id).map(|m| doc.role(m)) {
        role_chip(ui, role.title(), role as usize);
    }
}

fn foreign_model_ui(ui: &mut Ui, env: &mut Env<'_, '_>, model: &ModelRef) {
    let path = model.adapter.as_ref().map_or(&model.path, |a| &a.path);
    let path = std::path::PathBuf::from(path);
    if path.is_absolute() {
        let name = model.short_name();
        if small_button(ui, "Add to the study", &format!("Add {name} to the study")) {
            let new = NewModel {
                name,
                path: Some(path),
                base: None,
            };
            let add = ModelEdit::Add(vec![new]);
            env.push(Command::Model(add));
        }
    }
    ui.quiet("not in the study");
}

/// A small button; `name` is its accessible name.
fn small_button(ui: &mut Ui, words: &str, name: &str) -> bool {
    let button = ui.add(Button::new(RichText::new(words).small()));
    button.named(WidgetType::Button, name);
    button.clicked()
}

/// The title of a merge: its method, to be changed, and what is wrong with it.
pub fn merge_title_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize) {
    let Some(recipe) = env.composition.recipes.get(merge) else {
        return;
    };
    let method = recipe.merge_method.clone();
    let is_alone = env.composition.recipes.len() == 1;
    let name = recipe.name.clone().filter(|_| !is_alone);
    let owner = env.merge_name(merge);
    ui.horizontal(|ui| {
        let text = theme::strong(format!("{} {}", method_title(&method), icon::CARET_DOWN));
        let menu = ui.menu_button(text, |ui| methods_menu(ui, Some(&method)));
        let label = format!("Method of {owner}");
        menu.response.widget_info(|| WidgetInfo {
            current_text_value: Some(method_title(&method)),
            ..WidgetInfo::labeled(WidgetType::ComboBox, true, &label)
        });
        if let Some(help) = find(&method).map(|m| m.description().help) {
            menu.response.on_hover_text(help);
        }
        if let Some(chosen) = menu.inner.flatten() {
            env.edit("Change method", None, |c| c.set_method(merge, chosen));
        }
        if let Some(name) = name {
            ui.quiet(name);
        }
        match env.composition.is_part(merge) {
            true => mark_ui(ui, &own_problems(env, merge, None), &owner),
            false => apart_ui(ui, &owner),
        }
    });
}

/// A port of a merge: what feeds it, whether it is the base, and its own parameters.
pub fn port_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, port: Port) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let row = ui.horizontal(|ui| port_title_ui(ui, env, merge, port));
        let rect = row.response.rect;
        env.look.ports.push((NodeId::Merge(merge), port, rect));
        if let Port::Model(k) = port {
            parameters_ui(ui, env, merge, Place::Model(k));
        }
    });
}

fn port_title_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, port: Port) {
    let t = Tokens::of(ui);
    let node = NodeId::Merge(merge);
    let fed = env.composition.feeds(&node, port);
    let words = match (&fed, port) {
        (Some(from), Port::Base) => format!("base: {}", env.node_name(from)),
        (Some(from), _) => env.node_name(from),
        (None, Port::Base) => "base".to_owned(),
        (None, _) => "add a model".to_owned(),
    };
    if let (Some(_), Port::Model(k)) = (&fed, port) {
        base_star_ui(ui, env, merge, k);
    }
    let is_chosen = env.look.wire.as_ref() == Some(&(node.clone(), port));
    let ink = match (&fed, is_chosen) {
        (_, true) => t.accent_text,
        (Some(_), _) => t.text,
        (None, _) => t.text_weak,
    };
    let text = RichText::new(format::elide_middle(&words, LONGEST)).color(ink);
    let button = ui.add(Button::new(text).frame(false));
    let label = format!("{}: {words}", env.port_name(&node, port));
    button.named_selected(WidgetType::Button, is_chosen, &label);
    if button.clicked() {
        env.look.wire = (!is_chosen && fed.is_some()).then(|| (node.clone(), port));
    }
    let owner = env.port_name(&node, port);
    button.on_hover_text(owner.clone());
    mark_ui(ui, &own_problems(env, merge, Some(port)), &owner);
}

/// For methods whose base is one of the models: which of them it is.
fn base_star_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, input: usize) {
    let inputs = env.composition.inputs(merge);
    let Some((base, model)) = chosen_base(env, merge).zip(inputs.get(input)) else {
        return;
    };
    let is_base = base == Some(model);
    let (name, owner) = (env.name_of(model), env.merge_name(merge));
    let label = format!("{name} is the base of {owner}");
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 22.0), Sense::click());
    response.named_selected(WidgetType::RadioButton, is_base, &label);
    focus_ring(ui, &response);
    let t = Tokens::of(ui);
    let ink = match (is_base, response.hovered()) {
        (true, _) => t.accent,
        (false, true) => t.text,
        (false, false) => t.line_strong,
    };
    let painter = ui.painter();
    painter.circle_stroke(rect.center(), 5.5, (1.5, ink));
    if is_base {
        painter.circle_filled(rect.center(), 3.0, ink);
    }
    let help = match is_base {
        true => "The base: the merge starts from it",
        false => "Make it the base",
    };
    if response.on_hover_text(help).clicked() && !is_base {
        env.edit("Change base", None, |c| c.set_base_input(merge, input));
    }
}

/// The parameters of a merge as a whole, and the way to those that are at their defaults.
pub fn merge_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize) {
    let Some(known) = known(env, merge) else {
        return;
    };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        parameters_ui(ui, env, merge, Place::Merge);
        strips_ui(ui, env, merge);
        more_ui(ui, env, merge, known);
    });
}

/// The model that is the base, for methods whose base is one of the models.
pub fn chosen_base<'e>(env: &'e Env<'_, '_>, merge: usize) -> Option<Option<&'e ModelRef>> {
    let is_chosen = known(env, merge)?.base == BaseRule::OneOfModels;
    is_chosen.then_some(env.composition.recipes.get(merge)?.base_model.as_ref())
}

fn known(env: &Env<'_, '_>, merge: usize) -> Option<&'static Description> {
    let recipe = env.composition.recipes.get(merge)?;
    find(&recipe.merge_method).map(|m| m.description())
}

/// The parameters that stand with a merge as a whole, or with one of its whole models. With the
/// merge stand its own, and those of its models where the recipe sets them for all of them, or
/// has strips.
pub fn parameters(env: &Env<'_, '_>, merge: usize, place: Place) -> Vec<&'static Parameter> {
    let composition = env.composition;
    let has_strips = !composition.slices(merge).is_empty();
    let set_for_all = |p: &Parameter| composition.setting(merge, Place::Merge, p.key).is_some();
    let is_here = |p: &&Parameter| match place {
        Place::Merge => p.scope == ParameterScope::Global || has_strips || set_for_all(p),
        _ => p.scope == ParameterScope::PerModel && !has_strips,
    };
    let known = known(env, merge).map_or(&[][..], |known| known.parameters);
    known.iter().filter(is_here).collect()
}

fn parameters_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, place: Place) {
    for parameter in parameters(env, merge, place) {
        if is_shown(env, merge, place, parameter) {
            parameter_ui(ui, env, merge, place, parameter);
        }
    }
}

/// Folded, a merge shows what is set and what must be.
fn is_shown(env: &Env<'_, '_>, merge: usize, place: Place, parameter: &Parameter) -> bool {
    let key = key_of(env.composition, &NodeId::Merge(merge));
    let is_given = |place| {
        env.composition
            .setting(merge, place, parameter.key)
            .is_some()
    };
    let must = parameter.default().is_none() && !is_given(Place::Merge);
    env.look.open.contains(&key) || must || is_given(place)
}

fn more_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, known: &'static Description) {
    let key = key_of(env.composition, &NodeId::Merge(merge));
    let is_open = env.look.open.contains(&key);
    if !known.parameters.iter().any(|p| p.default().is_some()) {
        return;
    }
    let all = known.parameters.len();
    let every = if all > 1 { "All " } else { "" };
    let counted = format::counted(all, "parameter");
    let words = match is_open {
        true => format!("{} Only what is set", icon::CARET_UP),
        false => format!("{} {every}{counted}", icon::CARET_DOWN),
    };
    let text = quiet(words);
    let button = ui.add(Button::new(text).frame(false));
    let label = format!("All parameters of {}", env.merge_name(merge));
    button.named_selected(WidgetType::Button, is_open, &label);
    if button.clicked() && !env.look.open.remove(&key) {
        env.look.open.insert(key);
    }
}

/// Strips in small: each source of each slice on the layer axis.
fn strips_ui(ui: &mut Ui, env: &Env<'_, '_>, merge: usize) {
    let slices = env.composition.slices(merge);
    if slices.is_empty() {
        return;
    }
    let t = Tokens::of(ui);
    let inputs = env.composition.inputs(merge);
    let sources = || slices.iter().flat_map(|s| &s.sources);
    let end = sources().filter_map(|s| s.layer_range).map(|[_, end]| end);
    let layers = end.max().unwrap_or(1).max(1);
    let n = slices.len().min(MOST_STRIPS);
    let size = vec2(240.0, n as f32 * STRIP);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, 3, t.field);
    for (row, slice) in slices.iter().take(MOST_STRIPS).enumerate() {
        for source in &slice.sources {
            let Some([first, end]) = source.layer_range else {
                continue;
            };
            let colour = inputs.iter().position(|own| *own == source.model);
            let x = |layer: i64| rect.left() + rect.width() * layer as f32 / layers as f32;
            let top = rect.top() + row as f32 * STRIP + 1.0;
            let strip = Rect::from_x_y_ranges(x(first)..=x(end), top..=top + STRIP - 2.0);
            let ink = t.role(colour.unwrap_or(0));
            ui.painter().rect_filled(strip, 2, ink);
        }
    }
    let strips = format::counted(slices.len(), "strip");
    let label = format!("{strips} of {}", env.merge_name(merge));
    response.named(WidgetType::Label, &label);
    response.on_hover_text(label.clone());
}

const STRIP: f32 = 8.0;
/// The most strips that are drawn in small.
const MOST_STRIPS: usize = 24;

/// The output: what the child is called, and the button that writes it.
pub fn output_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let draft = env.draft;
    let mut name = draft.name.clone();
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        if text_field(ui, "Name of the child", "child", &mut name, 150.0).changed() {
            let rename = DraftEdit::Rename(draft.id, name);
            env.push(Command::Draft(rename));
        }
        let why = why_not(env.shown);
        let _can = why.is_none();
        // The panel of the child has the same button: by name they can be told apart.
        let label = format!("Write {}…", draft.name);
        write_ui(ui, env.shown, why).named(WidgetType::Button, &label);
    });
}

pub fn parameter_ui(
    ui: &mut Ui,
    env: &mut Env<'_, '_>,
    merge: usize,
    place: Place,
    parameter: &Parameter,
) {
    let composition = env.composition;
    let key = parameter.key;
    let mut owner = env.merge_name(merge);
    if let Place::Model(k) = place {
        let Some(model) = composition.inputs(merge).get(k).cloned() else {
            return;
        };
        owner = format!("{} in {owner}", env.name_of(&model));
    }
    let setting = |place| composition.setting(merge, place, key);
    let editor = ParameterEditor {
        parameter,
        setting: setting(place),
        // What the recipe gives to all models at once.
        inherited: setting(Place::Merge).filter(|_| place != Place::Merge),
        name: &format!("{key} of {owner}"),
        has_depth: true,
    };
    let id = (merge, format!("{place:?}"), key);
    let look = &mut *env.look;
    let asked = ui.push_id(id, |ui| editor.ui(ui, &mut |response| look.hear(response)));
    let (verb, value) = match asked.inner {
        Some(ParameterChange::Set(value)) => ("Change", Some(value)),
        Some(ParameterChange::Reset) => ("Reset", None),
        Some(ParameterChange::OverDepth) => {
            let key = key.to_owned();
            env.focus.replace(Some(Focus { merge, place, key }));
            return;
        }
        None => return,
    };
    let is_step = matches!(value, Some(Value::Number(_)));
    let what = format!("{key} {merge} {place:?}");
    let join = env.look.join(&what).filter(|_| is_step);
    env.edit(&format!("{verb} {key}"), join, |c| {
        c.set(merge, place, key, value.map(Setting::Value));
    });
}
