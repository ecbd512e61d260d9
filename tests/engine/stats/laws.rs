//! What holds for every sample.

use kinfolk::stats::{
    Generation, Sample, SaturationRule, best_so_far, bootstrap_interval, fisher_interval, gains,
    least_squares, outliers, pearson, permutation_p, saturation, spearman, theil_sen,
};
use proptest::prelude::*;

/// Samples of whole and broken numbers, with ties, constant columns and few points among them.
fn samples() -> impl Strategy<Value = Sample> {
    let number = prop_oneof![(-5..5i32).prop_map(f64::from), -100.0..100.0f64, Just(0.25)];
    let pair = (number.clone(), number).prop_map(|(x, y)| (Some(x), Some(y)));
    prop::collection::vec(pair, 0..14).prop_map(Sample::from_pairs)
}

fn changed(sample: &Sample, change: impl Fn(f64) -> f64) -> Sample {
    Sample {
        y: sample.y.iter().map(|&y| change(y)).collect(),
        ..sample.clone()
    }
}

fn near(a: f64, b: f64, size: f64) -> bool {
    (a - b).abs() <= 1e-9 * size.max(1.0)
}

proptest! {
    #[test]
    fn a_correlation_knows_no_units(sample in samples(), scale in 0.01..100.0f64, shift in -50.0..50.0f64) {
        let moved = changed(&sample, |y| y * scale + shift);
        let turned = changed(&sample, |y| -y);
        match pearson(&sample) {
            None => prop_assert!(pearson(&turned).is_none()),
            Some(found) => {
                prop_assert!((-1.0..=1.0).contains(&found.r) && (0.0..=1.0).contains(&found.p));
                // A spread that is small beside the shift loses digits to it.
                let spread = |values: &[f64]| values.iter().fold(f64::MIN, |m, &v| m.max(v))
                    - values.iter().fold(f64::MAX, |m, &v| m.min(v));
                if spread(&moved.y) > 1e-3 {
                    let again = pearson(&moved).unwrap();
                    prop_assert!((found.r - again.r).abs() < 1e-9, "{found:?} {again:?}");
                }
                let opposite = pearson(&turned).unwrap();
                prop_assert_eq!((opposite.r, opposite.p), (-found.r, found.p));
            }
        }
    }

    #[test]
    fn ranks_know_no_shape(sample in samples()) {
        let bent = changed(&sample, |y| (y / 40.0).exp());
        prop_assert_eq!(spearman(&sample), spearman(&bent));
        let swapped = Sample { x: sample.y.clone(), y: sample.x.clone(), missing: 0 };
        let r = |sample| spearman(sample).map_or(9.0, |c| c.r);
        prop_assert!((r(&sample) - r(&swapped)).abs() < 1e-12);
    }

    #[test]
    fn lines_pass_through_the_means_and_bands_hold_them(sample in samples(), at in -200.0..200.0f64) {
        let Some(line) = least_squares(&sample) else { return Ok(()) };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        prop_assert!(near(line.at(mean(&sample.x)), mean(&sample.y), line.intercept.abs()));
        let (low, high) = line.confidence(at, 0.9);
        let (lower, upper) = line.prediction(at, 0.9);
        prop_assert!(lower <= low && low <= line.at(at) && line.at(at) <= high && high <= upper);
        let (wide, _) = line.confidence(at, 0.99);
        prop_assert!(wide <= low);
        prop_assert!(outliers(&sample).len() <= 5);
        prop_assert!(outliers(&sample).iter().all(|&k| k < sample.n()));
    }

    #[test]
    fn a_robust_line_lies_in_its_interval_and_turns_with_the_data(sample in samples()) {
        let Some(line) = theil_sen(&sample) else { return Ok(()) };
        let (low, high) = line.slope_interval;
        prop_assert!(low <= line.slope && line.slope <= high, "{line:?}");
        let turned = theil_sen(&changed(&sample, |y| -y)).unwrap();
        prop_assert!(near(turned.slope, -line.slope, line.slope.abs()));
        prop_assert!(near(turned.intercept, -line.intercept, line.slope.abs() * 100.0));
    }

    #[test]
    fn fisher_intervals_hold_r_and_grow_with_the_level(r in -0.999..0.999f64, n in 4..200usize) {
        let (low, high) = fisher_interval(r, n, 0.9).unwrap();
        let (lower, upper) = fisher_interval(r, n, 0.99).unwrap();
        prop_assert!(-1.0 <= lower && lower < low && low < r);
        prop_assert!(r < high && high < upper && upper <= 1.0);
    }

    #[test]
    fn saturation_is_where_the_rule_says(
        rows in prop::collection::vec((prop::option::of(60.0..62.0f64), prop::option::of(0.8..1.0f64)), 0..12),
        window in 0..4usize,
    ) {
        let generations: Vec<Generation> = rows.iter().zip(0..).map(|(&(best, kinship_of_top), number)| {
            Generation { number, best, kinship_of_top, ..Generation::default() }
        }).collect();
        let rule = SaturationRule { window, ..SaturationRule::default() };
        let gain = gains(&generations);
        let still = |k: usize| gain[k].is_some_and(|g| g < rule.epsilon)
            && generations[k].kinship_of_top.is_some_and(|v| v > rule.tau);
        let wanted = window.max(1);
        let first = (0..(generations.len() + 1).saturating_sub(wanted))
            .find(|&k| (k..k + wanted).all(still));
        let found = saturation(&generations, &rule);
        prop_assert_eq!(found.map(|s| s.from), first.map(|k| k as u32));
        if let Some(found) = found {
            let last = found.confirmed_at as usize;
            let best = best_so_far(&generations);
            prop_assert_eq!(last + 1 - found.from as usize, wanted);
            prop_assert_eq!(found.saved_generations, generations.len() - last - 1);
            prop_assert_eq!(found.lost, best.last().unwrap().unwrap() - best[last].unwrap());
            prop_assert!(found.lost >= 0.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_permutation_p_is_never_zero_and_knows_no_units(sample in samples(), seed in any::<u64>()) {
        let Some(found) = permutation_p(&sample, seed) else {
            prop_assert!(pearson(&sample).is_none());
            return Ok(());
        };
        prop_assert!(found.p > 0.0 && found.p <= 1.0);
        // Powers of two and signs are exact, so the same pairings are hits.
        let moved = permutation_p(&changed(&sample, |y| y * -4.0), seed).unwrap();
        prop_assert_eq!(found, moved);
    }

    #[test]
    fn a_bootstrap_lies_between_minus_one_and_one(sample in samples(), seed in any::<u64>()) {
        let r = |sample: &Sample| pearson(sample).map(|c| c.r);
        let interval = |level| bootstrap_interval(&sample, r, level, 200, seed);
        if let (Some(narrow), Some(wide)) = (interval(0.5), interval(0.95)) {
            prop_assert!(-1.0 <= wide.low && wide.low <= narrow.low);
            prop_assert!(narrow.low <= narrow.high);
            prop_assert!(narrow.high <= wide.high && wide.high <= 1.0);
        }
    }
}
