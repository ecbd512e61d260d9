//! What is asked for.

use regex::Regex;

/// How an adapter is extracted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Largest rank of a module; `None` for no bound but the module's own.
    pub max_rank: Option<usize>,
    /// The share of ‖Δ‖² that each module keeps at least, 0–1, where the largest rank allows it;
    /// `None` for the largest rank.
    pub energy: Option<f64>,
    /// Singular values up to this are left out, 0 for none; in the units of the weights.
    pub epsilon: f64,
    /// Whether σ is shared evenly between the two factors; else A has all of it.
    pub distribute: bool,
    /// Whether embeddings and the head become factors too.
    pub embed_lora: bool,
    /// Whether the scale is α/√r, as rank-stabilised LoRA has it.
    pub rslora: bool,
    /// Whether what is no matrix is left out instead of saved whole.
    pub skip_undecomposable: bool,
    /// Modules that are saved whole: names, or what names end in.
    pub save_modules: Vec<String>,
    /// Of the modules but embedding and head, only those that one of these matches; all, if there
    /// is none.
    pub include: Patterns,
    /// Modules that are left out.
    pub exclude: Patterns,
}

/// mergekit's own value.
pub const MAX_RANK: usize = 128;

impl Default for Wish {
    fn default() -> Self {
        Self {
            max_rank: Some(MAX_RANK),
            energy: None,
            epsilon: 0.0,
            distribute: true,
            embed_lora: false,
            rslora: false,
            skip_undecomposable: false,
            save_modules: Vec::new(),
            include: Patterns::default(),
            exclude: Patterns::default(),
        }
    }
}

/// Regular expressions that are looked for anywhere in the name of a module.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<Regex>);

impl Patterns {
    /// Reads them.
    ///
    /// # Errors
    /// A sentence for the first that is none.
    pub fn new<T: AsRef<str>>(texts: &[T]) -> Result<Self, String> {
        let read = |text: &T| {
            let text = text.as_ref();
            Regex::new(text).map_err(|_| format!("`{text}` is not a regular expression"))
        };
        texts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(name))
    }
}

/// Reads a share: `95%` or `0.95`.
///
/// # Errors
/// A sentence with an example.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), 100.0),
        None => (text, 1.0),
    };
    let share = number.parse::<f64>().ok().map(|number| number / unit);
    let share = share.filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| format!("`{text}` is no share; write it as 95% or 0.95"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_percent_or_fraction() {
        assert_eq!(parse_share("95%"), Ok(0.95));
        assert_eq!(parse_share(" 0.5 "), Ok(0.5));
        assert_eq!(parse_share("100 %"), Ok(1.0));
        for wrong in ["95", "0", "-1%", "nan", "", "%"] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
