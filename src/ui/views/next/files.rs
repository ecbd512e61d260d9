//! The suggestions as text for the clipboard and as a table for a file.

use super::shown::Row;
use crate::lineage::suggest::Basis;
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
    let score = format::score(Some(row.score));
    let kinship = format::kinship(row.kinship);
    let reasons = row.reasons.join("; ");
    format!(
        "{a} ({of_a}) and {b} ({of_b}): child {score} expected, kinship {kinship}, {}. {reasons}",
        gain(row)
    )
}

/// The gain with all that it needs: its interval, n and r.
pub fn gain(row: &Row) -> String {
    match (row.gain, row.basis.line()) {
        (Some(gain), Some(_)) => {
            let value = format::signed(Some(gain.value), 2);
            format!("gain {value} ({}; {})", interval(row), record(row))
        }
        _ => format!("gain {}", format::UNDEFINED),
    }
}

/// Where 95 of 100 such merges would lie.
pub fn interval(row: &Row) -> String {
    let (low, high) = row.gain.map(|gain| gain.interval).unzip();
    let (low, high) = (format::signed(low, 2), format::signed(high, 2));
    format!("95 %: {low} to {high}")
}

/// What the gain is drawn from: `n = 40, r = −0.51, other tasks, Mistral-7B merges`.
pub fn record(row: &Row) -> String {
    let whose = match row.basis {
        Basis::Study(_) => "this study",
        Basis::Others(_) => "other tasks, Mistral-7B merges",
        Basis::Scores => return "scores alone".to_owned(),
    };
    row.basis.line().map_or(String::new(), |line| {
        let r = format::decimals(Some(line.r), 2);
        format!("n = {}, r = {r}, {whose}", line.n)
    })
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
        "expected_gain",
        "gain_from",
        "gain_to",
        "basis",
        "n",
        "r",
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

fn cells(k: usize, row: &Row) -> [String; 14] {
    let [name, with] = row.names.clone();
    let [average, average_with] = row.averages.map(format::plain);
    let basis = match row.basis {
        Basis::Study(_) => "study",
        Basis::Others(_) => "community",
        Basis::Scores => "scores",
    };
    let line = row.basis.line().filter(|_| row.gain.is_some());
    [
        (k + 1).to_string(),
        name,
        with,
        average,
        average_with,
        format::plain(row.kinship),
        format::plain(Some(row.score)),
        format::plain(row.gain.map(|gain| gain.value)),
        format::plain(row.gain.map(|gain| gain.interval.0)),
        format::plain(row.gain.map(|gain| gain.interval.1)),
        basis.to_owned(),
        line.map_or(String::new(), |line| line.n.to_string()),
        format::plain(line.map(|line| line.r)),
        row.reasons.join("; "),
    ]
}
