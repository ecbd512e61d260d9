//! The tensors of a mixture, each with what it is made from.

use super::architecture::{Architecture, SharedRule};
use super::recipe::Expert;
use super::roles::{BIASES, PARTS, Role, in_layer, mlp, needed_in_layer, role};
use crate::checkpoint::{Checkpoint, Dtype, Tensor, is_language_head, place};
use crate::merge::plan::{Context, Model, TensorInput, TensorPlan, Work};
use crate::text::natural;

/// A tensor of the mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct MoeTensor {
    /// Name, shape and format, as for any child; its inputs are those of all pieces.
    pub plan: TensorPlan,
    /// What it is made from.
    pub made: Made,
}

/// What a tensor of a mixture is made from.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    /// Pieces of models, one after the other.
    Pieces(Vec<Piece>),
    /// The router's rows of a layer: one for each expert from the first on.
    Gate {
        /// The layer.
        layer: usize,
        /// Which of all experts, shared ones last.
        experts: std::ops::Range<usize>,
    },
    /// Zeros: a bias that the base does not have.
    Zeros,
}

/// A whole tensor of a model, as part of one of the mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Where it is read.
    pub input: TensorInput,
    /// How many numbers it has.
    pub elements: usize,
    /// What it is multiplied by, with the noise in it.
    pub scale: f32,
    /// Deviation of the noise.
    pub noise: f32,
    /// Which of all experts it is of, for the noise.
    pub expert: u64,
}

impl Piece {
    /// Whether its numbers are those of the model.
    pub(super) fn is_as_it_is(&self) -> bool {
        self.scale == 1.0 && self.noise == 0.0
    }
}

/// What the tensors are made for.
pub(super) struct Wanted<'a> {
    pub(super) architecture: Architecture,
    /// Which model is the base.
    pub(super) base: usize,
    /// Every expert, its model and its place in the recipe; shared ones last.
    pub(super) experts: Vec<(&'a Expert, usize, String)>,
    /// How many of them tokens are sent to.
    pub(super) routed: usize,
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) dtype: Dtype,
    /// Whether the base has no head of its own.
    pub(super) is_tied: bool,
}

impl MoeTensor {
    /// The pieces that it is made from.
    pub fn pieces(&self) -> &[Piece] {
        match &self.made {
            Made::Pieces(pieces) => pieces,
            Made::Gate { .. } | Made::Zeros => &[],
        }
    }
}

/// Widths inside the experts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Widths {
    /// Of those that tokens are sent to.
    pub(super) routed: usize,
    /// Of the shared one.
    pub(super) shared: Option<usize>,
}

impl Wanted<'_> {
    /// All tensors of the mixture, in the order of people, and the experts' widths; what stands in
    /// the way is noted in the context.
    pub(super) fn tensors(&self, context: &mut Context<'_>) -> (Vec<MoeTensor>, Widths) {
        let mut out = self.of_base(context);
        let widths = self.widths(context);
        if context.has_errors() {
            return (Vec::new(), widths);
        }
        for layer in 0..self.layers {
            self.of_experts(layer, widths, context, &mut out);
            out.push(self.gate(layer, "gate", 0..self.routed));
            if self.architecture.facts().shared == SharedRule::One {
                out.push(self.gate(layer, "shared_expert_gate", self.routed..self.routed + 1));
            }
        }
        out.sort_by(|a, b| natural(&a.plan.name, &b.plan.name));
        (out, widths)
    }

    fn tensor(&self, name: String, shape: Vec<usize>, made: Made) -> MoeTensor {
        let inputs = match &made {
            Made::Pieces(pieces) => pieces.iter().map(|piece| piece.input.clone()).collect(),
            Made::Gate { .. } | Made::Zeros => Vec::new(),
        };
        MoeTensor {
            plan: TensorPlan {
                place: place(&name),
                name,
                shape,
                dtype: self.dtype,
                work: Work::Merge,
                inputs,
                base: None,
                values: Default::default(),
                rounded_to: None,
            },
            made,
        }
    }

    /// Everything but the MLPs.
    fn of_base(&self, context: &mut Context<'_>) -> Vec<MoeTensor> {
        let Some(base) = context.models[self.base].checkpoint().cloned() else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut strangers = Vec::new();
        for tensor in base.tensors() {
            let is_beyond = (tensor.place.layer).is_some_and(|own| own as usize >= self.layers);
            match role(&tensor.name, self.architecture) {
                Role::Kept if !is_beyond => match self.kept(tensor, &context.models[self.base]) {
                    Ok(kept) => out.push(kept),
                    Err(sentence) => context.error("base_model", sentence),
                },
                Role::Mlp | Role::LeftOut => {}
                Role::Kept | Role::Stranger => strangers.push(tensor.name.as_str()),
            }
        }
        if let Some(first) = strangers.first() {
            let sentence = format!(
                "{} has no place for {} of the base's tensors, such as {first}; take another \
                 architecture or another base",
                self.architecture.title(),
                strangers.len()
            );
            context.error("base_model", sentence);
        }
        self.missing(&base, context);
        self.missing_biases(&base, &mut out);
        out
    }

    /// A tensor of the base as it is, with what an adapter does to it.
    fn kept(&self, tensor: &Tensor, base: &Model) -> Result<MoeTensor, String> {
        let mut shape = tensor.shape.clone();
        let adapter = base.adapter.as_ref().and_then(|own| own.adapter());
        if let (Some(adapter), Some(checkpoint)) = (adapter, base.checkpoint()) {
            let rows = adapter.rows(&**checkpoint, &tensor.name, &shape);
            let rows = rows.map_err(|error| error.to_string())?;
            if let Some(first) = shape.first_mut() {
                *first = rows;
            }
        }
        let elements = product(&shape).ok_or_else(|| too_large(&tensor.name, &shape))?;
        let piece = piece(self.base, tensor, elements);
        let piece = piece.ok_or_else(|| no_floats(base, tensor))?;
        Ok(self.tensor(tensor.name.clone(), shape, Made::Pieces(vec![piece])))
    }

    fn missing(&self, base: &Checkpoint, context: &mut Context<'_>) {
        let has_biases = base.tensor(&in_layer(0, BIASES[0])).is_some();
        let mut names = vec![
            "model.embed_tokens.weight".to_owned(),
            "model.norm.weight".to_owned(),
        ];
        if !self.is_tied {
            names.push("lm_head.weight".to_owned());
        }
        let needed = needed_in_layer(self.architecture, has_biases);
        let layers = 0..self.layers;
        names.extend(layers.flat_map(|k| needed.iter().map(move |rest| in_layer(k, rest))));
        names.retain(|name| base.tensor(name).is_none());
        if let Some(first) = names.first() {
            let sentence = format!(
                "the base lacks {} tensors that {} needs, such as {first}: {}",
                names.len(),
                self.architecture.title(),
                base.path().display()
            );
            context.error("base_model", sentence);
        }
    }

    /// Zeros for the biases that the architecture always has and the base does not.
    fn missing_biases(&self, base: &Checkpoint, out: &mut Vec<MoeTensor>) {
        if self.architecture != Architecture::Qwen2
            || base.tensor(&in_layer(0, BIASES[0])).is_some()
        {
            return;
        }
        for layer in 0..self.layers {
            for bias in BIASES {
                let name = in_layer(layer, bias);
                let rows = base.tensor(&name.replace(".bias", ".weight"));
                if let Some(rows) = rows.and_then(|weight| weight.shape.first()) {
                    out.push(self.tensor(name, vec![*rows], Made::Zeros));
                }
            }
        }
    }

    /// The widths, if every expert has every matrix in a shape that fits.
    fn widths(&self, context: &mut Context<'_>) -> Widths {
        let mut widths = Widths::default();
        for (k, (_, model, path)) in self.experts.iter().enumerate() {
            let path = format!("{path}.source_model");
            let Some(width) = self.width(*model, &path, context) else {
                continue;
            };
            let name = context.models[*model].reference.to_string();
            if k == 0 {
                widths.routed = width;
            } else if k >= self.routed && self.architecture == Architecture::Qwen2 {
                widths.shared = Some(width);
            } else if width != widths.routed {
                let sentence = format!(
                    "the experts' MLPs must be of one width: {name} has {width} and the first \
                     expert {}",
                    widths.routed
                );
                context.error(&path, sentence);
            }
            if k >= self.routed {
                widths.shared = Some(width);
            }
        }
        widths
    }

    fn width(&self, model: usize, path: &str, context: &mut Context<'_>) -> Option<usize> {
        let own = &context.models[model];
        let checkpoint = own.checkpoint()?.clone();
        let name = own.reference.to_string();
        let mut width = None;
        for layer in 0..self.layers {
            for part in PARTS {
                match self.part_width(&checkpoint, layer, part) {
                    Err(sentence) => {
                        context.error(path, format!("{name}: {sentence}"));
                        return None;
                    }
                    Ok(found) if *width.get_or_insert(found) != found => {
                        let tensor = mlp(layer, part);
                        let sentence = format!(
                            "{name}: the MLPs of its layers are not of one width; {tensor} is of \
                             {found}"
                        );
                        context.error(path, sentence);
                        return None;
                    }
                    Ok(_) => {}
                }
            }
        }
        width
    }

    fn part_width(&self, model: &Checkpoint, layer: usize, part: &str) -> Result<usize, String> {
        let name = mlp(layer, part);
        if model.tensor(&name.replace(".weight", ".bias")).is_some() {
            return Err(format!(
                "its MLPs have biases, such as that of {name}, for which {} has no place",
                self.architecture.title()
            ));
        }
        let tensor = model.tensor(&name);
        let tensor = tensor.ok_or_else(|| format!("it has no tensor {name}"))?;
        if tensor.numbers().is_none() {
            return Err(format!(
                "{name} holds {}, which are no floats",
                tensor.dtype
            ));
        }
        let (expected, found) = match (part, &tensor.shape[..]) {
            ("down_proj", &[hidden, width]) if hidden == self.hidden => return Ok(width),
            ("gate_proj" | "up_proj", &[width, hidden]) if hidden == self.hidden => {
                return Ok(width);
            }
            ("down_proj", found) => (format!("[{}, …]", self.hidden), found),
            (_, found) => (format!("[…, {}]", self.hidden), found),
        };
        Err(format!(
            "{name} has shape {found:?} where the base's width calls for {expected}"
        ))
    }

    /// The MLPs of a layer, shared ones included.
    fn of_experts(
        &self,
        layer: usize,
        widths: Widths,
        context: &mut Context<'_>,
        out: &mut Vec<MoeTensor>,
    ) {
        let facts = self.architecture.facts();
        let (routed, shared) = (0..self.routed, self.routed..self.experts.len());
        let (inner, hidden) = (widths.routed, self.hidden);
        let mut put = |name: &str, shape: Vec<usize>, of: &[(usize, &str)]| {
            let pieces: Option<Vec<Piece>> = of
                .iter()
                .map(|&(k, part)| self.of_expert(k, layer, part, &context.models))
                .collect();
            // That each is there was found with the widths.
            if let Some(pieces) = pieces {
                let name = in_layer(layer, &format!("mlp.{name}"));
                out.push(self.tensor(name, shape, Made::Pieces(pieces)));
            }
        };
        if facts.is_stacked {
            let both = routed.clone().flat_map(|k| [(k, PARTS[0]), (k, PARTS[1])]);
            let both: Vec<(usize, &str)> = both.collect();
            let shape = vec![self.routed, 2 * inner, hidden];
            put("experts.gate_up_proj", shape, &both);
            let down: Vec<(usize, &str)> = routed.map(|k| (k, PARTS[2])).collect();
            put("experts.down_proj", vec![self.routed, hidden, inner], &down);
        } else {
            for (k, part) in routed.flat_map(|k| PARTS.map(|part| (k, part))) {
                let name = format!("experts.{k}.{part}.weight");
                put(&name, shape_of(part, inner, hidden), &[(k, part)]);
            }
        }
        let inner = widths.shared.unwrap_or(inner);
        for (k, part) in shared.flat_map(|k| PARTS.map(|part| (k, part))) {
            let name = format!("{}.{part}.weight", facts.shared_name);
            put(&name, shape_of(part, inner, hidden), &[(k, part)]);
        }
    }

    fn of_expert(&self, k: usize, layer: usize, part: &str, models: &[Model]) -> Option<Piece> {
        let (expert, model, _) = self.experts.get(k)?;
        let tensor = models
            .get(*model)?
            .checkpoint()?
            .tensor(&mlp(layer, part))?;
        let scale = expert.residual_scale.unwrap_or(1.0) as f32;
        Some(Piece {
            scale: if part == "down_proj" { scale } else { 1.0 },
            noise: expert.noise_scale.unwrap_or(0.0) as f32,
            expert: k as u64,
            ..piece(*model, tensor, tensor.elements())?
        })
    }

    fn gate(&self, layer: usize, name: &str, experts: std::ops::Range<usize>) -> MoeTensor {
        let shape = vec![experts.len(), self.hidden];
        let name = in_layer(layer, &format!("mlp.{name}.weight"));
        self.tensor(name, shape, Made::Gate { layer, experts })
    }
}

fn shape_of(part: &str, inner: usize, hidden: usize) -> Vec<usize> {
    match part {
        "down_proj" => vec![hidden, inner],
        _ => vec![inner, hidden],
    }
}

/// A tensor of a model as it is; `None` if it holds no floats.
fn piece(model: usize, tensor: &Tensor, elements: usize) -> Option<Piece> {
    tensor.numbers()?;
    let input = TensorInput {
        model,
        tensor: tensor.name.clone(),
        dtype: tensor.dtype,
    };
    Some(Piece {
        input,
        elements,
        scale: 1.0,
        noise: 0.0,
        expert: 0,
    })
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d))
}

fn too_large(name: &str, shape: &[usize]) -> String {
    format!("{name} has more numbers than can be counted: {shape:?}")
}

fn no_floats(model: &Model, tensor: &Tensor) -> String {
    let Tensor { name, dtype, .. } = tensor;
    let reference = &model.reference;
    format!("{reference}: {name} holds {dtype}, which are no floats, and cannot be written as such")
}

/// Whether a checkpoint has a head of its own.
pub(super) fn has_head(checkpoint: &Checkpoint) -> bool {
    checkpoint
        .tensors()
        .iter()
        .any(|t| is_language_head(&t.name))
}
