//! A population measured in parts: the bits of one process, whatever the tasks, the blocks and
//! the order; and nothing wrong is ever taken for a part.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::cluster::{
    Event, Joined, Known, Labour, Member, Plan, SoFar, Task, join, make, state, work,
};
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, Measure, Metric, Precision, measure};

use crate::common::{f32_part, write_safetensors};

/// A model: a matrix of two chunks, the second of a few blocks, and small tensors. The third
/// lacks one, and the fourth has fewer rows than the base.
fn write_model(path: &Path, seed: u32) {
    let rows = if seed == 4 { 1020 } else { 1026 };
    let value = |tensor: u32, k: usize| {
        let base = ((k * 7 + tensor as usize * 13) % 101) as f32 / 50.0 - 1.0;
        let change = (k as u32)
            .wrapping_mul(2_654_435_761)
            .wrapping_add(seed * 977 + tensor)
            >> 8;
        base + (change % 1000) as f32 / 1e5 * seed as f32
    };
    let numbers =
        |tensor: u32, len: usize| -> Vec<f32> { (0..len).map(|k| value(tensor, k)).collect() };
    let embedding = [rows, 1025];
    let mut parts = vec![
        f32_part(
            "model.embed_tokens.weight",
            &embedding,
            &numbers(0, rows * 1025),
        ),
        f32_part(
            "model.layers.0.self_attn.q_proj.weight",
            &[40, 32],
            &numbers(1, 1280),
        ),
        f32_part(
            "model.layers.1.mlp.up_proj.weight",
            &[33, 31],
            &numbers(2, 1023),
        ),
        f32_part("model.norm.weight", &[7], &numbers(3, 7)),
    ];
    if seed == 3 {
        parts.remove(2);
    }
    write_safetensors(path, &parts);
}

struct Population {
    dir: tempfile::TempDir,
    base: Checkpoint,
    models: Vec<Checkpoint>,
}

impl Population {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let open = |seed: u32| {
            let path = dir.path().join(format!("m{seed}.safetensors"));
            write_model(&path, seed);
            Checkpoint::open(&path).unwrap()
        };
        let (base, models) = (open(0), (1..=5).map(open).collect());
        Self { dir, base, models }
    }

    fn opened(&self) -> Vec<&Checkpoint> {
        self.models.iter().collect()
    }

    fn one_process(&self) -> Kinship {
        let nothing = |_: usize, _: &_| {};
        let ticket = Ticket::default();
        let models = self.opened();
        measure(
            &self.base,
            &models,
            Precision::Full,
            None,
            &ticket,
            &nothing,
        )
        .unwrap()
    }

    /// A plan and its folder.
    fn plan(&self, name: &str, block: usize, bytes: u64) -> (PathBuf, Plan, Vec<Task>) {
        let member = |model: &Checkpoint| Member {
            name: model.suggested_name(),
            path: model.path().to_owned(),
            key: model.key().to_owned(),
            parameters: model.parameters(),
        };
        let members = self.models.iter().map(member).collect();
        let models = self.opened();
        let base = (member(&self.base), &self.base);
        let plan = make(base, members, &models, Vec::new(), (block, bytes)).unwrap();
        let out = self.dir.path().join(name);
        let tasks = plan.write(&out).unwrap();
        assert_eq!(Plan::read(&out).unwrap(), (plan.clone(), tasks.clone()));
        (out, plan, tasks)
    }

    fn work(&self, out: &Path, (plan, tasks): (&Plan, &[Task]), labour: &Labour) -> Vec<Event> {
        let told = Mutex::new(Vec::new());
        let models = self.opened();
        let tell = |event| told.lock().unwrap().push(event);
        let ticket = Ticket::default();
        work(
            out,
            (plan, tasks),
            (&self.base, &models),
            labour,
            &ticket,
            &tell,
        )
        .unwrap();
        told.into_inner().unwrap()
    }
}

fn labour() -> Labour {
    Labour {
        only: Vec::new(),
        most: usize::MAX,
        lease: Duration::from_secs(60),
        waits: false,
    }
}

fn whole(out: &Path, plan: &Plan, tasks: &[Task]) -> Kinship {
    match join(out, plan, tasks).unwrap() {
        Joined::Whole(found) => found.kinship,
        Joined::Missing(state) => panic!("{state:?}"),
    }
}

#[test]
fn parts_give_the_bits_of_one_process_whatever_the_tasks_and_their_order() {
    let population = Population::new();
    let expected = population.one_process();
    assert!(
        expected.tensors.len() > 4,
        "what the shorter embedding lacks is a segment of its own"
    );
    for (k, (block, bytes)) in [
        (100, 1 << 30),
        (2, 1 << 30),
        (3, 3 << 20),
        (1, 1 << 20),
        (100, 1),
    ]
    .into_iter()
    .enumerate()
    {
        let (out, plan, tasks) = population.plan(&format!("plan{k}"), block, bytes);
        let ids: BTreeSet<&String> = tasks.iter().map(|task| &task.id).collect();
        assert_eq!(ids.len(), tasks.len(), "every task has a name of its own");
        // From the last to the first.
        for task in tasks.iter().rev() {
            let only = vec![task.id.clone()];
            let one = Labour { only, ..labour() };
            population.work(&out, (&plan, &tasks), &one);
        }
        assert_eq!(
            whole(&out, &plan, &tasks),
            expected,
            "{block} models, {bytes} bytes"
        );
    }
}

#[test]
fn workers_side_by_side_do_each_task_once() {
    let population = Population::new();
    let (out, plan, tasks) = population.plan("plan", 2, 1 << 20);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let waits = Labour {
                    waits: true,
                    ..labour()
                };
                for event in population.work(&out, (&plan, &tasks), &waits) {
                    if let Event::Done { task, .. } = event {
                        done.lock().unwrap().push(task);
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort();
    let mut all: Vec<String> = tasks.iter().map(|task| task.id.clone()).collect();
    all.sort();
    assert_eq!(done, all);
    assert_eq!(whole(&out, &plan, &tasks), population.one_process());
    let again = population.work(&out, (&plan, &tasks), &labour());
    assert_eq!(again.len(), 1, "nothing is done twice: {again:?}");
}

#[test]
fn a_claim_holds_until_its_lease_has_run_out() {
    let population = Population::new();
    let (out, plan, tasks) = population.plan("plan", 100, 1 << 30);
    let claims = out.join("claims");
    std::fs::create_dir_all(&claims).unwrap();
    let claim = |until: u64| format!("{{\"worker\": \"another\", \"until_ms\": {until}}}");
    let file = claims.join(format!("{}.0", tasks[0].id));
    std::fs::write(&file, claim(u64::MAX)).unwrap();
    population.work(&out, (&plan, &tasks), &labour());
    let held = state(&out, &tasks);
    assert_eq!((held.done, held.tasks), (tasks.len() - 1, tasks.len()));
    assert_eq!(held.workers, [("another".to_owned(), 1)]);
    let Joined::Missing(_) = join(&out, &plan, &tasks).unwrap() else {
        panic!("a part is missing");
    };
    std::fs::write(&file, claim(1)).unwrap();
    assert_eq!(state(&out, &tasks).missing, [tasks[0].id.clone()]);
    population.work(&out, (&plan, &tasks), &labour());
    assert_eq!(whole(&out, &plan, &tasks), population.one_process());
}

#[test]
fn a_damaged_part_and_a_part_of_other_files_are_refused() {
    let population = Population::new();
    let (out, plan, tasks) = population.plan("plan", 2, 1 << 20);
    population.work(&out, (&plan, &tasks), &labour());
    let part = |k: usize| out.join("parts").join(&tasks[k].id);
    let good = std::fs::read(part(0)).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let other = std::fs::read(part(1)).unwrap();
    for bad in [
        &flipped,
        &good[..good.len() - 8].to_vec(),
        &other,
        &Vec::new(),
    ] {
        std::fs::write(part(0), bad).unwrap();
        let error = join(&out, &plan, &tasks).unwrap_err();
        assert!(error.contains(&tasks[0].id), "{error}");
    }
    std::fs::remove_file(part(0)).unwrap();
    population.work(&out, (&plan, &tasks), &labour());
    assert_eq!(std::fs::read(part(0)).unwrap(), good);
}

#[test]
fn models_that_have_changed_are_not_worked_on() {
    let population = Population::new();
    let (out, plan, tasks) = population.plan("plan", 2, 1 << 20);
    let other = population
        .plan("other", 3, 1 << 20)
        .1
        .write(&out)
        .unwrap_err();
    assert!(other.contains("holds a plan for other models"), "{other}");
    let path = population.models[0].path();
    write_model(path, 9);
    let changed = Checkpoint::open(path).unwrap();
    let mut models = population.opened();
    models[0] = &changed;
    let ticket = Ticket::default();
    let of = (&plan, tasks.as_slice());
    let error = work(
        &out,
        of,
        (&population.base, &models),
        &labour(),
        &ticket,
        &|_| {},
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("has changed since the plan was made"),
        "{error}"
    );
}

#[test]
fn pairs_fill_as_parts_arrive_and_end_as_those_of_the_joined_plan() {
    let population = Population::new();
    for (k, block) in [100, 2].into_iter().enumerate() {
        let (out, plan, tasks) = population.plan(&format!("fills{k}"), block, 1 << 20);
        let of = (&plan, tasks.as_slice());
        let mut pairs = SoFar::new(&plan, &tasks).unwrap();
        assert!(!pairs.take(&out, of, 9).unwrap());
        assert_eq!(pairs.known(0, 4), Known::Nothing);
        let one = Labour {
            most: 1,
            ..labour()
        };
        population.work(&out, of, &one);
        assert!(pairs.take(&out, of, 9).unwrap());
        assert_eq!(pairs.known(0, 1), Known::Partly);
        let across = if block == 2 {
            Known::Nothing
        } else {
            Known::Partly
        };
        assert_eq!(pairs.known(0, 4), across);
        population.work(&out, of, &labour());
        while pairs.take(&out, of, 2).unwrap() {}
        let expected = whole(&out, &plan, &tasks).matrix(Measure::default());
        let found = pairs.matrix(Metric::DEFAULT);
        for i in 0..5 {
            for j in 0..i {
                assert_eq!(pairs.known(i, j), Known::Wholly);
                let (found, expected) = (found.get(i, j).unwrap(), expected.get(i, j).unwrap());
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{i} {j}: {found} {expected}"
                );
            }
        }
    }
}
