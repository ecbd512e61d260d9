//! The activation of the MLP: silu(gate) × up, from one product that holds both side by side.
//!
//! One pass over the numbers on the calling thread, where the library's own operations take two
//! and spread them over threads of their own.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, bail};

/// [n, 2 × inner], gate before up, to [n, inner].
pub(super) struct Gated;

impl CustomOp1 for Gated {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = layout.shape().dims2()?;
        let (CpuStorage::F32(numbers), Some((from, to))) = (storage, layout.contiguous_offsets())
        else {
            bail!("the activation takes f32 numbers without gaps")
        };
        let inner = width / 2;
        let mut out = Vec::with_capacity(rows * inner);
        for row in numbers[from..to].chunks_exact(width.max(1)) {
            let (gate, up) = row.split_at(inner);
            let pairs = gate.iter().zip(up);
            out.extend(pairs.map(|(&gate, &up)| gate / (1.0 + (-gate).exp()) * up));
        }
        Ok((CpuStorage::F32(out), (rows, inner).into()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn it_is_the_librarys_silu_times_up() {
        let numbers: Vec<f32> = (0..24).map(|k| k as f32 / 2.0 - 6.0).collect();
        let both = Tensor::from_vec(numbers, (3, 8), &Device::Cpu).unwrap();
        let found = both.apply_op1_no_bwd(&Gated).unwrap();
        let (gate, up) = (both.narrow(1, 0, 4).unwrap(), both.narrow(1, 4, 4).unwrap());
        let wanted = (candle_nn::ops::silu(&gate).unwrap() * up).unwrap();
        let numbers = |t: Tensor| t.to_vec2::<f32>().unwrap();
        assert_eq!(numbers(found), numbers(wanted));
    }
}
