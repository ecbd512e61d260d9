//! Recipes with other values at some of their places: what a sweep goes through.
//!
//! A place is named by a path through the YAML: keys and numbers of items from 0, with a dot
//! between, as in `models.1.parameters.density`. An item of a list may also be named by its
//! filter, or by the folder of its model. In a file of several documents `name:` before the path
//! says which; unless given it is the one without a name, or the last.

use std::path::{Path, PathBuf};

use super::found;
use super::yaml::{self, Node, What};
use super::{AdapterRef, ModelRef};
use crate::merge::problem::Position;

/// The documents of a recipe as trees.
#[derive(Clone, Debug)]
pub struct Template {
    documents: Vec<Node>,
}

/// Keys whose texts name a model.
const MODEL_KEYS: [&str; 6] = [
    "model",
    "base_model",
    "lora",
    "path",
    "source",
    "tokenizer_source",
];

impl Template {
    /// Reads a recipe file.
    ///
    /// # Errors
    /// The sentence about a text that is no YAML.
    pub fn read(text: &str) -> Result<Self, String> {
        let found = found::documents(text).map_err(|(sentence, place)| match place {
            Some(at) => format!("line {}: {sentence}", at.line),
            None => sentence,
        })?;
        let mut documents = found.documents;
        documents.retain(|node| node.what != What::Null);
        match documents.is_empty() {
            true => Err("the recipe is empty".to_owned()),
            false => Ok(Self { documents }),
        }
    }

    /// Its text.
    ///
    /// # Errors
    /// A sentence; the library has none for values such as these, but could.
    pub fn to_text(&self) -> Result<String, String> {
        let all: Vec<&What> = self.documents.iter().map(|node| &node.what).collect();
        let text = match &all[..] {
            [only] => serde_saphyr::to_string(only),
            all => serde_saphyr::to_string_multiple(all),
        };
        text.map_err(|error| format!("the recipe could not be written as YAML: {error}"))
    }

    /// Puts a value, as YAML, to a place. Keys that are not there are made, items of lists are not.
    ///
    /// # Errors
    /// A path that leads nowhere, a value that is no YAML.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), String> {
        let value = scalar(value)?;
        let (document, parts) = self.document(path)?;
        let mut node = document;
        for (k, part) in parts.iter().enumerate() {
            let so_far = parts[..=k].join(".");
            node = step(node, part, &so_far)?;
        }
        if let What::Map(pairs) = &mut node.what {
            // An item that was named by its filter stands for its value.
            let Some((_, inner)) = pairs.iter_mut().find(|(key, _)| is_key(key, "value")) else {
                return Err(format!(
                    "`{path}` is a group of keys; name one of them, such as `{path}.{}`",
                    first_key(node).unwrap_or("key")
                ));
            };
            *inner = value;
            return Ok(());
        }
        *node = value;
        Ok(())
    }

    /// What stands at a place, as YAML on one line.
    pub fn get(&self, path: &str) -> Option<String> {
        let mut own = self.clone();
        let (mut node, parts) = own.document(path).ok()?;
        for part in &parts {
            node = step(node, part, part).ok()?;
        }
        let text = serde_saphyr::to_string(&node.what).ok()?;
        let text = text.trim().to_owned();
        (node.what != What::Null && !text.contains('\n')).then_some(text)
    }

    /// The places of all numbers, with their values, in the order of the text: of the document that
    /// paths without a name lead to.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        let mut out = Vec::new();
        if let Some(document) = self.documents.get(self.usual()) {
            numbers(document, String::new(), &mut out);
        }
        out
    }

    /// Writes out in full every model for which `find` knows a place; the names of documents
    /// stay.
    pub fn with_whole_paths(mut self, find: &dyn Fn(&str) -> Option<PathBuf>) -> Self {
        let names: Vec<String> = self.documents.iter().filter_map(name_of).collect();
        let known = |path: &str| match names.iter().any(|name| name == path) {
            true => None,
            false => find(path).map(|path| path.to_string_lossy().into_owned()),
        };
        for document in &mut self.documents {
            whole(document, &known);
        }
        self
    }

    fn usual(&self) -> usize {
        let nameless = self.documents.iter().position(|d| name_of(d).is_none());
        nameless.unwrap_or(self.documents.len().saturating_sub(1))
    }

    /// The document that a path leads to, and the parts of the path.
    fn document(&mut self, path: &str) -> Result<(&mut Node, Vec<String>), String> {
        let named = path.split_once(':').and_then(|(name, rest)| {
            let at = (self.documents.iter()).position(|d| name_of(d).as_deref() == Some(name));
            Some((at?, rest))
        });
        let (at, rest) = named.unwrap_or((self.usual(), path));
        let parts: Vec<String> = rest.split('.').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err(format!(
                "`{path}` is no path of a recipe; one looks like parameters.t or \
                 models.1.parameters.weight"
            ));
        }
        let document = self.documents.get_mut(at);
        let document = document.ok_or_else(|| "the recipe is empty".to_owned())?;
        Ok((document, parts))
    }
}

/// One step down; a key that is not there is made.
fn step<'n>(node: &'n mut Node, part: &str, so_far: &str) -> Result<&'n mut Node, String> {
    let at = node.at;
    if node.what == What::Null {
        node.what = What::Map(Vec::new());
    }
    match &mut node.what {
        What::Map(pairs) => {
            let place = pairs.iter().position(|(key, _)| is_key(key, part));
            let place = place.unwrap_or_else(|| {
                let key = What::Text(part.to_owned());
                let what = What::Null;
                pairs.push((Node { at, what: key }, Node { at, what }));
                pairs.len() - 1
            });
            Ok(&mut pairs[place].1)
        }
        What::List(items) => {
            let n = items.len();
            let named = items.iter().position(|item| is_called(item, part));
            let place = part.parse::<usize>().ok().or(named);
            place.and_then(|k| items.get_mut(k)).ok_or_else(|| {
                let last = n.saturating_sub(1);
                format!("the recipe has no `{so_far}`: that list has items 0 to {last}")
            })
        }
        other => Err(format!(
            "the recipe has no `{so_far}`: above it stands {}",
            other.kind()
        )),
    }
}

fn is_key(node: &Node, key: &str) -> bool {
    matches!(&node.what, What::Text(text) if text == key)
}

fn value_of<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let What::Map(pairs) = &node.what else {
        return None;
    };
    let pair = pairs.iter().find(|(own, _)| is_key(own, key));
    pair.map(|(_, value)| value)
}

fn text_at<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    match &value_of(node, key)?.what {
        What::Text(text) => Some(text),
        _ => None,
    }
}

fn name_of(document: &Node) -> Option<String> {
    text_at(document, "name").map(str::to_owned)
}

fn first_key(node: &Node) -> Option<&str> {
    let What::Map(pairs) = &node.what else {
        return None;
    };
    match &pairs.first()?.0.what {
        What::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether an item of a list has this filter, or is of a model in a folder of this name.
fn is_called(item: &Node, name: &str) -> bool {
    let folder = |path: &str| Path::new(path).file_name().is_some_and(|own| own == name);
    text_at(item, "filter") == Some(name) || text_at(item, "model").is_some_and(folder)
}

fn numbers(node: &Node, path: String, out: &mut Vec<(String, f64)>) {
    let below = |part: String| match path.is_empty() {
        true => part,
        false => format!("{path}.{part}"),
    };
    match &node.what {
        What::Number(number) => out.push((path, *number)),
        What::Map(pairs) => {
            for (key, value) in pairs {
                // Layers are whole numbers of a model, and what is a seed is nothing to be swept.
                if let What::Text(key) = &key.what
                    && !["layer_range", "kinfolk"].contains(&key.as_str())
                {
                    numbers(value, below(key.clone()), out);
                }
            }
        }
        // The points of a gradient are one value.
        What::List(items)
            if !items
                .iter()
                .all(|item| matches!(item.what, What::Number(_))) =>
        {
            for (k, item) in items.iter().enumerate() {
                numbers(item, below(k.to_string()), out);
            }
        }
        _ => {}
    }
}

fn whole(node: &mut Node, find: &dyn Fn(&str) -> Option<String>) {
    match &mut node.what {
        What::Map(pairs) => {
            for (key, value) in pairs {
                let names_a_model = MODEL_KEYS.iter().any(|own| is_key(key, own));
                match &mut value.what {
                    What::Text(text) if names_a_model => *text = whole_name(text, find),
                    _ => whole(value, find),
                }
            }
        }
        What::List(items) => items.iter_mut().for_each(|item| whole(item, find)),
        _ => {}
    }
}

fn whole_name(text: &str, find: &dyn Fn(&str) -> Option<String>) -> String {
    let Ok(model) = ModelRef::parse(text) else {
        return find(text).unwrap_or_else(|| text.to_owned());
    };
    let place = |path: &String| find(path).unwrap_or_else(|| path.clone());
    let adapter = model.adapter.as_ref().map(|adapter| AdapterRef {
        path: place(&adapter.path),
        revision: adapter.revision.clone(),
    });
    let found = ModelRef {
        path: place(&model.path),
        adapter,
        ..model.clone()
    };
    // What only a longer form can say stays as it is.
    match found.is_short() {
        true => found.to_string(),
        false => text.to_owned(),
    }
}

fn scalar(text: &str) -> Result<Node, String> {
    let no_value = || format!("`{text}` is no value of a recipe");
    let mut found = yaml::read(text).map_err(|_| no_value())?;
    let mut node = found
        .pop()
        .filter(|_| found.is_empty())
        .ok_or_else(no_value)?;
    let is_plain = match &node.what {
        What::Null | What::Map(_) => false,
        What::List(items) => items
            .iter()
            .all(|item| matches!(item.what, What::Number(_) | What::Flag(_))),
        What::Number(number) => number.is_finite(),
        What::Flag(_) | What::Text(_) => true,
    };
    node.at = Position { line: 0, column: 0 };
    is_plain.then_some(node).ok_or_else(no_value)
}
