//! Carrying out a recipe in a job of the window: into a folder or into one GGUF file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::hub_cache;
use crate::checkpoint::{Checkpoint, is_gguf_name};
use crate::files::{self, Removal};
use crate::jobs::{Failure, Ticket};
use crate::merge::plan::{Plan, Surroundings, plan};
use crate::merge::recipe::Parsed;
use crate::merge::run::{GgufWanted, Options, Outcome, RunError, run_to};
use crate::merge::write::{Parents, RECIPE_NAME, folder};
use crate::parallel;
use crate::text::free_name;

/// Files of weights are parted at this size, as mergekit and the hub have it.
const SHARD_BYTES: u64 = 5_000_000_000;

/// What is to be written, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOrder {
    /// The recipe, with whole paths.
    pub text: String,
    /// A folder, or a file whose name ends in `.gguf`.
    pub out: PathBuf,
    pub gguf: GgufWanted,
}

impl WriteOrder {
    pub fn folder(text: String, out: &Path) -> Self {
        Self {
            text,
            out: out.to_owned(),
            gguf: GgufWanted::default(),
        }
    }

    pub fn is_gguf(&self) -> bool {
        is_gguf_name(&self.out)
    }

    /// What a model is called that lies there.
    pub fn name(&self) -> Option<String> {
        let name = match self.is_gguf() {
            true => self.out.file_stem(),
            false => self.out.file_name(),
        };
        name.map(|name| name.to_string_lossy().into_owned())
    }

    pub(super) fn absolute(mut self) -> Self {
        self.out = std::path::absolute(&self.out).unwrap_or(self.out);
        self
    }
}

/// Where a merge is written, and for whom.
pub(super) struct Target<'a> {
    pub out: &'a Path,
    pub gguf: &'a GgufWanted,
    /// Whether a model that this program made there is replaced.
    pub force: bool,
    /// The run that it is made for; empty for a merge of its own.
    pub maker: &'a str,
    /// Where a model goes that is replaced.
    pub removal: Removal,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// A model that may be replaced lies where it was to be written, and nothing else is wrong.
    #[error("a model lies at this place already; replace it, or choose another")]
    InTheWay,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::InTheWay => Self::Failed(error.to_string()),
            WriteError::Failed(failure) => failure,
        }
    }
}

pub(super) fn write_recipe(
    parsed: &Parsed,
    target: &Target<'_>,
    ticket: &Ticket,
) -> Result<(Plan, Outcome), WriteError> {
    let Target { out, force, .. } = *target;
    let is_in_the_way = !force && folder::may_replace(out);
    let plan = planned(parsed, out, force || is_in_the_way, &[])?;
    if is_in_the_way {
        return Err(WriteError::InTheWay);
    }
    let gguf = target.gguf.options(&plan, out);
    let gguf = gguf.map_err(|sentence| Failure::Failed(without_options(&sentence)))?;
    let options = Options {
        out: out.to_owned(),
        shard_bytes: SHARD_BYTES,
        force,
        seed: None,
        on_nan: None,
        parents: Parents::default(),
        maker: target.maker.to_owned(),
        removal: target.removal,
    };
    match run_to(&plan, &options, gguf.as_ref(), ticket) {
        Ok(made) => Ok((plan, made)),
        Err(RunError::Cancelled(cancelled)) => Err(Failure::from(cancelled).into()),
        Err(RunError::Failed(sentence)) => Err(Failure::Failed(sentence).into()),
    }
}

/// Where a child is written: a folder that is not there yet, or that already holds this child.
pub(super) fn folder_of_child(folder: &Path, name: &str, recipe: &str) -> PathBuf {
    let is_taken = |name: &str| {
        let path = folder.join(name);
        path.exists() && !holds(&path, recipe)
    };
    folder.join(free_name(name, " ", is_taken))
}

/// Whether a folder holds what the recipe makes.
pub(super) fn holds(path: &Path, recipe: &str) -> bool {
    files::read(&path.join(RECIPE_NAME), recipe.len() as u64)
        .is_ok_and(|text| text == recipe.as_bytes())
}

/// The files that a recipe reads, each once, in the order of the recipe; a recipe that cannot be
/// carried out is an error.
pub(super) fn inputs(parsed: &Parsed) -> Result<Vec<Arc<Checkpoint>>, Failure> {
    let plan = plan_for(parsed, None, false, &[])?;
    let models = plan.steps.iter().flat_map(|step| &step.models);
    let files = models.flat_map(|model| model.checkpoint().into_iter().chain(&model.adapter));
    let mut out: Vec<Arc<Checkpoint>> = Vec::new();
    for file in files {
        if !out.iter().any(|known| known.key() == file.key()) {
            out.push(Arc::clone(file));
        }
    }
    Ok(out)
}

/// What a recipe says that changes nothing; one that cannot be carried out is an error.
pub(super) fn warnings(parsed: &Parsed) -> Result<Vec<String>, Failure> {
    let plan = plan_for(parsed, None, false, &[])?;
    let ignored = plan.problems.iter().filter(|own| own.is_ignored);
    Ok(ignored
        .map(|own| without_options(&own.headline()))
        .collect())
}

/// A sentence without the options of the command line that it names in brackets.
pub(super) fn without_options(sentence: &str) -> String {
    let mut out = sentence.to_owned();
    while let Some(start) = out.find(" (--")
        && let Some(len) = out.get(start..).and_then(|rest| rest.find(')'))
    {
        out.replace_range(start..=start + len, "");
    }
    out
}

/// A plan without errors; `force` replaces what this program has made at `out`.
pub(super) fn planned(
    parsed: &Parsed,
    out: &Path,
    force: bool,
    opened: &[Arc<Checkpoint>],
) -> Result<Plan, Failure> {
    plan_for(parsed, Some(out), force, opened)
}

fn plan_for(
    parsed: &Parsed,
    out: Option<&Path>,
    force: bool,
    opened: &[Arc<Checkpoint>],
) -> Result<Plan, Failure> {
    let hub = hub_cache();
    let surroundings = Surroundings {
        root: Path::new("/"),
        working: None,
        hub: hub.as_deref(),
        out,
        intermediates: None,
        force,
        allow_crimes: false,
        threads: parallel::threads(),
        opened,
    };
    let plan = plan(parsed, &surroundings);
    if let Some(problem) = plan.errors().next() {
        return Err(Failure::Failed(without_options(&problem.headline())));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_command_line_are_left_out() {
        let check = |sentence: &str, expected: &str| {
            assert_eq!(without_options(sentence), expected);
        };
        check("give one (--template): /x", "give one: /x");
        check("a (--a and --b) is b (--c)", "a is b");
        check("(--a", "(--a");
        check("x (--a", "x (--a");
        check("two (or three): /m (1)", "two (or three): /m (1)");
    }

    #[test]
    fn a_file_is_called_by_its_stem() {
        let name = |out: &str| WriteOrder::folder(String::new(), Path::new(out)).name();
        assert_eq!(name("/m/a.b.gguf").as_deref(), Some("a.b"));
        assert_eq!(name("/m/a.b").as_deref(), Some("a.b"));
        assert_eq!(name("/"), None);
    }
}
