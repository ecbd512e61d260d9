//! Words for evolutions that several parts say.

use crate::lineage::evolution::Rules;
use crate::ui::format;
use crate::workbench::evolving::RunState;
use std::time::Duration;

/// How a run stands, in a word or two.
pub const fn state(state: &RunState) -> &'static str {
    match state {
        RunState::Ready => "Ready",
        RunState::Running(_) => "Running",
        RunState::Waiting(_) => "Waits for scores",
        RunState::Paused => "Paused",
        RunState::Failed(_) => "Failed",
        RunState::Ended(_) => "Ended",
    }
}

/// When a run ends by itself, to stand behind "stop after".
pub fn rules(rules: &Rules) -> Vec<String> {
    let counted = |n: Option<u32>, noun: &str| n.map(|n| format::counted(n as usize, noun));
    let full = |value: f64| format::full(Some(value));
    let no_gain = rules.no_gain.map(|rule| {
        let (points, n) = (full(rule.points), rule.generations as usize);
        let generations = format::counted(n, "generation");
        format!("less than {points} points gained in {generations}")
    });
    let tau = |tau: f64| format!("kinship above {} among the best", full(tau));
    let spent = |secs: u64| format!("{} of work", whole_duration(secs));
    let parts = [
        rules.patience_generations.map(unchanged),
        rules.tau.map(tau),
        no_gain,
        counted(rules.generations, "generation"),
        counted(rules.merges, "merge"),
        counted(rules.evaluations, "evaluation"),
        rules.seconds.map(spent),
    ];
    parts.into_iter().flatten().collect()
}

/// Generations that leave the best as they were.
fn unchanged(generations: u32) -> String {
    let generations = format::counted(generations as usize, "generation");
    format!("{generations} without change")
}

/// A time that was chosen: without the decimals of one that was measured.
fn whole_duration(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        _ if secs.is_multiple_of(3_600) => format!("{} h", secs / 3_600),
        _ if secs.is_multiple_of(60) && secs < 3_600 => format!("{} min", secs / 60),
        _ => format::duration(Duration::from_secs(secs)),
    }
}

/// `a, b or c`.
pub fn one_of(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::evolution::NoGain;

    #[test]
    fn rules_read_as_a_sentence() {
        let rules_of = |r: &Rules| one_of(&rules(r));
        let usual = Rules::default();
        assert_eq!(
            rules_of(&usual),
            "2 generations without change or 8 generations"
        );
        let all = Rules {
            patience_generations: Some(1),
            tau: Some(0.9),
            no_gain: Some(NoGain {
                points: 0.5,
                generations: 2,
            }),
            generations: None,
            merges: Some(40),
            evaluations: None,
            seconds: Some(1_800),
        };
        assert_eq!(
            rules_of(&all),
            "1 generation without change, kinship above 0.9 among the best, less than 0.5 points gained \
             in 2 generations, 40 merges or 30 min of work"
        );
        assert_eq!(whole_duration(7_200), "2 h");
        assert_eq!(whole_duration(45), "45 s");
    }
}
