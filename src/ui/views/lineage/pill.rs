//! A model on the canvas: a pill with its name and score, or from afar a dot.
//!
//! Sizes scale with the zoom, type does not: it stays between 11 and 15 points on screen, in
//! half points, so that few sizes of glyphs are ever made.

use eframe::egui::{
    Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2,
    epaint::RectShape, pos2, vec2,
};
use egui_graphs::{DisplayNode, DrawContext, NodeProps};
use egui_phosphor::regular as icon;
use petgraph::Directed;
use petgraph::stable_graph::DefaultIx;

use super::camera::{LEAST_PILLS, LEAST_PITCH, PILL};
use super::look::{EdgeLook, NodeLook};
use crate::ui::views::family::Card;
use crate::ui::widgets::text;
use crate::ui::{fonts, format};

/// A pill narrower than this, in points on screen, has no room for the score.
const ROOM_FOR_SCORE: f32 = 130.0;
const LEAST_TYPE: f32 = 11.0;
const MOST_TYPE: f32 = 15.0;
/// How far what is not meant steps back.
const FADED: f32 = 0.72;

#[derive(Clone)]
pub struct Pill {
    look: NodeLook,
    at: Pos2,
    zoom: f32,
    /// The name as it fits, with the room and the type that it was cut for.
    name: Option<(Room, String)>,
}

#[derive(Clone, Copy, PartialEq)]
struct Room {
    points: i32,
    half_type: i32,
    strong: bool,
}

impl From<NodeProps<NodeLook>> for Pill {
    fn from(props: NodeProps<NodeLook>) -> Self {
        Self {
            at: props.location(),
            look: props.payload,
            zoom: 1.0,
            name: None,
        }
    }
}

impl DisplayNode<NodeLook, EdgeLook, Directed, DefaultIx> for Pill {
    /// Edges leave at the middle of the right side and arrive at the middle of the left one.
    fn closest_boundary_point(&self, dir: Vec2) -> Pos2 {
        let half = self.half_width();
        self.at + vec2(if dir.x < 0.0 { -half } else { half }, 0.0)
    }

    fn shapes(&mut self, ctx: &DrawContext<'_>) -> Vec<Shape> {
        self.zoom = ctx.meta.zoom;
        let middle = ctx.meta.canvas_to_screen_pos(self.at);
        if is_pill(self.zoom) {
            self.pill(ctx.painter, middle)
        } else {
            self.far_dot(middle)
        }
    }

    fn update(&mut self, state: &NodeProps<NodeLook>) {
        self.at = state.location();
        self.look = state.payload.clone();
    }

    fn is_inside(&self, pos: Pos2) -> bool {
        Rect::from_center_size(self.at, size(&self.look.card, self.zoom) / self.zoom).contains(pos)
    }
}

pub fn is_pill(zoom: f32) -> bool {
    zoom >= LEAST_PILLS
}

/// What a model takes on screen, to be touched, in points.
pub fn size(card: &Card, zoom: f32) -> Vec2 {
    if is_pill(zoom) {
        PILL * zoom
    } else {
        let easy = (0.5 * LEAST_PITCH.y * zoom).min(7.0);
        Vec2::splat(2.0 * far_radius(card, zoom).max(easy))
    }
}

/// The more children, the larger; dots of a column never touch.
pub fn far_radius(card: &Card, zoom: f32) -> f32 {
    let by_use = (3.0 + 1.4 * (card.children as f32).sqrt()).min(8.5);
    let shrunk = by_use * (zoom / LEAST_PILLS).clamp(0.6, 1.0);
    shrunk.min(0.44 * LEAST_PITCH.y * zoom).max(1.5)
}

fn type_size(zoom: f32) -> f32 {
    ((13.0 * zoom * 2.0).round() / 2.0).clamp(LEAST_TYPE, MOST_TYPE)
}

impl Pill {
    /// Told before edges are drawn, which end at its sides.
    pub fn set_zoom(&mut self, zoom: f32) {
        self.zoom = zoom;
    }

    fn half_width(&self) -> f32 {
        if is_pill(self.zoom) {
            PILL.x / 2.0
        } else {
            far_radius(&self.look.card, self.zoom) / self.zoom
        }
    }

    /// A colour as it is when others are meant.
    fn ink(&self, color: Color32) -> Color32 {
        if self.look.state.dimmed {
            color.lerp_to_gamma(self.look.tokens.background, FADED)
        } else {
            color
        }
    }

    fn pill(&mut self, painter: &Painter, middle: Pos2) -> Vec<Shape> {
        let (t, state, zoom) = (self.look.tokens, self.look.state, self.zoom);
        let rect = Rect::from_center_size(middle, PILL * zoom);
        let corner = CornerRadius::same((rect.height() / 2.0).min(127.0) as u8);
        let mut shapes = Vec::new();
        if self.look.card.unnamed_parents {
            self.stub(rect.left_center(), &mut shapes);
        }
        if state.selected {
            shapes.push(ring(rect.expand(3.0), Stroke::new(2.0, t.accent)));
        } else if state.found {
            shapes.push(ring(rect.expand(2.5), Stroke::new(1.5, t.warning)));
        }
        let fill = match (state.selected, state.hovered) {
            (true, _) => t.selection,
            (_, true) => t.hover,
            _ => t.raised,
        };
        let outline = if self.look.card.is_best {
            Stroke::new(1.75, self.ink(t.text))
        } else {
            Stroke::new(1.0, self.ink(if t.dark { t.line_strong } else { t.line }))
        };
        let body = RectShape::new(rect, corner, self.ink(fill), outline, StrokeKind::Inside);
        shapes.push(body.into());
        self.inside(painter, rect, &mut shapes);
        shapes
    }

    fn inside(&mut self, painter: &Painter, rect: Rect, shapes: &mut Vec<Shape>) {
        let t = self.look.tokens;
        let points = type_size(self.zoom);
        let half = rect.height() / 2.0;
        let dot = pos2(rect.left() + half, rect.center().y);
        let by_use = 3.0 + 1.1 * (self.look.card.children as f32).sqrt();
        let radius = (by_use * points / 13.0).min(half - 4.0);
        self.dot(dot, radius, shapes);
        let mut right = rect.right() - half * 0.7;
        if rect.width() >= ROOM_FOR_SCORE && self.look.card.score.is_some() {
            let score = format::score(self.look.card.score);
            let font = FontId::proportional(points);
            let galley = painter.layout_no_wrap(score, font, self.ink(t.text_weak));
            right -= galley.size().x;
            let at = pos2(right, rect.center().y - galley.size().y / 2.0);
            shapes.push(Shape::galley(at, galley, t.text_weak));
            right -= 6.0;
        }
        let left = dot.x + (half - 4.0).min(7.5) + 4.0;
        let strong = self.look.card.is_best;
        let font = if strong {
            FontId::new(points, fonts::semibold())
        } else {
            FontId::proportional(points)
        };
        let name = self.fitted(painter, &font, right - left, strong);
        let galley = painter.layout_no_wrap(name, font, self.ink(t.text));
        let at = pos2(left, rect.center().y - galley.size().y / 2.0);
        shapes.push(Shape::galley(at, galley, t.text));
    }

    /// The name, cut in the middle; cut anew only when its room has changed.
    fn fitted(&mut self, painter: &Painter, font: &FontId, room: f32, strong: bool) -> String {
        let wanted = Room {
            points: room as i32,
            half_type: (font.size * 2.0) as i32,
            strong,
        };
        if let Some((room, name)) = &self.name
            && *room == wanted
        {
            return name.clone();
        }
        let card = &self.look.card;
        let mark = if card.explores { icon::COMPASS } else { "" };
        let most = if mark.is_empty() {
            room
        } else {
            room - font.size - 2.0
        };
        let name = text::fitted(painter, &card.short, font, most.max(font.size));
        let name = if mark.is_empty() {
            name
        } else {
            format!("{mark} {name}")
        };
        self.name = Some((wanted, name.clone()));
        name
    }

    fn dot(&self, at: Pos2, radius: f32, shapes: &mut Vec<Shape>) {
        let t = self.look.tokens;
        if let Some(color) = self.look.dot {
            shapes.push(Shape::circle_filled(at, radius, self.ink(color)));
        }
        let outline = Stroke::new(1.0, self.ink(t.line_strong));
        shapes.push(Shape::circle_stroke(at, radius, outline));
    }

    fn far_dot(&self, middle: Pos2) -> Vec<Shape> {
        let (t, state, card) = (self.look.tokens, self.look.state, &self.look.card);
        let radius = far_radius(card, self.zoom);
        let mut shapes = Vec::new();
        if card.unnamed_parents {
            self.stub(middle - vec2(radius, 0.0), &mut shapes);
        }
        shapes.push(Shape::circle_filled(middle, radius, t.background));
        self.dot(middle, radius, &mut shapes);
        let around = |by: f32, stroke: Stroke| Shape::circle_stroke(middle, radius + by, stroke);
        if card.is_best && radius > 2.0 {
            shapes.push(around(1.0, Stroke::new(1.75, self.ink(t.text))));
        }
        if state.selected {
            shapes.push(around(4.0, Stroke::new(2.0, t.accent)));
        } else if state.found {
            shapes.push(around(4.0, Stroke::new(1.5, t.warning)));
        }
        shapes
    }

    /// A short line to nothing: there are parents, and their names are not known.
    fn stub(&self, side: Pos2, shapes: &mut Vec<Shape>) {
        let t = self.look.tokens;
        let stroke = Stroke::new(1.25, self.ink(t.line_strong));
        let length = (26.0 * self.zoom).max(6.0);
        let (end, radius) = (side - vec2(length, 0.0), (3.0 * self.zoom).max(1.5));
        shapes.extend(Shape::dashed_line(&[side, end], stroke, 3.0, 2.5));
        shapes.push(Shape::circle_stroke(
            end - vec2(radius, 0.0),
            radius,
            stroke,
        ));
    }
}

fn ring(rect: Rect, stroke: Stroke) -> Shape {
    let corner = CornerRadius::same((rect.height() / 2.0).min(127.0) as u8);
    RectShape::stroke(rect, corner, stroke, StrokeKind::Middle).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_can_be_read_at_any_zoom() {
        for step in 1..200 {
            let points = type_size(step as f32 * 0.01);
            assert!((LEAST_TYPE..=MOST_TYPE).contains(&points));
            assert_eq!(points * 2.0, (points * 2.0).round());
        }
        const { assert!(PILL.y * LEAST_PILLS > LEAST_TYPE * 1.4) };
    }
}
