//! A parameter over the depth: one value, a curve with points to drag, or different for
//! filters; behind it the kinship of the parents, which says where there is something to part.

mod filters;
mod plot;
mod values;

use eframe::egui::{Align, Label, Layout, Ui};
use egui_phosphor::regular as icon;

use super::{DraftContext, Focus};
use crate::merge::composition::Place;
use crate::merge::methods::{self, Parameter, ParameterKind};
use crate::merge::recipe::{Setting, Value};
use crate::ui::ext::quiet;
use crate::ui::theme::{self, space};
use crate::ui::widgets::icon_button;

/// Width of the list of filters, in points.
const FILTERS: f32 = 200.0;
/// From this width on there is room for a word on the dotted line.
const ROOMY: f32 = 640.0;

#[derive(Default)]
pub struct CurveEditor {
    /// Which of the filters is being drawn.
    selected: usize,
    dragged: Option<usize>,
}

pub struct Edited {
    /// What the recipe says; the default where it says nothing.
    pub setting: Setting,
    pub parameter: &'static Parameter,
    pub focus: Focus,
}

impl Edited {
    /// The ends of its usual range.
    pub fn range(&self) -> (f64, f64) {
        usual_range(self.parameter)
    }
}

fn usual_range(parameter: &Parameter) -> (f64, f64) {
    match parameter.kind {
        ParameterKind::Number { slider_range, .. } => slider_range,
        ParameterKind::Flag { .. } => (0.0, 1.0),
    }
}

impl CurveEditor {
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let Some(edited) = shown.focus.take().and_then(|focus| edited(shown, focus)) else {
            return;
        };
        let mut setting = edited.setting.clone();
        let is_closed = head_ui(ui, shown, &edited);
        ui.add_space(space::XS);
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(FILTERS);
                filters::ui(ui, &edited, &mut setting, &mut self.selected);
            });
            ui.vertical(|ui| {
                values::ui(ui, &edited, &mut setting, self.selected);
                let dragged = &mut self.dragged;
                plot::ui(ui, shown, &edited, &mut setting, self.selected, dragged);
            });
        });
        let Focus { merge, place, key } = &edited.focus;
        if setting != edited.setting {
            let join = Some(format!("{merge} {place:?} {key}"));
            shown.edit(&format!("Change {key}"), join, |c| {
                c.set(*merge, *place, key, Some(setting));
            });
        }
        if !is_closed {
            shown.focus.replace(Some(edited.focus));
        }
    }
}

/// Name and help of the parameter; says whether the editor is to be closed.
fn head_ui(ui: &mut Ui, shown: &DraftContext<'_>, edited: &Edited) -> bool {
    let small = |text: &str| quiet(text);
    let has_parents = shown.child().is_some_and(|child| child.parents.len() > 1);
    let is_roomy = ui.available_width() >= ROOMY;
    let mut is_closed = false;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            is_closed = icon_button(ui, icon::X, "Close the editor over depth").clicked();
            if has_parents && is_roomy {
                ui.label(small("Dotted: kinship of the parents, 0 to 1"));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(theme::strong(title(shown, edited)));
                ui.add(Label::new(small(edited.parameter.help)).truncate());
            });
        });
    });
    is_closed
}

/// The parameter that a focus means; `None` if it is gone.
fn edited(shown: &DraftContext<'_>, focus: Focus) -> Option<Edited> {
    let recipe = shown.composition.recipes.get(focus.merge)?;
    let description = methods::find(&recipe.merge_method)?.description();
    let parameter = description.parameters.iter().find(|p| p.key == focus.key)?;
    let default = || {
        let (lo, hi) = usual_range(parameter);
        let value = parameter.default().unwrap_or((lo + hi) / 2.0);
        Setting::Value(Value::Number(value))
    };
    Some(Edited {
        setting: shown.setting(&focus).cloned().unwrap_or_else(default),
        parameter,
        focus,
    })
}

fn title(shown: &DraftContext<'_>, edited: &Edited) -> String {
    let key = edited.parameter.key;
    match edited.focus.place {
        Place::Merge => format!("{key} over depth"),
        Place::Model(k) => {
            let model = shown.composition.inputs(edited.focus.merge).get(k).cloned();
            let name = model.unwrap_or_default().short_name();
            format!("{key} of {name} over depth")
        }
        Place::Slice(k) | Place::Source(k, _) => format!("{key} of strip {}", k + 1),
    }
}

/// The value that is being drawn: the setting's own, or that of the selected filter.
fn selected_mut(setting: &mut Setting, selected: usize) -> Option<&mut Value> {
    match setting {
        Setting::Value(value) => Some(value),
        Setting::Filtered(items) => items.get_mut(selected).map(|item| &mut item.value),
    }
}

/// The points of a value; one for a value that is the same everywhere.
fn points(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(number) => vec![*number],
        Value::Flag(flag) => vec![f64::from(u8::from(*flag))],
        Value::Gradient(points) => points.clone(),
    }
}

fn value_of(points: Vec<f64>) -> Value {
    match points[..] {
        [one] => Value::Number(one),
        _ => Value::Gradient(points),
    }
}
