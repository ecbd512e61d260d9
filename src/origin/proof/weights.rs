//! Weights as parameters of models.

use super::decimals::{Fitted, short_ratios};
use super::schedule::{Point, constant_of, setting};
use crate::merge::recipe::{Parameters, Setting, Value};

/// Weights by their points, short where they are numbers of which only the ratios count.
pub(super) fn settings_of(points: &[Vec<Point<'_>>], are_ratios: bool) -> Option<Vec<Setting>> {
    let numbers: Option<Vec<Fitted>> = points.iter().map(|own| constant_of(own)).collect();
    match numbers.filter(|_| are_ratios) {
        Some(numbers) => {
            let short = short_ratios(&numbers).into_iter();
            Some(short.map(|w| Setting::Value(Value::Number(w))).collect())
        }
        None => points.iter().map(|own| setting(own)).collect(),
    }
}

pub(super) fn with_weights(people: &[usize], weights: Vec<Setting>) -> Vec<(usize, Parameters)> {
    let named = weights.into_iter().map(|w| vec![("weight".to_owned(), w)]);
    people.iter().copied().zip(named).collect()
}

/// 1 − t and t as settings.
pub(super) fn complement(t: &Setting) -> Option<Vec<Setting>> {
    let less = |value: &Value| match value {
        Value::Number(t) => Value::Number(rest(*t)),
        Value::Gradient(list) => Value::Gradient(list.iter().map(|&t| rest(t)).collect()),
        Value::Flag(flag) => Value::Flag(*flag),
    };
    let other = match t {
        Setting::Value(value) => Setting::Value(less(value)),
        Setting::Filtered(items) => Setting::Filtered(
            (items.iter().cloned())
                .map(|mut item| {
                    item.value = less(&item.value);
                    item
                })
                .collect(),
        ),
    };
    Some(vec![other, t.clone()])
}

/// 1 − t as a short decimal.
pub(super) fn rest(t: f64) -> f64 {
    Fitted {
        value: 1.0 - t,
        error: 0.0,
    }
    .shortest()
    .0
}

/// A fitted number as somebody wrote it.
pub(crate) fn number(fitted: Fitted) -> Setting {
    as_setting(fitted.shortest().0)
}

pub(crate) const fn as_setting(number: f64) -> Setting {
    Setting::Value(Value::Number(number))
}
