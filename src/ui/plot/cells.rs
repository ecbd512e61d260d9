//! A matrix or heat map of a figure: cells with their values, names at its left and below.

use std::sync::Arc;

use eframe::egui::epaint::TextShape;
use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align, Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui,
    WidgetType, pos2, vec2,
};

use super::card::Card;
use super::hand::Picked;
use super::ink::Ink;
use crate::figures::{Cells, Color, Panel, Point};
use crate::ui::colormap::text_on;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::text;

/// The largest cell, and the least one that holds a number, in points.
const LARGEST: [f32; 2] = [120.0, 72.0];
const LEAST_READ: [f32; 2] = [28.0, 15.0];
/// Names take at most this share of the panel.
const NAMES: f32 = 0.34;
/// Where few columns leave it over, up to this one.
const MOST_NAMES: f32 = 0.5;
const LINE: f32 = 16.0;
/// Beyond this many rows numbers are written only where there happens to be room.
const MOST_READ: f32 = 12.0;
/// Below this a column's name stands upright.
const LEVEL: f32 = 44.0;
/// In print: a row that holds a number, what the names of columns take, and the whole.
const PRINTED_ROW: f32 = 20.0;
const LEVEL_NAMES: f32 = 60.0;
const UPRIGHT_NAMES: f32 = 130.0;
const TALLEST: f32 = 900.0;

struct Layout {
    cells: Rect,
    columns: usize,
    rows: usize,
    is_upright: bool,
}

impl Layout {
    fn new(painter: &Painter, panel: &Panel, cells: &Cells, rect: Rect) -> Self {
        let columns = cells.columns.max(1);
        let rows = cells.rows().max(1);
        let font = theme::small_font();
        let widest = |names: &[String]| {
            let width = |name: &String| {
                let galley =
                    painter.layout_no_wrap(name.clone(), font.clone(), Color32::PLACEHOLDER);
                galley.size().x
            };
            names.iter().map(width).fold(0.0, f32::max)
        };
        let title = |name: &str| if name.is_empty() { 0.0 } else { LINE };
        let left = widest(&panel.y.names).min(spare(rect.width(), columns))
            + space::S
            + title(&panel.y.name);
        let room = (rect.width() - left).max(1.0);
        let width = (room / columns as f32).min(LARGEST[0]);
        let is_upright = width < LEVEL && widest(&panel.x.names) > width - 4.0;
        let names = if is_upright {
            widest(&panel.x.names).min(below(rect.height(), rows))
        } else if widest(&panel.x.names) > width - 4.0 {
            2.0 * LINE
        } else {
            LINE
        };
        let below = names + space::XS + title(&panel.x.name);
        let height = ((rect.height() - below) / rows as f32)
            .min(LARGEST[1])
            .min(width.max(LEAST_READ[1]));
        let corner = pos2(rect.left() + left, rect.top());
        let size = vec2(width * columns as f32, height.max(1.0) * rows as f32);
        Self {
            cells: Rect::from_min_size(corner, size),
            columns,
            rows,
            is_upright,
        }
    }

    fn size(&self) -> [f32; 2] {
        [
            self.cells.width() / self.columns as f32,
            self.cells.height() / self.rows as f32,
        ]
    }

    fn cell(&self, row: usize, column: usize) -> Rect {
        let [width, height] = self.size();
        let corner = self.cells.min + vec2(width * column as f32, height * row as f32);
        Rect::from_min_size(corner, vec2(width, height))
    }

    fn at(&self, pointer: Pos2) -> Option<(usize, usize)> {
        let [width, height] = self.size();
        let from = pointer - self.cells.min;
        let (row, column) = ((from.y / height) as usize, (from.x / width) as usize);
        let is_inside = self.cells.contains(pointer) && row < self.rows && column < self.columns;
        is_inside.then_some((row, column))
    }
}

/// Room for the names of rows: what cells in which numbers can be read leave over, and at least
/// a part.
fn spare(width: f32, columns: usize) -> f32 {
    let cells = columns as f32 * (LEAST_READ[0] + 6.0);
    (width - cells).clamp(width * NAMES, width * MOST_NAMES)
}

/// The same below, for names of columns that stand upright.
fn below(height: f32, rows: usize) -> f32 {
    let cells = rows as f32 * (LEAST_READ[1] + 5.0);
    (height - cells).clamp(height * NAMES, height * MOST_NAMES)
}

pub fn least_height(cells: &Cells) -> f32 {
    let rows = cells.rows() as f32;
    let is_read = cells.decimals.is_some() && rows <= MOST_READ;
    let row = if is_read { 20.0 } else { 9.0 };
    rows * row + 60.0
}

pub fn least_width(cells: &Cells) -> f32 {
    let column = if cells.decimals.is_some() { 32.0 } else { 12.0 };
    (cells.columns as f32 * column / (1.0 - NAMES)).max(140.0)
}

/// The height of the panel in print, where a matrix has cells that are nearly square.
pub fn print_height(cells: &Cells, width: f32) -> f32 {
    let column = width * (1.0 - NAMES) / cells.columns.max(1) as f32;
    let is_square = cells.rows() == cells.columns;
    let row = if is_square { column * 0.7 } else { PRINTED_ROW };
    let names = if column < LEVEL {
        UPRIGHT_NAMES
    } else {
        LEVEL_NAMES
    };
    (cells.rows() as f32 * row.min(LARGEST[1]) + names).min(TALLEST)
}

/// Draws the cells into `rect`; a click picks the pair of names as a point without models.
pub fn cells_ui(
    ui: &mut Ui,
    panel: &Panel,
    cells: &Cells,
    rect: Rect,
    label: &str,
) -> Option<Picked> {
    let ink = Ink::new(panel, Tokens::of(ui));
    let layout = Layout::new(ui.painter(), panel, cells, rect);
    let id = ui.id().with(("cells", label));
    let response = ui.interact(rect, id, Sense::click());
    response.named(WidgetType::Image, label);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    for (k, value) in cells.values.iter().enumerate() {
        let rect = layout.cell(k / layout.columns, k % layout.columns);
        cell_ui(&painter, rect, *value, cells, &ink);
    }
    names_ui(&painter, panel, &layout, rect, ink.tokens);
    let (row, column) = layout.at(response.hover_pos()?)?;
    let value = cells.values.get(row * layout.columns + column).copied()?;
    let ring = Stroke::new(2.0, ink.tokens.text);
    painter.rect_stroke(layout.cell(row, column), 2, ring, StrokeKind::Inside);
    let point = point_of(panel, (row, column), value);
    Card {
        title: point.label.clone(),
        rows: vec![(value_name(panel), format::full(value))],
    }
    .paint(ui, layout.cell(row, column).right_top());
    response.clicked().then(|| Picked {
        points: vec![point],
        adds: ui.input(|i| i.modifiers.command),
    })
}

/// A name in one line or two, centred, cut where that is too little.
fn two_lines(
    painter: &Painter,
    name: &str,
    font: &FontId,
    width: f32,
    ink: Color32,
) -> Arc<Galley> {
    // Half a line of slack: a line ends before a hyphen that would not fit.
    let name = text::fitted(painter, name, font, width * 1.7);
    let mut job = LayoutJob::simple(name, font.clone(), ink, width);
    job.wrap.max_rows = 2;
    job.halign = Align::Center;
    painter.layout_job(job)
}

pub fn value_name(panel: &Panel) -> String {
    panel
        .scale
        .as_ref()
        .map_or_else(|| "Value".to_owned(), |(name, _, _)| name.clone())
}

/// A cell as a point, which has the names of its row and column.
pub fn point_of(panel: &Panel, (row, column): (usize, usize), value: Option<f64>) -> Point {
    let name = |axis: &crate::figures::Axis, k: usize| match axis.names.get(k) {
        Some(name) => name.clone(),
        None => format!("{} {}", axis.name, k + 1),
    };
    Point {
        x: column as f64,
        y: row as f64,
        color: value.map_or(Color::Quiet, Color::Value),
        label: format!("{} × {}", name(&panel.y, row), name(&panel.x, column)),
        details: vec![(value_name(panel), format::full(value))],
        models: Vec::new(),
        short: String::new(),
        is_named: false,
    }
}

fn cell_ui(painter: &Painter, rect: Rect, value: Option<f64>, cells: &Cells, ink: &Ink) {
    let fill = ink.scale.color(value, ink.tokens);
    let gap = if rect.height() > 12.0 { 0.5 } else { 0.0 };
    painter.rect_filled(rect.shrink(gap), if gap > 0.0 { 2 } else { 0 }, fill);
    let is_read = rect.width() >= LEAST_READ[0] && rect.height() >= LEAST_READ[1];
    if let Some(decimals) = cells.decimals.filter(|_| is_read) {
        let words = format::decimals(value, decimals);
        let ink = text_on(fill);
        let font = theme::small_font();
        painter.text(rect.center(), Align2::CENTER_CENTER, words, font, ink);
    }
}

fn names_ui(painter: &Painter, panel: &Panel, layout: &Layout, rect: Rect, t: &Tokens) {
    let font = theme::small_font();
    let [width, height] = layout.size();
    // Where rows are thin every second or fifth is named.
    let every = [1, 2, 4, 8]
        .into_iter()
        .find(|k| height * *k as f32 >= 12.0)
        .unwrap_or(16);
    for (row, name) in panel.y.names.iter().enumerate().step_by(every) {
        let cell = layout.cell(row, 0);
        let room = cell
            .with_min_x(rect.left())
            .with_max_x(cell.left() - space::XS);
        text::right(painter, room, name, &font, t.text);
    }
    let bottom = layout.cells.bottom() + space::XS;
    let mut deepest = LINE;
    for (column, name) in panel.x.names.iter().enumerate() {
        let cell = layout.cell(0, column);
        if layout.is_upright {
            let room = below(rect.height(), layout.rows);
            let words = text::fitted(painter, name, &font, room);
            let galley = painter.layout_no_wrap(words, font.clone(), t.text);
            deepest = deepest.max(galley.size().x);
            let at = pos2(
                cell.center().x - galley.size().y / 2.0,
                bottom + galley.size().x,
            );
            let angle = -std::f32::consts::FRAC_PI_2;
            painter.add(TextShape::new(at, galley, t.text).with_angle(angle));
        } else {
            let galley = two_lines(painter, name, &font, width - 4.0, t.text);
            deepest = deepest.max(galley.size().y);
            painter.galley(pos2(cell.center().x, bottom), galley, t.text);
        }
    }
    if !panel.x.name.is_empty() {
        let at = pos2(layout.cells.center().x, bottom + deepest);
        painter.text(
            at,
            Align2::CENTER_TOP,
            &panel.x.name,
            font.clone(),
            t.text_weak,
        );
    }
    if !panel.y.name.is_empty() {
        let galley = painter.layout_no_wrap(panel.y.name.clone(), font, t.text_weak);
        let at = pos2(rect.left(), layout.cells.center().y + galley.size().x / 2.0);
        let angle = -std::f32::consts::FRAC_PI_2;
        painter.add(TextShape::new(at, galley, t.text_weak).with_angle(angle));
    }
}
