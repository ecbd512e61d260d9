//! The pass over both models.

use std::path::Path;
use std::sync::Mutex;

use super::{Diff, FileDiff, FileState, LeftOut, Side, Sums, TensorDiff, by_kind, by_layer};
use crate::checkpoint::{Checkpoint, Operand, Segment, Watch, by_token, pair_tokens};
use crate::files;
use crate::jobs::{Failure, Ticket};
use crate::parallel::{in_order, lock};

/// Numbers that one worker compares at a time, and numbers that stay in its cache meanwhile.
const CHUNK: usize = 1 << 20;
const BLOCK: usize = 1 << 12;

/// Files that decide how a model speaks.
const FILES: [&str; 6] = [
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "generation_config.json",
    "chat_template.jinja",
];
const MOST_BYTES: u64 = 256 << 20;

/// Compares two models or an adapter with its base, `b` seen with the names of `a`.
///
/// # Errors
/// [`Failure::Cancelled`]; a sentence if a file did not stay what it was, or if the two have
/// nothing in common.
pub fn compare(a: &Checkpoint, b: &Checkpoint, ticket: &Ticket) -> Result<Diff, Failure> {
    let failed = |error: crate::checkpoint::CheckpointError| Failure::Failed(error.to_string());
    let seen = b.seen_as(a);
    let watch = Watch::new([a, b]).map_err(failed)?;
    let lined_up = by_token(a, &[&seen]);
    let pairing = pair_tokens(a, &[&seen], lined_up.as_ref());
    ticket.expect(pairing.segments.iter().map(Segment::size_bytes).sum());
    let chunks: Vec<(usize, usize)> = (pairing.segments.iter().enumerate())
        .flat_map(|(k, s)| (0..s.elements().div_ceil(CHUNK)).map(move |chunk| (k, chunk)))
        .collect();
    let cells: Vec<Mutex<Option<Sums>>> = chunks.iter().map(|_| Mutex::new(None)).collect();
    in_order(chunks.len(), |k| {
        let (segment, chunk) = chunks[k];
        let segment = &pairing.segments[segment];
        let sums = sums(segment, chunk * CHUNK);
        watch.glance().map_err(failed)?;
        ticket.advance(segment.size_bytes() * sums.count / segment.elements().max(1) as u64)?;
        *lock(&cells[k]) = Some(sums);
        Ok::<(), Failure>(())
    })?;
    watch.check().map_err(failed)?;
    // In the order of the chunks, so that the sums do not depend on who was first.
    let mut tensors: Vec<TensorDiff> = Vec::new();
    for ((k, _), cell) in chunks.iter().zip(&cells) {
        let sums = lock(cell).take().unwrap_or_default();
        let segment = &pairing.segments[*k];
        match tensors
            .last_mut()
            .filter(|last| last.name == segment.tensor)
        {
            Some(last) => last.sums.add(&sums),
            None => tensors.extend(tensor(segment, a, &seen, sums)),
        }
    }
    let mut whole = Sums::default();
    tensors.iter().for_each(|tensor| whole.add(&tensor.sums));
    if whole.count == 0 {
        let reason = pairing.left_out.first();
        let reason = reason.map_or(String::new(), |l| {
            format!(", such as {}: {}", l.tensor, l.reason)
        });
        return Err(Failure::Failed(format!(
            "{} and {} have no numbers in common that can be compared{reason}",
            a.suggested_name(),
            b.suggested_name()
        )));
    }
    Ok(Diff {
        models: [side(a), side(&seen)],
        layers: by_layer(&tensors),
        kinds: by_kind(&tensors),
        tensors,
        whole,
        left_out: left_out(pairing.left_out, b),
        settings: a.config().differences(seen.config()),
        renamings: seen.renamings().to_vec(),
        files: files_beside(a.folder(), b.folder()),
    })
}

/// The sums over the chunk of a segment that begins at `start`.
fn sums(segment: &Segment<'_>, start: usize) -> Sums {
    let end = (start + CHUNK).min(segment.elements());
    let (mut a, mut b, mut delta) = (vec![0.0; BLOCK], vec![0.0; BLOCK], vec![0.0; BLOCK]);
    let factors = segment
        .models
        .iter()
        .find_map(|(_, operand)| match operand {
            Operand::LowRank { factors, first } => Some((factors.decode(), *first)),
            Operand::Weights(_) | Operand::Rebuilt { .. } | Operand::Unchanged => None,
        });
    let mut sums = Sums::default();
    for at in (start..end).step_by(BLOCK) {
        let range = at..(at + BLOCK).min(end);
        let (a, b) = (&mut a[..range.len()], &mut b[..range.len()]);
        segment.base.part(range.clone()).decode(a);
        let weights = segment.models.first().and_then(|(_, own)| own.weights());
        match (weights, &factors) {
            (Some(own), _) => own.part(range).decode(b),
            (None, Some((factors, first))) => {
                let delta = &mut delta[..range.len()];
                factors.delta(first + at, delta);
                for ((b, a), delta) in b.iter_mut().zip(&*a).zip(&*delta) {
                    *b = a + delta;
                }
            }
            (None, None) => b.copy_from_slice(a),
        }
        add_block(&mut sums, a, b);
    }
    sums
}

fn add_block(sums: &mut Sums, a: &[f32], b: &[f32]) {
    let (mut difference, mut square_a, mut square_b, mut product) = (0.0, 0.0, 0.0, 0.0);
    let (mut largest, mut equal, mut odd) = (0.0_f64, 0, 0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        if !a.is_finite() || !b.is_finite() {
            odd += 1;
            continue;
        }
        let apart = a - b;
        difference += apart * apart;
        square_a += a * a;
        square_b += b * b;
        product += a * b;
        largest = largest.max(apart.abs());
        equal += u64::from(apart == 0.0);
    }
    sums.add(&Sums {
        count: a.len() as u64,
        equal,
        not_finite: odd,
        difference,
        square_a,
        square_b,
        product,
        largest,
    });
}

/// A tensor with its first sums; none if no model has these rows.
fn tensor(segment: &Segment<'_>, a: &Checkpoint, b: &Checkpoint, sums: Sums) -> Option<TensorDiff> {
    let own = a.tensor(segment.tensor)?;
    segment.models.first()?;
    Some(TensorDiff {
        name: own.name.clone(),
        place: own.place,
        shape: own.shape.clone(),
        dtypes: [own.dtype, b.tensor(segment.tensor).unwrap_or(own).dtype],
        sums,
    })
}

fn side(model: &Checkpoint) -> Side {
    Side {
        name: model.suggested_name(),
        form: model.form().title(),
        parameters: model.parameters(),
        bytes: model.size_bytes(),
        dtypes: model.dtypes().to_owned(),
        layers: model.layers_in_words(),
    }
}

fn left_out(found: Vec<crate::checkpoint::LeftOut>, b: &Checkpoint) -> Vec<LeftOut> {
    let name = b.suggested_name();
    found
        .into_iter()
        .map(|left| LeftOut {
            tensor: left.tensor,
            // The pairing speaks of a base and a model.
            reason: left
                .reason
                .replace("the model", &name)
                .replace("the base", "the first model"),
        })
        .collect()
}

fn files_beside(a: &Path, b: &Path) -> Vec<FileDiff> {
    let read = |folder: &Path, name: &str| files::read(&folder.join(name), MOST_BYTES).ok();
    let state = |name: &str| match (read(a, name), read(b, name)) {
        (None, None) => None,
        (Some(_), None) => Some(FileState::OnlyFirst),
        (None, Some(_)) => Some(FileState::OnlySecond),
        (Some(a), Some(b)) if a == b => Some(FileState::Equal),
        (Some(_), Some(_)) => Some(FileState::Different),
    };
    let found = FILES.iter().filter_map(|name| {
        let name = (*name).to_owned();
        Some(FileDiff {
            state: state(&name)?,
            name,
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_definition() {
        let mut sums = Sums::default();
        add_block(&mut sums, &[1.0, 2.0, f32::NAN, 4.0], &[1.0, 0.0, 1.0, 1.0]);
        assert_eq!((sums.count, sums.equal, sums.not_finite), (4, 1, 1));
        assert_eq!(sums.distance(), 13f64.sqrt());
        assert_eq!(sums.relative(), Some((13.0f64 / 21.0).sqrt()));
        assert_eq!(sums.cosine(), Some(5.0 / (21.0f64 * 2.0).sqrt()));
        assert_eq!(sums.largest, 3.0);
        assert!(!sums.is_equal());
        assert_eq!(Sums::default().relative(), None);
    }
}
