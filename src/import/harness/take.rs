//! From results and choices to an import.

use super::{Choice, Measured, ModelResults, Results, TaskResults};
use crate::import::apply::{known_task, times_100, told_apart};
use crate::import::names::Names;
use crate::import::{ImportError, Note, Ready};
use crate::study::bounds::is_error;
use crate::study::{Entry, Import, Score, StudyDoc};
use crate::text::counted;

/// Makes an import of the metrics that are on.
///
/// # Errors
/// If none is.
pub fn take(
    results: &Results,
    choices: &[Choice],
    study: &StudyDoc,
    title: &str,
) -> Result<Ready, Vec<ImportError>> {
    let chosen: Vec<&Choice> = choices.iter().filter(|choice| choice.is_on).collect();
    if chosen.is_empty() {
        let message = "No metric is chosen; tick at least one";
        return Err(vec![ImportError::whole(message)]);
    }
    let known: Vec<&str> = study.models.iter().map(|m| m.name.as_str()).collect();
    let own: Vec<&str> = results.models.iter().map(|m| m.name.as_str()).collect();
    let names = Names::new(&known, &own, &[]);
    let entry = |model: &ModelResults| Entry {
        model: names.of(&model.name),
        scores: chosen
            .iter()
            .filter_map(|choice| score(model, choice, &chosen, study))
            .collect(),
        ..Entry::default()
    };
    let entries = results.models.iter().map(entry);
    let mut notes = results.notes.clone();
    notes.extend(names.notes());
    notes.extend(impossible_errors(results, &chosen));
    Ok(Ready {
        import: Import {
            title: title.to_owned(),
            entries: entries.filter(|entry| !entry.scores.is_empty()).collect(),
            pairs: Vec::new(),
        },
        notes,
        ..Ready::default()
    })
}

/// Which standard errors of what is chosen are left out, because none can be below 0 or so large.
fn impossible_errors(results: &Results, chosen: &[&Choice]) -> Option<Note> {
    let is_impossible = |m: &Measured| m.stderr.is_some_and(|error| !is_error(error));
    let of = |task: &TaskResults| {
        let own = chosen.iter().filter(|choice| choice.task == task.task);
        let found = own.filter_map(|choice| measured(task, choice));
        found.filter(|m| is_impossible(m)).count()
    };
    let tasks = results.models.iter().flat_map(|model| &model.tasks);
    let count: usize = tasks.map(of).sum();
    let errors = counted(count, "standard error");
    let note = format!("{errors} left out: below 0, or too large for any score");
    (count > 0).then(|| Note::left_out(note))
}

fn score(
    model: &ModelResults,
    choice: &Choice,
    chosen: &[&Choice],
    study: &StudyDoc,
) -> Option<Score> {
    let task = model.tasks.iter().find(|t| t.task == choice.task)?;
    let measured = measured(task, choice)?;
    let points = |value: f64| match choice.is_fraction {
        true => times_100(value),
        false => value,
    };
    Some(Score {
        task: known_task(study, &task_name(choice, chosen, task)),
        value: points(measured.value),
        stderr: measured.stderr.map(points).filter(|&error| is_error(error)),
        n: task.n,
        source: task.file.clone(),
    })
}

fn measured<'a>(task: &'a TaskResults, choice: &Choice) -> Option<&'a Measured> {
    let same = |m: &&Measured| m.metric == choice.metric && m.filter == choice.filter;
    task.measured.iter().find(same)
}

/// The task's name, with what tells the chosen metrics apart where a model has several of
/// them: `gsm8k (strict-match)`.
fn task_name(choice: &Choice, chosen: &[&Choice], task: &TaskResults) -> String {
    let of_model = |c: &&&Choice| c.task == choice.task && measured(task, c).is_some();
    let others: Vec<&&Choice> = chosen.iter().filter(of_model).collect();
    let differ = |of: fn(&Choice) -> &str| others.iter().any(|c| of(c) != of(choice));
    let mut parts = Vec::new();
    if differ(|c| &c.metric) {
        parts.push(choice.metric.as_str());
    }
    if differ(|c| &c.filter) && !choice.filter.is_empty() {
        parts.push(choice.filter.as_str());
    }
    told_apart(&choice.task, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::harness::{choices, read};

    const FILE: &str = r#"{"model_name": "org/m", "results": {"gsm8k": {
        "exact_match,strict-match": 0.6125, "exact_match_stderr,strict-match": 0.0134,
        "exact_match,flexible-extract": 0.64}}, "n-samples": {"gsm8k": {"effective": 1319}}}"#;

    #[test]
    fn a_score_keeps_its_error_its_count_and_its_source() {
        let results = Results::merged(read("run.json", FILE).unwrap());
        let chosen = choices(&results);
        let ready = take(&results, &chosen, &StudyDoc::default(), "run.json").unwrap();
        let expected = Score {
            task: "gsm8k".to_owned(),
            value: 61.25,
            stderr: Some(1.34),
            n: Some(1319),
            source: "run.json".to_owned(),
        };
        assert_eq!(ready.import.entries[0].model, "org/m");
        assert_eq!(ready.import.entries[0].scores, [expected]);
    }

    #[test]
    fn two_filters_of_a_task_have_two_names() {
        let results = Results::merged(read("run.json", FILE).unwrap());
        let mut chosen = choices(&results);
        chosen.iter_mut().for_each(|c| c.is_on = true);
        let ready = take(&results, &chosen, &StudyDoc::default(), "x").unwrap();
        let scores = ready.import.entries[0].scores.iter();
        let tasks: Vec<_> = scores.map(|s| s.task.as_str()).collect();
        assert_eq!(tasks, ["gsm8k (flexible-extract)", "gsm8k (strict-match)"]);
        chosen.iter_mut().for_each(|c| c.is_on = false);
        assert!(take(&results, &chosen, &StudyDoc::default(), "x").is_err());
    }
}
