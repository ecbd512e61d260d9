//! Where the canvas looks: zoom and pan, and the sizes of things on it at zoom 1.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};
use egui_graphs::MetadataFrame;

use crate::lineage::Layout;

/// From one column to the next and from one row to the next in a picture for paper, in points
/// at zoom 1.
pub const PITCH: Vec2 = vec2(240.0, 40.0);
/// The least and the most of that on screen, where columns and rows stand as far apart as there
/// is room for: pills keep their size.
pub const LEAST_PITCH: Vec2 = vec2(228.0, 38.0);
const MOST_PITCH: Vec2 = vec2(420.0, 140.0);
/// A pill, in points at zoom 1.
pub const PILL: Vec2 = vec2(192.0, 28.0);
/// Below this zoom a name has no room in its pill, and pills become dots.
pub const LEAST_PILLS: f32 = 0.62;

/// Where all of a lineage fits at this zoom, or a higher one, it opens with all of it: dots
/// stand far enough apart for their short names.
const ALL_AT: f32 = 0.22;
/// The zoom that it opens with otherwise: names can be read.
const READABLE: f32 = 0.7;
/// Where among the columns in view the best model stands then: most room is for its forebears.
const BEST_AT: f32 = 0.7;
/// Between two columns of pills, in points at zoom 1.
const GAP: f32 = LEAST_PITCH.x - PILL.x;
const LEAST_ZOOM: f32 = 0.02;
const MOST_ZOOM: f32 = 2.0;
/// Free space around everything when it is fitted, in points.
const MARGIN: f32 = 24.0;

/// Zoom, and where the canvas's origin lies from the corner of the view, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    pub zoom: f32,
    pub pan: Vec2,
    /// From one column to the next and from one row to the next, in points at zoom 1.
    pub pitch: Vec2,
}

impl Camera {
    /// All of a lineage, filling a view both ways as far as pills do not drift apart; never
    /// larger than at zoom 1.
    pub fn filling(layout: &Layout, view: Vec2) -> Self {
        let room = room(view);
        let steps = steps(layout);
        let least = PILL + steps * LEAST_PITCH;
        let zoom = (room / least).min_elem().min(1.0);
        let free = (room / zoom - PILL).max(Vec2::ZERO);
        let pitch = (free / steps.max(Vec2::splat(1e-3)))
            .max(LEAST_PITCH)
            .min(MOST_PITCH);
        let content = extent(layout, pitch, 0..layout.columns.len());
        Self::centred(content.center(), zoom, view, pitch)
    }

    /// All of `content` in the middle of a view, never larger than at zoom 1, with columns and
    /// rows as far apart as they are.
    #[must_use]
    pub fn fitting(self, content: Rect, view: Vec2) -> Self {
        let zoom = (room(view) / content.size().max(Vec2::splat(1.0))).min_elem();
        Self::centred(content.center(), zoom.min(1.0), view, self.pitch)
    }

    /// The first look: everything if that can be told apart, else as many whole columns as can
    /// be read, with the best model among the last of them and the generations that led to it
    /// before; without a best one the first columns, from the largest family down.
    pub fn opening(layout: &Layout, best: Option<usize>, view: Vec2) -> Self {
        let fit = Self::filling(layout, view);
        if fit.zoom >= ALL_AT {
            return fit;
        }
        let room = room(view);
        let pitch = LEAST_PITCH;
        let zoom_for = |columns: usize| room.x / (columns as f32 * pitch.x - GAP);
        let all = layout.generations.len().max(1);
        let shown = (1..=all).take_while(|&n| zoom_for(n) >= READABLE).last();
        let shown = shown.unwrap_or(1);
        let zoom = zoom_for(shown).clamp(READABLE, 1.0);
        let before = (shown as f32 * BEST_AT) as usize;
        let column = best.map_or(0, |best| layout.columns[best]);
        let first = column.saturating_sub(before).min(all - shown);
        let is_in = |&m: &usize| (first..first + shown).contains(&layout.columns[m]);
        let seen = extent(layout, pitch, (0..layout.columns.len()).filter(is_in));
        let at = best.map_or(seen.top(), |best| layout.heights[best] * pitch.y);
        let mut camera = Self::centred(seen.center(), zoom, view, pitch);
        if seen.height() * zoom > room.y {
            let (top, bottom) = (seen.top() * zoom, seen.bottom() * zoom);
            let wanted = view.y / 2.0 - at * zoom;
            camera.pan.y = wanted.clamp(view.y - MARGIN - bottom, MARGIN - top);
        }
        camera
    }

    /// At zoom 1 with everything in the middle, whether or not it fits.
    pub fn fit_exactly(content: Rect, view: Vec2) -> Self {
        Self::centred(content.center(), 1.0, view, PITCH)
    }

    fn centred(at: Pos2, zoom: f32, view: Vec2, pitch: Vec2) -> Self {
        let zoom = zoom.clamp(LEAST_ZOOM, MOST_ZOOM);
        Self {
            zoom,
            pan: view / 2.0 - at.to_vec2() * zoom,
            pitch,
        }
    }

    /// Nearer or farther by `factor`; what lies `at` stays there.
    #[must_use]
    pub fn zoomed(self, factor: f32, at: Vec2) -> Self {
        let zoom = (self.zoom * factor).clamp(LEAST_ZOOM, MOST_ZOOM);
        Self {
            zoom,
            pan: at - (at - self.pan) * (zoom / self.zoom),
            ..self
        }
    }

    /// Moved just so far that `rect` of the canvas is in a view.
    #[must_use]
    pub fn revealing(mut self, rect: Rect, view: Vec2) -> Self {
        let inside = (view - Vec2::splat(MARGIN)).max(Vec2::splat(MARGIN));
        for axis in 0..2 {
            let from = rect.min[axis] * self.zoom + self.pan[axis];
            let to = rect.max[axis] * self.zoom + self.pan[axis];
            if from < MARGIN || to - from > inside[axis] - MARGIN {
                self.pan[axis] += MARGIN - from;
            } else if to > inside[axis] {
                self.pan[axis] -= to - inside[axis];
            }
        }
        self
    }

    /// The same for egui_graphs, for a view whose corner is at `corner` of the screen.
    pub fn frame(self, corner: Pos2) -> MetadataFrame {
        let mut frame = MetadataFrame::default();
        frame.zoom = self.zoom;
        frame.pan = self.pan + corner.to_vec2();
        frame
    }
}

fn room(view: Vec2) -> Vec2 {
    (view - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0))
}

/// From the first to the last column, and from the highest to the lowest row.
fn steps(layout: &Layout) -> Vec2 {
    let lowest = layout.heights.iter().copied().fold(0.0, f32::max);
    vec2(layout.generations.len().saturating_sub(1) as f32, lowest)
}

/// The middle of a place on the canvas.
pub fn at(pitch: Vec2, column: usize, height: f32) -> Pos2 {
    pos2(column as f32 * pitch.x, height * pitch.y)
}

/// Everything that `models` cover on the canvas.
pub fn extent(layout: &Layout, pitch: Vec2, models: impl IntoIterator<Item = usize>) -> Rect {
    let rect =
        |m: usize| Rect::from_center_size(at(pitch, layout.columns[m], layout.heights[m]), PILL);
    let all = models.into_iter().map(rect).reduce(Rect::union);
    all.unwrap_or(Rect::from_min_size(Pos2::ZERO, PILL))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: Vec2 = vec2(600.0, 400.0);

    /// Columns of as many models each.
    fn lineage(columns: usize, rows: usize) -> Layout {
        Layout {
            columns: (0..columns * rows).map(|m| m / rows).collect(),
            heights: (0..columns * rows).map(|m| (m % rows) as f32).collect(),
            generations: (0..columns as u32).collect(),
            ..Layout::default()
        }
    }

    fn seen(layout: &Layout, camera: Camera, models: std::ops::Range<usize>) -> Rect {
        (extent(layout, camera.pitch, models) * camera.zoom).translate(camera.pan)
    }

    #[test]
    fn what_is_fitted_is_in_the_view() {
        let view = Rect::from_min_size(Pos2::ZERO, VIEW).expand(0.01);
        for (columns, rows) in [(1, 1), (3, 5), (2, 40), (30, 2), (12, 20)] {
            let layout = lineage(columns, rows);
            let camera = Camera::filling(&layout, VIEW);
            let all = seen(&layout, camera, 0..columns * rows);
            assert!(view.contains_rect(all), "{columns} × {rows}: {all:?}");
        }
        assert_eq!(Camera::filling(&lineage(1, 1), VIEW).zoom, 1.0);
        let one = Camera::filling(&lineage(3, 5), VIEW).fitting(Rect::ZERO, VIEW);
        assert_eq!(one.zoom, 1.0);
    }

    #[test]
    fn a_view_is_filled_both_ways() {
        let layout = lineage(3, 5);
        let camera = Camera::filling(&layout, VIEW);
        let all = seen(&layout, camera, 0..15);
        assert!(
            all.width() > 0.8 * VIEW.x && all.height() > 0.8 * VIEW.y,
            "{all:?}"
        );
    }

    #[test]
    fn the_first_look_shows_the_best_and_whole_columns() {
        let n = 1800;
        let layout = lineage(30, 60);
        let view = Rect::from_min_size(Pos2::ZERO, VIEW).expand(0.01);
        for best in [0, 59, 900, 1115, 1740, 1799] {
            let camera = Camera::opening(&layout, Some(best), VIEW);
            assert!((READABLE..=1.0).contains(&camera.zoom));
            let seen = |m| seen(&layout, camera, m..m + 1);
            assert!(view.contains_rect(seen(best)), "{best}");
            for model in 0..n {
                let x = seen(model).x_range();
                let is_whole = view.x_range().contains(x.min) && view.x_range().contains(x.max);
                assert!(is_whole || !x.contains(VIEW.x) && !x.contains(0.0));
            }
        }
        let founders = Camera::opening(&layout, None, VIEW);
        let first = seen(&layout, founders, 0..1);
        assert!((first.min - pos2(MARGIN, MARGIN)).length() < 1.0);
    }

    #[test]
    fn zoom_keeps_what_is_under_the_pointer() {
        let camera = Camera {
            zoom: 0.7,
            pan: vec2(40.0, -30.0),
            pitch: PITCH,
        };
        let at = vec2(210.0, 95.0);
        let under = (at - camera.pan) / camera.zoom;
        let nearer = camera.zoomed(1.6, at);
        assert!(((at - nearer.pan) / nearer.zoom - under).length() < 1e-3);
        assert!(camera.zoomed(1e-9, at).zoom > 0.0);
    }

    #[test]
    fn what_is_revealed_is_in_the_view_and_what_is_seen_does_not_move() {
        let camera = Camera {
            zoom: 1.0,
            pan: Vec2::ZERO,
            pitch: PITCH,
        };
        let seen = Rect::from_center_size(pos2(300.0, 200.0), PILL);
        assert_eq!(camera.revealing(seen, VIEW), camera);
        let far = Rect::from_center_size(pos2(3000.0, -500.0), PILL);
        let moved = camera.revealing(far, VIEW);
        let shown = far.translate(moved.pan);
        assert!(Rect::from_min_size(Pos2::ZERO, VIEW).contains_rect(shown));
    }
}
