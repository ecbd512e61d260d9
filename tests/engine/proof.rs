//! Recipes found again from the weights of the demo family's merges, and proved; nothing claimed
//! where nothing was merged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::merge::recipe::{ModelRef, parse};
use kinfolk::merge::run::{RunError, run};
use kinfolk::origin::proof::{
    Case, Extent, FileState, Person, Places, Proof, prove, record, verify,
};

use crate::common::merging::{options, planned, read_all};
use crate::common::{f32_part, write_safetensors};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo")
}

/// Writes the child of a recipe over the demo's models.
fn child(dir: &Path, yaml: &str) -> PathBuf {
    let out = dir.join("child");
    let plan = planned(yaml, &demo(), Some(&out));
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    out
}

fn case(child: &Path, parents: &[&str]) -> Case {
    let person = |name: &str| Person {
        name: name.to_owned(),
        reference: ModelRef::at(name),
        weights: Arc::new(Checkpoint::open(&demo().join(name)).unwrap()),
        adapter: None,
    };
    let people = ["base"].iter().chain(parents).map(|name| person(name));
    let opened = Checkpoint::open(child).unwrap();
    Case::new(&demo(), ("child".to_owned(), &opened), people.collect()).unwrap()
}

fn proof(child: &Path, parents: &[&str]) -> Proof {
    prove(&case(child, parents), Extent::All, &Ticket::default()).unwrap()
}

/// Makes the child of a recipe, finds the recipe again, and checks that it is the same.
fn found_again(yaml: &str, parents: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let proof = proof(&child(dir.path(), yaml), parents);
    let claim = proof
        .claim
        .as_ref()
        .unwrap_or_else(|| panic!("{}", proof.sentence));
    let (found, wanted) = (&parse(&claim.yaml).recipes[0], &parse(yaml).recipes[0]);
    assert_eq!(found, wanted, "{}", claim.yaml);
    assert!(proof.score.equal == proof.score.bytes, "{}", proof.sentence);
}

#[test]
fn a_linear_merge_is_found_and_makes_the_same_bytes() {
    let yaml = "merge_method: linear\nmodels:\n  - {model: arith, parameters: {weight: 0.5}}\n  \
                - {model: sorter, parameters: {weight: 0.3}}\n  \
                - {model: mirror, parameters: {weight: 0.2}}\n";
    // A stranger to the merge among the parents changes nothing.
    found_again(yaml, &["arith", "sorter", "mirror", "order"]);
}

#[test]
fn a_slerp_with_filters_is_found_and_makes_the_same_bytes() {
    let yaml = "merge_method: slerp\nbase_model: arith\nmodels: [{model: arith}, {model: sorter}]\n\
                parameters:\n  t:\n    - {filter: self_attn, value: 0.2}\n    \
                - {filter: mlp, value: 0.8}\n    - {value: 0.4}\n";
    found_again(yaml, &["arith", "sorter"]);
}

#[test]
fn task_arithmetic_with_a_negative_weight_is_found_and_makes_the_same_bytes() {
    let yaml = "merge_method: task_arithmetic\nbase_model: base\nmodels:\n  \
                - {model: arith, parameters: {weight: 1.0}}\n  \
                - {model: sorter, parameters: {weight: -0.5}}\n";
    found_again(yaml, &["arith", "sorter"]);
}

#[test]
fn ties_is_found_with_its_densities_and_makes_the_same_bytes() {
    let yaml = "merge_method: ties\nbase_model: base\nmodels:\n  \
                - {model: arith, parameters: {density: 0.3, weight: 1}}\n  \
                - {model: sorter, parameters: {density: 0.7, weight: 0.5}}\n";
    found_again(yaml, &["arith", "sorter"]);
}

#[test]
fn ties_of_three_is_found_in_f32_with_densities_of_their_own() {
    let yaml = "merge_method: ties\nbase_model: base\nmodels:\n  \
                - {model: arith, parameters: {density: 0.43, weight: 0.52}}\n  \
                - {model: sorter, parameters: {density: 0.7, weight: 0.27}}\n  \
                - {model: mirror, parameters: {density: 0.25, weight: 0.64}}\n\
                parameters: {lambda: 0.8}\ndtype: float32\n";
    found_again(yaml, &["arith", "sorter", "mirror"]);
}

#[test]
fn the_sum_of_kept_changes_is_found_in_f16() {
    let yaml = "merge_method: ties\nbase_model: base\nmodels:\n  \
                - {model: arith, parameters: {density: 0.6, weight: 0.46}}\n  \
                - {model: sorter, parameters: {density: 0.6, weight: 0.31}}\n\
                parameters: {normalize: false}\ndtype: float16\n";
    found_again(yaml, &["arith", "sorter"]);
}

#[test]
fn copied_layers_in_another_format_are_no_mean() {
    let yaml = "merge_method: passthrough\nslices:\n  \
                - sources: [{model: arith, layer_range: [0, 2]}]\n  \
                - sources: [{model: sorter, layer_range: [2, 4]}]\ndtype: float32\n";
    found_again(yaml, &["arith", "sorter"]);
}

#[test]
fn stacked_layers_are_found() {
    let yaml = "merge_method: passthrough\nslices:\n  \
                - sources: [{model: arith, layer_range: [0, 3]}]\n  \
                - sources: [{model: sorter, layer_range: [1, 4]}]\n";
    found_again(yaml, &["arith", "sorter"]);
}

#[test]
fn nothing_is_claimed_for_a_fine_tune_a_missing_parent_and_strangers() {
    let of_demo = |name: &str, parents: &[&str]| {
        let proof = proof(&demo().join(name), parents);
        assert_eq!(proof.method(), None, "{}", proof.sentence);
        assert!(
            proof.sentence.contains("Nothing is claimed"),
            "{}",
            proof.sentence
        );
    };
    of_demo("ledger", &["arith", "sorter"]);
    of_demo("mirror", &["arith"]);
    let dir = tempfile::tempdir().unwrap();
    let yaml = "merge_method: linear\nmodels:\n  - {model: arith, parameters: {weight: 0.6}}\n  \
                - {model: sorter, parameters: {weight: 0.4}}\n";
    let made = child(dir.path(), yaml);
    assert_eq!(proof(&made, &["arith", "mirror"]).method(), None);
}

#[test]
fn a_light_fine_tune_of_a_parent_is_no_copy() {
    let dir = tempfile::tempdir().unwrap();
    let tensors = read_all(&demo().join("arith"));
    let parts: Vec<_> = (tensors.iter())
        .map(|(name, (_, shape, numbers))| {
            let moved: Vec<f32> = (numbers.iter().enumerate())
                .map(|(k, x)| if k % 50 == 0 { x * 1.01 } else { *x })
                .collect();
            f32_part(name, shape, &moved)
        })
        .collect();
    let out = dir.path().join("tuned");
    std::fs::create_dir(&out).unwrap();
    write_safetensors(&out.join("model.safetensors"), &parts);
    let proof = proof(&out, &["arith", "sorter"]);
    assert_eq!(proof.method(), None, "{}", proof.sentence);
}

#[test]
fn a_sparse_fine_tune_of_a_parent_is_no_ties_of_that_parent() {
    let dir = tempfile::tempdir().unwrap();
    let tensors = read_all(&demo().join("arith"));
    let parts: Vec<_> = (tensors.iter())
        .map(|(name, (_, shape, numbers))| {
            let moved: Vec<f32> = (numbers.iter().enumerate())
                .map(|(k, x)| if k % 60 == 0 { x + 0.003 } else { *x })
                .collect();
            f32_part(name, shape, &moved)
        })
        .collect();
    let out = dir.path().join("tuned");
    std::fs::create_dir(&out).unwrap();
    write_safetensors(&out.join("model.safetensors"), &parts);
    let proof = proof(&out, &["arith"]);
    assert_eq!(proof.method(), None, "{}", proof.sentence);
}

#[test]
fn a_cancelled_search_ends() {
    let case = case(&demo().join("ledger"), &["arith"]);
    let ticket = Ticket::default();
    ticket.cancel();
    let ended = prove(&case, Extent::Sample, &ticket);
    assert!(matches!(ended, Err(RunError::Cancelled(_))));
}

#[test]
fn a_merge_verifies_until_its_parent_or_itself_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["arith", "sorter"] {
        let to = dir.path().join(name);
        std::fs::create_dir(&to).unwrap();
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(demo().join(name).join(file), to.join(file)).unwrap();
        }
    }
    let yaml = "merge_method: linear\nmodels:\n  - {model: arith, parameters: {weight: 0.6}}\n  \
                - {model: sorter, parameters: {weight: 0.4}}\n";
    let out = dir.path().join("child");
    let plan = planned(yaml, dir.path(), Some(&out));
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    let verified = || {
        let child = Checkpoint::open(&out).unwrap();
        let places = Places {
            root: dir.path(),
            working: None,
            hub: None,
        };
        verify(&child, places, Extent::All, &Ticket::default()).unwrap()
    };
    let recorded = record(&Checkpoint::open(&out).unwrap()).unwrap();
    assert_eq!(parse(&recorded.recipe).recipes, parse(yaml).recipes);
    assert_eq!(recorded.parents.len(), 2);
    let good = verified();
    assert!(good.holds, "{}", good.sentence);
    // The last byte of a file belongs to a number.
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    flip(&out.join("model.safetensors"));
    let changed = verified();
    assert!(
        !changed.holds && changed.sentence.contains("changed after the merge"),
        "{}",
        changed.sentence
    );
    flip(&out.join("model.safetensors"));
    flip(&dir.path().join("sorter/model.safetensors"));
    let other = verified();
    assert!(
        !other.holds && other.sentence.contains("sorter"),
        "{}",
        other.sentence
    );
    assert_eq!(other.parents[1].files[0].1, FileState::Changed);
    assert_eq!(other.parents[0].files[0].1, FileState::Same);
}

#[test]
fn a_model_without_a_record_says_what_to_do() {
    let sentence = record(&Checkpoint::open(&demo().join("arith")).unwrap()).unwrap_err();
    assert!(sentence.contains("kinfolk prove"), "{sentence}");
}
