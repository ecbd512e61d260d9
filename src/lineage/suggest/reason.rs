//! Why a merge is suggested: what is known of the two, and of such pairs.

use super::Population;
use crate::advice::{Advice, Advised};
use crate::lineage::strategy::two_decimals;
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
    /// The child is expected below the best model, and promises most all the same.
    BelowBest {
        /// In points.
        expected: f64,
        best: f64,
        /// Probability that it is above the best.
        chance: f64,
    },
    /// How similar they are is not known.
    KinshipUnknown,
    /// Nothing predicts gains here: what is expected is the mean of the known ones.
    NothingPredicts { merges: usize },
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
            Self::BelowBest {
                expected,
                best,
                chance,
            } => format!(
                "Expected at {}, below the best at {}; its chance of beating it is {:.0} %",
                two_decimals(*expected),
                two_decimals(*best),
                chance * 100.0
            ),
            Self::KinshipUnknown => "How similar they are is not known; measure them".to_owned(),
            Self::NothingPredicts { merges: 0 } => {
                "No merge is known here, so that the gain is a guess from the spread of scores"
                    .to_owned()
            }
            Self::NothingPredicts { merges } => format!(
                "Nothing predicts gain here yet: what is expected is the mean of {}",
                counted(*merges, "merge")
            ),
        }
    }
}

pub(super) fn reasons(
    population: &Population<'_>,
    advice: &Advice,
    advised: &Advised,
) -> Vec<Reason> {
    let copies = advised.kinship.filter(|_| advised.are_copies());
    let below = advice.best.filter(|&best| advised.expected < best);
    let nothing = advice
        .used
        .is_none()
        .then_some(Reason::NothingPredicts { merges: advice.n });
    [
        copies.map(|kinship| Reason::NearCopies { kinship }),
        Some(places(population, advised.pair)),
        below.map(|best| Reason::BelowBest {
            expected: advised.expected,
            best,
            chance: advised.chance,
        }),
        complementary(population, advised.pair),
        advised.kinship.is_none().then_some(Reason::KinshipUnknown),
        nothing,
    ]
    .into_iter()
    .flatten()
    .collect()
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
