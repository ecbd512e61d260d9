//! The names of the charts and of what can be chosen in them.

use crate::figures::{axis_name, chart, short_name};
use crate::study::chart::{ChartKind, PointsAre, Quantity};

pub fn title(kind: ChartKind) -> &'static str {
    chart(kind).map_or("Figure", |chart| chart.title)
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
