//! Lines of the inspector of a pair: a name at the left, numbers at the right, all rows alike.

use eframe::egui::{Color32, FontId, Id, Rect, Sense, Ui, WidgetType, vec2};

use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{section_heading, text};

/// One number of a row: what is shown, and what hovering tells.
pub(super) type Cell = (String, String);

/// Room for one number, in points, and where there are three of them.
const CELL: f32 = 74.0;
const NARROW_CELL: f32 = 60.0;
const ROW: f32 = 24.0;

/// A label at the left, numbers at the right, all rows alike.
pub(super) fn row_ui(ui: &mut Ui, (label, help): (&str, &str), cells: &[Cell]) {
    let t = Tokens::of(ui);
    line_ui(ui, (label, help), cells, &theme::body_font(), t.text);
}

pub(super) fn head_ui(ui: &mut Ui, cells: &[(&str, &str)]) {
    let t = Tokens::of(ui);
    let owned = |(text, help): &(&str, &str)| ((*text).to_owned(), (*help).to_owned());
    let cells: Vec<Cell> = cells.iter().map(owned).collect();
    line_ui(ui, ("", ""), &cells, &theme::small_font(), t.text_weak);
}

pub(super) fn line_ui(
    ui: &mut Ui,
    (label, help): (&str, &str),
    cells: &[Cell],
    font: &FontId,
    ink: Color32,
) {
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let shown: Vec<&str> = cells.iter().map(|cell| cell.0.as_str()).collect();
    response.named(
        WidgetType::Label,
        format!("{label} {}", shown.join(" ")).trim(),
    );
    let width = if cells.len() > 2 { NARROW_CELL } else { CELL };
    let first = rect.right() - width * cells.len() as f32;
    let name = rect.with_max_x(first - space::XS);
    text::left(ui.painter(), name, label, font, ink);
    for (k, (text, full)) in cells.iter().enumerate() {
        let cell = Rect::from_x_y_ranges(
            first + width * k as f32..=first + width * (k + 1) as f32,
            rect.y_range(),
        );
        text::right(ui.painter(), cell, text, font, ink);
        hover(ui, cell, response.id.with(k), full);
    }
    let id = response.id.with("name");
    ui.interact(name, id, Sense::hover()).explained(label, help);
}

fn hover(ui: &Ui, rect: Rect, id: Id, text: &str) {
    if !text.is_empty() {
        ui.interact(rect, id, Sense::hover()).on_hover_text(text);
    }
}

pub(super) fn number(value: Option<f64>) -> Cell {
    (format::kinship(value), format::full(value))
}

/// Names what follows, with room above.
pub(super) fn heading(ui: &mut Ui, title: &str) {
    ui.add_space(space::S);
    section_heading(ui, title);
    ui.add_space(space::XS);
}
