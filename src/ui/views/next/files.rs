//! The suggestions as text for the clipboard and as a table for a file.

use super::shown::Row;
use crate::ui::action::Export;
use crate::ui::format;

/// The suggestions in words, one a paragraph.
pub fn text(rows: &[Row]) -> String {
    let paragraph = |(k, row)| format!("{}. {}", k + 1, sentence(row));
    let paragraphs = rows.iter().enumerate().map(paragraph);
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn sentence(row: &Row) -> String {
    let [a, b] = &row.names;
    let [of_a, of_b] = row.averages.map(format::score);
    let score = format::score(Some(row.advised.expected));
    let kinship = format::kinship(row.advised.kinship);
    let reasons = row.reasons.join("; ");
    format!(
        "{a} ({of_a}) and {b} ({of_b}) by {}: child {score} expected, kinship {kinship}, {}. \
         {reasons}",
        row.recommended.way.title(),
        gain(row)
    )
}

/// The gain with its interval and the chance of a new best.
pub fn gain(row: &Row) -> String {
    let value = format::signed(Some(row.advised.gain), 2);
    format!("gain {value} ({}; {})", interval(row), chance(row))
}

/// Where 90 of 100 such children would lie.
pub fn interval(row: &Row) -> String {
    let [low, high] = row.advised.interval.map(|end| format::score(Some(end)));
    format!("90 % range: {low} to {high}")
}

pub fn chance(row: &Row) -> String {
    format!(
        "{} chance of a new best",
        format::percent(row.advised.chance)
    )
}

/// A row for each suggestion.
pub fn csv(rows: &[Row]) -> Export {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = [
        "rank",
        "model",
        "with",
        "average",
        "average_with",
        "kinship",
        "expected_score",
        "score_from",
        "score_to",
        "expected_gain",
        "chance_of_a_new_best",
        "method",
        "reasons",
    ];
    // Writing into memory does not fail.
    table.write_record(head).ok();
    for (k, row) in rows.iter().enumerate() {
        table.write_record(cells(k, row)).ok();
    }
    let bytes = table.into_inner().unwrap_or_default();
    Export::table("suggestions", "next-merges", bytes)
}

fn cells(k: usize, row: &Row) -> [String; 13] {
    let [name, with] = row.names.clone();
    let [average, average_with] = row.averages.map(format::plain);
    let number = |value: f64| format::plain(Some(value));
    let [low, high] = row.advised.interval;
    [
        (k + 1).to_string(),
        name,
        with,
        average,
        average_with,
        format::plain(row.advised.kinship),
        number(row.advised.expected),
        number(low),
        number(high),
        number(row.advised.gain),
        number(row.advised.chance),
        row.recommended.way.title(),
        row.reasons.join("; "),
    ]
}
