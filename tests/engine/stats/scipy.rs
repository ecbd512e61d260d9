//! Statistics against what SciPy says of the same numbers; see `tests/data/stats`.
//!
//! Both compute in float64 with other sums in another order: what is well-conditioned agrees to
//! 1e-9 of its size, and special functions to 1e-8.

use std::sync::LazyLock;

use kinfolk::stats::{
    OUTLIER_LIMIT, Sample, bootstrap_interval, fisher_interval, least_squares, outliers, pearson,
    permutation_p, spearman, theil_sen,
};
use serde_json::Value;

use super::tables::data;

static REFERENCE: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(data("stats").join("reference.json")).unwrap();
    serde_json::from_str(&text).unwrap()
});

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|v| v.as_f64().unwrap()).collect()
}

fn sample(value: &Value) -> Sample {
    let known = |key: &str| numbers(&value[key]).into_iter().map(Some);
    Sample::from_pairs(known("x").zip(known("y")))
}

/// Every sample of the file with its name.
fn samples() -> impl Iterator<Item = (&'static str, Sample, &'static Value)> {
    let list = REFERENCE["samples"].as_array().unwrap();
    assert_eq!(list.len(), 11);
    list.iter()
        .map(|v| (v["name"].as_str().unwrap(), sample(v), v))
}

#[track_caller]
fn close(found: f64, expected: &Value, share: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    let off = (found - expected).abs();
    assert!(
        off <= share * expected.abs().max(1e-3),
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn correlations_agree() {
    for (name, sample, expected) in samples() {
        let (r, s) = (pearson(&sample).unwrap(), spearman(&sample).unwrap());
        close(r.r, &expected["pearson"][0], 1e-9, name);
        close(r.p, &expected["pearson"][1], 1e-8, name);
        close(s.r, &expected["spearman"][0], 1e-9, name);
        close(s.p, &expected["spearman"][1], 1e-8, name);
    }
}

#[test]
fn fisher_intervals_agree() {
    for (name, sample, expected) in samples() {
        let r = pearson(&sample).unwrap();
        let rows = expected["fisher"].as_array().unwrap();
        assert_eq!(rows.is_empty(), fisher_interval(r.r, r.n, 0.95).is_none());
        for row in rows {
            let level = row[0].as_f64().unwrap();
            let (low, high) = fisher_interval(r.r, r.n, level).unwrap();
            close(low, &row[1], 1e-8, name);
            close(high, &row[2], 1e-8, name);
        }
    }
}

#[test]
fn lines_and_bands_agree() {
    for (name, sample, expected) in samples() {
        let line = least_squares(&sample).unwrap();
        let wanted = &expected["line"];
        close(line.slope, &wanted["slope"], 1e-9, name);
        close(line.intercept, &wanted["intercept"], 1e-9, name);
        close(line.slope_p, &wanted["p"], 1e-8, name);
        close(line.slope_error, &wanted["slope_error"], 1e-8, name);
        close(line.residual, &wanted["residual"], 1e-8, name);
        for band in expected["bands"].as_array().unwrap() {
            let number = |key: &str| band[key].as_f64().unwrap();
            let (x, level) = (number("x"), number("level"));
            let confidence = line.confidence(x, level);
            let prediction = line.prediction(x, level);
            close(confidence.0, &band["confidence"][0], 1e-8, name);
            close(confidence.1, &band["confidence"][1], 1e-8, name);
            close(prediction.0, &band["prediction"][0], 1e-8, name);
            close(prediction.1, &band["prediction"][1], 1e-8, name);
        }
    }
}

#[test]
fn robust_lines_agree() {
    for (name, sample, expected) in samples() {
        let line = theil_sen(&sample).unwrap();
        let wanted = &expected["theil_sen"];
        close(line.slope, &wanted["slope"], 1e-9, name);
        close(line.intercept, &wanted["intercept"], 1e-9, name);
        close(line.slope_interval.0, &wanted["low"], 1e-9, name);
        close(line.slope_interval.1, &wanted["high"], 1e-9, name);
    }
}

#[test]
fn all_pairings_give_the_same_p() {
    let mut counted = 0;
    for (name, sample, expected) in samples() {
        let found = permutation_p(&sample, 0).unwrap();
        assert_eq!(found.is_exact, sample.n() <= 8, "{name}");
        if found.is_exact {
            close(found.p, &expected["permutation_p"], 1e-12, name);
            counted += 1;
        }
    }
    assert_eq!(counted, 6);
}

#[test]
fn outliers_are_the_points_that_stand_off_the_others() {
    let mut named = 0;
    for (name, sample, expected) in samples() {
        let mut far: Vec<(f64, usize)> = numbers(&expected["studentised"])
            .into_iter()
            .enumerate()
            .filter(|(_, t)| t.abs() > OUTLIER_LIMIT)
            .map(|(k, t)| (t.abs(), k))
            .collect();
        far.sort_by(|a, b| b.0.total_cmp(&a.0));
        let far: Vec<usize> = far.into_iter().map(|(_, k)| k).collect();
        if sample.n() > 4 {
            assert_eq!(outliers(&sample), far, "{name}");
            named += far.len();
        }
    }
    assert!(named > 4, "the samples have outliers: {named}");
}

#[test]
fn the_bootstrap_lies_within_chance_of_all_samples_there_are() {
    let expected = &REFERENCE["bootstrap"];
    let sample = sample(expected);
    let statistic = |sample: &Sample| pearson(sample).map(|c| c.r);
    let [low_from, low_to, high_from, high_to] = numbers(&expected["quantiles"])[..] else {
        panic!("four quantiles");
    };
    for seed in 0..3 {
        let found = bootstrap_interval(&sample, statistic, 0.9, 20_000, seed).unwrap();
        assert!((low_from..=low_to).contains(&found.low), "{found:?}");
        assert!((high_from..=high_to).contains(&found.high), "{found:?}");
        // Six of 6⁶ samples are one point six times: 2.6 of 20 000 are expected.
        assert!(found.undefined <= 12, "{found:?}");
    }
}

/// A sample by the formula in `PROVENANCE.md`.
fn many(n: u64) -> Sample {
    let x = |k: u64| ((k * 7919) % 1009) as f64;
    let y = |k: u64| x(k) * 0.25 + ((k * k * 31 + k * 17) % 2003) as f64;
    Sample::from_pairs((0..n).map(|k| (Some(x(k)), Some(y(k)))))
}

#[test]
fn many_points_are_as_exact_as_few() {
    for row in REFERENCE["many"].as_array().unwrap() {
        let sample = many(row["n"].as_u64().unwrap());
        let (r, s) = (pearson(&sample).unwrap(), spearman(&sample).unwrap());
        let line = least_squares(&sample).unwrap().slope_interval(0.95);
        let what = format!("{} points", sample.n());
        close(r.r, &row["pearson"][0], 1e-9, &what);
        close(r.p, &row["pearson"][1], 1e-8, &what);
        close(s.r, &row["spearman"][0], 1e-9, &what);
        close(s.p, &row["spearman"][1], 1e-8, &what);
        close(line.0, &row["slope_interval"][0], 1e-8, &what);
        close(line.1, &row["slope_interval"][1], 1e-8, &what);
    }
}
