//! Reading small JSON files of strangers: bounded, and with repeated keys refused.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::CheckpointError;
use crate::files::{self, ReadError};

/// Reads a text file of at most `limit` bytes; the inner error is a clause about its content.
pub(super) fn read_text(
    path: &Path,
    limit: u64,
) -> Result<Result<String, String>, CheckpointError> {
    match files::read_text(path, limit) {
        Ok(text) => Ok(Ok(text)),
        Err(error @ (ReadError::TooLong(_) | ReadError::NotText(_))) => Ok(Err(error.to_string())),
        Err(error) => Err(CheckpointError::unreadable(path, error)),
    }
}

/// A JSON object of at most `MOST` entries in the order of the file, in which no key comes twice.
///
/// Maps of serde let the last of two equal keys win in silence; two programs that read the
/// same file could then see different models. The bound holds while the text is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs<K, V, const MOST: usize>(pub(super) Vec<(K, V)>);

impl<K, V, const MOST: usize> Default for Pairs<K, V, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, K, V, const MOST: usize> Deserialize<'de> for Pairs<K, V, MOST>
where
    K: Deserialize<'de> + AsRef<str>,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<K, V, const MOST: usize>(PhantomData<(K, V)>);

impl<'de, K, V, const MOST: usize> Visitor<'de> for PairsVisitor<K, V, MOST>
where
    K: Deserialize<'de> + AsRef<str>,
    V: Deserialize<'de>,
{
    type Value = Pairs<K, V, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs: Vec<(K, V)> = Vec::new();
        while let Some(key) = map.next_key::<K>()? {
            if pairs.len() == MOST {
                return Err(A::Error::custom(format_args!(
                    "it has more than {MOST} entries"
                )));
            }
            let value = map
                .next_value()
                .map_err(|error| A::Error::custom(format_args!("`{}`: {error}", key.as_ref())))?;
            pairs.push((key, value));
        }
        match repeated(pairs.iter().map(|(key, _)| key.as_ref())) {
            Some(key) => Err(A::Error::custom(format_args!("`{key}` is named twice"))),
            None => Ok(Pairs(pairs)),
        }
    }
}

/// A name that comes twice.
pub(super) fn repeated<'n>(names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let twice = |pair: &[&'n str]| (pair[0] == pair[1]).then_some(pair[0]);
    names.windows(2).find_map(twice)
}

/// A text of at most `MOST` bytes, a part of the whole text where it needs no room of its own.
///
/// `Cow` as serde reads it copies keys, however long they are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text<'a, const MOST: usize>(pub(super) Cow<'a, str>);

impl<const MOST: usize> AsRef<str> for Text<'_, MOST> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for Text<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor::<MOST>)
    }
}

struct TextVisitor<const MOST: usize>;

impl<const MOST: usize> TextVisitor<MOST> {
    fn bounded<E: Error>(text: &str) -> Result<&str, E> {
        if text.len() <= MOST {
            return Ok(text);
        }
        Err(E::custom(format_args!(
            "a name has {} bytes, more than {MOST}",
            text.len()
        )))
    }
}

impl<'de, const MOST: usize> Visitor<'de> for TextVisitor<MOST> {
    type Value = Text<'de, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Self::bounded(text).map(|text| Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Self::bounded(text).map(|text| Text(Cow::Owned(text.to_owned())))
    }
}

/// A string that is passed over.
pub(super) struct AnyText;

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AnyTextVisitor)
    }
}

struct AnyTextVisitor;

impl Visitor<'_> for AnyTextVisitor {
    type Value = AnyText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<AnyText, E> {
        Ok(AnyText)
    }
}

/// At most `MOST` numbers.
#[derive(Debug)]
pub(super) struct Numbers<const MOST: usize>(pub(super) Vec<usize>);

impl<'de, const MOST: usize> Deserialize<'de> for Numbers<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NumbersVisitor::<MOST>)
    }
}

struct NumbersVisitor<const MOST: usize>;

impl<'de, const MOST: usize> Visitor<'de> for NumbersVisitor<MOST> {
    type Value = Numbers<MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = seq.next_element()? {
            if numbers.len() == MOST {
                return Err(A::Error::custom(format_args!(
                    "a shape has more than {MOST} dimensions"
                )));
            }
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }
}

/// The `total_size` of an index's metadata, if that is an object in which it is a whole number.
/// The rest is passed over, whatever it is: as values it would take many times its length.
#[derive(Debug, Default)]
pub(super) struct TotalSize(pub(super) Option<u64>);

impl<'de> Deserialize<'de> for TotalSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient::Object).map(Self)
    }
}

/// Takes any value, and keeps one number of it.
#[derive(Clone, Copy)]
enum Lenient {
    /// The value is the object that has the number.
    Object,
    /// The value is the number.
    Number,
}

impl<'de> DeserializeSeed<'de> for Lenient {
    type Value = Option<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Lenient {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(matches!(self, Self::Number).then_some(number))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Text<'de, { usize::MAX }>>()? {
            match self {
                Self::Object if key.0 == "total_size" => {
                    found = map.next_value_seed(Self::Number)?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// What is wrong with a text, at a length that people read: the words of serde repeat what they
/// found, however long it is.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let mut reason = error.to_string();
    if let Some((cut, _)) = reason.char_indices().nth(LONGEST_REASON) {
        reason.truncate(cut);
        reason.push('…');
    }
    reason
}

/// Characters of a message about a text; a name of the longest kind fits.
const LONGEST_REASON: usize = 1_500;
