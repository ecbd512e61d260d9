//! Over how many numbers two models were compared, and how much of them that is.

use super::{Kinship, Scope};

/// Below this share a value says little about the whole models.
pub const SMALL_SHARE: f64 = 0.9;

/// What two models were compared over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Numbers that both have and that count.
    pub numbers: u64,
    /// Numbers that the larger of the two has.
    pub larger: u64,
}

impl Compared {
    /// What models `a` and `b` of a result were compared over; `sizes` are their numbers, those
    /// of the base for an adapter.
    pub fn of(kinship: &Kinship, a: usize, b: usize, sizes: [u64; 2]) -> Self {
        let all = kinship.in_scope(Scope::default());
        Self {
            numbers: kinship.sums(&all, a, b, false).count as u64,
            larger: sizes[0].max(sizes[1]),
        }
    }

    /// The part of the larger model that was compared, 0 to 1.
    pub fn share(&self) -> f64 {
        self.numbers as f64 / self.larger.max(1) as f64
    }

    /// The same where it is so small that it has to be said.
    pub fn small_share(&self) -> Option<f64> {
        Some(self.share()).filter(|share| *share < SMALL_SHARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_where_it_is_small() {
        let of = |numbers, larger| Compared { numbers, larger }.small_share();
        assert_eq!(of(90, 100), None);
        assert_eq!(of(45, 100), Some(0.45));
        assert_eq!(of(0, 0), Some(0.0));
    }
}
