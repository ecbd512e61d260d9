//! One body, compiled for each instruction set, chosen when the program runs.
//!
//! Conversions are plain loops that the compiler turns into vector code, but for halves, for
//! which the machine has an instruction ([`Vector::halves`]). Sums name their vectors through [`Vector`], because a compiler that is left to guess packs the lanes of a
//! sum in a way that costs four times the time. Lanes and their order are the same everywhere,
//! products of two `f32` are exact in `f64`, and where a product is not exact it is never
//! fused with the sum ([`Vector::times`]), so every machine gives the same bits. Only for F64
//! files, whose products are fused where the machine can, the last bit may differ between
//! machines; never between runs or threads.

/// Defines `$name(args)` that runs `$body::<…, V>(args)` under the best instruction
/// set of this machine, V being its [`Vector`].
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident$(<$g:ident: $bound:path>)?($($arg:ident: $ty:ty),* $(,)?) => $body:ident) => {
        $(#[$doc])*
        $vis fn $name$(<$g: $bound>)?($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
                fn avx512$(<$g: $bound>)?($($arg: $ty),*) {
                    $body::<$($g,)? crate::numeric::isa::Avx512>($($arg),*);
                }
                #[target_feature(enable = "avx2,fma,f16c")]
                fn avx2$(<$g: $bound>)?($($arg: $ty),*) {
                    $body::<$($g,)? crate::numeric::isa::Avx2>($($arg),*);
                }
                match crate::numeric::isa::best() {
                    // SAFETY: `best` names an instruction set only after detecting it.
                    crate::numeric::isa::Isa::Avx512 => return unsafe { avx512$(::<$g>)?($($arg),*) },
                    // SAFETY: as above.
                    crate::numeric::isa::Isa::Avx2 => return unsafe { avx2$(::<$g>)?($($arg),*) },
                    crate::numeric::isa::Isa::Plain => {}
                }
            }
            $body::<$($g,)? crate::numeric::isa::Plain>($($arg),*);
        }
    };
}
pub(super) use dispatch;

/// The instruction sets that the bodies are compiled for, best last.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Isa {
    Plain,
    Avx2,
    Avx512,
}

/// The instruction set to use: the best of this machine, or less where a test asks for less.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn best() -> Isa {
    #[cfg(test)]
    return detected().min(limit::LIMIT.get());
    #[cfg(not(test))]
    detected()
}

/// The best instruction set of this machine; the standard library remembers what it found.
#[cfg(target_arch = "x86_64")]
#[inline]
fn detected() -> Isa {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq");
    match (avx2, avx512) {
        (true, true) => Isa::Avx512,
        (true, false) => Isa::Avx2,
        _ => Isa::Plain,
    }
}

/// A few `f64` that are computed with at once.
///
/// # Safety
/// The implementations for x86 may be used only where [`best`] has named their instruction
/// set; `dispatch!` sees to that, and nothing else names them.
pub(super) trait Vector: Copy {
    /// Numbers in one vector; divides eight.
    const WIDTH: usize;
    /// All zeros.
    fn zero() -> Self;
    /// The first WIDTH numbers of a slice, which must be that long.
    fn load(from: &[f64]) -> Self;
    /// WIDTH numbers of a slice from `at` on.
    ///
    /// # Safety
    /// `at + WIDTH` must not lie beyond the end of the slice: inside the innermost loop a
    /// check costs as much as the sum.
    #[inline(always)]
    unsafe fn load_at(from: &[f64], at: usize) -> Self {
        // SAFETY: promised by the caller.
        Self::load(unsafe { from.get_unchecked(at..at + Self::WIDTH) })
    }
    /// Writes to the first WIDTH numbers of a slice, which must be that long.
    fn store(self, to: &mut [f64]);
    /// `self + x`.
    fn plus(self, x: Self) -> Self;
    /// `self − x`.
    fn minus(self, x: Self) -> Self;
    /// `self · x`, rounded.
    fn times(self, x: Self) -> Self;
    /// `self + a · b`, fused where that costs nothing.
    fn plus_product(self, a: Self, b: Self) -> Self;
    /// The values of [`GROUP`] IEEE halves.
    fn halves(bits: &[u16; GROUP], out: &mut [f32; GROUP]);
}

/// Numbers that are converted together: a whole number of vectors on every machine.
pub(super) const GROUP: usize = 32;

/// IEEE half to single: three cases by integer arithmetic, then a choice without a branch.
#[inline(always)]
pub(super) fn f32_of_half(bits: u16) -> f32 {
    let bits = u32::from(bits);
    let magnitude = bits & 0x7fff;
    let normal = (magnitude << 13) + ((127 - 15) << 23);
    let subnormal = (magnitude as f32 * f32::from_bits((127 - 24) << 23)).to_bits();
    let special = (magnitude << 13) | 0x7f80_0000;
    let value = if magnitude < 0x0400 {
        subnormal
    } else {
        normal
    };
    let value = if magnitude >= 0x7c00 { special } else { value };
    f32::from_bits(value | (bits & 0x8000) << 16)
}

/// Any machine: the compiler makes of it what it can.
#[derive(Clone, Copy)]
pub(super) struct Plain([f64; 4]);

impl Vector for Plain {
    const WIDTH: usize = 4;
    #[inline(always)]
    fn zero() -> Self {
        Self([0.0; 4])
    }
    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Self([from[0], from[1], from[2], from[3]])
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        to[..4].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn plus(self, x: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] + x.0[k]))
    }
    #[inline(always)]
    fn minus(self, x: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] - x.0[k]))
    }
    #[inline(always)]
    fn times(self, x: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] * x.0[k]))
    }
    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] + a.0[k] * b.0[k]))
    }
    #[inline(always)]
    fn halves(bits: &[u16; GROUP], out: &mut [f32; GROUP]) {
        for (bits, out) in bits.iter().zip(out) {
            *out = f32_of_half(*bits);
        }
    }
}

/// Implements [`Vector`] for a register type by its intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! register {
    ($(#[$doc:meta])* $name:ident($register:ty), $width:literal, $zero:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident, halves: $load_bits:ident, $convert:ident, $store_f32:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $name($register);

        impl Vector for $name {
            const WIDTH: usize = $width;
            #[inline(always)]
            fn zero() -> Self {
                // SAFETY: the instruction set is there, by the contract of the trait.
                Self(unsafe { $zero() })
            }
            #[inline(always)]
            fn load(from: &[f64]) -> Self {
                debug_assert!(from.len() >= $width);
                let from = &from[..$width];
                // SAFETY: as above; the slice was just cut to the numbers that are read, and
                // the load asks for no alignment.
                Self(unsafe { $load(from.as_ptr()) })
            }
            #[inline(always)]
            fn store(self, to: &mut [f64]) {
                let to = &mut to[..$width];
                // SAFETY: as for `load`.
                unsafe { $store(to.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn plus(self, x: Self) -> Self {
                // SAFETY: the instruction set is there, by the contract of the trait.
                Self(unsafe { $add(self.0, x.0) })
            }
            #[inline(always)]
            fn minus(self, x: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $sub(self.0, x.0) })
            }
            #[inline(always)]
            fn times(self, x: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $mul(self.0, x.0) })
            }
            #[inline(always)]
            fn plus_product(self, a: Self, b: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $fma(a.0, b.0, self.0) })
            }
            #[inline(always)]
            fn halves(bits: &[u16; GROUP], out: &mut [f32; GROUP]) {
                let (bits, _) = bits.as_chunks::<{ 2 * $width }>();
                let (out, _) = out.as_chunks_mut::<{ 2 * $width }>();
                for (bits, out) in bits.iter().zip(out) {
                    // SAFETY: as above; both arrays are as long as the register, and neither
                    // the load nor the store asks for alignment.
                    unsafe { $store_f32(out.as_mut_ptr(), $convert($load_bits(bits.as_ptr().cast()))) }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256d, __m512d, _mm_loadu_si128, _mm256_add_pd, _mm256_cvtph_ps, _mm256_fmadd_pd,
    _mm256_loadu_pd, _mm256_loadu_si256, _mm256_mul_pd, _mm256_setzero_pd, _mm256_storeu_pd,
    _mm256_storeu_ps, _mm256_sub_pd, _mm512_add_pd, _mm512_cvtph_ps, _mm512_fmadd_pd,
    _mm512_loadu_pd, _mm512_mul_pd, _mm512_setzero_pd, _mm512_storeu_pd, _mm512_storeu_ps,
    _mm512_sub_pd,
};

#[cfg(target_arch = "x86_64")]
register!(
    /// Eight numbers.
    Avx512(__m512d), 8, _mm512_setzero_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_fmadd_pd, halves: _mm256_loadu_si256, _mm512_cvtph_ps, _mm512_storeu_ps
);
#[cfg(target_arch = "x86_64")]
register!(
    /// Four numbers.
    Avx2(__m256d), 4, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_fmadd_pd, halves: _mm_loadu_si128, _mm256_cvtph_ps, _mm256_storeu_ps
);

/// Asks the memory for the lines that lie `ahead` bytes beyond those of `bytes`.
///
/// The streams of a Gram pass are too many and too short for the hardware to guess; without
/// this the pass runs at half the speed. The lines go to the second cache, because the first
/// is full of the block that is computed with. The addresses need not be inside any slice.
#[inline(always)]
pub(super) fn prefetch(bytes: &[u8], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..bytes.len()).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        let address = bytes.as_ptr().wrapping_add(line + ahead);
        // SAFETY: a prefetch reads nothing that the program can see and never faults,
        // whatever the address; `wrapping_add` makes no claim about it either.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, ahead);
}

/// Runs `work` once for each instruction set of this machine.
#[cfg(test)]
pub(super) fn with_each(mut work: impl FnMut()) {
    #[cfg(target_arch = "x86_64")]
    for isa in [Isa::Plain, Isa::Avx2, Isa::Avx512] {
        if isa <= detected() {
            limit::LIMIT.set(isa);
            work();
            limit::LIMIT.set(Isa::Avx512);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    work();
}

/// How a test asks for less than the machine can do; for its own thread only.
#[cfg(all(test, target_arch = "x86_64"))]
mod limit {
    use super::Isa;
    use std::cell::Cell;

    thread_local! {
        pub(super) static LIMIT: Cell<Isa> = const { Cell::new(Isa::Avx512) };
    }
}
