//! Kinship of single pairs of the study as measured, found once and kept until something
//! changes.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use super::Workbench;
use crate::kinship::{Measure, Metric};
use crate::study::ModelId;

/// The kinship of each pair, as [`Metric::ALL`].
type Values = BTreeMap<(ModelId, ModelId), [Option<f64>; 4]>;

/// What was found of pairs so far.
#[derive(Default)]
pub(super) struct Kin {
    /// The base of each measured model, and its row in that base's result.
    rows: OnceCell<BTreeMap<ModelId, (ModelId, usize)>>,
    /// Values of pairs, the lower id first, as [`Metric::ALL`].
    values: RefCell<Values>,
}

impl Kin {
    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Workbench {
    /// Whole-model kinship of two models as measured, if both are measured as they are now.
    pub fn kinship_of(&self, a: ModelId, b: ModelId, metric: Metric) -> Option<f64> {
        let pair = (a.min(b), a.max(b));
        let known = self.session.kin.values.borrow().get(&pair).copied();
        let values = known.unwrap_or_else(|| {
            let values = self.values_of(pair.0, pair.1);
            self.session.kin.values.borrow_mut().insert(pair, values);
            values
        });
        let at = Metric::ALL.iter().position(|m| *m == metric)?;
        values[at]
    }

    fn values_of(&self, a: ModelId, b: ModelId) -> [Option<f64>; 4] {
        let rows = self.session.kin.rows.get_or_init(|| self.rows());
        let (Some(&(base, a)), Some(&(other, b))) = (rows.get(&a), rows.get(&b)) else {
            return [None; 4];
        };
        let Some(measured) = self.measured(base).filter(|_| base == other) else {
            return [None; 4];
        };
        let kinship = &measured.settled().kinship;
        let all = kinship.in_scope(Measure::default().scope);
        let sums = kinship.sums(&all, a, b, false);
        Metric::ALL.map(|metric| metric.of(&sums))
    }

    fn rows(&self) -> BTreeMap<ModelId, (ModelId, usize)> {
        let mut out = BTreeMap::new();
        for (&base, measured) in &self.session.measuring.results {
            let files = self.files(base).checkpoint();
            // Half of a measurement says something else than the whole.
            let stored = measured.settled();
            if files.is_none_or(|files| files.key() != stored.base) {
                continue;
            }
            for id in self.doc().family(base) {
                let key = self.files(id).checkpoint().map(|c| c.key());
                let row = key.and_then(|key| stored.models.iter().position(|k| k == key));
                if let Some(row) = row {
                    out.insert(id, (base, row));
                }
            }
        }
        out
    }
}
