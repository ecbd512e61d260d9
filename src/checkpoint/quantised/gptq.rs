//! GPTQ and AWQ: `qweight`, `qzeros` and `scales`, input by input.
//!
//! GPTQ packs along the inputs and, in its first version, stores zeros less one; `g_idx` names the
//! group of each input. AWQ (its "gemm" version) packs eight outputs into a word in an order of
//! its own.

use std::sync::Arc;

use super::super::dtype::Dtype;
use super::super::error::CheckpointError;
use super::super::source::Transposed;
use super::super::tensor::Tensor;
use super::columns::{Columns, Packing};
use super::scales::{Groups, ScaleNumbers, Scales};
use super::table::{Of, Table, shape_of};

const GPTQ: &str = "GPTQ";
const AWQ: &str = "AWQ";

/// What belongs to one weight.
struct Parts {
    codes: Tensor,
    zeros: Tensor,
    scales: Tensor,
    list: Option<Tensor>,
}

/// Takes every such weight.
pub(super) fn take(table: &mut Table) -> Result<(), CheckpointError> {
    for module in table.stems(".qweight") {
        let Some(codes) = table.take(&format!("{module}.qweight")) else {
            continue;
        };
        let scheme = match is_awq(table, &module, &codes) {
            true => AWQ,
            false => GPTQ,
        };
        let tensor = &codes;
        let of = Of { scheme, tensor };
        let parts = Parts {
            zeros: table.need(of, &format!("{module}.qzeros"))?,
            scales: table.need(of, &format!("{module}.scales"))?,
            list: table.take(&format!("{module}.g_idx")),
            codes: codes.clone(),
        };
        let source = match scheme {
            AWQ => awq(table, of, &parts)?,
            _ => gptq(table, of, &parts)?,
        };
        let (rows, columns) = (source.outputs, source.inputs);
        let source = Transposed {
            of: Arc::new(source),
            rows,
            columns,
        };
        let shape = vec![rows, columns];
        let dtype = match scheme {
            AWQ => Dtype::AWQ,
            _ => Dtype::GPTQ,
        };
        table.put(
            of,
            format!("{module}.weight"),
            dtype,
            shape,
            Arc::new(source),
        )?;
    }
    Ok(())
}

/// By what the configuration says, else by the shapes: AWQ packs the outputs.
fn is_awq(table: &Table, module: &str, codes: &Tensor) -> bool {
    match table.settings.method() {
        Some(method) => method == "awq",
        None => {
            let scales = table.get(&format!("{module}.scales"));
            let outputs = scales.and_then(|scales| scales.shape.last());
            let words = codes.shape.last().and_then(|words| words.checked_mul(8));
            words.is_some() && words.as_ref() == outputs
        }
    }
}

fn gptq(table: &Table, of: Of<'_>, parts: &Parts) -> Result<Columns, CheckpointError> {
    let settings = &table.settings;
    let [words, outputs] = of.matrix(&parts.codes)?;
    let [count, own] = of.matrix(&parts.scales)?;
    if own != outputs {
        return Err(of.misfit(format!("scales for {outputs} outputs"), &format!("{own}")));
    }
    let said = settings
        .number(&["bits"])
        .and_then(|bits| usize::try_from(bits).ok());
    let coded = words.saturating_mul(32);
    let (bits, inputs) = match (&parts.list, said) {
        // A module may have settings of its own, and then its list says how long it is.
        (Some(list), _) => (coded / list.elements().max(1), list.elements()),
        (None, Some(bits)) => (bits, coded / bits.max(1)),
        (None, None) => return Err(of.misfit("`bits` in the configuration", "none")),
    };
    let is_said = settings.is_mixed() || said.is_none_or(|said| said == bits);
    let fits = [2, 3, 4, 8].contains(&bits) && Some(coded) == inputs.checked_mul(bits);
    if !fits || !is_said || !outputs.saturating_mul(bits).is_multiple_of(32) {
        let said = said.map_or_else(|| "2, 3, 4 or 8".to_owned(), |bits| bits.to_string());
        let expected = format!("weights of {said} bits for {inputs} inputs");
        return Err(of.misfit(expected, &shape_of(&parts.codes)));
    }
    let size = group_size(table, of, count, inputs)?;
    let groups = match &parts.list {
        Some(list) => Groups::Listed(of.exactly(list, Dtype::I32, &[inputs])?, size),
        None if settings.is_set("desc_act") => {
            return Err(of.misfit("`g_idx` beside it, as `desc_act` is set", "none"));
        }
        None => Groups::Even(size),
    };
    let is_second = settings.text("checkpoint_format").as_deref() == Some("gptq_v2");
    let zeros = &[count, outputs.saturating_mul(bits) / 32];
    Ok(Columns {
        outputs,
        inputs,
        packing: Packing::Inputs(bits),
        codes: of.exactly(&parts.codes, Dtype::I32, &[words, outputs])?,
        groups,
        count,
        scales: scales(of, &parts.scales)?,
        zeros: of.exactly(&parts.zeros, Dtype::I32, zeros)?,
        zero_offset: if is_second { 0.0 } else { 1.0 },
    })
}

fn awq(table: &Table, of: Of<'_>, parts: &Parts) -> Result<Columns, CheckpointError> {
    let [inputs, words] = of.matrix(&parts.codes)?;
    let [count, own] = of.matrix(&parts.scales)?;
    let outputs = words.saturating_mul(8);
    if own != outputs {
        let expected = format!("scales for {outputs} outputs");
        return Err(of.misfit(expected, &format!("{own}")));
    }
    if parts.list.is_some() {
        return Err(of.misfit("no `g_idx`", "one beside it"));
    }
    let size = group_size(table, of, count, inputs)?;
    Ok(Columns {
        outputs,
        inputs,
        packing: Packing::Awq,
        codes: of.exactly(&parts.codes, Dtype::I32, &[inputs, words])?,
        groups: Groups::Even(size),
        count,
        scales: scales(of, &parts.scales)?,
        zeros: of.exactly(&parts.zeros, Dtype::I32, &[count, words])?,
        zero_offset: 0.0,
    })
}

fn scales(of: Of<'_>, tensor: &Tensor) -> Result<Scales, CheckpointError> {
    let numbers = ScaleNumbers::Plain(of.float(tensor)?, of.plain(tensor)?);
    Ok(Scales::new(numbers))
}

/// Inputs of a group: what is said, or what makes as many groups as there are.
fn group_size(
    table: &Table,
    of: Of<'_>,
    count: usize,
    inputs: usize,
) -> Result<usize, CheckpointError> {
    if count == 1 {
        return Ok(inputs.max(1));
    }
    let said = table.settings.number(&["group_size", "q_group_size"]);
    let said = said.and_then(|size| usize::try_from(size).ok());
    let size = match said.filter(|_| !table.settings.is_mixed()) {
        Some(size) => size,
        None => inputs.checked_div(count).unwrap_or(0),
    };
    if size > 0 && inputs.div_ceil(size) == count {
        return Ok(size);
    }
    let expected = format!("groups of {size} of {inputs} inputs");
    Err(of.misfit(expected, &format!("{count} groups")))
}
