//! Figures 4 and 8: kinship over the generations of the two paths, with performance scaled
//! into its range.
//!
//! Scaled: r_min + (P − P_min)/(P_max − P_min)·(r_max − r_min), also for the distance, which is
//! not turned round. For the second path the paper's grey line starts at the least cosine in
//! every panel; here it starts at the least value of the panel's own measure.

use super::{PATHS, Printed};
use crate::figures::quantity::short_name;
use crate::figures::runs_of::{InRun, members};
use crate::figures::{Axis, Color, Dash, Figure, Layer, Marker, Panel, Point, Side, fit};
use crate::kinship::Metric;
use crate::stats::{Sample, extent};
use crate::text::number;

const KINSHIP: Color = Color::Series(3);

pub fn pearson(data: &Printed) -> Figure {
    let title = "Figure 4 of the paper: kinship and performance along the lines";
    figure(title, data, &[Metric::PEARSON])
}

pub fn all_measures(data: &Printed) -> Figure {
    let title = "Figure 8 of the paper: three measures along the lines";
    let metrics = [Metric::PEARSON, Metric::COSINE, Metric::EUCLIDEAN];
    figure(title, data, &metrics)
}

fn figure(title: &str, data: &Printed, metrics: &[Metric]) -> Figure {
    let mut panels = Vec::new();
    let mut sentences = Vec::new();
    for (path, ..) in PATHS {
        let mut steps = members(path, &data.doc, &data.record);
        steps.sort_by_key(|m| m.generation);
        for &metric in metrics {
            panels.push(panel(path, metric, &steps));
            let pairs = steps
                .iter()
                .map(|m| (m.model.origin.kinship.get(metric), m.row.average));
            let r = fit::short(&Sample::from_pairs(pairs));
            sentences.push(format!("{path}, {}: {r}", metric.title));
        }
    }
    let mut notes = vec![
        "The average is scaled so that its least and greatest value meet those of the kinship: only the shapes can be compared".into(),
        "Kinship was read from the drawing to within 0.001 and agrees with the printed values, which are cut to two decimals; merges of more than two models carry the mean over all pairs".into(),
        "In the paper's panels of Path 2 the scaled average starts at 0.018, the least cosine, also where the measure is another".into(),
    ];
    if metrics.len() > 1 {
        notes.push("A distance is high where models are unrelated; as in the paper the average is not turned round for it".into());
    }
    Figure {
        title: title.to_owned(),
        panels,
        columns: match metrics.len() {
            1 => PATHS.len(),
            many => many,
        },
        caption: format!(
            "Kinship of the parents and average: {}",
            sentences.join("; ")
        ),
        notes,
        source: data.source(),
    }
}

/// What is drawn of a step, if it is known.
type Value<'a> = &'a dyn Fn(&InRun<'_>) -> Option<f64>;

fn panel(path: &str, metric: Metric, steps: &[InRun<'_>]) -> Panel {
    let kinship = |m: &InRun<'_>| m.model.origin.kinship.get(metric);
    let scale = scale(steps, metric);
    let scaled = |m: &InRun<'_>| m.row.average.map(&*scale);
    let name = match metric.is_similarity() {
        true => "Kinship of the parents",
        false => "Distance of the parents",
    };
    let series = |(name, side): (&str, Side), (color, dash, marker), value: Value<'_>| {
        let points: Vec<Point> = steps
            .iter()
            .filter_map(|m| {
                let y = value(m)?;
                Some(Point {
                    x: f64::from(m.generation),
                    y,
                    color,
                    label: m.model.name.clone(),
                    details: details(m, metric),
                    ..Point::default()
                })
            })
            .collect();
        let corners = points.iter().map(|p| [p.x, p.y]).collect();
        [
            Layer::line(name, color, dash, corners).on(side),
            Layer::points(name, marker, points).on(side),
        ]
    };
    let grey = (Color::Quiet, Dash::Dashed, Marker::Triangle);
    let grey = series(("Average, scaled", Side::Scaled), grey, &scaled);
    let purple = (KINSHIP, Dash::Solid, Marker::Circle);
    let purple = series((name, Side::Left), purple, &kinship);
    let y = Axis::named(short_name(metric));
    let layers = grey.into_iter().chain(purple).collect();
    Panel {
        title: format!("{path}, {}", metric.name),
        ..Panel::new(Axis::whole("Generation"), y, layers)
    }
}

fn details(step: &InRun<'_>, metric: Metric) -> Vec<(String, String)> {
    let mut out = vec![("Generation".to_owned(), step.generation.to_string())];
    if let Some(kinship) = step.model.origin.kinship.get(metric) {
        out.push((metric.title.into(), number(kinship, 3)));
    }
    if let Some(average) = step.row.average {
        out.push(("Average".into(), number(average, 2)));
    }
    out
}

fn scale(steps: &[InRun<'_>], metric: Metric) -> Box<dyn Fn(f64) -> f64> {
    let averages = steps.iter().filter_map(|m| m.row.average);
    let kinship = steps
        .iter()
        .filter_map(|m| m.model.origin.kinship.get(metric));
    let (lo, hi) = extent(averages).unwrap_or((f64::NAN, f64::NAN));
    let (to_lo, to_hi) = extent(kinship).unwrap_or((f64::NAN, f64::NAN));
    Box::new(move |y| to_lo + (y - lo) / (hi - lo) * (to_hi - to_lo))
}
