//! The canvas: where it looks, what is under the pointer, what is drawn.
//!
//! It is still when nothing moves: nothing here asks for a repaint but egui itself, on input.

use eframe::egui::{
    Color32, Id, Key, Modifiers, PointerButton, Pos2, Rect, Response, Sense, Stroke, StrokeKind,
    Ui, Vec2, WidgetInfo, WidgetType,
};
use egui_graphs::MetadataFrame;

use super::camera::{self, Camera, PILL, PITCH};
use super::drawn::{self, ColourBy, Drawn, screen_rect};
use super::look::State;
use super::model::{Key as ModelKey, LineageModel};
use super::names::paint_names;
use super::pill::is_pill;
use super::pointer;
use super::proposal::{self, Dashed};
use crate::lineage::kin;
use crate::study::{ModelId, Selection};
use crate::text::sentence_case;
use crate::ui::action::{Action, View};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius};
use crate::ui::widgets::focus_ring;
use crate::workbench::Workbench;

/// What a key or a button zooms by.
const STEP: f32 = 1.25;
/// What a point of scrolling zooms by, as a power of e.
const PER_POINT: f32 = 0.0035;

#[derive(Default)]
pub struct Canvas {
    camera: Option<Camera>,
    /// Whether the user has moved the camera; before, it follows the size of the window.
    is_moved: bool,
    view: Vec2,
    /// Where a box to select in begins, on screen.
    box_from: Option<Pos2>,
    /// What there was to look at last.
    content: Option<Rect>,
    drawn: Option<(DrawnFor, Drawn)>,
    kin: Option<(usize, Vec<bool>)>,
    selection: Selection,
    /// The model whose menu was opened last.
    menu_of: Option<ModelId>,
}

#[derive(PartialEq)]
struct DrawnFor {
    key: ModelKey,
    colour: ColourBy,
    pitch: Vec2,
    dark: bool,
}

#[derive(Default)]
pub struct CanvasRequest {
    pub reveal: Option<usize>,
    pub hovered: Option<usize>,
    /// Models that were searched for; `None` without a search.
    pub found: Option<Vec<usize>>,
    /// The one of them that was gone to.
    pub gone_to: Option<usize>,
    /// What the weights propose.
    pub proposed: Vec<Dashed>,
}

/// What a frame is drawn from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    bench: &'a Workbench,
    shown: &'a LineageModel,
    base: &'a Response,
    meta: &'a MetadataFrame,
    pitch: Vec2,
}

impl Canvas {
    pub fn zoom_in(&mut self) {
        self.zoom_by(STEP);
    }

    pub fn zoom_out(&mut self) {
        self.zoom_by(1.0 / STEP);
    }

    fn zoom_by(&mut self, factor: f32) {
        let middle = self.view / 2.0;
        self.move_camera(|camera| camera.zoomed(factor, middle));
    }

    pub fn fit(&mut self, shown: &LineageModel) {
        let view = self.view;
        self.move_camera(|_| Camera::filling(&shown.layout, view));
    }

    pub fn fit_models(&mut self, shown: &LineageModel, models: impl IntoIterator<Item = usize>) {
        let view = self.view;
        self.move_camera(|camera| {
            let content = camera::extent(&shown.layout, camera.pitch, models);
            camera.fitting(content, view)
        });
    }

    fn move_camera(&mut self, change: impl FnOnce(Camera) -> Camera) {
        if let Some(camera) = &mut self.camera {
            *camera = change(*camera);
            self.is_moved = true;
        }
    }

    pub fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        shown: &LineageModel,
        colour: ColourBy,
        wanted: &CanvasRequest,
        actions: &mut Vec<Action>,
    ) -> Option<usize> {
        let whole = ui.available_rect_before_wrap();
        ui.allocate_rect(whole, Sense::hover());
        let (strip, view) = whole.split_top_bottom_at_y(whole.top() + drawn::HEADER_HEIGHT);
        let base = ui.interact(view, Id::new("lineage canvas"), Sense::click_and_drag());
        base.named(WidgetType::Other, words(shown));
        self.look(shown, view);
        self.navigate(ui, &base, shown, view);
        self.follow_selection(bench, shown, wanted.reveal);
        self.bring_up_to_date(ui, shown, colour);
        let camera = self.camera?;
        let meta = camera.frame(view.min);
        let scene = Scene {
            bench,
            shown,
            base: &base,
            meta: &meta,
            pitch: camera.pitch,
        };
        self.keys(ui, scene, actions);
        let pointed = self.pointed_at(ui, scene);
        let opened = self.touch(ui, scene, pointed, wanted, actions);
        let states = self.states(scene, pointed.or(wanted.hovered), wanted);
        self.paint(ui, scene, &states, &wanted.proposed, strip);
        self.box_ui(ui, scene, actions);
        focus_ring(ui, &base);
        opened
    }

    /// The first look, and again while nobody has moved and the window changes.
    fn look(&mut self, shown: &LineageModel, view: Rect) {
        let content = camera::extent(&shown.layout, PITCH, 0..shown.cards.len());
        let changed = self.view != view.size() || self.content != Some(content);
        self.view = view.size();
        self.content = Some(content);
        if self.camera.is_none() || !self.is_moved && changed {
            let opening = Camera::opening(&shown.layout, shown.best(), view.size());
            self.camera = Some(opening);
            // What is selected is brought into sight again.
            self.selection = Selection::Nothing;
        }
    }

    fn bring_up_to_date(&mut self, ui: &Ui, shown: &LineageModel, colour: ColourBy) {
        let t = Tokens::of(ui);
        let Some(Camera { pitch, .. }) = self.camera else {
            return;
        };
        let of = DrawnFor {
            key: shown.key.clone(),
            colour,
            pitch,
            dark: t.dark,
        };
        if self.drawn.as_ref().is_none_or(|(last, _)| *last != of) {
            self.drawn = Some((of, Drawn::new(shown, colour, pitch, t)));
            self.kin = None;
        }
    }

    /// Wheel and pinch zoom at the pointer, dragging moves.
    fn navigate(&mut self, ui: &Ui, base: &Response, shown: &LineageModel, view: Rect) {
        let at = ui.input(|i| i.pointer.hover_pos());
        if let Some(at) = at.filter(|at| view.contains(*at) && ui.rect_contains_pointer(view)) {
            let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
            let factor = pinch * (scroll.y * PER_POINT).exp();
            if factor != 1.0 || scroll.x != 0.0 {
                self.move_camera(|camera| {
                    let mut camera = camera.zoomed(factor, at - view.min);
                    camera.pan.x += scroll.x;
                    camera
                });
            }
        }
        if base.drag_started_by(PointerButton::Primary) && ui.input(|i| i.modifiers.shift) {
            self.box_from = ui.input(|i| i.pointer.press_origin());
        }
        let drags =
            base.dragged_by(PointerButton::Primary) || base.dragged_by(PointerButton::Middle);
        if drags && self.box_from.is_none() && base.drag_delta() != Vec2::ZERO {
            let by = base.drag_delta();
            self.move_camera(|camera| Camera {
                pan: camera.pan + by,
                ..camera
            });
        }
        let free = !ui.ctx().text_edit_focused() && !ui.ctx().any_popup_open();
        let pressed = |key| free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.zoom_in();
        }
        if pressed(Key::Minus) {
            self.zoom_out();
        }
        if pressed(Key::F) || pressed(Key::Home) {
            self.fit(shown);
        }
    }

    /// Arrow keys go from model to model and select.
    fn keys(&mut self, ui: &Ui, scene: Scene<'_>, actions: &mut Vec<Action>) {
        let (base, shown) = (scene.base, scene.shown);
        if !base.has_focus() {
            return;
        }
        let last = scene.bench.study().selection().models().last().copied();
        let at = last.and_then(|id| shown.place_of(id));
        let key = pointer::pressed_arrow(ui, base.id);
        if let Some(to) = key.and_then(|key| pointer::walk_target(shown, at, key)) {
            actions.push(pointer::select_all(vec![shown.cards[to].id]));
        }
    }

    /// What was selected elsewhere, or is gone to, comes into sight.
    fn follow_selection(&mut self, bench: &Workbench, shown: &LineageModel, reveal: Option<usize>) {
        let selection = bench.study().selection();
        let mut to = reveal;
        if self.selection != *selection {
            self.selection = selection.clone();
            let last = selection.models().last().copied();
            to = to.or(last.and_then(|id| shown.place_of(id)));
        }
        if let (Some(to), Some(camera)) = (to, &mut self.camera) {
            let layout = &shown.layout;
            let at = camera::at(camera.pitch, layout.columns[to], layout.heights[to]);
            *camera = camera.revealing(Rect::from_center_size(at, PILL), self.view);
        }
    }

    fn pointed_at(&self, ui: &Ui, scene: Scene<'_>) -> Option<usize> {
        let base = scene.base;
        let at = ui.input(|i| i.pointer.hover_pos())?;
        let is_here = base.rect.contains(at) && ui.rect_contains_pointer(base.rect);
        let (_, drawn) = self.drawn.as_ref()?;
        let found = drawn
            .model_at(scene.meta, at)
            .filter(|_| is_here && !base.dragged());
        found.filter(|&model| model < scene.shown.cards.len())
    }

    /// One element for each model in sight, so that it can be found and clicked by its label; the
    /// folded family that was clicked.
    fn touch(
        &mut self,
        ui: &Ui,
        scene: Scene<'_>,
        pointed: Option<usize>,
        wanted: &CanvasRequest,
        actions: &mut Vec<Action>,
    ) -> Option<usize> {
        let Scene {
            bench, shown, base, ..
        } = scene;
        let (mut is_hit, mut opened) = (false, None);
        for (model, card) in shown.cards.iter().enumerate() {
            let rect = screen_rect(shown, model, scene.meta, scene.pitch).intersect(base.rect);
            if !rect.is_positive() {
                continue;
            }
            // Not below the canvas's own id, where egui puts its tooltips.
            let id = Id::new("lineage pill").with(card.id.0);
            let response = ui.interact(rect, id, Sense::CLICK);
            let selection = bench.study().selection();
            let is_selected = card.ids().iter().any(|id| selection.contains(*id));
            response.widget_info(|| {
                WidgetInfo::selected(WidgetType::Button, true, is_selected, card.label())
            });
            is_hit |= response.clicked() || response.secondary_clicked();
            if response.clicked() && card.family.is_some() {
                opened = Some(model);
            } else if response.double_clicked() {
                actions.push(pointer::select_all(vec![card.id]));
                actions.push(Action::Go(View::Models));
            } else if response.clicked() {
                actions.push(pointer::select(ui, bench, card.id));
            }
            if response.secondary_clicked() {
                self.menu_of = Some(card.id);
            }
            if self.menu_of == Some(card.id) {
                response.context_menu(|ui| pointer::menu(ui, shown, model, actions));
            }
            if pointed == Some(model) {
                response.on_hover_ui(|ui| pointer::tooltip(ui, shown, model));
            }
        }
        if base.clicked() && !is_hit && !bench.study().selection().models().is_empty() {
            actions.push(pointer::selected(Selection::Nothing));
        }
        if pointed.is_none() {
            self.edge_ui(scene, &wanted.proposed);
        }
        opened
    }

    fn edge_ui(&self, scene: Scene<'_>, proposed: &[Dashed]) {
        let (base, shown) = (scene.base, scene.shown);
        let (Some((_, drawn)), Some(at)) = (&self.drawn, base.hover_pos()) else {
            return;
        };
        let place = |model: usize| screen_rect(shown, model, scene.meta, scene.pitch);
        if let Some((title, words)) = proposal::at(proposed, &place, at) {
            base.clone().on_hover_ui_at_pointer(|ui| {
                ui.label(theme::strong(title));
                ui.weak(words);
            });
            return;
        }
        let Some(edge) = drawn.edge_at(scene.meta, at).filter(|_| !base.dragged()) else {
            return;
        };
        let [parent, child] = shown.graph.edges[edge];
        let (parent, child) = (&shown.cards[parent], &shown.cards[child]);
        let unknown = || "Kinship of its parents is not known".to_owned();
        let kinship = child
            .relation()
            .map_or_else(unknown, |words| sentence_case(&words));
        base.clone().on_hover_ui_at_pointer(|ui| {
            ui.label(theme::strong(format!("{} → {}", parent.name, child.name)));
            ui.weak(kinship);
        });
    }

    fn states(
        &mut self,
        scene: Scene<'_>,
        hovered: Option<usize>,
        wanted: &CanvasRequest,
    ) -> Vec<State> {
        let shown = scene.shown;
        if let Some(of) = hovered
            && self.kin.as_ref().is_none_or(|(last, _)| *last != of)
        {
            self.kin = Some((of, kin(&shown.graph, of)));
        }
        // A model without kin has nothing to stand out from.
        let has_kin = |kin: &&Vec<bool>| kin.iter().filter(|is_kin| **is_kin).count() > 1;
        let kin = (hovered.and(self.kin.as_ref()).map(|(_, kin)| kin)).filter(has_kin);
        let found = wanted.found.as_ref().map(|found| {
            let mut mask = vec![false; shown.cards.len()];
            for &model in found {
                mask[model] = true;
            }
            mask
        });
        let selection = scene.bench.study().selection();
        let state = |model: usize| {
            let found = found.as_ref().map(|mask| mask[model]);
            State {
                selected: (shown.cards[model].ids().iter()).any(|id| selection.contains(*id)),
                hovered: hovered == Some(model) || wanted.gone_to == Some(model),
                found: found == Some(true),
                dimmed: match kin {
                    Some(kin) => !kin[model],
                    None => found == Some(false),
                },
            }
        };
        (0..shown.cards.len()).map(state).collect()
    }

    fn paint(
        &mut self,
        ui: &Ui,
        scene: Scene<'_>,
        states: &[State],
        proposed: &[Dashed],
        strip: Rect,
    ) {
        let (shown, meta, view) = (scene.shown, scene.meta, scene.base.rect);
        let t = Tokens::of(ui);
        let painter = ui.painter_at(view);
        let frame = (meta, scene.pitch);
        drawn::bands(&painter, shown, frame, view, t);
        if let Some((_, drawn)) = &mut self.drawn {
            drawn.mark(states);
            drawn.paint(ui.ctx(), &painter, frame);
        }
        let place = |model: usize| screen_rect(shown, model, meta, scene.pitch);
        proposal::paint(proposed, &painter, &place, t);
        if !is_pill(meta.zoom) {
            paint_names(&painter, shown, states, frame, t);
        }
        drawn::paint_header(ui.painter(), shown, frame, strip, t);
    }

    /// A box drawn with Shift selects what it touches.
    fn box_ui(&mut self, ui: &Ui, scene: Scene<'_>, actions: &mut Vec<Action>) {
        let (base, shown) = (scene.base, scene.shown);
        let Some(from) = self.box_from else { return };
        let to = ui.input(|i| i.pointer.interact_pos()).unwrap_or(from);
        let area = Rect::from_two_pos(from, to);
        let t = Tokens::of(ui);
        let painter = ui.painter_at(base.rect);
        let fill: Color32 = t.accent.gamma_multiply(0.12);
        let outline = Stroke::new(1.0, t.accent);
        painter.rect(area, radius::CONTROL, fill, outline, StrokeKind::Inside);
        if base.drag_stopped() || !ui.input(|i| i.pointer.any_down()) {
            self.box_from = None;
            let adds = ui.input(|i| i.modifiers.command);
            let selected = scene.bench.study().selection().models();
            let mut ids = if adds { selected } else { Vec::new() };
            for (model, card) in shown.cards.iter().enumerate() {
                let is_in = screen_rect(shown, model, scene.meta, scene.pitch).intersects(area);
                let own = card.ids().into_iter().filter(|_| is_in);
                let new: Vec<ModelId> = own.filter(|id| !ids.contains(id)).collect();
                ids.extend(new);
            }
            actions.push(pointer::select_all(ids));
        }
    }
}

/// What a screen reader says of the canvas as a whole.
fn words(shown: &LineageModel) -> String {
    format!(
        "Lineage of {} in {}",
        format::counted(
            shown.cards.iter().map(|card| card.ids().len()).sum(),
            "model"
        ),
        format::counted(shown.columns.len(), "column"),
    )
}
