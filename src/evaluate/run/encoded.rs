//! Questions as tokens, and batches of them.

use super::super::task::{Content, Question};
use super::super::{EvaluateError, Model, Task};
use crate::jobs::Ticket;

/// Texts that are turned to tokens between two looks at the ticket.
const AT_ONCE: usize = 500;

/// Bytes of keys and values that one batch may take.
const MOST_BYTES: u64 = 256 << 20;

/// A question that is ready to be asked.
pub(super) struct EncodedItem<'t> {
    pub tokens: Vec<u32>,
    /// The most tokens of the answer.
    pub limit: usize,
    /// Texts that end the answer.
    pub stop: &'t [String],
}

pub(super) fn prepare<'t>(
    model: &Model,
    tasks: &'t [Task],
    ticket: &Ticket,
) -> Result<Vec<EncodedItem<'t>>, EvaluateError> {
    let mut out = Vec::new();
    for task in tasks {
        let Content::Questions(questions) = &task.content else {
            continue;
        };
        let usual = usual_limit(model, questions, ticket)?;
        for part in questions.chunks(AT_ONCE) {
            ticket.advance(0)?;
            let prompts = part.iter().map(|question| question.prompt.as_str());
            let tokens = model.words.prompts(prompts.collect())?;
            for (question, tokens) in part.iter().zip(tokens) {
                out.push(encoded(model, task, question, tokens, usual)?);
            }
        }
    }
    Ok(out)
}

/// The longest answer, and a quarter more, at least four tokens: a model may split an answer
/// into other tokens than its tokenizer does, and must say that it has ended.
fn usual_limit(
    model: &Model,
    questions: &[Question],
    ticket: &Ticket,
) -> Result<usize, EvaluateError> {
    let mut longest = 0;
    for part in questions.chunks(AT_ONCE) {
        ticket.advance(0)?;
        let answers = part.iter().map(|question| question.answer.as_str());
        let lengths = model.words.lengths(answers.collect())?;
        longest = lengths.into_iter().fold(longest, usize::max);
    }
    Ok(longest + (longest / 4).max(4))
}

fn encoded<'t>(
    model: &Model,
    task: &Task,
    question: &'t Question,
    tokens: Vec<u32>,
    usual: usize,
) -> Result<EncodedItem<'t>, EvaluateError> {
    let (len, most) = (tokens.len(), model.positions());
    let bad = |reason| EvaluateError::TaskLine {
        path: task.path.clone(),
        line: question.line,
        reason,
    };
    if len == 0 {
        return Err(bad(
            "the prompt has no token, and there is nothing to go on from".to_owned(),
        ));
    }
    if len >= most {
        return Err(bad(format!(
            "the prompt has {len} tokens and the model reads at most {most} with its answer"
        )));
    }
    Ok(EncodedItem {
        limit: question.max_new_tokens.unwrap_or(usual).min(most - len),
        tokens,
        stop: &question.stop,
    })
}

/// Which questions are asked together: at most `rows`, of equal length, the longest first, so
/// that no thread is left with a long batch at the end.
pub(super) fn batches(model: &Model, items: &[EncodedItem<'_>], rows: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&k| std::cmp::Reverse(items[k].tokens.len()));
    let mut out = Vec::new();
    for group in order.chunk_by(|&a, &b| items[a].tokens.len() == items[b].tokens.len()) {
        let bytes = |&k: &usize| model.text_bytes(items[k].tokens.len() + items[k].limit);
        let most_bytes = group.iter().map(bytes).max().unwrap_or(1).max(1);
        let fit = usize::try_from(MOST_BYTES / most_bytes).unwrap_or(usize::MAX);
        let most = rows.min(fit).min(model.tokens_at_once()).max(1);
        out.extend(group.chunks(most).map(<[usize]>::to_vec));
    }
    out
}
