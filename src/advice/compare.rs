//! Which predictor is used: the one that predicts held-out merges best, if it predicts them
//! better than their mean does.
//!
//! A choice among many on few merges is itself a fit. So the default one stays unless another's
//! squared error is clearly less ([`CLEARLY`]), and the errors that intervals are made of are of
//! merges that neither the fit nor the choice has seen.

use super::fit::Ridge;
use super::folds;
use super::predictors::Predictor;
use crate::stats::{Sample, pearson, spearman};

/// Fewer merges than this say nothing of what predicts.
pub const ENOUGH: usize = 5;

/// The penalty of the regression.
const PENALTY: f64 = 1.0;

/// In how many parts merges are held out.
const PARTS: usize = 20;
/// The most models that are held out one by one.
const MOST_MODELS: usize = 60;
const SEED: u64 = 18;

/// Another predictor is used if its squared error is less than this share of that of the default
/// one, and of that of the mean.
pub const CLEARLY: f64 = 0.7;

/// Known merges: a row of features each, and the gain in units of the parents' distance.
pub(super) struct Data {
    pub rows: Vec<Vec<f64>>,
    pub ratios: Vec<f64>,
    pub parents: Vec<[usize; 2]>,
    /// A guess at the ratio, which counts as one merge where fewer than [`ENOUGH`] are known.
    pub guess: f64,
}

/// How merges were held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In parts drawn at random: other pairs of models that were merged before.
    RandomFolds,
    /// All merges of one model at a time: the partners of a model that was never merged.
    LeaveOneModelOut,
}

impl How {
    pub const ALL: [Self; 2] = [Self::RandomFolds, Self::LeaveOneModelOut];

    pub const fn title(self) -> &'static str {
        match self {
            Self::RandomFolds => "random folds",
            Self::LeaveOneModelOut => "leave one model out",
        }
    }
}

/// How a predictor did on held-out merges.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    pub key: String,
    pub title: String,
    pub how: How,
    /// Rank correlation of predicted with real gain.
    pub spearman: Option<f64>,
    /// Pearson correlation of the same.
    pub r: Option<f64>,
    /// Mean squared error, in units of the parents' distance.
    pub error: Option<f64>,
    /// How many predictions there were: merges, and with models left out each merge twice.
    pub n: usize,
    pub has_kinship: bool,
}

/// How every predictor does on held-out merges, both ways.
pub(super) fn assess(data: &Data, candidates: &[Predictor]) -> Vec<Assessed> {
    let all: Vec<usize> = (0..data.rows.len()).collect();
    let parts = |how| match how {
        How::RandomFolds => folds::random(all.len(), PARTS, SEED),
        How::LeaveOneModelOut => folds::by_model(&data.parents, MOST_MODELS),
    };
    let split: Vec<(How, Vec<Vec<usize>>)> = How::ALL.map(|how| (how, parts(how))).into();
    let one = |predictor: &Predictor, (how, parts): &(How, Vec<Vec<usize>>)| {
        let pairs = if all.len() < ENOUGH {
            Vec::new()
        } else {
            held_out(data, &all, parts, Some(predictor))
        };
        let sample = Sample::from_pairs(pairs.iter().map(|&(p, real)| (Some(p), Some(real))));
        let squares: f64 = pairs.iter().map(|(p, real)| (p - real).powi(2)).sum();
        Assessed {
            key: predictor.key.clone(),
            title: predictor.title.clone(),
            how: *how,
            spearman: spearman(&sample).map(|c| c.r),
            r: pearson(&sample).map(|c| c.r),
            error: (!pairs.is_empty()).then(|| squares / pairs.len() as f64),
            n: pairs.len(),
            has_kinship: predictor.has_kinship,
        }
    };
    let each = candidates.iter();
    each.flat_map(|predictor| split.iter().map(move |how| (predictor, how)))
        .map(|(predictor, how)| one(predictor, how))
        .collect()
}

/// Predicted and real ratio of the merges of each part, from those outside it. Parts that leave
/// fewer than three merges are left out.
fn held_out(
    data: &Data,
    among: &[usize],
    parts: &[Vec<usize>],
    predictor: Option<&Predictor>,
) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    for part in parts {
        let rest = without(among, part);
        if rest.len() < 3 {
            continue;
        }
        let fit = fit(data, &rest, predictor);
        let pairs = part.iter().map(|&k| among[k]);
        out.extend(pairs.map(|k| (fit.within(&data.rows[k]), data.ratios[k])));
    }
    out
}

/// Those among some whose places are not in a part.
fn without(among: &[usize], part: &[usize]) -> Vec<usize> {
    let mut keep = vec![true; among.len()];
    for &k in part {
        keep[k] = false;
    }
    let kept = among.iter().zip(keep).filter(|(_, keep)| *keep);
    kept.map(|(&k, _)| k).collect()
}

/// The fit of a predictor to some merges; without one their mean, with the guess as one merge
/// more where they are few.
fn fit(data: &Data, among: &[usize], predictor: Option<&Predictor>) -> Ridge {
    let rows: Vec<&[f64]> = among.iter().map(|&k| &data.rows[k][..]).collect();
    let mut ratios: Vec<f64> = among.iter().map(|&k| data.ratios[k]).collect();
    let columns = predictor.map_or(&[][..], |p| &p.columns);
    if predictor.is_none() && among.len() < ENOUGH {
        ratios.push(data.guess);
    }
    Ridge::fit(&rows, columns, &ratios, PENALTY)
}

/// The predictor to be used for what is known of some merges, by position among the candidates.
fn choose(data: &Data, among: &[usize], candidates: &[Predictor]) -> Option<usize> {
    if among.len() < ENOUGH {
        return None;
    }
    let parts = folds::random(among.len(), PARTS, SEED);
    let error = |predictor: Option<&Predictor>| -> f64 {
        let pairs = held_out(data, among, &parts, predictor);
        pairs.iter().map(|(p, real)| (p - real).powi(2)).sum()
    };
    let of_mean = error(None);
    let errors: Vec<f64> = candidates.iter().map(|c| error(Some(c))).collect();
    let best = (0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b]))?;
    // What another must be clearly better than: the default one, or the mean if that is better.
    if errors[best] < CLEARLY * errors[0].min(of_mean) {
        return Some(best);
    }
    (errors[0] < of_mean).then_some(0)
}

/// What was learned, and how far off it was.
pub(super) struct Learned {
    /// The predictor, by position among the candidates.
    pub used: Option<usize>,
    fit: Ridge,
    /// Real less predicted ratio of each merge, held out of fit and choice.
    pub errors: Vec<f64>,
}

impl Learned {
    pub(super) fn new(data: &Data, candidates: &[Predictor]) -> Self {
        let all: Vec<usize> = (0..data.rows.len()).collect();
        let used = choose(data, &all, candidates);
        let mut errors = vec![0.0; all.len()];
        for part in folds::random(all.len(), PARTS, SEED) {
            let rest = without(&all, &part);
            let chosen = choose(data, &rest, candidates).map(|k| &candidates[k]);
            let fit = fit(data, &rest, chosen);
            for k in part {
                errors[k] = data.ratios[k] - fit.within(&data.rows[k]);
            }
        }
        Self {
            used,
            fit: fit(data, &all, used.map(|k| &candidates[k])),
            errors,
        }
    }

    /// By what factor intervals of a pair are wider than those of pairs like the known ones.
    pub(super) fn widened(&self, row: &[f64]) -> f64 {
        1.0 + self.fit.beyond(row)
    }

    /// The expected ratio of a pair.
    pub(super) fn ratio(&self, row: &[f64]) -> f64 {
        self.fit.within(row)
    }
}
