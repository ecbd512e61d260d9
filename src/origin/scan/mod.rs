//! Many models sorted into families of related ones, by a small sample of each.
//!
//! A model joins the family whose first member has like weights at the same places; one pair
//! costs a dot product of some 40 000 numbers. The first members of the families, which differ in
//! shape or in weights, are then looked at again (see `kin`), so that pruned, extended and
//! converted models come to their kin. Time: models × families dot products, and
//! [`MOST_COMPARED`] comparisons at most; memory: 160 kB a model.

pub(in crate::origin) mod centre;
mod kin;
mod many;
mod sketch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use self::centre::centre;
pub use self::kin::MOST_COMPARED;
use self::sketch::Sketch;
use crate::checkpoint::Checkpoint;
use crate::jobs::{Cancelled, Ticket};
use crate::parallel::{in_order, lock};

/// Cosine of sampled weights above which two models of one shape are of one family. Unrelated
/// ones have less than 0.02; fine-tunes, and models pruned by half, more than 0.6.
const AKIN: f64 = 0.2;

/// Models that are related, by their place in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// In the order of the list.
    pub members: Vec<usize>,
    /// The member from which the others lie in unrelated directions, where it is clear.
    pub centre: Option<usize>,
}

/// The families of a list of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Families {
    /// The largest first.
    pub families: Vec<Family>,
    /// Comparisons of families that were left out because there were too many.
    pub not_compared: usize,
}

/// Opens models; where one cannot be, the sentence that says why.
///
/// # Errors
/// If the job was cancelled.
pub fn opened(places: &[PathBuf], ticket: &Ticket) -> Result<Vec<Opened>, Cancelled> {
    ticket.expect(places.len() as u64);
    let out: Mutex<Vec<Option<Opened>>> = Mutex::new(places.iter().map(|_| None).collect());
    in_order(places.len(), |k| {
        let own = Checkpoint::open(&places[k]).map(Arc::new);
        let own = own.map_err(|error| error.to_string());
        lock(&out)[k] = Some((places[k].clone(), own));
        ticket.advance(1)
    })?;
    let out = std::mem::take(&mut *lock(&out));
    Ok(out.into_iter().flatten().collect())
}

/// A path, and the model there.
pub type Opened = (PathBuf, Result<Arc<Checkpoint>, String>);

/// Sorts models into families. An adapter is a family of its own.
///
/// # Errors
/// If the job was cancelled.
pub fn families(models: &[&Checkpoint], ticket: &Ticket) -> Result<Families, Cancelled> {
    ticket.expect(models.len() as u64);
    let sketches = sketches(models, ticket)?;
    let mut groups = grouped(&sketches, ticket)?;
    let not_compared = kin::join(models, &mut groups, ticket)?;
    let family = |members: Vec<usize>| Family {
        centre: centre_of(&members, &sketches),
        members,
    };
    let mut families: Vec<Family> = groups.into_iter().map(family).collect();
    families.sort_by_key(|own| (std::cmp::Reverse(own.members.len()), own.members[0]));
    Ok(Families {
        families,
        not_compared,
    })
}

fn sketches(models: &[&Checkpoint], ticket: &Ticket) -> Result<Vec<Option<Sketch>>, Cancelled> {
    let out = Mutex::new(vec![None; models.len()]);
    in_order(models.len(), |k| {
        let own = Sketch::of(models[k]);
        lock(&out)[k] = own;
        ticket.advance(1)
    })?;
    Ok(std::mem::take(&mut *lock(&out)))
}

/// Models whose sketches are alike.
fn grouped(sketches: &[Option<Sketch>], ticket: &Ticket) -> Result<Vec<Vec<usize>>, Cancelled> {
    if sketches.len() >= many::MANY {
        return many::grouped(sketches, ticket);
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (k, own) in sketches.iter().enumerate() {
        ticket.advance(0)?;
        let cosine = |group: &Vec<usize>| {
            let first = sketches[group[0]].as_ref()?;
            let own = own.as_ref().filter(|own| own.shape == first.shape)?;
            Some(own.cosine(first)).filter(|cosine| *cosine > AKIN)
        };
        let alike = groups.iter().enumerate();
        let alike = alike.filter_map(|(at, group)| Some((at, cosine(group)?)));
        match alike.max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((at, _)) => groups[at].push(k),
            None => groups.push(vec![k]),
        }
    }
    Ok(groups)
}

/// The centre among the members of the commonest shape.
fn centre_of(members: &[usize], sketches: &[Option<Sketch>]) -> Option<usize> {
    let mut shapes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &member in members {
        let shape = sketches[member].as_ref().map(|own| &own.shape[..]);
        shapes.entry(shape?).or_default().push(member);
    }
    let largest = shapes.into_values().max_by_key(Vec::len)?;
    let own: Vec<&Sketch> = largest
        .iter()
        .filter_map(|&k| sketches[k].as_ref())
        .collect();
    let distance = |a: usize, b: usize| own[a].squared_distance(own[b]);
    centre(own.len(), distance).map(|at| largest[at])
}
