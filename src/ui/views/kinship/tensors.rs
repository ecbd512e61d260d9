//! The tensors of a pair, those that differ most first.

use eframe::egui::{Align2, Rect, Response, ScrollArea, Sense, TextStyle, Ui, WidgetType, vec2};

use super::pair::Row;
use crate::kinship::Metric;
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{row_ground, search_field, sort_header, text};

/// Widths of the columns of numbers, in points; the scroll bar has room of its own.
const VALUE: f32 = 100.0;
const SHARE: f32 = 84.0;
const SCROLL_BAR: f32 = space::M;

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum By {
    /// Least related first.
    Value,
    /// Largest share first.
    #[default]
    Share,
    Place,
}

#[derive(Default)]
pub struct TensorList {
    query: String,
    by: By,
    reversed: bool,
}

impl TensorList {
    pub fn ui(&mut self, ui: &mut Ui, rows: &[Row], metric: Metric, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.label(theme::strong("Tensors that differ most"));
            let width = (ui.available_width() - space::S).clamp(96.0, 200.0);
            let right = eframe::egui::Layout::right_to_left(eframe::egui::Align::Center);
            ui.with_layout(right, |ui| {
                search_field(ui, "Search tensors", &mut self.query, width);
            });
        });
        ui.spacing_mut().item_spacing.y = 0.0;
        self.header_ui(ui, metric);
        let places = self.places(rows, metric);
        if places.is_empty() {
            ui.add_space(space::S);
            ui.weak(if rows.is_empty() {
                "No tensor of both is compared here"
            } else {
                "No tensor has this in its name"
            });
            return;
        }
        ScrollArea::vertical()
            .id_salt("tensors")
            .auto_shrink(false)
            .show_rows(ui, ROW_HEIGHT, places.len(), |ui, range| {
                for row in range.filter_map(|k| rows.get(*places.get(k)?)) {
                    if row_ui(ui, row).clicked() {
                        actions.push(Action::copy("Tensor name", row.tensor.clone()));
                    }
                }
            });
    }

    fn places(&self, rows: &[Row], metric: Metric) -> Vec<usize> {
        let query = self.query.trim().to_lowercase();
        let fits = |row: &Row| query.is_empty() || row.tensor.to_lowercase().contains(&query);
        let mut places: Vec<usize> = (0..rows.len()).filter(|&k| fits(&rows[k])).collect();
        // Undefined values come last in either direction.
        let rank = |k: usize| -> f64 {
            let sign = if self.reversed { -1.0 } else { 1.0 };
            let value = match self.by {
                By::Value if metric.is_similarity() => rows[k].value,
                By::Value => rows[k].value.map(|v| -v),
                By::Share => rows[k].share.map(|v| -v),
                By::Place => Some(k as f64),
            };
            value.map_or(f64::INFINITY, |v| sign * v)
        };
        places.sort_by(|&a, &b| rank(a).total_cmp(&rank(b)));
        places
    }

    fn header_ui(&mut self, ui: &mut Ui, metric: Metric) {
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let (name, value, share) = cells(rect);
        let order = "In the order of the model";
        let related = "Least related first";
        let part = "Share of the squared distance of the two, in percent";
        self.header_cell(ui, name, ("Tensor", order), Align2::LEFT_CENTER, By::Place);
        let title = metric.heading();
        let title = (title.as_str(), related);
        self.header_cell(ui, value, title, Align2::RIGHT_CENTER, By::Value);
        let title = ("Share, %", part);
        self.header_cell(ui, share, title, Align2::RIGHT_CENTER, By::Share);
        let line = eframe::egui::Stroke::new(1.0, Tokens::of(ui).line);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
    }

    fn header_cell(&mut self, ui: &Ui, rect: Rect, words: (&str, &str), align: Align2, by: By) {
        let order = (self.by == by).then_some(self.reversed);
        if sort_header(ui, rect, words, align, order).clicked() {
            self.reversed = order == Some(false);
            self.by = by;
        }
    }
}

fn cells(rect: Rect) -> (Rect, Rect, Rect) {
    let rect = rect.with_max_x(rect.right() - SCROLL_BAR);
    let (name, rest) = rect.split_left_right_at_x(rect.right() - VALUE - SHARE);
    let (value, share) = rest.split_left_right_at_x(rest.left() + VALUE);
    (name, value, share)
}

fn row_ui(ui: &mut Ui, row: &Row) -> Response {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let t = Tokens::of(ui);
    row_ground(ui, &response, rect, false);
    let mono = TextStyle::Monospace.resolve(ui.style());
    let (body, painter) = (theme::body_font(), ui.painter());
    let (name, value, share) = cells(rect);
    let inside = |cell: Rect| cell.shrink2(vec2(space::XS, 0.0));
    let room = inside(name);
    let tail = text::fitted_tensor_name(painter, &row.tensor, &mono, room.width());
    painter.text(room.left_center(), Align2::LEFT_CENTER, tail, mono, t.text);
    let shown = format::kinship(row.value);
    text::right(painter, inside(value), &shown, &body, t.text);
    let (part, ink) = if row.is_left_out() {
        ("left out".to_owned(), t.text_weak)
    } else {
        (format::decimals(row.share.map(|s| s * 100.0), 1), t.text)
    };
    text::right(painter, inside(share), &part, &body, ink);
    let label = format!("{} {shown} {part}", row.tensor);
    response.named(WidgetType::Button, &label);
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(&row.tensor));
        ui.label(format::full(row.value));
        ui.label(if row.is_left_out() {
            "Left out: one of the two has NaN or infinite numbers in it".to_owned()
        } else {
            let parameters = format::parameters(row.parameters);
            format!("{parameters} parameters, {part} % of the squared distance")
        });
        ui.weak("Click to copy the name");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: Option<f64>, share: Option<f64>) -> Row {
        Row {
            tensor: name.to_owned(),
            value,
            share,
            parameters: 1,
        }
    }

    #[test]
    fn the_least_related_come_first_and_undefined_last() {
        let rows = [
            row("norm", None, Some(0.0)),
            row("attention.Q", Some(0.9), Some(0.7)),
            row("mlp", Some(0.1), Some(0.3)),
        ];
        let mut list = TensorList {
            by: By::Value,
            ..TensorList::default()
        };
        assert_eq!(list.places(&rows, Metric::PEARSON), [2, 1, 0]);
        assert_eq!(list.places(&rows, Metric::EUCLIDEAN), [1, 2, 0]);
        list.reversed = true;
        assert_eq!(list.places(&rows, Metric::PEARSON), [1, 2, 0]);
        (list.by, list.reversed) = (By::Share, false);
        assert_eq!(list.places(&rows, Metric::PEARSON), [1, 2, 0]);
        list.by = By::Place;
        assert_eq!(list.places(&rows, Metric::PEARSON), [0, 1, 2]);
        list.query = " tion.q".to_owned();
        assert_eq!(list.places(&rows, Metric::PEARSON), [1]);
    }

    #[test]
    fn those_that_make_most_of_the_distance_come_first() {
        let rows = [
            row("left out", None, None),
            row("norm", Some(-0.4), Some(0.0)),
            row("mlp", Some(0.6), Some(0.8)),
            row("attention", Some(0.1), Some(0.2)),
        ];
        let list = TensorList::default();
        assert_eq!(list.places(&rows, Metric::PEARSON), [2, 3, 1, 0]);
    }
}
