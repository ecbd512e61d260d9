//! One parameter of a merge on the canvas.

use eframe::egui::Ui;

use super::env::Env;
use crate::merge::composition::Place;
use crate::merge::methods::Parameter;
use crate::merge::recipe::{Setting, Value};
use crate::ui::views::merge::Focus;
use crate::ui::widgets::{ParameterChange, ParameterEditor};

#[derive(Clone)]
pub struct At {
    pub merge: usize,
    pub place: Place,
    /// Whose, for its accessible name: `SLERP`, `abacus in TIES`.
    pub owner: String,
}

pub fn parameter_ui(ui: &mut Ui, env: &mut Env<'_, '_>, at: &At, parameter: &Parameter) {
    let composition = env.shown.composition;
    let setting = |place| composition.setting(at.merge, place, parameter.key);
    let editor = ParameterEditor {
        parameter,
        setting: setting(at.place),
        // What the recipe gives to all models at once.
        inherited: setting(Place::Merge).filter(|_| at.place != Place::Merge),
        name: &format!("{} of {}", parameter.key, at.owner),
        has_depth: true,
    };
    let id = (at.merge, format!("{:?}", at.place), parameter.key);
    let look = &mut *env.look;
    let asked = ui.push_id(id, |ui| editor.ui(ui, &mut |response| look.hear(response)));
    match asked.inner {
        Some(ParameterChange::Set(value)) => set(env, at, parameter, Some(value)),
        Some(ParameterChange::Reset) => set(env, at, parameter, None),
        Some(ParameterChange::OverDepth) => {
            *env.focus = Some(Focus {
                merge: at.merge,
                place: at.place,
                key: parameter.key.to_owned(),
            });
        }
        None => {}
    }
}

fn set(env: &mut Env<'_, '_>, at: &At, parameter: &Parameter, value: Option<Value>) {
    let title = match value {
        Some(_) => format!("Change {}", parameter.key),
        None => format!("Reset {}", parameter.key),
    };
    let is_step = matches!(value, Some(Value::Number(_)));
    let what = format!("{} {} {:?}", parameter.key, at.merge, at.place);
    let join = env.look.join(&what).filter(|_| is_step);
    env.edit(&title, join, |c| {
        c.set(at.merge, at.place, parameter.key, value.map(Setting::Value));
    });
}
