//! Merges that were cancelled, stopped or killed, and what they leave.

use super::*;

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
