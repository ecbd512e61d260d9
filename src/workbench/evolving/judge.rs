//! Judging models by the study's evaluator.

use std::time::Instant;

use super::What;
use super::evaluators::{self, Scores};
use crate::evaluate::TaskScore;
use crate::study::{Evaluator, EvolutionEdit, EvolutionId, Judgement, ModelId, Score};
use crate::workbench::events::Outcome;
use crate::workbench::{NoticeKind, Workbench};

/// Scores of a model.
pub struct Judged(Judgement);

impl Workbench {
    /// Why the study's evaluator cannot judge, if so.
    pub fn judge_objection(&self, evaluator: &Evaluator) -> Option<String> {
        match evaluator {
            Evaluator::ByHand => None,
            Evaluator::BuiltIn { tasks } => evaluators::built_in_objection(tasks),
            Evaluator::Command { call } => evaluators::command_objection(call),
        }
    }

    /// Judges a model, for a run or because the user wants it.
    pub(super) fn start_judging(&mut self, model: ModelId, evolution: Option<EvolutionId>) {
        let name = self.study.doc().name_of(model).to_owned();
        let refuse = |bench: &mut Self, sentence: String| match evolution {
            Some(id) => bench.fail_run(id, &sentence),
            None => bench.fail(format!("{name} was not evaluated"), sentence),
        };
        let evaluator = self.study.doc().evaluator.clone();
        if evaluator == Evaluator::ByHand {
            return refuse(self, "Scores of this study are written by hand".to_owned());
        }
        if let Some(objection) = self.judge_objection(&evaluator) {
            return refuse(self, objection);
        }
        let Some(checkpoint) = self.files(model).checkpoint().cloned() else {
            return refuse(self, format!("{name} is not open; find its files again"));
        };
        self.evolving.log.clear();
        let folder = self.folders.data.join("evaluations");
        let job = self
            .jobs
            .spawn(format!("Evaluating {name}"), move |ticket, send| {
                let started = Instant::now();
                let say = |line: String| send(Outcome::Said(line));
                let Scores { scores, source } =
                    evaluators::judge(&evaluator, &checkpoint, &folder, ticket, &say)?;
                Ok(Outcome::Judged(Box::new(Judged(Judgement {
                    model,
                    scores: scores.into_iter().map(|s| score(s, &source)).collect(),
                    evolution,
                    seconds: started.elapsed().as_secs_f64(),
                }))))
            });
        self.set_work(job, evolution, What::Judge(model));
    }

    pub(super) fn take_judged(&mut self, judged: Judged) {
        let Judged(judgement) = judged;
        self.finish_work();
        let doc = self.study.doc();
        let name = doc.name_of(judgement.model).to_owned();
        let evolution = judgement
            .evolution
            .and_then(|id| doc.evolution(id))
            .cloned();
        let missing: Vec<String> = evolution.map_or_else(Vec::new, |evolution| {
            let wanted = doc.selecting_tasks(&evolution);
            let has = |task: &String| judgement.scores.iter().any(|s| s.task == *task);
            wanted.into_iter().filter(|task| !has(task)).collect()
        });
        let (run, n) = (judgement.evolution, judgement.scores.len());
        self.evolve(EvolutionEdit::Score(Box::new(judgement)));
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
                let tasks = if n == 1 { "task" } else { "tasks" };
                self.tell(NoticeKind::Done, format!("{name}: {n} {tasks} scored"), "");
            }
        }
    }
}

fn score(found: TaskScore, source: &str) -> Score {
    Score {
        task: found.task,
        value: found.value,
        stderr: found.stderr,
        n: found.n,
        source: source.to_owned(),
    }
}
