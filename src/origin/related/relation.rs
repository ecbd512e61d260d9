//! In what way two related models differ, as far as a sample shows it.

use super::evidence::{Evidence, LayerSamples, Test};
use super::line_up::{LayerPair, common};
use super::matched::{Vectors, matched};
use super::pieces::{Part, Piece, Pieces};
use super::sample::{self, Sample};
use super::tokens::SharedTokens;
use super::words::Change;

/// Weights at the same place in both models.
#[derive(Clone, Copy, Debug, Default)]
struct InPlace {
    numbers: u64,
    equal: u64,
    zeros: [u64; 2],
    /// Sums of squares of A, and of the difference.
    square: f64,
    difference: f64,
}

impl InPlace {
    fn of(layers: &[LayerSamples]) -> Self {
        let mut out = Self::default();
        for (a, b) in layers.iter().flat_map(|layer| common(&layer.a, &layer.b)) {
            if a.part != Part::Norm {
                out.add(a, b);
            }
        }
        out
    }

    fn add(&mut self, a: &Sample, b: &Sample) {
        for (x, y) in a.numbers.iter().zip(&b.numbers) {
            let (x, y) = (f64::from(*x) * a.size, f64::from(*y) * b.size);
            self.numbers += 1;
            self.zeros[0] += u64::from(x == 0.0);
            self.zeros[1] += u64::from(y == 0.0);
            // Samples are scaled, and scaled back, in single precision.
            self.equal += u64::from((x - y).abs() <= 1e-6 * x.abs());
            self.square += x * x;
            self.difference += (x - y) * (x - y);
        }
    }

    fn share(&self, count: u64) -> f64 {
        count as f64 / self.numbers.max(1) as f64
    }

    /// Length of the difference over the length of A.
    fn distance(&self) -> f64 {
        (self.difference / self.square).sqrt()
    }
}

/// A model with more zeros than the other by this share of its weights was pruned.
const PRUNED: f64 = 0.1;

/// Facts that the differences are told from.
pub(super) struct Facts<'f> {
    pub(super) a: &'f Pieces<'f>,
    pub(super) b: &'f Pieces<'f>,
    pub(super) layers: &'f [LayerSamples],
    /// Where the two differ in layers, all counterparts.
    pub(super) lined_up: Option<&'f [(LayerPair, f64)]>,
    pub(super) tokens: Option<&'f SharedTokens>,
    pub(super) evidence: &'f [Evidence],
    /// Whether the hidden dimensions correspond place by place.
    pub(super) is_hidden_in_place: bool,
}

/// Hits below this p are kept places.
const CLEAR: f64 = 1e-6;

impl Facts<'_> {
    fn is_clear(&self, test: Test) -> bool {
        let mut evidence = self.evidence.iter();
        evidence.any(|found| found.test == test && found.p < CLEAR)
    }

    /// What is different between the two, the most important first.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut out = Vec::new();
        if self.a.hidden != self.b.hidden {
            out.push(Change::Width([self.a.hidden, self.b.hidden]));
        } else if !self.is_hidden_in_place {
            out.push(match self.is_clear(Test::Units) {
                true => Change::HiddenPermuted,
                false => Change::HiddenRotated,
            });
        }
        let layers = [self.a.layers.len(), self.b.layers.len()];
        if layers[0] != layers[1] || self.lined_up.is_some_and(is_moved) {
            out.push(Change::Layers(layers));
        }
        out.extend(self.units());
        out.extend(self.heads());
        out.extend(self.tokens.and_then(vocabulary));
        out.extend(self.values(out.is_empty()));
        out
    }

    /// Weights at the same place, if there are such. `is_all_the_same` is whether nothing else
    /// differs.
    fn values(&self, is_all_the_same: bool) -> Option<Change> {
        let in_place = InPlace::of(self.layers);
        if in_place.numbers == 0 || !self.is_hidden_in_place {
            return None;
        }
        let zeros = in_place.zeros.map(|zeros| in_place.share(zeros));
        if (zeros[0] - zeros[1]).abs() > PRUNED {
            return Some(Change::Pruned(zeros));
        }
        if in_place.equal == in_place.numbers {
            return is_all_the_same.then_some(Change::None);
        }
        let is_in_order = self.is_clear(Test::Attention) && self.is_clear(Test::Mlp);
        is_in_order.then(|| Change::Values {
            distance: in_place.distance(),
            equal: in_place.share(in_place.equal),
        })
    }

    fn units(&self) -> Option<Change> {
        let counts = self.lengths(Part::MlpIn)?;
        if counts[0] != counts[1] {
            return Some(Change::Units(counts));
        }
        let is_moved = self.is_hidden_in_place && !self.is_clear(Test::Units);
        let is_found = || self.rows_found(Part::MlpIn) > FOUND;
        (is_moved && is_found()).then_some(Change::UnitsPermuted)
    }

    fn heads(&self) -> Option<Change> {
        let rows = self.lengths(Part::AttentionIn)?;
        if rows[0] != rows[1] {
            return Some(Change::Heads(rows));
        }
        let is_moved = self.is_hidden_in_place && !self.is_clear(Test::Attention);
        let is_found = || self.rows_found(Part::AttentionIn) > FOUND;
        (is_moved && is_found()).then_some(Change::HeadsPermuted)
    }

    /// The other side of the first pieces of a part that have the same name.
    fn lengths(&self, part: Part) -> Option<[usize; 2]> {
        let (a, b) = self.first_of(part)?;
        Some([a.others, b.others])
    }

    fn first_of(&self, part: Part) -> Option<(&Piece<'_>, &Piece<'_>)> {
        let pair = self.layers.get(self.layers.len() / 2)?.pair;
        let mut of_a = self
            .a
            .layers
            .get(&pair.0)?
            .iter()
            .filter(|own| own.part == part);
        let of_b = self.b.layers.get(&pair.1)?;
        of_a.find_map(|a| Some((a, of_b.iter().find(|b| b.key == a.key)?)))
    }

    /// Share of rows of B that are found anywhere in A, in one layer.
    fn rows_found(&self, part: Part) -> f64 {
        let Some((a, b)) = self.first_of(part) else {
            return 0.0;
        };
        let hidden = sample::choose(self.a.hidden, 256, "hidden");
        let rows = |piece: &Piece<'_>, most| {
            let sample = sample::read(piece, &hidden, most)?;
            Some(Vectors::new(sample.width, &[&sample.across()]))
        };
        let (Some(a), Some(b)) = (rows(a, MOST_ROWS), rows(b, 128)) else {
            return 0.0;
        };
        let best = matched(&a, &b).best;
        let found = best
            .iter()
            .flatten()
            .filter(|(_, cosine)| *cosine > FOUND_AT);
        found.count() as f64 / best.len().max(1) as f64
    }
}

/// Rows of one layer that are searched; what is beyond is not found.
const MOST_ROWS: usize = 16_384;
/// A row with a cosine above this is the same row, which further training has moved.
const FOUND_AT: f32 = 0.6;
/// As many rows have to be found.
const FOUND: f64 = 0.3;

/// Whether the counterparts are not the layers of the same number.
fn is_moved(lined_up: &[(LayerPair, f64)]) -> bool {
    lined_up.iter().any(|((a, b), _)| a != b)
}

fn vocabulary(tokens: &SharedTokens) -> Option<Change> {
    let [a, b, both] = tokens.counts?;
    let differ = (a, b) != (both, both) || tokens.is_renumbered;
    differ.then_some(Change::Vocabulary([a, b, both]))
}
