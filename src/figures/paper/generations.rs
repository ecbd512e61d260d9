//! Figure 3: performance and merge gain along two lines of merges.

use super::{PATHS, Printed};
use crate::figures::runs_of::{InRun, members};
use crate::figures::{Axis, Color, Dash, Figure, Layer, MODEL, Marker, Panel, Point};
use crate::text::{number, signed};

/// Blue line with dots, red dashes with crosses.
const LOOKS: [(Color, Dash, Marker); 2] = [
    (Color::Series(0), Dash::Solid, Marker::Circle),
    (Color::Series(5), Dash::Dashed, Marker::Cross),
];
/// Where the paper ends the axis of gains.
const GAINS: (f64, f64) = (-1.0, 1.25);

pub fn figure(data: &Printed) -> Figure {
    let y = Axis::named("Average (points)");
    let average = panel(data, "Performance", y, |m| m.row.average, true);
    let y = Axis::named("Merge gain (points)").within(GAINS.0, GAINS.1);
    let mut gains = panel(data, "Merge gain", y, |m| m.model.origin.gain, false);
    gains.layers.insert(0, Layer::horizontal(0.0));
    let counts = PATHS.map(|(name, ..)| members(name, &data.doc, &data.record).len());
    let mut notes = vec![
        "Path 2 is shifted by two generations, so that the three steps that both paths share stand above each other".into(),
        "“Saturation” marks what the paper marks by eye, at generation 8 of Path 1 and 9 of Path 2; it gives no rule".into(),
    ];
    notes.extend(off_the_scale(data));
    Figure {
        title: "Figure 3 of the paper: two lines of merges".into(),
        panels: vec![average, gains],
        columns: 2,
        caption: format!(
            "Path 1 from {} to {} points, n = {} merges; Path 2 from {} to {}, n = {}",
            end(data, 0, false),
            end(data, 0, true),
            counts[0],
            end(data, 1, false),
            end(data, 1, true),
            counts[1],
        ),
        notes,
        source: data.source(),
    }
}

/// The first or last average of a path, in words.
fn end(data: &Printed, path: usize, is_last: bool) -> String {
    let mut steps = steps(data, PATHS[path].0);
    if is_last {
        steps.reverse();
    }
    let average = steps.first().and_then(|m| m.row.average);
    average.map_or_else(|| "–".to_owned(), |v| number(v, 2))
}

/// The steps of a path in their order.
fn steps<'a>(data: &'a Printed, path: &str) -> Vec<InRun<'a>> {
    let mut out = members(path, &data.doc, &data.record);
    out.sort_by_key(|m| m.generation);
    out
}

fn off_the_scale(data: &Printed) -> Vec<String> {
    let mut out = Vec::new();
    for (name, shift, _) in PATHS {
        for step in steps(data, name) {
            let gain = step.model.origin.gain;
            if let Some(gain) = gain.filter(|&g| g > GAINS.1 || g < GAINS.0) {
                out.push(format!(
                    "Off the scale, as in the paper: {} of {name}, {} points at {}",
                    step.model.name,
                    signed(gain, 2),
                    step.generation + shift,
                ));
            }
        }
    }
    out
}

fn panel(
    data: &Printed,
    title: &str,
    y: Axis,
    value: fn(&InRun<'_>) -> Option<f64>,
    names_last: bool,
) -> Panel {
    let mut layers = Vec::new();
    for ((name, _, start), (color, _, marker)) in PATHS.into_iter().zip(LOOKS) {
        layers.push(Layer::Vertical {
            name: format!("Saturation, {}", name.to_lowercase()),
            x: start,
            runs: vec![(marker, color)],
        });
    }
    for ((name, shift, _), (color, dash, marker)) in PATHS.into_iter().zip(LOOKS) {
        let steps = steps(data, name);
        let points: Vec<Point> = steps
            .iter()
            .enumerate()
            .filter_map(|(k, step)| {
                let y = value(step)?;
                // Both paths end with the same model: its value is written once.
                let is_named = names_last && k + 1 == steps.len() && shift == 0;
                Some(Point {
                    x: f64::from(step.generation + shift),
                    y,
                    color,
                    label: if is_named {
                        number(y, 2)
                    } else {
                        step.model.name.clone()
                    },
                    details: vec![
                        (MODEL.into(), step.model.name.clone()),
                        ("Generation".into(), step.generation.to_string()),
                    ],
                    is_named,
                    ..Point::default()
                })
            })
            .collect();
        let corners = points.iter().map(|p| [p.x, p.y]).collect();
        layers.push(Layer::line(name, color, dash, corners));
        layers.push(Layer::points(name, marker, points));
    }
    let x = Axis::whole("Generation, path 2 shifted by 2").within(0.0, 15.0);
    Panel {
        title: title.into(),
        ..Panel::new(x, y, layers)
    }
}
