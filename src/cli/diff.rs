//! `kinfolk diff`: two models compared, as text, JSON or a page.

use std::path::Path;

use super::args::DiffArgs;
use super::kinship::open;
use super::{CliError, out, progress};
use crate::diff::{compare, html, lines};
use crate::files::write_whole;

pub fn run(args: &DiffArgs) -> Result<(), CliError> {
    let (a, b) = (open(&args.first)?, open(&args.second)?);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.map_or(0, usize::from))
        .build()
        .map_err(CliError::failed)?;
    let diff = progress::run("Comparing", move |ticket| {
        pool.install(|| compare(&a, &b, ticket))
    })?;
    if let Some(to) = &args.html {
        write_whole(to, html(&diff).as_bytes()).map_err(CliError::Failed)?;
        out::say(&format!("the page is in {}", to.display()));
    }
    if let Some(to) = &args.json {
        out::json(&diff, to)?;
        if to == Path::new("-") {
            return Ok(());
        }
    }
    out::print_all(lines(&diff));
    Ok(())
}
