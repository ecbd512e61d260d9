//! Names beside points, so that none lies on another or on the words of a line.

use eframe::egui::{Painter, Pos2, Rect, Vec2, pos2, vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::bounds::Home;
use super::ink::{self, Ink};
use super::spots::Spot;
use super::verticals;
use crate::figures::{Layer, Panel, labels};
use crate::ui::theme;
use crate::ui::widgets::text;

const WIDEST: f32 = 180.0;
/// What a name keeps off a selected point: its ring, less the gap that names keep anyway.
const RING: Vec2 = vec2(10.0, 10.0);

/// Writes the words of vertical lines, then the names of points around them.
pub fn paint(
    painter: &Painter,
    panel: &Panel,
    spots: &[Spot<'_>],
    ringed: &[Pos2],
    (home, transform): (&Home, &PlotTransform),
    ink: &Ink,
) {
    let t = ink.tokens;
    let corners = corners(panel, home, transform);
    let busy: Vec<Pos2> = spots.iter().map(|s| s.at).chain(corners).collect();
    let taken = verticals::words(painter, panel, &busy, transform, ink);
    let font = theme::small_font();
    let named: Vec<(&Spot<'_>, String)> = spots
        .iter()
        .filter(|spot| spot.point.is_named && !spot.point.label.is_empty())
        .map(|spot| {
            (
                spot,
                text::fitted(painter, &spot.point.label, &font, WIDEST),
            )
        })
        .collect();
    let size = |words: &String| {
        let galley = painter.layout_no_wrap(words.clone(), font.clone(), t.text);
        [galley.size().x, galley.size().y]
    };
    let anchors: Vec<[f32; 2]> = named.iter().map(|(spot, _)| spot.at.into()).collect();
    let sizes: Vec<[f32; 2]> = named.iter().map(|(_, words)| size(words)).collect();
    let points: Vec<[f32; 2]> = spots.iter().map(|spot| spot.at.into()).collect();
    let mut covered: Vec<[f32; 2]> = taken.into_iter().flat_map(outline).collect();
    covered.extend(
        ringed
            .iter()
            .flat_map(|&at| outline(Rect::from_center_size(at, RING))),
    );
    let frame = transform.frame();
    let frame = [frame.left(), frame.top(), frame.right(), frame.bottom()];
    let places = labels::place(&anchors, &sizes, (&points, &covered), frame);
    for (place, (_, words)) in places.into_iter().zip(named) {
        if let Some([x, y]) = place {
            let galley = painter.layout_no_wrap(words, font.clone(), t.text);
            ink::under(painter, Rect::from_min_size(pos2(x, y), galley.size()), t);
            painter.galley(pos2(x, y), galley, t.text);
        }
    }
}

/// Places along a rectangle, close enough that no name fits between them.
fn outline(rect: Rect) -> Vec<[f32; 2]> {
    let steps = (rect.width() / 8.0).ceil().max(1.0) as usize;
    (0..=steps)
        .flat_map(|k| {
            let x = rect.left() + rect.width() * k as f32 / steps as f32;
            [[x, rect.top()], [x, rect.center().y], [x, rect.bottom()]]
        })
        .collect()
}

/// Places along a line, near enough to each other that no words fit between them.
fn along(corners: &[Pos2]) -> Vec<Pos2> {
    const EVERY: f32 = 8.0;
    let part = |pair: &[Pos2]| -> Vec<Pos2> {
        let [from, to] = [pair[0], pair[1]];
        let steps = (from.distance(to) / EVERY).ceil().clamp(1.0, 500.0) as usize;
        let at = |k: usize| from.lerp(to, k as f32 / steps as f32);
        (0..=steps).map(at).collect()
    };
    corners.windows(2).flat_map(part).collect()
}

/// Places on the lines, which words at the top do well to leave free.
fn corners(panel: &Panel, home: &Home, transform: &PlotTransform) -> Vec<Pos2> {
    let place = |side, [x, y]: [f64; 2]| {
        transform.position_from_point(&PlotPoint::new(x, home.on_left(side, y)))
    };
    let lines = panel.layers.iter().filter_map(|layer| match layer {
        Layer::Line(line) => Some(line),
        _ => None,
    });
    lines
        .flat_map(|line| {
            let corners: Vec<Pos2> = line.points.iter().map(|&p| place(line.side, p)).collect();
            along(&corners)
        })
        .collect()
}
