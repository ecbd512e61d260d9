//! Perplexity: exp of the mean of −ln p over the tokens of a text, each after those before it.
//!
//! A text longer than the model reads is cut into windows that meet in one token, so that every
//! token but the first is foretold once, from at most a window of what comes before it (as the
//! rolling likelihood of lm-evaluation-harness does; Hugging Face's guide strides windows that
//! overlap, and comes out lower). The first token is foretold only if the tokenizer puts one,
//! such as `<s>`, in front.

use candle_core::{Device, Tensor};
use candle_nn::ops::log_softmax;

use super::super::model::Batch;
use super::super::task::Content;
use super::super::{EvaluateError, Model, Task};
use crate::jobs::Ticket;

/// Most tokens of a window, if the model reads as many.
const WINDOW: usize = 1024;

/// A part of a text that is read at once.
pub(super) struct Window {
    task: usize,
    /// One token more than are read: the last is only foretold.
    tokens: Vec<u32>,
}

/// What a model thinks of a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubt {
    pub task: usize,
    /// Σ −ln p.
    pub sum: f64,
    pub tokens: u64,
}

pub(super) fn prepare(
    model: &Model,
    tasks: &[Task],
    ticket: &Ticket,
) -> Result<Vec<Window>, EvaluateError> {
    let size = WINDOW.min(model.positions());
    let mut out = Vec::new();
    for (k, task) in tasks.iter().enumerate() {
        let Content::Texts(texts) = &task.content else {
            continue;
        };
        let before = out.len();
        for text in texts {
            ticket.advance(0)?;
            let tokens = model.tokens(&text.text)?;
            let foretold = tokens.len().saturating_sub(1);
            out.extend((0..foretold).step_by(size).map(|from| Window {
                task: k,
                tokens: tokens[from..=foretold.min(from + size)].to_vec(),
            }));
        }
        if out.len() == before {
            return Err(EvaluateError::Tasks {
                path: task.path.clone(),
                reason: format!("`{}` has no two tokens, and nothing to foretell", task.name),
            });
        }
    }
    Ok(out)
}

/// How much a model doubts the tokens of a window.
pub(super) fn doubt(
    model: &Model,
    window: &Window,
    ticket: &Ticket,
) -> Result<Doubt, EvaluateError> {
    let count = window.tokens.len() - 1;
    let mut batch = Batch::new(model, 1, count)?;
    let mut sum = 0.0;
    for from in (0..count).step_by(model.tokens_at_once()) {
        let to = count.min(from + model.tokens_at_once());
        let hidden = batch.advance(&window.tokens[from..to], ticket)?;
        let wanted = &window.tokens[from + 1..=to];
        for (part, wanted) in wanted.chunks(model.heads_at_once()).enumerate() {
            ticket.advance(0)?;
            let hidden = hidden.narrow(0, part * model.heads_at_once(), wanted.len())?;
            sum -= log_likelihood(&batch.logits(&hidden)?, wanted)?;
        }
    }
    ticket.advance(1)?;
    Ok(Doubt {
        task: window.task,
        sum,
        tokens: count as u64,
    })
}

/// Σ ln p of the wanted tokens, one a row of logits.
fn log_likelihood(logits: &Tensor, wanted: &[u32]) -> candle_core::Result<f64> {
    let wanted = Tensor::new(wanted, &Device::Cpu)?.unsqueeze(1)?;
    let logs = log_softmax(logits, 1)?.gather(&wanted, 1)?.flatten_all()?;
    Ok(logs.to_vec1::<f32>()?.into_iter().map(f64::from).sum())
}
