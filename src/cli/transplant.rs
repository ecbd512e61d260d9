//! `kinfolk transplant`: another model's tokenizer for a model.

use std::path::Path;

use super::args::TransplantArgs;
use super::{CliError, out, progress};
use crate::files::Removal;
use crate::jobs::Failure;
use crate::merge::recipe::ModelRef;
use crate::merge::run::{Options, RunError};
use crate::merge::write::Parents;
use crate::merge::write::units::show_bytes;
use crate::text::counted;
use crate::transplant::{MatrixReport, Method, Place, Report, Transplant, Wish, run as carry_out};
use crate::workbench::hub_cache;

/// Badly explained tokens that are printed; all are in the JSON.
const MOST_WORST: usize = 8;

pub fn run(args: &TransplantArgs) -> Result<(), CliError> {
    let reference = |text: &str| ModelRef::parse(text).map_err(CliError::Failed);
    let wish = Wish {
        method: method(&args.method)?,
        k: args.k,
        pieces: args.subword_method,
        prefix_match: args.prefix_match,
        byte_match: args.byte_match,
        ..Wish::new(reference(&args.model)?, reference(&args.donor)?)
    };
    let pool = progress::pool(args.threads.wanted)?;
    let root = match &args.root.folder {
        Some(root) => root.clone(),
        None => std::env::current_dir().map_err(CliError::failed)?,
    };
    let place = Place {
        root,
        hub: hub_cache(),
        out: args.out.clone(),
        force: args.force.is_given,
        threads: pool.current_num_threads(),
    };
    let work = Transplant::prepare(wish, place).map_err(CliError::Failed)?;
    for warning in &work.report().warnings {
        out::say(&format!("warning: {warning}"));
    }
    if args.dry_run {
        return show(&work.report(), args.json.file.as_deref());
    }
    let options = Options {
        out: args.out.clone().unwrap_or_default(),
        shard_bytes: args.shard_size,
        force: args.force.is_given,
        seed: None,
        on_nan: None,
        maker: String::new(),
        removal: Removal::of_desktop(),
        parents: Parents::default(),
    };
    let report = progress::run("Transplanting", move |ticket| {
        let made = pool.install(|| carry_out(&work, &options, ticket));
        made.map_err(|error| match error {
            RunError::Cancelled(cancelled) => cancelled.into(),
            RunError::Failed(sentence) => Failure::Failed(sentence),
        })
    })?;
    for odd in report.result.iter().flat_map(|result| &result.non_finite) {
        out::say(&format!("warning: {odd}"));
    }
    show(&report, args.json.file.as_deref())
}

fn method(name: &str) -> Result<Method, CliError> {
    let own = Method::ALL.into_iter().find(|(_, own, ..)| *own == name);
    own.map(|(method, ..)| method).ok_or_else(|| {
        let known = Method::ALL.map(|(_, own, ..)| own).join(", ");
        CliError::Failed(format!(
            "the method `{name}` of mergekit is not done here; take one of {known}"
        ))
    })
}

fn show(report: &Report, json: Option<&Path>) -> Result<(), CliError> {
    if out::is_json_alone(report, json)? {
        return Ok(());
    }
    out::print(&format!(
        "{} with the {} of {}, in {} rows",
        report.model,
        counted(report.tokens, "token"),
        report.donor,
        report.rows
    ));
    for matrix in &report.matrices {
        out::print_all(lines(matrix, report));
    }
    if let Some(result) = &report.result {
        out::print(&format!(
            "{} tensors, {} in {}; {:.1} s",
            result.tensors,
            show_bytes(result.bytes_written),
            counted(result.files.len(), "file"),
            result.seconds,
        ));
        out::print(&format!("The model is in {}", result.out.display()));
    }
    Ok(())
}

/// What is printed of a matrix: counts, and how well its new rows are explained.
fn lines(matrix: &MatrixReport, report: &Report) -> Vec<String> {
    let made_by = match report.k {
        Some(k) => format!("made by {} of {k}", report.method),
        None => format!("made by {}", report.method),
    };
    let counts = [
        (matrix.shared, "shared".to_owned()),
        (matrix.byte_matches, "matched as bytes".to_owned()),
        (matrix.prefix_matches, "matched by prefix".to_owned()),
        (matrix.made, made_by),
        (matrix.without_row, "without a row in the donor".to_owned()),
        (matrix.without_pieces, "of them the mean row".to_owned()),
        (matrix.not_finite, "shared ones not finite".to_owned()),
    ];
    let words = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = words
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let mut out = vec![format!("{}: {}", matrix.name, words.join(", "))];
    let Some(shares) = &matrix.unexplained else {
        return out;
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    out.push(format!(
        "  left unexplained of the donor's rows: {} in the median, {} in the worst tenth, {} at \
         most",
        percent(shares.median),
        percent(shares.nine_tenths),
        percent(shares.most)
    ));
    let worst = matrix.worst.iter().take(MOST_WORST);
    let worst: Vec<String> = worst
        .map(|own| format!("{:?} {}", own.token, percent(own.unexplained)))
        .collect();
    out.push(format!("  worst: {}", worst.join(", ")));
    out
}
