//! A chart as data: what it is called, shows and means, and how it is made.
//!
//! A new one is a file with a [`Chart`], its line in the list, and a kind to keep it by in the
//! study. The view has no list of its own.

use super::{ChartData, Figure, gains, layers, matrix, paper, runs, scatter, stagnation};
use crate::study::chart::{ChartChoices, ChartKind};

pub type Build = fn(&ChartChoices, &ChartData<'_>) -> Result<Figure, String>;

pub struct Chart {
    /// What it is kept by.
    pub kind: ChartKind,
    pub title: &'static str,
    /// What it shows, for its hover.
    pub sentence: &'static str,
    /// Three sentences on what it means, and one on what the paper's data cannot carry.
    pub meaning: [&'static str; 4],
    /// A small drawing that tells it apart; it shows the kind of chart and not the data.
    pub sketch: &'static [Sketch],
    /// What can be chosen, in order.
    pub controls: &'static [Control],
    /// What it is made from.
    pub needs: Needs,
    /// The key of the carried study that it is always made from, if it is one of the paper's.
    pub study: Option<&'static str>,
    /// Makes the figure, or says in a sentence what is missing.
    pub build: Build,
}

/// Something that can be chosen in a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// What points are, their axes and their colour.
    Points,
    /// The line through points and its band.
    Fit,
    Runs,
    Metric,
    /// How performance and kinship share the chart.
    Overlay,
    /// When an evolution counts as saturated.
    Rule,
    /// The group of a matrix.
    Group,
    /// The model whose layers are shown.
    Model,
}

/// What a chart is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Scores,
    /// Measured kinship, or a reported one.
    Kinship,
    Weights,
    /// Nothing of the open study.
    Nothing,
}

/// A part of a sketch. Places are shares of width and height, upwards; colours are those of
/// series.
#[derive(Clone, Copy, Debug)]
pub enum Sketch {
    /// Points of one series.
    Points(usize, &'static [[f32; 2]]),
    /// A line of one series.
    Line(usize, &'static [[f32; 2]]),
    /// The same, dashed.
    Dashes(usize, &'static [[f32; 2]]),
    Bars(&'static [f32]),
    /// Rows and columns of cells.
    Cells(usize, usize),
    Tree,
    Multiples,
}

/// Points that fall.
pub const SPREAD: [[f32; 2]; 8] = [
    [0.08, 0.9],
    [0.2, 0.55],
    [0.35, 0.75],
    [0.5, 0.4],
    [0.6, 0.6],
    [0.75, 0.25],
    [0.85, 0.45],
    [0.95, 0.1],
];

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
