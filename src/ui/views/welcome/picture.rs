//! What the program is about, in one picture: the kinship of the demo family.

use eframe::egui::{Align2, Rect, Sense, Ui, Vec2, WidgetType, pos2, vec2};

use crate::ui::colormap::{Scale, text_on};
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, Tokens, space};

const NAMES: f32 = 56.0;
const CELL: Vec2 = vec2(36.0, 22.0);
pub const SIZE: Vec2 = vec2(
    NAMES + CELL.x * FAMILY.len() as f32,
    CELL.y * FAMILY.len() as f32,
);

/// Pearson correlations of the task vectors, of each with those before it: two decimals of
/// `resources/demo/kinship.csv`.
const FAMILY: [(&str, &[f32]); 7] = [
    ("abacus", &[]),
    ("arith", &[0.93]),
    ("ledger", &[0.90, 0.93]),
    ("order", &[0.08, 0.06, 0.12]),
    ("sorter", &[0.04, 0.01, 0.02, 0.27]),
    ("tally", &[0.05, 0.03, 0.04, 0.05, 0.32]),
    ("mirror", &[0.11, 0.01, 0.03, 0.09, 0.12, 0.10]),
];

/// Draws the lower half of the matrix.
pub fn ui(ui: &Ui, rect: Rect) {
    let t = Tokens::of(ui);
    let response = ui.interact(rect, ui.id().with("picture"), Sense::hover());
    let help = "Kinship of the demo’s seven fine-tunes: three were trained on sums, and it shows";
    response.named(WidgetType::Image, help);
    let painter = ui.painter();
    for (row, (name, values)) in FAMILY.iter().enumerate() {
        let top = rect.top() + CELL.y * row as f32;
        let at = pos2(rect.left() + NAMES - space::S, top + CELL.y / 2.0);
        let font = theme::small_font();
        painter.text(at, Align2::RIGHT_CENTER, name, font, t.text_weak);
        for (column, value) in values.iter().chain([&1.0]).enumerate() {
            let left = rect.left() + NAMES + CELL.x * column as f32;
            let cell = Rect::from_min_size(pos2(left, top), CELL);
            let fill = Scale::KINSHIP.color(Some(f64::from(*value)), t);
            painter.rect_filled(cell.shrink(0.5), 2, fill);
            if column < row {
                let words = format!("{value:.2}");
                let font = theme::small_font();
                let ink = text_on(fill);
                painter.text(cell.center(), Align2::CENTER_CENTER, words, font, ink);
            }
        }
    }
    response.on_hover_text(help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_demo() {
        let table = include_str!("../../../../resources/demo/kinship.csv");
        let known = |a: &str, b: &str| {
            let starts = [format!("{a},{b},"), format!("{b},{a},")];
            let line = table.lines().find_map(|line| {
                starts
                    .iter()
                    .find_map(|start| line.strip_prefix(start.as_str()))
            })?;
            line.split(',').next()?.parse::<f32>().ok()
        };
        for (row, (a, values)) in FAMILY.iter().enumerate() {
            assert_eq!(values.len(), row);
            for (value, (b, _)) in values.iter().zip(FAMILY) {
                let known = known(a, b).unwrap();
                assert!((value - known).abs() < 0.0051, "{a} {b}: {value} {known}");
            }
        }
    }
}
