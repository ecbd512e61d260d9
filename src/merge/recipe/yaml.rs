//! YAML as a tree of values, each with its line and column.
//!
//! Bombs are refused while reading: the text's size, its nodes (aliases written out) and their
//! depth have limits far above any recipe.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_saphyr::{FlowSeq, Spanned};

use super::super::problem::Position;

/// The longest text that is read.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// The most values, aliases written out.
const MAX_NODES: usize = 50_000;
/// The deepest nesting; a recipe needs seven.
const MAX_DEPTH: usize = 24;
/// The most documents.
const MAX_DOCUMENTS: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl What {
    /// For messages: "a list".
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a group of keys",
        }
    }
}

/// Reads all documents; the error is a sentence and its place.
pub(super) fn read(text: &str) -> Result<Vec<Node>, (String, Option<Position>)> {
    if text.len() > MAX_BYTES {
        let sentence = format!("the recipe has more than {MAX_BYTES} bytes");
        return Err((sentence, None));
    }
    let options = serde_saphyr::options! {
        with_snippet: false,
        // A model may be called `y` or `no`; where a flag is wanted, these are read as one.
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH,
            max_aliases: 1000,
            max_anchors: 1000,
            max_documents: MAX_DOCUMENTS,
            max_total_scalar_bytes: 4 * MAX_BYTES,
        },
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let place = error.location().map(|at| Position {
            line: at.line(),
            column: at.column(),
        });
        (sentence(&error), place)
    })
}

/// The library's message on one line, without the place, which is told apart.
fn sentence(error: &serde_saphyr::Error) -> String {
    let text = error.render_with_options(serde_saphyr::render_options! {
        formatter: &serde_saphyr::UserMessageFormatter,
    });
    let line = text.lines().next().unwrap_or_default();
    let plain = line.split(" at line ").next().unwrap_or(line);
    match plain.contains("budget") || plain.contains("limit") {
        true => format!("the recipe is larger or deeper than any real one ({plain})"),
        false => format!("this is not valid YAML: {plain}"),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<What>::deserialize(deserializer)?;
        let at = Position {
            line: spanned.referenced.line(),
            column: spanned.referenced.column(),
        };
        Ok(Self {
            at,
            what: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for What {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WhatVisitor)
    }
}

struct WhatVisitor;

impl<'de> Visitor<'de> for WhatVisitor {
    type Value = What;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<What, E> {
        Ok(What::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<What, E> {
        Ok(What::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<What, E> {
        Ok(What::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<What, E> {
        Ok(What::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<What, E> {
        Ok(What::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<What, E> {
        Ok(What::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<What, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = list.next_element()? {
            out.push(item);
        }
        Ok(What::List(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<What, A::Error> {
        let mut out = Vec::new();
        while let Some(key) = map.next_key()? {
            out.push((key, map.next_value()?));
        }
        Ok(What::Map(out))
    }
}

/// Numbers that are whole are written so, and short lists on one line.
impl Serialize for What {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => {
                serializer.serialize_i64(*n as i64)
            }
            Self::Number(n) => serializer.serialize_f64(*n),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) if items.iter().all(Node::is_plain) => {
                FlowSeq(items.iter().map(|item| &item.what).collect::<Vec<_>>())
                    .serialize(serializer)
            }
            Self::List(items) => serializer.collect_seq(items.iter().map(|item| &item.what)),
            Self::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs {
                    map.serialize_entry(&key.what, &value.what)?;
                }
                map.end()
            }
        }
    }
}

impl Node {
    fn is_plain(&self) -> bool {
        matches!(self.what, What::Number(_) | What::Flag(_))
    }
}
