//! Numbers to blocks of Q8_0, byte for byte as ggml and the `gguf` package make them.

use half::f16;

/// Numbers of a block.
pub const NUMBERS: usize = 32;

/// Bytes of a block.
const BYTES: usize = 34;

/// Packs whole blocks, and counts the numbers in blocks whose scale is not finite; `None` if the
/// last block is not whole.
///
/// d = max|x| / 127 in `f32`; a code is x·(1/d), rounded half away from zero, with the d that is
/// not rounded yet. A block with NaN or an infinity gets a NaN for its scale: the codes have no
/// other way to say so.
pub fn encode(numbers: &[f32]) -> Option<(Vec<u8>, u64)> {
    let (blocks, rest) = numbers.as_chunks::<NUMBERS>();
    if !rest.is_empty() {
        return None;
    }
    let mut out = vec![0; blocks.len() * BYTES];
    let mut odd = 0;
    for (block, out) in blocks.iter().zip(out.as_chunks_mut::<BYTES>().0) {
        if !pack(block, out) {
            odd += NUMBERS as u64;
        }
    }
    Some((out, odd))
}

/// Packs a block; whether its scale is finite.
fn pack(block: &[f32; NUMBERS], out: &mut [u8; BYTES]) -> bool {
    let most = block.iter().fold(0f32, |most, x| most.max(x.abs()));
    let is_finite = block.iter().all(|x| x.is_finite());
    let d = if is_finite { most / 127.0 } else { f32::NAN };
    let inverse = if d == 0.0 { 0.0 } else { 1.0 / d };
    let scale = f16::from_f32(d);
    out[..2].copy_from_slice(&scale.to_le_bytes());
    for (x, code) in block.iter().zip(&mut out[2..]) {
        *code = ((x * inverse).round() as i8).cast_unsigned();
    }
    scale.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_number_gets_the_largest_code_and_halves_go_away_from_zero() {
        let mut block = [0f32; 32];
        (block[0], block[1], block[2]) = (127.0, -2.5, 2.5);
        let (bytes, odd) = encode(&block).unwrap();
        assert_eq!(odd, 0);
        assert_eq!(bytes[..5], [0x00, 0x3c, 127, (-3i8).cast_unsigned(), 3]);
        assert_eq!(encode(&[0.0; 32]).unwrap().0, [0; 34]);
        assert!(encode(&block[1..]).is_none());
    }

    #[test]
    fn what_is_not_finite_makes_the_scale_so() {
        for x in [f32::NAN, f32::INFINITY, 1e30] {
            let mut block = [1f32; 32];
            block[7] = x;
            let (bytes, odd) = encode(&block).unwrap();
            let scale = f16::from_le_bytes([bytes[0], bytes[1]]);
            assert!(!scale.is_finite() && odd == 32, "{x}");
        }
    }
}
