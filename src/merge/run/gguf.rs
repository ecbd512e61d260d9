//! A child in one GGUF file: which template it is made after, and its layout.

use std::path::{Path, PathBuf};

use super::super::plan::{Model, ModelSource, Plan, Step, TensorPlan, Work, too_little_room};
use super::super::write::{GGUF_NAME, Layout};
use super::outcome::Options;
use crate::checkpoint::{GgufKind, GgufLayout, GgufTemplate, GgufWish, Wanted, is_gguf_name};

/// What is asked of an output that may be a GGUF file; what is not said is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GgufWanted {
    /// The type of the matrices.
    pub kind: Option<GgufKind>,
    /// The GGUF file that metadata and vocabulary are taken from.
    pub template: Option<PathBuf>,
}

impl GgufWanted {
    /// How the file is made, if the output is one, which its name says; `None` for a folder.
    ///
    /// # Errors
    /// A sentence, if the template is missing or does not fit, if the disk has too little room,
    /// or if something is asked of a GGUF file and the output is a folder.
    pub fn options(&self, plan: &Plan, out: &Path) -> Result<Option<GgufOptions>, String> {
        let shown = out.display();
        if is_gguf_name(out) {
            let options = gguf_options(plan, self.kind, self.template.as_deref())?;
            return match too_little_room(out, options.bytes) {
                Some(sentence) => Err(sentence),
                None => Ok(Some(options)),
            };
        }
        if *self == Self::default() {
            return Ok(None);
        }
        Err(format!(
            "the type and the template of a GGUF file (--gguf-type and --template) are for an \
             output whose name ends in .gguf: {shown}"
        ))
    }
}

/// What a GGUF file needs beside a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufOptions {
    /// The type of the matrices.
    pub kind: GgufKind,
    /// The GGUF file that metadata and vocabulary are taken from.
    pub template: PathBuf,
    /// Bytes of the file, but for the words of the recipe in its header.
    pub bytes: u64,
}

/// Chooses what was not said: the template is the base or the first model that is GGUF, the type
/// the one that most of the child's weights come in.
///
/// # Errors
/// A sentence, if no model is GGUF and no template was given, or if it does not fit.
pub fn gguf_options(
    plan: &Plan,
    kind: Option<GgufKind>,
    template: Option<&Path>,
) -> Result<GgufOptions, String> {
    let step = plan.steps.last().ok_or("the recipe is empty")?;
    let template = template.map(Path::to_owned).or_else(|| of_models(step));
    let mut options = GgufOptions {
        kind: kind.unwrap_or_else(|| kind_of(step)),
        template: template.ok_or(
            "a GGUF file takes its metadata and its vocabulary from another one, and no model of \
             the merge is GGUF; give one of the same model as the template (--template)",
        )?,
        bytes: 0,
    };
    options.bytes = template_layout(step, &options, ("", "", ""))?.len;
    Ok(options)
}

/// The layout of the last step's child.
pub(super) fn layout(
    plan: &Plan,
    options: &Options,
    gguf: &GgufOptions,
    (yaml, hash): (&str, &str),
) -> Result<Layout, String> {
    let step = plan.steps.last().ok_or("the recipe is empty")?;
    let name = options
        .out
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let layout = template_layout(step, gguf, (&name, yaml, hash))?;
    match too_little_room(&options.out, layout.len) {
        Some(sentence) => Err(sentence),
        None => Ok(Layout::of_gguf(GGUF_NAME, layout)),
    }
}

fn template_layout(
    step: &Step,
    gguf: &GgufOptions,
    (name, recipe, recipe_sha256): (&str, &str, &str),
) -> Result<GgufLayout, String> {
    let template = GgufTemplate::open(&gguf.template).map_err(|error| error.to_string())?;
    let wanted: Vec<Wanted<'_>> = step.tensors.iter().map(wanted).collect();
    let wish = GgufWish {
        kind: gguf.kind,
        name,
        recipe,
        recipe_sha256,
    };
    template.layout(&wanted, &wish)
}

fn wanted(tensor: &TensorPlan) -> Wanted<'_> {
    Wanted {
        name: &tensor.name,
        shape: &tensor.shape,
        is_float: tensor.work == Work::Merge,
    }
}

/// The base, or else the first model, that is GGUF.
fn of_models(step: &Step) -> Option<PathBuf> {
    let base = step.recipe.base_model.as_ref();
    let is_base = |own: &&Model| Some(&own.reference) == base;
    let (first, rest): (Vec<_>, Vec<_>) = step.models.iter().partition(|own| is_base(own));
    first
        .into_iter()
        .chain(rest)
        .find_map(|own| match &own.source {
            ModelSource::Opened(checkpoint) if checkpoint.is_gguf() => {
                Some(checkpoint.path().to_owned())
            }
            ModelSource::Opened(_) | ModelSource::Step(_) => None,
        })
}

/// By the format that most of the child's numbers would have elsewhere.
fn kind_of(step: &Step) -> GgufKind {
    let sizes = step.tensors.iter().max_by_key(|tensor| tensor.elements());
    sizes.map_or(GgufKind::Bf16, |largest| {
        GgufKind::of_weights(largest.dtype)
    })
}
