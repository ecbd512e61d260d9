//! The names of the charts and of what can be chosen in them.

use crate::figures::{axis_name, short_name};
use crate::study::chart::{ChartKind, PointsAre, Quantity};

/// The user's own charts, then the paper's figures, in the order of the list.
pub const KINDS: [ChartKind; 13] = [
    ChartKind::Scatter,
    ChartKind::Stagnation,
    ChartKind::Gains,
    ChartKind::Matrix,
    ChartKind::Layers,
    ChartKind::Runs,
    ChartKind::Paper(2),
    ChartKind::Paper(3),
    ChartKind::Paper(4),
    ChartKind::Paper(5),
    ChartKind::Paper(6),
    ChartKind::Paper(7),
    ChartKind::Paper(8),
];

/// The name of a chart in the list.
pub fn title(kind: ChartKind) -> String {
    match kind {
        ChartKind::Scatter => "Scatter".to_owned(),
        ChartKind::Stagnation => "Stagnation".to_owned(),
        ChartKind::Gains => "Merge gain".to_owned(),
        ChartKind::Matrix => "Kinship matrix".to_owned(),
        ChartKind::Layers => "Change by layer".to_owned(),
        ChartKind::Runs => "Runs compared".to_owned(),
        ChartKind::Paper(number) => format!("Figure {number}"),
    }
}

/// What a chart shows, for its hover.
pub const fn sentence(kind: ChartKind) -> &'static str {
    match kind {
        ChartKind::Scatter => "One quantity against another, such as kinship and merge gain",
        ChartKind::Stagnation => "Performance and kinship over generations",
        ChartKind::Gains => "Merge gain of each generation",
        ChartKind::Matrix => "Kinship of all pairs of a group",
        ChartKind::Layers => "How much each layer of a model was changed",
        ChartKind::Runs => "Best so far by generation of several runs",
        ChartKind::Paper(2) => "Kinship and merge gain of community merges",
        ChartKind::Paper(3) => "Performance and merge gain of two community paths",
        ChartKind::Paper(4) => "Kinship and performance along the two paths",
        ChartKind::Paper(5) => "Greedy merging against merging with kinship",
        ChartKind::Paper(6) => "Change of weights by layer",
        ChartKind::Paper(7) => "Kinship matrices of three groups of models",
        ChartKind::Paper(_) => "Three measures of kinship along the two paths",
    }
}

/// The key of the carried study whose data a figure of the paper has.
pub const fn study_of(figure: u8) -> &'static str {
    match figure {
        5 | 6 => "experiment",
        _ => "community",
    }
}

/// A quantity as in the menus, where there is less room than at its axis; the unit stands
/// there.
pub fn quantity(quantity: &Quantity, points: PointsAre) -> String {
    match quantity {
        Quantity::Kinship(metric) => short_name(*metric),
        Quantity::AbsoluteGain => "Absolute gain".to_owned(),
        Quantity::Difference => "Task difference".to_owned(),
        quantity => {
            let name = axis_name(quantity, points);
            name.strip_suffix(" (points)").unwrap_or(&name).to_owned()
        }
    }
}
