//! What the strategies reach with the same number of merges and evaluations, on the demo family:
//! from each of the 21 sets of five specialists and from all seven.
//!
//! ```text
//! cargo bench --bench strategies -- [--sets 0,5,21] [--seeds 0,1] [--merges 25] [--cache FILE]
//! ```
//!
//! Every run goes on to its merges (25), whatever else would end it, with k = 3 unless the name
//! says otherwise. Selected by the dev items: all of them with seed 0, a random two thirds of
//! each task with others. Reported are the best dev score so far and the test score of the model
//! that has it, after 5, 10 … merges. A child is evaluated once, whoever makes it; with
//! `--cache` the answers are kept between calls. From nothing one seed takes an hour or so.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark talks"
)]

mod answers;
mod report;
mod runs;

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/common/slerps.rs"]
mod slerps;

use answers::Answers;
use runs::{Run, WAYS};

/// The specialists of the demo family.
const NAMES: [&str; 7] = [
    "abacus", "arith", "ledger", "mirror", "order", "sorter", "tally",
];

/// What was asked for on the command line.
struct Asked {
    sets: Vec<usize>,
    seeds: Vec<u64>,
    merges: u32,
    cache: Option<std::path::PathBuf>,
}

fn main() {
    let asked = asked();
    let all = starting_sets();
    let mut answers = Answers::new(asked.cache.clone());
    let mut found: Vec<Run> = Vec::new();
    for &seed in &asked.seeds {
        for &set in &asked.sets {
            for way in &WAYS {
                found.push(runs::run(
                    way,
                    set,
                    &all[set],
                    seed,
                    asked.merges,
                    &mut answers,
                ));
                let last = found.last().unwrap();
                println!(
                    "{} of set {set}, seed {seed}: {:.2}",
                    way.title,
                    last.dev.last().unwrap()
                );
            }
            answers.keep();
        }
    }
    report::print(&found, asked.merges);
}

/// Every set of five in the order of the names, and all seven.
fn starting_sets() -> Vec<Vec<usize>> {
    let subsets = (0u32..1 << NAMES.len()).map(|bits| {
        let is_in = |k: &usize| bits & 1 << k != 0;
        (0..NAMES.len()).filter(is_in).collect::<Vec<_>>()
    });
    let mut five: Vec<Vec<usize>> = subsets.filter(|set| set.len() == 5).collect();
    five.sort();
    five.push((0..NAMES.len()).collect());
    five
}

fn asked() -> Asked {
    let mut out = Asked {
        sets: (0..22).collect(),
        seeds: vec![0],
        merges: 25,
        cache: None,
    };
    // Cargo adds `--bench` to what was asked.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().unwrap();
        let list = || value.split(',').map(|n| n.parse::<u64>().unwrap());
        match word.as_str() {
            "--sets" => out.sets = list().map(|n| n as usize).collect(),
            "--seeds" => out.seeds = list().collect(),
            "--merges" => out.merges = value.parse().unwrap(),
            "--cache" => out.cache = Some(value.into()),
            _ => println!("left aside: {word} {value}"),
        }
    }
    out
}
