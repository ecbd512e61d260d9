//! What the nodes and edges of the drawn graph carry.

use std::sync::Arc;

use eframe::egui::{Color32, Pos2};

use crate::ui::theme::Tokens;
use crate::ui::views::family::Card;

#[derive(Clone)]
pub struct NodeLook {
    pub card: Arc<Card>,
    /// The colour of its dot; without one the dot is hollow.
    pub dot: Option<Color32>,
    pub tokens: &'static Tokens,
    pub state: State,
}

/// How a model stands out or steps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub selected: bool,
    pub hovered: bool,
    pub found: bool,
    pub dimmed: bool,
}

#[derive(Clone)]
pub struct EdgeLook {
    /// Kinship of the child's parents.
    pub kinship: Option<f64>,
    /// Whether it leads to a merge whose parents' kinship is not known; a fine-tune has none.
    pub is_unknown: bool,
    pub color: Color32,
    /// Middles of the places where it passes columns, on the canvas.
    pub bends: Arc<[Pos2]>,
    pub tokens: &'static Tokens,
    pub dimmed: bool,
}
