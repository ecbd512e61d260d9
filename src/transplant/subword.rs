//! New rows from the pieces that the model's own tokenizer cuts a token's text into.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokenizers::Tokenizer;

use super::Pieces;
use super::matching::Row;
use super::prepare::{Made, Matrix, Transplant};
use crate::files;

/// The largest tokenizer that is read; real ones have up to 40 MB.
const MOST_BYTES: u64 = 256 << 20;

/// A sum of pieces for each new token; the mean row for one whose text is a part of a character,
/// or that is cut into nothing that has a row.
pub(super) fn by_pieces(work: &Transplant, matrix: &Matrix) -> Result<Made, String> {
    let tokenizer = tokenizer(work)?;
    let tensor = work.model.checkpoint.tensor(&matrix.name);
    let rows = tensor.and_then(|tensor| tensor.shape.first()).copied();
    let rows = rows.unwrap_or(0);
    let mut names: Vec<Option<&str>> = vec![None; matrix.rows.len()];
    for (token, id) in work.donor.vocabulary.tokens() {
        if let Some(name) = names.get_mut(id as usize) {
            name.get_or_insert(token);
        }
    }
    let mut out = Made::default();
    for (name, row) in names.into_iter().zip(&matrix.rows) {
        if *row != Row::New {
            continue;
        }
        let text = name.and_then(|name| work.donor.spelling.text(name));
        let mut pieces = match text {
            Some(text) => pieces(&tokenizer, &text, work.model.spelling.has_pieces())?,
            None => Vec::new(),
        };
        pieces.retain(|piece| (*piece as usize) < rows);
        let sum = (!pieces.is_empty()).then(|| {
            out.sums
                .push(weighted(&pieces, work.wish.pieces, matrix.is_head))
        });
        out.of.push(sum);
    }
    Ok(out)
}

fn tokenizer(work: &Transplant) -> Result<Tokenizer, String> {
    let path = work.model.checkpoint.folder().join("tokenizer.json");
    let trouble = |reason: String| {
        format!(
            "texts are cut into pieces by the model's tokenizer.json, which cannot be used: \
             {reason}: {}",
            path.display()
        )
    };
    let bytes = files::read(&path, MOST_BYTES).map_err(|error| trouble(error.to_string()))?;
    let mut tokenizer = guarded(|| Tokenizer::from_bytes(bytes)).map_err(trouble)?;
    tokenizer.with_padding(None);
    let whole = tokenizer.with_truncation(None);
    whole.map_err(|error| trouble(error.to_string()))?;
    Ok(tokenizer)
}

/// The pieces of a text. Sentencepiece's tokenizers put a mark before a text, so that a text
/// whose first word has one already is given to them without.
fn pieces(tokenizer: &Tokenizer, text: &str, has_pieces: bool) -> Result<Vec<u32>, String> {
    let encode = |text: &str| {
        let encoded = guarded(|| tokenizer.encode(text, false));
        encoded.map(|encoded| encoded.get_ids().to_vec())
    };
    let own = encode(text)?;
    let Some(rest) = text.strip_prefix(' ').filter(|_| has_pieces) else {
        return Ok(own);
    };
    let without = encode(rest)?;
    Ok(if without.len() < own.len() {
        without
    } else {
        own
    })
}

fn weighted(pieces: &[u32], how: Pieces, is_head: bool) -> Vec<(u32, f32)> {
    let n = pieces.len();
    let all = |weight: &dyn Fn(usize) -> f64| {
        let pieces = pieces.iter().enumerate();
        pieces
            .map(|(k, piece)| (*piece, weight(k) as f32))
            .collect()
    };
    match how {
        Pieces::Mean => all(&|_| 1.0 / n as f64),
        Pieces::Sum => all(&|_| 1.0),
        Pieces::WeightedMean => {
            let sum = (n * (n + 1) / 2) as f64;
            let place = |k: usize| if is_head { n - k } else { k + 1 };
            all(&|k| place(k) as f64 / sum)
        }
        Pieces::FirstLast => {
            let one = if is_head {
                pieces.first()
            } else {
                pieces.last()
            };
            one.map(|piece| (*piece, 1.0)).into_iter().collect()
        }
    }
}

/// What the library makes, or why not: it panics on some files that it cannot read.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(made) => made.map_err(|error| error.to_string()),
        Err(_) => Err("the tokenizer library cannot read it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_weighted_by_their_places() {
        let of = |how, is_head| weighted(&[7, 8], how, is_head);
        assert_eq!(of(Pieces::Mean, false), [(7, 0.5), (8, 0.5)]);
        assert_eq!(of(Pieces::Sum, true), [(7, 1.0), (8, 1.0)]);
        let third = (1.0 / 3.0) as f32;
        let two = (2.0 / 3.0) as f32;
        assert_eq!(of(Pieces::WeightedMean, false), [(7, third), (8, two)]);
        assert_eq!(of(Pieces::WeightedMean, true), [(7, two), (8, third)]);
        assert_eq!(of(Pieces::FirstLast, false), [(8, 1.0)]);
        assert_eq!(of(Pieces::FirstLast, true), [(7, 1.0)]);
    }
}
