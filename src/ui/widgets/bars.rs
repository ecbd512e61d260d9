//! Named bars, one under the other: nearest relatives, parts of an ancestry.

use eframe::egui::{Align2, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};

use super::button::row_ground;
use super::text;
use crate::ui::colormap::Scale;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};

const ROW: f32 = 24.0;
const BAR: f32 = 8.0;

#[derive(Clone, Debug)]
pub struct Bar<'a> {
    pub name: &'a str,
    /// How much; undefined is `None`.
    pub value: Option<f64>,
    /// Whether the value is predicted, which is drawn hollow.
    pub predicted: bool,
}

/// Draws the rows over the whole width; bars start at 0 where the scale holds it. The index of
/// the row that was clicked.
pub fn bars_ui(ui: &mut Ui, bars: &[Bar<'_>], scale: Scale, decimals: usize) -> Option<usize> {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let font = theme::body_font();
        let values = bars.iter().map(|b| format::decimals(b.value, decimals));
        // A value that is not known yet has the room of one that is.
        let likely = format::decimals(Some(0.0), decimals);
        let value_width = values
            .chain([likely])
            .map(|v| text::width(ui, &v, font.clone()))
            .fold(0.0, f32::max);
        let mut clicked = None;
        for (i, bar) in bars.iter().enumerate() {
            if bar_ui(ui, bar, scale, decimals, value_width).clicked() {
                clicked = Some(i);
            }
        }
        clicked
    })
    .inner
}

fn bar_ui(ui: &mut Ui, bar: &Bar<'_>, scale: Scale, decimals: usize, value_width: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let shown = format::decimals(bar.value, decimals);
    response.named(WidgetType::Button, format!("{} {shown}", bar.name));
    let t = Tokens::of(ui);
    let band = rect.expand2(vec2(space::XS, 0.0));
    row_ground(ui, &response, band, false);
    let name = rect.with_max_x(rect.left() + rect.width() * 0.42);
    let font = theme::body_font();
    let painter = ui.painter();
    text::left(painter, name, bar.name, &font, t.text);
    painter.text(
        rect.right_center(),
        Align2::RIGHT_CENTER,
        shown,
        font,
        t.text,
    );
    let trough = Rect::from_min_max(
        pos2(name.right() + space::S, rect.center().y - BAR / 2.0),
        pos2(
            rect.right() - value_width - space::S,
            rect.center().y + BAR / 2.0,
        ),
    );
    if trough.width() > BAR {
        trough_ui(ui, trough, bar, scale);
    }
    response.on_hover_text(format!("{} {}", bar.name, format::full(bar.value)))
}

fn trough_ui(ui: &Ui, trough: Rect, bar: &Bar<'_>, scale: Scale) {
    let t = Tokens::of(ui);
    let painter = ui.painter();
    let x_of = |value: f64| trough.left() + trough.width() * scale.position(value) as f32;
    painter.rect_filled(trough, 2, if t.dark { t.field } else { t.hover });
    let Some(value) = bar.value.filter(|v| v.is_finite()) else {
        return;
    };
    let (from, to) = (x_of(0.0), x_of(value));
    let filled = trough.with_min_x(from.min(to)).with_max_x(from.max(to));
    if bar.predicted {
        painter.rect_stroke(filled, 2, Stroke::new(1.5, t.accent), StrokeKind::Inside);
    } else {
        painter.rect_filled(filled, 2, t.accent);
    }
    if matches!(scale, Scale::Diverging { .. } | Scale::Signed { .. }) {
        painter.vline(
            from,
            trough.y_range().expand(2.0),
            Stroke::new(1.0, t.line_strong),
        );
    }
}
