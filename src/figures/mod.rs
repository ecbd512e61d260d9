//! Charts as plain data: what is drawn on screen, saved as a picture and written as a table is
//! one [`Figure`], so the three cannot differ.

mod bounds;
mod figure;

pub use bounds::Bounds;
pub use figure::{
    Axis, Cells, Color, Dash, Figure, Key, Layer, LineMark, MODEL, Marker, Panel, Point, PointMark,
    Side,
};

mod chart;
pub mod labels;
mod registry;

pub use chart::{Chart, Control, Needs, Sketch};
pub use registry::{build, chart, charts};

mod fit;
mod quantity;
mod runs_of;
mod words;

mod evolutions;
mod gains;
mod ghost;
mod layers;
mod matrix;
mod paper;
mod predictions;
mod runs;
mod scatter;
mod stagnation;

pub use evolutions::{Along, Course, evolutions};
pub use ghost::Ghost;
pub use layers::shown_model;
pub use matrix::groups;
pub use predictions::{Prediction, predictions};
pub use quantity::{axis_name, short_name};

use crate::study::{MeasuredKinship, ModelId, PairRow, StudyDoc, StudyFacts};

pub struct ChartData<'a> {
    pub doc: &'a StudyDoc,
    pub record: &'a StudyFacts,
    pub pairs: &'a [PairRow],
    pub kinship: &'a MeasuredKinship<'a>,
    pub layers: &'a LayerChanges<'a>,
    /// What is selected: its points are named, and its layers are drawn.
    pub selected: &'a [ModelId],
    /// The studies that the program carries, by their key; the paper's figures are drawn from
    /// them.
    pub bundled: &'a Bundled<'a>,
}

/// How much each layer of a model differs from its base, or from the second model if one is
/// given: name of the layer and root mean square of the change; `None` if it was not measured.
pub type LayerChanges<'a> = dyn Fn(ModelId, Option<ModelId>) -> Option<Vec<(String, f64)>> + 'a;

/// The study of a key, empty if there is none.
pub type Bundled<'a> = dyn Fn(&str) -> &'a StudyDoc + 'a;
