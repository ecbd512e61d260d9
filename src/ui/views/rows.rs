//! What a click on a row selects, in every list alike.

use eframe::egui::Modifiers;

use crate::study::{ModelId, Selection};

/// Plain: this one; Ctrl: this one more or less; Shift: all from the last one to this, in the
/// order of `rows`. `anchor` is the row that was clicked last without Shift.
pub fn clicked_row(
    selection: &Selection,
    rows: &[ModelId],
    anchor: &mut Option<ModelId>,
    clicked: ModelId,
    modifiers: Modifiers,
) -> Selection {
    if modifiers.shift {
        return Selection::Models(range(rows, *anchor, clicked));
    }
    *anchor = Some(clicked);
    if modifiers.command {
        selection.toggled(clicked)
    } else {
        Selection::Models(vec![clicked])
    }
}

/// The rows between two, both included; from the first one without an anchor.
pub fn range(rows: &[ModelId], anchor: Option<ModelId>, to: ModelId) -> Vec<ModelId> {
    let place = |id: ModelId| rows.iter().position(|&row| row == id);
    let from = anchor.and_then(place).unwrap_or(0);
    let to = place(to).unwrap_or(0);
    let range = rows.get(from.min(to)..=from.max(to));
    range.unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(models: &[u32]) -> Vec<ModelId> {
        models.iter().copied().map(ModelId).collect()
    }

    #[test]
    fn a_name_is_clicked_as_everywhere() {
        let rows = ids(&[4, 1, 3, 2]);
        let check =
            |selected: &[u32], anchor: Option<u32>, clicked, modifiers, expected: &[u32]| {
                let found = clicked_row(
                    &Selection::Models(ids(selected)),
                    &rows,
                    &mut anchor.map(ModelId),
                    ModelId(clicked),
                    modifiers,
                );
                assert_eq!(found.models(), ids(expected));
            };
        let (plain, ctrl, shift) = (Modifiers::NONE, Modifiers::COMMAND, Modifiers::SHIFT);
        check(&[], None, 1, plain, &[1]);
        check(&[1, 3], Some(1), 2, plain, &[2]);
        check(&[1], Some(1), 1, plain, &[1]);
        check(&[1], Some(1), 3, ctrl, &[1, 3]);
        check(&[1, 3], Some(3), 3, ctrl, &[1]);
        check(&[1], Some(1), 2, shift, &[1, 3, 2]);
        check(&[3], Some(3), 4, shift, &[4, 1, 3]);
        check(&[], None, 1, shift, &[4, 1]);
    }
}
