//! Cells as people write them: `**71,25 %**`, `−0.3*`, `1 234`, `n/a`.

/// How numbers of a table are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
    /// `71.25`, and `1,234` for thousands.
    #[default]
    Point,
    /// `71,25`, and `1.234` for thousands.
    Comma,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// Nothing, in one of the ways to say so.
    Missing,
    Number {
        value: f64,
        /// What stands behind `±`.
        stderr: Option<f64>,
        /// Whether a percent sign stood behind it.
        is_percent: bool,
    },
    Text,
}

/// A cell without what only dresses it: bold, links, daggers and stars behind it.
pub fn undressed(cell: &str) -> String {
    let text = without_link(cell.trim());
    let text = text.replace("**", "").replace(['`', '\u{feff}'], "");
    let dress = |c: char| c.is_whitespace() || matches!(c, '*' | '†' | '‡' | '★' | '⭐' | '📑');
    text.trim_start().trim_end_matches(dress).to_owned()
}

/// The words of a Markdown link or of the first HTML link, which leaderboards are full of.
fn without_link(cell: &str) -> String {
    if let Some((before, rest)) = cell.split_once("<a ")
        && let Some((_, words)) = rest.split_once('>')
        && let Some((words, _)) = words.split_once("</a>")
    {
        return format!("{before}{words}").trim().to_owned();
    }
    if let Some((before, rest)) = cell.split_once('[')
        && let Some((words, rest)) = rest.split_once("](")
        && let Some((_, after)) = rest.split_once(')')
    {
        return format!("{before}{words}{after}").trim().to_owned();
    }
    cell.to_owned()
}

pub fn is_missing(text: &str) -> bool {
    let text = text.trim();
    const WORDS: [&str; 7] = ["na", "n/a", "n.a.", "nan", "null", "none", "#n/a"];
    matches!(text, "" | "-" | "–" | "—" | "−" | "--")
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

pub fn read(text: &str, decimal: Decimal) -> Cell {
    if is_missing(text) {
        return Cell::Missing;
    }
    let (value, stderr) = match text.split_once('±').or_else(|| text.split_once("+/-")) {
        Some((value, stderr)) => (value, Some(stderr)),
        None => (text, None),
    };
    let (value, is_percent) = match value.trim().strip_suffix('%') {
        Some(value) => (value, true),
        None => (value, false),
    };
    let stderr = stderr.map(|s| number(s.trim().trim_end_matches('%'), decimal));
    match (number(value, decimal), stderr) {
        (Some(_), Some(None)) | (None, _) => Cell::Text,
        (Some(value), stderr) => Cell::Number {
            value,
            stderr: stderr.flatten(),
            is_percent,
        },
    }
}

/// A finite number, with thin spaces and a true minus if need be.
fn number(text: &str, decimal: Decimal) -> Option<f64> {
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\u{2009}' | '\u{202f}' | '\u{a0}' | '\''))
        .map(|c| if c == '−' || c == '–' { '-' } else { c })
        .collect();
    let (point, thousands) = match decimal {
        Decimal::Point => ('.', ','),
        Decimal::Comma => (',', '.'),
    };
    let (whole, fraction) = match text.split_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text.as_str(), None),
    };
    let whole = without_thousands(whole, thousands)?;
    let text = match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    };
    // Words such as "inf" and "nan" are numbers to the parser, not to us.
    let digits = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.contains(|c: char| c.is_ascii_digit());
    let value = text.parse().ok().filter(|v: &f64| v.is_finite());
    value.filter(|_| digits)
}

/// `1,234,567` as `1234567`; `None` if the groups are not of three.
fn without_thousands(whole: &str, mark: char) -> Option<String> {
    let mut groups = whole.split(mark);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let of_three = |g: &&str| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit());
    let leads = (1..=3).contains(&first.trim_start_matches(['-', '+']).len());
    (rest.is_empty() || (leads && rest.iter().all(of_three)))
        .then(|| format!("{first}{}", rest.concat()))
}

/// How the numbers among these cells are written; `comma_is_free` if commas do not part cells.
pub fn guess_decimal<'a>(cells: impl Iterator<Item = &'a str>, comma_is_free: bool) -> Decimal {
    let (mut with_comma, mut with_three, mut with_point) = (false, false, false);
    for cell in cells {
        let text = undressed(cell);
        let text = text.trim_end_matches('%').trim();
        let text = text.trim_start_matches(['-', '−', '+']);
        if let Some((whole, fraction)) = parts(text, ',') {
            let is_group = fraction.len() == 3 && whole != "0";
            with_comma |= !is_group;
            with_three |= is_group;
        }
        with_point |= parts(text, '.').is_some();
    }
    if !with_point && (with_comma || (with_three && comma_is_free)) {
        Decimal::Comma
    } else {
        Decimal::Point
    }
}

/// Digits on both sides of one mark.
fn parts(text: &str, mark: char) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once(mark)?;
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (digits(whole) && digits(fraction)).then_some((whole, fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, decimal: Decimal) -> Option<f64> {
        match read(&undressed(text), decimal) {
            Cell::Number { value, .. } => Some(value),
            _ => None,
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, expected) in [
            ("71.25", 71.25),
            (" **71.25** ", 71.25),
            ("71.25*", 71.25),
            ("−0.5", -0.5),
            ("+0.5", 0.5),
            (".5", 0.5),
            ("12.3 %", 12.3),
            ("1,319", 1319.0),
            ("1\u{2009}319", 1319.0),
            ("14,042,000.5", 14_042_000.5),
            ("1e-3", 0.001),
        ] {
            assert_eq!(value(text, Decimal::Point), Some(expected), "{text}");
        }
        for (text, expected) in [("71,25", 71.25), ("1.319,5", 1319.5), ("-0,1", -0.1)] {
            assert_eq!(value(text, Decimal::Comma), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "inf",
            "nanometre",
            "7B",
            "1,23",
            "1.2.3",
            "0x10",
            "e5",
            "-",
            "12,3456",
            "++1",
        ] {
            assert_eq!(value(text, Decimal::Point), None, "{text}");
        }
    }

    #[test]
    fn missing_is_missing_in_every_spelling() {
        for text in [
            "", " ", "-", "–", "—", "NA", "n/a", "NaN", "null", "None", "#N/A",
        ] {
            assert_eq!(
                read(&undressed(text), Decimal::Point),
                Cell::Missing,
                "{text}"
            );
        }
    }

    #[test]
    fn a_standard_error_stands_behind_its_sign() {
        let cell = read("70.1 ± 0.42", Decimal::Point);
        let expected = Cell::Number {
            value: 70.1,
            stderr: Some(0.42),
            is_percent: false,
        };
        assert_eq!(cell, expected);
        assert_eq!(read("70.1 ± little", Decimal::Point), Cell::Text);
    }

    #[test]
    fn links_leave_their_words() {
        let anchor = r#"<a target="_blank" href="https://x/org/m">org/m</a>  <a href="y">📑</a>"#;
        assert_eq!(undressed(anchor), "org/m");
        assert_eq!(undressed("[org/m](https://x/org/m)"), "org/m");
        assert_eq!(undressed("a [b"), "a [b");
        assert_eq!(undressed("**best**†"), "best");
    }

    #[test]
    fn the_decimal_mark_is_guessed_from_all_cells() {
        let guess = |cells: &[&str], free| guess_decimal(cells.iter().copied(), free);
        assert_eq!(guess(&["71,25", "m"], true), Decimal::Comma);
        assert_eq!(guess(&["0,123"], false), Decimal::Comma);
        assert_eq!(guess(&["1,319"], false), Decimal::Point);
        assert_eq!(guess(&["1,319"], true), Decimal::Comma);
        assert_eq!(guess(&["1,319", "71.2"], true), Decimal::Point);
        assert_eq!(guess(&[], true), Decimal::Point);
    }
}
