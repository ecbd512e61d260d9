//! The whole sheet: title, panels in a grid, caption, notes and source.

use plotters::style::text_anchor::HPos;

use super::canvas::{self, Area, Canvas, Type};
use super::frame::{LINE, Margins, Place, bar_width, size};
use super::ink;
use super::panel;
use super::ruler::Ruler;
use crate::charts::{Cells, Figure, Panel};

/// Around the sheet, and between panels, in points.
const EDGE: f32 = 12.0;
const GAP: f32 = 18.0;
/// Points a centimetre.
const CM: f32 = 72.0 / 2.54;

/// Where everything lies.
struct Layout {
    width: f32,
    height: f32,
    /// In the order of the panels.
    places: Vec<Place>,
    /// Lines under the panels: text, size, quiet, and baseline.
    lines: Vec<(String, f32, bool, f32)>,
}

/// The figure as SVG.
pub fn svg(figure: &Figure) -> String {
    let mut ruler = Ruler;
    let layout = layout(figure, &mut ruler);
    canvas::sheet(layout.width, layout.height, |canvas| {
        draw(canvas, figure, &layout, &mut ruler);
    })
}

/// The width of the sheet: more panels beside each other have more room.
fn width(columns: usize) -> f32 {
    let cm = match columns {
        0 | 1 => 16.0,
        2 => 22.0,
        _ => 27.0,
    };
    cm * CM
}

fn layout(figure: &Figure, ruler: &mut Ruler) -> Layout {
    let columns = figure.columns.clamp(1, figure.panels.len().max(1));
    let width = width(columns);
    let inner = width - 2.0 * EDGE;
    let bars = figure.panels.iter().map(|panel| bar_width(panel, ruler));
    let bar = bars.fold(0.0, f32::max);
    let is_shared = columns > 1 && figure.panels.chunks(columns).all(share_scale);
    // A shared bar stands behind the last panel of a row and takes its room from all.
    let (own_bar, at_end) = if is_shared { (0.0, bar) } else { (bar, 0.0) };
    let outer = (inner - at_end - GAP * (columns - 1) as f32) / columns as f32;
    let each: Vec<Margins> = figure
        .panels
        .iter()
        .map(|panel| Margins::of(panel, ruler, outer - own_bar))
        .collect();
    let mut margins = together(&each);
    margins.right += own_bar;
    let room = (outer - margins.left - margins.right).max(40.0);
    let mut top = EDGE + title_lines(figure, ruler, inner).len() as f32 * size::TITLE * LINE;
    if !figure.title.is_empty() {
        top += 4.0;
    }
    let mut places = Vec::new();
    for (row, own) in figure.panels.chunks(columns).zip(each.chunks(columns)) {
        let needed = together(own);
        let heights = row.iter().map(|panel| plot_height(panel, room, columns));
        let height = heights.fold(60.0, f32::max);
        for (k, panel) in row.iter().enumerate() {
            let left = EDGE + k as f32 * (outer + GAP);
            // A tree has no axes and takes their room.
            let around = if panel.has_axes { margins } else { own[k] };
            let room = outer - around.left - around.right;
            let spare = (room - plot_width(panel, room)) / 2.0;
            places.push(Place {
                plot: Area {
                    left: left + around.left + spare,
                    right: left + outer - around.right - spare,
                    top: top + needed.top,
                    bottom: top + needed.top + height,
                },
                margins: own[k],
                outer: outer - own_bar,
                has_bar: !is_shared || k + 1 == row.len(),
            });
        }
        top += needed.top + height + needed.bottom + GAP * 0.6;
    }
    let (lines, bottom) = lines(figure, ruler, inner, top);
    Layout {
        width,
        height: bottom + EDGE,
        places,
        lines,
    }
}

fn together(each: &[Margins]) -> Margins {
    each.iter().fold(Margins::default(), |all, &m| all.or(m))
}

/// Whether the colours of all panels mean the same.
fn share_scale(row: &[Panel]) -> bool {
    row.windows(2)
        .all(|pair| pair[0].scale.is_some() && pair[0].scale == pair[1].scale)
}

/// Semibold is a little wider than what lines are broken by.
fn title_lines(figure: &Figure, ruler: &mut Ruler, width: f32) -> Vec<String> {
    match figure.title.as_str() {
        "" => Vec::new(),
        title => ruler.lines(title, size::TITLE * 1.06, width),
    }
}

/// Few columns of cells do not fill the width.
fn plot_width(panel: &Panel, room: f32) -> f32 {
    let of_cells = |cells: &Cells| (cells.columns as f32 * WIDEST_CELL).min(room);
    panel.cells().map_or(room, of_cells)
}

/// The widest that a cell gets, in points.
const WIDEST_CELL: f32 = 90.0;
/// The height of a row of a heat map that is no square matrix.
const ROW: f32 = 13.0;

fn plot_height(panel: &Panel, room: f32, columns: usize) -> f32 {
    if let Some(cells) = panel.cells() {
        if cells.rows() == cells.columns {
            return plot_width(panel, room) * 0.8;
        }
        return (cells.rows() as f32 * ROW).clamp(60.0, 560.0);
    }
    let ratio = match columns {
        1 => 0.56,
        2 => 0.72,
        _ => 0.85,
    };
    room * ratio
}

fn lines(
    figure: &Figure,
    ruler: &mut Ruler,
    width: f32,
    top: f32,
) -> (Vec<(String, f32, bool, f32)>, f32) {
    let mut out = Vec::new();
    let mut at = top;
    let source = match figure.source.as_str() {
        "" => String::new(),
        source => format!("Source: {source}"),
    };
    let notes = figure
        .notes
        .iter()
        .map(|note| (note.as_str(), size::NOTE, true));
    let all = std::iter::once((figure.caption.as_str(), size::CAPTION, false))
        .chain(notes)
        .chain([(source.as_str(), size::NOTE, true)]);
    for (text, size, is_quiet) in all.filter(|(text, ..)| !text.is_empty()) {
        at += 3.0;
        for line in ruler.lines(text, size, width) {
            out.push((line, size, is_quiet, at + size));
            at += size * LINE;
        }
    }
    (out, at)
}

fn draw(canvas: &mut Canvas<'_>, figure: &Figure, layout: &Layout, ruler: &mut Ruler) {
    let tokens = ink::tokens();
    let inner = layout.width - 2.0 * EDGE;
    let mut title = Type {
        size: size::TITLE,
        is_strong: true,
        align: HPos::Left,
        is_upward: false,
        color: tokens.text,
    };
    for (k, line) in title_lines(figure, ruler, inner).iter().enumerate() {
        let base = EDGE + size::TITLE + k as f32 * size::TITLE * LINE;
        canvas.text(line, [EDGE, base], title);
    }
    for (panel, place) in figure.panels.iter().zip(&layout.places) {
        panel::draw(canvas, panel, place, ruler);
    }
    title.is_strong = false;
    for (text, size, is_quiet, base) in &layout.lines {
        let color = if *is_quiet {
            tokens.text_weak
        } else {
            tokens.text
        };
        let style = Type {
            size: *size,
            color,
            ..title
        };
        canvas.text(text, [EDGE, *base], style);
    }
}
