//! The normal equations of a child, over the whole model and tensor by tensor.

use super::fit::{Signs, System};
use crate::checkpoint::Dtype;
use crate::kinship::Kinship;

/// Rounding leaves about the same share of the weights in all tensors, up to this deviation; it was
/// 0.2, and 1.1 and more where a parent was missing.
const EVEN: f64 = 0.5;

/// One share for a model, or one for each tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// The same share everywhere.
    Whole,
    /// A share of its own in each tensor, and a multiple of the base, which methods that work on
    /// weights leave.
    Tensors,
}

/// All of them.
pub struct Equations {
    /// Over everything.
    pub whole: System,
    /// Tensor by tensor.
    pub tensors: Vec<System>,
    /// The same without what lies along the base.
    beside: Vec<System>,
}

impl Equations {
    /// Those of model `child` and `candidates` of a result over `tensors`; `None` where they have
    /// no numbers in common.
    pub fn of(
        kinship: &Kinship,
        child: usize,
        candidates: &[usize],
        tensors: &[usize],
    ) -> Option<Self> {
        let listed = tensors.iter().filter_map(|&k| kinship.tensors.get(k));
        let own = listed.filter_map(|tensor| System::of_tensor(tensor, child, candidates));
        let tensors: Vec<System> = own.collect();
        let mut whole = tensors.first()?.clone();
        tensors[1..].iter().for_each(|system| whole.add(system));
        Some(Self {
            whole,
            beside: tensors.iter().map(System::beside_base).collect(),
            tensors,
        })
    }

    /// The relative residual of the best fit of some candidates.
    pub fn residual(&self, among: &[usize], grain: Grain, signs: Signs) -> f64 {
        if self.whole.square() <= 0.0 {
            return 0.0;
        }
        match grain {
            Grain::Whole => self.whole.fit_of(among, signs).residual,
            Grain::Tensors => {
                let of = |system: &System| system.fit_of(among, signs).unexplained;
                let unexplained: f64 = self.beside.iter().map(of).sum();
                (unexplained / self.whole.square()).sqrt()
            }
        }
    }

    /// The grain of the best fit that leaves what its parents' own rounding to 16 bits has left, as
    /// in a child of merges that is kept in a finer format than they were: in each tensor about
    /// the same share of its weights' squares, and no more than one rounding leaves. A parent with
    /// a share of 0.08 that is missing leaves six times as much, here more and there less.
    pub fn rounding_of_parents(&self, signs: Signs) -> Option<Grain> {
        let everyone: Vec<usize> = (0..self.whole.len()).collect();
        let shares = self.whole.fit(signs).shares;
        let of_whole = |k: usize| self.tensors[k].judged(shares.clone()).unexplained;
        let of_tensor = |k: usize| self.beside[k].fit_of(&everyone, signs).unexplained;
        if self.is_rounding(&of_whole) {
            Some(Grain::Whole)
        } else if self.is_rounding(&of_tensor) {
            Some(Grain::Tensors)
        } else {
            None
        }
    }

    /// Whether what is left of each tensor is what rounding to 16 bits leaves.
    fn is_rounding(&self, left: &dyn Fn(usize) -> f64) -> bool {
        let parts = (0..self.tensors.len()).map(|k| [self.tensors[k].weights_square(), left(k)]);
        let parts: Vec<[f64; 2]> = parts.filter(|part| part[0] > 0.0).collect();
        let sum = |k: usize| parts.iter().map(|part| part[k]).sum::<f64>();
        let mean = sum(1) / sum(0);
        let off = |[weights, left]: &[f64; 2]| (left - mean * weights).powi(2) / weights;
        let deviation = (parts.iter().map(off).sum::<f64>() / sum(0)).sqrt();
        let formats = ["bfloat16", "float16"];
        let one_rounding = formats.map(|name| Dtype::from_config_name(name)?.rounding_share());
        let is_of = |share: f64| (0.1 * share..=1.15 * share).contains(&mean);
        one_rounding.into_iter().flatten().any(is_of) && deviation < EVEN * mean
    }

    /// Mean and deviation over the tensors of each candidate's share in a free fit, tensors by the
    /// size of the candidate's change there.
    pub fn spread(&self) -> Vec<[f64; 2]> {
        let everyone: Vec<usize> = (0..self.whole.len()).collect();
        let of = |system: &System| system.fit_of(&everyone, Signs::Any).shares;
        let fits: Vec<Vec<f64>> = self.beside.iter().map(of).collect();
        let spread = |i: usize| {
            let weight = |k: usize| self.tensors[k].square_of(i);
            let total: f64 = (0..fits.len()).map(weight).sum();
            let mean_of = |value: &dyn Fn(usize) -> f64| {
                (0..fits.len()).map(|k| weight(k) * value(k)).sum::<f64>() / total
            };
            let mean = mean_of(&|k| fits[k][i]);
            [mean, mean_of(&|k| (fits[k][i] - mean).powi(2)).sqrt()]
        };
        everyone.iter().map(|&i| spread(i)).collect()
    }
}
