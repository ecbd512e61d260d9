//! F6 goes from pane to pane: the rail, the view, the inspector.

use eframe::egui::{Context, Id, Order, Pos2, Rect};

/// Where the panes were drawn in the last frame, from left to right.
#[derive(Default)]
pub(super) struct Panes {
    rects: Vec<Rect>,
}

impl Panes {
    pub(super) fn clear(&mut self) {
        self.rects.clear();
    }

    pub(super) fn add(&mut self, rect: Rect) {
        self.rects.push(rect);
    }

    /// Gives the keyboard to the first control of the next pane, or of the one before.
    pub(super) fn go(&self, ctx: &Context, forwards: bool) {
        let n = self.rects.len();
        if n == 0 {
            return;
        }
        let now = focused(ctx).and_then(|at| self.rects.iter().position(|r| r.contains(at)));
        let step = if forwards { 1 } else { n - 1 };
        // From nowhere the first way is to the view.
        let to = now.map_or(1.min(n - 1), |now| (now + step) % n);
        let panes = (0..n).map(|k| (to + k * step) % n);
        let first = panes.filter_map(|k| first_in(ctx, self.rects[k])).next();
        if let Some(id) = first {
            ctx.memory_mut(|memory| memory.request_focus(id));
        }
    }
}

fn focused(ctx: &Context) -> Option<Pos2> {
    let id = ctx.memory(|memory| memory.focused())?;
    Some(ctx.read_response(id)?.rect.center())
}

/// The first control in a pane, from top to bottom.
fn first_in(ctx: &Context, pane: Rect) -> Option<Id> {
    ctx.viewport(|viewport| {
        let layers = viewport.prev_pass.widgets.layers();
        let lowest = layers.filter(|(layer, _)| layer.order == Order::Background);
        let inside = lowest.flat_map(|(_, widgets)| widgets).filter(|widget| {
            let is_control = widget.enabled && widget.sense.is_focusable();
            is_control && pane.contains(widget.rect.center())
        });
        let place = |rect: Rect| (rect.top().round() as i64, rect.left().round() as i64);
        inside.min_by_key(|w| place(w.rect)).map(|w| w.id)
    })
}
