//! The canvas: nodes, ports and wires, on egui-snarl.
//!
//! What is drawn is read off the composition; what the user does becomes an action, and the
//! next frame shows what came of it. The same graph is there as a list, for the keyboard and
//! for screen readers.

mod board;
mod env;
mod far;
mod input;
mod list;
mod marks;
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
    sight: Sight,
    /// Where it was drawn last, in the window's points.
    rect: Option<Rect>,
    box_from: Option<Pos2>,
}

/// How the canvas came to be seen as it is. An edit moves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Sight {
    /// All of a draft is brought into sight, until it stands still.
    #[default]
    Fitting,
    /// It was, in a window of this size, and nobody has moved it since.
    Fitted(Vec2),
    /// The user has moved it.
    Own,
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
        if had_shelf && !self.as_list {
            Panel::left("canvas models")
                .exact_size(SHELF)
                .resizable(false)
                .frame(frame.fill(Tokens::of(ui).panel))
                .show(ui, |ui| self.shelf.ui(ui, &mut env));
        }
        if self.as_list {
            env.look.visible = None;
            list::ui(ui, &mut env);
        } else {
            self.nodes_ui(ui, shown);
        }
        self.refused_ui(ui, shown);
        note_ui(ui, &mut self.look);
    }

    fn nodes_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let rect = ui.available_rect_before_wrap();
        let mut inside = ui.new_child(UiBuilder::new().max_rect(rect));
        let look = &mut self.look;
        if look.wants_tidy && shown.draft.sheet.places.is_empty() {
            look.wants_tidy = false;
            self.board.forget_places();
        }
        let window = ui.ctx().content_rect().size();
        if matches!(self.sight, Sight::Fitted(size) if size != window) {
            self.sight = Sight::Fitting;
        }
        let is_settled = self.sight != Sight::Fitting;
        let sizes = look.sizes.clone();
        let news = (self.board).sync(shown.draft, shown.composition, sizes, is_settled);
        if news == News::Draft {
            look.deselect();
            look.rects.clear();
            look.sizes.clear();
            self.sight = Sight::Fitting;
        }
        let is_still = news == News::Nothing && self.rect == Some(rect);
        self.rect = Some(rect);
        self.snarl_ui(&mut inside, shown, rect, is_still);
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
        self.sight = next_sight(self.sight, env.look, wanted, was_moved, is_still, ui);
        env.look.visible = Some(env.look.to_global.inverse() * rect);
        env.look.wants_zoom = None;
        env.look.wants_fit = env.look.wants_fit.saturating_sub(1);
        let is_moving = env.look.wants_fit > 0 || wanted.is_some();
        if is_moving || self.sight == Sight::Fitting {
            ui.ctx().request_repaint();
        }
        let snarl = &mut self.board.snarl;
        input::pointer(ui, &mut env, snarl, id, &response, rect, &mut self.box_from);
        input::keys(ui, &mut env);
        shelf::dragged_ui(ui);
        if self.board.snarl.node_ids().count() <= 1 {
            let at = rect.center() + vec2(0.0, space::XXL * 2.0);
            let words = "Drag a model here, or add a merge";
            let (font, ink) = (theme::body_font(), Tokens::of(ui).text_weak);
            ui.painter()
                .text(at, Align2::CENTER_CENTER, words, font, ink);
        }
    }

    /// Says at the pointer why an edit of a composition that is not the text's was not made.
    fn refused_ui(&mut self, ui: &Ui, shown: &DraftContext<'_>) {
        if shown.is_refused.take() {
            let at = ui.ctx().pointer_latest_pos();
            let at = at.unwrap_or_else(|| ui.max_rect().center());
            let until = ui.input(|i| i.time) + env::NOTE_SECS;
            let words = "The recipe’s text is unfinished. Finish it or undo, then edit here.";
            self.look.note = Some((words.to_owned(), at, until));
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
        let is_due = look.wants_fit > 0 || self.sight == Sight::Fitting;
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

/// How the canvas is seen after it was drawn.
fn next_sight(
    sight: Sight,
    look: &CanvasState,
    wanted: Option<TSTransform>,
    was_moved: bool,
    is_still: bool,
    ui: &Ui,
) -> Sight {
    let window = ui.ctx().content_rect().size();
    match sight {
        _ if look.wants_zoom.is_some() => Sight::Own,
        _ if look.wants_fit > 0 => Sight::Fitted(window),
        Sight::Fitted(_) if was_moved && wanted.is_none() => Sight::Own,
        Sight::Fitting if is_still && wanted.is_none() && bounds(look).is_positive() => {
            Sight::Fitted(window)
        }
        other => other,
    }
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
