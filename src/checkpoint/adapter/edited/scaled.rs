//! IA3: W ∘ l, a factor for every row or every column.

use super::super::low_rank::decode;
use super::{Edit, Ready, by_rows};
use crate::checkpoint::source::Source;
use crate::checkpoint::tensor::Tensor;

/// Multiplies rows or columns.
#[derive(Debug)]
pub(in super::super) struct Scaled {
    pub(in super::super) by: Tensor,
    pub(in super::super) columns: usize,
    pub(in super::super) rows_differ: bool,
}

impl Edit for Scaled {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        Box::new(ReadyScaled {
            by: decode(&self.by),
            columns: self.columns,
            rows_differ: self.rows_differ,
        })
    }
}

#[derive(Debug)]
struct ReadyScaled {
    by: Vec<f32>,
    columns: usize,
    rows_differ: bool,
}

impl Ready for ReadyScaled {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        of.read(first, out);
        by_rows(self.columns, first, out, |row, column, piece| {
            if self.rows_differ {
                let by = self.by[row];
                piece.iter_mut().for_each(|weight| *weight *= by);
            } else {
                for (weight, by) in piece.iter_mut().zip(&self.by[column..]) {
                    *weight *= by;
                }
            }
        });
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&self.by[..])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    #[test]
    fn rows_or_columns_are_multiplied() {
        let make = |rows_differ: bool| {
            move || -> Box<dyn Edit> {
                Box::new(Scaled {
                    by: in_memory(&[2], &[1.0, 10.0]),
                    columns: 2,
                    rows_differ,
                })
            }
        };
        let base = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(edited(make(true), &base), [1.0, 2.0, 30.0, 40.0]);
        assert_eq!(edited(make(false), &base), [1.0, 20.0, 3.0, 40.0]);
    }
}
