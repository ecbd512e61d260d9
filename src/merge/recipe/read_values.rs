//! From YAML to the values of parameters.

use super::reader::{At, Group, Reader};
use super::yaml::{Node, What};
use super::{Filtered, Parameters, Setting, Value};

impl Reader {
    pub(super) fn parameters(&mut self, keys: &mut Group<'_>) -> Parameters {
        let Some(at) = keys.take(self, "parameters") else {
            return Vec::new();
        };
        let Some(mut group) = self.group(&at) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (key, position, at) in group.take_all() {
            self.positions
                .insert((self.document, at.path.clone()), position);
            if at.node.what == What::Null {
                continue;
            }
            if let Some(setting) = self.setting(&at) {
                out.push((key, setting));
            }
        }
        out
    }

    fn setting(&mut self, at: &At<'_>) -> Option<Setting> {
        let is_group = |node: &Node| matches!(node.what, What::Map(_));
        match &at.node.what {
            What::Map(_) => Some(Setting::Filtered(vec![self.filtered(at)?])),
            What::List(items) if items.first().is_some_and(is_group) => {
                let items = self.list(at);
                let all: Option<Vec<Filtered>> = items.iter().map(|at| self.filtered(at)).collect();
                Some(Setting::Filtered(all?))
            }
            _ => Some(Setting::Value(self.value(at)?)),
        }
    }

    fn filtered(&mut self, at: &At<'_>) -> Option<Filtered> {
        let mut keys = self.group(at)?;
        let filter = self.optional_text(&mut keys, "filter");
        let value = keys.take(self, "value");
        if value.is_none() {
            self.error(at, "there is no `value` here");
        }
        let value = value.and_then(|at| self.value(&at));
        self.unknown(&keys);
        Some(Filtered {
            filter,
            value: value?,
        })
    }

    fn value(&mut self, at: &At<'_>) -> Option<Value> {
        match &at.node.what {
            What::Flag(flag) => Some(Value::Flag(*flag)),
            What::Text(text) if flag(text).is_some() => flag(text).map(Value::Flag),
            What::List(items) if items.is_empty() => {
                self.error(at, "the list has no numbers");
                None
            }
            What::List(_) => {
                let items = self.list(at);
                let points: Option<Vec<f64>> = items.iter().map(|at| self.point(at)).collect();
                points.map(Value::Gradient)
            }
            _ => self.number(at).map(Value::Number),
        }
    }

    /// A point of a gradient; flags are 0 and 1, as in mergekit.
    fn point(&mut self, at: &At<'_>) -> Option<f64> {
        match at.node.what {
            What::Flag(flag) => Some(f64::from(u8::from(flag))),
            _ => self.number(at),
        }
    }
}

/// The other words for true and false that mergekit's YAML has, and the words in quotes.
fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
