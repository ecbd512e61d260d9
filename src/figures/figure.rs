//! The parts of a figure. Nothing here knows a window, a theme or a file format.

use crate::study::ModelId;

/// One or more panels with a title, and a sentence that says their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    pub title: String,
    pub panels: Vec<Panel>,
    /// How many panels stand beside each other; at least 1.
    pub columns: usize,
    /// The numbers as one sentence: r, interval, p, n.
    pub caption: String,
    /// What a reader must know beside it: missing values, where the source contradicts itself.
    pub notes: Vec<String>,
    pub source: String,
}

/// A pair of axes and what is drawn in it, back to front.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Its title; empty for a figure of one panel.
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    /// A second vertical axis at the right.
    pub right: Option<Axis>,
    pub layers: Vec<Layer>,
    /// What marks mean, where that is shorter than the name of each series; else empty.
    pub key: Vec<Key>,
    /// What the colours of [`Color::Value`] mean, if any mark has one: name and range.
    pub scale: Option<(String, f64, f64)>,
    /// Whether axes and grid are drawn: a tree has none.
    pub has_axes: bool,
}

impl Panel {
    pub fn new(x: Axis, y: Axis, layers: Vec<Layer>) -> Self {
        Self {
            x,
            y,
            layers,
            has_axes: true,
            ..Self::default()
        }
    }
}

/// A line of a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub name: String,
    /// Its colour; quiet where only the shape means something.
    pub color: Color,
    pub marker: Option<Marker>,
    pub dash: Option<Dash>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    pub name: String,
    /// From and to; `None` fits what is drawn.
    pub range: Option<(f64, f64)>,
    /// Whether only whole numbers are marked, as for generations and layers.
    pub is_whole: bool,
    /// Names at whole numbers from 0, as for the rows of a matrix; else empty.
    pub names: Vec<String>,
}

impl Axis {
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub fn whole(name: impl Into<String>) -> Self {
        Self {
            is_whole: true,
            ..Self::named(name)
        }
    }

    pub fn of_names(name: impl Into<String>, names: Vec<String>) -> Self {
        Self {
            names,
            ..Self::whole(name)
        }
    }

    pub fn within(self, lo: f64, hi: f64) -> Self {
        Self {
            range: Some((lo, hi)),
            ..self
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    #[default]
    Left,
    Right,
    /// The usual one, into whose range the values are scaled: it does not say their unit.
    Scaled,
}

/// A colour by meaning; whoever draws turns it into one that fits theme or paper.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Color {
    /// One of the eight colours for series.
    Series(usize),
    /// A value on the panel's scale, low to high.
    Value(f64),
    /// A value on a scale that is centred at 0.
    Signed(f64),
    /// Quiet: what stands behind the data.
    #[default]
    Quiet,
}

/// The shape of a point; runs differ in shape as well as in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marker {
    #[default]
    Circle,
    Cross,
    Square,
    Triangle,
    Diamond,
    /// A hollow circle: what is predicted.
    Ring,
}

impl Marker {
    /// Those of series, in their order.
    pub const SERIES: [Self; 5] = [
        Self::Circle,
        Self::Cross,
        Self::Square,
        Self::Triangle,
        Self::Diamond,
    ];
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    #[default]
    Solid,
    Dashed,
    Dotted,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    Points(PointMark),
    Line(LineMark),
    /// An area between two lines over the same x: x, lower, upper.
    Band {
        name: String,
        /// Its colour, drawn thin.
        color: Color,
        /// x, lower and upper end.
        points: Vec<[f64; 3]>,
    },
    /// A vertical line over the whole height, with words at its top.
    Vertical {
        name: String,
        x: f64,
        /// Whose line it is: shape and colour of each run. The line has all their colours in
        /// turn, and their shapes stand before the words; without a run it is quiet.
        runs: Vec<(Marker, Color)>,
    },
    /// A horizontal line over the whole width, such as zero.
    Horizontal {
        y: f64,
        color: Color,
    },
    /// Bars from 0.
    Bars {
        name: String,
        color: Color,
        /// Width in units of x.
        width: f64,
        points: Vec<Point>,
    },
    /// Cells of a matrix or heat map.
    Cells(Cells),
}

impl Layer {
    pub fn line(name: &str, color: Color, dash: Dash, points: Vec<[f64; 2]>) -> Self {
        Self::Line(LineMark {
            name: name.to_owned(),
            color,
            dash,
            points,
            ..LineMark::default()
        })
    }

    pub fn points(name: &str, marker: Marker, points: Vec<Point>) -> Self {
        Self::Points(PointMark {
            name: name.to_owned(),
            marker,
            points,
            ..PointMark::default()
        })
    }

    pub const fn horizontal(y: f64) -> Self {
        let color = Color::Quiet;
        Self::Horizontal { y, color }
    }

    /// The same against another axis; what has no points has no other.
    pub fn on(mut self, own: Side) -> Self {
        match &mut self {
            Self::Points(PointMark { side, .. }) | Self::Line(LineMark { side, .. }) => *side = own,
            _ => {}
        }
        self
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointMark {
    /// Name in the legend; empty for none.
    pub name: String,
    pub marker: Marker,
    pub side: Side,
    pub points: Vec<Point>,
}

/// The name of the detail that says which model a point is, where its label does not.
pub const MODEL: &str = "Model";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub color: Color,
    /// What it is, for hover and table.
    pub label: String,
    /// What is written beside it, where the label is long; else nothing.
    pub short: String,
    /// Further values to say on hover: name and value with unit.
    pub details: Vec<(String, String)>,
    /// The models it stands for: one, or the two of a pair.
    pub models: Vec<ModelId>,
    /// Whether its label is written beside it.
    pub is_named: bool,
}

impl Point {
    /// What is written beside it.
    pub fn written(&self) -> &str {
        match self.short.is_empty() {
            true => &self.label,
            false => &self.short,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineMark {
    /// Name in the legend; empty for none.
    pub name: String,
    pub color: Color,
    pub dash: Dash,
    /// Whether it stands behind the others, for comparison.
    pub is_thin: bool,
    pub side: Side,
    /// Its corners. A best-so-far line has two at each step.
    pub points: Vec<[f64; 2]>,
}

/// Cells, row by row from the top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    pub columns: usize,
    /// Values; undefined is `None`.
    pub values: Vec<Option<f64>>,
    /// Decimals of the numbers written into the cells; `None` writes none.
    pub decimals: Option<usize>,
    /// Whether the scale is centred at 0.
    pub is_signed: bool,
    /// Whether bright means near, as for distances.
    pub is_distance: bool,
}
