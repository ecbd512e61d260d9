//! What is wrong with a recipe, or with what it would make: found before the first byte.

use std::fmt;

use serde::Serialize;

/// Whether the work can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is written.
    Error,
    /// The merge is done; the user should know.
    Warning,
}

/// One trouble, with its place in the recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it stops the merge.
    pub severity: Severity,
    /// What is wrong and what to do, without a full stop.
    pub sentence: String,
    /// Where in the recipe.
    pub place: Place,
    /// The nearest valid name for one that is not.
    pub nearest: Option<String>,
    /// What the recipe could say instead, if the user wants that.
    #[serde(skip)]
    pub fix: Option<Fix>,
    /// Whether it is about a word that changes nothing: a mistake for who wants to be strict.
    #[serde(skip)]
    pub is_ignored: bool,
}

/// A decision that a problem leaves to the user: a key under `kinfolk` of its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Merge models of unlike architectures.
    AllowCrimes,
    /// Leave parts out of the child that some models lack.
    LeaveOutParts,
    /// Cut vocabularies to the smallest.
    TruncateEmbeddings,
}

impl Fix {
    /// The words on its button.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AllowCrimes => "Merge all the same",
            Self::LeaveOutParts => "Leave them out",
            Self::TruncateEmbeddings => "Cut to the smallest",
        }
    }
}

/// A place in a recipe file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Which document of the file, from 0.
    pub document: usize,
    /// Such as `models[1].parameters.weight`; empty for the document as a whole.
    pub path: String,
    /// Line and column from 1, where the recipe was read from text.
    pub position: Option<Position>,
}

/// A line and a column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// From 1.
    pub line: u64,
    /// From 1.
    pub column: u64,
}

impl Problem {
    /// A trouble that stops the merge.
    pub fn error(place: Place, sentence: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            sentence: sentence.into(),
            place,
            nearest: None,
            fix: None,
            is_ignored: false,
        }
    }

    /// A word of the recipe that changes nothing, as in mergekit.
    pub fn ignored(place: Place, sentence: impl Into<String>) -> Self {
        Self {
            is_ignored: true,
            ..Self::warning(place, sentence)
        }
    }

    /// Something that the user should know.
    pub fn warning(place: Place, sentence: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(place, sentence)
        }
    }

    /// The same, with the valid name that was probably meant.
    pub fn with_nearest(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }

    /// The same, with what would lift it.
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The sentence as it stands alone: it begins with a capital.
    pub fn headline(&self) -> String {
        let mut chars = self.sentence.chars();
        let first = chars.next().map(char::to_uppercase);
        first.into_iter().flatten().chain(chars).collect()
    }

    /// Whether it stops the merge.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, self.sentence)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        } else if self.document > 0 {
            write!(f, "document {}: ", self.document + 1)?;
        }
        if self.path.is_empty() {
            Ok(())
        } else {
            write!(f, "{}: ", self.path)
        }
    }
}

/// Makes mistakes of words that change nothing; errors come first.
pub fn be_strict(problems: &mut [Problem]) {
    for problem in problems.iter_mut().filter(|own| own.is_ignored) {
        problem.severity = Severity::Error;
    }
    problems.sort_by_key(|problem| problem.severity);
}

/// The name of `names` that `wanted` was probably meant to be.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let wanted = plain(wanted);
    let likeness = |name: &&str| strsim::jaro_winkler(&wanted, &plain(name));
    names
        .into_iter()
        .map(|name| (likeness(&name), name))
        .filter(|(likeness, _)| *likeness > 0.88)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_theirs() {
        let names = ["density", "weight", "normalize", "int8_mask"];
        assert_eq!(nearest("densty", names).as_deref(), Some("density"));
        assert_eq!(nearest("normalise", names).as_deref(), Some("normalize"));
        assert_eq!(nearest("int8-mask", names).as_deref(), Some("int8_mask"));
        assert_eq!(nearest("colour", names), None);
    }

    #[test]
    fn a_problem_says_where_it_is() {
        let place = Place {
            document: 0,
            path: "models[1].parameters.densty".to_owned(),
            position: Some(Position { line: 7, column: 5 }),
        };
        let problem = Problem::error(place, "there is no such parameter")
            .with_nearest(Some("density".to_owned()));
        assert_eq!(
            problem.to_string(),
            "line 7, column 5: models[1].parameters.densty: there is no such parameter; \
             did you mean `density`?"
        );
    }
}
