//! The rows of tokens that two models have in common, as features of hidden dimensions.
//!
//! Unrelated models that were trained on like texts have like embeddings, as far as relations
//! between tokens go. So tokens are features here and never the things that are compared: which
//! hidden dimension holds what is arbitrary in each model.

use super::sample::{choose, to_unit};
use crate::checkpoint::{Checkpoint, Tensor, is_language_head, is_token_embedding, join};
use crate::numeric::Numbers;

/// Rows that are read at most.
const MOST: usize = 512;
/// Fewer shared tokens say nothing.
const FEWEST: usize = 8;

/// Rows of the same tokens in A and in B.
pub(super) struct SharedTokens {
    rows: Vec<(usize, usize)>,
    /// Embedding, and head where both have one of their own.
    tables: Vec<[Tensor; 2]>,
    /// Tokens of A, of B and of both, where both tokenizers can be read.
    pub(super) counts: Option<[usize; 3]>,
    /// Whether some token that both have stands at another row.
    pub(super) is_renumbered: bool,
}

/// The embedding or head of a model.
fn table(model: &Checkpoint, is_one: fn(&str) -> bool, hidden: usize) -> Option<&Tensor> {
    let mut tensors = model.tensors().iter();
    tensors.find(|t| is_one(&t.name) && t.shape.len() == 2 && t.shape[1] == hidden)
}

impl SharedTokens {
    /// `None` where the two have no tokens in common, or no embedding of this width.
    pub(super) fn of(models: [&Checkpoint; 2], hidden: [usize; 2]) -> Option<Self> {
        let tables = |is_one: fn(&str) -> bool| {
            let a = table(models[0], is_one, hidden[0])?;
            let b = table(models[1], is_one, hidden[1])?;
            (a.numbers().is_some() && b.numbers().is_some()).then(|| [a.clone(), b.clone()])
        };
        let embeddings = tables(is_token_embedding)?;
        let ends = [0, 1].map(|k| embeddings[k].shape[0]);
        let (mut rows, counts) = pairs(models, ends);
        let is_renumbered = rows.iter().any(|(a, b)| a != b);
        let chosen = choose(rows.len(), MOST, "tokens");
        rows = chosen.into_iter().map(|k| rows[k]).collect();
        let mut all = vec![embeddings];
        let is_as_long = |own: &[Tensor; 2]| (0..2).all(|k| own[k].shape[0] == ends[k]);
        all.extend(tables(is_language_head).filter(is_as_long));
        (rows.len() >= FEWEST).then_some(Self {
            rows,
            tables: all,
            counts,
            is_renumbered,
        })
    }

    /// Blocks of features for the hidden dimensions of one of the two, 0 for A.
    pub(super) fn features(&self, which: usize, hidden: &[usize]) -> Vec<Vec<f32>> {
        let block = |tables: &[Tensor; 2]| {
            let (tensor, width) = (&tables[which], self.rows.len());
            let columns = tensor.shape[1];
            let mut out = vec![0.0f32; hidden.len() * width];
            let mut row = vec![0.0f32; columns];
            for (k, pair) in self.rows.iter().enumerate() {
                let start = [pair.0, pair.1][which] * columns;
                if let Some(raw) = tensor.numbers() {
                    raw.part(start..start + columns).read_f32(&mut row);
                }
                for (at, &dimension) in hidden.iter().enumerate() {
                    out[at * width + k] = row[dimension];
                }
            }
            to_unit(&mut out);
            out
        };
        self.tables.iter().map(block).collect()
    }
}

/// A row of A and the row of the same token in B.
type RowPair = (usize, usize);

/// Rows of the same token; by number where a tokenizer is missing.
fn pairs(models: [&Checkpoint; 2], ends: [usize; 2]) -> (Vec<RowPair>, Option<[usize; 3]>) {
    let own = models.map(|model| model.vocabulary().ok().flatten());
    let [Some(a), Some(b)] = own else {
        return ((0..ends[0].min(ends[1])).map(|k| (k, k)).collect(), None);
    };
    let mut out = Vec::new();
    join(&[a.numbers(), b.numbers()], |_, rows| {
        if let [Some(a), Some(b)] = rows {
            out.push((*a as usize, *b as usize));
        }
    });
    let counts = [a.len(), b.len(), out.len()];
    out.retain(|&(a, b)| a < ends[0] && b < ends[1]);
    out.sort_unstable();
    (out, Some(counts))
}
