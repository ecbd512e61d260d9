//! The figure that is shown, with what follows from it, kept until something changes.

use super::picking::by_name;
use super::quantities::with_points;
use super::table::{Row, rows};
use crate::figures::{Figure, Layer, MODEL, Point};
use crate::kinship::Values;
use crate::study::chart::{ChartChoices, ChartKind, PointsAre};
use crate::study::{Selection, StudyDoc};
use crate::workbench::Workbench;

/// What everything in [`ChartModel`] follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    revision: u64,
    /// Whether something is being measured: what is shown is soon out of date.
    is_measuring: bool,
    choices: ChartChoices,
    selection: Selection,
    /// The child on the canvas: its name, and its parents' kinship.
    draft_child: Option<(String, Values)>,
}

/// What is to be shown: what was chosen, or, while nothing was and there is no merge to draw,
/// the pairs whose kinship is known.
pub fn choices(bench: &Workbench) -> ChartChoices {
    let own = &bench.study().doc().view.charts;
    let (record, pairs) = (bench.record(), bench.pair_rows());
    let has_merges = || record.rows.iter().any(|row| row.gain.is_some());
    match *own == ChartChoices::default() && pairs.len() > 1 && !has_merges() {
        true => with_points(own, PointsAre::Pairs, (record, pairs)),
        false => own.clone(),
    }
}

impl Key {
    pub fn new(bench: &Workbench, choices: ChartChoices) -> Self {
        Self {
            revision: bench.revision(),
            is_measuring: bench.is_measuring(),
            choices,
            selection: bench.study().selection().clone(),
            draft_child: (bench.draft_child())
                .map(|it| (it.draft.name.clone(), it.prediction.of_parents.clone())),
        }
    }
}

/// The figure, or the sentence that says what is missing; and its table.
pub struct ChartModel {
    pub key: Key,
    pub figure: Result<Figure, String>,
    pub rows: Vec<Row>,
    at: f64,
}

/// How long a figure stands while a measurement goes on.
const PATIENCE_SECS: f64 = 0.4;

impl ChartModel {
    pub fn new(key: Key, bench: &Workbench, now: f64) -> Self {
        let doc = bench.study().doc();
        let mut figure = bench.figure(&key.choices);
        if let (ChartKind::Paper(_), Ok(figure)) = (key.choices.kind, &mut figure) {
            rename(figure, doc);
        }
        if let Ok(figure) = &mut figure {
            shorten(figure, bench);
        }
        Self {
            rows: figure.as_ref().map(rows).unwrap_or_default(),
            figure,
            key,
            at: now,
        }
    }

    /// Whether it still shows what is wanted. While a measurement runs there is something new
    /// many times a second; the figure then waits a little, so that the window stays quick.
    pub fn holds(&self, key: &Key, now: f64) -> bool {
        let only_newer = Key {
            revision: self.key.revision,
            ..key.clone()
        };
        let may_wait = key.is_measuring && (0.0..PATIENCE_SECS).contains(&(now - self.at));
        self.key == *key || (may_wait && self.key == only_newer)
    }
}

/// Writes the short names of models beside their points.
fn shorten(figure: &mut Figure, bench: &Workbench) {
    for point in points(figure) {
        let mut short = point.label.clone();
        for &id in &point.models {
            short = short.replace(bench.study().doc().name_of(id), bench.short(id));
        }
        if short != point.label {
            point.short = short;
        }
    }
}

/// A figure from other data stands for the models of this study that have the same names.
fn rename(figure: &mut Figure, doc: &StudyDoc) {
    for point in points(figure) {
        point.models = by_name(doc, &point.label);
        if point.models.is_empty() {
            // Its label is a value or a short name; what it is stands with its values.
            let model = point.details.iter().find(|(name, _)| name == MODEL);
            point.models = model.map_or_else(Vec::new, |(_, name)| by_name(doc, name));
        }
    }
}

fn points(figure: &mut Figure) -> impl Iterator<Item = &mut Point> {
    let layers = figure.panels.iter_mut().flat_map(|panel| &mut panel.layers);
    layers.flat_map(|layer| match layer {
        Layer::Points(mark) => &mut mark.points[..],
        Layer::Bars { points, .. } => &mut points[..],
        _ => &mut [],
    })
}
