//! The small words of sentences: counts with their noun, lists, capitals, true minus signs; and
//! the order in which names are read.

mod elsewhere;
mod natural;

pub use elsewhere::{SCHEMES, is_elsewhere};
pub use natural::{by_name, natural};

/// U+2212, as wide as a plus.
pub const MINUS: &str = "−";

/// A count with its noun: `1 merge`, `12 merges`.
pub fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// `a, b and c`.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The first names, and how many more there are: `a, b and 3 more`.
pub fn first_of(names: &[impl AsRef<str>], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// How a model's name begins, up to what parts its words: models of one line share it.
pub fn family_word(name: &str) -> &str {
    let end = name.find(['-', '_', '.', '/', ' ']);
    &name[..end.unwrap_or(name.len())]
}

/// With a capital. Errors begin small, because programs put them behind a colon; on screen
/// they stand alone. A first word that looks like a file, a tensor or an option stays as it is;
/// where it may be a name, see [`sentence_of`].
pub fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if !is_written_so(text) => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// The same, where the sentence may begin with one of these names, which stays as it is.
pub fn sentence_of<'a>(text: &str, mut names: impl Iterator<Item = &'a str>) -> String {
    let begins = |name: &str| {
        let rest = text.strip_prefix(name).filter(|_| !name.is_empty());
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    match names.any(begins) {
        true => text.to_owned(),
        false => sentence_case(text),
    }
}

/// Whether the first word has a sign or a digit in it that no word of a sentence has.
fn is_written_so(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    let word = word.trim_end_matches(['.', ',', ':', ';']);
    word.contains(|c: char| matches!(c, '.' | '/' | '\\' | '_' | '=') || c.is_ascii_digit())
}

/// The name itself if it is free, else the first free one with a number behind it, from 2 on.
pub fn free_name(wanted: &str, sign: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2u32..).map(|n| format!("{wanted}{sign}{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_default()
}

/// With a true minus for every hyphen.
pub fn with_minus(number: &str) -> String {
    number.replace('-', MINUS)
}

/// A number with fixed decimals and a true minus; zero has no sign.
pub fn number(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value < 0.0 && !is_zero {
        format!("{MINUS}{digits}")
    } else {
        digits
    }
}

/// The same with its sign, but for zero.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let is_zero = !text.bytes().any(|b| matches!(b, b'1'..=b'9'));
    if value > 0.0 && !is_zero {
        format!("+{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_listed_and_cut_short() {
        assert_eq!(counted(1, "merge"), "1 merge");
        assert_eq!(counted(0, "merge"), "0 merges");
        let names = ["a", "b", "c"].map(String::from);
        assert_eq!(list(&names), "a, b and c");
        assert_eq!(first_of(&names, 3), "a, b, c");
        assert_eq!(first_of(&names, 1), "a and 2 more");
        assert_eq!(sentence_case("élan"), "Élan");
        assert_eq!(
            free_name("a", "-", |name| ["a", "a-2"].contains(&name)),
            "a-3"
        );
    }

    #[test]
    fn a_sentence_begins_large_but_for_names() {
        assert_eq!(
            sentence_case("the file is cut short"),
            "The file is cut short"
        );
        for name in [
            "model.safetensors is cut short",
            "lm_head: no numbers",
            "q8_0 is no type",
        ] {
            assert_eq!(sentence_case(name), name);
        }
        let of = |text| sentence_of(text, ["ledger", "the", ""].into_iter());
        assert_eq!(of("ledger is missing"), "ledger is missing");
        assert_eq!(of("ledger, of arith"), "ledger, of arith");
        assert_eq!(of("ledgers are missing"), "Ledgers are missing");
        assert_eq!(of("no model is missing"), "No model is missing");
    }

    #[test]
    fn numbers_have_true_minus_signs_and_no_signed_zero() {
        assert_eq!(number(-0.5083, 2), "−0.51");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(signed(0.26, 2), "+0.26");
        assert_eq!(signed(0.001, 2), "0.00");
        assert_eq!(with_minus("-1 to -2"), "−1 to −2");
    }
}
