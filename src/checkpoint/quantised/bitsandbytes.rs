//! bitsandbytes' nf4 and fp4: half bytes, the high one first, through a map of sixteen numbers,
//! times the largest magnitude of every 64 weights or so, all rows in one line.
//!
//! With nested quantisation these magnitudes are bytes with a map and scales of their own. What
//! was stored says so in JSON, in the bytes of a tensor.

use std::sync::Arc;

use serde::Deserialize;

use super::super::dtype::Dtype;
use super::super::error::CheckpointError;
use super::super::json::{Numbers, reason};
use super::super::layout;
use super::super::limits;
use super::super::tensor::Tensor;
use super::codes::Codes;
use super::grid::{Grid, Gridded};
use super::scales::{Groups, Nested, ScaleNumbers, Scales};
use super::table::{Of, Table};
use crate::numeric::Float;

const SCHEMES: [(&str, &str, Dtype); 2] = [
    (
        ".quant_state.bitsandbytes__nf4",
        "bitsandbytes nf4",
        Dtype::NF4,
    ),
    (
        ".quant_state.bitsandbytes__fp4",
        "bitsandbytes fp4",
        Dtype::FP4,
    ),
];

/// Far above any real state, which has some hundred bytes.
const MAX_STATE_BYTES: usize = 1 << 16;

/// What is said of one weight.
#[derive(Deserialize)]
struct State {
    quant_type: String,
    blocksize: usize,
    shape: Numbers<{ limits::DIMENSIONS }>,
    nested_blocksize: Option<usize>,
    nested_offset: Option<f64>,
}

/// Takes every such weight.
pub(super) fn take(table: &mut Table) -> Result<(), CheckpointError> {
    for (ending, scheme, dtype) in SCHEMES {
        for name in table.stems(ending) {
            one(table, &name, ending, scheme, dtype)?;
        }
    }
    Ok(())
}

fn one(
    table: &mut Table,
    name: &str,
    ending: &str,
    scheme: &'static str,
    dtype: Dtype,
) -> Result<(), CheckpointError> {
    let Some(state_tensor) = table.take(&format!("{name}{ending}")) else {
        return Ok(());
    };
    let tensor = &state_tensor;
    let weight = table.need(Of { scheme, tensor }, name)?;
    let tensor = &weight;
    let of = Of { scheme, tensor };
    let state = state(table, of, &state_tensor)?;
    let kind = ending.rsplit("__").next().unwrap_or_default();
    if state.quant_type != kind || state.blocksize == 0 {
        let found = format!("{} of {}", short(&state.quant_type), state.blocksize);
        return Err(of.misfit(format!("a state of {kind} in blocks"), &found));
    }
    let shape = state.shape.0.clone();
    let elements = layout::elements(&shape).unwrap_or(usize::MAX);
    let stored = of.plain(tensor)?;
    // The bytes may be called numbers of another format; they are the same bytes.
    if elements.div_ceil(2) != stored.range.len() {
        let expected = format!("{} bytes for {shape:?}", elements.div_ceil(2));
        return Err(of.misfit(expected, &format!("{} bytes", stored.range.len())));
    }
    let count = elements.div_ceil(state.blocksize);
    let map = table.need(of, &format!("{name}.quant_map"))?;
    let absmax = table.need(of, &format!("{name}.absmax"))?;
    let scales = scales(table, of, name, &absmax, &state, count)?;
    let source = Gridded {
        codes: Codes::Mapped(of.exactly(&map, Dtype::F32, &[16])?),
        stored,
        grid: Grid::of_rows(1, elements, count),
        groups: Groups::Even(state.blocksize),
        scales: Scales::new(scales),
        zeros: None,
        divisor: None,
    };
    table.put(of, name.to_owned(), dtype, shape, Arc::new(source))
}

fn state(table: &mut Table, of: Of<'_>, tensor: &Tensor) -> Result<State, CheckpointError> {
    of.dtype(tensor, &[Dtype::U8])?;
    let bytes = table.description(of, tensor, MAX_STATE_BYTES)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let found = format!("bytes that are none, {}", reason(&error));
        of.misfit(format!("JSON in `{}`", tensor.name), &found)
    })
}

fn scales(
    table: &mut Table,
    of: Of<'_>,
    name: &str,
    absmax: &Tensor,
    state: &State,
    count: usize,
) -> Result<ScaleNumbers, CheckpointError> {
    let nested = |end: &str| format!("{name}.nested_{end}");
    let Some(map) = table.take(&nested("quant_map")) else {
        let stored = of.exactly(absmax, Dtype::F32, &[count])?;
        return Ok(ScaleNumbers::Plain(Float::F32, stored));
    };
    let (Some(block), Some(offset)) = (state.nested_blocksize, state.nested_offset) else {
        return Err(of.misfit("nested_blocksize and nested_offset in its state", "none"));
    };
    let block = block.max(1);
    let inner = table.need(of, &nested("absmax"))?;
    Ok(ScaleNumbers::Nested(Nested {
        codes: of.exactly(absmax, Dtype::U8, &[count])?,
        map: of.exactly(&map, Dtype::F32, &[256])?,
        absmax: of.exactly(&inner, Dtype::F32, &[count.div_ceil(block)])?,
        block,
        offset: offset as f32,
    }))
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
