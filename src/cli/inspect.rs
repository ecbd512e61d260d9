//! `kinfolk inspect`: what a checkpoint holds.

use serde::Serialize;

use super::args::InspectArgs;
use super::kinship::rounding_words;
use super::{CliError, out, table};
use crate::checkpoint::Checkpoint;
use crate::workbench::opening;

#[derive(Serialize)]
struct Inspection {
    name: String,
    form: &'static str,
    architectures: Vec<String>,
    parameters: u64,
    bytes: u64,
    dtypes: String,
    layers: usize,
    #[serde(skip)]
    layers_in_words: String,
    tied_embeddings: bool,
    adapter_of: Option<String>,
    /// The distance that quantisation alone has moved the model by.
    #[serde(skip_serializing_if = "Option::is_none")]
    rounding: Option<f64>,
    problems: Vec<String>,
    tensors: Vec<TensorLine>,
}

#[derive(Serialize)]
struct TensorLine {
    name: String,
    dtype: &'static str,
    shape: Vec<usize>,
    bytes: u64,
    layer: Option<u32>,
    kind: &'static str,
}

pub fn run(args: &InspectArgs) -> Result<(), CliError> {
    let checkpoint = opening::open(&args.model).map_err(CliError::Failed)?;
    let inspection = inspect(&checkpoint);
    if out::is_json_alone(&inspection, args.json.file.as_deref())? {
        return Ok(());
    }
    let rounding = checkpoint.quantised_as().zip(inspection.rounding);
    let rounding = rounding.map(|(formats, distance)| {
        let words = rounding_words(&formats, "this model", distance);
        format!("note: {words}")
    });
    print(&inspection, rounding.as_deref());
    Ok(())
}

fn inspect(checkpoint: &Checkpoint) -> Inspection {
    let line = |tensor: &crate::checkpoint::Tensor| TensorLine {
        name: tensor.name.clone(),
        dtype: tensor.dtype.name(),
        shape: tensor.shape.clone(),
        bytes: tensor.size_bytes(),
        layer: tensor.place.layer,
        kind: tensor.place.kind.title(),
    };
    Inspection {
        name: checkpoint.suggested_name(),
        form: checkpoint.form().title(),
        architectures: checkpoint.config().architectures.clone(),
        parameters: checkpoint.parameters(),
        bytes: checkpoint.size_bytes(),
        dtypes: checkpoint.dtypes().to_owned(),
        layers: checkpoint.layers(),
        layers_in_words: checkpoint.layers_in_words(),
        tied_embeddings: checkpoint.tied_embeddings(),
        adapter_of: checkpoint
            .adapter()
            .and_then(|a| a.base_name())
            .map(ToOwned::to_owned),
        rounding: checkpoint.rounding(),
        problems: checkpoint.problems().to_vec(),
        tensors: checkpoint.tensors().iter().map(line).collect(),
    }
}

/// `rounding` says what quantisation has done, if it has.
fn print(inspection: &Inspection, rounding: Option<&str>) {
    let Inspection {
        name,
        form,
        parameters,
        bytes,
        dtypes,
        layers_in_words,
        ..
    } = inspection;
    let mut kind = vec![(*form).to_owned()];
    kind.extend(inspection.architectures.iter().cloned());
    kind.extend(inspection.adapter_of.iter().map(|b| format!("of {b}")));
    let tied = match inspection.tied_embeddings {
        true => "tied",
        false => "untied",
    };
    out::print(&format!("{name}: {}", kind.join(", ")));
    out::print(&format!(
        "{parameters} parameters in {} tensors, {layers_in_words}, {dtypes}, {tied} embeddings, {bytes} bytes",
        inspection.tensors.len()
    ));
    for problem in &inspection.problems {
        out::print(&format!("note: {problem}"));
    }
    if let Some(rounding) = rounding {
        out::print(rounding);
    }
    let width = table::width(inspection.tensors.iter().map(|t| &t.name));
    for t in &inspection.tensors {
        let pad = " ".repeat(width - t.name.chars().count());
        out::print(&format!(
            "{}{pad}  {:<8} {:<10} {:?}",
            t.name, t.dtype, t.kind, t.shape
        ));
    }
}
