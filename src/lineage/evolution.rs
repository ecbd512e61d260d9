//! A run of generations as a pure function of what was recorded: given everybody who is there,
//! what comes next. A run that was broken off goes on by asking again.

use super::strategy::{Choices, Pairing, Population, Strategy};

/// When a run ends; what is `None` ends nothing.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Rules {
    /// After so many generations in a row that left the selection as it was.
    pub still: Option<u32>,
    /// When the mean kinship among the best is above this (the paper's early stop, 0.9).
    pub tau: Option<f64>,
    /// When the best gained less than so many points over so many generations.
    pub no_gain: Option<NoGain>,
    /// After so many generations.
    pub generations: Option<u32>,
    /// After so many merges.
    pub merges: Option<u32>,
    /// After so many evaluations, founders' included.
    pub evaluations: Option<u32>,
    /// After so many seconds of work.
    pub seconds: Option<u64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            still: Some(2),
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
    /// Over how many generations.
    pub generations: u32,
}

/// What a run has used up so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Evaluations made for it.
    pub evaluations: u32,
    /// Seconds of work.
    pub seconds: f64,
}

/// What a run does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These have no score yet, by position.
    Score(Vec<usize>),
    /// Merge two.
    Merge {
        /// The generation that the child belongs to.
        generation: u32,
        /// Its number in that generation, from 1.
        number: u32,
        /// Whom, and why.
        pairing: Pairing,
    },
    /// Nothing: it has ended.
    End(Ended),
}

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The selection stayed as it was.
    Still,
    /// The best are too much alike.
    Akin,
    /// The best gained too little.
    NoGain,
    /// As many generations as were asked for.
    Generations,
    /// As many merges.
    Merges,
    /// As many evaluations.
    Evaluations,
    /// The time is up.
    Time,
    /// The strategy has nobody left to merge.
    NothingLeft,
}

impl Ended {
    /// Why, for the user.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Still => "The selection stayed as it was",
            Self::Akin => "The best are too much alike",
            Self::NoGain => "The best gained too little",
            Self::Generations => "All generations are made",
            Self::Merges => "All merges are made",
            Self::Evaluations => "All evaluations are made",
            Self::Time => "The time is up",
            Self::NothingLeft => "There is nobody left to merge",
        }
    }
}

/// One generation of a run, in figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Its number; founders are 0.
    pub number: u32,
    /// The best of everybody after it, by position, the best first.
    pub selection: Vec<usize>,
    /// The best score of everybody after it, in points.
    pub best: Option<f64>,
    /// Mean kinship among the selection.
    pub kinship: Option<f64>,
    /// Merges made in it.
    pub merges: u32,
}

/// What comes next in a run.
pub fn next(
    population: &Population<'_>,
    strategy: &dyn Strategy,
    choices: &Choices,
    rules: &Rules,
    spent: &Spent,
) -> Next {
    let _ = (population, strategy, choices, rules, spent);
    Next::End(Ended::NothingLeft)
}

/// The generations of a run so far, founders first.
pub fn summaries(population: &Population<'_>, top: usize) -> Vec<Summary> {
    let _ = (population, top);
    Vec::new()
}
