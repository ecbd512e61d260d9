//! Suggestions of what to merge next.

use std::collections::BTreeMap;
use std::path::Path;

use kinfolk::lineage::strategy::{Choices, Improvement, Member, Population, Round, Strategy};
use kinfolk::lineage::suggest::{Reason, Suggestion, suggest};

const NAMES: [&str; 7] = [
    "abacus", "arith", "ledger", "mirror", "order", "sorter", "tally",
];

fn table(path: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The demo family's specialists, with their scores on the dev tasks.
fn family() -> Vec<Member> {
    let rows = table("resources/demo/scores.csv");
    let member = |name: &&str| {
        let own = rows
            .iter()
            .filter(|r| r["model"] == **name && r["split"] == "dev");
        let tasks: Vec<f64> = own
            .map(|r| r["accuracy"].parse::<f64>().unwrap() * 100.0)
            .collect();
        Member {
            score: Some(tasks.iter().sum::<f64>() / tasks.len() as f64),
            tasks: tasks.into_iter().map(Some).collect(),
            ..Member::default()
        }
    };
    NAMES.iter().map(member).collect()
}

fn family_kinship() -> impl Fn(usize, usize) -> Option<f64> {
    let rows = table("resources/demo/kinship.csv");
    move |a, b| {
        let pair = [*NAMES.get(a.min(b))?, *NAMES.get(a.max(b))?];
        let row = rows.iter().find(|r| [&*r["a"], &*r["b"]] == pair)?;
        row["pcc"].parse().ok()
    }
}

fn ask(members: &[Member], n: usize) -> Vec<Suggestion> {
    with(members, &family_kinship(), n)
}

fn with(
    members: &[Member],
    kinship: &dyn Fn(usize, usize) -> Option<f64>,
    n: usize,
) -> Vec<Suggestion> {
    let population = Population {
        members,
        kinship,
        base: &[],
        measures: &[],
    };
    suggest(&population, &population.advice(), n)
}

fn child(score: Option<f64>, parents: [usize; 2]) -> Member {
    Member {
        score,
        generation: 1,
        parents: parents.to_vec(),
        ..Member::default()
    }
}

/// The family with children of some pairs that gained `gain` of the parents' mean difference over
/// the tasks.
fn merged(pairs: &[[usize; 2]], gain: f64) -> Vec<Member> {
    let mut members = family();
    for &[a, b] in pairs {
        let tasks = members[a].tasks.iter().zip(&members[b].tasks);
        let differences: Vec<f64> = tasks
            .map(|(a, b)| (a.unwrap() - b.unwrap()).abs())
            .collect();
        let apart = differences.iter().sum::<f64>() / differences.len() as f64;
        let mean = f64::midpoint(members[a].score.unwrap(), members[b].score.unwrap());
        members.push(child(Some(mean + gain * apart), [a, b]));
    }
    members
}

const SIX: [[usize; 2]; 6] = [[0, 1], [0, 3], [1, 4], [2, 5], [3, 6], [4, 5]];

#[test]
fn suggestions_and_the_strategy_are_one_advice() {
    for members in [
        family(),
        merged(&SIX[..3], 0.3),
        merged(&SIX, 0.3),
        merged(&SIX, -0.2),
    ] {
        let kinship = family_kinship();
        let population = Population {
            members: &members,
            kinship: &kinship,
            base: &[],
            measures: &[],
        };
        let choices = Choices {
            top: 4,
            ..Choices::default()
        };
        let pairings = Improvement.pairings(&Round {
            population,
            generation: 2,
            choices: &choices,
        });
        let suggested = suggest(&population, &population.advice(), pairings.len());
        let chosen: Vec<[usize; 2]> = pairings.iter().map(|p| p.parents).collect();
        let first: Vec<[usize; 2]> = suggested.iter().map(Suggestion::pair).collect();
        assert_eq!(chosen, first);
        assert_eq!(chosen.len(), 6);
    }
}

#[test]
fn the_pairs_are_in_order_of_what_they_may_improve() {
    let found = ask(&merged(&SIX, 0.3), 99);
    let improvements: Vec<f64> = found.iter().map(|s| s.advised.improvement).collect();
    let copies = found.iter().filter(|s| s.advised.are_copies()).count();
    assert!(improvements[..found.len() - copies].is_sorted_by(|a, b| a >= b));
}

#[test]
fn a_child_below_the_best_is_not_suggested_in_silence() {
    let mut members = merged(&SIX, -0.5);
    members.push(Member {
        score: Some(99.0),
        tasks: vec![Some(99.0); 8],
        ..Member::default()
    });
    let found = ask(&members, 99);
    for suggestion in &found {
        let is_below = suggestion.advised.expected < 99.0;
        let says_so = |r: &Reason| matches!(r, Reason::BelowBest { .. });
        assert_eq!(
            suggestion.reasons.iter().any(says_so),
            is_below,
            "{suggestion:?}"
        );
    }
    assert!(words_of(&found[0].reasons).contains("below the best at 99.00"));
}

#[test]
fn nothing_known_is_said_and_the_interval_is_wide() {
    let found = ask(&family(), 99);
    assert_eq!(found.len(), 21);
    for suggestion in &found {
        let nothing = Reason::NothingPredicts { merges: 0 };
        assert!(suggestion.reasons.contains(&nothing));
        let [low, high] = suggestion.advised.interval;
        assert!(low < suggestion.advised.expected && suggestion.advised.expected < high);
    }
    let few = ask(&merged(&SIX[..2], 0.3), 1);
    assert!(words_of(&few[0].reasons).contains("the mean of 2 merges"));
}

#[test]
fn every_pair_is_suggested_once_but_those_that_were_merged() {
    let mut members = family();
    members.push(child(None, [4, 2]));
    members[6].score = None;
    let found = ask(&members, 99);
    assert_eq!(found.len(), 14, "15 pairs of six models, less one");
    for suggestion in &found {
        let [a, b] = suggestion.pair();
        assert!(a != b && a < 6 && b < 6 && ![[2, 4], [4, 2]].contains(&suggestion.pair()));
        assert!(members[a].score >= members[b].score);
    }
}

#[test]
fn near_copies_come_last_and_are_named() {
    let mut members = family();
    members.truncate(3);
    let kinship = |a: usize, b: usize| Some(if a + b == 1 { 0.9989 } else { 0.2 });
    let found = with(&members, &kinship, 3);
    let last = &found[2];
    assert_eq!(last.pair(), [0, 1]);
    let words = last.reasons[0].words(&|_| String::new(), &|_| String::new());
    assert_eq!(words, "0.998 similar: two equal models cannot gain");
}

#[test]
fn unknown_kinship_is_said() {
    let found = with(&family(), &|_, _| None, 1);
    assert!(found[0].reasons.contains(&Reason::KinshipUnknown));
}

#[test]
fn reasons_read_as_sentences() {
    let found = ask(&family(), 99);
    let found = found.iter().find(|s| s.pair() == [2, 4]).unwrap();
    let task = |k: usize| ["add", "cnt", "max", "rev", "rot", "sort", "sub", "uniq"][k].to_owned();
    let words = |r: &Reason| r.words(&|k| NAMES[k].to_owned(), &task);
    let words: Vec<String> = found.reasons.iter().map(words).collect();
    let words = words.join("; ");
    assert!(words.contains("Places 1 and 6 by score; "), "{words}");
    let better =
        "order is better at sort by 24.0 points, and at 1 task more; No merge is known here";
    assert!(words.contains(better), "{words}");
}

fn words_of(reasons: &[Reason]) -> String {
    let name = |_: usize| String::new();
    let words: Vec<String> = reasons.iter().map(|r| r.words(&name, &name)).collect();
    words.join("; ")
}

#[test]
fn nobody_has_no_suggestion() {
    assert_eq!(ask(&[], 3), []);
    assert_eq!(ask(&family()[..1], 3), []);
    assert_eq!(ask(&family(), 0), []);
}

#[test]
fn two_hundred_models_are_ranked() {
    let member = |k: usize| Member {
        score: Some(50.0 + ((k * 37) % 101) as f64 / 10.0),
        tasks: (0..10)
            .map(|t| Some(((k * 13 + t * 29) % 97) as f64))
            .collect(),
        ..Member::default()
    };
    let members: Vec<Member> = (0..200).map(member).collect();
    let found = with(
        &members,
        &|a, b| Some(((a * 31 + b * 31) % 100) as f64 / 100.0),
        20_000,
    );
    assert_eq!(found.len(), 19_900);
}
