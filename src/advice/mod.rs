//! Which merge will gain: learned from a study's own merges, and from nothing else.
//!
//! What merges gained in one family carries to no other (cross-validated rank correlations of
//! one and the same predictor range from 0 to 0.9 between families), so nothing is learned
//! beforehand. Sets of features ([`predictors`]) are compared on merges that were held out
//! ([`compare`]), one is used if it predicts better than the mean does, and intervals are as wide
//! as held-out merges were off ([`interval`]). Plain numbers in, plain numbers out.
//!
//! Two equal models cannot gain, so the gain is learned in units of how far apart the parents
//! are ([`predictors::Scale`]): expected gains and their intervals shrink towards near copies.
//!
//! The window's suggestions, the canvas, the command line and the strategy *Expected improvement*
//! all ask [`advise`], so they say the same.
//!
//! Cost for n merges, c predictors of f features and p pairs: 400·c fits of n·f² operations each,
//! and p·f; 300 merges take tenths of a second.

pub mod compare;
pub mod fit;
pub mod folds;
pub mod interval;
pub mod predictors;
mod rank;
mod record;

pub use compare::{Assessed, How};
pub use rank::{Advised, NEARLY_EQUAL};
pub use record::{Measure, Merge, Model, Record};

use compare::{Data, Learned};
use interval::Reach;
use predictors::{Columns, Scale};

/// Which part of merges lies in the intervals.
pub const LEVEL: f64 = 0.9;

/// What there is to say of the merges that nobody has made yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
    /// Every predictor that was compared, in the order in which they are listed.
    pub predictors: Vec<Assessed>,
    /// The key of the predictor that is used; `None` where none predicts better than the mean.
    pub used: Option<String>,
    /// How many merges it is learned from.
    pub n: usize,
    /// The best score of all models, in points.
    pub best: Option<f64>,
    /// Every unmerged pair, the most promising first.
    pub pairs: Vec<Advised>,
    /// The same of pairs that have a child already, as they are ranked.
    pub made: Vec<Advised>,
    /// Gain of each known merge in points: as predicted while it was held out, and real.
    pub held_out: Vec<HeldOut>,
}

/// A known merge, predicted from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    pub parents: [usize; 2],
    /// Gain over the parents' mean in points.
    pub predicted: f64,
    pub real: f64,
}

/// Compares the predictors, and ranks every unmerged pair.
pub fn advise(record: &Record<'_>) -> Advice {
    let pairs = record.unmerged_pairs();
    let merges = record.usable_merges();
    let columns = Columns::new(record);
    let scale = Scale::new(record, &merges, &pairs);
    let rows = |of: &[[usize; 2]]| -> Vec<Vec<f64>> {
        of.iter().map(|&pair| columns.of(record, pair)).collect()
    };
    let parents: Vec<[usize; 2]> = merges.iter().map(|merge| merge.parents).collect();
    let scales: Vec<f64> = parents.iter().map(|&p| scale.of(record, p)).collect();
    let gains: Vec<f64> = merges.iter().map(|m| record.gain(m)).collect();
    let data = Data {
        rows: rows(&parents),
        ratios: gains.iter().zip(&scales).map(|(g, s)| g / s).collect(),
        parents,
        guess: record.guess(),
    };
    let pair_rows = rows(&pairs);
    let candidates = columns.predictors(&data.rows, &pair_rows);
    let learned = Learned::new(&data, &candidates);
    let reach = Reach::new(&learned.errors, data.guess, LEVEL);
    let best = record.best();
    let expect = |row: &[f64], pair| {
        let own = scale.of(record, pair);
        // Beyond what was seen nothing is followed, and less is sure.
        let wide = own * learned.widened(row);
        (
            learned.ratio(row) * own,
            reach.half * wide,
            reach.deviation * wide,
        )
    };
    let ranked = |pairs: &[[usize; 2]], rows: &[Vec<f64>]| {
        rank::ranked(record, best, pairs, &|k, pair| expect(&rows[k], pair))
    };
    let held_out = (0..data.parents.len()).map(|k| HeldOut {
        parents: data.parents[k],
        predicted: (data.ratios[k] - learned.errors[k]) * scales[k],
        real: gains[k],
    });
    Advice {
        used: learned.used.map(|k| candidates[k].key.clone()),
        n: data.parents.len(),
        best,
        pairs: ranked(&pairs, &pair_rows),
        made: ranked(&data.parents, &data.rows),
        held_out: held_out.collect(),
        predictors: compare::assess(&data, &candidates),
    }
}

impl Advice {
    /// What is said of two models, in either order.
    pub fn of(&self, a: usize, b: usize) -> Option<&Advised> {
        let is_theirs = |p: &&Advised| p.pair == [a, b] || p.pair == [b, a];
        self.pairs.iter().chain(&self.made).find(is_theirs)
    }

    /// How the predictor that is used did on held-out merges.
    pub fn used(&self) -> Option<&Assessed> {
        let used = self.used.as_ref()?;
        self.predictors.iter().find(|one| one.key == *used)
    }

    /// What predicts gain here, in a sentence.
    pub fn sentence(&self) -> String {
        let n = self.n;
        let Some(used) = self.used() else {
            return format!("Nothing predicts gain here yet (n = {n})");
        };
        match used.spearman {
            Some(rank) => format!(
                "{} predict gain here: rank correlation {} on held-out merges (n = {n})",
                used.title,
                crate::text::with_minus(&format!("{rank:.2}"))
            ),
            None => format!("{} predict gain here (n = {n})", used.title),
        }
    }

    /// What kinship adds to what the scores say, in a sentence; `None` where it was not compared.
    pub fn kinship_sentence(&self) -> Option<String> {
        let of = |is_meant: &dyn Fn(&Assessed) -> bool| {
            let errors = self.predictors.iter().filter(|one| is_meant(one));
            let errors = errors.filter(|one| one.how == How::RandomFolds);
            let errors = errors.filter_map(|one| one.error);
            errors.min_by(f64::total_cmp)
        };
        let without = of(&|one| !one.has_kinship)?;
        let with = of(&|one| one.has_kinship)?;
        let n = self.n;
        if with >= without * compare::CLEARLY {
            return Some(format!("Kinship adds nothing here beyond scores (n = {n})"));
        }
        let less = (1.0 - with / without) * 100.0;
        Some(format!(
            "With kinship the squared error on held-out merges is {less:.0} % less than with \
             scores alone (n = {n})"
        ))
    }
}
