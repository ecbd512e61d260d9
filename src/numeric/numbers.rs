//! Numbers that decode themselves, a block at a time, whatever form they lie in.
//!
//! Who fills a [`Panel`](super::Panel) asks only for numbers; a new form of storing them is one
//! more implementation. What it costs is one decision a block, none a number.

use super::decode::{self, Float};

/// A run of numbers that can be decoded.
pub trait Numbers {
    /// How many there are.
    fn count(&self) -> usize;

    /// Whether `f32` would round them.
    fn is_wide(&self) -> bool {
        false
    }

    /// Writes the first of them, rounded to the nearest `f32` if they are wide; where there are
    /// too few, the rest of `out` stays as it was.
    fn read_f32(&self, out: &mut [f32]);

    /// Writes the first of them, exactly.
    fn read_f64(&self, out: &mut [f64]);

    /// `out[k] = self[k] − base[k]`, taken in `f32` and widened.
    fn read_change(&self, base: &[f32], out: &mut [f64]);
}

/// Little-endian numbers of one width, end to end.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a> {
    /// Their format.
    pub float: Float,
    /// The numbers; not aligned.
    pub bytes: &'a [u8],
}

impl Numbers for Plain<'_> {
    #[inline]
    fn count(&self) -> usize {
        self.bytes.len() / self.float.bytes()
    }

    #[inline]
    fn is_wide(&self) -> bool {
        self.float == Float::F64
    }

    #[inline]
    fn read_f32(&self, out: &mut [f32]) {
        decode::to_f32(self.float, self.bytes, out);
    }

    #[inline]
    fn read_f64(&self, out: &mut [f64]) {
        decode::to_f64(self.float, self.bytes, out);
    }

    #[inline]
    fn read_change(&self, base: &[f32], out: &mut [f64]) {
        decode::delta_f32(self.float, self.bytes, base, out);
    }
}

/// Numbers that are decoded already.
impl Numbers for &[f32] {
    #[inline]
    fn count(&self) -> usize {
        self.len()
    }

    fn read_f32(&self, out: &mut [f32]) {
        let n = self.len().min(out.len());
        out[..n].copy_from_slice(&self[..n]);
    }

    fn read_f64(&self, out: &mut [f64]) {
        decode::widen(self, out);
    }

    fn read_change(&self, base: &[f32], out: &mut [f64]) {
        for ((theta, base), out) in self.iter().zip(base).zip(out) {
            *out = f64::from(theta - base);
        }
    }
}

/// The same, in `f64`.
impl Numbers for &[f64] {
    #[inline]
    fn count(&self) -> usize {
        self.len()
    }

    fn is_wide(&self) -> bool {
        true
    }

    fn read_f32(&self, out: &mut [f32]) {
        for (x, out) in self.iter().zip(out) {
            *out = *x as f32;
        }
    }

    fn read_f64(&self, out: &mut [f64]) {
        let n = self.len().min(out.len());
        out[..n].copy_from_slice(&self[..n]);
    }

    fn read_change(&self, base: &[f32], out: &mut [f64]) {
        for ((theta, base), out) in self.iter().zip(base).zip(out) {
            *out = f64::from(*theta as f32 - base);
        }
    }
}
