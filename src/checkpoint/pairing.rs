//! Which numbers of a base and its models belong together, decided from the headers alone.
//!
//! A tensor of the base becomes one [`Segment`], or several where vocabularies differ: each
//! holds the rows that one set of models shares, so what two models have in common never
//! depends on which others are compared with them. What cannot be compared is left out, and
//! said so; nothing here fails.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::adapter::{Change, LowRank};
use super::model::Checkpoint;
use super::names::{Kind, TensorLocation};
use super::raw::RawTensor;
use super::tensor::Tensor;

/// A base and its models, lined up.
pub struct Pairing<'a> {
    /// Number of models.
    pub models: usize,
    /// What can be compared, in the order of the base's tensors.
    pub segments: Vec<Segment<'a>>,
    /// What cannot, and why.
    pub left_out: Vec<LeftOut>,
}

/// Rows of one tensor that the base and some models have.
pub struct Segment<'a> {
    /// Name of the tensor in the base.
    pub tensor: &'a str,
    /// Its layer and kind.
    pub place: TensorLocation,
    /// Which rows: indices of the first dimension. Where rows are compared token by token they
    /// are counted from the end of the tensor on, in an order of their own.
    pub rows: Range<usize>,
    /// Numbers in one row.
    pub row_len: usize,
    /// The base's numbers.
    pub base: RawTensor<'a>,
    /// The models that have these rows, by index, in order.
    pub models: Vec<(usize, Operand<'a>)>,
}

/// What a segment of the base is compared with.
pub enum Operand<'a> {
    /// Weights θ.
    Weights(RawTensor<'a>),
    /// The change δ of an adapter, from its two factors; the segment starts at flat element
    /// `first` of the tensor.
    LowRank {
        /// The factors.
        factors: LowRank<'a>,
        /// Flat index of the segment's first number in the tensor.
        first: usize,
    },
    /// Weights that an adapter makes from the base's, the segment being these of the tensor.
    Rebuilt {
        /// All of the tensor.
        tensor: Tensor,
        /// Flat indices of the segment's numbers.
        range: Range<usize>,
    },
    /// As in the base: an adapter that does not touch this tensor.
    Unchanged,
}

impl Operand<'_> {
    /// The weights of the segment, if there are any to be read.
    pub fn weights(&self) -> Option<RawTensor<'_>> {
        match self {
            Self::Weights(numbers) => Some(*numbers),
            Self::Rebuilt { tensor, range } => Some(tensor.numbers()?.part(range.clone())),
            Self::LowRank { .. } | Self::Unchanged => None,
        }
    }
}

/// Something that was not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Name of the tensor.
    pub tensor: String,
    /// The model that it was left out for; `None` for all of them.
    pub model: Option<usize>,
    /// Why, in words that complete "left out:".
    pub reason: String,
}

impl Segment<'_> {
    /// Numbers in the segment.
    pub fn elements(&self) -> usize {
        self.rows.len() * self.row_len
    }

    /// Bytes that a pass over the segment reads.
    pub fn size_bytes(&self) -> u64 {
        let models = self.models.iter().map(|(_, operand)| {
            let weights = operand.weights();
            weights.map_or(0, |weights| weights.size_bytes())
        });
        self.base.size_bytes() + models.sum::<u64>()
    }
}

/// Lines up `models` with their base, row by row of the same number.
pub fn pair<'a>(base: &'a Checkpoint, models: &[&'a Checkpoint]) -> Pairing<'a> {
    paired(base, models, None)
}

/// Rows that the same models have, where rows are compared token by token.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) rows: Range<usize>,
    /// For each model whether it has them.
    pub(super) has: Vec<bool>,
}

/// Those of each tensor, by its name.
pub(super) type Runs = BTreeMap<String, Vec<Run>>;

/// The same; rows of a tensor with runs are compared in these, all else by number.
pub(super) fn paired<'a>(
    base: &'a Checkpoint,
    models: &[&'a Checkpoint],
    runs: Option<&Runs>,
) -> Pairing<'a> {
    let mut out = Pairing {
        models: models.len(),
        segments: Vec::new(),
        left_out: Vec::new(),
    };
    for tensor in base.tensors() {
        match tensor.numbers() {
            Some(numbers) => out.add_tensor(base, (tensor, numbers), models, runs),
            None => out.leave_out(&tensor.name, None, not_computed(tensor)),
        }
    }
    for (index, model) in models.iter().enumerate() {
        out.note_extra_tensors(base, index, model);
    }
    out
}

/// What one model has of a tensor of the base.
struct Part<'a> {
    model: usize,
    /// Rows that it shares with the base.
    rows: usize,
    /// Rows that it has in all.
    own_rows: usize,
    source: PartSource<'a>,
}

enum PartSource<'a> {
    Weights(RawTensor<'a>),
    LowRank(LowRank<'a>),
    Rebuilt(Tensor),
    Unchanged,
}

impl<'a> Pairing<'a> {
    fn add_tensor(
        &mut self,
        base: &'a Checkpoint,
        (tensor, numbers): (&'a Tensor, RawTensor<'a>),
        models: &[&'a Checkpoint],
        runs: Option<&Runs>,
    ) {
        let runs = runs.and_then(|runs| runs.get(&tensor.name));
        let mut parts = Vec::with_capacity(models.len());
        for (index, model) in models.iter().enumerate() {
            match part(index, base, model, tensor) {
                Ok(part) if runs.is_some() => parts.push(part),
                Ok(part) => {
                    self.note_rows(tensor, &part);
                    parts.push(part);
                }
                Err(reason) => self.leave_out(&tensor.name, Some(index), reason),
            }
        }
        let (rows, row_len) = rows_and_length(&tensor.shape);
        for run in runs.into_iter().flatten().filter(|_| row_len > 0) {
            let has = |part: &Part<'_>| run.has.get(part.model) == Some(&true);
            let mut own = segment(tensor, numbers, run.rows.clone(), row_len, &parts, has);
            own.rows = rows + run.rows.start..rows + run.rows.end;
            self.segments.push(own);
        }
        if runs.is_some() {
            return;
        }
        let ends: BTreeSet<usize> = parts.iter().map(|p| p.rows.min(rows)).collect();
        let mut start = 0;
        for end in ends {
            if end > start && row_len > 0 {
                let has = |part: &Part<'_>| part.rows >= end;
                self.segments
                    .push(segment(tensor, numbers, start..end, row_len, &parts, has));
            }
            start = end;
        }
    }

    /// Says how many rows of a vocabulary have no counterpart.
    fn note_rows(&mut self, tensor: &Tensor, part: &Part<'_>) {
        let (base_rows, _) = rows_and_length(&tensor.shape);
        let (rows, own) = (part.rows, part.own_rows);
        if rows < base_rows {
            let missing = base_rows - rows;
            let reason = format!("{missing} of its {base_rows} rows; the model has only {rows}");
            self.leave_out(&tensor.name, Some(part.model), reason);
        }
        if own > base_rows {
            let extra = own - base_rows;
            let reason = format!("{extra} of its {own} rows; the base has only {base_rows}");
            self.leave_out(&tensor.name, Some(part.model), reason);
        }
    }

    fn note_extra_tensors(&mut self, base: &Checkpoint, index: usize, model: &Checkpoint) {
        if let Some(adapter) = model.adapter() {
            for target in adapter.targets_missing_in(base) {
                self.leave_out(
                    &target,
                    Some(index),
                    "the base has no such tensor".to_owned(),
                );
            }
            return;
        }
        for tensor in model
            .tensors()
            .iter()
            .filter(|t| base.tensor(&t.name).is_none())
        {
            let reason = if tensor.place.kind == Kind::Head && base.tied_embeddings() {
                "the base has no output head of its own, its embeddings are tied"
            } else {
                "the base has no such tensor"
            };
            self.leave_out(&tensor.name, Some(index), reason.to_owned());
        }
    }

    fn leave_out(&mut self, tensor: &str, model: Option<usize>, reason: String) {
        self.left_out.push(LeftOut {
            tensor: tensor.to_owned(),
            model,
            reason,
        });
    }
}

fn segment<'a>(
    tensor: &'a Tensor,
    base: RawTensor<'a>,
    rows: Range<usize>,
    row_len: usize,
    parts: &[Part<'a>],
    has: impl Fn(&Part<'a>) -> bool,
) -> Segment<'a> {
    let cut = |numbers: &RawTensor<'a>| numbers.part(rows.start * row_len..rows.end * row_len);
    let models = parts.iter().filter(|part| has(part)).map(|part| {
        let operand = match &part.source {
            PartSource::Weights(numbers) => Operand::Weights(cut(numbers)),
            PartSource::LowRank(factors) => Operand::LowRank {
                factors: *factors,
                first: rows.start * row_len,
            },
            PartSource::Rebuilt(tensor) => Operand::Rebuilt {
                tensor: tensor.clone(),
                range: rows.start * row_len..rows.end * row_len,
            },
            PartSource::Unchanged => Operand::Unchanged,
        };
        (part.model, operand)
    });
    Segment {
        tensor: &tensor.name,
        place: tensor.place,
        row_len,
        base: cut(&base),
        models: models.collect(),
        rows,
    }
}

/// What `model` has of a tensor of the base, or why nothing of it can be compared.
fn part<'a>(
    index: usize,
    base: &Checkpoint,
    model: &'a Checkpoint,
    tensor: &Tensor,
) -> Result<Part<'a>, String> {
    let (rows, _) = rows_and_length(&tensor.shape);
    let lined_up = model
        .tensor(&tensor.name)
        .filter(|own| own.has_adapter_in_it());
    if let Some(adapter) = model.adapter().filter(|_| lined_up.is_none()) {
        let change = adapter.change(base, tensor).map_err(|e| e.to_string())?;
        let (source, own_rows) = match change {
            Change::None => (PartSource::Unchanged, rows),
            // Of a tensor with more dimensions the first is still the rows.
            Change::LowRank(factors) => (PartSource::LowRank(factors), factors.shape()[0]),
            Change::Replaced(own) => match own.numbers() {
                Some(numbers) => (PartSource::Weights(numbers), rows_and_length(&own.shape).0),
                None => return Err(format!("numbers of type {}", own.dtype)),
            },
            Change::Rebuilt { tensor, rows } => (PartSource::Rebuilt(tensor), rows),
        };
        return Ok(Part {
            model: index,
            rows: own_rows.min(rows),
            own_rows,
            source,
        });
    }
    let Some(own) = model.tensor(&tensor.name) else {
        return Err(
            if tensor.place.kind == Kind::Head && model.tied_embeddings() {
                "the model has no output head of its own, its embeddings are tied".to_owned()
            } else {
                "the model has no such tensor".to_owned()
            },
        );
    };
    let Some(numbers) = own.numbers() else {
        return Err(not_computed(own));
    };
    if !comparable(tensor, own) {
        return Err(format!(
            "shape {:?}, the base has {:?}",
            own.shape, tensor.shape
        ));
    }
    let (own_rows, _) = rows_and_length(&own.shape);
    Ok(Part {
        model: index,
        rows: own_rows.min(rows),
        own_rows,
        source: PartSource::Weights(numbers),
    })
}

/// Equal shapes, or a vocabulary with another number of rows.
pub fn comparable(base: &Tensor, own: &Tensor) -> bool {
    let vocabulary = matches!(base.place.kind, Kind::Embedding | Kind::Head);
    base.shape == own.shape
        || (vocabulary && !base.shape.is_empty() && base.shape.get(1..) == own.shape.get(1..))
}

/// A scalar is one row of one number.
fn rows_and_length(shape: &[usize]) -> (usize, usize) {
    (
        shape.first().copied().unwrap_or(1),
        shape.iter().skip(1).product(),
    )
}

fn not_computed(tensor: &Tensor) -> String {
    format!(
        "numbers of type {}, which kinship does not compute with",
        tensor.dtype
    )
}
