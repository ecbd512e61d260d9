//! The prompts of a mixture as tokens, and the vectors that the base makes of them.

use super::super::plan::MoeChild;
use super::super::recipe::{Expert, GateMode};
use super::normalise;
use crate::checkpoint::is_token_embedding;
use crate::evaluate::{self, EvaluateError};
use crate::jobs::Ticket;
use crate::merge::run::{Changed, RunError, opened_models};
use crate::merge::tensor::MergeTensor;
use crate::merge::{Inputs, MergeError};

/// The prompts of all experts that have rows, each text once.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompts {
    /// Texts, in the order of their first mention.
    pub texts: Vec<String>,
    /// Their tokens.
    pub tokens: Vec<Vec<u32>>,
    /// For each expert its positive and its negative texts, by their numbers.
    sets: Vec<[Vec<usize>; 2]>,
}

impl Prompts {
    /// Reads the prompts with the base's tokenizer.
    ///
    /// # Errors
    /// A sentence, if they cannot be read.
    pub fn read(child: &MoeChild) -> Result<Self, String> {
        let experts: Vec<&Expert> = child.recipe.all_experts().take(child.gated()).collect();
        let mut texts: Vec<String> = Vec::new();
        let mut number = |text: &String| {
            let known = texts.iter().position(|own| own == text);
            known.unwrap_or_else(|| {
                texts.push(text.clone());
                texts.len() - 1
            })
        };
        let sets = experts
            .iter()
            .map(|own| [&own.positive_prompts, &own.negative_prompts])
            .map(|sets| sets.map(|texts| texts.iter().map(&mut number).collect()))
            .collect();
        let base = child.base().ok_or("the base is not open")?;
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let tokens = evaluate::prompt_tokens(base.folder(), &all).map_err(|e| e.to_string())?;
        Ok(Self {
            texts,
            tokens,
            sets,
        })
    }

    /// [layers, experts, hidden].
    pub(super) fn rows(&self, child: &MoeChild, ticket: &Ticket) -> Result<Vec<f32>, RunError> {
        let vectors = match child.recipe.gate_mode {
            GateMode::CheapEmbed => self.by_embedding(child)?,
            _ => self.by_states(child, ticket)?,
        };
        let mut out = Vec::with_capacity(child.layers * self.sets.len() * child.hidden);
        for layer in 0..child.layers {
            for [positive, negative] in &self.sets {
                let mut row = vectors.of(layer, positive);
                if !negative.is_empty() {
                    let minus = vectors.of(layer, negative);
                    row.iter_mut().zip(minus).for_each(|(x, y)| *x -= y);
                }
                normalise(&mut row);
                out.extend(row.into_iter().map(|x| x as f32));
            }
        }
        match out.iter().all(|x| x.is_finite()) {
            true => Ok(out),
            false => Err(RunError::Failed(
                "the router's rows come out as NaN or infinite: the base's weights hold such \
                 numbers, or the model grows beyond bounds on these prompts"
                    .to_owned(),
            )),
        }
    }

    /// Sums of token embeddings, one for each text; only the rows of its tokens are read.
    fn by_embedding(&self, child: &MoeChild) -> Result<Vectors, RunError> {
        let table = child
            .tensors
            .iter()
            .find(|t| is_token_embedding(&t.plan.name));
        let piece = table.and_then(|table| Some((table, table.pieces().first()?)));
        let (table, piece) = piece.ok_or_else(|| "the base has no token embedding".to_owned())?;
        let models = opened_models(&child.models, &[])?;
        let changed = Changed::new(&piece.input, &models).map_err(refused)?;
        let tensor = MergeTensor {
            name: &table.plan.name,
            shape: &table.plan.shape,
            inputs: vec![changed.input(piece.elements).map_err(refused)?],
            base: None,
            rounded_to: None,
            seed: 0,
        };
        let (inputs, hidden) = (Inputs::new(&tensor), child.hidden);
        let known = piece.elements / hidden.max(1);
        let mut sums = Vec::new();
        for tokens in &self.tokens {
            if let Some(token) = tokens.iter().find(|&&token| token as usize >= known) {
                let sentence = format!(
                    "the base's tokenizer makes token {token} of a prompt, and its token embedding \
                     has {known} rows"
                );
                return Err(RunError::Failed(sentence));
            }
            let rows = tokens.iter().map(|&token| token as usize * hidden);
            let mut sum = vec![0.0f64; hidden];
            inputs.some(
                rows.map(|first| first..first + hidden),
                |_, rows: &[&[f32]]| {
                    let row = rows.first().copied().unwrap_or_default();
                    sum.iter_mut()
                        .zip(row)
                        .for_each(|(x, y)| *x += f64::from(*y));
                },
            );
            sums.push(sum);
        }
        Ok(Vectors {
            hidden,
            kind: Kind::Sums,
            numbers: vec![sums],
        })
    }

    /// What enters each layer, one vector for each text.
    fn by_states(&self, child: &MoeChild, ticket: &Ticket) -> Result<Vectors, RunError> {
        let base = child
            .base()
            .ok_or_else(|| "the base is not open".to_owned())?;
        let (hidden, mode) = (child.hidden, child.recipe.gate_mode);
        let mut numbers = vec![vec![Vec::new(); self.tokens.len()]; child.layers];
        let mut visit = |layer: usize, text: usize, states: &[f32]| {
            let vector = match mode {
                GateMode::HiddenAvg => mean(states, hidden),
                _ => last(states, hidden),
            };
            if let Some(place) = numbers.get_mut(layer).and_then(|l| l.get_mut(text)) {
                *place = vector;
            }
        };
        evaluate::states_by_layer(base, &self.tokens, ticket, &mut visit).map_err(run_error)?;
        Ok(Vectors {
            hidden,
            kind: Kind::States,
            numbers,
        })
    }
}

fn refused(error: MergeError) -> RunError {
    match error {
        MergeError::Cancelled(cancelled) => cancelled.into(),
        other => RunError::Failed(other.to_string()),
    }
}

fn run_error(error: EvaluateError) -> RunError {
    match error {
        EvaluateError::Cancelled(cancelled) => cancelled.into(),
        other => RunError::Failed(other.to_string()),
    }
}

/// One vector for each text, in each layer or in one for all.
struct Vectors {
    hidden: usize,
    kind: Kind,
    numbers: Vec<Vec<Vec<f64>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// They are added up, and the sum has length 1.
    Sums,
    /// Their mean is taken.
    States,
}

impl Vectors {
    /// That of a set of texts.
    fn of(&self, layer: usize, texts: &[usize]) -> Vec<f64> {
        let layer = self.numbers.get(layer).or(self.numbers.first());
        let mut out = vec![0.0; self.hidden];
        for own in texts.iter().filter_map(|&k| layer?.get(k)) {
            out.iter_mut().zip(own).for_each(|(x, y)| *x += y);
        }
        match self.kind {
            Kind::Sums => normalise(&mut out),
            Kind::States => out.iter_mut().for_each(|x| *x /= texts.len().max(1) as f64),
        }
        out
    }
}

fn last(states: &[f32], hidden: usize) -> Vec<f64> {
    let from = states.len().saturating_sub(hidden);
    states[from..].iter().map(|x| f64::from(*x)).collect()
}

fn mean(states: &[f32], hidden: usize) -> Vec<f64> {
    let tokens = (states.len() / hidden.max(1)).max(1);
    let mut out = vec![0.0; hidden];
    for row in states.chunks_exact(hidden.max(1)) {
        out.iter_mut()
            .zip(row)
            .for_each(|(x, y)| *x += f64::from(*y));
    }
    out.iter_mut().for_each(|x| *x /= tokens as f64);
    out
}
