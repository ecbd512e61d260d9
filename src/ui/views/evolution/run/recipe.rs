//! How two are merged: the method with its parameters, made from the registry, and the text.

use eframe::egui::{RichText, ScrollArea, TextEdit, Ui, WidgetInfo, WidgetType};

use crate::lineage::strategy::strategy;
use crate::merge::composition::{Composition, Place, TEMPLATES};
use crate::merge::methods::{BaseRule, Description, Parameter, ParameterScope, find};
use crate::merge::recipe::{ModelRef, Recipe, Setting, Value, parse_way, way_to_yaml};
use crate::study::Setup;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::evolution::words::one_of;
use crate::ui::widgets::{ParameterChange, ParameterEditor, methods_ui, segmented, text};

const METHODS: f32 = 170.0;
const PARAMETERS: f32 = 330.0;
const HEIGHT: f32 = 220.0;
/// Which of the templates has the lists of the paper.
const PAPER: usize = 1;
const FORMATS: [(&str, &str); 3] = [
    ("float32", "float32"),
    ("bfloat16", "bfloat16"),
    ("float16", "float16"),
];

/// The recipe that a text spells, if it spells one.
pub fn read(text: &str) -> Option<Recipe> {
    let mut recipes = parse_way(text).recipes;
    recipes.pop().filter(|_| recipes.is_empty())
}

/// The method of a text in a word or two: `SLERP, t 0.3`.
pub fn words(text: &str) -> String {
    let Some(recipe) = read(text) else {
        return "an unreadable recipe".to_owned();
    };
    let known = find(&recipe.merge_method).map(|method| method.description());
    let mut title = known.map_or(recipe.merge_method.clone(), |known| known.title.to_owned());
    if recipe.base_model.is_some() && known.is_some_and(|k| k.base == BaseRule::Optional) {
        title.push_str(" of task vectors");
    }
    let is_paper = |paper: &Recipe| paper.parameters == recipe.parameters;
    match paper().filter(is_paper) {
        Some(_) => format!("{title} as in the paper"),
        None => format!("{title}{}", changed_words(&recipe)),
    }
}

/// The ways of a set-up in words: `SLERP, t 0.5 or NuSLERP of task vectors`. Others than the first
/// count where the strategy tries them.
pub fn ways(setup: &Setup) -> String {
    let tries = strategy(&setup.strategy).is_some_and(|s| s.description().uses_ways);
    let most = if tries { usize::MAX } else { 1 };
    let all: Vec<String> = setup.ways().take(most).map(words).collect();
    one_of(&all)
}

/// What differs from the defaults, and fits into a sentence.
fn changed_words(recipe: &Recipe) -> String {
    let word = |(key, setting): &(String, Setting)| match setting {
        Setting::Value(Value::Number(v)) => Some(format!(", {key} {}", format::full(Some(*v)))),
        Setting::Value(Value::Flag(_)) => None,
        _ => Some(format!(", {key} by layer")),
    };
    recipe.parameters.iter().filter_map(word).take(2).collect()
}

/// Draws the choice; the text if it has changed.
pub fn recipe_ui(ui: &mut Ui, recipe: &str) -> Option<String> {
    let mut new = None;
    let own = read(recipe);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(METHODS);
            let current = own.as_ref().map(|r| r.merge_method.as_str());
            let merges_two = |d: &Description| (d.models.0..=d.models.1).contains(&2);
            let area = ScrollArea::vertical().id_salt("methods").max_height(HEIGHT);
            let chosen = area
                .show(ui, |ui| methods_ui(ui, current, merges_two))
                .inner;
            if let Some(method) = chosen.map(|m| m.description())
                && current != Some(method.name)
            {
                new = by_method(own.as_ref(), method);
            }
        });
        ui.separator();
        ui.vertical(|ui| {
            ui.set_width(PARAMETERS);
            if let Some(own) = &own
                && let Some(text) = method_ui(ui, own)
            {
                new = Some(text);
            }
        });
    });
    ui.add_space(space::XS);
    if let Some(text) = text_ui(ui, recipe) {
        new = Some(text);
    }
    new.filter(|text| text != recipe)
}

/// The recipe with another method; what the new one does not know goes.
fn by_method(own: Option<&Recipe>, method: &Description) -> Option<String> {
    let mut recipe = own.cloned().or_else(|| read(crate::study::USUAL_RECIPE))?;
    method.name.clone_into(&mut recipe.merge_method);
    let is_known = |key: &String| method.parameters.iter().any(|p| p.key == key);
    recipe.parameters.retain(|(key, _)| is_known(key));
    way_to_yaml(&recipe).ok()
}

fn method_ui(ui: &mut Ui, own: &Recipe) -> Option<String> {
    let Some(method) = find(&own.merge_method) else {
        ui.label("Choose a method at the left");
        return None;
    };
    let known = method.description();
    ui.quiet(known.help);
    ui.add_space(space::XS);
    let mut new = None;
    // What each model must be given of its own is the same for both, and filled in.
    let is_chosen = |p: &&Parameter| p.scope == ParameterScope::Global || p.default().is_some();
    for parameter in known.parameters.iter().filter(is_chosen) {
        let named = |(key, _): &&(String, Setting)| key == parameter.key;
        let editor = ParameterEditor {
            parameter,
            setting: own.parameters.iter().find(named).map(|(_, s)| s),
            inherited: None,
            name: &format!("Parameter {}", parameter.key),
            has_depth: false,
        };
        match editor.ui(ui, &mut |_| {}) {
            Some(ParameterChange::Set(value)) => {
                new = with(own, parameter.key, Some(Setting::Value(value)));
            }
            Some(ParameterChange::Reset) => new = with(own, parameter.key, None),
            Some(ParameterChange::OverDepth) | None => {}
        }
    }
    ui.horizontal(|ui| {
        ui.label("format");
        let is_set = |format: &&str| own.dtype.as_deref() == Some(*format);
        let mut format = FORMATS.iter().map(|f| f.0).find(is_set).unwrap_or("");
        if segmented(ui, "Format of the numbers", &mut format, &FORMATS) {
            let mut recipe = own.clone();
            recipe.dtype = Some(format.to_owned());
            new = way_to_yaml(&recipe).ok();
        }
    });
    if let Some(paper) = paper().filter(|paper| paper.merge_method == own.merge_method) {
        ui.add_space(space::XS);
        let button = ui.button("As in the paper");
        if button.on_hover_text(TEMPLATES[PAPER].help).clicked() {
            let mut recipe = own.clone();
            recipe.parameters = paper.parameters;
            new = way_to_yaml(&recipe).ok();
        }
    }
    new
}

/// A recipe with the lists of the paper's merges.
fn paper() -> Option<Recipe> {
    let two = [ModelRef::at("a"), ModelRef::at("b")];
    let made = TEMPLATES[PAPER].make(&two, None, 1);
    made.recipes.into_iter().next()
}

fn with(own: &Recipe, key: &str, setting: Option<Setting>) -> Option<String> {
    let mut made = Composition {
        recipes: vec![own.clone()],
        ..Composition::default()
    };
    made.set(0, Place::Merge, key, setting);
    way_to_yaml(made.recipes.first()?).ok()
}

fn text_ui(ui: &mut Ui, recipe: &str) -> Option<String> {
    let t = Tokens::of(ui);
    let mut text = recipe.to_owned();
    let edit = TextEdit::multiline(&mut text).code_editor().desired_rows(6);
    let response = ui.add(edit.desired_width(METHODS + PARAMETERS));
    let value = text.as_str();
    response.widget_info(|| WidgetInfo {
        label: Some("Recipe without models".to_owned()),
        current_text_value: Some(value.to_owned()),
        ..WidgetInfo::new(WidgetType::TextEdit)
    });
    let mut problems = parse_way(&text).problems;
    problems.sort_by_key(|problem| problem.severity);
    let (words, ink) = match problems.into_iter().next() {
        Some(problem) if problem.is_error() => (problem.headline(), t.error),
        Some(problem) => (problem.headline(), t.warning),
        None => (
            "mergekit’s YAML, without models: these follow from the run".to_owned(),
            t.text_weak,
        ),
    };
    let font = theme::small_font();
    let shown = text::fitted(ui.painter(), &words, &font, METHODS + PARAMETERS);
    ui.label(RichText::new(shown).small().color(ink));
    response.changed().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::USUAL_RECIPE;

    #[test]
    fn the_usual_recipe_is_read_changed_and_written_without_models() {
        let own = read(USUAL_RECIPE).unwrap();
        assert_eq!(words(USUAL_RECIPE), "SLERP, t 0.5");
        let value = Setting::Value(Value::Number(0.3));
        let text = with(&own, "t", Some(value)).unwrap();
        assert!(
            !text.contains("models") && text.contains("t: 0.3"),
            "{text}"
        );
        assert_eq!(words(&text), "SLERP, t 0.3");
        assert_eq!(read(&text).unwrap().dtype.as_deref(), Some("float32"));
    }

    #[test]
    fn another_method_drops_what_it_does_not_know() {
        let own = read(USUAL_RECIPE).unwrap();
        let ties = find("ties").unwrap().description();
        let text = by_method(Some(&own), ties).unwrap();
        assert_eq!(words(&text), "TIES");
        assert!(!text.contains("t: 0.5"), "{text}");
    }

    #[test]
    fn the_papers_lists_are_said_in_words() {
        let mut own = read(USUAL_RECIPE).unwrap();
        own.parameters = paper().unwrap().parameters;
        assert_eq!(words(&way_to_yaml(&own).unwrap()), "SLERP as in the paper");
        assert_eq!(words("nonsense: ["), "an unreadable recipe");
    }
}
