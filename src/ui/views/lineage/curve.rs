//! An edge on the canvas: a soft curve from parent to child, coloured and widened by the
//! kinship of the child's parents; thin and grey to a fine-tune, dashed to a merge where it is
//! not known.

use eframe::egui::{Color32, Pos2, Shape, Stroke, Vec2, vec2};
use egui_graphs::{DisplayEdge, DrawContext, EdgeProps, Node};
use petgraph::Directed;
use petgraph::stable_graph::DefaultIx;

use super::camera::PILL;
use super::look::{EdgeLook, NodeLook};
use super::pill::Pill;
use crate::ui::colormap::{Scale, contrast_ratio, mix};
use crate::ui::theme::Tokens;

/// Pieces of one bend of a curve, at least and at most, and the length of one on screen: from
/// afar few are enough.
const PIECES: [f32; 2] = [4.0, 14.0];
const PIECE: f32 = 4.0;
/// How near the pointer counts as on the edge, in points on screen.
const NEAR: f32 = 4.0;
const FADED: f32 = 0.75;
/// Of a line with the background.
const LEAST_CONTRAST: f32 = 2.2;

#[derive(Clone)]
pub struct Curve {
    look: EdgeLook,
    zoom: f32,
}

impl From<EdgeProps<EdgeLook>> for Curve {
    fn from(props: EdgeProps<EdgeLook>) -> Self {
        Self {
            look: props.payload,
            zoom: 1.0,
        }
    }
}

type End = Node<NodeLook, EdgeLook, Directed, DefaultIx, Pill>;

impl DisplayEdge<NodeLook, EdgeLook, Directed, DefaultIx, Pill> for Curve {
    fn shapes(&mut self, start: &End, end: &End, ctx: &DrawContext<'_>) -> Vec<Shape> {
        self.zoom = ctx.meta.zoom;
        let (t, on_canvas) = (self.look.tokens, self.points(start, end));
        let path: Vec<Pos2> = on_canvas
            .into_iter()
            .map(|point| ctx.meta.canvas_to_screen_pos(point))
            .collect();
        let seen = ctx.painter.clip_rect();
        if !eframe::egui::Rect::from_points(&path)
            .expand(NEAR)
            .intersects(seen)
        {
            return Vec::new();
        }
        let ink = |color: Color32| {
            if self.look.dimmed {
                color.lerp_to_gamma(t.background, FADED)
            } else {
                color
            }
        };
        match self.look.kinship {
            Some(kinship) => {
                let width = width(kinship, self.zoom);
                vec![Shape::line(path, Stroke::new(width, ink(self.look.color)))]
            }
            None => {
                let stroke = Stroke::new(1.0, ink(t.line_strong));
                if self.look.is_unknown {
                    Shape::dashed_line(&path, stroke, 5.0, 4.0)
                } else {
                    vec![Shape::line(path, stroke)]
                }
            }
        }
    }

    fn update(&mut self, state: &EdgeProps<EdgeLook>) {
        self.look = state.payload.clone();
    }

    fn is_inside(&self, start: &End, end: &End, pos: Pos2) -> bool {
        let path = self.points(start, end);
        let near = NEAR / self.zoom;
        path.windows(2)
            .any(|ends| distance(pos, ends[0], ends[1]) <= near)
    }
}

/// The colour of a kinship as a line: that of the map, moved towards the ink of text where it
/// would be lost on the background, as yellow on white and violet on black would.
pub fn ink(kinship: f64, t: &Tokens) -> Color32 {
    let color = Scale::KINSHIP.color(Some(kinship), t);
    let towards_text = |step: u8| mix(color, t.text, f32::from(step) * 0.05);
    let is_seen = |color: &Color32| contrast_ratio(*color, t.background) >= LEAST_CONTRAST;
    (0..=10)
        .map(towards_text)
        .find(is_seen)
        .unwrap_or(t.line_strong)
}

/// From 1.5 to 4 points, thinner from afar.
fn width(kinship: f64, zoom: f32) -> f32 {
    let share = kinship.clamp(0.0, 1.0) as f32;
    (1.5 + 2.5 * share) * zoom.sqrt().clamp(0.5, 1.2)
}

impl Curve {
    /// The whole way on the canvas. It runs level where it passes a column, so that it keeps
    /// clear of the pills there.
    fn points(&self, start: &End, end: &End) -> Vec<Pos2> {
        use egui_graphs::DisplayNode;
        let half = vec2(PILL.x / 2.0, 0.0);
        let mut stops = vec![start.display().closest_boundary_point(Vec2::RIGHT)];
        for &bend in self.look.bends.iter() {
            stops.extend([bend - half, bend + half]);
        }
        stops.push(end.display().closest_boundary_point(Vec2::LEFT));
        let mut out = Vec::with_capacity(stops.len() * 8);
        for pair in stops.chunks_exact(2) {
            soft(
                pair[0],
                pair[1],
                pieces(pair[0], pair[1], self.zoom),
                &mut out,
            );
        }
        out
    }
}

/// A level line is one piece.
fn pieces(from: Pos2, to: Pos2, zoom: f32) -> usize {
    if (to.y - from.y).abs() * zoom < 0.5 {
        return 1;
    }
    ((to - from).length() * zoom / PIECE).clamp(PIECES[0], PIECES[1]) as usize
}

/// A cubic curve that is level at both ends.
pub(super) fn soft(from: Pos2, to: Pos2, pieces: usize, out: &mut Vec<Pos2>) {
    let reach = vec2((to.x - from.x).abs() * 0.5, 0.0);
    let corners = [from, from + reach, to - reach, to].map(Pos2::to_vec2);
    for step in 0..=pieces {
        let t = step as f32 / pieces as f32;
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        let sum = corners.iter().zip(weights).map(|(&c, w)| c * w);
        out.push(sum.fold(Vec2::ZERO, |a, b| a + b).to_pos2());
    }
}

/// Of a point from a piece of a line.
pub(super) fn distance(at: Pos2, from: Pos2, to: Pos2) -> f32 {
    let along = to - from;
    let length = along.length_sq().max(f32::EPSILON);
    let share = ((at - from).dot(along) / length).clamp(0.0, 1.0);
    (at - (from + along * share)).length()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::pos2;

    #[test]
    fn a_curve_begins_and_ends_where_it_should_and_is_level_there() {
        let mut path = Vec::new();
        soft(pos2(0.0, 0.0), pos2(100.0, 60.0), 14, &mut path);
        assert_eq!((path[0], path[14]), (pos2(0.0, 0.0), pos2(100.0, 60.0)));
        let first = path[1] - path[0];
        assert!(first.y / first.x < 0.2);
        assert!(path.windows(2).all(|p| p[1].x > p[0].x));
    }

    #[test]
    fn every_kinship_is_seen_in_both_themes() {
        for theme in [eframe::egui::Theme::Light, eframe::egui::Theme::Dark] {
            let t = Tokens::for_theme(theme);
            for step in 0..=20 {
                let color = ink(f64::from(step) / 20.0, t);
                assert!(contrast_ratio(color, t.background) >= LEAST_CONTRAST);
                assert_ne!(color, t.line_strong);
            }
        }
    }

    #[test]
    fn distance_is_to_the_nearest_point_of_the_piece() {
        let (a, b) = (pos2(0.0, 0.0), pos2(10.0, 0.0));
        assert_eq!(distance(pos2(5.0, 3.0), a, b), 3.0);
        assert_eq!(distance(pos2(13.0, 4.0), a, b), 5.0);
        assert_eq!(distance(pos2(3.0, 4.0), a, a), 5.0);
    }
}
