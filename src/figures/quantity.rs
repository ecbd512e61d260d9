//! What is known of a model or a pair as a number, and what the number is called.

use crate::kinship::Metric;
use crate::study::chart::{PointsAre, Quantity};
use crate::study::{PairRow, Record, Row, StudyDoc};

/// A measure of kinship as it is called where there is little room.
pub fn short_name(metric: Metric) -> String {
    match metric {
        Metric::Euclidean => "Euclidean distance".to_owned(),
        metric => format!("Kinship ({})", metric_name(metric)),
    }
}

/// The name of an axis, with its unit.
pub fn axis_name(quantity: &Quantity, points: PointsAre) -> String {
    let whose = match points {
        PointsAre::Models => "of the parents",
        PointsAre::Pairs => "of the two",
    };
    match quantity {
        Quantity::Kinship(Metric::Euclidean) => format!("Euclidean distance {whose}"),
        Quantity::Kinship(metric) => format!("Kinship {whose} ({})", metric_name(*metric)),
        Quantity::Gain => "Merge gain (points)".to_owned(),
        Quantity::AbsoluteGain => "Magnitude of the merge gain (points)".to_owned(),
        Quantity::Average if points == PointsAre::Pairs => {
            "Difference of the averages (points)".to_owned()
        }
        Quantity::Average => "Average score (points)".to_owned(),
        Quantity::Difference => format!("Average task difference {whose} (points)"),
        Quantity::Task(task) if points == PointsAre::Pairs => {
            format!("Difference on {task} (points)")
        }
        Quantity::Task(task) => format!("{task} (points)"),
        Quantity::Generation => "Generation".to_owned(),
    }
}

/// A measure within a name: only names of people keep their capital.
pub fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Pearson => "Pearson",
        Metric::Cosine => "cosine",
        Metric::AbsoluteCosine => "absolute cosine",
        Metric::Euclidean => "Euclidean distance",
    }
}

/// Whether only merges have it.
pub fn is_of_merges(quantity: &Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Kinship(_) | Quantity::Gain | Quantity::AbsoluteGain | Quantity::Difference
    )
}

/// Its value for a model; `generation` is that of the run it is drawn for.
pub fn of_model(quantity: &Quantity, record: &Record, row: &Row, generation: u32) -> Option<f64> {
    match quantity {
        Quantity::Kinship(metric) => row.kinship.get(*metric),
        Quantity::Gain => row.gain,
        Quantity::AbsoluteGain => row.gain.map(f64::abs),
        Quantity::Average => row.average,
        Quantity::Difference => row.difference,
        Quantity::Task(task) => {
            let at = record.tasks.iter().position(|t| t == task)?;
            row.scores.get(at).copied().flatten()
        }
        Quantity::Generation => Some(f64::from(generation)),
    }
}

/// Its value for a pair; what only one model can have is `None`.
pub fn of_pair(
    quantity: &Quantity,
    doc: &StudyDoc,
    record: &Record,
    pair: &PairRow,
) -> Option<f64> {
    let [a, b] = pair.models;
    let difference = |a: Option<f64>, b: Option<f64>| Some((a? - b?).abs());
    match quantity {
        Quantity::Kinship(metric) => pair.kinship.get(*metric),
        Quantity::Difference => pair.difference,
        Quantity::Average => {
            let average = |id| record.row(id).and_then(|row| row.average);
            difference(average(a), average(b))
        }
        Quantity::Task(task) => {
            let score = |id| Some(doc.model(id)?.score(task)?.value);
            difference(score(a), score(b))
        }
        Quantity::Gain | Quantity::AbsoluteGain | Quantity::Generation => None,
    }
}

/// Decimals with which it is read.
pub const fn decimals(quantity: &Quantity) -> usize {
    match quantity {
        Quantity::Kinship(_) => 3,
        Quantity::Generation => 0,
        _ => 2,
    }
}
