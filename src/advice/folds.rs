//! Which merges are held out together.

use crate::stats::below;

/// `n` places in at most `k` parts of about the same size, drawn at random by a seed; every place
/// is in one part.
pub fn random(n: usize, k: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..n).collect();
    for at in (1..n).rev() {
        order.swap(at, below(at + 1, seed, at as u64));
    }
    let k = k.min(n);
    (0..k)
        .map(|part| order.iter().skip(part).step_by(k).copied().collect())
        .collect()
}

/// For each model, the merges that it is a parent of. Beyond `most` models some are held out
/// together, so that the number of parts stays bounded.
pub fn by_model(parents: &[[usize; 2]], most: usize) -> Vec<Vec<usize>> {
    let mut models: Vec<usize> = parents.iter().flatten().copied().collect();
    models.sort_unstable();
    models.dedup();
    let size = models.len().div_ceil(most.max(1)).max(1);
    let of = |together: &[usize]| {
        let has = |k: &usize| {
            parents[*k]
                .iter()
                .any(|p| together.binary_search(p).is_ok())
        };
        (0..parents.len()).filter(has).collect()
    };
    models.chunks(size).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_held_out_once() {
        for (n, k) in [(0, 5), (1, 5), (7, 3), (12, 20), (45, 20)] {
            let parts = random(n, k, 3);
            let mut all: Vec<usize> = parts.iter().flatten().copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
            assert!(parts.len() <= k && parts.iter().all(|part| !part.is_empty()));
        }
        assert_ne!(random(30, 5, 1), random(30, 5, 2));
    }

    #[test]
    fn a_model_takes_all_its_merges_with_it() {
        let parents = [[0, 4], [4, 2], [0, 2]];
        assert_eq!(by_model(&parents, 60), [vec![0, 2], vec![1, 2], vec![0, 1]]);
        assert_eq!(by_model(&parents, 2), [vec![0, 1, 2], vec![0, 1]]);
    }
}
