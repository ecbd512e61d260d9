//! The cursor in the text stays at its word when the other side rewrites what is around it.

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Context, Id};

/// Moves the cursor of the field `id` with the text, if the text has changed.
pub fn follow(ctx: &Context, id: Id, old: &str, new: &str) {
    if old == new {
        return;
    }
    let Some(mut state) = TextEditState::load(ctx, id) else {
        return;
    };
    let Some(range) = state.cursor.char_range() else {
        return;
    };
    let at = |cursor: CCursor| CCursor::new(moved(cursor.index.into(), old, new));
    let range = CCursorRange::two(at(range.secondary), at(range.primary));
    state.cursor.set_char_range(Some(range));
    state.store(ctx, id);
}

/// Where a place in the old text is in the new one, both counted in characters: what is before
/// the change stays, what is behind it moves with the end, and what is within goes to its start.
fn moved(at: usize, old: &str, new: &str) -> usize {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - before;
    let pairs = old.iter().rev().zip(new.iter().rev());
    let behind = pairs.take(rest).take_while(|(a, b)| a == b).count();
    match at {
        at if at <= before => at,
        at if at >= old.len() - behind => (at + new.len()).saturating_sub(old.len()),
        _ => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_moves_with_its_word() {
        let old = "a: 1\nb: 2\nc: 3\n";
        let new = "a: 1\nbb: 25\nc: 3\n";
        assert_eq!(moved(2, old, new), 2);
        // The c.
        assert_eq!(moved(10, old, new), 12);
        // The end.
        assert_eq!(moved(15, old, new), 17);
        assert_eq!(moved(2, "abc", ""), 0);
        assert_eq!(moved(0, "abc", "xabc"), 0);
    }
}
