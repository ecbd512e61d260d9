//! A walk over a tree of values that notes what it does not understand, and goes on.

use std::collections::BTreeMap;

use super::super::methods::REGISTRY;
use super::super::problem::{Place, Position, Problem, nearest};
use super::yaml::{Node, What};

/// What was noted so far, and where everything stands.
#[derive(Default)]
pub(crate) struct Reader {
    /// Whether a recipe without models is a mistake.
    pub(crate) wants_models: bool,
    /// Whether the recipe is one for a merge, with parameters of its method.
    pub(crate) is_merge: bool,
    pub(crate) document: usize,
    pub(crate) problems: Vec<Problem>,
    pub(crate) positions: BTreeMap<(usize, String), Position>,
}

#[derive(Clone)]
pub(crate) struct At<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: String,
}

/// A group of keys, each taken once; what is left over at the end is unknown.
pub(crate) struct Group<'a> {
    path: String,
    entries: Vec<(&'a str, Position, &'a Node)>,
    known: Vec<&'static str>,
}

impl Reader {
    pub(crate) fn place(&self, at: &At<'_>) -> Place {
        Place {
            document: self.document,
            path: at.path.clone(),
            position: Some(at.node.at),
        }
    }

    pub(crate) fn error(&mut self, at: &At<'_>, sentence: impl Into<String>) {
        let place = self.place(at);
        self.problems.push(Problem::error(place, sentence));
    }

    fn expected<T>(&mut self, at: &At<'_>, what: &str) -> Option<T> {
        let found = at.node.what.kind();
        self.error(at, format!("expected {what}, found {found}"));
        None
    }

    pub(crate) fn ignored(&mut self, at: &At<'_>, sentence: impl Into<String>) {
        let place = self.place(at);
        self.problems.push(Problem::ignored(place, sentence));
    }

    pub(crate) fn note(&mut self, at: &At<'_>) {
        self.positions
            .insert((self.document, at.path.clone()), at.node.at);
    }

    /// The keys of a group; `None` and a problem if it is none.
    pub(crate) fn group<'a>(&mut self, at: &At<'a>) -> Option<Group<'a>> {
        let What::Map(pairs) = &at.node.what else {
            return self.expected(at, "a group of keys");
        };
        let mut entries = Vec::new();
        for (key, value) in pairs {
            match &key.what {
                What::Text(text) => entries.push((text.as_str(), key.at, value)),
                // A number, a flag or worse; no recipe has such keys.
                other => {
                    let key = At {
                        node: key,
                        path: at.path.clone(),
                    };
                    self.error(&key, format!("expected a key, found {}", other.kind()));
                }
            }
        }
        Some(Group {
            path: at.path.clone(),
            entries,
            known: Vec::new(),
        })
    }

    /// The items of a list; none and a problem if it is not a list.
    pub(crate) fn list<'a>(&mut self, at: &At<'a>) -> Vec<At<'a>> {
        let What::List(items) = &at.node.what else {
            return self.expected(at, "a list").unwrap_or_default();
        };
        let item = |(k, node)| At {
            node,
            path: format!("{}[{k}]", at.path),
        };
        items.iter().enumerate().map(item).collect()
    }

    /// Text; numbers and flags are taken for it where the YAML has no quotes.
    pub(crate) fn text(&mut self, at: &At<'_>) -> Option<String> {
        match &at.node.what {
            What::Text(text) => Some(text.clone()),
            What::Number(_) | What::Flag(_) => self.expected(at, "text (put it in quotes)"),
            _ => self.expected(at, "text"),
        }
    }

    pub(crate) fn number(&mut self, at: &At<'_>) -> Option<f64> {
        match &at.node.what {
            What::Number(number) => Some(*number),
            What::Text(text) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Some(number),
                _ => self.expected(at, "a number"),
            },
            _ => self.expected(at, "a number"),
        }
    }

    pub(crate) fn whole_number(&mut self, at: &At<'_>) -> Option<i64> {
        let number = self.number(at)?;
        if number.fract() == 0.0 && number.abs() < 9e15 {
            return Some(number as i64);
        }
        self.expected(at, "a whole number")
    }

    /// Says which keys of the group were never asked for; they change nothing, as in mergekit.
    pub(crate) fn unknown(&mut self, group: &Group<'_>) {
        for (key, position, _) in &group.entries {
            let near = nearest(key, group.known.iter().copied());
            let sentence = match elsewhere(key).filter(|_| near.is_none() && self.is_merge) {
                Some(advice) => format!("`{key}` has no effect here; {advice}"),
                None => format!("recipes have no key `{key}` here, and it has no effect"),
            };
            let place = self.place_of_key(group, key, *position);
            let problem = Problem::ignored(place, sentence).with_nearest(near);
            self.problems.push(problem);
        }
    }

    /// The same for keys that only Kinfolk has, which are not put up with.
    pub(crate) fn unknown_own(&mut self, group: &Group<'_>) {
        for (key, position, _) in &group.entries {
            let near = nearest(key, group.known.iter().copied());
            let sentence = format!("Kinfolk has no key `{key}` here");
            let place = self.place_of_key(group, key, *position);
            let problem = Problem::error(place, sentence).with_nearest(near);
            self.problems.push(problem);
        }
    }

    fn place_of_key(&self, group: &Group<'_>, key: &str, position: Position) -> Place {
        Place {
            document: self.document,
            path: join(&group.path, key),
            position: Some(position),
        }
    }
}

/// Where a key belongs that people put in other places.
fn elsewhere(key: &str) -> Option<&'static str> {
    let mut all = REGISTRY.iter().flat_map(|m| m.description().parameters);
    match key {
        "pad_to_multiple_of" | "tokens" => Some("it goes under `tokenizer`"),
        _ if all.any(|own| own.key == key) => Some("parameters go under `parameters`"),
        _ => None,
    }
}

impl<'a> Group<'a> {
    /// Whether a key is there that was not taken.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(own, ..)| *own == key)
    }

    /// Takes the value of a key; a value of nothing, and an empty group, count as not there.
    pub(crate) fn take(&mut self, reader: &mut Reader, key: &'static str) -> Option<At<'a>> {
        self.known.push(key);
        let found = self.entries.iter().position(|(own, ..)| *own == key)?;
        let (_, _, node) = self.entries.remove(found);
        let at = At {
            node,
            path: join(&self.path, key),
        };
        reader.note(&at);
        let is_empty = match &node.what {
            What::Null => true,
            What::Map(pairs) => pairs.is_empty(),
            _ => false,
        };
        (!is_empty).then_some(at)
    }

    /// Takes all keys, whatever they are called, with their own places.
    pub(crate) fn take_all(&mut self) -> Vec<(String, Position, At<'a>)> {
        let path = self.path.clone();
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(key, position, node)| {
                let path = join(&path, key);
                (key.to_owned(), position, At { node, path })
            })
            .collect()
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        return key.to_owned();
    }
    format!("{path}.{key}")
}
