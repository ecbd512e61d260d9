//! How egui-snarl draws the nodes, and what comes of what the user does to them.

use eframe::egui::emath::TSTransform;
use eframe::egui::epaint::Shadow;
use eframe::egui::{
    Color32, CornerRadius, Frame, Margin, Painter, Pos2, Rect, Sense, Stroke, Style, Ui,
    WidgetType, pos2, vec2,
};
use egui_snarl::ui::{
    AnyPins, BackgroundPattern, PinPlacement, PinWireInfo, SelectionStyle, SnarlPin, SnarlStyle,
    SnarlViewer, WireStyle,
};
use egui_snarl::{InPin, NodeId as Number, OutPin, Snarl};

use super::board::Slot;
use super::env::Env;
use super::far;
use super::marks;
use super::menus;
use super::nodes;
use super::{FAR, FRAME, OUTLINE};
use crate::merge::composition::{NodeId, Port};
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, Tokens, radius, space};

/// Height of a port without parameters, in points.
const ROW: f32 = 26.0;
/// What is drawn as a port, in points.
const PORT: f32 = 5.0;
/// What can be taken hold of around it, in points.
const REACH: f32 = 20.0;

pub struct Viewer<'a, 'e, 's> {
    pub env: &'e mut Env<'a, 's>,
    /// The canvas in the window's points.
    pub rect: Rect,
    /// Where the transform is that is asked for.
    pub wanted: Option<TSTransform>,
    /// Whether the user has moved or zoomed the canvas.
    pub was_moved: bool,
    /// Seconds since the program began.
    pub now: f64,
    pub tokens: &'static Tokens,
}

/// A port as it is drawn.
pub struct Dot {
    fill: Color32,
    outline: Stroke,
    wire: Color32,
}

impl SnarlPin for Dot {
    fn pin_rect(&self, x: f32, y0: f32, y1: f32, _size: f32) -> Rect {
        // Beside the first line, not in the middle of a port with its parameters.
        let y = ((y0 + y1) / 2.0).min(y0 + 13.0);
        Rect::from_center_size(pos2(x, y), vec2(REACH, REACH))
    }

    fn draw(self, _: &SnarlStyle, _: &Style, rect: Rect, painter: &Painter) -> PinWireInfo {
        let radius = PORT * rect.width() / REACH;
        painter.circle(rect.center(), radius, self.fill, self.outline);
        PinWireInfo {
            color: self.wire,
            style: WireStyle::Bezier5,
        }
    }
}

impl Viewer<'_, '_, '_> {
    /// The port of a node, or what comes out of it; accented with its wires where the node, its
    /// wire or a node at the other end is selected.
    fn dot(
        &self,
        node: Option<&Slot>,
        port: Option<Port>,
        snarl: &Snarl<Slot>,
        mut far: impl ExactSizeIterator<Item = Number>,
    ) -> Dot {
        let t = self.tokens;
        let is_fed = far.len() > 0;
        let is_selected = |slot: &Slot| self.env.is_selected(&slot.key);
        let is_chosen = |slot: &Slot| {
            let wire = self.env.look.wire.as_ref();
            wire.is_some_and(|(id, of)| *id == slot.id && Some(*of) == port)
        };
        let is_accented = node.is_some_and(|slot| is_chosen(slot) || is_selected(slot))
            || far.any(|number| snarl.get_node(number).is_some_and(is_selected));
        let ink = if is_accented { t.accent } else { t.line_strong };
        Dot {
            fill: if is_fed { ink } else { t.raised },
            outline: Stroke::new(1.5, ink),
            wire: ink,
        }
    }

    /// The room of the title; what the node is stands over all of it, see [`far::paint`].
    fn far_title_ui(&self, ui: &mut Ui, slot: &Slot) {
        let size = self.env.look.sizes.get(&slot.key).copied();
        let width = size.unwrap_or_default().x - 2.0 * FRAME;
        let (_, response) = ui.allocate_exact_size(vec2(width.max(1.0), ROW), Sense::hover());
        let label = far::summary(self.env, &slot.id).label();
        response.named(WidgetType::Label, &label);
    }

    /// The room that the rest of the node takes when it is drawn whole.
    fn far_rest_ui(&self, ui: &mut Ui, slot: &Slot) {
        let size = self.env.look.sizes.get(&slot.key).copied();
        let height = size.unwrap_or_default().y - 2.0 * FRAME;
        let gap = ui.spacing().item_spacing.y;
        let rows = 1 + slot.ports.len().max(1);
        let rest = height - rows as f32 * (ROW + gap);
        ui.allocate_exact_size(vec2(1.0, rest.max(1.0)), Sense::hover());
    }

    fn port_at(snarl: &Snarl<Slot>, pin: &InPin) -> Option<(NodeId, Port)> {
        let slot = snarl.get_node(pin.id.node)?;
        Some((slot.id.clone(), *slot.ports.get(pin.id.input)?))
    }
}

impl SnarlViewer<Slot> for Viewer<'_, '_, '_> {
    fn title(&mut self, node: &Slot) -> String {
        self.env.node_name(&node.id)
    }

    fn node_frame(
        &mut self,
        default: Frame,
        node: Number,
        _: &[InPin],
        _: &[OutPin],
        snarl: &Snarl<Slot>,
    ) -> Frame {
        let Some(slot) = snarl.get_node(node) else {
            return default;
        };
        let is_selected = self.env.is_selected(&slot.key);
        let has_error = slot.id.merge().is_some_and(|merge| {
            let problems = marks::own_problems(self.env, merge, None);
            problems.first().is_some_and(|p| p.is_error())
        });
        let t = self.tokens;
        let ink = match (is_selected, has_error) {
            (true, _) => t.accent,
            (_, true) => t.error,
            _ => t.line_strong,
        };
        // A ring that takes no room: a wider outline would move what is inside.
        let ring = Shadow {
            spread: u8::from(is_selected),
            color: if is_selected {
                t.accent
            } else {
                Color32::TRANSPARENT
            },
            ..Shadow::NONE
        };
        default.stroke(Stroke::new(OUTLINE, ink)).shadow(ring)
    }

    fn show_header(
        &mut self,
        node: Number,
        _: &[InPin],
        _: &[OutPin],
        ui: &mut Ui,
        snarl: &mut Snarl<Slot>,
    ) {
        let Some(slot) = snarl.get_node(node).cloned() else {
            return;
        };
        if self.env.look.is_far(&slot.key) {
            return self.far_title_ui(ui, &slot);
        }
        ui.add_space(space::XS);
        match &slot.id {
            NodeId::Model(model) => nodes::model_title_ui(ui, self.env, model),
            NodeId::Merge(merge) => nodes::merge_title_ui(ui, self.env, *merge),
            NodeId::Output => {
                ui.label(theme::strong("Output"));
            }
        }
    }

    fn inputs(&mut self, node: &Slot) -> usize {
        node.ports.len()
    }

    fn show_input(
        &mut self,
        pin: &InPin,
        ui: &mut Ui,
        snarl: &mut Snarl<Slot>,
    ) -> impl SnarlPin + 'static {
        let slot = snarl.get_node(pin.id.node).cloned();
        let port = Self::port_at(snarl, pin).map(|(_, port)| port);
        ui.add_space(space::XS);
        if let (Some(slot), Some(port)) = (&slot, port) {
            match (&slot.id, self.env.look.is_far(&slot.key)) {
                (_, true) => {
                    let rect = ui.allocate_space(vec2(40.0, ROW)).1;
                    self.env.look.ports.push((slot.id.clone(), port, rect));
                }
                (NodeId::Merge(merge), _) => nodes::port_ui(ui, self.env, *merge, port),
                _ => nodes::output_ui(ui, self.env),
            }
        }
        let far = pin.remotes.iter().map(|to| to.node);
        self.dot(slot.as_ref(), port, snarl, far)
    }

    fn outputs(&mut self, node: &Slot) -> usize {
        usize::from(node.id != NodeId::Output)
    }

    fn show_output(
        &mut self,
        pin: &OutPin,
        ui: &mut Ui,
        snarl: &mut Snarl<Slot>,
    ) -> impl SnarlPin + 'static {
        let slot = snarl.get_node(pin.id.node).cloned();
        ui.add_space(space::XS);
        match &slot {
            Some(Slot {
                key,
                id: NodeId::Model(model),
                ..
            }) if !self.env.look.is_far(key) => {
                ui.horizontal(|ui| nodes::model_ui(ui, self.env, model));
            }
            _ => {
                ui.allocate_exact_size(vec2(8.0, ROW), Sense::hover());
            }
        }
        let far = pin.remotes.iter().map(|to| to.node);
        self.dot(slot.as_ref(), None, snarl, far)
    }

    fn has_footer(&mut self, node: &Slot) -> bool {
        node.id.merge().is_some()
    }

    fn show_footer(
        &mut self,
        node: Number,
        _: &[InPin],
        _: &[OutPin],
        ui: &mut Ui,
        snarl: &mut Snarl<Slot>,
    ) {
        let Some(slot) = snarl.get_node(node) else {
            return;
        };
        match slot.id {
            _ if self.env.look.is_far(&slot.key) => self.far_rest_ui(ui, slot),
            NodeId::Merge(merge) => {
                ui.add_space(space::M - OUTLINE);
                nodes::merge_ui(ui, self.env, merge);
            }
            _ => {}
        }
    }

    fn final_node_rect(&mut self, node: Number, rect: Rect, ui: &mut Ui, snarl: &mut Snarl<Slot>) {
        if let Some(slot) = snarl.get_node(node) {
            let scale = self.env.look.to_global.scaling;
            if self.env.look.is_far(&slot.key) {
                far::paint(ui, rect, scale, &far::summary(self.env, &slot.id));
            }
            let look = &mut self.env.look;
            if look.to_global.scaling >= FAR || !look.sizes.contains_key(&slot.key) {
                let size = (rect.size() / 4.0).ceil() * 4.0;
                look.sizes.insert(slot.key.clone(), size);
            }
            look.rects.insert(slot.key.clone(), rect);
        }
    }

    fn has_graph_menu(&mut self, _: Pos2, _: &mut Snarl<Slot>) -> bool {
        !self.env.is_broken
    }

    fn show_graph_menu(&mut self, pos: Pos2, ui: &mut Ui, _: &mut Snarl<Slot>) {
        menus::canvas_ui(ui, self.env, Some(pos));
    }

    fn has_dropped_wire_menu(&mut self, pins: AnyPins<'_>, _: &mut Snarl<Slot>) -> bool {
        matches!(pins, AnyPins::Out(_)) && !self.env.is_broken
    }

    fn show_dropped_wire_menu(
        &mut self,
        pos: Pos2,
        ui: &mut Ui,
        pins: AnyPins<'_>,
        snarl: &mut Snarl<Slot>,
    ) {
        let AnyPins::Out(pins) = pins else { return };
        let from = pins.iter().filter_map(|pin| snarl.get_node(pin.node));
        let from: Vec<NodeId> = from.map(|slot| slot.id.clone()).collect();
        menus::dropped_wire_ui(ui, self.env, &from, pos);
    }

    fn has_node_menu(&mut self, _: &Slot) -> bool {
        !self.env.is_broken
    }

    fn show_node_menu(
        &mut self,
        node: Number,
        _: &[InPin],
        _: &[OutPin],
        ui: &mut Ui,
        snarl: &mut Snarl<Slot>,
    ) {
        if let Some(slot) = snarl.get_node(node) {
            if !self.env.is_selected(&slot.key) {
                self.env.look.selected = vec![slot.key.clone()];
            }
            menus::nodes_ui(ui, self.env);
        }
    }

    fn connect(&mut self, from: &OutPin, to: &InPin, snarl: &mut Snarl<Slot>) {
        let from = snarl.get_node(from.id.node).map(|slot| slot.id.clone());
        if let (Some(from), Some((to, port))) = (from, Self::port_at(snarl, to)) {
            let ports = &self.env.look.ports;
            let drawn = ports.iter().find(|(n, p, _)| *n == to && *p == port);
            let at = drawn.map_or(self.rect.center(), |(_, _, rect)| {
                self.env.look.to_global * rect.left_bottom()
            });
            self.env.connect(&from, &to, port, at, self.now);
        }
    }

    fn disconnect(&mut self, _: &OutPin, to: &InPin, snarl: &mut Snarl<Slot>) {
        if let Some((to, port)) = Self::port_at(snarl, to) {
            self.env.disconnect(&to, port);
        }
    }

    fn drop_inputs(&mut self, pin: &InPin, snarl: &mut Snarl<Slot>) {
        if let Some((to, port)) = Self::port_at(snarl, pin) {
            self.env.disconnect(&to, port);
        }
    }

    fn drop_outputs(&mut self, pin: &OutPin, snarl: &mut Snarl<Slot>) {
        let ends = pin.remotes.iter().filter_map(|to| {
            let slot = snarl.get_node(to.node)?;
            Some((slot.id.clone(), *slot.ports.get(to.input)?))
        });
        let mut ends: Vec<(NodeId, Port)> = ends.collect();
        // From the last port to the first: each that goes moves those behind it.
        ends.sort();
        self.env.edit("Disconnect", None, |c| {
            for (to, port) in ends.iter().rev() {
                c.disconnect(to, *port);
            }
        });
    }

    fn current_transform(&mut self, to_global: &mut TSTransform, _: &mut Snarl<Slot>) {
        self.was_moved = *to_global != self.env.look.to_global;
        *to_global = self.wanted.unwrap_or(*to_global);
        self.env.look.to_global = *to_global;
    }
}

/// The look of nodes, wires and ground.
pub fn style(ui: &Ui) -> SnarlStyle {
    let t = Tokens::of(ui);
    let node = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(OUTLINE, t.line_strong))
        .corner_radius(CornerRadius::same(radius::CARD))
        .inner_margin(Margin::same(space::S as i8));
    let none = SelectionStyle {
        margin: Margin::ZERO,
        rounding: CornerRadius::ZERO,
        fill: Color32::TRANSPARENT,
        stroke: Stroke::NONE,
    };
    SnarlStyle {
        node_frame: Some(node),
        header_frame: Some(Frame::new()),
        header_drag_space: Some(vec2(0.0, 0.0)),
        collapsible: Some(false),
        pin_size: Some(10.0),
        pin_placement: Some(PinPlacement::Edge),
        wire_width: Some(2.0),
        wire_frame_size: Some(60.0),
        bg_frame: Some(Frame::new().fill(t.background)),
        bg_pattern: Some(BackgroundPattern::grid(vec2(32.0, 32.0), 0.0)),
        bg_pattern_stroke: Some(Stroke::new(1.0, t.line.gamma_multiply(0.3))),
        min_scale: Some(LEAST_ZOOM),
        max_scale: Some(MOST_ZOOM),
        centering: Some(false),
        select_stoke: Some(Stroke::new(1.0, t.accent)),
        select_fill: Some(t.selection.gamma_multiply(0.3)),
        select_style: Some(none),
        ..SnarlStyle::new()
    }
}

/// Smaller than this nothing can be told apart.
pub const LEAST_ZOOM: f32 = 0.2;
/// Larger than this text is a blur.
pub const MOST_ZOOM: f32 = 1.25;
