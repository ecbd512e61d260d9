//! What came out of an attack: counts of what happened, and of what was lost.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The result of one attack.
#[derive(Debug, Default)]
pub struct Row {
    /// How many times it was made.
    pub times: u32,
    /// What the program did.
    pub happened: Tally,
    /// Promises that were broken.
    pub lost: Tally,
    /// Where, and what the program said, by promise.
    pub details: BTreeMap<String, Vec<String>>,
}

impl Row {
    /// Counts something that may happen.
    pub fn saw(&mut self, what: impl Into<String>) {
        self.happened.add(what.into());
    }

    /// Counts a broken promise; `detail` says where, and what the program said.
    pub fn lost(&mut self, what: impl Into<String>, detail: impl fmt::Display) {
        let what = what.into();
        let detail = detail.to_string().trim().replace('\n', " / ");
        self.details.entry(what.clone()).or_default().push(detail);
        self.lost.add(what);
    }
}

/// How many times each of some things was seen.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u32>);

impl Tally {
    fn add(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return write!(f, "nothing");
        }
        let each = self
            .0
            .iter()
            .map(|(what, count)| format!("{count} × {what}"));
        write!(f, "{}", each.collect::<Vec<_>>().join(", "))
    }
}

/// A line of the table.
pub struct Line {
    /// What goes wrong around the program.
    pub fault: &'static str,
    /// How it is brought about.
    pub how: &'static str,
    /// What came out.
    pub row: Row,
}

/// The table in Markdown.
pub fn table(lines: &[Line], seed: u64, took: Duration) -> String {
    let minutes = took.as_secs() / 60;
    let mut text = format!(
        "# Torture\n\nWritten by `cargo run --release --example torture -- --table \
         tests/torture.md` with seed {seed}, in {minutes} min {} s.\n\n\
         | fault | how | times | what happened | what was lost |\n\
         | --- | --- | ---: | --- | --- |\n",
        took.as_secs() % 60
    );
    for Line { fault, how, row } in lines {
        let cells = [
            (*fault).to_owned(),
            (*how).to_owned(),
            row.times.to_string(),
            row.happened.to_string(),
            row.lost.to_string(),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}
