//! What was not compared: a count that opens into a list.

use std::collections::BTreeSet;

use eframe::egui::{
    Align2, Popup, PopupCloseBehavior, Response, RichText, ScrollArea, Sense, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::shown::Shown;
use crate::kinship::Kinship;
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, size, space};
use crate::ui::widgets::text;

const LIST_WIDTH: f32 = 720.0;
const MOST_ROWS_SEEN: usize = 12;

struct Row<'a> {
    tensor: &'a str,
    model: &'a str,
    reason: &'a str,
}

impl Row<'_> {
    fn copied(&self) -> String {
        format!("{}\t{}\t{}", self.tensor, self.model, self.reason)
    }
}

pub fn left_out_ui(ui: &mut Ui, kinship: &Kinship, shown: &Shown, actions: &mut Vec<Action>) {
    if kinship.left_out.is_empty() {
        return;
    }
    let rows = rows(kinship, shown);
    let tensors: BTreeSet<&str> = rows.iter().map(|row| row.tensor).collect();
    if tensors.is_empty() {
        return;
    }
    let warning = Tokens::of(ui).warning;
    let label = format!("{} left out", format::counted(tensors.len(), "tensor"));
    let shown = format!("{} {label} {}", icon::WARNING, icon::CARET_RIGHT);
    let text = RichText::new(shown).size(size::SMALL).color(warning);
    let button = ui.add(eframe::egui::Button::new(text).frame(false));
    button.named(WidgetType::Button, &label);
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| list_ui(ui, &rows, actions));
}

fn rows<'a>(kinship: &'a Kinship, shown: &'a Shown) -> Vec<Row<'a>> {
    let name = |model: Option<usize>| match model {
        None => Some("all models"),
        Some(_) => {
            let at = shown.key.places.iter().position(|&place| place == model)?;
            Some(shown.key.labels[at].as_str())
        }
    };
    let row = |left_out: &'a crate::checkpoint::LeftOut| {
        Some(Row {
            tensor: &left_out.tensor,
            model: name(left_out.model)?,
            reason: &left_out.reason,
        })
    };
    kinship.left_out.iter().filter_map(row).collect()
}

fn list_ui(ui: &mut Ui, rows: &[Row<'_>], actions: &mut Vec<Action>) {
    let width = LIST_WIDTH.min(ui.ctx().content_rect().width() - 2.0 * space::XXL);
    ui.set_width(width);
    ui.horizontal(|ui| {
        ui.label(theme::strong("Left out of the comparison"));
        ui.with_layout(
            eframe::egui::Layout::right_to_left(eframe::egui::Align::Center),
            |ui| {
                if ui.button("Copy list").clicked() {
                    let lines: Vec<String> = rows.iter().map(Row::copied).collect();
                    actions.push(Action::copy("List", lines.join("\n")));
                }
            },
        );
    });
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = rows.len().min(MOST_ROWS_SEEN) as f32 * ROW_HEIGHT;
    ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink(false)
        .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
            for row in range.filter_map(|k| rows.get(k)) {
                if row_ui(ui, row).clicked() {
                    actions.push(Action::copy("Line", row.copied()));
                }
            }
        });
}

fn row_ui(ui: &mut Ui, row: &Row<'_>) -> Response {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let t = Tokens::of(ui);
    if response.hovered() {
        ui.painter().rect_filled(rect, radius::CONTROL, t.hover);
    }
    let mono = eframe::egui::TextStyle::Monospace.resolve(ui.style());
    let small = theme::small_font();
    let cells = [
        (0.0, 0.48, row.tensor, &mono, t.text),
        (0.48, 0.68, row.model, &small, t.text),
        (0.68, 1.0, row.reason, &small, t.text_weak),
    ];
    for (from, to, text, font, ink) in cells {
        let cell = rect
            .with_min_x(rect.left() + rect.width() * from)
            .with_max_x(rect.left() + rect.width() * to)
            .shrink2(vec2(space::XS, 0.0));
        let painter = ui.painter();
        let is_tensor = from == 0.0;
        let shown = if is_tensor {
            text::fitted_tail(painter, text, font, cell.width())
        } else {
            text::fitted(painter, text, font, cell.width())
        };
        painter.text(
            cell.left_center(),
            Align2::LEFT_CENTER,
            shown,
            font.clone(),
            ink,
        );
    }
    let label = format!("{}, {}: {}", row.tensor, row.model, row.reason);
    response.named(WidgetType::Button, &label);
    response.on_hover_text(format!("{label}\nClick to copy"))
}
