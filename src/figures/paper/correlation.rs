//! Figure 2: merge gain against kinship, in three measures.

use super::Printed;
use crate::figures::quantity::{axis_name, short_name};
use crate::figures::{Axis, Color, Dash, Figure, Layer, Marker, Panel, Point, fit};
use crate::kinship::{Metric, Values};
use crate::stats::{Sample, extent, least_squares};
use crate::study::Model;
use crate::study::chart::{PointsAre, Quantity};
use crate::text::{MINUS, number, signed};

/// The measures and how far their axes run.
const MEASURES: [(Metric, (f64, f64)); 3] = [
    (Metric::PEARSON, (0.0, 1.05)),
    (Metric::COSINE, (0.0, 1.05)),
    (Metric::EUCLIDEAN, (-1.0, 26.0)),
];
/// How far up the points run.
const GAINS: (f64, f64) = (-1.2, 4.9);
/// The one step that is drawn with another gain than its tables print.
const DRAWN: (&str, f64) = ("StrangeMerges_32-7B-slerp", 0.01);
/// What the drawing holds beyond the steps of the two paths.
const REST: &str = "Figure 2";

/// One of the points of the drawing.
struct Spot<'a> {
    model: &'a Model,
    gain: f64,
    kinship: &'a Values,
}

/// Steps of the paths with two parents, each once, and what only the drawing has.
fn spots(data: &Printed) -> Vec<Spot<'_>> {
    let is_drawn = |model: &&Model| {
        let is_in = |run: &str| model.steps.iter().any(|step| step.run == run);
        let is_step = is_in("Path 1") || is_in("Path 2");
        is_in(REST) || (is_step && !model.origin.unnamed_parents)
    };
    let spot = |model| {
        let Model { name, origin, .. }: &Model = model;
        let gain = if name == DRAWN.0 {
            DRAWN.1
        } else {
            origin.gain?
        };
        Some(Spot {
            model,
            gain,
            kinship: &origin.kinship,
        })
    };
    data.doc
        .models
        .iter()
        .filter(is_drawn)
        .filter_map(spot)
        .collect()
}

pub fn figure(data: &Printed) -> Figure {
    let spots = spots(data);
    let mut panels = Vec::new();
    let mut sentences = Vec::new();
    for (metric, range) in MEASURES {
        let sample =
            Sample::from_pairs(spots.iter().map(|s| (s.kinship.get(metric), Some(s.gain))));
        panels.push(panel(&spots, metric, range, &sample));
        let line = least_squares(&sample)
            .map(|fit| {
                let sign = if fit.slope < 0.0 { MINUS } else { "+" };
                let slope = number(fit.slope.abs(), 3);
                format!("; gain = {} {sign} {slope}·x", number(fit.intercept, 3))
            })
            .unwrap_or_default();
        sentences.push(format!("{}: {}{line}", metric.title, fit::short(&sample)));
    }
    Figure {
        title: "Figure 2 of the paper: kinship and merge gain".into(),
        panels,
        columns: 3,
        caption: sentences.join(". "),
        notes: vec![
            "The correlations that the paper prints (Table 2: −0.50, −0.45 and 0.46) are not of these points but of the 14 steps of Path 1 alone; choose Scatter with the run Path 1 alone to see them".into(),
            "Of the points, 20 are steps of the two paths and 16 were read from the drawing, which names no model; its list of samples (Table 8) holds other merges".into(),
            "StrangeMerges_32-7B-slerp is drawn with a gain of 0.01 here and printed with 0.11 in Tables 6 and 8".into(),
        ],
        source: data.source(),
    }
}

fn panel(spots: &[Spot<'_>], metric: Metric, range: (f64, f64), sample: &Sample) -> Panel {
    let points = spots.iter().filter_map(|spot| {
        let kinship = spot.kinship.get(metric)?;
        Some(Point {
            x: kinship,
            y: spot.gain,
            color: Color::Value(spot.gain),
            label: spot.model.name.clone(),
            details: vec![
                ("Merge gain".into(), signed(spot.gain, 2)),
                (metric.title.into(), number(kinship, 3)),
            ],
            ..Point::default()
        })
    });
    let ends = extent(sample.x.iter().copied());
    let line = least_squares(sample).zip(ends).map(|(fit, (lo, hi))| {
        let ends = vec![[lo, fit.at(lo)], [hi, fit.at(hi)]];
        Layer::line("Least squares", Color::Quiet, Dash::Dotted, ends)
    });
    let points = Layer::points("", Marker::Circle, points.collect());
    let layers = line.into_iter().chain([points]).collect();
    let gain = axis_name(&Quantity::Gain, PointsAre::Models);
    let x = Axis::named(short_name(metric)).within(range.0, range.1);
    let y = Axis::named(gain.clone()).within(GAINS.0, GAINS.1);
    Panel {
        title: metric.title.into(),
        scale: Some((gain, -0.69, 4.45)),
        ..Panel::new(x, y, layers)
    }
}
