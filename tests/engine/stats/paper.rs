//! The paper's correlations and lines, found again from its tables.

use kinfolk::stats::{least_squares, pearson};

use super::tables::{path, rows, sample};

/// Half a unit of the last digit of a number as printed, and a little for its own rounding.
fn half_a_unit(printed: &str) -> f64 {
    let (digits, power) = printed.split_once('e').unwrap_or((printed, "0"));
    let places = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    0.5001 * 10f64.powi(power.parse::<i32>().unwrap() - places as i32)
}

#[track_caller]
fn agrees(found: f64, printed: &str, what: &str) {
    let expected: f64 = printed.parse().unwrap();
    assert!(
        (found - expected).abs() <= half_a_unit(printed),
        "{what}: {found} is not {printed}"
    );
}

#[test]
fn every_correlation_is_found_again() {
    let mut seen = 0;
    for row in rows("correlations.csv") {
        let metric = row["metric"].to_lowercase();
        let change = match row["target"].as_str() {
            "absolute" => f64::abs,
            _ => std::convert::identity,
        };
        let kinds = [
            ("path 1", path("1"), metric.clone(), "merge_gain"),
            (
                "task_difference.csv",
                rows("task_difference.csv"),
                format!("kinship_{metric}"),
                "atpd",
            ),
            (
                "figure2_scatter_points.csv",
                rows("figure2_scatter_points.csv"),
                metric,
                "merge_gain",
            ),
        ];
        let (_, table, x, y) = kinds.into_iter().find(|k| k.0 == row["data"]).unwrap();
        let found = pearson(&sample(&table, &x, y, change)).unwrap();
        assert_eq!(found.n.to_string(), row["n_recomputed"]);
        let column = |name: &str| {
            let unrounded = &row[&format!("{name}_from_unrounded")];
            // What was printed without more digits is recomputed from the table itself.
            let printed = &row[&format!("{name}_from_printed_tables")];
            if unrounded.is_empty() {
                printed
            } else {
                unrounded
            }
            .clone()
        };
        let what = format!("{}, {}, {}", row["relation"], row["metric"], row["target"]);
        agrees(found.r, &column("r"), &what);
        agrees(found.p, &column("p"), &what);
        seen += 1;
    }
    assert_eq!(seen, 15);
}

#[test]
fn figure_2_has_its_lines() {
    let points = rows("figure2_scatter_points.csv");
    for (metric, intercept, slope) in [
        ("pcc", "2.136", "-2.248"),
        ("cs", "2.146", "-2.307"),
        ("ed", "0.133", "0.0684"),
    ] {
        let line = sample(&points, metric, "merge_gain", std::convert::identity);
        let line = least_squares(&line).unwrap();
        agrees(line.intercept, intercept, metric);
        agrees(line.slope, slope, metric);
        assert_eq!(line.n, 36);
    }
}
