//! A panel on the sheet: how much room its axes take, and where a value lies.

use super::canvas::Area;
use super::ink::has_scale;
use super::legend;
use super::ruler::Ruler;
use super::ticks::ticks;
use crate::charts::{Axis, Bounds, Color, Layer, Marker, Panel, Side};

/// Sizes of type, in points.
pub mod size {
    /// Ticks, labels of points, values in cells.
    pub const TICK: f32 = 7.5;
    /// Names of axes, legends.
    pub const NAME: f32 = 8.5;
    /// The title of a panel.
    pub const PANEL: f32 = 9.5;
    /// The title of the figure.
    pub const TITLE: f32 = 12.0;
    /// The caption.
    pub const CAPTION: f32 = 8.5;
    /// Notes and source.
    pub const NOTE: f32 = 7.5;
}

/// From one line of text to the next, in sizes of type.
pub const LINE: f32 = 1.4;
/// Length of a tick, in points.
pub const TICK_LENGTH: f32 = 3.0;
/// From a tick to its number.
pub const TICK_GAP: f32 = 3.0;
/// Width of the colour bar.
pub const BAR_WIDTH: f32 = 9.0;
/// From the plot to the colour bar.
pub const BAR_GAP: f32 = 12.0;
/// The place of a shape before words.
pub const SHAPE: f32 = 9.0;
/// Ticks of an axis, at most.
pub const MOST_TICKS: usize = 6;

/// Where a panel lies on the sheet.
#[derive(Clone, Copy)]
pub struct Place {
    /// The plot.
    pub plot: Area,
    /// What lies around it.
    pub margins: Margins,
    /// The width of plot and margins, from which names are cut.
    pub outer: f32,
    /// Whether the colour bar is drawn; panels with the same scale share one.
    pub has_bar: bool,
}

/// What lies around the plot, in points.
#[derive(Clone, Copy, Debug, Default)]
pub struct Margins {
    /// Vertical axis.
    pub left: f32,
    /// Title, legend, words of vertical lines.
    pub top: f32,
    /// Second axis and colour bar.
    pub right: f32,
    /// Horizontal axis.
    pub bottom: f32,
}

impl Margins {
    /// Room for both.
    pub fn or(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// What a panel of this width needs, without its colour bar.
    pub fn of(panel: &Panel, ruler: &mut Ruler, width: f32) -> Self {
        let mut out = Self::default();
        let bounds = panel.bounds();
        if panel.has_axes {
            out.left = axis_width(&panel.y, bounds.y, ruler, width);
            out.bottom = axis_height(panel, ruler, width);
            // Half of the last tick's number may reach beyond the plot.
            out.right = size::TICK;
        }
        if let (Some(axis), Some(range)) = (&panel.right, bounds.right) {
            out.right = axis_width(axis, range, ruler, width);
        }
        let plot = (width - out.left - out.right).max(1.0);
        if !panel.title.is_empty() {
            out.top += size::PANEL * LINE + 2.0;
        }
        out.top += legend::height(panel, ruler, plot);
        out.top += vertical_words(panel, ruler, plot).1 as f32 * size::NAME * LINE;
        out.top += size::TICK / 2.0;
        out
    }
}

/// The width of an axis with its numbers and name.
pub fn axis_width(axis: &Axis, range: (f64, f64), ruler: &mut Ruler, width: f32) -> f32 {
    let words: Vec<String> = if axis.names.is_empty() {
        let found = ticks(range.0, range.1, MOST_TICKS, axis.is_whole);
        found.into_iter().map(|(_, word)| word).collect()
    } else {
        row_names(axis, ruler, width)
    };
    let numbers = ruler.widest(words.iter().map(String::as_str), size::TICK);
    numbers + TICK_LENGTH + TICK_GAP + name_height(axis)
}

/// Names of rows, cut to two fifths of the panel.
pub fn row_names(axis: &Axis, ruler: &mut Ruler, width: f32) -> Vec<String> {
    let cut = |name: &String| ruler.elided(name, size::TICK, width * 0.4);
    axis.names.iter().map(cut).collect()
}

/// The longest that the name of a column may be, in points.
const COLUMN_NAME: f32 = 120.0;

/// Names of columns, and whether they are written upwards to have room.
pub fn column_names(panel: &Panel, ruler: &mut Ruler, cell: f32) -> (Vec<String>, bool) {
    let names = &panel.x.names;
    let widest = ruler.widest(names.iter().map(String::as_str), size::TICK);
    let is_upward = widest > cell - 4.0;
    let cut = |name: &String| ruler.elided(name, size::TICK, COLUMN_NAME);
    (names.iter().map(cut).collect(), is_upward)
}

fn axis_height(panel: &Panel, ruler: &mut Ruler, width: f32) -> f32 {
    let numbers = if panel.x.names.is_empty() {
        size::TICK * LINE
    } else {
        let cell = width / panel.x.names.len() as f32 * 0.6;
        let (names, is_upward) = column_names(panel, ruler, cell);
        if is_upward {
            ruler.widest(names.iter().map(String::as_str), size::TICK)
        } else {
            size::TICK * LINE
        }
    };
    numbers + TICK_LENGTH + TICK_GAP + name_height(&panel.x)
}

fn name_height(axis: &Axis) -> f32 {
    if axis.name.is_empty() {
        0.0
    } else {
        size::NAME * LINE + 2.0
    }
}

/// The width of the colour bar with its numbers and name; 0 without one.
pub fn bar_width(panel: &Panel, ruler: &mut Ruler) -> f32 {
    if !has_scale(panel) {
        return 0.0;
    }
    let scale = super::ink::Ink::of(panel).scale;
    let (lo, hi) = scale.range();
    let words = ticks(lo, hi, MOST_TICKS, false);
    let numbers = ruler.widest(words.iter().map(|(_, word)| word.as_str()), size::TICK);
    let name = panel
        .scale
        .as_ref()
        .map_or(0.0, |_| size::NAME * LINE + 2.0);
    BAR_GAP + BAR_WIDTH + TICK_GAP + numbers + name
}

/// The words of vertical lines: text, middle and row, and how many rows they need.
pub fn vertical_words(panel: &Panel, ruler: &mut Ruler, width: f32) -> (Vec<Words>, usize) {
    let (from, to) = panel.bounds().x;
    let mut ends: Vec<Vec<(f32, f32)>> = Vec::new();
    let mut out = Vec::new();
    for layer in &panel.layers {
        let Layer::Vertical { name, x, runs } = layer else {
            continue;
        };
        if name.is_empty() || *x < from || *x > to {
            continue;
        }
        let shapes = SHAPE * runs.len() as f32;
        let half = (ruler.width(name, size::NAME, false) + shapes) / 2.0;
        let at = ((x - from) / (to - from)) as f32 * width;
        let middle = at.min(width - half).max(half);
        let (left, right) = (middle - half - 4.0, middle + half + 4.0);
        let is_free = |row: &Vec<(f32, f32)>| row.iter().all(|&(l, r)| right < l || left > r);
        let row = ends.iter().position(is_free).unwrap_or(ends.len());
        if row == ends.len() {
            ends.push(Vec::new());
        }
        ends[row].push((left, right));
        out.push(Words {
            text: name.clone(),
            middle,
            row,
            runs: runs.clone(),
            half,
        });
    }
    (out, ends.len())
}

/// Words over a vertical line.
pub struct Words {
    /// The words.
    pub text: String,
    /// Their middle, from the left edge of the plot.
    pub middle: f32,
    /// Their row, from the lowest.
    pub row: usize,
    /// Whose line it is.
    pub runs: Vec<(Marker, Color)>,
    /// Half of their width, with the shapes before them.
    pub half: f32,
}

/// Where values lie.
#[derive(Clone, Copy)]
pub struct Frame {
    /// The plot on the sheet.
    pub plot: Area,
    /// The ends of its axes.
    pub bounds: Bounds,
    /// Whether y counts downwards.
    pub is_down: bool,
}

impl Frame {
    /// The frame of a panel whose plot lies there.
    pub fn new(panel: &Panel, plot: Area) -> Self {
        Self {
            plot,
            bounds: panel.bounds(),
            is_down: panel.cells().is_some(),
        }
    }

    /// Across, on the sheet.
    pub fn x(&self, x: f64) -> f32 {
        let (from, to) = self.bounds.x;
        self.plot.left + ((x - from) / (to - from)) as f32 * self.plot.width()
    }

    /// Up, on the sheet.
    pub fn y(&self, y: f64, side: Side) -> f32 {
        let (from, to) = match side {
            Side::Left | Side::Scaled => self.bounds.y,
            Side::Right => self.bounds.right.unwrap_or(self.bounds.y),
        };
        let share = ((y - from) / (to - from)) as f32;
        if self.is_down {
            self.plot.top + share * self.plot.height()
        } else {
            self.plot.bottom - share * self.plot.height()
        }
    }

    /// A point on the sheet.
    pub fn at(&self, x: f64, y: f64, side: Side) -> [f32; 2] {
        [self.x(x), self.y(y, side)]
    }
}
