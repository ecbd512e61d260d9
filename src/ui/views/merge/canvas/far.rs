//! Nodes that are too small for their controls: what they are, in letters that can be read.

use eframe::egui::{FontId, Rect, Ui, pos2};

use super::env::Env;
use crate::merge::composition::{NodeId, Place};
use crate::merge::methods::find;
use crate::merge::recipe::{Setting, Value};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::text;

/// Height of a line, in points of the window.
const LINE: f32 = 13.5;
/// More inputs than these are counted.
const NAMED: usize = 2;

/// What a node is, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub title: String,
    /// What feeds a merge; the name of the child at the output.
    pub of: String,
    /// The value that matters most: `t 0.5`.
    pub value: String,
}

impl Summary {
    /// All of it for those who cannot see it: `SLERP of ledger, arith, t 0.5`.
    pub fn label(&self) -> String {
        let mut out = self.title.clone();
        if !self.of.is_empty() {
            out.push_str(&format!(" of {}", self.of));
        }
        if !self.value.is_empty() {
            out.push_str(&format!(", {}", self.value));
        }
        out
    }

    /// The lines that there is room for; the inputs are the first to go, their wires are there.
    fn lines(&self, room: usize) -> Vec<&str> {
        let all = [&self.title, &self.of, &self.value].map(String::as_str);
        let mut lines: Vec<&str> = all.into_iter().filter(|line| !line.is_empty()).collect();
        if lines.len() > room.max(1) && lines.len() == 3 {
            lines.remove(1);
        }
        lines.truncate(room.max(1));
        lines
    }
}

pub fn summary(env: &Env<'_, '_>, node: &NodeId) -> Summary {
    let of = |of: String, value: String| Summary {
        title: env.node_name(node),
        of,
        value,
    };
    match node {
        NodeId::Model(_) => of(String::new(), String::new()),
        NodeId::Output => Summary {
            title: "Output".to_owned(),
            of: env.draft.name.clone(),
            value: String::new(),
        },
        NodeId::Merge(merge) => {
            let inputs = env.composition.inputs(*merge);
            let names: Vec<String> = inputs.iter().map(|model| env.name_of(model)).collect();
            let names = match names.len() {
                n if n > NAMED => format::counted(n, "model"),
                _ => names.join(", "),
            };
            of(names, main_value(env, *merge).unwrap_or_default())
        }
    }
}

/// The first parameter that is set, for the merge as a whole or for its models.
fn main_value(env: &Env<'_, '_>, merge: usize) -> Option<String> {
    let recipe = env.composition.recipes.get(merge)?;
    let known = find(&recipe.merge_method)?.description();
    let setting = |place, key| env.composition.setting(merge, place, key);
    known.parameters.iter().find_map(|parameter| {
        let key = parameter.key;
        if let Some(whole) = setting(Place::Merge, key) {
            return Some(format!("{key} {}", words(whole)));
        }
        let models = 0..env.composition.inputs(merge).len();
        let own: Vec<String> = models
            .filter_map(|model| setting(Place::Model(model), key))
            .map(words)
            .collect();
        (!own.is_empty()).then(|| format!("{key} {}", own.join(", ")))
    })
}

fn words(setting: &Setting) -> String {
    match setting {
        Setting::Value(Value::Number(number)) => format::plain(Some(*number)),
        Setting::Value(Value::Flag(true)) => "yes".to_owned(),
        Setting::Value(Value::Flag(false)) => "no".to_owned(),
        Setting::Value(Value::Gradient(values)) => {
            let ends = [values.first(), values.last()].map(|end| format::plain(end.copied()));
            format!("{} … {}", ends[0], ends[1])
        }
        Setting::Filtered(_) => "by layer".to_owned(),
    }
}

/// Writes it into a node whose place is in the canvas' own points.
pub fn paint(ui: &Ui, rect: Rect, scale: f32, summary: &Summary) {
    let t = Tokens::of(ui);
    let inside = rect.shrink(space::XS / scale);
    let line = (LINE / scale).min(rect.height() * 0.8);
    let room = (inside.height() / line) as usize;
    let lines = summary.lines(room);
    let fits = size::SMALL / LINE;
    let top = (rect.center().y - line * lines.len() as f32 / 2.0).min(inside.top());
    for (k, words) in lines.into_iter().enumerate() {
        let (family, ink) = match k {
            0 => (theme::strong_font().family, t.text),
            _ => (theme::small_font().family, t.text_weak),
        };
        let at = top.max(rect.top()) + line * k as f32;
        let place = Rect::from_min_max(pos2(inside.left(), at), pos2(inside.right(), at + line));
        let font = FontId::new(line * fits, family);
        text::left(ui.painter(), place, words, &font, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_stays_where_the_inputs_have_no_room() {
        let summary = Summary {
            title: "SLERP".to_owned(),
            of: "ledger, arith".to_owned(),
            value: "t 0.5".to_owned(),
        };
        assert_eq!(summary.label(), "SLERP of ledger, arith, t 0.5");
        assert_eq!(summary.lines(3), ["SLERP", "ledger, arith", "t 0.5"]);
        assert_eq!(summary.lines(2), ["SLERP", "t 0.5"]);
        assert_eq!(summary.lines(0), ["SLERP"]);
    }
}
