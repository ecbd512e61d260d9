//! From paths to checkpoints: what a dropped folder holds, and which model is the base.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, OnDisk, Operand, pair};
use crate::files;
use crate::origin::lineage::card_bases;
use crate::text::by_name;

/// The longest model card that is looked into.
const MOST_OF_A_CARD: u64 = 4 << 20;

/// Whether a file's name is that of a recipe, or it is a model card that holds one; other cards
/// hold tables of scores.
pub fn is_recipe(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str());
    let is = |own: &str| ending.is_some_and(|ending| ending.eq_ignore_ascii_case(own));
    let holds_one = || {
        let text = files::read_text(path, MOST_OF_A_CARD);
        text.is_ok_and(|text| text.contains("merge_method:") || text.contains("source_model:"))
    };
    is("yaml") || is("yml") || is("md") && holds_one()
}

/// How deep a folder of folders is searched for checkpoints: `models/org/name`.
const DEPTH: usize = 2;
/// The most checkpoints taken from one dropped folder.
const MOST: usize = 500;

/// A path that was asked for, and what became of it.
pub struct Found {
    pub path: PathBuf,
    /// The checkpoint, or the sentence that says why there is none.
    pub result: Result<Arc<Checkpoint>, String>,
}

/// Opens `path`; a folder that is no checkpoint itself is searched for checkpoints.
///
/// If nothing is found the error of `path` itself is told.
pub fn open_all(path: &Path) -> Vec<Found> {
    let one = |path: &Path| Found {
        path: path.to_owned(),
        result: open(path),
    };
    let own = one(path);
    if own.result.is_ok() || !path.is_dir() {
        return vec![own];
    }
    let mut out: Vec<Found> = candidates_below(path)
        .iter()
        .map(|path| one(path))
        .collect();
    // A folder of checkpoints is no checkpoint itself; but weights that lie in it are told of.
    if out.is_empty() || holds_weights(path) {
        out.push(own);
    }
    out
}

/// Opens one checkpoint.
///
/// # Errors
/// The sentence for the user.
pub fn open(path: &Path) -> Result<Arc<Checkpoint>, String> {
    let opened = Checkpoint::open(path).map(Arc::new);
    opened.map_err(|error| error.to_string())
}

/// A folder that looks like a checkpoint, or those below it that do.
pub(super) fn candidates_in(dir: &Path) -> Vec<PathBuf> {
    if holds_weights(dir) {
        return vec![dir.to_owned()];
    }
    candidates_below(dir)
}

fn candidates_below(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    candidates(dir, DEPTH, &mut out);
    out
}

/// Folders below `dir` that look like checkpoints, and, where there are none, weights files.
fn candidates(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).map_or(Vec::new(), |d| d.flatten().map(|e| e.path()).collect());
    let name = |path: &PathBuf| path.to_string_lossy().into_owned();
    entries.sort_by(|a, b| by_name(&name(a), &name(b)));
    for path in entries {
        let name = path.file_name();
        let hidden = name.is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if out.len() >= MOST || hidden || !path.is_dir() {
            continue;
        }
        if holds_weights(&path) || path.join("snapshots").is_dir() {
            out.push(path);
        } else if depth > 1 {
            candidates(&path, depth - 1, out);
        }
    }
}

/// Whether a folder looks like one checkpoint, or like a repository of the hub's cache.
pub fn looks_like_model(dir: &Path) -> bool {
    dir.join("snapshots").is_dir() || holds_weights(dir)
}

/// Whether a folder has weights of some format; opening it says whether they can be read.
pub(super) fn holds_weights(dir: &Path) -> bool {
    let is_weights = |path: PathBuf| {
        let name = path.file_name().and_then(|n| n.to_str());
        let name = name.unwrap_or_default();
        let old_format = (name.starts_with("pytorch_model") && name.ends_with(".bin"))
            || (name.starts_with("consolidated") && name.ends_with(".pth"))
            || name == "adapter_model.bin"
            || name.ends_with(".gguf");
        name.ends_with(".safetensors") || name == "model.safetensors.index.json" || old_format
    };
    std::fs::read_dir(dir).is_ok_and(|mut d| d.any(|e| e.is_ok_and(|e| is_weights(e.path()))))
}

/// Which of `models` the others descend from, by what they say and by their weights.
///
/// An adapter and a model card name their base, and a model may be called one. Where nothing
/// is said the weights decide if they leave no doubt. `None` if nothing speaks for any: a
/// wrong base would make every number wrong, so a guess must be a good one.
pub fn guess_base(models: &[(String, Arc<Checkpoint>)]) -> Option<usize> {
    named_by_others(models)
        .or_else(|| called_base(models))
        .or_else(|| centre_of_star(models))
}

/// The model that most others name as their base.
pub(super) fn named_by_others(models: &[(String, Arc<Checkpoint>)]) -> Option<usize> {
    let mut votes = vec![0usize; models.len()];
    for (k, (_, model)) in models.iter().enumerate() {
        for wanted in named_bases(model) {
            let wanted = wanted.trim_end_matches('/');
            let last = wanted.rsplit('/').next().unwrap_or_default();
            let is_meant = |other: usize| other != k && same_name(&models[other].0, last);
            if let Some(at) = (0..models.len()).find(|&other| is_meant(other)) {
                votes[at] += 1;
            }
        }
    }
    let most = *votes.iter().max().filter(|&&most| most > 0)?;
    votes.iter().position(|&v| v == most)
}

/// What an adapter's configuration or a model card calls its base.
pub(super) fn named_bases(model: &Checkpoint) -> Vec<String> {
    let of_adapter = model.adapter().and_then(|a| a.base_name());
    let mut out = card_bases(model.folder());
    out.splice(0..0, of_adapter.map(ToOwned::to_owned));
    out
}

fn same_name(name: &str, wanted: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.eq_ignore_ascii_case(wanted)
}

pub(super) fn called_base(models: &[(String, Arc<Checkpoint>)]) -> Option<usize> {
    called_base_of(models.iter().map(|(name, _)| name.as_str()))
}

/// The same of names alone.
pub fn called_base_of<'n>(names: impl Iterator<Item = &'n str>) -> Option<usize> {
    let says_base = |name: &str| {
        let name = name.to_lowercase();
        let mut words = name.split(|c: char| !c.is_alphanumeric());
        words.any(|word| matches!(word, "base" | "pretrained" | "foundation"))
    };
    let mut named = names.enumerate().filter(|(_, name)| says_base(name));
    let first = named.next()?.0;
    // Two bases in one folder, and the names decide nothing.
    named.next().is_none().then_some(first)
}

/// Numbers looked at in each tensor, and tensors looked at.
const SAMPLE: usize = 2048;
const SAMPLED_TENSORS: usize = 24;
/// Between the cosines seen from a base (about 0) and from a fine-tune (about 0.5).
const DOUBTFUL_COSINE: f64 = 0.3;

/// The model from which all others lie in unrelated directions.
///
/// Seen from the base, unrelated fine-tunes have cosines of about 0; seen from one of the
/// fine-tunes everything lies on the far side of the base, at cosines of about ½. Only if
/// exactly one model sees the first picture and all others the second is it the base; akin
/// models, which blur the pictures, give no answer.
fn centre_of_star(models: &[(String, Arc<Checkpoint>)]) -> Option<usize> {
    let n = models.len();
    if n < 4 || models.iter().any(|(_, m)| m.adapter().is_some()) {
        return None;
    }
    let mut square = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..i {
            square[i][j] = sampled_distance(&models[i].1, &models[j].1)?;
            square[j][i] = square[i][j];
        }
    }
    let cosines = |from: usize| {
        let square = &square;
        (0..n)
            .flat_map(move |i| (0..i).map(move |j| (i, j)))
            .filter_map(move |(i, j)| {
                let (a, b) = (square[from][i], square[from][j]);
                let cosine = (a + b - square[i][j]) / (2.0 * (a * b).sqrt());
                (i != from && j != from).then_some(cosine)
            })
    };
    let is_centre = |k: &usize| cosines(*k).all(|c| c < DOUBTFUL_COSINE);
    let is_arm = |k: usize| cosines(k).all(|c| c > DOUBTFUL_COSINE);
    // Of a file that is cut short meanwhile zeros were read.
    let is_still = |m: &Checkpoint| m.is_whole() && m.state_on_disk() == OnDisk::Unchanged;
    if !models.iter().all(|(_, model)| is_still(model)) {
        return None;
    }
    let centre = (0..n).find(is_centre)?;
    (0..n).all(|k| k == centre || is_arm(k)).then_some(centre)
}

/// The squared distance over a sample; `None` if the two do not have the same tensors.
fn sampled_distance(base: &Checkpoint, other: &Checkpoint) -> Option<f64> {
    let other = other.seen_as(base);
    let pairing = pair(base, &[&other]);
    if !pairing.left_out.is_empty() || pairing.segments.is_empty() {
        return None;
    }
    let step = pairing.segments.len().div_ceil(SAMPLED_TENSORS);
    let mut square = 0.0;
    for segment in pairing.segments.iter().step_by(step) {
        let [(_, Operand::Weights(own))] = &segment.models[..] else {
            continue;
        };
        let n = segment.elements().min(SAMPLE);
        let (mut a, mut b) = (vec![0.0f64; n], vec![0.0f64; n]);
        segment.base.decode_f64(&mut a);
        own.decode_f64(&mut b);
        let squares = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b));
        square += squares.sum::<f64>();
    }
    square.is_finite().then_some(square)
}
