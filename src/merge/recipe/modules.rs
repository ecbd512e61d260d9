//! What is merged: models, slices, or modules with either.

use super::reader::{At, Group, Reader};
use super::yaml::What;
use super::{Content, Filtered, Module, Parameters, Setting, Slice};

/// The most models of a merge: many times what anybody merges, and few enough for a canvas.
const MOST_MODELS: usize = 1_000;
/// The most slices, and the most sources that they have together.
const MOST_SLICES: usize = 5_000;

/// mergekit's name for the only module of a plain model.
const DEFAULT: &str = "default";

impl Reader {
    /// What is merged, and the parameters of the module `default`, which is the whole model.
    pub(super) fn content(
        &mut self,
        at: &At<'_>,
        keys: &mut Group<'_>,
    ) -> (Option<Content>, Parameters) {
        let Some(modules) = keys.take(self, "modules") else {
            return (self.models_or_slices(at, keys), Vec::new());
        };
        if let Some(other) = keys.take(self, "models").or(keys.take(self, "slices")) {
            self.error(
                &other,
                "the recipe has `modules` as well; put this into one of them, or remove them",
            );
            return (None, Vec::new());
        }
        match &modules.node.what {
            What::Map(pairs) => match &pairs[..] {
                [(key, node)] if key.what == What::Text(DEFAULT.to_owned()) => self.of_default(
                    &modules,
                    &At {
                        node,
                        path: String::new(),
                    },
                ),
                _ => (self.modules(&modules), Vec::new()),
            },
            _ => (self.modules(&modules), Vec::new()),
        }
    }

    /// The whole model; its places are those of a recipe without modules.
    fn of_default(&mut self, modules: &At<'_>, at: &At<'_>) -> (Option<Content>, Parameters) {
        let Some(mut keys) = self.group(at) else {
            return (None, Vec::new());
        };
        let content = self.models_or_slices(modules, &mut keys);
        let parameters = self.parameters(&mut keys);
        self.unknown(&keys);
        (content, parameters)
    }

    fn modules(&mut self, at: &At<'_>) -> Option<Content> {
        let mut group = self.group(at)?;
        let mut out = Vec::new();
        for (name, position, at) in group.take_all() {
            self.positions
                .insert((self.document, at.path.clone()), position);
            let mut keys = self.group(&at)?;
            let content = self.models_or_slices(&at, &mut keys);
            let parameters = self.parameters(&mut keys);
            self.unknown(&keys);
            out.push(Module {
                name,
                content: content?,
                parameters,
            });
        }
        let content = Content::Modules(out);
        self.bound(at, content.inputs().len(), MOST_SLICES, "sources")?;
        Some(content)
    }

    fn models_or_slices(&mut self, at: &At<'_>, keys: &mut Group<'_>) -> Option<Content> {
        let models = keys.take(self, "models");
        let slices = keys.take(self, "slices");
        match (models, slices) {
            (Some(models), None) => {
                let list = self.list(&models);
                self.bound(&models, list.len(), MOST_MODELS, "models")?;
                let sources = list.iter().filter_map(|at| self.source(at)).collect();
                Some(Content::Models(sources))
            }
            (None, Some(slices)) => {
                let list = self.list(&slices);
                self.bound(&slices, list.len(), MOST_SLICES, "slices")?;
                let list: Vec<Slice> = list.iter().filter_map(|at| self.slice(at)).collect();
                let sources = list.iter().map(|slice| slice.sources.len()).sum();
                self.bound(&slices, sources, MOST_SLICES, "sources")?;
                Some(Content::Slices(list))
            }
            (Some(_), Some(slices)) => {
                self.error(
                    &slices,
                    "the recipe has both `models` and `slices`; keep one",
                );
                None
            }
            (None, None) if !self.wants_models => None,
            (None, None) => {
                let what = match at.path.is_empty() {
                    true => "the recipe",
                    false => "the module",
                };
                self.error(at, format!("{what} has neither `models` nor `slices`"));
                None
            }
        }
    }

    /// Whether there are at most this many of something; else that is an error.
    fn bound(&mut self, at: &At<'_>, count: usize, most: usize, what: &str) -> Option<()> {
        if count > most {
            self.error(
                at,
                format!("there are {count} {what}; no merge has more than {most}"),
            );
            return None;
        }
        Some(())
    }
}

/// Parameters of a module above those of the recipe: where the filters of the first do not fit,
/// the second is asked.
pub(super) fn under(inner: Parameters, mut outer: Parameters) -> Parameters {
    for (key, setting) in inner {
        let Some((_, known)) = outer.iter_mut().find(|(own, _)| *own == key) else {
            outer.push((key, setting));
            continue;
        };
        let below = std::mem::replace(known, setting);
        if let Setting::Filtered(items) = known {
            match below {
                Setting::Filtered(more) => items.extend(more),
                Setting::Value(value) => items.push(Filtered {
                    filter: None,
                    value,
                }),
            }
        }
    }
    outer
}

#[cfg(test)]
mod tests {
    use super::super::{Value, evaluate_first};
    use super::*;

    #[test]
    fn parameters_of_a_module_come_first_and_fall_through() {
        let filtered = |filter: &str, number| {
            Setting::Filtered(vec![Filtered {
                filter: Some(filter.to_owned()),
                value: Value::Number(number),
            }])
        };
        let inner = vec![("t".to_owned(), filtered("mlp", 1.0))];
        let outer = vec![("t".to_owned(), Setting::Value(Value::Number(0.5)))];
        let both = under(inner, outer);
        let value = |name: &str| evaluate_first("t", [(&both, name)], 0.0);
        assert_eq!(value("layers.0.mlp"), Some(1.0));
        assert_eq!(value("layers.0.norm"), Some(0.5));
    }
}
