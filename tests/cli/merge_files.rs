//! What a merge leaves on disk: when it ends well, when it fails, and when it is killed.

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
fn fault_1_what_no_merge_made_in_a_left_over_stays() {
    let dir = desk();
    let options = many_shards(dir.path());
    interrupted(dir.path(), &options);
    let staging = dir.path().join(".out.kinfolk-merge");
    std::fs::create_dir(staging.join("photos")).unwrap();
    let before = names(&staging);
    let refused = merge(dir.path(), RECIPE, &options).unwrap_err().to_string();
    assert!(refused.contains("as `photos` in it shows"), "{refused}");
    assert_eq!(names(&staging), before);
}

#[test]
fn fault_13_a_finished_model_holds_nothing_of_the_work_wherever_the_program_was_killed() {
    let dir = desk();
    let options = many_shards(dir.path());
    merge(dir.path(), RECIPE, &options).unwrap();
    let whole = weight_files(&options.out);
    assert!(
        names(&options.out)
            .iter()
            .all(|name| !name.contains("kinfolk-merge"))
    );
    // Killed after the lock was taken away, and before the folder had its name.
    let staging = dir.path().join(".out.kinfolk-merge");
    std::fs::rename(&options.out, &staging).unwrap();
    merge(dir.path(), RECIPE, &options).unwrap();
    assert!(weight_files(&options.out) == whole);
    assert_eq!(names(dir.path()), ["a", "b", "out"]);
}

/// Models of many small tensors, and how they are cut into shards.
fn many_shards(dir: &Path) -> Options {
    for name in ["a", "b"] {
        tiny_model_of(&dir.join(name), 3, 300, 12);
    }
    Options {
        shard_bytes: 3_000,
        ..options(&dir.join("out"))
    }
}

/// Stops a merge when its second shard is finished, so that the first is noted for sure.
fn interrupted(root: &Path, options: &Options) {
    let staging = root.join(".out.kinfolk-merge");
    let finished = || {
        let entries = std::fs::read_dir(&staging).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".safetensors")).count()
    };
    let plan = planned(RECIPE, root, Some(&options.out));
    let ticket = Ticket::default();
    let result = std::thread::scope(|scope| {
        let merge = scope.spawn(|| run(&plan, options, &ticket));
        while finished() < 2 && !merge.is_finished() {
            std::thread::yield_now();
        }
        ticket.cancel();
        merge.join().unwrap()
    });
    let cancelled = RunError::Cancelled(kinfolk::jobs::Cancelled);
    assert_eq!(result.unwrap_err(), cancelled);
    assert!(!options.out.exists());
}

#[test]
fn a_cancelled_merge_leaves_nothing_behind() {
    let dir = desk();
    let options = options(&dir.path().join("out"));
    let plan = planned(RECIPE, dir.path(), Some(&options.out));
    let ticket = Ticket::default();
    ticket.cancel();
    assert!(run(&plan, &options, &ticket).is_err());
    assert_eq!(names(dir.path()), ["a", "b"]);
}

#[test]
fn finished_shards_are_used_again() {
    let dir = desk();
    let options = many_shards(dir.path());
    interrupted(dir.path(), &options);
    assert_eq!(names(dir.path()), [".out.kinfolk-merge", "a", "b"]);
    let left = names(&dir.path().join(".out.kinfolk-merge"));
    assert!(left.iter().all(|name| !name.ends_with(".part")), "{left:?}");
    let again = merge(dir.path(), RECIPE, &options).unwrap();
    assert!(again.reused_files > 0, "{left:?}");
    let fresh = Options {
        out: dir.path().join("fresh"),
        ..options.clone()
    };
    assert_eq!(merge(dir.path(), RECIPE, &fresh).unwrap().reused_files, 0);
    assert!(weight_files(&options.out) == weight_files(&fresh.out));
    assert_eq!(names(dir.path()), ["a", "b", "fresh", "out"]);
}

#[test]
fn a_left_over_of_other_work_is_not_used() {
    let dir = desk();
    let options = many_shards(dir.path());
    // Another recipe, another input, and a shard that someone wrote into.
    interrupted(dir.path(), &options);
    let other = RECIPE.replace("weight: 3", "weight: 4");
    assert_eq!(merge(dir.path(), &other, &options).unwrap().reused_files, 0);
    std::fs::remove_dir_all(&options.out).unwrap();
    interrupted(dir.path(), &options);
    tiny_model_of(&dir.path().join("a"), 9, 300, 12);
    assert_eq!(merge(dir.path(), RECIPE, &options).unwrap().reused_files, 0);
    std::fs::remove_dir_all(&options.out).unwrap();
    interrupted(dir.path(), &options);
    let staging = dir.path().join(".out.kinfolk-merge");
    let shards = names(&staging);
    for name in shards.iter().filter(|name| name.ends_with(".safetensors")) {
        let mut bytes = std::fs::read(staging.join(name)).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(staging.join(name), bytes).unwrap();
    }
    assert_eq!(merge(dir.path(), RECIPE, &options).unwrap().reused_files, 0);
}

#[test]
fn a_folder_that_only_looks_like_a_left_over_is_left_alone() {
    let dir = desk();
    let out = dir.path().join("out");
    std::fs::create_dir(dir.path().join(".out.kinfolk-merge")).unwrap();
    std::fs::write(dir.path().join(".out.kinfolk-merge/diary.txt"), "x").unwrap();
    let refused = merge(dir.path(), RECIPE, &options(&out)).unwrap_err();
    assert!(
        refused.to_string().contains("was not made by a merge"),
        "{refused}"
    );
    assert!(dir.path().join(".out.kinfolk-merge/diary.txt").is_file());
}

#[test]
fn a_replacement_that_was_stopped_between_two_renames_is_put_back() {
    let dir = desk();
    let out = dir.path().join("out");
    merge(dir.path(), RECIPE, &options(&out)).unwrap();
    std::fs::rename(&out, dir.path().join(".out.kinfolk-old")).unwrap();
    let refused = merge(dir.path(), RECIPE, &options(&out)).unwrap_err();
    assert!(refused.to_string().contains("--force"), "{refused}");
    assert!(Checkpoint::open(&out).is_ok());
    assert_eq!(names(dir.path()), ["a", "b", "out"]);
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
fn a_dry_run_writes_nothing_and_shows_the_values() {
    let dir = desk();
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    let output = program(dir.path(), &["--dry-run"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("weight 1 3") && text.contains("Linear of 2 models"),
        "{text}"
    );
    assert_eq!(names(dir.path()), ["a", "b", "recipe.yml"]);
}

#[test]
fn json_has_plan_and_result() {
    let dir = desk();
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    let output = program(dir.path(), &["--json", "-"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["steps"][0]["method"], "linear");
    assert_eq!(
        report["steps"][0]["tensors"][0]["inputs"][1]["parameters"]["weight"],
        3.0
    );
    assert_eq!(report["problems"], serde_json::json!([]));
    assert_eq!(report["result"]["tensors"], 7);
    assert!(report["cost"]["bytes_read"].as_u64().unwrap() > 0);
}

/// Models of zeros that take no room on disk but time to merge.
#[cfg(unix)]
fn slow_desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let tensors: Vec<String> = (0..24u64)
            .map(|k| {
                let n = 4 << 20;
                let (begin, end) = (k * 4 * n, (k + 1) * 4 * n);
                format!(
                    r#""layers.{k}.weight":{{"dtype":"F32","shape":[2048,2048],"data_offsets":[{begin},{end}]}}"#
                )
            })
            .collect();
        let header = format!("{{{}}}", tensors.join(","));
        std::fs::create_dir(dir.path().join(name)).unwrap();
        let path = dir.path().join(name).join("model.safetensors");
        common::write_sparse(&path, &header, 24 * (16 << 20));
    }
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    dir
}

#[cfg(unix)]
#[test]
fn a_merge_killed_at_any_moment_leaves_nothing_that_opens() {
    let dir = slow_desk();
    let out = dir.path().join("out");
    let mut state = 1u64;
    for _ in 0..20 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let wait = Duration::from_millis(state >> 55);
        let mut child = program(dir.path(), &["--shard-size", "40MB"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        if ended.success() {
            // Quicker than expected: then it must be whole.
            assert!(Checkpoint::open(&out).is_ok());
            std::fs::remove_dir_all(&out).unwrap();
        } else {
            assert!(Checkpoint::open(&out).is_err());
            assert!(!out.exists());
        }
    }
    // What they left behind harms nobody.
    let output = program(dir.path(), &["--shard-size", "40MB"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(Checkpoint::open(&out).unwrap().tensors().len(), 24);
    assert_eq!(names(dir.path()), ["a", "b", "out", "recipe.yml"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_merge_cleanly() {
    let dir = slow_desk();
    let child = program(dir.path(), &[]).spawn().unwrap();
    // Until the work has begun, which its folder shows.
    let staging = dir.path().join(".out.kinfolk-merge/model.safetensors.part");
    let begun = std::time::Instant::now();
    while !staging.exists() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
    }
    common::interrupt(child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "kinfolk: cancelled\n"
    );
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(names(dir.path()), ["a", "b", "recipe.yml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_grow_is_one_sentence_and_no_output() {
    let dir = desk();
    for name in ["a", "b"] {
        tiny_model_of(&dir.path().join(name), 3, 40, 4000);
    }
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    // A limit on the size of files stands in for a full disk; its signal is ignored.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} merge {} {}",
        env!("CARGO_BIN_EXE_kinfolk"),
        dir.path().join("recipe.yml").display(),
        dir.path().join("out").display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("could not be written"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert_eq!(names(dir.path()), ["a", "b", "recipe.yml"]);
}

#[test]
fn a_name_of_the_hub_is_found_in_its_cache() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["one", "two"].iter().enumerate() {
        let snapshot = dir
            .path()
            .join(format!("hub/models--org--{name}/snapshots/abc"));
        tiny_model(&snapshot, k as u64);
    }
    let yaml = "merge_method: linear\nparameters: {weight: 1}\n\
                models: [{model: org/one}, {model: org/two@abc}]\n";
    std::fs::write(dir.path().join("recipe.yml"), yaml).unwrap();
    let output = program(dir.path(), &[])
        .env("HF_HUB_CACHE", dir.path().join("hub"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let card = std::fs::read_to_string(dir.path().join("out/README.md")).unwrap();
    assert!(
        card.contains("base_model:\n- \"org/one\"\n- \"org/two\"\n---"),
        "{card}"
    );
    assert!(card.contains("https://arxiv.org/abs/2203.05482"), "{card}");
}

#[test]
fn a_prediction_is_the_kinship_of_the_child_that_is_written() {
    let root = oracle_root();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    merge(&root, &oracle_recipe("ta-default"), &options(&out)).unwrap();
    let alder = |name: &str| root.join(format!("models/alder/{name}"));
    let kinfolk = |args: &[&std::ffi::OsStr]| {
        let program = Command::new(env!("CARGO_BIN_EXE_kinfolk"))
            .args(args)
            .output()
            .unwrap();
        assert!(
            program.status.success(),
            "{}",
            String::from_utf8_lossy(&program.stderr)
        );
        serde_json::from_slice::<Value>(&program.stdout).unwrap()
    };
    let (base, c1, c2) = (alder("base"), alder("c1"), alder("c2"));
    let recipe = root.join("configs/ta-default.yaml");
    let predicted = kinfolk(&[
        "predict".as_ref(),
        "--base".as_ref(),
        base.as_ref(),
        recipe.as_ref(),
        c1.as_ref(),
        c2.as_ref(),
        "--root".as_ref(),
        root.as_ref(),
        "--json".as_ref(),
        "-".as_ref(),
    ]);
    let measured = kinfolk(&[
        "kinship".as_ref(),
        "--base".as_ref(),
        base.as_ref(),
        c1.as_ref(),
        c2.as_ref(),
        out.as_ref(),
        "--json".as_ref(),
        "-".as_ref(),
    ]);
    assert_eq!(predicted["exact"], true);
    for metric in ["pearson", "cosine", "euclidean"] {
        for (k, name) in ["c1", "c2"].iter().enumerate() {
            let predicted = predicted["child"][metric][name].as_f64().unwrap();
            let found = measured["whole"][metric][k][2].as_f64().unwrap();
            assert!(
                (predicted - found).abs() < 1e-6,
                "{metric} {name}: {predicted} {found}"
            );
        }
    }
}

/// Anonymous memory of a merge stays far below its largest tensor.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_tensors() {
    let dir = tempfile::tempdir().unwrap();
    let n: u64 = 1 << 25;
    for name in ["a", "b"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        let header = format!(
            r#"{{"x.weight":{{"dtype":"BF16","shape":[4096,8192],"data_offsets":[0,{}]}}}}"#,
            2 * n
        );
        common::write_sparse(
            &dir.path().join(name).join("model.safetensors"),
            &header,
            2 * n,
        );
    }
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    let mut child = program(dir.path(), &["--threads", "2"]).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let own = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak_kb = peak_kb.max(own.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    assert!(peak_kb > 0 && peak_kb < 40_000, "{peak_kb} kB");
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
