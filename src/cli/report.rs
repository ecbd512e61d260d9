//! `kinfolk report`: what a study says, as one page.

use super::args::ReportArgs;
use super::evolve::failed;
use super::{CliError, out, progress};
use crate::files::write_whole;
use crate::workbench::{Folders, Workbench};

/// Opens the study with what is known of its kinship, and writes the page that `page` makes.
///
/// # Errors
/// [`CliError`] if the study cannot be opened, measured or drawn, or the page not be written.
pub fn write(
    args: &ReportArgs,
    page: impl FnOnce(&Workbench) -> Result<String, String>,
) -> Result<(), CliError> {
    let mut bench = Workbench::new(Folders::of_user(), || {});
    bench.open_study(&args.study);
    failed(&mut bench)?;
    bench.wait(|_| {});
    if args.measure {
        measure(&mut bench)?;
    }
    let html = page(&bench).map_err(CliError::Failed)?;
    write_whole(&args.out, html.as_bytes()).map_err(CliError::Failed)?;
    out::print(&format!("The report is in {}", args.out.display()));
    Ok(())
}

pub(super) fn measure(bench: &mut Workbench) -> Result<(), CliError> {
    for base in bench.study().doc().bases() {
        if bench.family(base).unmeasured() > 0 {
            bench.measure(base, false);
            failed(bench)?;
        }
    }
    settle(bench)?;
    failed(bench)
}

/// Waits for what the workbench does by itself; where Ctrl C is heard it stops that.
pub(super) fn settle(bench: &mut Workbench) -> Result<(), CliError> {
    bench.wait(|bench| {
        if progress::was_interrupted() {
            bench.jobs().cancel_all();
        }
    });
    if progress::was_interrupted() {
        return Err(CliError::Cancelled);
    }
    Ok(())
}
