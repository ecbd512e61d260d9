//! How two are merged: the method with its parameters, made from the registry, and the text.

use eframe::egui::{
    Button, DragValue, Grid, RichText, ScrollArea, Slider, SliderClamping, TextEdit, Ui,
    WidgetInfo, WidgetType,
};

use crate::merge::composition::{Composition, Place, TEMPLATES};
use crate::merge::methods::{
    Description, Parameter, ParameterKind, ParameterScope, REGISTRY, find,
};
use crate::merge::recipe::{ModelRef, Recipe, Setting, Value, parse, to_yaml};
use crate::ui::format;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{segmented, text};

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
    let mut recipes = parse(text).recipes;
    recipes.pop().filter(|_| recipes.is_empty())
}

/// The method in a word or two: `SLERP, t 0.3`.
pub fn words(text: &str) -> String {
    let Some(recipe) = read(text) else {
        return "an unreadable recipe".to_owned();
    };
    let title = find(&recipe.merge_method).map_or(recipe.merge_method.as_str(), |method| {
        method.description().title
    });
    let is_paper = |paper: &Recipe| paper.parameters == recipe.parameters;
    match paper().filter(is_paper) {
        Some(_) => format!("{title} as in the paper"),
        None => format!("{title}{}", changed_words(&recipe)),
    }
}

/// What differs from the defaults, and fits into a sentence.
fn changed_words(recipe: &Recipe) -> String {
    let word = |(key, setting): &(String, Setting)| match setting {
        Setting::Value(Value::Number(value)) => {
            Some(format!(", {key} {}", format::full(Some(*value))))
        }
        Setting::Value(Value::Flag(_)) => None,
        Setting::Value(Value::Gradient(_)) | Setting::Filtered(_) => {
            Some(format!(", {key} by layer"))
        }
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
            if let Some(text) = methods_ui(ui, own.as_ref()) {
                new = Some(text);
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

/// The methods that merge two models.
fn methods_ui(ui: &mut Ui, own: Option<&Recipe>) -> Option<String> {
    let mut new = None;
    ScrollArea::vertical()
        .id_salt("methods")
        .max_height(HEIGHT)
        .show(ui, |ui| {
            for method in REGISTRY {
                let known = method.description();
                if !(known.models.0..=known.models.1).contains(&2) {
                    continue;
                }
                let is_own = own.is_some_and(|r| r.merge_method == known.name);
                let button = ui.add(Button::selectable(is_own, known.title));
                if button.on_hover_text(known.help).clicked() && !is_own {
                    new = by_method(own, known);
                }
            }
        });
    new
}

/// The recipe with another method; what the new one does not know goes.
fn by_method(own: Option<&Recipe>, method: &Description) -> Option<String> {
    let mut recipe = own.cloned().or_else(|| read(crate::study::USUAL_RECIPE))?;
    method.name.clone_into(&mut recipe.merge_method);
    let is_known = |key: &String| method.parameters.iter().any(|p| p.key == key);
    recipe.parameters.retain(|(key, _)| is_known(key));
    write(recipe)
}

fn method_ui(ui: &mut Ui, own: &Recipe) -> Option<String> {
    let weak = Tokens::of(ui).text_weak;
    let Some(method) = find(&own.merge_method) else {
        ui.label("Choose a method at the left");
        return None;
    };
    let known = method.description();
    ui.label(RichText::new(known.help).size(size::SMALL).color(weak));
    ui.add_space(space::XS);
    let mut new = None;
    Grid::new("parameters").num_columns(3).show(ui, |ui| {
        // What each model must be given of its own is the same for both, and filled in.
        let is_chosen = |p: &&Parameter| p.scope == ParameterScope::Global || p.default().is_some();
        for parameter in known.parameters.iter().filter(is_chosen) {
            if let Some(setting) = parameter_ui(ui, own, parameter) {
                new = with(own, parameter.key, setting);
            }
            ui.end_row();
        }
        ui.label("format");
        let mut format = FORMATS
            .iter()
            .map(|f| f.0)
            .find(|f| own.dtype.as_deref() == Some(*f))
            .unwrap_or("");
        if segmented(ui, "Format of the numbers", &mut format, &FORMATS) {
            let mut recipe = own.clone();
            recipe.dtype = Some(format.to_owned());
            new = write(recipe);
        }
        ui.end_row();
    });
    if let Some(paper) = paper().filter(|paper| paper.merge_method == own.merge_method) {
        ui.add_space(space::XS);
        let button = ui.button("As in the paper");
        if button.on_hover_text(TEMPLATES[PAPER].help).clicked() {
            let mut recipe = own.clone();
            recipe.parameters = paper.parameters;
            new = write(recipe);
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

/// One row; what it is set to if that has changed, `Some(None)` for its default.
#[expect(
    clippy::option_option,
    reason = "unchanged, or changed back to nothing"
)]
fn parameter_ui(ui: &mut Ui, own: &Recipe, parameter: &Parameter) -> Option<Option<Setting>> {
    let named = |(key, _): &&(String, Setting)| key == parameter.key;
    let setting = own.parameters.iter().find(named).map(|(_, s)| s);
    let name = format!("Parameter {}", parameter.key);
    ui.label(parameter.key).on_hover_text(parameter.help);
    let mut new = None;
    match (setting, parameter.kind) {
        (Some(Setting::Filtered(_) | Setting::Value(Value::Gradient(_))), _) => {
            ui.label("by layer, as the text below says");
        }
        (_, ParameterKind::Flag { default }) => {
            let mut on = match setting {
                Some(Setting::Value(Value::Flag(on))) => *on,
                Some(Setting::Value(Value::Number(n))) => *n != 0.0,
                _ => default,
            };
            let word = if on { "yes" } else { "no" };
            let response = ui.checkbox(&mut on, word);
            response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, on, &name));
            if response.changed() {
                new = Some(Some(Setting::Value(Value::Flag(on))));
            }
        }
        (
            _,
            ParameterKind::Number {
                min,
                max,
                slider_range: usual,
                default,
            },
        ) => {
            let given = match setting {
                Some(Setting::Value(Value::Number(value))) => Some(*value),
                _ => default,
            };
            let mut value = given.unwrap_or(f64::midpoint(usual.0, usual.1));
            if number_ui(ui, &name, &mut value, ([min, max], usual)) {
                let tidy = (value * 1e6).round() / 1e6;
                new = Some(Some(Setting::Value(Value::Number(tidy))));
            }
        }
    }
    if setting.is_some() && ui.small_button("Reset").clicked() {
        new = Some(None);
    }
    new
}

fn number_ui(
    ui: &mut Ui,
    name: &str,
    value: &mut f64,
    ([min, max], (lo, hi)): ([f64; 2], (f64, f64)),
) -> bool {
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = 110.0;
        let slider = Slider::new(value, lo..=hi)
            .show_value(false)
            .clamping(SliderClamping::Never)
            .step_by((hi - lo) / 100.0);
        let slider = ui.add(slider);
        let shown = *value;
        slider.widget_info(|| WidgetInfo::slider(true, shown, name));
        let field = DragValue::new(value)
            .range(min..=max)
            .speed((hi - lo) / 200.0)
            .max_decimals(4);
        let field = ui.add(field);
        let label = format!("{name}, number");
        field.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, &label));
        slider.changed() || field.changed()
    })
    .inner
}

fn with(own: &Recipe, key: &str, setting: Option<Setting>) -> Option<String> {
    let mut made = Composition {
        recipes: vec![own.clone()],
        ..Composition::default()
    };
    made.set(0, Place::Merge, key, setting);
    write(made.recipes.pop()?)
}

/// The text of a recipe, without models: who is merged follows from the run.
fn write(recipe: Recipe) -> Option<String> {
    let text = to_yaml(&[recipe]).ok()?;
    let is_model_list = |line: &&str| line.trim() != "models: []";
    let lines: Vec<&str> = text.lines().filter(is_model_list).collect();
    Some(lines.join("\n") + "\n")
}

fn text_ui(ui: &mut Ui, recipe: &str) -> Option<String> {
    let t = Tokens::of(ui);
    let mut text = recipe.to_owned();
    let response = ui.add(
        TextEdit::multiline(&mut text)
            .code_editor()
            .desired_rows(6)
            .desired_width(METHODS + PARAMETERS),
    );
    let value = text.as_str();
    response.widget_info(|| WidgetInfo {
        label: Some("Recipe without models".to_owned()),
        current_text_value: Some(value.to_owned()),
        ..WidgetInfo::new(WidgetType::TextEdit)
    });
    let problem = parse(&text).problems.into_iter().find(|p| p.is_error());
    let (words, ink) = match problem {
        Some(problem) => (problem.headline(), t.error),
        None => (
            "mergekit’s YAML, without models: these follow from the run".to_owned(),
            t.text_weak,
        ),
    };
    let font = crate::ui::theme::small_font();
    let shown = text::fitted(ui.painter(), &words, &font, METHODS + PARAMETERS);
    ui.label(RichText::new(shown).size(size::SMALL).color(ink));
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
        assert_eq!(words(&write(own).unwrap()), "SLERP as in the paper");
        assert_eq!(words("nonsense: ["), "an unreadable recipe");
    }
}
