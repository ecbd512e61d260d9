//! A model in another format: a merge of itself alone.
//!
//! So a conversion has the checks, the progress and the care for what lies at the output that a
//! merge has, and nothing of its own but the recipe.

use std::path::Path;

use super::recipe::{Content, ModelRef, OwnOptions, Recipe, RecipeInput};
use crate::checkpoint::Checkpoint;

/// The formats that the weights of a converted folder can be written in, by their names in a
/// recipe; without one they stay as they are, and quantised ones become bfloat16.
pub const FOLDER_TYPES: [&str; 3] = ["float32", "float16", "bfloat16"];

/// The recipe that makes the model at `path` as it is, its weights in `out_dtype`.
///
/// # Errors
/// A sentence, if the model is an adapter or its path has no form in a recipe.
pub fn conversion(
    checkpoint: &Checkpoint,
    path: &Path,
    out_dtype: Option<&str>,
) -> Result<Recipe, String> {
    let shown = path.display();
    if checkpoint.adapter().is_some() {
        return Err(format!(
            "this is an adapter, which is nothing without its base; merge it into that: {shown}"
        ));
    }
    let path = path
        .to_str()
        .ok_or_else(|| format!("the path is not Unicode, which recipes need: {shown}"))?;
    Ok(passthrough(path, out_dtype.map(str::to_owned)))
}

fn passthrough(path: &str, out_dtype: Option<String>) -> Recipe {
    Recipe {
        name: None,
        merge_method: "passthrough".to_owned(),
        base_model: None,
        content: Content::Models(vec![RecipeInput {
            model: ModelRef::at(path),
            layer_range: None,
            parameters: Vec::new(),
        }]),
        parameters: Vec::new(),
        dtype: None,
        out_dtype,
        tokenizer_source: None,
        tokenizer: None,
        chat_template: None,
        own: OwnOptions::default(),
    }
}
