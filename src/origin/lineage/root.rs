//! Which model of a family is the base that the others were trained from.
//!
//! What fine-tunes change is nearly orthogonal from one to the other, seen from their base; seen
//! from one of them, all others lie in one direction, that of the base, at cosines about 0.5. So
//! the base is the model from which the median of the absolute cosines is least. A merge in the
//! middle of others sees its parents on opposite sides, at clearly negative cosines; a base sees
//! no such pair. Of few models,
//! or of a chain of fine-tunes, that is only the one in the middle: there the direction of
//! training has to say the same. Training on a narrow task lets the norm grow and the kurtosis of
//! the weights fall (MoTHer, arXiv 2405.18432), so the base has the least norm and the greatest
//! kurtosis.

use super::sample::Sample;
use super::sums::Sums;

/// Seen from a fine-tune the median is about 0.5; a base is below this.
const MOST_ALIKE: f64 = 0.42;
/// Of so many models the geometry alone is enough.
const ENOUGH_MODELS: usize = 5;

/// What a negative cosine costs, and from where on.
const OPPOSITE: f64 = 2.0;
const AS_GOOD_AS_NONE: f64 = 0.05;

/// A model that is this near to another, as a share of the usual squared distance, sees the others
/// as that does.
const NEARLY: f64 = 0.01;

/// A base, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Root {
    /// The model.
    pub model: usize,
    /// 0 to 1.
    pub confidence: f64,
}

/// The models of `open` by how little the others are alike seen from them, the best first.
pub fn ranked(sums: &Sums, open: &[usize]) -> Vec<(f64, usize)> {
    let mut out: Vec<(f64, usize)> = open
        .iter()
        .map(|&model| (alike(sums, open, model), model))
        .collect();
    out.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    out
}

/// The median |cosine| of the others' differences from `origin`, and something more where two of
/// them lie on opposite sides; 1 where there is no pair.
fn alike(sums: &Sums, open: &[usize], origin: usize) -> f64 {
    let others: Vec<usize> = open.iter().copied().filter(|&m| m != origin).collect();
    let mut cosines = Vec::new();
    for (k, &a) in others.iter().enumerate() {
        for &b in &others[k + 1..] {
            cosines.push(cosine(sums, a, b, origin));
        }
    }
    let least = cosines.iter().copied().fold(0.0, f64::min);
    let opposite = OPPOSITE * (-least - AS_GOOD_AS_NONE).max(0.0);
    let mut sizes: Vec<f64> = cosines.iter().map(|cosine| cosine.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes
        .get(sizes.len() / 2)
        .map_or(1.0, |median| median + opposite)
}

/// The cosine of two models' differences from a third; 0 where one is equal to it.
pub fn cosine(sums: &Sums, a: usize, b: usize, origin: usize) -> f64 {
    let sizes = sums.distance2(a, origin) * sums.distance2(b, origin);
    if sizes > 0.0 {
        sums.product(a, b, origin) / sizes.sqrt()
    } else {
        0.0
    }
}

/// The base among models none of which is a merge of the others; `None` where it cannot be told.
pub fn root(sums: &Sums, sample: &Sample, dense: &[usize]) -> Option<Root> {
    let eldest = eldest(sums, sample, dense);
    match dense {
        [] => None,
        [only] => Some(Root {
            model: *only,
            confidence: 0.6,
        }),
        [_, _] => eldest.map(|model| Root {
            model,
            confidence: 0.6,
        }),
        _ => {
            let (alike, middle) = *ranked(sums, dense).first()?;
            let middle = kept_most(sums, sample, dense, middle);
            let agrees = eldest == Some(middle);
            if alike < MOST_ALIKE && (agrees || dense.len() >= ENOUGH_MODELS) {
                let confidence = if agrees { 0.95 } else { 0.85 };
                return Some(Root {
                    model: middle,
                    confidence,
                });
            }
            let few = dense.len() < ENOUGH_MODELS;
            eldest
                .filter(|_| few && alike < MOST_ALIKE)
                .map(|model| Root {
                    model,
                    confidence: 0.6,
                })
        }
    }
}

/// Of the model in the middle and those that are nearly it, as the model stock of unrelated parents
/// is nearly the base: the one of which the others have kept the most numbers.
fn kept_most(sums: &Sums, sample: &Sample, dense: &[usize], middle: usize) -> usize {
    let distance2 = |&model: &usize| sums.distance2(model, middle);
    let mut all: Vec<f64> = dense.iter().map(distance2).collect();
    all.sort_by(f64::total_cmp);
    let usual = all[all.len() / 2];
    let is_near = |model: &usize| distance2(model) < NEARLY * usual;
    let (near, others): (Vec<usize>, Vec<usize>) = dense.iter().copied().partition(is_near);
    let kept = |model: usize| -> usize {
        let of = |&other: &usize| sample.equal_numbers(model, other);
        others.iter().map(of).sum()
    };
    let most = near
        .iter()
        .copied()
        .max_by_key(|&model| (kept(model), model == middle));
    most.unwrap_or(middle)
}

/// The model that has both the least norm and the greatest kurtosis, if one has.
fn eldest(sums: &Sums, sample: &Sample, models: &[usize]) -> Option<usize> {
    let by_norm = least(models, &|model| sums.square(model))?;
    let by_kurtosis = least(models, &|model| -kurtosis(sample, model))?;
    (by_norm == by_kurtosis).then_some(by_norm)
}

/// The model of which something is least.
fn least(models: &[usize], of: &dyn Fn(usize) -> f64) -> Option<usize> {
    let models = models.iter().copied();
    models.min_by(|&a, &b| of(a).total_cmp(&of(b)))
}

/// The kurtosis of a model's sampled numbers about zero: n·Σx⁴ / (Σx²)².
fn kurtosis(sample: &Sample, model: usize) -> f64 {
    let (mut second, mut fourth, mut count) = (0.0, 0.0, 0.0);
    for tensor in &sample.tensors {
        for &x in &tensor.rows[model] {
            let square = f64::from(x) * f64::from(x);
            second += square;
            fourth += square * square;
        }
        count += tensor.len() as f64;
    }
    if second > 0.0 {
        count * fourth / (second * second)
    } else {
        0.0
    }
}
