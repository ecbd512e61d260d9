//! By what tokens of two tokenizers are known to be the same.
//!
//! A token is known by its role, where it has one: what ends a text in one model is what ends it
//! in the other, whatever its spelling. Else by its text, with the mark of a word's beginning,
//! `Ġ` or `▁`, set apart. Bytes have three spellings: `<0x0A>`, a character for each byte in
//! byte-level tokenizers (Radford et al.: *Language Models are Unsupervised Multitask Learners*,
//! 2019, section 2.2), and plain ASCII.

use std::collections::BTreeMap;
use std::path::Path;

use crate::checkpoint::Vocabulary;
use crate::merge::tokens::Roles;

/// The roles, the first of a token's counts.
const ROLES: [&str; 4] = ["bos_token", "eos_token", "unk_token", "pad_token"];

/// The mark of a word's beginning in byte-level tokenizers: their character for a space.
const BYTE_MARK: char = 'Ġ';
/// In sentencepiece's.
const PIECE_MARK: char = '▁';

/// What a token is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The only token with this role.
    Role(&'static str),
    /// The beginning of a word.
    Word(String),
    /// Any other text.
    Plain(String),
}

/// How one tokenizer spells its tokens.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    roles: BTreeMap<String, &'static str>,
    mark: Option<char>,
}

impl Spelling {
    /// Of the tokenizer of a folder. The mark is the one that more tokens begin with.
    pub(super) fn of(folder: &Path, vocabulary: &Vocabulary) -> Self {
        let named = Roles::read(folder, vocabulary).tokens;
        let mut roles = BTreeMap::new();
        for role in ROLES {
            if let Some(own) = named.iter().find(|own| own.key == role) {
                roles.entry(own.token.clone()).or_insert(role);
            }
        }
        let begin = |mark: char| {
            let tokens = vocabulary.tokens();
            tokens.filter(|(token, _)| token.starts_with(mark)).count()
        };
        let mark = match (begin(BYTE_MARK), begin(PIECE_MARK)) {
            (0, 0) => None,
            (bytes, pieces) if bytes >= pieces => Some(BYTE_MARK),
            _ => Some(PIECE_MARK),
        };
        Self { roles, mark }
    }

    pub(super) fn key(&self, token: &str) -> Key {
        if let Some(rest) = self.mark.and_then(|mark| token.strip_prefix(mark)) {
            return Key::Word(rest.to_owned());
        }
        match self.roles.get(token) {
            Some(role) => Key::Role(role),
            None => Key::Plain(token.to_owned()),
        }
    }

    /// The byte that a token stands for, if it is one byte.
    pub(super) fn byte(&self, token: &str) -> Option<u8> {
        if let Some(byte) = spelt_byte(token) {
            return Some(byte);
        }
        let mut chars = token.chars();
        let (Some(only), None) = (chars.next(), chars.next()) else {
            return None;
        };
        match self.mark {
            Some(BYTE_MARK) => byte_of(only),
            _ => u8::try_from(only).ok().filter(u8::is_ascii),
        }
    }

    /// The text that a token stands for; `None` for a part of a character.
    pub(super) fn text(&self, token: &str) -> Option<String> {
        if let Some(byte) = spelt_byte(token) {
            return byte.is_ascii().then(|| char::from(byte).to_string());
        }
        match self.mark {
            Some(BYTE_MARK) => match token.chars().map(byte_of).collect::<Option<Vec<u8>>>() {
                Some(bytes) => String::from_utf8(bytes).ok(),
                // An added token, which is text as it stands.
                None => Some(token.to_owned()),
            },
            _ => Some(token.replace(PIECE_MARK, " ")),
        }
    }

    /// Whether words begin with sentencepiece's mark, which its tokenizers put before a text too.
    pub(super) fn has_pieces(&self) -> bool {
        self.mark == Some(PIECE_MARK)
    }
}

impl Key {
    /// What it begins with, longest first, as long as that is more than spaces. A role has no
    /// beginning.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = Self> {
        let (text, make): (&str, fn(String) -> Self) = match self {
            Self::Role(_) => ("", Self::Plain),
            Self::Word(text) => (text, Self::Word),
            Self::Plain(text) => (text, Self::Plain),
        };
        let ends = text.char_indices().skip(1).map(|(at, _)| at);
        let ends: Vec<usize> = ends.collect();
        let own = ends.into_iter().rev().map(|end| &text[..end]);
        own.take_while(|part| !part.trim().is_empty())
            .map(move |part| make(part.to_owned()))
    }
}

/// `<0x0A>`
fn spelt_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let is_byte = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_byte.then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The byte that a character of a byte-level token stands for: printable ones for themselves, the
/// others in order from U+0100 on.
fn byte_of(c: char) -> Option<u8> {
    let is_printable = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    match u32::from(c) {
        own @ 0..256 => u8::try_from(own).ok().filter(|byte| is_printable(*byte)),
        other => {
            let mut others = (0..=255u8).filter(|byte| !is_printable(*byte));
            others.nth(other.checked_sub(256)? as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(mark: Option<char>) -> Spelling {
        let roles = [("</s>".to_owned(), "eos_token")].into();
        Spelling { roles, mark }
    }

    #[test]
    fn words_begin_alike_in_both_spellings() {
        let (bytes, pieces) = (spelling(Some(BYTE_MARK)), spelling(Some(PIECE_MARK)));
        assert_eq!(bytes.key("Ġtree"), pieces.key("▁tree"));
        assert_ne!(bytes.key("tree"), pieces.key("▁tree"));
        assert_eq!(bytes.key("</s>"), Key::Role("eos_token"));
        assert_eq!(bytes.key("▁tree"), Key::Plain("▁tree".to_owned()));
    }

    #[test]
    fn a_byte_is_one_in_every_spelling() {
        let (bytes, pieces) = (spelling(Some(BYTE_MARK)), spelling(Some(PIECE_MARK)));
        assert_eq!(bytes.byte("Ċ"), Some(10));
        assert_eq!(pieces.byte("<0x0A>"), Some(10));
        assert_eq!(bytes.byte("é"), Some(0xe9));
        // As text it is two bytes.
        assert_eq!(pieces.byte("é"), None);
        assert_eq!(pieces.byte("a"), Some(b'a'));
        assert_eq!(pieces.byte("<0xZZ>"), None);
        assert_eq!(bytes.text("ĠÃ©t").as_deref(), Some(" ét"));
        assert_eq!(bytes.text("Ã"), None);
        assert_eq!(pieces.text("▁ét").as_deref(), Some(" ét"));
    }

    #[test]
    fn beginnings_are_longest_first_and_more_than_spaces() {
        let word = Key::Word("été".to_owned());
        let texts = |key: &Key| key.beginnings().collect::<Vec<_>>();
        let expected = ["ét", "é"].map(|text| Key::Word(text.to_owned()));
        assert_eq!(texts(&word), expected);
        assert_eq!(texts(&Key::Plain("  a".to_owned())), []);
        assert_eq!(texts(&Key::Role("bos_token")), []);
    }
}
