//! From a table and its mapping to an import: every cell is read, every error collected, and
//! nothing comes of a table that has one.

use std::collections::BTreeSet;

use super::gather::{gather, gather_pairs};
use super::mapping::{Mapping, Scale};
use super::meaning::Meaning;
use super::names::Names;
use super::number::{self, Cell};
use super::table::{Table, TableRow};
use super::{ImportError, MOST_ERRORS, Note, Ready};
use crate::kinship::{Metric, Values};
use crate::study::bounds::{MOST_GENERATION, MOST_VALUE, is_error};
use crate::study::{Entry, Import, PairEntry, Score, Step, StudyDoc};
use crate::text::{counted, sentence_case, with_minus};

/// Makes an import of a table, for a study. Scores become points.
///
/// # Errors
/// All that is wrong with the mapping, or, if that is sound, with the cells: the first
/// [`MOST_ERRORS`], in the order of the lines.
pub fn apply(
    table: &Table,
    mapping: &Mapping,
    study: &StudyDoc,
    title: &str,
) -> Result<Ready, Vec<ImportError>> {
    let mut errors = mapping_errors(table, mapping, study);
    if !errors.is_empty() {
        return Err(errors);
    }
    let names = names(table, mapping, study);
    let mut reader = Reader {
        table,
        mapping,
        names: &names,
        study,
        title,
        errors: Vec::new(),
        last_task: String::new(),
        left_out: 0,
    };
    let ready = if mapping.is_of_pairs() {
        reader.pairs()
    } else {
        reader.models()
    };
    errors.append(&mut reader.errors);
    errors.sort();
    errors.dedup();
    errors.truncate(MOST_ERRORS);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut ready = ready;
    title.clone_into(&mut ready.import.title);
    ready.notes.extend(names.notes());
    Ok(ready)
}

/// What is wrong before the first cell is read.
fn mapping_errors(table: &Table, mapping: &Mapping, study: &StudyDoc) -> Vec<ImportError> {
    let has = |meaning: &Meaning| mapping.column(meaning).is_some();
    let mut errors = twice(table, mapping, study);
    let mut say = |message: &str| errors.push(ImportError::whole(message));
    if mapping.is_of_pairs() {
        if !(has(&Meaning::PairA) && has(&Meaning::PairB)) {
            say("A table of pairs needs two columns that name the models");
        }
        if has(&Meaning::Model) {
            say("A row is either of a model or of a pair; leave out the column of models");
        }
        let of_pair =
            |m: &Meaning| matches!(m, Meaning::Kinship(_) | Meaning::Difference | Meaning::Note);
        if !mapping.meanings.iter().any(of_pair) {
            say("Nothing is said of the pairs; choose a column of kinship or of difference");
        }
    } else {
        if has(&Meaning::Task) != has(&Meaning::Value) {
            say("One score a row needs a column of tasks and a column of scores");
        }
        if mapping.needs_model_of_all() && mapping.model_of_all.trim().is_empty() {
            say("No column names the models; choose one, or say whose table this is");
        }
        if has(&Meaning::Run) && !has(&Meaning::Generation) {
            say("A run needs a generation; choose the column that holds it, or leave the run out");
        }
    }
    errors
}

/// Columns that mean what another one means already.
fn twice(table: &Table, mapping: &Mapping, study: &StudyDoc) -> Vec<ImportError> {
    let mut seen: BTreeSet<Meaning> = BTreeSet::new();
    let mut errors = Vec::new();
    for (column, meaning) in mapping.meanings.iter().enumerate() {
        let meaning = match meaning {
            Meaning::Score(task) => Meaning::Score(known_task(study, task)),
            other => other.clone(),
        };
        let single = !meaning.may_repeat() || matches!(meaning, Meaning::Score(_));
        if single && !seen.insert(meaning.clone()) {
            let name = table.column_name(column);
            let what = match &meaning {
                Meaning::Score(task) => format!("the score on {task}"),
                other => other.title().to_lowercase(),
            };
            let message = format!(
                "Another column is {what} already; leave \u{201c}{name}\u{201d} out or choose \
                 something else for it"
            );
            errors.push(ImportError::at(table.header_line, column + 1, message));
        }
    }
    errors
}

/// A task as the study spells it.
pub(super) fn known_task(study: &StudyDoc, task: &str) -> String {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let scores = study.models.iter().flat_map(|m| &m.scores);
    let known: BTreeSet<&str> = scores.map(|score| score.task.as_str()).collect();
    if known.contains(task) {
        return task.to_owned();
    }
    let mut alike = known.iter().filter(|t| plain(t) == plain(task));
    match (alike.next(), alike.next()) {
        (Some(one), None) => (*one).to_owned(),
        _ => task.to_owned(),
    }
}

fn names(table: &Table, mapping: &Mapping, study: &StudyDoc) -> Names {
    let known: Vec<&str> = study.models.iter().map(|m| m.name.as_str()).collect();
    let of = |meaning: &Meaning| -> Vec<&str> {
        let columns = mapping.columns(meaning);
        let cells = columns.flat_map(|column| table.column(column));
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    let mut models = of(&Meaning::Model);
    models.extend(of(&Meaning::PairA));
    models.extend(of(&Meaning::PairB));
    if mapping.needs_model_of_all() {
        models.push(mapping.model_of_all.trim());
    }
    let mut parents = of(&Meaning::Parent);
    parents.extend(of(&Meaning::Parents).into_iter().flat_map(parts));
    Names::new(&known, &models, &parents)
}

/// The parents in one cell.
fn parts(cell: &str) -> Vec<&str> {
    let mut signs = [";", " + "].into_iter();
    let by = signs.find(|by| cell.contains(by)).unwrap_or(",");
    let parts = cell.split(by).map(str::trim);
    parts.filter(|name| !name.is_empty()).collect()
}

struct Reader<'a> {
    table: &'a Table,
    mapping: &'a Mapping,
    names: &'a Names,
    study: &'a StudyDoc,
    title: &'a str,
    errors: Vec<ImportError>,
    /// The task of the row above, for tables that do not repeat it.
    last_task: String,
    /// Pairs of a model with itself.
    left_out: usize,
}

/// A number in a cell, in points where that is meant.
struct Number {
    value: f64,
    stderr: Option<f64>,
}

impl Reader<'_> {
    fn models(&mut self) -> Ready {
        let mut facts = Vec::new();
        for row in &self.table.rows {
            facts.extend(self.entry(row));
        }
        let (entries, errors) = gather(facts, self.mapping);
        self.errors.extend(errors);
        Ready {
            import: Import {
                entries,
                ..Import::default()
            },
            ..Ready::default()
        }
    }

    fn pairs(&mut self) -> Ready {
        let mut facts = Vec::new();
        for row in &self.table.rows {
            facts.extend(self.pair(row));
        }
        let (pairs, errors) = gather_pairs(facts);
        self.errors.extend(errors);
        let left_out = counted(self.left_out, "pair");
        let note = format!("{left_out} of a model with itself left out");
        let note = (self.left_out > 0).then(|| Note::left_out(note));
        Ready {
            import: Import {
                pairs,
                ..Import::default()
            },
            notes: note.into_iter().collect(),
            ..Ready::default()
        }
    }

    /// What a row says of its model; `None` if it names none, which is an error by then.
    fn entry(&mut self, row: &TableRow) -> Option<(usize, Entry)> {
        let mapping = self.mapping;
        let model = if mapping.needs_model_of_all() {
            self.names.of(mapping.model_of_all.trim())
        } else {
            self.model(row, &Meaning::Model)?
        };
        let mut entry = Entry {
            model,
            method: self.text(row, &Meaning::Method),
            published: self.text(row, &Meaning::Published),
            note: self.text(row, &Meaning::Note),
            kinship: self.kinship(row),
            average: self.value(row, &Meaning::Average),
            gain: self.value(row, &Meaning::Gain),
            ..Entry::default()
        };
        self.parents(row, &mut entry);
        entry.steps.extend(self.step(row));
        if mapping.is_long() {
            entry.scores.extend(self.long_score(row));
        } else {
            self.wide_scores(row, &mut entry);
        }
        Some((row.line, entry))
    }

    fn pair(&mut self, row: &TableRow) -> Option<(usize, PairEntry)> {
        let a = self.model(row, &Meaning::PairA);
        let b = self.model(row, &Meaning::PairB);
        let models = [a?, b?];
        let is_same = models[0] == models[1];
        self.left_out += usize::from(is_same);
        let entry = PairEntry {
            models,
            kinship: self.kinship(row),
            difference: self.value(row, &Meaning::Difference),
            group: self.text(row, &Meaning::Group),
            note: self.text(row, &Meaning::Note),
        };
        (!is_same).then_some((row.line, entry))
    }

    fn cell<'r>(&self, row: &'r TableRow, column: usize) -> &'r str {
        row.cells.get(column).map_or("", String::as_str)
    }

    /// The words in the column of a meaning; empty if it has none.
    fn text(&self, row: &TableRow, meaning: &Meaning) -> String {
        let column = self.mapping.column(meaning);
        let cell = column.map_or("", |column| self.cell(row, column));
        match number::is_missing(cell) {
            true => String::new(),
            false => cell.to_owned(),
        }
    }

    fn model(&mut self, row: &TableRow, meaning: &Meaning) -> Option<String> {
        let column = self.mapping.column(meaning)?;
        let name = self.cell(row, column);
        if name.is_empty() {
            let message = "This row names no model; add its name or remove the row";
            return self.error(row, column, message);
        }
        Some(self.names.of(name))
    }

    /// Nothing comes of a cell that has one.
    fn error<T>(&mut self, row: &TableRow, column: usize, why: impl Into<String>) -> Option<T> {
        let error = ImportError::at(row.line, column + 1, why);
        self.errors.push(error);
        None
    }

    /// The number in a cell; what is not a number is an error.
    fn number(&mut self, row: &TableRow, column: usize) -> Option<(f64, Option<f64>, bool)> {
        let cell = self.cell(row, column);
        match number::read(cell, self.table.decimal) {
            Cell::Missing => None,
            Cell::Number { value, .. } if value.abs() > MOST_VALUE => {
                let cell = shortened(cell);
                let why = "is larger than any score, kinship or count; correct it";
                self.error(row, column, format!("{cell} {why}"))
            }
            Cell::Number {
                stderr: Some(error),
                ..
            } if !is_error(error) => {
                let message = format!("{} has no standard error; correct it", shortened(cell));
                self.error(row, column, message)
            }
            Cell::Number {
                value,
                stderr,
                is_percent,
            } => Some((value, stderr, is_percent)),
            Cell::Text => {
                let name = self.table.column_name(column);
                let message = format!(
                    "\u{201c}{}\u{201d} is not a number; correct it, or leave out the column \
                     \u{201c}{name}\u{201d}",
                    shortened(cell)
                );
                self.error(row, column, message)
            }
        }
    }

    fn points(&mut self, row: &TableRow, column: usize) -> Option<Number> {
        let (value, stderr, is_percent) = self.number(row, column)?;
        if self.mapping.scores_are == Scale::Points || is_percent {
            return Some(Number { value, stderr });
        }
        if value.abs() > 1.0 {
            let message = format!("{value} is not a fraction of 1; say that scores are in points");
            return self.error(row, column, message);
        }
        Some(Number {
            value: times_100(value),
            stderr: stderr.map(times_100),
        })
    }

    fn value(&mut self, row: &TableRow, meaning: &Meaning) -> Option<f64> {
        let column = self.mapping.column(meaning)?;
        self.points(row, column).map(|number| number.value)
    }

    fn kinship(&mut self, row: &TableRow) -> Values {
        Metric::independent()
            .filter_map(|metric| Some((metric, self.kinship_by(row, metric)?)))
            .collect()
    }

    fn kinship_by(&mut self, row: &TableRow, metric: Metric) -> Option<f64> {
        let column = self.mapping.column(&Meaning::Kinship(metric))?;
        let (value, ..) = self.number(row, column)?;
        let (lo, hi) = metric.range;
        if (lo..=hi).contains(&value) {
            return Some(value);
        }
        let range = match (lo, hi) {
            (0.0, f64::INFINITY) => "is never negative".to_owned(),
            _ => format!("lies from {lo} to {hi}"),
        };
        let message = format!("{value} cannot be right: {} {range}", metric.title);
        self.error(row, column, with_minus(&message))
    }

    fn parents(&mut self, row: &TableRow, entry: &mut Entry) {
        let mapping = self.mapping;
        let single = mapping.columns(&Meaning::Parent);
        let single = single.map(|column| (column, vec![self.cell(row, column)]));
        let several = mapping.columns(&Meaning::Parents);
        let several = several.map(|column| (column, parts(self.cell(row, column))));
        let cells: Vec<(usize, Vec<&str>)> = single.chain(several).collect();
        for (column, names) in cells {
            for name in names {
                match name {
                    "..." | "…" | "others" => entry.unnamed_parents = true,
                    name if number::is_missing(name) => {}
                    name => self.parent(row, column, name, entry),
                }
            }
        }
        entry.unnamed_parents |= self.has_more_parents(row, entry.parents.len());
    }

    fn parent(&mut self, row: &TableRow, column: usize, name: &str, entry: &mut Entry) {
        let name = self.names.of(name);
        if name == entry.model {
            let message = format!("{name} is named as its own parent; correct one of the two");
            self.error::<()>(row, column, message);
        } else if !entry.parents.contains(&name) {
            entry.parents.push(name);
        }
    }

    /// Whether a column says that there are more parents than are named.
    fn has_more_parents(&mut self, row: &TableRow, named: usize) -> bool {
        let mut count = |meaning: &Meaning| {
            let column = self.mapping.column(meaning)?;
            match self.cell(row, column) {
                "n" | "…" | "..." | "many" | "several" => Some(f64::INFINITY),
                _ => self.number(row, column).map(|(value, ..)| value),
            }
        };
        let others = count(&Meaning::OtherParents).unwrap_or(0.0);
        let all = count(&Meaning::ParentCount).unwrap_or(0.0);
        others > 0.0 || all > (named as f64).max(1.0)
    }

    fn step(&mut self, row: &TableRow) -> Option<Step> {
        let column = self.mapping.column(&Meaning::Generation)?;
        let (value, ..) = self.number(row, column)?;
        if value < 0.0 || value.fract() != 0.0 || value > f64::from(MOST_GENERATION) {
            let message = "A generation is a whole number from 0 to 1 000 000";
            return self.error(row, column, message);
        }
        Some(Step {
            run: self.run(row),
            generation: value as u32,
            ..Step::default()
        })
    }

    /// The name of the run; a bare number is named after its column: `Path 1`.
    fn run(&self, row: &TableRow) -> String {
        let cell = self.text(row, &Meaning::Run);
        let is_number = !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
        let column = self.mapping.column(&Meaning::Run);
        match column.filter(|_| is_number) {
            Some(column) => {
                let name = self.table.column_name(column);
                format!("{} {cell}", sentence_case(&name))
            }
            None => cell,
        }
    }

    fn wide_scores(&mut self, row: &TableRow, entry: &mut Entry) {
        for (column, meaning) in self.mapping.meanings.iter().enumerate() {
            let Meaning::Score(task) = meaning else {
                continue;
            };
            if let Some(Number { value, stderr }) = self.points(row, column) {
                entry.scores.push(Score {
                    task: known_task(self.study, task),
                    value,
                    stderr,
                    n: None,
                    source: self.title.to_owned(),
                });
            }
        }
    }

    fn long_score(&mut self, row: &TableRow) -> Option<Score> {
        let task = self.task(row)?;
        let value = self.mapping.column(&Meaning::Value)?;
        let Number { value, stderr } = self.points(row, value)?;
        let own = self.mapping.column(&Meaning::Stderr);
        let own = own.and_then(|column| self.points(row, column));
        Some(Score {
            task: known_task(self.study, &task),
            value,
            stderr: own.map(|number| number.value).or(stderr),
            n: self.count(row),
            source: self.title.to_owned(),
        })
    }

    /// The task of a row with what tells its scores apart: `add (dev)`.
    fn task(&mut self, row: &TableRow) -> Option<String> {
        let column = self.mapping.column(&Meaning::Task)?;
        // Tables of lm-evaluation-harness put dashes before the members of a group.
        let own = self.cell(row, column).trim_start_matches(['-', ' ']);
        if !own.is_empty() {
            own.clone_into(&mut self.last_task);
        }
        if self.last_task.is_empty() {
            let message = "This row names no task; add its name or remove the row";
            return self.error(row, column, message);
        }
        let columns = self.mapping.columns(&Meaning::Qualifier);
        let parts = columns.map(|column| self.cell(row, column));
        let parts: Vec<&str> = parts.filter(|part| !number::is_missing(part)).collect();
        Some(told_apart(&self.last_task, &parts))
    }

    fn count(&mut self, row: &TableRow) -> Option<u64> {
        let column = self.mapping.column(&Meaning::Count)?;
        let (value, ..) = self.number(row, column)?;
        if value < 0.0 || value.fract() != 0.0 {
            return self.error(row, column, "A number of items is a whole number from 0 on");
        }
        Some(value as u64)
    }
}

/// A fraction in points, without the dust of the multiplication.
pub(super) fn times_100(fraction: f64) -> f64 {
    (fraction * 1e12).round() / 1e10
}

/// A task with what tells its scores apart: `add (dev)`.
pub(super) fn told_apart(task: &str, parts: &[&str]) -> String {
    match parts {
        [] => task.to_owned(),
        some => format!("{task} ({})", some.join(", ")),
    }
}

/// A cell short enough for a sentence.
fn shortened(cell: &str) -> String {
    const MOST: usize = 40;
    if cell.chars().count() <= MOST {
        return cell.to_owned();
    }
    cell.chars().take(MOST - 1).chain(['…']).collect()
}
