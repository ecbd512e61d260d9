//! What is known of a model or a pair as a number, and what the number is called.

use crate::kinship::Metric;
use crate::study::chart::{PointsAre, Quantity};
use crate::study::{ModelFacts, PairRow, StudyDoc, StudyFacts};
use crate::text::sentence_case;

/// A measure of kinship as it is called where there is little room.
pub fn short_name(metric: Metric) -> String {
    if metric.is_similarity() {
        format!("Kinship ({})", metric.name)
    } else {
        metric.title.to_owned()
    }
}

/// The name of an axis, with its unit.
pub fn axis_name(quantity: &Quantity, points: PointsAre) -> String {
    let name = name(quantity, points);
    let name = match quantity {
        Quantity::Task(_) if points == PointsAre::Models => name,
        _ => sentence_case(&name),
    };
    match quantity {
        Quantity::Kinship(metric) if metric.is_similarity() => {
            format!("{name} ({})", metric.name)
        }
        Quantity::Kinship(_) | Quantity::Generation => name,
        _ => format!("{name} (points)"),
    }
}

/// The name within a sentence, without measure and unit.
pub fn name(quantity: &Quantity, points: PointsAre) -> String {
    let whose = match points {
        PointsAre::Models => "of the parents",
        PointsAre::Pairs => "of the two",
    };
    let are_pairs = points == PointsAre::Pairs;
    match quantity {
        Quantity::Kinship(metric) if metric.is_similarity() => format!("kinship {whose}"),
        Quantity::Kinship(metric) => format!("{} {whose}", metric.name),
        Quantity::Gain => "merge gain".to_owned(),
        Quantity::AbsoluteGain => "magnitude of the merge gain".to_owned(),
        Quantity::Average if are_pairs => "difference of the averages".to_owned(),
        Quantity::Average => "average score".to_owned(),
        Quantity::Difference => format!("average task difference {whose}"),
        Quantity::Task(task) if are_pairs => format!("difference on {task}"),
        Quantity::Task(task) => task.clone(),
        Quantity::Generation => "generation".to_owned(),
    }
}

pub fn is_of_merges(quantity: &Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Kinship(_) | Quantity::Gain | Quantity::AbsoluteGain | Quantity::Difference
    )
}

/// Its value for a model; `generation` is that of the run it is drawn for.
pub fn of_model(
    quantity: &Quantity,
    record: &StudyFacts,
    row: &ModelFacts,
    generation: u32,
) -> Option<f64> {
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
    record: &StudyFacts,
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
