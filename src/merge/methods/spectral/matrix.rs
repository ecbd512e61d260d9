//! A matrix in memory, looked at with its longer side as rows.

use faer::MatRef;

/// Numbers of a matrix, row-major.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    pub(super) shape: [usize; 2],
    pub(super) numbers: Vec<f32>,
}

impl Matrix {
    /// # Panics
    /// If there are not as many numbers as the shape says.
    pub(super) fn new(shape: [usize; 2], numbers: Vec<f32>) -> Self {
        debug_assert_eq!(shape[0] * shape[1], numbers.len());
        Self { shape, numbers }
    }

    pub(super) fn is_finite(&self) -> bool {
        self.numbers.iter().all(|x| x.is_finite())
    }

    pub(super) fn view(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.numbers, self.shape[0], self.shape[1])
    }

    /// The same, or its transpose, so that there are no fewer rows than columns.
    pub(super) fn tall(&self) -> MatRef<'_, f32> {
        match self.is_wide() {
            true => self.view().transpose(),
            false => self.view(),
        }
    }

    /// From the numbers of [`Self::tall`], row-major, for a matrix of `shape`.
    pub(super) fn from_tall(shape: [usize; 2], tall: Vec<f32>) -> Self {
        let [rows, columns] = shape;
        if rows >= columns {
            return Self::new(shape, tall);
        }
        let mut numbers = vec![0.0; tall.len()];
        for (column, own) in tall.chunks(rows.max(1)).enumerate() {
            for (row, x) in own.iter().enumerate() {
                numbers[row * columns + column] = *x;
            }
        }
        Self::new(shape, numbers)
    }

    fn is_wide(&self) -> bool {
        self.shape[0] < self.shape[1]
    }
}
