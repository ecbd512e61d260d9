//! The weights of a model that touch its hidden dimensions, layer by layer.
//!
//! A transformer writes to and reads from one stream of `hidden` numbers. Every matrix of a
//! layer has one side along that stream, and the other along something of its own: the rows of
//! attention heads, the units of the MLP. Families name and store the matrices in different
//! ways; what is compared here needs the two sides alone.

use std::collections::BTreeMap;

use crate::checkpoint::{
    Checkpoint, Kind, Stack, Tensor, in_layer, is_stored_across, is_token_embedding,
};

/// The pile of layers, and the number within it.
pub(super) type LayerId = (Stack, u32);

/// What a piece does in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Queries, keys and values.
    AttentionIn,
    /// The projection back to the stream.
    AttentionOut,
    /// Up and gate.
    MlpIn,
    /// Down.
    MlpOut,
    /// Norms along the stream.
    Norm,
}

impl Part {
    /// The parts that are matrices.
    pub(super) const MATRICES: [Self; 4] = [
        Self::AttentionIn,
        Self::AttentionOut,
        Self::MlpIn,
        Self::MlpOut,
    ];

    pub(super) fn is_attention(self) -> bool {
        matches!(self, Self::AttentionIn | Self::AttentionOut)
    }

    pub(super) fn is_mlp(self) -> bool {
        matches!(self, Self::MlpIn | Self::MlpOut)
    }
}

/// A tensor with one side along the hidden dimensions.
#[derive(Clone, Debug)]
pub(super) struct Piece<'c> {
    /// The name that it has in every layer.
    pub(super) key: String,
    pub(super) part: Part,
    pub(super) tensor: &'c Tensor,
    /// Whether the hidden dimensions run along the rows.
    pub(super) is_by_rows: bool,
    /// Numbers in a row; 1 for a vector.
    pub(super) columns: usize,
    /// Length of the other side.
    pub(super) others: usize,
}

/// The pieces of a model.
pub(super) struct Pieces<'c> {
    pub(super) model: &'c Checkpoint,
    /// Width of the residual stream.
    pub(super) hidden: usize,
    pub(super) layers: BTreeMap<LayerId, Vec<Piece<'c>>>,
}

/// At most this many pieces of one part are read of a layer: all but for mixtures of experts.
const MOST_OF_A_PART: usize = 8;

impl<'c> Pieces<'c> {
    /// `None` where no hidden dimensions are to be found, as in an adapter.
    pub(super) fn of(model: &'c Checkpoint) -> Option<Self> {
        let hidden = hidden_size(model)?;
        let mut layers: BTreeMap<LayerId, Vec<Piece<'c>>> = BTreeMap::new();
        for tensor in model.tensors() {
            let Some(layer) = tensor.place.layer else {
                continue;
            };
            let Some(piece) = piece(model, tensor, hidden) else {
                continue;
            };
            let own = layers.entry((tensor.place.stack, layer)).or_default();
            if own.iter().filter(|other| other.part == piece.part).count() < MOST_OF_A_PART {
                own.push(piece);
            }
        }
        layers.retain(|_, pieces| pieces.iter().any(|piece| piece.part != Part::Norm));
        (!layers.is_empty()).then_some(Self {
            model,
            hidden,
            layers,
        })
    }
}

/// The token embedding's width, or what the configuration says.
fn hidden_size(model: &Checkpoint) -> Option<usize> {
    if model.adapter().is_some() {
        return None;
    }
    let mut embeddings = model
        .tensors()
        .iter()
        .filter(|t| is_token_embedding(&t.name));
    let of_embedding = embeddings.find_map(|tensor| match tensor.shape[..] {
        [_, width] => Some(width),
        _ => None,
    });
    // Some embeddings are narrower than the stream that they are projected to.
    let configured = model.config().hidden_size;
    configured.or(of_embedding).filter(|&width| width > 0)
}

/// Words of modules that write to the stream.
const WRITERS: &[&str] = &[
    "o",
    "o_proj",
    "out_proj",
    "c_proj",
    "dense",
    "wo",
    "down_proj",
    "fc2",
    "fc_out",
    "dense_4h_to_h",
    "w2",
];

/// Norms of the stream itself. Others of the same length, of queries or within the MLP, run along
/// something else, whose order all models may share, as that of rotary frequencies.
const STREAM_NORMS: &[&str] = &[
    "input_layernorm",
    "post_attention_layernorm",
    "pre_feedforward_layernorm",
    "post_feedforward_layernorm",
    "self_attn_layer_norm",
    "final_layer_norm",
    "LayerNorm",
    "layer_norm",
    "attention_norm",
    "ffn_norm",
    "ln_1",
    "ln_2",
    "ln_attn",
    "ln_mlp",
    "norm_1",
    "norm_2",
];

fn is_norm_of_the_stream(name: &str) -> bool {
    let mut words = name.rsplit('.');
    words.next() == Some("weight") && words.next().is_some_and(|w| STREAM_NORMS.contains(&w))
}

fn writes(name: &str) -> bool {
    let mut words = name.split('.');
    !words.clone().any(|word| word == "intermediate") && words.any(|word| WRITERS.contains(&word))
}

fn piece<'c>(model: &Checkpoint, tensor: &'c Tensor, hidden: usize) -> Option<Piece<'c>> {
    tensor.numbers()?;
    let key = in_layer(&tensor.name, 0);
    if tensor.shape[..] == [hidden] && is_norm_of_the_stream(&tensor.name) {
        return Some(Piece {
            key,
            part: Part::Norm,
            tensor,
            is_by_rows: true,
            columns: 1,
            others: 1,
        });
    }
    let (&columns, leading) = tensor
        .shape
        .split_last()
        .filter(|(_, rest)| !rest.is_empty())?;
    let rows: usize = leading.iter().product();
    let writes = writes(&tensor.name);
    let part = match (tensor.place.kind, writes) {
        (Kind::Attention, false) => Part::AttentionIn,
        (Kind::Attention, true) => Part::AttentionOut,
        (Kind::Mlp, false) => Part::MlpIn,
        (Kind::Mlp, true) => Part::MlpOut,
        _ => return None,
    };
    let expected = writes != is_stored_across(&tensor.name, model);
    // The shape decides where it leaves no choice.
    let is_by_rows = match (rows == hidden, columns == hidden) {
        (true, true) => expected,
        (true, false) => true,
        (false, true) => false,
        (false, false) => return None,
    };
    Some(Piece {
        key,
        part,
        tensor,
        is_by_rows,
        columns,
        others: if is_by_rows { columns } else { rows },
    })
}
