//! Random numbers by their index: no state, so every thread can draw any of them.
//!
//! The k-th number of a stream is a mix of `key + k·γ`: the generator SplitMix64 (Steele, Lea,
//! Flood: *Fast splittable pseudorandom number generators*, OOPSLA 2014), entered anywhere.

/// What SplitMix64 adds at each step: 2⁶⁴ divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of a seed, a name and a number: the same in every build and on every machine.
    pub fn new(seed: u64, name: &str, number: u64) -> Self {
        let mut key = mix(seed.wrapping_add(GAMMA));
        // The length goes first, so that no name is the beginning of another's stream.
        key = mix(key ^ (name.len() as u64).wrapping_mul(GAMMA));
        for part in name.as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..part.len()].copy_from_slice(part);
            key = mix(key.wrapping_add(GAMMA) ^ u64::from_le_bytes(bytes));
        }
        Self {
            key: mix(key ^ mix(number.wrapping_add(GAMMA))),
        }
    }

    /// The number at `index`, each of the 2⁶⁴ equally likely.
    #[inline(always)]
    pub fn at(self, index: u64) -> u64 {
        mix(self
            .key
            .wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// The number at `index` as one between 0 and 1, neither of which comes up.
    pub fn even(self, index: u64) -> f64 {
        ((self.at(index) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// The normal number at `index`, of mean 0 and deviation 1: Box and Muller's way from two
    /// even numbers.
    pub fn normal(self, index: u64) -> f64 {
        let (u, v) = (
            self.even(index.wrapping_mul(2)),
            self.even(index.wrapping_mul(2).wrapping_add(1)),
        );
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Whether an event happens at `index`, with the probability that `chance` was made from.
    #[inline(always)]
    pub fn happens(self, index: u64, chance: Chance) -> bool {
        self.at(index) >> 11 < chance.0
    }
}

/// A probability, as how many of 2⁵³ equally likely numbers it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance(u64);

impl Chance {
    /// That of `p`; below 0 is never, above 1 always.
    #[inline(always)]
    pub fn new(p: f64) -> Self {
        // A product with a power of two is exact, so the number is the right one. Rounded up by
        // hand: the library's way is a call on machines without an instruction for it.
        let wanted = p * (1u64 << 53) as f64;
        let below = wanted as u64;
        Self(below + u64::from((below as f64) < wanted))
    }
}

/// The finaliser of SplitMix64.
#[inline(always)]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_splitmix64() {
        // The first numbers of the reference implementation for the seed 1234567.
        let stream = Stream { key: 1_234_567 };
        let found: Vec<u64> = (0..3).map(|k| stream.at(k)).collect();
        assert_eq!(
            found,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn normal_numbers_have_the_moments_of_a_normal() {
        let stream = Stream::new(3, "model.norm.weight", 0);
        let n = 100_000u64;
        let moment = |power| {
            let sum: f64 = (0..n).map(|k| stream.normal(k).powi(power)).sum();
            sum / n as f64
        };
        // Four standard errors: the variances of x, x², x³ and x⁴ are 1, 2, 15 and 96.
        for (power, wanted, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let error = 4.0 * (variance / n as f64).sqrt();
            assert!(
                (moment(power) - wanted).abs() < error,
                "{power}: {}",
                moment(power)
            );
        }
    }

    #[test]
    fn chances_are_kept_and_streams_are_apart() {
        let count = |stream: Stream, p| {
            (0..100_000)
                .filter(|&k| stream.happens(k, Chance::new(p)))
                .count() as f64
        };
        let a = Stream::new(1, "model.norm.weight", 0);
        for p in [0.0, 0.1, 0.4, 0.9, 1.0f64] {
            let deviation = (100_000.0 * p * (1.0 - p)).sqrt();
            assert!(
                (count(a, p) - 100_000.0 * p).abs() <= 4.0 * deviation,
                "{p}"
            );
        }
        let half = Chance::new(0.5);
        for b in [
            Stream::new(2, "model.norm.weight", 0),
            Stream::new(1, "model.norm.weigh", 0),
            Stream::new(1, "model.norm.weight\0", 0),
            Stream::new(1, "model.norm.weight", 1),
        ] {
            let both = (0..100_000)
                .filter(|&k| a.happens(k, half) && b.happens(k, half))
                .count();
            assert!((both as f64 - 25_000.0).abs() < 4.0 * (100_000f64 * 0.25 * 0.75).sqrt());
        }
    }
}
