//! What the coefficients of a child say of the parameters of methods along arcs: the formulas of
//! `merge/methods` turned round.

use super::decimals::Fitted;

/// How far along the arc from x₀ to x₁ the combination a·x₀ + b·x₁ lies.
///
/// With θ the angle between the two, b·sin θ = sin tθ and a + b·cos θ = cos tθ; where `line` says
/// that the two are taken for parallel, or the angle is next to nothing, t is b.
pub(crate) fn arc(
    (a, b): (f64, f64),
    [square_0, square_1, product]: [f64; 3],
    nearly_parallel: Option<f64>,
    error: f64,
) -> Fitted {
    let cosine = product / (square_0 * square_1).sqrt();
    let is_line = nearly_parallel.is_some_and(|limit| cosine.abs() > limit);
    let angle = cosine.clamp(-1.0, 1.0).acos();
    if is_line || angle.sin().abs() < 1e-7 || angle.is_nan() {
        return Fitted { value: b, error };
    }
    let sine = angle.sin();
    let t = (b * sine).atan2(a + b * cosine) / angle;
    // dt/db is about sin θ/θ at both ends and more between.
    Fitted {
        value: t,
        error: error * (1.0 + 0.5 * (angle - sine).abs()),
    }
}

/// The weights of Multi-SLERP, which sum to one, from coefficients cᵢ and the norms |xᵢ|.
///
/// The child is m·Σ wᵢ|xᵢ| with m along Σ wᵢxᵢ/|xᵢ|: so wᵢ is as cᵢ|xᵢ|.
pub(crate) fn along_mean(coefficients: &[Fitted], norms: &[f64]) -> Vec<Fitted> {
    let products: Vec<Fitted> = coefficients
        .iter()
        .zip(norms)
        .map(|(c, &n)| c.times(n))
        .collect();
    let sum: f64 = products.iter().map(|p| p.value).sum();
    products.into_iter().map(|p| p.times(1.0 / sum)).collect()
}
