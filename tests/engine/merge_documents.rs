//! Recipe files of several documents: their order, and a folder for each that has a name.

use std::path::Path;

use kinfolk::jobs::Ticket;
use kinfolk::merge::plan::{Plan, Surroundings, plan};
use kinfolk::merge::recipe::{OnNan, parse};
use kinfolk::merge::run::{Options, Outcome, RunError, run};

use crate::common::merging::*;

fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["a", "b", "base"].into_iter().enumerate() {
        tiny_model(&dir.path().join(name), k as u64 + 1);
    }
    dir
}

fn placed(yaml: &str, root: &Path, out: Option<&Path>) -> Plan {
    let intermediates = root.join("made");
    let surroundings = Surroundings {
        root,
        working: None,
        hub: None,
        out,
        intermediates: Some(&intermediates),
        force: false,
        allow_crimes: false,
        threads: 2,
        opened: &[],
    };
    plan(&parse(yaml), &surroundings)
}

fn merge(yaml: &str, root: &Path, options: &Options) -> Result<Outcome, RunError> {
    let out = Some(options.out.as_path()).filter(|out| *out != Path::new(""));
    run(&placed(yaml, root, out), options, &Ticket::default())
}

const CHAIN: &str = "\
name: first
merge_method: linear
models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 3}}]
---
merge_method: task_arithmetic
base_model: base
models: [{model: first, parameters: {weight: 0.5}}]
---
name: aside
merge_method: linear
models: [{model: b, parameters: {weight: 2}}]
";

#[test]
fn named_documents_stay_and_are_read_where_they_are_made() {
    let dir = desk();
    let options = Options {
        // Several shards each.
        shard_bytes: 600,
        ..options(&dir.path().join("last"))
    };
    let outcome = merge(CHAIN, dir.path(), &options).unwrap();
    assert_eq!(outcome.out, options.out);
    let made = |name: &str| dir.path().join("made").join(name);
    assert_eq!(outcome.others, [made("first"), made("aside")]);
    // The same as each by itself.
    let alone = |yaml: &str, name: &str| {
        let out = dir.path().join(name);
        let plan = planned(yaml, dir.path(), Some(&out));
        run(
            &plan,
            &super::common::merging::options(&out),
            &Ticket::default(),
        )
        .unwrap();
        read_all(&out)
    };
    let documents: Vec<&str> = CHAIN.split("---\n").collect();
    let first = alone(documents[0], "alone-first");
    assert_eq!(read_all(&made("first")), first);
    let last = documents[1].replace("model: first", "model: alone-first");
    assert_eq!(read_all(&options.out), alone(&last, "alone-last"));
    // What is saved beside a child makes it again.
    let saved = std::fs::read_to_string(made("first").join("mergekit_config.yml")).unwrap();
    assert_eq!(alone(&saved, "again"), first);
    let saved = std::fs::read_to_string(options.out.join("mergekit_config.yml")).unwrap();
    assert!(
        saved.contains("name: first") && !saved.contains("aside"),
        "{saved}"
    );
}

#[test]
fn a_file_without_an_unnamed_document_needs_no_output() {
    let dir = desk();
    let yaml = "name: top\nmerge_method: linear\nmodels: [{model: low, parameters: {weight: 1}}]\n\
                ---\nname: low\nmerge_method: linear\n\
                models: [{model: a, parameters: {weight: 1}}]\n";
    let outcome = merge(yaml, dir.path(), &options(Path::new(""))).unwrap();
    let made = |name: &str| dir.path().join("made").join(name);
    assert_eq!(
        (outcome.out, outcome.others),
        (made("top"), vec![made("low")])
    );
    assert_eq!(read_all(&made("top")), read_all(&made("low")));
}

#[test]
fn a_method_is_no_reference_to_a_document_of_its_name() {
    let dir = desk();
    let yaml = "name: linear\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n\
                ---\nmerge_method: linear\nmodels: [{model: linear, parameters: {weight: 1}}]\n";
    merge(yaml, dir.path(), &options(&dir.path().join("last"))).unwrap();
    assert_eq!(
        read_all(&dir.path().join("last")),
        read_all(&dir.path().join("a"))
    );
}

#[test]
fn a_failure_in_the_last_document_leaves_nothing() {
    let dir = desk();
    let mut base = read_all(&dir.path().join("base"));
    base.get_mut("model.norm.weight").unwrap().2[0] = f32::NAN;
    let parts: Vec<_> = base
        .iter()
        .map(|(name, (_, shape, own))| crate::common::f32_part(name, shape, own))
        .collect();
    crate::common::write_safetensors(&dir.path().join("base/model.safetensors"), &parts);
    let before = entries(dir.path());
    let options = Options {
        on_nan: Some(OnNan::Refuse),
        ..options(&dir.path().join("last"))
    };
    assert!(merge(CHAIN, dir.path(), &options).is_err());
    let models = |entry: &String| entry.contains("first") || entry.contains("last");
    let after = entries(dir.path());
    let shown = after.iter().filter(|own| !before.contains(own));
    // What was finished waits, hidden, for the next run.
    assert!(
        shown
            .filter(|own| models(own))
            .all(|own| own.contains("kinfolk-merge"))
    );
    assert!(!dir.path().join("made/first").exists() && !options.out.exists());
}

/// All paths below a folder.
fn entries(dir: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        out.push(path.to_string_lossy().into_owned());
        if path.is_dir() {
            out.extend(entries(&path));
        }
    }
    out.sort();
    out
}

#[test]
fn documents_that_cannot_have_their_places_are_refused() {
    let dir = desk();
    let own = |name: &str| {
        format!(
            "name: \"{name}\"\nmerge_method: linear\nmodels: [{{model: a, parameters: {{weight: 1}}}}]\n"
        )
    };
    let unnamed = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n";
    let circle = own("x").replace("model: a", "model: x");
    let cases = [
        (own("../x"), "no name for a folder"),
        (own("/x"), "no name for a folder"),
        (
            own("x") + "---\n" + &own("x"),
            "two documents are called `x`",
        ),
        (own("x") + "---\n" + &own("x/y"), "go to the same place"),
        (
            format!("{unnamed}---\n{unnamed}"),
            "two documents have no name",
        ),
        (circle, "needs its own result"),
    ];
    for (yaml, sentence) in cases {
        let plan = placed(&yaml, dir.path(), None);
        let found: Vec<String> = plan.errors().map(ToString::to_string).collect();
        assert!(
            found.iter().any(|own| own.contains(sentence)),
            "{yaml}\n{found:?}"
        );
    }
    // Without a folder for each, one result is all.
    let plan = planned(CHAIN, dir.path(), None);
    let found: Vec<String> = plan.errors().map(ToString::to_string).collect();
    assert!(found[0].contains("--intermediates"), "{found:?}");
}
