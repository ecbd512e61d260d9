//! What is drawn as a table: one row a mark, in the order in which it is drawn.
//!
//! Numbers have all their digits and an ASCII minus, so that they read back to the same number.

use crate::figures::{Axis, Cells, Color, Figure, Layer, Panel, Point, Side};
use crate::ui::format::plain;

const HEADINGS: &str = "panel,panel_title,layer,kind,series,axis,label,x,y,lower,upper,value";

#[derive(Default)]
struct Row<'a> {
    kind: &'static str,
    series: &'a str,
    side: Side,
    label: String,
    x: Option<f64>,
    y: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    value: Option<f64>,
}

pub fn csv(figure: &Figure) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    // Writing to memory, and rows of one length: neither can fail.
    out.write_record(HEADINGS.split(',')).ok();
    for (k, panel) in figure.panels.iter().enumerate() {
        for (l, layer) in panel.layers.iter().enumerate() {
            for row in rows(panel, layer) {
                out.write_record(fields(k, l, panel, &row)).ok();
            }
        }
    }
    let bytes = out.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn fields(panel: usize, layer: usize, of: &Panel, row: &Row<'_>) -> [String; 12] {
    let axis = match row.side {
        Side::Left => "left",
        Side::Right => "right",
        Side::Scaled => "left, scaled",
    };
    [
        (panel + 1).to_string(),
        of.title.clone(),
        (layer + 1).to_string(),
        row.kind.to_owned(),
        row.series.to_owned(),
        axis.to_owned(),
        row.label.clone(),
        plain(row.x),
        plain(row.y),
        plain(row.lower),
        plain(row.upper),
        plain(row.value),
    ]
}

fn rows<'a>(panel: &'a Panel, layer: &'a Layer) -> Vec<Row<'a>> {
    match layer {
        Layer::Points(mark) => {
            let row = |p| point("point", &mark.name, mark.side, p);
            mark.points.iter().map(row).collect()
        }
        Layer::Bars { name, points, .. } => {
            let row = |p| point("bar", name, Side::Left, p);
            points.iter().map(row).collect()
        }
        Layer::Line(mark) => mark
            .points
            .iter()
            .map(|&[x, y]| Row {
                kind: "line",
                series: &mark.name,
                side: mark.side,
                x: Some(x),
                y: Some(y),
                ..Row::default()
            })
            .collect(),
        Layer::Band { name, points, .. } => points
            .iter()
            .map(|&[x, lower, upper]| Row {
                kind: "band",
                series: name,
                x: Some(x),
                lower: Some(lower),
                upper: Some(upper),
                ..Row::default()
            })
            .collect(),
        Layer::Vertical { name, x, .. } => vec![Row {
            kind: "vertical line",
            label: name.clone(),
            x: Some(*x),
            ..Row::default()
        }],
        Layer::Horizontal { y, .. } => vec![Row {
            kind: "horizontal line",
            y: Some(*y),
            ..Row::default()
        }],
        Layer::Cells(cells) => of_cells(panel, cells),
    }
}

fn point<'a>(kind: &'static str, series: &'a str, side: Side, point: &Point) -> Row<'a> {
    Row {
        kind,
        series,
        side,
        label: point.label.clone(),
        x: Some(point.x),
        y: Some(point.y),
        value: match point.color {
            Color::Value(value) | Color::Signed(value) => Some(value),
            Color::Series(_) | Color::Quiet => None,
        },
        ..Row::default()
    }
}

/// Cells are called by their row and column; x and y count columns and rows from 0.
fn of_cells<'a>(panel: &Panel, cells: &Cells) -> Vec<Row<'a>> {
    let name = |axis: &Axis, at: usize| axis.names.get(at).cloned().unwrap_or_default();
    let cell = |(k, &value): (usize, &Option<f64>)| {
        let (column, row) = (k % cells.columns.max(1), k / cells.columns.max(1));
        Row {
            kind: "cell",
            label: format!("{} × {}", name(&panel.y, row), name(&panel.x, column)),
            x: Some(column as f64),
            y: Some(row as f64),
            value,
            ..Row::default()
        }
    };
    cells.values.iter().enumerate().map(cell).collect()
}
