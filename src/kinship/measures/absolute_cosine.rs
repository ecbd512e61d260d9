//! The magnitude of the cosine: what the paper's tool calls cosine.

use super::{Definition, Metric, ScaleKind};

impl Metric {
    /// Magnitude of the cosine.
    pub const ABSOLUTE_COSINE: Self = Self(&Definition {
        key: "absolute_cosine",
        title: "Absolute cosine",
        name: "absolute cosine",
        short: "absolute cosine",
        help: "The cosine without its sign: opposite changes look alike",
        formula: "|Σab| / √(Σa² Σb²)",
        source: "The program that goes with arXiv 2410.12613",
        range: (0.0, 1.0),
        ends: ["unrelated", "related"],
        of_itself: 1.0,
        scale: ScaleKind::Sequential,
        spellings: &[],
        follows: Some((Self::COSINE, f64::abs)),
        of: |pair| pair.sums?.cosine().map(f64::abs),
    });
}
