//! From the value that a parameter has in each tensor to the setting that somebody wrote: one
//! number, a list over the layers, or either for the parts that a filter names.
//!
//! The simplest that explains all tensors within their errors is taken. Lists are read as
//! mergekit reads them: points spread evenly over the layers, straight lines between, and the
//! first for tensors outside the layers.

use super::decimals::Fitted;
use super::solve::Normal;
use crate::merge::recipe::{Filtered, Setting, Value, evaluate};

/// What a parameter is worth in one tensor.
#[derive(Clone, Debug)]
pub(crate) struct Point<'a> {
    /// The tensor.
    pub name: &'a str,
    /// Its place among the layers, 0 to 1; 0 outside them.
    pub at: f64,
    /// Its layer.
    pub layer: Option<u32>,
    /// The value; of unknown size where its error is infinite.
    pub fitted: Fitted,
}

/// The most points of a list.
const MOST_POINTS: usize = 12;
/// What a value may be off beside its error: the angle between models is taken from a sample.
const SLACK: f64 = 4e-4;

/// The simplest setting; `None` if nothing simple explains the points.
pub(crate) fn setting(points: &[Point<'_>]) -> Option<Setting> {
    let all: Vec<&Point<'_>> = points.iter().collect();
    if let Some(value) = simple(&all) {
        return Some(Setting::Value(value));
    }
    filtered(points, 1).or_else(|| filtered(points, 2))
}

/// One number, or one list, for all of these points.
fn simple(points: &[&Point<'_>]) -> Option<Value> {
    constant(points).or_else(|| list(points))
}

fn known<'p, 'a>(points: &'p [&'a Point<'a>]) -> impl Iterator<Item = &'p &'a Point<'a>> {
    points.iter().filter(|point| point.fitted.error.is_finite())
}

fn weight(point: &Point<'_>) -> f64 {
    1.0 / (point.fitted.error + 1e-6).powi(2)
}

fn fits(point: &Point<'_>, value: f64) -> bool {
    (point.fitted.value - value).abs() <= 6.0 * point.fitted.error + SLACK
}

/// The one number that explains all points, as it was fitted; `None` if there is none.
pub(crate) fn constant_of(points: &[Point<'_>]) -> Option<Fitted> {
    let all: Vec<&Point<'_>> = points.iter().collect();
    let mean = mean(&all)?;
    known(&all)
        .all(|point| fits(point, mean.value))
        .then_some(mean)
}

fn constant(points: &[&Point<'_>]) -> Option<Value> {
    let (short, _) = mean(points)?.shortest();
    known(points)
        .all(|point| fits(point, short))
        .then_some(Value::Number(short))
}

/// The one number that explains the points best, well or not.
pub(crate) fn pooled(points: &[Point<'_>]) -> Option<Fitted> {
    mean(&points.iter().collect::<Vec<_>>())
}

/// The mean by weight, with an error.
fn mean(points: &[&Point<'_>]) -> Option<Fitted> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for point in known(points) {
        sum += weight(point) * point.fitted.value;
        weights += weight(point);
    }
    if weights == 0.0 {
        return None;
    }
    let mean = Fitted {
        value: sum / weights,
        error: weights.sqrt().recip(),
    };
    Some(spread(mean, points))
}

/// A mean whose error is that of the scatter, where that is larger than the errors say.
fn spread(mean: Fitted, points: &[&Point<'_>]) -> Fitted {
    let (mut chi, mut n) = (0.0, 0.0);
    for point in known(points) {
        chi += weight(point) * (point.fitted.value - mean.value).powi(2);
        n += 1.0;
    }
    let excess = if n > 1.0 {
        (chi / (n - 1.0)).sqrt()
    } else {
        1.0
    };
    Fitted {
        error: mean.error * excess.clamp(1.0, 30.0),
        ..mean
    }
}

fn list(points: &[&Point<'_>]) -> Option<Value> {
    let mut places: Vec<f64> = known(points).map(|point| point.at).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let found = (2..=places.len().min(MOST_POINTS)).find_map(|n| list_of(points, n))?;
    // Five points over four layers leave numbers of many places, which nobody wrote.
    let is_long = |list: &[f64]| list.iter().any(|value| tenths(*value).is_none());
    match &found {
        Value::Gradient(list) if is_long(list) => {
            let longer = (places.len() + 1..=places.len() + 2).filter(|&n| n <= MOST_IN_TENTHS);
            Some(
                longer
                    .into_iter()
                    .find_map(|n| in_tenths(points, n))
                    .unwrap_or(found),
            )
        }
        _ => Some(found),
    }
}

/// The most points of a list that is looked for in tenths.
const MOST_IN_TENTHS: usize = 6;

/// A number with one place, times ten.
fn tenths(value: f64) -> Option<i32> {
    let tenths = (value * 10.0).round();
    ((value * 10.0 - tenths).abs() < 1e-9).then_some(tenths as i32)
}

/// A list of `n` points from 0 to 1 in tenths that explains all points, the nearest one; point by
/// point, so that what cannot be right is left early.
fn in_tenths(points: &[&Point<'_>], n: usize) -> Option<Value> {
    let mut best: Option<(f64, Vec<f64>)> = None;
    let mut list = Vec::new();
    extend(points, n, &mut list, &mut best);
    best.map(|(_, list)| Value::Gradient(list))
}

fn extend(
    points: &[&Point<'_>],
    n: usize,
    list: &mut Vec<f64>,
    best: &mut Option<(f64, Vec<f64>)>,
) {
    // Points whose two neighbours in the list are there.
    let decided = |list: &[f64]| {
        let mut off = 0.0;
        for point in known(points) {
            let near = shares(point.at, n)
                .into_iter()
                .filter(|(_, share)| *share > 1e-9);
            let mut value = 0.0;
            let mut is_whole = true;
            for (k, share) in near {
                is_whole &= k < list.len();
                value += share * list.get(k).copied().unwrap_or(0.0);
            }
            if is_whole && !fits(point, value) {
                return None;
            }
            off += if is_whole {
                weight(point) * (point.fitted.value - value).powi(2)
            } else {
                0.0
            };
        }
        Some(off)
    };
    let Some(off) = decided(list) else { return };
    if list.len() == n {
        if best.as_ref().is_none_or(|(known, _)| off < *known) {
            *best = Some((off, list.clone()));
        }
        return;
    }
    for tenth in 0..=10 {
        list.push(f64::from(tenth) / 10.0);
        extend(points, n, list, best);
        list.pop();
    }
}

/// The share that each of two neighbouring points of a list of `n` has at a place.
fn shares(at: f64, n: usize) -> [(usize, f64); 2] {
    let scaled = at.clamp(0.0, 1.0) * (n - 1) as f64;
    let before = (scaled as usize).min(n - 1);
    let after = (before + 1).min(n - 1);
    let share = scaled - before as f64;
    [(before, 1.0 - share), (after, share)]
}

fn list_of(points: &[&Point<'_>], n: usize) -> Option<Value> {
    let mut normal = Normal {
        dots: vec![vec![0.0; n]; n],
        product: vec![0.0; n],
        square: 0.0,
    };
    for point in known(points) {
        let (w, y) = (weight(point), point.fitted.value);
        for (i, a) in shares(point.at, n) {
            normal.product[i] += w * a * y;
            for (j, b) in shares(point.at, n) {
                normal.dots[i][j] += w * a * b;
            }
        }
        normal.square += w * y * y;
    }
    let solved = normal.solve();
    let is_determined = solved.inverse.iter().all(|d| d.is_finite());
    let points_of_list = solved.values.iter().zip(&solved.inverse);
    let list: Vec<f64> = points_of_list
        .map(|(&value, d)| {
            let error = d.sqrt();
            Fitted { value, error }.shortest().0
        })
        .collect();
    let value = |at: f64| {
        shares(at, n)
            .into_iter()
            .map(|(i, a)| a * list[i])
            .sum::<f64>()
    };
    let explains = is_determined && known(points).all(|point| fits(point, value(point.at)));
    explains.then_some(Value::Gradient(list))
}

/// The word of a tensor's name that a filter could name: the first after the number of the layer
/// or, at `depth` 2, the second; the whole name outside the layers.
fn part<'a>(point: &Point<'a>, depth: usize) -> &'a str {
    let Some(layer) = point.layer else {
        return point.name.trim_end_matches(".weight");
    };
    let number = layer.to_string();
    let mut words = point
        .name
        .split('.')
        .skip_while(|word| *word != number)
        .skip(1);
    let first = words.next().unwrap_or(point.name);
    match (depth, words.next()) {
        (2, Some(second)) if second != "weight" && second != "bias" => second,
        _ => first,
    }
}

/// Parts with a value each: the most frequent is for whatever no filter names.
fn filtered(points: &[Point<'_>], depth: usize) -> Option<Setting> {
    let mut names: Vec<&str> = Vec::new();
    for point in points {
        let own = part(point, depth);
        if !names.contains(&own) {
            names.push(own);
        }
    }
    let members = |name: &str| -> Vec<&Point<'_>> {
        points
            .iter()
            .filter(|point| part(point, depth) == name)
            .collect()
    };
    let mut groups: Vec<(&str, Vec<&Point<'_>>, Option<Value>)> = Vec::new();
    for name in names {
        let members = members(name);
        let value = simple(&members);
        if value.is_none() && known(&members).next().is_some() {
            return None;
        }
        groups.push((name, members, value));
    }
    let explains = |value: &Value, members: &[&Point<'_>]| {
        let setting = Setting::Value(value.clone());
        known(members).all(|point| {
            evaluate(&setting, point.name, point.at).is_some_and(|value| fits(point, value))
        })
    };
    // The value for the rest explains the most parts; among equals, the fewest numbers.
    let candidates = groups.iter().filter_map(|(_, _, value)| value.as_ref());
    let rest = candidates
        .max_by_key(|value| {
            let covered = groups
                .iter()
                .filter(|(_, members, _)| explains(value, members));
            let (mut parts, mut layered) = (0usize, 0usize);
            for (_, members, _) in covered {
                parts += 1;
                layered += members.len();
            }
            let is_number = usize::from(matches!(value, Value::Number(_)));
            (parts, is_number, usize::MAX - layered)
        })?
        .clone();
    let others = groups
        .iter()
        .filter(|(_, members, _)| !explains(&rest, members));
    let mut items: Vec<Filtered> = Vec::new();
    for (name, _, value) in others {
        items.push(Filtered {
            filter: Some((*name).to_owned()),
            value: value.clone()?,
        });
    }
    // The first filter that fits wins: longer ones first.
    items.sort_by_key(|item| std::cmp::Reverse(item.filter.as_ref().map_or(0, String::len)));
    items.push(Filtered {
        filter: None,
        value: rest,
    });
    let setting = Setting::Filtered(items);
    let all: Vec<&Point<'_>> = points.iter().collect();
    let holds = known(&all).all(|point| {
        evaluate(&setting, point.name, point.at).is_some_and(|value| fits(point, value))
    });
    holds.then_some(setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<(String, Option<u32>)> {
        let layers = (0..6u32).flat_map(|layer| {
            ["self_attn.q_proj", "mlp.up_proj", "input_layernorm"]
                .map(|part| (format!("model.layers.{layer}.{part}.weight"), Some(layer)))
        });
        [("model.embed_tokens.weight".to_owned(), None)]
            .into_iter()
            .chain(layers)
            .collect()
    }

    /// The setting of what `wanted` says of each tensor, with noise.
    fn found(wanted: &Setting) -> Setting {
        let names = names();
        let mut points = Vec::new();
        for (k, (name, layer)) in names.iter().enumerate() {
            let at = layer.map_or(0.0, |layer| f64::from(layer) / 5.0);
            let noise = if k % 2 == 0 { 1e-5 } else { -1e-5 };
            let value = evaluate(wanted, name, at).unwrap() + noise;
            points.push(Point {
                name,
                at,
                layer: *layer,
                fitted: Fitted { value, error: 1e-5 },
            });
        }
        setting(&points).unwrap()
    }

    fn item(filter: Option<&str>, value: Value) -> Filtered {
        Filtered {
            filter: filter.map(str::to_owned),
            value,
        }
    }

    #[test]
    fn numbers_lists_and_filters_come_back_as_they_were_written() {
        let number = Setting::Value(Value::Number(0.3));
        let list = Setting::Value(Value::Gradient(vec![0.1, 0.7, 0.4]));
        let usual = Setting::Filtered(vec![
            item(Some("self_attn"), Value::Gradient(vec![0.0, 0.5, 0.3])),
            item(Some("mlp"), Value::Number(0.8)),
            item(None, Value::Number(0.5)),
        ]);
        for wanted in [number, list, usual] {
            assert_eq!(found(&wanted), wanted);
        }
    }
}
