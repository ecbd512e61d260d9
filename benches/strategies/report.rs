//! The table: means over the runs, and each way against ours, run by run.

use super::runs::{Run, WAYS};

/// Prints it.
pub fn print(runs: &[Run], merges: u32) {
    let columns: Vec<usize> = (5..=merges as usize).step_by(5).collect();
    let heads: Vec<String> = columns.iter().map(|m| format!("{m:>6}")).collect();
    println!("\nbest dev, and its test score, after merges:");
    println!("{:28} {}  |{}", "", heads.join(""), heads.join(""));
    for way in &WAYS {
        let own: Vec<&Run> = runs.iter().filter(|run| run.title == way.title).collect();
        let dev = means(&own, |run| &run.dev);
        let test = means(&own, |run| &run.test);
        println!("{:28} {dev}  |{test}   n = {}", way.title, own.len());
    }
    println!("\nours less the other, run by run: mean, better/equal/worse");
    for way in &WAYS[1..] {
        let lines: Vec<String> = (0..columns.len())
            .map(|k| against(runs, way.title, k))
            .collect();
        println!("{:28} {}", way.title, lines.join("  "));
    }
}

fn means(runs: &[&Run], of: impl Fn(&Run) -> &Vec<f64>) -> String {
    let count = runs.first().map_or(0, |run| of(run).len());
    let mean = |k: usize| runs.iter().map(|run| of(run)[k]).sum::<f64>() / runs.len() as f64;
    let words: Vec<String> = (0..count).map(|k| format!("{:6.2}", mean(k))).collect();
    words.join("")
}

/// Dev scores at one number of merges.
fn against(runs: &[Run], other: &str, k: usize) -> String {
    let find = |title: &str, like: &Run| {
        let same = |run: &&Run| (run.title, run.set, run.seed) == (title, like.set, like.seed);
        runs.iter().find(same).map(|run| run.dev[k])
    };
    let ours = runs.iter().filter(|run| run.title == WAYS[0].title);
    let differences: Vec<f64> = ours
        .filter_map(|run| Some(run.dev[k] - find(other, run)?))
        .collect();
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let better = differences.iter().filter(|&&d| d > 1e-9).count();
    let worse = differences.iter().filter(|&&d| d < -1e-9).count();
    let equal = differences.len() - better - worse;
    format!("{mean:+.2} {better}/{equal}/{worse}")
}
