//! A worker: does free trials until none is left and no more can come.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::board::{is_open, trials};
use super::outcome::{self, Outcome};
use super::trial::{Input, Kind, Trial};
use crate::checkpoint::Checkpoint;
use crate::cluster::{Claimed, Event, Held, Labour, MANIFEST, Sign, claim};
use crate::files::{Identity, Removal, owned};
use crate::jobs::{Failure, Ticket};
use crate::merge::recipe::parse;
use crate::merge::run::GgufWanted;
use crate::study::Evaluator;
use crate::workbench::Folders;
use crate::workbench::approval;
use crate::workbench::evolving::evaluators::{Scores, evaluate_by, scored};
use crate::workbench::writing::{Target, holds, inputs, write_recipe};

/// How often a worker that has nothing to do looks again.
const LOOK: Duration = Duration::from_millis(200);

/// Whether an evaluator may be used here: a folder may bring a command of a stranger's.
pub type Permit<'p> = &'p (dyn Fn(&Evaluator) -> Result<(), String> + Sync);

/// The permit of a user: commands that were approved on this machine, or all if they are trusted.
///
/// # Errors
/// Of the permit: the sentence about a command that was not approved.
pub fn permit(
    folders: &Folders,
    trusts: bool,
) -> impl Fn(&Evaluator) -> Result<(), String> + Sync + use<> {
    let data = folders.data.clone();
    move |evaluator: &Evaluator| match evaluator.command() {
        Some(call) if !trusts && !approval::is_approved_in(&data, call) => Err(format!(
            "the trials judge models by a command that is not approved on this computer; look \
             at it, and call again with --trust-command to run it: {}",
            approval::visible(&call.to_line())
        )),
        _ => Ok(()),
    }
}

/// Does trials of the folder `out`; gives how many were done.
///
/// A worker stays while a run is open, because more may come.
///
/// # Errors
/// A folder that cannot be read or written, a command that may not run, cancellation. What goes
/// wrong in a trial is noted there, and is no error here.
pub fn work(
    out: &Path,
    labour: &Labour,
    permit: Permit<'_>,
    ticket: &Ticket,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<usize, Failure> {
    let worker = Worker::new(out, labour, permit);
    let mut waits = None;
    let (mut read, mut all) = (None, Vec::new());
    loop {
        let now = Identity::of(&out.join(MANIFEST));
        if now.is_none() || now != read {
            all = trials(out).map_err(Failure::Failed)?;
            read = now;
        }
        let only = &labour.only;
        let is_wanted = |trial: &&Trial| only.is_empty() || only.contains(&trial.id);
        let wanted: Vec<&Trial> = all.iter().filter(is_wanted).collect();
        let (did, elsewhere) = worker.pass(&wanted, ticket, tell)?;
        let is_enough = worker.done() >= labour.most || !only.is_empty() && elsewhere == 0;
        let may_come = elsewhere > 0 && labour.waits || is_open(out, labour.lease, labour.waits);
        if is_enough || !did && !may_come {
            let over = outcome::over(out);
            let over = wanted.iter().filter(|trial| over.contains(&trial.id));
            let (done, parts, of) = (worker.done(), over.count(), wanted.len());
            tell(Event::Ended { done, parts, of });
            return Ok(done);
        }
        if !did {
            if waits.replace(elsewhere) != Some(elsewhere) {
                tell(Event::Waits { tasks: elsewhere });
            }
            worker.rest(ticket)?;
        }
    }
}

/// A worker of a folder.
pub(super) struct Worker<'a> {
    out: &'a Path,
    labour: &'a Labour,
    permit: Permit<'a>,
    sign: Sign,
    done: std::cell::Cell<usize>,
}

impl<'a> Worker<'a> {
    pub fn new(out: &'a Path, labour: &'a Labour, permit: Permit<'a>) -> Self {
        Self {
            sign: Sign::new(out, labour.lease),
            done: std::cell::Cell::new(0),
            out,
            labour,
            permit,
        }
    }

    fn done(&self) -> usize {
        self.done.get()
    }

    /// Waits a moment.
    fn rest(&self, ticket: &Ticket) -> Result<(), Failure> {
        self.sign.renew();
        std::thread::sleep(LOOK);
        Ok(ticket.advance(0)?)
    }

    /// Goes through the trials once and does those that are free; whether it did any, and how
    /// many are in other hands.
    pub fn pass(
        &self,
        trials: &[&Trial],
        ticket: &Ticket,
        tell: &(dyn Fn(Event) + Sync),
    ) -> Result<(bool, usize), Failure> {
        let (mut did, mut elsewhere) = (false, 0);
        let over = outcome::over(self.out);
        for trial in trials.iter().filter(|trial| !over.contains(&trial.id)) {
            if self.done() >= self.labour.most {
                break;
            }
            ticket.advance(0)?;
            match self.take(trial)? {
                Taken::Over => {}
                Taken::Other => elsewhere += 1,
                Taken::Held(held) => {
                    self.carry_out(trial, &held, ticket, tell)?;
                    did = true;
                }
            }
        }
        Ok((did, elsewhere))
    }

    fn take(&self, trial: &Trial) -> Result<Taken, Failure> {
        if outcome::is_over(self.out, trial) {
            return Ok(Taken::Over);
        }
        (self.permit)(&trial.evaluator).map_err(Failure::Failed)?;
        let (lease, now) = (self.labour.lease, SystemTime::now());
        let folder = self.out.join("claims");
        match claim(&folder, &trial.id, self.sign.worker(), lease, now).map_err(Failure::Failed)? {
            // It may have been done between the two looks.
            Claimed::Held(held) if outcome::is_over(self.out, trial) => {
                held.give_back();
                Ok(Taken::Over)
            }
            Claimed::Held(held) => Ok(Taken::Held(held)),
            Claimed::Other(_) => Ok(Taken::Other),
        }
    }

    fn carry_out(
        &self,
        trial: &Trial,
        held: &Held,
        ticket: &Ticket,
        tell: &(dyn Fn(Event) + Sync),
    ) -> Result<(), Failure> {
        let (began, bytes) = (Instant::now(), trial.bytes());
        let task = || trial.id.clone();
        tell(Event::Began {
            task: task(),
            bytes,
        });
        self.sign.begins(&trial.name);
        let sign = &self.sign;
        let beat = || sign.renew();
        let result = held.kept_alive(self.labour.lease, &beat, || self.outcome(trial, ticket));
        let written = match result {
            Ok(outcome) => {
                let written = outcome::write(self.out, &outcome);
                written.map(|()| None).map_err(Failure::Failed)
            }
            Err(Failure::Failed(error)) => {
                let noted = outcome::note_failure(self.out, trial, self.sign.worker(), &error);
                noted.map(|()| Some(error)).map_err(Failure::Failed)
            }
            Err(cancelled) => Err(cancelled),
        };
        if matches!(written, Ok(None)) && !trial.keep {
            remove_child(trial);
        }
        // Done, or for the others at once.
        held.give_back();
        let seconds = began.elapsed().as_secs_f64();
        match written {
            Ok(None) => {
                self.done.set(self.done() + 1);
                self.sign.has_done(bytes, seconds);
                tell(Event::Done {
                    task: task(),
                    bytes,
                    seconds,
                });
                Ok(())
            }
            Ok(Some(error)) => {
                self.sign.gives_up();
                tell(Event::Failed {
                    task: task(),
                    error,
                });
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    fn outcome(&self, trial: &Trial, ticket: &Ticket) -> Result<Outcome, Failure> {
        if !trial.has_its_tasks() {
            let sentence = "the files of its tasks are not those that it was made for";
            return Err(Failure::Failed(sentence.to_owned()));
        }
        let began = Instant::now();
        if let (Kind::MergeAndEvaluate, Some(recipe)) = (trial.kind, &trial.recipe) {
            merge(trial, recipe, ticket)?;
        }
        let merge_seconds = began.elapsed().as_secs_f64();
        let model = Checkpoint::open(&trial.model).map_err(|e| Failure::Failed(e.to_string()))?;
        if trial.kind == Kind::Evaluate {
            check_key(trial, &model)?;
        }
        let folder = self.out.join("evaluations").join(self.sign.file_stem());
        let silent = |_| {};
        let found = evaluate_by(&trial.evaluator, &model, &folder, ticket, &silent);
        // Empty unless something failed, and there only for programs.
        std::fs::remove_dir(&folder).ok();
        let Scores {
            scores,
            no_points,
            source,
        } = found?;
        Ok(Outcome {
            trial: trial.clone(),
            worker: self.sign.worker().to_owned(),
            evaluate_seconds: began.elapsed().as_secs_f64() - merge_seconds,
            merge_seconds,
            scores: scores.into_iter().map(|s| scored(s, &source)).collect(),
            no_points,
        })
    }
}

enum Taken {
    Held(Held),
    Other,
    Over,
}

/// Merges the child, unless an earlier try has: it is renamed into its place when it is whole.
fn merge(trial: &Trial, recipe: &str, ticket: &Ticket) -> Result<(), Failure> {
    // A recipe of several documents may be written in another order than it was read.
    let is_made = || owned::objection(&trial.model, Some(&trial.run)).is_none();
    if holds(&trial.model, recipe) || is_made() {
        return Ok(());
    }
    let parsed = parse(recipe);
    let found: Vec<Input> = inputs(&parsed)?.iter().map(|m| Input::of(m)).collect();
    if found != trial.inputs {
        let sentence = "its models are not those that it was made for: they have changed, or \
                        this machine sees others";
        return Err(Failure::Failed(sentence.to_owned()));
    }
    let target = Target {
        out: &trial.model,
        gguf: &GgufWanted::default(),
        force: false,
        maker: &trial.run,
        removal: Removal::Delete,
    };
    write_recipe(&parsed, &target, ticket)?;
    Ok(())
}

fn check_key(trial: &Trial, model: &Checkpoint) -> Result<(), Failure> {
    let known = trial.inputs.first().map(|input| input.key.as_str());
    match known == Some(model.key()) {
        true => Ok(()),
        false => Err(Failure::Failed(format!(
            "this model is not the one that was to be scored: it has changed, or this machine \
             sees another: {}",
            trial.model.display()
        ))),
    }
}

/// Removes a child that has its scores, if it is one of this run.
pub(super) fn remove_child(trial: &Trial) {
    if trial.model.symlink_metadata().is_err() {
        return;
    }
    if let Err(error) = owned::remove(&trial.model, Some(&trial.run), Removal::Delete) {
        log::warn!("{error}");
    }
}
