//! Small least squares by normal equations.

/// The sums of a least-squares problem y ≈ Xc.
pub(crate) struct Normal {
    /// XᵀX
    pub dots: Vec<Vec<f64>>,
    /// Xᵀy
    pub product: Vec<f64>,
    /// yᵀy
    pub square: f64,
}

/// Its solution.
pub(crate) struct Solved {
    /// c; 0 for a column that is zero or a combination of earlier ones.
    pub values: Vec<f64>,
    /// The diagonal of (XᵀX)⁻¹; infinite for such a column, and for those that it depends on.
    pub inverse: Vec<f64>,
    /// |y − Xc|²
    pub residual: f64,
}

/// What is left of a column, as a share of its square, below which it is a combination of others.
const DEPENDENT: f64 = 1e-9;

impl Normal {
    /// Solves it by Gauss–Jordan elimination of the scaled matrix; n³ steps.
    pub(crate) fn solve(&self) -> Solved {
        let n = self.product.len();
        let scale: Vec<f64> = (0..n).map(|i| self.dots[i][i].max(0.0).sqrt()).collect();
        let unit = |i: usize| if scale[i] > 0.0 { 1.0 / scale[i] } else { 0.0 };
        // [A | I], swept column by column.
        let mut a: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let own = (0..n).map(|j| self.dots[i][j] * unit(i) * unit(j));
                own.chain((0..n).map(|j| f64::from(u8::from(i == j))))
                    .collect()
            })
            .collect();
        let mut known = vec![false; n];
        for k in 0..n {
            let pivot = a[k][k];
            if pivot < DEPENDENT {
                continue;
            }
            known[k] = true;
            a[k].iter_mut().for_each(|x| *x /= pivot);
            let row = a[k].clone();
            for (_, other) in a.iter_mut().enumerate().filter(|(i, _)| *i != k) {
                let factor = other[k];
                other
                    .iter_mut()
                    .zip(&row)
                    .for_each(|(x, r)| *x -= factor * r);
            }
        }
        let solved = |i: usize| -> f64 {
            let known_columns = (0..n).filter(|&j| known[j]);
            known_columns
                .map(|j| a[i][n + j] * self.product[j] * unit(j))
                .sum::<f64>()
                * unit(i)
        };
        let values: Vec<f64> = (0..n)
            .map(|i| if known[i] { solved(i) } else { 0.0 })
            .collect();
        // A column that could not be told from others makes theirs unknown too.
        let is_shared = |i: usize| {
            let lost = (0..n).filter(|&j| !known[j] && scale[j] > 0.0);
            lost.into_iter().any(|j| a[i][j].abs() > 1e-4)
        };
        let inverse = (0..n)
            .map(|i| match known[i] && !is_shared(i) {
                true => a[i][n + i].max(0.0) * unit(i) * unit(i),
                false => f64::INFINITY,
            })
            .collect();
        let fitted: f64 = values.iter().zip(&self.product).map(|(c, p)| c * p).sum();
        Solved {
            values,
            inverse,
            residual: (self.square - fitted).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(x: &[[f64; 3]], y: &[f64]) -> Normal {
        let dot = |f: &dyn Fn(usize) -> f64| (0..y.len()).map(f).sum::<f64>();
        Normal {
            dots: (0..3)
                .map(|i| (0..3).map(|j| dot(&|k| x[k][i] * x[k][j])).collect())
                .collect(),
            product: (0..3).map(|i| dot(&|k| x[k][i] * y[k])).collect(),
            square: dot(&|k| y[k] * y[k]),
        }
    }

    #[test]
    fn coefficients_are_found_and_what_cannot_be_told_is_said() {
        let x = [
            [1.0, 2.0, 0.0],
            [0.0, 1.0, 0.0],
            [3.0, 1.0, 0.0],
            [1.0, 1.0, 0.0],
        ];
        let y: Vec<f64> = x.iter().map(|[a, b, _]| 0.5 * a - 2.0 * b).collect();
        let solved = normal(&x, &y).solve();
        assert!((solved.values[0] - 0.5).abs() < 1e-12 && (solved.values[1] + 2.0).abs() < 1e-12);
        assert!(solved.residual < 1e-12 && solved.inverse[2].is_infinite());
        assert!(solved.inverse[0].is_finite() && solved.inverse[1].is_finite());
        // The third is the second again.
        let twice = x.map(|[a, b, _]| [a, b, b]);
        let solved = normal(&twice, &y).solve();
        assert!(solved.inverse[0].is_finite() && solved.inverse[1].is_infinite());
    }
}
