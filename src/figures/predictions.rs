//! Real gains of merges over what was predicted of them while they were held out.

use super::{Axis, Color, Dash, Figure, Layer, LineMark, Marker, Panel, Point, words};
use crate::stats::{Sample, extent, spearman};
use crate::study::ModelId;
use crate::text::{counted, number, signed};

/// A merge that was predicted from the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Its parents as one name: `mirror × order`.
    pub label: String,
    pub models: [ModelId; 2],
    /// Gain over the parents' mean in points.
    pub predicted: f64,
    pub real: f64,
    /// What its interval reaches to either side, in points.
    pub half: f64,
}

impl Prediction {
    fn is_within(&self) -> bool {
        (self.real - self.predicted).abs() <= self.half
    }
}

/// The merges as points with their intervals as bars; `level` is the part of merges that the
/// intervals are to hold.
pub fn predictions(of: &[Prediction], level: f64) -> Figure {
    let percent = format!("{:.0} %", level * 100.0);
    let mut layers = vec![diagonal(of)];
    layers.extend(of.iter().map(bar));
    let points = of.iter().map(|one| point(one, &percent)).collect();
    layers.push(Layer::points("", Marker::Circle, points));
    let x = Axis::named("Predicted gain, held out (points)");
    let y = Axis::named("Real gain (points)");
    Figure {
        title: "Predicted and real gain".to_owned(),
        panels: vec![Panel::new(x, y, layers)],
        columns: 1,
        caption: caption(of, &percent),
        ..Figure::default()
    }
}

/// Where real and predicted are equal.
fn diagonal(of: &[Prediction]) -> Layer {
    let ends = of.iter().flat_map(|one| [one.predicted, one.real]);
    let (lo, hi) = extent(ends).unwrap_or((0.0, 1.0));
    Layer::line(
        "As predicted",
        Color::Quiet,
        Dash::Dashed,
        vec![[lo, lo], [hi, hi]],
    )
}

/// Where the real gain was said to lie.
fn bar(one: &Prediction) -> Layer {
    let (x, half) = (one.predicted, one.half);
    Layer::Line(LineMark {
        is_thin: true,
        points: vec![[x, x - half], [x, x + half]],
        ..LineMark::default()
    })
}

fn point(one: &Prediction, percent: &str) -> Point {
    let (low, high) = (one.predicted - one.half, one.predicted + one.half);
    let points = |value: f64| format!("{} points", signed(value, 2));
    Point {
        x: one.predicted,
        y: one.real,
        color: Color::Series(usize::from(!one.is_within())),
        label: one.label.clone(),
        details: vec![
            ("Predicted gain".to_owned(), points(one.predicted)),
            ("Real gain".to_owned(), points(one.real)),
            (format!("{percent} lie in"), words::interval((low, high), 2)),
        ],
        models: one.models.to_vec(),
        ..Point::default()
    }
}

fn caption(of: &[Prediction], percent: &str) -> String {
    let within = of.iter().filter(|one| one.is_within()).count();
    let sample = Sample::from_pairs(of.iter().map(|one| (Some(one.predicted), Some(one.real))));
    let rank = spearman(&sample).map(|c| format!("rank correlation {}, ", number(c.r, 2)));
    format!(
        "{}{}; {within} of {} real gains lie in their {percent} interval",
        rank.unwrap_or_default(),
        counted(of.len(), "merge"),
        of.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_outside_its_interval_is_told() {
        let one = |predicted, real| Prediction {
            label: "a × b".to_owned(),
            models: [ModelId(0), ModelId(1)],
            predicted,
            real,
            half: 1.0,
        };
        let figure = predictions(&[one(0.0, 0.5), one(1.0, 1.5), one(2.0, 4.0)], 0.9);
        assert_eq!(
            figure.caption,
            "rank correlation 1.00, 3 merges; 2 of 3 real gains lie in their 90 % interval"
        );
    }
}
