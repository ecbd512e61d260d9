//! `kinfolk verify`: whether a merge is what its own header says, parents and bytes.

use serde::Serialize;

use super::args::VerifyArgs;
use super::extract::located;
use super::kinship::open;
use super::prove::failure;
use super::{CliError, out, progress};
use crate::origin::proof::{Extent, FileState, FoundParent, Places, Verified, record, verify};
use crate::workbench::hub_cache;

pub fn run(args: &VerifyArgs) -> Result<(), CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    let child = open(&located(&args.child, args.root.folder.as_deref())?)?;
    let recipe = record(&child).map_err(CliError::Failed)?.recipe;
    let extent = if args.all {
        Extent::All
    } else {
        Extent::Sample
    };
    let beside = child
        .folder()
        .parent()
        .map(ToOwned::to_owned)
        .unwrap_or_default();
    let (root, working) = match &args.root.folder {
        Some(root) => (root.clone(), None),
        // Where the recipe was, if the child was written beside its parents.
        None => (std::path::PathBuf::new(), Some(beside)),
    };
    let name = child.suggested_name();
    let verified = progress::run("Verifying", move |ticket| {
        let hub = hub_cache();
        let places = Places {
            root: &root,
            working: working.as_deref(),
            hub: hub.as_deref(),
        };
        pool.install(|| verify(&child, places, extent, ticket))
            .map_err(failure)
    })?;
    if !out::is_json_alone(&shown(&name, &recipe, &verified), args.json.file.as_deref())? {
        print(&verified);
    }
    match verified.holds {
        true => Ok(()),
        false => Err(CliError::Failed(verified.sentence)),
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    child: &'a str,
    /// Whether parents and child are what the record says.
    holds: bool,
    parents: &'a [FoundParent],
    recipe: &'a str,
    /// Share of the compared bytes that the recipe makes; `null` for recipes of several steps.
    equal_bytes: Option<f64>,
    /// Tensors of the child that the recipe makes otherwise.
    differing: &'a [String],
    /// Whether all tensors were compared.
    all: bool,
    sentence: &'a str,
}

fn shown<'a>(child: &'a str, recipe: &'a str, verified: &'a Verified) -> Shown<'a> {
    let score = verified.score.as_ref();
    Shown {
        child,
        holds: verified.holds,
        parents: &verified.parents,
        recipe,
        equal_bytes: score.map(|score| score.share()),
        differing: score.map_or(&[], |score| &score.differing),
        all: verified.extent == Extent::All,
        sentence: &verified.sentence,
    }
}

fn print(verified: &Verified) {
    for parent in &verified.parents {
        for (file, state) in &parent.files {
            let word = match state {
                FileState::Same | FileState::SameVersion => "same",
                FileState::Changed => "changed",
                FileState::Missing => "missing",
                FileState::Elsewhere => "unknown",
            };
            out::print(&format!("  {word:<7}  {}: {file}", parent.model));
        }
    }
    if verified.holds {
        out::print(&verified.sentence);
    }
}
