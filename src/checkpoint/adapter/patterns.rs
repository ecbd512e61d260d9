//! Keys of `rank_pattern` and `alpha_pattern`: regular expressions as PEFT matches them.
//!
//! PEFT takes the first key that fits, in the order of the file, where a key fits a module if
//! `re.match(rf"(.*\.)?({key})$", module)`. Most keys are the end of a module's path, of which an
//! adapter may have one for every module; those are compared without an expression.

use regex::{Regex, RegexBuilder};

/// Bytes that a compiled expression may take; those of real adapters take some thousand.
const MOST_BYTES: usize = 1 << 20;

/// Expressions of one adapter that are not plain paths. Real adapters have a few.
const MOST_EXPRESSIONS: usize = 1000;

/// Values by key, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Patterns<V>(Vec<(Pattern, V)>);

#[derive(Debug)]
enum Pattern {
    /// The end of a path, or all of it; `None` stands for any byte.
    Plain {
        text: Vec<Option<u8>>,
        whole: bool,
    },
    Expression(Regex),
}

impl<V: Copy> Patterns<V> {
    pub(super) fn new(pairs: Vec<(String, V)>) -> Result<Self, String> {
        let mut expressions = 0;
        let mut out = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let pattern = Pattern::new(&key)?;
            expressions += usize::from(matches!(pattern, Pattern::Expression(_)));
            if expressions > MOST_EXPRESSIONS {
                return Err(format!(
                    "more than {MOST_EXPRESSIONS} of its patterns are regular expressions"
                ));
            }
            out.push((pattern, value));
        }
        Ok(Self(out))
    }

    pub(super) fn first_match(&self, module: &str) -> Option<V> {
        let mut fitting = self.0.iter().filter(|(pattern, _)| pattern.fits(module));
        fitting.next().map(|&(_, value)| value)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = V> {
        self.0.iter().map(|&(_, value)| value)
    }
}

impl Pattern {
    fn new(key: &str) -> Result<Self, String> {
        let inner = key.strip_prefix('^');
        let plain = inner.unwrap_or(key);
        if let Some(text) = plain_text(plain.strip_suffix('$').unwrap_or(plain)) {
            let whole = inner.is_some();
            return Ok(Self::Plain { text, whole });
        }
        let expression = format!(r"^(?:.*\.)?(?:{key})$");
        let built = RegexBuilder::new(&expression)
            .size_limit(MOST_BYTES)
            .build();
        built.map(Self::Expression).map_err(|_| {
            format!("its pattern `{key}` is not a regular expression that can be matched here")
        })
    }

    fn fits(&self, module: &str) -> bool {
        match self {
            Self::Expression(expression) => expression.is_match(module),
            Self::Plain { text, whole } => {
                let Some(split) = module.len().checked_sub(text.len()) else {
                    return false;
                };
                let (before, end) = module.as_bytes().split_at(split);
                let placed = before.is_empty() || !whole && before.ends_with(b".");
                let same = |(own, wanted): (&u8, &Option<u8>)| wanted.is_none_or(|w| w == *own);
                placed && end.iter().zip(text).all(same)
            }
        }
    }
}

/// An expression of letters, points and escaped points; `None` if it is anything else.
fn plain_text(key: &str) -> Option<Vec<Option<u8>>> {
    let mut text = Vec::with_capacity(key.len());
    let mut bytes = key.bytes();
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'.' => None,
            b'\\' if bytes.next() == Some(b'.') => Some(b'.'),
            b'_' | b'-' => Some(byte),
            _ if byte.is_ascii_alphanumeric() => Some(byte),
            _ => return None,
        });
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(key: &str, module: &str) -> bool {
        Pattern::new(key).unwrap().fits(module)
    }

    #[test]
    fn keys_fit_ends_of_paths() {
        assert!(fits("q_proj", "model.layers.0.q_proj"));
        assert!(fits("q_proj", "q_proj"));
        assert!(!fits("q_proj", "model.layers.0.seq_proj"));
        assert!(!fits("q_proj", "proj"));
        assert!(fits("layers.0.q_proj$", "model.layers.0.q_proj"));
        assert!(!fits("^layers.0.q_proj", "model.layers.0.q_proj"));
        assert!(fits("^layers.0.q_proj", "layers.0.q_proj"));
    }

    #[test]
    fn keys_are_regular_expressions() {
        assert!(fits(r"^model\.layers\.1\.q", "model.layers.1.q"));
        assert!(!fits(r"^layers\.1\.q", "model.layers.1.q"));
        assert!(fits(r"layers\.\d+\.(q|v)_proj", "model.layers.12.v_proj"));
        assert!(!fits(r"layers\.\d+\.(q|v)_proj", "model.layers.12.k_proj"));
        assert!(fits(r"q_proj|v_proj", "model.layers.12.v_proj"));
        assert!(fits(r"(1|2)\..*", "layers.1.attn.q"));
        assert!(!fits(r"[12]\..*_a", "layers.3.attn.q_a"));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for key in ["(", "[a", "", "(?!x)a", "a{999999}"] {
            match Pattern::new(key) {
                Ok(pattern) => assert!(key.is_empty() && !pattern.fits("a.b")),
                Err(reason) => assert!(reason.contains(key), "{reason}"),
            }
        }
    }
}
