//! Cosine of the angle between the task vectors.

use super::{Definition, Metric, ScaleKind};

impl Metric {
    /// Cosine.
    pub const COSINE: Self = Self(&Definition {
        key: "cosine",
        title: "Cosine",
        name: "cosine",
        short: "cosine",
        help: "1: the same direction, 0: at right angles, −1: opposite",
        formula: "Σab / √(Σa² Σb²)",
        source: "arXiv 2410.12613, section 4.1",
        range: (-1.0, 1.0),
        ends: ["opposite", "related"],
        of_itself: 1.0,
        scale: ScaleKind::Diverging,
        spellings: &["cs", "cos", "cosine"],
        follows: None,
        of: |pair| pair.sums?.cosine(),
    });
}
