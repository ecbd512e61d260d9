//! How far a model is from the base: the columns of the picture and the groups of the list.

use std::collections::BTreeMap;

use crate::study::{Model, ModelFacts, ModelId, Role};
use crate::ui::views::family::{self, Card};

/// From left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Base,
    /// What merges start from, where no base is known.
    Founders,
    /// How many times it was tuned since the base, from 1.
    FineTunes(u32),
    Generation(u32),
}

impl Stage {
    pub fn title(self) -> String {
        match self {
            Self::Base => "Base".to_owned(),
            Self::Founders => family::title(0),
            Self::FineTunes(1) => "Fine-tunes".to_owned(),
            Self::FineTunes(n) => format!("Fine-tunes, step {n}"),
            Self::Generation(n) => family::title(n),
        }
    }

    /// What one of its models is.
    pub fn of_one(self) -> String {
        match self {
            Self::Founders => "Founder".to_owned(),
            Self::FineTunes(1) => "Fine-tune".to_owned(),
            Self::FineTunes(n) => format!("Fine-tune, step {n}"),
            stage => stage.title(),
        }
    }

    /// The column of what was not merged; `None` of a merge.
    pub const fn founders(self) -> Option<u32> {
        match self {
            Self::Base | Self::Founders => Some(0),
            Self::FineTunes(n) => Some(n),
            Self::Generation(_) => None,
        }
    }

    pub const fn generation(self) -> u32 {
        match self {
            Self::Generation(n) => n,
            _ => 0,
        }
    }
}

/// The stage of every model, in their order.
pub fn stages(models: &[(&Model, &ModelFacts)], cards: &[Card]) -> Vec<Stage> {
    let has_base = cards.iter().any(|card| card.role == Role::Base);
    let at: BTreeMap<ModelId, usize> = (models.iter().enumerate())
        .map(|(k, (model, _))| (model.id, k))
        .collect();
    let founder = |k: usize| cards[k].generation == 0 && cards[k].role != Role::Base;
    // Fine-tunes of fine-tunes, however they are ordered; a ring ends where it began.
    let steps = |k: usize| {
        let (mut steps, mut now, mut seen) = (1u32, k, vec![k]);
        loop {
            let parents = models[now]
                .0
                .parents
                .iter()
                .filter_map(|id| at.get(id).copied());
            match parents.into_iter().find(|&parent| founder(parent)) {
                Some(parent) if !seen.contains(&parent) => now = parent,
                _ => return steps,
            }
            seen.push(now);
            steps = steps.saturating_add(1);
        }
    };
    let stage = |k: usize| match (cards[k].generation, cards[k].role) {
        (0, Role::Base) => Stage::Base,
        (0, _) if !has_base && steps(k) == 1 => Stage::Founders,
        (0, _) => Stage::FineTunes(if has_base { steps(k) } else { steps(k) - 1 }),
        (n, _) => Stage::Generation(n),
    };
    (0..cards.len()).map(stage).collect()
}
