//! `kinfolk ancestry`: which models a child was made of, and how.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::AncestryArgs;
use super::kinship::{measured, names, open};
use super::table::{decimals, width};
use super::{CliError, out, progress};
use crate::checkpoint::Checkpoint;
use crate::kinship::{Kinship, Precision};
use crate::origin::ancestry::{
    Answer, NamedGroup, Question, Report, Rounding, Signs, Why, report, second_look,
    shares_by_group, words,
};
use crate::text::counted;

pub fn run(args: &AncestryArgs) -> Result<(), CliError> {
    let at = |path: &Path| match &args.root.folder {
        Some(root) => root.join(path),
        None => path.to_owned(),
    };
    let base = open(&at(&args.base))?;
    let paths = std::iter::once(&args.child).chain(&args.candidates);
    let paths: Vec<PathBuf> = paths.map(|path| at(path)).collect();
    let models = paths
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>, _>>()?;
    // Candidates keep their names; a child of the same name is told from them by a number.
    let mut named: Vec<_> = models[1..].to_vec();
    named.extend(models.first().cloned());
    let mut names = names(&named);
    names.rotate_right(1);
    let kinship = measured(
        Arc::clone(&base),
        models.clone(),
        Precision::Full,
        args.threads.wanted,
    )?;
    let signs = if args.allow_negative {
        Signs::Any
    } else {
        Signs::NonNegative
    };
    let answer = looked_at(args, base, models, kinship.clone(), signs)?;
    let rounding = Rounding::none(&kinship);
    let candidates: Vec<usize> = (1..names.len()).collect();
    let question = Question {
        kinship: &kinship,
        child: 0,
        candidates: &candidates,
        signs,
        rounding: &rounding,
    };
    let among: Vec<usize> = answer.parts.iter().map(|part| part.candidate).collect();
    let groups = args
        .by
        .map(|grain| shares_by_group(&question, &among, grain));
    say_what_was_compared(&kinship, &answer, &names);
    let shown = report(&answer, &names[0], &names[1..], groups.as_deref());
    if out::is_json_alone(&shown, args.json.file.as_deref())? {
        return over_something(&answer, &names);
    }
    print(&shown, &answer, &names);
    over_something(&answer, &names)
}

/// The answer with a closer look at the weights where it is needed.
fn looked_at(
    args: &AncestryArgs,
    base: Arc<Checkpoint>,
    models: Vec<Arc<Checkpoint>>,
    kinship: Kinship,
    signs: Signs,
) -> Result<Answer, CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    progress::run("Looking at the weights", move |ticket| {
        let rounding = Rounding::of(&kinship, &models[0], &base);
        let candidates: Vec<usize> = (1..models.len()).collect();
        let question = Question {
            kinship: &kinship,
            child: 0,
            candidates: &candidates,
            signs,
            rounding: &rounding,
        };
        let others: Vec<&Checkpoint> = models[1..].iter().map(AsRef::as_ref).collect();
        pool.install(|| second_look(&question, &base, &models[0], &others, ticket))
    })
}

fn over_something(answer: &Answer, names: &[String]) -> Result<(), CliError> {
    if answer.why == Why::NoCandidate {
        return Err(CliError::Failed(words::sentence(
            answer,
            &names[0],
            &names[1..],
        )));
    }
    Ok(())
}

/// Says so where the models do not have all tensors of the base in common.
fn say_what_was_compared(kinship: &Kinship, answer: &Answer, names: &[String]) {
    let all = kinship.parameters();
    if answer.compared >= all {
        return;
    }
    let share = 100.0 * answer.compared as f64 / all.max(1) as f64;
    out::say(&format!(
        "compared over {} numbers, {share:.1} % of the base's, which all of them have",
        answer.compared
    ));
    let left = kinship.left_out.iter().take(3).map(|left| {
        let model = left.model.and_then(|k| names.get(k));
        let model = model.map_or("the base", String::as_str);
        format!("left out: {} in {model}: {}", left.tensor, left.reason)
    });
    left.for_each(|line| out::say(&line));
}

fn print(shown: &Report, answer: &Answer, names: &[String]) {
    out::print(&words::shares(answer, &names[1..]));
    out::print(&shown.sentence);
    out::print("");
    let listed: Vec<String> = shown.parts.iter().map(|part| part.model.clone()).collect();
    let wide = width(&listed);
    for part in &shown.parts {
        out::print(&format!(
            "  {:<wide$}  {}",
            part.model,
            decimals(Some(part.share), 3)
        ));
    }
    out::print(&format!(
        "residual {:.4}, of which rounding alone would leave {:.4}; over {}",
        shown.residual,
        shown.rounding,
        counted(
            usize::try_from(shown.compared).unwrap_or(usize::MAX),
            "number"
        )
    ));
    if let Some(groups) = &shown.groups {
        print_groups(groups, &listed);
    }
}

fn print_groups(groups: &[NamedGroup], models: &[String]) {
    let named: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    let wide = width(&named);
    let columns: Vec<usize> = models
        .iter()
        .map(|name| name.chars().count().max(7))
        .collect();
    let heads = models
        .iter()
        .zip(&columns)
        .map(|(name, w)| format!("  {name:>w$}"));
    out::print("");
    out::print(&format!(
        "{:wide$}{}  residual",
        "",
        heads.collect::<String>()
    ));
    for group in groups {
        let shares = group.parts.iter().zip(&columns);
        let shares = shares.map(|(part, w)| format!("  {:>w$}", decimals(Some(part.share), 3)));
        out::print(&format!(
            "{:<wide$}{}  {:>8}",
            group.name,
            shares.collect::<String>(),
            decimals(Some(group.residual), 3)
        ));
    }
}
