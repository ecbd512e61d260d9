//! Where the points of a panel lie on screen, and which of them are touched.

use eframe::egui::{Pos2, Rect, pos2};
use egui_plot::{PlotPoint, PlotTransform};

use super::bounds::Home;
use crate::figures::{Layer, Marker, Panel, Point, Side};

/// How near the pointer must be to a point, in points of the screen.
const NEAR: f32 = 12.0;

/// A point, or the bar that ends in it, on screen.
#[derive(Clone, Debug)]
pub struct Spot<'a> {
    pub at: Pos2,
    pub bar: Option<Rect>,
    pub point: &'a Point,
    pub marker: Marker,
    pub side: Side,
}

impl Spot<'_> {
    pub fn is_near(&self, pointer: Pos2) -> bool {
        match self.bar {
            Some(bar) => bar.expand2(eframe::egui::vec2(0.0, 3.0)).contains(pointer),
            None => self.at.distance(pointer) <= NEAR,
        }
    }
}

/// Everything that can be touched and is inside the frame, back to front.
pub fn spots<'a>(panel: &'a Panel, home: &Home, transform: &PlotTransform) -> Vec<Spot<'a>> {
    let frame = transform.frame().expand(0.5);
    let place = |x: f64, y: f64| transform.position_from_point(&PlotPoint::new(x, y));
    let mut out = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Points(mark) => out.extend(mark.points.iter().map(|point| Spot {
                at: place(point.x, home.on_left(mark.side, point.y)),
                bar: None,
                point,
                marker: mark.marker,
                side: mark.side,
            })),
            Layer::Bars { width, points, .. } => out.extend(points.iter().map(|point| {
                let foot = place(point.x - width / 2.0, 0.0);
                let head = place(point.x + width / 2.0, point.y);
                Spot {
                    at: pos2(f32::midpoint(foot.x, head.x), head.y),
                    bar: Some(Rect::from_two_pos(foot, head)),
                    point,
                    marker: Marker::default(),
                    side: Side::Left,
                }
            })),
            _ => {}
        }
    }
    let is_drawn = |spot: &Spot<'_>| spot.bar.is_some() || frame.contains(spot.at);
    out.retain(|spot| spot.at.is_finite() && is_drawn(spot));
    out
}

/// The spot under the pointer: the nearest, and of equals the one on top.
pub fn nearest<'s, 'a>(spots: &'s [Spot<'a>], pointer: Pos2) -> Option<&'s Spot<'a>> {
    let near = spots.iter().rev().filter(|spot| spot.is_near(pointer));
    near.min_by(|a, b| {
        let distance = |spot: &Spot<'_>| match spot.bar {
            Some(_) => NEAR,
            None => spot.at.distance(pointer),
        };
        distance(a).total_cmp(&distance(b))
    })
}

/// Whether a place lies inside what was drawn with the pointer: the box between the first and
/// the last corner, or the area that a loop encloses (even–odd rule).
pub fn encloses(path: &[Pos2], is_loop: bool, at: Pos2) -> bool {
    let (Some(&first), Some(&last)) = (path.first(), path.last()) else {
        return false;
    };
    if !is_loop {
        return Rect::from_two_pos(first, last).contains(at);
    }
    let mut is_inside = false;
    let mut from = last;
    for &to in path {
        if (to.y > at.y) != (from.y > at.y) {
            let crossing = from.x + (at.y - from.y) / (to.y - from.y) * (to.x - from.x);
            is_inside ^= at.x < crossing;
        }
        from = to;
    }
    is_inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Color;

    fn point() -> Point {
        Point {
            x: 0.0,
            y: 0.0,
            color: Color::Quiet,
            label: String::new(),
            details: Vec::new(),
            models: Vec::new(),
            short: String::new(),
            is_named: false,
        }
    }

    #[test]
    fn the_nearest_is_touched_and_of_equals_the_upper_one() {
        let points = [point(), point(), point()];
        let at = [pos2(10.0, 10.0), pos2(18.0, 10.0), pos2(18.0, 10.0)];
        let spots: Vec<Spot<'_>> = points
            .iter()
            .zip(at)
            .map(|(point, at)| Spot {
                at,
                bar: None,
                point,
                marker: Marker::Circle,
                side: Side::Left,
            })
            .collect();
        let found = |x: f32| {
            let spot = nearest(&spots, pos2(x, 10.0))?;
            points.iter().position(|p| std::ptr::eq(p, spot.point))
        };
        assert_eq!(found(11.0), Some(0));
        assert_eq!(found(17.0), Some(2));
        assert_eq!(found(31.0), None);
    }

    #[test]
    fn a_box_and_a_loop_enclose() {
        let corners = [pos2(10.0, 10.0), pos2(0.0, 20.0)];
        assert!(encloses(&corners, false, pos2(5.0, 15.0)));
        assert!(!encloses(&corners, false, pos2(11.0, 15.0)));
        let bow = [
            pos2(0.0, 0.0),
            pos2(10.0, 0.0),
            pos2(10.0, 10.0),
            pos2(5.0, 2.0),
            pos2(0.0, 10.0),
        ];
        assert!(encloses(&bow, true, pos2(1.0, 5.0)));
        assert!(!encloses(&bow, true, pos2(5.0, 8.0)));
        assert!(!encloses(&[], true, pos2(0.0, 0.0)));
    }
}
