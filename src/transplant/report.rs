//! What became of each token, and how well the new rows are explained.

use serde::Serialize;

use super::matching::Row;
use super::{Method, Transplant};
use crate::merge::run::Outcome;

/// How many tokens are named that are explained worst.
const MOST_WORST: usize = 20;

/// What a transplant makes, or would make.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The model.
    pub model: String,
    /// The donor of the tokenizer.
    pub donor: String,
    /// Name of the method.
    pub method: &'static str,
    /// How many shared tokens make a new row, where that is what the method does.
    pub k: Option<usize>,
    /// Tokens of the new tokenizer.
    pub tokens: usize,
    /// Rows of the new matrices.
    pub rows: usize,
    /// Each matrix with a row for each token.
    pub matrices: Vec<MatrixReport>,
    /// What should be known.
    pub warnings: Vec<String>,
    /// What was written; `None` before it is.
    pub result: Option<Outcome>,
}

/// One matrix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatrixReport {
    /// Its name in the model.
    pub name: String,
    /// Its name in the donor: the embedding stands for a head that is tied to it.
    pub in_donor: String,
    /// Tokens that both have: the model's rows.
    pub shared: usize,
    /// Bytes that the model has in another spelling.
    pub byte_matches: usize,
    /// Tokens with the row of one that they begin with.
    pub prefix_matches: usize,
    /// Tokens whose row is made by the method.
    pub made: usize,
    /// Tokens that the donor has no row for: zeros.
    pub without_row: usize,
    /// Tokens whose text could not be cut into pieces, and that have the mean row.
    pub without_pieces: usize,
    /// Shared tokens that no row is made of, because some of their numbers are not finite.
    pub not_finite: usize,
    /// How much of the donor's rows is not explained; `None` before that is known, and for
    /// methods that explain nothing.
    pub unexplained: Option<Residuals>,
    /// The tokens that are explained worst.
    pub worst: Vec<WorstToken>,
}

/// How long what is left of the donor's rows is, as a share of their length: from 0 for a row
/// that is a sum of others to 1 for one that has nothing in common with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Residuals {
    /// The least.
    pub least: f64,
    /// A tenth of all rows is below.
    pub tenth: f64,
    /// Half of them is below.
    pub median: f64,
    /// Nine tenths are below.
    pub nine_tenths: f64,
    /// The most.
    pub most: f64,
    /// The mean.
    pub mean: f64,
}

/// A token whose row is explained badly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstToken {
    /// The token.
    pub token: String,
    /// Its number.
    pub id: u32,
    /// The share of its row's length that is left.
    pub unexplained: f64,
}

impl Report {
    /// What is known before any row is made.
    pub(super) fn planned(work: &Transplant) -> Self {
        let wish = &work.wish;
        let matrices = work.matrices.iter().map(|matrix| {
            let count = |of: fn(&Row) -> bool| matrix.rows.iter().filter(|row| of(row)).count();
            MatrixReport {
                name: matrix.name.clone(),
                in_donor: matrix.in_donor.clone(),
                shared: count(|row| matches!(row, Row::Shared(_))),
                byte_matches: count(|row| matches!(row, Row::Byte(_))),
                prefix_matches: count(|row| matches!(row, Row::Prefix(_))),
                made: count(|row| *row == Row::New),
                without_row: count(|row| *row == Row::Rowless),
                without_pieces: 0,
                not_finite: 0,
                unexplained: None,
                worst: Vec::new(),
            }
        });
        Self {
            model: wish.model.to_string(),
            donor: wish.donor.to_string(),
            method: wish.method.name(),
            k: (wish.method == Method::Omp).then_some(wish.k),
            tokens: work.donor.vocabulary.len(),
            rows: work.donor.vocabulary.end(),
            matrices: matrices.collect(),
            warnings: work.warnings.clone(),
            result: None,
        }
    }
}

impl Residuals {
    /// Of at least one share.
    pub(super) fn of(shares: &[f32]) -> Option<Self> {
        let mut sorted: Vec<f32> = shares.to_vec();
        sorted.sort_by(f32::total_cmp);
        let at = |part: f64| {
            let place = (part * (sorted.len().saturating_sub(1)) as f64).round();
            Some(f64::from(*sorted.get(place as usize)?))
        };
        let sum: f64 = sorted.iter().map(|share| f64::from(*share)).sum();
        Some(Self {
            least: at(0.0)?,
            tenth: at(0.1)?,
            median: at(0.5)?,
            nine_tenths: at(0.9)?,
            most: at(1.0)?,
            mean: sum / sorted.len() as f64,
        })
    }
}

/// The tokens with the largest shares, the largest first; of equal ones the lower number.
pub(super) fn worst(ids: &[u32], shares: &[f32], name: impl Fn(u32) -> String) -> Vec<WorstToken> {
    let mut all: Vec<(f32, u32)> = shares.iter().copied().zip(ids.iter().copied()).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let first = all.into_iter().take(MOST_WORST);
    first
        .map(|(share, id)| WorstToken {
            token: name(id),
            id,
            unexplained: f64::from(share),
        })
        .collect()
}
