//! Trained tokens: some rows of an embedding are others.

use super::{Edit, Ready, by_rows};
use crate::checkpoint::source::Source;
use crate::checkpoint::tensor::Tensor;

/// Puts rows in the place of others.
#[derive(Debug)]
pub(in super::super) struct Rows {
    /// [rows, columns].
    pub(in super::super) rows: Tensor,
    /// Which row of the embedding each is for, with its own number, in the order of the former.
    pub(in super::super) places: Vec<(usize, usize)>,
}

impl Edit for Rows {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        Box::new(ReadyRows {
            rows: self.rows.clone(),
            places: self.places.clone(),
            columns: self.rows.shape.get(1).copied().unwrap_or(0),
        })
    }
}

#[derive(Debug)]
struct ReadyRows {
    rows: Tensor,
    places: Vec<(usize, usize)>,
    columns: usize,
}

impl Ready for ReadyRows {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        of.read(first, out);
        let Some(numbers) = self.rows.numbers() else {
            return;
        };
        by_rows(self.columns, first, out, |row, column, piece| {
            let found = self.places.binary_search_by_key(&row, |&(place, _)| place);
            if let Some(&(_, own)) = found.ok().and_then(|at| self.places.get(at)) {
                let start = own * self.columns + column;
                numbers.part(start..start + piece.len()).decode(piece);
            }
        });
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&self.places[..])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    #[test]
    fn rows_are_replaced() {
        let make = || -> Box<dyn Edit> {
            Box::new(Rows {
                rows: in_memory(&[2, 2], &[10.0, 20.0, 30.0, 40.0]),
                places: vec![(0, 1), (2, 0)],
            })
        };
        let found = edited(make, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(found, [30.0, 40.0, 3.0, 4.0, 10.0, 20.0]);
    }
}
