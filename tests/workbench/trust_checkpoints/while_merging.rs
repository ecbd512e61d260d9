//! Files that change while they are merged or evaluated.

use super::*;

/// The merge of what lies there now, made in one go.
fn fresh(
    recipe: &str,
    dir: &Path,
    options: &Options,
) -> std::collections::BTreeMap<String, Vec<u8>> {
    let out = dir.join("fresh");
    let options = Options {
        out: out.clone(),
        ..options.clone()
    };
    let plan = planned(recipe, dir, Some(&out));
    run(&plan, &options, &Ticket::default()).unwrap();
    weight_files(&out)
}

#[test]
fn fault_9a_a_file_that_is_cut_short_while_it_is_merged_fails_the_merge_and_nothing_else() {
    for recipe in [RECIPE, COPY] {
        let (dir, options) = merge_desk();
        let path = dir.path().join("a/model.safetensors");
        let whole = std::fs::read(&path).unwrap();
        let expected = fresh(recipe, dir.path(), &options);
        let result = merged(recipe, dir.path(), &options, || {
            cut(&path, whole.len() as u64 / 3);
        });
        let Err(RunError::Failed(error)) = result else {
            panic!("{result:?}");
        };
        says(&error, &["was cut short", "tensor `"], &path);
        assert!(!options.out.exists());
        // What was finished before is used again, and no zeros are in it.
        std::fs::write(&path, &whole).unwrap();
        long_ago(&path);
        let again = merged(recipe, dir.path(), &options, || {}).unwrap();
        assert!(again >= 1);
        assert!(weight_files(&options.out) == expected);
    }
}

#[test]
fn fault_9b_a_file_that_is_changed_in_place_while_it_is_merged_fails_the_merge() {
    let (dir, options) = merge_desk();
    let path = dir.path().join("a/model.safetensors");
    let last = std::fs::metadata(&path).unwrap().len() - 1;
    let middle = last / 2;
    for (at, keeps_time) in [(middle, false), (last, true)] {
        // What the first has left would look like the second at work.
        std::fs::remove_dir_all(dir.path().join(".out.kinfolk-merge")).ok();
        let result = merged(RECIPE, dir.path(), &options, || {
            let file = writable(&path);
            file.write_all_at(&[0x41], at).unwrap();
            if keeps_time {
                long_ago(&path);
            }
        });
        let Err(RunError::Failed(error)) = result else {
            panic!("{result:?}");
        };
        says(&error, &["was changed while it was read"], &path);
        assert!(!options.out.exists());
        long_ago(&path);
    }
    // Nothing of the old input is in the child of the new one.
    let reused = merged(RECIPE, dir.path(), &options, || {}).unwrap();
    assert_eq!(reused, 0);
    let child = weight_files(&options.out);
    assert!(child == fresh(RECIPE, dir.path(), &options));
}

#[test]
fn fault_9_a_base_is_not_guessed_from_what_a_file_has_lost() {
    let (_dir, paths) = shelf();
    let four = || {
        let models = [&paths[0], &paths[1], &paths[2], &paths[0]].into_iter();
        let open = |path: &PathBuf| Arc::new(Checkpoint::open(path).unwrap());
        models
            .map(|path| ("x".to_owned(), open(path)))
            .collect::<Vec<_>>()
    };
    let models = four();
    cut(&paths[1], 100_000);
    assert_eq!(opening::guess_base(&models), None);
    assert!(!models[1].1.is_whole() && models[0].1.is_whole());
}

#[cfg(feature = "built-in-evaluator")]
#[test]
fn fault_9a_a_file_that_is_cut_short_before_it_is_evaluated_fails_the_evaluation() {
    use kinfolk::evaluate::{EvaluateError, Model};
    let dir = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo/base");
    for entry in std::fs::read_dir(demo).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    let path = dir.path().join("model.safetensors");
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    assert!(Model::load(&checkpoint, &Ticket::default()).is_ok());
    cut(&path, 500_000);
    match Model::load(&checkpoint, &Ticket::default()) {
        Err(EvaluateError::Files(error)) => says(&error, &["was cut short", "tensor `"], &path),
        other => panic!("{:?}", other.map(|_| ())),
    }
}
