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
mod ways;

pub use compare::{Assessed, How};
pub use rank::{Advised, NEARLY_EQUAL};
pub use record::{Measure, Merge, Model, Record};
pub use ways::WayGain;

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
    /// Other ways to merge against the one that gains are learned from, the best first.
    pub ways: Vec<WayGain>,
}

/// A known merge, predicted from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    pub parents: [usize; 2],
    /// Gain over the parents' mean in points.
    pub predicted: f64,
    pub real: f64,
    /// What its interval reaches to either side, in points.
    pub half: f64,
}

/// Compares the predictors, and ranks every unmerged pair.
pub fn advise(record: &Record<'_>) -> Advice {
    let pairs = record.unmerged_pairs();
    let merges = record.usable_merges();
    let columns = Columns::new(record);
    let scale = Scale::new(record, &merges, &pairs);
    let scale = |pair| scale.of(record, pair);
    let rows = |of: &[[usize; 2]]| -> Vec<Vec<f64>> {
        of.iter().map(|&pair| columns.of(record, pair)).collect()
    };
    let paired = ways::paired(record, scale);
    let known = known(record, &merges, &paired);
    let parents: Vec<[usize; 2]> = known.iter().map(|known| known.parents).collect();
    let scales: Vec<f64> = parents.iter().map(|&p| scale(p)).collect();
    let ratios = known.iter().zip(&scales);
    let data = Data {
        rows: rows(&parents),
        ratios: ratios.map(|(k, s)| k.gain / s - k.advantage).collect(),
        parents,
        guess: record.guess(),
    };
    let pair_rows = rows(&pairs);
    let candidates = columns.predictors(&data.rows, &pair_rows);
    let learned = Learned::new(&data, &candidates);
    let reach = Reach::new(&learned.errors, data.guess, LEVEL);
    let ratio_of = |row: &[f64]| learned.ratio(row);
    let unpaired = ways::unpaired(record, scale, |pair| {
        ratio_of(&columns.of(record, pair)) * scale(pair)
    });
    let ways = sorted(paired, unpaired);
    let better = ways.iter().find(|way| way.is_better());
    let (way, advantage) = better.map_or((0, 0.0), |better| (better.way, better.ratio));
    let expect = |row: &[f64], pair| {
        let own = scale(pair);
        // Beyond what was seen nothing is followed, and less is sure.
        let wide = own * learned.widened(row);
        (
            (ratio_of(row) + advantage) * own,
            reach.half * wide,
            reach.deviation * wide,
        )
    };
    let best = record.best();
    let ranked = |pairs: &[[usize; 2]], rows: &[Vec<f64>]| {
        rank::ranked(record, (best, way), pairs, &|k, pair| {
            expect(&rows[k], pair)
        })
    };
    let held_out = known.iter().enumerate().map(|(k, known)| HeldOut {
        parents: known.parents,
        predicted: (data.ratios[k] + known.advantage - learned.errors[k]) * scales[k],
        real: known.gain,
        half: expect(&data.rows[k], known.parents).1,
    });
    Advice {
        used: learned.used.map(|k| candidates[k].key.clone()),
        n: known.len(),
        best,
        held_out: held_out.collect(),
        pairs: ranked(&pairs, &pair_rows),
        made: ranked(&data.parents, &data.rows),
        predictors: compare::assess(&data, &candidates),
        ways,
    }
}

/// A merge that is learned from.
struct Known {
    parents: [usize; 2],
    /// In points.
    gain: f64,
    /// What its way gains more than the usual one, in units of the parents' distance.
    advantage: f64,
}

/// Merges by the usual way, and by those that are known from merges of the same two by both.
fn known(record: &Record<'_>, merges: &[Merge], paired: &[WayGain]) -> Vec<Known> {
    let known = |merge: &Merge, advantage| Known {
        parents: merge.parents,
        gain: record.gain(merge),
        advantage,
    };
    let mut out: Vec<Known> = merges.iter().map(|merge| known(merge, 0.0)).collect();
    for (way, merge) in record.others {
        let own = paired.iter().find(|gain| gain.way == *way);
        out.extend(own.map(|gain| known(merge, gain.ratio)));
    }
    out.retain(|known| known.gain.is_finite());
    out
}

/// Every other way once, by the same two where there are such merges, the best first.
fn sorted(paired: Vec<WayGain>, unpaired: Vec<WayGain>) -> Vec<WayGain> {
    let mut out = paired;
    for gain in unpaired {
        if !out.iter().any(|known| known.way == gain.way) {
            out.push(gain);
        }
    }
    out.sort_by(|a, b| b.difference.total_cmp(&a.difference));
    out
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
