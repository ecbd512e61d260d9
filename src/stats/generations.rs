//! From a list of models to what is known of each generation.
//!
//! Kinship among the top k at generation g: of all members up to and with g that have a score
//! the k best are taken (of equals the one that stands first), two at least. For each pair of
//! them counts
//! 1. the kinship of the two, if it is known;
//! 2. else, in its stead, the kinship of the parents from which each of the two was made: the
//!    mean of both, or the one that is known;
//! 3. else nothing.
//!
//! The result is the mean over the pairs that count, and unknown if none does. Tables of
//! published merges give only the parents' kinship; where no pair is known and every member's
//! parents are, the result is the mean of the members' own values, as the paper reads its paths.

use super::sample::mean;
use super::stagnation::Generation;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Member {
    /// The generation in which it was made; founders are 0.
    pub generation: u32,
    /// Its score in points.
    pub score: Option<f64>,
}

/// What is known of each generation that has members, ascending. `kinship(i, j)` is that of two
/// members, `own(i)` that of the parents of one; members are known by their index. Cost: the
/// top of all members so far is sorted anew for each generation, and top² pairs are asked for.
pub fn generations(
    members: &[Member],
    top: usize,
    kinship: impl Fn(usize, usize) -> Option<f64>,
    own: impl Fn(usize) -> Option<f64>,
) -> Vec<Generation> {
    let mut numbers: Vec<u32> = members.iter().map(|m| m.generation).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |number: u32| {
        let here = members.iter().filter(|m| m.generation == number);
        let scores: Vec<f64> = here.clone().filter_map(score).collect();
        Generation {
            number,
            best: scores.iter().copied().reduce(f64::max),
            mean: mean(&scores),
            kinship_of_top: kinship_among(&best(members, number, top.max(2)), &kinship, &own),
            merges: Some(if number == 0 { 0 } else { here.count() }),
        }
    };
    numbers.into_iter().map(of).collect()
}

/// The best members of all generations up to one, best first.
fn best(members: &[Member], up_to: u32, top: usize) -> Vec<usize> {
    let mut scored: Vec<(usize, f64)> = members
        .iter()
        .enumerate()
        .filter(|(_, m)| m.generation <= up_to)
        .filter_map(|(k, m)| Some((k, score(m)?)))
        .collect();
    // The sort is stable: of equals the first stays first.
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    scored.into_iter().take(top).map(|(k, _)| k).collect()
}

fn kinship_among(
    members: &[usize],
    kinship: &impl Fn(usize, usize) -> Option<f64>,
    own: &impl Fn(usize) -> Option<f64>,
) -> Option<f64> {
    let finite = |value: &f64| value.is_finite();
    let mut values = Vec::new();
    for (k, &a) in members.iter().enumerate() {
        for &b in &members[k + 1..] {
            let parents = || mean_of(&[own(a).filter(finite), own(b).filter(finite)]);
            values.push(kinship(a, b).filter(finite).or_else(parents));
        }
    }
    mean_of(&values)
}

/// The mean of the values that are known.
fn mean_of(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    mean(&known)
}

fn score(member: &Member) -> Option<f64> {
    member.score.filter(|s| s.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(generation: u32, score: f64) -> Member {
        Member {
            generation,
            score: Some(score),
        }
    }

    #[test]
    fn generations_have_best_mean_and_count() {
        let mut members = vec![member(1, 70.0), member(0, 60.0), member(1, 72.0)];
        members.push(Member {
            generation: 3,
            score: None,
        });
        let found = generations(&members, 3, |_, _| None, |_| None);
        let rows: Vec<_> = found
            .iter()
            .map(|g| (g.number, g.best, g.mean, g.merges))
            .collect();
        assert_eq!(
            rows,
            [
                (0, Some(60.0), Some(60.0), Some(0)),
                (1, Some(72.0), Some(71.0), Some(2)),
                (3, None, None, Some(1)),
            ]
        );
        assert!(found.iter().all(|g| g.kinship_of_top.is_none()));
        assert!(generations(&[], 3, |_, _| None, |_| None).is_empty());
    }

    #[test]
    fn known_pairs_count_and_parents_stand_in_only_for_unknown_ones() {
        let members = [
            member(1, 3.0),
            member(1, 2.0),
            member(1, 1.0),
            member(1, 0.0),
        ];
        let kinship = |a, b| (a == 0 && b == 1).then_some(0.5);
        let own = |k: usize| [Some(0.25), Some(0.75), None, Some(9.0)][k];
        let found = generations(&members, 3, kinship, own);
        // Pairs 0–1: 0.5, known. 0–2: 0.25, of 0 alone. 1–2: 0.75, of 1 alone. 3 is not on top.
        assert_eq!(found[0].kinship_of_top, Some(0.5));
        let unknown = generations(&members, 3, |_, _| None, |k| (k == 1).then_some(0.75));
        assert_eq!(
            unknown[0].kinship_of_top,
            Some(0.75),
            "pair 0–2 counts nothing"
        );
    }

    #[test]
    fn the_top_is_taken_from_everything_so_far() {
        let members = [
            member(0, 9.0),
            member(1, 1.0),
            member(2, 8.0),
            member(3, 9.0),
        ];
        let kinship = |a: usize, b: usize| Some((10 * a.min(b) + a.max(b)) as f64);
        let found = generations(&members, 2, kinship, |_| None);
        let top: Vec<_> = found.iter().map(|g| g.kinship_of_top).collect();
        // One alone has no kinship; the worse one leaves; of equals the first stays first.
        assert_eq!(top, [None, Some(1.0), Some(2.0), Some(3.0)]);
    }
}
