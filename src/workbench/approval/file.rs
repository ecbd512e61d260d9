//! The file of what is approved: hashes, each with its day and, for people, the line that was
//! shown. Whoever wants to be asked again removes an entry, or the file.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::files::{self, write_whole};

const FILE: &str = "approved-commands.json";
/// The oldest give way to those that are more.
const MOST: usize = 1000;
/// Far above what that many take.
const MOST_BYTES: u64 = 4 << 20;
/// Characters that are kept of what is shown.
const MOST_CHARS: usize = 400;

#[derive(Serialize, Deserialize)]
struct Entry {
    sha256: String,
    /// The day, in UTC.
    approved: String,
    command: String,
    folder: String,
}

/// Whether a hash is in the file. What cannot be read approves nothing.
pub(super) fn has(data: &Path, hash: &str) -> bool {
    entries(data).iter().any(|entry| entry.sha256 == hash)
}

/// Puts a hash into the file.
///
/// # Errors
/// Why the file could not be written.
pub(super) fn add(data: &Path, hash: &str, line: &str, folder: &Path) -> Result<(), String> {
    let mut entries = entries(data);
    entries.retain(|entry| entry.sha256 != hash);
    entries.push(Entry {
        sha256: hash.to_owned(),
        approved: today(),
        command: cut(line),
        folder: cut(&folder.to_string_lossy()),
    });
    entries.sort_by(|a, b| (&b.approved, &a.sha256).cmp(&(&a.approved, &b.sha256)));
    entries.truncate(MOST);
    entries.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    let text = serde_json::to_string_pretty(&entries).map_err(|e| e.to_string())?;
    write_whole(&data.join(FILE), (text + "\n").as_bytes())
}

fn entries(data: &Path) -> Vec<Entry> {
    let text = files::read_text(&data.join(FILE), MOST_BYTES);
    text.ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

fn cut(text: &str) -> String {
    let mut out: String = text.chars().take(MOST_CHARS).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    date(since.map_or(0, |since| since.as_secs() / 86_400))
}

/// The date this many days after 1 January 1970, `2026-01-31`.
fn date(mut days: u64) -> String {
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn the_file_is_sorted_bounded_and_approves_nothing_when_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let here = Path::new("/a");
        let long = "x".repeat(10_000);
        for hash in ["c", "a", "b", "a"] {
            add(dir.path(), hash, &long, here).unwrap();
        }
        let hashes: Vec<String> = entries(dir.path()).into_iter().map(|e| e.sha256).collect();
        assert_eq!(hashes, ["a", "b", "c"]);
        assert!(has(dir.path(), "b") && !has(dir.path(), "d"));
        let path = dir.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() < 3 * 2 * MOST_CHARS, "{}", text.len());
        std::fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(!has(dir.path(), "b"));
        add(dir.path(), "d", "judge", here).unwrap();
        assert!(has(dir.path(), "d"));
    }

    #[test]
    fn the_oldest_give_way() {
        let dir = tempfile::tempdir().unwrap();
        let entry = |k: usize| Entry {
            sha256: format!("{k:04}"),
            approved: if k == 7 { "1999-01-01" } else { "2001-01-01" }.to_owned(),
            command: String::new(),
            folder: String::new(),
        };
        let full: Vec<Entry> = (0..MOST).map(entry).collect();
        let text = serde_json::to_string(&full).unwrap();
        std::fs::write(dir.path().join(FILE), text).unwrap();
        add(dir.path(), "new", "judge", Path::new("/a")).unwrap();
        assert_eq!(entries(dir.path()).len(), MOST);
        assert!(has(dir.path(), "new") && !has(dir.path(), "0007") && has(dir.path(), "0008"));
    }
}
