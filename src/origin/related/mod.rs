//! Whether two models are related at all, told from their weights without a base.
//!
//! What is asked is whether the two were trained independently, from starts of their own. The
//! tests use what training does not know: an order of hidden dimensions and of MLP units (see
//! `matched` and `kernel`). They compare a sample, of any shape of model, and hold for
//! models of one architecture, one tokenizer and the same texts, since these have no say in
//! which dimension came to hold what.
//!
//! | seen by | stays visible after |
//! |---|---|
//! | hidden dimensions by tokens, attention, MLP, norms | fine-tuning, further training, pruning, rounding; each where the others were replaced, permuted or cut |
//! | MLP units | the same, and permuted or cut hidden dimensions, by the rows of shared tokens |
//! | inner products of hidden dimensions | permuted and removed heads and units |
//! | inner products of MLP units | a rotated hidden space |
//!
//! Not seen: a hidden space rotated and units permuted at once, and what shares no weights, as a
//! distilled model does.
//!
//! Cost: about 256 × 256 numbers of every matrix of eight layers of each model, whatever their
//! size; where the models differ in layers, a smaller sample of all layers. Memory: that sample.

mod evidence;
mod kernel;
mod line_up;
mod matched;
mod pieces;
mod relation;
mod sample;
mod sketched;
mod tokens;
mod words;

use self::evidence::{Evidence, LayerSamples, Test};
use self::line_up::{Dimensions, LayerPair, same_layers, spread};
use self::pieces::{Part, Pieces};
use self::relation::Facts;
pub(in crate::origin) use self::sketched::{Layers, sketched};
use self::tokens::SharedTokens;
pub use self::words::{Change, Verdict, show_p};
use crate::checkpoint::{Checkpoint, OnDisk};
use crate::jobs::{Cancelled, Failure, Ticket};

/// Below this p two models are related.
pub const RELATED: f64 = 0.001;
/// Between [`RELATED`] and this p nothing is said.
pub const DOUBTFUL: f64 = 0.01;
/// Below this p no further test is needed.
const SETTLED: f64 = 1e-9;

/// What was found of two models.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// How likely as much agreement is for models trained independently; 1 where nothing could
    /// be compared.
    pub p: f64,
    /// Mean unbiased linear CKA of attention weights, or of MLP weights where attention cannot
    /// be compared; about 0 for unrelated models.
    pub cka: Option<f64>,
    /// What follows.
    pub verdict: Verdict,
    /// How related models differ, the most important first.
    pub changes: Vec<Change>,
    /// What could not be compared, or is not seen, a clause each.
    pub notes: Vec<String>,
    /// The tests.
    pub tests: Vec<TestResult>,
    /// Counterparts among the layers with their CKA.
    pub layers: Vec<LayerCka>,
}

/// One test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestResult {
    /// What was compared.
    pub name: &'static str,
    /// Its own p-value.
    pub p: f64,
    /// How many of how many were most like the one at their own place.
    pub hits: Option<[usize; 2]>,
}

/// A layer of each model, and how alike they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerCka {
    /// Its number in the first model and in the second.
    pub layers: [u32; 2],
    /// Unbiased linear CKA.
    pub cka: f64,
}

/// Compares two models.
///
/// # Errors
/// If the job was cancelled, or a file changed while it was read.
pub fn related(a: &Checkpoint, b: &Checkpoint, ticket: &Ticket) -> Result<Related, Failure> {
    let b = b.seen_as(a);
    let (Some(of_a), Some(of_b)) = (Pieces::of(a), Pieces::of(&b)) else {
        return Ok(nothing_comparable([a, &b]));
    };
    let found = Comparison::new(of_a, of_b).run(ticket)?;
    for model in [a, &b] {
        if !model.is_whole() || model.state_on_disk() != OnDisk::Unchanged {
            let path = model.path().display();
            return Err(Failure::Failed(format!(
                "The model changed while it was read; run this again: {path}"
            )));
        }
    }
    Ok(found)
}

fn nothing_comparable(models: [&Checkpoint; 2]) -> Related {
    let reason = |model: &Checkpoint| {
        let name = model.suggested_name();
        match model.adapter() {
            Some(_) => format!("{name} is an adapter, which holds no weights of its own"),
            None => format!("no layers with a known hidden size were found in {name}"),
        }
    };
    let has_none = |model: &&&Checkpoint| Pieces::of(model).is_none();
    Related {
        p: 1.0,
        cka: None,
        verdict: Verdict::CannotTell,
        changes: Vec::new(),
        notes: models.iter().filter(has_none).map(|m| reason(m)).collect(),
        tests: Vec::new(),
        layers: Vec::new(),
    }
}

/// Two models while they are compared.
struct Comparison<'c> {
    a: Pieces<'c>,
    b: Pieces<'c>,
    tokens: Option<SharedTokens>,
    evidence: Vec<Evidence>,
    layers: Vec<LayerSamples>,
    lined_up: Option<Vec<(LayerPair, f64)>>,
    /// How many hidden dimensions are compared.
    hidden: usize,
    is_hidden_in_place: bool,
    notes: Vec<&'static str>,
}

impl<'c> Comparison<'c> {
    fn new(a: Pieces<'c>, b: Pieces<'c>) -> Self {
        let tokens = SharedTokens::of([a.model, b.model], [a.hidden, b.hidden]);
        Self {
            a,
            b,
            tokens,
            evidence: Vec::new(),
            layers: Vec::new(),
            lined_up: None,
            hidden: 0,
            is_hidden_in_place: false,
            notes: Vec::new(),
        }
    }

    fn run(mut self, ticket: &Ticket) -> Result<Related, Cancelled> {
        if self.a.hidden == self.b.hidden {
            self.in_place(ticket)?;
        }
        if self.p() >= SETTLED {
            self.by_matched_dimensions(ticket)?;
        }
        Ok(self.result())
    }

    fn p(&self) -> f64 {
        evidence::combined(&self.evidence)
    }

    /// Compares hidden dimensions at the same place.
    fn in_place(&mut self, ticket: &Ticket) -> Result<(), Cancelled> {
        let (dims, pairs) = match same_layers(&self.a, &self.b) {
            Some(pairs) => (Dimensions::in_place(self.a.hidden), pairs),
            None => {
                let [first, second] = Dimensions::apart(self.a.hidden);
                let lined_up = line_up::line_up(&self.a, &self.b, &first, ticket)?;
                let pairs = lined_up.iter().map(|(pair, _)| *pair).collect();
                self.lined_up = Some(lined_up);
                (second, pairs)
            }
        };
        self.read(&dims, &spread(&pairs), ticket)?;
        self.is_hidden_in_place = true;
        let tokens = self.shared_tokens();
        let of_tokens = tokens.map(|own| evidence::by_tokens(own, &dims));
        self.evidence.extend(of_tokens);
        type OfPart = fn(Part) -> bool;
        let parts: [(Test, OfPart); 3] = [
            (Test::Attention, Part::is_attention),
            (Test::Mlp, Part::is_mlp),
            (Test::Norms, |part| part == Part::Norm),
        ];
        for (test, is_part) in parts {
            let found = evidence::by_parts(test, is_part, &self.layers, dims.len());
            self.evidence.extend(found);
            ticket.advance(0)?;
        }
        self.evidence
            .extend(evidence::by_units(&self.layers, self.orders()));
        if self.p() >= SETTLED {
            let found = evidence::by_hidden_products(&self.layers, dims.len(), ticket)?;
            self.evidence.extend(found);
        }
        Ok(())
    }

    /// Pairs of layers that the compared ones were chosen from.
    fn orders(&self) -> usize {
        match self.lined_up {
            Some(_) => self.a.layers.len() * self.b.layers.len(),
            None => self.layers.len(),
        }
    }

    /// Compares units, and inner products, with hidden dimensions taken for each other that are
    /// alike for the shared tokens; then the inner products of units, which need no dimensions.
    fn by_matched_dimensions(&mut self, ticket: &Ticket) -> Result<(), Cancelled> {
        let hidden = [self.a.hidden, self.b.hidden];
        let is_related = self.p() < RELATED;
        let tokens = self.shared_tokens().filter(|_| !is_related);
        let dims = tokens.and_then(|own| Dimensions::by_tokens(own, hidden));
        if let Some(dims) = dims.filter(|dims| dims.len() >= FEWEST) {
            self.by_dimensions(&dims, ticket)?;
        }
        if self.p() >= RELATED {
            self.unit_products(ticket)?;
        }
        Ok(())
    }

    fn shared_tokens(&self) -> Option<&SharedTokens> {
        self.tokens.as_ref().filter(|own| own.are_enough())
    }

    fn by_dimensions(&mut self, dims: &Dimensions, ticket: &Ticket) -> Result<(), Cancelled> {
        let pairs = match same_layers(&self.a, &self.b) {
            Some(pairs) => pairs,
            None => {
                let lined_up = line_up::line_up(&self.a, &self.b, dims, ticket)?;
                let pairs = lined_up.iter().map(|(pair, _)| *pair).collect();
                self.lined_up = Some(lined_up);
                pairs
            }
        };
        self.read(dims, &spread(&pairs), ticket)?;
        self.is_hidden_in_place = false;
        let units = evidence::by_units(&self.layers, self.orders());
        let mut all: Vec<Evidence> = units.into_iter().collect();
        if evidence::combined(&all) >= RELATED {
            all.extend(evidence::by_hidden_products(
                &self.layers,
                dims.len(),
                ticket,
            )?);
        }
        self.evidence
            .retain(|own| all.iter().all(|new| new.test != own.test));
        self.evidence.extend(all);
        if self.p() >= RELATED {
            self.notes.push(
                "the rows of shared tokens have counterparts among the hidden dimensions, but \
                 the layers could not be matched by them",
            );
        }
        Ok(())
    }

    fn unit_products(&mut self, ticket: &Ticket) -> Result<(), Cancelled> {
        let Some(pairs) = same_layers(&self.a, &self.b) else {
            return Ok(());
        };
        let widths = [self.a.hidden, self.b.hidden];
        let [a, b] = widths.map(|hidden| Dimensions::in_place(hidden).a);
        self.read(&Dimensions { a, b }, &spread(&pairs), ticket)?;
        let found = evidence::by_unit_products(&self.layers, ticket)?;
        self.is_hidden_in_place &= found.is_none_or(|found| found.p >= RELATED);
        self.evidence.extend(found);
        Ok(())
    }

    fn read(
        &mut self,
        dims: &Dimensions,
        pairs: &[LayerPair],
        ticket: &Ticket,
    ) -> Result<(), Cancelled> {
        ticket.expect(evidence::bytes(&self.a, &self.b, dims, pairs));
        self.layers = evidence::read(&self.a, &self.b, dims, pairs, ticket)?;
        self.hidden = dims.len();
        Ok(())
    }
}

/// Fewer matched hidden dimensions say nothing.
const FEWEST: usize = 16;

const NOTHING: &str = "the models have other hidden sizes, and no tokens or MLP units that \
     correspond: nothing was compared that would show a relation";
const DOUBT: &str = "the agreement is more than chance would have, but not by enough to be sure";
const ROTATED: &str =
    "not seen: a hidden space that was rotated while the MLP units were reordered";
const CUT: &str = "not seen: units that were removed or reordered while the hidden size changed";

impl Comparison<'_> {
    fn result(mut self) -> Related {
        let p = self.p();
        let (verdict, note) = self.verdict(p);
        self.notes.extend(note);
        let changes = match verdict {
            Verdict::Related => self.facts().changes(),
            _ => Vec::new(),
        };
        let layers = self.cka();
        let mean = layers.iter().map(|layer| layer.cka).sum::<f64>() / layers.len() as f64;
        self.evidence.sort_by_key(|found| found.test);
        let tests = self.evidence.iter().map(|found| TestResult {
            name: found.test.name(),
            p: found.p,
            hits: found.hits,
        });
        Related {
            p,
            cka: (!layers.is_empty()).then_some(mean),
            verdict,
            changes,
            notes: self.notes.iter().map(ToString::to_string).collect(),
            tests: tests.collect(),
            layers,
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            a: &self.a,
            b: &self.b,
            layers: &self.layers,
            lined_up: self.lined_up.as_deref(),
            tokens: self.tokens.as_ref(),
            evidence: &self.evidence,
            is_hidden_in_place: self.is_hidden_in_place,
        }
    }

    /// Never "unrelated" from what could not see a copy: some matrices of the layers must have
    /// been compared, in a way that does not ask that both have one order of units. With a note
    /// on what was not seen.
    fn verdict(&self, p: f64) -> (Verdict, Option<&'static str>) {
        let was_made = |test| self.evidence.iter().any(|found| found.test == test);
        let hidden = was_made(Test::HiddenProducts);
        if p < RELATED {
            (Verdict::Related, None)
        } else if !hidden && !was_made(Test::UnitProducts) {
            (Verdict::CannotTell, Some(NOTHING))
        } else if p < DOUBTFUL {
            (Verdict::CannotTell, Some(DOUBT))
        } else if self.notes.is_empty() {
            let unseen = if hidden { ROTATED } else { CUT };
            (Verdict::Unrelated, Some(unseen))
        } else {
            (Verdict::CannotTell, None)
        }
    }

    fn cka(&self) -> Vec<LayerCka> {
        let mut found = Vec::new();
        if self.is_hidden_in_place {
            found = evidence::attention_cka(&self.layers, self.hidden);
        }
        if found.is_empty() {
            found = evidence::unit_cka(&self.layers);
        }
        let of = |(pair, cka): &(LayerPair, f64)| LayerCka {
            layers: [pair.0.1, pair.1.1],
            cka: *cka,
        };
        found.iter().map(of).collect()
    }
}
