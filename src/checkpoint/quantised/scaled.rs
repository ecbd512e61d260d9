//! 8-bit floats and integers with scales beside them: one for a tensor, for each row, or for each
//! block of rows and columns.
//!
//! DeepSeek's `weight_scale_inv` multiplies in spite of its name. The same layouts are used by
//! compressed-tensors, ModelOpt and FBGEMM (`weight_scale`), ComfyUI (`scale_weight`) and
//! bitsandbytes (`SCB`, which is 127 times the scale).

use std::sync::Arc;

use super::super::dtype::Dtype;
use super::super::error::CheckpointError;
use super::super::layout;
use super::super::tensor::Tensor;
use super::codes::Codes;
use super::grid::{Grid, Gridded};
use super::scales::{Groups, ScaleNumbers, Scales};
use super::table::{Of, Table, shape_of};
use crate::numeric::Float;

const FLOATS: &str = "scaled F8";
const INTEGERS: &str = "scaled I8";
const BITSANDBYTES: &str = "bitsandbytes int8";

/// Takes every such weight.
pub(super) fn take(table: &mut Table) -> Result<(), CheckpointError> {
    let is_small = |tensor: &&Tensor| tensor.dtype.takes_scales();
    let names = table.stored().filter(is_small).map(|t| t.name.clone());
    let names: Vec<String> = names.collect();
    for name in names {
        if let Some(scale) = scale_name(table, &name)? {
            one(table, &name, &scale)?;
        }
    }
    Ok(())
}

/// The one name of a scale of `weight` that is there.
fn scale_name(table: &Table, weight: &str) -> Result<Option<String>, CheckpointError> {
    let mut names = vec![format!("{weight}_scale_inv"), format!("{weight}_scale")];
    if let Some(module) = weight.strip_suffix(".weight") {
        let own = ["scale_weight", "SCB", "scale"];
        names.extend(own.map(|name| format!("{module}.{name}")));
    }
    names.retain(|name| table.get(name).is_some());
    if let ([first, second, ..], Some(tensor)) = (&names[..], table.get(weight)) {
        let scheme = FLOATS;
        let found = format!("`{first}` and `{second}`");
        return Err(Of { scheme, tensor }.misfit("one scale beside it", &found));
    }
    Ok(names.pop())
}

fn one(table: &mut Table, name: &str, scale: &str) -> Result<(), CheckpointError> {
    let (Some(weight), Some(scale)) = (table.take(name), table.take(scale)) else {
        return Ok(());
    };
    let is_float = weight.dtype.is_fp8();
    let is_bitsandbytes = scale.name.ends_with(".SCB");
    let scheme = match (is_float, is_bitsandbytes) {
        (_, true) => BITSANDBYTES,
        (true, _) => FLOATS,
        (false, _) => INTEGERS,
    };
    let tensor = &weight;
    let of = Of { scheme, tensor };
    let (dtype, codes) = match (weight.dtype, is_bitsandbytes) {
        (Dtype::F8_E4M3, false) => (Dtype::SCALED_F8, Codes::Float8(Float::F8E4M3)),
        (Dtype::F8_E5M2, false) => (Dtype::SCALED_F8, Codes::Float8(Float::F8E5M2)),
        (Dtype::I8, _) => (Dtype::SCALED_I8, Codes::Int8),
        _ => return Err(of.misfit("F8_E4M3, F8_E5M2 or I8", weight.dtype.name())),
    };
    if table.get(&format!("{name}_zero_point")).is_some() {
        return Err(of.misfit("no zero points", "some beside it"));
    }
    if is_bitsandbytes {
        bitsandbytes(table, of, &scale)?;
    }
    let cut = cut(of, &scale, table.settings.block())?;
    let source = Gridded {
        codes,
        stored: of.plain(tensor)?,
        grid: cut.grid,
        groups: Groups::Even(cut.block_columns),
        scales: Scales::new(numbers(of, &scale)?),
        zeros: None,
        divisor: is_bitsandbytes.then_some(127.0),
    };
    table.put(
        of,
        name.to_owned(),
        dtype,
        weight.shape.clone(),
        Arc::new(source),
    )
}

/// Rows as they are: other orders were made for some cards and are known to their library alone.
fn bitsandbytes(table: &mut Table, of: Of<'_>, scale: &Tensor) -> Result<(), CheckpointError> {
    of.dtype(scale, &[Dtype::F32])?;
    let [rows, _] = of.matrix(of.tensor)?;
    of.shape(scale, &[rows])?;
    let module = of.tensor.name.strip_suffix("weight").unwrap_or_default();
    if let Some(format) = table.take(&format!("{module}weight_format")) {
        let bytes = table.description(of, &format, 64)?;
        if bytes != [0] && bytes != *b"row" {
            let found = format!("{bytes:?}");
            return Err(of.misfit("the weight_format 0, which is row by row", &found));
        }
    }
    Ok(())
}

/// Scales of any float, or powers of two.
pub(super) fn numbers(of: Of<'_>, scale: &Tensor) -> Result<ScaleNumbers, CheckpointError> {
    let stored = of.plain(scale)?;
    if scale.dtype == Dtype::F8_E8M0 {
        return Ok(ScaleNumbers::Powers(stored));
    }
    Ok(ScaleNumbers::Plain(of.float(scale)?, stored))
}

struct Cut {
    grid: Grid,
    block_columns: usize,
}

/// How the shape of the scales cuts that of the weight; `block` is the size of a block, where
/// there is neither one scale for all nor one for each.
fn cut(of: Of<'_>, scale: &Tensor, block: [usize; 2]) -> Result<Cut, CheckpointError> {
    let shape = &of.tensor.shape[..];
    let no_fit = || {
        let [rows, columns] = block;
        let expected = format!(
            "a scale for all of {}, for each row, or for each block of {rows} × {columns}",
            shape_of(of.tensor)
        );
        of.misfit(
            expected,
            &format!("`{}` of {}", scale.name, shape_of(scale)),
        )
    };
    let (matrices, rows, columns) = match *shape {
        [] => (1, 1, 1),
        [columns] => (1, 1, columns),
        [rows, columns] => (1, rows, columns),
        [matrices, rows, columns] => (matrices, rows, columns),
        // Convolutions, whose scales are for the whole or for an output.
        [rows, ref inner @ ..] => (1, rows, layout::elements(inner).ok_or_else(no_fit)?),
    };
    let [own, scale_rows, scale_columns] =
        aligned(&scale.shape, [matrices, rows, columns]).ok_or_else(no_fit)?;
    let side = |n: usize, scales: usize, block: usize| match scales {
        1 => Some(n.max(1)),
        scales if scales == n => Some(1),
        scales => (n.div_ceil(block) == scales).then_some(block),
    };
    let own_scales = own == matrices;
    let block_rows = side(rows, scale_rows, block[0]).ok_or_else(no_fit)?;
    let block_columns = side(columns, scale_columns, block[1]).ok_or_else(no_fit)?;
    if !own_scales && own != 1 || shape.len() > 3 && scale_columns != 1 {
        return Err(no_fit());
    }
    Ok(Cut {
        grid: Grid {
            matrices,
            rows,
            columns,
            row_codes: columns,
            block_rows,
            scale_rows,
            scale_columns,
            own_scales,
        },
        block_columns,
    })
}

/// The dimensions of the scales as matrices, rows and columns: one number for the whole, one for
/// each matrix or each row, or as many dimensions as the weight has. What else has more
/// dimensions has them of one.
fn aligned(scale: &[usize], [matrices, rows, _]: [usize; 3]) -> Option<[usize; 3]> {
    let wide: Vec<usize> = scale.iter().copied().filter(|&n| n != 1).collect();
    match *scale {
        [a, b, c] => Some([a, b, c]),
        [a, b] if matrices == 1 => Some([1, a, b]),
        [a, b] if (a, b) == (matrices, rows) => Some([a, b, 1]),
        [a, b] => (a == matrices && b == 1).then_some([a, 1, 1]),
        _ => match wide[..] {
            [] => Some([1, 1, 1]),
            [n] if matrices == 1 && n == rows => Some([1, n, 1]),
            [n] if matrices > 1 && n == matrices => Some([n, 1, 1]),
            [a, b] if matrices == 1 => Some([1, a, b]),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_aligned_with_what_they_scale() {
        assert_eq!(aligned(&[], [1, 4, 6]), Some([1, 1, 1]));
        assert_eq!(aligned(&[1], [1, 4, 6]), Some([1, 1, 1]));
        assert_eq!(aligned(&[4], [1, 4, 6]), Some([1, 4, 1]));
        assert_eq!(aligned(&[6], [1, 4, 6]), None);
        assert_eq!(aligned(&[4, 1], [1, 4, 6]), Some([1, 4, 1]));
        assert_eq!(aligned(&[2, 1, 3, 1], [1, 4, 6]), Some([1, 2, 3]));
        assert_eq!(aligned(&[3], [3, 4, 6]), Some([3, 1, 1]));
        assert_eq!(aligned(&[3, 4], [3, 4, 6]), Some([3, 4, 1]));
        assert_eq!(aligned(&[3, 1, 1], [3, 4, 6]), Some([3, 1, 1]));
    }
}
