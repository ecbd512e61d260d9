use faer::{Mat, MatRef};

use super::*;

/// Sines of the indices: a matrix of full rank whose spectrum is flat, times `fall` by column.
fn waves(rows: usize, columns: usize, fall: f32) -> Held {
    let stream = Stream::new(7, "waves", 0);
    let number = |k: usize| {
        let bits = stream.at(k as u64) >> 40;
        let x = bits as f32 / (1u64 << 23) as f32 - 1.0;
        x * fall.powi((k % columns) as i32)
    };
    Held {
        shape: [rows, columns],
        numbers: (0..rows * columns).map(number).collect(),
    }
}

fn low_rank(rows: usize, columns: usize, rank: usize) -> Held {
    let (a, b) = (waves(rows, rank, 0.8), waves(rank, columns, 1.0));
    let product = of(&a) * of(&b);
    let numbers = (0..rows * columns).map(|k| product[(k / columns, k % columns)]);
    Held {
        shape: [rows, columns],
        numbers: numbers.collect(),
    }
}

fn of(held: &Held) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(&held.numbers, held.shape[0], held.shape[1])
}

/// All singular values, by another way and in wide numbers.
fn values_of(held: &Held) -> Vec<f64> {
    let narrow = of(held);
    let wide = Mat::from_fn(narrow.nrows(), narrow.ncols(), |i, j| {
        f64::from(narrow[(i, j)])
    });
    wide.singular_values().unwrap()
}

fn goal(most: usize) -> Goal {
    Goal {
        most,
        energy: None,
        epsilon: 0.0,
    }
}

fn found(matrix: &dyn Matrix, goal: Goal) -> Truncated {
    truncated(matrix, goal, Stream::new(0, "test", 0), &|_| Ok(())).unwrap()
}

/// Against a full decomposition: values, what is left, and vectors of length 1.
fn check(held: &Held, rank: usize) {
    let matrix = of(held);
    let own = found(held, goal(rank));
    let values = values_of(held);
    let energy: f64 = values.iter().map(|s| s * s).sum();
    assert!((own.energy - energy).abs() <= 1e-9 * energy);
    let best = values.iter().skip(rank).map(|s| s * s).sum::<f64>().sqrt();
    let scaled = Mat::from_fn(own.left.nrows(), own.values.len(), |i, k| {
        own.left[(i, k)] * own.values[k] as f32
    });
    let left = f64::from((matrix - scaled * own.right.transpose()).norm_l2());
    let (rows, columns) = (held.shape[0], held.shape[1]);
    let what = format!("{rows} × {columns}, rank {rank}: {left} and {best}");
    assert!(left <= 1.0001 * best + 1e-5 * energy.sqrt(), "{what}");
    for side in [&own.left, &own.right] {
        let inner = side.transpose() * side;
        let identity = Mat::<f32>::identity(inner.nrows(), inner.ncols());
        assert!((inner - identity).norm_max() < 1e-4, "{what}");
    }
    for (own, value) in own.values.iter().zip(&values) {
        assert!((own - value).abs() <= 1e-3 * values[0], "{what}");
    }
}

#[test]
fn no_product_of_that_rank_is_nearer() {
    // Small sides go the exact way, the others by a Krylov space where little is wanted.
    for (rows, columns) in [(3, 5), (60, 40), (40, 60), (420, 400), (300, 450)] {
        for rank in [1, 3, 17, 39] {
            check(&waves(rows, columns, 1.0), rank.min(rows.min(columns)));
            check(&waves(rows, columns, 0.97), rank.min(rows.min(columns)));
        }
    }
    check(&waves(300, 260, 1.0), 200);
    check(&low_rank(400, 300, 5), 20);
    check(&low_rank(300, 400, 3), 3);
}

#[test]
fn nothing_is_decomposed_into_nothing() {
    for shape in [[4, 3], [300, 250]] {
        let zero = Held {
            shape,
            numbers: vec![0.0; shape[0] * shape[1]],
        };
        let own = found(&zero, goal(2));
        assert_eq!((own.values, own.energy), (vec![0.0; 2], 0.0));
        let share = Goal {
            energy: Some(0.9),
            ..goal(2)
        };
        assert!(found(&zero, share).values.is_empty());
    }
}

#[test]
fn a_share_is_kept_by_the_fewest_ranks_and_thresholds_cut() {
    for (held, share) in [
        (waves(50, 30, 0.9), 0.9),
        (waves(400, 300, 0.95), 0.9),
        // More than half of the ranks: the space gives way to the exact way.
        (waves(300, 250, 1.0), 0.95),
    ] {
        let most = held.shape[1];
        let values = values_of(&held);
        let squares: Vec<f64> = values.iter().map(|s| s * s).collect();
        let all: f64 = squares.iter().sum();
        let wanted = Goal {
            energy: Some(share),
            ..goal(most)
        };
        let rank = found(&held, wanted).values.len();
        let sum = |n: usize| squares[..n].iter().sum::<f64>() / all;
        assert!(
            sum(rank) > share - 1e-4 && sum(rank - 1) < share + 1e-4,
            "{rank}"
        );
        let threshold = (values[4] + values[5]) / 2.0;
        let cut = Goal {
            epsilon: threshold,
            ..goal(9)
        };
        assert_eq!(found(&held, cut).values.len(), 5);
    }
}

/// Read anew for every product, as a matrix that is too large for memory.
struct Streamed<'h>(&'h Held);

impl Matrix for Streamed<'_> {
    fn shape(&self) -> [usize; 2] {
        self.0.shape
    }

    fn read(&self, rows: &std::ops::Range<usize>, out: &mut [f32]) {
        self.0.read(rows, out);
    }

    fn lent(&self, _: &std::ops::Range<usize>) -> Option<&[f32]> {
        None
    }
}

#[test]
fn threads_and_ways_of_reading_change_nothing() {
    for (rows, columns) in [(5000, 300), (300, 5000), (4000, 100)] {
        let held = waves(rows, columns, 0.99);
        let on = |threads: usize, matrix: &dyn Matrix| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| found(matrix, goal(10)))
        };
        let one = on(1, &held);
        for other in [on(3, &held), on(2, &Streamed(&held))] {
            assert_eq!(one.values, other.values);
            assert!(one.left == other.left && one.right == other.right);
        }
    }
}

#[test]
fn what_is_not_finite_and_what_is_cancelled_has_no_decomposition() {
    let mut odd = waves(4, 4, 1.0);
    odd.numbers[5] = f32::NAN;
    let random = Stream::new(0, "test", 0);
    let end = truncated(&odd, goal(2), random, &|_| Ok(()));
    assert!(matches!(end, Err(SvdError::NotFinite)));
    let stop = |_| Err(Failure::Cancelled);
    let end = truncated(&waves(300, 300, 1.0), goal(2), random, &stop);
    assert!(matches!(end, Err(SvdError::Stopped(Failure::Cancelled))));
}

#[test]
fn factors_share_the_scale_or_leave_it_to_a() {
    let held = waves(7, 5, 1.0);
    let own = found(&held, goal(5));
    for (is_across, distribute, scale) in [
        (false, true, 1.0),
        (true, true, 1.0),
        (false, false, 1.0),
        (true, false, 0.5),
    ] {
        let factors = Factors::new(&own, is_across, distribute, scale);
        let ((a, inputs), (b, outputs)) = (factors.a(), factors.b());
        let a = MatRef::from_row_major_slice(&a, 5, inputs);
        let b = MatRef::from_row_major_slice(&b, outputs, 5);
        let product = b * a;
        let whole = of(&held).to_owned() * faer::Scale(scale as f32);
        let product = if is_across {
            product.transpose().to_owned()
        } else {
            product
        };
        assert!((whole - product).norm_max() < 1e-5);
        if distribute {
            assert!((a.norm_l2() - b.norm_l2()).abs() < 1e-4);
        } else {
            let inner = b.transpose() * b;
            assert!((inner - Mat::<f32>::identity(5, 5)).norm_max() < 1e-5);
        }
        let left = residual(&held, &factors, 1.0 / scale, &|_| Ok(())).unwrap();
        assert!(left < 1e-5);
    }
}
