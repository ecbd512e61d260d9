//! The lineage as a graph of egui_graphs, and how it is painted.
//!
//! egui_graphs holds nodes and edges with their shapes and finds what is under a point. Its
//! widget is not used: `GraphView::show` asks for a repaint after every frame and would keep a
//! still window busy for ever. The shapes are asked for here, in its drawing order, and only
//! those that are in sight.

use eframe::egui::{Align2, Color32, Context, FontId, Painter, Pos2, Rect, Stroke, Vec2, pos2};
use egui_graphs::{DisplayEdge, DisplayNode, DrawContext, Graph, MetadataFrame, SettingsStyle};
use petgraph::Directed;
use petgraph::stable_graph::{DefaultIx, EdgeIndex, NodeIndex};

use super::camera;
use super::curve::{self, Curve};
use super::look::{EdgeLook, NodeLook, State};
use super::model::{Column, LineageModel};
use super::pill::{self, Pill};
use crate::ui::colormap::Scale;
use crate::ui::theme::{self, Tokens, size};
use crate::ui::views::family::Card;
use crate::ui::{fonts, widgets::text};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourBy {
    /// The average, on the map of scores.
    #[default]
    Score,
    Role,
}

type Shapes = Graph<NodeLook, EdgeLook, Directed, DefaultIx, Pill, Curve>;

/// The graph as it is drawn. Node and edge numbers are those of the lineage's graph.
pub struct Drawn {
    graph: Shapes,
    /// The numbers in the lineage's graph of the edges that are drawn.
    edges: Vec<usize>,
}

impl Drawn {
    pub fn new(
        shown: &LineageModel,
        colour: ColourBy,
        pitch: Vec2,
        tokens: &'static Tokens,
    ) -> Self {
        let mut graph = Shapes::new();
        let layout = &shown.layout;
        for (k, card) in shown.cards.iter().enumerate() {
            let look = NodeLook {
                card: card.clone(),
                dot: dot(card, shown.scores, colour, tokens),
                tokens,
                state: State::default(),
            };
            let at = camera::at(pitch, layout.columns[k], layout.heights[k]);
            let node = graph.add_node_with_location(look, at);
            update(&mut graph, node);
        }
        let n = shown.cards.len();
        let mut edges = Vec::new();
        for (k, &[parent, child]) in shown.graph.edges.iter().enumerate() {
            if parent == child || parent >= n || child >= n {
                continue;
            }
            let kinship = shown.cards[child].kinship.map(|(value, _)| value);
            let bends = layout.bends[k].iter();
            let look = EdgeLook {
                kinship,
                is_unknown: kinship.is_none() && shown.cards[child].is_merge(),
                color: kinship.map_or(tokens.line_strong, |value| curve::ink(value, tokens)),
                bends: bends
                    .map(|&(column, height)| camera::at(pitch, column, height))
                    .collect(),
                tokens,
                dimmed: false,
            };
            graph.add_edge(NodeIndex::new(parent), NodeIndex::new(child), look);
            edges.push(k);
        }
        Self { graph, edges }
    }

    pub fn model_at(&self, meta: &MetadataFrame, at: Pos2) -> Option<usize> {
        let found = self.graph.node_by_screen_pos(meta, at);
        found.map(NodeIndex::index)
    }

    /// The edge under a point of the screen, as its number in the lineage's graph.
    pub fn edge_at(&self, meta: &MetadataFrame, at: Pos2) -> Option<usize> {
        let found = self.graph.edge_by_screen_pos(meta, at)?;
        self.edges.get(found.index()).copied()
    }

    /// Gives every model its state; edges step back where one of their ends does.
    pub fn mark(&mut self, states: &[State]) {
        for (k, &state) in states.iter().enumerate() {
            let node = self.graph.node_mut(NodeIndex::new(k));
            if let Some(node) = node.filter(|node| node.payload().state != state) {
                node.payload_mut().state = state;
                update(&mut self.graph, NodeIndex::new(k));
            }
        }
        for k in 0..self.edges.len() {
            let edge = EdgeIndex::new(k);
            let Some((a, b)) = self.graph.edge_endpoints(edge) else {
                continue;
            };
            let dimmed = states[a.index()].dimmed || states[b.index()].dimmed;
            if let Some(edge) = self.graph.edge_mut(edge)
                && edge.payload().dimmed != dimmed
            {
                edge.payload_mut().dimmed = dimmed;
                let props = edge.props().clone();
                edge.display_mut().update(&props);
            }
        }
    }

    /// Paints what is in sight: edges, those that stepped back first, then models.
    pub fn paint(
        &mut self,
        ctx: &Context,
        painter: &Painter,
        (meta, pitch): (&MetadataFrame, Vec2),
    ) {
        let style = SettingsStyle::default();
        let context = DrawContext {
            ctx,
            painter,
            style: &style,
            is_directed: true,
            meta,
        };
        let nodes: Vec<NodeIndex> = self.graph.g().node_indices().collect();
        for &node in &nodes {
            if let Some(node) = self.graph.node_mut(node) {
                node.display_mut().set_zoom(meta.zoom);
            }
        }
        for dimmed in [true, false] {
            self.paint_edges(&context, dimmed);
        }
        let seen = painter.clip_rect().expand(pitch.x * meta.zoom);
        for node in nodes {
            let Some(node) = self.graph.node_mut(node) else {
                continue;
            };
            if seen.contains(meta.canvas_to_screen_pos(node.location())) {
                painter.extend(node.display_mut().shapes(&context));
            }
        }
    }

    fn paint_edges(&mut self, context: &DrawContext<'_>, dimmed: bool) {
        for k in 0..self.edges.len() {
            let edge = EdgeIndex::new(k);
            let of = |k: NodeIndex| self.graph.node(k);
            let ends = self.graph.edge_endpoints(edge);
            let Some((start, end)) = ends.and_then(|(a, b)| of(a).zip(of(b))) else {
                continue;
            };
            let Some(mut shape) = (self.graph.edge(edge))
                .filter(|edge| edge.payload().dimmed == dimmed)
                .map(|edge| edge.display().clone())
            else {
                continue;
            };
            context.painter.extend(shape.shapes(start, end, context));
            if let Some(edge) = self.graph.edge_mut(edge) {
                *edge.display_mut() = shape;
            }
        }
    }
}

fn update(graph: &mut Shapes, node: NodeIndex) {
    if let Some(node) = graph.node_mut(node) {
        let props = node.props().clone();
        node.display_mut().update(&props);
    }
}

fn dot(card: &Card, scores: Option<Scale>, colour: ColourBy, tokens: &Tokens) -> Option<Color32> {
    match colour {
        ColourBy::Role => Some(tokens.role(card.role as usize)),
        ColourBy::Score => {
            let scale = scores.unwrap_or(Scale::Score { lo: 0.0, hi: 0.0 });
            card.score.map(|average| scale.color(Some(average), tokens))
        }
    }
}

pub fn screen_rect(shown: &LineageModel, model: usize, meta: &MetadataFrame, pitch: Vec2) -> Rect {
    let layout = &shown.layout;
    let at = camera::at(pitch, layout.columns[model], layout.heights[model]);
    let size = pill::size(&shown.cards[model], meta.zoom);
    Rect::from_center_size(meta.canvas_to_screen_pos(at), size)
}

pub const HEADER_HEIGHT: f32 = 44.0;
/// A narrower column has its number alone.
const ROOM_FOR_WORDS: f32 = 96.0;
/// Between two numbers, at least.
const APART: f32 = 8.0;

/// Every other column is a shade darker, so that the eye keeps to it.
pub fn bands(
    painter: &Painter,
    shown: &LineageModel,
    frame: (&MetadataFrame, Vec2),
    view: Rect,
    t: &Tokens,
) {
    for k in (1..shown.columns.len()).step_by(2) {
        let band = column_rect(k, frame, view).intersect(view);
        if band.is_positive() {
            painter.rect_filled(band, 0, t.panel);
        }
    }
}

pub fn paint_header(
    painter: &Painter,
    shown: &LineageModel,
    frame: (&MetadataFrame, Vec2),
    strip: Rect,
    t: &Tokens,
) {
    let painter = painter.with_clip_rect(strip.intersect(painter.clip_rect()));
    painter.rect_filled(strip, 0, t.background);
    let width = frame.1.x * frame.0.zoom;
    let mut free_from = f32::NEG_INFINITY;
    for (k, column) in shown.columns.iter().enumerate() {
        let rect = column_rect(k, frame, strip);
        if !rect.intersects(strip) {
            continue;
        }
        if width >= ROOM_FOR_WORDS {
            words(&painter, rect.shrink(4.0), column, t);
            continue;
        }
        let galley = painter.layout_no_wrap(column.number(), theme::small_font(), t.text_weak);
        let place = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
        if place.left() >= free_from {
            free_from = place.right() + APART;
            painter.galley(place.min, galley, t.text_weak);
        }
    }
    painter.hline(
        strip.x_range(),
        strip.bottom() - 0.5,
        Stroke::new(1.0, t.line),
    );
}

fn words(painter: &Painter, rect: Rect, column: &Column, t: &Tokens) {
    let line = |y: f32| -> Pos2 { pos2(rect.center().x, y) };
    let strong = FontId::new(size::BODY, fonts::semibold());
    let small = theme::small_font();
    let middle = rect.center().y;
    for (text, font, y, ink) in [
        (column.title(), strong, middle - 8.0, t.text),
        (column.words(), small, middle + 9.0, t.text_weak),
    ] {
        let text = text::fitted(painter, &text, &font, rect.width());
        painter.text(line(y), Align2::CENTER_CENTER, text, font, ink);
    }
}

fn column_rect(k: usize, (meta, pitch): (&MetadataFrame, Vec2), view: Rect) -> Rect {
    let middle = meta.canvas_to_screen_pos(camera::at(pitch, k, 0.0)).x;
    let half = pitch.x * meta.zoom / 2.0;
    Rect::from_x_y_ranges(middle - half..=middle + half, view.y_range())
}
