//! One quantity against another; points are models or pairs of models.

use super::chart::{Chart, Control, Needs, SPREAD, Sketch};
use super::quantity::{axis_name, decimals, is_of_merges, name, of_model, of_pair};
use super::runs_of::{self, Run};
use super::{Axis, ChartData, Color, Figure, Layer, Marker, Panel, Point, fit, words};
use crate::stats::{Sample, extent, outliers};
use crate::study::chart::{ChartChoices, ChartKind, PointsAre, Quantity};
use crate::study::{Model, ModelFacts, ModelId};
use crate::text::{counted, list, number, sentence_case};

/// What may become a point.
struct Candidate {
    /// Where it is drawn: a run, or what belongs to none.
    series: Option<usize>,
    label: String,
    x: Option<f64>,
    y: Option<f64>,
    colour: Option<f64>,
    details: Vec<(String, String)>,
    models: Vec<ModelId>,
}

pub const CHART: Chart = Chart {
    kind: ChartKind::Scatter,
    title: "Scatter",
    sentence: "One quantity against another, such as kinship and merge gain",
    meaning: [
        "Each point is a merge, or a pair of models, at its two values; with kinship across, relatives stand at the right.",
        "r says how well a straight line describes the points, from −1 to 1; its interval says where r may lie for more merges of this sort, and p how often chance alone gives one as strong.",
        "A robust slope far from the other means that a few points decide the line.",
        "The paper finds that kinship may tell the size of a merge gain and less its sign; its correlations rest on 14 merges that were chosen after they had succeeded.",
    ],
    sketch: &[Sketch::Points(0, &SPREAD)],
    controls: &[Control::Points, Control::Runs, Control::Fit],
    needs: Needs::Scores,
    study: None,
    build,
};

fn build(choices: &ChartChoices, data: &ChartData<'_>) -> Result<Figure, String> {
    let candidates = match choices.points {
        PointsAre::Models => of_models(choices, data),
        PointsAre::Pairs => of_pairs(choices, data),
    };
    let sample = Sample::from_pairs(candidates.iter().map(|c| (c.x, c.y)));
    let drawn: Vec<&Candidate> = candidates
        .iter()
        .filter(|c| is_known(c.x) && is_known(c.y))
        .collect();
    if drawn.is_empty() {
        return Err(nothing(choices, &candidates));
    }
    let far = outliers(&sample);
    let is_named = |k: usize| {
        let selected = drawn[k].models.iter().any(|id| data.selected.contains(id));
        selected || far.contains(&k)
    };
    let scale = scale(choices, &drawn);
    let mut layers = fit::layers(&sample, choices.line, choices.band);
    for series in series(&drawn) {
        let look = Run {
            name: "",
            index: series.unwrap_or(0),
        };
        let points: Vec<Point> = (0..drawn.len())
            .filter(|&k| drawn[k].series == series)
            .map(|k| point(drawn[k], color(choices, drawn[k], &look), is_named(k)))
            .collect();
        let marker = series.map_or(Marker::Circle, |_| look.marker());
        let name = series_name(choices, data, series);
        layers.push(Layer::points(&name, marker, points));
    }
    let mut notes = Vec::new();
    if sample.missing > 0 {
        let what = match choices.points {
            PointsAre::Models => "model",
            PointsAre::Pairs => "pair",
        };
        let n = counted(sample.missing, what);
        notes.push(format!(
            "{n} left out, as one of the two values is not known"
        ));
    }
    if !far.is_empty() {
        let names: Vec<String> = far.iter().map(|&k| drawn[k].label.clone()).collect();
        notes.push(format!("Far off the line: {}", list(&names)));
    }
    let axis = |quantity: &Quantity| Axis {
        name: axis_name(quantity, choices.points),
        is_whole: *quantity == Quantity::Generation,
        ..Axis::default()
    };
    Ok(Figure {
        title: title(choices),
        panels: vec![Panel {
            scale,
            ..Panel::new(axis(&choices.x), axis(&choices.y), layers)
        }],
        columns: 1,
        caption: fit::caption(&sample),
        notes,
        source: words::source(data.doc),
    })
}

fn is_known(value: Option<f64>) -> bool {
    value.is_some_and(f64::is_finite)
}

/// Each model once, for the first chosen run that it belongs to.
fn of_models(choices: &ChartChoices, data: &ChartData<'_>) -> Vec<Candidate> {
    let runs = runs_of::chosen(choices, data);
    let merges_only = is_of_merges(&choices.x) || is_of_merges(&choices.y);
    let rows = data.doc.models.iter().zip(&data.record.rows);
    rows.filter_map(|(model, row)| {
        let step = runs.iter().find_map(|run| {
            let step = model.step(run.name)?;
            Some((run.index, step.generation))
        });
        let belongs = step.is_some() || choices.runs.is_empty();
        (belongs && (!merges_only || model.is_merge()))
            .then(|| candidate(choices, data, model, row, step))
    })
    .collect()
}

fn candidate(
    choices: &ChartChoices,
    data: &ChartData<'_>,
    model: &Model,
    row: &ModelFacts,
    step: Option<(usize, u32)>,
) -> Candidate {
    let generation = step.map_or(row.generation, |(_, generation)| generation);
    let value = |quantity| of_model(quantity, data.record, row, generation);
    let mut details: Vec<(String, String)> = words::parents(data.doc, model).into_iter().collect();
    if let Some((run, _)) = step {
        let name = data.record.runs.get(run).map_or("", String::as_str);
        details.push(("Run".into(), words::run(name).into()));
    }
    details.extend(said(choices, &value));
    Candidate {
        series: step.map(|(run, _)| run),
        label: model.name.clone(),
        x: value(&choices.x),
        y: value(&choices.y),
        colour: choices.colour.as_ref().and_then(value),
        details,
        models: vec![model.id],
    }
}

fn of_pairs(choices: &ChartChoices, data: &ChartData<'_>) -> Vec<Candidate> {
    let pairs = data.pairs.iter().map(|pair| {
        let value = |quantity| of_pair(quantity, data.doc, data.record, pair);
        let [a, b] = pair.models.map(|id| data.doc.name_of(id));
        let mut details = Vec::new();
        if !pair.group.is_empty() {
            details.push(("Table".into(), pair.group.clone()));
        }
        details.extend(said(choices, &value));
        Candidate {
            series: None,
            label: format!("{a} × {b}"),
            x: value(&choices.x),
            y: value(&choices.y),
            colour: choices.colour.as_ref().and_then(value),
            details,
            models: pair.models.to_vec(),
        }
    });
    pairs.collect()
}

/// The values of the axes and the colour in words.
fn said<'q>(
    choices: &'q ChartChoices,
    value: &dyn Fn(&'q Quantity) -> Option<f64>,
) -> Vec<(String, String)> {
    let quantities = [&choices.x, &choices.y].into_iter().chain(&choices.colour);
    quantities
        .filter_map(|quantity| {
            let value = number(value(quantity)?, decimals(quantity));
            Some((axis_name(quantity, choices.points), value))
        })
        .collect()
}

/// The series that have points: runs in their order, then what belongs to none.
fn series(drawn: &[&Candidate]) -> Vec<Option<usize>> {
    let mut out: Vec<Option<usize>> = drawn.iter().map(|c| c.series).collect();
    out.sort_by_key(|series| series.unwrap_or(usize::MAX));
    out.dedup();
    out
}

fn series_name(choices: &ChartChoices, data: &ChartData<'_>, series: Option<usize>) -> String {
    let is_it = |run: &&String| Some(data.record.run_colour(run)) == series;
    match data.record.runs.iter().find(is_it) {
        Some(name) => words::run(name).to_owned(),
        None if choices.points == PointsAre::Pairs => "Pairs".to_owned(),
        None if data.record.runs.is_empty() => "Models".to_owned(),
        None => "In no run".to_owned(),
    }
}

fn color(choices: &ChartChoices, candidate: &Candidate, look: &Run<'_>) -> Color {
    match (&choices.colour, candidate.colour) {
        (Some(Quantity::Gain), Some(value)) => Color::Signed(value),
        (Some(_), Some(value)) => Color::Value(value),
        (Some(_), None) => Color::Quiet,
        (None, _) if candidate.series.is_none() && choices.points == PointsAre::Models => {
            Color::Quiet
        }
        (None, _) => look.color(),
    }
}

fn scale(choices: &ChartChoices, drawn: &[&Candidate]) -> Option<(String, f64, f64)> {
    let quantity = choices.colour.as_ref()?;
    let name = axis_name(quantity, choices.points);
    let (lo, hi) = extent(drawn.iter().filter_map(|c| c.colour))?;
    let limit = lo.abs().max(hi.abs()).max(f64::MIN_POSITIVE);
    Some(match quantity {
        Quantity::Gain => (name, -limit, limit),
        _ if lo == hi => (name, lo - 0.5, hi + 0.5),
        _ => (name, lo, hi),
    })
}

fn point(candidate: &Candidate, color: Color, is_named: bool) -> Point {
    Point {
        x: candidate.x.unwrap_or(f64::NAN),
        y: candidate.y.unwrap_or(f64::NAN),
        color,
        label: candidate.label.clone(),
        details: candidate.details.clone(),
        models: candidate.models.clone(),
        short: String::new(),
        is_named,
    }
}

/// `Merge gain and kinship of the parents`: the axes without units.
fn title(choices: &ChartChoices) -> String {
    let (x, y) = (
        name(&choices.x, choices.points),
        name(&choices.y, choices.points),
    );
    match choices.y {
        Quantity::Task(_) if choices.points == PointsAre::Models => format!("{y} and {x}"),
        _ => format!("{} and {x}", sentence_case(&y)),
    }
}

fn nothing(choices: &ChartChoices, candidates: &[Candidate]) -> String {
    let axis = |quantity| axis_name(quantity, choices.points);
    if candidates.is_empty() {
        return match choices.points {
            PointsAre::Models => {
                "There is no merge to draw; import a table of merges, or choose other runs".into()
            }
            PointsAre::Pairs => {
                "Kinship of no pair is known; measure it in the kinship view, or import a table of pairs".into()
            }
        };
    }
    for quantity in [&choices.x, &choices.y] {
        let is_x = quantity == &choices.x;
        let any = candidates
            .iter()
            .any(|c| is_known(if is_x { c.x } else { c.y }));
        if !any {
            return format!(
                "Nothing is known of “{}”; choose another axis, or import a table that has it",
                axis(quantity)
            );
        }
    }
    "No point has both values; choose other axes".into()
}
