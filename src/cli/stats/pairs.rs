//! Two columns of a table as pairs of numbers, for `kinfolk stats`.
//!
//! The separator is the one of tab, semicolon and comma that the header has most of. A cell is
//! a number, or it says that there is none: empty, or one of [`MISSING`]. Anything else is an
//! error with its line and column, as a number that was dropped in silence would change the
//! result.

use csv::StringRecord;

use crate::merge::problem::nearest;

/// What stands where there is no number, in lower case.
const MISSING: [&str; 12] = [
    "", "-", "–", "—", "−", "?", "na", "n/a", "#n/a", "nan", "null", "none",
];

/// Which cells of a table are wanted.
pub struct ColumnSpec<'a> {
    pub x: &'a str,
    pub y: &'a str,
    /// Columns and the text that they must have in a row that counts.
    pub conditions: &'a [(String, String)],
}

/// The two numbers of a row; `None` where the table says that there is none.
pub type Pair = (Option<f64>, Option<f64>);

/// The pairs of the rows that meet all conditions, in the order of the table.
///
/// # Errors
/// A sentence that says where: a column that is not there or there twice, a row of another
/// length, a cell that is not a number, no row that counts.
pub fn read(text: &str, wanted: &ColumnSpec<'_>) -> Result<Vec<Pair>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let (x, y) = (column(&header, wanted.x)?, column(&header, wanted.y)?);
    let conditions = wanted
        .conditions
        .iter()
        .map(|(name, value)| Ok((column(&header, name)?, value.trim())))
        .collect::<Result<Vec<_>, String>>()?;
    let mut out = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let row = Row::new(text, &header, &record)?;
        if conditions.iter().all(|&(k, value)| &record[k] == value) {
            out.push((row.number(x)?, row.number(y)?));
        }
    }
    if out.is_empty() {
        return Err(nothing(wanted));
    }
    Ok(out)
}

fn nothing(wanted: &ColumnSpec<'_>) -> String {
    if wanted.conditions.is_empty() {
        return "the table has no rows below its header".to_owned();
    }
    format!("no row has {}", conditions(wanted.conditions))
}

/// Conditions as people write them: `path = 1, stage = improving`.
pub fn conditions(conditions: &[(String, String)]) -> String {
    let each = conditions
        .iter()
        .map(|(name, value)| format!("{name} = {value}"));
    each.collect::<Vec<_>>().join(", ")
}

/// Tab, semicolon or comma: what the first line has most of outside quotes.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let unquoted = first.unwrap_or_default().split('"').step_by(2);
    let unquoted: String = unquoted.collect();
    let count = |byte: u8| unquoted.bytes().filter(|&b| b == byte).count();
    // The last of equals wins.
    *b"\t;,".iter().max_by_key(|&&b| count(b)).unwrap_or(&b',')
}

fn column(header: &StringRecord, name: &str) -> Result<usize, String> {
    let name = name.trim();
    let mut found = header.iter().enumerate().filter(|(_, n)| *n == name);
    match (found.next(), found.next()) {
        (Some((k, _)), None) => Ok(k),
        (Some(_), Some(_)) => Err(format!("two columns are called `{name}`; rename one")),
        (None, _) => Err(no_column(header, name)),
    }
}

fn no_column(header: &StringRecord, name: &str) -> String {
    let hint = match nearest(name, header.iter()) {
        Some(nearest) => format!("the nearest is `{nearest}`"),
        None => {
            let names: Vec<String> = header.iter().map(|n| format!("`{n}`")).collect();
            format!("there are {}", names.join(", "))
        }
    };
    format!("there is no column `{name}`; {hint}")
}

/// A row below the header, as long as it.
struct Row<'a> {
    text: &'a str,
    header: &'a StringRecord,
    cells: &'a StringRecord,
}

impl<'a> Row<'a> {
    fn new(
        text: &'a str,
        header: &'a StringRecord,
        cells: &'a StringRecord,
    ) -> Result<Self, String> {
        let row = Self {
            text,
            header,
            cells,
        };
        if cells.len() != header.len() {
            return Err(format!(
                "line {} has {} cells, and the header {}",
                row.line(),
                cells.len(),
                header.len()
            ));
        }
        Ok(row)
    }

    fn number(&self, column: usize) -> Result<Option<f64>, String> {
        let cell = &self.cells[column];
        if MISSING.contains(&cell.to_lowercase().as_str()) {
            return Ok(None);
        }
        let value: Option<f64> = cell.replace('−', "-").parse().ok();
        value.filter(|v| v.is_finite()).map(Some).ok_or_else(|| {
            format!(
                "line {}, column {} ({}): `{cell}` is not a number; leave the cell empty if there \
                 is none",
                self.line(),
                column + 1,
                &self.header[column]
            )
        })
    }

    /// The line on which the row begins, from 1. The reader's own count is off after blank lines
    /// and Windows line ends, which it skips only when it reads on.
    fn line(&self) -> usize {
        let start = self.cells.position().map_or(0, |p| p.byte() as usize);
        let bytes = self.text.as_bytes();
        let skipped = bytes[start..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'));
        let start = start + skipped.count();
        1 + bytes[..start].iter().filter(|&&b| b == b'\n').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xy(text: &str) -> Result<Vec<Pair>, String> {
        let wanted = ColumnSpec {
            x: "x",
            y: "y",
            conditions: &[],
        };
        read(text, &wanted)
    }

    #[test]
    fn the_separator_is_found_by_content() {
        let expected = vec![(Some(1.0), Some(-2.5)), (Some(3e2), Some(4.0))];
        for text in [
            "x,y,name\n1,-2.5,a\n3e2,4,b\n",
            "\u{feff}x\ty\tname, with comma\r\n1\t−2.5\ta\r\n3e2\t+4\tb\r\n",
            "name;x;y\n\"a;b,c\";1;-2.5\n\n b ; 300 ;4",
            "\"a,b,c\";y;x\n1;-2.5;1\n2;4;300\n",
        ] {
            assert_eq!(xy(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn what_says_that_there_is_no_number_is_missing() {
        let cells = [
            "", " ", "-", "–", "NA", "N/A", "null", "NaN", "None", "\"\"",
        ];
        for cell in cells {
            let found = xy(&format!("x,y\n{cell},1\n"));
            assert_eq!(found, Ok(vec![(None, Some(1.0))]), "{cell}");
        }
    }

    #[test]
    fn a_cell_that_is_not_a_number_has_line_and_column() {
        for (text, place) in [
            ("x,y\n1,2\n3,four\n", "line 3, column 2 (y): `four`"),
            ("x,y\r\n1,2\r\n\r\ninf,4\r\n", "line 4, column 1 (x): `inf`"),
            ("x;y\n\"0,82\";1\n", "line 2, column 1 (x): `0,82`"),
            (
                "n,x,y\n\"a\nb\",1,2\nc,1e999,2\n",
                "line 4, column 2 (x): `1e999`",
            ),
            ("\n\nx,y\n5 %,1", "line 4, column 1 (x): `5 %`"),
        ] {
            let error = xy(text).unwrap_err();
            assert!(error.starts_with(place), "{error}");
        }
    }

    #[test]
    fn a_table_of_another_shape_is_refused() {
        assert_eq!(
            xy("x,y\n1,2\n3\n").unwrap_err(),
            "line 3 has 1 cells, and the header 2"
        );
        assert_eq!(
            xy("x,y\n").unwrap_err(),
            "the table has no rows below its header"
        );
        assert_eq!(
            xy("x,y,x\n1,2,3\n").unwrap_err(),
            "two columns are called `x`; rename one"
        );
        assert!(xy("").unwrap_err().contains("no column `x`"));
    }

    #[test]
    fn misspelt_columns_find_theirs() {
        let wanted = |x| ColumnSpec {
            x,
            y: "merge_gain",
            conditions: &[],
        };
        let text = "pearson,merge_gain\n1,2\n";
        let error = read(text, &wanted("Pearson")).unwrap_err();
        assert_eq!(
            error,
            "there is no column `Pearson`; the nearest is `pearson`"
        );
        let error = read(text, &wanted("distance")).unwrap_err();
        assert_eq!(
            error,
            "there is no column `distance`; there are `pearson`, `merge_gain`"
        );
    }

    #[test]
    fn only_rows_that_meet_all_conditions_count() {
        let text = "x,y,path,stage\n1,2,1,a\nbad,4,2,a\n5,6,1,b\n";
        let with = |pairs: &[(&str, &str)]| {
            let conditions: Vec<(String, String)> = pairs
                .iter()
                .map(|(c, v)| ((*c).to_owned(), (*v).to_owned()))
                .collect();
            let wanted = ColumnSpec {
                x: "x",
                y: "y",
                conditions: &conditions,
            };
            read(text, &wanted)
        };
        assert_eq!(with(&[("path", "1")]).unwrap().len(), 2);
        let both = with(&[("path", "1"), ("stage", "b")]);
        assert_eq!(both.unwrap(), [(Some(5.0), Some(6.0))]);
        assert_eq!(with(&[("path", "3")]).unwrap_err(), "no row has path = 3");
        assert!(with(&[("paht", "3")]).unwrap_err().contains("`path`"));
    }
}
