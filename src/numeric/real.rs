//! The two types that merges compute with: `f32`, and `f64` where a recipe asks for it.

use std::borrow::Cow;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Sub};

use super::numbers::Numbers;
use super::select::magnitude;

/// `f32` or `f64`.
pub trait Real:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + MulAssign
    + DivAssign
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;

    /// The nearest number.
    fn of(x: f64) -> Self;

    /// The same number.
    fn wide(self) -> f64;

    /// |x|
    fn abs(self) -> Self;

    /// The greater of both; the other where one is NaN.
    fn max(self, other: Self) -> Self;

    /// Whether it is neither NaN nor infinite.
    fn is_finite(self) -> bool;

    /// Whether it is NaN.
    fn is_nan(self) -> bool;

    /// The key of its magnitude, see [`magnitude`]; that of the nearest `f32`.
    fn key(self) -> u32;

    /// Itself, or 0, without a branch.
    fn only_if(self, kept: bool) -> Self;

    /// Decodes the first of `numbers`.
    fn read(numbers: &dyn Numbers, out: &mut [Self]);

    /// The nearest `f32` of each.
    fn narrow(numbers: &[Self]) -> Cow<'_, [f32]>;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(x: f64) -> Self {
        x as Self
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.max(other)
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.to_bits() & 0x7f80_0000 != 0x7f80_0000
    }

    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }

    #[inline(always)]
    fn key(self) -> u32 {
        magnitude(self)
    }

    #[inline(always)]
    fn only_if(self, kept: bool) -> Self {
        Self::from_bits(self.to_bits() & u32::from(kept).wrapping_neg())
    }

    fn read(numbers: &dyn Numbers, out: &mut [Self]) {
        numbers.read_f32(out);
    }

    fn narrow(numbers: &[Self]) -> Cow<'_, [f32]> {
        Cow::Borrowed(numbers)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.max(other)
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }

    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }

    #[inline(always)]
    fn key(self) -> u32 {
        magnitude(self as f32)
    }

    #[inline(always)]
    fn only_if(self, kept: bool) -> Self {
        Self::from_bits(self.to_bits() & u64::from(kept).wrapping_neg())
    }

    fn read(numbers: &dyn Numbers, out: &mut [Self]) {
        numbers.read_f64(out);
    }

    fn narrow(numbers: &[Self]) -> Cow<'_, [f32]> {
        Cow::Owned(numbers.iter().map(|x| *x as f32).collect())
    }
}
