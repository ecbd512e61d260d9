//! One body, compiled for each instruction set, chosen when the program runs.
//!
//! Conversions are plain loops that the compiler turns into vector code, but for halves, for
//! which the machine has an instruction ([`Simd::halves`]). Sums name their vectors through
//! [`Simd`], because a compiler that is left to guess packs the lanes of a sum in a way that
//! costs four times the time. Lanes and their order are the same everywhere,
//! products of two `f32` are exact in `f64`, and where a product is not exact it is never
//! fused with the sum ([`Simd::times`]), so every machine gives the same bits. Only for F64
//! files, whose products are fused where the machine can, the last bit may differ between
//! machines; never between runs or threads.

/// Defines `$name(args)` that runs `$body(args)` compiled for the best instruction set of this
/// machine; with `=> $body simd`, the body is given its [`Simd`] as first argument.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident$(<$g:ident: $bound:path>)?($($arg:ident: $ty:ty),* $(,)?) => $body:ident $($simd:ident)?) => {
        $(#[$doc])*
        $vis fn $name$(<$g: $bound>)?($($arg: $ty),*) {
            use crate::numeric::isa;
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
                fn avx512$(<$g: $bound>)?(simd: isa::Avx512, $($arg: $ty),*) {
                    dispatch!(@call [$($simd)?] $body [$($g)?] simd [$($arg),*]);
                }
                #[target_feature(enable = "avx2,fma,f16c")]
                fn avx2$(<$g: $bound>)?(simd: isa::Avx2, $($arg: $ty),*) {
                    dispatch!(@call [$($simd)?] $body [$($g)?] simd [$($arg),*]);
                }
                match isa::best() {
                    // SAFETY: an `Avx512` exists only where its instruction set was detected.
                    isa::Best::Avx512(simd) => return unsafe { avx512$(::<$g>)?(simd, $($arg),*) },
                    // SAFETY: as above.
                    isa::Best::Avx2(simd) => return unsafe { avx2$(::<$g>)?(simd, $($arg),*) },
                    isa::Best::Plain => {}
                }
            }
            let simd = isa::Plain;
            dispatch!(@call [$($simd)?] $body [$($g)?] simd [$($arg),*]);
        }
    };
    (@call [] $body:ident [$($g:ident)?] $simd:ident [$($arg:ident),*]) => {
        let _ = $simd;
        $body$(::<$g>)?($($arg),*);
    };
    (@call [simd] $body:ident [$($g:ident)?] $simd:ident [$($arg:ident),*]) => {
        $body::<$($g,)? _>($simd, $($arg),*);
    };
}
pub(super) use dispatch;

/// The instruction sets that the bodies are compiled for, best last.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Plain,
    Avx2,
    Avx512,
}

/// The instruction set to use.
#[cfg(target_arch = "x86_64")]
pub(super) enum Best {
    Plain,
    Avx2(Avx2),
    Avx512(Avx512),
}

/// The best of this machine, or less where a test asks for less. Nothing else makes an [`Avx2`]
/// or an [`Avx512`], so that whoever has one may use its instructions.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn best() -> Best {
    let level = detected();
    #[cfg(test)]
    let level = level.min(limit::LIMIT.get());
    match level {
        Level::Plain => Best::Plain,
        Level::Avx2 => Best::Avx2(Avx2(())),
        Level::Avx512 => Best::Avx512(Avx512(())),
    }
}

/// The best instruction set of this machine; the standard library remembers what it found.
#[cfg(target_arch = "x86_64")]
#[inline]
fn detected() -> Level {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Plain,
    }
}

/// Computes with a few `f64` at once. A value of an implementing type is the proof that this
/// machine can: it holds nothing, costs nothing, and is made by [`best`] alone.
pub(super) trait Simd: Copy {
    /// A few numbers.
    type Vector: Copy;
    /// Twice as many `f32`.
    type Singles: Copy;
    /// Numbers in one vector; divides eight.
    const WIDTH: usize;
    /// All zeros.
    fn zero(self) -> Self::Vector;
    /// The first WIDTH numbers of a slice, which must be that long.
    fn load(self, from: &[f64]) -> Self::Vector;
    /// WIDTH numbers of a slice from `at` on.
    ///
    /// # Safety
    /// `at + WIDTH` must not lie beyond the end of the slice: inside the innermost loop a
    /// check costs as much as the sum.
    #[inline(always)]
    unsafe fn load_at(self, from: &[f64], at: usize) -> Self::Vector {
        // SAFETY: promised by the caller.
        self.load(unsafe { from.get_unchecked(at..at + Self::WIDTH) })
    }
    /// Writes to the first WIDTH numbers of a slice, which must be that long.
    fn store(self, x: Self::Vector, to: &mut [f64]);
    /// `a + b`.
    fn plus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a − b`.
    fn minus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a · b`, rounded.
    fn times(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `sum + a · b`, fused where that costs nothing.
    fn plus_product(self, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// All zeros.
    fn no_singles(self) -> Self::Singles;
    /// The first 2 · WIDTH numbers of a slice, which must be that long.
    fn singles(self, from: &[f32]) -> Self::Singles;
    /// Writes to the first 2 · WIDTH numbers of a slice, which must be that long.
    fn put_singles(self, x: Self::Singles, to: &mut [f32]);
    /// `sum + c · x`, fused where that costs nothing.
    fn plus_scaled(self, sum: Self::Singles, c: f32, x: Self::Singles) -> Self::Singles;
    /// The values of [`GROUP`] IEEE halves.
    fn halves(self, bits: &[u16; GROUP], out: &mut [f32; GROUP]);
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
pub(super) struct Plain;

impl Simd for Plain {
    type Vector = [f64; 4];
    type Singles = [f32; 8];
    const WIDTH: usize = 4;
    #[inline(always)]
    fn zero(self) -> [f64; 4] {
        [0.0; 4]
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> [f64; 4] {
        [from[0], from[1], from[2], from[3]]
    }
    #[inline(always)]
    fn store(self, x: [f64; 4], to: &mut [f64]) {
        to[..4].copy_from_slice(&x);
    }
    #[inline(always)]
    fn plus(self, a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|k| a[k] + b[k])
    }
    #[inline(always)]
    fn minus(self, a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|k| a[k] - b[k])
    }
    #[inline(always)]
    fn times(self, a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|k| a[k] * b[k])
    }
    #[inline(always)]
    fn plus_product(self, sum: [f64; 4], a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|k| sum[k] + a[k] * b[k])
    }
    #[inline(always)]
    fn no_singles(self) -> [f32; 8] {
        [0.0; 8]
    }
    #[inline(always)]
    fn singles(self, from: &[f32]) -> [f32; 8] {
        std::array::from_fn(|k| from[k])
    }
    #[inline(always)]
    fn put_singles(self, x: [f32; 8], to: &mut [f32]) {
        to[..8].copy_from_slice(&x);
    }
    #[inline(always)]
    fn plus_scaled(self, sum: [f32; 8], c: f32, x: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|k| sum[k] + c * x[k])
    }
    #[inline(always)]
    fn halves(self, bits: &[u16; GROUP], out: &mut [f32; GROUP]) {
        for (bits, out) in bits.iter().zip(out) {
            *out = f32_of_half(*bits);
        }
    }
}

/// Implements [`Simd`] for an instruction set by its intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! instruction_set {
    ($(#[$doc:meta])* $name:ident($register:ty), $width:literal, $zero:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident, singles($singles:ty): $zero_f32:ident, $load_f32:ident, $splat_f32:ident, $fma_f32:ident, halves: $load_bits:ident, $convert:ident, $store_f32:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $name(());

        impl Simd for $name {
            type Vector = $register;
            type Singles = $singles;
            const WIDTH: usize = $width;
            #[inline(always)]
            fn zero(self) -> $register {
                // SAFETY: the instruction set is there, for `self` is the proof of it.
                unsafe { $zero() }
            }
            #[inline(always)]
            fn load(self, from: &[f64]) -> $register {
                let from = &from[..$width];
                // SAFETY: as above; the slice was just cut to the numbers that are read, and
                // the load asks for no alignment.
                unsafe { $load(from.as_ptr()) }
            }
            #[inline(always)]
            fn store(self, x: $register, to: &mut [f64]) {
                let to = &mut to[..$width];
                // SAFETY: as for `load`.
                unsafe { $store(to.as_mut_ptr(), x) }
            }
            #[inline(always)]
            fn plus(self, a: $register, b: $register) -> $register {
                // SAFETY: the instruction set is there, for `self` is the proof of it.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn minus(self, a: $register, b: $register) -> $register {
                // SAFETY: as above.
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn times(self, a: $register, b: $register) -> $register {
                // SAFETY: as above.
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn plus_product(self, sum: $register, a: $register, b: $register) -> $register {
                // SAFETY: as above.
                unsafe { $fma(a, b, sum) }
            }
            #[inline(always)]
            fn no_singles(self) -> $singles {
                // SAFETY: the instruction set is there, for `self` is the proof of it.
                unsafe { $zero_f32() }
            }
            #[inline(always)]
            fn singles(self, from: &[f32]) -> $singles {
                let from = &from[..2 * $width];
                // SAFETY: as for `load`.
                unsafe { $load_f32(from.as_ptr()) }
            }
            #[inline(always)]
            fn put_singles(self, x: $singles, to: &mut [f32]) {
                let to = &mut to[..2 * $width];
                // SAFETY: as for `load`.
                unsafe { $store_f32(to.as_mut_ptr(), x) }
            }
            #[inline(always)]
            fn plus_scaled(self, sum: $singles, c: f32, x: $singles) -> $singles {
                // SAFETY: the instruction set is there, for `self` is the proof of it.
                unsafe { $fma_f32($splat_f32(c), x, sum) }
            }
            #[inline(always)]
            fn halves(self, bits: &[u16; GROUP], out: &mut [f32; GROUP]) {
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
    __m256, __m256d, __m512, __m512d, _mm_loadu_si128, _mm256_add_pd, _mm256_cvtph_ps,
    _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_loadu_si256,
    _mm256_mul_pd, _mm256_set1_ps, _mm256_setzero_pd, _mm256_setzero_ps, _mm256_storeu_pd,
    _mm256_storeu_ps, _mm256_sub_pd, _mm512_add_pd, _mm512_cvtph_ps, _mm512_fmadd_pd,
    _mm512_fmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_mul_pd, _mm512_set1_ps,
    _mm512_setzero_pd, _mm512_setzero_ps, _mm512_storeu_pd, _mm512_storeu_ps, _mm512_sub_pd,
};

#[cfg(target_arch = "x86_64")]
instruction_set!(
    /// Eight numbers at once.
    Avx512(__m512d), 8, _mm512_setzero_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_fmadd_pd, singles(__m512): _mm512_setzero_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_fmadd_ps, halves: _mm256_loadu_si256, _mm512_cvtph_ps, _mm512_storeu_ps
);
#[cfg(target_arch = "x86_64")]
instruction_set!(
    /// Four numbers at once.
    Avx2(__m256d), 4, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_fmadd_pd, singles(__m256): _mm256_setzero_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_fmadd_ps, halves: _mm_loadu_si128, _mm256_cvtph_ps, _mm256_storeu_ps
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
    for level in [Level::Plain, Level::Avx2, Level::Avx512] {
        if level <= detected() {
            limit::LIMIT.set(level);
            work();
            limit::LIMIT.set(Level::Avx512);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    work();
}

/// How a test asks for less than the machine can do; for its own thread only.
#[cfg(all(test, target_arch = "x86_64"))]
mod limit {
    use super::Level;
    use std::cell::Cell;

    thread_local! {
        pub(super) static LIMIT: Cell<Level> = const { Cell::new(Level::Avx512) };
    }
}
