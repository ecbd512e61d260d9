//! Where everything in the heat map goes, from the space given and the lengths of the names.

use std::ops::Range;

use eframe::egui::{Pos2, Rect, Ui, Vec2, pos2, vec2};

use super::HeatMap;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::text;

/// Cells grow no larger than this, in points.
const LARGEST_CELL: Vec2 = vec2(128.0, 88.0);
/// Nor do they shrink below this where each is an element of its own: a row has its name, and a
/// cell can be pointed at.
const LEAST_CELL: Vec2 = vec2(14.0, 13.0);
/// The least cell of a picture that shows its value.
const LEAST_READ: Vec2 = vec2(34.0, 16.0);
const DENDROGRAM_WIDTH: f32 = 56.0;
/// Names are cut beyond this, in points, and in any case beyond 28 % of the width.
const LONGEST_NAME: f32 = 200.0;
const LONGEST_COLUMN_NAME: f32 = 120.0;
/// Sine and cosine of the slant of column names.
const SLANT: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The most that a cell is wider than it is high.
const WIDEST: f32 = 1.5;

/// How the names over the columns stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnNames {
    Level,
    Slanted,
    Vertical,
    Hidden,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Rows, and columns.
    pub n: usize,
    pub cells: Rect,
    pub cell: Vec2,
    /// Room for names left of the cells; 0 when there is none.
    pub row_names: f32,
    /// Whether groups of rows are named, and not each row.
    pub has_bands: bool,
    /// Each how many rows one is named.
    pub name_each: usize,
    pub column_names: ColumnNames,
    /// The longest drawn column name.
    pub column_name_width: f32,
    /// Room left of the row names; 0 without a dendrogram.
    pub dendrogram: f32,
    /// Size of type and decimals of the values, where they fit.
    pub values: Option<(f32, usize)>,
    /// Room above and, for slanted names, right of the cells.
    above: f32,
    right: f32,
    /// How far names have left their place to stay in sight.
    pinned: Vec2,
}

impl Layout {
    pub fn new(map: &HeatMap<'_>, ui: &Ui) -> Self {
        let n = map.labels.len();
        let available = ui.available_size().max(vec2(120.0, 120.0));
        let widths = || {
            map.labels
                .iter()
                .map(|l| text::width(ui, l, theme::small_font()))
        };
        let longest = widths().fold(0.0, f32::max);
        let dendrogram = if map.dendrogram.is_some() {
            DENDROGRAM_WIDTH
        } else {
            0.0
        };
        let mut row_names = longest.min(LONGEST_NAME).min(available.x * 0.28) + space::M;
        let zoom = if map.is_picture() {
            map.zoom.max(1.0)
        } else {
            1.0
        };
        let room = |left: f32| (available.x - left) * zoom / n as f32;
        let column_name_width = longest.min(LONGEST_COLUMN_NAME);
        let rest = (available - vec2(dendrogram + row_names, 0.0)) * zoom;
        let least = match map.is_picture() {
            true => Vec2::splat(1.0),
            false => LEAST_CELL,
        };
        let (column_names, right, above) =
            column_names(column_name_width, rest, n, (WIDEST, least.x));
        let height = (available.y - above) * zoom / n as f32;
        let is_thin = map.is_picture() && height < size::SMALL;
        let has_bands = is_thin && !map.bands.is_empty();
        if has_bands {
            row_names = bands_width(map, ui).min(available.x * 0.28);
        }
        let most = vec2(room(dendrogram + row_names + right), height).min(LARGEST_CELL);
        let cell = if map.is_picture() {
            pixel_oblong(most, ui)
        } else {
            oblong(most).max(least)
        };
        Self {
            n,
            cells: Rect::from_min_size(Pos2::ZERO, cell * n as f32),
            cell,
            row_names,
            has_bands,
            name_each: (size::SMALL / cell.y).ceil().max(1.0) as usize,
            column_names,
            column_name_width,
            dendrogram,
            values: value_type(map, ui, cell),
            above,
            right,
            pinned: Vec2::ZERO,
        }
    }

    pub fn size(&self) -> Vec2 {
        let left = self.dendrogram + self.row_names;
        self.cells.size() + vec2(left + self.right, self.above)
    }

    /// The same map with its upper left corner at `corner`, where names stay within `sight`.
    pub fn at(self, corner: Pos2, sight: Rect) -> Self {
        let offset = vec2(self.dendrogram + self.row_names, self.above);
        let names = corner + vec2(self.dendrogram, 0.0);
        Self {
            cells: Rect::from_min_size(corner + offset, self.cells.size()),
            pinned: (sight.min - names).max(Vec2::ZERO),
            ..self
        }
    }

    /// The cells that no name stands over.
    pub fn body(&self) -> Rect {
        Rect::from_min_max(self.cells.min + self.pinned, self.cells.max)
    }

    /// Where names of rows may stand.
    pub fn rows_zone(&self) -> Rect {
        Rect::EVERYTHING
            .with_max_x(self.body().left())
            .with_min_y(self.body().top())
    }

    /// Where names of columns may stand.
    pub fn columns_zone(&self) -> Rect {
        Rect::EVERYTHING
            .with_max_y(self.body().top())
            .with_min_x(self.body().left())
    }

    pub fn pinned(&self) -> Vec2 {
        self.pinned
    }

    /// What has to be in sight for a cell to be seen beside its names.
    pub fn revealed(&self, cell: (usize, usize)) -> Rect {
        let rect = self.cell_rect(cell);
        Rect::from_min_max(rect.min - vec2(self.row_names, self.above), rect.max)
    }

    pub fn cell_rect(&self, (row, column): (usize, usize)) -> Rect {
        let step = vec2(column as f32 * self.cell.x, row as f32 * self.cell.y);
        Rect::from_min_size(self.cells.min + step, self.cell)
    }

    pub fn row_rect(&self, row: usize) -> Rect {
        self.cell_rect((row, 0))
            .union(self.cell_rect((row, self.n - 1)))
    }

    pub fn column_rect(&self, column: usize) -> Rect {
        self.cell_rect((0, column))
            .union(self.cell_rect((self.n - 1, column)))
    }

    pub fn row_name_rect(&self, row: usize) -> Rect {
        let cell = self.cell_rect((row, 0));
        let left = cell.left() + self.pinned.x;
        Rect::from_min_max(
            pos2(left - self.row_names, cell.top()),
            pos2(left - space::XS, cell.bottom()),
        )
    }

    /// Where a column name is grabbed; slanted names lean over from here to the right.
    pub fn column_name_rect(&self, column: usize) -> Rect {
        let cell = self.cell_rect((0, column));
        let top = cell.top() - self.above;
        let lean = if self.column_names == ColumnNames::Slanted {
            self.cell.x * 0.5
        } else {
            0.0
        };
        Rect::from_min_max(pos2(cell.left(), top), cell.right_top())
            .translate(vec2(lean, self.pinned.y))
    }

    /// The rows and the columns that are within `sight`, at least in part.
    pub fn within(&self, sight: Rect) -> [Range<usize>; 2] {
        let range = |first: f32, last: f32, start: f32, cell: f32| {
            let place = |at: f32| ((at - start) / cell).max(0.0);
            let end = (place(last).ceil() as usize).min(self.n);
            (place(first) as usize).min(end)..end
        };
        let start = self.cells.min;
        [
            range(sight.top(), sight.bottom(), start.y, self.cell.y),
            range(sight.left(), sight.right(), start.x, self.cell.x),
        ]
    }

    /// The row and column under a point.
    pub fn cell_at(&self, point: Pos2) -> Option<(usize, usize)> {
        let at = (point - self.cells.min) / self.cell;
        let inside = at.x >= 0.0 && at.y >= 0.0;
        let (row, column) = (at.y as usize, at.x as usize);
        (inside && row < self.n && column < self.n).then_some((row, column))
    }
}

/// How column names stand, and what they need to the right of the cells and above them, so
/// that they do not run into each other; cells are at most `widest` times as wide as high, and
/// never narrower than `narrowest`.
fn column_names(
    longest: f32,
    available: Vec2,
    n: usize,
    (widest, narrowest): (f32, f32),
) -> (ColumnNames, f32, f32) {
    let overhang = (longest * SLANT - space::S).max(0.0);
    let cell_width = |right: f32, above: f32| {
        let wide = (available.x - right) / n as f32;
        let high = (available.y - above) / n as f32;
        let width = wide.min(high * widest).min(LARGEST_CELL.x);
        width.max(narrowest)
    };
    let ways = [
        (
            ColumnNames::Level,
            0.0,
            size::SMALL + space::S,
            longest + space::S,
        ),
        (
            ColumnNames::Slanted,
            overhang,
            longest * SLANT + size::SMALL + space::XS,
            20.0,
        ),
        (ColumnNames::Vertical, 0.0, longest + space::S, size::SMALL),
    ];
    for (way, right, above, least) in ways {
        if cell_width(right, above) >= least {
            return (way, right, above);
        }
    }
    (ColumnNames::Hidden, 0.0, space::XS)
}

/// Wider than high, but not by much.
fn oblong(most: Vec2) -> Vec2 {
    let height = most.y.min(most.x);
    vec2(most.x.min(height * WIDEST), height)
        .floor()
        .max(vec2(4.0, 4.0))
}

/// The same of whole pixels, so that all cells of a picture are alike, unless the cells are so
/// small that this would waste the space.
fn pixel_oblong(most: Vec2, ui: &Ui) -> Vec2 {
    let scale = ui.pixels_per_point();
    let whole = |side: f32| {
        let whole = (side * scale).floor() / scale;
        if whole > side * 0.9 { whole } else { side }
    };
    let height = most.y.min(most.x);
    vec2(whole(most.x.min(height * WIDEST)), whole(height))
}

/// The room that the names of groups need beside their brackets.
fn bands_width(map: &HeatMap<'_>, ui: &Ui) -> f32 {
    let names = map.bands.iter();
    let width = names.map(|band| text::width(ui, &band.label, theme::small_font()));
    width.fold(0.0, f32::max) + space::M
}

fn value_type(map: &HeatMap<'_>, ui: &Ui, cell: Vec2) -> Option<(f32, usize)> {
    if map.is_picture() && (cell.x < LEAST_READ.x || cell.y < LEAST_READ.y) {
        return None;
    }
    let (lo, hi) = map.scale.range();
    let sign = if lo < 0.0 { -1.0 } else { 1.0 };
    let widest = sign * (lo.abs().max(hi.abs()).log10().floor().max(0.0) * 10.0).max(1.0);
    let fits = |&(size, decimals): &(f32, usize)| {
        let sample = format::decimals(Some(widest), decimals);
        let font = eframe::egui::FontId::proportional(size);
        text::width(ui, &sample, font) + 6.0 <= cell.x && size * 1.2 <= cell.y
    };
    let d = map.decimals;
    [
        (size::BODY, d),
        (size::SMALL, d),
        (11.0, d),
        (10.0, d),
        (10.0, d.min(2)),
    ]
    .into_iter()
    .find(fits)
}
