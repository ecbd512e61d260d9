//! Rows of a matrix that is stored as its transpose, without decoding it once for each row.
//!
//! One row takes a single weight from every stored one, and decoding a single weight costs as
//! much as decoding a group. Who reads a row reads the next ones soon, so a thread keeps what it
//! decoded: tiles of [`BAND`] rows by [`TILE`] columns, at most [`SLOTS`] of them, 8 MiB.

use std::cell::Cell;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Weak;

/// Rows of a tile: a whole group of most formats.
pub(super) const BAND: usize = 32;
/// Columns of a tile.
const TILE: usize = 64;
/// Tiles that a thread keeps: the rows of three models of 20,000 columns.
const SLOTS: usize = 1024;

thread_local! {
    static KEPT: Cell<Vec<Option<Kept>>> = const { Cell::new(Vec::new()) };
}

/// Who is being read.
pub(super) type Key = Weak<dyn Debug>;

/// A decoded tile.
struct Kept {
    /// What it was decoded from; it also keeps the place in memory from being given to another.
    of: Key,
    place: Place,
    numbers: Box<[f32; BAND * TILE]>,
}

/// Which matrix of a stack, and which tile of it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    matrix: usize,
    band: usize,
    tile: usize,
}

/// Sizes of one matrix as it is read.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Reads `out.len()` weights from `first` on of `[matrices, rows, columns]`. `decode` decodes a
/// tile of the matrix that begins with that weight.
pub(super) fn read(
    of: &Key,
    sizes: Sizes,
    first: usize,
    out: &mut [f32],
    decode: impl Fn(usize, &mut Tile<'_>),
) {
    let one = sizes.rows * sizes.columns;
    let mut kept = KEPT.take();
    kept.resize_with(SLOTS, || None);
    let (mut at, mut rest) = (first, out);
    while !rest.is_empty() {
        let (matrix, within) = (at / one, at % one);
        let (row, column) = (within / sizes.columns, within % sizes.columns);
        let place = Place {
            matrix,
            band: row / BAND,
            tile: column / TILE,
        };
        let len = (TILE - column % TILE)
            .min(sizes.columns - column)
            .min(rest.len());
        let (now, later) = rest.split_at_mut(len);
        let numbers = tile(&mut kept, of, place, |numbers| {
            let start = matrix * one;
            decode(start, &mut Tile::new(sizes, place, numbers));
        });
        let start = row % BAND * TILE + column % TILE;
        now.copy_from_slice(&numbers[start..start + len]);
        (rest, at) = (later, at + len);
    }
    KEPT.set(kept);
}

fn tile<'k>(
    kept: &'k mut [Option<Kept>],
    of: &Key,
    place: Place,
    decode: impl Fn(&mut [f32; BAND * TILE]),
) -> &'k [f32; BAND * TILE] {
    let slot = &mut kept[slot(of, place)];
    let is_ours = |kept: &Kept| kept.place == place && Weak::ptr_eq(&kept.of, of);
    let kept = match slot.take() {
        Some(kept) if is_ours(&kept) => kept,
        other => {
            let numbers = other.map(|kept| kept.numbers);
            let mut numbers = numbers.unwrap_or_else(|| Box::new([0.0; BAND * TILE]));
            decode(&mut numbers);
            Kept {
                of: Weak::clone(of),
                place,
                numbers,
            }
        }
    };
    &slot.insert(kept).numbers
}

/// Neighbouring tiles lie side by side, and models apart.
fn slot(of: &Key, place: Place) -> usize {
    let address = of.as_ptr().cast::<u8>().addr() >> 4;
    let model = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (model as usize + place.tile) % SLOTS
}

/// A part of one matrix that is to be decoded.
pub(super) struct Tile<'n> {
    /// Of the matrix as it is read.
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    numbers: &'n mut [f32; BAND * TILE],
}

impl<'n> Tile<'n> {
    fn new(sizes: Sizes, place: Place, numbers: &'n mut [f32; BAND * TILE]) -> Self {
        let (row, column) = (place.band * BAND, place.tile * TILE);
        Self {
            rows: row..(row + BAND).min(sizes.rows),
            columns: column..(column + TILE).min(sizes.columns),
            numbers,
        }
    }

    /// Takes column `k` of the tile: a run of a stored row.
    pub(super) fn put(&mut self, k: usize, run: &[f32]) {
        for (line, x) in self.numbers.chunks_exact_mut(TILE).zip(run) {
            line[k] = *x;
        }
    }
}
