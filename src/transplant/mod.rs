//! A model with another model's tokenizer: its embedding and its output head get a row for each
//! token of the donor, and everything else stays as it is.
//!
//! ```text
//! model, donor ─▶ tokens that both have ─▶ rows of the others, as sums of those ─▶ written folder
//! ```
//!
//! Tokens that both have keep the model's rows. For the others the donor knows where they stand
//! among the shared ones; by orthogonal matching pursuit each is written as a sum of a few of
//! them there, and the same sum is made here (Goddard, Fernandes Neto: *Training-Free Tokenizer
//! Transplantation via Orthogonal Matching Pursuit*, 2025). The rules are those of mergekit's
//! tokensurgeon, but that its options for the embedding and the head mean what they say, bytes
//! are told by what tokenizers make of them, and rows are never made of NaN.
//!
//! New rows are kept as numbers of rows with weights until they are written, so that memory does
//! not grow with the width of the model.

mod key;
mod matching;
mod prepare;
mod pursuit;
mod report;
mod run;
#[cfg(feature = "built-in-evaluator")]
mod subword;

pub use self::matching::Row;
pub use self::prepare::{Matrix, Place, Transplant};
pub use self::report::{MatrixReport, Report, Residuals, WorstToken};
pub use self::run::run;

use crate::merge::recipe::ModelRef;

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The model that gets another tokenizer.
    pub model: ModelRef,
    /// The model whose tokenizer it gets.
    pub donor: ModelRef,
    /// How rows are made of tokens that the model lacks.
    pub method: Method,
    /// How many shared tokens make a new row, in [`Method::Omp`].
    pub k: usize,
    /// How pieces are put together, in [`Method::Subword`].
    pub pieces: Pieces,
    /// Where a token may take the row of the longest token that it begins with.
    pub prefix_match: Matrices,
    /// Where a byte may take the row of the same byte in another spelling.
    pub byte_match: Matrices,
}

impl Wish {
    /// The usual way: 64 shared tokens for each new one.
    pub fn new(model: ModelRef, donor: ModelRef) -> Self {
        Self {
            model,
            donor,
            method: Method::Omp,
            k: 64,
            pieces: Pieces::Mean,
            prefix_match: Matrices::NONE,
            byte_match: Matrices::NONE,
        }
    }
}

/// How rows are made of tokens that the model lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As sums of shared tokens that come nearest to the donor's row.
    Omp,
    /// From the rows of the pieces that the model's tokenizer cuts the token into.
    Subword,
    /// All alike: the mean of the model's rows.
    Mean,
    /// Zeros.
    Zero,
}

impl Method {
    /// Every method with its name in mergekit, its title and a sentence for who chooses.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 4] = [
        (
            Self::Omp,
            "omp",
            "Matching pursuit",
            "Each new row is the sum of a few shared ones that comes nearest to it in the donor",
        ),
        (
            Self::Subword,
            "subword",
            "Pieces of the token",
            "The rows of what the model's own tokenizer makes of the token's text, put together",
        ),
        (
            Self::Mean,
            "mean",
            "Mean row",
            "All new rows are the mean of the model's",
        ),
        (
            Self::Zero,
            "zero",
            "Zeros",
            "New rows are zero, to be trained",
        ),
    ];

    /// mergekit's methods that are not done here.
    pub const OTHERS: [&'static str; 6] = [
        "common_interpolation",
        "randn",
        "john_hewitt",
        "landmark_pca",
        "stb",
        "mp_rope",
    ];

    /// Its name in mergekit.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Its title on screen.
    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// What it does, in a sentence.
    pub fn help(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> (Self, &'static str, &'static str, &'static str) {
        let own = Self::ALL.into_iter().find(|(method, ..)| *method == self);
        own.unwrap_or(Self::ALL[0])
    }
}

/// How the rows of a token's pieces become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// Weighted by place: in the embedding the last counts most, in the head the first, whose
    /// token it is that has to be said first. (mergekit has it the other way round, though its
    /// [`Self::FirstLast`] is as here.)
    WeightedMean,
    /// One alone: in the embedding the last, in the head the first.
    FirstLast,
}

impl Pieces {
    /// Every way with its name in mergekit.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("mean", Self::Mean),
        ("sum", Self::Sum),
        ("weighted_mean", Self::WeightedMean),
        ("first_last", Self::FirstLast),
    ];

    /// Its name in mergekit.
    pub fn name(self) -> &'static str {
        let own = Self::NAMES.iter().find(|(_, own)| *own == self);
        own.map_or("", |(name, _)| name)
    }
}

/// In which matrices something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrices {
    /// In the token embedding.
    pub embedding: bool,
    /// In the output head.
    pub head: bool,
}

impl Matrices {
    /// In neither.
    pub const NONE: Self = Self {
        embedding: false,
        head: false,
    };
    /// In both.
    pub const BOTH: Self = Self {
        embedding: true,
        head: true,
    };
    /// Every choice with its name in mergekit, which takes `embed` and `lm_head` for each other.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("no", Self::NONE),
        ("yes", Self::BOTH),
        (
            "embed",
            Self {
                embedding: true,
                head: false,
            },
        ),
        (
            "lm_head",
            Self {
                embedding: false,
                head: true,
            },
        ),
    ];

    /// Its name in mergekit.
    pub fn name(self) -> &'static str {
        let own = Self::NAMES.iter().find(|(_, own)| *own == self);
        own.map_or("", |(name, _)| name)
    }
}
