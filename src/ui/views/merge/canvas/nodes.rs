//! What stands in the nodes: models, merges, the output.

use eframe::egui::{Align2, Button, FontId, RichText, Sense, Ui, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::env::{Env, method_title};
use super::keys::key_of;
use super::marks;
use super::parameter::{At, parameter_ui};
use crate::checkpoint::OnDisk;
use crate::merge::composition::{NodeId, Place, Port};
use crate::merge::methods::{BaseRule, Description, Parameter, ParameterScope, find};
use crate::merge::problem::Problem;
use crate::merge::recipe::{ModelRef, Setting};
use crate::study::{Command, ModelEdit, ModelId, NewModel};
use crate::ui::action::{Action, MergeAction, ModelsAction};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::views::merge::queue::why_not;
use crate::ui::widgets::{methods_menu, role_chip};
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

/// What is wrong with a model's files.
fn trouble(env: &Env<'_, '_>, model: &ModelRef) -> Option<String> {
    let id = env.shown.bench.model_of(model)?;
    match env.shown.bench.files(id) {
        ModelFiles::Open { on_disk, .. } if *on_disk == OnDisk::Missing => {
            Some("Its files are gone".to_owned())
        }
        ModelFiles::Failed(sentence) => Some(sentence.clone()),
        _ => None,
    }
}

/// What a model is: its role and size, or that the study does not have it.
pub fn model_ui(ui: &mut Ui, env: &mut Env<'_, '_>, model: &ModelRef) {
    match env.shown.bench.model_of(model) {
        Some(id) => known_model_ui(ui, env, id, model),
        None => foreign_model_ui(ui, env, model),
    }
}

fn known_model_ui(ui: &mut Ui, env: &mut Env<'_, '_>, id: ModelId, model: &ModelRef) {
    let t = Tokens::of(ui);
    let doc = env.shown.bench.study().doc();
    if trouble(env, model).is_some() {
        let label = format!("Find {} again…", doc.name_of(id));
        let button = ui.add(Button::new(RichText::new("Find again…").small()));
        button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &label));
        if button.clicked() {
            env.actions
                .push(Action::Models(ModelsAction::AskWhereIs(id)));
        }
        return;
    }
    let size = env.shown.bench.files(id).checkpoint();
    let size = size.map(|c| format::bytes(c.size_bytes()));
    ui.label(
        RichText::new(size.unwrap_or_default())
            .small()
            .color(t.text_weak),
    );
    if let Some(role) = doc.model(id).map(|m| doc.role(m)) {
        role_chip(ui, role.title(), role as usize);
    }
}

fn foreign_model_ui(ui: &mut Ui, env: &mut Env<'_, '_>, model: &ModelRef) {
    let weak = Tokens::of(ui).text_weak;
    let path = model.adapter.as_ref().map_or(&model.path, |a| &a.path);
    let path = std::path::PathBuf::from(path);
    if path.is_absolute() {
        let button = ui.add(Button::new(RichText::new("Add to the study").small()));
        let name = model.short_name();
        let label = format!("Add {name} to the study");
        button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &label));
        if button.clicked() {
            let new = NewModel {
                name,
                path: Some(path),
                base: None,
            };
            let add = ModelEdit::Add(vec![new]);
            env.actions.push(Action::Study(Command::Model(add)));
        }
    }
    ui.label(RichText::new("not in the study").small().color(weak));
}

/// The title of a merge: its method, to be changed, and what is wrong with it.
pub fn merge_title_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize) {
    let Some(recipe) = env.composition().recipes.get(merge) else {
        return;
    };
    let method = recipe.merge_method.clone();
    let name = recipe
        .name
        .clone()
        .filter(|_| env.composition().recipes.len() > 1);
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
            let weak = Tokens::of(ui).text_weak;
            ui.label(RichText::new(name).small().color(weak));
        }
        mark_ui(ui, &own_problems(env, merge, None), &owner);
    });
}

/// The problems of a merge, or of one of its ports.
pub fn own_problems(env: &Env<'_, '_>, merge: usize, port: Option<Port>) -> Vec<Problem> {
    let Some(ahead) = env.shown.ahead else {
        return Vec::new();
    };
    marks::of_merge(&ahead.problems, merge)
        .into_iter()
        .filter(|p| port.is_none() || marks::port_of(env.composition(), p) == port)
        .cloned()
        .collect()
}

/// A mark with the sentences of problems. Without any its place is empty: nothing moves under
/// the pointer when a problem comes or goes.
pub fn mark_ui(ui: &mut Ui, problems: &[Problem], of: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
    let Some(first) = problems.first() else {
        return;
    };
    let t = Tokens::of(ui);
    let (sign, ink, word) = match first.is_error() {
        true => (icon::WARNING_CIRCLE, t.error, "Error"),
        false => (icon::WARNING, t.warning, "Warning"),
    };
    let font = FontId::proportional(16.0);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, sign, font, ink);
    let label = format!("{word} in {of}: {}", first.sentence);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &label));
    let sentences: Vec<&str> = problems.iter().map(|p| p.sentence.as_str()).collect();
    response.on_hover_text(sentences.join("\n"));
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
    let fed = env.feeds(&node, port);
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
    button.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, is_chosen, &label));
    if button.clicked() {
        env.look.wire = (!is_chosen && fed.is_some()).then(|| (node.clone(), port));
    }
    let owner = env.port_name(&node, port);
    button.on_hover_text(owner.clone());
    mark_ui(ui, &own_problems(env, merge, Some(port)), &owner);
}

/// For methods whose base is one of the models: which of them it is.
fn base_star_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, input: usize) {
    let Some(recipe) = env.composition().recipes.get(merge) else {
        return;
    };
    let rule = find(&recipe.merge_method).map(|m| m.description().base);
    if rule != Some(BaseRule::OneOfModels) {
        return;
    }
    let inputs = env.composition().inputs(merge);
    let Some(model) = inputs.get(input) else {
        return;
    };
    let is_base = recipe.base_model.as_ref() == Some(model);
    let label = format!(
        "{} is the base of {}",
        env.name_of(model),
        env.merge_name(merge)
    );
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 22.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(WidgetType::RadioButton, true, is_base, &label));
    crate::ui::widgets::focus_ring(ui, &response);
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

fn known(env: &Env<'_, '_>, merge: usize) -> Option<&'static Description> {
    let recipe = env.composition().recipes.get(merge)?;
    find(&recipe.merge_method).map(|m| m.description())
}

/// The parameters that stand with a merge as a whole, or with one of its whole models. With the
/// merge stand its own, and those of its models where the recipe sets them for all of them, or
/// has strips.
pub fn parameters(env: &Env<'_, '_>, merge: usize, place: Place) -> Vec<&'static Parameter> {
    let composition = env.composition();
    let has_strips = !composition.slices(merge).is_empty();
    let set_for_all = |p: &Parameter| composition.setting(merge, Place::Merge, p.key).is_some();
    let is_here = |p: &&Parameter| match place {
        Place::Merge => p.scope == ParameterScope::Global || has_strips || set_for_all(p),
        _ => p.scope == ParameterScope::PerModel && !has_strips,
    };
    let known = known(env, merge).map_or(&[][..], |known| known.parameters);
    known.iter().filter(is_here).collect()
}

/// Whose the parameters at a place are; `None` for a model that is not there.
pub fn at(env: &Env<'_, '_>, merge: usize, place: Place) -> Option<At> {
    let owner = match place {
        Place::Model(k) => {
            let model = env.composition().inputs(merge).get(k).cloned()?;
            format!("{} in {}", env.name_of(&model), env.merge_name(merge))
        }
        _ => env.merge_name(merge),
    };
    Some(At {
        merge,
        place,
        owner,
    })
}

fn parameters_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, place: Place) {
    let Some(at) = at(env, merge, place) else {
        return;
    };
    for parameter in parameters(env, merge, place) {
        if is_shown(env, merge, place, parameter) {
            parameter_ui(ui, env, &at, parameter);
        }
    }
}

/// Folded, a merge shows what is set and what must be.
fn is_shown(env: &Env<'_, '_>, merge: usize, place: Place, parameter: &Parameter) -> bool {
    let key = key_of(env.composition(), &NodeId::Merge(merge));
    let given =
        |place| -> Option<&Setting> { env.composition().setting(merge, place, parameter.key) };
    let must = parameter.default().is_none() && given(Place::Merge).is_none();
    env.look.open.contains(&key) || must || given(place).is_some()
}

fn more_ui(ui: &mut Ui, env: &mut Env<'_, '_>, merge: usize, known: &'static Description) {
    let key = key_of(env.composition(), &NodeId::Merge(merge));
    let is_open = env.look.open.contains(&key);
    let folded = known.parameters.iter().filter(|p| p.default().is_some());
    let n = folded.count();
    if n == 0 {
        return;
    }
    let words = match is_open {
        true => format!("{} Only what is set", icon::CARET_UP),
        false => {
            let all = known.parameters.len();
            let every = if all > 1 { "All " } else { "" };
            let counted = format::counted(all, "parameter");
            format!("{} {every}{counted}", icon::CARET_DOWN)
        }
    };
    let weak = Tokens::of(ui).text_weak;
    let text = RichText::new(words).size(size::SMALL).color(weak);
    let button = ui.add(Button::new(text).frame(false));
    let label = format!("All parameters of {}", env.merge_name(merge));
    button.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, is_open, &label));
    if button.clicked() && !env.look.open.remove(&key) {
        env.look.open.insert(key);
    }
}

/// Strips in small: each source of each slice on the layer axis.
fn strips_ui(ui: &mut Ui, env: &Env<'_, '_>, merge: usize) {
    let slices = env.composition().slices(merge);
    if slices.is_empty() {
        return;
    }
    let t = Tokens::of(ui);
    let inputs = env.composition().inputs(merge);
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
            let strip =
                eframe::egui::Rect::from_x_y_ranges(x(first)..=x(end), top..=top + STRIP - 2.0);
            ui.painter()
                .rect_filled(strip, 2, t.role(colour.unwrap_or(0)));
        }
    }
    let label = format!(
        "{} of {}",
        format::counted(slices.len(), "strip"),
        env.merge_name(merge)
    );
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &label));
    response.on_hover_text(label.clone());
}

/// Height of a strip in small, in points.
const STRIP: f32 = 8.0;
/// The most strips that are drawn in small.
const MOST_STRIPS: usize = 24;

/// The output: what the child is called, and the button that writes it.
pub fn output_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    use crate::study::DraftEdit;
    let draft = env.shown.draft;
    let mut name = draft.name.clone();
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        let field =
            crate::ui::widgets::text_field(ui, "Name of the child", "child", &mut name, 150.0);
        if field.changed() {
            let rename = DraftEdit::Rename(draft.id, name.clone());
            env.actions.push(Action::Study(Command::Draft(rename)));
        }
        let why = match env.composition().last() {
            Some(_) => why_not(env.shown),
            None => Some("Exactly one merge must be left that feeds no other".to_owned()),
        };
        ui.add_enabled_ui(why.is_none(), |ui| {
            let button = crate::ui::widgets::primary_button(ui, "Write merge…");
            // The panel of the child has the same button: by name they can be told apart.
            let label = format!("Write {}…", draft.name);
            button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, why.is_none(), &label));
            let why = why.as_deref().unwrap_or_default();
            if button.on_disabled_hover_text(why).clicked() {
                env.actions
                    .push(Action::Merge(MergeAction::AskWhereToWrite));
            }
        });
    });
}
