//! The built-in evaluator: the demo family's own scores and logits, families against a plain
//! loop, and everything that is refused.

mod command_line;
mod families;
mod logits;
mod naive;
mod refusals;
mod scores;
