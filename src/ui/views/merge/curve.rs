//! A parameter over the depth: one value, a curve with points to drag, or different for
//! filters; behind it the kinship of the parents, which says where there is something to part.

mod filters;
mod plot;
mod values;

use eframe::egui::{Align, Label, Layout, RichText, Ui};
use egui_phosphor::regular as icon;

use super::{DraftContext, Focus};
use crate::merge::methods::{self, Parameter, ParameterKind};
use crate::merge::recipe::{Setting, Value};
use crate::ui::action::{Action, MergeAction};
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::icon_button;

/// Width of the list of filters, in points.
const FILTERS: f32 = 200.0;
/// From this width on there is room for a word on the dotted line.
const ROOMY: f32 = 640.0;

/// What it keeps while it is shown.
#[derive(Default)]
pub struct CurveEditor {
    /// Which of the filters is being drawn.
    selected: usize,
    /// The point that is being dragged.
    dragged: Option<usize>,
}

/// The parameter in the editor.
pub struct Edited<'a> {
    /// What the recipe says; the default where it says nothing.
    pub setting: Setting,
    pub parameter: &'static Parameter,
    pub focus: &'a Focus,
}

impl Edited<'_> {
    /// The ends of its usual range.
    pub fn range(&self) -> (f64, f64) {
        match self.parameter.kind {
            ParameterKind::Number { slider_range, .. } => slider_range,
            ParameterKind::Flag { .. } => (0.0, 1.0),
        }
    }
}

impl CurveEditor {
    /// Draws it; nothing without a parameter in focus.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        shown: &DraftContext<'_>,
        focus: &mut Option<Focus>,
        actions: &mut Vec<Action>,
    ) {
        let Some(edited) = focus.as_ref().and_then(|focus| edited(shown, focus)) else {
            *focus = None;
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
                plot::ui(
                    ui,
                    shown,
                    &edited,
                    &mut setting,
                    self.selected,
                    &mut self.dragged,
                );
            });
        });
        if setting != edited.setting {
            actions.push(write(shown, edited.focus, setting));
        }
        if is_closed {
            *focus = None;
        }
    }
}

/// Name and help of the parameter; says whether the editor is to be closed.
fn head_ui(ui: &mut Ui, shown: &DraftContext<'_>, edited: &Edited<'_>) -> bool {
    let weak = Tokens::of(ui).text_weak;
    let small = |text: &str| RichText::new(text).size(size::SMALL).color(weak);
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
                let help = Label::new(small(edited.parameter.help));
                ui.add(help.truncate());
            });
        });
    });
    is_closed
}

/// The parameter that a focus means; `None` if it is gone.
fn edited<'a>(shown: &DraftContext<'_>, focus: &'a Focus) -> Option<Edited<'a>> {
    let recipe = shown.composition.recipes.get(focus.merge)?;
    let description = methods::find(&recipe.merge_method)?.description();
    let parameter = description.parameters.iter().find(|p| p.key == focus.key)?;
    let given = shown
        .composition
        .setting(focus.merge, focus.place, &focus.key);
    let default = || {
        let value = parameter.default().unwrap_or_else(|| match parameter.kind {
            ParameterKind::Number {
                slider_range: (lo, hi),
                ..
            } => (lo + hi) / 2.0,
            ParameterKind::Flag { .. } => 0.0,
        });
        Setting::Value(Value::Number(value))
    };
    Some(Edited {
        setting: given.cloned().unwrap_or_else(default),
        parameter,
        focus,
    })
}

fn title(shown: &DraftContext<'_>, edited: &Edited<'_>) -> String {
    use crate::merge::composition::Place;
    let key = edited.parameter.key;
    match edited.focus.place {
        Place::Merge => format!("{key} over depth"),
        Place::Model(k) => {
            let model = shown.composition.inputs(edited.focus.merge).get(k).cloned();
            format!(
                "{key} of {} over depth",
                model.unwrap_or_default().short_name()
            )
        }
        Place::Slice(k) | Place::Source(k, _) => format!("{key} of strip {}", k + 1),
    }
}

fn write(shown: &DraftContext<'_>, focus: &Focus, setting: Setting) -> Action {
    let mut changed = shown.composition.clone();
    changed.set(focus.merge, focus.place, &focus.key, Some(setting));
    Action::Merge(MergeAction::Edit {
        id: shown.draft.id,
        composition: Box::new(changed),
        title: format!("Change {}", focus.key),
        join: Some(format!("{} {:?} {}", focus.merge, focus.place, focus.key)),
    })
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

/// A value of these points.
fn value_of(points: Vec<f64>) -> Value {
    match points[..] {
        [one] => Value::Number(one),
        _ => Value::Gradient(points),
    }
}
