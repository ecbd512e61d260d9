//! Cells as text: what is typed, pasted from a spreadsheet and copied to one.

use super::columns::Column;
use super::model_table::Rows;
use crate::study::ModelId;

/// Reads a score: with a point or a comma, with or without a percent sign. Nothing, a dash and
/// `n/a` mean that there is none.
///
/// # Errors
/// If it is neither.
pub fn score(text: &str) -> Result<Option<f64>, NotANumber> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let empty = ["", "–", "—", "-", "−", "n/a", "na", "nan"];
    if empty.contains(&text.to_lowercase().as_str()) {
        return Ok(None);
    }
    let one_comma = text.matches(',').count() == 1 && !text.contains('.');
    let plain = text.replace('−', "-");
    let plain = if one_comma {
        plain.replace(',', ".")
    } else {
        plain
    };
    // Words such as `inf` and `infinity` are numbers to the parser, and none to us.
    let digits = plain
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'));
    let value = plain
        .parse::<f64>()
        .ok()
        .filter(|v| v.is_finite() && digits);
    value.map(Some).ok_or(NotANumber)
}

/// A text that is not a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANumber;

/// Where a block goes: columns from the cursor on, and rows from the first selected one down.
pub struct Target<'a> {
    pub columns: &'a [Column],
    pub rows: &'a [(ModelId, &'a str)],
}

pub type Cells = Vec<(ModelId, String, Option<f64>)>;

/// The cells of a pasted block: columns parted by tabs, rows by line ends. An empty cell clears
/// what it lands on, as it does in a spreadsheet; a row that is shorter than the others leaves
/// the rest as it is.
///
/// # Errors
/// A sentence with row and column, if the block does not fit or a text stands where a number
/// must be.
pub fn cells(text: &str, target: &Target<'_>) -> Result<Cells, String> {
    let lines: Vec<&str> = text.trim_end_matches(['\n', '\r']).lines().collect();
    if lines.len() > target.rows.len() {
        return Err(format!(
            "The block has {} rows, and from here down there are {}; start higher up, or add the \
             models first",
            lines.len(),
            target.rows.len()
        ));
    }
    let mut out = Vec::new();
    for (r, (line, (id, name))) in lines.iter().zip(target.rows).enumerate() {
        for (c, cell) in line.split('\t').enumerate() {
            let place = || format!("Row {}, column {} of the block", r + 1, c + 1);
            let Some(column) = target.columns.get(c) else {
                return Err(format!(
                    "{} lies beyond the last column of the table; start further to the left",
                    place()
                ));
            };
            let Some(task) = column.task() else {
                let title = column.title();
                return Err(format!(
                    "{} would fall into {title}, which holds no scores; start further to the left, \
                     or add tasks",
                    place()
                ));
            };
            let value = score(cell).map_err(|NotANumber| {
                let cell = crate::ui::format::elide_middle(cell.trim(), 24);
                format!(
                    "{}, {task} of {name}, is “{cell}”, which is not a number",
                    place()
                )
            })?;
            out.push((*id, task.to_owned(), value));
        }
    }
    Ok(out)
}

/// Whether a text could be a block of scores: every cell of it is a number or empty.
pub fn is_scores(text: &str) -> bool {
    !text.trim().is_empty()
        && text
            .lines()
            .flat_map(|l| l.split('\t'))
            .all(|c| score(c).is_ok())
}

/// Whether a text could be a table with a header: rows of several cells, as spreadsheets and
/// model cards have them.
pub fn is_table(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(head), Some(first)) = (lines.next(), lines.next()) else {
        return false;
    };
    let marks = |mark: char| head.contains(mark) && first.contains(mark);
    marks('\t') || head.trim_start().starts_with('|') && marks('|')
}

/// Rows of the table as text for a spreadsheet, with headers and every digit.
pub fn copied(columns: &[Column], places: &[usize], rows: Rows<'_>) -> String {
    // Tabs and line ends in a name would move everything behind them.
    let clean = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let head: Vec<String> = columns.iter().map(|c| clean(&c.title())).collect();
    let line = |&k: &usize| {
        let cells = columns.iter().map(|c| clean(&rows.value(c, k).plain()));
        cells.collect::<Vec<_>>().join("\t")
    };
    std::iter::once(head.join("\t"))
        .chain(places.iter().map(line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_read_with_point_or_comma() {
        for (text, value) in [
            ("71.25", 71.25),
            (" 71,25 ", 71.25),
            ("71.25 %", 71.25),
            ("−3", -3.0),
            ("1e2", 100.0),
            (".5", 0.5),
        ] {
            assert_eq!(score(text), Ok(Some(value)), "{text}");
        }
        for text in ["", "  ", "–", "-", "n/a", "NaN"] {
            assert_eq!(score(text), Ok(None), "{text}");
        }
        for text in ["abc", "1,234.5", "1,2,3", "inf", "12 3", "1e999", "0x10"] {
            assert_eq!(score(text), Err(NotANumber), "{text}");
        }
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::Task("a".to_owned()),
            Column::Task("b".to_owned()),
            Column::Gain,
        ]
    }

    const ROWS: [(ModelId, &str); 2] = [(ModelId(4), "x"), (ModelId(7), "y")];

    fn pasted(text: &str) -> Result<Cells, String> {
        let target = Target {
            columns: &columns(),
            rows: &ROWS,
        };
        cells(text, &target)
    }

    #[test]
    fn a_block_fills_cells_row_by_row_and_empty_cells_clear() {
        let cell = |id, task: &str, value| (ModelId(id), task.to_owned(), value);
        assert_eq!(
            pasted("1,5\t2\r\n\t4.25\r\n").unwrap(),
            [
                cell(4, "a", Some(1.5)),
                cell(4, "b", Some(2.0)),
                cell(7, "a", None),
                cell(7, "b", Some(4.25)),
            ]
        );
        assert_eq!(pasted("3").unwrap(), [cell(4, "a", Some(3.0))]);
        let short_row = pasted("3\t1\n5").unwrap();
        assert_eq!(short_row.len(), 3);
    }

    #[test]
    fn a_block_that_does_not_fit_says_where() {
        for (text, words) in [
            (
                "1\t2\n3\tgood",
                ["Row 2, column 2", "b of y", "“good”"].as_slice(),
            ),
            ("1\t2\t3", &["column 3", "Gain"]),
            ("1\t2\t3\t4", &["column 3"]),
            ("1\n2\n3", &["3 rows"]),
        ] {
            let error = pasted(text).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn a_table_with_a_header_is_told_from_prose() {
        assert!(is_table("Model\tARC\npine\t70.1"));
        assert!(is_table("\n| Model | ARC |\n|---|---|\n| pine | 70 |"));
        for text in [
            "Model\tARC",
            "a | b\nc | d",
            "one line, and\nanother, of prose",
            "",
        ] {
            assert!(!is_table(text), "{text}");
        }
    }

    #[test]
    fn prose_is_no_block() {
        assert!(is_scores("71.2\t3\n4"));
        assert!(!is_scores("the base\nof it all"));
        assert!(!is_scores("\n"));
    }
}
