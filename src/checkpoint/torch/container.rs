//! Finds the weights among what a file describes, and leaves out what stands beside them.

use std::collections::BTreeSet;

use super::construct::{is_harmless, names};
use super::input::Text;
use super::trouble::{Trouble, shown, unsupported};
use super::value::{Global, Heap, Node, Rebuilt, Search, Value};
use crate::checkpoint::limits;
use crate::checkpoint::problems::some_of;

/// What trainers call the weights that stand beside an optimiser.
const NAMES: [&str; 4] = ["state_dict", "model_state_dict", "model", "module"];

/// How many of them may lie in each other.
const LEVELS: usize = 2;

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 4;

/// The tensors of a file by name.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) tensors: Vec<(String, Rebuilt)>,
    /// Sentences about what was left out.
    pub(super) remarks: Vec<String>,
}

/// A description that was read: its values, and the text that their names lie in.
#[derive(Clone, Copy)]
pub(super) struct Described<'a> {
    pub(super) heap: &'a Heap,
    pub(super) text: &'a [u8],
}

impl<'a> Described<'a> {
    pub(super) fn bytes(self, text: Text) -> &'a [u8] {
        self.text.get(text.range()).unwrap_or_default()
    }

    /// "torch.nn.Linear", as far as a message has room for it.
    pub(super) fn name(self, global: Global) -> String {
        let (module, name) = names(self.heap, self.text, global);
        format!("{}.{}", shown(module), shown(name))
    }

    /// The weights, when `top` is what the file holds.
    pub(super) fn weights(self, top: Value) -> Result<Found, Trouble> {
        let Value::Dict(mut node) = top else {
            let reason = format!("it holds {} and no state dict", self.kind(top));
            return Err(Trouble::Unsupported(reason));
        };
        let mut remarks = Vec::new();
        for level in (0..LEVELS).rev() {
            let Some((name, inner)) = self.inner(node, level)? else {
                break;
            };
            let beside = self.keys(node).into_iter().filter(|key| key != name);
            let beside: Vec<String> = beside.collect();
            if !beside.is_empty() {
                remarks.push(left_out(&format!("beside `{name}`"), &beside));
            }
            node = inner;
        }
        let tensors = self.tensors(node, &mut remarks)?;
        Ok(Found { tensors, remarks })
    }

    /// The dictionary of weights that lies in another one under one of the usual names.
    fn inner(self, node: Node, level: usize) -> Result<Option<(&'static str, Node)>, Trouble> {
        let (mut found, mut object) = (None, None);
        for name in NAMES {
            for inner in self.called(node, name) {
                let inner = match inner {
                    Value::Dict(inner) => inner,
                    Value::Object(class) => {
                        object = Some((name, class));
                        continue;
                    }
                    _ => continue,
                };
                if !self.has_weights(inner, level) {
                    continue;
                }
                if let Some((other, _)) = found.replace((name, inner)) {
                    let reason =
                        format!("it holds weights twice, as `{other}` and then as `{name}`");
                    return Err(Trouble::Unsupported(reason));
                }
            }
        }
        match (found, object) {
            (None, Some((name, class))) => {
                let class = self.name(class);
                let reason = format!("what it calls `{name}` is a `{class}` and no state dict");
                Err(Trouble::Unsupported(reason))
            }
            _ => Ok(found),
        }
    }

    fn has_weights(self, node: Node, level: usize) -> bool {
        let mut pairs = self.heap.pairs(node);
        if pairs.any(|(_, value)| matches!(value, Value::Tensor(_))) {
            return true;
        }
        let inner = |name: &str| {
            let mut values = self.called(node, name);
            values.any(|value| match value {
                Value::Dict(inner) => level > 0 && self.has_weights(inner, level - 1),
                _ => false,
            })
        };
        NAMES.into_iter().any(inner)
    }

    /// The values of a key, of which there should be one at most.
    fn called(self, node: Node, name: &str) -> impl Iterator<Item = Value> {
        let pairs = self.heap.pairs(node);
        pairs.filter_map(move |(key, value)| match key {
            Value::Text(text) if self.bytes(text) == name.as_bytes() => Some(value),
            _ => None,
        })
    }

    /// The keys of a dictionary, as messages show them.
    fn keys(self, node: Node) -> Vec<String> {
        let pairs = self.heap.pairs(node);
        let keys = pairs.map(|(key, _)| match key {
            Value::Text(text) => shown(self.bytes(text)),
            Value::Int(number) => number.to_string(),
            _ => "another key".to_owned(),
        });
        keys.collect()
    }

    fn tensors(
        self,
        node: Node,
        remarks: &mut Vec<String>,
    ) -> Result<Vec<(String, Rebuilt)>, Trouble> {
        self.check_names(node)?;
        let mut tensors = Vec::new();
        let mut beside = Vec::new();
        let mut search = Search::default();
        for (key, value) in self.heap.pairs(node) {
            if let Value::Tensor(rebuilt) = value {
                tensors.push((self.tensor_name(key)?, rebuilt));
                continue;
            }
            let key = match key {
                Value::Text(text) => shown(self.bytes(text)),
                _ => "a key that is no text".to_owned(),
            };
            self.check_beside(&key, value, &mut search)?;
            beside.push(key);
        }
        if tensors.is_empty() {
            let reason = match beside[..] {
                [] => "its dictionary is empty".to_owned(),
                _ => format!("there are no tensors in it, only {}", listed(&beside)),
            };
            return Err(Trouble::Unsupported(reason));
        }
        if tensors.len() > limits::TENSORS {
            let reason = format!("it has more than {} tensors", limits::TENSORS);
            return Err(Trouble::Unsupported(reason));
        }
        if !beside.is_empty() {
            remarks.push(left_out("beside the tensors", &beside));
        }
        Ok(tensors)
    }

    /// A key that comes again would take the place of the first.
    fn check_names(self, node: Node) -> Result<(), Trouble> {
        let mut seen = BTreeSet::new();
        for (key, _) in self.heap.pairs(node) {
            let Value::Text(text) = key else {
                continue;
            };
            if !seen.insert(self.bytes(text)) {
                let name = shown(self.bytes(text));
                return Err(Trouble::Damaged(format!("`{name}` is named twice in it")));
            }
        }
        Ok(())
    }

    fn tensor_name(self, key: Value) -> Result<String, Trouble> {
        let Value::Text(text) = key else {
            return Err(unsupported("a tensor in it has a name that is no text"));
        };
        let bytes = self.bytes(text);
        if bytes.len() > limits::NAME_BYTES {
            let reason = format!("tensor `{}…` has too long a name", shown(bytes));
            return Err(Trouble::Unsupported(reason));
        }
        match std::str::from_utf8(bytes) {
            Ok(name) => Ok(name.to_owned()),
            Err(_) => {
                let reason = format!("the name of tensor `{}` is not UTF-8", shown(bytes));
                Err(Trouble::Unsupported(reason))
            }
        }
    }

    /// What stands among tensors may be a number or a word, but nothing that could be weights.
    fn check_beside(self, key: &str, value: Value, search: &mut Search) -> Result<(), Trouble> {
        let is_weights = |value: Value| match value {
            Value::Tensor(_) | Value::Storage(_) => true,
            Value::Object(class) => {
                let (module, name) = names(self.heap, self.text, class);
                !is_harmless(module, name)
            }
            _ => false,
        };
        if search.finds(self.heap, value, is_weights) {
            let kind = self.kind(value);
            let reason = format!("`{key}` in it is {kind} and no tensor");
            return Err(Trouble::Unsupported(reason));
        }
        Ok(())
    }

    fn kind(self, value: Value) -> String {
        match value {
            Value::Object(class) => format!("a `{}`", self.name(class)),
            Value::Global(class) => format!("the name `{}`", self.name(class)),
            Value::Tensor(_) => "a single tensor".to_owned(),
            Value::Storage(_) => "a storage".to_owned(),
            Value::Tuple(_) | Value::List(_) => "a list".to_owned(),
            Value::Dict(_) => "a dictionary of its own".to_owned(),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Plain => {
                "a plain value".to_owned()
            }
        }
    }
}

fn left_out(place: &str, names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("what lies {place} {verb} left out: {}", listed(names))
}

fn listed(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    some_of(&names, NAMES_SHOWN)
}
