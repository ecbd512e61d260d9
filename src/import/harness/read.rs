//! From JSON to results.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Measured, ModelResults, TaskResults, model};
use crate::import::ImportError;
use crate::study::bounds::MOST_VALUE;

/// Reads a result file; `label` is its name, with its folder if that may tell the model.
///
/// # Errors
/// Line and column of broken JSON, or a sentence if this is JSON of another kind or has no
/// number where scores belong.
pub fn read(label: &str, text: &str) -> Result<Vec<ModelResults>, ImportError> {
    let found = read_with_gaps(label, text)?;
    let mut tasks = found.iter().flat_map(|model| &model.tasks);
    if tasks.all(|task| task.measured.is_empty()) {
        let message = "No score in this JSON is a number; all are NaN, infinite or null";
        return Err(ImportError::whole(message));
    }
    Ok(found)
}

/// The same where it is no error that no score is a number; [`super::without_number`] tells.
///
/// # Errors
/// As for [`read`], but for that.
pub fn read_with_gaps(label: &str, text: &str) -> Result<Vec<ModelResults>, ImportError> {
    let value = parse(text)?;
    let mut found = Vec::new();
    any(label, &value, &mut found);
    found.retain(|model| !model.tasks.is_empty());
    if found.is_empty() {
        return Err(ImportError::whole(
            "This JSON holds no results: it needs \u{201c}results\u{201d} as \
             lm-evaluation-harness writes them, or tasks with their scores",
        ));
    }
    Ok(found)
}

fn parse(text: &str) -> Result<Value, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&without_python_numbers(text)))
        .map_err(|error| {
            let sentence = error.to_string();
            let what = match sentence.split(" at line ").next() {
                _ if error.is_eof() => "it ends before it is complete",
                what => what.unwrap_or_default(),
            };
            let message = format!("The JSON is broken here: {what}");
            ImportError::at(error.line(), error.column(), message)
        })
}

/// Python writes NaN and Infinity, which JSON does not have; they are not results.
fn without_python_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = ["NaN", "-Infinity", "Infinity"]
            .into_iter()
            .find(|word| !in_string && rest.starts_with(word));
        if let Some(word) = word {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        in_string ^= c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// A result file, a list of them, an object of them, or plain scores.
fn any(label: &str, value: &Value, out: &mut Vec<ModelResults>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| any(label, item, out)),
        Value::Object(map) if map.get("results").is_some_and(Value::is_object) => {
            out.push(result_file(label, map));
        }
        Value::Object(map) if has_numbers(map) => out.push(plain(label, map)),
        Value::Object(map) if map.values().any(is_task) => {
            out.push(ModelResults {
                tasks: tasks(map, map, label),
                name: model::name(map, label),
                file: label.to_owned(),
                date: 0.0,
            });
        }
        Value::Object(map) => {
            for (name, value) in map {
                let Some(inner) = value.as_object() else {
                    continue;
                };
                if inner.contains_key("results") || has_numbers(inner) {
                    any(name, value, out);
                }
            }
        }
        _ => {}
    }
}

/// `{"gsm8k": 0.71, "arc": null}`, perhaps with the model's name among it.
fn has_numbers(map: &Map<String, Value>) -> bool {
    let is_plain = |v: &Value| v.is_number() || v.is_string() || v.is_null();
    let is_score = |v: &Value| v.is_number() || v.is_null();
    map.values().any(is_score) && map.values().all(is_plain)
}

fn plain(label: &str, map: &Map<String, Value>) -> ModelResults {
    let task = |(task, value): (&String, &Value)| {
        let measured = finite(value).map(|value| Measured {
            metric: "score".to_owned(),
            value,
            lower_is_better: is_lower_better(task),
            ..Measured::default()
        });
        let is_gap =
            measured.is_none() && (value.is_null() || value.is_number()) && !is_lower_better(task);
        let gap = is_gap.then(|| ("score".to_owned(), String::new()));
        let task = TaskResults {
            task: task.clone(),
            file: label.to_owned(),
            measured: measured.into_iter().collect(),
            not_numbers: gap.into_iter().collect(),
            ..TaskResults::default()
        };
        task.says_something().then_some(task)
    };
    let is_about_run = |key: &str| matches!(key, "date" | "seed" | "average" | "avg");
    let tasks = map.iter().filter(|(key, _)| !is_about_run(key));
    ModelResults {
        name: model::name(map, label),
        file: label.to_owned(),
        date: date(map),
        tasks: tasks.filter_map(task).collect(),
    }
}

/// Whether this is what stands beside a task's name: metrics, not tasks.
fn is_task(value: &Value) -> bool {
    let is_metric = |key: &String| {
        let metric = key.split(',').next().unwrap_or(key);
        key.contains(',') || METRICS.split(' ').any(|known| known == metric)
    };
    let map = value.as_object();
    map.is_some_and(|map| map.keys().any(is_metric) && map.values().any(Value::is_number))
}

/// Metrics that the harness names most often.
const METRICS: &str = "acc acc_norm exact_match em f1 mc1 mc2 word_perplexity perplexity bleu \
                       rouge1 pass@1 pass_at_1 mcc";

fn result_file(label: &str, file: &Map<String, Value>) -> ModelResults {
    let empty = Map::new();
    let of = |key: &str| file.get(key).and_then(Value::as_object).unwrap_or(&empty);
    let mut results = of("results").clone();
    for (group, values) in of("groups") {
        // A group stands in both places in some versions, in one of them empty.
        let own = results.get(group).is_some_and(is_task);
        if !own {
            results.insert(group.clone(), values.clone());
        }
    }
    ModelResults {
        name: model::name(file, label),
        file: label.to_owned(),
        date: date(file),
        tasks: tasks(&results, file, label),
    }
}

fn date(file: &Map<String, Value>) -> f64 {
    let date = file.get("date").and_then(|date| match date {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    });
    date.filter(|d: &f64| d.is_finite()).unwrap_or(0.0)
}

fn tasks(results: &Map<String, Value>, file: &Map<String, Value>, label: &str) -> Vec<TaskResults> {
    let mut tasks: Vec<TaskResults> = results
        .iter()
        .filter_map(|(task, values)| {
            let (measured, not_numbers) = measured(task, values.as_object()?, file);
            Some(TaskResults {
                task: task.clone(),
                group: None,
                n: n_samples(file, task),
                file: label.to_owned(),
                measured,
                not_numbers,
            })
        })
        .filter(TaskResults::says_something)
        .collect();
    let groups = groups(file, &tasks);
    for task in &mut tasks {
        task.group = groups.get(&task.task).cloned();
    }
    tasks
}

/// The outermost group with a score that each task counts for.
fn groups(file: &Map<String, Value>, tasks: &[TaskResults]) -> BTreeMap<String, String> {
    let with_score = tasks.iter().filter(|task| !task.measured.is_empty());
    let scored: BTreeSet<&str> = with_score.map(|task| task.task.as_str()).collect();
    let subtasks = file.get("group_subtasks").and_then(Value::as_object);
    let mut parent: BTreeMap<&str, &str> = BTreeMap::new();
    for (group, members) in subtasks.into_iter().flatten() {
        for member in members.as_array().into_iter().flatten() {
            if let Some(member) = member.as_str().filter(|m| m != group) {
                parent.entry(member).or_insert(group);
            }
        }
    }
    let outermost = |task: &TaskResults| {
        let (mut at, mut found) = (task.task.as_str(), None);
        // Groups of groups are a few deep; a ring is a mistake of the file.
        for _ in 0..8 {
            let Some(&group) = parent.get(at) else {
                break;
            };
            if scored.contains(group) {
                found = Some(group.to_owned());
            }
            at = group;
        }
        Some((task.task.clone(), found?))
    };
    tasks.iter().filter_map(outermost).collect()
}

fn n_samples(file: &Map<String, Value>, task: &str) -> Option<u64> {
    match file.get("n-samples")?.get(task)? {
        Value::Number(n) => n.as_u64(),
        Value::Object(n) => n.get("effective").or_else(|| n.get("original"))?.as_u64(),
        _ => None,
    }
}

fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|v| v.abs() <= MOST_VALUE)
}

/// The metrics of a task, and those that should be a number but are none; their standard
/// errors stand under keys of their own.
fn measured(
    task: &str,
    values: &Map<String, Value>,
    file: &Map<String, Value>,
) -> (Vec<Measured>, Vec<(String, String)>) {
    let (mut out, mut not_numbers) = (Vec::new(), Vec::new());
    for (key, value) in values {
        let (metric, filter) = key.split_once(',').unwrap_or((key, ""));
        let is_of_run = matches!(metric, "alias" | "samples" | "sample_len" | "name");
        if is_of_run || metric.ends_with("_stderr") || metric.ends_with("_std") {
            continue;
        }
        let lower_is_better =
            said_lower(file, task, metric).unwrap_or_else(|| is_lower_better(metric));
        let bare_filter = if filter == "none" { "" } else { filter };
        let Some(number) = finite(value) else {
            if (value.is_null() || value.is_number()) && !lower_is_better {
                not_numbers.push((metric.to_owned(), bare_filter.to_owned()));
            }
            continue;
        };
        let stderr = match filter {
            "" => format!("{metric}_stderr"),
            filter => format!("{metric}_stderr,{filter}"),
        };
        out.push(Measured {
            metric: metric.to_owned(),
            filter: bare_filter.to_owned(),
            value: number,
            stderr: values.get(&stderr).and_then(Value::as_f64),
            lower_is_better,
        });
    }
    (out, not_numbers)
}

impl TaskResults {
    fn says_something(&self) -> bool {
        !self.measured.is_empty() || !self.not_numbers.is_empty()
    }
}

/// What the file says of a metric's direction.
fn said_lower(file: &Map<String, Value>, task: &str, metric: &str) -> Option<bool> {
    let better = file.get("higher_is_better")?.get(task)?.get(metric)?;
    better.as_bool().map(|higher| !higher)
}

/// Metrics that are known to be better when they are less.
fn is_lower_better(metric: &str) -> bool {
    let metric = metric.to_lowercase();
    let names = "ppl perplexity bits_per_byte loss brier likelihood_diff wer";
    names.split(' ').any(|name| metric.contains(name)) || metric == "ter"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> ModelResults {
        read("m.json", json).unwrap().remove(0)
    }

    #[test]
    fn keys_with_and_without_filters_are_read() {
        let new = one(
            r#"{"results": {"gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.61,
                "exact_match_stderr,strict-match": 0.013, "exact_match,flexible-extract": 0.64,
                "exact_match_stderr,flexible-extract": "N/A"}},
                "n-samples": {"gsm8k": {"original": 1319, "effective": 100}}}"#,
        );
        let gsm8k = &new.tasks[0];
        assert_eq!(gsm8k.n, Some(100));
        let found = gsm8k.measured.iter();
        let found: Vec<_> = found.map(|m| (&*m.filter, m.value, m.stderr)).collect();
        let strict = ("strict-match", 0.61, Some(0.013));
        assert_eq!(found, [("flexible-extract", 0.64, None), strict]);
        let old = one(
            r#"{"results": {"arc_challenge": {"acc": 0.5, "acc_stderr": 0.01, "acc_norm": 0.55}}}"#,
        );
        let found = old.tasks[0].measured.iter();
        let found: Vec<_> = found.map(|m| (m.metric.as_str(), m.stderr)).collect();
        assert_eq!(found, [("acc", Some(0.01)), ("acc_norm", None)]);
    }

    #[test]
    fn members_of_a_group_with_a_score_know_it() {
        let file = one(
            r#"{"results": {"mmlu": {"acc,none": 0.6}, "mmlu_stem": {"acc,none": 0.5},
                "mmlu_algebra": {"acc,none": 0.4}, "leaderboard": {"alias": "leaderboard"},
                "ifeval": {"acc,none": 0.3}},
                "group_subtasks": {"mmlu": ["mmlu_stem"], "mmlu_stem": ["mmlu_algebra"],
                "leaderboard": ["ifeval"]}}"#,
        );
        let tasks = file.tasks.iter();
        let groups: Vec<_> = tasks
            .map(|t| (t.task.as_str(), t.group.as_deref()))
            .collect();
        let expected = [
            ("ifeval", None),
            ("mmlu", None),
            ("mmlu_algebra", Some("mmlu")),
            ("mmlu_stem", Some("mmlu")),
        ];
        assert_eq!(groups, expected);
    }

    #[test]
    fn python_numbers_are_no_results_and_break_nothing() {
        let file = one(
            r#"{"results": {"a": {"acc,none": NaN, "f1,none": 0.5, "x,none": -Infinity,
                "alias": "NaN \" Infinity"}}}"#,
        );
        assert_eq!(file.tasks[0].measured.len(), 1);
        assert_eq!(file.tasks[0].measured[0].metric, "f1");
        let gaps = ["acc", "x"].map(|metric| (metric.to_owned(), String::new()));
        assert_eq!(file.tasks[0].not_numbers, gaps);
        for json in [
            r#"{"gsm8k": NaN}"#,
            r#"{"results": {"a": {"acc,none": null}}}"#,
        ] {
            let error = read("m.json", json).unwrap_err();
            assert!(error.message.contains("is a number"), "{error}");
            assert_eq!(read_with_gaps("m.json", json).unwrap()[0].tasks.len(), 1);
        }
    }

    #[test]
    fn plain_objects_are_read() {
        let file = one(r#"{"model": "org/m", "gsm8k": 71.2, "arc": 64.0, "date": 5}"#);
        assert_eq!((file.name.as_str(), file.tasks.len()), ("org/m", 2));
        let two = read("x.json", r#"{"a": {"gsm8k": 0.7}, "b": {"gsm8k": 0.6}}"#).unwrap();
        let names: Vec<_> = two.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let task = one(r#"{"gsm8k": {"acc": 0.7, "acc_stderr": 0.1}}"#);
        assert_eq!(
            (task.name.as_str(), task.tasks[0].task.as_str()),
            ("m", "gsm8k")
        );
        let list = read(
            "x.json",
            r#"[{"model_name": "a", "results": {"t": {"acc": 1}}}]"#,
        )
        .unwrap();
        assert_eq!(list[0].name, "a");
    }

    #[test]
    fn broken_json_is_told_with_its_place_and_other_json_with_a_sentence() {
        let error = read("m.json", "{\"results\": {\n  \"a\": {\"acc\": 0.5,}\n}}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 20));
        for other in [
            "{}",
            "[]",
            "{\"architectures\": [\"x\"]}",
            "{\"results\": {}}",
            "3",
        ] {
            let error = read("m.json", other).unwrap_err();
            assert!(error.message.contains("no results"), "{other}");
        }
    }

    #[test]
    fn less_is_better_where_the_file_or_the_name_says_so() {
        let file = one(
            r#"{"results": {"wikitext": {"word_perplexity,none": 8.1}, "t": {"odd,none": 1}},
                "higher_is_better": {"t": {"odd": false}}}"#,
        );
        assert!(file.tasks.iter().all(|t| t.measured[0].lower_is_better));
    }
}
