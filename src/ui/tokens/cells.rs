//! What stands in the cells of a token, in words: its numbers, and where rows come from.

use crate::merge::tokens::{Origin, TokenTable};

use super::columns::short;

/// The most characters of a token that are shown on hover.
const LONGEST: usize = 200;

/// How a cell is inked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    /// What is as everywhere, or not there.
    Weak,
    /// What the user should see.
    Warning,
}

/// The child's number.
pub(super) fn child(table: &TokenTable, row: usize) -> (String, Ink) {
    match table.rows.get(row) {
        Some(token) if token.is_struck => ("struck out".to_owned(), Ink::Warning),
        Some(token) => match (token.child, token.is_new) {
            (Some(id), true) => (format!("new {id}"), Ink::Plain),
            (Some(id), false) => (id.to_string(), Ink::Plain),
            (None, _) => ("–".to_owned(), Ink::Weak),
        },
        None => (String::new(), Ink::Weak),
    }
}

/// The number in a model, or where its row comes from.
pub(super) fn model(table: &TokenTable, row: usize, model: usize) -> (String, Ink) {
    let own = table.own(row).get(model).copied().flatten();
    if let Some(number) = own {
        if !table.has_row(model, number) {
            return (format!("{number}, no row"), Ink::Warning);
        }
        let numbers = || table.own(row).iter().flatten();
        let child = table.rows.get(row).and_then(|token| token.child);
        let usual = child.or_else(|| numbers().next().copied());
        let ink = if usual == Some(number) {
            Ink::Weak
        } else {
            Ink::Plain
        };
        return (number.to_string(), ink);
    }
    let words = match table.origin(row, model) {
        Some(origin) => from(table, origin),
        None => "–".to_owned(),
    };
    (words, Ink::Weak)
}

/// Where a row comes from that a model does not have.
fn from(table: &TokenTable, origin: Origin) -> String {
    match origin {
        Origin::Own(number) => format!("row {number}"),
        Origin::Other(other, number) => {
            let name = table.names.get(other).map_or("", |name| short(name));
            format!("from {name} {number}")
        }
        Origin::Mean => "mean".to_owned(),
        Origin::Zero => "zeros".to_owned(),
    }
}

/// The same as a sentence for each model.
pub(super) fn sentences(table: &TokenTable, row: usize) -> Vec<String> {
    let name = |k: usize| table.names.get(k).map_or("", |name| short(name));
    let one = |k: usize| {
        let own = table.own(row).get(k).copied().flatten();
        let origin = table.origin(row, k);
        let words = match (own, origin) {
            (Some(number), _) if !table.has_row(k, number) => {
                format!("at {number}, for which it has no row")
            }
            (Some(number), None | Some(Origin::Own(_))) => format!("at {number}"),
            (_, Some(Origin::Other(other, number))) => {
                format!("takes row {number} of {}", name(other))
            }
            (_, Some(Origin::Own(number))) => format!("takes its own row {number}"),
            (_, Some(Origin::Mean)) => "takes the mean of those that have it".to_owned(),
            (_, Some(Origin::Zero)) => "takes zeros".to_owned(),
            (None, None) => "does not have it".to_owned(),
        };
        format!("{}: {words}", name(k))
    };
    (0..table.names.len()).map(one).collect()
}

/// A token with what cannot be seen spelled out.
pub(super) fn spelled(token: &str) -> String {
    let shown: String = token.chars().take(LONGEST).collect();
    let mut out: String = shown.chars().flat_map(visible).collect();
    if shown.len() < token.len() {
        out.push('…');
    }
    out
}

fn visible(c: char) -> Vec<char> {
    match c {
        ' ' => vec!['␣'],
        c if c.is_control() || is_unseen(c) => c.escape_unicode().collect(),
        c => vec![c],
    }
}

/// Spaces and joiners that would be taken for nothing, and marks that turn the line around.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        assert_eq!(spelled(" a\n"), "␣a\\u{a}");
        assert_eq!(spelled("\u{202e}x"), "\\u{202e}x");
        assert_eq!(spelled("Ġword ▁中"), "Ġword␣▁中");
        assert_eq!(spelled(&"x".repeat(300)).chars().count(), LONGEST + 1);
    }
}
