//! Finding models by name: matches are ringed, Enter goes from one to the next.

use super::model::LineageModel;

#[derive(Default)]
pub struct Search {
    pub text: String,
    /// Which of the matches was gone to last.
    at: usize,
}

impl Search {
    /// Models whose name has the text in it, by generation; none for an empty text.
    pub fn matches(&self, shown: &LineageModel) -> Vec<usize> {
        let wanted = self.text.trim().to_lowercase();
        if wanted.is_empty() {
            return Vec::new();
        }
        let order = shown.groups.iter().flat_map(|group| &group.models);
        order
            .copied()
            .filter(|&m| shown.cards[m].name.to_lowercase().contains(&wanted))
            .collect()
    }

    /// The first match, after the text has changed.
    pub fn first(&mut self, matches: &[usize]) -> Option<usize> {
        self.at = 0;
        matches.first().copied()
    }

    /// The match after the last one; the first again after the last of all.
    pub fn next(&mut self, matches: &[usize]) -> Option<usize> {
        self.at = (self.at + 1) % matches.len().max(1);
        matches.get(self.at).copied()
    }

    pub fn current(&self, matches: &[usize]) -> Option<usize> {
        matches.get(self.at).or(matches.last()).copied()
    }

    /// What was found, in words; empty without a text.
    pub fn words(&self, matches: &[usize]) -> String {
        match (self.text.trim().is_empty(), matches.len()) {
            (true, _) => String::new(),
            (_, 0) => "none".to_owned(),
            (_, n) => format!("{} of {n}", self.at.min(n - 1) + 1),
        }
    }
}
