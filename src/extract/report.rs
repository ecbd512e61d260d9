//! What came out, module by module.

use std::path::PathBuf;

use serde::Serialize;

use super::plan::{ModulePlan, Plan, Shape, Work};

/// What was extracted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The folder.
    pub out: PathBuf,
    /// The largest rank, which is the adapter's `r`.
    pub rank: usize,
    /// Bytes of weights.
    pub bytes_written: u64,
    /// Tensors in the adapter.
    pub tensors: usize,
    /// Time it took.
    pub seconds: f64,
    /// In the order of the base.
    pub modules: Vec<ModuleReport>,
    /// What is odd, a sentence each.
    pub notes: Vec<String>,
}

/// What became of one module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModuleReport {
    /// As PEFT finds it.
    pub module: String,
    /// The layer, if it is in one.
    pub layer: Option<u32>,
    /// What it does: "attention", "mlp" and so on.
    pub kind: &'static str,
    /// Dimensions of its weight in the fine-tune.
    pub shape: Vec<usize>,
    /// ‖Δ‖, the Frobenius norm of the change of its weight; `None` where base and fine-tune have
    /// another number of rows.
    pub change: Option<f64>,
    /// What was done.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What was done with a module.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "saved", rename_all = "snake_case")]
pub enum Fate {
    /// As a product of two factors.
    Factors {
        /// Inner dimension.
        rank: usize,
        /// Σσ² of the kept ranks as a share of ‖Δ‖²; 1 where nothing changed.
        energy: f64,
        /// ‖Δ − BA‖ / ‖Δ‖, with the factors as they are stored; 0 where nothing changed.
        residual: f64,
        /// The kept singular values, the largest first.
        values: Vec<f64>,
        /// How the matrix is stored.
        layout: Shape,
    },
    /// As it is.
    Whole {
        /// Why, as a clause.
        why: &'static str,
    },
    /// Not at all.
    LeftOut {
        /// Why, as a clause.
        why: &'static str,
    },
}

impl ModuleReport {
    pub(super) fn new(module: &ModulePlan, change: Option<f64>, fate: Fate) -> Self {
        Self {
            module: module.name.clone(),
            layer: module.place.layer,
            kind: module.place.kind.title(),
            shape: module.weight.shape.clone(),
            change,
            fate,
        }
    }

    /// ‖Δ‖².
    fn energy(&self) -> f64 {
        self.change.map_or(0.0, |change| change * change)
    }

    /// How much of ‖Δ‖² the adapter has, 0–1.
    pub fn kept(&self) -> f64 {
        match self.fate {
            Fate::Factors { energy, .. } => energy,
            Fate::Whole { .. } => 1.0,
            Fate::LeftOut { .. } => 0.0,
        }
    }

    /// The rank, if it got factors.
    pub fn rank(&self) -> Option<usize> {
        match self.fate {
            Fate::Factors { rank, .. } => Some(rank),
            Fate::Whole { .. } | Fate::LeftOut { .. } => None,
        }
    }
}

impl Report {
    /// The share of the fine-tune's ‖Δ‖² over all modules that the adapter has, 0–1; `None` where
    /// nothing has changed.
    pub fn kept(&self) -> Option<f64> {
        let all: f64 = self.modules.iter().map(ModuleReport::energy).sum();
        let kept: f64 = self.modules.iter().map(|m| m.energy() * m.kept()).sum();
        (all > 0.0).then(|| kept / all)
    }

    /// The cosine of the adapter's change and the fine-tune's: the root of what is kept, because
    /// the best approximation is a projection.
    pub fn kinship(&self) -> Option<f64> {
        self.kept().map(f64::sqrt)
    }

    /// How many modules became factors, are whole, and were left out.
    pub fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&Fate) -> bool| self.modules.iter().filter(|m| is(&m.fate)).count();
        [
            count(|fate| matches!(fate, Fate::Factors { .. })),
            count(|fate| matches!(fate, Fate::Whole { .. })),
            count(|fate| matches!(fate, Fate::LeftOut { .. })),
        ]
    }
}

impl std::fmt::Display for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Factors { most, .. } => write!(f, "rank {most} at most"),
            Self::Whole(why) => write!(f, "whole, {why}"),
            Self::LeftOut(why) => write!(f, "left out, {why}"),
        }
    }
}

impl Plan {
    /// A line for each module: name, kind, shape, and what becomes of it.
    pub fn lines(&self) -> Vec<String> {
        let width = |m: &ModulePlan| m.name.chars().count();
        let width = self.modules.iter().map(width).max().unwrap_or(0);
        let line = |m: &ModulePlan| {
            let name = &m.name;
            format!("  {name:<width$}  {:?}  {}", m.weight.shape, m.work)
        };
        self.modules.iter().map(line).collect()
    }
}
