//! `kinfolk diff`: two models compared, as text, JSON or a page.

use super::args::DiffArgs;
use super::kinship::open;
use super::{CliError, out, progress};
use crate::diff::{compare, html, lines};
use crate::files::write_whole;

pub fn run(args: &DiffArgs) -> Result<(), CliError> {
    let (a, b) = (open(&args.first)?, open(&args.second)?);
    let pool = progress::pool(args.threads.wanted)?;
    let diff = progress::run("Comparing", move |ticket| {
        pool.install(|| compare(&a, &b, ticket))
    })?;
    if let Some(to) = &args.html {
        write_whole(to, html(&diff).as_bytes()).map_err(CliError::Failed)?;
        out::say(&format!("the page is in {}", to.display()));
    }
    if out::is_json_alone(&diff, args.json.file.as_deref())? {
        return Ok(());
    }
    out::print_all(lines(&diff));
    Ok(())
}
