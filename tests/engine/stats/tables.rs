//! The paper's tables, as far as statistics need them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kinfolk::stats::Sample;

/// A row by the names of its columns.
pub type Row = BTreeMap<String, String>;

/// The path of a table of the paper.
pub fn paper(file: &str) -> PathBuf {
    data("paper").join(file)
}

/// A folder of test data.
pub fn data(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder)
}

/// The rows of a table of the paper.
pub fn rows(file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(paper(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The number in a cell, if there is one.
pub fn number(row: &Row, column: &str) -> Option<f64> {
    let cell = &row[column];
    (!cell.is_empty()).then(|| cell.parse().unwrap())
}

/// Both tables of a path in one: unrounded kinships beside printed scores and gains.
pub fn path(number: &str) -> Vec<Row> {
    let of_path = |file| rows(file).into_iter().filter(|row| row["path"] == number);
    let joined = of_path("evolution_paths.csv").zip(of_path("evolution_paths_unrounded.csv"));
    joined
        .map(|(mut printed, unrounded)| {
            assert_eq!(printed["generation"], unrounded["generation"]);
            printed.extend(unrounded);
            printed
        })
        .collect()
}

/// Two columns; `change` is applied to the second.
pub fn sample(rows: &[Row], x: &str, y: &str, change: fn(f64) -> f64) -> Sample {
    Sample::from_pairs(
        rows.iter()
            .map(|row| (number(row, x), number(row, y).map(change))),
    )
}
