//! The study's evaluator as it stands: what is in its way, what its task files hold, and what
//! came of the last evaluation.

use std::path::PathBuf;

use super::evaluators::tasks_at;
use crate::evaluate::task::Content;
use crate::jobs::Ticket;
use crate::study::ModelId;
use crate::text::sentence_case;
use crate::workbench::{ModelFiles, Workbench};

/// An evaluation, while it runs and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationRun {
    pub model: ModelId,
    pub state: EvaluationState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EvaluationState {
    Running,
    /// It gave scores on this many tasks.
    Done(usize),
    Failed(String),
    Cancelled,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TaskFile {
    pub path: PathBuf,
    /// Its tasks, or what is wrong with it, with the file and its line.
    pub tasks: Result<Vec<TaskRow>, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    pub name: String,
    pub items: usize,
    /// Whether its score is a perplexity, and not the share of right answers.
    pub is_text: bool,
}

pub(super) const BY_HAND: &str =
    "Scores of this study are written by hand; say how else models are judged";

impl Workbench {
    /// Why the study's evaluator cannot judge, if so; looked up once for each state of the
    /// study.
    pub fn evaluator_objection(&self) -> Option<&str> {
        let objection = self.session.objection.get_or_init(|| {
            let evaluator = &self.doc().evaluator;
            match evaluator.is_by_hand() {
                true => Some(BY_HAND.to_owned()),
                false => self.evaluator_error(evaluator),
            }
        });
        objection.as_deref()
    }

    /// Why the files of these models cannot be judged, if so.
    pub fn files_objection(&self, models: &[ModelId]) -> Option<String> {
        let is_shut = |id: &&ModelId| {
            let files = self.files(**id);
            files.checkpoint().is_none() || files.are_missing()
        };
        let shut = models.iter().find(is_shut)?;
        let name = self.doc().name_of(*shut);
        Some(match self.files(*shut) {
            ModelFiles::None => format!("{name} has no files here, and evaluating needs them"),
            ModelFiles::Opening => format!("{name} is still being opened"),
            _ => format!("The files of {name} are gone or cannot be read; find them again"),
        })
    }

    /// The evaluation that runs, or the last one that did.
    pub fn last_evaluation(&self) -> Option<&EvaluationRun> {
        self.session.evolving.last.as_ref()
    }

    /// Forgets what the evaluator has said, and how it ended.
    pub fn clear_evaluator_log(&mut self) {
        let own = &mut self.session.evolving;
        own.log.clear();
        own.last
            .take_if(|last| last.state != EvaluationState::Running);
    }

    /// What the task files of the built-in evaluator hold; `None` until they were read, which
    /// [`Self::read_task_files`] does.
    pub fn task_files(&self) -> Option<&[TaskFile]> {
        let (paths, files) = self.session.evolving.tasks.answer()?;
        (paths == self.task_paths()?).then_some(&files[..])
    }

    /// Whether task files wait to be read.
    pub fn wants_task_files(&self) -> bool {
        let queue = &self.session.evolving.tasks;
        let paths = self.task_paths().map(<[PathBuf]>::to_vec);
        paths.is_some_and(|paths| queue.wants(&paths))
    }

    /// Reads the task files of the built-in evaluator in a job.
    pub fn read_task_files(&mut self) {
        let Some(paths) = self.task_paths().map(<[PathBuf]>::to_vec) else {
            return;
        };
        self.session.evolving.tasks.want_only(paths);
        let read = |paths: &Vec<PathBuf>, ticket: &Ticket| {
            let read = |path| {
                ticket.advance(0)?;
                Ok(task_file(path))
            };
            paths.iter().map(read).collect()
        };
        self.work_on("Reading tasks", |own| &mut own.evolving.tasks, read);
    }

    fn task_paths(&self) -> Option<&[PathBuf]> {
        self.doc().evaluator.tasks()
    }

    /// Forgets what was looked up on the disk: another program may have changed it.
    pub(in crate::workbench) fn look_at_evaluator_again(&mut self) {
        self.session.objection.take();
        self.session.evolving.tasks.forget_answer();
    }

    pub(super) fn set_evaluation(&mut self, model: ModelId, state: EvaluationState) {
        self.session.evolving.last = Some(EvaluationRun { model, state });
    }
}

fn task_file(path: &PathBuf) -> TaskFile {
    let tasks = tasks_at(std::slice::from_ref(path)).map(|tasks| {
        let rows = tasks.into_iter().map(|task| {
            let (items, is_text) = match &task.content {
                Content::Questions(items) => (items.len(), false),
                Content::Texts(items) => (items.len(), true),
            };
            TaskRow {
                name: task.name,
                items,
                is_text,
            }
        });
        rows.collect()
    });
    TaskFile {
        path: path.clone(),
        tasks: tasks.map_err(|sentence| sentence_case(&sentence)),
    }
}
