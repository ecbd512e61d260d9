//! The shares as one bar, with a line for each model.

use eframe::egui::{Color32, Rect, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};

use crate::origin::ancestry::{Answer, words};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{Tokens, space};

const HEIGHT: f32 = 18.0;
const MARK: f32 = 10.0;
/// Height of a line of the legend, in points.
const LINE: f32 = 18.0;
/// Shares whose sum is further from one than this are explained.
const NOTED: f64 = 0.02;

/// Draws the bar and its legend. Negative shares are in the legend alone.
pub(super) fn shares_ui(ui: &mut Ui, answer: &Answer, names: &[String]) {
    let t = Tokens::of(ui);
    let parts = answer.parts.iter().enumerate();
    let lengths: Vec<(Color32, f64)> = parts
        .map(|(k, part)| (t.role(k), part.share.max(0.0)))
        .collect();
    let said = words::shares(answer, names);
    let left = words::unexplained(answer);
    bar_ui(ui, &lengths, left, &said);
    ui.add_space(space::S);
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = LINE;
        for (k, part) in answer.parts.iter().enumerate() {
            line_ui(ui, t.role(k), &names[part.candidate], &share(part.share));
        }
        line_ui(ui, t.line, "unexplained", &share(left));
    });
    let all: f64 = answer.parts.iter().map(|part| part.share).sum();
    if !answer.parts.is_empty() && (all + left - 1.0).abs() > NOTED {
        ui.quiet("Each share is of that model's own change, so they need not add up to 100 %");
    }
}

/// "62.1 %"
fn share(value: f64) -> String {
    crate::text::with_minus(&format!("{:.1} %", 100.0 * value))
}

fn bar_ui(ui: &mut Ui, parts: &[(Color32, f64)], left: f64, said: &str) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, said));
    let t = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 4.0, t.line);
    // Shares need not sum to one: the bar is as long as all of them and what is left.
    let total: f64 = parts.iter().map(|part| part.1).sum::<f64>() + left;
    if total <= 0.0 {
        return;
    }
    let mut from = rect.left();
    for (color, part) in parts {
        let width = (part / total) as f32 * rect.width();
        let own = Rect::from_min_max(pos2(from, rect.top()), pos2(from + width, rect.bottom()));
        painter.rect_filled(own, 2.0, *color);
        from += width + 1.0;
    }
}

fn line_ui(ui: &mut Ui, color: Color32, name: &str, value: &str) {
    ui.horizontal(|ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(MARK, MARK), Sense::hover());
        ui.painter().rect_filled(mark, 2.0, color);
        ui.label(format::elide_middle(name, 60));
        ui.weak(value);
    });
}
