//! The best of every generation, to be marked wherever a family is shown.

use std::collections::BTreeMap;

/// One entry a model of these generations and scores: whether its score is the best of its
/// generation, or of all. Equals are all the best; one model alone is not called the best of
/// its generation, and one score alone not the best of all.
pub fn best_of_generations(models: &[(u32, Option<f64>)]) -> Vec<bool> {
    let mut generations: BTreeMap<u32, (usize, Option<f64>)> = BTreeMap::new();
    for &(generation, score) in models {
        let (count, best) = generations.entry(generation).or_default();
        *count += 1;
        *best = greater(*best, score);
    }
    let scored = models.iter().filter(|(_, score)| score.is_some()).count();
    let best_of_all = models.iter().fold(None, |best, m| greater(best, m.1));
    let is_best = |&(generation, score): &(u32, Option<f64>)| {
        let (count, best) = generations.get(&generation).copied().unwrap_or_default();
        let is_first = count > 1 && score == best || scored > 1 && score == best_of_all;
        score.is_some() && is_first
    };
    models.iter().map(is_best).collect()
}

fn greater(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(models: &[(u32, Option<f64>)], expected: &[bool]) {
        assert_eq!(best_of_generations(models), expected, "{models:?}");
    }

    #[test]
    fn equals_are_all_the_best_of_their_generation() {
        let (low, high) = (Some(1.0), Some(2.0));
        check(&[(0, low), (0, high), (0, high)], &[false, true, true]);
        check(&[(0, high), (0, None), (1, low)], &[true, false, false]);
    }

    #[test]
    fn one_alone_is_the_best_only_of_several_generations() {
        check(&[(0, Some(1.0))], &[false]);
        check(&[(0, Some(1.0)), (1, Some(2.0))], &[false, true]);
        check(&[(0, None), (0, None)], &[false, false]);
        check(&[], &[]);
    }
}
