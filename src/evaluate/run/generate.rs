//! Greedy decoding of a batch; whoever has finished leaves it.

use candle_core::{D, Tensor};

use super::super::model::Batch;
use super::super::{EvaluateError, Model};
use super::encoded::EncodedItem;
use crate::jobs::Ticket;

/// The answers to prompts of equal length.
pub(super) fn answers(
    model: &Model,
    items: &[&EncodedItem<'_>],
    ticket: &Ticket,
) -> Result<Vec<String>, EvaluateError> {
    let mut said = vec![Vec::new(); items.len()];
    let mut texts = vec![String::new(); items.len()];
    let limit = items.iter().map(|a| a.limit).max().unwrap_or(0);
    let len = items.first().map_or(0, |a| a.tokens.len());
    let mut batch = Batch::new(model, items.len(), len + limit)?;
    let mut active: Vec<usize> = (0..items.len()).collect();
    let mut hidden = read_prompts(model, &mut batch, items, ticket)?;
    loop {
        let next = best(model, &batch, &hidden, ticket)?;
        let (mut rows, mut tokens) = (Vec::new(), Vec::new());
        for (row, &token) in next.iter().enumerate() {
            let k = active[row];
            match ended(model, items[k], &mut said[k], token)? {
                Some(text) => texts[k] = text,
                None => {
                    rows.push(row as u32);
                    tokens.push(token);
                }
            }
        }
        ticket.advance((active.len() - rows.len()) as u64)?;
        if rows.is_empty() {
            return Ok(texts);
        }
        if rows.len() < active.len() {
            active = rows.iter().map(|&row| active[row as usize]).collect();
            batch.keep(&rows)?;
        }
        hidden = batch.advance(&tokens, ticket)?;
    }
}

/// Goes through the prompts, in pieces; gives what is known after the last token of each.
fn read_prompts(
    model: &Model,
    batch: &mut Batch<'_>,
    items: &[&EncodedItem<'_>],
    ticket: &Ticket,
) -> Result<Tensor, EvaluateError> {
    let len = items.first().map_or(0, |a| a.tokens.len());
    let piece = (model.tokens_at_once() / items.len().max(1)).max(1);
    let mut from = 0;
    loop {
        let to = len.min(from + piece);
        let tokens = items.iter().flat_map(|a| &a.tokens[from..to]);
        let tokens: Vec<u32> = tokens.copied().collect();
        let hidden = batch.advance(&tokens, ticket)?;
        if to == len {
            let (rows, new) = (items.len(), to - from);
            let all = hidden.reshape((rows, new, ()))?;
            return Ok(all.narrow(1, new - 1, 1)?.squeeze(1)?.contiguous()?);
        }
        from = to;
    }
}

/// The likeliest next token of each text; of equal ones the first.
fn best(
    model: &Model,
    batch: &Batch<'_>,
    hidden: &Tensor,
    ticket: &Ticket,
) -> Result<Vec<u32>, EvaluateError> {
    let mut out = Vec::new();
    let (rows, most) = (hidden.dim(0)?, model.heads_at_once());
    for from in (0..rows).step_by(most) {
        ticket.advance(0)?;
        let part = hidden.narrow(0, from, most.min(rows - from))?;
        out.extend(batch.logits(&part)?.argmax(D::Minus1)?.to_vec1::<u32>()?);
    }
    Ok(out)
}

/// Takes in a token; gives the answer if it is at its end.
fn ended(
    model: &Model,
    item: &EncodedItem<'_>,
    said: &mut Vec<u32>,
    token: u32,
) -> Result<Option<String>, EvaluateError> {
    let is_end = model.words.ends.contains(&token);
    if !is_end {
        said.push(token);
    }
    let is_full = said.len() >= item.limit;
    if !is_end && !is_full && item.stop.is_empty() {
        return Ok(None);
    }
    let text = model.words.text(said)?;
    let stop = item.stop.iter().filter_map(|stop| text.find(stop)).min();
    Ok(match stop {
        Some(at) => Some(text[..at].to_owned()),
        None => (is_end || is_full).then_some(text),
    })
}
