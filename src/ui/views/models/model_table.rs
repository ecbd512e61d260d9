//! The table as values: what stands in every cell, and in which order the rows come.
//!
//! What costs more than looking it up is worked out once for each state of the study, so that
//! a frame does work for the visible rows alone.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::columns::{Column, Listed, listed};
use crate::checkpoint::{Checkpoint, OnDisk};
use crate::kinship::Metric;
use crate::study::{Model, ModelFacts, ModelId, Role};
use crate::text::by_name;
use crate::ui::format;
use crate::workbench::{ModelFiles, Workbench};

/// What follows from one state of a study; lists have one entry a model, in its order.
#[derive(Default)]
pub struct ModelTable {
    key: Option<(u64, Vec<String>)>,
    pub columns: Vec<Listed>,
    pub roles: Vec<Role>,
    pub parents: Vec<String>,
    pub best: Option<ModelId>,
    /// Kinship to it by measure, and whether it was measured.
    pub best_kinship: Vec<BTreeMap<Metric, (f64, bool)>>,
}

impl ModelTable {
    pub fn bring_up_to_date(&mut self, bench: &Workbench, new_tasks: &[String]) {
        let holds = self
            .key
            .as_ref()
            .is_some_and(|(revision, tasks)| *revision == bench.revision() && tasks == new_tasks);
        if holds {
            return;
        }
        let (doc, record) = (bench.study().doc(), bench.record());
        let best = record.best().map(|row| row.id);
        let mut new = Self {
            key: Some((bench.revision(), new_tasks.to_vec())),
            columns: Vec::new(),
            roles: doc.models.iter().map(|m| doc.role(m)).collect(),
            parents: doc.models.iter().map(|m| parent_names(bench, m)).collect(),
            best,
            best_kinship: doc
                .models
                .iter()
                .map(|m| kinship_to(bench, m.id, best))
                .collect(),
        };
        let has = |by: Metric| new.best_kinship.iter().any(|known| known.contains_key(&by));
        new.columns = listed(doc, record, new_tasks, &has);
        *self = new;
    }

    /// Kinship of the `k`-th model to the best, and whether it was measured.
    pub fn best_kinship(&self, k: usize, by: Metric) -> Option<(f64, bool)> {
        self.best_kinship.get(k)?.get(&by).copied()
    }

    pub fn shown(&self) -> Vec<Column> {
        let shown = self.columns.iter().filter(|listed| listed.is_shown);
        shown.map(|listed| listed.column.clone()).collect()
    }
}

fn parent_names(bench: &Workbench, model: &Model) -> String {
    let names: Vec<&str> = model.parents.iter().map(|&id| bench.short(id)).collect();
    match (names.is_empty(), model.origin.unnamed_parents) {
        (true, true) => "not named".to_owned(),
        (false, true) => format!("{} and others", names.join(", ")),
        (_, false) => names.join(", "),
    }
}

fn run_names(model: &Model) -> String {
    let name = |run: &str| match run {
        "" => "own merges".to_owned(),
        run => run.to_owned(),
    };
    let names: Vec<String> = model.steps.iter().map(|step| name(&step.run)).collect();
    names.join(", ")
}

/// Kinship of two models as measured, else as reported, and whether it was measured.
pub fn kinship(bench: &Workbench, a: ModelId, b: ModelId, by: Metric) -> Option<(f64, bool)> {
    if a == b {
        return None;
    }
    let measured = bench.kinship_of(a, b, by);
    let reported = || bench.study().doc().given_kinship(a, b, by);
    let measured = measured.map(|value| (value, true));
    measured.or_else(|| reported().map(|value| (value, false)))
}

fn kinship_to(
    bench: &Workbench,
    id: ModelId,
    best: Option<ModelId>,
) -> BTreeMap<Metric, (f64, bool)> {
    let known = |&by: &Metric| Some((by, kinship(bench, id, best?, by)?));
    Metric::ALL.iter().filter_map(known).collect()
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Undefined,
    /// A number, with all its digits.
    Number(f64),
    Text(String),
    /// Words with a place of their own in the order.
    Ranked(u8, String),
}

impl Value {
    fn text(words: &str) -> Self {
        if words.is_empty() {
            Self::Undefined
        } else {
            Self::Text(words.to_owned())
        }
    }

    fn number(value: Option<f64>) -> Self {
        let value = value.filter(|v| v.is_finite());
        value.map_or(Self::Undefined, Self::Number)
    }

    /// As it is copied: numbers with every digit and a point; undefined is empty.
    pub fn plain(&self) -> String {
        match self {
            Self::Undefined => String::new(),
            Self::Number(value) => format::plain(Some(*value)),
            Self::Text(words) | Self::Ranked(_, words) => words.clone(),
        }
    }

    /// The order of two cells; undefined comes last whichever way round.
    fn compare(&self, other: &Self, reversed: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Undefined, Self::Undefined) => return Ordering::Equal,
            (Self::Undefined, _) => return Ordering::Greater,
            (_, Self::Undefined) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Ranked(a, x), Self::Ranked(b, y)) => a.cmp(b).then_with(|| x.cmp(y)),
            (a, b) => by_name(&a.plain(), &b.plain()),
        };
        if reversed { order.reverse() } else { order }
    }
}

/// A study with its table, for cells to be looked up in.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub bench: &'a Workbench,
    pub table: &'a ModelTable,
    /// The columns in the table.
    pub shown: &'a [Column],
    /// The models that the filter leaves, in the order of the rows.
    pub places: &'a [usize],
}

impl<'a> Rows<'a> {
    pub fn model(&self, k: usize) -> Option<&'a Model> {
        self.bench.study().doc().models.get(k)
    }

    pub fn row(&self, k: usize) -> Option<&'a ModelFacts> {
        self.bench.record().rows.get(k)
    }

    pub fn open(&self, k: usize) -> Option<&'a Checkpoint> {
        let id = self.model(k)?.id;
        self.bench.files(id).checkpoint().map(AsRef::as_ref)
    }

    pub fn value(&self, column: &Column, k: usize) -> Value {
        let (Some(model), Some(row)) = (self.model(k), self.row(k)) else {
            return Value::Undefined;
        };
        let doc = self.bench.study().doc();
        match column {
            Column::Name => Value::text(&model.name),
            Column::Role => self.role(k),
            Column::Parents => Value::text(self.table.parents.get(k).map_or("", String::as_str)),
            Column::Generation => Value::Number(f64::from(row.generation)),
            Column::Average => Value::number(row.average),
            Column::Task(task) => Value::number(model.score(task).map(|score| score.value)),
            Column::BestKinship(by) => {
                let kinship = self.table.best_kinship(k, *by);
                Value::number(kinship.map(|(value, _)| value))
            }
            Column::ParentsKinship(by) => Value::number(row.kinship.get(*by)),
            Column::Gain => Value::number(row.gain),
            Column::Run => Value::text(&run_names(model)),
            Column::Method => Value::text(&model.origin.method),
            Column::Base => Value::text(model.base.map_or("", |base| doc.name_of(base))),
            Column::Type => Value::text(self.open(k).map_or("", Checkpoint::dtypes)),
            Column::Parameters => Value::number(self.open(k).map(|c| c.parameters() as f64)),
            Column::Size => Value::number(self.open(k).map(|c| c.size_bytes() as f64)),
            Column::State => {
                let (rank, words) = condition(self.bench, model.id);
                Value::Ranked(rank, words)
            }
        }
    }

    fn role(&self, k: usize) -> Value {
        let Some(&role) = self.table.roles.get(k) else {
            return Value::Undefined;
        };
        let is_adapter = self.open(k).is_some_and(|c| c.adapter().is_some());
        if is_adapter && role == Role::FineTune {
            Value::Ranked(role as u8, "adapter".to_owned())
        } else {
            Value::Ranked(role as u8, role.title().to_owned())
        }
    }
}

/// How the files of a model stand: the worst first.
pub fn condition(bench: &Workbench, id: ModelId) -> (u8, String) {
    match bench.files(id) {
        ModelFiles::Failed(_) => (0, "not open".to_owned()),
        ModelFiles::Open {
            on_disk: OnDisk::Missing,
            ..
        } => (1, "files gone".to_owned()),
        ModelFiles::Open {
            on_disk: OnDisk::Changed,
            ..
        } => (2, "files changed".to_owned()),
        ModelFiles::Open { checkpoint, .. } if !checkpoint.problems().is_empty() => {
            (3, format::counted(checkpoint.problems().len(), "warning"))
        }
        ModelFiles::Opening => (4, "opening…".to_owned()),
        ModelFiles::None => (5, "no files".to_owned()),
        ModelFiles::Open { .. } => (6, "open".to_owned()),
    }
}

/// Which column sorts, by its key, and whether the other way round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorting {
    /// The key of the column; `None` leaves families together.
    pub column: Option<String>,
    pub reversed: bool,
}

impl Sorting {
    /// What a click on a header does: `first` one way round, then the other, and as they were
    /// added.
    pub fn clicked(&mut self, key: &str, first: Self) {
        let own = self.column.as_deref() == Some(key);
        *self = if !own {
            first
        } else if *self == first {
            Self::by(key, !first.reversed)
        } else {
            Self::default()
        };
    }

    /// The way round that is wanted most: the best score, the closest kin, the first name.
    pub fn first(column: &Column) -> Self {
        let largest = match column {
            Column::BestKinship(by) | Column::ParentsKinship(by) => by.is_similarity(),
            other => other.is_number() && *other != Column::Generation,
        };
        Self::by(&column.key(), largest)
    }

    pub fn by(key: &str, reversed: bool) -> Self {
        Self {
            column: Some(key.to_owned()),
            reversed,
        }
    }

    /// Puts places of models in order; equal ones stay as they were added.
    pub fn sort(&self, places: &mut [usize], rows: Rows<'_>) {
        let by = |key: &String| rows.table.columns.iter().find(|c| c.key == *key);
        let Some(listed) = self.column.as_ref().and_then(by) else {
            // Unsorted, families stand together, each behind its base.
            places.sort_by_key(|&k| {
                rows.model(k)
                    .map(|m| (m.base.unwrap_or(m.id), m.base.is_some()))
            });
            return;
        };
        let mut keyed: Vec<(Value, usize)> = places
            .iter()
            .map(|&k| (rows.value(&listed.column, k), k))
            .collect();
        keyed.sort_by(|(a, _), (b, _)| a.compare(b, self.reversed));
        for (place, (_, k)) in places.iter_mut().zip(keyed) {
            *place = k;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[Value], reversed: bool) -> Vec<String> {
        let mut values = values.to_vec();
        values.sort_by(|a, b| a.compare(b, reversed));
        values.iter().map(Value::plain).collect()
    }

    #[test]
    fn undefined_comes_last_whichever_way_round() {
        let values = [
            Value::Undefined,
            Value::Number(2.0),
            Value::Number(-3.0),
            Value::Undefined,
            Value::Number(10.0),
        ];
        assert_eq!(sorted(&values, false), ["-3", "2", "10", "", ""]);
        assert_eq!(sorted(&values, true), ["10", "2", "-3", "", ""]);
    }

    #[test]
    fn words_are_sorted_without_their_capitals_and_ranks_by_rank() {
        let words = ["beta", "Alpha", "中文"].map(Value::text);
        assert_eq!(sorted(&words, false), ["Alpha", "beta", "中文"]);
        let ranks = [(6, "open"), (0, "not open"), (3, "1 warning")];
        let ranks = ranks.map(|(rank, words)| Value::Ranked(rank, words.to_owned()));
        assert_eq!(sorted(&ranks, false), ["not open", "1 warning", "open"]);
    }

    #[test]
    fn a_header_sorts_the_best_first_then_last_then_not() {
        for (column, largest) in [
            (Column::Gain, true),
            (Column::Name, false),
            (Column::Generation, false),
        ] {
            let key = column.key();
            let mut sorting = Sorting::default();
            sorting.clicked(&key, Sorting::first(&column));
            assert_eq!(sorting, Sorting::by(&key, largest));
            sorting.clicked(&key, Sorting::first(&column));
            assert_eq!(sorting, Sorting::by(&key, !largest));
            sorting.clicked(&key, Sorting::first(&column));
            assert_eq!(sorting, Sorting::default());
        }
    }

    #[test]
    fn numbers_within_names_are_sorted_by_their_value() {
        let names = ["model-10", "Model-2", "model-2-exp", "model-02", "model"];
        let names = names.map(Value::text);
        let expected = ["model", "model-02", "Model-2", "model-2-exp", "model-10"];
        assert_eq!(sorted(&names, false), expected);
        let huge = ["v99999999999999999999999", "v3"].map(Value::text);
        assert_eq!(
            sorted(&huge, false).len(),
            2,
            "too large to be read, and no harm"
        );
    }

    #[test]
    fn what_is_not_finite_is_undefined() {
        assert_eq!(Value::number(Some(f64::NAN)), Value::Undefined);
        assert_eq!(Value::text(""), Value::Undefined);
    }
}
