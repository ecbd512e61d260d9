//! Reading small JSON files of strangers: bounded, and with repeated keys refused.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::CheckpointError;
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

/// A JSON object in the order of the file, in which no key comes twice.
///
/// Maps of serde let the last of two equal keys win in silence; two programs that read the
/// same file could then see different models.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs<V>(pub(super) Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map
                .next_value()
                .map_err(|error| A::Error::custom(format_args!("`{key}`: {error}")))?;
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("`{key}` is named twice")));
            }
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}
