//! The points of a figure as a table: for the keyboard, for a screen reader, for reading off.

use eframe::egui::{Rect, Response, ScrollArea, Sense, Stroke, Ui, WidgetType, vec2};

use super::picking;
use crate::figures::{Figure, Layer, Panel, Point, Side};
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::plot::{Home, Picked, point_of, value_words};
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{row_ground, text};
use crate::workbench::Workbench;

const NUMBER: f32 = 110.0;
const SCROLL_BAR: f32 = space::M;
/// What a value is called that was scaled into the range of an axis.
const SCALED: &str = "Scaled";

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub point: Point,
    pub series: String,
    /// Across and up, as read.
    pub values: [String; 2],
    pub names: [String; 2],
}

/// Every point, bar and cell, in the order in which they are drawn.
pub fn rows(figure: &Figure) -> Vec<Row> {
    figure.panels.iter().flat_map(panel_rows).collect()
}

fn panel_rows(panel: &Panel) -> Vec<Row> {
    let home = Home::new(panel);
    let mut out = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Points(mark) => {
                let row = |point| row(panel, &home, &mark.name, mark.side, point);
                out.extend(mark.points.iter().map(row));
            }
            Layer::Bars { name, points, .. } => {
                let row = |point| row(panel, &home, name, Side::Left, point);
                out.extend(points.iter().map(row));
            }
            Layer::Cells(cells) => {
                let columns = cells.columns.max(1);
                out.extend(cells.values.iter().enumerate().map(|(k, value)| {
                    let point = point_of(panel, (k / columns, k % columns), *value);
                    let (name, value) = point.details.first().cloned().unwrap_or_default();
                    Row {
                        series: panel.title.clone(),
                        values: [String::new(), value],
                        names: [String::new(), name],
                        point,
                    }
                }));
            }
            _ => {}
        }
    }
    out
}

fn row(panel: &Panel, home: &Home, series: &str, side: Side, point: &Point) -> Row {
    let (axis, range) = home.axis(panel, side);
    let series: Vec<&str> = [panel.title.as_str(), series]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    Row {
        series: series.join(", "),
        values: [
            value_words(&panel.x, home.x, point.x),
            value_words(axis, range, point.y),
        ],
        names: [
            panel.x.name.clone(),
            match side {
                Side::Scaled => SCALED.to_owned(),
                _ => axis.name.clone(),
            },
        ],
        point: point.clone(),
    }
}

/// Draws the table into the space that is left; rows select as points do.
pub fn table_ui(ui: &mut Ui, rows: &[Row], bench: &Workbench, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    header_ui(ui, rows);
    ScrollArea::vertical()
        .id_salt("chart table")
        .auto_shrink(false)
        .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
            for row in range.filter_map(|k| rows.get(k)) {
                let models = &row.point.models;
                let selection = bench.study().selection();
                let is_selected =
                    !models.is_empty() && models.iter().all(|&id| selection.contains(id));
                if row_ui(ui, row, is_selected).clicked() {
                    let picked = Picked {
                        points: vec![row.point.clone()],
                        adds: ui.input(|i| i.modifiers.command),
                    };
                    actions.extend(picking::select(bench.study(), &picked));
                }
            }
        });
}

/// The names of the axes, where all panels have the same.
fn header_ui(ui: &mut Ui, rows: &[Row]) {
    let t = Tokens::of(ui);
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::hover());
    let common = |k: usize, other: &str| match rows.split_first() {
        Some((first, rest)) if rest.iter().all(|r| r.names[k] == first.names[k]) => {
            first.names[k].clone()
        }
        _ => other.to_owned(),
    };
    let [name, series, x, y] = columns(rect);
    let (font, painter) = (theme::small_font(), ui.painter());
    let left = [(name, "Name".to_owned()), (series, "Series".to_owned())];
    for (cell, words) in left {
        text::left(painter, cell, &words, &font, t.text_weak);
    }
    for (cell, words) in [(x, common(0, "Across")), (y, common(1, "Up"))] {
        text::right(painter, cell, &words, &font, t.text_weak);
    }
    let line = Stroke::new(1.0, t.line);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, line);
}

fn columns(rect: Rect) -> [Rect; 4] {
    let rect = rect.with_max_x(rect.right() - SCROLL_BAR);
    let number = NUMBER.min(rect.width() * 0.22);
    let (rest, y) = rect.split_left_right_at_x(rect.right() - number);
    let (rest, x) = rest.split_left_right_at_x(rest.right() - number);
    let (name, series) = rest.split_left_right_at_fraction(0.52);
    [name, series, x, y].map(|cell| cell.shrink2(vec2(space::XS, 0.0)))
}

fn row_ui(ui: &mut Ui, row: &Row, is_selected: bool) -> Response {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let t = Tokens::of(ui);
    row_ground(ui, &response, rect, is_selected);
    let [name, series, x, y] = columns(rect);
    let (font, painter) = (theme::body_font(), ui.painter());
    let label = &row.point.label;
    text::left(painter, name, label, &font, t.text);
    text::left(painter, series, &row.series, &font, t.text_weak);
    for (cell, value) in [x, y].into_iter().zip(&row.values) {
        text::right(painter, cell, value, &font, t.text);
    }
    response.named_selected(WidgetType::Button, is_selected, spoken(row));
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(label));
        for (name, value) in &row.point.details {
            ui.label(format!("{name} {value}"));
        }
    })
}

fn spoken(row: &Row) -> String {
    let values = row.names.iter().zip(&row.values);
    let values = values
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"));
    let mut parts = vec![row.point.label.clone()];
    if !row.series.is_empty() {
        parts.push(row.series.clone());
    }
    parts.extend(values);
    parts.join(", ")
}
