//! Names beside dots, where models are too small to hold them: only of those that are meant,
//! and none over another.

use eframe::egui::{Align2, Color32, Painter, Rect, Vec2, vec2};
use egui_graphs::MetadataFrame;

use super::drawn::State;
use super::drawn::screen_rect;
use super::model::LineageModel;
use crate::ui::format;
use crate::ui::theme::{self, Tokens};

const LONGEST: usize = 24;
const GAP: f32 = 4.0;

/// Writes the names of what is hovered, selected, found and best, in this order of right of way.
pub fn paint(
    painter: &Painter,
    shown: &LineageModel,
    states: &[State],
    meta: &MetadataFrame,
    t: &Tokens,
) {
    let dots: Vec<Rect> = (0..shown.cards.len())
        .map(|model| screen_rect(shown, model, meta))
        .collect();
    let mut taken: Vec<Rect> = Vec::new();
    for model in in_order_of_need(shown, states) {
        let name = format::elide_middle(&shown.cards[model].name, LONGEST);
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
        wants.iter().position(|&wants| wants)
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
