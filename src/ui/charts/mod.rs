//! Figures on screen and on paper.

pub mod draw;
pub mod export;
