//! Evolutions as they are run: the demo family's against its reference, by hand, with children
//! that are shared, and with files that go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinfolk::lineage::evolution::Ended;
use kinfolk::study::{
    Command, Evaluator, EvolutionEdit, EvolutionId, Keep, ModelId, RecordEdit, Score, Setup,
};
use kinfolk::workbench::evolving::RunState;
use kinfolk::workbench::{Folders, Workbench, demo};

const PATIENCE: Duration = Duration::from_secs(900);

/// The demo's study, opened below `home`, judged on these files of tasks.
fn demo_bench(home: &Path, tasks: &dyn Fn(&str) -> bool) -> Workbench {
    let dir = home.join("demo");
    let study = demo::unpack(&dir).unwrap();
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.open_study(&study);
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir.join("tasks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| tasks(path.file_name().unwrap().to_str().unwrap()))
        .collect();
    files.sort();
    judge_by(&mut bench, Evaluator::BuiltIn { tasks: files });
    bench
}

fn judge_by(bench: &mut Workbench, evaluator: Evaluator) {
    bench.apply(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator)));
}

fn named(bench: &Workbench, name: &str) -> EvolutionId {
    let mut all = bench.study().doc().evolutions.iter();
    all.find(|e| e.name == name).unwrap().id
}

fn change(bench: &mut Workbench, id: EvolutionId, change: impl FnOnce(&mut Setup)) {
    let mut setup = bench.study().doc().evolution(id).unwrap().setup.clone();
    change(&mut setup);
    let edit = EvolutionEdit::Change(id, Box::new(setup));
    bench.apply(Command::Evolution(edit));
}

/// Runs until it stands otherwise than running.
fn run(bench: &mut Workbench, id: EvolutionId) -> RunState {
    bench.run_evolution(id);
    until(bench, |bench| {
        let state = bench.run_state(id);
        let is_over = !matches!(state, RunState::Running(_));
        (is_over && bench.jobs().running().is_empty()).then_some(state)
    })
}

fn until<T>(bench: &mut Workbench, mut done: impl FnMut(&mut Workbench) -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = done(bench) {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "nothing came");
        bench.poll_within(Duration::from_millis(20));
    }
}

type Row = BTreeMap<String, String>;

fn reference(file: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/demo-evolution")
        .join(file);
    let mut table = csv::Reader::from_path(path).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

/// Compares a run with the reference's table: the same pairs in the same generations, by the
/// same scores, with the same kinship.
fn check(bench: &Workbench, id: EvolutionId, file: &str) {
    let view = bench.evolution_view(id).unwrap();
    let doc = bench.study().doc();
    let expected = reference(file);
    assert_eq!(view.models.len(), expected.len(), "{file}");
    let mut ours: BTreeMap<String, usize> = BTreeMap::new();
    for row in &expected {
        let generation: u32 = row["generation"].parse().unwrap();
        let at = if generation == 0 {
            let named = |id: &ModelId| doc.name_of(*id) == row["model"];
            view.models.iter().position(named).unwrap()
        } else {
            let parents = ["parent_a", "parent_b"].map(|key| ours[&row[key]]);
            let is_child = |k: &usize| {
                let member = &view.members[*k];
                let same = member.parents == parents || member.parents == [parents[1], parents[0]];
                same && member.generation == generation
            };
            let found = (0..view.models.len()).find(is_child);
            found.unwrap_or_else(|| panic!("{file}: nobody was merged as {}", row["model"]))
        };
        ours.insert(row["model"].clone(), at);
        let score = view.members[at].score.unwrap();
        let expected: f64 = row["dev_avg"].parse::<f64>().unwrap() * 100.0;
        assert!(
            (score - expected).abs() < 1e-4,
            "{file}, {}: {score}, not {expected}",
            row["model"]
        );
        if let Ok(expected) = row["pcc"].parse::<f64>() {
            let [a, b] = view.members[at].parents[..] else {
                panic!("two parents")
            };
            let kinship = bench.known_kinship(view.models[a], view.models[b]).unwrap();
            assert!(
                (kinship - expected).abs() < 2e-6,
                "{file}, {}: {kinship}, not {expected}",
                row["model"]
            );
        }
    }
}

#[test]
fn greedy_and_kinship_make_the_reference_s_children_with_its_scores() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.contains(".dev."));
    let greedy = named(&bench, "Greedy, five founders");
    change(&mut bench, greedy, |s| s.rules.generations = Some(6));
    run(&mut bench, greedy);
    check(&bench, greedy, "evolution-greedy-start5.csv");

    let made = bench.study().doc().models.len();
    let kinship = named(&bench, "With kinship, five founders");
    change(&mut bench, kinship, |s| s.rules.generations = Some(6));
    run(&mut bench, kinship);
    check(&bench, kinship, "evolution-kinship-start5.csv");

    // The greedy run has made four of its children: the first generation, and that of its two
    // best. Nothing is made or judged twice.
    let evolution = bench.study().doc().evolution(kinship).unwrap();
    let merges = bench.evolution_view(kinship).unwrap().merges;
    assert_eq!(bench.study().doc().models.len(), made + merges - 4);
    assert_eq!(evolution.evaluations as usize, merges - 4);
    let best = |id| {
        bench
            .evolution_view(id)
            .unwrap()
            .generations
            .last()
            .unwrap()
            .best
            .unwrap()
    };
    assert!(
        best(kinship) > best(greedy) + 1.0,
        "the effect it was picked for"
    );
}

/// A run that waits for its user goes on by itself when the scores are there.
#[test]
fn a_run_by_hand_waits_for_scores_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|_| true);
    judge_by(&mut bench, Evaluator::ByHand);
    let id = named(&bench, "Greedy");
    change(&mut bench, id, |s| s.rules.generations = Some(1));
    let RunState::Waiting(children) = run(&mut bench, id) else {
        panic!("{:?}", bench.run_state(id));
    };
    assert_eq!(children.len(), 3);
    let tasks = bench
        .study()
        .doc()
        .evolution(id)
        .unwrap()
        .setup
        .tasks
        .clone();
    let cells = children.iter().flat_map(|&child| {
        let cell = move |task: &String| (child, task.clone(), Some(50.0));
        tasks.iter().map(cell).collect::<Vec<_>>()
    });
    bench.apply(Command::Record(RecordEdit::SetScores(cells.collect())));
    let state = until(&mut bench, |bench| match bench.run_state(id) {
        RunState::Waiting(_) | RunState::Running(_) => None,
        other => Some(other),
    });
    assert_eq!(state, RunState::Ended(Ended::Generations));
}

#[test]
fn only_the_best_stay_on_disk_and_the_record_stays_whole() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let id = named(&bench, "Greedy");
    change(&mut bench, id, |s| {
        s.tasks = vec!["max (dev)".to_owned()];
        s.rules.generations = Some(3);
        s.rules.patience_generations = None;
        s.keep = Keep::Best;
    });
    let kept_all = {
        let other = tempfile::tempdir().unwrap();
        let mut bench = demo_bench(other.path(), &|name| name.starts_with("max.dev"));
        let id = named(&bench, "Greedy");
        change(&mut bench, id, |s| {
            s.tasks = vec!["max (dev)".to_owned()];
            s.rules.generations = Some(3);
            s.rules.patience_generations = None;
        });
        run(&mut bench, id);
        scores(&bench, id)
    };
    run(&mut bench, id);
    assert_eq!(
        scores(&bench, id),
        kept_all,
        "what is removed was not needed"
    );
    let view = bench.evolution_view(id).unwrap();
    let folder = home.path().join("demo/evolutions/greedy");
    let left = std::fs::read_dir(folder).unwrap().count();
    let best = &view.generations.last().unwrap().selection;
    let children = best.iter().filter(|&&k| view.members[k].generation > 0);
    assert_eq!(left, children.count());
    for generation in &view.generations {
        assert!(
            generation.kinship.is_some(),
            "what was known of the removed is kept"
        );
    }
}

#[test]
fn children_that_a_run_has_only_found_are_never_removed() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let short = |s: &mut Setup| {
        s.tasks = vec!["max (dev)".to_owned()];
        s.rules.generations = Some(2);
        s.rules.patience_generations = None;
    };
    let first = named(&bench, "Greedy");
    change(&mut bench, first, short);
    run(&mut bench, first);
    let made = children(&bench, first);
    bench.apply(Command::Evolution(EvolutionEdit::Remove(first)));

    let second = named(&bench, "With kinship");
    change(&mut bench, second, |s| {
        short(s);
        s.strategy = "greedy".to_owned();
        s.keep = Keep::Best;
    });
    run(&mut bench, second);
    assert_eq!(children(&bench, second), made, "all of them are found");
    for id in made {
        let path = bench.study().doc().model(id).unwrap().path.clone();
        assert!(path.is_some_and(|path| path.is_dir()));
    }
}

/// The chosen pair's child is known, and is a founder of the run.
#[test]
fn fault_2_a_run_whose_founders_hold_the_children_of_another_comes_to_an_end() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let short = |s: &mut Setup| {
        s.tasks = vec!["max (dev)".to_owned()];
        s.rules.generations = Some(1);
        s.rules.patience_generations = None;
    };
    let first = named(&bench, "Greedy");
    change(&mut bench, first, short);
    run(&mut bench, first);
    let made = children(&bench, first);
    assert_eq!(made.len(), 3);

    let second = named(&bench, "With kinship");
    let family = bench
        .study()
        .doc()
        .family(bench.study().doc().shown_base().unwrap());
    assert!(made.iter().all(|child| family.contains(child)));
    change(&mut bench, second, |s| {
        short(s);
        s.strategy = "greedy".to_owned();
        s.founders = family;
    });
    let ended = run(&mut bench, second);
    assert!(
        matches!(
            ended,
            RunState::Ended(Ended::Generations | Ended::NothingLeft)
        ),
        "{ended:?}"
    );
    let again = children(&bench, second);
    assert!(again.iter().all(|child| !made.contains(child)));
}

#[test]
fn fault_1_only_folders_that_the_run_has_made_are_removed() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let id = named(&bench, "Greedy");
    change(&mut bench, id, |s| {
        s.tasks = vec!["max (dev)".to_owned()];
        s.rules.generations = Some(2);
        s.rules.patience_generations = None;
        s.keep = Keep::All;
    });
    run(&mut bench, id);
    let path_of = |bench: &Workbench, id: ModelId| bench.study().doc().model(id)?.path.clone();
    let worst = |bench: &Workbench| {
        let view = bench.evolution_view(id).unwrap();
        let best = view.generations.last().unwrap().selection.clone();
        let of_run = (0..view.models.len()).filter(|k| view.members[*k].generation > 0);
        of_run
            .filter(|k| !best.contains(k))
            .map(|k| view.models[k])
            .collect::<Vec<_>>()
    };
    let losers = worst(&bench);
    let [noted, plain, ..] = losers[..] else {
        panic!("{losers:?}");
    };
    // The user's own words lie in one, and another is somebody else's folder by now.
    let noted = path_of(&bench, noted).unwrap();
    std::fs::write(noted.join("notes.txt"), "mine").unwrap();
    let plain = path_of(&bench, plain).unwrap();
    let thesis = home.path().join("thesis");
    std::fs::create_dir(&thesis).unwrap();
    std::fs::write(thesis.join("thesis.tex"), "mine").unwrap();
    std::fs::rename(&plain, home.path().join("elsewhere")).unwrap();
    std::fs::rename(&thesis, &plain).unwrap();
    change(&mut bench, id, |s| s.keep = Keep::Best);
    bench.take_notices();
    run(&mut bench, id);
    assert!(noted.join("notes.txt").is_file() && noted.join("model.safetensors").is_file());
    assert!(plain.join("thesis.tex").is_file());
    let told = bench.take_notices();
    assert!(
        told.iter().any(|n| n.title.contains("2 children stay")
            && n.detail.contains("`notes.txt` in it was not written")
            && n.detail.contains("no mark")),
        "{told:?}"
    );
}

fn children(bench: &Workbench, id: EvolutionId) -> Vec<ModelId> {
    let view = bench.evolution_view(id).unwrap();
    let each = view.models.iter().zip(&view.members);
    let made = each.filter(|(_, member)| member.generation > 0);
    made.map(|(&id, _)| id).collect()
}

/// Without kinship it would quietly be the greedy strategy.
#[test]
fn a_strategy_that_goes_by_kinship_does_not_go_on_without() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let id = named(&bench, "With kinship");
    change(&mut bench, id, |s| {
        s.tasks = vec!["max (dev)".to_owned()];
        s.rules.generations = Some(1);
    });
    bench.wait(|_| {});
    bench.run_evolution(id);
    let base = bench.study().doc().shown_base().unwrap();
    bench.cancel(bench.measuring(base).unwrap());
    let state = until(&mut bench, |bench| match bench.run_state(id) {
        RunState::Running(_) => None,
        other => Some(other),
    });
    let RunState::Failed(sentence) = state else {
        panic!("{state:?}");
    };
    assert!(sentence.contains("not measured"), "{sentence}");
    assert_eq!(run(&mut bench, id), RunState::Ended(Ended::Generations));
    assert_eq!(children(&bench, id).len(), 4, "one of them explores");
}

fn scores(bench: &Workbench, id: EvolutionId) -> Vec<(u32, Vec<usize>, Option<f64>)> {
    let members = bench.evolution_view(id).unwrap().members;
    let one = |m: kinfolk::lineage::strategy::Member| (m.generation, m.parents, m.score);
    members.into_iter().map(one).collect()
}

#[test]
fn a_run_that_cannot_go_on_says_why_and_may_be_taken_up_again() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let id = named(&bench, "Greedy");
    change(&mut bench, id, |s| {
        s.tasks = vec!["max (dev)".to_owned()];
        s.rules.generations = Some(1);
        s.most_bytes = Some(1000);
    });
    let RunState::Failed(sentence) = run(&mut bench, id) else {
        panic!("there is no room for a child");
    };
    assert!(sentence.contains("raise the limit"), "{sentence}");
    change(&mut bench, id, |s| s.most_bytes = None);
    assert_eq!(run(&mut bench, id), RunState::Ended(Ended::Generations));

    // A task that the evaluator does not have would be asked for for ever.
    let other = named(&bench, "With kinship");
    change(&mut bench, other, |s| s.tasks = vec!["chess".to_owned()]);
    let RunState::Failed(sentence) = run(&mut bench, other) else {
        panic!("nobody gives that score");
    };
    assert!(sentence.contains("chess"), "{sentence}");
}

#[test]
fn models_are_judged_outside_a_run() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo_bench(home.path(), &|name| name.starts_with("max.dev"));
    let model = bench
        .study()
        .doc()
        .models
        .iter()
        .find(|m| m.name == "order");
    let (id, known) = (
        model.unwrap().id,
        model.unwrap().score("max (dev)").unwrap().value,
    );
    let cleared = vec![(id, "max (dev)".to_owned(), None)];
    bench.apply(Command::Record(RecordEdit::SetScores(cleared)));
    bench.wait(|_| {});
    bench.evaluate_models(&[id]);
    assert_eq!(bench.being_evaluated(), [id]);
    bench.wait(|_| {});
    let score: &Score = bench
        .study()
        .doc()
        .model(id)
        .unwrap()
        .score("max (dev)")
        .unwrap();
    assert!((score.value - known).abs() < 1e-9);
    assert_eq!(score.source, "built-in evaluator");
}
