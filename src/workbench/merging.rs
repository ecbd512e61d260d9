//! Writing merges: a queue, one after the other, and what becomes of each in the study.

use std::path::Path;

use super::composing::Prediction;
use super::queue::Queue;
use super::writing::{Target, WriteError, WriteOrder, write_recipe};
use super::{NoticeKind, Workbench};
use crate::jobs::{Failure, JobId, Ticket};
use crate::kinship::Values;
use crate::merge::plan::Plan;
use crate::merge::recipe::{Recipe, parse, to_yaml};
use crate::merge::run::Outcome as Made;
use crate::study::{Command, DraftId, ModelEdit, ModelId, NewChild, PredictedKinship};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MergeId(u64);

/// A merge that is to be written, is being written, or was.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedMerge {
    /// Its name in the queue.
    pub id: MergeId,
    pub name: String,
    pub draft: DraftId,
    /// The recipe as it was when it was put here, and where it is written.
    pub order: WriteOrder,
    /// Whether a model that lies there is replaced.
    pub force: bool,
    pub state: MergeState,
    /// Whether it failed because a model lies at its place, which may be replaced.
    pub may_replace: bool,
    predicted: Vec<PredictedKinship>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MergeState {
    /// Others are before it.
    Waiting,
    /// It is being written by this job.
    Running(JobId),
    /// It is written, and in the study.
    Done {
        child: ModelId,
        made: Box<Made>,
    },
    /// It failed, and why; nothing was left behind but finished shards.
    Failed(String),
    Cancelled,
}

#[derive(Default)]
pub(super) struct Merging {
    last_id: u64,
    /// Every merge that is shown, the oldest first.
    list: Vec<QueuedMerge>,
    queue: Queue<MergeId>,
}

impl Workbench {
    /// The queue, oldest first; what is done stays until it is cleared.
    pub fn merges(&self) -> &[QueuedMerge] {
        &self.session.merging.list
    }

    /// Puts the draft on the canvas into the queue, to be written into the folder `out`.
    pub fn queue_merge(&mut self, out: &Path, force: bool) {
        let Some(draft) = self.doc().shown_draft() else {
            return;
        };
        match self.text_to_write(draft) {
            Ok(text) => self.queue_order(WriteOrder::folder(text, out), force),
            Err(sentence) => self.report_error("The recipe could not be written", sentence),
        }
    }

    /// Puts a recipe of the draft on the canvas into the queue.
    pub fn queue_order(&mut self, order: WriteOrder, force: bool) {
        let Some(draft) = self.doc().shown_draft().cloned() else {
            return;
        };
        let order = order.absolute();
        let is_taken = |m: &QueuedMerge| m.order.out == order.out && m.is_open();
        if self.merges().iter().any(is_taken) {
            let title = "A merge to this place is in the queue already";
            return self.report_error(title, "choose another place");
        }
        let name = order.name().unwrap_or_else(|| draft.name.clone());
        let known = self.prediction_of(&draft);
        let predicted = known.map_or_else(Vec::new, predicted);
        let merging = &mut self.session.merging;
        merging.last_id += 1;
        let id = MergeId(merging.last_id);
        merging.list.push(QueuedMerge {
            id,
            name,
            draft: draft.id,
            predicted,
            order,
            force,
            state: MergeState::Waiting,
            may_replace: false,
        });
        merging.queue.want(id);
        self.write_next();
    }

    /// Stops a merge, or takes a waiting one off the queue.
    pub fn cancel_merge(&mut self, id: MergeId) {
        let merging = &mut self.session.merging;
        if let Some(job) = merging.queue.job_of(&id) {
            return self.jobs.cancel(job);
        }
        merging.queue.retain_wanted(|waiting| *waiting != id);
        if let Some(merge) = merging.get_mut(id).filter(|merge| merge.is_open()) {
            merge.state = MergeState::Cancelled;
        }
    }

    /// Puts a merge that failed or was cancelled back into the queue; finished shards are used.
    pub fn retry_merge(&mut self, id: MergeId) {
        self.requeue(id, |_| {});
    }

    /// The same, and the model that lies in its folder is replaced.
    pub fn replace_merge(&mut self, id: MergeId) {
        self.requeue(id, |merge| merge.force = true);
    }

    /// The same to another place.
    pub fn redirect_merge(&mut self, id: MergeId, order: WriteOrder, force: bool) {
        let order = order.absolute();
        self.requeue(id, |merge| {
            if let Some(name) = order.name() {
                merge.name = name;
            }
            merge.order = order;
            merge.force = force;
        });
    }

    fn requeue(&mut self, id: MergeId, change: impl FnOnce(&mut QueuedMerge)) {
        let merging = &mut self.session.merging;
        if let Some(merge) = merging.get_mut(id).filter(|merge| !merge.is_open()) {
            change(merge);
            merge.may_replace = false;
            merge.state = MergeState::Waiting;
            merging.queue.want(id);
        }
        self.write_next();
    }

    /// Whether a merge is being written or waits for it, or a mixture is written.
    pub fn is_writing(&self) -> bool {
        self.merges().iter().any(QueuedMerge::is_open) || self.is_mixing()
    }

    /// Stops what is being written, and takes what waits off the queue.
    pub fn cancel_merges(&mut self) {
        // The newest first: where one stops, the next would begin.
        let all: Vec<MergeId> = self.merges().iter().map(|m| m.id).collect();
        all.into_iter().rev().for_each(|id| self.cancel_merge(id));
        self.cancel_mixture();
    }

    /// Takes everything off the list. What is being written has been told to stop, and nothing
    /// waits for it any more.
    pub fn forget_merges(&mut self) {
        self.session.merging = Merging {
            last_id: self.session.merging.last_id,
            ..Merging::default()
        };
    }

    /// Whether the draft on the canvas was looked at as it is now, and nothing stands in its way.
    pub fn is_ready_to_write(&self) -> bool {
        let Some(draft) = self.doc().shown_draft() else {
            return false;
        };
        let known = self.prediction_of(draft);
        !draft.sheet.text.trim().is_empty()
            && known.is_some_and(|prediction| !prediction.problems.iter().any(|p| p.is_error()))
    }

    /// Takes what is neither waiting nor running off the list.
    pub fn clear_merges(&mut self) {
        self.session.merging.list.retain(QueuedMerge::is_open);
    }

    fn write_next(&mut self) {
        let merging = &mut self.session.merging;
        let Some(id) = merging.queue.next_wanted() else {
            return;
        };
        let Some(next) = merging.get_mut(id).cloned() else {
            return;
        };
        let title = format!("Writing {}", next.name);
        let removal = self.folders.removal;
        let work = move |ticket: &Ticket| {
            let target = Target {
                out: &next.order.out,
                gguf: &next.order.gguf,
                force: next.force,
                maker: "",
                removal,
            };
            match write_recipe(&parse(&next.order.text), &target, ticket) {
                Ok(made) => Ok(Some(made)),
                Err(WriteError::InTheWay) => Ok(None),
                Err(WriteError::Failed(failure)) => Err(failure),
            }
        };
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_merge_ended(job, result);
        self.jobs.spawn(title, work, ending);
        self.session.merging.queue.started(id, job);
        self.set_merge_state(id, MergeState::Running(job));
    }

    /// Takes in what became of a merge, and begins the next one; `None` if a model lies at its
    /// place that it may replace.
    fn on_merge_ended(&mut self, job: JobId, result: Result<Option<(Plan, Made)>, Failure>) {
        let merging = &mut self.session.merging;
        let Some(id) = merging.queue.ended(job) else {
            return;
        };
        let Some(merge) = merging.get_mut(id) else {
            return;
        };
        match result {
            Ok(Some((plan, made))) => {
                let merge = merge.clone();
                self.on_merge_done(merge, &plan, made);
            }
            Ok(None) => {
                merge.may_replace = true;
                let place = merge.order.out.to_string_lossy().into_owned();
                self.merge_failed(id, &WriteError::InTheWay.to_string(), place);
            }
            Err(Failure::Cancelled) => {
                merge.state = MergeState::Cancelled;
                let title = format!("Writing {} was cancelled", merge.name);
                let detail = "Finished files stay beside it for the next try";
                self.notify(NoticeKind::Note, title, detail);
            }
            Err(Failure::Failed(sentence)) => self.merge_failed(id, &sentence, sentence.clone()),
        }
        self.write_next();
    }

    /// Why stands in the queue; the notice says the rest.
    fn merge_failed(&mut self, id: MergeId, why: &str, detail: String) {
        let why = self.sentence(why);
        let Some(merge) = self.session.merging.get_mut(id) else {
            return;
        };
        merge.state = MergeState::Failed(why);
        let title = format!("Writing {} failed", merge.name);
        self.report_error(title, detail);
        // Where it failed for files that are gone, the canvas is to say so too.
        self.look_at_disk();
    }

    /// Puts the child of a merge into the study.
    fn on_merge_done(&mut self, merge: QueuedMerge, plan: &Plan, made: Made) {
        let (base, parents) = self.descent_of(&self.models_of(plan));
        let recipes: Vec<Recipe> = plan.steps.iter().map(|s| s.recipe.clone()).collect();
        let child = NewChild {
            name: merge.name.clone(),
            path: made.out.clone(),
            base,
            parents,
            method: recipes
                .last()
                .map_or_else(String::new, |r| r.merge_method.clone()),
            recipe: to_yaml(&recipes).unwrap_or(merge.order.text),
            predicted: merge.predicted,
            note: String::new(),
        };
        let id_of_child = ModelId(self.doc().next_id);
        let warnings = made.non_finite.len();
        self.session.measuring.children.insert(id_of_child);
        self.apply(Command::Model(ModelEdit::AddChild(Box::new(child))));
        let done = MergeState::Done {
            child: id_of_child,
            made: Box::new(made),
        };
        self.set_merge_state(merge.id, done);
        let detail = match warnings {
            0 => String::new(),
            n => format!(
                "{n} of its tensors have numbers that are NaN or infinite, as its inputs have"
            ),
        };
        let title = format!("{} is written", merge.name);
        self.notify(NoticeKind::Done, title, detail);
    }

    /// Which of the models that a recipe names is the base of its child, and which are parents.
    pub(super) fn descent_of(&self, named: &[ModelId]) -> (Option<ModelId>, Vec<ModelId>) {
        let is_base = |id: &ModelId| named.iter().any(|&other| self.base_of(other) == Some(*id));
        let (bases, parents): (Vec<ModelId>, Vec<ModelId>) =
            named.iter().partition(|id| is_base(id));
        let first = parents.first().and_then(|&p| self.base_of(p));
        let base = first.filter(|_| parents.iter().all(|&p| self.base_of(p) == first));
        // Models of other families may be merged; their base is a parent then.
        let parents = match base {
            Some(_) => parents,
            None => [parents, bases].concat(),
        };
        (base, parents)
    }

    /// Measures a child that was written here, once it is open, if the rest of its family is.
    pub(super) fn measure_child(&mut self, id: ModelId) {
        if !self.session.measuring.children.remove(&id) {
            return;
        }
        let Some(base) = self.base_of(id) else { return };
        let family = self.family(base);
        let others = family.models.len() > 1;
        if others && family.unmeasured() == 1 && self.checkpoint(id).is_some() {
            self.measure(base, false);
        }
    }

    fn base_of(&self, id: ModelId) -> Option<ModelId> {
        self.doc().model(id)?.base
    }

    /// The study's models that a plan reads, each once, in the order of the recipe.
    fn models_of(&self, plan: &Plan) -> Vec<ModelId> {
        let mut out = Vec::new();
        for model in plan.steps.iter().flat_map(|s| &s.models) {
            if let Some(id) = self.model_of(&model.reference)
                && !out.contains(&id)
            {
                out.push(id);
            }
        }
        out
    }

    fn set_merge_state(&mut self, id: MergeId, state: MergeState) {
        if let Some(merge) = self.session.merging.get_mut(id) {
            merge.state = state;
        }
    }
}

impl Merging {
    fn get_mut(&mut self, id: MergeId) -> Option<&mut QueuedMerge> {
        self.list.iter_mut().find(|merge| merge.id == id)
    }
}

impl QueuedMerge {
    pub fn is_open(&self) -> bool {
        matches!(self.state, MergeState::Waiting | MergeState::Running(_))
    }
}

fn predicted(prediction: &Prediction) -> Vec<PredictedKinship> {
    let Ok(child) = &prediction.child else {
        return Vec::new();
    };
    let one = |(&model, values): (&ModelId, &Values)| PredictedKinship {
        model,
        kinship: values.clone().independent(),
        error: child.error,
    };
    child.with.iter().map(one).collect()
}
