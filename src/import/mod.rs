//! Tables and result files of others: text in, plain data out.
//!
//! A text becomes a [`Table`] or [`Results`]; a [`Mapping`] or a list of [`Choice`]s says what
//! of it is meant; [`apply`] or [`harness::take`] makes a [`Ready`] import of it, or says
//! everything that is wrong, with line and column. [`Preview`] tells what an import will do.
//! No file is touched here, and nothing of a study is changed.

mod text;

mod number;
mod table;

mod mapping;
mod meaning;
mod words;

mod apply;
mod gather;
mod names;

mod preview;
mod tasks;

pub mod harness;

use std::fmt;

use crate::study::Import;

pub use apply::apply;
pub use harness::{Choice, Results};
pub use mapping::{Mapping, Scale, guess};
pub use meaning::Meaning;
pub use preview::{ModelPreview, Overwrite, Preview};
pub use table::{Delimiter, Table, TableRow};
pub use tasks::{NewTask, SameTasks, free_tasks, settle};
pub use text::text_of;

/// The most errors that are told at once.
pub const MOST_ERRORS: usize = 50;

#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The file's or folder's name, or what stands for it.
    pub name: String,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Table(Table),
    Harness(Results),
    Broken(Vec<ImportError>),
}

impl Source {
    /// Reads a text: JSON if it begins like JSON, else a table.
    pub fn from_text(name: &str, text: &str) -> Self {
        let content = if is_json(text) {
            match harness::read(name, text) {
                Ok(runs) => Content::Harness(Results::merged(runs)),
                Err(error) => Content::Broken(vec![error]),
            }
        } else {
            match Table::parse(text) {
                Ok(table) => Content::Table(table),
                Err(errors) => Content::Broken(errors),
            }
        };
        Self {
            name: name.to_owned(),
            content,
        }
    }

    /// Reads the bytes of a file; see [`Self::from_text`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Self {
        match text_of(bytes) {
            Ok(text) => Self::from_text(name, &text),
            Err(error) => Self {
                name: name.to_owned(),
                content: Content::Broken(vec![error]),
            },
        }
    }
}

/// Whether a text wants to be JSON: it begins with a brace, or with a bracket and what may
/// follow it.
pub fn is_json(text: &str) -> bool {
    let mut chars = text.chars().filter(|c| !c.is_whitespace());
    match chars.next() {
        Some('{') => true,
        Some('[') => matches!(chars.next(), Some('{' | '[' | ']')),
        _ => false,
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportError {
    /// The line, from 1; 0 where the whole is meant.
    pub line: usize,
    /// The column of the table, or the character of the line in JSON and in text that is no
    /// table; from 1, and 0 where the whole line is meant.
    pub column: usize,
    /// One sentence: what is wrong, and what to do.
    pub message: String,
}

impl ImportError {
    pub fn at(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            column,
            message: message.into(),
        }
    }

    pub fn whole(message: impl Into<String>) -> Self {
        Self::at(0, 0, message)
    }

    /// Where it is: `Line 4, column 3`; empty for the whole.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, 0) => String::new(),
            (0, column) => format!("Column {column}"),
            (line, 0) => format!("Line {line}"),
            (line, column) => format!("Line {line}, column {column}"),
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            place if place.is_empty() => write!(f, "{}", self.message),
            place => write!(f, "{place}: {}", self.message),
        }
    }
}

impl std::error::Error for ImportError {}

/// An import that can be carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ready {
    /// What goes into the study.
    pub import: Import,
    /// What the user should know before: names that were matched, rows that were left out.
    pub notes: Vec<Note>,
    /// Tasks that the study does not know, with what each is taken for; see [`settle`].
    pub new_tasks: Vec<NewTask>,
}

/// A sentence that the user should know before an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub words: String,
    /// Whether something of what was read is not taken in.
    pub leaves_out: bool,
}

impl Note {
    pub fn info(words: String) -> Self {
        Self {
            words,
            leaves_out: false,
        }
    }

    /// What is not taken in.
    pub fn left_out(words: String) -> Self {
        Self {
            words,
            leaves_out: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_tables() {
        for text in ["{}", " \n{\"a\":1}", "[{}]", "[ [", "[]"] {
            assert!(is_json(text), "{text}");
        }
        for text in ["", "model,avg", "[openchat](https://x)|3", "| a | b |"] {
            assert!(!is_json(text), "{text}");
        }
    }

    #[test]
    fn an_error_says_its_place() {
        assert_eq!(
            ImportError::at(4, 3, "x").to_string(),
            "Line 4, column 3: x"
        );
        assert_eq!(ImportError::at(4, 0, "x").to_string(), "Line 4: x");
        assert_eq!(ImportError::whole("x").to_string(), "x");
    }
}
