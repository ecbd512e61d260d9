//! A cluster folder that is looked at while others work in it, and what becomes of its result.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::trials;
use super::{NoticeKind, Workbench, cache};
use crate::cluster::{self, Joined, Known, Plan, SoFar, State, Task};
use crate::files::write_whole;
use crate::jobs::{Failure, JobId, Send, Ticket};
use crate::kinship::{Matrix, Metric};
use crate::study::{Model, ModelId, StudyDoc, file};
use crate::text::sentence_case;

/// How often a folder is looked at.
const LOOK: Duration = Duration::from_millis(1000);
/// How soon is heard that nobody looks any more.
const TICK: Duration = Duration::from_millis(100);
/// Parts that are read between two looks of the user's.
const PARTS: usize = 64;

/// A folder that is open.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedCluster {
    pub out: PathBuf,
    /// What was seen last; `None` before the first look.
    pub view: Option<ClusterView>,
    /// Why it cannot be read.
    pub failed: Option<String>,
    /// The job that joins the parts.
    pub joining: Option<JobId>,
    job: Option<JobId>,
}

/// A cluster folder as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterView {
    pub state: State,
    /// When it was looked at, in milliseconds since 1970.
    pub now_ms: u64,
    /// The population, if the folder holds a plan of kinship.
    pub plan: Option<PlanView>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanView {
    pub base: String,
    pub models: Vec<String>,
    /// Kinship of every pair so far; `None` for populations that are too large to be shown.
    pub pairs: Option<Arc<PairsSoFar>>,
    /// Whether every part is there.
    pub is_whole: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairsSoFar {
    pub matrix: Matrix,
    known: Vec<Known>,
}

impl PairsSoFar {
    fn of(sums: &SoFar, models: usize) -> Self {
        let pairs = (0..models).flat_map(|i| (0..models).map(move |j| (i, j)));
        Self {
            matrix: sums.matrix(Metric::DEFAULT),
            known: pairs.map(|(i, j)| sums.known(i, j)).collect(),
        }
    }

    /// How much of a pair is known.
    pub fn known(&self, i: usize, j: usize) -> Known {
        let at = i * self.matrix.len() + j;
        self.known.get(at).copied().unwrap_or_default()
    }
}

impl Workbench {
    /// The cluster folder that is open.
    pub fn watched_cluster(&self) -> Option<&WatchedCluster> {
        self.clusters.as_ref()
    }

    /// Opens a cluster folder, and looks at it again and again until it is closed.
    pub fn watch_cluster(&mut self, out: &Path) {
        self.close_cluster();
        let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
        let job = self.jobs.next_id();
        let place = out.clone();
        let work = move |ticket: &Ticket, send: Send<'_, Self>| look_on(&place, job, ticket, send);
        let ending = move |bench: &mut Self, result| bench.on_watched(job, result);
        (self.jobs).spawn_sending_quietly("Looking at a cluster", work, ending);
        self.clusters = Some(WatchedCluster {
            out,
            view: None,
            failed: None,
            joining: None,
            job: Some(job),
        });
    }

    /// Looks no more.
    pub fn close_cluster(&mut self) {
        if let Some(watched) = self.clusters.take()
            && let Some(job) = watched.job
        {
            self.jobs.cancel(job);
        }
    }

    /// Joins the parts of the plan that is open into a new study, and shows it.
    pub fn join_cluster(&mut self) {
        let Some(out) = self.clusters.as_ref().map(|own| own.out.clone()) else {
            return;
        };
        let cache = self.folders.cache.clone();
        let work = move |_: &Ticket| {
            let (plan, tasks) = Plan::read(&out).map_err(Failure::Failed)?;
            match cluster::join(&out, &plan, &tasks).map_err(Failure::Failed)? {
                Joined::Whole(found) => {
                    cache::keep(&cache, &found);
                    Ok(study_of(&plan))
                }
                Joined::Missing(state) => Err(Failure::Failed(format!(
                    "{} of {} parts are missing",
                    state.tasks - state.done,
                    state.tasks
                ))),
            }
        };
        let job = self.spawn("Joining the parts", work, |bench, doc| {
            bench.close_cluster();
            bench.open_joined(&doc);
        });
        if let Some(watched) = &mut self.clusters {
            watched.joining = Some(job);
        }
    }

    /// Writes the study of a population into the program's own folder, and opens it.
    fn open_joined(&mut self, doc: &StudyDoc) {
        let path = self.free_study_path();
        let text = file::to_text(doc, path.parent().unwrap_or(Path::new("/")));
        match write_whole(&path, text.as_bytes()) {
            Ok(()) => {
                self.open_study(&path);
                self.notify(NoticeKind::Done, format!("{} joined", doc.name), "");
            }
            Err(sentence) => self.report_error("The joined study could not be written", sentence),
        }
    }

    fn on_watched(&mut self, job: JobId, result: Result<(), Failure>) {
        let own = self.clusters.as_mut().filter(|own| own.job == Some(job));
        let Some(watched) = own else {
            return;
        };
        watched.job = None;
        if let Err(Failure::Failed(sentence)) = result {
            watched.failed = Some(sentence_case(&sentence));
        }
    }
}

/// Looks until everything is done or nobody wants to know any more.
fn look_on(
    out: &Path,
    job: JobId,
    ticket: &Ticket,
    send: Send<'_, Workbench>,
) -> Result<(), Failure> {
    let plan = match Plan::is_in(out) {
        true => Some(Plan::read(out).map_err(Failure::Failed)?),
        false => None,
    };
    if plan.is_none() && !trials::has_runs(out) {
        let out = out.display();
        return Err(Failure::Failed(format!(
            "this folder holds no plan and no trials of a cluster: {out}"
        )));
    }
    let mut sums = plan
        .as_ref()
        .and_then(|(plan, tasks)| SoFar::new(plan, tasks));
    let mut last = ClusterView::default();
    loop {
        let known = last.plan.as_ref().and_then(|own| own.pairs.clone());
        let looked = look(out, plan.as_ref(), &mut sums, known);
        let (now, has_more) = looked.map_err(Failure::Failed)?;
        let is_over = now.plan.as_ref().is_some_and(|own| own.is_whole) && !has_more;
        if now != last {
            last.clone_from(&now);
            send(Box::new(move |bench: &mut Workbench| {
                let own = bench.clusters.as_mut().filter(|own| own.job == Some(job));
                if let Some(watched) = own {
                    watched.view = Some(now);
                }
            }));
        }
        if is_over && !trials::has_runs(out) {
            return Ok(());
        }
        let mut waited = Duration::ZERO;
        while waited < LOOK && !has_more {
            ticket.advance(0)?;
            std::thread::sleep(TICK);
            waited += TICK;
        }
        ticket.advance(0)?;
    }
}

/// The folder as it is now; whether there are parts that were not read yet.
fn look(
    out: &Path,
    plan: Option<&(Plan, Vec<Task>)>,
    sums: &mut Option<SoFar>,
    known: Option<Arc<PairsSoFar>>,
) -> Result<(ClusterView, bool), String> {
    let now_ms = cluster::milliseconds(std::time::SystemTime::now());
    let Some((plan, tasks)) = plan else {
        let state = trials::standing(out)?;
        let view = ClusterView {
            state,
            now_ms,
            plan: None,
        };
        return Ok((view, false));
    };
    let state = cluster::state(out, tasks);
    let has_more = match sums {
        Some(sums) => sums.take(out, (plan, tasks), PARTS)?,
        None => false,
    };
    let names = plan.models.iter().map(|model| model.name.clone());
    let pairs = |sums: &SoFar| Arc::new(PairsSoFar::of(sums, plan.models.len()));
    let pairs = match has_more {
        true => sums.as_ref().map(pairs),
        false => known.or_else(|| sums.as_ref().map(pairs)),
    };
    let view = PlanView {
        base: plan.base.name.clone(),
        models: names.collect(),
        pairs,
        is_whole: state.done == state.tasks,
    };
    let view = ClusterView {
        state,
        now_ms,
        plan: Some(view),
    };
    Ok((view, has_more))
}

/// A study of the models of a plan.
pub fn study_of(plan: &Plan) -> StudyDoc {
    let id = |k: usize| ModelId(u32::try_from(k).unwrap_or(u32::MAX));
    let model = |(k, member): (usize, &cluster::Member)| Model {
        id: id(k),
        name: member.name.clone(),
        path: Some(member.path.clone()),
        base: (k > 0).then(|| id(0)),
        ..Model::default()
    };
    let all = std::iter::once(&plan.base).chain(&plan.models);
    let models: Vec<Model> = all.enumerate().map(model).collect();
    StudyDoc {
        name: plan.base.name.clone(),
        next_id: u32::try_from(models.len()).unwrap_or(u32::MAX),
        models,
        ..StudyDoc::default()
    }
}
