//! From parts and headers to the tensors of the child.
//!
//! The tensors are those of the lead: the base, or the first source. A name without a layer
//! belongs before the layers if it speaks of embeddings, else after them; before comes from the
//! first part, after from the last. Nothing here knows an architecture.

use super::super::methods::Method;
use super::super::recipe::Recipe;
use super::findings::Findings;
use super::inputs::Headers;
use super::lineup::{Given, check_layers, is_computed};
use super::rules::Formats;
use super::shape::Part;
use super::steps::Context;
use super::values::Asked;
use super::{TensorInput, TensorPlan, Work};
use crate::checkpoint::{Dtype, Kind, dtype, in_layer, is_language_head, natural};

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
        findings: Findings::default(),
    };
    for part in parts {
        check_layers(part, context);
    }
    if context.has_errors() {
        return Vec::new();
    }
    match parts {
        [whole] if whole.len.is_none() => maker.whole(whole, context),
        parts => maker.stacked(parts, context),
    }
    maker.findings.tell(formats, context);
    maker.made.sort_by(|a, b| natural(&a.name, &b.name));
    maker.made
}

pub(super) struct Maker<'m> {
    recipe: &'m Recipe,
    pub(super) method: &'static dyn Method,
    formats: &'m Formats,
    made: Vec<TensorPlan>,
    pub(super) findings: Findings,
}

impl Maker<'_> {
    /// All tensors of whole models.
    fn whole(&mut self, part: &Part<'_>, context: &mut Context<'_>) {
        for name in self.names(part, context) {
            let t = lead(part, context)
                .and_then(|lead| {
                    let place = lead.get(&name)?.place;
                    let layers = lead.layers.get(&place.stack)?;
                    Some(position(place.layer?, *layers))
                })
                .unwrap_or(0.0);
            self.tensor(part, &name, &|_| name.clone(), t, context);
        }
        self.note_extra(part, context);
    }

    /// Slices on top of each other.
    fn stacked(&mut self, parts: &[Part<'_>], context: &mut Context<'_>) {
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
    fn outside(
        &mut self,
        part: &Part<'_>,
        wanted: fn(&str, Kind) -> bool,
        context: &mut Context<'_>,
    ) {
        for name in self.names(part, context) {
            let place = crate::checkpoint::place(&name);
            if place.layer.is_none() && wanted(&name, place.kind) {
                self.tensor(part, &name, &|_| name.clone(), 0.0, context);
            }
        }
    }

    /// Layer `at` of a part, which becomes layer `layer` of the child.
    fn layer(&mut self, part: &Part<'_>, at: u32, layer: u32, context: &mut Context<'_>) {
        let own = part.sources[lead_of(part)].first + at;
        let names: Vec<String> = lead(part, context).map_or(Vec::new(), |lead| {
            let in_layer = |name: &&String| {
                lead.get(name)
                    .is_some_and(|head| head.place.layer == Some(own))
            };
            lead.names.iter().filter(in_layer).cloned().collect()
        });
        let t = position(at, part.len.unwrap_or(1));
        for name in names {
            let out = in_layer(&name, layer);
            let of_source = |first: u32| in_layer(&name, first + at);
            self.tensor(part, &out, &of_source, t, context);
        }
    }

    /// Names of the lead, and the head that another source may have.
    fn names(&self, part: &Part<'_>, context: &Context<'_>) -> Vec<String> {
        let Some(lead) = lead(part, context) else {
            return Vec::new();
        };
        let mut names = lead.names.clone();
        if lead.head.is_none() {
            let others = part.sources.iter();
            let mut heads = others.filter_map(|s| context.headers[s.model].as_ref()?.head.clone());
            names.extend(heads.next());
        }
        names
    }

    fn tensor(
        &mut self,
        part: &Part<'_>,
        out: &str,
        name_in: &dyn Fn(u32) -> String,
        t: f64,
        context: &mut Context<'_>,
    ) {
        let Some(mut given) = self.given(part, name_in, context) else {
            return;
        };
        let lead = lead_of(part);
        let Some(shape) = self.common_shape(part, &mut given, context) else {
            return;
        };
        if given.iter().any(|g| dtype::float(g.head.dtype).is_none()) {
            self.copied(part, out, &given, lead);
            return;
        }
        let at = |source: usize| given.iter().position(|g| g.source == source);
        let base = part.base.and_then(at);
        let asked = Asked {
            recipe: self.recipe,
            method: self.method.description(),
            part,
            name: out,
            t,
        };
        let inputs: Vec<(usize, String)> =
            given.iter().map(|g| (g.source, g.wanted.clone())).collect();
        let values = asked.values(&inputs, context);
        let elements = shape.iter().product();
        // A parameter that is missing was told when it was looked for.
        let is_complete = !context.has_errors();
        if let (true, Err(error)) = (is_complete, self.method.check(elements, base, &values)) {
            self.findings.refused(out, error.to_string());
        }
        let dtypes: Vec<Dtype> = given.iter().map(|g| g.head.dtype).collect();
        let made = self.made_dtype(&dtypes, base);
        self.findings.formats(out, &dtypes, made, self.formats);
        self.made.push(TensorPlan {
            name: out.to_owned(),
            shape,
            dtype: made,
            work: Work::Merge,
            inputs: given
                .into_iter()
                .map(|g| TensorInput {
                    model: part.sources[g.source].model,
                    tensor: g.holder,
                })
                .collect(),
            base,
            values,
            rounded_to: self.formats.compute,
        });
    }

    /// A tensor without floats is the lead's.
    fn copied(&mut self, part: &Part<'_>, out: &str, given: &[Given], lead: usize) {
        let Some(own) = given.iter().find(|g| g.source == lead) else {
            return;
        };
        self.findings
            .no_floats(out, own.head.dtype, own.head.place.kind);
        self.made.push(TensorPlan {
            name: out.to_owned(),
            shape: own.head.shape.clone(),
            dtype: own.head.dtype,
            work: Work::Copy,
            inputs: vec![TensorInput {
                model: part.sources[lead].model,
                tensor: own.holder.clone(),
            }],
            base: None,
            values: super::Values::default(),
            rounded_to: None,
        });
    }

    /// The format that the child's tensor is written in: the recipe's, else the base's, else
    /// the common one, else F32.
    fn made_dtype(&self, inputs: &[Dtype], base: Option<usize>) -> Dtype {
        if let Some(written) = self.formats.written {
            return written;
        }
        if let Some(own) = self.method.own_format() {
            return own;
        }
        match base {
            Some(base) => inputs[base],
            None if inputs.iter().all(|&dtype| dtype == inputs[0]) => inputs[0],
            None => Dtype::F32,
        }
    }

    /// Notes what other sources have and the lead has not.
    fn note_extra(&mut self, part: &Part<'_>, context: &Context<'_>) {
        let Some(lead) = lead(part, context) else {
            return;
        };
        for source in &part.sources {
            let Some(headers) = &context.headers[source.model] else {
                continue;
            };
            for name in &headers.names {
                if lead.get(name).is_none() && !is_language_head(name) && !is_computed(name) {
                    self.findings
                        .extra(&source.path, &headers.name, &lead.name, name);
                }
            }
        }
    }
}

/// The source whose tensors are the child's.
pub(super) fn lead_of(part: &Part<'_>) -> usize {
    part.base.unwrap_or(0)
}

fn lead<'h>(part: &Part<'_>, context: &'h Context<'_>) -> Option<&'h Headers> {
    context.headers[part.sources[lead_of(part)].model].as_ref()
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
