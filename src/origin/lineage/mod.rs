//! Who descends from whom in a folder of checkpoints whose history is not known.
//!
//! Models are parted into families of one random start, and each family's edges are worked out
//! from a sample of its matrices that fits in memory; nothing but the weights is asked. A merge is
//! a model with several parents. What cannot be told is left out.
//!
//! Ideas from: MoTHer, arXiv 2405.18432 (trees from distances and kurtosis). What is ours: merges
//! are told from fine-tunes, and children from parents, by what rounding to the stored format
//! leaves behind.

mod ancestors;
mod changes;
mod claims;
mod families;
mod infer;
mod mixtures;
mod patchworks;
mod root;
mod rounded;
mod sample;
mod search;
mod spikes;
mod sums;
mod tuned;
mod words;

use crate::checkpoint::Checkpoint;
use crate::jobs::{Ticket, Unit};
use crate::kinship::MeasureError;

pub use claims::{Claim, Verdict, card_bases};

use infer::Inferred;
use sample::Sample;

/// What makes a child of its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bond {
    /// One of the models in a weighted sum.
    Mixture,
    /// One of the models that its numbers were taken from.
    Patchwork,
    /// The model that training began with.
    FineTune,
}

/// A parent and its child; models by their place in the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The parent.
    pub from: usize,
    /// The child.
    pub to: usize,
    /// The parent's weight in a sum.
    pub share: Option<f64>,
    /// How sure this is, 0 to 1.
    pub confidence: f64,
    /// The evidence, a sentence without its stop.
    pub why: String,
    /// What kind of descent it is.
    pub bond: Bond,
}

/// Models of one random start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kin {
    /// Its models, ascending.
    pub models: Vec<usize>,
    /// The base, if it is among them and can be told.
    pub base: Option<usize>,
}

/// The lineage that the weights tell of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposal {
    /// Families, the first model's first.
    pub families: Vec<Kin>,
    /// Edges by child, then by parent.
    pub edges: Vec<Edge>,
    /// What the models' files say of their parents.
    pub claims: Vec<Claim>,
    /// What is odd, or cannot be told, a sentence each.
    pub notes: Vec<String>,
}

/// Proposes a lineage of `models`, which `names` name in the sentences. Adapters are left out:
/// they are nothing without their base.
///
/// # Errors
/// If the job was cancelled, or if a file was cut short or changed since it was opened.
pub fn propose(
    models: &[&Checkpoint],
    names: &[String],
    ticket: &Ticket,
) -> Result<Proposal, MeasureError> {
    ticket.count_in(Unit::Items);
    ticket.expect(models.len() as u64);
    let mut out = Proposal::default();
    let whole: Vec<usize> = (0..models.len())
        .filter(|&k| models[k].adapter().is_none())
        .collect();
    let adapters = (0..models.len()).filter(|k| !whole.contains(k));
    out.notes
        .extend(adapters.map(|k| words::adapter(&names[k])));
    // Names of tensors are those of the first model, where a known renaming leads there.
    let lead = whole.first().map(|&k| models[k]);
    let seen: Vec<_> = (whole.iter())
        .map(|&k| {
            lead.map_or(std::borrow::Cow::Borrowed(models[k]), |lead| {
                models[k].seen_as(lead)
            })
        })
        .collect();
    let seen: Vec<&Checkpoint> = seen.iter().map(AsRef::as_ref).collect();
    for family in families::families(&seen, ticket)? {
        let members: Vec<usize> = family.iter().map(|&k| whole[k]).collect();
        let checkpoints: Vec<&Checkpoint> = family.iter().map(|&k| seen[k]).collect();
        add_family(&mut out, &members, &checkpoints, names, ticket)?;
        ticket.advance(family.len() as u64)?;
    }
    out.edges.sort_by_key(|edge| (edge.to, edge.from));
    out.claims = claims::claims(models, names, &out.edges);
    Ok(out)
}

fn add_family(
    out: &mut Proposal,
    members: &[usize],
    checkpoints: &[&Checkpoint],
    names: &[String],
    ticket: &Ticket,
) -> Result<(), MeasureError> {
    let mut kin = Kin {
        models: members.to_vec(),
        base: None,
    };
    if members.len() > 1 {
        let sample = Sample::read(checkpoints, ticket)?;
        let different = different(&sample, members, names, &mut out.notes);
        let sample = sample.select(&different);
        let members: Vec<usize> = different.iter().map(|&k| members[k]).collect();
        if members.len() > 1 && !sample.is_empty() {
            let inferred = infer::infer(&sample, ticket)?;
            kin.base = inferred.root.map(|root| members[root.model]);
            add_inferred(out, &inferred, &sample, &members, names);
        }
    }
    out.families.push(kin);
    Ok(())
}

/// The first of each set of equal models; the others are noted.
fn different(
    sample: &Sample,
    members: &[usize],
    names: &[String],
    notes: &mut Vec<String>,
) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    for model in 0..sample.models {
        match out.iter().find(|&&own| sample.are_equal(own, model)) {
            Some(&own) => notes.push(words::copy(&names[members[model]], &names[members[own]])),
            None => out.push(model),
        }
    }
    out
}

fn add_inferred(
    out: &mut Proposal,
    inferred: &Inferred,
    sample: &Sample,
    members: &[usize],
    names: &[String],
) {
    let root = inferred.root;
    let name = |model: usize| names[members[model]].as_str();
    for mixture in &inferred.mixtures {
        let fitted = &mixture.matched.fitted;
        let weights = fitted.mean_weights(sample);
        let parts: Vec<(usize, f64)> = fitted.parents.iter().copied().zip(weights).collect();
        let why = words::mixture(&parts, mixture.matched.equal, &name);
        // A base is what the changes of the others are added to, unless there is one other only;
        // where it is not known, what of three or more is subtracted is taken for it.
        let is_origin = |&&(parent, weight): &&(usize, f64)| {
            parts.len() > 2 && root.map_or(weight < 0.0, |root| root.model == parent)
        };
        for &(parent, weight) in parts.iter().filter(|part| !is_origin(part)) {
            out.edges.push(Edge {
                from: members[parent],
                to: members[mixture.child],
                share: Some(weight),
                confidence: mixture.matched.equal.min(0.99),
                why: why.clone(),
                bond: Bond::Mixture,
            });
        }
    }
    let sure = root.map_or(0.0, |root| root.confidence);
    for patchwork in &inferred.patchworks {
        let why = words::patchwork(patchwork, &name);
        for &parent in &patchwork.parents {
            out.edges.push(Edge {
                from: members[parent],
                to: members[patchwork.child],
                share: None,
                confidence: sure * patchwork.explained.min(0.98),
                why: why.clone(),
                bond: Bond::Patchwork,
            });
        }
    }
    for tuned in &inferred.tunes.found {
        let is_of_base = root.is_some_and(|root| root.model == tuned.parent);
        out.edges.push(Edge {
            from: members[tuned.parent],
            to: members[tuned.child],
            share: None,
            confidence: sure * if is_of_base { 0.95 } else { 0.9 },
            why: words::tuned(tuned, is_of_base, &name),
            bond: Bond::FineTune,
        });
    }
    let named = |models: &[usize]| {
        models
            .iter()
            .map(|&m| name(m).to_owned())
            .collect::<Vec<_>>()
    };
    if !inferred.tunes.orphans.is_empty() {
        out.notes
            .push(words::orphans(&named(&inferred.tunes.orphans)));
    }
    match root {
        None => out
            .notes
            .push(words::no_base(&named(&inferred.unexplained))),
        Some(_) if !inferred.unexplained.is_empty() => {
            out.notes
                .push(words::unexplained(&named(&inferred.unexplained)));
        }
        Some(_) => {}
    }
}
