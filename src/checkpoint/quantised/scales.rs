//! Scales as files store them, and the groups of weights that share them.

use std::ops::Range;

use super::super::source::Stored;
use crate::numeric::{Float, Numbers, Plain};

/// One number for each group of weights.
#[derive(Debug, Clone)]
pub(super) struct Scales {
    pub(super) numbers: ScaleNumbers,
    /// One number for the whole tensor that each scale is taken with.
    pub(super) whole: Option<(Stored, Whole)>,
}

#[derive(Debug, Clone)]
pub(super) enum ScaleNumbers {
    Plain(Float, Stored),
    /// Bytes x for 2^(x − 127); 255 is no number.
    Powers(Stored),
    Nested(Nested),
}

/// What the number for the whole tensor does; an F32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Divides,
    Multiplies,
}

/// Scales that are quantised themselves: map[code] · absmax of its block + offset.
#[derive(Debug, Clone)]
pub(super) struct Nested {
    pub(super) codes: Stored,
    /// 256 F32.
    pub(super) map: Stored,
    /// F32, one a block.
    pub(super) absmax: Stored,
    pub(super) block: usize,
    pub(super) offset: f32,
}

impl Scales {
    pub(super) fn new(numbers: ScaleNumbers) -> Self {
        let whole = None;
        Self { numbers, whole }
    }

    /// The scales `first..first + out.len()`; where the file has none, no number.
    pub(super) fn read(&self, first: usize, out: &mut [f32]) {
        out.fill(f32::NAN);
        match &self.numbers {
            ScaleNumbers::Plain(float, stored) => {
                let float = *float;
                let bytes = stored.bytes().get(first * float.bytes()..);
                let bytes = bytes.unwrap_or_default();
                Plain { float, bytes }.read_f32(out);
            }
            ScaleNumbers::Powers(stored) => {
                let bytes = stored.bytes().get(first..).unwrap_or_default();
                for (byte, out) in bytes.iter().zip(&mut *out) {
                    *out = power(*byte);
                }
            }
            ScaleNumbers::Nested(nested) => nested.read(first, out),
        }
        let Some((stored, what)) = &self.whole else {
            return;
        };
        let whole = f32_at(stored, 0);
        for out in out {
            *out = match what {
                Whole::Divides => *out / whole,
                Whole::Multiplies => *out * whole,
            };
        }
    }

    pub(super) fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        match &self.numbers {
            ScaleNumbers::Plain(_, stored) | ScaleNumbers::Powers(stored) => visit(stored),
            ScaleNumbers::Nested(nested) => {
                visit(&nested.codes);
                visit(&nested.map);
                visit(&nested.absmax);
            }
        }
        if let Some((stored, _)) = &self.whole {
            visit(stored);
        }
    }
}

impl Nested {
    fn read(&self, first: usize, out: &mut [f32]) {
        let codes = self.codes.bytes().get(first..).unwrap_or_default();
        for (k, (code, out)) in codes.iter().zip(out).enumerate() {
            let absmax = f32_at(&self.absmax, (first + k) / self.block);
            *out = f32_at(&self.map, usize::from(*code)) * absmax + self.offset;
        }
    }
}

/// 2^(x − 127), of which 2^−127 is subnormal.
fn power(byte: u8) -> f32 {
    match byte {
        0 => f32::from_bits(1 << 22),
        255 => f32::NAN,
        byte => f32::from_bits(u32::from(byte) << 23),
    }
}

fn f32_at(stored: &Stored, at: usize) -> f32 {
    let bytes = stored.bytes().get(4 * at..).unwrap_or_default();
    bytes
        .first_chunk()
        .map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes))
}

/// Which weights of a row share a scale.
#[derive(Debug, Clone)]
pub(super) enum Groups {
    /// As many columns as this, one group after the other.
    Even(usize),
    /// An I32 for each column names its group; where it is negative, columns are grouped evenly.
    Listed(Stored, usize),
}

/// Groups that are looked up at once.
const BATCH: usize = 64;

impl Groups {
    /// Makes `(x − zero) · scale` of the numbers of a row from column `first` on.
    ///
    /// The row has `groups` groups; `fill` writes the scales and zeros of those from its first
    /// argument on. A column of no group becomes no number.
    pub(super) fn apply(
        &self,
        first: usize,
        out: &mut [f32],
        groups: usize,
        fill: impl Fn(usize, &mut [f32], &mut [f32]),
    ) {
        match self {
            Self::Even(size) => even(*size, first, out, fill),
            Self::Listed(list, size) => {
                let (mut scales, mut zeros) = (vec![0.0; groups], vec![0.0; groups]);
                fill(0, &mut scales, &mut zeros);
                let group = |at: usize| group_at(list, at, *size);
                for_runs(first..first + out.len(), group, |columns, group| {
                    let scale = scales.get(group).copied().unwrap_or(f32::NAN);
                    let zero = zeros.get(group).copied().unwrap_or_default();
                    let run = &mut out[columns.start - first..columns.end - first];
                    affine(run, scale, zero);
                });
            }
        }
    }

    /// The group of a column.
    pub(super) fn at(&self, column: usize) -> usize {
        match self {
            Self::Even(size) => column / size,
            Self::Listed(list, size) => group_at(list, column, *size),
        }
    }

    pub(super) fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        if let Self::Listed(list, _) = self {
            visit(list);
        }
    }
}

fn group_at(list: &Stored, at: usize, size: usize) -> usize {
    let bytes = list.bytes().get(4 * at..).unwrap_or_default();
    let listed = bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes));
    let listed = listed.and_then(|group| usize::try_from(group).ok());
    listed.unwrap_or(at / size)
}

/// Calls `run` for each longest range of columns in one group.
fn for_runs(
    columns: Range<usize>,
    group: impl Fn(usize) -> usize,
    mut run: impl FnMut(Range<usize>, usize),
) {
    let mut start = columns.start;
    while start < columns.end {
        let own = group(start);
        let end = (start + 1..columns.end).find(|&at| group(at) != own);
        let end = end.unwrap_or(columns.end);
        run(start..end, own);
        start = end;
    }
}

fn even(size: usize, first: usize, out: &mut [f32], fill: impl Fn(usize, &mut [f32], &mut [f32])) {
    let (mut scales, mut zeros) = ([0.0; BATCH], [0.0; BATCH]);
    let (mut at, mut rest) = (first, out);
    while !rest.is_empty() {
        // A batch ends where a group does.
        let group = at / size;
        let reach = (group + BATCH).saturating_mul(size) - at;
        let (now, later) = rest.split_at_mut(reach.min(rest.len()));
        let count = (at + now.len()).div_ceil(size) - group;
        let (scales, zeros) = (&mut scales[..count], &mut zeros[..count]);
        zeros.fill(0.0);
        fill(group, scales, zeros);
        at += now.len();
        let head = ((group + 1) * size - (at - now.len())).min(now.len());
        let (head, whole) = now.split_at_mut(head);
        affine(head, scales[0], zeros[0]);
        all_groups(size, whole, &scales[1..], &zeros[1..]);
        rest = later;
    }
}

/// Groups that begin with the first number; of the usual sizes in loops of known length.
fn all_groups(size: usize, numbers: &mut [f32], scales: &[f32], zeros: &[f32]) {
    fn of<const SIZE: usize>(numbers: &mut [f32], scales: &[f32], zeros: &[f32]) {
        let (whole, rest) = numbers.as_chunks_mut::<SIZE>();
        let last = whole.len();
        for ((group, scale), zero) in whole.iter_mut().zip(scales).zip(zeros) {
            for x in group {
                *x = (*x - zero) * scale;
            }
        }
        if let (Some(scale), Some(zero)) = (scales.get(last), zeros.get(last)) {
            affine(rest, *scale, *zero);
        }
    }
    match size {
        16 => of::<16>(numbers, scales, zeros),
        32 => of::<32>(numbers, scales, zeros),
        64 => of::<64>(numbers, scales, zeros),
        128 => of::<128>(numbers, scales, zeros),
        _ => {
            let groups = numbers.chunks_mut(size).zip(scales).zip(zeros);
            for ((group, scale), zero) in groups {
                affine(group, *scale, *zero);
            }
        }
    }
}

fn affine(numbers: &mut [f32], scale: f32, zero: f32) {
    for x in numbers {
        *x = (*x - zero) * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_gets_its_own_group() {
        for size in [1, 2, 3, 16, 32, 40, 64, 128, 500] {
            for (first, len) in [(0, 700), (5, 1), (31, 200), (129, 400), (63, 3)] {
                let mut out = vec![3.0; len];
                let fill = |group: usize, scales: &mut [f32], zeros: &mut [f32]| {
                    for (k, (scale, zero)) in scales.iter_mut().zip(zeros).enumerate() {
                        (*scale, *zero) = ((group + k) as f32, 2.0);
                    }
                };
                Groups::Even(size).apply(first, &mut out, 0, fill);
                let wanted = |at: usize| (at / size) as f32;
                let wanted: Vec<f32> = (first..first + len).map(wanted).collect();
                assert_eq!(out, wanted, "{size} {first} {len}");
            }
        }
    }

    #[test]
    fn powers_reach_the_subnormal_one() {
        assert_eq!(power(127), 1.0);
        assert_eq!(power(0), 2f32.powi(-127));
        assert_eq!(power(254), 2f32.powi(127));
        assert!(power(255).is_nan());
    }
}
