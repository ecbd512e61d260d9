//! Fits by hand, and against every subset.

use super::*;

/// The system of these vectors.
fn system(child: &[f64], candidates: &[&[f64]]) -> System {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let rows = candidates.iter();
    System {
        gram: rows
            .clone()
            .flat_map(|a| candidates.iter().map(move |b| dot(a, b)))
            .collect(),
        target: rows.map(|a| dot(a, child)).collect(),
        square: dot(child, child),
        apart: vec![1.0; candidates.len()],
        base: vec![0.0; candidates.len()],
        base_child: 0.0,
        base_square: 1.0,
        count: child.len() as u64,
    }
}

fn close(found: &[f64], wanted: &[f64]) {
    let near = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(
        near && found.len() == wanted.len(),
        "{found:?}, not {wanted:?}"
    );
}

#[test]
fn shares_of_a_sum_are_found_and_a_stranger_has_none() {
    let (a, b, c) = (
        [1.0, 2.0, 0.0, 1.0],
        [0.5, 1.0, 3.0, 0.0],
        [0.0, 1.0, 1.0, -4.0],
    );
    let child: Vec<f64> = (0..4).map(|k| 0.7 * a[k] + 0.3 * b[k]).collect();
    let fit = system(&child, &[&a, &b, &c]).fit(Signs::NonNegative);
    close(&fit.shares, &[0.7, 0.3, 0.0]);
    assert!(fit.residual < 1e-7 && fit.condition > 1.0, "{fit:?}");
}

#[test]
fn a_negative_share_is_found_where_it_may_be() {
    let (a, b) = ([1.0, 0.0, 1.0], [0.0, 1.0, 1.0]);
    let child = [1.0, -0.5, 0.5];
    let system = system(&child, &[&a, &b]);
    close(&system.fit(Signs::Any).shares, &[1.0, -0.5]);
    let fit = system.fit(Signs::NonNegative);
    // Alone the first explains ⟨a, c⟩/⟨a, a⟩ = 1.5/2.
    close(&fit.shares, &[0.75, 0.0]);
    assert!((fit.residual - (0.375f64 / 1.5).sqrt()).abs() < 1e-12);
}

#[test]
fn a_copy_leaves_the_fit_as_it_is_and_can_take_its_place() {
    let (a, b) = ([1.0, 2.0, 0.5], [0.0, 1.0, -1.0]);
    let child: Vec<f64> = (0..3).map(|k| 0.4 * a[k] + 0.6 * b[k]).collect();
    let system = system(&child, &[&a, &b, &a]);
    for signs in [Signs::NonNegative, Signs::Any] {
        let fit = system.fit(signs);
        assert!(
            (fit.shares[0] + fit.shares[2] - 0.4).abs() < 1e-9,
            "{fit:?}"
        );
        let without = system.leave_one_out(&fit, signs);
        assert_eq!(without.len(), 2);
        let harmless = without.iter().filter(|w| w.fit.residual < 1e-6).count();
        assert_eq!(harmless, 1, "{without:?}");
    }
}

#[test]
fn no_change_and_no_candidate_explain_nothing() {
    let fit = system(&[0.0, 0.0], &[&[1.0, 2.0]]).fit(Signs::NonNegative);
    assert_eq!((fit.shares, fit.residual), (vec![0.0], 0.0));
    let fit = system(&[1.0], &[]).fit(Signs::Any);
    assert_eq!((fit.residual, fit.condition), (1.0, 1.0));
    let fit = system(&[1.0, 1.0], &[&[0.0, 0.0]]).fit(Signs::NonNegative);
    assert_eq!((fit.shares, fit.residual), (vec![0.0], 1.0));
}

#[test]
fn a_candidate_that_turns_negative_leaves_the_active_set() {
    // Every subset by hand: the best of all whose shares are not negative.
    let rows: Vec<Vec<f64>> = (0..5u32)
        .map(|i| {
            (0..9u32)
                .map(|k| f64::from((i * 7 + k * k * 3 + i * k) % 11) - 3.0)
                .collect()
        })
        .collect();
    let child: Vec<f64> = (0..9u32)
        .map(|k| f64::from((k * 5 + 2) % 7) - 3.0)
        .collect();
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let system = system(&child, &rows);
    let fit = system.fit(Signs::NonNegative);
    let best = (0..32u32).filter_map(|set| {
        let active: Vec<usize> = (0..5).filter(|i| set >> i & 1 == 1).collect();
        let fit = system.fit_of(&active, Signs::Any);
        fit.shares
            .iter()
            .all(|x| *x >= 0.0)
            .then_some(fit.unexplained)
    });
    let best = best.fold(f64::INFINITY, f64::min);
    assert!(
        (fit.unexplained - best).abs() < 1e-9 * best,
        "{fit:?}, {best}"
    );
}

#[test]
fn the_condition_is_that_of_the_cosines() {
    // Cosine 0.6: eigenvalues 1.6 and 0.4.
    let system = system(&[1.0, 1.0], &[&[2.0, 0.0], &[3.0, 4.0]]);
    assert!((system.condition(&[0, 1]) - 4.0).abs() < 1e-12);
}
