//! How much each layer of a model was changed, measured: root mean square of the differences.

use super::chart::{Chart, Control, Needs, Sketch};
use super::{Axis, Cells, ChartData, Color, Dash, Figure, Layer, Marker, Panel, Point, words};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::study::{ModelId, StudyDoc};
use crate::text::{counted, list};

/// The unit of a change: that of the weights, which have none.
const RMS: &str = "Root mean square of the change";

pub const CHART: Chart = Chart {
    kind: ChartKind::Layers,
    title: "Change by layer",
    sentence: "How much each layer of a model was changed",
    meaning: [
        "The height is how far the numbers of a layer moved, as their root mean square.",
        "Layers that moved much are where two parents can disagree; layers that hardly moved will hardly change in a merge.",
        "Against a parent, a low line means that the child is nearly that parent there.",
        "The paper draws a similar map and does not say what it sums or in which unit, so that the two can be compared in shape alone.",
    ],
    sketch: &[Sketch::Bars(&[0.3, 0.45, 0.7, 0.9, 0.75, 0.6, 0.8])],
    controls: &[Control::Model],
    needs: Needs::Weights,
    study: None,
    build,
};

fn build(choices: &ChartChoices, data: &ChartData<'_>) -> Result<Figure, String> {
    if data.selected.len() > 1 {
        return heat_map(data);
    }
    let model = shown_model(choices, data.doc, data.selected)
        .and_then(|id| data.doc.model(id))
        .ok_or("Choose a model to see how much each of its layers was changed")?;
    let Some(from_base) = (data.layers)(model.id, None) else {
        return Err(format!(
            "{} is not measured; measure its kinship first, which finds the changes too",
            model.name
        ));
    };
    let base = model.base.map_or("its base", |id| data.doc.name_of(id));
    let mut series = vec![(format!("Against {base}"), from_base.clone())];
    let mut missing = Vec::new();
    for &parent in &model.parents {
        let name = data.doc.name_of(parent);
        match (data.layers)(model.id, Some(parent)) {
            Some(changes) => series.push((format!("Against {name}"), changes)),
            None => missing.push(name.to_owned()),
        }
    }
    let mut notes = vec![
        "Over all numbers of a layer; what is in no layer stands beside them by its kind".into(),
    ];
    if !missing.is_empty() {
        notes.push(format!("Not measured and not drawn: {}", list(&missing)));
    }
    let marks = series.iter().enumerate();
    Ok(Figure {
        title: format!("Weight change per layer of {}", model.name),
        panels: vec![Panel::new(
            layer_axis(&from_base),
            Axis::named(RMS),
            marks
                .flat_map(|(k, (name, changes))| line(k, name, changes, &from_base, model.id))
                .collect(),
        )],
        columns: 1,
        caption: caption(&from_base, base),
        notes,
        source: words::source(data.doc),
    })
}

/// The model whose layers are shown: the chosen one, else the selected one, else the first that
/// has a base to be compared with.
pub fn shown_model(
    choices: &ChartChoices,
    doc: &StudyDoc,
    selected: &[ModelId],
) -> Option<ModelId> {
    let has_base = |id: &&ModelId| doc.model(**id).is_some_and(|m| m.base.is_some());
    let first = || doc.models.iter().find(|m| m.base.is_some()).map(|m| m.id);
    let selected = selected.iter().find(has_base).copied();
    choices.model.or(selected).or_else(first)
}

fn layer_axis(changes: &[(String, f64)]) -> Axis {
    let names = changes.iter().map(|(name, _)| name.clone());
    Axis::of_names("Layer", names.collect())
}

/// A line with markers, each change at the place of its layer.
fn line(
    k: usize,
    name: &str,
    changes: &[(String, f64)],
    places: &[(String, f64)],
    model: ModelId,
) -> [Layer; 2] {
    let place = |layer: &str| places.iter().position(|(name, _)| name == layer);
    let found: Vec<(f64, &str, f64)> = changes
        .iter()
        .filter_map(|(layer, change)| Some((place(layer)? as f64, layer.as_str(), *change)))
        .collect();
    let color = Color::Series(k);
    let point = |&(x, layer, change): &(f64, &str, f64)| Point {
        x,
        y: change,
        color,
        label: layer.to_owned(),
        details: vec![
            ("Layer".into(), layer.to_owned()),
            (name.to_owned(), words::significant(change)),
        ],
        models: vec![model],
        ..Point::default()
    };
    let joined = found.iter().filter(|(_, layer, _)| is_in_depth(layer));
    let corners = joined.map(|&(x, _, y)| [x, y]).collect();
    let points = found.iter().map(point).collect();
    [
        Layer::line(name, color, Dash::Solid, corners),
        Layer::points(name, Marker::SERIES[k % 4], points),
    ]
}

/// Whether a group is a layer: only those follow each other, so only those are joined.
fn is_in_depth(group: &str) -> bool {
    let number = group.strip_prefix("layer ").unwrap_or(group);
    number.parse::<u32>().is_ok()
}

fn caption(changes: &[(String, f64)], base: &str) -> String {
    let by_change = |a: &&(String, f64), b: &&(String, f64)| a.1.total_cmp(&b.1);
    let (Some(most), Some(least)) = (
        changes.iter().max_by(by_change),
        changes.iter().min_by(by_change),
    ) else {
        return String::new();
    };
    format!(
        "Against {base} most changed: {} ({}); least: {} ({}); n = {}",
        most.0,
        words::significant(most.1),
        least.0,
        words::significant(least.1),
        counted(changes.len(), "group"),
    )
}

/// Several models: a row each.
fn heat_map(data: &ChartData<'_>) -> Result<Figure, String> {
    let found: Vec<(ModelId, Vec<(String, f64)>)> = data
        .selected
        .iter()
        .filter_map(|&id| Some((id, (data.layers)(id, None)?)))
        .collect();
    let mut layers: Vec<(String, f64)> = Vec::new();
    for change in found.iter().flat_map(|(_, changes)| changes) {
        if !layers.iter().any(|(name, _)| *name == change.0) {
            layers.push(change.clone());
        }
    }
    if layers.is_empty() {
        return Err("None of the selected models is measured; measure their kinship first".into());
    }
    let value = |changes: &[(String, f64)], layer: &str| {
        let found = changes.iter().find(|(name, _)| name == layer);
        found.map(|&(_, change)| change)
    };
    let values: Vec<Option<f64>> = found
        .iter()
        .flat_map(|(_, changes)| layers.iter().map(|(layer, _)| value(changes, layer)))
        .collect();
    let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
    let cells = Layer::Cells(Cells {
        columns: layers.len(),
        values,
        ..Cells::default()
    });
    let names = found
        .iter()
        .map(|&(id, _)| data.doc.name_of(id).to_owned())
        .collect();
    let mut notes = Vec::new();
    if found.len() < data.selected.len() {
        let n = counted(data.selected.len() - found.len(), "selected model");
        notes.push(format!("{n} not measured and not drawn"));
    }
    Ok(Figure {
        title: "Weight change per layer".into(),
        panels: vec![Panel {
            scale: Some((RMS.into(), 0.0, if greatest > 0.0 { greatest } else { 1.0 })),
            ..Panel::new(layer_axis(&layers), Axis::of_names("", names), vec![cells])
        }],
        columns: 1,
        caption: format!(
            "Against the base of each; n = {} in {}",
            counted(found.len(), "model"),
            counted(layers.len(), "group"),
        ),
        notes,
        source: words::source(data.doc),
    })
}
