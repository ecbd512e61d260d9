//! From the files that an evaluator has left to the scores of the model that it judged.

use std::path::Path;

use super::importing::read_bounded;
use crate::evaluate::TaskScore;
use crate::evaluate::command::Finished;
use crate::import::harness::{self, ModelResults};
use crate::import::{Results, text_of};
use crate::study::StudyDoc;

/// What stands for the one model that all results are about.
const MODEL: &str = "model";

/// The scores in the result files of a run: those of lm-evaluation-harness, or plain
/// `{"task": score}`.
///
/// Of a task in several files the newest file counts. Which metric is a task's score, and
/// whether it is a fraction that becomes points, is decided as for an import. JSON of another
/// kind beside results is passed over.
///
/// # Errors
/// A sentence with the file: there is none, one is broken (with its line), one is about several
/// models, none has a number, or a task has NaN where its score belongs.
pub fn read_results(finished: &Finished) -> Result<Vec<TaskScore>, String> {
    if finished.results.is_empty() {
        let what = "The evaluator ended well but wrote no results; it should leave a JSON file \
                    in the folder that {output} stands for";
        return Err(format!("{what}: {}", finished.folder.display()));
    }
    let mut runs = Vec::new();
    let mut passed_over = None;
    for (age, path) in finished.results.iter().enumerate() {
        match read(path)? {
            Held::Run(run) => runs.push(ModelResults {
                name: MODEL.to_owned(),
                date: age as f64,
                ..run
            }),
            Held::Other(why) => passed_over = Some(why),
        }
    }
    if let Some(why) = passed_over.filter(|_| runs.is_empty()) {
        return Err(why);
    }
    scores(&Results::merged(runs))
}

enum Held {
    Run(ModelResults),
    /// Something else; the sentence about it.
    Other(String),
}

fn read(path: &Path) -> Result<Held, String> {
    let sentence = |what: &dyn std::fmt::Display| format!("{what}: {}", path.display());
    let bytes = read_bounded(path).map_err(|e| sentence(&e))?;
    let text = text_of(&bytes).map_err(|e| sentence(&e))?;
    let mut found = match harness::read_with_gaps(&path.to_string_lossy(), &text) {
        Ok(found) => found,
        Err(error) if error.line == 0 => return Ok(Held::Other(sentence(&error))),
        Err(error) => return Err(sentence(&error)),
    };
    match (found.pop(), found.len()) {
        (Some(run), 0) => Ok(Held::Run(run)),
        (_, others) => Err(sentence(&format!(
            "These results are about {} models, but one was judged; write those of one model",
            others + 1
        ))),
    }
}

fn scores(results: &Results) -> Result<Vec<TaskScore>, String> {
    let tasks = || results.models.iter().flat_map(|model| &model.tasks);
    let mut files: Vec<&str> = tasks().map(|task| task.file.as_str()).collect();
    files.dedup();
    let files = files.join(", ");
    let missed = harness::without_number(results);
    if !missed.is_empty() {
        let missed = missed.join(", ");
        return Err(format!(
            "The evaluator found no number for {missed}, but NaN, infinity or null; its log may \
             tell why: {files}"
        ));
    }
    let choices = harness::choices(results);
    if !choices.iter().any(|choice| choice.is_on) {
        let names: Vec<&str> = tasks().map(|task| task.task.as_str()).collect();
        let names = names.join(", ");
        return Err(format!(
            "None of the results is a score of which more is better ({names}); let the \
             evaluator measure another task: {files}"
        ));
    }
    // Tasks keep the names of the file: nothing of a study is needed here.
    let ready = harness::take(results, &choices, &StudyDoc::default(), MODEL);
    let ready = ready.map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        format!("{}: {files}", errors.join(". "))
    })?;
    let entries = ready.import.entries.into_iter();
    let scores = entries.flat_map(|entry| entry.scores);
    let score = |score: crate::study::Score| TaskScore {
        task: score.task,
        value: score.value,
        stderr: score.stderr,
        n: score.n,
        correct: None,
    };
    Ok(scores.map(score).collect())
}
