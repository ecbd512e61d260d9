//! The canvas: nodes, ports and wires, on egui-snarl.
//!
//! What is drawn is read off the composition; what the user does becomes an action, and the
//! next frame shows what came of it. The same graph is there as a list, for the keyboard and
//! for screen readers.

mod board;
mod env;
mod input;
mod list;
mod menus;
mod nodes;
mod shelf;
mod tidy;
mod viewer;

use eframe::egui::emath::TSTransform;
use eframe::egui::{
    Align2, Area, Frame, Id, Key, KeyboardShortcut, Margin, Modifiers, Order, Panel, Pos2, Rect,
    Stroke, Ui, UiBuilder, Vec2, vec2,
};
use egui_phosphor::regular as icon;
use egui_snarl::ui::SnarlWidget;

use super::DraftContext;
use crate::study::DraftId;
use crate::ui::ext::UiExt;
use crate::ui::theme::{self, Tokens, radius, space};
use board::{Board, News};
use env::{CanvasState, Env};
use viewer::Viewer;

/// Around what is brought into sight, in points.
const AIR: f32 = 24.0;
/// Width of the list of models, in points.
const SHELF: f32 = 168.0;
/// Below this width of the canvas the list of models is folded at first.
const ROOM_FOR_SHELF: f32 = 760.0;
/// Width of the outline of a node, in points.
const OUTLINE: f32 = 1.0;
/// From the place of a node to the corner of its frame, in points.
const FRAME: f32 = space::S + OUTLINE;
/// Below this zoom text in nodes cannot be read.
const FAR: f32 = 0.58;

#[derive(Default)]
pub struct Canvas {
    board: Board,
    look: CanvasState,
    shelf: shelf::Shelf,
    /// Whether the user opened or folded the list of models.
    shelf_is_open: Option<bool>,
    as_list: bool,
    /// What all of was brought into sight, for as long as nobody moves the canvas.
    fitted: Option<Rect>,
    box_from: Option<Pos2>,
    /// Whether nodes have another size than when all was brought into sight.
    resized: bool,
}

impl Canvas {
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let had_shelf = (self.shelf_is_open).unwrap_or(ui.available_width() >= ROOM_FOR_SHELF);
        let mut has_shelf = had_shelf;
        let look = &mut self.look;
        let mut env = Env { shown, look };
        let frame = ui.pane(Margin::symmetric(space::S as i8, space::XS as i8));
        Panel::top("canvas tools")
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| {
                menus::toolbar_ui(ui, &mut env, &mut self.as_list, &mut has_shelf);
            });
        if has_shelf != had_shelf {
            self.shelf_is_open = Some(has_shelf);
        }
        if shown.is_broken {
            broken_ui(ui);
        }
        if had_shelf && !shown.is_broken && !self.as_list {
            Panel::left("canvas models")
                .exact_size(SHELF)
                .resizable(false)
                .frame(frame.fill(Tokens::of(ui).panel))
                .show(ui, |ui| self.shelf.ui(ui, &mut env));
        }
        if self.as_list {
            ui.add_enabled_ui(!shown.is_broken, |ui| list::ui(ui, &mut env));
            return;
        }
        let rect = ui.available_rect_before_wrap();
        let mut inside = ui.new_child(UiBuilder::new().max_rect(rect));
        if shown.is_broken {
            inside.disable();
        }
        let sizes = env.look.sizes.clone();
        let news = self.board.sync(shown.draft, shown.composition, sizes);
        if news == News::Draft {
            env.look.deselect();
            env.look.rects.clear();
            env.look.sizes.clear();
        }
        // A canvas that nobody has arranged or moved keeps itself in sight.
        let is_own = shown.draft.sheet.places.is_empty() && self.fitted != Some(Rect::NOTHING);
        self.resized |= news == News::Sizes;
        // What is under the pointer stays there for as long as it is held.
        let is_held = ui.input(|i| i.pointer.any_down());
        let has_grown = self.resized && !is_held;
        if news == News::Draft || (is_own && (news == News::Nodes || has_grown)) {
            self.fitted = None;
        }
        self.resized &= is_held;
        self.snarl_ui(&mut inside, shown, rect, news == News::Nothing);
    }

    fn snarl_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, rect: Rect, is_still: bool) {
        let id = snarl_id(shown.draft.id);
        let wanted = self.wanted_transform(rect);
        let look = &mut self.look;
        look.rects.clear();
        look.ports.clear();
        let mut env = Env { shown, look };
        let mut viewer = Viewer {
            env: &mut env,
            rect,
            wanted,
            was_moved: false,
            now: ui.input(|i| i.time),
            tokens: Tokens::of(ui),
        };
        let widget = SnarlWidget::new().id(id).style(viewer::style(ui));
        let response = widget.show(&mut self.board.snarl, &mut viewer, ui);
        let was_moved = viewer.was_moved;
        let all = bounds(env.look);
        if wanted.is_some() {
            env.look.wants_zoom = None;
        }
        if env.look.wants_fit > 0 {
            env.look.wants_fit -= 1;
            self.fitted = Some(rect);
        } else if was_moved && self.fitted.is_some() && wanted.is_none() {
            self.fitted = Some(Rect::NOTHING);
        } else if is_still && all.is_positive() && self.fitted != Some(Rect::NOTHING) {
            self.fitted = Some(rect);
        }
        if env.look.wants_fit > 0 || wanted.is_some() {
            ui.ctx().request_repaint();
        }
        if !shown.is_broken {
            let snarl = &mut self.board.snarl;
            input::pointer(ui, &mut env, snarl, id, &response, rect, &mut self.box_from);
            input::keys(ui, &mut env);
        }
        shelf::dragged_ui(ui);
        note_ui(ui, &mut self.look);
        if self.board.snarl.node_ids().count() <= 1 {
            let at = rect.center() + vec2(0.0, space::XXL * 2.0);
            let words = "Drag a model here, or add a merge";
            let (font, ink) = (theme::body_font(), Tokens::of(ui).text_weak);
            ui.painter()
                .text(at, Align2::CENTER_CENTER, words, font, ink);
        }
    }

    /// The transform that brings all into sight, if that is wanted; a zoom that was asked for.
    fn wanted_transform(&self, rect: Rect) -> Option<TSTransform> {
        let look = &self.look;
        if let Some(zoom) = look.wants_zoom {
            let zoom = zoom.clamp(viewer::LEAST_ZOOM, viewer::MOST_ZOOM);
            let centre = look.to_global.inverse() * rect.center();
            return Some(transform(centre, rect, zoom));
        }
        let all = bounds(look);
        let is_out = |of| of != rect && of != Rect::NOTHING;
        let is_due = look.wants_fit > 0 || self.fitted.is_none_or(is_out);
        if !is_due || !all.is_positive() {
            return None;
        }
        let room = (rect.size() - Vec2::splat(2.0 * AIR)).max(Vec2::splat(1.0));
        let zoom = (room / all.size()).min_elem();
        let fit = transform(all.center(), rect, zoom.clamp(viewer::LEAST_ZOOM, 1.0));
        (fit != look.to_global).then_some(fit)
    }
}

/// Whether a shortcut means what is on the canvas: all of it, nothing of it, or to remove it.
pub fn takes(shortcut: &KeyboardShortcut) -> bool {
    let is_all = shortcut.modifiers == Modifiers::COMMAND && shortcut.logical_key == Key::A;
    let is_plain = matches!(shortcut.logical_key, Key::Delete | Key::Escape);
    is_all || (is_plain && shortcut.modifiers.is_none())
}

/// egui-snarl keeps its own state under this.
fn snarl_id(draft: DraftId) -> Id {
    Id::new(("merge canvas", draft.0))
}

fn transform(centre: Pos2, rect: Rect, zoom: f32) -> TSTransform {
    TSTransform::new(rect.center() - centre * zoom, zoom)
}

fn bounds(look: &CanvasState) -> Rect {
    let rects = look.rects.values();
    rects.fold(Rect::NOTHING, |all, rect| all.union(*rect))
}

/// The line above a canvas whose text has a mistake.
fn broken_ui(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.warning))
        .inner_margin(Margin::symmetric(12, 4));
    Panel::top("canvas broken")
        .resizable(false)
        .frame(frame)
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.colored_label(t.warning, icon::WARNING);
                let words = "The recipe’s text has a mistake; the canvas shows what it was before";
                ui.colored_label(t.warning, words);
                if ui.button("Show it").clicked() {
                    ui.memory_mut(|memory| memory.request_focus(recipe_text_id()));
                }
            });
        });
}

/// The id of the field with the recipe's text, so that others can lead there.
pub fn recipe_text_id() -> Id {
    Id::new("recipe text")
}

/// Why something was refused, where it was, for some seconds.
fn note_ui(ui: &Ui, look: &mut CanvasState) {
    let now = ui.input(|i| i.time);
    look.note.take_if(|(_, _, until)| now >= *until);
    let Some((sentence, at, until)) = look.note.clone() else {
        return;
    };
    let rest = std::time::Duration::from_secs_f64((until - now).max(0.05));
    ui.ctx().request_repaint_after(rest);
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.warning))
        .corner_radius(radius::CARD)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(10, 6));
    Area::new(Id::new("canvas note"))
        .order(Order::Tooltip)
        .interactable(false)
        .fixed_pos(at + vec2(0.0, space::S))
        .show(ui.ctx(), |ui| {
            ui.set_max_width(280.0);
            frame.show(ui, |ui| ui.colored_label(t.warning, sentence));
        });
}
