//! A sweep that runs beside the window.

use std::path::PathBuf;

use super::table::Table;
use super::{Sweep, Told};
use crate::jobs::{Failure, JobId, Send, Ticket};
use crate::study::{ClusterChoice, DraftId};
use crate::text::{counted, sentence_case};
use crate::workbench::trials::{Progress, Result as Found, Way, permit};
use crate::workbench::{NoticeKind, Workbench};

/// A sweep, while it runs and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRun {
    pub sweep: Sweep,
    /// The draft that it was started from.
    pub draft: DraftId,
    /// Its cells, as far as they are known; empty until its recipes are checked.
    pub table: Table,
    pub progress: Progress,
    pub state: SweepState,
    /// Whether its cells are in the study.
    pub is_recorded: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SweepState {
    Running(JobId),
    Done,
    Failed(String),
    Cancelled,
}

#[derive(Default)]
pub(in crate::workbench) struct Sweeping {
    run: Option<SweepRun>,
}

impl Workbench {
    /// The sweep that runs, or the last one that did.
    pub fn sweep(&self) -> Option<&SweepRun> {
        self.session.sweeping.run.as_ref()
    }

    pub fn is_sweeping(&self) -> bool {
        let run = self.sweep();
        run.is_some_and(|run| matches!(run.state, SweepState::Running(_)))
    }

    /// Why no sweep can be started now, if so.
    pub fn sweep_objection(&self) -> Option<String> {
        if self.is_sweeping() {
            return Some("A sweep is running; stop it, or wait for its end".to_owned());
        }
        if let Some(sentence) = self.evaluator_objection() {
            return Some(sentence.to_owned());
        }
        self.unapproved_command().map(|_| {
            "The study's command was not approved on this computer; evaluate a model by it \
             once, or choose another evaluator"
                .to_owned()
        })
    }

    /// Starts a sweep of a draft; its evaluator is the study's.
    pub fn start_sweep(&mut self, draft: DraftId, sweep: Sweep, cluster: Option<ClusterChoice>) {
        if let Some(sentence) = self.sweep_objection() {
            return self.report_error("The sweep was not started", sentence);
        }
        let sweep = Sweep {
            evaluator: self.placed(self.doc().evaluator.clone()),
            ..sweep
        };
        let usual = || self.folders.data.join("sweeps").join(&sweep.run()[..12]);
        let out: PathBuf = cluster
            .as_ref()
            .map_or_else(usual, |own| own.folder.clone());
        let here = cluster.is_none_or(|own| own.works);
        let job = self.jobs.next_id();
        let (own, folders) = (sweep.clone(), self.folders.clone());
        let work = move |ticket: &Ticket, send: Send<'_, Self>| {
            let on = |told: Told<'_>| send(step(job, &told));
            // The command was approved before it was started.
            let allows = permit(&folders, true);
            let way = if here {
                Way::Here(&allows)
            } else {
                Way::Workers
            };
            own.go_through(&out, way, ticket, &on)
        };
        let ending = move |bench: &mut Self, result| bench.on_sweep_ended(job, result);
        let title = format!("Sweeping {}", sweep.name);
        self.jobs.spawn_sending(title, work, ending);
        self.session.sweeping.run = Some(SweepRun {
            sweep,
            draft,
            table: Table::default(),
            progress: Progress::default(),
            state: SweepState::Running(job),
            is_recorded: false,
        });
    }

    /// Stops the sweep; started again it goes on where it stopped.
    pub fn stop_sweep(&self) {
        if let Some(SweepState::Running(job)) = self.sweep().map(|run| &run.state) {
            self.jobs.cancel(*job);
        }
    }

    /// Forgets a sweep that has ended.
    pub fn forget_sweep(&mut self) {
        if !self.is_sweeping() {
            self.session.sweeping.run = None;
        }
    }

    /// Puts the cells of the sweep into the study.
    pub fn add_sweep_to_study(&mut self) {
        let Some(table) = self.sweep().map(|run| run.table.clone()) else {
            return;
        };
        let count = self.record_sweep(&table);
        if let Some(run) = &mut self.session.sweeping.run {
            run.is_recorded = true;
        }
        let title = format!("{} added to the study", counted(count, "model"));
        self.notify(NoticeKind::Changed, title, "");
    }

    fn sweep_of(&mut self, job: JobId) -> Option<&mut SweepRun> {
        let run = self.session.sweeping.run.as_mut();
        run.filter(|run| run.state == SweepState::Running(job))
    }

    fn on_sweep_ended(&mut self, job: JobId, result: Result<Table, Failure>) {
        let Some(run) = self.sweep_of(job) else {
            return;
        };
        let name = run.sweep.name.clone();
        match result {
            Ok(table) => {
                let failed = table.failed();
                let cells = counted(table.rows.len(), "cell");
                run.table = table;
                run.state = SweepState::Done;
                let detail = match failed {
                    0 => String::new(),
                    n => format!("{} failed", counted(n, "cell")),
                };
                let title = format!("The sweep of {name} has ended: {cells}");
                self.notify(NoticeKind::Done, title, detail);
            }
            Err(Failure::Cancelled) => run.state = SweepState::Cancelled,
            Err(Failure::Failed(sentence)) => {
                let sentence = sentence_case(&sentence);
                run.state = SweepState::Failed(sentence.clone());
                self.report_error(format!("The sweep of {name} failed"), sentence);
            }
        }
    }
}

/// What is told on the way, for the session.
fn step(job: JobId, told: &Told<'_>) -> crate::jobs::Step<Workbench> {
    match *told {
        Told::Began(table) => {
            let table = table.clone();
            Box::new(move |bench| {
                if let Some(run) = bench.sweep_of(job) {
                    run.table = table;
                }
            })
        }
        Told::Arrived(at, found) => {
            let found: Found = found.clone();
            Box::new(move |bench| {
                let run = bench.sweep_of(job);
                if let Some(row) = run.and_then(|run| run.table.rows.get_mut(at)) {
                    row.take(&found);
                }
            })
        }
        Told::Progress(progress) => Box::new(move |bench| {
            if let Some(run) = bench.sweep_of(job) {
                run.progress = progress;
            }
        }),
    }
}
