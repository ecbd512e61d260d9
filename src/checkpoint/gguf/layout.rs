//! Checks what a header claims of its tensors: types, sizes and places.
//!
//! After this every range lies within the file and no two overlap. Gaps and bytes after the last
//! tensor are let be: padding is part of the format, and programs differ in how much they write.

use std::ops::Range;
use std::path::Path;

use super::header::{Header, Info};
use super::types::Type;
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::layout::elements;

/// A checked tensor of one file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: Type,
    /// Outermost first.
    pub(super) shape: Vec<usize>,
    /// Bytes within the file.
    pub(super) range: Range<usize>,
}

/// Checks all tensors of a file of `len` bytes; they stay in the order of the list.
pub(super) fn check(
    path: &Path,
    header: &Header,
    len: usize,
) -> Result<Vec<Entry>, CheckpointError> {
    let entries: Result<Vec<Entry>, CheckpointError> = (header.infos.iter())
        .map(|info| entry(path, header, info, len))
        .collect();
    let entries = entries?;
    let mut order: Vec<&Entry> = entries.iter().collect();
    order.sort_by_key(|entry| (entry.range.start, entry.range.end));
    for pair in order.windows(2) {
        if pair[1].range.start < pair[0].range.end {
            let start = header.data_start();
            return Err(CheckpointError::Overlap {
                path: path.to_owned(),
                first: pair[0].name.clone(),
                second: pair[1].name.clone(),
                expected: pair[0].range.end as u64 - start,
                found: pair[1].range.start as u64 - start,
            });
        }
    }
    Ok(entries)
}

fn entry(path: &Path, header: &Header, info: &Info, len: usize) -> Result<Entry, CheckpointError> {
    let refused = |reason: String| CheckpointError::GgufTensor {
        path: path.to_owned(),
        tensor: info.name.clone(),
        reason,
    };
    let kind = Type::of(info.kind).map_err(|name| {
        refused(format!(
            "is of type {name}, which is not read; take a file in another quantisation"
        ))
    })?;
    let dims = info.dims.iter().rev().map(|&dim| usize::try_from(dim));
    let shape: Result<Vec<usize>, _> = dims.collect();
    let shape = shape.ok().filter(|shape| elements(shape).is_some());
    let too_large = || CheckpointError::GgufTensor {
        path: path.to_owned(),
        tensor: info.name.clone(),
        reason: format!(
            "has dimensions {:?}, more numbers than can be counted; the header is damaged",
            info.dims
        ),
    };
    let shape = shape.ok_or_else(too_large)?;
    let row = shape.last().copied().unwrap_or(1);
    if !row.is_multiple_of(kind.block()) {
        let (block, dtype) = (kind.block(), kind.dtype());
        return Err(refused(format!(
            "is of {dtype} with rows of {row} numbers, which are not whole blocks of {block}; \
             the header is damaged"
        )));
    }
    if !info.offset.is_multiple_of(header.alignment) {
        let (offset, alignment) = (info.offset, header.alignment);
        return Err(refused(format!(
            "begins at data byte {offset}, which is no multiple of {alignment}; the header is \
             damaged"
        )));
    }
    let bytes = elements(&shape).and_then(|count| kind.bytes(count));
    let bytes = bytes.ok_or_else(too_large)?;
    let start = header.data_start().checked_add(info.offset);
    let start = start.and_then(|start| usize::try_from(start).ok());
    let end = start.and_then(|start| start.checked_add(bytes));
    match (start, end) {
        (Some(start), Some(end)) if end <= len => Ok(Entry {
            name: info.name.clone(),
            kind,
            shape,
            range: start..end,
        }),
        _ => Err(CheckpointError::BeyondEnd {
            path: path.to_owned(),
            tensor: info.name.clone(),
            expected: info.offset.saturating_add(bytes as u64),
            found: (len as u64).saturating_sub(header.data_start()),
        }),
    }
}
