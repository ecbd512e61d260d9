//! What the pointer does on a panel: hover, click, draw a box or a loop, zoom and pan.

use eframe::egui::{
    CursorIcon, Key, PointerButton, Pos2, Rect, Response, Shape, Stroke, StrokeKind, Ui, Vec2,
};
use egui_plot::PlotUi;

use super::bounds::Home;
use super::spots::{Spot, encloses, nearest};
use crate::figures::Point;
use crate::ui::theme::Tokens;

/// How far out one can go, as a multiple of the whole figure, and how far in.
const WIDEST: f64 = 4.0;
const NARROWEST: f64 = 1e-3;
/// How fast the wheel zooms: twice as near after about 140 points of scrolling.
const WHEEL: f32 = 1.0 / 200.0;
/// Corners of a loop are at least so far apart, in points.
const STEP: f32 = 3.0;

#[derive(Clone, Debug, Default)]
pub struct Hand {
    /// The panel and the corners.
    path: Option<(usize, Vec<Pos2>)>,
    is_loop: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picked {
    /// The points, in the order in which they are drawn.
    pub points: Vec<Point>,
    /// Whether they are added to what is selected.
    pub adds: bool,
}

impl Hand {
    /// Takes clicks and drags on panel `panel`. `lasso` draws a loop without Shift.
    pub fn touch(
        &mut self,
        ui: &Ui,
        panel: usize,
        response: &Response,
        spots: &[Spot<'_>],
        lasso: bool,
    ) -> Option<Picked> {
        let (modifiers, pans) = ui.input(|i| (i.modifiers, i.key_down(Key::Space)));
        let adds = modifiers.command;
        let pointer = response.interact_pointer_pos();
        if response.drag_started_by(PointerButton::Primary) && !pans {
            let origin = ui.input(|i| i.pointer.press_origin()).or(pointer);
            self.path = origin.map(|at| (panel, vec![at]));
            self.is_loop = lasso || modifiers.shift;
        }
        let of_others = self.path.as_ref().is_some_and(|(own, _)| *own != panel);
        if response.dragged_by(PointerButton::Primary) && !of_others {
            self.follow(pointer);
        }
        if response.drag_stopped_by(PointerButton::Primary) && !of_others {
            self.follow(pointer);
            let (_, path) = self.path.take()?;
            let inside = |spot: &&Spot<'_>| encloses(&path, self.is_loop, spot.at);
            let points = spots.iter().filter(inside).map(|s| s.point.clone());
            return Some(Picked {
                points: points.collect(),
                adds,
            });
        }
        let clicked = response.clicked().then_some(pointer)??;
        let spot = nearest(spots, clicked)?;
        Some(Picked {
            points: vec![spot.point.clone()],
            adds,
        })
    }

    fn follow(&mut self, pointer: Option<Pos2>) {
        let (Some((_, path)), Some(at)) = (&mut self.path, pointer) else {
            return;
        };
        if !self.is_loop {
            path.truncate(1);
            path.push(at);
        } else if path.last().is_none_or(|last| last.distance(at) >= STEP) {
            path.push(at);
        }
    }

    pub fn paint(&self, ui: &Ui, panel: usize, frame: Rect) {
        let Some((_, path)) = self.path.as_ref().filter(|(own, _)| *own == panel) else {
            return;
        };
        let t = Tokens::of(ui);
        let painter = ui.painter().with_clip_rect(frame);
        let stroke = Stroke::new(1.5, t.accent);
        if self.is_loop {
            let mut closed = path.clone();
            closed.extend(path.first());
            painter.extend(Shape::dashed_line(&closed, stroke, 6.0, 4.0));
        } else if let [from, to] = path[..] {
            let rect = Rect::from_two_pos(from, to);
            let fill = t.accent.gamma_multiply(0.12);
            painter.rect(rect, 0, fill, stroke, StrokeKind::Inside);
        }
    }
}

/// Whether the pointer moves the figure instead of drawing on it.
fn is_panning(response: &Response, ui_has_space: bool) -> bool {
    let by = |button| response.dragged_by(button);
    by(PointerButton::Middle)
        || by(PointerButton::Secondary)
        || ui_has_space && by(PointerButton::Primary)
}

/// The wheel zooms at the pointer; the right or middle button, or Space, moves.
pub fn zoom_and_pan(plot: &mut PlotUi<'_>, home: &Home, has_wheel: bool) {
    let response = plot.response().clone();
    let ctx = plot.ctx().clone();
    let space = ctx.input(|i| i.key_down(Key::Space));
    if is_panning(&response, space) {
        let delta = plot.pointer_coordinate_drag_delta();
        plot.translate_bounds(-delta);
        ctx.set_cursor_icon(CursorIcon::Grabbing);
    }
    if !response.contains_pointer() {
        return;
    }
    let wheel = ctx.input(|i| i.smooth_scroll_delta().y);
    if !has_wheel || wheel == 0.0 {
        return;
    }
    let factor = (wheel * WHEEL).exp();
    let bounds = plot.plot_bounds();
    let whole = home.x.1 - home.x.0;
    let next = bounds.width() / f64::from(factor) / whole;
    if (NARROWEST..=WIDEST).contains(&next) {
        plot.zoom_bounds_around_hovered(Vec2::splat(factor));
    }
}
