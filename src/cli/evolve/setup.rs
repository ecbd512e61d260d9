//! How an evolution is set up by options, and whether options agree with one that is there.

use std::path::{Path, PathBuf};

use super::super::args::EvolveArgs;
use super::super::merge::MAX_RECIPE_BYTES;
use super::super::out;
use super::CliError;
use crate::files;
use crate::lineage::strategy::STRATEGIES;
use crate::merge::recipe::parse_way;
use crate::study::{ClusterChoice, Evaluator, Evolution, Keep, ModelId, Setup, StudyDoc};
use crate::workbench::evolving::recipe_problem;

const USUAL_STRATEGY: &str = "improvement";

pub(super) fn name(args: &EvolveArgs) -> &str {
    args.name.as_deref().unwrap_or_else(|| strategy(args))
}

fn strategy(args: &EvolveArgs) -> &str {
    args.strategy.as_deref().unwrap_or(USUAL_STRATEGY)
}

pub(super) fn new(doc: &StudyDoc, args: &EvolveArgs) -> Result<Setup, CliError> {
    let strategies: Vec<&str> = STRATEGIES.iter().map(|s| s.description().name).collect();
    if !strategies.contains(&strategy(args)) {
        return Err(CliError::Failed(format!(
            "there is no strategy called {}; there are {}",
            strategy(args),
            strategies.join(", ")
        )));
    }
    let folder = args.folder.clone().unwrap_or_else(|| {
        let beside = args.study.parent().unwrap_or(Path::new("."));
        beside.join("evolutions").join(name(args))
    });
    let founders = founders(doc, &args.founders)?;
    let has_base = doc.base_of_all(&founders).is_some();
    let mut setup = Setup {
        strategy: strategy(args).to_owned(),
        folder: Some(std::path::absolute(folder).map_err(CliError::failed)?),
        ..Setup::usual(founders, has_base)
    };
    // These are the command line's own; a window begins with others.
    setup.rules.patience_generations = Some(2);
    setup.rules.generations = Some(8);
    setup.cluster = cluster(args)?;
    set(&mut setup, args)?;
    Ok(setup)
}

/// The folder from which other processes take children.
pub(super) fn cluster(args: &EvolveArgs) -> Result<Option<ClusterChoice>, CliError> {
    let choice = |folder: &PathBuf| {
        Ok(ClusterChoice {
            folder: std::path::absolute(folder).map_err(CliError::failed)?,
            works: args.by.work,
        })
    };
    args.by.cluster.as_ref().map(choice).transpose()
}

/// Puts the options that were given into a setup.
fn set(setup: &mut Setup, args: &EvolveArgs) -> Result<(), CliError> {
    let Setup { choices, rules, .. } = setup;
    give(&mut choices.top, args.k.map(usize::from));
    give(&mut choices.seed, args.seed);
    give(&mut choices.pool, args.pool);
    give(&mut rules.generations, args.generations.map(Some));
    let patience = args.still.map(|still| (still > 0).then_some(still));
    give(&mut rules.patience_generations, patience);
    give(&mut rules.merges, args.merges.map(Some));
    give(&mut rules.evaluations, args.evaluations.map(Some));
    give(&mut rules.seconds, args.seconds.map(Some));
    give(&mut rules.tau, args.tau.map(Some));
    choices.all_founders_first |= args.all_founders_first;
    if args.keep_best {
        setup.keep = Keep::Best;
    }
    if let Some(path) = &args.recipe {
        setup.other_recipes.clear();
        setup.recipe = files::read_text(path, MAX_RECIPE_BYTES)
            .map_err(|error| CliError::Failed(format!("{error}: {}", path.display())))?;
        if let Some(problem) = recipe_problem(&setup.recipe) {
            return Err(CliError::Failed(format!("{problem}: {}", path.display())));
        }
        for problem in parse_way(&setup.recipe).problems {
            out::say(&format!("warning: {problem}"));
        }
    }
    Ok(())
}

fn give<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) fn evaluator(args: &EvolveArgs) -> Result<Option<Evaluator>, CliError> {
    if args.tasks.is_empty() {
        return Ok(None);
    }
    let tasks: Result<Vec<PathBuf>, _> = args.tasks.iter().map(std::path::absolute).collect();
    Ok(Some(Evaluator::BuiltIn {
        tasks: tasks.map_err(CliError::failed)?,
    }))
}

/// Whether the options that were given say what an evolution is set up as already.
///
/// # Errors
/// Which of them say otherwise: the evolution would go on as if they had not been given.
pub(super) fn agrees(doc: &StudyDoc, known: &Evolution, args: &EvolveArgs) -> Result<(), CliError> {
    let setup = &known.setup;
    let mut wanted = setup.clone();
    set(&mut wanted, args)?;
    if let Some(strategy) = &args.strategy {
        wanted.strategy.clone_from(strategy);
    }
    if !args.founders.is_empty() {
        wanted.founders = founders(doc, &args.founders)?;
    }
    if let Some(folder) = &args.folder {
        wanted.folder = Some(std::path::absolute(folder).map_err(CliError::failed)?);
    }
    let evaluator = evaluator(args)?.unwrap_or_else(|| doc.evaluator.clone());
    let (old, new) = (setup, &wanted);
    let (chosen, own) = (&old.choices, &new.choices);
    let (rules, now) = (&old.rules, &new.rules);
    let all_first = chosen.all_founders_first != own.all_founders_first;
    let patience = rules.patience_generations != now.patience_generations;
    let differences = [
        ("--strategy", old.strategy != new.strategy),
        ("--founders", old.founders != new.founders),
        ("--k", chosen.top != own.top),
        ("--pool", chosen.pool != own.pool),
        ("--all-founders-first", all_first),
        ("--seed", chosen.seed != own.seed),
        ("--generations", rules.generations != now.generations),
        ("--still", patience),
        ("--merges", rules.merges != now.merges),
        ("--evaluations", rules.evaluations != now.evaluations),
        ("--seconds", rules.seconds != now.seconds),
        ("--tau", rules.tau != now.tau),
        ("--recipe", !old.ways().eq(new.ways())),
        ("--folder", old.folder != new.folder),
        ("--keep-best", old.keep != new.keep),
        ("--tasks", doc.evaluator != evaluator),
    ];
    let named = differences.iter().filter(|(_, differs)| *differs);
    let named: Vec<&str> = named.map(|(name, _)| *name).collect();
    if named.is_empty() {
        return Ok(());
    }
    Err(CliError::Failed(format!(
        "the study has an evolution called {}, which goes on as it was set up, and {} would \
         change that; leave that out, or give another --name",
        known.name,
        named.join(", ")
    )))
}

/// The models of these names, or all of the shown family.
fn founders(doc: &StudyDoc, names: &[String]) -> Result<Vec<ModelId>, CliError> {
    if names.is_empty() {
        let base = doc.shown_base();
        return Ok(base.map_or_else(Vec::new, |base| doc.family(base)));
    }
    let id = |name: &String| {
        let model = doc.models.iter().find(|m| m.name == *name).map(|m| m.id);
        model.ok_or_else(|| CliError::Failed(format!("the study has no model called {name}")))
    };
    names.iter().map(id).collect()
}
