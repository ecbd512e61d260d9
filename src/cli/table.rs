//! A kinship matrix as text.

use super::plain::plain;

/// Longest name in a table; longer ones lose their middle.
const MOST_NAME: usize = 24;

/// The lines of a square matrix with names on both sides; undefined values are "–".
pub fn matrix(names: &[String], rows: &[Vec<Option<f64>>]) -> Vec<String> {
    matrix_to(names, rows, 6)
}

/// The same with other places behind the point.
pub fn matrix_to(names: &[String], rows: &[Vec<Option<f64>>], places: usize) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|name| short(name)).collect();
    let first = width(&names);
    let cells: Vec<usize> = names.iter().map(|n| n.chars().count().max(8)).collect();
    let line = |start: &str, row: &[String]| {
        let cells = row.iter().zip(&cells);
        let cells = cells.map(|(text, &to)| format!("  {text:>to$}"));
        format!("{start:<first$}{}", cells.collect::<String>())
    };
    let mut out = vec![line("", &names)];
    for (name, row) in names.iter().zip(rows) {
        let row: Vec<String> = row.iter().map(|value| decimals(*value, places)).collect();
        out.push(line(name, &row));
    }
    out
}

/// Six places behind the point, or "–".
pub fn number(value: Option<f64>) -> String {
    decimals(value, 6)
}

pub fn decimals(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.places$}"))
}

/// The characters of the longest.
pub fn width<'a>(names: impl IntoIterator<Item = &'a String>) -> usize {
    let widths = names.into_iter().map(|name| name.chars().count());
    widths.max().unwrap_or(0)
}

/// Escaped before it is measured, so that columns stand under each other.
fn short(name: &str) -> String {
    let name = plain(name);
    let chars: Vec<char> = name.chars().collect();
    if chars.len() <= MOST_NAME {
        return name.into_owned();
    }
    let half = (MOST_NAME - 1) / 2;
    let (head, tail) = (&chars[..half], &chars[chars.len() - half..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_lines_up_whatever_the_names() {
        let names = ["a".to_owned(), "中文模型".to_owned(), "x".repeat(90)];
        let rows = vec![vec![Some(1.0), None, Some(-0.25)]; 3];
        let lines = matrix(&names, &rows);
        let widths: Vec<usize> = lines.iter().map(|l| l.chars().count()).collect();
        let text = lines.join("\n");
        assert_eq!(widths.len(), 4);
        assert!(widths.iter().all(|w| *w == widths[0]), "{text}");
        assert!(text.contains('–') && text.contains("-0.250000") && text.contains('…'));
    }
}
