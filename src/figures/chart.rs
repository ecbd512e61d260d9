//! A chart as data: what it is called, shows and means, and how it is made.
//!
//! A new one is a file with a [`Chart`], its line in `registry.rs`, and a kind to keep it by in
//! the study. The view has no list of its own.

use super::{ChartData, Figure};
use crate::study::chart::{ChartChoices, ChartKind};

pub type Build = fn(&ChartChoices, &ChartData<'_>) -> Result<Figure, String>;

pub struct Chart {
    pub kind: ChartKind,
    pub title: &'static str,
    /// What it shows, for its hover.
    pub sentence: &'static str,
    /// Three sentences on what it means, and one on what the paper's data cannot carry.
    pub meaning: [&'static str; 4],
    /// A small drawing that tells it apart; it shows the kind of chart and not the data.
    pub sketch: &'static [Sketch],
    pub controls: &'static [Control],
    pub needs: Needs,
    /// The key of the carried study that it is always made from, if it is one of the paper's.
    pub study: Option<&'static str>,
    /// Makes the figure, or says in a sentence what is missing.
    pub build: Build,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// What points are, their axes and their colour.
    Points,
    Fit,
    Runs,
    Metric,
    /// How performance and kinship share the chart.
    Overlay,
    Rule,
    Group,
    Model,
}

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
