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
mod table;

use std::sync::Arc;

pub(super) use self::child::{Child, Source, child};
pub use self::files::TokenizerEdit;
pub(super) use self::files::{Changed, changed};
pub use self::report::{ChildTokens, ModelTokens, Moved, NewRow, Origin, TokensReport};
pub(super) use self::report::{Follows, report};
pub use self::roles::{CHAT_TEMPLATE, Conflict, ROLES, Role, Roles};
pub(super) use self::roles::{conflicts, ids_of};
pub(super) use self::rows::{Axis, Holder, Numbers, Refused, Rows, Rules, row_tables, rows};
pub use self::table::{TokenFilter, TokenOrder, TokenRow, TokenTable};
use crate::checkpoint::{Checkpoint, Vocabulary, is_gguf_name, is_token_embedding};

/// What a step makes of tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTokens {
    /// What is said of them.
    pub report: TokensReport,
    /// How the files of the tokenizer are changed; `None` if they are copied.
    pub edit: Option<TokenizerEdit>,
    /// The tokens themselves, for whoever lists them.
    pub lists: TokenLists,
}

/// All tokens of a step's models and of its child.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenLists {
    /// In the order of [`TokensReport::models`].
    pub(super) vocabularies: Vec<Arc<Vocabulary>>,
    /// The child's, where the recipe says how its tokens are made.
    pub(super) child: Option<Arc<Child>>,
}

/// The tokens of two models beside each other, without a child.
///
/// # Errors
/// A sentence, if one of them has no tokenizer that can be read.
pub fn pair(models: [(&str, &Arc<Checkpoint>); 2]) -> Result<StepTokens, String> {
    let read = |(name, own): (&str, &Arc<Checkpoint>)| {
        let read = own.vocabulary();
        let read = read.map_err(|error| format!("the tokens of {name} cannot be read: {error}"))?;
        read.cloned().ok_or_else(|| match is_gguf_name(own.path()) {
            true => format!(
                "the tokens of {name} stand in a GGUF file, where they are not read; put the \
                 model's tokenizer.json beside it"
            ),
            false => format!("{name} has no tokenizer beside its weights"),
        })
    };
    let [a, b] = models;
    let vocabularies = vec![read(a)?, read(b)?];
    let embedding = |own: &Checkpoint| {
        let tensor = own.tensors().iter().find(|t| is_token_embedding(&t.name))?;
        tensor.shape.first().copied()
    };
    let member = |k: usize| Member {
        model: k,
        name: models[k].0.to_owned(),
        path: String::new(),
        weights: Some(Arc::clone(models[k].1)),
        adapter: None,
        vocabulary: &vocabularies[k],
        rows: embedding(models[k].1).unwrap_or(usize::MAX),
    };
    let report = report(&[member(0), member(1)], None, None, Follows::default());
    Ok(StepTokens {
        report,
        edit: None,
        lists: TokenLists {
            vocabularies,
            child: None,
        },
    })
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
