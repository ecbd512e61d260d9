//! What the colours and marks mean, in one quiet line that wraps where there is little room.

use eframe::egui::{
    Align2, Color32, FontId, Rect, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::curve;
use super::drawn::ColourBy;
use super::model::LineageModel;
use crate::study::Role;
use crate::ui::colormap::gradient;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::family::Card;
use crate::ui::widgets::text;

const STRIP: Vec2 = vec2(64.0, 8.0);
const ITEM: f32 = 18.0;
const MARK: f32 = 32.0;

pub fn ui(ui: &mut Ui, shown: &LineageModel, colour: ColourBy) {
    ui.spacing_mut().interact_size.y = ITEM;
    let any = |test: fn(&Card) -> bool| shown.cards.iter().any(|card| test(card));
    let has_edges = !shown.graph.edges.is_empty();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 2.0);
        if any(|card| card.kinship.is_some()) && has_edges {
            strip(ui, "Kinship of parents", ["0", "1"], &|share, t| {
                curve::ink(share, t)
            });
        }
        if shown.is_measuring {
            sample(ui, "still being measured", |ui, rect, t| {
                glyph(ui, rect, icon::HOURGLASS, t.warning);
            });
        }
        if any(|card| card.kinship.is_none() && card.is_merge() && !card.parents.is_empty()) {
            sample(ui, "kinship not known", |ui, rect, t| {
                let ends = [rect.left_center(), rect.right_center()];
                let stroke = Stroke::new(1.0, t.line_strong);
                ui.painter()
                    .extend(Shape::dashed_line(&ends, stroke, 5.0, 4.0));
            });
        }
        match (colour, shown.scores) {
            (ColourBy::Score, Some(scale)) => {
                let (lo, hi) = scale.range();
                let ends = [lo, hi].map(|v| format::score(Some(v)));
                strip(ui, "Average", [&ends[0], &ends[1]], &|share, t| {
                    scale.at(share, t)
                });
            }
            (ColourBy::Score, None) => {}
            (ColourBy::Role, _) => roles(ui, shown),
        }
        if any(|card| card.children > 0) {
            sample(ui, "more children", |ui, rect, t| {
                let stroke = Stroke::new(1.0, t.line_strong);
                let (a, b) = (rect.left_center(), rect.right_center());
                ui.painter().circle_stroke(a + vec2(4.0, 0.0), 3.0, stroke);
                ui.painter().circle_stroke(b - vec2(9.0, 0.0), 6.0, stroke);
            });
        }
        if any(|card| card.is_best) {
            sample(ui, "best of a generation", |ui, rect, t| {
                let pill = Rect::from_center_size(rect.center(), vec2(22.0, 11.0));
                let stroke = Stroke::new(1.75, t.text);
                ui.painter()
                    .rect_stroke(pill, 5, stroke, StrokeKind::Inside);
            });
        }
        if any(|card| card.explores) {
            sample(ui, "made to explore", |ui, rect, t| {
                glyph(ui, rect, icon::COMPASS, t.text);
            });
        }
        if any(|card| card.unnamed_parents) {
            sample(ui, "unnamed parents", |ui, rect, t| {
                let stroke = Stroke::new(1.25, t.line_strong);
                let (from, to) = (rect.left_center() + vec2(6.0, 0.0), rect.right_center());
                ui.painter()
                    .extend(Shape::dashed_line(&[from, to], stroke, 3.0, 2.5));
                ui.painter()
                    .circle_stroke(from - vec2(3.0, 0.0), 3.0, stroke);
            });
        }
    });
}

fn roles(ui: &mut Ui, shown: &LineageModel) {
    for role in Role::ALL {
        if shown.cards.iter().any(|card| card.role == role) {
            sample(ui, role.title(), |ui, rect, t| {
                ui.painter()
                    .circle_filled(rect.center(), 5.0, t.role(role as usize));
            });
        }
    }
}

fn glyph(ui: &Ui, rect: Rect, glyph: &str, ink: Color32) {
    let (at, font) = (rect.center(), FontId::proportional(14.0));
    ui.painter()
        .text(at, Align2::CENTER_CENTER, glyph, font, ink);
}

/// A mark and what it means, which are never parted.
fn sample(ui: &mut Ui, words: &str, paint: impl FnOnce(&Ui, Rect, &Tokens)) {
    let t = Tokens::of(ui);
    let width = MARK + text::width(ui, words, theme::small_font());
    let size = vec2(width + space::M, ITEM);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.named(WidgetType::Label, words);
    let (mark, rest) = rect.split_left_right_at_x(rect.left() + MARK);
    paint(ui, mark.shrink2(vec2(2.0, 0.0)), t);
    write(ui, rest, words);
}

fn write(ui: &Ui, rect: Rect, words: &str) {
    let (font, ink) = (theme::small_font(), Tokens::of(ui).text_weak);
    let at = rect.left_center();
    ui.painter().text(at, Align2::LEFT_CENTER, words, font, ink);
}

type Colours<'a> = dyn Fn(f64, &Tokens) -> Color32 + 'a;

fn strip(ui: &mut Ui, name: &str, [lo, hi]: [&str; 2], color: &Colours<'_>) {
    let font = theme::small_font();
    let before = format!("{name}  {lo}");
    let [left, right] = [&before, hi].map(|words| text::width(ui, words, font.clone()));
    let size = vec2(left + STRIP.x + right + 2.0 * space::XS + space::M, ITEM);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let label = format!("{name}, colours from {lo} to {hi}");
    response.named(WidgetType::Image, &label);
    let (words, rest) = rect.split_left_right_at_x(rect.left() + left + space::XS);
    let (colours, last) = rest.split_left_right_at_x(rest.left() + STRIP.x);
    write(ui, words, &before);
    write(ui, last.translate(vec2(space::XS, 0.0)), hi);
    let colours = Rect::from_center_size(colours.center(), STRIP);
    let t = Tokens::of(ui);
    ui.painter().add(gradient(colours, |share| color(share, t)));
}
