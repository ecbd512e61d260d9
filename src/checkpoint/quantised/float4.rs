//! 4-bit floats of two exponent bits and one of mantissa, with a scale for every 16 or 32.
//!
//! NVFP4 has F8_E4M3 scales for 16 and an F32 for the whole, which divides in compressed-tensors
//! and multiplies in ModelOpt; MXFP4 has powers of two for 32.

use std::sync::Arc;

use super::super::dtype::Dtype;
use super::super::error::CheckpointError;
use super::super::source::{Source, Transposed};
use super::super::tensor::Tensor;
use super::codes::{Codes, Halves};
use super::grid::{Grid, Gridded};
use super::scales::{Groups, ScaleNumbers, Scales, Whole};
use super::table::{Of, Table, shape_of};
use crate::numeric::Float;

const COMPRESSED: &str = "compressed-tensors nvfp4";
const MODELOPT: &str = "ModelOpt NVFP4";
const MXFP4: &str = "MXFP4";

/// Weights of a scale.
const NV: usize = 16;
const MX: usize = 32;

/// `weight_packed`, `weight_scale` and, for NVFP4, `weight_global_scale`.
pub(super) fn compressed(table: &mut Table, module: &str) -> Result<(), CheckpointError> {
    let Some(packed) = table.take(&format!("{module}_packed")) else {
        return Ok(());
    };
    let scheme = COMPRESSED;
    let tensor = &packed;
    let of = Of { scheme, tensor };
    let scale = table.need(of, &format!("{module}_scale"))?;
    let is_mx = matches!(scale.dtype, Dtype::U8 | Dtype::F8_E8M0);
    let whole = match is_mx {
        true => None,
        false => Some((
            table.need(of, &format!("{module}_global_scale"))?,
            Whole::Divides,
        )),
    };
    check_shape(table, of, module)?;
    weight(table, of, module, &scale, whole.as_ref())
}

/// A shape that is stored beside, which must be what the codes make.
fn check_shape(table: &mut Table, of: Of<'_>, module: &str) -> Result<(), CheckpointError> {
    let Some(shape) = table.take(&format!("{module}_shape")) else {
        return Ok(());
    };
    let [rows, bytes] = of.matrix(of.tensor)?;
    let wanted = [rows, bytes.saturating_mul(2)].map(|n| n as u64);
    let bytes = table.description(of, &shape, 16)?;
    let found: Vec<u64> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|n| u64::from_le_bytes(*n))
        .collect();
    if found == wanted {
        return Ok(());
    }
    Err(of.misfit(format!("a weight of {wanted:?}"), &format!("{found:?}")))
}

/// ModelOpt's: `weight` of U8, `weight_scale` and `weight_scale_2`.
pub(super) fn modelopt(table: &mut Table) -> Result<(), CheckpointError> {
    for name in table.stems("_scale_2") {
        let is_packed = table
            .get(&name)
            .is_some_and(|weight| weight.dtype == Dtype::U8);
        let Some(packed) = table.take(&name).filter(|_| is_packed) else {
            continue;
        };
        let tensor = &packed;
        let scheme = MODELOPT;
        let of = Of { scheme, tensor };
        let scale = table.need(of, &format!("{name}_scale"))?;
        let whole = table.need(of, &format!("{name}_scale_2"))?;
        let whole = (whole, Whole::Multiplies);
        weight(table, of, &name, &scale, Some(&whole))?;
    }
    Ok(())
}

/// Codes along the last dimension, two a byte.
fn weight(
    table: &mut Table,
    of: Of<'_>,
    name: &str,
    scale: &Tensor,
    whole: Option<&(Tensor, Whole)>,
) -> Result<(), CheckpointError> {
    let [rows, bytes] = of.matrix(of.tensor)?;
    let (dtype, size) = match whole {
        Some(_) => (Dtype::NVFP4, NV),
        None => (Dtype::MXFP4, MX),
    };
    let columns = bytes.saturating_mul(2);
    let count = columns.div_ceil(size);
    of.dtype(of.tensor, &[Dtype::U8])?;
    of.shape(scale, &[rows, count])?;
    let scales = match whole {
        Some((whole, what)) => {
            let stored = of.exactly(scale, Dtype::F8_E4M3, &[rows, count])?;
            of.dtype(whole, &[Dtype::F32])?;
            if whole.elements() != 1 {
                let expected = format!("one number in `{}`", whole.name);
                return Err(of.misfit(expected, &shape_of(whole)));
            }
            Scales {
                numbers: ScaleNumbers::Plain(Float::F8E4M3, stored),
                whole: Some((of.plain(whole)?, *what)),
            }
        }
        None => {
            of.dtype(scale, &[Dtype::U8, Dtype::F8_E8M0])?;
            Scales::new(ScaleNumbers::Powers(of.plain(scale)?))
        }
    };
    let source = Gridded {
        codes: Codes::Halves(Halves::E2m1),
        stored: of.plain(of.tensor)?,
        grid: Grid::of_rows(rows, columns, count),
        groups: Groups::Even(size),
        scales,
        zeros: None,
        divisor: None,
    };
    let shape = vec![rows, columns];
    table.put(of, name.to_owned(), dtype, shape, Arc::new(source))
}

/// gpt-oss: `X_blocks` `[experts, outputs, inputs / 32, 16]` and `X_scales`; X itself is
/// `[experts, inputs, outputs]`.
pub(super) fn blocks(table: &mut Table) -> Result<(), CheckpointError> {
    for name in table.stems("_blocks") {
        let is_ours = table
            .get(&format!("{name}_blocks"))
            .is_some_and(|blocks| blocks.dtype == Dtype::U8);
        if !is_ours {
            continue;
        }
        let Some(blocks) = table.take(&format!("{name}_blocks")) else {
            continue;
        };
        let tensor = &blocks;
        let scheme = MXFP4;
        let of = Of { scheme, tensor };
        let scale = table.need(of, &format!("{name}_scales"))?;
        let [experts, outputs, count, 16] = tensor.shape[..] else {
            let expected = "[experts, outputs, inputs / 32, 16]";
            return Err(of.misfit(expected, &shape_of(tensor)));
        };
        let scales = of.exactly(&scale, Dtype::U8, &[experts, outputs, count])?;
        let inputs = count.saturating_mul(MX);
        let rows = Gridded {
            codes: Codes::Halves(Halves::E2m1),
            stored: of.plain(tensor)?,
            grid: Grid::of_rows(experts.saturating_mul(outputs), inputs, count),
            groups: Groups::Even(MX),
            scales: Scales::new(ScaleNumbers::Powers(scales)),
            zeros: None,
            divisor: None,
        };
        let rows: Arc<dyn Source> = Arc::new(rows);
        let source = Transposed {
            of: rows,
            rows: inputs,
            columns: outputs,
        };
        let shape = vec![experts, inputs, outputs];
        table.put(of, name, Dtype::MXFP4, shape, Arc::new(source))?;
    }
    Ok(())
}
