//! Kinship of single pairs of the study as measured, found once and kept until something
//! changes.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use super::Workbench;
use crate::kinship::{Measure, Metric, Values};
use crate::study::ModelId;

/// What was found of pairs so far.
#[derive(Default)]
pub(super) struct Kin {
    /// The base of each measured model, and its row in that base's result.
    rows: OnceCell<BTreeMap<ModelId, (ModelId, usize)>>,
    /// Values of pairs, the lower id first.
    values: RefCell<BTreeMap<(ModelId, ModelId), Values>>,
}

impl Kin {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Workbench {
    /// Whole-model kinship of two models as measured, if both are measured as they are now.
    pub fn kinship_of(&self, a: ModelId, b: ModelId, metric: Metric) -> Option<f64> {
        let pair = (a.min(b), a.max(b));
        let mut kept = self.session.kin.values.borrow_mut();
        let values = kept.entry(pair).or_insert_with(|| {
            let values = self.values_of(pair.0, pair.1);
            values.unwrap_or_default()
        });
        values.get(metric)
    }

    /// The length of a model's task vector as measured.
    pub fn norm_of(&self, id: ModelId) -> Option<f64> {
        let rows = self.session.kin.rows.get_or_init(|| self.rows());
        let &(base, row) = rows.get(&id)?;
        let kinship = &self.measured(base)?.settled().kinship;
        let all = kinship.in_scope(Measure::default().scope);
        Some(kinship.sums(&all, row, row, false).square_a.sqrt())
    }

    fn values_of(&self, a: ModelId, b: ModelId) -> Option<Values> {
        let rows = self.session.kin.rows.get_or_init(|| self.rows());
        let (&(base, a), &(other, b)) = (rows.get(&a)?, rows.get(&b)?);
        let measured = self.measured(base).filter(|_| base == other)?;
        let kinship = &measured.settled().kinship;
        let all = kinship.in_scope(Measure::default().scope);
        Some(Values::of_sums(&kinship.sums(&all, a, b, false)))
    }

    fn rows(&self) -> BTreeMap<ModelId, (ModelId, usize)> {
        let mut out = BTreeMap::new();
        for (&base, measured) in &self.session.measuring.results {
            let files = self.checkpoint(base);
            // Half of a measurement says something else than the whole.
            let stored = measured.settled();
            if files.is_none_or(|files| files.key() != stored.base) {
                continue;
            }
            let keys = stored.models.iter().enumerate().rev();
            let places: BTreeMap<&str, usize> = keys.map(|(k, key)| (key.as_str(), k)).collect();
            for id in self.doc().family(base) {
                let row = self.key_of(id).and_then(|key| places.get(key).copied());
                if let Some(row) = row {
                    out.insert(id, (base, row));
                }
            }
        }
        out
    }
}
