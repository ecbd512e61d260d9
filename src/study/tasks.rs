//! Tasks under several names: `dev_add` of one table is `add (dev)` of another.

use std::collections::{BTreeMap, BTreeSet};

use super::derived::StudyFacts;
use super::doc::{Model, StudyDoc};

/// Words that say how a task was scored, not which task it is.
const OF_METRICS: [&str; 9] = [
    "acc",
    "accuracy",
    "challenge",
    "exact",
    "leaderboard",
    "match",
    "mc2",
    "none",
    "norm",
];

/// The words of a task's name without regard to their order, capitals and signs.
fn words(task: &str) -> BTreeSet<String> {
    let lower = task.to_lowercase();
    let all = lower.split(|c: char| !c.is_alphanumeric());
    all.filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Those of them that tell which task it is.
fn telling_words(task: &str) -> BTreeSet<String> {
    let all = words(task);
    let is_shots = |word: &str| {
        let count = word.strip_suffix("shot").unwrap_or("none");
        count.bytes().all(|b| b.is_ascii_digit())
    };
    let telling = |word: &&String| !OF_METRICS.contains(&word.as_str()) && !is_shots(word);
    let kept: BTreeSet<String> = all.iter().filter(telling).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

/// Of tasks that are not known, which known one each probably is: those whose words are the same,
/// where that leaves no doubt either way.
pub fn alike(known: &[&str], new: &[&str]) -> Vec<(String, String)> {
    let group = |tasks: &[&str]| {
        let mut groups: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
        for task in tasks {
            groups
                .entry(telling_words(task))
                .or_default()
                .push((*task).to_owned());
        }
        groups
    };
    let known = group(known);
    let new = group(new).into_iter();
    let pairs = new.filter_map(
        |(words, tasks)| match (&tasks[..], &known.get(&words)?[..]) {
            ([new], [known]) if new != known => Some((new.clone(), known.clone())),
            _ => None,
        },
    );
    pairs.collect()
}

/// Tasks of the study that are the same word for word, `(from, into)`: the later one goes into
/// the earlier. Two metrics of one task are not.
pub fn twins(tasks: &[String]) -> Vec<(String, String)> {
    let mut first: BTreeMap<BTreeSet<String>, &String> = BTreeMap::new();
    let mut pairs = Vec::new();
    for task in tasks {
        match first.get(&words(task)) {
            Some(earlier) => pairs.push((task.clone(), (*earlier).clone())),
            None => {
                first.insert(words(task), task);
            }
        }
    }
    pairs
}

/// Puts the scores of tasks into others; where a model has both, the score of the task that
/// stays counts.
pub(super) fn merge(doc: &mut StudyDoc, pairs: &[(String, String)]) {
    for (from, into) in pairs.iter().filter(|(from, into)| from != into) {
        doc.not_averaged.retain(|task| task != from);
        for model in &mut doc.models {
            merge_scores(model, from, into);
        }
    }
}

fn merge_scores(model: &mut Model, from: &str, into: &str) {
    if model.score(into).is_some() {
        return model.scores.retain(|score| score.task != from);
    }
    let own = model.scores.iter_mut().filter(|score| score.task == from);
    own.for_each(|score| into.clone_into(&mut score.task));
}

/// Over what the averages of a study are, and who has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Averages {
    /// How many tasks count.
    pub over: usize,
    /// Models with a score on every task that counts.
    pub whole: usize,
    /// Models with scores on some of them, and so without an average.
    pub partial: usize,
    /// Tasks that count on which one of those lacks a score, the most lacking first.
    pub lacking: Vec<String>,
}

impl Averages {
    pub fn new(doc: &StudyDoc, facts: &StudyFacts) -> Self {
        let counts = |task: &&String| !doc.not_averaged.contains(task);
        let counted: Vec<&String> = facts.tasks.iter().filter(counts).collect();
        let has = |model: &Model, task: &String| model.score(task).is_some();
        let partial: Vec<&Model> = (doc.models.iter().zip(&facts.rows))
            .filter(|(_, row)| row.partial.is_some())
            .map(|(model, _)| model)
            .collect();
        let lack = |task: &String| partial.iter().filter(|m| !has(m, task)).count();
        let is_whole = |m: &&Model| !counted.is_empty() && counted.iter().all(|t| has(m, t));
        let lacks = counted.iter().map(|&task| (lack(task), task));
        let mut lacks: Vec<(usize, &String)> = lacks.filter(|(n, _)| *n > 0).collect();
        lacks.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
        Self {
            over: counted.len(),
            whole: doc.models.iter().filter(is_whole).count(),
            partial: partial.len(),
            lacking: lacks.into_iter().map(|(_, task)| task.clone()).collect(),
        }
    }

    /// Tasks to be left out so that averages come back: those that at least half of the models
    /// without one lack, unless no task would be left.
    pub fn to_leave_out(&self, doc: &StudyDoc) -> Vec<String> {
        let has = |task: &String| {
            doc.models
                .iter()
                .filter(|m| m.score(task).is_some())
                .count()
        };
        let scored = self.whole + self.partial;
        let rare = |task: &&String| 2 * has(task) <= scored;
        let mut out: Vec<String> = self.lacking.iter().filter(rare).cloned().collect();
        if out.is_empty() {
            out.clone_from(&self.lacking);
        }
        if out.len() == self.over {
            Vec::new()
        } else {
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{ModelId, Score};

    #[test]
    fn tasks_are_alike_by_their_words_where_that_leaves_no_doubt() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let known = ["add (dev)", "add (test)", "ARC", "gsm8k"];
        let found = alike(&known, &["dev_add", "leaderboard_arc_challenge", "mmlu"]);
        assert_eq!(
            found,
            [
                pair("dev_add", "add (dev)"),
                pair("leaderboard_arc_challenge", "ARC")
            ]
        );
        // Two of the table would be one of the study.
        let filters = ["gsm8k (exact_match)", "gsm8k, acc"];
        assert!(alike(&known, &filters).is_empty());
        assert!(alike(&["a b", "b_a"], &["B-A"]).is_empty());
        assert!(alike(&known, &["add"]).is_empty());
    }

    #[test]
    fn a_name_of_nothing_but_a_metric_is_its_own() {
        assert_eq!(telling_words("acc_norm"), telling_words("norm (acc)"));
        assert_ne!(telling_words("acc"), telling_words("exact_match"));
        assert_eq!(telling_words("ARC (25shot)"), telling_words("arc"));
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

    fn of(models: Vec<Model>) -> (StudyDoc, Averages) {
        let doc = StudyDoc {
            models,
            ..StudyDoc::default()
        };
        let averages = Averages::new(&doc, &StudyFacts::new(&doc, &|_, _, _| None));
        (doc, averages)
    }

    #[test]
    fn merged_tasks_keep_the_score_of_the_one_that_stays() {
        let (mut doc, before) = of(vec![
            model(0, &[("a b", 1.0), ("c", 5.0)]),
            model(1, &[("a b", 2.0), ("b_a", 9.0), ("c", 5.0)]),
            model(2, &[("b_a", 3.0), ("c", 5.0)]),
        ]);
        assert_eq!((before.whole, before.partial), (1, 2));
        let tasks = StudyFacts::new(&doc, &|_, _, _| None).tasks;
        merge(&mut doc, &twins(&tasks));
        let values = doc.models.iter().map(|m| m.score("a b").unwrap().value);
        assert_eq!(values.collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
        let (_, after) = of(doc.models);
        assert_eq!((after.over, after.whole, after.partial), (2, 3, 0));
    }

    #[test]
    fn what_few_have_is_left_out_and_never_everything() {
        let (doc, averages) = of(vec![
            model(0, &[("a", 1.0)]),
            model(1, &[("a", 2.0)]),
            model(2, &[("a", 2.0), ("b", 2.0)]),
        ]);
        assert_eq!(averages.lacking, ["b"]);
        assert_eq!(averages.to_leave_out(&doc), ["b"]);
        let (doc, averages) = of(vec![model(0, &[("a", 1.0)]), model(1, &[("b", 2.0)])]);
        assert_eq!(averages.partial, 2);
        assert!(averages.to_leave_out(&doc).is_empty());
    }
}
