//! What can be put on the axes of a study's scatter, and how many values there are of it.

use std::collections::BTreeSet;

use crate::figures::{axis_name, short_name};
use crate::kinship::Metric;
use crate::study::chart::{ChartChoices, PointsAre, Quantity};
use crate::study::{PairRow, StudyFacts};

#[derive(Clone, Debug, PartialEq)]
pub struct AvailableQuantity {
    pub quantity: Quantity,
    pub count: usize,
}

/// The choices with other points. An axis of which nothing is known for these is replaced by
/// one that has values, so that no choice leads to an empty chart.
pub fn with_points(
    choices: &ChartChoices,
    points: PointsAre,
    (record, pairs): (&StudyFacts, &[PairRow]),
) -> ChartChoices {
    let known = known(record, pairs, points);
    let has = |quantity: &Quantity| known.iter().any(|k| k.quantity == *quantity);
    let preferred = [Quantity::Gain, Quantity::Difference, Quantity::Average];
    let rest = known.iter().map(|k| k.quantity.clone());
    let mut offered = preferred.into_iter().filter(|q| has(q)).chain(rest);
    let mut out = ChartChoices {
        points,
        ..choices.clone()
    };
    if !has(&out.x) {
        let kinship = |k: &&AvailableQuantity| matches!(k.quantity, Quantity::Kinship(_));
        let first = known.iter().find(kinship).or(known.first());
        out.x = first.map_or(out.x, |k| k.quantity.clone());
    }
    if !has(&out.y) {
        let other = offered.find(|quantity| *quantity != out.x);
        out.y = other.unwrap_or(out.y);
    }
    out.colour = out.colour.filter(has);
    out
}

/// Every quantity of which there is a value, in the order of the menus.
pub fn known(record: &StudyFacts, pairs: &[PairRow], points: PointsAre) -> Vec<AvailableQuantity> {
    let tasks = record.tasks.iter().cloned().map(Quantity::Task);
    let kinships = metrics(record, pairs).into_iter().map(Quantity::Kinship);
    let rest = [
        Quantity::Gain,
        Quantity::AbsoluteGain,
        Quantity::Average,
        Quantity::Difference,
        Quantity::Generation,
    ];
    kinships
        .chain(rest)
        .chain(tasks)
        .map(|quantity| AvailableQuantity {
            count: match points {
                PointsAre::Models => of_models(record, &quantity),
                PointsAre::Pairs => of_pairs(record, pairs, &quantity),
            },
            quantity,
        })
        .filter(|known| known.count > 0)
        .collect()
}

/// The measures of this program, then those that only the study has.
fn metrics(record: &StudyFacts, pairs: &[PairRow]) -> Vec<Metric> {
    let kinships = record.rows.iter().map(|row| &row.kinship);
    let kinships = kinships.chain(pairs.iter().map(|pair| &pair.kinship));
    let unknown = kinships.flat_map(|kinship| kinship.values.metrics());
    let unknown: BTreeSet<Metric> = unknown.filter(|metric| !metric.is_known()).collect();
    Metric::ALL.iter().copied().chain(unknown).collect()
}

fn of_models(record: &StudyFacts, quantity: &Quantity) -> usize {
    let rows = record.rows.iter();
    match quantity {
        Quantity::Kinship(metric) => rows.filter(|r| r.kinship.get(*metric).is_some()).count(),
        Quantity::Gain | Quantity::AbsoluteGain => rows.filter(|r| r.gain.is_some()).count(),
        Quantity::Average => rows.filter(|r| r.average.is_some()).count(),
        Quantity::Difference => rows.filter(|r| r.difference.is_some()).count(),
        Quantity::Task(task) => {
            task_column(record, task).map_or(0, |k| rows.filter(|r| r.scores[k].is_some()).count())
        }
        // Without a generation after the first there is nothing to compare.
        Quantity::Generation if record.rows.iter().all(|r| r.generation == 0) => 0,
        Quantity::Generation => record.rows.len(),
    }
}

fn of_pairs(record: &StudyFacts, pairs: &[PairRow], quantity: &Quantity) -> usize {
    let both = |pair: &&PairRow, has: &dyn Fn(&crate::study::ModelFacts) -> bool| {
        let has = |id| record.row(id).is_some_and(has);
        pair.models.into_iter().all(has)
    };
    let pairs = pairs.iter();
    match quantity {
        Quantity::Kinship(metric) => pairs.filter(|p| p.kinship.get(*metric).is_some()).count(),
        Quantity::Average => pairs.filter(|p| both(p, &|r| r.average.is_some())).count(),
        Quantity::Difference => pairs.filter(|p| p.difference.is_some()).count(),
        Quantity::Task(task) => task_column(record, task).map_or(0, |k| {
            pairs
                .filter(|p| both(p, &|r| r.scores[k].is_some()))
                .count()
        }),
        Quantity::Gain | Quantity::AbsoluteGain | Quantity::Generation => 0,
    }
}

/// A quantity as in the menus, where there is less room than at its axis; the unit stands
/// there.
pub fn quantity_title(quantity: &Quantity, points: PointsAre) -> String {
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

fn task_column(record: &StudyFacts, task: &str) -> Option<usize> {
    record.tasks.iter().position(|t| t == task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{ModelFacts, ModelId, ParentKinship};

    #[test]
    fn only_what_exists_is_offered_with_its_count() {
        let row = |id, gain, score| ModelFacts {
            id: ModelId(id),
            gain,
            average: Some(70.0),
            scores: vec![score],
            ..ModelFacts::default()
        };
        let record = StudyFacts {
            tasks: vec!["arc".into()],
            runs: vec![],
            rows: vec![
                row(0, Some(1.0), None),
                row(1, None, Some(60.0)),
                row(2, None, Some(61.0)),
            ],
            ..StudyFacts::default()
        };
        let pairs = [PairRow {
            models: [ModelId(1), ModelId(2)],
            kinship: ParentKinship {
                values: [(Metric::PEARSON, 0.5)].into_iter().collect(),
                is_measured: true,
            },
            ..PairRow::default()
        }];
        let found = |points| -> Vec<(Quantity, usize)> {
            let known = known(&record, &pairs, points);
            known.into_iter().map(|k| (k.quantity, k.count)).collect()
        };
        assert_eq!(
            found(PointsAre::Models),
            [
                (Quantity::Gain, 1),
                (Quantity::AbsoluteGain, 1),
                (Quantity::Average, 3),
                (Quantity::Task("arc".into()), 2)
            ]
        );
        assert_eq!(
            found(PointsAre::Pairs),
            [
                (Quantity::Kinship(Metric::PEARSON), 1),
                (Quantity::Average, 1),
                (Quantity::Task("arc".into()), 1)
            ]
        );
    }
}
