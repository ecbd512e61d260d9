//! From where to where the axes of a panel run.

use super::{Axis, Cells, Layer, Panel, Side};
use crate::stats::extent;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub x: (f64, f64),
    /// Up; with cells, rows count downwards, so that the first row is on top.
    pub y: (f64, f64),
    pub right: Option<(f64, f64)>,
}

/// What stays free at each end of an axis that fits its data, as a share of their span.
const MARGIN: f64 = 0.05;
/// The same around whole numbers.
const WHOLE_MARGIN: f64 = 0.4;

impl Panel {
    /// The ends of the axes: as given, else so that everything drawn has room.
    pub fn bounds(&self) -> Bounds {
        if let Some(cells) = self.cells() {
            let ends = |n: usize| (-0.5, n.max(1) as f64 - 0.5);
            return Bounds {
                x: ends(cells.columns),
                y: ends(cells.rows()),
                right: None,
            };
        }
        let x = self.layers.iter().flat_map(across).collect();
        let up = |side| {
            self.layers
                .iter()
                .flat_map(|layer| upwards(layer, side))
                .collect()
        };
        Bounds {
            x: ends(&self.x, x),
            y: ends(&self.y, up(Side::Left)),
            right: self.right.as_ref().map(|axis| ends(axis, up(Side::Right))),
        }
    }

    pub fn cells(&self) -> Option<&Cells> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Cells(cells) => Some(cells),
            _ => None,
        })
    }
}

impl Cells {
    pub fn rows(&self) -> usize {
        self.values.len().div_ceil(self.columns.max(1))
    }

    pub fn range(&self) -> Option<(f64, f64)> {
        extent(self.values.iter().flatten().copied())
    }
}

fn ends(axis: &Axis, values: Vec<f64>) -> (f64, f64) {
    if let Some(range) = axis.range {
        return range;
    }
    let Some((lo, hi)) = extent(values) else {
        return (0.0, 1.0);
    };
    let margin = match hi - lo {
        _ if axis.is_whole => WHOLE_MARGIN,
        0.0 => (lo.abs() * MARGIN).max(0.5),
        span => span * MARGIN,
    };
    (lo - margin, hi + margin)
}

fn across(layer: &Layer) -> Vec<f64> {
    match layer {
        Layer::Points(mark) => mark.points.iter().map(|p| p.x).collect(),
        Layer::Line(mark) => mark.points.iter().map(|p| p[0]).collect(),
        Layer::Band { points, .. } => points.iter().map(|p| p[0]).collect(),
        Layer::Vertical { x, .. } => vec![*x],
        Layer::Bars { width, points, .. } => {
            let half = width / 2.0;
            points
                .iter()
                .flat_map(|p| [p.x - half, p.x + half])
                .collect()
        }
        Layer::Horizontal { .. } | Layer::Cells(_) => Vec::new(),
    }
}

fn upwards(layer: &Layer, side: Side) -> Vec<f64> {
    match layer {
        Layer::Points(mark) if belongs(mark.side, side) => {
            mark.points.iter().map(|p| p.y).collect()
        }
        Layer::Line(mark) if belongs(mark.side, side) => mark.points.iter().map(|p| p[1]).collect(),
        Layer::Band { points, .. } if side == Side::Left => {
            points.iter().flat_map(|p| [p[1], p[2]]).collect()
        }
        Layer::Horizontal { y, .. } if side == Side::Left => vec![*y],
        Layer::Bars { points, .. } if side == Side::Left => {
            points.iter().map(|p| p.y).chain([0.0]).collect()
        }
        _ => Vec::new(),
    }
}

/// What is scaled is drawn against the left axis.
fn belongs(own: Side, side: Side) -> bool {
    own == side || (own == Side::Scaled && side == Side::Left)
}

#[cfg(test)]
mod tests {
    use super::super::{Color, Dash};
    use super::*;

    fn line(side: Side, points: &[[f64; 2]]) -> Layer {
        Layer::line("", Color::Quiet, Dash::Solid, points.to_vec()).on(side)
    }

    #[test]
    fn axes_fit_what_belongs_to_them() {
        let layers = vec![
            line(Side::Left, &[[0.0, 0.0], [4.0, 10.0], [4.0, f64::NAN]]),
            line(Side::Right, &[[1.0, 70.0], [2.0, 80.0]]),
        ];
        let panel = Panel {
            right: Some(Axis::default()),
            ..Panel::new(Axis::whole(""), Axis::default(), layers)
        };
        let bounds = panel.bounds();
        assert_eq!(bounds.x, (-0.4, 4.4));
        assert_eq!(bounds.y, (-0.5, 10.5));
        assert_eq!(bounds.right, Some((69.5, 80.5)));
    }

    #[test]
    fn nothing_drawn_and_one_value_have_axes_too() {
        assert_eq!(Panel::default().bounds().x, (0.0, 1.0));
        let layers = vec![line(Side::Left, &[[2.0, 0.0]])];
        let panel = Panel::new(Axis::default(), Axis::default(), layers);
        assert_eq!(panel.bounds().x, (1.5, 2.5));
    }

    #[test]
    fn cells_have_whole_places() {
        let cells = Cells {
            columns: 2,
            values: vec![Some(1.0), None, Some(-2.0)],
            ..Cells::default()
        };
        assert_eq!((cells.rows(), cells.range()), (2, Some((-2.0, 1.0))));
        let layers = vec![Layer::Cells(cells)];
        let panel = Panel::new(Axis::default(), Axis::default(), layers);
        assert_eq!(panel.bounds().y, (-0.5, 1.5));
    }
}
