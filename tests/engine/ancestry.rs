//! Ancestry of merges of the demo family: who, how much, by what kind of method, and when it
//! cannot be told.

use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Grain, Kinship, Precision, measure};
use kinfolk::merge::run::run;
use kinfolk::origin::ancestry::{
    Answer, Question, Rounding, Signs, Verdict, Why, first_look, second_look, shares_by_group,
    words,
};

use crate::common::merging::{options, planned};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo")
}

/// A merge of the demo family, written below `dir`.
fn merged(dir: &Path, name: &str, recipe: &str) -> Checkpoint {
    let out = dir.join(name);
    let plan = planned(recipe, &demo(), Some(&out));
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    Checkpoint::open(&out).unwrap()
}

fn open(name: &str) -> Checkpoint {
    Checkpoint::open(&demo().join(name)).unwrap()
}

struct Asked {
    kinship: Kinship,
    rounding: Rounding,
    indices: Vec<usize>,
}

fn measured(child: &Checkpoint, candidates: &[&Checkpoint]) -> Asked {
    let base = open("base");
    let models: Vec<&Checkpoint> = std::iter::once(child)
        .chain(candidates.iter().copied())
        .collect();
    let ticket = Ticket::default();
    let kinship = measure(&base, &models, Precision::Full, None, &ticket, &|_, _| {}).unwrap();
    Asked {
        rounding: Rounding::of(&kinship, child, &base),
        indices: (1..models.len()).collect(),
        kinship,
    }
}

impl Asked {
    fn question(&self, signs: Signs) -> Question<'_> {
        Question {
            kinship: &self.kinship,
            child: 0,
            candidates: &self.indices,
            signs,
            rounding: &self.rounding,
        }
    }
}

/// The answer from both looks for candidates of the demo family.
fn ancestry(child: &Checkpoint, candidates: &[&str]) -> Answer {
    let opened: Vec<Checkpoint> = candidates.iter().map(|name| open(name)).collect();
    let refs: Vec<&Checkpoint> = opened.iter().collect();
    ancestry_of(child, &refs)
}

fn ancestry_of(child: &Checkpoint, candidates: &[&Checkpoint]) -> Answer {
    let asked = measured(child, candidates);
    let question = asked.question(Signs::NonNegative);
    let ticket = Ticket::default();
    second_look(&question, &open("base"), child, candidates, &ticket).unwrap()
}

fn parts(answer: &Answer, names: &[&str]) -> Vec<(String, f64)> {
    let parts = answer.parts.iter();
    parts
        .map(|part| (names[part.candidate].to_owned(), part.share))
        .collect()
}

#[track_caller]
fn check(answer: &Answer, names: &[&str], verdict: Verdict, wanted: &[(&str, f64)]) {
    let found = parts(answer, names);
    assert_eq!(answer.verdict, verdict, "{found:?}, {answer:?}");
    let fits = found
        .iter()
        .zip(wanted)
        .all(|((name, share), (own, wanted))| name == own && (share - wanted).abs() <= 0.02);
    assert!(
        fits && found.len() == wanted.len(),
        "{found:?}, not {wanted:?}"
    );
}

const ALL: [&str; 7] = [
    "abacus", "arith", "ledger", "mirror", "order", "sorter", "tally",
];

#[test]
fn shares_of_a_weighted_sum_are_found_among_strangers_and_relatives() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = "merge_method: linear\nmodels:\n  - {model: arith, parameters: {weight: 0.5}}\n  - {model: order, parameters: {weight: 0.3}}\n  - {model: tally, parameters: {weight: 0.2}}\ndtype: float32\nout_dtype: bfloat16\n";
    let child = merged(dir.path(), "child", recipe);
    let answer = ancestry(&child, &ALL);
    check(
        &answer,
        &ALL,
        Verdict::Linear,
        &[("arith", 0.5), ("order", 0.3), ("tally", 0.2)],
    );
    assert!(answer.residual < 1.5 * answer.rounding, "{answer:?}");
    let names = ALL.map(str::to_owned);
    let said = words::shares(&answer, &names);
    assert!(
        said.starts_with("50 % arith, 30 % order, 20 % tally, "),
        "{said}"
    );
    // Without one of them the others do not explain it, and no stranger takes its place.
    let others: Vec<&str> = ALL.into_iter().filter(|name| *name != "order").collect();
    let answer = ancestry(&child, &others);
    assert_eq!(answer.verdict, Verdict::ParentMissing, "{answer:?}");
    assert!(
        !parts(&answer, &others)
            .iter()
            .any(|(name, _)| name == "sorter"),
        "{answer:?}"
    );
}

#[test]
fn a_copy_among_the_candidates_is_not_told_from_the_parent() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = "merge_method: linear\nmodels:\n  - {model: mirror, parameters: {weight: 0.6}}\n  - {model: tally, parameters: {weight: 0.4}}\ndtype: float32\nout_dtype: bfloat16\n";
    let child = merged(dir.path(), "child", recipe);
    let answer = ancestry(&child, &["mirror", "tally", "order", "mirror"]);
    assert_eq!(
        (answer.verdict, answer.why),
        (Verdict::CannotTell, Why::Alike),
        "{answer:?}"
    );
    let alike: Vec<usize> = {
        let mut pair = answer.alike[0].to_vec();
        pair.sort_unstable();
        pair
    };
    assert_eq!((answer.alike.len(), alike), (1, vec![0, 3]));
    let names = ["mirror", "tally", "order", "twin"].map(str::to_owned);
    let said = words::sentence(&answer, "child", &names);
    assert!(
        said.contains("Cannot tell") && said.contains("twin"),
        "{said}"
    );
}

#[test]
fn the_first_look_finds_a_curve_and_seams_over_the_layers() {
    let dir = tempfile::tempdir().unwrap();
    let slerp = "merge_method: slerp\nbase_model: ledger\nslices:\n  - sources:\n      - {model: ledger, layer_range: [0, 4]}\n      - {model: mirror, layer_range: [0, 4]}\nparameters:\n  t: [0.1, 0.9]\ndtype: float32\nout_dtype: bfloat16\n";
    let child = merged(dir.path(), "curve", slerp);
    let models = ["ledger", "mirror", "tally"].map(open);
    let refs = models.each_ref();
    let asked = measured(&child, &refs);
    let question = asked.question(Signs::NonNegative);
    let answer = first_look(&question);
    assert_eq!(
        (answer.verdict, answer.why),
        (Verdict::Linear, Why::SharesChange),
        "{answer:?}"
    );
    let groups = shares_by_group(&question, &[0, 1], Grain::Layer);
    let layers = groups
        .iter()
        .filter(|group| group.name.contains(char::is_numeric));
    let rising: Vec<f64> = layers.map(|group| group.shares[1]).collect();
    assert_eq!(rising.len(), 4, "{groups:?}");
    assert!(
        rising.is_sorted() && rising[0] < 0.2 && rising[3] > 0.8,
        "{rising:?}"
    );

    let layers = "merge_method: passthrough\nslices:\n  - sources: [{model: order, layer_range: [0, 2]}]\n  - sources: [{model: arith, layer_range: [2, 4]}]\n";
    let child = merged(dir.path(), "layers", layers);
    let names = ["arith", "order", "sorter"];
    let answer = ancestry(&child, &names);
    assert_eq!(
        (answer.verdict, answer.why),
        (Verdict::Linear, Why::SharesChange),
        "{answer:?}"
    );
    let mut found: Vec<String> = parts(&answer, &names)
        .into_iter()
        .map(|part| part.0)
        .collect();
    found.sort();
    assert_eq!(found, ["arith", "order"]);
}

#[test]
fn parents_of_ties_and_dare_are_found_in_the_weights() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = |method: &str, density: f64| {
        format!(
            "merge_method: {method}\nbase_model: base\nmodels:\n  - {{model: order, parameters: {{weight: 0.65, density: {density}}}}}\n  - {{model: ledger, parameters: {{weight: 0.35, density: {density}}}}}\ndtype: float32\nout_dtype: bfloat16\n"
        )
    };
    let names = ["ledger", "mirror", "order", "sorter"];
    let wanted = [("order", 0.65), ("ledger", 0.35)];
    let child = merged(dir.path(), "ties", &recipe("ties", 0.5));
    check(&ancestry(&child, &names), &names, Verdict::Trimmed, &wanted);
    let answer = ancestry(&child, &["ledger", "mirror", "sorter"]);
    check(
        &answer,
        &["ledger", "mirror", "sorter"],
        Verdict::ParentMissing,
        &[("ledger", answer.parts[0].share)],
    );
    let child = merged(dir.path(), "dare", &recipe("dare_linear", 0.5));
    check(&ancestry(&child, &names), &names, Verdict::Dropped, &wanted);
}

/// arith and its fine-tune abacus have nearly everywhere one sign, so arith is hardly ever kept
/// alone.
#[test]
fn a_parent_of_ties_that_is_never_alone_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = [
        ("abacus", 0.4),
        ("mirror", 0.3),
        ("arith", 0.2),
        ("tally", 0.1),
    ];
    let part = |(name, weight): &(&str, f64)| {
        format!("  - {{model: {name}, parameters: {{weight: {weight}, density: 0.8}}}}\n")
    };
    let models: String = wanted.iter().map(part).collect();
    let recipe = format!("merge_method: ties\nbase_model: base\nmodels:\n{models}dtype: float32\n");
    let answer = ancestry(&merged(dir.path(), "child", &recipe), &ALL);
    check(&answer, &ALL, Verdict::Trimmed, &wanted);
}

/// A child in F32 of two merges in BF16: what their rounding has left is no missing parent.
#[test]
fn a_finer_child_of_merges_has_their_rounding_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let two = |a: &str, b: &str, dtype: &str| {
        format!(
            "merge_method: linear\nmodels:\n  - {{model: {a}, parameters: {{weight: 0.6}}}}\n  - {{model: {b}, parameters: {{weight: 0.4}}}}\ndtype: float32\nout_dtype: {dtype}\n"
        )
    };
    let paths = [("arith", "order"), ("mirror", "tally")].map(|(a, b)| {
        merged(dir.path(), a, &two(a, b, "bfloat16"));
        dir.path().join(a).to_str().unwrap().to_owned()
    });
    let child = merged(dir.path(), "child", &two(&paths[0], &paths[1], "float32"));
    let wanted = [
        ("arith", 0.36),
        ("mirror", 0.24),
        ("order", 0.24),
        ("tally", 0.16),
    ];
    let answer = ancestry(&child, &ALL);
    assert_eq!(answer.verdict, Verdict::Linear, "{answer:?}");
    let mut found = parts(&answer, &ALL);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let near = |(own, wanted): (&(String, f64), &(&str, f64))| {
        own.0 == wanted.0 && (own.1 - wanted.1).abs() < 0.02
    };
    assert!(
        found.len() == 4 && found.iter().zip(&wanted).all(near),
        "{found:?}"
    );
    let others = ["arith", "order", "mirror", "sorter"];
    assert_eq!(ancestry(&child, &others).verdict, Verdict::ParentMissing);
}

#[test]
fn a_pattern_of_dropped_changes_that_is_no_recipe_known_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = "merge_method: sce\nbase_model: base\nmodels:\n  - model: abacus\n  - model: mirror\nparameters: {select_topk: 0.5}\ndtype: float32\nout_dtype: bfloat16\n";
    let answer = ancestry(&merged(dir.path(), "child", recipe), &ALL);
    assert_eq!(answer.verdict, Verdict::CannotTell, "{answer:?}");
}

#[test]
fn a_fine_tune_of_a_fine_tune_continues_it_and_not_its_sibling() {
    let names = ["abacus", "arith", "mirror", "order"];
    let answer = ancestry(&open("ledger"), &names);
    check(&answer, &names, Verdict::FineTune, &[("arith", 1.0)]);
    let names = ["abacus", "mirror", "order"];
    let answer = ancestry(&open("ledger"), &names);
    assert!(
        matches!(answer.verdict, Verdict::ParentMissing | Verdict::CannotTell),
        "{answer:?}"
    );
    let names = ["arith", "mirror"];
    let answer = ancestry(&open("tally"), &names);
    check(&answer, &names, Verdict::ParentMissing, &[]);
}

#[test]
fn the_base_a_copy_and_a_subtracted_model_are_named() {
    let answer = ancestry(&open("base"), &["arith", "order"]);
    assert_eq!(
        (answer.verdict, answer.why),
        (Verdict::CannotTell, Why::Unchanged)
    );
    assert!(answer.parts.is_empty());
    let answer = ancestry(&open("arith"), &["abacus", "arith", "order"]);
    check(
        &answer,
        &["abacus", "arith", "order"],
        Verdict::Linear,
        &[("arith", 1.0)],
    );
    assert_eq!(answer.why, Why::Copy);
    let dir = tempfile::tempdir().unwrap();
    let recipe = "merge_method: task_arithmetic\nbase_model: base\nmodels:\n  - {model: arith, parameters: {weight: 1.0}}\n  - {model: mirror, parameters: {weight: -0.4}}\ndtype: float32\nout_dtype: bfloat16\n";
    let child = merged(dir.path(), "child", recipe);
    let models = ["arith", "mirror", "order"].map(open);
    let asked = measured(&child, &models.each_ref());
    let answer = first_look(&asked.question(Signs::Any));
    let names = ["arith", "mirror", "order"];
    check(
        &answer,
        &names,
        Verdict::Linear,
        &[("arith", 1.0), ("mirror", -0.4)],
    );
    let answer = ancestry(&child, &names);
    assert_eq!(
        (answer.verdict, answer.why),
        (Verdict::CannotTell, Why::Negative)
    );
}

#[test]
fn the_second_look_does_not_depend_on_the_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = "merge_method: dare_ties\nbase_model: base\nmodels:\n  - {model: order, parameters: {weight: 0.6, density: 0.5}}\n  - {model: tally, parameters: {weight: 0.4, density: 0.5}}\ndtype: float32\nout_dtype: bfloat16\n";
    let child = merged(dir.path(), "child", recipe);
    let models = ["order", "tally", "arith"].map(open);
    let asked = measured(&child, &models.each_ref());
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let question = asked.question(Signs::NonNegative);
        let ticket = Ticket::default();
        pool.install(|| {
            second_look(
                &question,
                &open("base"),
                &child,
                &models.each_ref(),
                &ticket,
            )
            .unwrap()
        })
    };
    assert_eq!(with(1), with(3));
    let ticket = Ticket::default();
    ticket.cancel();
    let question = asked.question(Signs::NonNegative);
    let stopped = second_look(
        &question,
        &open("base"),
        &child,
        &models.each_ref(),
        &ticket,
    );
    assert!(matches!(stopped, Err(kinfolk::jobs::Failure::Cancelled)));
}
