//! `kinfolk evolve`: generations of merges, or the rest of a run that was broken off.

mod best;
mod setup;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use best::Best;

use super::args::EvolveArgs;
use super::{CliError, out, progress, table, trust};
use crate::study::{Command, Evolution, EvolutionEdit, EvolutionId, ModelId};
use crate::text::counted;
use crate::workbench::evolving::{Doing, EvolutionView, RunState};
use crate::workbench::{Folders, NoticeKind, Workbench};

/// How often the workbench looks for what has arrived, and for Ctrl C.
const TICK: Duration = Duration::from_millis(50);

pub fn run(args: &EvolveArgs) -> Result<(), CliError> {
    let mut bench = Workbench::new(Folders::of_user(), || {});
    bench.open_study(&args.study);
    failed(&mut bench)?;
    if let Some(owner) = bench.opened_by() {
        return Err(CliError::Failed(format!(
            "the study is open in {}; close it there first: {}",
            owner.words(),
            args.study.display()
        )));
    }
    let id = evolution(&mut bench, args)?;
    trust::ask(&mut bench, args.trust_command)?;
    let hearing = progress::hear_interrupts();
    bench.run_evolution(id);
    let result = work(&mut bench, id);
    bench.save_if_changed();
    let saved = saved(&mut bench);
    drop(hearing);
    result.and(saved)?;
    show(&bench, id, args.json.file.as_deref())
}

/// What the workbench had to tell, as an error if something failed.
pub(super) fn failed(bench: &mut Workbench) -> Result<(), CliError> {
    for notice in bench.take_notices() {
        if notice.kind == NoticeKind::Failed {
            let detail = notice.detail;
            let colon = if detail.is_empty() { "" } else { ": " };
            return Err(CliError::Failed(format!("{}{colon}{detail}", notice.title)));
        }
    }
    Ok(())
}

/// An error if the study on disk is not what was found.
fn saved(bench: &mut Workbench) -> Result<(), CliError> {
    if !bench.save_failed() {
        return Ok(());
    }
    if bench.has_conflict() {
        let sentence = "another program has changed the study in a way that does not go together \
                        with the run; what was made is in the run's folder: call again";
        return Err(CliError::Failed(sentence.to_owned()));
    }
    failed(bench)?;
    Err(CliError::Failed("the study could not be saved".to_owned()))
}

/// The evolution of that name, or a new one.
fn evolution(bench: &mut Workbench, args: &EvolveArgs) -> Result<EvolutionId, CliError> {
    let doc = bench.study().doc();
    let name = setup::name(args);
    if let Some(known) = doc.evolutions.iter().find(|e| e.name == name) {
        setup::agrees(doc, known, args)?;
        let (id, mut setup) = (known.id, known.setup.clone());
        // Who does the work changes nothing of what comes out.
        if args.by.cluster.is_some() && !setup::cluster(args)?.eq(&setup.cluster) {
            setup.cluster = setup::cluster(args)?;
            bench.apply(Command::Evolution(EvolutionEdit::Change(
                id,
                Box::new(setup),
            )));
        }
        return Ok(id);
    }
    let setup = setup::new(doc, args)?;
    if let Some(evaluator) = setup::evaluator(args)? {
        bench.apply(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator)));
    }
    let evolution = Evolution {
        name: name.to_owned(),
        setup,
        ..Evolution::default()
    };
    bench.apply(Command::Evolution(EvolutionEdit::Add(Box::new(evolution))));
    let added = bench.study().doc().evolutions.last().map(|e| e.id);
    added.ok_or_else(|| CliError::Failed("the evolution could not be added".to_owned()))
}

/// Works until the run has ended, or waits, or cannot go on.
fn work(bench: &mut Workbench, id: EvolutionId) -> Result<(), CliError> {
    let mut told = String::new();
    loop {
        if progress::was_interrupted() {
            bench.stop_evolutions();
        }
        bench.poll_within(TICK);
        // What cannot be written down would be lost.
        if bench.save_failed() {
            bench.stop_evolutions();
            return saved(bench);
        }
        match bench.run_state(id) {
            RunState::Running(doing) => tell(bench, id, &doing, &mut told),
            RunState::Ended(_) if bench.jobs().running().is_empty() => return Ok(()),
            RunState::Ended(_) => {}
            RunState::Waiting(models) => return Err(CliError::Failed(waiting(bench, &models))),
            RunState::Failed(sentence) => return Err(CliError::Failed(sentence)),
            RunState::Ready | RunState::Paused => return Err(CliError::Cancelled),
        }
    }
}

/// Says on standard error what is being done, once.
fn tell(bench: &Workbench, id: EvolutionId, doing: &Doing, told: &mut String) {
    let line = match doing {
        Doing::OnCluster { names, .. } => match on_cluster(bench, id, names) {
            Some(line) => line,
            None => return,
        },
        Doing::WaitingForTurn => return,
        Doing::Merging { child, .. } => format!("merging {child}"),
        Doing::Evaluating { model, .. } => {
            format!("evaluating {}", bench.study().doc().name_of(*model))
        }
    };
    if line != *told {
        out::say(&line);
        *told = line;
    }
}

/// How far a cluster is; where nobody works there, how to start somebody.
fn on_cluster(bench: &Workbench, id: EvolutionId, names: &[String]) -> Option<String> {
    let state = bench.on_cluster();
    let progress = state.progress;
    if progress.of == 0 {
        return None;
    }
    let cluster = bench.study().doc().evolution(id)?.setup.cluster.as_ref()?;
    if progress.workers == 0 {
        return Some(format!(
            "{} waiting, and no worker is seen; start some: kinfolk cluster work {}",
            counted(names.len(), "model"),
            cluster.folder.display()
        ));
    }
    let last = state
        .last
        .as_ref()
        .map_or_else(String::new, |(name, score)| {
            format!("; {name} {}", table::decimals(*score, 2))
        });
    Some(format!(
        "{} of {} judged, {}{last}",
        progress.done,
        counted(progress.of, "model"),
        counted(progress.workers, "worker")
    ))
}

fn waiting(bench: &Workbench, models: &[ModelId]) -> String {
    let doc = bench.study().doc();
    let names: Vec<&str> = models.iter().map(|&id| doc.name_of(id)).collect();
    format!(
        "the study is judged by hand and these have no scores yet: {}; write them into the study \
         and call again, or name tasks with --tasks",
        names.join(", ")
    )
}

#[derive(Serialize)]
struct Report {
    evolution: String,
    strategy: String,
    ended: Option<&'static str>,
    merges: usize,
    best: Option<Best>,
    generations: Vec<GenerationLine>,
    models: Vec<ModelLine>,
}

#[derive(Serialize)]
struct GenerationLine {
    generation: u32,
    merges: u32,
    best: Option<f64>,
    kinship_of_selection: Option<f64>,
    selection: Vec<String>,
}

#[derive(Serialize)]
struct ModelLine {
    model: String,
    generation: u32,
    parents: Vec<String>,
    /// The method that it was merged by; null for founders.
    method: Option<String>,
    explores: bool,
    score: Option<f64>,
    kinship_of_parents: Option<f64>,
    tasks: Vec<TaskLine>,
}

#[derive(Serialize)]
struct TaskLine {
    task: String,
    score: f64,
}

fn report(bench: &Workbench, evolution: &Evolution, view: &EvolutionView) -> Report {
    let doc = bench.study().doc();
    let name = |k: &usize| doc.name_of(view.models[*k]).to_owned();
    let generations = view.generations.iter().map(|g| GenerationLine {
        generation: g.number,
        merges: g.merges,
        best: g.best,
        kinship_of_selection: g.kinship,
        selection: g.selection.iter().map(name).collect(),
    });
    let model = |(id, member): (&ModelId, &crate::lineage::strategy::Member)| {
        let model = doc.model(*id);
        let step = model.and_then(|m| m.step(&evolution.name));
        let parents = &member.parents;
        let method = model.map(|m| m.origin.method.clone());
        let kinship = match parents[..] {
            [a, b] => bench.known_kinship(view.models[a], view.models[b]),
            _ => None,
        };
        ModelLine {
            model: doc.name_of(*id).to_owned(),
            generation: member.generation,
            parents: parents.iter().map(name).collect(),
            method: method.filter(|_| member.generation > 0),
            explores: step.is_some_and(|s| s.exploration),
            score: member.score,
            kinship_of_parents: kinship,
            tasks: model.map_or_else(Vec::new, |m| {
                let line = |s: &crate::study::Score| TaskLine {
                    task: s.task.clone(),
                    score: s.value,
                };
                m.scores.iter().map(line).collect()
            }),
        }
    };
    Report {
        evolution: evolution.name.clone(),
        strategy: evolution.setup.strategy.clone(),
        ended: evolution.ended.map(|ended| ended.sentence()),
        merges: view.merges,
        best: Best::of(bench, evolution, view),
        generations: generations.collect(),
        models: view.models.iter().zip(&view.members).map(model).collect(),
    }
}

fn show(bench: &Workbench, id: EvolutionId, json: Option<&Path>) -> Result<(), CliError> {
    let evolution = bench.study().doc().evolution(id);
    let Some((evolution, view)) = evolution.zip(bench.evolution_view(id)) else {
        return Ok(());
    };
    let report = report(bench, evolution, &view);
    if out::is_json_alone(&report, json)? {
        return Ok(());
    }
    out::print("generation  merges     best  kinship  selection");
    for line in &report.generations {
        let best = table::decimals(line.best, 2);
        let kinship = table::decimals(line.kinship_of_selection, 3);
        out::print(&format!(
            "{:>10}  {:>6}  {best:>7}  {kinship:>7}  {}",
            line.generation,
            line.merges,
            line.selection.join(", ")
        ));
    }
    out::print("");
    out::print(&format!(
        "{}: {} merges, {} evaluations, {:.0} s; {}",
        report.evolution,
        report.merges,
        evolution.evaluations,
        evolution.seconds,
        report.ended.unwrap_or("it can go on").to_lowercase()
    ));
    out::print_all(report.best.as_ref().map(Best::sentence));
    Ok(())
}
