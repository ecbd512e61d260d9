//! Evolutions for tests of the window: made-up founders, and runs that the strategies choose
//! for themselves, with made-up scores and kinship.

// Every test that includes this file uses a part of it.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use kinfolk::kinship::Metric;
use kinfolk::lineage::evolution::{Next, Spent, next};
use kinfolk::lineage::strategy::{Population, strategy};
use kinfolk::study::{
    BaseRef, Child, ChildAdded, Command, Evaluation, Evolution, EvolutionEdit, EvolutionId,
    ModelEdit, ModelId, NewChild, NewModel, PairRecord, RecordEdit, Score, Setup, Step,
};
use kinfolk::workbench::{Folders, Workbench};

/// The tasks that select, and the one that does not.
pub const TASKS: [&str; 3] = ["add (dev)", "sort (dev)", "add (test)"];

/// A workbench with a base and founders of these names that have scores and no files.
pub fn bench_of(home: &Path, names: &[&str]) -> Workbench {
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.new_study();
    bench.save_as(&home.join("studies/family"));
    bench.finish_saving();
    let base = NewModel {
        name: "base".to_owned(),
        path: None,
        base: None,
    };
    let founder = |name: &&str| NewModel {
        name: (*name).to_owned(),
        path: None,
        base: Some(BaseRef::Added(0)),
    };
    let all = std::iter::once(base).chain(names.iter().map(founder));
    bench.apply(Command::Model(ModelEdit::Add(all.collect())));
    bench.apply(Command::Select(kinfolk::study::Selection::Nothing));
    bench
}

/// Scores of a model that follow from its id and generation.
pub fn score(bench: &mut Workbench, id: ModelId, evolution: Option<EvolutionId>, generation: u32) {
    let value = |task: usize| {
        let noise = (id.0 as usize * 37 + task * 11) % 23;
        let best = 58.0 + 4.0 * f64::from(generation).sqrt();
        best + noise as f64 / 2.0 - 5.5
    };
    let scores = TASKS.iter().enumerate().map(|(k, task)| Score {
        task: (*task).to_owned(),
        value: value(k),
        ..Score::default()
    });
    let evaluation = Evaluation {
        model: id,
        scores: scores.collect(),
        evolution,
        seconds: 1.5,
    };
    let edit = EvolutionEdit::Score(Box::new(evaluation));
    bench.apply(Command::Evolution(edit));
}

/// Scores of all founders, and the last task only reported.
pub fn score_founders(bench: &mut Workbench) {
    let ids: Vec<ModelId> = bench.study().doc().models[1..]
        .iter()
        .map(|m| m.id)
        .collect();
    for id in ids {
        score(bench, id, None, 0);
    }
    let aside = RecordEdit::CountTask(TASKS[2].to_owned(), false);
    bench.apply(Command::Record(aside));
}

/// Puts an evolution in; its id.
pub fn add(bench: &mut Workbench, name: &str, setup: Setup) -> EvolutionId {
    let new = Evolution {
        name: name.to_owned(),
        setup,
        ..Evolution::default()
    };
    let edit = EvolutionEdit::Add(Box::new(new));
    bench.apply(Command::Evolution(edit));
    bench.study().doc().evolutions.last().unwrap().id
}

/// A set-up by a strategy for all founders, writing below a folder.
pub fn setup(bench: &Workbench, by: &str, folder: &Path) -> Setup {
    Setup {
        founders: bench.study().doc().models[1..]
            .iter()
            .filter(|m| m.parents.is_empty())
            .map(|m| m.id)
            .collect(),
        strategy: by.to_owned(),
        folder: Some(folder.to_owned()),
        ..Setup::default()
    }
}

/// Writes down kinship of every pair that has none: the closer in number, the more akin.
pub fn know_kinship(bench: &mut Workbench) {
    let ids: Vec<ModelId> = bench.study().doc().models[1..]
        .iter()
        .map(|m| m.id)
        .collect();
    let mut pairs = Vec::new();
    for (i, &a) in ids.iter().enumerate() {
        for &b in &ids[..i] {
            if bench.known_kinship(a, b).is_none() {
                let apart = f64::from(a.0.abs_diff(b.0));
                let late = f64::from(a.0.max(b.0)) / 40.0;
                let pearson = Some((0.9 - 0.12 * apart + late).clamp(0.03, 0.97));
                pairs.push(PairRecord {
                    models: [a, b],
                    kinship: pearson
                        .map(|value| (Metric::PEARSON, value))
                        .into_iter()
                        .collect(),
                    ..PairRecord::default()
                });
            }
        }
    }
    let edit = EvolutionEdit::Forget(Vec::new(), pairs);
    bench.apply(Command::Evolution(edit));
}

/// Lets a run make up to `steps` children and judgements, as its strategy says.
pub fn run(bench: &mut Workbench, id: EvolutionId, steps: usize) {
    bench.apply(Command::Evolution(EvolutionEdit::Begin(id)));
    for _ in 0..steps {
        know_kinship(bench);
        match next_of(bench, id) {
            Next::Score(who) => {
                let view = bench.evolution_view(id).unwrap();
                let first = who[0];
                let generation = view.members[first].generation;
                score(bench, view.models[first], Some(id), generation);
            }
            Next::Merge {
                generation,
                number,
                pairing,
            } => {
                let view = bench.evolution_view(id).unwrap();
                let parents = pairing.parents.map(|k| view.models[k]);
                bear(
                    bench,
                    id,
                    (generation, number),
                    parents,
                    (pairing.explores, &pairing.reason),
                );
            }
            Next::End(ended) => {
                let edit = EvolutionEdit::End(id, Some(ended));
                return bench.apply(Command::Evolution(edit));
            }
        }
    }
}

fn next_of(bench: &Workbench, id: EvolutionId) -> Next {
    let view = bench.evolution_view(id).unwrap();
    let evolution = bench.study().doc().evolution(id).unwrap();
    let setup = &evolution.setup;
    let kinship = |a: usize, b: usize| bench.known_kinship(view.models[a], view.models[b]);
    let population = Population {
        members: &view.members,
        kinship: &kinship,
        base: &[],
        measures: &[],
    };
    let strategy = strategy(&setup.strategy).unwrap();
    next(
        &population,
        strategy,
        &setup.choices,
        &setup.rules,
        &Spent::default(),
    )
}

/// Puts a child in.
pub fn bear(
    bench: &mut Workbench,
    id: EvolutionId,
    (generation, number): (u32, u32),
    parents: [ModelId; 2],
    (exploration, note): (bool, &str),
) {
    let run = bench.study().doc().evolution(id).unwrap().name.clone();
    let child = NewChild {
        name: format!(
            "{}-{generation}-{number}",
            run.to_lowercase().replace(' ', "-")
        ),
        path: PathBuf::from("/nowhere"),
        parents: parents.to_vec(),
        base: Some(ModelId(0)),
        method: "slerp".to_owned(),
        note: note.to_owned(),
        ..NewChild::default()
    };
    let birth = ChildAdded {
        evolution: id,
        step: Step {
            run,
            generation,
            number,
            exploration,
        },
        child: Child::New(child),
        seconds: 0.5,
    };
    bench.apply(Command::Evolution(EvolutionEdit::AddChild(Box::new(birth))));
}

/// The demo family's names.
pub const SEVEN: [&str; 7] = [
    "abacus", "arith", "ledger", "mirror", "order", "sorter", "tally",
];
