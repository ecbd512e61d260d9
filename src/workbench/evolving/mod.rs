//! Evolutions that run: what comes next follows from the document alone, so a run that was
//! broken off anywhere goes on by asking again. One child is made or judged at a time, and it
//! is saved as soon as it is known; runs take turns.

mod breed;
mod evaluator;
mod evaluators;
mod judge;
mod keep;
mod next;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};

use super::approval::Asker;
use super::events::Outcome;
use super::{NoticeKind, Workbench, sentence_case};
use crate::jobs::{Failure, JobId};
use crate::lineage::evolution::Ended;
use crate::study::{Command, EvolutionEdit, EvolutionId, ModelId};

pub use breed::{Born, recipe_problem};
pub use evaluator::{Evaluation, EvaluationState, TaskFile, TaskRow};
pub use judge::{Judged, Said};
pub use view::EvolutionView;

/// How an evolution stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// It has not begun.
    Ready,
    /// It works, or will as soon as it is its turn.
    Running(Doing),
    /// These wait for scores that the user types or imports; it goes on by itself then.
    Waiting(Vec<ModelId>),
    /// It has begun and was stopped, or the program was.
    Paused,
    /// It could not go on, and why; it may be tried again.
    Failed(String),
    /// It has ended.
    Ended(Ended),
}

/// What a run is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    /// Another run works, or files are being opened or measured.
    WaitingForTurn,
    /// Two models are merged.
    Merging {
        /// What the child will be called.
        child: String,
        /// Progress, and the way to cancel.
        job: JobId,
    },
    /// A model is judged.
    Judging {
        /// Which.
        model: ModelId,
        /// Progress, and the way to cancel.
        job: JobId,
    },
}

/// The most lines of an evaluator that are kept.
const MOST_LINES: usize = 2000;

/// What runs, and what is to be judged.
#[derive(Default)]
pub(super) struct Evolving {
    /// Runs that are going, the one whose turn it is first.
    turns: VecDeque<EvolutionId>,
    /// What is being done, and for which run.
    work: Option<Work>,
    /// Runs that stop after what they are doing.
    pausing: BTreeSet<EvolutionId>,
    failures: BTreeMap<EvolutionId, String>,
    /// Runs that wait for the user's scores.
    waiting: BTreeMap<EvolutionId, Vec<ModelId>>,
    /// Families that were measured for a run: the run, and how many models it had.
    measured: BTreeSet<(EvolutionId, usize)>,
    /// Models that the user wants judged outside a run.
    to_judge: VecDeque<ModelId>,
    /// What the evaluator says.
    log: VecDeque<Said>,
    /// The evaluation that runs, or the last one that did.
    last: Option<Evaluation>,
    tasks: evaluator::TaskFiles,
    /// Whether the last go ended before there was nothing left to do.
    has_more: bool,
}

struct Work {
    job: JobId,
    evolution: Option<EvolutionId>,
    what: What,
}

enum What {
    Merge(String),
    Judge(ModelId),
}

impl Workbench {
    /// How an evolution stands.
    pub fn run_state(&self, id: EvolutionId) -> RunState {
        let Some(evolution) = self.study.doc().evolution(id) else {
            return RunState::Ready;
        };
        let own = &self.evolving;
        if let Some(work) = own.work.as_ref().filter(|w| w.evolution == Some(id)) {
            let job = work.job;
            return RunState::Running(match &work.what {
                What::Merge(child) => Doing::Merging {
                    child: child.clone(),
                    job,
                },
                What::Judge(model) => Doing::Judging { model: *model, job },
            });
        }
        if let Some(models) = own.waiting.get(&id) {
            return RunState::Waiting(models.clone());
        }
        if own.turns.contains(&id) {
            return RunState::Running(Doing::WaitingForTurn);
        }
        if let Some(sentence) = own.failures.get(&id) {
            return RunState::Failed(sentence.clone());
        }
        match evolution.ended {
            Some(ended) => RunState::Ended(ended),
            None if self.study.doc().has_begun(evolution) => RunState::Paused,
            None => RunState::Ready,
        }
    }

    /// Whether a run is going that waits for no user.
    pub fn is_evolving(&self) -> bool {
        !self.evolving.turns.is_empty() || self.evolving.work.is_some()
    }

    /// The last lines of what the evaluator has said, oldest first.
    pub fn evaluator_log(&self) -> &VecDeque<Said> {
        &self.evolving.log
    }

    /// Starts an evolution, or lets it go on. One that has ended is asked again whether it has.
    pub fn run_evolution(&mut self, id: EvolutionId) {
        let Some(evolution) = self.study.doc().evolution(id).cloned() else {
            return;
        };
        if let Some(objection) = self.run_objection(&evolution) {
            self.evolving.failures.insert(id, objection);
            return;
        }
        // Before anything is written down: whoever says no leaves the study as it was.
        if self.asks_first(Asker::Evolution(id)) {
            return;
        }
        if evolution.token.is_empty() {
            self.evolve(EvolutionEdit::Sign(id, fresh_token()));
        }
        if !self.study.doc().has_begun(&evolution) {
            self.evolve(EvolutionEdit::Begin(id));
        }
        if evolution.ended.is_some() {
            self.evolve(EvolutionEdit::End(id, None));
        }
        let own = &mut self.evolving;
        own.failures.remove(&id);
        own.pausing.remove(&id);
        own.waiting.remove(&id);
        own.measured.retain(|(other, _)| *other != id);
        if !own.turns.contains(&id) {
            own.turns.push_back(id);
        }
        self.go_on();
    }

    /// Stops an evolution after the child that is being made or judged.
    pub fn pause_evolution(&mut self, id: EvolutionId) {
        let own = &mut self.evolving;
        own.waiting.remove(&id);
        if own.work.as_ref().is_some_and(|w| w.evolution == Some(id)) {
            own.pausing.insert(id);
        } else {
            own.turns.retain(|other| *other != id);
        }
    }

    /// Whether a run stops after what it is doing.
    pub fn is_pausing(&self, id: EvolutionId) -> bool {
        self.evolving.pausing.contains(&id)
    }

    /// Stops an evolution at once; the child that is being made is made anew when it goes on.
    pub fn stop_evolution(&mut self, id: EvolutionId) {
        self.pause_evolution(id);
        if let Some(work) = &self.evolving.work
            && work.evolution == Some(id)
        {
            self.jobs.cancel(work.job);
        }
    }

    /// Stops all evolutions at once, and what is being judged.
    pub fn stop_evolutions(&mut self) {
        let running: Vec<EvolutionId> = self.evolving.turns.iter().copied().collect();
        running.into_iter().for_each(|id| self.stop_evolution(id));
        self.evolving.to_judge.clear();
        if let Some(work) = &self.evolving.work {
            self.jobs.cancel(work.job);
        }
    }

    /// Stops all evolutions and what is being judged, and forgets them: the study is left.
    pub fn leave_evolutions(&mut self) {
        self.stop_evolutions();
        self.evolving = Evolving::default();
    }

    /// Judges models by the study's evaluator, one after the other.
    pub fn judge_models(&mut self, models: &[ModelId]) {
        for &model in models {
            if !self.evolving.to_judge.contains(&model) {
                self.evolving.to_judge.push_back(model);
            }
        }
        self.go_on();
    }

    /// Stops what is judged outside a run, and what waits for it.
    pub fn stop_judging(&mut self) {
        self.evolving.to_judge.clear();
        if let Some(work) = self
            .evolving
            .work
            .as_ref()
            .filter(|w| w.evolution.is_none())
        {
            self.jobs.cancel(work.job);
        }
    }

    /// Models that wait to be judged, and the one that is.
    pub fn being_judged(&self) -> Vec<ModelId> {
        let now = self
            .evolving
            .work
            .as_ref()
            .and_then(|work| match work.what {
                What::Judge(model) => Some(model),
                What::Merge(_) => None,
            });
        now.into_iter()
            .chain(self.evolving.to_judge.iter().copied())
            .collect()
    }

    /// Does what comes next, if nothing is being done.
    pub(super) fn go_on(&mut self) {
        self.wake_those_with_scores();
        self.evolving.has_more = false;
        for _ in 0..MOST_STEPS {
            if self.evolving.work.is_some() {
                return;
            }
            if let Some(model) = self.evolving.to_judge.pop_front() {
                self.start_judging(model, None);
                continue;
            }
            let Some(id) = self.evolving.turns.pop_front() else {
                return;
            };
            self.evolving.turns.push_back(id);
            let before = self.last_revision;
            if !self.step(id) {
                if self.all_wait() {
                    return;
                }
            } else if self.last_revision == before && self.is_idle(id) {
                // It would do the same for ever.
                let sentence = "its next step changes nothing; this is a bug in Kinfolk, and \
                                nothing was lost";
                self.fail_run(id, sentence);
            }
        }
        self.evolving.has_more = true;
    }

    /// Whether a run is going and neither works nor waits for anything.
    fn is_idle(&self, id: EvolutionId) -> bool {
        let own = &self.evolving;
        own.work.is_none() && own.turns.contains(&id) && !self.must_wait(id)
    }

    /// Whether there is a next step that nothing else will wake.
    pub(super) fn has_more_steps(&self) -> bool {
        self.evolving.has_more
    }

    /// Runs whose models have got their scores go on by themselves.
    fn wake_those_with_scores(&mut self) {
        let doc = self.study.doc();
        let has_scores = |(id, models): (&EvolutionId, &Vec<ModelId>)| {
            let evolution = doc.evolution(*id)?;
            let tasks = doc.selecting_tasks(evolution);
            let all = models
                .iter()
                .filter_map(|m| doc.model(*m))
                .all(|m| !tasks.is_empty() && tasks.iter().all(|task| m.score(task).is_some()));
            all.then_some(*id)
        };
        let ready: Vec<EvolutionId> = self
            .evolving
            .waiting
            .iter()
            .filter_map(has_scores)
            .collect();
        for id in ready {
            self.evolving.waiting.remove(&id);
            self.evolving.turns.push_back(id);
        }
    }

    /// Whether every run that is going waits for files.
    fn all_wait(&self) -> bool {
        let turns = &self.evolving.turns;
        turns.iter().all(|&id| self.must_wait(id))
    }

    /// Changes the document for a run and saves it at once: what is known is never found twice.
    pub(super) fn evolve(&mut self, edit: EvolutionEdit) {
        self.apply(Command::Evolution(edit));
        self.save();
    }

    /// What became of a job, if it was a run's.
    pub(super) fn evolving_failed(&mut self, job: JobId, failure: &Failure) -> bool {
        let Some(work) = self.evolving.work.take_if(|work| work.job == job) else {
            return false;
        };
        if let What::Judge(model) = work.what {
            let state = match failure {
                Failure::Cancelled => EvaluationState::Cancelled,
                Failure::Failed(sentence) => EvaluationState::Failed(sentence_case(sentence)),
            };
            self.set_evaluation(model, state);
        }
        match (work.evolution, failure) {
            (Some(id), Failure::Cancelled) => self.leave(id),
            (Some(id), Failure::Failed(sentence)) => self.fail_run(id, sentence),
            (None, Failure::Cancelled) => self.evolving.to_judge.clear(),
            (None, Failure::Failed(sentence)) => {
                let title = match work.what {
                    What::Judge(model) => {
                        format!("{} was not evaluated", self.study.doc().name_of(model))
                    }
                    What::Merge(name) => format!("{name} was not written"),
                };
                self.fail(title, sentence.clone());
            }
        }
        self.go_on();
        true
    }

    /// Takes the finished job's work off the table.
    fn finish_work(&mut self) {
        if let Some(work) = self.evolving.work.take()
            && let Some(id) = work.evolution
            && self.evolving.pausing.remove(&id)
        {
            self.leave(id);
        }
    }

    fn leave(&mut self, id: EvolutionId) {
        self.evolving.pausing.remove(&id);
        self.evolving.turns.retain(|other| *other != id);
    }

    fn fail_run(&mut self, id: EvolutionId, sentence: &str) {
        self.leave(id);
        let name = self.study.doc().evolution(id).map(|e| e.name.clone());
        let sentence = sentence_case(sentence);
        if let Some(name) = name {
            self.fail(format!("{name} cannot go on"), sentence.clone());
        }
        self.evolving.failures.insert(id, sentence);
    }

    fn end_run(&mut self, id: EvolutionId, ended: Ended) {
        self.leave(id);
        self.evolve(EvolutionEdit::End(id, Some(ended)));
        self.remove_what_is_not_kept(id);
        let name = self.study.doc().evolution(id).map(|e| e.name.clone());
        let title = format!("{} has ended", name.unwrap_or_default());
        self.tell(NoticeKind::Done, title, ended.sentence());
    }

    /// Takes in what a run's job found.
    pub(super) fn take_evolved(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Born(born) => self.take_born(*born),
            Outcome::Judged(judged) => self.take_judged(*judged),
            Outcome::Said(line) => {
                if self.evolving.log.back().is_some_and(|last| last.is_passing) {
                    self.evolving.log.pop_back();
                }
                self.evolving.log.push_back(line);
                if self.evolving.log.len() > MOST_LINES {
                    self.evolving.log.pop_front();
                }
            }
            _ => {}
        }
    }
}

/// A name that nobody else can know: 128 random bits, in hexadecimal.
fn fresh_token() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// The most steps in one go: some of them save the study, and between two goes the user is
/// heard.
const MOST_STEPS: usize = 16;
