//! Changes from the base, number by number, and what the format lets be seen of them.
//!
//! A number of a 16-bit format is known to half of its last place. A change of at least
//! [`COARSE`] last places is known well enough to tell whose it is: the chance that the change of
//! a stranger has the same size is a few percent.

use super::sample::Sample;

/// Changes of at least this many last places are looked at.
pub const COARSE: f32 = 12.0;

/// The rows of a sample end to end, less the base's.
pub struct Changes {
    /// The base.
    pub base: usize,
    /// One row a model: its numbers less the base's.
    pub rows: Vec<Vec<f32>>,
    /// The last place of each of the base's numbers.
    pub place: Vec<f32>,
    /// The base's numbers.
    own: Vec<f32>,
}

impl Changes {
    /// Those from model `base`.
    pub fn new(sample: &Sample, base: usize) -> Self {
        let row = |model: usize| -> Vec<f32> {
            let of = sample.tensors.iter().flat_map(|tensor| {
                let pairs = tensor.rows[model].iter().zip(&tensor.rows[base]);
                pairs.map(|(x, own)| x - own)
            });
            of.collect()
        };
        let place = sample.tensors.iter().flat_map(|tensor| {
            let digits = digits(tensor.dtypes[base].written().rounding_share());
            tensor.rows[base]
                .iter()
                .map(move |&x| last_place(x, digits))
        });
        Self {
            base,
            rows: (0..sample.models).map(row).collect(),
            place: place.collect(),
            own: (sample.tensors.iter())
                .flat_map(|tensor| tensor.rows[base].iter().copied())
                .collect(),
        }
    }

    /// The last place of a model's number, which may be another one than the base's.
    pub fn place_of(&self, model: usize, k: usize) -> f32 {
        let (base, own) = (self.own[k], self.own[k] + self.rows[model][k]);
        self.place[k] * last_place(own, 0) / last_place(base, 0)
    }

    /// The share of a model's numbers that are *exactly* the base's beyond what chance gives: of
    /// changes that are smooth around zero as many are zero as are one last place away, on both
    /// sides, over two. Below zero where fewer are.
    pub fn kept(&self, model: usize) -> f64 {
        let (mut none, mut one) = (0u64, 0u64);
        for (&change, &place) in self.rows[model].iter().zip(&self.place) {
            let steps = change.abs() / place;
            none += u64::from(change == 0.0);
            one += u64::from(change != 0.0 && (0.4..1.6).contains(&steps));
        }
        (none as f64 - one as f64 / 2.0) / self.place.len().max(1) as f64
    }
}

/// Binary digits after the first one of a format; of one that is as fine as `f32`, fewer than it
/// has, since sums are not rounded once there.
fn digits(rounding_share: Option<f64>) -> i32 {
    match rounding_share {
        // The share falls by four with each digit: BF16 has 7, F16 has 10.
        Some(share) if share > 1e-6 => 7,
        Some(_) => 10,
        None => 18,
    }
}

/// 2^(e − digits) for a number of exponent e.
fn last_place(x: f32, digits: i32) -> f32 {
    let x = x.abs().max(1e-30);
    let power = f32::from_bits(x.to_bits() & 0x7f80_0000);
    power * 2.0f32.powi(-digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_of_a_bf16_number() {
        assert_eq!(last_place(1.0, 7), 2.0f32.powi(-7));
        assert_eq!(last_place(-1.99, 7), 2.0f32.powi(-7));
        assert_eq!(last_place(0.25, 7), 2.0f32.powi(-9));
        let bf16 = crate::checkpoint::Dtype::from_config_name("bfloat16");
        assert_eq!(digits(bf16.unwrap().rounding_share()), 7);
        let f16 = crate::checkpoint::Dtype::from_config_name("float16");
        assert_eq!(digits(f16.unwrap().rounding_share()), 10);
    }
}
