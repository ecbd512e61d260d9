//! Judging models by the study's evaluator.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::evaluator::{BY_HAND, EvaluationState};
use super::{What, evaluators};
use crate::checkpoint::Checkpoint;
use crate::jobs::{Send, Ticket};
use crate::study::{
    Command, Evaluation, Evaluator, EvolutionEdit, EvolutionId, ModelId, RecordEdit,
};
use crate::text::counted;
use crate::workbench::approval::Asker;
use crate::workbench::{NoticeKind, Workbench};

pub(super) struct EvaluationDone {
    pub evaluation: Evaluation,
    /// Tasks whose scores are no points: perplexities, where less is better.
    pub no_points: Vec<String>,
}

/// A line that an evaluator printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub text: String,
    /// Whether the next one takes its place: a bar of progress.
    pub is_transient: bool,
}

impl Workbench {
    /// Why the study's evaluator cannot judge, if so.
    pub fn evaluator_error(&self, evaluator: &Evaluator) -> Option<String> {
        evaluators::objection(&self.placed(evaluator.clone()))
    }

    /// The same, in the study's folder where none was chosen and there is one.
    pub(in crate::workbench) fn placed(&self, mut evaluator: Evaluator) -> Evaluator {
        let folder = self.path().and_then(Path::parent);
        if let (Evaluator::Command { call }, Some(folder)) = (&mut evaluator, folder)
            && call.folder.is_none()
            && folder.is_dir()
        {
            call.folder = Some(folder.to_owned());
        }
        evaluator
    }

    pub(super) fn folder_is_there(&self) -> bool {
        let folder = self.path().and_then(Path::parent);
        folder.is_some_and(Path::is_dir)
    }

    /// Judges a model, for a run or because the user wants it. Whatever starts an evaluation
    /// comes through here, so here a command that is not approved is stopped.
    pub(super) fn start_evaluating(&mut self, model: ModelId, evolution: Option<EvolutionId>) {
        let name = self.doc().name_of(model).to_owned();
        let evaluator = self.doc().evaluator.clone();
        if evaluator.command().is_some() && !self.folder_is_there() {
            // The first save makes the folder that the command runs in.
            self.save_if_changed();
        }
        let checkpoint = match self.may_evaluate(model, &evaluator) {
            Ok(checkpoint) => checkpoint,
            Err(sentence) => {
                self.session.evolving.log.clear();
                let failed = EvaluationState::Failed(sentence.clone());
                self.set_evaluation(model, failed);
                return match evolution {
                    Some(id) => self.fail_run(id, &sentence),
                    None => self.report_error(format!("{name} was not evaluated"), sentence),
                };
            }
        };
        let asker = evolution.map_or(Asker::Model(model), Asker::Evolution);
        if self.asks_first(asker) {
            evolution.into_iter().for_each(|id| self.stop_run(id));
            return;
        }
        self.session.evolving.log.clear();
        self.set_evaluation(model, EvaluationState::Running);
        let evaluator = self.placed(evaluator);
        let folder = self.folders.data.join("evaluations");
        let title = format!("Evaluating {name}");
        let work = move |ticket: &Ticket, send: Send<'_, Self>| {
            let started = Instant::now();
            let say = |line: LogLine| send(Box::new(|bench: &mut Self| bench.on_log_line(line)));
            let found = evaluators::evaluate_by(&evaluator, &checkpoint, &folder, ticket, &say)?;
            let scores = found
                .scores
                .into_iter()
                .map(|s| evaluators::scored(s, &found.source));
            Ok(EvaluationDone {
                evaluation: Evaluation {
                    model,
                    scores: scores.collect(),
                    evolution,
                    seconds: started.elapsed().as_secs_f64(),
                },
                no_points: found.no_points,
            })
        };
        let what = What::Evaluate(model);
        self.start_work(evolution, what, title, work, Self::on_evaluated);
    }

    /// The files of a model that can be judged now.
    fn may_evaluate(
        &self,
        model: ModelId,
        evaluator: &Evaluator,
    ) -> Result<Arc<Checkpoint>, String> {
        if evaluator.is_by_hand() {
            return Err(BY_HAND.to_owned());
        }
        if let Some(objection) = self.evaluator_error(evaluator) {
            return Err(objection);
        }
        let files = self.checkpoint(model).cloned();
        let name = self.doc().name_of(model);
        files.ok_or_else(|| format!("{name} is not open; find its files again"))
    }

    /// A perplexity among accuracies would spoil their mean; who wants it there says so.
    pub(in crate::workbench) fn leave_out_of_the_average(&mut self, tasks: Vec<String>) {
        let doc = self.doc();
        let is_known = |task: &String| {
            let mut models = doc.models.iter();
            doc.not_averaged.contains(task) || models.any(|m| m.score(task).is_some())
        };
        let new: Vec<String> = tasks.into_iter().filter(|task| !is_known(task)).collect();
        for task in new {
            self.apply(Command::Record(RecordEdit::CountTask(task, false)));
        }
    }

    pub(super) fn on_evaluated(&mut self, done: EvaluationDone) {
        let EvaluationDone {
            evaluation,
            no_points,
        } = done;
        self.leave_out_of_the_average(no_points);
        let doc = self.doc();
        let name = doc.name_of(evaluation.model).to_owned();
        let evolution = evaluation.evolution.and_then(|id| doc.evolution(id));
        let missing: Vec<String> = evolution.map_or_else(Vec::new, |evolution| {
            let wanted = doc.selecting_tasks(evolution);
            let has = |task: &String| evaluation.scores.iter().any(|s| s.task == *task);
            wanted.into_iter().filter(|task| !has(task)).collect()
        });
        let (run, n) = (evaluation.evolution, evaluation.scores.len());
        self.set_evaluation(evaluation.model, EvaluationState::Done(n));
        self.evolve(EvolutionEdit::Score(Box::new(evaluation)));
        match run {
            // It would be asked for them again and again.
            Some(id) if !missing.is_empty() => {
                let sentence = format!(
                    "The evaluator gives no score for {}, by which this evolution selects; choose \
                     other tasks, or another evaluator",
                    missing.join(", ")
                );
                self.fail_run(id, &sentence);
            }
            Some(_) => {}
            None => {
                let title = format!("{name}: {} scored", counted(n, "task"));
                self.notify(NoticeKind::Done, title, "");
            }
        }
    }
}
