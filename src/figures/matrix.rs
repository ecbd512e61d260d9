//! Kinship of a group, as measured here or as reported.

use super::chart::{Chart, Control, Needs, Sketch};
use super::quantity::short_name;
use super::{Axis, Cells, ChartData, Figure, Layer, Panel, words};
use crate::kinship::{Matrix, Metric, cluster};
use crate::stats::{extent, mean};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::study::{ModelId, PairRow, StudyDoc, StudyFacts, distinct};
use crate::text::{counted, number};

/// Up to this many models the values stand in the cells.
const MOST_READ: usize = 30;
/// A value below this is opposite, not just unrelated.
const OPPOSITE: f64 = -0.05;

pub const CHART: Chart = Chart {
    kind: ChartKind::Matrix,
    title: "Kinship matrix",
    sentence: "Kinship of all pairs of a group",
    meaning: [
        "Each cell is the kinship of two models: how far their changes from the common base point the same way.",
        "Bright blocks are relatives; merging within a block changes little, and across blocks more, for better or worse.",
        "The diagonal is each model with itself.",
        "In the paper's groups kinship rises from fine-tunes over improving to saturated models; that is a description of 15 models, and not a law.",
    ],
    sketch: &[Sketch::Cells(4, 4)],
    controls: &[Control::Group, Control::Metric],
    needs: Needs::Kinship,
    study: None,
    build,
};

fn build(choices: &ChartChoices, data: &ChartData<'_>) -> Result<Figure, String> {
    let metric = choices.metric;
    if choices.group.is_empty() && !metric.is_known() {
        return Err(metric.about());
    }
    let groups = groups(data.doc);
    let group = match choices.group.as_str() {
        "" => None,
        name => Some(groups.iter().find(|group| *group == name).ok_or_else(|| {
            format!("This study has no table called {name}; choose another group")
        })?),
    };
    let (models, title) = match group {
        Some(group) => (of_group(data.pairs, group), format!("Kinship: {group}")),
        None => (measured(data, metric), "Kinship as measured".to_owned()),
    };
    if models.len() < 2 {
        return Err(match (group, groups.first()) {
            (None, Some(other)) => format!(
                "No kinship is measured here; measure it in the kinship view, or choose the reported group {other}"
            ),
            _ => "No kinship is measured here; measure it in the kinship view, or import a table of pairs".to_owned(),
        });
    }
    let value = |a: ModelId, b: ModelId| match group {
        Some(group) => reported(data.pairs, group, [a, b], metric),
        None => (data.kinship)(a, b, metric),
    };
    let (models, order) = ordered(data.record, models, &value, metric);
    let shown = GroupMatrix::new(models, &value, metric);
    if shown.pairs().next().is_none() {
        return Err(format!(
            "The table reports no {}; choose another measure",
            metric.name
        ));
    }
    let decimals = if group.is_some() { 2 } else { 3 };
    let mut notes = vec![order.to_owned()];
    let unknown = shown.models.len() * (shown.models.len() - 1) / 2 - shown.pairs().count();
    if unknown > 0 {
        notes.push(format!("{} without a value", counted(unknown, "pair")));
    }
    Ok(Figure {
        title,
        panels: vec![shown.panel(data.doc, String::new(), decimals)],
        columns: 1,
        caption: format!("Kinship: {}", shown.caption()),
        notes,
        source: words::source(data.doc),
    })
}

/// The tables of pairs that a study has, by name.
pub fn groups(doc: &StudyDoc) -> Vec<String> {
    let groups = doc.pairs.iter().map(|pair| &pair.group);
    distinct(groups.filter(|group| !group.is_empty()))
}

/// The models of a table, in the order in which they first appear.
pub fn of_group(pairs: &[PairRow], group: &str) -> Vec<ModelId> {
    let of_group = pairs.iter().filter(|pair| pair.group == group);
    distinct(of_group.flat_map(|pair| &pair.models))
}

/// The value that a table reports of two models; of a model with itself it follows.
pub fn reported(
    pairs: &[PairRow],
    group: &str,
    [a, b]: [ModelId; 2],
    metric: Metric,
) -> Option<f64> {
    if a == b {
        return Some(metric.of_itself).filter(|value| value.is_finite());
    }
    let is_it = |p: &&PairRow| p.group == group && (p.models == [a, b] || p.models == [b, a]);
    pairs.iter().find(is_it)?.kinship.get(metric)
}

/// Models of which at least one pair is measured.
fn measured(data: &ChartData<'_>, metric: Metric) -> Vec<ModelId> {
    let ids: Vec<ModelId> = data.doc.models.iter().map(|m| m.id).collect();
    let has_pair = |a: &ModelId| {
        let known = |b: &ModelId| a != b && (data.kinship)(*a, *b, metric).is_some();
        ids.iter().any(known)
    };
    ids.iter().copied().filter(has_pair).collect()
}

/// By average, high to low, where all have one; else relatives beside each other.
fn ordered(
    record: &StudyFacts,
    mut models: Vec<ModelId>,
    value: &dyn Fn(ModelId, ModelId) -> Option<f64>,
    metric: Metric,
) -> (Vec<ModelId>, &'static str) {
    let average = |id: &ModelId| record.row(*id).and_then(|row| row.average);
    if models.iter().all(|id| average(id).is_some()) {
        // Sorting by an order that is none, as with a NaN, would panic.
        let of = |id: &ModelId| average(id).unwrap_or_default();
        models.sort_by(|a, b| of(b).total_cmp(&of(a)));
        return (models, "Ordered by average, high to low");
    }
    let matrix = Matrix::build(models.len(), |i, j| value(models[i], models[j]));
    let order = cluster(&matrix, metric).order;
    let models = order.into_iter().map(|k| models[k]).collect();
    (models, "Ordered by relatedness")
}

/// A matrix that is ready to be drawn.
pub struct GroupMatrix {
    models: Vec<ModelId>,
    values: Vec<Option<f64>>,
    metric: Metric,
}

impl GroupMatrix {
    /// The values of some models, in this order.
    pub fn new(
        models: Vec<ModelId>,
        value: &dyn Fn(ModelId, ModelId) -> Option<f64>,
        metric: Metric,
    ) -> Self {
        let cell = |a: ModelId| models.iter().map(move |&b| value(a, b));
        let values = models.iter().flat_map(|&a| cell(a)).collect();
        Self {
            models,
            values,
            metric,
        }
    }

    /// Known values of two different models, each pair once.
    fn pairs(&self) -> impl Iterator<Item = f64> {
        let n = self.models.len();
        let at = (0..n).flat_map(move |i| (0..i).map(move |j| i * n + j));
        at.filter_map(|k| self.values[k])
    }

    pub fn panel(&self, doc: &StudyDoc, title: String, decimals: usize) -> Panel {
        let (lo, hi) = extent(self.pairs()).unwrap_or((0.0, 0.0));
        let is_distance = !self.metric.is_similarity();
        let is_signed = !is_distance && lo < OPPOSITE;
        let (from, to) = match (is_distance, is_signed) {
            (true, _) => (0.0, if hi > 0.0 { hi } else { 1.0 }),
            _ if !self.metric.is_known() => (lo, if hi > lo { hi } else { lo + 1.0 }),
            (_, true) => (-1.0, 1.0),
            _ => (0.0, 1.0),
        };
        let names = self.models.iter().map(|&id| doc.name_of(id).to_owned());
        let axis = Axis::of_names("", names.collect());
        let cells = Layer::Cells(Cells {
            columns: self.models.len(),
            values: self.values.clone(),
            decimals: (self.models.len() <= MOST_READ).then_some(decimals),
            is_signed,
            is_distance,
        });
        Panel {
            title,
            scale: Some((short_name(self.metric), from, to)),
            ..Panel::new(axis.clone(), axis, vec![cells])
        }
    }

    /// Its numbers as one sentence.
    pub fn caption(&self) -> String {
        let values: Vec<f64> = self.pairs().collect();
        let n = self.models.len();
        let Some((mean, (lo, hi))) = mean(&values).zip(extent(values.iter().copied())) else {
            return format!("n = {n} models, no value known");
        };
        format!(
            "mean over {}: {}, from {} to {}; n = {n} models",
            counted(values.len(), "pair"),
            number(mean, 3),
            number(lo, 3),
            number(hi, 3),
        )
    }
}
