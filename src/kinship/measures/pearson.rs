//! Pearson correlation of the task vectors: the paper's default.

use super::{Definition, Metric, ScaleKind};

impl Metric {
    /// Pearson correlation.
    pub const PEARSON: Self = Self(&Definition {
        key: "pearson",
        title: "Pearson",
        name: "Pearson",
        short: "Pearson",
        help: "1: the same change up to size, 0: unrelated, −1: opposite",
        formula: "Covariance of a and b over the product of their standard deviations",
        source: "arXiv 2410.12613, section 4.1",
        range: (-1.0, 1.0),
        ends: ["opposite", "related"],
        of_itself: 1.0,
        scale: ScaleKind::Diverging,
        spellings: &["pcc", "pearson"],
        follows: None,
        of: |pair| pair.sums?.pearson(),
    });
}
