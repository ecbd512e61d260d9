//! Each method against its formula worked out another way.

use faer::Mat;

use super::matrix::Matrix;
use super::{isotropic, singular, wudi};
use crate::jobs::Ticket;
use crate::numeric::random::Stream;

/// Changes that are not alike: random numbers, falling from column to column.
fn changes(models: u64, shape: [usize; 2]) -> Vec<Matrix> {
    let number = |model: u64, k: usize| {
        let bits = Stream::new(3, "change", model).at(k as u64) >> 40;
        let even = bits as f32 / (1 << 23) as f32 - 1.0;
        even * 0.01 / (1.0 + 0.2 * (k % shape[1]) as f32)
    };
    (0..models)
        .map(|m| {
            Matrix::new(
                shape,
                (0..shape[0] * shape[1]).map(|k| number(m, k)).collect(),
            )
        })
        .collect()
}

fn wide(matrix: &Matrix) -> Mat<f64> {
    let own = matrix.view();
    Mat::from_fn(own.nrows(), own.ncols(), |i, j| f64::from(own[(i, j)]))
}

/// The largest difference, as a share of the size of the numbers.
fn apart(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).norm_max() / b.norm_max()
}

const SHAPES: [[usize; 2]; 3] = [[24, 16], [16, 24], [20, 20]];

#[test]
fn iso_c_has_equal_singular_values_along_the_sum() {
    for shape in SHAPES {
        let changes = changes(3, shape);
        let made = wide(&isotropic::combine(&changes, &Ticket::default()).unwrap());
        let sum = changes.iter().map(wide).reduce(|a, b| a + b).unwrap();
        let svd = sum.thin_svd().unwrap();
        let values = svd.S().column_vector();
        let mean = values.iter().sum::<f64>() / values.nrows() as f64;
        let expected = svd.U() * svd.V().transpose() * faer::Scale(mean);
        assert!(apart(&made, &expected) < 1e-5, "{shape:?}");
    }
}

#[test]
fn tsv_merge_is_what_two_decompositions_of_the_parts_give() {
    for shape in SHAPES {
        let changes = changes(3, shape);
        let made = wide(&singular::combine(&changes, &Ticket::default()).unwrap());
        let n = shape[0].min(shape[1]);
        let k = n / 3;
        let (mut left, mut right) = (Mat::zeros(shape[0], 3 * k), Mat::zeros(shape[1], 3 * k));
        let mut middle = Mat::<f64>::zeros(3 * k, 3 * k);
        for (at, change) in changes.iter().enumerate() {
            let svd = wide(change).thin_svd().unwrap();
            let to = at * k;
            left.as_mut()
                .subcols_mut(to, k)
                .copy_from(svd.U().subcols(0, k));
            right
                .as_mut()
                .subcols_mut(to, k)
                .copy_from(svd.V().subcols(0, k));
            for i in 0..k {
                middle[(to + i, to + i)] = svd.S().column_vector()[i];
            }
        }
        let polar = |m: &Mat<f64>| {
            let svd = m.thin_svd().unwrap();
            svd.U() * svd.V().transpose()
        };
        let expected = polar(&left) * middle * polar(&right).transpose();
        assert!(apart(&made, &expected) < 1e-5, "{shape:?}");
    }
}

#[test]
fn wudi_is_where_the_gradient_of_its_loss_vanishes() {
    for shape in SHAPES {
        let changes = changes(2, shape);
        let made = wide(&wudi::combine(&changes, &Ticket::default()).unwrap());
        let gradient_at = |d: &Mat<f64>| {
            let mut out = Mat::<f64>::zeros(shape[0], shape[1]);
            for change in changes.iter().map(wide) {
                let square = change.squared_norm_l2();
                out += (d - &change) * change.transpose() * &change * faer::Scale(2.0 / square);
            }
            out
        };
        let sum = changes.iter().map(wide).reduce(|a, b| a + b).unwrap();
        let (end, start) = (gradient_at(&made).norm_l2(), gradient_at(&sum).norm_l2());
        assert!(end < 1e-4 * start, "{shape:?}: {end} of {start}");
    }
}

/// Descent by steps, from the sum of the changes, as the paper does it.
#[test]
fn wudi_is_where_gradient_descent_ends() {
    let changes = changes(2, [12, 8]);
    let made = wide(&wudi::combine(&changes, &Ticket::default()).unwrap());
    let own: Vec<Mat<f64>> = changes.iter().map(wide).collect();
    let mut at = &own[0] + &own[1];
    for _ in 0..4_000 {
        let mut gradient = Mat::<f64>::zeros(12, 8);
        for change in &own {
            let square = change.squared_norm_l2();
            gradient += (&at - change) * change.transpose() * change * faer::Scale(2.0 / square);
        }
        at -= gradient * faer::Scale(0.2);
    }
    assert!(apart(&made, &at) < 1e-3, "{}", apart(&made, &at));
}

#[test]
fn changes_that_are_zero_or_the_same_are_merged() {
    let ticket = Ticket::default();
    let zero = vec![Matrix::new([6, 4], vec![0.0; 24]); 2];
    for combine in [isotropic::combine, singular::combine, wudi::combine] {
        let made = combine(&zero, &ticket).unwrap();
        assert!(made.numbers.iter().all(|&x| x == 0.0));
    }
    let one = changes(1, [6, 4]);
    let twice = vec![one[0].clone(), one[0].clone()];
    let made = wudi::combine(&twice, &ticket).unwrap();
    assert!(apart(&wide(&made), &wide(&one[0])) < 1e-5);
}
