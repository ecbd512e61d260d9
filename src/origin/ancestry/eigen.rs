//! Eigenvalues of small symmetric matrices.

/// Eigenvalues of a symmetric n × n matrix, in no order: Jacobi's rotations, Golub and Van Loan,
/// *Matrix Computations*, section 8.5.
pub fn eigenvalues(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    for _ in 0..60 {
        let pairs = (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q)));
        let off: f64 = pairs.clone().map(|(p, q)| a[p * n + q].powi(2)).sum();
        if off < 1e-24 {
            break;
        }
        pairs.for_each(|(p, q)| rotate(&mut a, n, p, q));
    }
    (0..n).map(|i| a[i * n + i]).collect()
}

/// Makes the number at p, q zero.
fn rotate(a: &mut [f64], n: usize, p: usize, q: usize) {
    let off = a[p * n + q];
    if off == 0.0 {
        return;
    }
    let tau = (a[q * n + q] - a[p * n + p]) / (2.0 * off);
    let sign = if tau < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (tau.abs() + tau.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y);
    }
    for k in 0..n {
        let (x, y) = (a[p * n + k], a[q * n + k]);
        (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_by_hand() {
        // 2 ± 1, and one apart.
        let mut found = eigenvalues(vec![2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0], 3);
        found.sort_by(f64::total_cmp);
        let wanted = [1.0, 3.0, 5.0];
        let near = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near, "{found:?}");
        assert!(eigenvalues(Vec::new(), 0).is_empty());
    }
}
