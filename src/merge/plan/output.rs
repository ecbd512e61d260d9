//! Whether the child can be written where it is wanted.

use std::path::{Path, PathBuf};

use super::super::problem::{Place, Problem};
use super::super::write::units::show_bytes;
use super::super::write::{companion_bytes, folder};
use super::{Model, Plan, Step};
use crate::checkpoint::{Checkpoint, Form, is_gguf_name};

/// Room beside the weights for configuration, card and recipe, and for a tensor's place in the
/// headers and the index.
const SPARE_BYTES: u64 = 1 << 20;
const TENSOR_BYTES: u64 = 512;

/// What stands in the way of writing the child of a plan to `out`.
pub(super) fn problems(out: &Path, force: bool, plan: &Plan) -> Vec<Problem> {
    let models = || plan.steps.iter().flat_map(|step| &step.models);
    problems_of(out, force, models, bytes_needed(plan))
}

/// What stands in the way of writing `needed` bytes, made from these models, to `out`.
pub(crate) fn problems_of<'m, M: Iterator<Item = &'m Model>>(
    out: &Path,
    force: bool,
    models: impl Fn() -> M,
    needed: u64,
) -> Vec<Problem> {
    let mut sentences: Vec<String> = Vec::new();
    if is_gguf_name(out) {
        // Its size follows from its type and its template, which are chosen after the plan.
        sentences.extend(is_an_input(out, models()));
        sentences.extend(folder::file_objection(out, force));
    } else {
        sentences.extend(input_clashes(out, models()));
        sentences.extend(folder::objection(out, force));
        sentences.extend(too_little_room(out, needed));
    }
    let place = Place::default;
    sentences
        .into_iter()
        .map(|sentence| Problem::error(place(), sentence))
        .collect()
}

/// A file may lie beside the files of an input, but must not be one.
fn is_an_input<'m>(out: &Path, models: impl Iterator<Item = &'m Model>) -> Option<String> {
    let own = real_path(out);
    for model in models {
        let opened = model.checkpoint().into_iter().chain(&model.adapter);
        let mut files = opened.flat_map(|checkpoint| &checkpoint.identity().files);
        if files.any(|file| real_path(&file.path) == own) {
            let (reference, shown) = (&model.reference, out.display());
            return Some(format!(
                "the output is a file of {reference}; choose another: {shown}"
            ));
        }
    }
    None
}

/// The output must not be an input, lie in one, or hold one.
fn input_clashes<'m>(out: &Path, models: impl Iterator<Item = &'m Model>) -> Option<String> {
    let mut clashes = models.filter_map(|model| {
        let opened = model.checkpoint().into_iter().chain(&model.adapter);
        let opened = opened.map(|checkpoint| &**checkpoint);
        clash(out, opened, &model.reference.to_string())
    });
    clashes.next()
}

/// Why nothing can be written to `out` beside these inputs, if one of them is there.
pub(crate) fn output_clash<'c>(
    out: &Path,
    inputs: impl IntoIterator<Item = &'c Checkpoint>,
) -> Option<String> {
    let mut clashes = inputs
        .into_iter()
        .filter_map(|input| clash(out, [input], &input.suggested_name()));
    clashes.next()
}

fn clash<'c>(
    out: &Path,
    opened: impl IntoIterator<Item = &'c Checkpoint>,
    name: &str,
) -> Option<String> {
    let own = real_path(out);
    for checkpoint in opened {
        // A model that is a single file has no folder of its own.
        let place = match checkpoint.form() {
            Form::SingleFile => checkpoint.path(),
            _ => checkpoint.folder(),
        };
        let clash = if own.starts_with(real_path(place)) {
            format!("the output is the folder of {name}, or lies in it")
        } else if real_path(place).starts_with(&own) {
            format!("{name} lies in the output folder")
        } else {
            continue;
        };
        return Some(format!("{clash}; choose another: {}", out.display()));
    }
    None
}

/// The path with all links followed, of what exists of it.
fn real_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
            // Joining nothing would leave a separator at the end.
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    absolute
}

/// All that is written: weights, what is said of them, and the files that go with the model.
fn bytes_needed(plan: &Plan) -> u64 {
    let of_step = |step: &Step| {
        let folder = |model: usize| Some(step.models.get(model)?.checkpoint()?.folder());
        let folders = folder(step.donor).zip(folder(step.tokenizer));
        beside_bytes(folders, step.tensors.len())
    };
    plan.cost.bytes_written + plan.steps.iter().map(of_step).sum::<u64>()
}

/// Bytes beside the weights of a child of so many tensors, whose files are taken from the folders
/// of its configuration and of its tokenizer.
pub(crate) fn beside_bytes(folders: Option<(&Path, &Path)>, tensors: usize) -> u64 {
    let copied = folders.map_or(0, |(donor, tokenizer)| companion_bytes(donor, tokenizer));
    copied + TENSOR_BYTES * tensors as u64 + SPARE_BYTES
}

/// Why a child of `needed` bytes cannot be written to `out`, if the disk is too full.
pub(crate) fn too_little_room(out: &Path, needed: u64) -> Option<String> {
    let absolute = std::path::absolute(out).ok()?;
    let there = absolute.ancestors().skip(1).find(|path| path.is_dir())?;
    let free = fs4::available_space(there).ok()?;
    // What an interrupted merge left behind takes part of the room, and will be used again.
    let kept = folder::left_over_bytes(out);
    (needed > free + kept).then(|| {
        format!(
            "the child needs {} and the disk has {} left; make room, or choose another disk: {}",
            show_bytes(needed),
            show_bytes(free + kept),
            there.display()
        )
    })
}
