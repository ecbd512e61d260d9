//! Text of strangers for a terminal: what would move its cursor, change its colours or turn its
//! lines round is shown as an escape.
//!
//! Names of tensors, files and models come from files that anybody may have written. The question
//! about a command shows more than this, also what cannot be seen: `approval::visible`.

use std::borrow::Cow;

/// `text` as one line that a terminal prints as it stands.
pub fn plain(text: &str) -> Cow<'_, str> {
    replaced(text, is_active, |c| c.escape_default().collect())
}

/// JSON with the same characters as `\u` escapes, which stand for the same values. Line breaks
/// between values stay.
pub fn plain_json(text: &str) -> Cow<'_, str> {
    let is_replaced = |c| c != '\n' && is_active(c);
    replaced(text, is_replaced, |c| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    })
}

fn replaced(
    text: &str,
    is_replaced: impl Fn(char) -> bool,
    escape: impl Fn(char) -> String,
) -> Cow<'_, str> {
    if !text.chars().any(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_replaced(c) {
            out.push_str(&escape(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal does something else with a character than show it: control characters of
/// both sets, marks and overrides of the direction (Unicode UAX 9), separators of lines.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(plain("gnp.\u{202e}exe"), "gnp.\\u{202e}exe");
        assert_eq!(plain("a\nkinfolk: all is well"), "a\\nkinfolk: all is well");
        assert_eq!(plain("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        let usual = "模型 – naïve · “é” 👩‍🔬";
        assert!(matches!(plain(usual), Cow::Borrowed(same) if same == usual));
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}\n\u{1b}\u{7f}"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = plain_json(&text);
        assert!(shown.is_ascii() && shown.contains('\n'), "{shown}");
        let back: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(back, value);
    }
}
