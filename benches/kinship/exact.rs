//! The measures by their definition: with sums of twice the digits of an `f64`, and in `f32`.

use kinfolk::checkpoint::Checkpoint;

/// A sum in two parts: its value, and what rounding took from it.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    rest: f64,
}

impl Sum {
    /// Adds by Knuth's two-sum, which loses nothing of one addition.
    fn add(&mut self, x: f64) {
        let sum = self.value + x;
        let part = sum - self.value;
        self.rest += (self.value - (sum - part)) + (x - part);
        self.value = sum;
    }

    /// Adds a · b; both came from `f32`, or their product is corrected by what it lost.
    fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.rest += a.mul_add(b, -product);
        self.add(product);
    }

    fn get(self) -> f64 {
        self.value + self.rest
    }
}

/// Both task vectors, tensor after tensor; all three are BF16.
fn changes<'a>(
    base: &'a Checkpoint,
    a: &'a Checkpoint,
    b: &'a Checkpoint,
) -> impl Iterator<Item = (f32, f32)> + 'a {
    let stored = |c: &'a Checkpoint, name: &str| {
        let bytes = c
            .tensor(name)
            .map_or(&[][..], |t| t.bytes().unwrap_or_default());
        let (numbers, _) = bytes.as_chunks::<2>();
        numbers
            .iter()
            .map(|n| f32::from_bits(u32::from(u16::from_le_bytes(*n)) << 16))
    };
    base.tensors().iter().flat_map(move |t| {
        let models = stored(a, &t.name).zip(stored(b, &t.name));
        stored(base, &t.name)
            .zip(models)
            .map(|(base, (a, b))| (a - base, b - base))
    })
}

/// Pearson, cosine and distance, right to the last digits of an `f64`.
pub fn reference(base: &Checkpoint, a: &Checkpoint, b: &Checkpoint) -> [f64; 3] {
    let [mut sum_a, mut sum_b, mut aa, mut bb, mut ab, mut distance] = [Sum::default(); 6];
    let mut n = 0.0;
    for (a, b) in changes(base, a, b) {
        let (a, b) = (f64::from(a), f64::from(b));
        sum_a.add(a);
        sum_b.add(b);
        aa.add_product(a, a);
        bb.add_product(b, b);
        ab.add_product(a, b);
        distance.add_product(a - b, a - b);
        n += 1.0;
    }
    let [sum_a, sum_b, aa, bb, ab] = [sum_a, sum_b, aa, bb, ab].map(Sum::get);
    let variances = (aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n);
    let pearson = (ab - sum_a * sum_b / n) / variances.sqrt();
    [pearson, ab / (aa * bb).sqrt(), distance.get().sqrt()]
}

/// What programs say that add in `f32`.
pub struct Narrow {
    /// One number after the other into one sum.
    pub running: [f64; 3],
    /// Blocks of 128 numbers, their sums added in pairs, those again, and so on.
    pub pairwise: [f64; 3],
}

/// The same measures with means subtracted and all sums in `f32`.
pub fn in_f32(base: &Checkpoint, a: &Checkpoint, b: &Checkpoint) -> Narrow {
    let sums =
        sums_f32(changes(base, a, b).map(|(a, b)| [a, b, a * a, b * b, a * b, (a - b) * (a - b)]));
    let n = base.parameters() as f32;
    let values = |pick: fn(&(Running, Pairwise)) -> f32| {
        let of = |k| pick(&sums[k]);
        let (mean_a, mean_b) = (of(0) / n, of(1) / n);
        let centred = sums_f32(changes(base, a, b).map(|(a, b)| {
            let (a, b) = (a - mean_a, b - mean_b);
            [a * b, a * a, b * b]
        }));
        let of_centred = |k| pick(&centred[k]);
        let pearson = of_centred(0) / (of_centred(1).sqrt() * of_centred(2).sqrt());
        let cosine = of(4) / (of(2).sqrt() * of(3).sqrt());
        [pearson, cosine, of(5).sqrt()].map(f64::from)
    };
    Narrow {
        running: values(|(running, _)| running.0),
        pairwise: values(|(_, pairwise)| pairwise.get()),
    }
}

#[derive(Clone, Copy, Default)]
struct Running(f32);

/// Partial sums of 128 · 2^k numbers, as the digits of a binary counter.
#[derive(Clone, Default)]
struct Pairwise {
    block: f32,
    in_block: u32,
    blocks: u64,
    levels: Vec<f32>,
}

impl Pairwise {
    fn add(&mut self, x: f32) {
        self.block += x;
        self.in_block += 1;
        if self.in_block == 128 {
            let mut sum = std::mem::take(&mut self.block);
            self.in_block = 0;
            for level in 0..self.blocks.trailing_ones() as usize {
                sum += self.levels[level];
            }
            let level = self.blocks.trailing_ones() as usize;
            if level == self.levels.len() {
                self.levels.push(sum);
            } else {
                self.levels[level] = sum;
            }
            self.blocks += 1;
        }
    }

    fn get(&self) -> f32 {
        let open = (0..self.levels.len()).filter(|level| self.blocks >> level & 1 == 1);
        open.fold(self.block, |sum, level| sum + self.levels[level])
    }
}

fn sums_f32<const N: usize>(terms: impl Iterator<Item = [f32; N]>) -> Vec<(Running, Pairwise)> {
    let mut sums = vec![(Running::default(), Pairwise::default()); N];
    for terms in terms {
        for ((running, pairwise), x) in sums.iter_mut().zip(terms) {
            running.0 += x;
            pairwise.add(x);
        }
    }
    sums
}
