//! Scores of the demo family, to the item, and what must not change them.

use std::path::PathBuf;

use kinfolk::evaluate::{
    EvaluateError, Task, TaskOutcome, evaluate, evaluate_items, evaluate_with_rows, read_tasks,
};
use kinfolk::jobs::{Ticket, Unit};

use super::logits::{demo, load};

/// A line of the table that the family came with.
#[derive(serde::Deserialize)]
struct Line {
    model: String,
    split: String,
    task: String,
    n: u64,
    correct: u64,
}

fn table() -> Vec<Line> {
    let mut reader = csv::Reader::from_path(demo("scores.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn files(split: &str) -> Vec<PathBuf> {
    let tasks = ["add", "cnt", "max", "rev", "rot", "sort", "sub", "uniq"];
    let file = |task: &&str| demo(&format!("tasks/{task}.{split}.jsonl"));
    tasks.iter().map(file).collect()
}

fn tasks(split: &str) -> Vec<Task> {
    read_tasks(&files(split)).unwrap()
}

/// Eight models and eight tasks, of two models in both splits: as many right as the family's own
/// scripts counted.
#[test]
fn every_count_of_the_demo_family_is_the_references() {
    let dev = tasks("dev");
    let both = [dev.clone(), tasks("test")].concat();
    let table = table();
    let mut models: Vec<&str> = table.iter().map(|line| line.model.as_str()).collect();
    models.dedup();
    assert_eq!(models.len(), 8);
    for name in models {
        let tasks = if matches!(name, "base" | "tally") {
            &both
        } else {
            &dev
        };
        let scores = evaluate(&load(&demo(name)), tasks, &Ticket::default()).unwrap();
        assert_eq!(scores.len(), tasks.len());
        for score in scores {
            let is_it =
                |l: &&Line| l.model == name && format!("{} ({})", l.task, l.split) == score.task;
            let line = table.iter().find(is_it).unwrap();
            assert_eq!(score.n, Some(line.n));
            assert_eq!(score.correct, Some(line.correct), "{name}, {}", score.task);
            assert_eq!(score.value, line.correct as f64 / line.n as f64 * 100.0);
        }
    }
}

fn in_pool(threads: usize, work: impl FnOnce() -> Vec<TaskOutcome> + Send) -> Vec<TaskOutcome> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

#[test]
fn neither_batches_nor_threads_change_an_answer() {
    let model = load(&demo("mirror"));
    let tasks = &tasks("dev")[..3];
    let run = |rows| evaluate_with_rows(&model, tasks, &Ticket::default(), rows).unwrap();
    let many = in_pool(2, || run(64));
    assert_eq!(many, in_pool(1, || run(64)));
    assert_eq!(many, in_pool(2, || run(1)));
    assert_eq!(many, in_pool(2, || run(7)));
}

#[test]
fn logits_have_the_same_bits_on_any_number_of_threads() {
    let model = load(&demo("base"));
    let tokens = model.tokens("uniq vvwvo=").unwrap();
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let logits = || model.logits(&tokens, &Ticket::default()).unwrap();
        let bits = pool.unwrap().install(logits);
        bits.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    assert_eq!(in_pool(1), in_pool(3));
}

#[test]
fn items_lie_in_the_order_of_the_file_and_add_up() {
    let tasks = &tasks("dev")[..1];
    let ticket = Ticket::default();
    let outcomes = evaluate_items(&load(&demo("abacus")), tasks, &ticket).unwrap();
    let [outcome] = &outcomes[..] else {
        panic!("one task, {} outcomes", outcomes.len());
    };
    assert_eq!(outcome.items[0].prompt, "add 50+14=");
    assert_eq!(outcome.items[0].expected, "64");
    let right = outcome.items.iter().filter(|item| item.is_right);
    assert!(right.clone().all(|item| item.expected == item.got));
    assert_eq!(outcome.score.correct, Some(right.count() as u64));
    let p: f64 = 146.0 / 150.0;
    let stderr = 100.0 * (p * (1.0 - p) / 149.0).sqrt();
    assert!((outcome.score.stderr.unwrap() - stderr).abs() < 1e-12);
    let progress = ticket.progress();
    assert_eq!((progress.done, progress.total), (150, 150));
    assert_eq!(progress.unit, Unit::Items);
}

/// What the model answers to one line of a task file.
fn answer(line: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.jsonl");
    std::fs::write(&path, line).unwrap();
    let tasks = read_tasks(&[path]).unwrap();
    let outcomes = evaluate_items(&load(&demo("abacus")), &tasks, &Ticket::default()).unwrap();
    outcomes[0].items[0].got.clone()
}

#[test]
fn an_answer_ends_where_the_task_says() {
    let line = |more: &str| format!(r#"{{"prompt": "rev abcde=", "answer": "edcba"{more}}}"#);
    assert_eq!(answer(&line("")), "edcba");
    assert_eq!(answer(&line(r#", "max_new_tokens": 2"#)), "ed");
    assert_eq!(answer(&line(r#", "stop": "c""#)), "ed");
    assert_eq!(answer(&line(r#", "stop": ["x", "ba", "b"]"#)), "edc");
}

#[test]
fn a_cancelled_evaluation_stops_on_the_way() {
    let model = load(&demo("base"));
    let all = [tasks("dev"), tasks("test")].concat();
    let ticket = Ticket::default();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| evaluate(&model, &all, &ticket));
        while ticket.progress().done == 0 && !run.is_finished() {
            std::thread::yield_now();
        }
        ticket.cancel();
        let result = run.join().unwrap();
        assert!(matches!(result, Err(EvaluateError::Cancelled(_))));
    });
    let progress = ticket.progress();
    assert!(progress.done > 0 && progress.done < progress.total);
}
