//! Whether a child continues a candidate, or a candidate the child.
//!
//! Further training adds a change that is about at right angles to the one before: from A to its
//! fine-tune c, ⟨δ_c − δ_A, δ_A⟩ is near 0 and ⟨δ_c, δ_A⟩/⟨δ_A, δ_A⟩ near 1. For a sibling the
//! first is well below 0, for a parent in a weighted sum the second below 1. On the demo family
//! and another of the same shape, three fine-tunes of fine-tunes have cosines of −0.05 to 0.10
//! here; siblings have −0.22 and the other direction −0.45.

use super::fit::System;

/// How a candidate lies to the child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continued {
    /// The candidate.
    pub candidate: usize,
    /// The change from it to the child, as a share of the child's from the base.
    pub residual: f64,
}

/// The candidate that the child continues; the nearest, where several could be.
pub fn parent(system: &System) -> Option<Continued> {
    let found = (0..system.len()).filter_map(|i| {
        let (own, child) = (system.square_of(i), system.square());
        let step = follows(own, child, system.with_child(i), 0.5)?;
        Some(Continued {
            candidate: i,
            residual: (step / child).sqrt(),
        })
    });
    found.min_by(|a, b| a.residual.total_cmp(&b.residual))
}

/// The candidates that seem to continue the child, ascending. Only for very near ones: a parent
/// of two in a weighted sum can lie like this too.
pub fn descendants(system: &System) -> Vec<usize> {
    let continues = |&i: &usize| {
        let (own, child) = (system.square_of(i), system.square());
        follows(child, own, system.with_child(i), 0.85).is_some()
    };
    (0..system.len()).filter(continues).collect()
}

/// |δ_b − δ_a|² if b continues a, with a cosine of at least `cosine`; of |δ_a|², |δ_b|² and their
/// product.
fn follows(a: f64, b: f64, product: f64, cosine: f64) -> Option<f64> {
    let share = product / a;
    let step = (a + b - 2.0 * product).max(0.0);
    let angle = (product - a) / (a * step).sqrt();
    let is_whole = (0.88..=1.12).contains(&share) && product >= cosine * (a * b).sqrt();
    (is_whole && angle.abs() <= 0.15).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_at_right_angles_continues_and_half_a_model_does_not() {
        // a = (1, 0), b = (1, 0.4).
        assert!(follows(1.0, 1.16, 1.0, 0.5).is_some_and(|step| (step - 0.16).abs() < 1e-12));
        // The other way round.
        assert_eq!(follows(1.16, 1.0, 1.0, 0.5), None);
        // b = (0.5, 0.5), half of a.
        assert_eq!(follows(1.0, 0.5, 0.5, 0.5), None);
        assert_eq!(follows(0.0, 0.0, 0.0, 0.5), None);
    }
}
