//! One model of an evolution as a small card, and one that is still to be made.
//!
//! What was judged has a solid bar; what is being made or planned is hollow.

use eframe::egui::{
    Align2, Color32, FontId, Painter, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::model::{Planned, RunCard};
use crate::ui::colormap::Scale;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, space};
use crate::ui::views::family::Card;
use crate::ui::views::score_bar;
use crate::ui::widgets::text;

/// Size of a card, in points.
pub const SIZE: Vec2 = vec2(176.0, 64.0);
const BAR: f32 = 5.0;
const BADGE: f32 = 8.0;
const DOT: f32 = 4.0;
/// How far what is not meant steps back.
const FADED: f32 = 0.7;

/// How a card stands out or steps back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stance {
    pub is_selected: bool,
    pub is_hovered: bool,
    pub is_dimmed: bool,
    /// How far it is, where it is being judged; 0 to 1.
    pub judging: Option<f32>,
}

struct Pen<'a> {
    painter: &'a Painter,
    t: &'static Tokens,
    is_dimmed: bool,
}

impl Pen<'_> {
    fn ink(&self, color: Color32) -> Color32 {
        match self.is_dimmed {
            true => color.lerp_to_gamma(self.t.background, FADED),
            false => color,
        }
    }
}

pub fn card(ui: &Ui, rect: Rect, run: &RunCard, scores: Option<Scale>, stance: Stance) {
    let (t, card) = (Tokens::of(ui), &run.card);
    let pen = Pen {
        painter: ui.painter(),
        t,
        is_dimmed: stance.is_dimmed,
    };
    let fill = match (stance.is_selected, stance.is_hovered) {
        (true, _) => t.selection,
        (_, true) => t.hover,
        _ => t.raised,
    };
    let line = match (stance.is_selected, card.is_best) {
        (true, _) => Stroke::new(2.0, t.accent),
        (_, true) => Stroke::new(1.5, pen.ink(t.text)),
        _ => Stroke::new(1.0, pen.ink(t.line)),
    };
    pen.painter
        .rect(rect, radius::CARD, pen.ink(fill), line, StrokeKind::Inside);
    let [top, middle, bottom] = rows(rect);
    let right = score(&pen, top, card, stance);
    name(&pen, top.with_max_x(right - space::S), run);
    match (stance.judging, card.score) {
        (Some(share), None) => hollow_bar(&pen, middle, share),
        (_, Some(value)) if !stance.is_dimmed => {
            let share = scores.map_or(1.0, |scale| scale.position(value) as f32);
            score_bar(ui, middle, share);
        }
        _ => hollow_bar(&pen, middle, 0.0),
    }
    if !card.parents.is_empty() {
        descent(&pen, bottom, &run.descent, run.kinship());
    } else if run.has_no_files {
        small(&pen, bottom, "no files here");
    } else {
        small(&pen, bottom, &card.children_words());
    }
}

/// Draws a merge that is planned, or made right now: its name and how far it is.
pub fn planned(ui: &Ui, rect: Rect, planned: &Planned, making: Option<(&str, Option<f32>)>) {
    let t = Tokens::of(ui);
    let pen = Pen {
        painter: ui.painter(),
        t,
        is_dimmed: false,
    };
    let ink = making.map_or(t.line_strong, |_| t.accent);
    dashed(pen.painter, rect, Stroke::new(1.0, ink));
    let [top, middle, bottom] = rows(rect);
    let parents = &planned.descent;
    let font = theme::body_font();
    let left = mark(&pen, top, planned.explores);
    match making {
        Some((child, share)) => {
            end_of_name(&pen, top.with_min_x(left), child, (&font, t.text));
            hollow_bar(&pen, middle, share.unwrap_or(0.0));
            descent(&pen, bottom, parents, planned.kinship);
        }
        None => {
            let right = kinship_at(&pen, top, planned.kinship);
            let room = top.with_min_x(left).with_max_x(right);
            text::left(pen.painter, room, parents, &font, t.text_weak);
            small(&pen, bottom, &planned.reason);
        }
    }
}

/// Name, bar, descent.
fn rows(rect: Rect) -> [Rect; 3] {
    let inside = rect.shrink2(vec2(10.0, 7.0));
    let top = inside.with_max_y(inside.top() + 20.0);
    let bottom = inside.with_min_y(inside.bottom() - 17.0);
    let y = f32::midpoint(top.bottom(), bottom.top());
    let middle = Rect::from_x_y_ranges(inside.x_range(), y - BAR / 2.0..=y + BAR / 2.0);
    [top, middle, bottom]
}

/// The score at the right; where it begins.
fn score(pen: &Pen<'_>, row: Rect, card: &Card, stance: Stance) -> f32 {
    let words = match stance.judging {
        Some(_) if card.score.is_none() => "judging".to_owned(),
        _ => format::score(card.score),
    };
    let ink = pen.ink(card.score.map_or(pen.t.text_weak, |_| pen.t.text));
    let at = row.right_center();
    let drawn = pen
        .painter
        .text(at, Align2::RIGHT_CENTER, words, name_font(card), ink);
    drawn.left()
}

fn name_font(card: &Card) -> FontId {
    match card.is_best {
        true => theme::strong_font(),
        false => theme::body_font(),
    }
}

/// Its rank, whether it explores, and its name.
fn name(pen: &Pen<'_>, row: Rect, run: &RunCard) {
    let card = &run.card;
    let mut left = row.left();
    if let Some(rank) = run.rank {
        let centre = pos2(left + BADGE, row.center().y);
        let painter = pen.painter;
        painter.circle_filled(centre, BADGE, pen.ink(pen.t.text_weak));
        let (font, ink) = (FontId::proportional(11.0), pen.ink(pen.t.raised));
        painter.text(centre, Align2::CENTER_CENTER, rank.to_string(), font, ink);
        left += 2.0 * BADGE + space::XS + 1.0;
    }
    left = mark(pen, row.with_min_x(left), card.explores);
    let font = name_font(card);
    let room = row.with_min_x(left);
    let ink = pen.ink(pen.t.text);
    if card.generation > 0 {
        return end_of_name(pen, room, &card.short, (&font, ink));
    }
    text::left(pen.painter, room, &card.short, &font, ink);
}

/// A child's name; what tells it from others of its run stands at its end.
fn end_of_name(pen: &Pen<'_>, room: Rect, name: &str, (font, ink): (&FontId, Color32)) {
    let width = |words: &str| {
        let words = words.to_owned();
        let galley = pen.painter.layout_no_wrap(words, font.clone(), ink);
        galley.size().x
    };
    let mut shown = name.to_owned();
    let mut letters = name.chars();
    while width(&shown) > room.width() && letters.next().is_some() {
        shown = format!("…{}", letters.as_str());
    }
    let (at, align) = (room.left_center(), Align2::LEFT_CENTER);
    pen.painter.text(at, align, shown, font.clone(), ink);
}

/// The compass of those that explore; where the words begin.
fn mark(pen: &Pen<'_>, row: Rect, explores: bool) -> f32 {
    if !explores {
        return row.left();
    }
    let (font, ink) = (FontId::proportional(14.0), pen.ink(pen.t.text_weak));
    let (at, align) = (row.left_center(), Align2::LEFT_CENTER);
    let drawn = pen.painter.text(at, align, icon::COMPASS, font, ink);
    drawn.right() + space::XS
}

fn descent(pen: &Pen<'_>, row: Rect, parents: &str, kinship: Option<f64>) {
    let right = kinship_at(pen, row, kinship);
    small(pen, row.with_max_x(right), parents);
}

/// Kinship at the right as a number with a dot in its colour; where that begins.
fn kinship_at(pen: &Pen<'_>, row: Rect, kinship: Option<f64>) -> f32 {
    if kinship.is_none() {
        return row.right();
    }
    let value = format::kinship(kinship);
    let (font, ink) = (theme::small_font(), pen.ink(pen.t.text_weak));
    let (at, align) = (row.right_center(), Align2::RIGHT_CENTER);
    let drawn = pen.painter.text(at, align, value, font, ink);
    let dot = pos2(drawn.left() - space::XS - DOT, row.center().y);
    let color = Scale::KINSHIP.color(kinship, pen.t);
    let outline = Stroke::new(1.0, pen.ink(pen.t.line_strong));
    pen.painter.circle(dot, DOT, pen.ink(color), outline);
    dot.x - DOT - space::XS
}

fn small(pen: &Pen<'_>, row: Rect, words: &str) {
    let (font, ink) = (theme::small_font(), pen.ink(pen.t.text_weak));
    text::left(pen.painter, row, words, &font, ink);
}

/// A bar of what is not known yet; `share` of it is done.
fn hollow_bar(pen: &Pen<'_>, bar: Rect, share: f32) {
    let line = Stroke::new(1.0, pen.ink(pen.t.line_strong));
    let done = bar.with_max_x(bar.left() + bar.width() * share.clamp(0.0, 1.0));
    if share > 0.0 {
        pen.painter.rect_filled(done, 2, pen.t.accent);
    }
    pen.painter.rect_stroke(bar, 2, line, StrokeKind::Inside);
}

fn dashed(painter: &Painter, rect: Rect, stroke: Stroke) {
    let r = rect.shrink(0.5);
    let (a, b) = (r.left_top(), r.right_bottom());
    let corners = [a, r.right_top(), b, r.left_bottom(), a];
    painter.extend(Shape::dashed_line(&corners, stroke, 4.0, 3.0));
}
