//! How well a few typed letters fit a title: a small subsequence scorer.

/// Scores `query` against `title`, higher is better; `None` if its letters do not occur in
/// order. Starts of words count most, then letters in a row; leading gaps cost a little.
/// Spaces in the query are ignored, case too. Cost: length of query times length of title.
pub fn score(query: &str, title: &str) -> Option<i32> {
    let query: Vec<char> = query
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let title: Vec<char> = title.to_lowercase().chars().collect();
    // best[j]: the best score with the letters so far, the last of them at title[j].
    let mut best: Vec<Option<i32>> = Vec::new();
    for (i, letter) in query.iter().enumerate() {
        let mut next = vec![None; title.len()];
        let mut before: Option<i32> = None;
        for (j, c) in title.iter().enumerate() {
            let row = j
                .checked_sub(1)
                .and_then(|j| best.get(j).copied().flatten());
            if c == letter {
                let start = (i == 0).then(|| -(j.min(8) as i32));
                let apart = before.map(|s| s - 2);
                let from = [start, apart, row.map(|s| s + 8)]
                    .into_iter()
                    .flatten()
                    .max();
                next[j] = from.map(|s| s + 10 + word_start(&title, j));
            }
            before = before.max(row);
        }
        best = next;
    }
    if query.is_empty() {
        Some(0)
    } else {
        best.into_iter().flatten().max()
    }
}

fn word_start(title: &[char], at: usize) -> i32 {
    let is_start = at == 0 || title.get(at - 1).is_some_and(|c| !c.is_alphanumeric());
    if is_start { 12 } else { 0 }
}

/// The indices of the titles that fit, best first, in their own order where equal.
pub fn ranked<'a>(query: &str, titles: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let fits = |(i, title)| score(query, title).map(|s| (i, s));
    let mut found: Vec<(usize, i32)> = titles.enumerate().filter_map(fits).collect();
    found.sort_by_key(|&(_, score)| -score);
    found.into_iter().map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_must_occur_in_order() {
        assert!(score("mk", "Measure kinship").is_some());
        assert!(score("km", "Measure kinship").is_none());
        assert!(score("kk", "kinship").is_none());
        assert_eq!(score("", "anything"), Some(0));
        assert!(score("Ö M", "öffne Modelle").is_some());
    }

    #[test]
    fn starts_of_words_and_runs_come_first() {
        let titles = [
            "Write merge…",
            "Compose merge",
            "Open models…",
            "Measure kinship",
        ];
        let best = |query| ranked(query, titles.into_iter())[0];
        assert_eq!(best("mk"), 3);
        assert_eq!(best("merge"), 0);
        assert_eq!(best("com"), 1);
        assert_eq!(best("mod"), 2);
        assert_eq!(ranked("", titles.into_iter()), [0, 1, 2, 3]);
        assert!(ranked("xyz", titles.into_iter()).is_empty());
    }
}
