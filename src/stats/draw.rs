//! Random numbers by seed and index: the k-th is the k-th of SplitMix64 (Steele, Lea, Flood,
//! OOPSLA 2014), so the same call gives the same numbers on any machine.

/// What SplitMix64 adds at each step.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number at `index` of a seed's stream, one of `0..n`. A number comes up more often than
/// another by at most n in 2⁶⁴.
pub(crate) fn below(n: usize, seed: u64, index: u64) -> usize {
    let start = mix(seed.wrapping_add(GAMMA));
    let number = mix(start.wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA)));
    ((u128::from(number) * n as u128) >> 64) as usize
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_up_about_as_often() {
        for seed in 0..5 {
            let mut counts = [0u32; 7];
            for index in 0..70_000 {
                counts[below(7, seed, index)] += 1;
            }
            // Five standard deviations of a binomial count.
            let most = 5.0 * (70_000.0f64 / 7.0 * 6.0 / 7.0).sqrt();
            for count in counts {
                assert!((f64::from(count) - 10_000.0).abs() < most, "{counts:?}");
            }
        }
    }

    #[test]
    fn seeds_have_streams_of_their_own() {
        let stream = |seed| (0..64).map(move |k| below(1 << 30, seed, k)).collect();
        let (one, two): (Vec<usize>, Vec<usize>) = (stream(1), stream(2));
        assert_eq!(one, stream(1));
        assert!(one.iter().all(|k| !two.contains(k)));
    }
}
