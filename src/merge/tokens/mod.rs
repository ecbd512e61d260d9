//! The child's tokens: which there are, at which numbers, and the row that each model has for each.
//!
//! ```text
//! tokenizers of the models ─▶ child's tokens ─▶ rows of every model ─▶ views of the checkpoints
//!                                   └─▶ files of the child's tokenizer
//! ```
//!
//! Rows are merged as those of any tensor, once every model has them in the child's order. The
//! rules are mergekit 0.1.5's, with what it does wrong made right: a token whose number is beyond
//! the rows of a model counts as absent from it, and tokens that are named anew are nobody's.

mod child;
mod files;
mod report;
mod roles;
mod rows;

use std::sync::Arc;

pub(super) use self::child::{Child, Source, child};
pub use self::files::TokenizerEdit;
pub(super) use self::files::{Changed, changed};
pub(super) use self::report::report;
pub use self::report::{ChildTokens, ModelTokens, Moved, NewRow, Origin, TokensReport};
pub use self::roles::{Role, Roles};
pub(super) use self::roles::{conflicts, ids_of};
pub(super) use self::rows::{Axis, Holder, Refused, Rows, Rules, row_tables, rows};
use crate::checkpoint::{Checkpoint, Vocabulary};

/// What a step makes of tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTokens {
    /// What is said of them.
    pub report: TokensReport,
    /// How the files of the tokenizer are changed; `None` if they are copied.
    pub edit: Option<TokenizerEdit>,
}

/// A model whose rows are merged.
pub(super) struct Member<'a> {
    /// Its number in the step.
    pub(super) model: usize,
    pub(super) name: String,
    /// In the recipe.
    pub(super) path: String,
    /// `None` for a model that an earlier step makes.
    pub(super) weights: Option<Arc<Checkpoint>>,
    pub(super) adapter: Option<Arc<Checkpoint>>,
    /// Its tokenizer's tokens; those of the base if it has none.
    pub(super) vocabulary: &'a Vocabulary,
    /// Tokens with this number or a higher one have no row.
    pub(super) rows: usize,
}

impl Member<'_> {
    /// The row of a token, if the model has one.
    pub(super) fn row(&self, token: &str) -> Option<u32> {
        let id = self.vocabulary.id(token)?;
        ((id as usize) < self.rows).then_some(id)
    }

    fn has(&self, id: u32) -> bool {
        (id as usize) < self.rows
    }
}
