//! The predictors, one under the other, with the rank correlation as a bar.

use eframe::egui::{Align2, Rect, Sense, Stroke, Ui, WidgetType, pos2, vec2};

use super::lines::{Line, Lines};
use crate::advice::How;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::text;

/// Widths of the columns with numbers, in points, and the least of a bar.
const NUMBER: f32 = 52.0;
const LEAST_BAR: f32 = 40.0;
const BAR: f32 = 8.0;
/// The share of a row that a name takes.
const NAME: f32 = 0.46;

pub fn table_ui(ui: &mut Ui, lines: &Lines, how: How) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        header_ui(ui);
        for line in lines.by(how) {
            row_ui(ui, line);
        }
    });
}

/// Where name, bar and numbers are: rank correlation, r, n.
fn cells(rect: Rect) -> (Rect, Rect, [Rect; 3]) {
    let mut rest = rect;
    let mut numbers = [rect; 3];
    for k in [2, 1, 0] {
        (rest, numbers[k]) = rest.split_left_right_at_x(rest.right() - NUMBER);
    }
    let (name, bar) = rest.split_left_right_at_x(rest.left() + rect.width() * NAME);
    (name.shrink2(vec2(space::XS, 0.0)), bar, numbers)
}

fn header_ui(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let (name, _, numbers) = cells(rect);
    let font = theme::small_font();
    let painter = ui.painter();
    text::left(painter, name, "Predictor", &font, t.text_weak);
    for (cell, head) in numbers.into_iter().zip(["Rank", "r", "n"]) {
        text::line_in(
            painter,
            cell,
            Align2::RIGHT_CENTER,
            head,
            &font,
            t.text_weak,
        );
    }
    let line = Stroke::new(1.0, t.line);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, line);
}

fn row_ui(ui: &mut Ui, line: &Line) {
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.named(WidgetType::Label, line.spoken());
    if line.is_used {
        ui.painter().rect_filled(rect, 4, t.selection);
    }
    let (name, bar, numbers) = cells(rect);
    let assessed = &line.assessed;
    let title = match line.is_used {
        true => format!("{} · used", assessed.title),
        false => assessed.title.clone(),
    };
    let font = theme::body_font();
    let painter = ui.painter();
    let ink = if line.is_used { t.text } else { t.text_weak };
    text::line_in(painter, name, Align2::LEFT_CENTER, &title, &font, ink);
    let words = [
        format::decimals(assessed.spearman, 2),
        format::decimals(assessed.r, 2),
        assessed.n.to_string(),
    ];
    for (cell, words) in numbers.into_iter().zip(words) {
        text::line_in(painter, cell, Align2::RIGHT_CENTER, &words, &font, ink);
    }
    if bar.width() >= LEAST_BAR {
        bar_ui(ui, bar, assessed.spearman, line.is_used);
    }
    response.on_hover_text(format!("{}\n{}", line.spoken(), assessed.key));
}

/// From zero, which is in the middle: what ranks the wrong way round goes to the left.
fn bar_ui(ui: &Ui, cell: Rect, value: Option<f64>, is_used: bool) {
    let t = Tokens::of(ui);
    let trough = Rect::from_center_size(cell.center(), vec2(cell.width(), BAR));
    let painter = ui.painter();
    painter.rect_filled(trough, 2, if t.dark { t.field } else { t.hover });
    let zero = trough.center().x;
    if let Some(value) = value.filter(|v| v.is_finite()) {
        let end = zero + trough.width() / 2.0 * value.clamp(-1.0, 1.0) as f32;
        let filled = Rect::from_two_pos(pos2(zero, trough.top()), pos2(end, trough.bottom()));
        let ink = if is_used { t.accent } else { t.line_strong };
        painter.rect_filled(filled, 2, ink);
    }
    let line = Stroke::new(1.0, t.line_strong);
    painter.vline(zero, trough.y_range().expand(2.0), line);
}
