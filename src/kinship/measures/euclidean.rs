//! Euclidean distance of the task vectors, which is that of the models.

use super::{Definition, Metric, ScaleKind};

impl Metric {
    /// Euclidean distance.
    pub const EUCLIDEAN: Self = Self(&Definition {
        key: "euclidean",
        title: "Euclidean distance",
        name: "Euclidean distance",
        short: "distance",
        help: "0: equal models; the larger, the less related",
        formula: "√Σ(a − b)²",
        source: "arXiv 2410.12613, section 4.1",
        range: (0.0, f64::INFINITY),
        ends: ["equal", "unrelated"],
        of_itself: 0.0,
        scale: ScaleKind::Reversed,
        spellings: &["ed", "euclidean", "distance", "l2"],
        follows: None,
        of: |pair| pair.sums?.euclidean(),
    });
}
