//! `kinfolk convert`: one model in another format, as a merge of itself alone.

use std::path::Path;

use super::args::ConvertArgs;
use super::merge::{self, tell};
use super::{CliError, progress};
use crate::checkpoint::Checkpoint;
use crate::files::Removal;
use crate::merge::convert::conversion;
use crate::merge::plan::{Surroundings, plan};
use crate::merge::recipe::Parsed;
use crate::merge::run::{GgufWanted, Options};
use crate::merge::write::Parents;

pub fn run(args: &ConvertArgs) -> Result<(), CliError> {
    let checkpoint = Checkpoint::open(&args.checkpoint).map_err(CliError::failed)?;
    let recipe = conversion(&checkpoint, &args.checkpoint, args.dtype.as_deref());
    let recipe = recipe.map_err(CliError::Failed)?;
    let pool = progress::pool(args.threads.wanted)?;
    let plan = plan(
        &Parsed::from(vec![recipe]),
        &Surroundings {
            root: Path::new(""),
            working: None,
            hub: None,
            out: Some(&args.out),
            intermediates: None,
            force: args.force.is_given,
            allow_crimes: false,
            threads: pool.current_num_threads(),
            opened: &[],
        },
    );
    tell(&plan.problems, &args.checkpoint)?;
    let wanted = GgufWanted {
        kind: args.gguf_type,
        template: args.template.clone(),
    };
    let gguf = wanted.options(&plan, &args.out).map_err(CliError::Failed)?;
    let options = Options {
        out: args.out.clone(),
        shard_bytes: args.shard_size,
        force: args.force.is_given,
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
