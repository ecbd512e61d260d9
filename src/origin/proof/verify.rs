//! Whether a child is what its own record says: the recipe and the SHA-256 of its parents' files
//! that the program has written into its header.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::claim::Extent;
use super::sample::{USUAL, sample};
use super::trial::{Score, Trial};
use super::words::percent;
use crate::checkpoint::{Checkpoint, FileIdentity, said};
use crate::jobs::{Cancelled, Ticket};
use crate::merge::plan::{Model, Plan, Surroundings, plan};
use crate::merge::recipe::parse;
use crate::merge::run::RunError;
use crate::merge::write::{
    PARENTS_KEY, ParentRecord, RECIPE_KEY, file_name, recorded_version, sum_of, weight_files,
};
use crate::text::{counted, first_of};

/// What a child's header says of its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The recipe's text.
    pub recipe: String,
    /// The parents.
    pub parents: Vec<ParentRecord>,
}

/// What became of a parent's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Its SHA-256 is the one in the record.
    Same,
    /// It lies on a store, and is of the version in the record.
    SameVersion,
    /// It is another.
    Changed,
    /// It is not there.
    Missing,
    /// It lies on a store and was merged from a disk, or the other way round: what is recorded
    /// of the one is not known of the other.
    Elsewhere,
}

/// A parent as it was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundParent {
    /// As in the recipe.
    pub model: String,
    /// Its files of weights by name.
    pub files: Vec<(String, FileState)>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Whether parents and child are what the record says.
    pub holds: bool,
    /// The parents.
    pub parents: Vec<FoundParent>,
    /// The child against the recipe, run again; `None` for recipes of several steps.
    pub score: Option<Score>,
    /// How much of it was compared.
    pub extent: Extent,
    /// All of it in words.
    pub sentence: String,
}

/// Where models of a record are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The folder that relative paths start from.
    pub root: &'a Path,
    /// Where they are looked for if they are not there.
    pub working: Option<&'a Path>,
    /// The hub's local cache.
    pub hub: Option<&'a Path>,
}

/// What the header of a child says of its origin.
///
/// # Errors
/// A sentence if it says nothing, or nothing that can be read.
pub fn record(child: &Checkpoint) -> Result<Record, String> {
    let none = || {
        format!(
            "{} has no record of its making; only folders of safetensors that Kinfolk has merged \
             have one: look for its recipe with `kinfolk prove`",
            child.suggested_name()
        )
    };
    let files = weight_files(child);
    let first = &files.first().ok_or_else(none)?.path;
    let said = said(first).map_err(|_| none())?;
    let (recipe, parents) = (said.get(RECIPE_KEY), said.get(PARENTS_KEY));
    let (recipe, parents) = recipe.zip(parents).ok_or_else(none)?;
    let parents = serde_json::from_str(parents).map_err(|error| {
        let name = child.suggested_name();
        format!(
            "the record of {name}'s parents cannot be read, {error}: {}",
            first.display()
        )
    })?;
    Ok(Record {
        recipe: recipe.clone(),
        parents,
    })
}

/// Finds the parents, hashes them, runs the recipe again and compares.
///
/// # Errors
/// When the ticket is cancelled; a sentence if there is no record or a parent cannot be found.
pub fn verify(
    child: &Checkpoint,
    places: Places<'_>,
    extent: Extent,
    ticket: &Ticket,
) -> Result<Verified, RunError> {
    let record = record(child)?;
    let plan = planned(&record, places)?;
    let models: Vec<&Model> = plan.steps.iter().flat_map(|step| &step.models).collect();
    let mut parents = Vec::new();
    for own in &record.parents {
        let found = models
            .iter()
            .find(|model| model.reference.to_string() == own.model);
        parents.push(looked_at(own, found.copied(), ticket)?);
    }
    let is_one_step = plan.steps.len() == 1;
    let base: Option<Arc<Checkpoint>> = plan.steps.last().and_then(|step| {
        let base = step.recipe.base_model.as_ref()?;
        let model = step.models.iter().find(|model| &model.reference == base)?;
        model.checkpoint().map(Arc::clone)
    });
    let trial = Trial::of(child, base.as_deref(), plan);
    let score = match is_one_step {
        true => {
            let sample = sample(child, USUAL);
            let wanted = |name: &str| extent == Extent::All || sample.contains(name);
            Some(trial.score(&wanted, ticket)?)
        }
        false => None,
    };
    let missing: Vec<String> = trial.missing().into_iter().map(str::to_owned).collect();
    Ok(judged(child, parents, score, (extent, &missing)))
}

fn planned(record: &Record, places: Places<'_>) -> Result<Plan, String> {
    let surroundings = Surroundings {
        root: places.root,
        working: places.working,
        hub: places.hub,
        out: None,
        intermediates: None,
        force: false,
        allow_crimes: true,
        threads: rayon::current_num_threads(),
        opened: &[],
    };
    let plan = plan(&parse(&record.recipe), &surroundings);
    let error = plan.errors().next().map(ToString::to_string);
    match error {
        None => Ok(plan),
        Some(problem) => Err(format!("the recipe cannot be run again: {problem}")),
    }
}

fn looked_at(
    own: &ParentRecord,
    found: Option<&Model>,
    ticket: &Ticket,
) -> Result<FoundParent, RunError> {
    let opened = found
        .into_iter()
        .flat_map(|model| model.checkpoint().into_iter().chain(&model.adapter));
    let files: Vec<FileIdentity> = opened
        .flat_map(|checkpoint| weight_files(checkpoint))
        .collect();
    ticket.expect(files.iter().map(|file| file.len).sum());
    let mut states = Vec::new();
    for record in &own.files {
        let file = files.iter().find(|file| file_name(file) == record.name);
        let is_on_a_store = record.sha256.starts_with("etag:");
        let state = match file {
            None => FileState::Missing,
            Some(file) if file.len != record.bytes => FileState::Changed,
            Some(file) if file.version().is_some() != is_on_a_store => FileState::Elsewhere,
            Some(file) => {
                let sum = match recorded_version(file) {
                    Some(version) => version,
                    None => hashed(&file.path, ticket)?,
                };
                match sum == record.sha256 {
                    true if is_on_a_store => FileState::SameVersion,
                    true => FileState::Same,
                    false => FileState::Changed,
                }
            }
        };
        states.push((record.name.clone(), state));
    }
    Ok(FoundParent {
        model: own.model.clone(),
        files: states,
    })
}

fn hashed(path: &Path, ticket: &Ticket) -> Result<String, RunError> {
    let sum = sum_of(path, &mut |read| ticket.advance(read).is_ok());
    let sum = sum.map_err(|error| format!("a file cannot be read, {error}: {}", path.display()))?;
    sum.ok_or(RunError::Cancelled(Cancelled))
}

fn judged(
    child: &Checkpoint,
    parents: Vec<FoundParent>,
    score: Option<Score>,
    (extent, missing): (Extent, &[String]),
) -> Verified {
    let name = child.suggested_name();
    let mut troubles: Vec<String> = Vec::new();
    for parent in &parents {
        for (file, state) in &parent.files {
            let what = match state {
                FileState::Same | FileState::SameVersion => continue,
                FileState::Changed => "is not the file that was merged",
                FileState::Missing => "is missing",
                FileState::Elsewhere => {
                    "was merged from another place, whose versions cannot be compared with these"
                }
            };
            troubles.push(format!("{file} of the parent {} {what}", parent.model));
        }
    }
    let is_same = troubles.is_empty();
    if let Some(score) = score.as_ref().filter(|score| !score.differing.is_empty()) {
        let which = first_of(&score.differing, 3);
        troubles.push(match is_same {
            true => format!("{name} was changed after the merge, in {which}"),
            false => format!("{name} is not what the recipe makes of them, in {which}"),
        });
    }
    if !missing.is_empty() {
        troubles.push(format!(
            "the recipe does not make {} of {name}",
            first_of(missing, 3)
        ));
    }
    let over = match (extent, &score) {
        (_, None) => {
            ", whose files were compared; its recipe has several steps, which were not run again"
                .to_owned()
        }
        (Extent::All, Some(_)) => " and all of its bytes come from the recipe".to_owned(),
        (Extent::Sample, Some(score)) => format!(
            " and all bytes of a sample of {} come from the recipe",
            counted(score.tensors, "tensor")
        ),
    };
    let mut states = parents.iter().flat_map(|parent| &parent.files);
    let recorded = match states.any(|(_, state)| *state == FileState::SameVersion) {
        true => "are of the recorded versions",
        false => "have the recorded SHA-256",
    };
    let sentence = match troubles.is_empty() {
        true => format!(
            "{name} is what its record says: its {} {recorded}{over}",
            counted(parents.len(), "parent")
        ),
        false => {
            let made = score.as_ref().map_or(String::new(), |score| {
                format!(
                    "; the recipe makes {} of the bytes compared",
                    percent(score.share())
                )
            });
            format!(
                "{name} is not what its record says: {}{made}",
                troubles.join("; ")
            )
        }
    };
    Verified {
        holds: troubles.is_empty(),
        parents,
        score,
        extent,
        sentence,
    }
}
