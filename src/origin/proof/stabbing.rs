//! Coefficients of a child whose numbers were rounded to few bits.
//!
//! Where models differ by one or two last places, what rounding leaves is not noise: a mean of
//! two neighbours always falls on the same side, and least squares is off by several thousandths.
//! But each number of the child says between which two values its exact mean lay, and so between
//! which two values a coefficient lies while the others are held. The value that most of these
//! intervals share is found for one coefficient after the other; 4,096 numbers give five digits.

/// Numbers of the child, with what they were made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// b, δ₁ … δₙ, δ of each number, one after the other.
    pub values: Vec<f32>,
    /// How many there are of each.
    pub width: usize,
    /// Half of the child's last place, for each number.
    pub reach: Vec<f32>,
}

/// The most numbers that are kept of a tensor.
pub(crate) const MOST_ROWS: usize = 4096;
/// How often each coefficient is looked at again.
const ROUNDS: usize = 12;
/// A bound is rounded itself.
const SLACK: f64 = 1.001;
/// What numbers out of reach cost: their share times this is added to the errors.
const DOUBT: f64 = 0.02;

/// Improves coefficients of `columns`; gives the error of each, by the width of the interval that
/// is left for it.
pub(crate) fn improve(rows: &Rows, columns: &[usize], values: &mut [f64]) -> Vec<f64> {
    let numbers: Vec<Row> = (rows.values.chunks_exact(rows.width.max(1)).zip(&rows.reach))
        .map(|(row, &reach)| Row {
            of: columns.iter().map(|&k| f64::from(row[k])).collect(),
            child: f64::from(row[rows.width - 1]),
            reach: f64::from(reach) * SLACK,
        })
        .collect();
    let mut errors = vec![f64::INFINITY; values.len()];
    let mut shared = 0;
    for _ in 0..ROUNDS {
        let before = values.to_vec();
        for k in 0..values.len() {
            let Some(found) = most_shared(&numbers, values, k) else {
                continue;
            };
            values[k] = (found.from + found.to) / 2.0;
            errors[k] = (found.to - found.from) / 2.0;
            shared = found.count;
        }
        let moved = values.iter().zip(&before).map(|(a, b)| (a - b).abs());
        if moved.fold(0.0, f64::max) < 1e-7 {
            break;
        }
    }
    let out_of_reach = 1.0 - shared as f64 / numbers.len().max(1) as f64;
    errors
        .iter()
        .map(|error| error + DOUBT * out_of_reach)
        .collect()
}

struct Row {
    of: Vec<f64>,
    child: f64,
    reach: f64,
}

/// Where most of a set of intervals overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shared {
    pub from: f64,
    pub to: f64,
    /// How many intervals it lies in.
    pub count: usize,
}

/// Where most intervals for coefficient `k` overlap.
fn most_shared(numbers: &[Row], values: &[f64], k: usize) -> Option<Shared> {
    let mut always = 0;
    let intervals = numbers.iter().filter_map(|row| {
        let others = row.of.iter().zip(values).enumerate();
        let others = others.filter(|(j, _)| *j != k).map(|(_, (x, c))| x * c);
        let rest = row.child - others.sum::<f64>();
        let x = row.of[k];
        if x.abs() < row.reach * 1e-6 {
            always += usize::from(rest.abs() <= row.reach);
            return None;
        }
        Some([(rest - row.reach) / x, (rest + row.reach) / x])
    });
    let mut shared = overlap(intervals)?;
    shared.count += always;
    Some(shared)
}

/// Where most of these intervals overlap, whose ends are in any order; `None` of none.
pub(crate) fn overlap(intervals: impl Iterator<Item = [f64; 2]>) -> Option<Shared> {
    // Where an interval begins, +1, and where it ends, −1.
    let ends = intervals.flat_map(|[a, b]| [(a.min(b), 1), (a.max(b), -1)]);
    let mut ends: Vec<(f64, i32)> = ends.collect();
    ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let (mut open, mut best) = (0, (0, 0));
    for (at, (_, step)) in ends.iter().enumerate() {
        open += step;
        if open > best.0 {
            best = (open, at);
        }
    }
    let (count, at) = best;
    let (from, to) = (ends.get(at)?.0, ends.get(at + 1)?.0);
    Some(Shared {
        from,
        to,
        count: count as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two models a few last places apart, and their mean rounded to the grid.
    #[test]
    fn a_mean_of_neighbours_is_found_where_least_squares_is_off() {
        let (share, unit) = (0.4855, 1.0f64 / 1024.0);
        let mut rows = Rows {
            width: 3,
            ..Rows::default()
        };
        let (mut product, mut square) = (0.0, 0.0);
        for k in 0..4096u32 {
            let apart = f64::from(k.wrapping_mul(2_654_435_761) >> 27) - 16.0;
            let change = (apart * share).round();
            product += apart * change;
            square += apart * apart;
            rows.values
                .extend([1.0, (apart * unit) as f32, (change * unit) as f32]);
            rows.reach.push((unit / 2.0) as f32);
        }
        let least_squares: f64 = product / square;
        assert!((least_squares - share).abs() > 1e-3, "{least_squares}");
        let mut values = [least_squares];
        let errors = improve(&rows, &[1], &mut values);
        assert!(
            (values[0] - share).abs() <= errors[0] + 1e-9,
            "{values:?} {errors:?}"
        );
        assert!(errors[0] < 0.02, "{errors:?}");
    }
}
