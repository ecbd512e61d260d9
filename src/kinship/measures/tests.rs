//! Laws over the list of measures: the next member is tested on the day it is written, with one
//! line here for its naive twin.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A measure by its definition, from the vectors themselves.
type Naive = fn(&[f64], &[f64]) -> Option<f64>;

/// The naive twin of each measure.
const TWINS: &[(Metric, Naive)] = &[
    (Metric::PEARSON, pearson),
    (Metric::COSINE, cosine),
    (Metric::ABSOLUTE_COSINE, |a, b| Some(cosine(a, b)?.abs())),
    (Metric::EUCLIDEAN, |a, b| {
        (!a.is_empty()).then(|| norm(&difference(a, b)))
    }),
];

fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    cosine(&centred(a), &centred(b))
}

fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let value = product / (norm(a) * norm(b));
    value.is_finite().then_some(value)
}

fn norm(a: &[f64]) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn centred(a: &[f64]) -> Vec<f64> {
    let mean = a.iter().sum::<f64>() / a.len() as f64;
    a.iter().map(|x| x - mean).collect()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn sums(a: &[f64], b: &[f64]) -> PairSums {
    let mut out = PairSums::default();
    for (&a, &b) in a.iter().zip(b) {
        out += PairSums {
            count: 1.0,
            sum_a: a,
            sum_b: b,
            square_a: a * a,
            square_b: b * b,
            product: a * b,
            squared_distance: (a - b) * (a - b),
        };
    }
    out
}

fn of(metric: Metric, a: &[f64], b: &[f64]) -> Option<f64> {
    metric.of(&sums(a, b))
}

fn all() -> impl Iterator<Item = Metric> {
    Metric::ALL.iter().copied()
}

/// Two vectors that are neither zero nor constant, of whole numbers so that sums are exact.
fn vectors() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let number = (-100i32..=100).prop_map(f64::from);
    let vary = |v: &[f64]| v.iter().any(|x| *x != v[0]);
    prop::collection::vec((number.clone(), number), 2..20)
        .prop_map(|pairs| pairs.into_iter().unzip::<f64, f64, Vec<_>, Vec<_>>())
        .prop_filter("they vary", move |(a, b)| vary(a) && vary(b))
}

#[test]
fn each_says_what_it_is() {
    let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    for metric in all() {
        assert!(metric.key.chars().all(is_key), "{metric:?}");
        let sentence = metric.help;
        assert!(
            sentence.chars().count() > 10 && !sentence.ends_with('.'),
            "{metric:?}"
        );
        let words = [
            metric.title,
            metric.name,
            metric.short,
            metric.formula,
            metric.source,
        ];
        assert!(
            words.iter().chain(&metric.ends).all(|w| !w.is_empty()),
            "{metric:?}"
        );
        assert!(metric.range.0 < metric.range.1, "{metric:?}");
        assert_ne!(metric.ends[0], metric.ends[1], "{metric:?}");
        assert!(
            metric.heading().starts_with(char::is_uppercase),
            "{metric:?}"
        );
    }
}

#[test]
fn no_two_have_one_name() {
    for k in 0..4 {
        let names = all().map(|m| [m.key, m.title, m.name, m.short][k]);
        let different: BTreeSet<&str> = names.collect();
        assert_eq!(different.len(), Metric::ALL.len(), "{different:?}");
    }
}

#[test]
fn a_key_comes_back_as_its_measure() {
    for metric in all() {
        assert_eq!(Metric::of_key(metric.key), metric);
        let text = serde_json::to_string(&metric).unwrap();
        assert_eq!(text, format!("{:?}", metric.key));
        assert_eq!(serde_json::from_str::<Metric>(&text).unwrap(), metric);
    }
    assert!(Metric::DEFAULT.is_known() && Metric::DEFAULT.follows.is_none());
}

#[test]
fn each_has_a_naive_twin() {
    let twins: BTreeSet<Metric> = TWINS.iter().map(|(metric, _)| *metric).collect();
    assert_eq!(twins, all().collect());
}

#[test]
fn a_model_equal_to_its_base_is_a_value_or_undefined_and_never_nan() {
    let (a, zero) = ([3.0, 4.0, -1.0], [0.0; 3]);
    for metric in all() {
        for value in [of(metric, &a, &zero), of(metric, &zero, &zero)] {
            let (lo, hi) = metric.range;
            let is_sound = value.is_none_or(|v| v.is_finite() && (lo..=hi).contains(&v));
            assert!(is_sound, "{metric:?}: {value:?}");
        }
        assert_eq!(of(metric, &[], &[]), None, "{metric:?} of nothing");
        let context = PairContext::default();
        assert_eq!(
            (metric.of)(&context),
            None,
            "{metric:?} of what is not known"
        );
    }
}

#[test]
fn what_is_not_finite_is_undefined() {
    for metric in all() {
        for bad in [f64::NAN, f64::INFINITY, 1e200] {
            let value = of(metric, &[bad, 1.0], &[2.0, 3.0]);
            assert!(value.is_none_or(f64::is_finite), "{metric:?} {bad}");
        }
    }
}

proptest! {
    #[test]
    fn they_agree_with_their_twins((a, b) in vectors()) {
        for (metric, twin) in TWINS {
            let (found, expected) = (of(*metric, &a, &b), twin(&a, &b));
            prop_assert_eq!(found.is_some(), expected.is_some());
            if let (Some(found), Some(expected)) = (found, expected) {
                let near = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                prop_assert!(near, "{:?}: {} is not {}", metric, found, expected);
            }
        }
    }

    #[test]
    fn they_are_symmetric_and_within_their_range((a, b) in vectors()) {
        for metric in all() {
            let value = of(metric, &a, &b);
            let turned = of(metric, &b, &a);
            prop_assert_eq!(value, turned);
            let (lo, hi) = metric.range;
            prop_assert!(value.is_some_and(|v| (lo..=hi).contains(&v)), "{:?}", metric);
        }
    }

    #[test]
    fn nothing_is_nearer_to_a_model_than_itself((a, b) in vectors()) {
        for metric in all() {
            let (own, other) = (of(metric, &a, &a).unwrap(), of(metric, &a, &b).unwrap());
            prop_assert!((own - metric.of_itself).abs() < 1e-12, "{:?}: {}", metric, own);
            let (lo, hi) = metric.range;
            let nearest = if metric.is_similarity() { hi } else { lo };
            prop_assert_eq!(metric.of_itself, nearest);
            let is_nearer = match metric.is_similarity() {
                true => other <= own + 1e-12,
                false => other >= own - 1e-12,
            };
            prop_assert!(is_nearer, "{:?}", metric);
        }
    }

    #[test]
    fn what_follows_from_another_follows((a, b) in vectors()) {
        for metric in all() {
            if let Some((from, by)) = metric.follows {
                prop_assert_eq!(of(metric, &a, &b), of(from, &a, &b).map(by));
                let stored: Values = Values::of_sums(&sums(&a, &b)).independent();
                prop_assert_eq!(stored.get(metric), of(metric, &a, &b));
            }
        }
    }
}

#[test]
fn values_of_an_unknown_measure_stay() {
    let text = r#"{"pearson":0.25,"cosine":null,"of_later":0.5,"odd":{"a":1}}"#;
    let values: Values = serde_json::from_str(text).unwrap();
    assert_eq!(values.get(Metric::PEARSON), Some(0.25));
    assert_eq!(values.get(Metric::COSINE), None);
    let unknown = Metric::of_key("of_later");
    assert!(!unknown.is_known());
    assert_eq!(values.get(unknown), Some(0.5));
    assert_eq!(of(unknown, &[1.0], &[2.0]), None);
    let written = serde_json::to_string(&values).unwrap();
    assert_eq!(written, r#"{"pearson":0.25,"of_later":0.5}"#);
    let metric: Metric = serde_json::from_str("\"of_later\"").unwrap();
    assert_eq!(metric, unknown);
    assert_eq!(serde_json::to_string(&metric).unwrap(), "\"of_later\"");
}
