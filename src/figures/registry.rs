//! Every chart, in the order of the list on screen.

use super::chart::Chart;
use super::{ChartData, Figure, gains, layers, matrix, paper, runs, scatter, stagnation};
use crate::study::chart::{ChartChoices, ChartKind};

/// The charts of the user's own study.
static OWN: [&Chart; 6] = [
    &scatter::CHART,
    &stagnation::CHART,
    &gains::CHART,
    &matrix::CHART,
    &layers::CHART,
    &runs::CHART,
];

/// Every chart in the order of the list: the user's own, then the paper's figures.
pub fn charts() -> impl Iterator<Item = &'static Chart> {
    OWN.iter().copied().chain(&paper::FIGURES)
}

/// The chart of a kind; there is none for a figure that the paper does not have.
pub fn chart(kind: ChartKind) -> Option<&'static Chart> {
    charts().find(|chart| chart.kind == kind)
}

/// The figure that is chosen.
///
/// # Errors
/// A sentence for the user that says what is missing, if there is nothing to draw.
pub fn build(choices: &ChartChoices, data: &ChartData<'_>) -> Result<Figure, String> {
    let chart = chart(choices.kind)
        .ok_or("The paper's figures with data are 2 to 8; choose one of them")?;
    (chart.build)(choices, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::chart::Needs;

    #[test]
    fn every_chart_has_a_kind_and_a_title_of_its_own() {
        let all: Vec<&Chart> = charts().collect();
        for (k, chart) in all.iter().enumerate() {
            let is_same = |other: &&Chart| other.kind == chart.kind || other.title == chart.title;
            assert_eq!(all.iter().position(is_same), Some(k));
            assert!(!chart.sketch.is_empty() && !chart.sentence.ends_with('.'));
            assert_eq!(chart.study.is_some(), chart.needs == Needs::Nothing);
        }
    }
}
