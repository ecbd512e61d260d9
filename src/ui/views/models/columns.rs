//! The columns of the table of models: which there are, in which order, and how wide.

use std::borrow::Cow;

use crate::kinship::Metric;
use crate::study::{StudyDoc, StudyFacts};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Role,
    Parents,
    /// How many merges it is away from the founders.
    Generation,
    Average,
    Task(String),
    BestKinship(Metric),
    ParentsKinship(Metric),
    Gain,
    Run,
    Method,
    Base,
    Type,
    Parameters,
    Size,
    State,
}

impl Column {
    /// Every column of a study with these tasks, in the order on screen.
    pub fn all<'a>(tasks: impl Iterator<Item = &'a String>) -> Vec<Self> {
        let mut out = vec![
            Self::Name,
            Self::Role,
            Self::Parents,
            Self::Generation,
            Self::Average,
            // Before the tasks, so that a merge is read in one glance however many there are.
            Self::Gain,
        ];
        // The default measure first: it is the one that is there unasked.
        let others = Metric::ALL.iter().filter(|by| **by != Metric::DEFAULT);
        let metrics = std::iter::once(&Metric::DEFAULT).chain(others).copied();
        out.extend(metrics.clone().map(Self::ParentsKinship));
        out.extend(tasks.map(|task| Self::Task(task.clone())));
        out.extend(metrics.map(Self::BestKinship));
        out.extend([
            Self::Run,
            Self::Method,
            Self::Base,
            Self::Type,
            Self::Parameters,
            Self::Size,
            Self::State,
        ]);
        out
    }

    /// What the study remembers it by; no two columns have the same.
    pub fn key(&self) -> String {
        match self {
            Self::Task(task) => format!("task {task}"),
            other => other.title().to_lowercase(),
        }
    }

    pub fn title(&self) -> Cow<'_, str> {
        let title = match self {
            Self::Name => "Name",
            Self::Role => "Role",
            Self::Parents => "Parents",
            Self::Generation => "Generation",
            Self::Average => "Average",
            Self::Task(task) => task,
            Self::BestKinship(by) => return with_measure("Kinship to best", *by),
            Self::ParentsKinship(by) => return with_measure("Kinship of parents", *by),
            Self::Gain => "Gain",
            Self::Run => "Run",
            Self::Method => "Method",
            Self::Base => "Base",
            Self::Type => "Type",
            Self::Parameters => "Parameters",
            Self::Size => "Size",
            Self::State => "State",
        };
        title.into()
    }

    /// One more sentence for the header; may be empty.
    pub fn help(&self) -> Cow<'static, str> {
        let help = match self {
            Self::BestKinship(by) => {
                return format!("{} with the model of the highest average", by.title).into();
            }
            Self::ParentsKinship(by) => {
                return format!("{} of the parents, mean over their pairs", by.title).into();
            }
            Self::Generation => "Merges between it and the founders, or its place in its run",
            Self::Average => "Mean over the tasks that count, else as reported, in points",
            Self::Task(_) => "Score in points",
            Self::Gain => "Average of the merge minus the mean average of its parents, in points",
            _ => "",
        };
        help.into()
    }

    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Task(task) => Some(task),
            _ => None,
        }
    }

    /// Whether its cells are numbers, which stand at the right.
    pub const fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Generation
                | Self::Average
                | Self::Task(_)
                | Self::BestKinship(_)
                | Self::ParentsKinship(_)
                | Self::Gain
                | Self::Parameters
                | Self::Size
        )
    }

    /// Its own width in points, and its share of what is left of the window's.
    pub fn width(&self) -> (f32, f32) {
        match self {
            Self::Name => (196.0, 0.5),
            Self::Role => (96.0, 0.0),
            Self::Parents => (112.0, 0.25),
            Self::Generation => (84.0, 0.0),
            Self::Average => (112.0, 0.0),
            Self::Task(task) => (
                (24.0 + 7.0 * task.chars().count() as f32).clamp(72.0, 128.0),
                0.0,
            ),
            Self::BestKinship(_) => (108.0, 0.0),
            Self::ParentsKinship(_) => (124.0, 0.0),
            Self::Gain => (78.0, 0.0),
            Self::Run => (96.0, 0.25),
            Self::Method => (84.0, 0.0),
            Self::Base => (90.0, 0.25),
            Self::Type => (76.0, 0.12),
            Self::Parameters => (88.0, 0.0),
            Self::Size => (76.0, 0.0),
            Self::State => (110.0, 0.0),
        }
    }

    /// Whether it has something to show, and is there unless the user hides it.
    pub fn is_usual(
        &self,
        doc: &StudyDoc,
        record: &StudyFacts,
        has_best_kinship: HasMetric<'_>,
    ) -> bool {
        let has_files = || doc.models.iter().any(|m| m.path.is_some());
        let descends = |m: &crate::study::Model| !m.parents.is_empty() || m.origin.unnamed_parents;
        let rows = &record.rows;
        match self {
            Self::Name => true,
            // Among models without files it would repeat what their parents say.
            Self::Role => has_files() || doc.models.iter().any(|m| m.base.is_some()),
            Self::Task(task) => !is_folded(task, doc, record),
            Self::Parents => doc.models.iter().any(descends),
            Self::Generation => rows.iter().any(|row| row.generation > 0),
            Self::Average => rows.iter().any(|row| row.average.is_some()),
            Self::BestKinship(by) => *by == Metric::DEFAULT && has_best_kinship(*by),
            Self::ParentsKinship(by) => {
                *by == Metric::DEFAULT && rows.iter().any(|row| !row.kinship.values.is_empty())
            }
            Self::Gain => rows.iter().any(|row| row.gain.is_some()),
            Self::Run => record.runs.len() > 1,
            Self::Method => doc.models.iter().any(|m| !m.origin.method.is_empty()),
            Self::Base => doc.models.iter().any(|m| m.base.is_some()),
            Self::Type | Self::Parameters | Self::Size | Self::State => has_files(),
        }
    }
}

/// A title that names the measure, unless that is the default one.
fn with_measure(title: &'static str, by: Metric) -> Cow<'static, str> {
    match by == Metric::DEFAULT {
        true => title.into(),
        false => format!("{title}, {}", by.short).into(),
    }
}

/// With more tasks than this, those that do not count for the average are folded away.
const MOST_TASKS: usize = 8;

fn is_folded(task: &str, doc: &StudyDoc, record: &StudyFacts) -> bool {
    record.tasks.len() > MOST_TASKS && doc.not_averaged.iter().any(|t| t == task)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub column: Column,
    pub key: String,
    /// Whether it is there unless the user hides it.
    pub is_usual: bool,
    pub is_shown: bool,
}

impl Listed {
    /// Whether it has nothing to show. Tasks that do not count are folded, and not empty.
    pub fn is_empty(&self) -> bool {
        let is_full = match &self.column {
            Column::Task(_) | Column::Run => true,
            Column::BestKinship(by) | Column::ParentsKinship(by) => *by != Metric::DEFAULT,
            _ => false,
        };
        !is_full && !self.is_usual
    }
}

/// Whether something is known in a measure.
type HasMetric<'a> = &'a dyn Fn(Metric) -> bool;

/// The columns of a study; `new_tasks` have no score yet. Of the measures beside the default one
/// those are there in which something is known.
pub fn listed(
    doc: &StudyDoc,
    record: &StudyFacts,
    new_tasks: &[String],
    has_best_kinship: HasMetric<'_>,
) -> Vec<Listed> {
    let new = new_tasks.iter().filter(|task| !record.tasks.contains(task));
    let columns = Column::all(record.tasks.iter().chain(new));
    let list = |column: Column| {
        let key = column.key();
        let is_usual = column.is_usual(doc, record, has_best_kinship);
        let chosen = doc.view.columns.get(&key).unwrap_or(is_usual);
        Listed {
            is_shown: chosen || column == Column::Name,
            column,
            key,
            is_usual,
        }
    };
    let is_offered = |listed: &Listed| {
        let Listed { column, key, .. } = listed;
        let has_values = match column {
            Column::BestKinship(by) if *by != Metric::DEFAULT => has_best_kinship(*by),
            Column::ParentsKinship(by) if *by != Metric::DEFAULT => {
                record.rows.iter().any(|row| row.kinship.get(*by).is_some())
            }
            _ => true,
        };
        has_values || doc.view.columns.get(key).is_some()
    };
    columns.into_iter().map(list).filter(is_offered).collect()
}

pub fn folded(columns: &[Listed]) -> Vec<String> {
    let folded = |c: &&Listed| c.column.task().is_some() && !c.is_usual && !c.is_shown;
    let keys = columns.iter().filter(folded);
    keys.map(|listed| listed.key.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::study::{Model, ModelId, Origin, Score};

    fn shown(doc: &StudyDoc, new_tasks: &[&str]) -> Vec<String> {
        let record = StudyFacts::new(doc, &|_, _, _| None);
        let new_tasks: Vec<String> = new_tasks.iter().map(ToString::to_string).collect();
        listed(doc, &record, &new_tasks, &|_| false)
            .into_iter()
            .filter(|listed| listed.is_shown)
            .map(|listed| listed.column.title().into_owned())
            .collect()
    }

    fn model(id: u32, scores: &[(&str, f64)]) -> Model {
        let score = |&(task, value): &(&str, f64)| Score {
            task: task.to_owned(),
            value,
            ..Score::default()
        };
        Model {
            id: ModelId(id),
            scores: scores.iter().map(score).collect(),
            ..Model::default()
        }
    }

    #[test]
    fn a_study_of_files_has_no_columns_of_a_record() {
        let mut doc = StudyDoc::default();
        doc.models.push(Model {
            path: Some("/m".into()),
            ..model(0, &[])
        });
        let titles = "Name Role Type Parameters Size State";
        assert_eq!(shown(&doc, &[]).join(" "), titles);
    }

    #[test]
    fn a_record_without_files_has_its_tasks_and_what_merges_have() {
        let mut doc = StudyDoc {
            models: vec![model(0, &[("a", 1.0)]), model(1, &[("b", 2.0)])],
            ..StudyDoc::default()
        };
        doc.models.push(Model {
            parents: vec![ModelId(0), ModelId(1)],
            origin: Origin {
                gain: Some(1.0),
                ..Origin::default()
            },
            ..model(2, &[("a", 1.0), ("b", 2.0)])
        });
        // A new task comes last, and once.
        let titles = "Name Parents Generation Average Gain a b c";
        assert_eq!(shown(&doc, &["c", "b"]).join(" "), titles);
    }

    #[test]
    fn what_the_user_chose_goes_before_what_is_usual() {
        let mut doc = StudyDoc {
            models: vec![model(0, &[("a", 1.0)])],
            ..StudyDoc::default()
        };
        doc.view.columns.shown = vec!["role".to_owned()];
        assert_eq!(shown(&doc, &[]), ["Name", "Role", "Average", "a"]);
        doc.view.columns.hidden = vec!["role".to_owned(), "task a".to_owned(), "name".to_owned()];
        doc.view.columns.shown = vec!["size".to_owned()];
        assert_eq!(shown(&doc, &[]), ["Name", "Average", "Size"]);
    }

    #[test]
    fn of_many_tasks_those_that_do_not_count_are_folded() {
        let names: Vec<String> = (0..10).map(|k| format!("t{k}")).collect();
        let scores: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
        let few = StudyDoc {
            models: vec![model(0, &scores[..8])],
            not_averaged: vec!["t3".to_owned()],
            ..StudyDoc::default()
        };
        assert!(shown(&few, &[]).contains(&"t3".to_owned()));
        let mut many = StudyDoc {
            models: vec![model(0, &scores)],
            ..few
        };
        assert!(!shown(&many, &[]).contains(&"t3".to_owned()));
        many.view.columns.shown = vec!["task t3".to_owned()];
        assert!(shown(&many, &[]).contains(&"t3".to_owned()));
    }

    #[test]
    fn no_task_is_taken_for_another_column() {
        let tasks = ["average".to_owned(), "size".to_owned()];
        let columns = Column::all(tasks.iter());
        let keys: BTreeSet<String> = columns.iter().map(Column::key).collect();
        assert_eq!(keys.len(), columns.len());
    }
}
