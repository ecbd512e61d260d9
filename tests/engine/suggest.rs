//! Suggestions of what to merge next.

use std::collections::BTreeMap;
use std::path::Path;

use kinfolk::lineage::gain::Known;
use kinfolk::lineage::strategy::{Member, Population};
use kinfolk::lineage::suggest::{Basis, Reason, Suggestion, suggest};

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
        let pair = [NAMES[a.min(b)], NAMES[a.max(b)]];
        let row = rows.iter().find(|r| [&*r["a"], &*r["b"]] == pair)?;
        row["pcc"].parse().ok()
    }
}

/// The merges of the greedy reference run.
fn merges() -> Vec<Known> {
    let rows = table("tests/data/demo-evolution/evolution-greedy.csv");
    let known = |row: &BTreeMap<String, String>| {
        Some(Known {
            kinship: row["pcc"].parse().ok()?,
            gain: row["merge_gain_dev"].parse::<f64>().ok()? * 100.0,
        })
    };
    rows.iter().filter_map(known).collect()
}

fn ask(members: &[Member], merges: &[Known], others: &[Known], n: usize) -> Vec<Suggestion> {
    let kinship = family_kinship();
    let population = Population {
        members,
        kinship: &kinship,
        base: &[],
        measures: &[],
    };
    suggest(&population, merges, others, n)
}

fn known(list: &[(f64, f64)]) -> Vec<Known> {
    let known = |&(kinship, gain)| Known { kinship, gain };
    list.iter().map(known).collect()
}

/// A line from 4 points for strangers to none for equals.
fn ten() -> Vec<Known> {
    let gain = |k: u32| {
        let kinship = f64::from(k) / 10.0;
        (
            kinship,
            4.0 - 4.0 * kinship + if k.is_multiple_of(2) { 0.1 } else { -0.1 },
        )
    };
    known(&(0..10).map(gain).collect::<Vec<_>>())
}

#[test]
fn the_study_s_own_merges_say_what_to_expect() {
    let found = ask(&family(), &ten(), &[], 3);
    assert_eq!(found.len(), 3);
    let best = &found[0];
    let Basis::Study(line) = best.basis else {
        panic!("{:?}", best.basis)
    };
    assert_eq!(line.n, 10);
    assert!(line.r < -0.9);
    let gain = best.gain.unwrap();
    let [a, b] = best.pair;
    let members = family();
    let mean = f64::midpoint(members[a].score.unwrap(), members[b].score.unwrap());
    assert!((best.score - mean - gain.value).abs() < 1e-12);
    assert!((gain.value - line.at(best.kinship.unwrap())).abs() < 1e-12);
    assert!(gain.interval.0 < gain.value && gain.value < gain.interval.1);
    assert!(found.windows(2).all(|two| two[0].score >= two[1].score));
}

#[test]
fn what_it_rests_on_follows_how_much_is_known() {
    let (few, some) = (ten()[..2].to_vec(), ten()[..7].to_vec());
    let basis = |own: &[Known], others: &[Known]| ask(&family(), own, others, 1)[0].basis;
    assert!(matches!(basis(&ten(), &ten()), Basis::Study(_)));
    assert!(matches!(basis(&some, &ten()), Basis::Others(_)));
    assert!(matches!(basis(&some, &[]), Basis::Study(_)));
    assert_eq!(basis(&few, &[]), Basis::Scores);
    // A line needs different kinships.
    assert_eq!(basis(&known(&[(0.5, 1.0); 9]), &[]), Basis::Scores);
}

#[test]
fn scores_alone_are_said_to_be_so() {
    let found = ask(&family(), &ten()[..2], &[], 2);
    for suggestion in &found {
        assert_eq!(suggestion.gain, None);
        let alone = Reason::ScoresAlone { merges: 2 };
        assert!(
            suggestion.reasons.contains(&alone),
            "{:?}",
            suggestion.reasons
        );
    }
    // Ledger and abacus are the best two.
    assert_eq!(found[0].pair, [2, 0]);
    let others = ask(&family(), &ten(), &[], 21);
    let says_so = |r: &Reason| matches!(r, Reason::ScoresAlone { .. });
    assert!(others.iter().all(|s| !s.reasons.iter().any(says_so)));
}

#[test]
fn every_pair_is_suggested_once_but_those_that_were_merged() {
    let mut members = family();
    assert_eq!(ask(&members, &ten(), &[], 99).len(), 21);
    members.push(Member {
        score: None,
        generation: 1,
        parents: vec![4, 2],
        ..Member::default()
    });
    members[6].score = None;
    let found = ask(&members, &ten(), &[], 99);
    assert_eq!(found.len(), 14, "15 pairs of six models, less one");
    for suggestion in &found {
        let [a, b] = suggestion.pair;
        assert!(a != b && a < 6 && b < 6 && ![[2, 4], [4, 2]].contains(&suggestion.pair));
        assert!(members[a].score >= members[b].score);
    }
}

#[test]
fn near_copies_come_last_and_are_named() {
    let mut members = family();
    members.truncate(3);
    let kinship = |a: usize, b: usize| Some(if a + b == 1 { 0.9989 } else { 0.2 });
    let population = Population {
        members: &members,
        kinship: &kinship,
        base: &[],
        measures: &[],
    };
    let found = suggest(&population, &ten(), &[], 3);
    let last = &found[2];
    assert_eq!((last.pair, last.gain), ([0, 1], None));
    let words = last.reasons[0].words(&|_| String::new(), &|_| String::new());
    assert_eq!(words, "0.998 similar: two equal models cannot gain");
    assert!(found[..2].iter().all(|s| s.gain.is_some()));
}

#[test]
fn unknown_kinship_is_said_and_expects_no_gain() {
    let members = family();
    let population = Population {
        members: &members,
        kinship: &|_, _| None,
        base: &[],
        measures: &[],
    };
    let found = suggest(&population, &ten(), &[], 1);
    assert_eq!((found[0].pair, found[0].gain), ([2, 0], None));
    assert!(found[0].reasons.contains(&Reason::KinshipUnknown));
}

#[test]
fn reasons_read_as_sentences() {
    let merges = known(&[
        (0.81, 0.1),
        (0.90, 0.5),
        (0.85, -0.3),
        (0.1, 2.0),
        (0.3, 1.0),
    ]);
    let members = family();
    let population = Population {
        members: &members,
        kinship: &|a, b| Some(if [a, b] == [2, 4] { 0.9 } else { 0.0 }),
        base: &[],
        measures: &[],
    };
    let all = suggest(&population, &merges, &ten(), 99);
    let found = all.iter().find(|s| s.pair == [2, 4]).unwrap();
    let task = |k: usize| ["add", "cnt", "max", "rev", "rot", "sort", "sub", "uniq"][k].to_owned();
    let words = |r: &Reason| r.words(&|k| NAMES[k].to_owned(), &task);
    let words: Vec<String> = found.reasons.iter().map(words).collect();
    assert_eq!(
        words,
        [
            "Places 1 and 6 by score",
            "3 merges at kinship 0.80–0.95 gained +0.10 on average (−0.30 to +0.50)",
            "order is better at sort by 24.0 points, and at 1 task more",
        ]
    );
    let stranger = all.iter().find(|s| s.pair == [2, 0]).unwrap();
    let first = words_of(&stranger.reasons);
    assert!(
        first.contains("1 merge at kinship below 0.20 gained +2.00"),
        "{first}"
    );
}

fn words_of(reasons: &[Reason]) -> String {
    let name = |_: usize| String::new();
    let words: Vec<String> = reasons.iter().map(|r| r.words(&name, &name)).collect();
    words.join("; ")
}

#[test]
fn others_merges_are_called_so() {
    let found = ask(&family(), &[], &ten(), 1);
    assert!(words_of(&found[0].reasons).contains("of others at kinship"));
}

#[test]
fn nobody_has_no_suggestion() {
    assert_eq!(ask(&[], &ten(), &[], 3), []);
    assert_eq!(ask(&family()[..1], &ten(), &[], 3), []);
    assert_eq!(ask(&family(), &ten(), &[], 0), []);
}

/// On the record of the greedy run, which knows merges of relatives alone, the line is one from
/// 0.90 up; what it would say of strangers lies far outside: it is not followed there, and the
/// interval says so.
#[test]
fn a_line_through_relatives_is_unsure_of_strangers() {
    let found = ask(&family(), &merges(), &[], 99);
    let width = |pair: [usize; 2]| {
        let gain = found.iter().find(|s| s.pair == pair).unwrap().gain.unwrap();
        gain.interval.1 - gain.interval.0
    };
    assert!(width([2, 6]) > 3.0 * width([2, 0]));
    let strangers = found.iter().find(|s| s.pair == [2, 6]).unwrap();
    assert!(strangers.gain.unwrap().value < 4.0, "{strangers:?}");
    assert!(words_of(&strangers.reasons).contains("No known merge is this distant"));
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
    let population = Population {
        members: &members,
        kinship: &|a, b| Some(((a * 31 + b * 31) % 100) as f64 / 100.0),
        base: &[],
        measures: &[],
    };
    let found = suggest(&population, &ten(), &[], 3);
    // The naive way: the best of all pairs, one by one.
    let line = found[0].basis.line().unwrap();
    let score = |a: usize, b: usize| {
        let mean = f64::midpoint(members[a].score.unwrap(), members[b].score.unwrap());
        let kinship = (population.kinship)(a, b).unwrap();
        (kinship < 0.99).then(|| mean + line.at(kinship))
    };
    let score = &score;
    let all = (0..200).flat_map(|a| (0..a).filter_map(move |b| score(a, b)));
    let best = all.fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(found.len(), 3);
    assert!((found[0].score - best).abs() < 1e-12);
}
