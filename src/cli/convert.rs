//! `kinfolk convert`: one model in another format, as a merge of itself alone.

use std::path::Path;

use super::args::ConvertArgs;
use super::merge::{self, GgufArgs, tell};
use super::{CliError, progress};
use crate::checkpoint::Checkpoint;
use crate::files::Removal;
use crate::merge::plan::{Surroundings, plan};
use crate::merge::recipe::{Content, ModelRef, OwnOptions, Parsed, Recipe, RecipeInput};
use crate::merge::run::Options;
use crate::merge::write::Parents;

pub fn run(args: &ConvertArgs) -> Result<(), CliError> {
    let shown = args.checkpoint.display();
    let checkpoint = Checkpoint::open(&args.checkpoint).map_err(CliError::failed)?;
    if checkpoint.adapter().is_some() {
        return Err(CliError::Failed(format!(
            "this is an adapter, which is nothing without its base; merge it into that: {shown}"
        )));
    }
    let path = args.checkpoint.to_str().ok_or_else(|| {
        CliError::Failed(format!(
            "the path is not Unicode, which recipes need: {shown}"
        ))
    })?;
    let pool = progress::pool(args.threads)?;
    let plan = plan(
        &Parsed::from(vec![passthrough(path, args.dtype.clone())]),
        &Surroundings {
            root: Path::new(""),
            working: None,
            hub: None,
            out: Some(&args.out),
            intermediates: None,
            force: args.force,
            allow_crimes: false,
            threads: pool.current_num_threads(),
            opened: &[],
        },
    );
    tell(&plan.problems, &args.checkpoint)?;
    let wish = GgufArgs {
        kind: args.gguf_type,
        template: args.template.as_deref(),
    };
    let gguf = wish.options(&plan, &args.out)?;
    let options = Options {
        out: args.out.clone(),
        shard_bytes: args.shard_size,
        force: args.force,
        seed: None,
        on_nan: None,
        maker: String::new(),
        removal: Removal::of_desktop(),
        parents: Parents::default(),
    };
    let (_, result) = merge::made("Converting", pool, plan, options, gguf)?;
    merge::print_result(&result);
    Ok(())
}

/// The recipe that makes the model at `path` as it is.
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
