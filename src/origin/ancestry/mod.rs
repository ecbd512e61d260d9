//! Of which models a child was made, in what shares, and by what kind of method.
//!
//! The first look needs the Gram matrices of a kinship pass alone: [`first_look`] fits the child's
//! task vector on those of the candidates, over the whole model and with shares of their own in
//! every tensor, and compares what is left with what rounding leaves. It is enough for every method
//! that is linear in each tensor (linear, task arithmetic, SLERP, layers of several models, model
//! stock). A method that trims or drops changes leaves most of the child unexplained, and so does a
//! parent that is missing; [`second_look`] tells them apart on a sample of the weights. What neither
//! explains is said to be so.

pub mod fit;

mod answer;
mod choices;
mod continued;
mod eigen;
mod equations;
mod first;
mod groups;
mod judge;
mod paired;
mod report;
mod rounding;
mod sample;
mod settle;
mod spikes;
mod stabbing;
mod subsets;
pub mod words;

pub use answer::{Answer, Part, Verdict, Why};
pub use first::{Question, first_look};
pub use fit::Signs;
pub use groups::{GroupShares, shares_by_group};
pub use judge::second_look;
pub use report::{NamedGroup, NamedPart, Report, report};
pub use rounding::Rounding;
