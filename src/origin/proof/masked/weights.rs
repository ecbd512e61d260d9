//! The weights that a child shows for given densities: least squares first, then the value of
//! each that most numbers allow within their rounding.

use super::super::decimals::Fitted;
use super::super::elements::Elements;
use super::super::solve::Normal;
use super::super::stabbing::overlap;
use super::way::{Fit, Way};

/// Rounding of the arithmetic in F32, as a share of the change.
const ARITHMETIC: f64 = 3e-7;
/// How often each weight is looked at again.
const ROUNDS: usize = 8;
/// What numbers that a weight does not fit cost: their share times this is added to its error.
const DOUBT: f64 = 0.01;

/// A number of the child that is made of several parents, or of one.
struct Made<'e> {
    own: &'e Elements,
    k: usize,
    kept: u32,
}

impl Fit<'_> {
    /// A few rounds of least squares.
    pub(super) fn weighed(&self, mut way: Way) -> Way {
        for _ in 0..3 {
            way = match way.normalized {
                true => self.ratios(way),
                false => self.summands(way),
            };
        }
        way
    }

    fn is_near(&self, way: &Way, own: &Elements, k: usize, kept: u32) -> bool {
        let (value, child) = (self.value(way, own, k, kept), own.child[k]);
        (value - child).abs() <= 2.0 * own.places[k] + 0.25 * child.abs()
    }

    /// δ = Σ aᵢδᵢ over what is kept.
    fn summands(&self, way: Way) -> Way {
        let n = self.parents.len();
        let mut normal = empty(n);
        self.each(&way, |own, k, kept| {
            if kept == 0 || !self.is_near(&way, own, k, kept) {
                return;
            }
            let x = |i: usize| match kept >> i & 1 {
                1 => self.change(own, k, i),
                _ => 0.0,
            };
            add(&mut normal, certainty(own, k), own.child[k], &x);
        });
        let solved = normal.solve();
        let known = solved.values.iter().zip(&solved.inverse).zip(&way.weights);
        let weights = known
            .map(|((&value, d), &old)| if d.is_finite() { value } else { old })
            .collect();
        Way { weights, ..way }
    }

    /// λ from numbers of one parent alone; then Σ wᵢ(δ − λδᵢ) = 0 over those of several, with the
    /// first weight 1.
    fn ratios(&self, mut way: Way) -> Way {
        let (mut top, mut bottom) = (0.0, 0.0);
        self.each(&way, |own, k, kept| {
            if kept.count_ones() != 1 || !self.is_near(&way, own, k, kept) {
                return;
            }
            let x = self.change(own, k, kept.trailing_zeros() as usize);
            let w = certainty(own, k);
            top += w * x * own.child[k];
            bottom += w * x * x;
        });
        if bottom > 0.0 {
            way.lambda = top / bottom;
        }
        let n = self.parents.len();
        if n < 2 {
            return way;
        }
        let mut normal = empty(n - 1);
        self.each(&way, |own, k, kept| {
            if kept.count_ones() < 2 || !self.is_near(&way, own, k, kept) {
                return;
            }
            let gap = |i: usize| match kept >> i & 1 {
                1 => own.child[k] - way.lambda * self.change(own, k, i),
                _ => 0.0,
            };
            add(&mut normal, certainty(own, k), -gap(0), &|i| gap(i + 1));
        });
        let solved = normal.solve();
        for (i, (&value, d)) in solved.values.iter().zip(&solved.inverse).enumerate() {
            if d.is_finite() && value > 0.01 && value < 100.0 {
                way.weights[i + 1] = value;
            }
        }
        way.weights[0] = 1.0;
        way
    }

    /// λ and the weights by the intervals that roundings leave them, with their errors. λ comes
    /// first where weights are divided by; the first weight is then 1, as only ratios count.
    pub(super) fn sharpened(&self, way: &Way) -> (Fitted, Vec<Fitted>) {
        let mut way = way.clone();
        let numbers = self.numbers(&way);
        let mut lambda = exact(way.lambda);
        let mut weights: Vec<Fitted> = way.weights.iter().copied().map(exact).collect();
        let first = usize::from(way.normalized);
        for _ in 0..ROUNDS {
            let before = way.clone();
            if way.normalized {
                let intervals = numbers.iter().filter_map(|own| self.of_lambda(&way, own));
                lambda = shared(intervals).unwrap_or(lambda);
                way.lambda = lambda.value;
            }
            for (i, weight) in weights.iter_mut().enumerate().skip(first) {
                let intervals = numbers
                    .iter()
                    .filter_map(|own| self.of_weight(&way, own, i));
                *weight = shared(intervals).unwrap_or(*weight);
                way.weights[i] = weight.value;
            }
            let pairs = way.weights.iter().zip(&before.weights);
            let moved = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if moved < 1e-8 {
                break;
            }
        }
        (lambda, weights)
    }

    fn numbers(&self, way: &Way) -> Vec<Made<'_>> {
        let mut out = Vec::new();
        for own in self.elements {
            for k in 0..own.len() {
                let kept = self.made(way, own, k).unwrap_or(0);
                if kept != 0 {
                    out.push(Made { own, k, kept });
                }
            }
        }
        out
    }

    fn of_lambda(&self, way: &Way, made: &Made<'_>) -> Option<[f64; 2]> {
        let [sum, weights] = self.sums(way, (made.own, made.k), made.kept, None);
        let mean = sum / weights;
        (mean.is_finite() && mean != 0.0).then(|| bounds(made).map(|child| child / mean))
    }

    /// Where the weight of one parent may lie, the others held.
    fn of_weight(&self, way: &Way, made: &Made<'_>, i: usize) -> Option<[f64; 2]> {
        if made.kept >> i & 1 == 0 {
            return None;
        }
        let change = self.change(made.own, made.k, i);
        let [sum, weights] = self.sums(way, (made.own, made.k), made.kept, Some(i));
        if !way.normalized {
            return Some(bounds(made).map(|child| (child - sum) / change));
        }
        if weights == 0.0 {
            return None;
        }
        // λ(s + wδᵢ)/(W + w) = δ
        let [a, b] = bounds(made).map(|child| {
            let below = way.lambda * change - child;
            (below, (child * weights - way.lambda * sum) / below)
        });
        let is_bounded = a.0 * b.0 > 0.0 && a.1.is_finite() && b.1.is_finite();
        is_bounded.then_some([a.1, b.1])
    }
}

fn exact(value: f64) -> Fitted {
    Fitted { value, error: 0.0 }
}

/// How much least squares counts a number.
fn certainty(own: &Elements, k: usize) -> f64 {
    1.0 / (own.places[k] * own.places[k] + 1e-6 * own.child[k].powi(2))
}

/// Between which values the child's change lay before it was rounded.
fn bounds(made: &Made<'_>) -> [f64; 2] {
    let child = made.own.child[made.k];
    let reach = 0.5005 * made.own.places[made.k] + ARITHMETIC * child.abs();
    [child - reach, child + reach]
}

fn shared(intervals: impl Iterator<Item = [f64; 2]>) -> Option<Fitted> {
    let intervals: Vec<[f64; 2]> = intervals.collect();
    let found = overlap(intervals.iter().copied())?;
    let outside = 1.0 - found.count as f64 / intervals.len() as f64;
    Some(Fitted {
        value: f64::midpoint(found.from, found.to),
        error: (found.to - found.from) / 2.0 + DOUBT * outside,
    })
}

fn empty(n: usize) -> Normal {
    Normal {
        dots: vec![vec![0.0; n]; n],
        product: vec![0.0; n],
        square: 0.0,
    }
}

fn add(normal: &mut Normal, weight: f64, y: f64, x: &dyn Fn(usize) -> f64) {
    let n = normal.product.len();
    for i in 0..n {
        normal.product[i] += weight * x(i) * y;
        for j in 0..n {
            normal.dots[i][j] += weight * x(i) * x(j);
        }
    }
    normal.square += weight * y * y;
}
