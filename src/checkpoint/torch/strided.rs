//! Numbers of a tensor that do not lie one after the other: transposed, cut out, repeated.

use crate::checkpoint::source::{Source, Stored};
use crate::numeric::{Float, Numbers, Plain};

/// Numbers that are gathered at once before they are decoded.
const BLOCK: usize = 1024;

/// A view of stored numbers.
#[derive(Debug)]
pub(super) struct Strided {
    /// `None` for numbers that are not computed with.
    pub(super) float: Option<Float>,
    /// From the first number to the last; their distances are within it.
    pub(super) stored: Stored,
    /// Dimensions and distances in numbers of all but the innermost dimension.
    pub(super) outer: Vec<(usize, usize)>,
    /// The same of the innermost, which is not empty.
    pub(super) inner: (usize, usize),
}

impl Strided {
    /// Copies numbers of `W` bytes, from the row-major place `first` on.
    fn gather<const W: usize>(&self, first: usize, to: &mut [[u8; W]]) {
        let (from, _) = self.stored.bytes().as_chunks::<W>();
        let (len, stride) = self.inner;
        let (mut row, mut column) = (first / len, first % len);
        let mut rest = to;
        while !rest.is_empty() {
            let run = rest.len().min(len - column);
            let (now, later) = rest.split_at_mut(run);
            let start = self.start(row) + column * stride;
            let from = from.get(start..).unwrap_or_default();
            if stride == 1 {
                let run = run.min(from.len());
                now[..run].copy_from_slice(&from[..run]);
            } else if stride == 0 {
                now.fill(from.first().copied().unwrap_or([0; W]));
            } else {
                for (to, from) in now.iter_mut().zip(from.iter().step_by(stride)) {
                    *to = *from;
                }
            }
            (rest, row, column) = (later, row + 1, 0);
        }
    }

    /// Where a run of the innermost dimension begins.
    fn start(&self, mut row: usize) -> usize {
        let mut at = 0;
        for &(len, stride) in self.outer.iter().rev() {
            at += row % len * stride;
            row /= len;
        }
        at
    }

    fn read_as<const W: usize>(&self, float: Float, first: usize, out: &mut [f32]) {
        let mut gathered = [[0; W]; BLOCK];
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let gathered = &mut gathered[..out.len()];
            self.gather(first + k * BLOCK, gathered);
            let bytes = gathered.as_flattened();
            Plain { float, bytes }.read_f32(out);
        }
    }
}

impl Source for Strided {
    fn elements(&self) -> usize {
        let outer = self.outer.iter().map(|&(len, _)| len);
        outer.product::<usize>() * self.inner.0
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let Some(float) = self.float else {
            return;
        };
        match float.bytes() {
            1 => self.read_as::<1>(float, first, out),
            2 => self.read_as::<2>(float, first, out),
            4 => self.read_as::<4>(float, first, out),
            _ => self.read_as::<8>(float, first, out),
        }
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        visit(&self.stored);
    }
}
