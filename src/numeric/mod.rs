//! Arithmetic on slices: no files, no threads, no other module of this program.
//!
//! Everything fast here has a slow twin in its tests that is obviously right.

mod isa;

pub mod blocks;
pub mod bracket;
pub mod decode;
pub mod dots;
pub mod gram;
pub mod numbers;
pub mod panel;
pub mod product;
pub mod random;
pub mod rank;
pub mod real;
pub mod round;
pub mod select;
pub mod sketch;
pub mod vector;

pub use blocks::Packing;
pub use decode::Float;
pub use gram::{Gram, GramRow};
pub use numbers::{Numbers, Plain};
pub use panel::Panel;
pub use real::Real;
