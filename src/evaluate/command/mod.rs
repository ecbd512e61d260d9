//! A program of the user's that evaluates a model: run without a shell, in a process group of
//! its own, so that it and everything that it starts end together.
//!
//! [`Call`] says what is run, [`objection`] whether it can be, [`run`] runs it and waits.
//! What lies in its output folder afterwards is for the caller to read.

mod line;
mod placeholders;

mod find;

mod output;

mod log;

mod results;

#[cfg(target_os = "linux")]
mod processes;

mod process_tree;

mod outcome;

mod prepare;

mod run;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use find::{objection, program_file};
pub use log::{TAIL_LINES, Tail};
pub use outcome::{CommandError, Ending, Finished};
pub use output::{Line, MOST_LINE_BYTES, Stream};
pub use run::{run, run_within};

/// The call of an evaluator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// The program, looked for on the path.
    pub program: String,
    /// Its arguments; `{model}` stands for the model's folder and `{output}` for an empty folder
    /// that the results are written to.
    pub arguments: Vec<String>,
    /// The folder that it runs in; else that of the study, which the caller fills in, or the
    /// one that this program runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Variables that are set for it beside those of this program; `{model}` and `{output}`
    /// stand for the same in their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(String, String)>,
    /// After how many minutes it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_minutes: Option<u32>,
}

impl Call {
    /// A call of lm-evaluation-harness, to be changed as needed: tasks of the paper that take
    /// no key and no judge, and output that arrives as it is printed.
    pub fn lm_eval() -> Self {
        let arguments = [
            "--model",
            "hf",
            "--model_args",
            "pretrained={model}",
            "--tasks",
            "winogrande,gsm8k,truthfulqa_mc2",
            "--batch_size",
            "auto",
            "--output_path",
            "{output}",
        ];
        Self {
            program: "lm_eval".to_owned(),
            arguments: arguments.map(str::to_owned).to_vec(),
            variables: vec![("PYTHONUNBUFFERED".to_owned(), "1".to_owned())],
            ..Self::default()
        }
    }
}
