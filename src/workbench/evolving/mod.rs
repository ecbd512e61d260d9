//! Evolutions that run: what comes next follows from the document alone, so a run that was
//! broken off anywhere goes on by asking again. One child is made or judged at a time, and it
//! is saved as soon as it is known; runs take turns.

mod breed;
mod evaluating;
mod evaluator;
pub(in crate::workbench) mod evaluators;
mod keep;
mod next;
mod on_cluster;
mod proposed;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

use super::approval::Asker;
use super::queue::Queue;
use super::trials::Lead;
use super::{NoticeKind, Workbench};
use crate::jobs::{Failure, JobId, Send, Ticket};
use crate::lineage::evolution::Ended;
use crate::study::{Command, EvolutionEdit, EvolutionId, ModelId};
use crate::text::first_of;

pub use breed::recipe_problem;
pub use evaluating::LogLine;
pub use evaluator::{EvaluationRun, EvaluationState, TaskFile, TaskRow};
pub use on_cluster::OnCluster;
pub use proposed::ProposedTasks;
pub use view::EvolutionView;

#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    Ready,
    /// It works, or will as soon as it is its turn.
    Running(Doing),
    /// These wait for scores that the user types or imports; it goes on by itself then.
    Waiting(Vec<ModelId>),
    /// It has begun and was stopped, or the program was.
    Paused,
    /// It could not go on, and why; it may be tried again.
    Failed(String),
    Ended(Ended),
}

/// What a run is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    /// Another run works, or files are being opened or measured.
    WaitingForTurn,
    Merging {
        /// What the child will be called.
        child: String,
        job: JobId,
    },
    Evaluating {
        model: ModelId,
        job: JobId,
    },
    /// Workers of a cluster merge and judge these; see [`Workbench::on_cluster`].
    OnCluster {
        names: Vec<String>,
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
    /// What is being done, and models that the user wants judged outside a run.
    work: Queue<Work>,
    /// Runs that stop after what they are doing.
    pausing: BTreeSet<EvolutionId>,
    failures: BTreeMap<EvolutionId, String>,
    /// Runs that wait for the user's scores.
    waiting: BTreeMap<EvolutionId, Vec<ModelId>>,
    /// Families that were measured for a run: the run, and how many models it had.
    measured: BTreeSet<(EvolutionId, usize)>,
    log: VecDeque<LogLine>,
    /// The evaluation that runs, or the last one that did.
    last: Option<EvaluationRun>,
    tasks: Queue<Vec<PathBuf>, Vec<TaskFile>>,
    /// Runs whose workers are elsewhere, as long as they go on.
    leads: BTreeMap<EvolutionId, Lead>,
    on_cluster: OnCluster,
    /// Whether the last go ended before there was nothing left to do.
    has_more: bool,
}

/// Something that is done for a run, or for the user.
#[derive(PartialEq)]
struct Work {
    evolution: Option<EvolutionId>,
    what: What,
}

#[derive(PartialEq)]
enum What {
    Merge(String),
    Evaluate(ModelId),
    /// Handed out to a cluster: what it is called, and which models of the study are judged.
    Batch {
        names: Vec<String>,
        judged: Vec<ModelId>,
    },
}

impl Workbench {
    pub fn run_state(&self, id: EvolutionId) -> RunState {
        let Some(evolution) = self.doc().evolution(id) else {
            return RunState::Ready;
        };
        let own = &self.session.evolving;
        if let Some((work, job)) = own.work_of(id) {
            return RunState::Running(match &work.what {
                What::Merge(child) => Doing::Merging {
                    child: child.clone(),
                    job,
                },
                What::Evaluate(model) => Doing::Evaluating { model: *model, job },
                What::Batch { names, .. } => Doing::OnCluster {
                    names: names.clone(),
                    job,
                },
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
            None if self.doc().has_begun(evolution) => RunState::Paused,
            None => RunState::Ready,
        }
    }

    /// Whether a run is going that waits for no user.
    pub fn is_evolving(&self) -> bool {
        !self.session.evolving.turns.is_empty() || self.session.evolving.work.running().is_some()
    }

    /// The last lines of what the evaluator has said, oldest first.
    pub fn evaluator_log(&self) -> &VecDeque<LogLine> {
        &self.session.evolving.log
    }

    /// Starts an evolution, or lets it go on. One that has ended is asked again whether it has.
    pub fn run_evolution(&mut self, id: EvolutionId) {
        let Some(evolution) = self.doc().evolution(id).cloned() else {
            return;
        };
        if let Some(objection) = self.run_objection(&evolution) {
            self.session.evolving.failures.insert(id, objection);
            return;
        }
        // Before anything is written down: whoever says no leaves the study as it was.
        if self.asks_first(Asker::Evolution(id)) {
            return;
        }
        if evolution.token.is_empty() {
            self.evolve(EvolutionEdit::Sign(id, fresh_token()));
        }
        if !self.doc().has_begun(&evolution) {
            self.evolve(EvolutionEdit::Begin(id));
        }
        if evolution.ended.is_some() {
            self.evolve(EvolutionEdit::End(id, None));
        }
        let own = &mut self.session.evolving;
        own.failures.remove(&id);
        own.pausing.remove(&id);
        own.waiting.remove(&id);
        own.measured.retain(|(other, _)| *other != id);
        if !own.turns.contains(&id) {
            own.turns.push_back(id);
        }
        self.advance_runs();
    }

    /// Stops an evolution after the child that is being made or judged.
    pub fn pause_evolution(&mut self, id: EvolutionId) {
        let own = &mut self.session.evolving;
        own.waiting.remove(&id);
        if own.work_of(id).is_some() {
            own.pausing.insert(id);
        } else {
            own.turns.retain(|other| *other != id);
        }
    }

    /// Whether a run stops after what it is doing.
    pub fn is_pausing(&self, id: EvolutionId) -> bool {
        self.session.evolving.pausing.contains(&id)
    }

    /// Stops an evolution at once; the child that is being made is made anew when it goes on.
    pub fn stop_evolution(&mut self, id: EvolutionId) {
        self.pause_evolution(id);
        if let Some((_, job)) = self.session.evolving.work_of(id) {
            self.jobs.cancel(job);
        }
    }

    /// Stops all evolutions at once, and what is being judged.
    pub fn stop_evolutions(&mut self) {
        let running: Vec<EvolutionId> = self.session.evolving.turns.iter().copied().collect();
        running.into_iter().for_each(|id| self.stop_evolution(id));
        let work = &mut self.session.evolving.work;
        work.retain_wanted(|_| false);
        if let Some((_, job)) = work.running() {
            self.jobs.cancel(*job);
        }
    }

    /// Stops all evolutions and what is being judged, and forgets them: the study is left.
    pub fn abandon_evolutions(&mut self) {
        self.stop_evolutions();
        self.session.evolving = Evolving::default();
    }

    /// Judges models by the study's evaluator, one after the other.
    pub fn evaluate_models(&mut self, models: &[ModelId]) {
        for &model in models {
            self.session.evolving.work.want(Work::for_the_user(model));
        }
        self.advance_runs();
    }

    /// Stops what is judged outside a run, and what waits for it.
    pub fn stop_evaluating(&mut self) {
        let work = &mut self.session.evolving.work;
        work.retain_wanted(|_| false);
        if let Some((_, job)) = work.running().filter(|(w, _)| w.evolution.is_none()) {
            self.jobs.cancel(*job);
        }
    }

    /// Models that wait to be judged, and the one that is.
    pub fn being_evaluated(&self) -> Vec<ModelId> {
        let work = &self.session.evolving.work;
        let now = work.running().map(|(work, _)| work);
        now.into_iter()
            .chain(work.wanted())
            .flat_map(|work| match &work.what {
                What::Evaluate(model) => vec![*model],
                What::Batch { judged, .. } => judged.clone(),
                What::Merge(_) => Vec::new(),
            })
            .collect()
    }

    /// Does what comes next, if nothing is being done.
    pub(super) fn advance_runs(&mut self) {
        self.wake_those_with_scores();
        self.session.evolving.has_more = false;
        for _ in 0..MOST_STEPS {
            if self.session.evolving.work.running().is_some() {
                return;
            }
            if let Some(work) = self.session.evolving.work.next_wanted() {
                if let What::Evaluate(model) = work.what {
                    self.start_evaluating(model, None);
                }
                continue;
            }
            let Some(id) = self.session.evolving.turns.pop_front() else {
                return;
            };
            self.session.evolving.turns.push_back(id);
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
        self.session.evolving.has_more = true;
    }

    /// Whether a run is going and neither works nor waits for anything.
    fn is_idle(&self, id: EvolutionId) -> bool {
        let own = &self.session.evolving;
        own.work.running().is_none() && own.turns.contains(&id) && !self.must_wait(id)
    }

    /// Whether there is a next step that nothing else will wake.
    pub(super) fn has_more_steps(&self) -> bool {
        self.session.evolving.has_more
    }

    /// Runs whose models have got their scores go on by themselves.
    fn wake_those_with_scores(&mut self) {
        let doc = self.doc();
        let has_scores = |(id, models): (&EvolutionId, &Vec<ModelId>)| {
            let evolution = doc.evolution(*id)?;
            let tasks = doc.selecting_tasks(evolution);
            let all = models
                .iter()
                .filter_map(|m| doc.model(*m))
                .all(|m| !tasks.is_empty() && tasks.iter().all(|task| m.score(task).is_some()));
            all.then_some(*id)
        };
        let waiting = &self.session.evolving.waiting;
        let ready: Vec<EvolutionId> = waiting.iter().filter_map(has_scores).collect();
        for id in ready {
            self.session.evolving.waiting.remove(&id);
            self.session.evolving.turns.push_back(id);
        }
    }

    /// Whether every run that is going waits for files.
    fn all_wait(&self) -> bool {
        let turns = &self.session.evolving.turns;
        turns.iter().all(|&id| self.must_wait(id))
    }

    /// Changes the document for a run and saves it at once: what is known is never found twice.
    pub(super) fn evolve(&mut self, edit: EvolutionEdit) {
        self.apply(Command::Evolution(edit));
        self.save();
    }

    /// Starts work of a run, or of the user; `done` takes in what it finds.
    fn start_work<T: std::marker::Send + 'static>(
        &mut self,
        evolution: Option<EvolutionId>,
        what: What,
        title: String,
        work: impl FnOnce(&Ticket, Send<'_, Self>) -> Result<T, Failure> + std::marker::Send + 'static,
        done: impl FnOnce(&mut Self, T) + std::marker::Send + 'static,
    ) {
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| {
            let Some(of) = bench.session.evolving.work.ended(job) else {
                return;
            };
            match result {
                Ok(value) => {
                    bench.stop_if_pausing(of.evolution);
                    done(bench, value);
                }
                Err(failure) => bench.work_failed(&of, &failure),
            }
        };
        self.jobs.spawn_sending(title, work, ending);
        let work = Work { evolution, what };
        self.session.evolving.work.started(work, job);
    }

    fn work_failed(&mut self, work: &Work, failure: &Failure) {
        if let What::Evaluate(model) = work.what {
            let state = match failure {
                Failure::Cancelled => EvaluationState::Cancelled,
                Failure::Failed(sentence) => EvaluationState::Failed(self.sentence(sentence)),
            };
            self.set_evaluation(model, state);
        }
        match (work.evolution, failure) {
            (Some(id), Failure::Cancelled) => self.stop_run(id),
            (Some(id), Failure::Failed(sentence)) => self.fail_run(id, sentence),
            (None, Failure::Cancelled) => self.session.evolving.work.retain_wanted(|_| false),
            (None, Failure::Failed(sentence)) => {
                let title = match &work.what {
                    What::Evaluate(model) => {
                        format!("{} was not evaluated", self.doc().name_of(*model))
                    }
                    What::Merge(name) => format!("{name} was not written"),
                    What::Batch { names, .. } => {
                        format!("{} were not judged", first_of(names, 2))
                    }
                };
                self.report_error(title, sentence.clone());
            }
        }
    }

    /// A run that was to stop after what it was doing.
    fn stop_if_pausing(&mut self, id: Option<EvolutionId>) {
        if let Some(id) = id.filter(|id| self.is_pausing(*id)) {
            self.stop_run(id);
        }
    }

    fn stop_run(&mut self, id: EvolutionId) {
        self.session.evolving.pausing.remove(&id);
        self.session.evolving.turns.retain(|other| *other != id);
        // Workers hear that nothing more comes for now.
        self.session.evolving.leads.remove(&id);
    }

    fn fail_run(&mut self, id: EvolutionId, sentence: &str) {
        self.stop_run(id);
        let name = self.doc().evolution(id).map(|e| e.name.clone());
        let sentence = self.sentence(sentence);
        if let Some(name) = name {
            self.report_error(format!("{name} cannot go on"), sentence.clone());
        }
        self.session.evolving.failures.insert(id, sentence);
    }

    fn end_run(&mut self, id: EvolutionId, ended: Ended) {
        if let Some(lead) = self.session.evolving.leads.remove(&id) {
            lead.end();
        }
        self.stop_run(id);
        self.evolve(EvolutionEdit::End(id, Some(ended)));
        self.remove_what_is_not_kept(id);
        let name = self.doc().evolution(id).map(|e| e.name.clone());
        let title = format!("{} has ended", name.unwrap_or_default());
        self.notify(NoticeKind::Done, title, ended.sentence());
    }

    /// Takes in a line that an evaluator has printed.
    fn on_log_line(&mut self, line: LogLine) {
        let log = &mut self.session.evolving.log;
        log.pop_back_if(|last| last.is_transient);
        log.push_back(line);
        if log.len() > MOST_LINES {
            log.pop_front();
        }
    }
}

impl Evolving {
    /// What is being done for a run, and by which job.
    fn work_of(&self, id: EvolutionId) -> Option<(&Work, JobId)> {
        let (work, job) = self.work.running()?;
        (work.evolution == Some(id)).then_some((work, *job))
    }
}

impl Work {
    fn for_the_user(model: ModelId) -> Self {
        Self {
            evolution: None,
            what: What::Evaluate(model),
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
