//! Mixtures of experts: several models of one family as the experts of one, with a router in every
//! layer that sends each token to a few of them.
//!
//! ```text
//! recipe (wanted) × headers ─▶ plan (checked, sized) ─▶ gates (router rows) ─▶ run ─▶ folder
//! ```
//!
//! Recipes are those of mergekit-moe, and what comes out is what it makes of them. Attention,
//! norms, embedding and head are the base's; each expert gives the MLP of every layer. Router rows
//! come from prompts, by what the base makes of them, or from random numbers.
//!
//! Where mergekit-moe 0.1.5 is not followed: `hidden_avg` is the mean over the tokens of a prompt,
//! without the padding in front of shorter ones; the model of a shared expert need not be one of
//! the experts; `experts_per_token` may be left out or null where there is one expert alone;
//! experts that differ in noise or scale alone are not the same; hidden states are computed in
//! f32.

mod architecture;
mod check;
mod config;
mod gates;
mod plan;
mod read;
mod recipe;
mod roles;
mod tensors;

mod card;
mod run;

pub use self::architecture::Architecture;
pub use self::check::{Purpose, problems as recipe_problems};
pub use self::gates::Prompts;
pub use self::plan::{MoeChild, MoePlan, plan};
pub use self::read::{MoeParsed, is_recipe, parse};
pub use self::recipe::{Expert, GateMode, MoeRecipe};
pub use self::run::{MoeOptions, MoeOutcome, run};
pub use self::tensors::{Made, MoeTensor, Piece};
