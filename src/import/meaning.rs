//! What a column of a table can mean.

use std::borrow::Cow;

use crate::kinship::Metric;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// Nothing that is taken over.
    Ignore,
    /// The model that the row is about.
    Model,
    /// One of its parents; there may be several such columns.
    Parent,
    /// All its parents, parted by ` + `, `;` or `,`.
    Parents,
    /// How many parents it has beside the named ones.
    OtherParents,
    ParentCount,
    Method,
    Generation,
    /// The run or path that it belongs to.
    Run,
    /// Its score on this task.
    Score(String),
    Average,
    Gain,
    /// Kinship of its parents, or of the pair.
    Kinship(Metric),
    Published,
    Note,
    /// The task, where a row holds one score.
    Task,
    Value,
    Stderr,
    /// On how many items it was found.
    Count,
    /// What tells scores on one task apart: a split, a metric, a filter.
    Qualifier,
    PairA,
    PairB,
    /// Average task performance difference of the two.
    Difference,
    Group,
}

impl Meaning {
    /// Everything that a column of this name can mean, in the order of the menu.
    pub fn all(header: &str) -> Vec<Self> {
        let before = [
            Self::Ignore,
            Self::Model,
            Self::Score(task_name(header)),
            Self::Average,
            Self::Parent,
            Self::Parents,
            Self::OtherParents,
            Self::ParentCount,
            Self::Method,
            Self::Generation,
            Self::Run,
            Self::Gain,
        ];
        let kinship = Metric::independent().map(Self::Kinship);
        let behind = [
            Self::Published,
            Self::Note,
            Self::Task,
            Self::Value,
            Self::Stderr,
            Self::Count,
            Self::Qualifier,
            Self::PairA,
            Self::PairB,
            Self::Difference,
            Self::Group,
        ];
        before.into_iter().chain(kinship).chain(behind).collect()
    }

    pub fn title(&self) -> Cow<'static, str> {
        match self {
            Self::Kinship(metric) => format!("Kinship, {}", metric.short).into(),
            other => other.words().0.into(),
        }
    }

    pub const fn help(&self) -> &'static str {
        self.words().1
    }

    /// The words in the menu, and what they mean.
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Ignore => ("Leave out", "Nothing of this column is taken over"),
            Self::Model => (
                "Model",
                "The model that the row is about; filled in if the study has it",
            ),
            Self::Parent => ("Parent", "One of the models that it was made from"),
            Self::Parents => (
                "Parents",
                "All of them in one cell, parted by +, semicolon or comma",
            ),
            Self::OtherParents => (
                "More parents",
                "How many parents it has beside the named ones",
            ),
            Self::ParentCount => (
                "Parent count",
                "How many parents it has, named ones included",
            ),
            Self::Method => ("Merge method", "The merge method, such as slerp"),
            Self::Generation => ("Generation", "Its generation in its run; founders are 0"),
            Self::Run => ("Run", "The run or path of merges that it belongs to"),
            Self::Score(_) => (
                "Score",
                "Its score on the task that the column is named after",
            ),
            Self::Average => ("Average", "Its average over tasks, as reported"),
            Self::Gain => (
                "Merge gain",
                "Its average over the mean of its parents' averages, as reported",
            ),
            Self::Kinship(_) => (
                "Kinship",
                "Kinship of the parents, or of the pair, as reported",
            ),
            Self::Published => ("Published at", "A repository or an address"),
            Self::Note => ("Note", "Words that are kept with the model or the pair"),
            Self::Task => ("Task", "For tables with one score a row: the task"),
            Self::Value => ("Task score", "For tables with one score a row: the score"),
            Self::Stderr => ("Standard error", "The standard error of that score"),
            Self::Count => ("Items", "On how many items that score was found"),
            Self::Qualifier => ("Task variant", "Becomes part of the task's name: add (dev)"),
            Self::PairA => ("Pair, one", "For tables with one pair of models a row"),
            Self::PairB => ("Pair, other", "For tables with one pair of models a row"),
            Self::Difference => (
                "Pair, difference",
                "Average task performance difference of the two, as reported",
            ),
            Self::Group => ("Pair, table", "The table that the pair belongs to"),
        }
    }

    /// Whether several columns may mean this.
    pub const fn may_repeat(&self) -> bool {
        matches!(
            self,
            Self::Ignore | Self::Parent | Self::Score(_) | Self::Qualifier
        )
    }

    /// Whether this is a score, which may be a fraction or in points.
    pub const fn is_score(&self) -> bool {
        matches!(self, Self::Score(_) | Self::Average | Self::Value)
    }
}

/// A column's name as that of a task: without arrows and stars behind it.
pub(super) fn task_name(header: &str) -> String {
    let dress = |c: char| !(c.is_alphanumeric() || ")]+%".contains(c));
    header.trim().trim_end_matches(dress).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_lose_their_arrows() {
        assert_eq!(task_name("ARC ⬆️"), "ARC");
        assert_eq!(task_name("GSM8K (5-shot)"), "GSM8K (5-shot)");
    }
}
