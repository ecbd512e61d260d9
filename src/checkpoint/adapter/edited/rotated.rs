//! OFT: W·Rᵀ, where R turns blocks of the inputs (Qiu et al. 2023, "Controlling Text-to-Image
//! Diffusion by Orthogonal Finetuning").
//!
//! Each block of R comes from a skew matrix S, of which the part above the diagonal is stored row
//! by row: (I − S)(I + S)⁻¹, or the first terms of I + 2S + 2S² + …, which PEFT ends with the
//! last power taken once. Made in `f64`; memory of R, one block of inputs for each input.

use super::super::kinds::Cayley;
use super::super::low_rank::decode;
use super::{Edit, Ready, by_rows};
use crate::checkpoint::source::Source;
use crate::checkpoint::tensor::Tensor;

/// Turns the inputs.
#[derive(Debug)]
pub(in super::super) struct Rotated {
    /// [blocks, size · (size − 1) / 2]; one block serves for all where they are shared.
    pub(in super::super) skew: Tensor,
    pub(in super::super) block: usize,
    pub(in super::super) inputs: usize,
    pub(in super::super) cayley: Cayley,
}

impl Edit for Rotated {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        let above = self.block * self.block.saturating_sub(1) / 2;
        let numbers = decode(&self.skew);
        let blocks = numbers.chunks_exact(above.max(1));
        let turns = blocks.flat_map(|above| rotation(above, self.block, self.cayley));
        Box::new(ReadyRotated {
            turns: turns.map(|x| x as f32).collect(),
            block: self.block,
            inputs: self.inputs,
        })
    }
}

#[derive(Debug)]
struct ReadyRotated {
    /// All blocks of R, row-major, one after the other.
    turns: Vec<f32>,
    block: usize,
    inputs: usize,
}

impl Ready for ReadyRotated {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        let size = self.block;
        let blocks = (self.turns.len() / (size * size)).max(1);
        let mut own = vec![0.0; size];
        by_rows(self.inputs, first, out, |row, column, piece| {
            let (mut at, mut rest) = (column, piece);
            while !rest.is_empty() {
                let (block, from) = (at / size, at % size);
                let len = rest.len().min(size - from);
                let (now, later) = rest.split_at_mut(len);
                of.read(row * self.inputs + block * size, &mut own);
                let turn = (block % blocks) * size * size;
                for (to, j) in now.iter_mut().zip(from..) {
                    *to = dot(&self.turns[turn + j * size..][..size], &own);
                }
                (rest, at) = (later, at + len);
            }
        });
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&self.turns[..])
    }
}

/// Eight sums at once, which the compiler makes one vector.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}

/// One block of R, row-major.
fn rotation(above: &[f32], size: usize, cayley: Cayley) -> Vec<f64> {
    let skew = skew(above, size);
    match cayley {
        Cayley::Exact => quotient(&skew, size),
        Cayley::Series(terms) => series(&skew, size, terms),
    }
}

fn skew(above: &[f32], size: usize) -> Vec<f64> {
    let mut out = vec![0.0; size * size];
    let mut numbers = above.iter();
    for i in 0..size {
        for (j, &number) in (i + 1..size).zip(&mut numbers) {
            out[i * size + j] = f64::from(number);
            out[j * size + i] = -f64::from(number);
        }
    }
    out
}

fn series(skew: &[f64], size: usize, terms: u32) -> Vec<f64> {
    let highest = match terms {
        0..=2 => terms.saturating_sub(1),
        _ => (terms - 1).max(3),
    };
    let mut out = identity(size);
    let mut power = identity(size);
    for k in 1..=highest {
        power = product(&power, skew, size);
        let is_last = terms > 2 && k == highest;
        add(&mut out, &power, if is_last { 1.0 } else { 2.0 });
    }
    out
}

fn add(out: &mut [f64], power: &[f64], by: f64) {
    for (sum, x) in out.iter_mut().zip(power) {
        *sum += by * x;
    }
}

fn identity(size: usize) -> Vec<f64> {
    let mut out = vec![0.0; size * size];
    out.iter_mut().step_by(size + 1).for_each(|x| *x = 1.0);
    out
}

fn product(a: &[f64], b: &[f64], size: usize) -> Vec<f64> {
    let mut out = vec![0.0; size * size];
    for (row, a) in out.chunks_exact_mut(size).zip(a.chunks_exact(size)) {
        for (a, b) in a.iter().zip(b.chunks_exact(size)) {
            add(row, b, *a);
        }
    }
    out
}

/// (I + S)⁻¹(I − S), which is the same as the other way round: both are series of S. I + S
/// always has an inverse, for S has no real eigenvalue but 0.
fn quotient(skew: &[f64], size: usize) -> Vec<f64> {
    let mut left = identity(size);
    add(&mut left, skew, 1.0);
    let mut right = identity(size);
    add(&mut right, skew, -1.0);
    for k in 0..size {
        // Every leading part of I + S has a positive symmetric part, so that no pivot vanishes.
        let pivot = left[k * size + k];
        let (own_left, own_right) = (
            left[k * size..][..size].to_vec(),
            right[k * size..][..size].to_vec(),
        );
        for i in 0..size {
            if i == k {
                continue;
            }
            let by = -left[i * size + k] / pivot;
            add(&mut left[i * size..][..size], &own_left, by);
            add(&mut right[i * size..][..size], &own_right, by);
        }
    }
    for (k, row) in right.chunks_exact_mut(size).enumerate() {
        let pivot = left[k * size + k];
        row.iter_mut().for_each(|x| *x /= pivot);
    }
    right
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    #[test]
    fn two_inputs_are_turned_by_twice_the_angle_of_the_tangent() {
        // S = [[0, t], [−t, 0]] gives the turn by −2·atan t; t = 1 is a quarter.
        let make = || -> Box<dyn Edit> {
            Box::new(Rotated {
                skew: in_memory(&[1, 1], &[1.0]),
                block: 2,
                inputs: 4,
                cayley: Cayley::Exact,
            })
        };
        let found = edited(make, &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(found, [-2.0, 1.0, -4.0, 3.0]);
    }

    #[test]
    fn a_quotient_is_a_rotation() {
        let size = 5;
        let above: Vec<f32> = (0..10).map(|k| (k * 7 % 5) as f32 - 2.0).collect();
        let turn = rotation(&above, size, Cayley::Exact);
        let turned: Vec<f64> = (0..25).map(|k| turn[k % 5 * 5 + k / 5]).collect();
        let found = product(&turn, &turned, size);
        for (x, one) in found.iter().zip(identity(size)) {
            assert!((x - one).abs() < 1e-12, "{found:?}");
        }
    }

    /// As in PEFT: `for _ in range(3, terms - 1)` twice, and one more power once.
    #[test]
    fn a_series_ends_as_that_of_peft() {
        let t = 0.5;
        let of = |terms| rotation(&[t as f32], 2, Cayley::Series(terms))[..2].to_vec();
        let (one, two, three, four) = (t, t * t, t * t * t, t * t * t * t);
        assert_eq!(of(1), [1.0, 0.0]);
        assert_eq!(of(2), [1.0, 2.0 * one]);
        assert_eq!(of(3), [1.0 - 2.0 * two, 2.0 * one - three]);
        assert_eq!(of(4), [1.0 - 2.0 * two, 2.0 * one - three]);
        assert_eq!(of(5), [1.0 - 2.0 * two + four, 2.0 * one - 2.0 * three]);
    }
}
