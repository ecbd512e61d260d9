//! The number that lies in most of many intervals.
//!
//! Where a method has put λδ into a child, δ_c/δ is λ up to what rounding has moved the weight by:
//! an interval for each weight, narrow where δ is large. The λ that most intervals hold is found by
//! going through all their ends in order; how many would hold any number near it by chance is the
//! mean over its neighbourhood.

/// An interval.
pub type Interval = [f64; 2];

/// The number that most intervals hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The number.
    pub at: f64,
    /// How many hold it.
    pub count: f64,
    /// How many hold a number between 3 % and 10 % away, on the average.
    pub around: f64,
}

/// Numbers that are looked for: below them a change is lost in rounding, above no recipe goes.
const SMALLEST: f64 = 0.03;
const LARGEST: f64 = 8.0;

/// The peak of these intervals; `None` for fewer than twenty in reach.
pub fn peak(intervals: impl Iterator<Item = Interval>) -> Option<Peak> {
    let in_reach = |[low, high]: &Interval| *low > 0.0 && *high > SMALLEST && *low < LARGEST;
    let intervals: Vec<Interval> = intervals.filter(in_reach).collect();
    if intervals.len() < 20 {
        return None;
    }
    let (at, count) = most_stabbed(&intervals)?;
    let sides = [[0.90, 0.97], [1.03, 1.10]];
    let beside = sides.map(|[from, to]| mean_over(&intervals, [at * from, at * to]));
    Some(Peak {
        at,
        count,
        around: (beside[0] + beside[1]) / 2.0,
    })
}

fn most_stabbed(intervals: &[Interval]) -> Option<(f64, f64)> {
    let ends = intervals
        .iter()
        .flat_map(|[low, high]| [(*low, 1), (*high, -1)]);
    let mut ends: Vec<(f64, i32)> = ends.collect();
    // Where one ends and another begins, both hold the number.
    ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let (mut open, mut best) = (0, None);
    for pair in ends.windows(2) {
        open += pair[0].1;
        if best.is_none_or(|(_, most)| open > most) {
            best = Some(((pair[0].0 + pair[1].0) / 2.0, open));
        }
    }
    best.map(|(at, most)| (at, f64::from(most)))
}

/// How many intervals hold a number of `[from, to]`, on the average.
fn mean_over(intervals: &[Interval], [from, to]: Interval) -> f64 {
    let within = |[low, high]: &Interval| (high.min(to) - low.max(from)).max(0.0);
    intervals.iter().map(within).sum::<f64>() / (to - from)
}

/// The interval of x / by, where x may be off by `error`.
pub fn ratio(x: f64, error: f64, by: f64) -> Interval {
    let (a, b) = ((x - error) / by, (x + error) / by);
    [a.min(b), a.max(b)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_lies_where_most_intervals_meet() {
        let even = (0..60u32)
            .map(|k| 0.5 + f64::from(k) / 60.0)
            .map(|x| [x, x + 0.01]);
        let heap = (0..25u32)
            .map(|k| f64::from(k) * 1e-4)
            .map(|x| [0.8 - x, 0.8 + x]);
        let found = peak(even.chain(heap)).unwrap();
        assert!(
            (found.at - 0.8).abs() < 0.005 && found.count >= 25.0,
            "{found:?}"
        );
        assert!(found.around < 2.0, "{found:?}");
    }

    #[test]
    fn a_few_intervals_have_no_peak() {
        assert_eq!(peak((0..10).map(|_| [1.0, 1.0])), None);
        let negative = (0..50).map(|_| [-1.0, -0.9]);
        assert_eq!(peak(negative), None);
        assert_eq!(ratio(1.0, 0.5, -2.0), [-0.75, -0.25]);
    }
}
