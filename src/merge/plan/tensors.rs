//! From parts and headers to the tensors of the child.
//!
//! The tensors are those of the lead: the base, or the first source. A name without a layer
//! belongs before the layers if it speaks of embeddings, else after them; before comes from the
//! first part, after from the last. Nothing here knows an architecture.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::method::Method;
use super::super::recipe::{MissingParts, Recipe};
use super::super::version::Version;
use super::context::Context;
use super::diagnostics::Diagnostics;
use super::headers::{Head, Headers};
use super::lineup::{
    ResolvedInput, TensorRequest, check_layers, common_shape, is_computed, resolve,
};
use super::rules::Formats;
use super::shape::{Part, PartSource};
use super::towers::Tower;
use super::values::ParameterLookup;
use super::{TensorInput, TensorPlan, Work};
use crate::checkpoint::{Dtype, Kind, Stack, TensorLocation, in_layer, is_language_head};
use crate::text::natural;

/// The tensors that the parts make.
pub(super) fn tensors(
    recipe: &Recipe,
    method: &'static dyn Method,
    formats: &Formats,
    parts: &[Part<'_>],
    context: &mut Context<'_>,
) -> Vec<TensorPlan> {
    let mut maker = Maker {
        recipe,
        method,
        formats,
        made: Vec::new(),
        diagnostics: Diagnostics::default(),
    };
    for part in parts {
        check_layers(part, context);
    }
    if !context.has_errors() {
        check_height(parts, context);
    }
    if context.has_errors() {
        return Vec::new();
    }
    for parts in parts.chunk_by(|a, b| a.tower() == b.tower()) {
        match parts {
            [whole] if whole.len.is_none() => maker.whole(whole, context),
            parts => maker.stacked(parts, context),
        }
    }
    if parts.iter().any(|part| part.module.is_some()) {
        maker.other_modules(parts, context);
    }
    maker.diagnostics.emit(formats, context);
    maker.made.sort_by(|a, b| natural(&a.name, &b.name));
    maker.made
}

/// The most layers that are stacked: many times what any model has, and few enough to be listed.
const MOST_LAYERS: u64 = 10_000;

fn check_height(parts: &[Part<'_>], context: &mut Context<'_>) {
    let lengths = parts.iter().filter_map(|part| part.len);
    let layers: u64 = lengths.map(u64::from).sum();
    if layers > MOST_LAYERS {
        let sentence = format!(
            "the slices stack {layers} layers, and a child may have {MOST_LAYERS}; take fewer"
        );
        context.error("slices", sentence);
    }
}

struct Maker<'m> {
    recipe: &'m Recipe,
    method: &'static dyn Method,
    formats: &'m Formats,
    made: Vec<TensorPlan>,
    diagnostics: Diagnostics,
}

impl Maker<'_> {
    fn whole(&mut self, part: &Part<'_>, context: &Context<'_>) {
        let layers = lead(part, context).map(|lead| &lead.layers);
        for (at, head) in heads(part, context).enumerate() {
            if !part.covers(&head) {
                continue;
            }
            let t = head.place.layer.and_then(|layer| {
                let count = layers?.get(&head.place.stack)?;
                Some(position(layer, *count))
            });
            self.same_name(part, (at, head), t.unwrap_or(0.0), context);
        }
        self.note_extra(part, context);
    }

    /// Slices on top of each other.
    fn stacked(&mut self, parts: &[Part<'_>], context: &Context<'_>) {
        if let Some(first) = parts.first() {
            self.outside(first, is_before, context);
        }
        let mut layer = 0;
        for part in parts {
            for at in 0..part.len.unwrap_or(0) {
                self.layer(part, at, layer, context);
                layer += 1;
            }
        }
        if let Some(last) = parts.last() {
            self.outside(last, |name, kind| !is_before(name, kind), context);
        }
    }

    /// The tensors outside the layers that `wanted` is true for.
    fn outside(&mut self, part: &Part<'_>, wanted: fn(&str, Kind) -> bool, context: &Context<'_>) {
        for (at, head) in heads(part, context).enumerate() {
            let is_beside = head.place.layer.is_none() || !part.stacks(&head);
            if !part.covers(&head) {
                continue;
            }
            if head.place.stack == Stack::Prediction {
                self.diagnostics.left_out(head.place.stack, head.name);
            } else if is_beside && wanted(head.name, head.place.kind) {
                self.same_name(part, (at, head), 0.0, context);
            }
        }
    }

    /// A tensor that has one name everywhere.
    fn same_name(
        &mut self,
        part: &Part<'_>,
        (at, head): (usize, Head<'_>),
        t: f64,
        context: &Context<'_>,
    ) {
        let request = TensorRequest {
            at,
            name_in: &|_| Cow::Borrowed(head.name),
        };
        self.tensor(part, (head.name, head.place), &request, t, context);
    }

    /// Layer `at` of a part, which becomes layer `layer` of the child.
    fn layer(&mut self, part: &Part<'_>, at: u32, layer: u32, context: &Context<'_>) {
        let Some(lead) = lead(part, context) else {
            return;
        };
        let own = part.sources[part.lead()].first + at;
        let t = position(at, part.len.unwrap_or(1));
        for (number, head) in lead.heads().enumerate() {
            if head.place.layer != Some(own) || !part.stacks(&head) {
                continue;
            }
            let called = |layer: u32| match layer == own {
                true => Cow::Borrowed(head.name),
                false => Cow::Owned(in_layer(head.name, layer)),
            };
            let place = TensorLocation {
                layer: Some(layer),
                ..head.place
            };
            let request = TensorRequest {
                at: number,
                name_in: &|first| called(first + at),
            };
            self.tensor(part, (&called(layer), place), &request, t, context);
        }
    }

    fn tensor<'g>(
        &mut self,
        part: &Part<'_>,
        (out, place): (&str, TensorLocation),
        request: &TensorRequest<'g>,
        t: f64,
        context: &'g Context<'_>,
    ) {
        if place.stack.is_optional() && self.is_lacking(part, request, context) {
            self.missing_part(part, (out, place), request, context);
            return;
        }
        let method = self.method.description();
        let diagnostics = &mut self.diagnostics;
        let Some(mut inputs) = resolve(part, request, context, diagnostics) else {
            return;
        };
        let by = (method, self.recipe);
        let Some(shape) = common_shape(part, &mut inputs, by, context, diagnostics) else {
            return;
        };
        if inputs.iter().any(|g| !g.head.dtype.is_supported()) {
            self.copied(part, (out, place), &inputs);
            return;
        }
        let at = |source: usize| inputs.iter().position(|g| g.source == source);
        let base = part.base.and_then(at);
        let lookup = ParameterLookup {
            recipe: self.recipe,
            method,
            part,
            name: out,
            t,
        };
        let values = lookup.values(&inputs, &mut self.diagnostics);
        let elements = shape.iter().product();
        // A parameter that is missing was noted when it was looked for.
        let is_complete = self.diagnostics.all_set();
        if let (true, Err(error)) = (is_complete, self.method.check(elements, base, &values)) {
            self.diagnostics.refused(out, error.to_string());
        }
        let dtypes: Vec<Dtype> = inputs.iter().map(|g| g.head.dtype).collect();
        let made = self.made_dtype(&dtypes, base);
        let common = Dtype::common(dtypes.iter().copied());
        let wide = Some(common).filter(|common| common.is_wide());
        self.diagnostics.formats(out, &dtypes, made, self.formats);
        for own in inputs.iter().filter(|own| own.head.dtype.is_quantised()) {
            let model = context.headers[part.sources[own.source].model].as_ref();
            if let Some(model) = model {
                let dtype = own.head.dtype;
                self.diagnostics.decoded(&model.name, dtype, made);
            }
        }
        self.made.push(TensorPlan {
            name: out.to_owned(),
            place,
            shape,
            dtype: made,
            work: Work::Merge,
            inputs: inputs.iter().map(|own| input(part, own)).collect(),
            base,
            values,
            rounded_to: self.formats.compute.or(wide),
        });
    }

    /// Whether some source does not have the tensor.
    fn is_lacking(
        &self,
        part: &Part<'_>,
        request: &TensorRequest<'_>,
        context: &Context<'_>,
    ) -> bool {
        let has = |source: &PartSource<'_>| {
            let name = (request.name_in)(source.first);
            let headers = context.headers[source.model].as_ref();
            headers.is_none_or(|headers| headers.find(&name, request.at).is_some())
        };
        !part.sources.iter().all(has)
    }

    /// Of a part that some models lack the lead's is taken, or nothing.
    fn missing_part(
        &mut self,
        part: &Part<'_>,
        (out, place): (&str, TensorLocation),
        request: &TensorRequest<'_>,
        context: &Context<'_>,
    ) {
        let source = part.lead();
        let requested = (request.name_in)(part.sources[source].first);
        let head = lead(part, context).and_then(|lead| lead.find(&requested, request.at));
        let is_copied = self.recipe.own.missing_parts == MissingParts::Copy;
        let Some(head) = head.filter(|head| is_copied && !head.dtype.is_quantised()) else {
            self.diagnostics.left_out(place.stack, out);
            return;
        };
        self.diagnostics.taken_from_lead(place.stack, out);
        let own = ResolvedInput {
            source,
            requested,
            head,
        };
        self.copy(part, (out, place), &own);
    }

    /// A tensor without floats is the lead's.
    fn copied(
        &mut self,
        part: &Part<'_>,
        (out, place): (&str, TensorLocation),
        inputs: &[ResolvedInput<'_>],
    ) {
        let Some(own) = inputs.iter().find(|g| g.source == part.lead()) else {
            return;
        };
        self.diagnostics
            .no_floats(out, own.head.dtype, own.head.place.kind);
        self.copy(part, (out, place), own);
    }

    fn copy(
        &mut self,
        part: &Part<'_>,
        (out, place): (&str, TensorLocation),
        own: &ResolvedInput<'_>,
    ) {
        self.made.push(TensorPlan {
            name: out.to_owned(),
            place,
            shape: own.head.shape.to_vec(),
            dtype: own.head.dtype,
            work: Work::Copy,
            inputs: vec![input(part, own)],
            base: None,
            values: super::Values::default(),
            rounded_to: None,
        });
    }

    /// Parts of the model that no module names are the base model's; mergekit would leave them
    /// out, and the child would not load.
    fn other_modules(&mut self, parts: &[Part<'_>], context: &mut Context<'_>) {
        let base = self.recipe.base_model.as_ref();
        let base = base.map(|base| context.model(base, "base_model"));
        let first = parts.first().map(|part| part.sources[part.lead()].model);
        let Some(model) = base.or(first) else {
            return;
        };
        let mut copied: BTreeSet<Tower> = BTreeSet::new();
        if let Some(headers) = &context.headers[model] {
            let others = headers
                .heads()
                .filter(|head| !parts.iter().any(|p| p.covers(head)));
            for head in others {
                copied.insert(Tower::of(&head));
                self.made.push(self.untouched(model, &head));
            }
        }
        let names: Vec<&str> = copied.into_iter().map(Tower::name).collect();
        if names.is_empty() {
            return;
        }
        let names = names.join(" and ");
        match base {
            Some(_) => context.warning(
                "modules",
                format!("no module names {names}, which is copied from the base model as stored"),
            ),
            None => context.error(
                "modules",
                format!(
                    "no module names {names}, and there is no `base_model` to take it from; add \
                     the module, or a base model"
                ),
            ),
        }
    }

    fn untouched(&self, model: usize, head: &Head<'_>) -> TensorPlan {
        TensorPlan {
            name: head.name.to_owned(),
            place: head.place,
            shape: head.shape.to_vec(),
            dtype: head.dtype,
            work: Work::Copy,
            inputs: vec![TensorInput {
                model,
                tensor: head.name.to_owned(),
                dtype: head.dtype,
            }],
            base: None,
            values: super::Values::default(),
            rounded_to: None,
        }
    }

    /// The format that the child's tensor is written in: the recipe's, else the one that holds the
    /// numbers of all models; by the rules of mergekit 0.1.4 the base's, or else F32 where formats
    /// differ.
    fn made_dtype(&self, inputs: &[Dtype], base: Option<usize>) -> Dtype {
        if let Some(written) = self.formats.written {
            return written;
        }
        if let Some(own) = self.method.own_format() {
            return own;
        }
        match base {
            _ if self.recipe.own.version == Version::V0_1_5 => {
                Dtype::common(inputs.iter().copied())
            }
            Some(base) => inputs[base].written(),
            None if inputs.iter().all(|d| d.written() == inputs[0].written()) => {
                inputs[0].written()
            }
            None => Dtype::F32,
        }
    }

    /// Notes what other sources have and the lead does not.
    fn note_extra(&mut self, part: &Part<'_>, context: &Context<'_>) {
        let Some(lead) = lead(part, context) else {
            return;
        };
        for source in &part.sources {
            let Some(headers) = &context.headers[source.model] else {
                continue;
            };
            for (at, head) in headers.heads().enumerate() {
                let name = head.name;
                let is_extra = || !is_language_head(name) && !is_computed(&head);
                if part.covers(&head) && lead.find(name, at).is_none() && is_extra() {
                    self.diagnostics
                        .extra(&source.path, &headers.name, &lead.name, name);
                }
            }
        }
    }
}

fn lead<'h>(part: &Part<'_>, context: &'h Context<'_>) -> Option<&'h Headers<'h>> {
    context.headers[part.sources[part.lead()].model].as_ref()
}

/// Tensors of the lead, and the head that another source may have.
fn heads<'h>(part: &Part<'_>, context: &'h Context<'_>) -> impl Iterator<Item = Head<'h>> {
    let lead = lead(part, context);
    let others = part.sources.iter();
    let mut heads = others.filter_map(|s| context.headers[s.model].as_ref()?.head());
    let head = match lead {
        Some(lead) if lead.head().is_none() => heads.next(),
        _ => None,
    };
    lead.into_iter().flat_map(Headers::heads).chain(head)
}

fn input(part: &Part<'_>, own: &ResolvedInput<'_>) -> TensorInput {
    TensorInput {
        model: part.sources[own.source].model,
        tensor: own.head.name.to_owned(),
        dtype: own.head.dtype,
    }
}

/// Where layer `at` of `len` stands, 0 to 1; the only one stands at the end, as in mergekit.
fn position(at: u32, len: u32) -> f64 {
    match len {
        0 | 1 => 1.0,
        len => f64::from(at) / f64::from(len - 1),
    }
}

/// Whether a tensor outside the layers comes before them.
fn is_before(name: &str, kind: Kind) -> bool {
    kind == Kind::Embedding || kind != Kind::Head && name.contains("embed")
}
