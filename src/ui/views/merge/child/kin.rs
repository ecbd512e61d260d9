//! Bars: the child's kinship with its parents, with the best model, with the population and,
//! if they are wanted, with all measured models.

use std::collections::BTreeMap;

use eframe::egui::{Checkbox, Ui};

use super::super::DraftContext;
use crate::kinship::{Metric, Values};
use crate::merge::composition::Composition;
use crate::study::{Command, DraftId, Model, ModelId, Selection};
use crate::ui::colormap::Scale;
use crate::ui::widgets::bars::{Bar, bars_ui};

/// Below this a correlation is negative enough to need the other half of a scale.
const NEGATIVE: f64 = -0.05;

/// Kinship with each measured model.
type With = BTreeMap<ModelId, Values>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Model(ModelId),
    /// A parent that the study does not have.
    Stranger,
    /// The mean over all measured models but the parents.
    Population,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub who: Who,
    /// What it is called here.
    pub name: String,
    /// Whether the child is made from it.
    pub is_parent: bool,
    /// Who is not among the others, beside the parents: what this recipe has already made.
    pub without: Vec<ModelId>,
}

impl Row {
    pub fn new(who: Who, name: String) -> Self {
        Self {
            who,
            name,
            is_parent: false,
            without: Vec::new(),
        }
    }
}

/// What the rows follow from.
#[derive(PartialEq)]
struct Key {
    revision: u64,
    draft: DraftId,
    is_broken: bool,
    everybody: bool,
    measured: Vec<ModelId>,
}

/// The rows, kept until something that they follow from changes, and the scale of their bars.
#[derive(Default)]
pub struct Kin {
    everybody: bool,
    key: Option<Key>,
    rows: Vec<Row>,
    scale: Option<(DraftId, Metric, Reach)>,
}

/// The least and the greatest value that a draft had; the scale follows them outwards only, so
/// that no bar jumps because another one moved.
type Reach = (f64, f64);

impl Kin {
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Draws the bars; a click selects the model.
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, metric: Metric) {
        self.bring_up_to_date(shown);
        let none = With::new();
        let with = shown.child().map_or(&none, |child| &child.with);
        let rows = self.rows.iter().map(|row| Bar {
            name: &row.name,
            value: value_of(row, &self.rows, with).get(metric),
            predicted: true,
        });
        let bars: Vec<Bar<'_>> = rows.collect();
        let reach = reach(self.scale, shown.draft.id, metric, &bars);
        let clicked = bars_ui(ui, &bars, scale(metric, reach), 3);
        self.scale = Some((shown.draft.id, metric, reach));
        if let Some(Who::Model(id)) = clicked.map(|k| self.rows[k].who) {
            shown.push(Command::Select(Selection::Models(vec![id])));
        }
        if shown.composition.recipes.is_empty() {
            ui.weak("Put a merge on the canvas and connect two models");
        }
        let everybody = Checkbox::new(&mut self.everybody, "All measured models");
        ui.add_enabled(!with.is_empty(), everybody);
    }

    fn bring_up_to_date(&mut self, shown: &DraftContext<'_>) {
        let measured = shown.child().map(|child| child.with.keys().copied());
        let key = Key {
            revision: shown.bench.revision(),
            draft: shown.draft.id,
            is_broken: shown.is_broken,
            everybody: self.everybody,
            measured: measured.into_iter().flatten().collect(),
        };
        // The values are those from before a mistake, and so are the rows that they belong to.
        let is_like = |old: &Key| old.draft == key.draft && old.everybody == key.everybody;
        let is_kept = shown.is_foregone() && self.key.as_ref().is_some_and(is_like);
        if !is_kept && self.key.as_ref() != Some(&key) {
            self.rows = rows(shown, &key);
            self.key = Some(key);
        }
    }
}

/// Parents in the order of the recipe, the best, the population; then the others.
fn rows(shown: &DraftContext<'_>, key: &Key) -> Vec<Row> {
    let doc = shown.doc();
    let mut out = parents(shown);
    let is_there = |out: &[Row], id: ModelId| out.iter().any(|row| row.who == Who::Model(id));
    let base_of = |id: ModelId| doc.model(id).and_then(|m| m.base);
    let best = shown.bench.record().best().map(|row| row.id);
    let is_kin = |id: &ModelId| {
        let mut bases = out.iter().filter_map(|row| match row.who {
            Who::Model(parent) => base_of(parent),
            _ => None,
        });
        bases.any(|base| base_of(*id) == Some(base))
    };
    if let Some(best) = best.filter(is_kin).filter(|&id| !is_there(&out, id)) {
        let name = format!("{} (best)", shown.bench.short(best));
        out.push(Row::new(Who::Model(best), name));
    }
    if !out.is_empty() {
        out.push(Row {
            without: twins(shown),
            ..Row::new(Who::Population, "Mean of the others".to_owned())
        });
    }
    if key.everybody {
        for &id in &key.measured {
            if !is_there(&out, id) {
                out.push(Row::new(Who::Model(id), shown.bench.short(id).to_owned()));
            }
        }
    }
    out
}

/// The models that this recipe has made: the child itself is not one of the others.
fn twins(shown: &DraftContext<'_>) -> Vec<ModelId> {
    let recipes = &shown.composition.recipes;
    let is_twin = |model: &&Model| {
        let made = &model.origin.recipe;
        !made.is_empty() && Composition::read(made, &[]).is_some_and(|own| own.recipes == *recipes)
    };
    let models = &shown.doc().models;
    models.iter().filter(is_twin).map(|m| m.id).collect()
}

/// What the recipes take, bases and other merges left out.
fn parents(shown: &DraftContext<'_>) -> Vec<Row> {
    let doc = shown.doc();
    let is_base = |id: ModelId| doc.models.iter().any(|m| m.base == Some(id));
    let mut out: Vec<Row> = Vec::new();
    for reference in shown.composition.recipes.iter().flat_map(|r| r.models()) {
        if shown.composition.merge_named(reference).is_some() {
            continue;
        }
        let (who, name) = match shown.bench.model_of(reference) {
            Some(id) if is_base(id) => continue,
            Some(id) => (Who::Model(id), shown.bench.short(id).to_owned()),
            None => (Who::Stranger, reference.short_name()),
        };
        let row = Row {
            is_parent: true,
            ..Row::new(who, name)
        };
        if !out.contains(&row) {
            out.push(row);
        }
    }
    out
}

pub fn value_of(row: &Row, rows: &[Row], with: &With) -> Values {
    match row.who {
        Who::Model(id) => with.get(&id).cloned().unwrap_or_default(),
        Who::Stranger => Values::default(),
        Who::Population => {
            let is_parent = |id| rows.iter().any(|r| r.is_parent && r.who == Who::Model(id));
            let is_other = |id: &ModelId| !is_parent(*id) && !row.without.contains(id);
            let others = with.iter().filter(|(id, _)| is_other(id));
            Values::mean_of_defined(others.map(|(_, values)| values))
        }
    }
}

fn reach(
    old: Option<(DraftId, Metric, Reach)>,
    draft: DraftId,
    metric: Metric,
    bars: &[Bar<'_>],
) -> Reach {
    let old = old.filter(|(id, of, _)| *id == draft && *of == metric);
    let old = old.map_or(Reach::default(), |(_, _, reach)| reach);
    let values = bars.iter().filter_map(|bar| bar.value);
    values.fold(old, |(least, most), v| (least.min(v), most.max(v)))
}

fn scale(metric: Metric, (least, most): Reach) -> Scale {
    match metric.is_similarity() && metric.is_known() {
        false => Scale::Sequential {
            lo: 0.0,
            hi: most.max(1e-9),
        },
        _ if least < NEGATIVE => Scale::Diverging { limit: 1.0 },
        _ => Scale::KINSHIP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_population_is_everybody_but_the_parents_and_the_child_itself() {
        let mut rows =
            [Who::Model(ModelId(1)), Who::Population].map(|who| Row::new(who, String::new()));
        rows[0].is_parent = true;
        rows[1].without = vec![ModelId(4)];
        let values = |v| Values::from_iter([(Metric::PEARSON, v)]);
        let with: With = [(1, 0.9), (2, 0.1), (3, 0.3), (4, 1.0)]
            .map(|(id, v)| (ModelId(id), values(v)))
            .into();
        let found = value_of(&rows[1], &rows, &with);
        assert!((found.get(Metric::PEARSON).unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(found.get(Metric::COSINE), None);
        let own = value_of(&rows[0], &rows, &with);
        assert_eq!(own.get(Metric::PEARSON), Some(0.9));
    }

    #[test]
    fn the_scale_never_shrinks_while_a_draft_is_shown() {
        let bar = |v: f64| {
            let (name, value) = ("a", Some(v));
            [Bar {
                name,
                value,
                predicted: true,
            }]
        };
        let (draft, metric) = (DraftId(0), Metric::PEARSON);
        let first = reach(None, draft, metric, &bar(-0.4));
        let second = reach(Some((draft, metric, first)), draft, metric, &bar(0.4));
        assert!(matches!(scale(metric, second), Scale::Diverging { .. }));
        let other = reach(Some((draft, metric, first)), DraftId(1), metric, &bar(0.4));
        assert!(matches!(scale(metric, other), Scale::Sequential { .. }));
    }
}
