//! Weights that are not stored as plain numbers: quantised, scaled, permuted, cut or put together.
//!
//! A format of files or a scheme of quantisation makes a [`Source`] for each of its tensors, and
//! everything else reads these as it reads plain ones, through [`super::RawTensor`]. Sources are
//! built on sources: a stack of experts of permuted blocks is three of them, one in the other.

use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use super::bands::{self, BAND, Key, Sizes, Tile};
use super::weights::Weights;
use crate::numeric::{Numbers, Plain};

/// The weights of one tensor, decoded when they are read; row-major, in Hugging Face's order.
pub(super) trait Source: Debug + Send + Sync {
    /// How many weights there are.
    fn elements(&self) -> usize;

    /// Decodes the weights `first..first + out.len()`, which exist.
    fn read(&self, first: usize, out: &mut [f32]);

    /// The same without rounding, where weights are stored as F64.
    fn read_f64(&self, first: usize, out: &mut [f64]) {
        let mut numbers = [0.0; BLOCK];
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let now = &mut numbers[..out.len()];
            self.read(first + k * BLOCK, now);
            out.iter_mut()
                .zip(now)
                .for_each(|(to, x)| *to = f64::from(*x));
        }
    }

    /// Decodes a tile of the transpose of a matrix that begins with weight `start` and has rows
    /// of `len`.
    fn read_tile(&self, start: usize, len: usize, tile: &mut Tile<'_>) {
        let mut run = [0.0; BAND];
        let run = &mut run[..tile.rows.len()];
        for (k, column) in tile.columns.clone().enumerate() {
            self.read(start + column * len + tile.rows.start, run);
            tile.put(k, run);
        }
    }

    /// Calls `visit` with everything in files that the weights are made from.
    fn stored(&self, visit: &mut dyn FnMut(&Stored));

    /// How much rounding to this format moves the weights `first..first + len`, as the expected
    /// sum of squares of the errors: a step of the grid, squared, over twelve, for every weight.
    /// Zero where they are as exact as plain numbers.
    fn rounding(&self, first: usize, len: usize) -> f64 {
        let _ = (first, len);
        0.0
    }

    /// Has the weights `first..first + len` fetched, if they lie on a store.
    fn fetch_soon(&self, first: usize, len: usize) {
        let _ = (first, len);
    }

    /// Whether they are plain numbers that `f32` would round.
    fn is_wide(&self) -> bool {
        false
    }
}

/// Bytes of an opened file.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) file: Arc<Weights>,
    pub(super) range: Range<usize>,
}

impl Stored {
    pub(super) fn bytes(&self) -> &[u8] {
        self.file.bytes(&self.range)
    }

    /// Those from `range` on, counted from the first: as they lie in a map, or copied from a
    /// store. What lies beyond is left out.
    pub(super) fn copied(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let range = self.within(range);
        match self.file.object() {
            None => Cow::Borrowed(self.file.bytes(&range)),
            Some(object) => {
                let mut bytes = vec![0; range.len()];
                object.read(range.start as u64, &mut bytes);
                Cow::Owned(bytes)
            }
        }
    }

    /// Where in the file `range` of these bytes lies.
    fn within(&self, range: Range<usize>) -> Range<usize> {
        let end = range.end.min(self.range.len());
        let start = range.start.min(end);
        self.range.start + start..self.range.start + end
    }

    /// The same file's bytes, counted from the first of these; what lies beyond is left out.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self {
            file: Arc::clone(&self.file),
            range: self.within(range),
        }
    }
}

/// Bytes of files that reading all of a source takes.
pub(super) fn size_bytes(source: &dyn Source) -> u64 {
    let mut sum = 0;
    source.stored(&mut |stored| sum += stored.range.len() as u64);
    sum
}

/// A run of the weights of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) first: usize,
    pub(super) len: usize,
}

impl<'a> Stretch<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self {
            source,
            first: 0,
            len: source.elements(),
        }
    }

    /// A run of this run; what lies beyond the last is left out.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len);
        let start = range.start.min(end);
        Self {
            first: self.first + start,
            len: end - start,
            ..*self
        }
    }

    /// Bytes that reading the run takes: its share of the whole.
    pub(super) fn size_bytes(&self) -> u64 {
        let whole = u128::from(size_bytes(self.source));
        let share = whole * self.len as u128 / (self.source.elements().max(1) as u128);
        share as u64
    }

    /// Decodes block by block and hands each on with the place of its first weight in the run.
    fn blocks(&self, len: usize, mut block: impl FnMut(usize, &[f32])) {
        let len = len.min(self.len);
        let mut numbers = [0.0; BLOCK];
        for start in (0..len).step_by(BLOCK) {
            let now = &mut numbers[..BLOCK.min(len - start)];
            self.source.read(self.first + start, now);
            block(start, now);
        }
    }
}

/// Weights that are decoded at once where they are not wanted as `f32`: whole blocks of every
/// format, and few enough for the fastest cache.
const BLOCK: usize = 1024;

impl Numbers for Stretch<'_> {
    fn count(&self) -> usize {
        self.len
    }

    fn is_wide(&self) -> bool {
        self.source.is_wide()
    }

    fn read_f32(&self, out: &mut [f32]) {
        let len = out.len().min(self.len);
        self.source.read(self.first, &mut out[..len]);
    }

    fn read_f64(&self, out: &mut [f64]) {
        let len = out.len().min(self.len);
        self.source.read_f64(self.first, &mut out[..len]);
    }

    fn read_change(&self, base: &[f32], out: &mut [f64]) {
        self.blocks(out.len().min(base.len()), |start, numbers| {
            let base = &base[start..];
            for ((to, x), own) in out[start..].iter_mut().zip(numbers).zip(base) {
                *to = f64::from(x - own);
            }
        });
    }
}

/// Plain numbers, to build on.
#[derive(Debug, Clone)]
pub(super) struct PlainSource {
    pub(super) float: crate::numeric::Float,
    pub(super) stored: Stored,
}

impl Source for PlainSource {
    fn elements(&self) -> usize {
        self.stored.range.len() / self.float.bytes()
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let float = self.float;
        let bytes = self.copied(first, out.len());
        let bytes = &*bytes;
        Plain { float, bytes }.read_f32(out);
    }

    fn read_f64(&self, first: usize, out: &mut [f64]) {
        let float = self.float;
        let bytes = self.copied(first, out.len());
        let bytes = &*bytes;
        Plain { float, bytes }.read_f64(out);
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        visit(&self.stored);
    }

    fn fetch_soon(&self, first: usize, len: usize) {
        let width = self.float.bytes();
        let range = self.stored.within(first * width..(first + len) * width);
        if let Some(object) = self.stored.file.object() {
            object.advise_soon(range.start as u64..range.end as u64);
        }
    }

    fn is_wide(&self) -> bool {
        self.float == crate::numeric::Float::F64
    }
}

impl PlainSource {
    fn copied(&self, first: usize, len: usize) -> Cow<'_, [u8]> {
        let width = self.float.bytes();
        self.stored.copied(first * width..(first + len) * width)
    }
}

/// A run of another tensor: one of the matrices that a file stores as one.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) of: Arc<dyn Source>,
    pub(super) range: Range<usize>,
}

impl Source for Cut {
    fn elements(&self) -> usize {
        self.range.len()
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        self.of.read(self.range.start + first, out);
    }

    fn read_f64(&self, first: usize, out: &mut [f64]) {
        self.of.read_f64(self.range.start + first, out);
    }

    fn fetch_soon(&self, first: usize, len: usize) {
        self.of.fetch_soon(self.range.start + first, len);
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        let whole = self.of.elements().max(1) as u128;
        // Its share of the bytes, so that sums over tensors are those of the file.
        let share = |of: usize, len: usize| (len as u128 * of as u128 / whole) as usize;
        let Range { start, end } = self.range;
        self.of.stored(&mut |stored| {
            let len = stored.range.len();
            visit(&stored.part(share(start, len)..share(end, len)));
        });
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        self.of.rounding(self.range.start + first, len)
    }
}

/// Several tensors, one after the other: what a file stores apart and others as one.
#[derive(Debug)]
pub(super) struct Joined {
    parts: Vec<Arc<dyn Source>>,
    /// Where each part ends.
    ends: Vec<usize>,
}

impl Joined {
    pub(super) fn new(parts: Vec<Arc<dyn Source>>) -> Self {
        let mut end = 0;
        let ends = parts.iter().map(|part| {
            end += part.elements();
            end
        });
        let ends = ends.collect();
        Self { parts, ends }
    }

    /// Calls `part` for all that `first..first + len` covers: the part, and the range in it.
    fn covered(&self, first: usize, len: usize, mut part: impl FnMut(&dyn Source, Range<usize>)) {
        let (mut at, end) = (first, first + len);
        let mut k = self.ends.partition_point(|&own| own <= first);
        while at < end && k < self.parts.len() {
            let start = if k == 0 { 0 } else { self.ends[k - 1] };
            let stop = end.min(self.ends[k]);
            part(&*self.parts[k], at - start..stop - start);
            (at, k) = (stop, k + 1);
        }
    }
}

impl Source for Joined {
    fn elements(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let len = out.len();
        let mut rest = out;
        self.covered(first, len, |part, range| {
            let (now, later) = std::mem::take(&mut rest).split_at_mut(range.len());
            part.read(range.start, now);
            rest = later;
        });
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        for part in &self.parts {
            part.stored(visit);
        }
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let mut sum = 0.0;
        self.covered(first, len, |part, range| {
            sum += part.rounding(range.start, range.len());
        });
        sum
    }
}

/// The same rows in another order.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) of: Arc<dyn Source>,
    /// Weights of a row.
    pub(super) row_len: usize,
    /// For each row the one of `of` that holds it.
    pub(super) order: Vec<usize>,
}

impl Source for Rows {
    fn elements(&self) -> usize {
        self.order.len() * self.row_len
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let (mut at, mut rest) = (first, out);
        while !rest.is_empty() {
            let (row, column) = (at / self.row_len, at % self.row_len);
            let len = rest.len().min(self.row_len - column);
            let (now, later) = rest.split_at_mut(len);
            self.of.read(self.order[row] * self.row_len + column, now);
            (rest, at) = (later, at + len);
        }
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        self.of.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let (mut at, end, mut sum) = (first, first + len, 0.0);
        while at < end {
            let (row, column) = (at / self.row_len, at % self.row_len);
            let len = (end - at).min(self.row_len - column);
            let own = self.order[row] * self.row_len + column;
            sum += self.of.rounding(own, len);
            at += len;
        }
        sum
    }
}

/// A matrix stored as its transpose, or a stack of such: `[count, rows, columns]` of what is
/// stored as `[count, columns, rows]`.
#[derive(Debug)]
pub(super) struct Transposed {
    pub(super) of: Arc<dyn Source>,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Source for Transposed {
    fn elements(&self) -> usize {
        self.of.elements()
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let sizes = Sizes {
            rows: self.rows,
            columns: self.columns,
        };
        let whole = Arc::downgrade(&self.of);
        let key: Key = whole;
        bands::read(&key, sizes, first, out, |start, tile| {
            self.of.read_tile(start, self.rows, tile);
        });
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        self.of.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let all = self.of.elements();
        if len == all {
            return self.of.rounding(0, all);
        }
        let one = self.rows * self.columns;
        let own = |at: usize| {
            let (matrix, at) = (at / one, at % one);
            matrix * one + at % self.columns * self.rows + at / self.columns
        };
        let of_each = (first..first + len).map(|at| self.of.rounding(own(at), 1));
        of_each.sum()
    }
}
