//! From where to where an axis goes, where its marks stand, and how its numbers are written.

use egui_plot::GridMark;

use crate::figures::{Axis, Bounds, Panel, Side};
use crate::ui::{format, ticks};

/// The ranges of a panel's axes before the user zooms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Home {
    pub x: (f64, f64),
    pub y: (f64, f64),
    /// Of the second vertical axis, if there is one.
    pub right: Option<(f64, f64)>,
}

impl Home {
    pub fn new(panel: &Panel) -> Self {
        let Bounds { x, y, right } = panel.bounds();
        Self { x, y, right }
    }

    /// The vertical axis that measures what is drawn at this side, with its range.
    pub fn axis<'a>(&self, panel: &'a Panel, side: Side) -> (&'a Axis, (f64, f64)) {
        match (side, &panel.right, self.right) {
            (Side::Right, Some(axis), Some(range)) => (axis, range),
            _ => (&panel.y, self.y),
        }
    }

    /// Where a value lies on the left axis, to which everything is drawn.
    pub fn on_left(&self, side: Side, value: f64) -> f64 {
        match (side, self.right) {
            (Side::Right, Some(right)) => moved(value, right, self.y),
            _ => value,
        }
    }

    /// What the right axis says beside a value of the left one.
    pub fn on_right(&self, value: f64) -> f64 {
        self.right
            .map_or(value, |right| moved(value, self.y, right))
    }
}

fn moved(value: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    let share = (value - from.0) / (from.1 - from.0);
    to.0 + share * (to.1 - to.0)
}

/// The words at a mark: a name where there are names, else a number with as few digits as the
/// step needs.
pub fn mark_words(axis: &Axis, mark: GridMark) -> String {
    if axis.names.is_empty() {
        return ticks::words(mark);
    }
    let at = mark.value.round();
    let name = (at >= 0.0).then(|| axis.names.get(at as usize)).flatten();
    name.cloned().unwrap_or_default()
}

/// A value as people read it on this axis: whole numbers whole, points with two decimals,
/// small ranges (kinship) with three, and tiny ones with what tells two values apart.
pub fn value_words(axis: &Axis, (lo, hi): (f64, f64), value: f64) -> String {
    let at = value.round();
    let name = (at >= 0.0).then(|| axis.names.get(at as usize)).flatten();
    match name {
        Some(name) => name.clone(),
        None if axis.is_whole => format::decimals(Some(value), 0),
        None if hi - lo > SMALL_RANGE => format::score(Some(value)),
        None => {
            let digits = (2.0 - (hi - lo).log10().floor()).clamp(3.0, 9.0);
            format::decimals(Some(value), digits as usize)
        }
    }
}

const SMALL_RANGE: f64 = 2.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_axis_is_drawn_in_the_range_of_the_left() {
        let axis = |lo, hi| Axis {
            range: Some((lo, hi)),
            ..Axis::default()
        };
        let panel = Panel {
            y: axis(70.0, 80.0),
            right: Some(axis(0.0, 1.0)),
            ..Panel::default()
        };
        let home = Home::new(&panel);
        assert_eq!(home.on_left(Side::Right, 0.25), 72.5);
        assert_eq!(home.on_left(Side::Left, 71.0), 71.0);
        assert_eq!(home.on_right(72.5), 0.25);
    }

    #[test]
    fn values_are_said_as_their_axis_needs() {
        let axis = Axis::default();
        let names = Axis {
            names: vec!["a".into(), "b".into()],
            ..Axis::default()
        };
        assert_eq!(value_words(&names, (-0.5, 1.5), 1.0), "b");
        assert_eq!(value_words(&axis, (0.0, 1.0), 0.5), "0.500");
        assert_eq!(value_words(&axis, (60.0, 80.0), 71.0), "71.00");
        assert_eq!(value_words(&axis, (0.0, 0.004), 0.001_234_5), "0.00123");
    }
}
