//! Ridge regression on standardised features.
//!
//! With zᵢⱼ = (xᵢⱼ − x̄ⱼ)/sⱼ the slopes b solve (ZᵀZ + penalty·I)·b = Zᵀ(y − ȳ) (Hoerl and Kennard,
//! 1970); sⱼ is the standard deviation over n, and 1 for a feature without spread. A feature that
//! is not known (NaN) counts as its mean. [`Ridge::within`] does not follow a feature beyond the range
//! in which it was seen: a line through few near copies, followed to strangers, would promise
//! twenty points.

/// A fitted line; features are given in the order of the columns that it was fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    features: Vec<Feature>,
    intercept: f64,
}

#[derive(Clone, Debug, PartialEq)]
struct Feature {
    column: usize,
    mean: f64,
    deviation: f64,
    range: (f64, f64),
    slope: f64,
}

impl Feature {
    fn of(column: usize, values: impl Iterator<Item = f64> + Clone) -> Self {
        let known = values.filter(|v| v.is_finite());
        let n = known.clone().count().max(1) as f64;
        let mean = known.clone().sum::<f64>() / n;
        let squares: f64 = known.clone().map(|v| (v - mean).powi(2)).sum();
        let deviation = (squares / n).sqrt();
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let range = known.fold(ends, |(lo, hi), v| (v.min(lo), v.max(hi)));
        Self {
            column,
            mean,
            deviation: if deviation > 1e-12 { deviation } else { 1.0 },
            range,
            slope: 0.0,
        }
    }

    /// The standardised value of a row's own value.
    fn z(&self, value: f64) -> f64 {
        let z = (value - self.mean) / self.deviation;
        if z.is_finite() { z } else { 0.0 }
    }

    /// The nearest value that was seen.
    fn nearest(&self, value: f64) -> f64 {
        value.max(self.range.0).min(self.range.1)
    }
}

impl Ridge {
    /// The fit to some rows by some of their columns; the mean of `y` without columns. Rows and
    /// `y` are as many.
    pub fn fit(rows: &[&[f64]], columns: &[usize], y: &[f64], penalty: f64) -> Self {
        let values = |column: usize| rows.iter().map(move |row| row[column]);
        let feature = |&column: &usize| Feature::of(column, values(column));
        let mut features: Vec<Feature> = columns.iter().map(feature).collect();
        let intercept = y.iter().sum::<f64>() / (y.len() as f64).max(1.0);
        let d = features.len();
        let mut matrix = vec![0.0; d * d];
        let mut right = vec![0.0; d];
        let mut z = vec![0.0; d];
        for (row, y) in rows.iter().zip(y) {
            for (z, feature) in z.iter_mut().zip(&features) {
                *z = feature.z(row[feature.column]);
            }
            for i in 0..d {
                right[i] += z[i] * (y - intercept);
                for j in 0..=i {
                    matrix[i * d + j] += z[i] * z[j];
                }
            }
        }
        for i in 0..d {
            matrix[i * d + i] += penalty;
        }
        let slopes = solve(matrix, right);
        for (feature, slope) in features.iter_mut().zip(slopes) {
            feature.slope = slope;
        }
        Self {
            features,
            intercept,
        }
    }

    /// The value for a row of all columns.
    pub fn at(&self, row: &[f64]) -> f64 {
        self.sum(|feature| feature.z(row[feature.column]))
    }

    /// The same, not followed beyond the range in which each feature was seen.
    pub fn within(&self, row: &[f64]) -> f64 {
        self.sum(|feature| match row[feature.column].is_finite() {
            true => feature.z(feature.nearest(row[feature.column])),
            false => 0.0,
        })
    }

    fn sum(&self, z: impl Fn(&Feature) -> f64) -> f64 {
        let terms = self
            .features
            .iter()
            .map(|feature| feature.slope * z(feature));
        self.intercept + terms.sum::<f64>()
    }

    /// How far a row lies outside of what was seen, in standard deviations of the feature that
    /// is farthest outside; 0 within.
    pub fn beyond(&self, row: &[f64]) -> f64 {
        let outside = self.features.iter().map(|feature| {
            let value = row[feature.column];
            (value - feature.nearest(value)).abs() / feature.deviation
        });
        outside.filter(|d| d.is_finite()).fold(0.0, f64::max)
    }
}

/// Solves a symmetric positive definite system by Cholesky's method; the lower half of the
/// matrix is read. A pivot that is not positive leaves its unknown at 0.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let d = right.len();
    for j in 0..d {
        let own: f64 = (0..j).map(|k| matrix[j * d + k].powi(2)).sum();
        let pivot = matrix[j * d + j] - own;
        let root = if pivot > 0.0 {
            pivot.sqrt()
        } else {
            f64::INFINITY
        };
        matrix[j * d + j] = root;
        for i in j + 1..d {
            let product: f64 = (0..j).map(|k| matrix[i * d + k] * matrix[j * d + k]).sum();
            matrix[i * d + j] = (matrix[i * d + j] - product) / root;
        }
    }
    for i in 0..d {
        let known: f64 = (0..i).map(|k| matrix[i * d + k] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i * d + i];
    }
    for i in (0..d).rev() {
        let known: f64 = (i + 1..d).map(|k| matrix[k * d + i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i * d + i];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_by_hand() {
        // x standardised is −√1.5, 0, √1.5: ZᵀZ = 3, Zᵀ(y−ȳ) = 2√1.5·1; b = 2√1.5/(3 + 1).
        let rows: [&[f64]; 3] = [&[1.0], &[2.0], &[3.0]];
        let fit = Ridge::fit(&rows, &[0], &[4.0, 5.0, 6.0], 1.0);
        let slope = 2.0 * 1.5f64.sqrt() / 4.0;
        assert!((fit.at(&[3.0]) - (5.0 + slope * 1.5f64.sqrt())).abs() < 1e-12);
        assert_eq!(fit.within(&[9.0]), fit.at(&[3.0]), "not followed beyond");
        assert!((fit.beyond(&[9.0]) - 6.0 / (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(fit.at(&[f64::NAN]), 5.0);
    }

    #[test]
    fn without_penalty_two_features_are_found_exactly() {
        let rows: [&[f64]; 4] = [&[0.0, 0.0], &[1.0, 0.0], &[0.0, 1.0], &[3.0, 2.0]];
        let y = rows.map(|row| 1.0 + 2.0 * row[0] - 5.0 * row[1]);
        let fit = Ridge::fit(&rows, &[0, 1], &y, 0.0);
        for (row, y) in rows.iter().zip(y) {
            assert!((fit.at(row) - y).abs() < 1e-12);
        }
    }

    #[test]
    fn what_has_no_spread_says_nothing() {
        let rows: [&[f64]; 2] = [&[1.0], &[1.0]];
        assert_eq!(Ridge::fit(&rows, &[0], &[1.0, 2.0], 1.0).at(&[7.0]), 1.5);
        assert_eq!(Ridge::fit(&[], &[0], &[], 1.0).at(&[7.0]), 0.0);
        assert_eq!(Ridge::fit(&rows, &[0], &[1.0, 2.0], 0.0).at(&[1.0]), 1.5);
    }
}
