//! Letters that are typed lead to the next row of a list whose name begins with them.

use eframe::egui::{Event, Ui};

/// After this long without a key the next letter begins a new word, in seconds.
const PAUSE: f64 = 1.0;

/// What was typed last, and when.
#[derive(Clone, Debug, Default)]
pub struct TypeAhead {
    at: f64,
    word: String,
}

impl TypeAhead {
    /// The row that the letters of this frame lead to, from row `from`; `None` if none were
    /// typed or no name begins with them. Takes the letters.
    pub fn row(&mut self, ui: &Ui, from: Option<usize>, names: &[&str]) -> Option<usize> {
        let typed = typed_letters(ui)?;
        let now = ui.input(|input| input.time);
        let goes_on = !self.word.is_empty() && now - self.at < PAUSE;
        self.at = now;
        if !goes_on {
            self.word.clear();
        }
        self.word.push_str(&typed);
        // A word that goes on may go on to mean the row it has found.
        let start = from.map_or(0, |at| if goes_on { at } else { at + 1 });
        next_of(&self.word, start, names)
    }
}

/// The first name from `start` on, around the end, that begins with a word in lower case.
fn next_of(word: &str, start: usize, names: &[&str]) -> Option<usize> {
    let start = start.min(names.len());
    let mut order = (start..names.len()).chain(0..start);
    order.find(|&row| names[row].to_lowercase().starts_with(word))
}

/// Letters that were typed, in lower case; a space begins no word.
fn typed_letters(ui: &Ui) -> Option<String> {
    let is_text = |event: &Event| matches!(event, Event::Text(text) if !text.trim().is_empty());
    let mut typed = String::new();
    ui.input_mut(|input| {
        input.events.retain(|event| match event {
            Event::Text(text) if is_text(event) => {
                typed.push_str(&text.to_lowercase());
                false
            }
            _ => true,
        });
    });
    (!typed.is_empty()).then_some(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_goes_on_around_the_end() {
        let names = ["abacus", "Arith", "base", "arrow"];
        assert_eq!(next_of("a", 0, &names), Some(0));
        assert_eq!(next_of("ar", 2, &names), Some(3));
        assert_eq!(next_of("ar", 4, &names), Some(1));
        assert_eq!(next_of("x", 1, &names), None);
        assert_eq!(next_of("x", 0, &[]), None);
    }
}
