use super::*;
use crate::numeric::isa::with_each;

/// Blocks of pseudo-random bytes whose scales are ordinary numbers.
fn blocks(packing: Packing, count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..count * packing.bytes())
        .map(|k| ((k * 2_654_435_761) >> 7) as u8 ^ (k >> 3) as u8)
        .collect();
    for block in bytes.chunks_exact_mut(packing.bytes()) {
        for at in halves_of(packing) {
            block[at + 1] = 0x20 | block[at + 1] & 0x83;
        }
        if packing == Packing::MXFP4 {
            block[0] = 120 + block[0] % 16;
        }
    }
    bytes
}

fn halves_of(packing: Packing) -> &'static [usize] {
    match packing {
        Packing::MXFP4 => &[],
        Packing::Q4_1 | Packing::Q5_1 | Packing::Q4_K | Packing::Q5_K => &[0, 2],
        Packing::Q2_K => &[80, 82],
        Packing::Q3_K => &[108],
        Packing::Q6_K => &[208],
        _ => &[0],
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for packing in Packing::ALL {
        let bytes = blocks(packing, 5);
        let mut expected: Option<Vec<u32>> = None;
        with_each(|| {
            let mut out = vec![0.0f32; 5 * packing.numbers() + 3];
            packing.decode(&bytes, &mut out);
            assert!(out.iter().all(|x| x.is_finite()), "{packing:?}");
            assert_eq!(out[5 * packing.numbers()..], [0.0; 3], "{packing:?}");
            let bits: Vec<u32> = out.iter().map(|x| x.to_bits()).collect();
            assert_eq!(expected.get_or_insert_with(|| bits.clone()), &bits);
        });
    }
}

#[test]
fn rounding_is_a_twelfth_of_the_squared_step_and_adds_up() {
    let mut block = vec![0u8; 34];
    block[1] = 0x3c; // A scale of 1.
    assert_eq!(Packing::Q8_0.rounding(&block, 0, 32), 32.0 / 12.0);
    assert_eq!(Packing::Q8_0.rounding(&block, 30, 32), 2.0 / 12.0);
    for packing in Packing::ALL {
        let block = blocks(packing, 1);
        let all = packing.rounding(&block, 0, packing.numbers());
        let first = packing.rounding(&block, 0, 7);
        let rest = packing.rounding(&block, 7, packing.numbers());
        assert!(
            all > 0.0 && (all - first - rest).abs() < 1e-12 * all,
            "{packing:?}"
        );
    }
}

#[test]
fn too_few_bytes_leave_the_rest_as_it_was() {
    for packing in Packing::ALL {
        let bytes = blocks(packing, 1);
        let mut out = vec![7.0f32; packing.numbers()];
        packing.decode(&bytes[1..], &mut out);
        assert!(out.iter().all(|x| *x == 7.0));
        assert_eq!(packing.rounding(&bytes[1..], 0, 1), 0.0);
    }
}
