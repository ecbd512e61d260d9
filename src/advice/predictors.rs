//! What may predict the gain of a merge: numbers of its two parents, and sets of them.
//!
//! - *scores*: mean of the parents' averages, difference of the averages, mean difference over
//!   the tasks.
//! - *base knowledge*: least and greatest ratio of the base's score to a parent's, mean over the
//!   tasks; by how much the better parent is above the base and the weaker one below it.
//! - each measure of the registry, alone and with the scores.

use super::record::{Common, Measure, Merge, Record};
use crate::stats::mean;

/// A set of features, by their columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
    pub key: String,
    /// Its name at the beginning of a sentence.
    pub title: String,
    pub columns: Vec<usize>,
    pub has_kinship: bool,
}

const MEAN: usize = 0;
const SCORES: [usize; 3] = [MEAN, 1, 2];
const BASE: [usize; 4] = [3, 4, 5, 6];
/// Where the measures begin.
const MEASURES: usize = 7;

/// The least score that another is divided by, in points.
const LEAST_SCORE: f64 = 1.0;

/// The columns of a table of features.
pub(super) struct Columns {
    /// Key and title of each measure.
    measures: Vec<(String, String)>,
}

impl Columns {
    pub(super) fn new(record: &Record<'_>) -> Self {
        let named = |measure: &Measure<'_>| (measure.key.to_owned(), measure.title.to_owned());
        Self {
            measures: record.measures.iter().map(named).collect(),
        }
    }

    /// The features of a pair; NaN for what is not known.
    pub(super) fn of(&self, record: &Record<'_>, pair: [usize; 2]) -> Vec<f64> {
        let [a, b] = pair;
        let average = |k| record.average(k).unwrap_or(f64::NAN);
        let common = record.common(pair);
        let mut out = vec![
            record.mean_score(pair),
            (average(a) - average(b)).abs(),
            task_difference(&common).unwrap_or(f64::NAN),
        ];
        out.extend(base_knowledge(&common));
        let value = |measure: &Measure<'_>| (measure.of)(a, b).unwrap_or(f64::NAN);
        out.extend(record.measures.iter().map(value));
        out
    }

    /// The predictors whose features are known of every merge and of every pair; the default
    /// one is first.
    pub(super) fn predictors(&self, merges: &[Vec<f64>], pairs: &[Vec<f64>]) -> Vec<Predictor> {
        let mut out = Vec::new();
        let mut put = |key: &str, title: String, columns: Vec<usize>| {
            let is_known = |row: &Vec<f64>| columns.iter().all(|&k| row[k].is_finite());
            if merges.iter().chain(pairs).all(is_known) {
                out.push(Predictor {
                    key: key.to_owned(),
                    title,
                    has_kinship: columns.iter().any(|&k| k >= MEASURES),
                    columns,
                });
            }
        };
        let with_scores = |more: &[usize]| [&SCORES[..], more].concat();
        let both = "Scores and what the base knows".to_owned();
        put("scores+base", both, with_scores(&BASE));
        put("scores", "The parents’ scores".to_owned(), SCORES.to_vec());
        put(
            "mean_score",
            "The parents’ mean scores".to_owned(),
            vec![MEAN],
        );
        put(
            "base",
            "What the base knows of the tasks".to_owned(),
            BASE.to_vec(),
        );
        for (k, (key, title)) in self.measures.iter().enumerate() {
            let column = MEASURES + k;
            put(key, format!("Values of {title}"), vec![column]);
            let key = format!("scores+{key}");
            put(&key, format!("Scores and {title}"), with_scores(&[column]));
        }
        out
    }
}

/// Mean difference over the tasks, in points.
fn task_difference(common: &[Common]) -> Option<f64> {
    let differences = common.iter().map(|c| (c.one - c.other).abs());
    mean(&differences.collect::<Vec<_>>())
}

fn base_knowledge(common: &[Common]) -> [f64; 4] {
    let known: Vec<(Common, f64)> = common.iter().filter_map(|c| Some((*c, c.base?))).collect();
    let over = |of: &dyn Fn(&Common, f64) -> f64| {
        let values = known.iter().map(|(common, base)| of(common, *base));
        mean(&values.collect::<Vec<_>>()).unwrap_or(f64::NAN)
    };
    let ratio = |score: f64, base: f64| base / score.max(LEAST_SCORE);
    [
        over(&|c, base| ratio(c.one.max(c.other), base)),
        over(&|c, base| ratio(c.one.min(c.other), base)),
        over(&|c, base| c.one.max(c.other) - base),
        over(&|c, base| base - c.one.min(c.other)),
    ]
}

/// How far apart two models are, as a factor of what a merge of them may gain or lose: 0.05 to
/// 1.25, and about 1 for a usual pair.
///
/// With D the mean difference over at least four tasks and M its median over the known merges it
/// is 1.25·D/(D + M/4). Fewer tasks do not tell near copies from equally good strangers: then it
/// is the same of x = 1 − kinship with M = 1, and 1 where kinship is not known either.
pub struct Scale {
    median: f64,
}

/// As many tasks tell copies from strangers.
const ENOUGH_TASKS: usize = 4;
/// What still separates copies, so that no interval has no width.
const LEAST: f64 = 0.05;
const MOST: f64 = 1.25;

impl Scale {
    /// By the known merges, or by the pairs where there is none.
    pub(super) fn new(record: &Record<'_>, merges: &[Merge], pairs: &[[usize; 2]]) -> Self {
        let difference = |pair: &[usize; 2]| task_difference(&record.common(*pair));
        let of_merges = merges.iter().filter_map(|merge| difference(&merge.parents));
        let mut known: Vec<f64> = of_merges.collect();
        if known.is_empty() {
            known = pairs.iter().filter_map(difference).collect();
        }
        known.sort_by(f64::total_cmp);
        Self {
            median: crate::stats::quantile(&known, 0.5).unwrap_or(0.0),
        }
    }

    pub(super) fn of(&self, record: &Record<'_>, pair: [usize; 2]) -> f64 {
        let common = record.common(pair);
        let difference = task_difference(&common).filter(|_| common.len() >= ENOUGH_TASKS);
        let of = |x: f64, median: f64| match median > 0.0 {
            true => (MOST * x / (x + median / 4.0)).clamp(LEAST, MOST),
            false => 1.0,
        };
        if let Some(difference) = difference {
            return of(difference, self.median);
        }
        let [a, b] = pair;
        let kinship = record.measures.first().and_then(|m| (m.of)(a, b));
        kinship
            .filter(|k| k.is_finite())
            .map_or(1.0, |k| of((1.0 - k).max(0.0), 1.0))
    }
}
