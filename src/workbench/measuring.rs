//! Kinship of the families of a study: what is measured, what is not yet, and the pass itself.
//!
//! A result is kept beside the keys of the files that it is about. Whether it still holds is
//! a comparison of keys; nothing has to be marked as stale.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::queue::Queue;
use super::{ModelFiles, NoticeKind, Workbench, cache};
use crate::checkpoint::Checkpoint;
use crate::jobs::{Failure, JobId, Send, Ticket};
use crate::kinship::store::CachedKinship;
use crate::kinship::{Compared, Kinship, Precision, TensorGram, measure};
use crate::study::{Command, ModelId, ViewEdit};

/// The latest result for the models of one base.
pub struct Measured {
    stored: Arc<CachedKinship>,
    /// Where the files of a key stand in it.
    places: BTreeMap<String, usize>,
    /// Another one with every change, so that views can keep what they derive.
    revision: u64,
    /// What was there before a measurement that is still running.
    before: Option<Arc<CachedKinship>>,
    /// Tensors still to come, while running.
    arrived: Vec<usize>,
}

impl Measured {
    /// The result; while a measurement runs, as far as it has come.
    pub fn kinship(&self) -> &Kinship {
        &self.stored.kinship
    }

    /// The result that is whole: while a measurement runs, what was there before it.
    pub(super) fn settled(&self) -> &Arc<CachedKinship> {
        self.before.as_ref().unwrap_or(&self.stored)
    }

    /// Goes up with every change, and is never the same for two results.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether more is to come.
    pub fn is_provisional(&self) -> bool {
        self.before.is_some()
    }

    pub fn base_key(&self) -> &str {
        &self.stored.base
    }

    /// Which model of the result has these files.
    pub fn index_of(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }
}

/// Where the files of each key stand; the first of equal ones.
fn places(stored: &CachedKinship) -> BTreeMap<String, usize> {
    let keys = stored.models.iter().enumerate().rev();
    keys.map(|(place, key)| (key.clone(), place)).collect()
}

/// What is measured of the families, and what is being measured.
#[derive(Default)]
pub(super) struct Measuring {
    /// The results, by base.
    pub results: BTreeMap<ModelId, Measured>,
    /// Models measured since the study was opened, with their base.
    pub once: BTreeSet<(ModelId, ModelId)>,
    /// Bases whose families are being measured.
    pub queue: Queue<ModelId>,
    /// Searches for earlier results that have not ended.
    pub searches: usize,
    /// Whether everything is measured as soon as it is open.
    pub when_open: bool,
    /// Children that were written here, to be measured once they are open.
    pub children: BTreeSet<ModelId>,
}

/// The models of one base, with what is known of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub base: ModelId,
    pub models: Vec<ModelId>,
    /// Where each stands in the result; `None` if it has not been measured as it is now.
    pub measured: Vec<Option<usize>>,
    /// Models that are open and were measured, but whose files have changed since.
    pub changed: usize,
    /// Models whose files are not open and that are not known from before.
    pub not_open: usize,
    /// Bytes that measuring would read.
    pub size_bytes: u64,
}

impl Family {
    /// Models that are open and not measured as they are now.
    pub fn unmeasured(&self) -> usize {
        self.measured.iter().filter(|m| m.is_none()).count() - self.not_open
    }
}

impl Workbench {
    /// The family of a base as it stands.
    pub fn family(&self, base: ModelId) -> Family {
        let models = self.doc().family(base);
        let base_open = self.checkpoint(base);
        let measured = self.session.measuring.results.get(&base);
        let both = base_open.zip(measured);
        let valid = both.is_some_and(|(b, m)| b.key() == m.base_key());
        let index = |id: &ModelId| {
            let key = self.key_of(*id)?;
            measured.filter(|_| valid)?.index_of(key)
        };
        let was_measured = |id: &ModelId| self.session.measuring.once.contains(&(base, *id));
        let is_open = |id: &ModelId| self.checkpoint(*id).is_some();
        let has_changed = |id: &&ModelId| was_measured(id) && is_open(id) && index(id).is_none();
        let size = |id: &ModelId| self.checkpoint(*id).map_or(0, |c| c.size_bytes());
        Family {
            base,
            measured: models.iter().map(index).collect(),
            changed: models.iter().filter(has_changed).count(),
            not_open: models
                .iter()
                .filter(|id| !is_open(id) && index(id).is_none())
                .count(),
            size_bytes: size(&base) + models.iter().map(size).sum::<u64>(),
            models,
        }
    }

    /// What a model's files are known by: as they are, or, where they are gone or cannot be
    /// read, as they were when they were measured.
    pub(super) fn key_of(&self, id: ModelId) -> Option<&str> {
        if let Some(files) = self.checkpoint(id) {
            return Some(files.key());
        }
        let before = self.doc().view.measured_as.get(&id);
        let is_gone = matches!(self.files(id), ModelFiles::Failed(_));
        before.filter(|_| is_gone).map(String::as_str)
    }

    pub fn measured(&self, base: ModelId) -> Option<&Measured> {
        self.session.measuring.results.get(&base)
    }

    /// Every result that is whole and about the files as they are; while a measurement runs,
    /// what was known before it.
    pub(super) fn all_measured(&self) -> Vec<(ModelId, Arc<CachedKinship>)> {
        let holds = |(base, measured): &(&ModelId, &Measured)| {
            let files = self.checkpoint(**base);
            let settled = measured.settled();
            let is_known = !settled.kinship.tensors.is_empty();
            is_known && files.is_some_and(|f| f.key() == settled.base)
        };
        let whole = self.session.measuring.results.iter().filter(holds);
        whole
            .map(|(base, m)| (*base, Arc::clone(m.settled())))
            .collect()
    }

    /// What two measured models of a base were compared over.
    pub fn compared(&self, base: ModelId, a: ModelId, b: ModelId) -> Option<Compared> {
        let family = self.family(base);
        let place = |id: ModelId| family.measured[family.models.iter().position(|&m| m == id)?];
        let sizes = [a, b].map(|id| self.numbers_of(id));
        let kinship = self.measured(base)?.kinship();
        Some(Compared::of(kinship, place(a)?, place(b)?, sizes))
    }

    /// How many numbers a model has, for an adapter with its base; 0 if it is not open.
    pub fn numbers_of(&self, id: ModelId) -> u64 {
        let Some(files) = self.checkpoint(id) else {
            return 0;
        };
        let base = || self.checkpoint(self.doc().model(id)?.base?);
        let whole = files.adapter().map_or(Some(files), |_| base());
        whole.map_or(0, |whole| whole.parameters())
    }

    pub fn is_measuring(&self) -> bool {
        let mut results = self.session.measuring.results.values();
        results.any(Measured::is_provisional)
    }

    /// The job that measures a base's family, if one runs.
    pub fn measuring(&self, base: ModelId) -> Option<JobId> {
        self.session.measuring.queue.job_of(&base)
    }

    /// Measures the family of `base`: only pairs with a model that is not known yet, unless
    /// `anew`.
    pub fn measure(&mut self, base: ModelId, anew: bool) {
        if self.measuring(base).is_some() {
            return;
        }
        let Some(base_files) = self.checkpoint(base).cloned() else {
            let detail = "Find its files again, or choose another base";
            return self.report_error("The base is not open", detail);
        };
        let family = self.doc().family(base).into_iter();
        let models = family.filter_map(|id| self.checkpoint(id).cloned());
        let models: Vec<Arc<Checkpoint>> = models.collect();
        if models.is_empty() {
            let detail = "Add models that descend from this base";
            return self.report_error("There is nothing to compare", detail);
        }
        let before = self.measured(base).map(|m| Arc::clone(&m.stored));
        let holds = |stored: &Arc<CachedKinship>| !anew && stored.base == base_files.key();
        let known = before.clone().filter(holds);
        let (request, known) = Request::new(base_files, models, known.as_deref());
        let cache_dir = self.folders.cache.clone();
        let request_empty = request.empty();
        let work = move |ticket: &Ticket, send: Send<'_, Self>| {
            let on_tensor = |index: usize, tensor: &TensorGram| {
                let tensor = tensor.clone();
                send(Box::new(move |bench: &mut Self| {
                    bench.on_tensor(base, index, tensor);
                }));
            };
            let models: Vec<&Checkpoint> = request.models.iter().map(AsRef::as_ref).collect();
            let (base, full) = (&request.base, Precision::Full);
            let kinship = measure(base, &models, full, known.as_ref(), ticket, &on_tensor)?;
            let stored = CachedKinship {
                kinship,
                ..request.empty()
            };
            cache::keep(&cache_dir, &stored);
            Ok(stored)
        };
        let title = "Measuring kinship";
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_measuring_ended(title, job, result);
        self.jobs.spawn_sending(title, work, ending);
        self.session.measuring.queue.started(base, job);
        let stored = Arc::new(request_empty);
        let measured = Measured {
            before: Some(before.unwrap_or_else(|| Arc::clone(&stored))),
            places: places(&stored),
            stored,
            revision: self.next_revision(),
            arrived: Vec::new(),
        };
        self.session.measuring.results.insert(base, measured);
    }

    /// Looks for earlier results of every family that has none.
    pub(super) fn find_cached(&mut self) {
        for base in self.doc().bases() {
            let family = self.family(base);
            let Some(files) = self.checkpoint(base) else {
                continue;
            };
            if family.unmeasured() == 0 || self.session.measuring.results.contains_key(&base) {
                continue;
            }
            let known = |id: &ModelId| Some(self.key_of(*id)?.to_owned());
            let models: Vec<String> = family.models.iter().filter_map(known).collect();
            let (key, dir) = (files.key().to_owned(), self.folders.cache.clone());
            let find = move |_: &Ticket| Ok(cache::find(&dir, &key, &models, Precision::Full));
            let title = "Looking for earlier results";
            self.session.measuring.searches += 1;
            self.jobs
                .spawn(title, find, move |bench: &mut Self, found| {
                    bench.session.measuring.searches -= 1;
                    match found {
                        Ok(Some(stored)) => bench.on_earlier_found(base, stored),
                        Ok(None) => {}
                        Err(failure) => bench.report_failure(title, failure),
                    }
                });
        }
    }

    /// Whether earlier results are being looked for.
    pub(super) fn is_looking_for_earlier(&self) -> bool {
        self.session.measuring.searches > 0
    }

    /// Measures by itself where that was promised, once every file is open.
    pub(super) fn measure_opened(&mut self) {
        let opening = self.is_opening();
        let looking = self.is_looking_for_earlier();
        if !self.session.measuring.when_open || opening || looking || self.session.models.is_empty()
        {
            return;
        }
        self.session.measuring.when_open = false;
        for base in self.doc().bases() {
            if self.family(base).unmeasured() > 0 {
                self.measure(base, false);
            }
        }
    }

    fn on_tensor(&mut self, base: ModelId, index: usize, tensor: TensorGram) {
        let Some(measured) = self.session.measuring.results.get_mut(&base) else {
            return;
        };
        // What is known of pairs is that of the last whole result until this one is whole.
        self.last_revision += 1;
        measured.revision = self.last_revision;
        let at = measured.arrived.partition_point(|&k| k < index);
        measured.arrived.insert(at, index);
        Arc::make_mut(&mut measured.stored)
            .kinship
            .tensors
            .insert(at, tensor);
    }

    /// Takes in what a measurement found. One that gave nothing leaves what was there before it.
    fn on_measuring_ended(
        &mut self,
        title: &str,
        job: JobId,
        result: Result<CachedKinship, Failure>,
    ) {
        let Some(base) = self.session.measuring.queue.ended(job) else {
            return;
        };
        match result {
            Ok(stored) => self.on_measured(base, stored),
            Err(failure) => {
                self.put_back(base);
                if failure == Failure::Cancelled {
                    self.notify(NoticeKind::Note, "Measuring was cancelled", "");
                }
                self.report_failure(title, failure);
            }
        }
    }

    fn on_measured(&mut self, base: ModelId, stored: CachedKinship) {
        let (n, parameters) = (stored.models.len(), stored.kinship.parameters());
        self.put(base, Arc::new(stored));
        if parameters > 0 {
            // A run measures before every generation, and shows what came out itself.
            if !self.is_evolving() {
                let title = format!("Kinship of {n} models measured");
                self.notify(NoticeKind::Done, title, "");
            }
        } else {
            let name = self.doc().name_of(base).to_owned();
            let detail = format!(
                "no tensor of these models has the name and shape it has in {name}; set another base"
            );
            self.report_error("Nothing could be compared", detail);
        }
    }

    /// Takes in an earlier result, unless a new one is on its way.
    fn on_earlier_found(&mut self, base: ModelId, stored: CachedKinship) {
        if self.measuring(base).is_none() {
            self.put(base, Arc::new(stored));
        }
    }

    fn put_back(&mut self, base: ModelId) {
        let measured = self.session.measuring.results.get_mut(&base);
        let before = measured.and_then(|m| m.before.take());
        match before.filter(|stored| !stored.kinship.tensors.is_empty()) {
            Some(stored) => self.put(base, stored),
            None => {
                self.session.measuring.results.remove(&base);
            }
        }
    }

    fn put(&mut self, base: ModelId, stored: Arc<CachedKinship>) {
        let revision = self.next_revision();
        let measured = Measured {
            places: places(&stored),
            stored,
            revision,
            before: None,
            arrived: Vec::new(),
        };
        self.session.measuring.results.insert(base, measured);
        let family = self.family(base);
        let known = family.models.iter().zip(&family.measured);
        let known = known.filter(|(_, at)| at.is_some());
        let known: Vec<ModelId> = known.map(|(id, _)| *id).collect();
        let once = &mut self.session.measuring.once;
        once.extend(known.iter().map(|id| (base, *id)));
        self.remember_keys(&known);
    }

    /// The study remembers by which files its kinship was measured: it stays known when they go.
    fn remember_keys(&mut self, models: &[ModelId]) {
        let key = |&id: &ModelId| Some((id, self.checkpoint(id)?.key().to_owned()));
        let keys: Vec<(ModelId, String)> = models.iter().filter_map(key).collect();
        let kept = &self.doc().view.measured_as;
        let is_new = keys.iter().any(|(id, key)| kept.get(id) != Some(key));
        if is_new {
            self.apply(Command::View(ViewEdit::MeasuredAs(keys)));
        }
    }

    /// Never the same twice, not even for another study.
    fn next_revision(&mut self) -> u64 {
        self.kin_has_changed();
        self.last_revision
    }
}

/// What a measurement works on: a snapshot that no later change of the study reaches.
struct Request {
    base: Arc<Checkpoint>,
    models: Vec<Arc<Checkpoint>>,
}

impl Request {
    /// Puts known models first, and gives what is known of them.
    fn new(
        base: Arc<Checkpoint>,
        models: Vec<Arc<Checkpoint>>,
        known: Option<&CachedKinship>,
    ) -> (Self, Option<Kinship>) {
        let is_known = |m: &Arc<Checkpoint>| {
            known.is_some_and(|known| known.models.iter().any(|key| key == m.key()))
        };
        let (mut first, new): (Vec<_>, Vec<_>) = models.into_iter().partition(is_known);
        let keys: Vec<String> = first.iter().map(|m| m.key().to_owned()).collect();
        let known = known.map(|known| cache::cut(known, &keys).kinship);
        first.extend(new);
        let models = first;
        (Self { base, models }, known)
    }

    /// The result before anything is measured.
    fn empty(&self) -> CachedKinship {
        CachedKinship {
            base: self.base.key().to_owned(),
            models: self.models.iter().map(|m| m.key().to_owned()).collect(),
            kinship: Kinship {
                models: self.models.len(),
                tensors: Vec::new(),
                left_out: Vec::new(),
                tied_embeddings: self.base.tied_embeddings(),
                precision: Precision::Full,
            },
        }
    }
}
