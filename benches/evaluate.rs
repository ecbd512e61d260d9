//! How fast the built-in evaluator answers the demo family's 2800 items, beside a plain product
//! of two large f32 matrices by the same library in the same run.
//!
//! ```text
//! cargo bench --bench evaluate
//! ```
//!
//! With a number behind `--`, the evaluation at so many prompts a batch alone, for a profiler.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark talks"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use candle_core::{Device, Tensor};
use kinfolk::checkpoint::Checkpoint;
use kinfolk::evaluate::{Model, Task, TaskOutcome, evaluate_with_rows, read_tasks};
use kinfolk::jobs::Ticket;

const RUNS: usize = 5;
const ROWS: [usize; 5] = [8, 32, 64, 128, 256];
/// Numbers of the matrices that every token is multiplied with, and of the head.
const LAYERS: usize = 4 * (2 * 128 * 128 + 2 * 64 * 128 + 3 * 344 * 128);
const HEAD: usize = 51 * 128;
/// Accuracy of the base, from the family's own table.
const RIGHT: u64 = 691 + 909;

fn main() {
    let tasks = read_tasks(&task_files()).unwrap();
    let path = resources().join("base");
    let checkpoint = Checkpoint::open(&path).unwrap();
    let start = Instant::now();
    let model = Model::load(&checkpoint, &Ticket::default()).unwrap();
    println!("loading: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let only = std::env::args().find_map(|arg| arg.parse::<usize>().ok());
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| measure(&model, &tasks, threads, only));
    }
}

fn resources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo")
}

fn task_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(resources().join("tasks")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn measure(model: &Model, tasks: &[Task], threads: usize, only: Option<usize>) {
    let plain = best(product);
    println!(
        "{threads} threads; a product of large matrices: {:.1} GFLOP/s",
        plain / 1e9
    );
    for rows in ROWS {
        if only.is_some_and(|only| only != rows) {
            continue;
        }
        let run = || {
            let start = Instant::now();
            let outcomes = evaluate_with_rows(model, tasks, &Ticket::default(), rows).unwrap();
            let secs = start.elapsed().as_secs_f64();
            let right: u64 = outcomes.iter().filter_map(|o| o.score.correct).sum();
            assert_eq!(right, RIGHT);
            (outcomes, secs)
        };
        let runs: Vec<_> = (0..RUNS).map(|_| run()).collect();
        let secs = runs.iter().map(|run| run.1).fold(f64::INFINITY, f64::min);
        let (items, flop) = work(model, &runs[0].0);
        let speed = flop / secs;
        println!(
            "{rows:>4} prompts a batch: {secs:.2} s, {:.0} items/s, {:.1} GFLOP/s, {:.0} % of the product's",
            items / secs,
            speed / 1e9,
            speed / plain * 100.0
        );
    }
}

/// Items, and floating-point operations in products with weights.
fn work(model: &Model, outcomes: &[TaskOutcome]) -> (f64, f64) {
    let (mut items, mut tokens, mut heads) = (0, 0, 0);
    for item in outcomes.iter().flat_map(|outcome| &outcome.items) {
        // One character is one token; the last one said is not gone through.
        let said = item.got.chars().count();
        items += 1;
        tokens += model.tokens(&item.prompt).unwrap().len() + said;
        heads += 1 + said;
    }
    (items as f64, 2.0 * (LAYERS * tokens + HEAD * heads) as f64)
}

/// The highest of some runs.
fn best(run: impl Fn() -> f64) -> f64 {
    (0..RUNS).map(|_| run()).fold(0.0, f64::max)
}

/// FLOP/s of a product of large matrices.
fn product() -> f64 {
    const SIDE: usize = 1024;
    let numbers: Vec<f32> = (0..SIDE * SIDE).map(|k| (k % 7) as f32).collect();
    let a = Tensor::from_vec(numbers, (SIDE, SIDE), &Device::Cpu).unwrap();
    let start = Instant::now();
    black_box(a.matmul(&a).unwrap());
    2.0 * (SIDE * SIDE * SIDE) as f64 / start.elapsed().as_secs_f64()
}
