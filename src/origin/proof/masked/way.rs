//! What a method that keeps changes by magnitude makes of each number.

use super::super::elements::Elements;

/// What changes are kept, and how they are put together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    /// Whether the majority sign wins.
    pub votes: bool,
    /// Whether the sum is divided by the weights that went in.
    pub normalized: bool,
    /// The share of the largest changes that is dropped.
    pub gamma: f64,
    /// The share of each parent's changes that is kept.
    pub densities: Vec<f64>,
    /// The weights, λ in them if they are not divided by.
    pub weights: Vec<f64>,
    /// λ, where the weights are divided by.
    pub lambda: f64,
}

/// A way and how well it agrees.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub way: Way,
    pub agreement: f64,
}

/// The numbers of the parents that take part.
pub(super) struct Fit<'e> {
    pub elements: &'e [Elements],
    pub parents: &'e [usize],
    pub spikes: Vec<f64>,
    pub ties: Ties,
}

/// Which of equal changes are kept, where not all are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ties {
    /// The first, as it is here.
    First,
    /// Some, as another program's way to sort has it.
    Some,
}

/// What a child's change may be off by because of the weights of a way, as a share of it.
const SLACK: f64 = 0.01;

impl Fit<'_> {
    pub(super) fn change(&self, own: &Elements, k: usize, i: usize) -> f64 {
        own.changes[self.parents[i]][k]
    }

    /// The shares of parent `i`'s changes that are before this one, and before or with it.
    pub(super) fn rank(&self, own: &Elements, k: usize, i: usize) -> [f64; 2] {
        let parent = self.parents[i];
        match self.ties {
            Ties::First => [f64::from(own.places_by_size[parent][k]); 2],
            Ties::Some => own.ranks[parent][k].map(f64::from),
        }
    }

    /// Whether a parent's change is kept for its rank; `None` where others at the threshold have
    /// the same.
    pub(super) fn is_kept(&self, way: &Way, own: &Elements, k: usize, i: usize) -> Option<bool> {
        let [larger, as_large] = self.rank(own, k, i);
        let density = way.densities[i];
        let from = way.gamma;
        let to = if density >= 1.0 {
            1.0
        } else {
            (from + density).min(1.0)
        };
        let inside = |rank: f64| rank > from - 1e-9 && rank <= to + 1e-6;
        let is_clear = inside(larger + 1e-7) == inside(as_large);
        is_clear.then(|| inside(as_large) && as_large > from)
    }

    /// Which parents a number is made from, as bits; `None` where that is not clear.
    pub(super) fn made(&self, way: &Way, own: &Elements, k: usize) -> Option<u32> {
        let mut kept = 0u32;
        for i in 0..self.parents.len() {
            kept |= u32::from(self.is_kept(way, own, k, i)?) << i;
        }
        Some(self.elected(way, own, k, kept))
    }

    /// Those of the kept parents that have the majority sign.
    pub(super) fn elected(&self, way: &Way, own: &Elements, k: usize, kept: u32) -> u32 {
        if !way.votes {
            return kept;
        }
        let weighted = |i: usize| way.weights[i] * self.change(own, k, i);
        let inside = |i: &usize| kept >> i & 1 == 1;
        let sum: f64 = (0..self.parents.len()).filter(inside).map(weighted).sum();
        // A sum of 0 counts as +.
        let agrees = |i: &usize| weighted(*i) != 0.0 && (weighted(*i) < 0.0) == (sum < 0.0);
        let elected = (0..self.parents.len()).filter(inside).filter(agrees);
        elected.fold(0, |bits, i| bits | 1 << i)
    }

    /// Σ wᵢδᵢ and Σ wᵢ over these parents, but for one of them.
    pub(super) fn sums(
        &self,
        way: &Way,
        (own, k): (&Elements, usize),
        kept: u32,
        without: Option<usize>,
    ) -> [f64; 2] {
        let inside = (0..self.parents.len()).filter(|&i| kept >> i & 1 == 1 && Some(i) != without);
        inside.fold([0.0; 2], |[sum, weights], i| {
            let weight = way.weights[i];
            [sum + weight * self.change(own, k, i), weights + weight]
        })
    }

    /// The child's change at a number.
    pub(super) fn value(&self, way: &Way, own: &Elements, k: usize, kept: u32) -> f64 {
        let [sum, weights] = self.sums(way, (own, k), kept, None);
        match way.normalized {
            true if weights != 0.0 => way.lambda * sum / weights,
            true => 0.0,
            false => sum,
        }
    }

    /// Whether these parents make the child's number, one rounding allowed.
    pub(super) fn is_good(&self, way: &Way, own: &Elements, k: usize, kept: u32) -> bool {
        let (value, child) = (self.value(way, own, k, kept), own.child[k]);
        (value - child).abs() <= 0.55 * own.places[k] + SLACK * child.abs()
    }

    /// Calls `take` with every number whose making is clear.
    pub(super) fn each(&self, way: &Way, mut take: impl FnMut(&Elements, usize, u32)) {
        for own in self.elements {
            for k in 0..own.len() {
                if let Some(kept) = self.made(way, own, k) {
                    take(own, k, kept);
                }
            }
        }
    }

    /// The share of moved numbers that come out as the child has them.
    pub(super) fn agreement(&self, way: &Way) -> f64 {
        let (mut good, mut all) = (0u32, 0u32);
        self.each(way, |own, k, kept| {
            let is_good = self.is_good(way, own, k, kept);
            let is_unmoved = own.child[k] == 0.0 && is_good;
            all += u32::from(!is_unmoved);
            good += u32::from(is_good && !is_unmoved);
        });
        f64::from(good) / f64::from(all.max(1))
    }

    pub(super) fn start(&self, votes: bool, normalized: bool, gamma: f64, density: f64) -> Way {
        let n = self.parents.len();
        let mean = self.spikes.iter().sum::<f64>() / n as f64;
        Way {
            votes,
            normalized,
            gamma,
            densities: vec![density; n],
            weights: if normalized {
                vec![1.0; n]
            } else {
                self.spikes.clone()
            },
            lambda: if normalized { mean } else { 1.0 },
        }
    }

    /// A way with the weights that its densities leave, and how well it agrees.
    pub(super) fn judged(&self, way: Way) -> Found {
        let way = self.weighed(way);
        let agreement = self.agreement(&way);
        Found { way, agreement }
    }
}
