//! Why a merge is suggested: what is known of the two, and of such pairs.

use super::{Basis, Candidate, LEAST, Population};
use crate::lineage::gain::Known;
use crate::lineage::strategy::two_decimals;
use crate::stats::{extent, mean};
use crate::text::counted;

/// The name of a model or a task by its position.
pub type NameOf<'a> = dyn Fn(usize) -> String + 'a;

/// One thing that speaks for a merge, or against it.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// They are nearly equal, and two equal models cannot gain.
    NearCopies { kinship: f64 },
    /// Their places by score, from 1.
    Places {
        /// The better one's, and the other's.
        places: [usize; 2],
    },
    /// What merges of parents as similar as these have gained.
    SuchPairs {
        /// Kinship from which on they are counted.
        from: f64,
        /// Kinship below which they are counted.
        to: f64,
        merges: usize,
        /// What they gained on average, in points.
        mean: f64,
        range: (f64, f64),
        /// Whether they are the study's own, and not of others.
        are_own: bool,
    },
    /// The weaker model is the better one at some tasks.
    Complementary {
        /// That model, by position.
        model: usize,
        /// The task at which it is better by most, by position.
        task: usize,
        /// By how many points there.
        points: f64,
        /// At how many tasks it is better by a point or more.
        tasks: usize,
    },
    /// Nobody has merged such relatives: the gain is that of the nearest known merges.
    Beyond {
        /// The kinship that it is the gain at.
        nearest: f64,
        /// Whether they are less similar than any that were merged.
        is_below: bool,
    },
    /// How similar they are is not known.
    KinshipUnknown,
    /// Too few merges are known to say what kinship does.
    ScoresAlone { merges: usize },
}

impl Reason {
    pub fn words(&self, model_name: &NameOf<'_>, task_name: &NameOf<'_>) -> String {
        match self {
            Self::NearCopies { kinship } => {
                // Down, so that what is not quite 1 does not read as 1.
                let kinship = (kinship * 1000.0).floor() / 1000.0;
                format!("{kinship:.3} similar: two equal models cannot gain")
            }
            Self::Places { places: [a, b] } => format!("Places {a} and {b} by score"),
            Self::SuchPairs {
                from,
                to,
                merges,
                mean,
                range: (least, most),
                are_own,
            } => {
                let merges = counted(*merges, "merge");
                let whose = if *are_own { "" } else { " of others" };
                let at = between(*from, *to);
                let mean = signed(*mean);
                let (least, most) = (signed(*least), signed(*most));
                format!("{merges}{whose} {at} gained {mean} on average ({least} to {most})")
            }
            Self::Complementary {
                model,
                task,
                points,
                tasks,
            } => {
                let more = match tasks - 1 {
                    0 => String::new(),
                    more => format!(", and at {} more", counted(more, "task")),
                };
                let (model, task) = (model_name(*model), task_name(*task));
                format!("{model} is better at {task} by {points:.1} points{more}")
            }
            Self::Beyond { nearest, is_below } => {
                let similar = if *is_below { "distant" } else { "similar" };
                format!(
                    "No known merge is this {similar}; the gain is that at kinship {nearest:.2}"
                )
            }
            Self::KinshipUnknown => "How similar they are is not known; measure them".to_owned(),
            Self::ScoresAlone { merges } => format!(
                "Rests on the parents’ scores alone: {} with known kinship, {LEAST} would say more",
                counted(*merges, "merge")
            ),
        }
    }
}

fn between(from: f64, to: f64) -> String {
    match (from.is_finite(), to.is_finite()) {
        (false, _) => format!("at kinship below {to:.2}"),
        (_, false) => format!("at kinship {from:.2} and above"),
        _ => format!("at kinship {from:.2}–{to:.2}"),
    }
}

fn signed(points: f64) -> String {
    let sign = if points > 0.0 { "+" } else { "" };
    format!("{sign}{}", two_decimals(points))
}

pub(super) fn reasons(
    population: &Population<'_>,
    candidate: &Candidate,
    basis: &Basis,
    merges: &[Known],
    others: &[Known],
) -> Vec<Reason> {
    let such_pairs =
        |kinship| such_pairs(merges, kinship, true).or_else(|| such_pairs(others, kinship, false));
    let alone = matches!(basis, Basis::Scores).then_some(Reason::ScoresAlone {
        merges: merges.len(),
    });
    let copies = candidate.kinship.filter(|_| candidate.are_copies());
    let unknown = candidate.kinship.is_none();
    [
        copies.map(|kinship| Reason::NearCopies { kinship }),
        Some(places(population, candidate.pair)),
        candidate.kinship.and_then(such_pairs),
        beyond(candidate, basis),
        complementary(population, candidate.pair),
        unknown.then_some(Reason::KinshipUnknown),
        alone,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// That the line does not reach to a pair.
fn beyond(candidate: &Candidate, basis: &Basis) -> Option<Reason> {
    let (line, kinship) = candidate.on_line(basis)?;
    let nearest = line.nearest(kinship);
    (nearest != kinship).then_some(Reason::Beyond {
        nearest,
        is_below: kinship < nearest,
    })
}

/// Places by score, from 1; equals share a place.
fn places(population: &Population<'_>, pair: [usize; 2]) -> Reason {
    let score = |k: usize| population.members[k].score.filter(|s| s.is_finite());
    let place = |k: usize| {
        let better = (0..population.members.len()).filter(|&other| score(other) > score(k));
        better.count() + 1
    };
    Reason::Places {
        places: pair.map(place),
    }
}

/// Where one band of kinship ends and the next begins.
const BANDS: [f64; 7] = [f64::NEG_INFINITY, 0.2, 0.5, 0.8, 0.95, 0.99, f64::INFINITY];

/// What is known of merges in the same band of kinship.
fn such_pairs(known: &[Known], kinship: f64, are_own: bool) -> Option<Reason> {
    let mut bands = BANDS.windows(2).map(|ends| (ends[0], ends[1]));
    let (from, to) = bands.find(|&(from, to)| kinship >= from && kinship < to)?;
    let such = |m: &&Known| m.kinship >= from && m.kinship < to && m.gain.is_finite();
    let gains: Vec<f64> = known.iter().filter(such).map(|m| m.gain).collect();
    Some(Reason::SuchPairs {
        from,
        to,
        merges: gains.len(),
        mean: mean(&gains)?,
        range: extent(gains)?,
        are_own,
    })
}

/// At what the weaker one is better, where it is so by a point or more.
fn complementary(population: &Population<'_>, [better, weaker]: [usize; 2]) -> Option<Reason> {
    let tasks = |k: usize| population.members[k].tasks.iter();
    let leads: Vec<(usize, f64)> = tasks(weaker)
        .zip(tasks(better))
        .enumerate()
        .filter_map(|(task, (weaker, better))| Some((task, (*weaker)? - (*better)?)))
        .filter(|&(_, points)| points >= 1.0)
        .collect();
    let (task, points) = leads.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Reason::Complementary {
        model: weaker,
        task,
        points,
        tasks: leads.len(),
    })
}
