//! What was found tensor by tensor, reported model by model: a wrong model is wrong in hundreds of
//! tensors, and one sentence says more than hundreds.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::rules::Formats;
use crate::checkpoint::{Dtype, Kind, Stack};
use crate::merge::problem::{Fix, Problem};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 3;

/// Troubles by kind; each list is in the order of the tensors.
#[derive(Default)]
pub(super) struct Diagnostics {
    /// By the path in the recipe and the model.
    missing: BTreeMap<(String, String), Vec<String>>,
    /// Parameters without a value: path, what is missing, and the first tensor that it is
    /// missing for.
    unset: Vec<(String, String, String)>,
    odd_shapes: BTreeMap<(String, String), Vec<OddShape>>,
    extra: BTreeMap<(String, String, String), Vec<String>>,
    computed: BTreeSet<String>,
    /// Of parts that not all models have: copied from the lead, and in no child.
    from_lead: BTreeMap<Stack, Vec<String>>,
    left_out: BTreeMap<Stack, BTreeSet<String>>,
    /// The first refusal of the method, and every tensor that it refuses.
    refused: Option<(String, Vec<String>)>,
    copied: Vec<String>,
    quantised: Vec<(String, Dtype)>,
    /// Tensor, fewest and most rows, and whether the recipe wants them cut.
    rows: Option<(String, (usize, usize), bool)>,
    /// The formats of the inputs where they differ, and what comes out.
    mixed: BTreeSet<(Vec<&'static str>, &'static str)>,
    /// Formats that `dtype` rounds before the merge.
    rounded_early: BTreeSet<&'static str>,
    eight_bit: Vec<String>,
    /// Models whose weights are decoded, each with their formats; and what is made of these.
    decoded: BTreeMap<String, BTreeSet<&'static str>>,
    decoded_to: BTreeSet<&'static str>,
    tensors: usize,
}

struct OddShape {
    tensor: String,
    found: Vec<usize>,
    expected: Vec<usize>,
    skipped: bool,
}

impl Diagnostics {
    pub(super) fn missing(&mut self, path: &str, model: &str, tensor: &str) {
        let key = (path.to_owned(), model.to_owned());
        self.missing.entry(key).or_default().push(tensor.to_owned());
    }

    /// One tensor is enough to say; a missing parameter would be reported for hundreds.
    pub(super) fn unset(&mut self, path: &str, what: String, tensor: &str) {
        if self.unset.iter().all(|(_, known, _)| *known != what) {
            self.unset.push((path.to_owned(), what, tensor.to_owned()));
        }
    }

    /// Whether all parameters have had their values so far.
    pub(super) fn all_set(&self) -> bool {
        self.unset.is_empty()
    }

    pub(super) fn odd_shape(
        &mut self,
        path: &str,
        model: &str,
        tensor: &str,
        found: &[usize],
        expected: &[usize],
        skipped: bool,
    ) {
        let key = (path.to_owned(), model.to_owned());
        self.odd_shapes.entry(key).or_default().push(OddShape {
            tensor: tensor.to_owned(),
            found: found.to_vec(),
            expected: expected.to_vec(),
            skipped,
        });
    }

    pub(super) fn extra(&mut self, path: &str, model: &str, lead: &str, tensor: &str) {
        let key = (path.to_owned(), model.to_owned(), lead.to_owned());
        self.extra.entry(key).or_default().push(tensor.to_owned());
    }

    pub(super) fn taken_from_lead(&mut self, stack: Stack, tensor: &str) {
        let tensors = self.from_lead.entry(stack).or_default();
        tensors.push(tensor.to_owned());
    }

    pub(super) fn left_out(&mut self, stack: Stack, tensor: &str) {
        let tensors = self.left_out.entry(stack).or_default();
        tensors.insert(tensor.to_owned());
    }

    pub(super) fn computed(&mut self, tensor: &str) {
        self.computed.insert(tensor.to_owned());
    }

    pub(super) fn refused(&mut self, tensor: &str, sentence: String) {
        let (_, tensors) = self.refused.get_or_insert((sentence, Vec::new()));
        tensors.push(tensor.to_owned());
    }

    /// Notes vocabularies of different sizes, the fewest and the most rows.
    pub(super) fn rows_differ(&mut self, tensor: &str, rows: (usize, usize), is_cut: bool) {
        let known = self.rows.as_ref().is_some_and(|(.., is_cut)| !is_cut);
        if self.rows.is_none() || !known && !is_cut {
            self.rows = Some((tensor.to_owned(), rows, is_cut));
        }
    }

    pub(super) fn no_floats(&mut self, tensor: &str, dtype: Dtype, kind: Kind) {
        match kind {
            Kind::Attention | Kind::Mlp if !tensor.ends_with("bias") => {
                self.quantised.push((tensor.to_owned(), dtype));
            }
            _ => self.copied.push(tensor.to_owned()),
        }
    }

    /// Notes what is surprising about the formats of a tensor.
    pub(super) fn formats(
        &mut self,
        tensor: &str,
        inputs: &[Dtype],
        made: Dtype,
        formats: &Formats,
    ) {
        self.tensors += 1;
        if formats.written.is_none() && inputs.iter().any(|d| d.written() != inputs[0].written()) {
            let names: BTreeSet<&str> = inputs.iter().map(|d| d.name()).collect();
            self.mixed
                .insert((names.into_iter().collect(), made.name()));
        }
        if let Some(compute) = formats.compute {
            let wider = |d: &&Dtype| d.width_bits() > compute.width_bits();
            let wider = inputs.iter().filter(wider).map(|d| d.name());
            self.rounded_early.extend(wider);
        }
        if made.is_fp8() || inputs.iter().any(|d| d.is_fp8()) {
            self.eight_bit.push(tensor.to_owned());
        }
    }

    /// Notes that a model has a tensor with scales of its own.
    pub(super) fn decoded(&mut self, model: &str, dtype: Dtype, made: Dtype) {
        let formats = self.decoded.entry(model.to_owned()).or_default();
        formats.insert(dtype.name());
        self.decoded_to.insert(made.name());
    }

    /// Turns all of it into problems.
    pub(super) fn emit(self, formats: &Formats, context: &mut Context<'_>) {
        for (path, what, tensor) in &self.unset {
            context.error(path, format!("{what}, at least for {tensor}"));
        }
        for ((path, model), tensors) in &self.missing {
            context.error(path, format!("{model} lacks {}", some_of(tensors)));
        }
        self.emit_shapes(context);
        if let Some((sentence, tensors)) = &self.refused {
            let sentence = format!("{sentence}; this is so for {}", some_of(tensors));
            context.error("", sentence);
        }
        if let Some((tensor, dtype)) = self.quantised.first() {
            let sentence = format!(
                "{} of {} hold packed numbers, such as {tensor} of {}; merge the models as they \
                 were before they were quantised",
                self.quantised.len(),
                self.tensors + self.quantised.len(),
                dtype
            );
            context.error("", sentence);
        }
        self.emit_eight_bit(formats, context);
        self.emit_decoded(context);
        for ((path, model, lead), tensors) in &self.extra {
            let sentence = format!(
                "{model} has {} that {lead} does not have; the child will not have them",
                some_of(tensors)
            );
            context.warning(path, sentence);
        }
        for (stack, tensors) in &self.from_lead {
            let sentence = format!(
                "{} of the {} part are not in all models and are copied from the first; \
                 `kinfolk: {{missing_parts: leave_out}}` leaves them out",
                some_of(tensors),
                stack.title()
            );
            let warning = Problem::warning(context.place(""), sentence);
            context.problem(warning.with_fix(Fix::LeaveOutParts));
        }
        for (stack, tensors) in &self.left_out {
            let tensors: Vec<String> = tensors.iter().cloned().collect();
            let sentence = format!(
                "{} of the {} part are left out of the child",
                some_of(&tensors),
                stack.title()
            );
            context.warning("", sentence);
        }
        if !self.computed.is_empty() {
            let names: Vec<String> = self.computed.iter().cloned().collect();
            let sentence = format!(
                "{} can be computed and not all models have them; they are left out",
                some_of(&names)
            );
            context.warning("", sentence);
        }
        if !self.copied.is_empty() {
            let sentence = format!(
                "{} hold no floats and are copied from the first model",
                some_of(&self.copied)
            );
            context.warning("", sentence);
        }
        self.emit_formats(context);
    }

    fn emit_shapes(&self, context: &mut Context<'_>) {
        for ((path, model), odd) in &self.odd_shapes {
            let Some(first) = odd.first() else { continue };
            let others = match odd.len() - 1 {
                0 => String::new(),
                n => format!(" ({n} more of its tensors are odd)"),
            };
            let what = format!(
                "{model} has {} in the shape {:?} where {:?} is needed{others}",
                first.tensor, first.found, first.expected
            );
            // A model that fits nowhere is another model, not one with an odd tensor.
            if first.skipped && 2 * odd.len() <= self.tensors {
                context.warning(path, format!("{what}; there the child is made without it"));
            } else {
                context.error(
                    path,
                    format!("{what}; models of different sizes cannot be merged"),
                );
            }
        }
        let Some((tensor, (least, most), is_cut)) = &self.rows else {
            return;
        };
        let what = format!("the models have vocabularies of {least} to {most} tokens");
        if *is_cut {
            let sentence =
                format!("{what}; {tensor} and its like are cut to the first {least} rows");
            context.warning("", sentence);
        } else {
            let sentence = format!(
                "{what} in {tensor} and its like; bring the rows of equal tokens together with \
                 `tokenizer_source: union` or `base`, or, if equal rows are equal tokens, cut them \
                 to the first {least} with `kinfolk: {{truncate_embeddings: true}}` or \
                 `--unsafe-truncate-embeddings`"
            );
            let error = Problem::error(context.place(""), sentence);
            context.problem(error.with_fix(Fix::TruncateEmbeddings));
        }
    }

    fn emit_eight_bit(&self, formats: &Formats, context: &mut Context<'_>) {
        if self.eight_bit.is_empty() {
            return;
        }
        if formats.written.is_none() {
            let sentence = format!(
                "{} are stored as 8-bit floats; say with `out_dtype` what to write",
                some_of(&self.eight_bit)
            );
            context.error("", sentence);
        } else {
            let sentence = format!(
                "{} are stored as 8-bit floats without scales, and are merged as the numbers they are",
                some_of(&self.eight_bit)
            );
            context.warning("", sentence);
        }
    }

    fn emit_decoded(&self, context: &mut Context<'_>) {
        let to: Vec<&str> = self.decoded_to.iter().copied().collect();
        for (model, formats) in &self.decoded {
            let formats: Vec<&str> = formats.iter().copied().collect();
            let sentence = format!(
                "weights of {model} are stored as {}; they are decoded, and the child is written \
                 in {} without quantization_config",
                formats.join(" and "),
                to.join(" and ")
            );
            context.warning("", sentence);
        }
    }

    fn emit_formats(&self, context: &mut Context<'_>) {
        // There the type of the file decides.
        if context.writes_gguf() {
            return;
        }
        for (inputs, made) in &self.mixed {
            let sentence = format!(
                "tensors are stored as {} and will be written as {made}; set `out_dtype` for another",
                inputs.join(" and ")
            );
            context.warning("", sentence);
        }
        if !self.rounded_early.is_empty() {
            let names: Vec<&str> = self.rounded_early.iter().copied().collect();
            let sentence = format!(
                "`dtype` rounds the inputs, stored as {}, before they are merged; `out_dtype` \
                 rounds the result only",
                names.join(" and ")
            );
            context.warning("dtype", sentence);
        }
    }
}

/// "3 tensors (a, b and 1 more)"
fn some_of(names: &[String]) -> String {
    match names {
        [one] => format!("the tensor {one}"),
        names => {
            let shown = names.len().min(NAMES_SHOWN);
            let first = names[..shown].join(", ");
            let more = match names.len() - shown {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} tensors ({first}{more})", names.len())
        }
    }
}
