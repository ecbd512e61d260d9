//! Checks what a header claims: sizes fit, and the tensors cover the file exactly.
//!
//! After this, every byte range lies within the file and belongs to one tensor.

use std::ops::Range;
use std::path::Path;

use super::dtype::Dtype;
use super::error::CheckpointError;
use super::header::Claim;

/// A checked tensor of one file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Bytes within the file.
    pub(super) range: Range<usize>,
}

/// Checks all claims against a file whose data start at `data_start` and have `data_len` bytes.
pub(super) fn check(
    path: &Path,
    mut claims: Vec<(String, Claim<'_>)>,
    data_start: usize,
    data_len: usize,
) -> Result<Vec<Entry>, CheckpointError> {
    for (tensor, claim) in &claims {
        check_range(path, tensor, claim, data_len as u64)?;
    }
    claims.sort_by(|(a_name, a), (b_name, b)| {
        (a.data_offsets, a_name).cmp(&(b.data_offsets, b_name))
    });
    check_cover(path, &claims, data_len as u64)?;
    claims
        .into_iter()
        .map(|(name, claim)| entry(path, name, claim, data_start))
        .collect()
}

fn check_range(
    path: &Path,
    tensor: &str,
    claim: &Claim<'_>,
    data_len: u64,
) -> Result<(), CheckpointError> {
    let (path, tensor) = (path.to_owned(), tensor.to_owned());
    let (begin, end) = claim.data_offsets;
    if begin > end {
        return Err(CheckpointError::EndBeforeBegin {
            path,
            tensor,
            begin,
            end,
        });
    }
    if end > data_len {
        return Err(CheckpointError::BeyondEnd {
            path,
            tensor,
            expected: end,
            found: data_len,
        });
    }
    Ok(())
}

/// Walks the sorted claims: each must begin where the one before it ended.
fn check_cover(
    path: &Path,
    claims: &[(String, Claim<'_>)],
    data_len: u64,
) -> Result<(), CheckpointError> {
    let mut expected = 0;
    let mut before: Option<&str> = None;
    for (tensor, claim) in claims {
        let (found, end) = claim.data_offsets;
        if found < expected {
            return Err(CheckpointError::Overlap {
                path: path.to_owned(),
                first: before.unwrap_or_default().to_owned(),
                second: tensor.clone(),
                expected,
                found,
            });
        }
        if found > expected {
            return Err(CheckpointError::Hole {
                path: path.to_owned(),
                tensor: tensor.clone(),
                expected,
                found,
            });
        }
        (expected, before) = (end, Some(tensor.as_str()));
    }
    if expected < data_len {
        return Err(CheckpointError::Trailing {
            path: path.to_owned(),
            after: match before {
                None => "there being no tensors".to_owned(),
                Some(before) => format!("after tensor `{before}`"),
            },
            expected,
            found: data_len,
        });
    }
    Ok(())
}

fn entry(
    path: &Path,
    name: String,
    claim: Claim<'_>,
    data_start: usize,
) -> Result<Entry, CheckpointError> {
    let shape = claim.shape.0;
    let Some(dtype) = Dtype::parse(&claim.dtype) else {
        return Err(CheckpointError::UnknownDtype {
            path: path.to_owned(),
            tensor: name,
            // Whatever a file calls it, a message has room for a word.
            found: claim.dtype.chars().take(64).collect(),
        });
    };
    let Some(elements) = elements(&shape) else {
        return Err(CheckpointError::ShapeTooLarge {
            path: path.to_owned(),
            tensor: name,
            found: shape,
        });
    };
    let (begin, end) = claim.data_offsets;
    let expected = dtype.exact_bytes(elements);
    if expected.map(|bytes| bytes as u64) != Some(end - begin) {
        return Err(CheckpointError::WrongSize {
            path: path.to_owned(),
            tensor: name,
            dtype,
            shape,
            expected,
            found: end - begin,
        });
    }
    // `end` is at most the length of the data, so that neither sum nor cast can overflow.
    let range = data_start + begin as usize..data_start + end as usize;
    Ok(Entry {
        name,
        dtype,
        shape,
        range,
    })
}

/// The product of the dimensions: 1 for a scalar, 0 for an empty tensor.
///
/// `None` if it cannot be counted, nor what an empty tensor would have without its zeros: then
/// products and sums of some of the dimensions are numbers too.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    let others = shape.iter().filter(|&&d| d != 0);
    let product = others.copied().try_fold(1_usize, usize::checked_mul)?;
    if shape.contains(&0) {
        return (product <= MOST_OF_EMPTY).then_some(0);
    }
    Some(product)
}

/// No file bounds the dimensions of an empty tensor; those of others are below any disk's size.
const MOST_OF_EMPTY: usize = 1 << 48;
