//! Tasks from files: questions with one right answer, and texts for a perplexity.
//!
//! `*.jsonl` has one item a line, either a question
//!
//! ```text
//! {"task": "add", "prompt": "add 50+14=", "answer": "64"}
//! ```
//!
//! or a text, `{"text": "…"}`. `task` may be left out; the file's name stands in for it. A
//! question may bring `stop`, a text or a list of texts that end the answer, and
//! `max_new_tokens`; what else stands in a line is passed over. `*.txt` is one text as a whole.
//!
//! A file may hold several tasks. `add.dev.jsonl` holds the split `dev` of its tasks, and task
//! `add` of it is called `add (dev)`, as the study of the demo family calls it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::EvaluateError;
use crate::files;

/// Far above what the built-in evaluator could go through in a day.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What the study calls it, such as `add (dev)`.
    pub name: String,
    pub path: PathBuf,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Questions, of which the share answered right is the score.
    Questions(Vec<Question>),
    /// Texts, whose perplexity is the score.
    Texts(Vec<Text>),
}

/// A prompt and the one answer that counts as right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub prompt: String,
    /// What it should say, to the last space.
    pub answer: String,
    /// Texts that end its answer and do not belong to it.
    pub stop: Vec<String>,
    /// After how many tokens it is stopped; `None` leaves it to the length of the task's answers.
    pub max_new_tokens: Option<usize>,
    /// Where it stands in the file, from 1.
    pub line: usize,
}

/// A text to be foretold, token by token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    /// Where it begins in the file, from 1.
    pub line: usize,
}

/// Reads the tasks of several files, in their order.
///
/// # Errors
/// The file that cannot be read, and the line that is not an item; two files with the same task.
pub fn read_tasks(paths: &[PathBuf]) -> Result<Vec<Task>, EvaluateError> {
    let mut tasks: Vec<Task> = Vec::new();
    for path in paths {
        for task in read(path)? {
            if let Some(first) = tasks.iter().find(|other| other.name == task.name) {
                let (name, other) = (task.name, first.path.display());
                let reason = format!("`{name}` is also in {other}, leave one out");
                return Err(bad_file(path, reason));
            }
            tasks.push(task);
        }
    }
    Ok(tasks)
}

fn read(path: &Path) -> Result<Vec<Task>, EvaluateError> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let ending = ending.to_lowercase();
    if !matches!(ending.as_str(), "jsonl" | "txt") {
        let reason = "its name ends neither in .jsonl nor in .txt, so what it holds is unclear";
        return Err(bad_file(path, reason.to_owned()));
    }
    let text = read_text(path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let name = FileName::of(path);
    if ending == "txt" {
        return whole_text(path, &name, text);
    }
    let tasks = items(path, &name, text)?;
    if tasks.is_empty() {
        return Err(bad_file(path, "there is no item in it".to_owned()));
    }
    Ok(tasks)
}

fn read_text(path: &Path) -> Result<String, EvaluateError> {
    let bytes = files::read(path, MOST_BYTES).map_err(|error| bad_file(path, error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        bad_line(path, line, "it is not UTF-8 text".to_owned())
    })
}

fn whole_text(path: &Path, name: &FileName, text: &str) -> Result<Vec<Task>, EvaluateError> {
    if text.trim().is_empty() {
        return Err(bad_file(path, "the file is empty".to_owned()));
    }
    let text = text.to_owned();
    Ok(vec![Task {
        name: name.task(None),
        path: path.to_owned(),
        content: Content::Texts(vec![Text { text, line: 1 }]),
    }])
}

/// A line of a task file, as it may stand there.
#[derive(Deserialize)]
struct Line {
    task: Option<String>,
    prompt: Option<String>,
    answer: Option<String>,
    text: Option<String>,
    #[serde(default)]
    stop: Stop,
    max_new_tokens: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stop {
    One(String),
    Many(Vec<String>),
}

impl Default for Stop {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

enum Item {
    Question(Question),
    Text(Text),
}

fn items(path: &Path, name: &FileName, text: &str) -> Result<Vec<Task>, EvaluateError> {
    let mut tasks: Vec<Task> = Vec::new();
    let lines = text.lines().enumerate();
    for (k, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |reason| bad_line(path, k + 1, reason);
        let line: Line = serde_json::from_str(line).map_err(|error| bad(clause(&error)))?;
        let called = name.task(line.task.as_deref());
        let item = item(line, k + 1).map_err(bad)?;
        let at = tasks.iter().position(|task| task.name == called);
        match (at.map(|at| &mut tasks[at].content), item) {
            (Some(Content::Questions(list)), Item::Question(item)) => list.push(item),
            (Some(Content::Texts(list)), Item::Text(item)) => list.push(item),
            (Some(_), _) => return Err(bad(format!("`{called}` mixes questions and texts"))),
            (None, item) => tasks.push(Task {
                name: called,
                path: path.to_owned(),
                content: match item {
                    Item::Question(item) => Content::Questions(vec![item]),
                    Item::Text(item) => Content::Texts(vec![item]),
                },
            }),
        }
    }
    Ok(tasks)
}

/// The item of a line, or a clause that says why there is none.
fn item(line: Line, number: usize) -> Result<Item, String> {
    let stop = match line.stop {
        Stop::One(stop) => vec![stop],
        Stop::Many(stop) => stop,
    };
    if stop.iter().any(String::is_empty) {
        return Err("an empty `stop` would end every answer before it begins".to_owned());
    }
    if line.max_new_tokens == Some(0) {
        return Err("`max_new_tokens` is 0, and no answer has so few".to_owned());
    }
    match (line.prompt, line.answer, line.text) {
        (Some(prompt), Some(answer), None) => Ok(Item::Question(Question {
            prompt,
            answer,
            stop,
            max_new_tokens: line.max_new_tokens,
            line: number,
        })),
        (None, None, Some(text)) => Ok(Item::Text(Text { text, line: number })),
        (Some(_), None, None) => Err("`answer` is missing".to_owned()),
        (None, Some(_), None) => Err("`prompt` is missing".to_owned()),
        (None, None, None) => Err("it has neither `prompt` and `answer` nor `text`".to_owned()),
        _ => Err("it has both `text` and `prompt` or `answer`".to_owned()),
    }
}

/// What a file's name says: `add.dev.jsonl` is task `add`, split `dev`.
struct FileName {
    task: String,
    split: Option<String>,
}

impl FileName {
    fn of(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_split = |s: &str| s.starts_with(char::is_alphabetic);
        match stem.rsplit_once('.') {
            Some((task, split)) if !task.is_empty() && is_split(split) => Self {
                task: task.to_owned(),
                split: Some(split.to_owned()),
            },
            _ => Self {
                task: stem.into_owned(),
                split: None,
            },
        }
    }

    /// What the study calls a task of this file.
    fn task(&self, named: Option<&str>) -> String {
        let task = named.map_or(self.task.as_str(), str::trim);
        match &self.split {
            Some(split) => format!("{task} ({split})"),
            None => task.to_owned(),
        }
    }
}

/// What serde says, without its place, which counts from the start of the line.
fn clause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("{what} at character {}", error.column())
}

fn bad_file(path: &Path, reason: String) -> EvaluateError {
    EvaluateError::Tasks {
        path: path.to_owned(),
        reason,
    }
}

fn bad_line(path: &Path, line: usize, reason: String) -> EvaluateError {
    EvaluateError::TaskLine {
        path: path.to_owned(),
        line,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, text: &str) -> Result<Vec<Task>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(file);
        std::fs::write(&path, text).unwrap();
        read_tasks(&[path]).map_err(|error| error.to_string())
    }

    fn names(file: &str, text: &str) -> Vec<String> {
        let tasks = check(file, text).unwrap();
        tasks.into_iter().map(|task| task.name).collect()
    }

    const ADD: &str = r#"{"task": "add", "prompt": "1+1=", "answer": "2"}"#;
    const UNNAMED: &str = r#"{"prompt": "1+1=", "answer": "2", "id": 7}"#;

    #[test]
    fn the_file_gives_the_split_and_stands_in_for_the_task() {
        assert_eq!(names("add.dev.jsonl", ADD), ["add (dev)"]);
        assert_eq!(names("sums.jsonl", ADD), ["add"]);
        assert_eq!(names("sums.dev.jsonl", UNNAMED), ["sums (dev)"]);
        assert_eq!(names("v1.2.jsonl", UNNAMED), ["v1.2"]);
        assert_eq!(names("prose.test.txt", "Once upon."), ["prose (test)"]);
        let both = format!("\u{feff}{ADD}\n\n{UNNAMED}\n");
        assert_eq!(names("a.jsonl", &both), ["add", "a"]);
    }

    #[test]
    fn a_question_says_where_its_answer_ends() {
        let line = r#"{"prompt": "p", "answer": "a", "stop": "\n", "max_new_tokens": 3}"#;
        let tasks = check("t.jsonl", line).unwrap();
        let Content::Questions(questions) = &tasks[0].content else {
            panic!("not questions");
        };
        assert_eq!(questions[0].stop, ["\n"]);
        assert_eq!(questions[0].max_new_tokens, Some(3));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases = [
            (r#"{"prompt": "p"}"#, "`answer` is missing"),
            (r#"{"answer": "p"}"#, "`prompt` is missing"),
            (r#"{"task": "p"}"#, "neither"),
            (r#"{"text": "t", "answer": "p"}"#, "both"),
            (r#"{"prompt": "p", "answer": 3}"#, "a string at character"),
            (r#"{"prompt": "p", "#, "EOF"),
            (
                r#"{"prompt": "p", "answer": "a", "stop": ""}"#,
                "empty `stop`",
            ),
            (
                r#"{"prompt": "p", "answer": "a", "max_new_tokens": 0}"#,
                "is 0",
            ),
            (r#"{"task": "add", "text": "t"}"#, "mixes"),
        ];
        for (line, wanted) in cases {
            let error = check("add.jsonl", &format!("{ADD}\n\n{line}\n")).unwrap_err();
            assert!(error.starts_with("line 3 of the tasks"), "{error}");
            let named = error.ends_with("add.jsonl");
            assert!(error.contains(wanted) && named, "{error}");
        }
    }

    #[test]
    fn files_that_hold_no_task_are_refused() {
        for (file, text, wanted) in [
            ("a.jsonl", "\n\n", "no item"),
            ("a.txt", " \n", "empty"),
            ("a.json", ADD, "neither in .jsonl"),
        ] {
            let error = check(file, text).unwrap_err();
            assert!(error.contains(wanted) && error.ends_with(file), "{error}");
        }
        let missing = PathBuf::from("no/such/file.jsonl");
        let error = read_tasks(&[missing]).unwrap_err().to_string();
        assert!(error.ends_with("no/such/file.jsonl"), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        std::fs::write(&path, [ADD.as_bytes(), b"\n\xff\n"].concat()).unwrap();
        let error = read_tasks(&[path]).unwrap_err().to_string();
        let placed = error.contains("line 2");
        assert!(placed && error.contains("UTF-8"), "{error}");
    }

    #[test]
    fn the_same_task_in_two_files_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let paths = ["a.jsonl", "b.jsonl"].map(|name| dir.path().join(name));
        for path in &paths {
            std::fs::write(path, ADD).unwrap();
        }
        let error = read_tasks(&paths).unwrap_err().to_string();
        let named = error.ends_with("b.jsonl");
        assert!(error.contains("`add` is also in") && named, "{error}");
    }
}
