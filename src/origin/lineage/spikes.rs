//! Whether many numbers of a child have changed by one multiple of what they changed in a model.
//!
//! TIES, DARE, DELLA and breadcrumbs take most numbers of a child from one parent: there the ratio
//! of the changes is a constant, 1 for TIES, weight over density for DARE. Among the numbers that
//! the parent has changed most, the densest narrow window of ratios shows it as a spike; ratios
//! of models that only have a common base are spread. A linear merge has no spike.

use super::changes::Changes;

/// Of a parent's changes those that are largest beside the last place of the base's number.
const LARGEST: usize = 20_000;
/// Width of the window, in logarithms of the ratio.
const WINDOW: f64 = 0.02;
/// Ratios that are looked at.
const RATIOS: (f64, f64) = (0.04, 4.0);
/// Fewer than this say nothing.
const LEAST: usize = 50;

/// The spike of a child's ratios to a model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spike {
    /// Share of the numbers in it, beyond those that lie in windows beside it.
    pub share: f64,
    /// The ratio where it stands.
    pub ratio: f64,
}

/// A model's largest changes: places among the sampled numbers, ascending.
pub fn largest(changes: &Changes, model: usize) -> Vec<usize> {
    let row = &changes.rows[model];
    let size = |k: usize| row[k].abs() / changes.place[k];
    let mut places: Vec<usize> = (0..row.len()).filter(|&k| row[k] != 0.0).collect();
    let most = LARGEST.min(places.len() / 8).max(LEAST.min(places.len()));
    if most < places.len() {
        places.select_nth_unstable_by(most, |&a, &b| {
            size(b).total_cmp(&size(a)).then_with(|| a.cmp(&b))
        });
        places.truncate(most);
    }
    places.sort_unstable();
    places
}

/// The spike of `child` among the `largest` changes of `model`.
pub fn spike(changes: &Changes, child: usize, model: usize, largest: &[usize]) -> Spike {
    let ratio = |&k: &usize| f64::from(changes.rows[child][k]) / f64::from(changes.rows[model][k]);
    let within = |ratio: &f64| (RATIOS.0..RATIOS.1).contains(ratio);
    let ratios = largest.iter().map(ratio).filter(within);
    let mut logs: Vec<f64> = ratios.map(f64::ln).collect();
    if logs.len() < LEAST {
        return Spike::default();
    }
    logs.sort_by(f64::total_cmp);
    let (start, end) = densest(&logs, WINDOW);
    let low = logs[start];
    let between = |from: f64, to: f64| {
        let up_to = |x: f64| logs.partition_point(|&own| own < low + x * WINDOW);
        up_to(to) - up_to(from)
    };
    let beside = (between(-3.0, -1.0) + between(2.0, 4.0)) as f64 / 4.0;
    Spike {
        share: ((end - start) as f64 - beside) / largest.len() as f64,
        ratio: logs[start + (end - start) / 2].exp(),
    }
}

/// Where most of some ascending numbers lie within `width` of each other.
pub fn densest(sorted: &[f64], width: f64) -> (usize, usize) {
    let (mut best, mut end) = ((0, 0), 0);
    for (start, &low) in sorted.iter().enumerate() {
        while end < sorted.len() && sorted[end] <= low + width {
            end += 1;
        }
        if end - start > best.1 - best.0 {
            best = (start, end);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_densest_window_holds_most() {
        let numbers = [0.0, 1.0, 1.01, 1.015, 2.0];
        assert_eq!(densest(&numbers, 0.02), (1, 4));
        assert_eq!(densest(&[], 0.02), (0, 0));
    }
}
