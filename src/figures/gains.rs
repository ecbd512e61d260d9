//! Merge gain by generation.

use super::chart::{Chart, Control, Needs, Sketch};
use super::runs_of::{self, InRun, Run};
use super::{Axis, ChartData, Figure, Layer, Panel, Point, words};
use crate::stats::mean;
use crate::study::chart::{ChartChoices, ChartKind};
use crate::text::{counted, list, number, signed};

/// Width of a bar, in generations.
const BAR: f64 = 0.6;
/// Values further from the middle half than this many of its widths are off the scale.
const FAR: f64 = 3.0;
/// With fewer values nothing is called far.
const FEW: usize = 8;

pub const CHART: Chart = Chart {
    kind: ChartKind::Gains,
    title: "Merge gain",
    sentence: "Merge gain of each generation",
    meaning: [
        "The gain is a merge's average less the mean of its parents' averages: above zero it is better than they are on the whole, not better than the best of them.",
        "Gains that shrink towards zero over the generations are how stagnation shows first.",
        "A large gain often has one weak parent.",
        "The paper takes gains from scores with two decimals and one evaluation each, so that gains of a few hundredths are within the noise.",
    ],
    sketch: &[Sketch::Bars(&[0.9, 0.6, 0.35, -0.2, 0.15])],
    controls: &[Control::Runs],
    needs: Needs::Scores,
    study: None,
    build,
};

fn build(choices: &ChartChoices, data: &ChartData<'_>) -> Result<Figure, String> {
    let runs = runs_of::chosen(choices, data);
    if runs.is_empty() {
        return Err(runs_of::none(choices));
    }
    let mut layers = vec![Layer::horizontal(0.0)];
    let (mut sentences, mut drawn, mut missing) = (Vec::new(), Vec::new(), 0);
    for run in &runs {
        let members = runs_of::members(run.name, data.doc, data.record);
        let merges = members.iter().filter(|m| m.model.is_merge());
        let points: Vec<Point> = members.iter().filter_map(|m| point(run, m)).collect();
        missing += merges.filter(|m| m.row.gain.is_none()).count();
        if points.is_empty() {
            continue;
        }
        sentences.push(sentence(run, &points));
        drawn.extend(points.clone());
        layers.push(layer(run, points, runs.len()));
    }
    if drawn.is_empty() {
        return Err("No merge has a gain yet; a gain needs the averages of a merge and of its parents, or a reported one".into());
    }
    let (range, far) = scale(&drawn);
    let mut notes = Vec::new();
    if !far.is_empty() {
        notes.push(format!("Off the scale: {}", list(&far)));
    }
    if missing > 0 {
        let merges = counted(missing, "merge");
        notes.push(format!("{merges} left out, as the gain is not known"));
    }
    let y = Axis {
        range,
        ..Axis::named("Merge gain (points)")
    };
    Ok(Figure {
        title: "Merge gain by generation".into(),
        panels: vec![Panel::new(Axis::whole("Generation"), y, layers)],
        columns: 1,
        caption: sentences.join("; "),
        notes,
        source: words::source(data.doc),
    })
}

/// The gain of a merge as a point of its run.
pub fn point(run: &Run<'_>, member: &InRun<'_>) -> Option<Point> {
    let gain = member.row.gain?;
    let mut details = vec![
        ("Merge gain".into(), format!("{} points", signed(gain, 2))),
        ("Generation".into(), member.generation.to_string()),
        ("Run".into(), words::run(run.name).into()),
    ];
    if let Some(average) = member.row.average {
        details.push(("Average".into(), number(average, 2)));
    }
    Some(Point {
        x: f64::from(member.generation),
        y: gain,
        color: run.color(),
        label: member.model.name.clone(),
        details,
        models: vec![member.model.id],
        ..Point::default()
    })
}

/// One run with one merge a generation is drawn as bars; else points tell more.
fn layer(run: &Run<'_>, points: Vec<Point>, runs: usize) -> Layer {
    let is_alone = |p: &Point| points.iter().filter(|q| q.x == p.x).count() == 1;
    let name = words::run(run.name);
    if runs == 1 && points.iter().all(is_alone) {
        return Layer::Bars {
            name: name.to_owned(),
            color: run.color(),
            width: BAR,
            points,
        };
    }
    Layer::points(name, run.marker(), points)
}

fn sentence(run: &Run<'_>, points: &[Point]) -> String {
    let gains: Vec<f64> = points.iter().map(|p| p.y).collect();
    let lost = points.iter().filter(|p| p.y < 0.0).count();
    format!(
        "{}: mean gain {} points, {lost} of {} below zero",
        words::run(run.name),
        signed(mean(&gains).unwrap_or(f64::NAN), 2),
        counted(points.len(), "merge"),
    )
}

/// The ends of the axis where few values would flatten all others, and these values in words.
fn scale(points: &[Point]) -> (Option<(f64, f64)>, Vec<String>) {
    let mut values: Vec<f64> = points.iter().map(|p| p.y).collect();
    values.sort_by(f64::total_cmp);
    if values.len() < FEW {
        return (None, Vec::new());
    }
    let (low, high) = (values[values.len() / 4], values[values.len() * 3 / 4]);
    let reach = FAR * (high - low).max(0.1);
    let is_near = |v: f64| v >= low - reach && v <= high + reach;
    let near: Vec<f64> = values.iter().copied().filter(|&v| is_near(v)).collect();
    if near.len() == values.len() {
        return (None, Vec::new());
    }
    let lo = near.iter().copied().fold(0.0, f64::min);
    let hi = near.iter().copied().fold(0.0, f64::max);
    let margin = (hi - lo) * 0.08;
    let mut far: Vec<String> = Vec::new();
    for p in points.iter().filter(|p| !is_near(p.y)) {
        let said = format!("{} {} (generation {})", p.label, signed(p.y, 2), p.x);
        if !far.contains(&said) {
            far.push(said);
        }
    }
    (Some((lo - margin, hi + margin)), far)
}
