//! One run of a strategy: the library says what comes next, the answers say what it scores.

use kinfolk::kinship::Kinship;
use kinfolk::lineage::evolution::{Next, Rules, Spent, next};
use kinfolk::lineage::strategy::{Choices, Member, Population, strategy};
use kinfolk::numeric::random::Stream;

use super::NAMES;
use super::answers::{Answers, ITEMS, Key};
use super::slerps::{Made, measured};

/// A strategy with its choices.
pub struct Way {
    /// What it is called in the table.
    pub title: &'static str,
    strategy: &'static str,
    top: usize,
    all_founders_first: bool,
}

const fn way(title: &'static str, strategy: &'static str, top: usize) -> Way {
    Way {
        title,
        strategy,
        top,
        all_founders_first: false,
    }
}

/// What is compared; the first is ours.
pub const WAYS: [Way; 7] = [
    way("improvement", "improvement", 3),
    way("greedy", "greedy", 3),
    way("kinship", "kinship", 3),
    way("random partner", "random-partner", 3),
    way("greedy, k = 4", "greedy", 4),
    Way {
        title: "greedy, all founders first",
        strategy: "greedy",
        top: 3,
        all_founders_first: true,
    },
    way("random pairs", "random", 3),
];

/// What came of a run.
pub struct Run {
    /// Its way.
    pub title: &'static str,
    /// Its starting set.
    pub set: usize,
    /// Its seed.
    pub seed: u64,
    /// The best dev score after so many merges, in points.
    pub dev: Vec<f64>,
    /// The test score of the model that has it.
    pub test: Vec<f64>,
}

/// Runs to so many merges, or until the strategy has nothing left.
pub fn run(
    way: &Way,
    set: usize,
    start: &[usize],
    seed: u64,
    merges: u32,
    answers: &mut Answers,
) -> Run {
    let mut keys: Vec<Key> = start.iter().map(|&k| NAMES[k].to_owned()).collect();
    let founders: Kinship = measured(&keys);
    let mut made = Made::new(&founders);
    let mut members = vec![Member::default(); keys.len()];
    let choices = Choices {
        top: way.top,
        all_founders_first: way.all_founders_first,
        seed,
        ..Choices::default()
    };
    let rules = Rules {
        patience_generations: None,
        generations: None,
        merges: Some(merges),
        ..Rules::default()
    };
    let strategy = strategy(way.strategy).unwrap();
    loop {
        let kinship = |a: usize, b: usize| Some(made.kinship(a, b));
        let population = Population {
            members: &members,
            kinship: &kinship,
            base: &[],
            measures: &[],
        };
        match next(&population, strategy, &choices, &rules, &Spent::default()) {
            Next::Score(who) => {
                for k in who {
                    members[k].score = Some(points(&answers.of(&keys[k], 0), 0, seed));
                }
            }
            Next::Merge {
                generation,
                pairing,
                ..
            } => {
                let [a, b] = pairing.parents;
                keys.push(answers.merged(&keys[a], &keys[b]));
                made.merge(a, b);
                members.push(Member {
                    generation,
                    parents: vec![a, b],
                    ..Member::default()
                });
            }
            Next::End(_) => break,
        }
    }
    let scores: Vec<f64> = members.iter().filter_map(|m| m.score).collect();
    outcome(
        way,
        set,
        seed,
        start.len(),
        merges as usize,
        &scores,
        &keys,
        answers,
    )
}

#[expect(clippy::too_many_arguments, reason = "all that a run knows")]
fn outcome(
    way: &Way,
    set: usize,
    seed: u64,
    founders: usize,
    merges: usize,
    scores: &[f64],
    keys: &[Key],
    answers: &mut Answers,
) -> Run {
    let (mut dev, mut test) = (Vec::new(), Vec::new());
    for m in (5..=merges).step_by(5) {
        let until = (founders + m).min(scores.len());
        // The first of equals, as in a selection.
        let better = |a: usize, b: usize| if scores[b] > scores[a] { b } else { a };
        let best = (0..until).reduce(better).unwrap();
        dev.push(scores[best]);
        test.push(points(&answers.of(&keys[best], 1), 1, 0));
    }
    Run {
        title: way.title,
        set,
        seed,
        dev,
        test,
    }
}

/// Mean accuracy over the tasks in points: of all items, or of a random two thirds of each task.
fn points(right: &[bool], split: usize, seed: u64) -> f64 {
    let tasks = right.chunks(ITEMS[split]).enumerate();
    let accuracies: Vec<f64> = tasks
        .map(|(task, items)| {
            let counted = counted(items.len(), task, seed);
            let correct = counted.iter().filter(|&&k| items[k]).count();
            100.0 * correct as f64 / counted.len() as f64
        })
        .collect();
    accuracies.iter().sum::<f64>() / accuracies.len() as f64
}

/// Which items of a task count: for seed 0 all, else those two thirds that a draw puts first.
fn counted(items: usize, task: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items).collect();
    if seed == 0 {
        return order;
    }
    let stream = Stream::new(seed, "dev items", task as u64);
    order.sort_by_key(|&k| stream.at(k as u64));
    order.truncate(items * 2 / 3);
    order
}
