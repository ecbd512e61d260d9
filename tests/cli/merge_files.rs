//! What a merge leaves on disk: when it ends well, when it fails, and when it is killed.

mod left_overs;
mod program;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::merge::run::{Options, Outcome, RunError, run};
use serde_json::Value;

use crate::common;
use crate::common::merging::*;

const RECIPE: &str = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, \
                      {model: b, parameters: {weight: 3}}]\n";

/// A folder with two small models.
fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    tiny_model(&dir.path().join("a"), 1);
    tiny_model(&dir.path().join("b"), 2);
    dir
}

fn merge(root: &Path, yaml: &str, options: &Options) -> Result<Outcome, RunError> {
    let out = &options.out;
    let parsed = kinfolk::merge::recipe::parse(yaml);
    let surroundings = kinfolk::merge::plan::Surroundings {
        root,
        working: None,
        hub: None,
        out: Some(out),
        intermediates: None,
        force: options.force,
        allow_crimes: false,
        threads: 2,
        opened: &[],
    };
    let plan = kinfolk::merge::plan::plan(&parsed, &surroundings);
    run(&plan, options, &Ticket::default())
}

fn sharded(out: &Path) -> Options {
    Options {
        shard_bytes: 600,
        ..options(out)
    }
}

/// Names in a folder, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_child_has_everything_that_a_model_needs() {
    let dir = desk();
    for name in [
        "tokenizer.json",
        "generation_config.json",
        "chat_template.jinja",
    ] {
        std::fs::write(dir.path().join("a").join(name), "{}").unwrap();
    }
    let out = dir.path().join("out");
    let outcome = merge(dir.path(), RECIPE, &options(&out)).unwrap();
    assert_eq!(outcome.files, ["model.safetensors"]);
    assert_eq!(
        names(&out),
        [
            ".kinfolk-made.json",
            "README.md",
            "chat_template.jinja",
            "config.json",
            "generation_config.json",
            "mergekit_config.yml",
            "model.safetensors",
            "tokenizer.json"
        ]
    );
    let recipe = std::fs::read_to_string(out.join("mergekit_config.yml")).unwrap();
    let parse = kinfolk::merge::recipe::parse;
    assert_eq!(parse(&recipe).recipes, parse(RECIPE).recipes);
    let bytes = std::fs::read(out.join("model.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().as_ref().unwrap();
    assert_eq!(metadata["format"], "pt");
    assert_eq!(metadata["kinfolk_recipe_sha256"], outcome.recipe_sha256);
    assert_eq!(names(dir.path()), ["a", "b", "out"], "nothing else is left");
}

#[test]
fn the_saved_recipe_has_the_seed_that_was_used() {
    let dir = desk();
    let options = Options {
        seed: Some(42),
        ..options(&dir.path().join("out"))
    };
    merge(dir.path(), RECIPE, &options).unwrap();
    let saved = std::fs::read_to_string(options.out.join("mergekit_config.yml")).unwrap();
    assert_eq!(
        kinfolk::merge::recipe::parse(&saved).recipes[0].own.seed,
        Some(42)
    );
}

#[test]
fn shards_and_their_index_hold_the_same_model() {
    let dir = desk();
    let (one, many) = (dir.path().join("one"), dir.path().join("many"));
    merge(dir.path(), RECIPE, &options(&one)).unwrap();
    let outcome = merge(dir.path(), RECIPE, &sharded(&many)).unwrap();
    assert!(outcome.files.len() > 2, "{:?}", outcome.files);
    assert!(
        many.join("model-00001-of-00004.safetensors").is_file(),
        "{:?}",
        names(&many)
    );
    assert_eq!(read_all(&one), read_all(&many));
    let index = json(&many.join("model.safetensors.index.json"));
    assert_eq!(index["metadata"]["total_size"], 4 * (2 * 96 + 2 * 136 + 8));
    assert_eq!(
        index["weight_map"]["model.norm.weight"],
        "model-00004-of-00004.safetensors"
    );
    assert!(Checkpoint::open(&many).unwrap().problems().is_empty());
}

#[test]
fn nothing_is_overwritten_without_force_and_all_of_it_with() {
    let dir = desk();
    let out = dir.path().join("out");
    merge(dir.path(), RECIPE, &sharded(&out)).unwrap();
    let before = weight_files(&out);
    let refused = merge(dir.path(), RECIPE, &options(&out)).unwrap_err();
    assert!(refused.to_string().contains("--force"), "{refused}");
    assert_eq!(weight_files(&out), before);
    let forced = Options {
        force: true,
        ..options(&out)
    };
    merge(dir.path(), RECIPE, &forced).unwrap();
    assert_eq!(
        names(&out),
        [
            ".kinfolk-made.json",
            "README.md",
            "config.json",
            "mergekit_config.yml",
            "model.safetensors"
        ],
        "old shards and index are gone"
    );
    assert_eq!(names(dir.path()), ["a", "b", "out"]);
}

#[test]
fn fault_1_force_replaces_nothing_but_what_kinfolk_has_made() {
    let refused = |what: &str, put_in: &dyn Fn(&Path)| {
        let dir = desk();
        let out = dir.path().join("out");
        std::fs::create_dir_all(&out).unwrap();
        put_in(&out);
        let before = names(&out);
        let forced = Options {
            force: true,
            ..options(&out)
        };
        let refused = merge(dir.path(), RECIPE, &forced).unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
        assert_eq!(names(&out), before);
    };
    refused("it has no mark", &|out| {
        std::fs::create_dir(out.join("photos")).unwrap();
        std::fs::write(out.join("config.json"), "{}").unwrap();
    });
    // Nothing in it looks like anything but a model.
    refused("it has no mark", &|out| {
        std::fs::write(out.join("notes.txt"), "mine").unwrap();
        std::fs::write(out.join("a.json"), "{}").unwrap();
    });
    refused("`README.md` in it was changed", &|out| {
        std::fs::remove_dir(out).unwrap();
        merge(out.parent().unwrap(), RECIPE, &options(out)).unwrap();
        std::fs::write(out.join("README.md"), "my own words").unwrap();
    });
    refused("`notes.txt` in it was not written by Kinfolk", &|out| {
        std::fs::remove_dir(out).unwrap();
        merge(out.parent().unwrap(), RECIPE, &options(out)).unwrap();
        std::fs::write(out.join("notes.txt"), "mine").unwrap();
    });
}

#[test]
fn fault_1_a_folder_that_only_looks_like_a_replaced_model_is_left_alone() {
    for force in [false, true] {
        let dir = desk();
        let out = dir.path().join("out");
        let old = dir.path().join(".out.kinfolk-old");
        std::fs::create_dir(&old).unwrap();
        std::fs::write(old.join("thesis.tex"), "mine").unwrap();
        let options = Options {
            force,
            ..options(&out)
        };
        let refused = merge(dir.path(), RECIPE, &options).unwrap_err().to_string();
        assert!(refused.contains("is in the way"), "{refused}");
        assert_eq!(names(&old), ["thesis.tex"]);
        assert!(!out.exists());
    }
}

#[test]
fn names_in_other_scripts_and_with_spaces_are_paths_like_others() {
    let dir = tempfile::tempdir().unwrap();
    tiny_model(&dir.path().join("模型 一"), 1);
    tiny_model(&dir.path().join("modèle + deux"), 2);
    let yaml = "merge_method: linear\nparameters: {weight: 1}\nmodels:\n- model: 模型 一\n\
                - model: {model: {path: modèle + deux}}\n";
    let out = dir.path().join("孩子 (1)");
    merge(dir.path(), yaml, &options(&out)).unwrap();
    assert_eq!(read_all(&out).len(), 7);
    let card = std::fs::read_to_string(out.join("README.md")).unwrap();
    assert!(
        card.contains("# 孩子 (1)") && card.contains("- 模型 一"),
        "{card}"
    );
}

#[test]
fn not_a_number_is_counted_or_refused() {
    let root = oracle_root();
    let dir = tempfile::tempdir().unwrap();
    let yaml = oracle_recipe_of_today("linear-nan");
    let out = dir.path().join("out");
    let outcome = merge(&root, &yaml, &options(&out)).unwrap();
    let counts: u64 = outcome
        .non_finite
        .iter()
        .flat_map(|odd| odd.inputs.values())
        .sum();
    assert_eq!(counts, 3, "{:?}", outcome.non_finite);
    assert!(
        outcome.non_finite[0]
            .to_string()
            .contains("models/cedar/nan")
    );
    let strict = format!("{yaml}kinfolk: {{on_nan: refuse}}\n");
    let refused = merge(&root, &strict, &options(&dir.path().join("other"))).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("NaN or infinite numbers in models/cedar/nan")
    );
    assert_eq!(names(dir.path()), ["out"]);
}

#[test]
fn overflow_of_the_written_format_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        let part = common::f32_part("x.weight", &[2], &[1e6, 1.0]);
        common::write_safetensors(&dir.path().join(name).join("model.safetensors"), &[part]);
    }
    let yaml = format!("{RECIPE}out_dtype: float16\n");
    let outcome = merge(dir.path(), &yaml, &options(&dir.path().join("out"))).unwrap();
    assert_eq!(outcome.non_finite.len(), 1);
    assert!(outcome.non_finite[0].inputs.is_empty());
    assert_eq!(outcome.non_finite[0].written, 1);
}

#[test]
fn documents_are_merged_one_after_the_other() {
    let dir = desk();
    tiny_model(&dir.path().join("c"), 7);
    let yaml = "merge_method: slerp\nbase_model: half\nparameters: {t: 0.5}\n\
                models: [{model: half}, {model: c}]\n---\nname: half\n"
        .to_owned()
        + RECIPE;
    let out = dir.path().join("out");
    let outcome = merge(dir.path(), &yaml, &options(&out)).unwrap();
    assert_eq!(outcome.tensors, 7);
    let half = dir.path().join("half");
    merge(dir.path(), RECIPE, &options(&half)).unwrap();
    let by_hand = yaml.split("---").next().unwrap().to_owned();
    let last = dir.path().join("last");
    merge(dir.path(), &by_hand, &options(&last)).unwrap();
    assert_eq!(read_all(&out), read_all(&last));
    assert_eq!(names(dir.path()), ["a", "b", "c", "half", "last", "out"]);
    assert!(!out.join("kinfolk-merge.json").exists());
}

#[test]
fn a_stack_of_slices_has_the_right_configuration() {
    let dir = desk();
    let yaml = "merge_method: passthrough\nslices:\n\
                - sources: [{model: a, layer_range: [0, 2]}]\n\
                - sources: [{model: b, layer_range: [1, 2]}]\n";
    let out = dir.path().join("out");
    merge(dir.path(), yaml, &options(&out)).unwrap();
    assert_eq!(json(&out.join("config.json"))["num_hidden_layers"], 3);
    let (child, b) = (read_all(&out), read_all(&dir.path().join("b")));
    assert_eq!(
        child["model.layers.2.mlp.up_proj.weight"],
        b["model.layers.1.mlp.up_proj.weight"]
    );
    assert_eq!(
        child["lm_head.weight"], b["lm_head.weight"],
        "what comes last is the last's"
    );
    assert!(Checkpoint::open(&out).unwrap().problems().is_empty());
}

#[test]
fn vocabulary_and_tied_flag_are_made_right() {
    let root = oracle_root();
    let dir = tempfile::tempdir().unwrap();
    let config = |name: &str, yaml: &str| {
        let out = dir.path().join(name);
        merge(&root, yaml, &options(&out)).unwrap();
        json(&out.join("config.json"))
    };
    let tied = config("tied", &oracle_recipe("linear-tied"));
    assert_eq!(tied["tie_word_embeddings"], true);
    let untied = config("untied", &oracle_recipe("linear-tied-untied"));
    assert_eq!(untied["tie_word_embeddings"], false, "a head was written");
    let wide_first = "merge_method: linear\nparameters: {weight: 1}\n\
                      models: [{model: models/cedar/wide}, {model: models/cedar/c2}]\n\
                      kinfolk: {truncate_embeddings: true}\n";
    let cut = config("cut", wide_first);
    assert_eq!(cut["vocab_size"], 64, "the donor's 72 would not load");
    let wider = config("wider", &oracle_recipe("linear-bf16-to-f32"));
    assert_eq!(wider["torch_dtype"], "float32", "{wider}");
}

#[test]
fn a_changed_input_is_noticed() {
    let dir = desk();
    let options = options(&dir.path().join("out"));
    let plan = planned(RECIPE, dir.path(), Some(&options.out));
    tiny_model_of(&dir.path().join("a"), 5, 2, 13);
    let refused = run(&plan, &options, &Ticket::default()).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("changed since the merge was planned"),
        "{refused}"
    );
    assert_eq!(names(dir.path()), ["a", "b"]);
}

/// The program, merging `root/recipe.yml` into `root/out`.
fn program(root: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .arg("merge")
        .args([root.join("recipe.yml"), root.join("out")])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[test]
fn another_chat_template_leaves_none_of_the_old_one() {
    let dir = desk();
    let config = r#"{"chat_template": "old {{ messages }}", "eos_token": "</s>"}"#;
    std::fs::write(dir.path().join("a/tokenizer_config.json"), config).unwrap();
    std::fs::write(dir.path().join("a/chat_template.json"), config).unwrap();
    let out = dir.path().join("out");
    let yaml = format!("{RECIPE}chat_template: 'new {{{{ messages }}}} of many'\n");
    merge(dir.path(), &yaml, &options(&out)).unwrap();
    let template = std::fs::read_to_string(out.join("chat_template.jinja")).unwrap();
    assert_eq!(template, "new {{ messages }} of many");
    let config = json(&out.join("tokenizer_config.json"));
    assert!(config.get("chat_template").is_none() && config["eos_token"] == "</s>");
    assert!(!out.join("chat_template.json").exists());
    // Without the option everything is the model's.
    let plain = dir.path().join("plain");
    merge(dir.path(), RECIPE, &options(&plain)).unwrap();
    let config = json(&plain.join("tokenizer_config.json"));
    assert_eq!(config["chat_template"], "old {{ messages }}");
}
