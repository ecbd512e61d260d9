//! `kinfolk prove`: the recipe that a model was merged by, found and made again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::args::ProveArgs;
use super::extract::located;
use super::kinship::{names, open};
use super::{CliError, out, progress};
use crate::checkpoint::{Checkpoint, Kind};
use crate::jobs::Failure;
use crate::merge::recipe::ModelRef;
use crate::merge::run::{Order, RunError};
use crate::merge::write::units::show_bytes;
use crate::origin::proof::{Case, Extent, KindScore, Person, Proof, prove, words};
use crate::text::counted;

pub fn run(args: &ProveArgs) -> Result<(), CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    let case = case(args)?;
    let extent = if args.all {
        Extent::All
    } else {
        Extent::Sample
    };
    let proof = progress::run("Proving", move |ticket| {
        pool.install(|| prove(&case, extent, ticket))
            .map_err(failure)
    })?;
    let alone = out::is_json_alone(&shown(&proof), args.json.file.as_deref())?;
    if !alone {
        print(&proof);
    }
    match proof.claim {
        Some(_) => Ok(()),
        None => Err(CliError::Failed(proof.sentence)),
    }
}

pub fn failure(error: RunError) -> Failure {
    match error {
        RunError::Cancelled(cancelled) => cancelled.into(),
        RunError::Failed(sentence) => Failure::Failed(sentence),
    }
}

fn case(args: &ProveArgs) -> Result<Case, CliError> {
    let root = args.root.folder.as_deref();
    let opened = |path: &Path| open(&located(path, root)?);
    let child = opened(&args.child)?;
    let base = opened(&args.base)?;
    let parents: Vec<Arc<Checkpoint>> = (args.parents.iter())
        .map(|path| opened(path))
        .collect::<Result<_, _>>()?;
    let everyone: Vec<Arc<Checkpoint>> = std::iter::once(&base).chain(&parents).cloned().collect();
    let named = names(&everyone);
    let paths = std::iter::once(&args.base).chain(&args.parents);
    let mut people = Vec::new();
    for ((own, name), path) in everyone.iter().zip(named).zip(paths) {
        let path = path.to_string_lossy().into_owned();
        let (reference, weights, adapter) = match own.adapter() {
            None => (ModelRef::at(path), Arc::clone(own), None),
            Some(_) => {
                let mut reference = ModelRef::at(args.base.to_string_lossy());
                reference.adapter = ModelRef::at(path).into_adapter();
                (reference, Arc::clone(&base), Some(Arc::clone(own)))
            }
        };
        people.push(Person {
            name,
            reference,
            weights,
            adapter,
        });
    }
    let child_name = child.suggested_name();
    let root = root.unwrap_or(Path::new(""));
    Case::new(root, (child_name, &child), people).map_err(CliError::Failed)
}

/// The result as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    child: &'a str,
    /// The method's name in recipes; `null` where nothing is claimed.
    method: Option<&'a str>,
    /// A recipe that `kinfolk merge` runs.
    recipe: Option<&'a str>,
    /// Share of the bytes that are the same, 0 to 1.
    equal_bytes: f64,
    /// The largest difference of two numbers; `null` where one is not finite.
    largest_difference: Option<f64>,
    /// Share of the numbers that moved from the base and are at most one last place apart.
    within_one_place: f64,
    sentence: &'a str,
    /// Whether all tensors were compared.
    all: bool,
    tensors: usize,
    kinds: BTreeMap<&'static str, KindScore>,
    /// Other recipes that make the same bytes.
    also: &'a [String],
    note: Option<&'a str>,
    /// `once` where each number is rounded once, `steps` after each operation, as by mergekit.
    rounding: Option<&'static str>,
    /// Tensors of the child that the recipe does not make.
    missing: &'a [String],
}

fn shown(proof: &Proof) -> Shown<'_> {
    let (score, claim) = (&proof.score, proof.claim.as_ref());
    let kinds = score.kinds.iter().map(|(kind, own)| (kind.title(), *own));
    Shown {
        child: &proof.child,
        method: proof.method(),
        recipe: claim.map(|claim| claim.yaml.as_str()),
        equal_bytes: score.share(),
        largest_difference: Some(score.largest).filter(|largest| largest.is_finite()),
        within_one_place: score.near_share(),
        sentence: &proof.sentence,
        all: proof.extent == Extent::All,
        tensors: score.tensors,
        kinds: kinds.collect(),
        also: claim.map_or(&[], |claim| &claim.also),
        note: claim.and_then(|claim| claim.note.as_deref()),
        rounding: claim.map(|claim| match claim.order {
            Order::Once => "once",
            Order::Steps => "steps",
        }),
        missing: &proof.missing,
    }
}

fn print(proof: &Proof) {
    let Some(claim) = &proof.claim else {
        return;
    };
    out::print(&proof.sentence);
    out::print("");
    for kind in Kind::ALL {
        if let Some(own) = proof.score.kinds.get(&kind) {
            out::print(&line(kind, own));
        }
    }
    out::print("");
    out::print_all(claim.yaml.trim_end().lines());
}

fn line(kind: Kind, own: &KindScore) -> String {
    let share = words::percent(own.share());
    format!(
        "  {:<10}  {:>12}  {:>10}  {share:>9} of bytes equal, largest difference {:.3e}",
        kind.title(),
        counted(own.tensors, "tensor"),
        show_bytes(own.bytes),
        own.largest
    )
}
