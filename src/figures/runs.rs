//! Runs compared: the best so far by generation.

use super::chart::{Chart, Control, Needs, Sketch};
use super::runs_of::{self, InRun, Run};
use super::{Axis, ChartData, Color, Figure, Layer, Panel, Point, words};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::text::{counted, list, number};

/// The best of a run up to one generation.
pub struct Best {
    pub generation: u32,
    /// The best average up to it, in points.
    pub average: f64,
    /// Whose it is: an index into the members.
    pub member: usize,
}

/// The best so far of a run, for each generation that has a model.
pub fn best_so_far(members: &[InRun<'_>]) -> Vec<Best> {
    let mut numbers: Vec<u32> = members.iter().map(|m| m.generation).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let up_to = |generation: u32| {
        let scored = members
            .iter()
            .enumerate()
            .filter(|(_, m)| m.generation <= generation)
            .filter_map(|(k, m)| Some((k, m.row.average?)));
        // Of equals the one that stands first.
        let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(member, average)| Best {
            generation,
            average,
            member,
        })
    };
    numbers.into_iter().filter_map(up_to).collect()
}

/// A line in steps through points that hold until the next.
pub fn steps(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut out: Vec<[f64; 2]> = Vec::new();
    for &[x, y] in points {
        if let Some(&[_, before]) = out.last() {
            out.push([x, before]);
        }
        out.push([x, y]);
    }
    out
}

pub const CHART: Chart = Chart {
    kind: ChartKind::Runs,
    title: "Runs compared",
    sentence: "Best so far by generation of several runs",
    meaning: [
        "Each line is the best score that a run had reached by a generation.",
        "A run that starts lower and ends higher explored more; compare also how many merges each made.",
        "The value at the end is the average of the best model.",
        "The paper's runs differ by 0.4 points at the end, were made once, and were stopped by hand.",
    ],
    sketch: &[
        Sketch::Line(
            0,
            &[
                [0.0, 0.1],
                [0.25, 0.1],
                [0.25, 0.6],
                [0.6, 0.6],
                [0.6, 0.95],
                [1.0, 0.95],
            ],
        ),
        Sketch::Dashes(5, &[[0.0, 0.1], [0.4, 0.1], [0.4, 0.5], [1.0, 0.5]]),
    ],
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
    let (mut layers, mut ends, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for run in &runs {
        let members = runs_of::members(run.name, data.doc, data.record);
        let best = best_so_far(&members);
        match best.last() {
            Some(last) => ends.push(end_words(run, &members, last)),
            None => {
                without.push(words::run(run.name).to_owned());
                continue;
            }
        }
        layers.extend(of_run(run, &members, &best, run.color()));
    }
    if layers.is_empty() {
        return Err("No run has scores yet; type, paste or import them in the models view".into());
    }
    let mut notes =
        vec!["Each run was made once: how far repeats would differ is not known".into()];
    if !without.is_empty() {
        notes.push(format!("Without scores and not drawn: {}", list(&without)));
    }
    Ok(Figure {
        title: "Best so far by generation".into(),
        panels: vec![panel(layers)],
        columns: 1,
        caption: format!("Best at the end: {}", ends.join("; ")),
        notes,
        source: words::source(data.doc),
    })
}

pub fn panel(layers: Vec<Layer>) -> Panel {
    let y = Axis::named("Best average so far (points)");
    Panel::new(Axis::whole("Generation"), y, layers)
}

/// Steps and markers of one run; its last point is named with its value.
pub fn of_run(run: &Run<'_>, members: &[InRun<'_>], best: &[Best], color: Color) -> [Layer; 2] {
    let name = words::run(run.name).to_owned();
    let corners: Vec<[f64; 2]> = best
        .iter()
        .map(|b| [f64::from(b.generation), b.average])
        .collect();
    let point = |(k, b): (usize, &Best)| {
        let is_last = k + 1 == best.len();
        let model = members[b.member].model;
        let value = number(b.average, 2);
        Point {
            x: f64::from(b.generation),
            y: b.average,
            color,
            label: if is_last {
                format!("{name} {value}")
            } else {
                model.name.clone()
            },
            details: vec![
                ("Best so far".into(), model.name.clone()),
                ("Average".into(), value),
                ("Run".into(), name.clone()),
            ],
            models: vec![model.id],
            short: String::new(),
            is_named: is_last,
        }
    };
    let points = best.iter().enumerate().map(point).collect();
    [
        Layer::line(&name, color, run.dash(), steps(&corners)),
        Layer::points(&name, run.marker(), points),
    ]
}

fn end_words(run: &Run<'_>, members: &[InRun<'_>], last: &Best) -> String {
    let of = &members[last.member];
    format!(
        "{} {} ({}, generation {}; n = {})",
        words::run(run.name),
        number(last.average, 2),
        of.model.name,
        of.generation,
        counted(members.len(), "model"),
    )
}
