//! The measures of model kinship: a list, each member of which describes itself.
//!
//! A new measure is a file beside this one and a line in [`Metric::ALL`]. Matrix, inspector,
//! table, charts, import, command line and JSON go over the list. Laws that all members obey are
//! in `tests.rs`.
//!
//! Values are written down by key. A key that this program does not know, from a study of a
//! later one, is a [`Metric`] all the same: it has no value here, and what was written stays.

mod absolute_cosine;
mod cosine;
mod euclidean;
mod pearson;

mod values;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PairSums;

pub use values::Values;

/// What a measure is, in words and numbers.
pub struct Definition {
    /// What files and the command line call it; never changes.
    pub key: &'static str,
    /// The name on screen.
    pub title: &'static str,
    /// The name within a sentence: only names of people keep their capital.
    pub name: &'static str,
    /// The same where there is little room.
    pub short: &'static str,
    /// One sentence on what the number means.
    pub help: &'static str,
    /// How it is worked out of two task vectors a and b.
    pub formula: &'static str,
    /// Where it is described.
    pub source: &'static str,
    /// The least and the greatest value.
    pub range: (f64, f64),
    /// What these two mean.
    pub ends: [&'static str; 2],
    /// The value of a model with itself.
    pub of_itself: f64,
    /// How values are drawn.
    pub scale: ScaleKind,
    /// Words that name it in the header of a table, in lower case.
    pub spellings: &'static [&'static str],
    /// The measure that it follows from, and how; `None` if it is one of its own. What follows
    /// is not written down, reported or imported.
    pub follows: Option<(Metric, Map)>,
    /// The value; `None` where it is undefined, or where what it needs is not known.
    pub of: fn(&PairContext<'_>) -> Option<f64>,
}

/// From the value of one measure to that of another.
pub type Map = fn(f64) -> f64;

/// How the values of a measure become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleKind {
    /// From unrelated to related over the range.
    Sequential,
    /// The same from 0 on, and below 0 by a map of its own: a value has one colour.
    Diverging,
    /// From related to unrelated: the least value is the most related.
    Reversed,
}

/// What is known of two models of one base; a measure takes from it what it needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct PairContext<'a> {
    /// The sums of their task vectors, over the tensors that are looked at.
    pub sums: Option<&'a PairSums>,
}

/// A measure of kinship: a handle to its [`Definition`].
#[derive(Clone, Copy)]
pub struct Metric(&'static Definition);

impl Metric {
    /// Every measure, in the order on screen.
    pub const ALL: &'static [Self] = &[
        Self::PEARSON,
        Self::COSINE,
        Self::ABSOLUTE_COSINE,
        Self::EUCLIDEAN,
    ];

    /// The one that stands where none was chosen, and by which strategies select and gains are
    /// expected: the default of the paper.
    pub const DEFAULT: Self = Self::PEARSON;

    /// Those that do not follow from another one.
    pub fn independent() -> impl Iterator<Item = Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|metric| metric.follows.is_none())
    }

    /// The measure of a key; one without values if the program has none of this key.
    pub fn of_key(key: &str) -> Self {
        let known = Self::ALL.iter().find(|metric| metric.key == key);
        known.copied().unwrap_or_else(|| unknown(key))
    }

    /// Whether the program can work it out.
    pub fn is_known(self) -> bool {
        self.place().is_some()
    }

    /// Its place in [`Self::ALL`].
    pub(super) fn place(self) -> Option<usize> {
        Self::ALL.iter().position(|metric| *metric == self)
    }

    /// Whether a high value means related.
    pub fn is_similarity(self) -> bool {
        self.scale != ScaleKind::Reversed
    }

    /// Whether its value only repeats that of the measure it follows from.
    pub fn repeats(self, value: &dyn Fn(Self) -> Option<f64>) -> bool {
        let from = self.follows.map(|(from, _)| from);
        from.is_some_and(|from| value(from) == value(self))
    }

    /// The value for a pair, from the sums alone.
    pub fn of(self, sums: &PairSums) -> Option<f64> {
        (self.0.of)(&PairContext { sums: Some(sums) })
    }

    /// The name at the head of a column.
    pub fn heading(self) -> String {
        let mut letters = self.short.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    }

    /// All that there is to say of it, for a hover; of one that the program does not know, what
    /// to do.
    pub fn about(self) -> String {
        if !self.is_known() {
            return format!(
                "This version of Kinfolk does not know the measure “{}”; choose another one",
                self.title
            );
        }
        let Definition {
            help,
            formula,
            source,
            ..
        } = self.0;
        format!("{help}\n{formula}\n{source}")
    }
}

impl Default for Metric {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Deref for Metric {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        self.0
    }
}

/// A stand-in for a measure of a later program. Its name is kept for as long as the program
/// runs: some bytes for each name that a study has.
fn unknown(key: &str) -> Metric {
    static UNKNOWN: LazyLock<Mutex<BTreeMap<String, Metric>>> = LazyLock::new(Mutex::default);
    let mut known = UNKNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let key: &'static str = Box::leak(key.to_owned().into_boxed_str());
        Metric(Box::leak(Box::new(Definition {
            key,
            title: key,
            name: key,
            short: key,
            help: "Its values are kept; this version of Kinfolk cannot work it out",
            formula: "",
            source: "",
            range: (f64::NEG_INFINITY, f64::INFINITY),
            ends: ["", ""],
            of_itself: f64::NAN,
            scale: ScaleKind::Sequential,
            spellings: &[],
            follows: None,
            of: |_| None,
        })))
    };
    *known.entry(key.to_owned()).or_insert_with(make)
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Metric {}

impl Hash for Metric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for Metric {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By key, so that files have one order.
impl Ord for Metric {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(other.key)
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key)
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of_key(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests;
