//! A table as text: separated by commas, tabs or semicolons, or in Markdown.
//!
//! The cells are what the `csv` crate makes of the text. It forgives a quote that is never
//! closed and takes the rest of the file for one cell; here that is an error with its place.

use std::collections::BTreeMap;

use super::number::{self, Decimal};
use super::text::line_and_column;
use super::{ImportError, MOST_ERRORS};

/// What parts the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// `a,b`
    Comma,
    /// `a⇥b`, as spreadsheets copy.
    Tab,
    /// `a;b`, where the comma is the decimal mark.
    Semicolon,
    /// `| a | b |`
    Markdown,
}

impl Delimiter {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Comma => "separated by commas",
            Self::Tab => "separated by tabs",
            Self::Semicolon => "separated by semicolons",
            Self::Markdown => "a Markdown table",
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Markdown => b'|',
        }
    }
}

/// A table as it was found, without any meaning yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Names of the columns; no two are equal, but several may be empty.
    pub header: Vec<String>,
    /// The line of the header, from 1.
    pub header_line: usize,
    /// The rows below it, each as long as the header.
    pub rows: Vec<TableRow>,
    pub delimiter: Delimiter,
    /// How its numbers are written.
    pub decimal: Decimal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The line it begins on, from 1.
    pub line: usize,
    /// Its cells, without what dresses them (bold, links, stars).
    pub cells: Vec<String>,
}

impl Table {
    /// Reads a table, whose first line names the columns.
    ///
    /// # Errors
    /// All that is wrong, up to [`MOST_ERRORS`]: no header, no rows, rows of another length, a
    /// quote that is not closed, two columns of one name.
    pub fn parse(text: &str) -> Result<Self, Vec<ImportError>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let delimiter = guess_delimiter(text);
        let mut rows = match delimiter {
            Delimiter::Markdown => markdown_rows(text),
            _ => separated_rows(text, delimiter).map_err(|error| vec![error])?,
        };
        rows.retain(|row| row.cells.iter().any(|cell| !cell.is_empty()));
        if rows.is_empty() {
            let message = "There is no table here; the first line must name the columns";
            return Err(vec![ImportError::whole(message)]);
        }
        let header = rows.remove(0);
        let mut errors = header_errors(&header);
        let width = width_of(&header, &rows);
        errors.extend(length_errors(&mut rows, width));
        if rows.is_empty() {
            let message = "The table has a header and no rows below it";
            errors.push(ImportError::at(header.line, 0, message));
        }
        errors.truncate(MOST_ERRORS);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut names = header.cells;
        names.resize(width, String::new());
        let cells = rows.iter().flat_map(|row| &row.cells).map(String::as_str);
        let decimal = number::guess_decimal(cells, delimiter != Delimiter::Comma);
        Ok(Self {
            header: names,
            header_line: header.line,
            rows,
            delimiter,
            decimal,
        })
    }

    pub fn column(&self, column: usize) -> impl Iterator<Item = &str> {
        let cells = self
            .rows
            .iter()
            .filter_map(move |row| row.cells.get(column));
        cells.map(String::as_str)
    }

    /// The name of a column for sentences; those without one go by their number.
    pub fn column_name(&self, column: usize) -> String {
        match self.header.get(column).map(String::as_str) {
            None | Some("") => format!("Column {}", column + 1),
            Some(name) => name.to_owned(),
        }
    }
}

/// Lines that decide about the delimiter.
const LOOKED_AT: usize = 20;

/// What parts the first lines into equally many cells, and into most.
fn guess_delimiter(text: &str) -> Delimiter {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(LOOKED_AT)
        .collect();
    let Some(first) = lines.first() else {
        return Delimiter::Comma;
    };
    if markdown_header(text).is_some() || first.trim_start().starts_with('|') {
        return Delimiter::Markdown;
    }
    let strength = |delimiter: Delimiter| {
        let own = count(first, delimiter);
        let alike = lines.iter().filter(|l| count(l, delimiter) == own).count();
        (own > 0, alike, own)
    };
    // The later of two equals wins, so the comma stands last.
    [Delimiter::Semicolon, Delimiter::Tab, Delimiter::Comma]
        .into_iter()
        .max_by_key(|&delimiter| strength(delimiter))
        .unwrap_or(Delimiter::Comma)
}

/// How often a delimiter stands outside quotes.
fn count(line: &str, delimiter: Delimiter) -> usize {
    let mut in_quotes = false;
    let parts = |&b: &u8| {
        in_quotes ^= b == b'"';
        !in_quotes && b == delimiter.byte()
    };
    line.as_bytes().iter().copied().filter(parts).count()
}

/// The line under the header of a Markdown table.
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.contains('|') && line.chars().all(|c| " \t|:-".contains(c))
}

/// The line, from 0, of the first header that has a rule under it.
fn markdown_header(text: &str) -> Option<usize> {
    let mut before = "";
    for (k, line) in text.lines().enumerate() {
        if is_rule(line) && before.contains('|') {
            return Some(k - 1);
        }
        before = line;
    }
    None
}

/// The first table of the text; what stands around it, as in a model card, is not part of it.
fn markdown_rows(text: &str) -> Vec<TableRow> {
    let first = || text.lines().position(|line| line.contains('|'));
    let from = markdown_header(text).or_else(first).unwrap_or(0);
    let lines = text.lines().enumerate().skip(from);
    let of_table = lines.take_while(|(_, line)| line.contains('|'));
    of_table
        .filter(|(_, line)| !is_rule(line))
        .map(|(k, line)| TableRow {
            line: k + 1,
            cells: markdown_cells(line),
        })
        .collect()
}

/// The cells between the bars; a bar after a backslash belongs to its cell.
fn markdown_cells(line: &str) -> Vec<String> {
    let line = line.trim();
    // Without a bar in front, one at the end has an empty cell behind it.
    let line = match line.strip_prefix('|') {
        Some(inner) => match inner.strip_suffix('|') {
            Some(cells) if !cells.ends_with('\\') => cells,
            _ => inner,
        },
        None => line,
    };
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        match (c, cells.last_mut()) {
            ('|', _) if !escaped => cells.push(String::new()),
            ('|', Some(cell)) => {
                cell.pop();
                cell.push('|');
            }
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
        escaped = c == '\\';
    }
    cells.iter().map(|cell| number::undressed(cell)).collect()
}

fn separated_rows(text: &str, delimiter: Delimiter) -> Result<Vec<TableRow>, ImportError> {
    check_quotes(text, delimiter)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let (mut line, mut counted_to) = (1, 0);
    for record in reader.records() {
        let record = record.map_err(|error| ImportError::whole(error.to_string()))?;
        // The reader's own line is that of the end of the line before, or of an empty one.
        let at = record.position().map_or(0, |p| p.byte() as usize);
        let rest = text.get(at..).unwrap_or_default();
        let at = at + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let passed = text.get(counted_to..at).unwrap_or_default();
        line += passed.bytes().filter(|&b| b == b'\n').count();
        counted_to = at.max(counted_to);
        rows.push(TableRow {
            line,
            cells: record.iter().map(number::undressed).collect(),
        });
    }
    Ok(rows)
}

/// Where the scan of quotes is.
#[derive(Clone, Copy, PartialEq)]
enum Quote {
    /// At the start of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// Behind an opening quote, which stood here.
    Inside(usize),
    /// Behind a quote that closes, or is the first of two.
    Closed(usize),
}

/// Quotes must be closed, and nothing may follow the one that closes.
fn check_quotes(text: &str, delimiter: Delimiter) -> Result<(), ImportError> {
    let mut state = Quote::Start;
    let error = |byte, message: &str| {
        let (line, column) = line_and_column(text, byte);
        let sentence = format!("{message} (character {column} of the line)");
        ImportError::at(line, 0, sentence)
    };
    for (at, b) in text.bytes().enumerate() {
        let ends = b == delimiter.byte() || b == b'\n' || b == b'\r';
        state = match state {
            Quote::Start if b == b'"' => Quote::Inside(at),
            Quote::Inside(from) if b == b'"' => Quote::Closed(from),
            Quote::Inside(from) => Quote::Inside(from),
            Quote::Closed(from) if b == b'"' => Quote::Inside(from),
            _ if ends => Quote::Start,
            Quote::Closed(from) => {
                let message = "A quoted cell begins here, and more text follows its last quote; \
                               double the quotes inside it";
                return Err(error(from, message));
            }
            Quote::Start | Quote::Plain => Quote::Plain,
        };
    }
    match state {
        Quote::Inside(from) => Err(error(
            from,
            "A quote is opened here and never closed; close it or remove it",
        )),
        _ => Ok(()),
    }
}

fn header_errors(header: &TableRow) -> Vec<ImportError> {
    let named: Vec<(usize, &String)> = header
        .cells
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let is_number = |name: &str| {
        matches!(
            number::read(name, Decimal::Point),
            number::Cell::Number { .. }
        )
    };
    let numbers = named.iter().filter(|(_, name)| is_number(name)).count();
    if 2 * numbers > named.len() || (numbers > 0 && 2 * numbers >= named.len()) {
        let message = "The first line holds values; put a line with the names of the columns \
                       above it";
        return vec![ImportError::at(header.line, 0, message)];
    }
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut errors = Vec::new();
    for (column, name) in named {
        if let Some(earlier) = first.get(name.as_str()) {
            let message = format!(
                "Columns {} and {} are both called \u{201c}{name}\u{201d}; rename one of them",
                earlier + 1,
                column + 1
            );
            errors.push(ImportError::at(header.line, column + 1, message));
        } else {
            first.insert(name, column);
        }
    }
    errors
}

/// Columns up to the last that has a name or a value: spreadsheets add empty ones.
fn width_of(header: &TableRow, rows: &[TableRow]) -> usize {
    let named = header.cells.iter().rposition(|name| !name.is_empty());
    let named = named.map_or(0, |last| last + 1);
    let whole = header.cells.len();
    let is_used = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.cells.get(column));
        cells.any(|cell| !cell.is_empty())
    };
    let used = (named..whole).rev().find(|&column| is_used(column));
    used.map_or(named, |last| last + 1)
}

fn length_errors(rows: &mut [TableRow], width: usize) -> Vec<ImportError> {
    let mut errors = Vec::new();
    for row in rows {
        while row.cells.len() > width && row.cells.last().is_some_and(String::is_empty) {
            row.cells.pop();
        }
        let found = row.cells.len();
        if found != width {
            let column = found.min(width) + 1;
            let message = format!(
                "This row has {found} cells and the header has {width}; add what is missing or \
                 quote a cell that holds the separator"
            );
            errors.push(ImportError::at(row.line, column, message));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let table = Table::parse(text).unwrap();
        let rows = table.rows.into_iter().map(|row| row.cells);
        std::iter::once(table.header).chain(rows).collect()
    }

    fn error(text: &str) -> ImportError {
        Table::parse(text).unwrap_err().remove(0)
    }

    #[test]
    fn every_delimiter_gives_the_same_table() {
        let expected = [["model", "avg"], ["a b", "1"], ["c", ""]];
        for text in [
            "model,avg\na b,1\nc,\n",
            "model\tavg\r\na b\t1\r\nc\t\r\n",
            "\u{feff}model;avg\n\"a b\";1\nc;",
            "| model | avg |\n|:--|--:|\n| **a b** | 1* |\n| c | |",
            "model | avg\n--- | ---\na b | 1\nc | ",
            "Some words before.\n\n| model | avg |\n|---|---|\n| a b | 1 |\n| c |  |\n\nAfter.",
        ] {
            assert_eq!(cells(text), expected, "{text}");
        }
    }

    #[test]
    fn a_semicolon_table_keeps_its_decimal_commas() {
        let table = Table::parse("model;avg;arc\na;71,2;65,1\nb;70,9;66,0").unwrap();
        assert_eq!(table.delimiter, Delimiter::Semicolon);
        assert_eq!(table.decimal, Decimal::Comma);
        assert_eq!(table.rows[1].cells, ["b", "70,9", "66,0"]);
    }

    #[test]
    fn lines_are_those_of_the_file() {
        for newline in ["\n", "\r\n"] {
            let text = ["model,note", "", "a,\"two", "lines\"", "b,x", "", "c,y"].join(newline);
            let table = Table::parse(&text).unwrap();
            let lines: Vec<usize> = table.rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [3, 5, 7], "{newline:?}");
            assert_eq!(table.header_line, 1);
        }
    }

    #[test]
    fn quotes_keep_delimiters_and_quotes() {
        let text = "model,note\n\"a,b\",\"he said \"\"no\"\"\"\n";
        assert_eq!(cells(text)[1], ["a,b", "he said \"no\""]);
    }

    #[test]
    fn a_row_of_another_length_is_an_error_with_its_line() {
        let found = error("a,b,c\n1x,2,3\n4x,5\n6x,7,8,9");
        assert_eq!((found.line, found.column), (3, 3));
        let all = Table::parse("a,b,c\n1x,2,3\n4x,5\n6x,7,8,9").unwrap_err();
        assert_eq!((all[1].line, all[1].column), (4, 4));
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn empty_columns_and_rows_of_spreadsheets_do_no_harm() {
        let text = "model,avg,,\na,1,,\n,,,\nb,2,,\n\n";
        assert_eq!(cells(text), [["model", "avg"], ["a", "1"], ["b", "2"]]);
        let index = Table::parse(",model\n0,a\n1,b").unwrap();
        assert_eq!(index.column_name(0), "Column 1");
    }

    #[test]
    fn a_quote_that_is_not_closed_is_an_error_at_its_opening() {
        let found = error("model,note\na,\"begins\nb,x\n");
        assert_eq!(found.line, 2);
        assert!(found.message.contains("never closed"), "{found}");
        assert!(found.message.contains("character 3 "), "{found}");
        let found = error("model,note\na,\"b\" c\n");
        assert!(found.message.contains("follows its last quote"), "{found}");
    }

    #[test]
    fn a_table_needs_a_header_and_rows_and_different_names() {
        assert!(error("").message.contains("no table"));
        assert!(error("\n\n").message.contains("no table"));
        assert!(error("model,avg\n").message.contains("no rows"));
        let found = error("71.2,3.4\n70.1,2.2\n");
        assert!(found.message.contains("first line holds values"), "{found}");
        let found = error("mistral,70.1\nzephyr,2.2\n");
        assert!(found.message.contains("first line holds values"), "{found}");
        let found = error("model,avg,avg\na,1,2\n");
        assert_eq!((found.line, found.column), (1, 3));
        assert!(found.message.contains("both called"), "{found}");
    }
}
