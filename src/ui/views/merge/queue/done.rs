//! A merge that is written: what was predicted of its child beside what was measured.

use eframe::egui::{Align2, Rect, Sense, Stroke, Ui, WidgetType, pos2, vec2};

use super::super::DraftContext;
use super::line_ui;
use crate::kinship::{Metric, Values};
use crate::study::ModelId;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::text;

const ROW: f32 = 17.0;
/// Room for one number, in points.
const CELL: f32 = 58.0;
const DOT: f32 = 3.5;

const PREDICTED: &str = "predicted";
/// Room for the name of a model, in points.
const NAME: f32 = 80.0;

/// Draws two lines for each parent: hollow what was predicted, solid what was measured.
pub fn ui(ui: &mut Ui, shown: &DraftContext<'_>, child: ModelId) {
    let doc = shown.doc();
    let Some(model) = doc.model(child) else {
        line_ui(ui, "No longer in the study");
        return;
    };
    let predicted = |parent: ModelId| model.origin.predicted.iter().find(|f| f.model == parent);
    let rows = model.parents.iter().filter_map(|&parent| {
        let predicted = predicted(parent)?.kinship.clone();
        let measured = Values::by(|metric| shown.bench.kinship_of(child, parent, metric));
        Some((doc.name_of(parent), predicted, measured))
    });
    let rows: Vec<(&str, Values, Values)> = rows.collect();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if !rows.is_empty() {
            head_ui(ui);
        }
        for (name, predicted, measured) in &rows {
            row_ui(ui, name, PREDICTED, predicted);
            row_ui(ui, name, "measured", measured);
        }
    });
    if model.scores.is_empty() {
        line_ui(ui, "Its scores are still to come");
    }
}

/// The measures that there is room for; all of them stand in the hover.
fn shown_metrics(width: f32) -> Vec<Metric> {
    let room = ((width - NAME) / CELL).max(1.0) as usize;
    Metric::independent().take(room).collect()
}

fn head_ui(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let weak = Tokens::of(ui).text_weak;
    let metrics = shown_metrics(rect.width());
    for (k, metric) in metrics.iter().enumerate() {
        let font = theme::small_font();
        let (painter, at) = (ui.painter(), cell(rect, metrics.len(), k));
        let title = metric.heading();
        text::line_in(painter, at, Align2::RIGHT_CENTER, &title, &font, weak);
    }
}

/// The name stands in the line of what was predicted, a dot in both.
fn row_ui(ui: &mut Ui, name: &str, what: &str, values: &Values) {
    let is_predicted = what == PREDICTED;
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let metrics = shown_metrics(rect.width());
    let number = |metric: &Metric| format::kinship(values.get(*metric));
    let shown: Vec<String> = metrics.iter().map(number).collect();
    let label = format!("{name} {what} {}", shown.join(" "));
    response.named(WidgetType::Label, &label);
    let font = theme::small_font();
    let painter = ui.painter();
    let dot = pos2(rect.left() + DOT + 1.0, rect.center().y);
    if is_predicted {
        painter.circle_stroke(dot, DOT, Stroke::new(1.5, t.accent));
    } else {
        painter.circle_filled(dot, DOT, t.accent);
    }
    let left = rect.left() + 2.0 * DOT + space::S;
    let right = cell(rect, metrics.len(), 0).left() - space::XS;
    let words = rect.with_min_x(left).with_max_x(right);
    let (said, ink) = match is_predicted {
        true => (name, t.text),
        false => (what, t.text_weak),
    };
    text::left_in(painter, words, said, &font, ink);
    for (k, value) in shown.iter().enumerate() {
        let at = cell(rect, metrics.len(), k);
        text::line_in(painter, at, Align2::RIGHT_CENTER, value, &font, t.text);
    }
    let full = |m: Metric| format!("{} {}", m.heading(), format::full(values.get(m)));
    let full: Vec<String> = Metric::independent().map(full).collect();
    response.on_hover_text(format!("{name}, {what}\n{}", full.join("\n")));
}

/// The `k`-th of `n` cells.
fn cell(row: Rect, n: usize, k: usize) -> Rect {
    let right = row.right() - CELL * (n - 1 - k) as f32;
    row.with_min_x(right - CELL).with_max_x(right)
}
