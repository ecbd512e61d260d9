//! `kinfolk advise`: which merge to make next, and what says so.

mod folder;

use serde::Serialize;

use super::args::AdviseArgs;
use super::evolve::failed;
use super::{CliError, out, progress, report, table};
use crate::advice::{Assessed, LEVEL};
use crate::lineage::suggest::Suggestion;
use crate::study::ModelId;
use crate::workbench::suggesting::{Recommended, Suggested};
use crate::workbench::{Folders, Workbench};

/// How many pairs are printed; JSON has them all.
const PRINTED: usize = 12;

pub fn run(args: &AdviseArgs) -> Result<(), CliError> {
    let hearing = progress::hear_interrupts();
    let mut bench = Workbench::new(Folders::of_user(), || {});
    if args.study.is_dir() {
        folder::open(&mut bench, &args.study)?;
    } else {
        bench.open_study(&args.study);
        failed(&mut bench)?;
        report::settle(&mut bench)?;
    }
    if args.measure || args.study.is_dir() {
        report::measure(&mut bench)?;
    }
    drop(hearing);
    let advice = Report::of(&bench);
    if advice.best.is_none() {
        return Err(CliError::Failed(format!(
            "no model has a score on every task that counts, so there is nothing to advise; \
             evaluate the models or put a table of scores beside them: {}",
            args.study.display()
        )));
    }
    if out::is_json_alone(&advice, args.json.file.as_deref())? {
        return Ok(());
    }
    print(&advice);
    Ok(())
}

#[derive(Serialize)]
struct Report {
    predictors: Vec<PredictorLine>,
    /// The key of the predictor that is used; null where nothing predicts yet.
    used: Option<String>,
    /// Which part of merges lies in the intervals.
    level: f64,
    /// How many merges it is learned from.
    n: usize,
    /// The best score so far, in points.
    best: Option<f64>,
    best_model: Option<String>,
    summary: String,
    kinship: Option<String>,
    pairs: Vec<PairLine>,
}

#[derive(Serialize)]
struct PredictorLine {
    key: String,
    spearman: Option<f64>,
    r: Option<f64>,
    n: usize,
    how: &'static str,
}

#[derive(Serialize)]
struct PairLine {
    models: [String; 2],
    /// The method that is recommended for the pair, and why.
    recipe: String,
    /// Whether it is given the base, and so merges task vectors.
    of_task_vectors: bool,
    why_recipe: String,
    /// The child's score, in points.
    expected: f64,
    interval: [f64; 2],
    /// The child's score less the mean of its parents', in points.
    expected_gain: f64,
    expected_improvement: f64,
    chance_of_a_new_best: f64,
    why: String,
}

impl Report {
    fn of(bench: &Workbench) -> Self {
        let suggested = bench.suggest_merges(usize::MAX);
        let advice = &suggested.advice;
        let is_best = |id: &&ModelId| {
            let row = bench.record().row(**id);
            advice.best.is_some() && row.and_then(|row| row.average) == advice.best
        };
        let best_model = suggested.models.iter().find(is_best);
        let predictor = |one: &Assessed| PredictorLine {
            key: one.key.clone(),
            spearman: one.spearman,
            r: one.r,
            n: one.n,
            how: one.how.title(),
        };
        let pair = |(suggestion, recommended): (&Suggestion, &Recommended)| {
            let advised = &suggestion.advised;
            PairLine {
                models: advised.pair.map(|k| name(bench, suggested.models[k])),
                recipe: recommended.way.method.clone(),
                of_task_vectors: recommended.way.of_task_vectors,
                why_recipe: recommended.why.clone(),
                expected: advised.expected,
                interval: advised.interval,
                expected_gain: advised.gain,
                expected_improvement: advised.improvement,
                chance_of_a_new_best: advised.chance,
                why: why(bench, &suggested, suggestion),
            }
        };
        let with_ways = suggested.merges.iter().zip(&suggested.recommended);
        Self {
            predictors: advice.predictors.iter().map(predictor).collect(),
            used: advice.used.clone(),
            level: LEVEL,
            n: advice.n,
            best: advice.best,
            best_model: best_model.map(|&id| name(bench, id)),
            summary: advice.sentence(),
            kinship: advice.kinship_sentence(),
            pairs: with_ways.map(pair).collect(),
        }
    }
}

fn name(bench: &Workbench, id: ModelId) -> String {
    bench.study().doc().name_of(id).to_owned()
}

fn why(bench: &Workbench, suggested: &Suggested, suggestion: &Suggestion) -> String {
    let model = |k: usize| name(bench, suggested.models[k]);
    let (doc, record) = (bench.study().doc(), bench.record());
    let is_counted = |task: &&String| !doc.not_averaged.contains(task);
    let tasks: Vec<&String> = record.tasks.iter().filter(is_counted).collect();
    let task = |k: usize| tasks.get(k).map_or(String::new(), |task| (*task).clone());
    let words = suggestion.reasons.iter().map(|r| r.words(&model, &task));
    words.collect::<Vec<_>>().join("; ")
}

fn print(advice: &Report) {
    out::print(&advice.summary);
    out::print_all(&advice.kinship);
    out::print("");
    if advice.predictors.iter().any(|line| line.n > 0) {
        print_predictors(advice);
    }
    if advice.pairs.is_empty() {
        out::print("Every pair of models with scores has been merged");
        return;
    }
    let level = LEVEL * 100.0;
    // A way that is advised for pair after pair is explained once.
    let mut recipe_before = None;
    for (k, pair) in advice.pairs.iter().take(PRINTED).enumerate() {
        let [low, high] = pair.interval;
        out::print(&format!(
            "{:>2}. {} × {}: {:.2} expected ({level:.0} %: {low:.2} to {high:.2}), {:.0} % chance \
             of a new best",
            k + 1,
            pair.models[0],
            pair.models[1],
            pair.expected,
            pair.chance_of_a_new_best * 100.0
        ));
        out::print(&format!("    {}", pair.why));
        let task_vectors = if pair.of_task_vectors {
            " of task vectors"
        } else {
            ""
        };
        let recipe = format!("{}{task_vectors}", pair.recipe);
        if recipe_before != Some(recipe.clone()) {
            out::print(&format!("    By {recipe}: {}", pair.why_recipe));
        }
        recipe_before = Some(recipe);
    }
    if advice.pairs.len() > PRINTED {
        let more = advice.pairs.len() - PRINTED;
        out::print(&format!("    and {more} more; --json has them all"));
    }
    if let Some((name, score)) = advice.best_model.as_ref().zip(advice.best) {
        out::print(&format!("The best so far is {name} at {score:.2}"));
    }
}

fn print_predictors(advice: &Report) {
    let keys = advice.predictors.iter().map(|p| &p.key);
    let wide = table::width(keys).max("predictor".len());
    let held = "held out";
    out::print(&format!(
        "{:<wide$}  {held:<19}  spearman      r    n",
        "predictor"
    ));
    for line in &advice.predictors {
        let used = match advice.used.as_ref() == Some(&line.key) {
            true => "  used",
            false => "",
        };
        out::print(&format!(
            "{:<wide$}  {:<19}  {:>8}  {:>5}  {:>3}{used}",
            line.key,
            line.how,
            table::decimals(line.spearman, 2),
            table::decimals(line.r, 2),
            line.n
        ));
    }
    out::print("");
}
