//! Positions as angles: rotary embeddings (Su et al. 2021), with two ways to stretch them.
//!
//! Pair i of a head of d numbers turns by position × theta^(−2i/d). Angles are taken in f32,
//! as the reference does, so that long texts give the reference's numbers and not better ones.

use candle_core::{Device, Result, Tensor};

/// How a model's angles were stretched for texts longer than it was first trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stretch {
    None,
    /// All angles are divided by the factor.
    Linear {
        factor: f64,
    },
    /// Slow angles are divided by the factor, fast ones stay, those between are mixed (Llama 3.1).
    Llama3 {
        factor: f64,
        /// Waves longer than the original length over this are slow.
        low: f64,
        /// Waves shorter than the original length over this are fast.
        high: f64,
        /// Positions that the model was first trained on.
        original: f64,
    },
}

impl Stretch {
    /// The angle a position, from what it was.
    fn apply(self, angle: f32) -> f32 {
        match self {
            Self::None => angle,
            Self::Linear { factor } => angle / factor as f32,
            Self::Llama3 {
                factor,
                low,
                high,
                original,
            } => {
                let wave = 2.0 * std::f64::consts::PI / f64::from(angle);
                let share = ((original / wave - low) / (high - low)).clamp(0.0, 1.0);
                let slow = f64::from(angle) / factor;
                ((1.0 - share) * slow + share * f64::from(angle)) as f32
            }
        }
    }
}

/// Cosines and sines of all positions, each of shape [positions, head_dim / 2].
#[derive(Debug)]
pub(super) struct Rope {
    cos: Tensor,
    sin: Tensor,
}

impl Rope {
    /// The table for a head of `head_dim` numbers.
    pub(super) fn new(
        head_dim: usize,
        positions: usize,
        theta: f64,
        stretch: Stretch,
    ) -> Result<Self> {
        let pairs = head_dim / 2;
        let angle = |i: usize| 1.0 / (theta as f32).powf(2.0 * i as f32 / head_dim as f32);
        let angles: Vec<f32> = (0..pairs).map(|i| stretch.apply(angle(i))).collect();
        let table = |of: fn(f32) -> f32| {
            let row = |p: usize| angles.iter().map(move |angle| of(p as f32 * angle));
            let numbers: Vec<f32> = (0..positions).flat_map(row).collect();
            Tensor::from_vec(numbers, (positions, pairs), &Device::Cpu)
        };
        Ok(Self {
            cos: table(f32::cos)?,
            sin: table(f32::sin)?,
        })
    }

    /// Turns heads of shape [rows, heads, len, head_dim], of which the first is at `from`.
    pub(super) fn turn(&self, heads: &Tensor, from: usize) -> Result<Tensor> {
        let len = heads.dim(2)?;
        let cos = self.cos.narrow(0, from, len)?;
        let sin = self.sin.narrow(0, from, len)?;
        candle_nn::rotary_emb::rope(heads, &cos, &sin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llama3_leaves_fast_angles_and_divides_slow_ones() {
        let stretch = Stretch::Llama3 {
            factor: 8.0,
            low: 1.0,
            high: 4.0,
            original: 8192.0,
        };
        assert_eq!(stretch.apply(1.0), 1.0);
        assert_eq!(stretch.apply(1e-6), 1e-6 / 8.0);
        // Half-way: a wave of 8192 / 2.5 positions is mixed half and half.
        let angle = (2.0 * std::f64::consts::PI * 2.5 / 8192.0) as f32;
        let mixed = stretch.apply(angle) / angle;
        assert!((mixed - 0.5625).abs() < 1e-6, "{mixed}");
    }

    #[test]
    fn linear_divides_all() {
        assert_eq!(Stretch::Linear { factor: 4.0 }.apply(0.5), 0.125);
    }
}
