//! Sizes that several parts of the canvas go by.

use crate::ui::theme::space;

/// Width of the outline of a node, in points.
pub const OUTLINE: f32 = 1.0;
/// From the place of a node to the corner of its frame, in points.
pub const FRAME: f32 = space::S + OUTLINE;
/// Below this zoom text in nodes cannot be read.
pub const FAR: f32 = 0.58;
