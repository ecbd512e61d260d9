//! `kinfolk stats`: how two columns of a table go together.

mod pairs;
mod report;

use super::args::StatsArgs;
use super::{CliError, out, table};
use crate::files::{self, ReadError};
use crate::stats::{MOST_ROBUST, Sample, pearson};

use pairs::ColumnSpec;
use report::{Interval, MOST_DRAWN, PermutationReport, Report, report};

/// The largest table that is read; ten million rows of two numbers take less.
const MOST_BYTES: u64 = 256 << 20;

pub fn run(args: &StatsArgs) -> Result<(), CliError> {
    let sample = sample(args)
        .map_err(|sentence| CliError::failed(format!("{sentence}: {}", args.file.display())))?;
    let y = if args.absolute_y {
        format!("|{}|", args.y)
    } else {
        args.y.clone()
    };
    let report = report(&args.x, y, &sample, args.seed);
    for note in notes(&sample) {
        out::say(&note);
    }
    if out::is_json_alone(&report, args.json.file.as_deref())? {
        return Ok(());
    }
    print(args, &report);
    Ok(())
}

fn sample(args: &StatsArgs) -> Result<Sample, String> {
    let text = files::read_text(&args.file, MOST_BYTES).map_err(|error| match error {
        ReadError::NotText(_) => "the table is not UTF-8 text; save it as CSV in UTF-8".to_owned(),
        error => format!("the table cannot be read, {error}: {}", args.file.display()),
    })?;
    let wanted = ColumnSpec {
        x: &args.x,
        y: &args.y,
        conditions: &args.conditions,
    };
    let pairs = pairs::read(&text, &wanted)?;
    let absolute = |y: f64| if args.absolute_y { y.abs() } else { y };
    let pairs = pairs.into_iter().map(|(x, y)| (x, y.map(absolute)));
    Ok(Sample::from_pairs(pairs))
}

fn notes(sample: &Sample) -> Vec<String> {
    let mut out = Vec::new();
    if sample.n() < 3 {
        out.push("fewer than three points with both numbers say nothing".to_owned());
    } else if pearson(sample).is_none() {
        out.push("all x or all y are the same, so there is no correlation".to_owned());
    }
    if sample.n() > MOST_ROBUST {
        out.push(format!(
            "left out: the robust line, above {MOST_ROBUST} points"
        ));
    }
    if sample.n() > MOST_DRAWN {
        out.push(format!(
            "left out: bootstrap and permutations, above {MOST_DRAWN} points"
        ));
    }
    out
}

fn print(args: &StatsArgs, report: &Report) {
    let rows = match args.conditions.as_slice() {
        [] => String::new(),
        some => format!(" where {}", pairs::conditions(some)),
    };
    out::print(&format!("{} against {}{rows}", report.y, report.x));
    out::print_all([&*format!("n {}, missing {}", report.n, report.missing), ""]);
    for (title, text) in lines(report) {
        out::print(&format!("{title:<20}{text}"));
    }
}

fn lines(report: &Report) -> Vec<(&'static str, String)> {
    let correlation = |r, p| format!("{}   p {}", table::number(r), p_value(p));
    let line = |slope, intercept| equation(&report.x, &report.y, slope, intercept);
    let (pearson, spearman) = (&report.pearson, &report.spearman);
    let (least, robust) = (&report.line, &report.robust_line);
    let drawn = report.bootstrap.draws.map(|n| format!("{n} samples drawn"));
    let slope_p = least.p.map(|p| format!("p {}", p_value(Some(p))));
    vec![
        ("Pearson r", correlation(pearson.r, pearson.p)),
        ("  95 %, Fisher", interval(pearson.ci)),
        (
            "  95 %, bootstrap",
            with(interval(report.bootstrap.ci), drawn),
        ),
        ("  permutation", permutation(&report.permutation)),
        ("Spearman r", correlation(spearman.r, spearman.p)),
        ("least squares", line(least.slope, least.intercept)),
        ("  95 %, slope", with(interval(least.slope_ci), slope_p)),
        ("  residual", number(least.residual)),
        ("Theil–Sen", line(robust.slope, robust.intercept)),
        ("  95 %, slope", interval(robust.slope_ci)),
    ]
}

fn permutation(found: &PermutationReport) -> String {
    let how = found.pairings.map(|n| match found.exact {
        Some(true) => format!("all {n} pairings"),
        _ => format!("{n} pairings drawn"),
    });
    with(format!("p {}", p_value(found.p)), how)
}

/// A text, and what is to be known of it where there is something.
fn with(text: String, more: Option<String>) -> String {
    match more {
        Some(more) => format!("{text}   {more}"),
        None => text,
    }
}

fn equation(x: &str, y: &str, slope: Option<f64>, intercept: Option<f64>) -> String {
    let (Some(slope), Some(intercept)) = (slope, intercept) else {
        return table::number(None);
    };
    let sign = if slope < 0.0 { '-' } else { '+' };
    let (intercept, slope) = (number(Some(intercept)), number(Some(slope.abs())));
    format!("{y} = {intercept} {sign} {slope} · {x}")
}

fn interval(ends: Interval) -> String {
    match ends {
        Some([low, high]) => format!("{} to {}", number(Some(low)), number(Some(high))),
        None => table::number(None),
    }
}

/// As in tables of kinship; numbers that those would show as zero, or too long, by a power of
/// ten.
fn number(value: Option<f64>) -> String {
    match value {
        Some(v) if v != 0.0 && !(1e-3..1e7).contains(&v.abs()) => format!("{v:.5e}"),
        _ => table::number(value),
    }
}

/// Four decimals, or two digits and a power of ten.
fn p_value(p: Option<f64>) -> String {
    match p {
        Some(p) if p > 0.0 && p < 1e-3 => format!("{p:.1e}"),
        Some(p) => format!("{p:.4}"),
        None => table::number(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_whatever_their_size() {
        assert_eq!(number(Some(-0.25)), "-0.250000");
        assert_eq!(number(Some(0.0)), "0.000000");
        assert_eq!(number(Some(1.5e-9)), "1.50000e-9");
        assert_eq!(number(None), "–");
        assert_eq!(p_value(Some(0.06349)), "0.0635");
        assert_eq!(p_value(Some(7.84e-8)), "7.8e-8");
        assert_eq!(p_value(Some(0.0)), "0.0000");
        assert_eq!(
            equation("x", "y", Some(-2.0), Some(1.0)),
            "y = 1.000000 - 2.000000 · x"
        );
    }
}
