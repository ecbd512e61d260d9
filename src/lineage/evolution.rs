//! A run of generations as a pure function of what was recorded: given all models that are there,
//! what comes next. A run that was broken off goes on by asking again.

use super::strategy::{Choices, Pairing, Population, Round, Strategy};

/// When a run ends; what is `None` ends nothing.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Rules {
    /// After this many generations in a row that left the selection as it was.
    #[serde(rename = "still")]
    pub patience_generations: Option<u32>,
    /// When the mean kinship among the best is above this (the paper's early stop, 0.9).
    pub tau: Option<f64>,
    /// When the best gained less than this many points over this many generations.
    pub no_gain: Option<NoGain>,
    pub generations: Option<u32>,
    pub merges: Option<u32>,
    /// After this many evaluations, founders' included.
    pub evaluations: Option<u32>,
    pub seconds: Option<u64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            patience_generations: Some(2),
            tau: None,
            no_gain: None,
            generations: Some(8),
            merges: None,
            evaluations: None,
            seconds: None,
        }
    }
}

/// Too little gain for too long.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NoGain {
    /// The least gain of the best that counts, in points.
    pub points: f64,
    pub generations: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    pub evaluations: u32,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These have no score yet, by position.
    Score(Vec<usize>),
    Merge {
        generation: u32,
        /// Its number in that generation, from 1.
        number: u32,
        pairing: Pairing,
    },
    End(Ended),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The selection stayed as it was.
    #[serde(rename = "still")]
    Stagnated,
    /// The best are too much alike.
    #[serde(rename = "akin")]
    Converged,
    /// The best gained too little.
    NoGain,
    Generations,
    Merges,
    Evaluations,
    Time,
    /// The strategy has nothing left to merge.
    NothingLeft,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Its number; founders are 0.
    pub number: u32,
    /// The best of all after it, by position, the best first.
    pub selection: Vec<usize>,
    /// The best score of all after it, in points.
    pub best: Option<f64>,
    /// Mean kinship among the selection.
    pub kinship: Option<f64>,
    pub merges: u32,
}

impl Ended {
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Stagnated => "The best stayed the same, generation after generation",
            Self::Converged => "The best have become too much alike to gain from each other",
            Self::NoGain => "The best has gained too little over the last generations",
            Self::Generations => "The limit of generations is reached",
            Self::Merges => "The limit of merges is reached",
            Self::Evaluations => "The limit of evaluations is reached",
            Self::Time => "The time limit is reached",
            Self::NothingLeft => "Nothing is left that the strategy would merge",
        }
    }
}

/// What comes next in a run. `population.members` stand by generation and number.
///
/// Only the last generation is looked at; those before it are taken as they were recorded. A
/// generation is merged first and scored then; where a budget cuts it short, what was made is
/// scored before the run ends, as far as evaluations and time allow. A strategy that names no
/// pair has nothing left, also while the selection has been still for less than was asked for:
/// it would name none again.
pub fn next(
    population: &Population<'_>,
    strategy: &dyn Strategy,
    choices: &Choices,
    rules: &Rules,
    spent: &Spent,
) -> Next {
    match wanted(population, strategy, choices, rules) {
        Next::End(why) => Next::End(why),
        _ if rules.seconds.is_some_and(|s| spent.seconds >= s as f64) => Next::End(Ended::Time),
        Next::Score(members) => score(members, rules, spent),
        merge @ Next::Merge { .. } => match over_budget(population, rules, spent) {
            None => merge,
            Some(why) => match population.unscored() {
                made if made.is_empty() => Next::End(why),
                made => score(made, rules, spent),
            },
        },
    }
}

/// The merges that a run still makes before it scores anything, in their order, and their
/// generation: the first is what [`next`] asks for, and there are no more than the budget leaves.
/// None where the run does something else next.
pub fn upcoming(
    population: &Population<'_>,
    strategy: &dyn Strategy,
    choices: &Choices,
    rules: &Rules,
    spent: &Spent,
) -> Option<(u32, Vec<Pairing>)> {
    let (generation, merges) = batch(population, strategy, choices, rules, spent)?;
    let pairings = merges.into_iter().map(|(_, pairing)| pairing);
    Some((generation, pairings.collect()))
}

/// The same with the number of each in its generation.
pub fn batch(
    population: &Population<'_>,
    strategy: &dyn Strategy,
    choices: &Choices,
    rules: &Rules,
    spent: &Spent,
) -> Option<(u32, Vec<(u32, Pairing)>)> {
    let Next::Merge { generation, .. } = next(population, strategy, choices, rules, spent) else {
        return None;
    };
    let merges = missing(population, strategy, choices, generation);
    let mut merges: Vec<(u32, Pairing)> = merges.collect();
    let left = |most: Option<u32>, used: usize| {
        most.map_or(usize::MAX, |most| (most as usize).saturating_sub(used))
    };
    let (made, due) = used(population, spent);
    merges.truncate(left(rules.merges, made).min(left(rules.evaluations, due)));
    Some((generation, merges))
}

/// What comes next as if merges, evaluations and time cost nothing.
fn wanted(
    population: &Population<'_>,
    strategy: &dyn Strategy,
    choices: &Choices,
    rules: &Rules,
) -> Next {
    let last = population.last_generation();
    let missing = |generation| {
        let first = missing(population, strategy, choices, generation).next();
        first.map(|(number, pairing)| Next::Merge {
            generation,
            number,
            pairing,
        })
    };
    let earlier = population.before(last).unscored();
    if !earlier.is_empty() {
        return Next::Score(earlier);
    }
    if let Some(merge) = (last > 0).then(|| missing(last)).flatten() {
        return merge;
    }
    let unscored = population.unscored();
    if !unscored.is_empty() {
        return Next::Score(unscored);
    }
    let end = rules.broken(population, choices.top);
    end.map(Next::End)
        .or_else(|| missing(last + 1))
        .unwrap_or(Next::End(Ended::NothingLeft))
}

/// The merges of a generation that were not made yet, with their numbers.
fn missing(
    population: &Population<'_>,
    strategy: &dyn Strategy,
    choices: &Choices,
    generation: u32,
) -> impl Iterator<Item = (u32, Pairing)> {
    let round = Round {
        population: *population,
        generation,
        choices,
    };
    let pairings = strategy.pairings(&round.as_it_began());
    let numbered = (1..).zip(pairings);
    numbered.filter(move |(_, pairing)| population.child_of(pairing, generation).is_none())
}

/// As many of them as evaluations are left for.
fn score(mut members: Vec<usize>, rules: &Rules, spent: &Spent) -> Next {
    if let Some(most) = rules.evaluations {
        members.truncate(most.saturating_sub(spent.evaluations) as usize);
    }
    if members.is_empty() {
        return Next::End(Ended::Evaluations);
    }
    Next::Score(members)
}

/// Why no further merge may be made; a child that could not be evaluated is not worth it.
fn over_budget(population: &Population<'_>, rules: &Rules, spent: &Spent) -> Option<Ended> {
    let (made, due) = used(population, spent);
    let spends = |most: Option<u32>, used: usize| most.is_some_and(|most| used >= most as usize);
    if spends(rules.merges, made) {
        return Some(Ended::Merges);
    }
    spends(rules.evaluations, due).then_some(Ended::Evaluations)
}

/// The merges that were made, and the evaluations that were or are due.
fn used(population: &Population<'_>, spent: &Spent) -> (usize, usize) {
    let merges = population.members.iter().filter(|m| m.generation > 0);
    let due = spent.evaluations as usize + population.unscored().len();
    (merges.count(), due)
}

impl Rules {
    /// The rule that ends a run after its last generation, all of which has scores.
    fn broken(&self, population: &Population<'_>, top: usize) -> Option<Ended> {
        let last = population.last_generation();
        if last > 0 {
            let selection = population.through(last).selection(top);
            let patience = self.patience_generations;
            if patience.is_some_and(|n| stagnant_generations(population, top) >= n) {
                return Some(Ended::Stagnated);
            }
            let kinship = population.mean_kinship(&selection);
            if self.tau.zip(kinship).is_some_and(|(tau, k)| k > tau) {
                return Some(Ended::Converged);
            }
            if self.no_gain.is_some_and(|rule| rule.is_met(population)) {
                return Some(Ended::NoGain);
            }
        }
        let done = self.generations.is_some_and(|most| last >= most);
        done.then_some(Ended::Generations)
    }
}

/// How many generations in a row, up to the last, left the selection as it was, of those that
/// have models; the order within it does not matter.
fn stagnant_generations(population: &Population<'_>, top: usize) -> u32 {
    let selection = |generation: u32| {
        let mut best = population.through(generation).selection(top);
        best.sort_unstable();
        best
    };
    let last = population.last_generation();
    let now = selection(last);
    let earlier = population.generations().into_iter().rev().skip(1);
    earlier.take_while(|&g| selection(g) == now).count() as u32
}

impl NoGain {
    /// Whether the best gained too little over the last generations.
    fn is_met(&self, population: &Population<'_>) -> bool {
        let last = population.last_generation();
        let best = |generation: u32| population.through(generation).best_score();
        let then = last.checked_sub(self.generations.max(1)).map(best);
        let gain = then.flatten().zip(best(last)).map(|(then, now)| now - then);
        gain.is_some_and(|gain| gain < self.points)
    }
}

/// The generations of a run so far, founders first. `population.members` stand by generation
/// and number; of a generation that is not finished, what is there counts. Numbers without a model
/// are left out: a file may say that a model is of generation 4 294 967 295.
pub fn summaries(population: &Population<'_>, top: usize) -> Vec<Summary> {
    let summary = |number| {
        let now = population.through(number);
        let selection = now.selection(top);
        let made = now.members.iter().filter(|m| m.generation == number);
        Summary {
            number,
            best: now.best_score(),
            kinship: now.mean_kinship(&selection),
            selection,
            merges: if number == 0 { 0 } else { made.count() as u32 },
        }
    };
    population.generations().into_iter().map(summary).collect()
}
