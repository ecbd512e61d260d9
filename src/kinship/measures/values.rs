//! Kinship of one pair, or the mean over some, in every measure in which it is known.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Metric, PairContext};
use crate::kinship::PairSums;

/// Values by measure; those of measures that this program does not know are among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(BTreeMap<Metric, f64>);

impl Values {
    /// What the sums of a pair give.
    pub fn of_sums(sums: &PairSums) -> Self {
        let context = PairContext { sums: Some(sums) };
        Self::by(|metric| (metric.of)(&context))
    }

    /// The value of each measure of this program.
    pub fn by(mut value: impl FnMut(Metric) -> Option<f64>) -> Self {
        let all = Metric::ALL.iter();
        Self(all.filter_map(|&m| Some((m, value(m)?))).collect())
    }

    /// For each measure, the mean over those of `all` that have a value in it.
    pub fn mean_of_defined<'v>(all: impl Iterator<Item = &'v Self>) -> Self {
        let all: Vec<&Self> = all.collect();
        Self::by(|metric| {
            let values = all.iter().filter_map(|own| own.get(metric));
            let (sum, n) = values.fold((0.0, 0usize), |(sum, n), v| (sum + v, n + 1));
            (n > 0).then(|| sum / n as f64)
        })
    }

    /// The value in a measure: its own, or what follows from another one's.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        let own = self.0.get(&metric).copied();
        own.or_else(|| {
            let (from, by) = metric.follows?;
            Some(by(*self.0.get(&from)?))
        })
    }

    /// Sets or clears a value.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        match value {
            Some(value) => self.0.insert(metric, value),
            None => self.0.remove(&metric),
        };
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The measures that have a value of their own: first those of this program.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> + '_ {
        let known = Metric::ALL.iter().filter(|m| self.0.contains_key(m));
        let unknown = self.0.keys().filter(|m| !m.is_known());
        known.chain(unknown).copied()
    }

    /// What is written down: without the values that follow from others.
    pub fn independent(mut self) -> Self {
        self.0.retain(|metric, _| metric.follows.is_none());
        self
    }

    /// Every value, to be changed or, by `None`, taken out.
    pub fn change(&mut self, mut to: impl FnMut(f64) -> Option<f64>) {
        self.0.retain(|_, value| match to(*value) {
            Some(new) => {
                *value = new;
                true
            }
            None => false,
        });
    }

    /// Takes over what `other` knows.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend(other.0.iter());
    }
}

impl FromIterator<(Metric, f64)> for Values {
    fn from_iter<I: IntoIterator<Item = (Metric, f64)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.metrics().map(|metric| (metric, self.0.get(&metric)));
        serializer.collect_map(known)
    }
}

/// What is not a number, `null` among it, is passed over: a study is not refused for it.
impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
        let number = |(key, value): (String, serde_json::Value)| {
            Some((Metric::of_key(&key), value.as_f64()?))
        };
        Ok(given.into_iter().filter_map(number).collect())
    }
}
