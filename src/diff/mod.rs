//! Two models compared, tensor by tensor: how far they lie apart, and what only one of them has.
//!
//! Works between formats and stored names: how far is this quantised file from its original, and
//! in which layers. One pass over both, each stored byte read once.

mod html;
mod pass;
mod text;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

pub use self::html::html;
pub use self::pass::{compare, compare_named};
pub use self::text::lines;
use crate::checkpoint::{Difference, Dtype, TensorLocation};

/// What was found about two models.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// The two, in this order everywhere below.
    pub models: [Side; 2],
    /// All tensors that both have, in the order of the first.
    pub tensors: Vec<TensorDiff>,
    /// All of them as one vector.
    pub whole: Sums,
    /// By layer, as "layer 3", in order; outside the layers by kind.
    pub layers: Vec<Group>,
    /// By what the tensors do.
    pub kinds: Vec<Group>,
    /// Tensors that could not be compared, and why.
    pub left_out: Vec<LeftOut>,
    /// What the configurations say differently.
    #[serde(serialize_with = "settings")]
    pub settings: Vec<Difference>,
    /// Tensors of the second that were read under the names of the first.
    pub renamings: Vec<String>,
    /// Files beside the weights, and whether they are equal.
    pub files: Vec<FileDiff>,
    /// How the tokens go together; none if one of the two has no tokenizer that can be read.
    pub tokens: Option<TokenDiff>,
}

/// How the tokens of two models go together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokenDiff {
    /// Tokens that both have at the same number.
    pub same: usize,
    /// Tokens that both have at other numbers.
    pub renumbered: usize,
    /// Tokens that the first has alone.
    pub only_first: usize,
    /// Tokens that the second has alone.
    pub only_second: usize,
    /// The first few of those that are not the same.
    pub examples: Vec<String>,
}

impl TokenDiff {
    /// "5 tokens at other numbers, 2 only in B"; none if all are the same.
    pub fn words(&self, names: [&str; 2]) -> Option<String> {
        let parts = [
            (self.renumbered, "at other numbers".to_owned()),
            (self.only_first, format!("only in {}", names[0])),
            (self.only_second, format!("only in {}", names[1])),
        ];
        let parts = parts.iter().filter(|(n, _)| *n > 0);
        let parts: Vec<String> = parts.map(|(n, what)| format!("{n} {what}")).collect();
        let examples = self.examples.join(", ");
        (!parts.is_empty()).then(|| format!("{}, such as {examples}", parts.join(", ")))
    }
}

/// One of the two models.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Its name.
    pub name: String,
    /// How it lies on disk.
    pub form: &'static str,
    /// Numbers stored.
    pub parameters: u64,
    /// Bytes of the weights.
    pub bytes: u64,
    /// Formats, the most frequent first.
    pub dtypes: String,
    /// "4 layers, 2 vision layers".
    pub layers: String,
}

/// One tensor in both models.
#[derive(Clone, Debug, Serialize)]
pub struct TensorDiff {
    /// Its name in the first.
    pub name: String,
    /// Its layer and kind.
    #[serde(skip)]
    pub place: TensorLocation,
    /// Its dimensions in the first.
    pub shape: Vec<usize>,
    /// How each stores it.
    #[serde(serialize_with = "dtypes")]
    pub dtypes: [Dtype; 2],
    /// How its numbers differ.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Tensors together.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// "layer 3", "attention".
    pub name: String,
    /// How their numbers differ.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Sums over pairs of numbers a and b; those that are not finite in one of the two are counted
/// and left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// How many.
    pub count: u64,
    /// How many of them are equal.
    pub equal: u64,
    /// How many are NaN or infinite in a or b.
    pub not_finite: u64,
    /// Σ (a − b)².
    pub difference: f64,
    /// Σ a².
    pub square_a: f64,
    /// Σ b².
    pub square_b: f64,
    /// Σ a·b.
    pub product: f64,
    /// max |a − b|.
    pub largest: f64,
}

impl Sums {
    /// ‖a − b‖.
    pub fn distance(&self) -> f64 {
        self.difference.sqrt()
    }

    /// ‖a − b‖ / ‖a‖; none for a of zeros.
    pub fn relative(&self) -> Option<f64> {
        (self.square_a > 0.0).then(|| (self.difference / self.square_a).sqrt())
    }

    /// The cosine of the weights; none where one of them is all zeros.
    pub fn cosine(&self) -> Option<f64> {
        let squares = self.square_a * self.square_b;
        (squares > 0.0).then(|| (self.product / squares.sqrt()).clamp(-1.0, 1.0))
    }

    /// Whether all numbers are equal.
    pub fn is_equal(&self) -> bool {
        self.equal == self.count && self.not_finite == 0
    }

    pub(in crate::diff) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.equal += other.equal;
        self.not_finite += other.not_finite;
        self.difference += other.difference;
        self.square_a += other.square_a;
        self.square_b += other.square_b;
        self.product += other.product;
        self.largest = self.largest.max(other.largest);
    }
}

impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown {
            numbers: u64,
            equal: u64,
            not_finite: u64,
            distance: f64,
            relative_distance: Option<f64>,
            cosine_of_weights: Option<f64>,
            largest_difference: f64,
        }
        let shown = Shown {
            numbers: self.count,
            equal: self.equal,
            not_finite: self.not_finite,
            distance: self.distance(),
            relative_distance: self.relative(),
            cosine_of_weights: self.cosine(),
            largest_difference: self.largest,
        };
        shown.serialize(serializer)
    }
}

/// A tensor that was not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub tensor: String,
    /// Why, as a clause.
    pub reason: String,
}

/// A file beside the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileDiff {
    /// Its name, or "chat template" wherever that stands.
    pub name: String,
    /// What is so.
    pub state: FileState,
}

/// Whether two models have the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Byte by byte.
    Equal,
    /// Both have it, with other content.
    Different,
    /// The first has it alone.
    OnlyFirst,
    /// The second has it alone.
    OnlySecond,
}

impl FileState {
    /// The words for it; `names` are those of the models.
    pub fn words(self, names: [&str; 2]) -> String {
        match self {
            Self::Equal => "equal".to_owned(),
            Self::Different => "different".to_owned(),
            Self::OnlyFirst => format!("only in {}", names[0]),
            Self::OnlySecond => format!("only in {}", names[1]),
        }
    }
}

impl TensorDiff {
    /// The group of [`Diff::layers`] that it is in.
    pub fn layer_name(&self) -> String {
        let TensorLocation { stack, layer, kind } = self.place;
        let of = match stack {
            crate::checkpoint::Stack::Main => String::new(),
            stack => format!("{} ", stack.title()),
        };
        match layer {
            Some(layer) => format!("{of}layer {layer}"),
            None => format!("{of}{}", kind.title()),
        }
    }
}

/// Tensors by layer, those outside by kind: how a difference runs through the model.
fn by_layer(tensors: &[TensorDiff]) -> Vec<Group> {
    let mut layers: BTreeMap<_, (String, Sums)> = BTreeMap::new();
    for tensor in tensors {
        let TensorLocation { stack, layer, kind } = tensor.place;
        // Before the layers stand embeddings, after them everything else.
        let after = layer.is_none() && kind != crate::checkpoint::Kind::Embedding;
        let key = (stack, after, layer, layer.is_none().then_some(kind));
        let new = || (tensor.layer_name(), Sums::default());
        layers.entry(key).or_insert_with(new).1.add(&tensor.sums);
    }
    let groups = layers.into_values();
    groups.map(|(name, sums)| Group { name, sums }).collect()
}

fn by_kind(tensors: &[TensorDiff]) -> Vec<Group> {
    let mut kinds: BTreeMap<_, Sums> = BTreeMap::new();
    for tensor in tensors {
        kinds
            .entry(tensor.place.kind)
            .or_default()
            .add(&tensor.sums);
    }
    let groups = kinds.into_iter();
    groups
        .map(|(kind, sums)| Group {
            name: kind.title().to_owned(),
            sums,
        })
        .collect()
}

fn settings<S: Serializer>(all: &[Difference], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(all.iter().map(|d| (&d.what, &d.values)))
}

fn dtypes<S: Serializer>(both: &[Dtype; 2], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(both.iter().map(|dtype| dtype.name()))
}
