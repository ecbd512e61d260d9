//! Names beside the dots of a canvas that is seen from afar.

use eframe::egui::{Align2, Color32, Painter, Rect, Vec2, vec2};
use egui_graphs::MetadataFrame;

use super::drawn::screen_rect;
use super::look::State;
use super::model::LineageModel;
use crate::ui::theme::{self, Tokens};

const GAP: f32 = 4.0;

/// Writes names as far as there is room: what is hovered, selected, found and best has the right
/// of way, in this order.
pub fn paint_names(
    painter: &Painter,
    shown: &LineageModel,
    states: &[State],
    (meta, pitch): (&MetadataFrame, Vec2),
    t: &Tokens,
) {
    let dots: Vec<Rect> = (0..shown.cards.len())
        .map(|model| screen_rect(shown, model, meta, pitch))
        .collect();
    let mut taken: Vec<Rect> = Vec::new();
    for model in in_order_of_need(shown, states) {
        let name = shown.cards[model].short.clone();
        let galley = painter.layout_no_wrap(name, theme::small_font(), t.text);
        let wanted = galley.size() + vec2(4.0, 0.0);
        let view = painter.clip_rect();
        if !view.intersects(dots[model]) {
            continue;
        }
        let free = |rect: &Rect| {
            let is_own = |k: usize| k == model;
            view.contains_rect(*rect)
                && !taken.iter().any(|other| other.intersects(*rect))
                && !dots
                    .iter()
                    .enumerate()
                    .any(|(k, d)| !is_own(k) && d.intersects(*rect))
        };
        let Some(rect) = around(dots[model], wanted).into_iter().find(free) else {
            continue;
        };
        painter.rect_filled(rect, 3, t.background.gamma_multiply(0.85));
        let at = Align2::CENTER_CENTER
            .align_size_within_rect(galley.size(), rect)
            .min;
        painter.galley(at, galley, Color32::PLACEHOLDER);
        taken.push(rect);
    }
}

fn in_order_of_need(shown: &LineageModel, states: &[State]) -> Vec<usize> {
    let need = |model: usize| {
        let state = states[model];
        let wants = [
            state.hovered,
            state.selected,
            state.found,
            shown.cards[model].is_best && !state.dimmed,
        ];
        // Whoever is left has a name where there is room for it.
        let urgent = wants.iter().position(|&wants| wants);
        urgent.or((!state.dimmed).then_some(wants.len()))
    };
    let mut models: Vec<(usize, usize)> = (0..states.len())
        .filter_map(|model| Some((need(model)?, model)))
        .collect();
    models.sort_unstable();
    models.into_iter().map(|(_, model)| model).collect()
}

/// Places for a name of `size` beside a dot, the best first.
fn around(dot: Rect, size: Vec2) -> [Rect; 4] {
    let at = |middle| Rect::from_center_size(middle, size);
    let aside = vec2((dot.width() + size.x) / 2.0 + GAP, 0.0);
    let above = vec2(0.0, (dot.height() + size.y) / 2.0 + GAP / 2.0);
    let middle = dot.center();
    [
        middle + aside,
        middle - aside,
        middle - above,
        middle + above,
    ]
    .map(at)
}
