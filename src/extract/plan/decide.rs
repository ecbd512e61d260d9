//! What becomes of each module: the rules of the reference tool, in its order.

use super::super::model::Pair;
use super::super::names::{self, Role};
use super::super::wish::Wish;
use super::modules::Found;
use super::{ModulePlan, Shape, Work};
use crate::checkpoint::{Dtype, is_stored_across};

pub(super) struct Decider<'a> {
    pair: &'a Pair,
    wish: &'a Wish,
    /// Whether rows of the vocabulary cannot be subtracted.
    has_other_vocabulary: bool,
}

impl<'a> Decider<'a> {
    pub(super) fn new(pair: &'a Pair, wish: &'a Wish, found: &[Found]) -> Self {
        Self {
            pair,
            wish,
            has_other_vocabulary: pair.has_other_tokens()
                || found.iter().any(|f| f.grown(pair).is_some()),
        }
    }

    /// All modules with their work, and the names that are saved whole.
    pub(super) fn decide(&self, found: &[Found]) -> Result<(Vec<ModulePlan>, Vec<String>), String> {
        let mut saved = self.wish.save_modules.clone();
        let mut out = Vec::new();
        for module in found {
            let work = self.work(module, &saved)?;
            let short = names::short(&module.name);
            let is_listed = || is_named(&saved, &module.name);
            if matches!(work, Work::Whole(_)) && !is_listed() {
                saved.push(short.to_owned());
            }
            out.push(ModulePlan {
                name: module.name.clone(),
                place: module.place,
                weight: module.weight.clone(),
                bias: module.bias.clone(),
                work,
            });
        }
        Ok((out, saved))
    }

    fn work(&self, module: &Found, saved: &[String]) -> Result<Work, String> {
        let wish = self.wish;
        let is_excluded = wish.exclude.matches(&module.name);
        if module.is_missing {
            return Ok(Work::LeftOut("the fine-tune has no such part"));
        }
        if is_named(&wish.save_modules, &module.name) {
            return Ok(Work::Whole("named to be saved"));
        }
        if module.is_same {
            return Ok(Work::LeftOut("the adapter does not touch it"));
        }
        // PEFT keeps a copy of all modules of such a name, and wants it filled.
        if is_named(saved, &module.name) {
            return Ok(Work::Whole("of a name that is saved"));
        }
        if matches!(module.role, Role::Embedding | Role::Head) {
            if is_excluded {
                return Ok(Work::LeftOut("excluded"));
            }
            if self.has_other_vocabulary {
                return Ok(Work::Whole("the vocabularies differ"));
            }
            if !wish.embed_lora {
                return Ok(Work::Whole("embedding or head"));
            }
            return self.factors(module);
        }
        let is_included = wish.include.is_empty() || wish.include.matches(&module.name);
        if is_excluded || !is_included {
            return Ok(Work::LeftOut("excluded"));
        }
        match (module.role, wish.skip_undecomposable) {
            (Role::Linear, _) => self.factors(module),
            (_, true) => Ok(Work::LeftOut("no matrix of a linear layer")),
            (_, false) => Ok(Work::Whole("no matrix of a linear layer")),
        }
    }

    fn factors(&self, module: &Found) -> Result<Work, String> {
        let [rows, columns] = module.weight.shape[..] else {
            return Ok(Work::Whole("no matrix"));
        };
        let (own, base) = module.formats;
        let is_plain = |d: Dtype| !d.is_quantised() && !d.is_fp8();
        let tensor = module.weight.base.as_deref().unwrap_or_default();
        Ok(Work::Factors {
            most: self
                .wish
                .max_rank
                .unwrap_or(usize::MAX)
                .min(rows)
                .min(columns),
            shape: match module.role {
                Role::Embedding => Shape::Embedding,
                _ if is_stored_across(tensor, &*self.pair.base) => Shape::Conv1D,
                _ => Shape::Linear,
            },
            dtype: Dtype::common([own.unwrap_or(base), base]).saved(),
            rounded_to: own.filter(|own| *own == base && is_plain(base)),
        })
    }
}

/// Whether a module is called so, or its last word is.
fn is_named(names: &[String], module: &str) -> bool {
    let short = names::short(module);
    names.iter().any(|name| name == module || name == short)
}
