//! What a chart is to show, as the user chose it: kept with the study, and not undone.

use serde::{Deserialize, Serialize};

use super::id::ModelId;
use crate::kinship::Metric;
use crate::stats::SaturationRule;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    #[default]
    Scatter,
    /// Performance and kinship over generations.
    Stagnation,
    Gains,
    /// Kinship of a group, as measured or as reported.
    Matrix,
    /// How much each layer of a model was changed.
    Layers,
    /// Best so far of several runs.
    Runs,
    /// A figure of the paper, drawn again from its data: 2 to 8.
    Paper(u8),
}

/// Something that is known of a model, a merge or a pair, as a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Kinship of the parents; of the two, where points are pairs.
    Kinship(Metric),
    /// Merge gain in points.
    Gain,
    AbsoluteGain,
    /// Average over the tasks, in points. Of pairs: the difference of the averages.
    Average,
    /// Average task performance difference of the parents; of the two, where points are pairs.
    Difference,
    /// One task, in points. Of pairs: the magnitude of the difference.
    Task(String),
    Generation,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointsAre {
    /// A model, with what is known of its parents.
    #[default]
    Models,
    /// Two models whose kinship is known.
    Pairs,
}

/// Which line is laid through points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitLine {
    None,
    #[default]
    LeastSquares,
    /// Theil–Sen: the median of all slopes, which outliers hardly move.
    Robust,
}

/// Which band lies around a least-squares line, at 95 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitBand {
    None,
    /// Where the line may lie.
    #[default]
    Confidence,
    /// Where the next point may lie.
    Prediction,
}

/// How performance and kinship share a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlay {
    /// Each has an axis of its own.
    #[default]
    TwoAxes,
    /// Performance is scaled into the range of kinship, as the paper draws it.
    MinMax,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartChoices {
    pub kind: ChartKind,
    /// What points of the scatter are.
    pub points: PointsAre,
    pub x: Quantity,
    pub y: Quantity,
    /// What colours its points; `None` for the run they belong to.
    pub colour: Option<Quantity>,
    pub line: FitLine,
    pub band: FitBand,
    /// The runs that are shown, in every chart; empty for all.
    pub runs: Vec<String>,
    /// The measure of kinship, where a chart has one.
    pub metric: Metric,
    /// How performance and kinship share the stagnation chart.
    pub overlay: Overlay,
    /// When an evolution counts as saturated.
    pub saturation: SaturationRule,
    /// The group of the kinship matrix: a table's name, or empty for what was measured.
    pub group: String,
    /// The model whose layers are shown.
    pub model: Option<ModelId>,
}

impl Default for ChartChoices {
    fn default() -> Self {
        Self {
            kind: ChartKind::default(),
            points: PointsAre::default(),
            x: Quantity::Kinship(Metric::PEARSON),
            y: Quantity::Gain,
            colour: None,
            line: FitLine::default(),
            band: FitBand::default(),
            runs: Vec::new(),
            metric: Metric::DEFAULT,
            overlay: Overlay::default(),
            saturation: SaturationRule::default(),
            group: String::new(),
            model: None,
        }
    }
}
