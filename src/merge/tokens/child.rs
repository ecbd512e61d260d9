//! Which tokens the child has, and at which numbers.
//!
//! Kept tokens keep their numbers. New ones follow on the highest: of the models in the order of
//! the recipe first what words are split into, by number, then added tokens, and at last what the
//! recipe names. mergekit has new tokens in the order of a hash map, another one in every run.

use std::collections::{BTreeMap, BTreeSet};

use super::Member;
use crate::checkpoint::{AddedToken, MOST_TOKENS, Vocabulary, renumbered};

/// Where the child's tokens come from.
#[derive(Clone, Copy)]
pub(in crate::merge) enum Source<'a> {
    /// All models: those of the first, then what the others have.
    Union,
    /// The first model, as far as it has rows for them.
    Base,
    /// This tokenizer, all of it.
    Model(&'a Vocabulary),
}

/// The child's tokens.
#[derive(Debug, PartialEq)]
pub(in crate::merge) struct Child {
    ids: BTreeMap<String, u32>,
    /// Kept tokens, then new ones, by their numbers.
    pub(super) order: Vec<(u32, String)>,
    /// How many tokens have the numbers that they had.
    pub(super) kept: usize,
    /// With their numbers in the child, new ones too.
    pub(super) added: Vec<AddedToken>,
    /// Tokens of the tokenizer that it starts from which the child does not have.
    pub(super) struck: BTreeSet<String>,
    /// Whether the added tokens are not those of the tokenizer that it starts from.
    pub(super) has_other_added: bool,
    /// The number after the highest.
    pub(in crate::merge) end: usize,
    /// Rows with those that fill up.
    pub(in crate::merge) rows: usize,
}

impl Child {
    pub(super) fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    pub(super) fn ids(&self) -> &BTreeMap<String, u32> {
        &self.ids
    }

    /// The place in [`Self::order`] of a token with its number.
    pub(super) fn place(&self, id: u32, token: &str) -> Option<usize> {
        let first = self.order.partition_point(|(own, _)| *own < id);
        let same = self.order.get(first..)?.iter();
        let same = same.take_while(|(own, _)| *own == id);
        let at = same.enumerate().find(|(_, (_, own))| own == token)?.0;
        Some(first + at)
    }

    /// Whether the files of the tokenizer cannot be copied as they are.
    pub(in crate::merge) fn is_edited(&self) -> bool {
        !self.struck.is_empty() || self.has_other_added
    }

    pub(super) fn appended(&self) -> &[(u32, String)] {
        self.order.get(self.kept..).unwrap_or_default()
    }
}

/// Decides the child's tokens; `members` begins with the base.
///
/// # Errors
/// A sentence.
pub(in crate::merge) fn child(
    source: Source<'_>,
    members: &[&Member<'_>],
    named: &[&str],
    multiple: u32,
) -> Result<Child, String> {
    let base = members.first().ok_or("no model has tokens")?;
    let (start, rows) = match source {
        Source::Union | Source::Base => (base.vocabulary, base.rows),
        Source::Model(vocabulary) => (vocabulary, usize::MAX),
    };
    let is_kept = |id: u32| (id as usize) < rows;
    let mut ids: BTreeMap<String, u32> = BTreeMap::new();
    let mut struck = BTreeSet::new();
    for (token, id) in start.tokens() {
        match is_kept(id) {
            true => drop(ids.insert(token.to_owned(), id)),
            false => drop(struck.insert(token.to_owned())),
        }
    }
    if !struck.is_empty() && start.model != "BPE" {
        return Err(format!(
            "the tokenizer of {} has {} tokens without a row, and they cannot be struck out of a \
             {} model; take another model's tokenizer with `tokenizer_source`",
            base.name,
            struck.len(),
            start.model
        ));
    }
    let kept = ids.len();
    let own_added = start.added.iter().filter(|token| is_kept(token.id));
    let mut added: BTreeMap<&str, AddedToken> = own_added
        .map(|token| (token.content.as_str(), token.clone()))
        .collect();
    let own_count = added.len();
    let mut new: Vec<&str> = Vec::new();
    if let Source::Union = source {
        let others = added_elsewhere(members, &mut added);
        new = ordinary_elsewhere(members, &ids, &added);
        new.extend(others.into_iter().filter(|token| !ids.contains_key(*token)));
    }
    let is_new = |token: &&&str| !ids.contains_key(**token) && !new.contains(*token);
    let named: Vec<&str> = named.iter().filter(is_new).copied().collect();
    new.extend(named);
    let mut order: Vec<(u32, String)> =
        ids.iter().map(|(token, id)| (*id, token.clone())).collect();
    order.sort();
    let mut next = order.last().map_or(0, |(last, _)| last.saturating_add(1));
    for token in new {
        ids.insert(token.to_owned(), next);
        order.push((next, token.to_owned()));
        next += 1;
    }
    let has_other_added = order.len() > kept || added.len() > own_count;
    let added = numbered(&added, &ids, order.get(kept..).unwrap_or_default());
    let end = next as usize;
    let rows = end.next_multiple_of(multiple.max(1) as usize);
    if rows > MOST_TOKENS {
        return Err(format!(
            "the child would have {rows} rows for tokens, and no model has more than {MOST_TOKENS}"
        ));
    }
    let mut child = Child {
        rows,
        ids,
        order,
        kept,
        added,
        struck,
        has_other_added,
        end,
    };
    check_loading(start, &mut child)?;
    Ok(child)
}

/// Added tokens of the models that have a row; the first that defines one says how it is found.
fn added_elsewhere<'m>(
    members: &[&Member<'m>],
    added: &mut BTreeMap<&'m str, AddedToken>,
) -> Vec<&'m str> {
    let mut new = Vec::new();
    for member in members {
        let vocabulary: &'m Vocabulary = member.vocabulary;
        for token in vocabulary.added.iter().filter(|token| member.has(token.id)) {
            let name = token.content.as_str();
            if !added.contains_key(name) {
                added.insert(name, token.clone());
                new.push(name);
            }
        }
    }
    new
}

/// What other models split words into, and the child lacks.
fn ordinary_elsewhere<'m>(
    members: &[&Member<'m>],
    ids: &BTreeMap<String, u32>,
    added: &BTreeMap<&str, AddedToken>,
) -> Vec<&'m str> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut out = Vec::new();
    for member in members {
        let vocabulary: &'m Vocabulary = member.vocabulary;
        let is_new = |token: &str| !ids.contains_key(token) && !added.contains_key(token);
        let mut own: Vec<(u32, &'m str)> = (vocabulary.tokens())
            .filter(|(token, id)| member.has(*id) && is_new(token))
            .map(|(token, id)| (id, token))
            .collect();
        own.sort_unstable();
        out.extend(
            own.into_iter()
                .map(|(_, token)| token)
                .filter(|token| seen.insert(token)),
        );
    }
    out
}

/// Added tokens with their numbers in the child: those of models, and all that is new.
fn numbered(
    added: &BTreeMap<&str, AddedToken>,
    ids: &BTreeMap<String, u32>,
    new: &[(u32, String)],
) -> Vec<AddedToken> {
    let plain = new
        .iter()
        .filter(|(_, token)| !added.contains_key(token.as_str()));
    let mut out: Vec<AddedToken> = plain
        .map(|(id, token)| AddedToken::plain(token, *id))
        .collect();
    for (name, token) in added {
        if let Some(&id) = ids.get(*name) {
            out.push(AddedToken {
                id,
                ..token.clone()
            });
        }
    }
    out.sort_by_key(|token| token.id);
    out
}

/// Programs number added tokens themselves when they load a tokenizer; where that gives other
/// numbers than the files have, rows would be read for the wrong tokens.
fn check_loading(start: &Vocabulary, child: &mut Child) -> Result<(), String> {
    if !child.is_edited() {
        return Ok(());
    }
    let of_start: BTreeMap<&str, bool> = (start.added.iter())
        .map(|token| (token.content.as_str(), token.is_ordinary))
        .collect();
    let is_ordinary = |token: &str| match of_start.get(token) {
        Some(&is_ordinary) => is_ordinary,
        None => start.id(token).is_some(),
    };
    let kept = child.order.iter().take(child.kept);
    let ordinary = kept.filter(|(_, token)| is_ordinary(token)).count();
    let loaded: Vec<AddedToken> = (child.added.iter())
        .map(|token| AddedToken {
            is_ordinary: is_ordinary(&token.content)
                && child.id(&token.content) == start.id(&token.content),
            ..token.clone()
        })
        .collect();
    child.added = loaded;
    match renumbered(ordinary, &child.added).first() {
        None => Ok(()),
        Some((own, theirs)) => Err(format!(
            "the tokenizer that the child's is made from leaves numbers without a token: programs \
             would load number {own} as {theirs}; take another model's with `tokenizer_source`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(json: &str) -> Vocabulary {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("tokenizer.json"), json).unwrap();
        Vocabulary::read(dir.path()).unwrap().unwrap()
    }

    fn member(vocabulary: &Vocabulary, rows: usize) -> Member<'_> {
        Member {
            model: 0,
            name: "m".to_owned(),
            path: String::new(),
            weights: None,
            adapter: None,
            vocabulary,
            rows,
        }
    }

    fn tokens(child: &Child) -> Vec<(u32, &str)> {
        child
            .order
            .iter()
            .map(|(id, token)| (*id, token.as_str()))
            .collect()
    }

    const BASE: &str = r#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []},
        "added_tokens": [{"id": 2, "content": "<s>", "special": true}]}"#;
    const OTHER: &str = r#"{"model": {"type": "BPE", "vocab": {"c": 1, "a": 0, "<x>": 2}, "merges": []},
        "added_tokens": [{"id": 2, "content": "<x>"}, {"id": 3, "content": "<y>"}]}"#;

    #[test]
    fn a_union_keeps_numbers_and_appends_ordinary_tokens_first() {
        let (base, other) = (vocabulary(BASE), vocabulary(OTHER));
        let members = [&member(&base, 3), &member(&other, 4)];
        let child = child(Source::Union, &members, &["<new>", "a"], 4).unwrap();
        let expected = [
            (0, "a"),
            (1, "b"),
            (2, "<s>"),
            (3, "c"),
            (4, "<x>"),
            (5, "<y>"),
            (6, "<new>"),
        ];
        assert_eq!(tokens(&child), expected);
        assert_eq!((child.kept, child.end, child.rows), (3, 7, 8));
        let special: Vec<bool> = child.added.iter().map(|a| a.special).collect();
        assert_eq!(special, [true, false, false, false, false]);
    }

    #[test]
    fn what_has_no_row_is_struck_from_the_base_and_absent_elsewhere() {
        let (base, other) = (vocabulary(BASE), vocabulary(OTHER));
        let members = [&member(&base, 2), &member(&other, 2)];
        let child = child(Source::Union, &members, &[], 1).unwrap();
        assert_eq!(tokens(&child), [(0, "a"), (1, "b"), (2, "c")]);
        assert!(child.struck.contains("<s>") && child.is_edited());
    }

    #[test]
    fn a_hole_before_added_tokens_is_refused() {
        let holed = vocabulary(&BASE.replace("\"id\": 2", "\"id\": 7"));
        assert_eq!(holed.renumbered, [(7, 2)]);
        let other = vocabulary(OTHER);
        let members = [&member(&holed, 9), &member(&other, 4)];
        assert!(child(Source::Union, &members, &[], 1).is_err());
        assert!(child(Source::Base, &members, &[], 1).is_ok());
    }
}
