//! What is found out about the files of the selected models, beside the window, and kept: how
//! far rounding has moved quantised ones, what was read under other names, and what their
//! configurations say differently.
//!
//! Rounding reads some thousand numbers of every tensor, so that no frame can wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Workbench;
use crate::checkpoint::{Checkpoint, Difference, Weight};
use crate::jobs::{Failure, Ticket};
use crate::study::{ModelId, Selection};

/// What quantisation has done to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    /// The formats of its weights, such as "NVFP4 and scaled F8".
    pub formats: String,
    /// The distance by which rounding alone has moved it, as far as can be expected.
    pub distance: f64,
}

/// What the files of two models, and of their base, tell beside the weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairFiles {
    /// Which of the two was read under other names, and a sentence on it.
    pub renamings: Vec<(usize, String)>,
    /// What the configurations say differently.
    pub settings: Vec<SettingOfPair>,
}

/// One setting that is not the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingOfPair {
    /// In the words of `config.json`.
    pub what: String,
    /// Whether equal shapes mean nothing where this differs.
    pub is_architecture: bool,
    /// What the two and their base say, as far as that is known.
    pub values: [Option<String>; 3],
}

/// Two models and their base, by the keys of their files.
type PairKey = [Option<String>; 3];

#[derive(Default)]
pub(super) struct Inspecting {
    /// What was last looked at.
    seen: Option<(u64, Selection)>,
    /// By key of the files; `None` for those that are not quantised.
    roundings: BTreeMap<String, Option<Rounding>>,
    pairs: BTreeMap<PairKey, Arc<PairFiles>>,
    running: BTreeSet<String>,
}

/// What a job has found.
#[derive(Default)]
struct Found {
    roundings: Vec<(String, Option<Rounding>)>,
    pair: Option<(PairKey, PairFiles)>,
}

impl Workbench {
    /// How far rounding has moved a model; `None` if it is not quantised, or not known yet.
    pub fn rounding(&self, id: ModelId) -> Option<&Rounding> {
        let known = &self.session.inspecting.roundings;
        known.get(self.checkpoint(id)?.key())?.as_ref()
    }

    /// What the files of two models tell; `None` until it is known.
    pub fn pair_files(&self, a: ModelId, b: ModelId) -> Option<&Arc<PairFiles>> {
        let key = key_of(&self.files_of_pair(a, b)?);
        self.session.inspecting.pairs.get(&key)
    }

    /// The base that two models have in common.
    pub fn common_base(&self, a: ModelId, b: ModelId) -> Option<ModelId> {
        let base = |id: ModelId| self.doc().model(id)?.base;
        base(a).filter(|_| base(a) == base(b))
    }

    /// The two, and their base if they have it in common.
    fn files_of_pair(&self, a: ModelId, b: ModelId) -> Option<[Option<Arc<Checkpoint>>; 3]> {
        let open = |id| self.checkpoint(id).cloned();
        let base = self.common_base(a, b).and_then(open);
        Some([Some(open(a)?), Some(open(b)?), base])
    }

    /// Looks into the files of one or two selected models, unless that is done or being done.
    pub(super) fn look_into_selected(&mut self) {
        let selection = self.session.study.selection();
        let now = (self.last_revision, selection);
        let seen = self.session.inspecting.seen.as_ref();
        if seen.is_some_and(|(revision, seen)| (*revision, seen) == now) {
            return;
        }
        let selected = selection.models();
        self.session.inspecting.seen = Some((self.last_revision, selection.clone()));
        let (models, pair) = match selected[..] {
            [one] => (vec![one], None),
            [a, b] => {
                let models = [Some(a), Some(b), self.common_base(a, b)];
                let models = models.into_iter().flatten().collect();
                (models, self.files_of_pair(a, b))
            }
            _ => return,
        };
        let own = &self.session.inspecting;
        let is_new = |c: &Arc<Checkpoint>| {
            !own.roundings.contains_key(c.key()) && !own.running.contains(c.key())
        };
        let open = models.iter().filter_map(|&id| self.checkpoint(id).cloned());
        let open: Vec<Arc<Checkpoint>> = open.filter(is_new).collect();
        let pair = pair.filter(|pair| !own.pairs.contains_key(&key_of(pair)));
        if open.is_empty() && pair.is_none() {
            return;
        }
        let keys: Vec<String> = open.iter().map(|c| c.key().to_owned()).collect();
        self.session.inspecting.running.extend(keys.iter().cloned());
        let title = "Looking into the selected models";
        let work = move |ticket: &Ticket| look_into(&open, pair.as_ref(), ticket);
        self.jobs
            .spawn_quietly(title, work, move |bench: &mut Self, result| {
                bench.on_looked_into(title, &keys, result);
            });
    }

    fn on_looked_into(&mut self, title: &str, keys: &[String], result: Result<Found, Failure>) {
        let own = &mut self.session.inspecting;
        own.running.retain(|key| !keys.contains(key));
        match result {
            Ok(found) => {
                own.roundings.extend(found.roundings);
                let pair = found.pair;
                own.pairs
                    .extend(pair.map(|(key, files)| (key, Arc::new(files))));
            }
            Err(failure) => self.report_failure(title, failure),
        }
    }
}

fn key_of(files: &[Option<Arc<Checkpoint>>; 3]) -> PairKey {
    let key = |file: &Option<Arc<Checkpoint>>| file.as_ref().map(|c| c.key().to_owned());
    [key(&files[0]), key(&files[1]), key(&files[2])]
}

fn look_into(
    models: &[Arc<Checkpoint>],
    pair: Option<&[Option<Arc<Checkpoint>>; 3]>,
    ticket: &Ticket,
) -> Result<Found, Failure> {
    let mut found = Found::default();
    // The pair takes no reading of weights, and so comes at once.
    if let Some(pair @ [Some(a), Some(b), base]) = pair {
        found.pair = Some((key_of(pair), pair_files(a, b, base.as_deref())));
    }
    for model in models {
        ticket.advance(0)?;
        let rounding = rounding(model);
        // Of a file that was cut short meanwhile zeros were read.
        if model.is_whole() {
            found.roundings.push((model.key().to_owned(), rounding));
        }
    }
    Ok(found)
}

fn rounding(model: &Checkpoint) -> Option<Rounding> {
    let formats = model.quantised_as()?;
    let distance = model.rounding().filter(|distance| distance.is_finite())?;
    Some(Rounding { formats, distance })
}

fn pair_files(a: &Checkpoint, b: &Checkpoint, base: Option<&Checkpoint>) -> PairFiles {
    // As kinship reads them: by the names of the base; else as a comparison of the two does.
    let seen = match base {
        Some(base) => vec![(0, a.seen_as(base)), (1, b.seen_as(base))],
        None => vec![(1, b.seen_as(a))],
    };
    let of_model = |(k, seen): &(usize, std::borrow::Cow<'_, Checkpoint>)| {
        let notes = seen.renamings().iter();
        notes.map(|note| (*k, note.clone())).collect::<Vec<_>>()
    };
    PairFiles {
        renamings: seen.iter().flat_map(of_model).collect(),
        settings: settings(a, b, base),
    }
}

/// What any two of the three say differently, architecture first.
fn settings(a: &Checkpoint, b: &Checkpoint, base: Option<&Checkpoint>) -> Vec<SettingOfPair> {
    let models = [Some(a), Some(b), base];
    let mut out: Vec<SettingOfPair> = Vec::new();
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        let (Some(one), Some(other)) = (models[i], models[j]) else {
            continue;
        };
        for Difference {
            what,
            weight,
            values: [own, theirs],
        } in one.config().differences(other.config())
        {
            let at = out.iter().position(|setting| setting.what == what);
            let at = at.unwrap_or_else(|| {
                out.push(SettingOfPair {
                    what,
                    is_architecture: weight == Weight::Architecture,
                    values: [None, None, None],
                });
                out.len() - 1
            });
            out[at].values[i] = Some(own);
            out[at].values[j] = Some(theirs);
        }
    }
    out.sort_by_key(|setting| !setting.is_architecture);
    out
}
