//! Drawing the heat map: cells or one texture, and marks.

use std::sync::Arc;

use eframe::egui::{
    Align2, Color32, ColorImage, CornerRadius, FontId, Painter, Pos2, Rect, Stroke, StrokeKind,
    TextureHandle, TextureOptions, Ui, pos2,
};

use super::input::Touched;
use super::layout::Layout;
use super::{HeatMap, cut, dendrogram, names};
use crate::ui::colormap::{self, Scale};
use crate::ui::theme::{self, Tokens};

const CELL_RADIUS: u8 = 3;

pub(super) fn map(map: &HeatMap<'_>, ui: &Ui, layout: &Layout, touched: &Touched) {
    let (painter, t) = (ui.painter(), Tokens::of(ui));
    if let Some(joins) = map.dendrogram {
        dendrogram::paint(map, joins, painter, layout, t);
    }
    if map.is_picture() {
        picture(map, ui, layout);
        values_on_picture(map, painter, layout, t);
        marks_on_picture(painter, layout, t, touched.marked);
    } else {
        bands(painter, layout, t, touched.marked);
        cells(map, painter, layout, t);
    }
    selection(map, painter, layout, t);
    names::paint(map, painter, layout, t, touched.marked);
    if let Some(cut) = &touched.cut {
        cut::paint(cut, !map.clusters.is_empty(), painter, layout, t);
    }
    if touched.has_focus {
        focus(painter, layout, t, touched.marked);
    }
}

/// How much of the ground is in what may still change.
const WEAK: f32 = 0.65;

/// The colour of a pair, greyed while it may still change.
pub(super) fn color(map: &HeatMap<'_>, pair: (usize, usize), t: &Tokens) -> Color32 {
    let color = map.scale.color(map.value(pair), t);
    if map.provisional || (map.weak)(pair.0, pair.1) {
        colormap::mix(color, t.panel, WEAK)
    } else {
        color
    }
}

fn cells(map: &HeatMap<'_>, painter: &Painter, layout: &Layout, t: &Tokens) {
    let gap = if layout.cell.min_elem() < 16.0 {
        0.5
    } else {
        1.0
    };
    for row in 0..layout.n {
        for column in 0..layout.n {
            let pair = map.pair_at((row, column));
            let rect = layout.cell_rect((row, column)).shrink(gap);
            if row == column {
                painter.rect_filled(rect, CELL_RADIUS, t.panel);
            } else {
                cell(map, painter, rect, pair, layout.values, t);
            }
        }
    }
}

pub(super) fn cell(
    map: &HeatMap<'_>,
    painter: &Painter,
    rect: Rect,
    pair: (usize, usize),
    values: Option<(f32, usize)>,
    t: &Tokens,
) {
    let Some(value) = map.value(pair) else {
        return without_value(map, painter, rect, pair, t);
    };
    let fill = color(map, pair, t);
    let mut ink = colormap::text_on(fill);
    if map.is_ghost(pair) {
        painter.rect_filled(rect, CELL_RADIUS, t.background);
        let outline = Stroke::new(2.0, fill);
        painter.rect_stroke(rect, CELL_RADIUS, outline, StrokeKind::Inside);
        ink = t.text;
    } else {
        painter.rect_filled(rect, CELL_RADIUS, fill);
    }
    if let Some((size, decimals)) = values {
        let shown = crate::ui::format::decimals(Some(value), decimals);
        let font = FontId::proportional(size);
        painter.text(rect.center(), Align2::CENTER_CENTER, shown, font, ink);
    }
}

/// Hatched where there is no value, empty where it is not known yet.
fn without_value(
    map: &HeatMap<'_>,
    painter: &Painter,
    rect: Rect,
    pair: (usize, usize),
    t: &Tokens,
) {
    if map.is_undefined(pair) {
        hatch(painter, rect, t);
    } else {
        painter.rect_filled(rect, CELL_RADIUS, t.background);
        let outline = Stroke::new(1.0, t.line);
        painter.rect_stroke(rect, CELL_RADIUS, outline, StrokeKind::Inside);
    }
}

/// Distance of the lines of a hatching, across and down.
const HATCH: f32 = 7.0;

/// The look of what has no value: thin diagonal lines.
pub(super) fn hatch(painter: &Painter, rect: Rect, t: &Tokens) {
    painter.rect_filled(rect, CELL_RADIUS, t.hover);
    let stroke = Stroke::new(1.0, colormap::mix(t.hover, t.line_strong, 0.7));
    // Each line is where x + y has one value; it enters at the left or bottom edge.
    let (first, last) = (rect.left() + rect.top(), rect.right() + rect.bottom());
    let mut sum = first + HATCH / 2.0;
    while sum < last {
        let left = rect.left().max(sum - rect.bottom());
        let right = rect.right().min(sum - rect.top());
        painter.line_segment([pos2(left, sum - left), pos2(right, sum - right)], stroke);
        sum += HATCH;
    }
}

/// What cells of a picture have, too small to be hatched.
pub(super) fn plain_undefined(t: &Tokens) -> Color32 {
    t.line_strong
}

/// Row and column of the marked cell, seen in the gaps between cells.
fn bands(painter: &Painter, layout: &Layout, t: &Tokens, marked: Option<(usize, usize)>) {
    let Some((row, column)) = marked else { return };
    for band in [layout.row_rect(row), layout.column_rect(column)] {
        painter.rect_filled(band.expand(1.0), CELL_RADIUS + 2, t.line_strong);
    }
    if row != column {
        let cell = layout.cell_rect((row, column)).expand(2.0);
        painter.rect_filled(cell, CELL_RADIUS + 2, t.text);
    }
}

/// Even of many models values are read where the window is large enough.
fn values_on_picture(map: &HeatMap<'_>, painter: &Painter, layout: &Layout, t: &Tokens) {
    let Some((size, decimals)) = layout.values else {
        return;
    };
    let [rows, columns] = layout.within(painter.clip_rect());
    for cell in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
        let (pair, rect) = (map.pair_at(cell), layout.cell_rect(cell));
        let Some(value) = map.value(pair).filter(|_| pair.0 != pair.1) else {
            continue;
        };
        let (ink, font) = (
            colormap::text_on(color(map, pair, t)),
            FontId::proportional(size),
        );
        let shown = crate::ui::format::decimals(Some(value), decimals);
        painter.text(rect.center(), Align2::CENTER_CENTER, shown, font, ink);
    }
}

fn marks_on_picture(
    painter: &Painter,
    layout: &Layout,
    t: &Tokens,
    marked: Option<(usize, usize)>,
) {
    let Some((row, column)) = marked else { return };
    let stroke = Stroke::new(1.0, t.text);
    for band in [layout.row_rect(row), layout.column_rect(column)] {
        painter.rect_stroke(band, 0, stroke, StrokeKind::Outside);
    }
}

fn selection(map: &HeatMap<'_>, painter: &Painter, layout: &Layout, t: &Tokens) {
    let Some((a, b)) = map.selected else { return };
    let place = |model| (0..layout.n).find(|&p| map.model_at(p) == model);
    let (Some(a), Some(b)) = (place(a), place(b)) else {
        return;
    };
    for (cell, width) in [((a, b), 2.5), ((b, a), 1.5)] {
        let rect = layout.cell_rect(cell);
        let radius = CornerRadius::same(CELL_RADIUS + 1);
        let halo = Stroke::new(width + 1.5, t.background);
        painter.rect_stroke(rect, radius, halo, StrokeKind::Middle);
        painter.rect_stroke(
            rect,
            radius,
            Stroke::new(width, t.accent),
            StrokeKind::Middle,
        );
    }
}

fn focus(painter: &Painter, layout: &Layout, t: &Tokens, marked: Option<(usize, usize)>) {
    let ring = Stroke::new(2.0, t.accent);
    painter.rect_stroke(
        layout.cells.expand(3.0),
        theme::radius::CONTROL,
        ring,
        StrokeKind::Outside,
    );
    if let Some(cell) = marked {
        let rect = layout.cell_rect(cell).expand(1.0);
        painter.rect_stroke(rect, CELL_RADIUS, ring, StrokeKind::Outside);
    }
}

/// What a picture was made for, where the map says when its values change.
#[derive(Clone, PartialEq)]
struct MadeFor {
    stamp: (u64, usize),
    scale: Scale,
    provisional: bool,
    dark: bool,
    /// Cells and pixels.
    sizes: (usize, usize),
}

/// The texture of the last frame, kept until a pixel changes.
type Kept = Arc<(Option<MadeFor>, ColorImage, TextureHandle)>;

fn picture(map: &HeatMap<'_>, ui: &Ui, layout: &Layout) {
    let id = map.id(ui).with("picture");
    let t = Tokens::of(ui);
    let each = cells_a_pixel(ui, layout);
    let made_for = map.stamp.map(|stamp| MadeFor {
        stamp,
        scale: map.scale,
        provisional: map.provisional,
        dark: t.dark,
        sizes: (layout.n, each),
    });
    let kept: Option<Kept> = ui.data(|d| d.get_temp(id));
    let holds = |kept: &Kept| made_for.is_some() && kept.0 == made_for;
    let kept = kept.filter(holds).unwrap_or_else(|| {
        let image = image(map, layout.n, each, t);
        let kept: Option<Kept> = ui.data(|d| d.get_temp(id));
        let texture = match kept.filter(|kept| kept.1 == image) {
            Some(kept) => kept.2.clone(),
            None => {
                let options = TextureOptions::NEAREST;
                ui.ctx().load_texture("heat map", image.clone(), options)
            }
        };
        let new = Arc::new((made_for, image, texture));
        ui.data_mut(|d| d.insert_temp(id, Arc::clone(&new)));
        new
    });
    // The last pixel may stand for fewer cells.
    let end = layout.n as f32 / (kept.1.size[0] * each) as f32;
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(end, end));
    ui.painter()
        .image(kept.2.id(), layout.cells, whole, Color32::WHITE);
}

/// Cells that a pixel of the picture stands for, across and down: as many as would share one on
/// screen, and so many that the texture is one that the machine can have.
fn cells_a_pixel(ui: &Ui, layout: &Layout) -> usize {
    let on_screen = layout.cell.min_elem() * ui.pixels_per_point();
    let shared = (1.0 / on_screen.max(1e-3)).round().max(1.0) as usize;
    let most = ui.input(|input| input.max_texture_side).max(1);
    shared.max(layout.n.div_ceil(most))
}

/// The picture of all cells, a pixel being the mean of `each` by `each` of them. Colours come from
/// a table, since OKLab is slow for millions of cells.
fn image(map: &HeatMap<'_>, n: usize, each: usize, t: &Tokens) -> ColorImage {
    let grey = |color| {
        if map.provisional {
            colormap::mix(color, t.panel, WEAK)
        } else {
            color
        }
    };
    let table: Vec<Color32> = (0..=255)
        .map(|i| grey(map.scale.at(f64::from(i) / 255.0, t)))
        .collect();
    let missing = |pair| {
        if map.is_undefined(pair) {
            plain_undefined(t)
        } else {
            t.background
        }
    };
    let of = |scale: Scale, value: f64| table[(scale.position(value) * 255.0).round() as usize];
    let cell = |cell: (usize, usize)| {
        let pair = map.pair_at(cell);
        if pair.0 == pair.1 {
            t.panel
        } else {
            match map.value(pair) {
                None => missing(pair),
                Some(value) if (map.weak)(pair.0, pair.1) => {
                    colormap::mix(of(map.scale, value), t.panel, WEAK)
                }
                Some(value) => of(map.scale, value),
            }
        }
    };
    let side = n.div_ceil(each);
    let pixel = |place: usize| {
        let (row, column) = (place / side * each, place % side * each);
        if each == 1 {
            return cell((row, column));
        }
        let rows = row..(row + each).min(n);
        let columns = column..(column + each).min(n);
        mean(
            rows.flat_map(|row| columns.clone().map(move |column| (row, column)))
                .map(cell),
        )
    };
    ColorImage::new([side, side], (0..side * side).map(pixel).collect())
}

/// The mean of opaque colours.
fn mean(colors: impl Iterator<Item = Color32>) -> Color32 {
    let (mut sums, mut count) = ([0u32; 3], 0u32);
    for color in colors {
        let own = [color.r(), color.g(), color.b()];
        sums.iter_mut()
            .zip(own)
            .for_each(|(sum, own)| *sum += u32::from(own));
        count += 1;
    }
    let [r, g, b] = sums.map(|sum| (sum / count.max(1)) as u8);
    Color32::from_rgb(r, g, b)
}
