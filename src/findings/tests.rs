//! Every rule both ways: with ground, and just without.

use super::*;
use crate::study::{Evolution, Model, Score, Step};

/// A base and models of it, with what is known of each.
struct Case {
    doc: StudyDoc,
    kinship: fn(u32, u32) -> Option<f64>,
    norm: fn(u32) -> Option<f64>,
    tokens: fn(u32) -> Option<usize>,
}

fn case(n: u32) -> Case {
    let model = |id: u32| Model {
        id: ModelId(id),
        name: if id == 0 {
            "base".to_owned()
        } else {
            format!("m{id}")
        },
        base: (id > 0).then_some(ModelId(0)),
        ..Model::default()
    };
    Case {
        doc: StudyDoc {
            models: (0..=n).map(model).collect(),
            ..StudyDoc::default()
        },
        kinship: |_, _| None,
        norm: |_| None,
        tokens: |_| None,
    }
}

impl Case {
    fn score(mut self, id: usize, task: &str, value: f64) -> Self {
        self.doc.models[id].scores.push(Score {
            task: task.to_owned(),
            value,
            ..Score::default()
        });
        self
    }

    fn parents(mut self, id: usize, parents: [u32; 2]) -> Self {
        self.doc.models[id].parents = parents.map(ModelId).to_vec();
        self
    }

    fn found(&self) -> Vec<String> {
        self.found_but(&BTreeSet::new())
    }

    fn found_but(&self, dismissed: &BTreeSet<String>) -> Vec<String> {
        let kinship = |a: ModelId, b: ModelId| (self.kinship)(a.0.min(b.0), a.0.max(b.0));
        let record = StudyFacts::new(&self.doc, &|a, b, _| kinship(a, b));
        let facts = Facts {
            doc: &self.doc,
            record: &record,
            kinship: &kinship,
            norm: &|id| (self.norm)(id.0),
            tokens: &|id| (self.tokens)(id.0),
        };
        let found = findings(&facts, dismissed).into_iter();
        found.map(|finding| finding.sentence).collect()
    }
}

#[test]
fn a_study_without_ground_says_nothing() {
    assert!(case(0).found().is_empty());
    assert!(case(5).found().is_empty());
    let mut usual = case(4);
    usual.kinship = |_, _| Some(0.6);
    usual.norm = |_| Some(1.0);
    usual.tokens = |_| Some(32_000);
    assert!(usual.found().is_empty());
}

#[test]
fn copies_are_named_and_near_copies_are_not() {
    let mut copies = case(3);
    copies.kinship = |a, b| Some(if (a, b) == (1, 3) { 0.999_9 } else { 0.5 });
    assert_eq!(copies.found(), ["m1 and m3 are the same (1.000)"]);
    copies.norm = |id| Some(if id == 3 { 2.0 } else { 1.0 });
    assert!(
        copies.found().is_empty(),
        "the same direction, twice as far"
    );
    copies.norm = |_| None;
    copies.kinship = |_, _| Some(0.999);
    assert!(copies.found().is_empty());
}

#[test]
fn what_opposes_its_family_does_so_against_most_of_it() {
    let mut opposed = case(5);
    opposed.kinship = |_, b| Some(if b == 5 { -0.4 } else { 0.5 });
    let sentence = "m5 opposes its family: mean kinship −0.400 with 4 models";
    assert_eq!(opposed.found(), [sentence]);
    opposed.kinship = |_, b| Some(if b == 5 { -0.05 } else { 0.5 });
    assert!(opposed.found().is_empty(), "unrelated is not opposed");
    let mut few = case(2);
    few.kinship = |_, _| Some(-0.9);
    assert!(few.found().is_empty(), "two are no family");
}

#[test]
fn a_new_best_is_a_merge_that_beats_what_is_older() {
    let best = |child: f64| {
        let case = case(3).parents(3, [1, 2]);
        let case = case.score(1, "gsm8k", 70.0).score(2, "gsm8k", 60.0);
        case.score(3, "gsm8k", child).found()
    };
    assert_eq!(
        best(71.5),
        ["m3 is the new best: 71.50, 1.50 points above m1"]
    );
    assert!(best(69.0).is_empty());
    assert!(best(70.0).is_empty(), "as good is not better");
    let without_merges = case(2).score(1, "gsm8k", 70.0).score(2, "gsm8k", 60.0);
    assert!(without_merges.found().is_empty());
}

#[test]
fn tasks_that_one_model_can_do_stand_in_one_sentence() {
    let with = |best: f64, others: [f64; 3]| {
        let mut case = case(4);
        for task in ["max", "rev"] {
            case = case.score(1, task, best);
            for (k, value) in others.into_iter().enumerate() {
                case = case.score(k + 2, task, value);
            }
        }
        case.found()
    };
    let sentence = "Only m1 can do max and rev: 92.00 on rev, the next has 41.00";
    assert_eq!(with(92.0, [41.0, 20.0, 0.0]), [sentence]);
    assert!(with(92.0, [80.0, 20.0, 0.0]).is_empty());
    assert!(with(40.0, [1.0, 1.0, 1.0]).is_empty(), "nobody can do it");
}

#[test]
fn a_task_vector_that_is_far_too_long_doubts_the_base() {
    let mut far = case(4);
    far.norm = |id| Some(if id == 2 { 25.0 } else { 1.0 });
    let sentence = "m2 may not descend from base: its task vector is 25 times as long as the \
                    others’";
    assert_eq!(far.found(), [sentence]);
    far.norm = |id| Some(if id == 2 { 5.0 } else { 1.0 });
    assert!(far.found().is_empty());
    far.norm = |id| (id < 3).then_some(if id == 2 { 25.0 } else { 1.0 });
    assert!(
        far.found().is_empty(),
        "one other is nothing to compare with"
    );
}

#[test]
fn vocabularies_that_differ_are_told_with_their_sizes() {
    let mut differs = case(3);
    differs.tokens = |id| Some(if id == 2 { 32_002 } else { 32_000 });
    let sentence = "m2 has 32002 tokens, base has 32000: choose a tokenizer when they are merged";
    assert_eq!(differs.found(), [sentence]);
    differs.tokens = |id| (id == 2).then_some(32_002);
    assert!(differs.found().is_empty());
}

#[test]
fn a_run_without_gain_among_kin_is_saturated() {
    let run = |scores: [f64; 4]| {
        let mut case = case(4);
        case.doc.evolutions = vec![Evolution {
            name: "Greedy".to_owned(),
            ..Evolution::default()
        }];
        case.kinship = |_, _| Some(0.95);
        for (k, score) in scores.into_iter().enumerate() {
            case.doc.models[k + 1].steps = vec![Step {
                run: "Greedy".to_owned(),
                generation: k as u32,
                ..Step::default()
            }];
            case = case.score(k + 1, "gsm8k", score);
        }
        let found = case.found();
        found
            .into_iter()
            .filter(|s| s.contains("saturated"))
            .collect::<Vec<_>>()
    };
    let sentence = "Greedy is saturated since generation 2: less than 0.50 points gained in 2 \
                    generations, kinship 0.950 among the best";
    assert_eq!(run([60.0, 62.0, 62.0, 62.0]), [sentence]);
    assert!(run([60.0, 62.0, 64.0, 66.0]).is_empty());
}

#[test]
fn what_was_dismissed_stays_dismissed() {
    let mut copies = case(3);
    copies.kinship = |a, b| Some(if (a, b) == (1, 3) { 1.0 } else { 0.5 });
    let dismissed = BTreeSet::from(["copies 1 3".to_owned()]);
    assert!(copies.found_but(&dismissed).is_empty());
    let other = BTreeSet::from(["copies 1 2".to_owned()]);
    assert_eq!(copies.found_but(&other).len(), 1);
}
