//! The rail on the left: the views, by name, or by icon alone where the window is narrow.

use eframe::egui::{Align2, FontId, Panel, Rect, Sense, Ui, WidgetType, pos2, vec2};

use crate::ui::action::{Action, View};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::tour::{self, Anchor};
use crate::ui::widgets::row_ground;

/// Below this width of the window the rail shows icons alone.
const NARROW: f32 = 1100.0;
const WIDE_RAIL: f32 = 132.0;
const NARROW_RAIL: f32 = 48.0;
const ITEM_HEIGHT: f32 = 32.0;

/// Draws the rail. Views of a study are there only while one is open.
pub fn rail(ui: &mut Ui, study_is_open: bool, current: View, actions: &mut Vec<Action>) {
    let narrow = ui.ctx().content_rect().width() < NARROW;
    let width = if narrow { NARROW_RAIL } else { WIDE_RAIL };
    let frame = ui.pane(8).fill(Tokens::of(ui).panel);
    Panel::left("rail")
        .exact_size(width)
        .resizable(false)
        .frame(frame)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (number, view) in View::ALL.into_iter().enumerate() {
                if view == View::Settings {
                    let below = (ui.available_height() - ITEM_HEIGHT).max(space::L);
                    ui.add_space(below);
                } else if !study_is_open {
                    continue;
                }
                if item(ui, view, number + 1, view == current, narrow) {
                    actions.push(Action::Go(view));
                }
            }
        });
}

fn item(ui: &mut Ui, view: View, number: usize, current: bool, narrow: bool) -> bool {
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), ITEM_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = view.title();
    response.named_selected(WidgetType::Button, current, name);
    tour::mark(ui, Anchor::View(view), rect);
    row_ground(ui, &response, rect, current);
    let ink = if current { t.text } else { t.text_weak };
    paint_item(ui, view, rect, narrow, ink);
    response
        .on_hover_text(format!("{name}  Ctrl {number}"))
        .clicked()
}

fn paint_item(ui: &Ui, view: View, rect: Rect, narrow: bool, ink: eframe::egui::Color32) {
    let painter = ui.painter();
    let icon = FontId::proportional(18.0);
    if narrow {
        painter.text(rect.center(), Align2::CENTER_CENTER, view.icon(), icon, ink);
        return;
    }
    let at = pos2(rect.left() + space::S, rect.center().y);
    painter.text(at, Align2::LEFT_CENTER, view.icon(), icon, ink);
    let at = at + vec2(18.0 + space::S, 0.0);
    painter.text(
        at,
        Align2::LEFT_CENTER,
        view.title(),
        FontId::proportional(size::BODY),
        ink,
    );
}
