//! Which metric of a task is its score: the usual one is on, every other can be.

use std::collections::BTreeMap;

use super::{Measured, Results, TaskResults};
use crate::import::apply::times_100;
use crate::stats::mean;

/// A metric of a task, over all models that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub task: String,
    pub metric: String,
    /// The filter; empty if there is none.
    pub filter: String,
    pub is_on: bool,
    /// Why it is off by default where a user may wonder; empty otherwise.
    pub why_off: &'static str,
    /// The group that the task counts for.
    pub group: Option<String>,
    pub models: usize,
    /// Mean over those models, in points if it is a fraction.
    pub mean: f64,
    /// Whether it is a fraction, which becomes points.
    pub is_fraction: bool,
}

/// Every metric of every task, by task; what is usual for any of the models is on, unless the
/// task only counts for a group that has a score.
pub fn choices(results: &Results) -> Vec<Choice> {
    let mut by_task: BTreeMap<&str, BTreeMap<Key<'_>, Found<'_>>> = BTreeMap::new();
    let mut groups: BTreeMap<&str, Option<&String>> = BTreeMap::new();
    for task in results.models.iter().flat_map(|model| &model.tasks) {
        groups.entry(&task.task).or_insert(task.group.as_ref());
        let usual = usual(task);
        let metrics = by_task.entry(&task.task).or_default();
        for one in &task.measured {
            let key = (one.metric.as_str(), one.filter.as_str());
            let found = metrics.entry(key).or_default();
            found.measured.push(one);
            found.is_usual |= usual == Some(key);
        }
    }
    let mut out = Vec::new();
    for (task, metrics) in by_task {
        let group = groups.get(task).copied().flatten();
        let metrics = metrics.iter();
        out.extend(metrics.map(|(key, found)| choice(task, *key, found, group)));
    }
    out
}

type Key<'a> = (&'a str, &'a str);

/// One metric of a task in all models.
#[derive(Default)]
struct Found<'a> {
    measured: Vec<&'a Measured>,
    is_usual: bool,
}

fn choice(
    task: &str,
    (metric, filter): Key<'_>,
    found: &Found<'_>,
    group: Option<&String>,
) -> Choice {
    let (is_usual, found) = (found.is_usual, &found.measured);
    let lower = found.iter().any(|m| m.lower_is_better);
    let is_fraction = !in_points(metric) && found.iter().all(|m| m.value.abs() <= 1.0) && !lower;
    let values: Vec<f64> = found.iter().map(|m| m.value).collect();
    let mean = mean(&values).unwrap_or(0.0);
    let why_off = match (lower, group.is_some()) {
        (true, _) => "Less is better here, so it would turn averages and gains around",
        (_, true) => "It counts for its group already",
        _ => "",
    };
    Choice {
        task: task.to_owned(),
        metric: metric.to_owned(),
        filter: filter.to_owned(),
        is_on: is_usual && why_off.is_empty(),
        why_off,
        group: group.cloned(),
        models: found.len(),
        mean: if is_fraction { times_100(mean) } else { mean },
        is_fraction,
    }
}

/// Metrics that the harness gives in points already.
fn in_points(metric: &str) -> bool {
    let names = ["bleu", "rouge", "chrf", "ter"];
    names.iter().any(|name| metric.starts_with(name))
}

/// Metrics in the order in which they are a task's score, with the filter that is meant.
fn order(task: &str) -> &'static [(&'static str, &'static str)] {
    const NORMED: &str =
        "arc_ hellaswag openbookqa leaderboard_bbh leaderboard_gpqa leaderboard_musr";
    let starts = |names: &str| names.split(' ').any(|name| task.starts_with(name));
    if starts(NORMED) {
        &[("acc_norm", ""), ("acc", "")]
    } else if task == "truthfulqa_mc" {
        &[("mc2", ""), ("mc1", "")]
    } else if starts("gsm8k gsm_") {
        &[
            ("exact_match", "strict-match"),
            ("exact_match", ""),
            ("acc", ""),
        ]
    } else if starts("ifeval leaderboard_ifeval") {
        &[("prompt_level_strict_acc", "")]
    } else {
        &[
            ("acc", ""),
            ("acc_norm", ""),
            ("exact_match", ""),
            ("pass@1", ""),
        ]
    }
}

/// The metric and filter of a model's task that count by default; the first of those where
/// more is better, if none is known.
fn usual(task: &TaskResults) -> Option<Key<'_>> {
    let known = order(&task.task).iter().find_map(|&(metric, filter)| {
        let of_metric = || task.measured.iter().filter(|m| m.metric == metric);
        let exact = of_metric().find(|m| m.filter == filter);
        exact.or_else(|| of_metric().next())
    });
    let found = known.or_else(|| task.measured.iter().find(|m| !m.lower_is_better))?;
    Some((&found.metric, &found.filter))
}

/// Tasks whose usual metric is not a number, with that metric: `gsm8k (exact_match)`.
pub fn without_number(results: &Results) -> Vec<String> {
    let tasks = results.models.iter().flat_map(|model| &model.tasks);
    let of_task = |task: &TaskResults| {
        let gap = |(metric, filter): &(String, String)| Measured {
            metric: metric.clone(),
            filter: filter.clone(),
            ..Measured::default()
        };
        let mut whole = task.clone();
        whole.measured.extend(task.not_numbers.iter().map(gap));
        let (metric, filter) = usual(&whole)?;
        let is_gap = |(m, f): &(String, String)| m == metric && f == filter;
        let is_missed = task.not_numbers.iter().any(is_gap);
        is_missed.then(|| format!("{} ({metric})", task.task))
    };
    let counted = tasks.filter(|task| task.group.is_none());
    counted.filter_map(of_task).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::harness::read;

    #[test]
    fn a_usual_metric_that_is_no_number_is_missed_and_others_are_not() {
        let json = r#"{"results": {
            "arc_easy": {"acc,none": 0.5, "acc_norm,none": NaN},
            "gsm8k": {"exact_match,strict-match": NaN, "exact_match,flexible-extract": 0.6},
            "winogrande": {"acc,none": 0.5, "acc_norm,none": NaN, "acc_stderr,none": NaN},
            "wikitext": {"word_perplexity,none": NaN},
            "mmlu": {"acc,none": 0.6}, "mmlu_law": {"acc,none": NaN}},
            "group_subtasks": {"mmlu": ["mmlu_law"]}}"#;
        let results = Results::merged(read("m.json", json).unwrap());
        let expected = ["arc_easy (acc_norm)", "gsm8k (exact_match)"];
        assert_eq!(without_number(&results), expected);
    }

    fn on(json: &str) -> Vec<String> {
        let results = Results::merged(read("m.json", json).unwrap());
        let chosen = choices(&results).into_iter().filter(|c| c.is_on);
        let words = |c: Choice| format!("{} {} {}", c.task, c.metric, c.filter);
        chosen.map(|c| words(c).trim().to_owned()).collect()
    }

    #[test]
    fn the_usual_metric_of_a_task_is_on() {
        let found = on(r#"{"results": {
                "arc_challenge": {"acc,none": 0.5, "acc_norm,none": 0.6},
                "winogrande": {"acc,none": 0.5, "acc_norm,none": 0.6},
                "truthfulqa_mc2": {"acc,none": 0.5},
                "gsm8k": {"exact_match,strict-match": 0.5, "exact_match,flexible-extract": 0.6},
                "humaneval": {"pass@1,create_test": 0.3},
                "strange": {"zeta,none": 0.2, "beta,none": 0.1}}}"#);
        assert_eq!(
            found,
            [
                "arc_challenge acc_norm",
                "gsm8k exact_match strict-match",
                "humaneval pass@1 create_test",
                "strange beta",
                "truthfulqa_mc2 acc",
                "winogrande acc",
            ]
        );
    }

    #[test]
    fn perplexity_and_members_of_groups_are_off_and_say_why() {
        let json = r#"{"results": {"wikitext": {"word_perplexity,none": 8.0},
            "mmlu": {"acc,none": 0.6}, "mmlu_law": {"acc,none": 0.5}},
            "group_subtasks": {"mmlu": ["mmlu_law"]}}"#;
        assert_eq!(on(json), ["mmlu acc"]);
        let results = Results::merged(read("m.json", json).unwrap());
        let choices = choices(&results);
        let why: Vec<bool> = choices.iter().map(|c| c.why_off.is_empty()).collect();
        assert_eq!(why, [true, false, false]);
    }

    #[test]
    fn fractions_become_points_and_bleu_stays() {
        let json = r#"{"results": {"a": {"acc,none": 0.625}, "b": {"bleu,none": 0.5}, "c": {"acc": 62.5}}}"#;
        let results = Results::merged(read("m.json", json).unwrap());
        let means: Vec<f64> = choices(&results).iter().map(|c| c.mean).collect();
        assert_eq!(means, [62.5, 0.5, 62.5]);
    }
}
