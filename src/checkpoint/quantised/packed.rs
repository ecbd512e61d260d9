//! compressed-tensors' `weight_packed`: integers of 4 or 8 bits in words of 32, or 4-bit floats.
//!
//! Integers are stored with half their range added, along the inputs, low bits first.

use std::sync::Arc;

use super::super::dtype::Dtype;
use super::super::error::CheckpointError;
use super::super::tensor::Tensor;
use super::codes::{Codes, Halves};
use super::grid::{Grid, Gridded, PackedZeros};
use super::scales::{Groups, Scales};
use super::table::{Of, Table};
use super::{float4, scaled};

const SCHEME: &str = "compressed-tensors pack-quantized";

/// Takes every such weight.
pub(super) fn take(table: &mut Table) -> Result<(), CheckpointError> {
    for module in table.stems("_packed") {
        let packed = format!("{module}_packed");
        match table.get(&packed).map(|packed| packed.dtype) {
            Some(Dtype::U8) => float4::compressed(table, &module)?,
            Some(_) => one(table, &module)?,
            None => {}
        }
    }
    Ok(())
}

/// `module` is the name of the weight.
fn one(table: &mut Table, module: &str) -> Result<(), CheckpointError> {
    let Some(packed) = table.take(&format!("{module}_packed")) else {
        return Ok(());
    };
    let tensor = &packed;
    let scheme = SCHEME;
    let of = Of { scheme, tensor };
    of.dtype(tensor, &[Dtype::I32])?;
    let [rows, words] = of.matrix(tensor)?;
    let scale = table.need(of, &format!("{module}_scale"))?;
    let columns = columns(table, of, module, [rows, words])?;
    let bits = bits(table, of, words, columns)?;
    let [scale_rows, count] = of.matrix(&scale)?;
    let size = group_size(table, columns, count);
    let Some(size) = size.filter(|_| scale_rows == rows) else {
        let expected = format!("`{}` of [{rows}, groups of {columns} inputs]", scale.name);
        return Err(of.misfit(expected, &format!("{:?}", scale.shape)));
    };
    let zeros = table.take(&format!("{module}_zero_point"));
    let zeros = zeros.map(|zeros| packed_zeros(of, &zeros, bits, [rows, count]));
    let zeros = zeros.transpose()?;
    let codes = match bits {
        4 => Codes::Halves(Halves::Signed),
        _ => Codes::Offset8,
    };
    let groups = match table.take(&format!("{module}_g_idx")) {
        Some(list) => Groups::Listed(of.exactly(&list, Dtype::I32, &[columns])?, size),
        None => Groups::Even(size),
    };
    let source = Gridded {
        codes,
        stored: of.plain(tensor)?,
        grid: Grid {
            row_codes: words.saturating_mul(32 / bits),
            ..Grid::of_rows(rows, columns, count)
        },
        groups,
        scales: Scales::new(scaled::numbers(of, &scale)?),
        zeros,
        divisor: None,
    };
    let shape = vec![rows, columns];
    table.put(
        of,
        module.to_owned(),
        Dtype::PACKED_INT,
        shape,
        Arc::new(source),
    )
}

/// Inputs of the weight, which `weight_shape` says; without it all codes are weights.
fn columns(
    table: &mut Table,
    of: Of<'_>,
    module: &str,
    [rows, words]: [usize; 2],
) -> Result<usize, CheckpointError> {
    let Some(shape) = table.take(&format!("{module}_shape")) else {
        let bits = table.settings.of_groups("num_bits");
        return match bits[..] {
            [bits @ (4 | 8)] => Ok(words.saturating_mul(32 / bits as usize)),
            _ => Err(of.misfit(format!("`{module}_shape` beside it"), "no such tensor")),
        };
    };
    of.dtype(&shape, &[Dtype::I64, Dtype::I32])?;
    of.shape(&shape, &[2])?;
    let bytes = table.description(of, &shape, 16)?;
    let width = bytes.len() / 2;
    let numbers = bytes.chunks_exact(width.max(1)).map(|bytes| {
        let number = bytes
            .iter()
            .rev()
            .fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        usize::try_from(number).unwrap_or(usize::MAX)
    });
    match numbers.collect::<Vec<_>>()[..] {
        [own, columns] if own == rows => Ok(columns),
        ref found => Err(of.misfit(format!("a weight of {rows} rows"), &format!("{found:?}"))),
    }
}

/// Bits of a weight, by how many there are in a word.
fn bits(table: &Table, of: Of<'_>, words: usize, columns: usize) -> Result<usize, CheckpointError> {
    let said = table.settings.of_groups("num_bits");
    let fits = |bits: &usize| columns.div_ceil(32 / bits) == words;
    let is_said = |bits: &usize| said.is_empty() || said.contains(&(*bits as i64));
    let mut fitting = [4, 8].into_iter().filter(fits).filter(is_said);
    match (fitting.next(), fitting.next()) {
        (Some(bits), None) => Ok(bits),
        _ => {
            let said = match said[..] {
                [] => "4 or 8 bits".to_owned(),
                _ => format!("{said:?} bits, of which 4 and 8 are known"),
            };
            let expected = format!("weights of {said} for {columns} inputs");
            Err(of.misfit(expected, &format!("{words} words in a row")))
        }
    }
}

/// Inputs of a group; `None` if there is no such number.
fn group_size(table: &Table, columns: usize, count: usize) -> Option<usize> {
    if count == 1 {
        return Some(columns.max(1));
    }
    let said = table.settings.of_groups("group_size");
    let said = said
        .into_iter()
        .filter_map(|size| usize::try_from(size).ok());
    let even = (count > 0 && columns.is_multiple_of(count)).then(|| columns / count.max(1));
    let fits = |size: &usize| *size > 0 && columns.div_ceil(*size) == count;
    // Without a word about it, groups fill the row.
    let all: Vec<usize> = said.collect();
    if all.is_empty() {
        return even.filter(fits);
    }
    all.into_iter().find(fits)
}

fn packed_zeros(
    of: Of<'_>,
    zeros: &Tensor,
    bits: usize,
    [rows, groups]: [usize; 2],
) -> Result<PackedZeros, CheckpointError> {
    let words = rows.div_ceil(32 / bits);
    Ok(PackedZeros {
        stored: of.exactly(zeros, Dtype::I32, &[words, groups])?,
        bits,
        offset: if bits == 4 { 8.0 } else { 128.0 },
        groups,
    })
}
