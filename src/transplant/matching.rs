//! Which of the model's rows each token of the donor takes.

use std::collections::BTreeMap;

use super::key::{Key, Spelling};
use crate::checkpoint::Vocabulary;

/// Where the row of a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// No token has the number: zeros.
    Unnamed,
    /// The donor has no row for the token either: zeros.
    Rowless,
    /// The model has the token, at this row.
    Shared(u32),
    /// The model has the byte in another spelling.
    Byte(u32),
    /// The model has a token that it begins with.
    Prefix(u32),
    /// It is made.
    New,
}

impl Row {
    /// The model's row that is taken.
    pub fn taken(self) -> Option<u32> {
        match self {
            Self::Shared(row) | Self::Byte(row) | Self::Prefix(row) => Some(row),
            Self::Unnamed | Self::Rowless | Self::New => None,
        }
    }
}

/// One model's tokens, and as many of them as have a row.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) spelling: &'a Spelling,
    pub(super) rows: usize,
}

impl<'a> Tokens<'a> {
    /// Those with a row, with their numbers.
    fn with_row(self) -> impl Iterator<Item = (&'a str, u32)> {
        let all = self.vocabulary.tokens();
        all.filter(move |(_, id)| (*id as usize) < self.rows)
    }
}

/// What else a token may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) byte: bool,
    pub(super) prefix: bool,
}

/// A row for each number of the donor's tokens.
pub(super) fn rows(donor: Tokens<'_>, model: Tokens<'_>, allowed: Allowed) -> Vec<Row> {
    let own: BTreeMap<Key, u32> = model
        .with_row()
        .map(|(token, id)| (model.spelling.key(token), id))
        .collect();
    let bytes = match allowed.byte {
        true => bytes(model),
        false => BTreeMap::new(),
    };
    let row = |token: &str, id: u32| {
        if id as usize >= donor.rows {
            return Row::Rowless;
        }
        let key = donor.spelling.key(token);
        if let Some(row) = own.get(&key) {
            return Row::Shared(*row);
        }
        let byte = donor.spelling.byte(token);
        if let Some(row) = byte.and_then(|byte| bytes.get(&byte)) {
            return Row::Byte(*row);
        }
        if allowed.prefix
            && let Some(row) = key.beginnings().find_map(|part| own.get(&part))
        {
            return Row::Prefix(*row);
        }
        Row::New
    };
    let mut out = vec![Row::Unnamed; donor.vocabulary.end()];
    for (token, id) in donor.vocabulary.tokens() {
        let Some(place) = out.get_mut(id as usize) else {
            continue;
        };
        // Of several tokens with one number the first decides.
        if *place == Row::Unnamed {
            *place = row(token, id);
        }
    }
    out
}

/// The rows of single bytes; a character of its own goes before `<0x0A>`.
fn bytes(model: Tokens<'_>) -> BTreeMap<u8, u32> {
    let mut out = BTreeMap::new();
    let spelt = |token: &str| token.chars().count() > 1;
    let both = [false, true];
    for is_spelt in both {
        for (token, id) in model.with_row().filter(|(t, _)| spelt(t) == is_spelt) {
            if let Some(byte) = model.spelling.byte(token) {
                out.entry(byte).or_insert(id);
            }
        }
    }
    out
}
