//! A child that does not exist yet, as a hollow point of the scatter: it is no part of the line
//! or of the numbers below it.

use super::quantity::{axis_name, decimals};
use super::{Color, Figure, Layer, Marker, Point};
use crate::kinship::Values;
use crate::study::ModelId;
use crate::study::chart::{ChartChoices, ChartKind, PointsAre, Quantity};
use crate::text;

/// What is predicted of a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Ghost {
    pub name: String,
    pub parents: Vec<ModelId>,
    /// Mean kinship over all pairs of its parents.
    pub kinship: Values,
    /// Its expected gain, in points.
    pub gain: Option<f64>,
    /// What the gain is expected from, in words.
    pub source: String,
}

impl Ghost {
    fn value(&self, quantity: &Quantity) -> Option<f64> {
        match quantity {
            Quantity::Kinship(metric) => self.kinship.get(*metric),
            Quantity::Gain => self.gain,
            Quantity::AbsoluteGain => self.gain.map(f64::abs),
            _ => None,
        }
    }

    /// Puts the point into a scatter of merges, where both of its values are predicted.
    pub fn add_to(&self, figure: &mut Figure, choices: &ChartChoices) {
        let is_scatter = choices.kind == ChartKind::Scatter && choices.points == PointsAre::Models;
        let at = self.value(&choices.x).zip(self.value(&choices.y));
        let (true, Some((x, y)), Some(panel)) = (is_scatter, at, figure.panels.first_mut()) else {
            return;
        };
        let mut details = vec![("Predicted".to_owned(), self.source.clone())];
        for (quantity, value) in [(&choices.x, x), (&choices.y, y)] {
            let number = text::number(value, decimals(quantity));
            details.push((axis_name(quantity, choices.points), number));
        }
        let point = Point {
            x,
            y,
            color: Color::Series(0),
            label: self.name.clone(),
            details,
            models: self.parents.clone(),
            short: String::new(),
            is_named: true,
        };
        let ghost = Layer::points("Predicted", Marker::Ring, vec![point]);
        panel.layers.push(ghost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Panel;
    use crate::kinship::Metric;

    fn drawn(choices: &ChartChoices, gain: Option<f64>) -> Option<(f64, f64, Marker)> {
        let ghost = Ghost {
            name: "child".to_owned(),
            parents: vec![ModelId(1), ModelId(2)],
            kinship: [(Metric::PEARSON, 0.2), (Metric::COSINE, 0.3)]
                .into_iter()
                .collect(),
            gain,
            source: "n = 40".to_owned(),
        };
        let mut figure = Figure {
            panels: vec![Panel::default()],
            ..Figure::default()
        };
        ghost.add_to(&mut figure, choices);
        match figure.panels[0].layers.first()? {
            Layer::Points(mark) => Some((mark.points[0].x, mark.points[0].y, mark.marker)),
            _ => None,
        }
    }

    #[test]
    fn it_stands_at_its_parents_kinship_and_its_expected_gain() {
        let choices = ChartChoices::default();
        assert_eq!(drawn(&choices, Some(-1.5)), Some((0.2, -1.5, Marker::Ring)));
        assert_eq!(drawn(&choices, None), None);
        let swapped = ChartChoices {
            x: Quantity::AbsoluteGain,
            y: Quantity::Kinship(Metric::COSINE),
            ..ChartChoices::default()
        };
        assert_eq!(drawn(&swapped, Some(-1.5)), Some((1.5, 0.3, Marker::Ring)));
    }

    #[test]
    fn what_is_not_foreseen_is_not_drawn() {
        let scores = ChartChoices {
            y: Quantity::Average,
            ..ChartChoices::default()
        };
        assert_eq!(drawn(&scores, Some(1.0)), None);
        let pairs = ChartChoices {
            points: PointsAre::Pairs,
            ..ChartChoices::default()
        };
        assert_eq!(drawn(&pairs, Some(1.0)), None);
    }
}
