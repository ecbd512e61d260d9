//! Folders searched for models, and the models sorted into families.

mod find;

use std::path::PathBuf;
use std::sync::Arc;

use super::opening::{called_base, named_bases, named_by_others};
use crate::checkpoint::Checkpoint;
use crate::jobs::{Failure, Ticket, Unit};
use crate::origin::scan::{Family, families, opened};
use crate::text::free_name;

/// A model that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    /// Of its folder, as elsewhere; equal names get a number.
    pub name: String,
    pub path: PathBuf,
    pub bytes: u64,
    pub parameters: u64,
    /// How it lies on disk, such as "folder".
    pub form: &'static str,
    /// Such as "LlamaForCausalLM"; empty without a configuration.
    pub architecture: String,
    /// What its card or its adapter's configuration names as base.
    pub claims: Vec<String>,
}

/// Why a model is taken for the base of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseReason {
    NamedByOthers,
    Called,
    Centre,
}

impl BaseReason {
    pub const fn words(self) -> &'static str {
        match self {
            Self::NamedByOthers => "the others' cards name it",
            Self::Called => "its name says so",
            Self::Centre => "the weights of the others start from it",
        }
    }
}

/// Models that are related.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFamily {
    /// The base first, if there is one; then by name.
    pub models: Vec<FoundModel>,
    /// Why the first is the base; `None` where none can be told.
    pub base: Option<BaseReason>,
}

/// A path that cannot be opened, and why.
pub type Broken = (PathBuf, String);

/// What lies below some folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The largest first.
    pub families: Vec<FoundFamily>,
    /// What looks like a model and cannot be opened, with the reason.
    pub broken: Vec<Broken>,
    /// What was left out because there was too much, a sentence each.
    pub notes: Vec<String>,
}

impl Scanned {
    pub fn models(&self) -> usize {
        self.families.iter().map(|family| family.models.len()).sum()
    }
}

/// Searches folders and sorts what is found: headers of all, then a small sample of each.
///
/// # Errors
/// If the job was cancelled.
pub fn scan(folders: &[PathBuf], ticket: &Ticket) -> Result<Scanned, Failure> {
    ticket.count_in(Unit::Items);
    let (places, mut notes) = find::places(folders, ticket)?;
    let (models, broken) = named(opened(&places, ticket)?);
    let checkpoints: Vec<&Checkpoint> = models.iter().map(|(_, model)| &**model).collect();
    let sorted = families(&checkpoints, ticket)?;
    if sorted.not_compared > 0 {
        notes.push(format!(
            "There are so many families that {} pairs of them were not compared; some may belong together.",
            sorted.not_compared
        ));
    }
    let sorted = sorted
        .families
        .iter()
        .map(|family| described(family, &models));
    Ok(Scanned {
        families: sorted.collect(),
        broken,
        notes,
    })
}

/// A model with its name.
type Named = (String, Arc<Checkpoint>);

/// The models that can be opened, with names of their own, and why the others cannot.
fn named(opened: Vec<(PathBuf, Result<Arc<Checkpoint>, String>)>) -> (Vec<Named>, Vec<Broken>) {
    let (mut models, mut broken) = (Vec::<Named>::new(), Vec::new());
    for (path, result) in opened {
        match result {
            Ok(model) => {
                let is_taken = |name: &str| models.iter().any(|(own, _)| own == name);
                let name = free_name(&model.suggested_name(), " ", is_taken);
                models.push((name, model));
            }
            Err(reason) => broken.push((path, reason)),
        }
    }
    (models, broken)
}

fn described(family: &Family, models: &[Named]) -> FoundFamily {
    let own: Vec<Named> = family.members.iter().map(|&k| models[k].clone()).collect();
    let base = base_of(family, &own);
    let mut out: Vec<FoundModel> = own.iter().map(found).collect();
    if let Some((at, _)) = base {
        out[..=at].rotate_right(1);
    }
    FoundFamily {
        models: out,
        base: base.map(|(_, reason)| reason),
    }
}

/// Which member is the base: what is said first, as when a study is made of them; then the
/// weights.
fn base_of(family: &Family, own: &[Named]) -> Option<(usize, BaseReason)> {
    if own.len() < 2 {
        return None;
    }
    let centre = family.centre;
    let centre = || family.members.iter().position(|&k| Some(k) == centre);
    let said = named_by_others(own).map(|k| (k, BaseReason::NamedByOthers));
    said.or_else(|| called_base(own).map(|k| (k, BaseReason::Called)))
        .or_else(|| centre().map(|k| (k, BaseReason::Centre)))
}

fn found((name, model): &Named) -> FoundModel {
    FoundModel {
        name: name.clone(),
        path: model.path().to_owned(),
        bytes: model.size_bytes(),
        parameters: model.parameters(),
        form: model.form().title(),
        architecture: model.config().architectures.join(", "),
        claims: named_bases(model),
    }
}
