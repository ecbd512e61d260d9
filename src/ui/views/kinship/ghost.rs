//! The child on the canvas as a row of the matrix, predicted.

use super::shown::Shown;
use crate::kinship::{Aggregate, Join, Scope};
use crate::ui::widgets::heatmap::MOST_CELLS_READ;
use crate::workbench::Workbench;

/// A row that no model of the family has; its place is behind all of theirs.
pub struct Ghost {
    /// The names of the family's models, and its own.
    pub labels: Vec<String>,
    pub values: Vec<Option<f64>>,
}

impl Ghost {
    /// The child that is predicted for this family; only of whole models, and only where values
    /// are read.
    pub fn of(bench: &Workbench, shown: &Shown) -> Option<Self> {
        let measure = shown.key.measure;
        let is_whole =
            measure.scope == Scope::default() && measure.aggregate == Aggregate::default();
        if !is_whole || shown.key.provisional || shown.key.labels.len() >= MOST_CELLS_READ {
            return None;
        }
        let draft_child = bench.draft_child()?;
        let child = draft_child.prediction.child.as_ref().ok()?;
        if child.base != shown.key.base {
            return None;
        }
        let value = |id| child.with.get(id)?.get(measure.metric);
        let mut labels = shown.key.short.clone();
        labels.push(format!("{} (predicted)", draft_child.draft.name));
        Some(Self {
            labels,
            values: shown.key.models.iter().map(value).collect(),
        })
    }

    pub fn place(&self) -> usize {
        self.values.len()
    }

    pub fn value(&self, a: usize, b: usize) -> Option<f64> {
        self.values.get(a.min(b)).copied().flatten()
    }

    /// The tree of the others: what is joined is counted from behind the ghost.
    pub fn beside(&self, joins: &[Join]) -> Vec<Join> {
        let n = self.place();
        let moved = |node: usize| if node >= n { node + 1 } else { node };
        let moved = |join: &Join| Join {
            left: moved(join.left),
            right: moved(join.right),
            height: join.height,
        };
        joins.iter().map(moved).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_stays_that_of_the_living() {
        let ghost = Ghost {
            labels: Vec::new(),
            values: vec![Some(0.1), Some(0.2), Some(0.3)],
        };
        let join = |left, right| Join {
            left,
            right,
            height: 1.0,
        };
        let moved = ghost.beside(&[join(0, 1), join(2, 3)]);
        assert_eq!(moved, [join(0, 1), join(2, 4)]);
        assert_eq!(ghost.value(3, 1), Some(0.2));
        assert_eq!(ghost.value(0, 3), Some(0.1));
        assert_eq!(ghost.value(3, 3), None);
    }
}
