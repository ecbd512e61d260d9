//! The workbench without a window: opening, measuring, keeping, saving.

use std::path::{Path, PathBuf};

use kinfolk::kinship::Measure;
use kinfolk::study::{Command, Import, ModelEdit, ModelId, Role};
use kinfolk::workbench::relating::RelationState;
use kinfolk::workbench::{Folders, ModelFiles, NoticeKind, Picture, Workbench};

use crate::common;

fn workbench(home: &Path) -> Workbench {
    Workbench::new(Folders::below(home), || {})
}

/// A workbench on the named models of the alder family, copied below `home`.
fn alder(home: &Path, models: &[&str]) -> Workbench {
    let mut bench = workbench(home);
    bench.add_paths(models.iter().map(|m| copy(home, m)).collect());
    bench.wait(|_| {});
    bench
}

fn copy(home: &Path, model: &str) -> PathBuf {
    let to = home.join("models").join(model);
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(common::oracle(&format!("alder/{model}"))).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

fn id(bench: &Workbench, name: &str) -> ModelId {
    bench
        .study()
        .doc()
        .models
        .iter()
        .find(|m| m.name == name)
        .unwrap()
        .id
}

fn measure(bench: &mut Workbench) {
    let base = bench.study().doc().shown_base().unwrap();
    bench.measure(base, false);
    bench.wait(|_| {});
}

/// Pearson of two models by name.
fn pearson(bench: &Workbench, a: &str, b: &str) -> Option<f64> {
    let base = bench.study().doc().shown_base()?;
    let family = bench.family(base);
    let row = |name| family.measured[family.models.iter().position(|&m| m == id(bench, name))?];
    let kinship = bench.measured(base)?.kinship();
    kinship.matrix(Measure::default()).get(row(a)?, row(b)?)
}

fn failures(bench: &mut Workbench) -> Vec<String> {
    let notices = bench.take_notices().into_iter();
    notices
        .filter(|n| n.kind == NoticeKind::Failed)
        .map(|n| n.title)
        .collect()
}

#[test]
fn the_base_is_guessed_by_its_name() {
    let home = tempfile::tempdir().unwrap();
    let bench = alder(home.path(), &["c1", "base", "c2"]);
    assert_eq!(
        bench
            .study()
            .doc()
            .role(bench.study().doc().model(id(&bench, "base")).unwrap()),
        Role::Base
    );
}

/// A one-tensor model: the base's numbers, plus the change that `seed` makes.
fn random_model(dir: &Path, name: &str, seed: u32, change: f32) -> PathBuf {
    let path = dir.join(format!("{name}.safetensors"));
    let noise = |seed: u32, k: u32| {
        let x = (k ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
        ((x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35) >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let values: Vec<f32> = (0..2048)
        .map(|k| noise(1, k) + change * noise(seed, k))
        .collect();
    common::write_safetensors(
        &path,
        &[common::f32_part(
            "model.layers.0.mlp.up_proj.weight",
            &[32, 64],
            &values,
        )],
    );
    path
}

fn guessed_base(paths: Vec<PathBuf>, home: &Path) -> Option<String> {
    let mut bench = workbench(home);
    bench.add_paths(paths);
    bench.wait(|_| {});
    let doc = bench.study().doc();
    doc.shown_base().map(|base| doc.name_of(base).to_owned())
}

#[test]
fn the_base_is_guessed_by_its_weights_where_nothing_is_said() {
    let home = tempfile::tempdir().unwrap();
    let model = |name, seed, change| random_model(home.path(), name, seed, change);
    let paths = vec![
        model("one", 2, 0.1),
        model("two", 3, 0.12),
        model("three", 4, 0.0),
        model("four", 5, 0.08),
    ];
    assert_eq!(guessed_base(paths, home.path()).as_deref(), Some("three"));
}

#[test]
fn no_base_is_guessed_where_models_are_akin() {
    let home = tempfile::tempdir().unwrap();
    let model = |name, seed, change| random_model(home.path(), name, seed, change);
    let paths = vec![
        model("one", 2, 0.1),
        model("two", 2, 0.11),
        model("three", 4, 0.0),
        model("four", 5, 0.1),
    ];
    assert_eq!(guessed_base(paths, home.path()), None);
}

#[test]
fn the_base_is_the_one_that_model_cards_name() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    let tuned = copy(home.path(), "c1");
    let named = copy(home.path(), "c2").with_file_name("Llama-X-8B");
    std::fs::rename(home.path().join("models/c2"), &named).unwrap();
    let card = "---\nlicense: mit\nbase_model:\n- meta/llama-x-8b\ntags: [x]\n---\n# Card\n";
    std::fs::write(tuned.join("README.md"), card).unwrap();
    bench.add_paths(vec![tuned, named]);
    bench.wait(|_| {});
    let doc = bench.study().doc();
    assert_eq!(
        doc.shown_base().map(|base| doc.name_of(base)),
        Some("Llama-X-8B")
    );
}

#[test]
fn an_adapter_finds_the_base_that_it_names() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.add_paths(vec![
        common::oracle("cedar/lora"),
        common::oracle("cedar/base"),
    ]);
    bench.wait(|_| {});
    let lora = id(&bench, "lora");
    assert_eq!(
        bench.study().doc().model(lora).unwrap().base,
        Some(id(&bench, "base"))
    );
}

#[test]
fn a_model_that_is_there_already_is_not_added_twice() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1"]);
    bench.add_paths(vec![
        home.path().join("models/c1"),
        home.path().join("models"),
    ]);
    bench.wait(|_| {});
    assert_eq!(bench.study().doc().models.len(), 2);
}

#[test]
fn a_model_added_later_keeps_what_is_known() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2"]);
    measure(&mut bench);
    let known = pearson(&bench, "c1", "c2").unwrap();
    bench.add_paths(vec![copy(home.path(), "c3")]);
    bench.wait(|_| {});
    let base = id(&bench, "base");
    assert_eq!(bench.family(base).unmeasured(), 1);
    assert_eq!(pearson(&bench, "c1", "c2"), Some(known), "still shown");
    assert_eq!(pearson(&bench, "c1", "c3"), None);
    measure(&mut bench);
    assert_eq!(bench.family(base).unmeasured(), 0);
    assert_eq!(pearson(&bench, "c1", "c2"), Some(known));
    assert!(pearson(&bench, "c1", "c3").is_some());
}

#[test]
fn a_removed_model_takes_nothing_else_with_it() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2", "c3"]);
    measure(&mut bench);
    let known = pearson(&bench, "c1", "c3");
    let gone = id(&bench, "c2");
    bench.apply(Command::Model(ModelEdit::Remove(vec![gone])));
    assert_eq!(pearson(&bench, "c1", "c3"), known);
    assert_eq!(bench.family(id(&bench, "base")).unmeasured(), 0);
}

#[test]
fn what_was_measured_is_there_when_the_study_opens_again() {
    let home = tempfile::tempdir().unwrap();
    let (path, known) = {
        let mut bench = alder(home.path(), &["base", "c1", "c2"]);
        measure(&mut bench);
        bench.save();
        bench.finish_saving();
        (
            bench.path().unwrap().to_owned(),
            pearson(&bench, "c1", "c2"),
        )
    };
    assert!(known.is_some());
    let mut bench = workbench(home.path());
    bench.open_study(&path);
    bench.wait(|_| {});
    assert_eq!(pearson(&bench, "c1", "c2"), known);
}

#[test]
fn models_of_a_folder_are_added_in_the_order_of_their_numbers() {
    let home = tempfile::tempdir().unwrap();
    let from = copy(home.path(), "c1");
    for name in ["v10", "v9", "v1"] {
        let to = home.path().join("all").join(name);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(&from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let all = home.path().join("all");
    let given = ["v10", "v1", "v9"].map(|name| all.join(name));
    for paths in [vec![all], given.to_vec()] {
        let mut bench = workbench(home.path());
        bench.add_paths(paths);
        bench.wait(|_| {});
        let models = &bench.study().doc().models;
        let names: Vec<&str> = models.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["v1", "v9", "v10"]);
    }
}

#[test]
fn the_kinship_of_a_model_stays_known_when_its_files_are_gone() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2"]);
    measure(&mut bench);
    let known = pearson(&bench, "c1", "c2");
    assert!(known.is_some());
    bench.save();
    bench.save_if_changed();
    bench.finish_saving();
    let path = bench.path().unwrap().to_owned();
    bench.close_study();
    std::fs::remove_dir_all(home.path().join("models/c1")).unwrap();
    bench.open_study(&path);
    bench.wait(|_| {});
    let gone = id(&bench, "c1");
    assert!(bench.files(gone).checkpoint().is_none());
    assert_eq!(pearson(&bench, "c1", "c2"), known);
    let base = bench.study().doc().shown_base().unwrap();
    let family = bench.family(base);
    assert_eq!((family.unmeasured(), family.not_open), (0, 0));
    let of_pair = bench.known_kinship(gone, id(&bench, "c2"));
    assert!(of_pair.is_some());
}

#[test]
fn a_broken_cache_is_as_good_as_none() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2"]);
    measure(&mut bench);
    bench.save();
    bench.finish_saving();
    for entry in std::fs::read_dir(home.path().join("cache")).unwrap() {
        std::fs::write(entry.unwrap().path(), b"nonsense").unwrap();
    }
    let path = bench.path().unwrap().to_owned();
    let mut bench = workbench(home.path());
    bench.open_study(&path);
    bench.wait(|_| {});
    assert_eq!(pearson(&bench, "c1", "c2"), None);
    measure(&mut bench);
    assert!(pearson(&bench, "c1", "c2").is_some());
}

#[test]
fn a_file_that_changed_is_opened_anew_and_no_longer_counts_as_measured() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2"]);
    measure(&mut bench);
    let weights = home.path().join("models/c1/model.safetensors");
    std::fs::copy(common::oracle("alder/c3/model.safetensors"), &weights).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    std::fs::File::options()
        .write(true)
        .open(&weights)
        .unwrap()
        .set_modified(later)
        .unwrap();
    bench.look_at_disk();
    bench.wait(|_| {});
    assert_eq!(bench.family(id(&bench, "base")).unmeasured(), 1);
    assert_eq!(
        pearson(&bench, "c1", "c2"),
        None,
        "the old value is not shown for the new file"
    );
}

#[test]
fn a_cancelled_measurement_puts_back_what_was_known() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2"]);
    measure(&mut bench);
    let known = pearson(&bench, "c1", "c2");
    let base = id(&bench, "base");
    bench.measure(base, true);
    let job = bench.measuring(base).unwrap();
    bench.cancel(job);
    bench.wait(|_| {});
    // On a fast machine it may have been done before it heard; the value is the same then.
    assert_eq!(pearson(&bench, "c1", "c2"), known);
    assert!(bench.measuring(base).is_none());
}

#[test]
fn a_vanished_model_leaves_the_study_open_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let path = {
        let mut bench = alder(home.path(), &["base", "c1", "c2"]);
        bench.save();
        bench.finish_saving();
        bench.path().unwrap().to_owned()
    };
    std::fs::remove_dir_all(home.path().join("models/c2")).unwrap();
    let mut bench = workbench(home.path());
    bench.open_study(&path);
    bench.wait(|_| {});
    assert!(matches!(
        bench.files(id(&bench, "c2")),
        ModelFiles::Failed(_)
    ));
    assert!(bench.files(id(&bench, "c1")).checkpoint().is_some());
}

#[test]
fn a_study_that_cannot_be_read_leaves_the_open_one_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1"]);
    let broken = home.path().join("broken.kinfolk.json");
    std::fs::write(&broken, "{\"kinfolk\": \"study\", \"version\": 7}").unwrap();
    bench.take_notices();
    for path in [broken, home.path().join("missing.kinfolk.json")] {
        bench.open_study(&path);
        assert_eq!(failures(&mut bench), ["The study could not be opened"]);
    }
    assert_eq!(bench.study().doc().models.len(), 2);
}

#[test]
fn a_study_that_cannot_be_saved_is_said_once_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base"]);
    bench.take_notices();
    // A file where the folder should be: nobody can write there, not even root.
    let blocked = home.path().join("blocked");
    std::fs::write(&blocked, "").unwrap();
    bench.save_as(&blocked.join("study"));
    bench.finish_saving();
    assert_eq!(failures(&mut bench).len(), 1);
    assert!(bench.save_failed());
    bench.apply(Command::RenameStudy("still here".to_owned()));
    bench.save();
    bench.finish_saving();
    assert_eq!(
        failures(&mut bench).len(),
        0,
        "it is not said with every letter"
    );
    bench.save_as(&home.path().join("fine"));
    bench.finish_saving();
    assert!(!bench.save_failed());
    assert!(home.path().join("fine.kinfolk.json").is_file());
}

#[test]
fn a_study_moved_with_its_models_opens() {
    let home = tempfile::tempdir().unwrap();
    let old = home.path().join("old");
    std::fs::create_dir_all(&old).unwrap();
    {
        let mut bench = workbench(home.path());
        bench.add_paths(vec![copy(&old, "base"), copy(&old, "c1")]);
        bench.wait(|_| {});
        bench.save_as(&old.join("mine.kinfolk.json"));
        bench.finish_saving();
    }
    let new = home.path().join("new");
    std::fs::rename(&old, &new).unwrap();
    let mut bench = workbench(home.path());
    bench.open_study(&new.join("mine.kinfolk.json"));
    bench.wait(|_| {});
    assert!(bench.files(id(&bench, "c1")).checkpoint().is_some());
    assert_eq!(bench.study().doc().name, "mine");
}

#[test]
fn recent_studies_are_listed_newest_first_and_forgotten_on_request() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base"]);
    bench.save_as(&home.path().join("a"));
    bench.finish_saving();
    bench.save_as(&home.path().join("b"));
    bench.finish_saving();
    let names = |bench: &Workbench| {
        bench
            .recents()
            .iter()
            .map(|r| r.path.file_name().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&bench)[..2], ["b.kinfolk.json", "a.kinfolk.json"]);
    bench.forget_recent(&home.path().join("b.kinfolk.json"));
    assert!(!names(&bench).contains(&"b.kinfolk.json".into()));
    assert!(
        home.path().join("b.kinfolk.json").is_file(),
        "the file stays"
    );
}

#[test]
fn results_of_a_study_that_was_closed_are_not_heard() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1", "c2"]);
    let base = id(&bench, "base");
    bench.measure(base, false);
    bench.new_study();
    bench.wait(|_| {});
    bench.poll();
    assert!(bench.measured(base).is_none());
    assert!(bench.study().doc().models.is_empty());
}

#[test]
fn a_read_only_study_is_not_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base"]);
    let path = home.path().join("locked.kinfolk.json");
    bench.save_as(&path);
    bench.finish_saving();
    let before = std::fs::read_to_string(&path).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    bench.apply(Command::RenameStudy("another".to_owned()));
    bench.take_notices();
    bench.save();
    bench.finish_saving();
    assert_eq!(failures(&mut bench).len(), 1);
    assert!(bench.save_failed());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
}

#[test]
fn a_second_family_finds_its_own_base() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = alder(home.path(), &["base", "c1"]);
    let elm = |m: &str| common::oracle(&format!("elm/{m}"));
    bench.add_paths(vec![elm("c1"), elm("base"), elm("c2")]);
    bench.wait(|_| {});
    let doc = bench.study().doc();
    assert_eq!(doc.bases().len(), 2);
    assert_eq!(doc.family(id(&bench, "base 2")).len(), 2);
    assert_eq!(doc.family(id(&bench, "base")).len(), 1);
}

#[test]
fn a_comparison_of_nothing_is_no_success() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.add_paths(vec![
        common::oracle("alder/c1"),
        common::oracle("birch/c2"),
        common::oracle("birch/c3"),
    ]);
    bench.wait(|_| {});
    let stranger = id(&bench, "c1");
    let models = vec![id(&bench, "c2"), id(&bench, "c3")];
    bench.apply(Command::Model(ModelEdit::SetBase(models, Some(stranger))));
    bench.take_notices();
    measure(&mut bench);
    assert_eq!(failures(&mut bench), ["Nothing could be compared"]);
}

#[test]
fn a_stray_file_does_not_hide_the_models_beside_it() {
    let home = tempfile::tempdir().unwrap();
    copy(home.path(), "base");
    copy(home.path(), "c1");
    std::fs::write(home.path().join("models/stray.safetensors"), "nothing").unwrap();
    std::fs::create_dir(home.path().join("models/old")).unwrap();
    std::fs::write(home.path().join("models/old/pytorch_model.bin"), "x").unwrap();
    let mut bench = workbench(home.path());
    bench.add_paths(vec![home.path().join("models")]);
    bench.wait(|_| {});
    assert_eq!(bench.study().doc().models.len(), 2);
    assert_eq!(failures(&mut bench), ["2 of 4 could not be opened"]);
    assert_eq!(
        bench.study().doc().name,
        "models",
        "a study is called after its folder"
    );
}

#[test]
fn opening_nothing_leaves_no_study_behind() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.add_paths(vec![home.path().join("nowhere")]);
    bench.wait(|_| {});
    assert!(!bench.is_open());
    bench.new_study();
    bench.close_study();
    assert!(bench.recents().is_empty());
}

#[test]
fn the_demo_can_be_had_again_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.open_demo();
    bench.wait(|_| {});
    let all = bench.study().doc().models.iter().map(|m| m.id).collect();
    bench.apply(Command::Model(ModelEdit::Remove(all)));
    bench.save();
    bench.finish_saving();
    bench.restore_demo();
    bench.wait(|_| {});
    assert_eq!(bench.study().doc().models.len(), 8);
}

/// Two tables of scores below `home`.
fn tables(home: &Path) -> Vec<PathBuf> {
    let table = |name: &str| {
        let path = home.join(format!("{name}.csv"));
        std::fs::write(&path, format!("model,{name}\nabacus,40\nplain,50\n")).unwrap();
        path
    };
    vec![table("sums"), table("spelling")]
}

#[test]
fn what_was_brought_for_one_study_is_not_offered_to_another() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.new_study();
    bench.read_scores(tables(home.path()));
    let picture = || {
        Ok(Picture {
            what: "Chart picture".to_owned(),
            size: [1, 1],
            rgba: vec![0; 4],
        })
    };
    bench.draw(picture);
    bench.wait(|_| {});
    bench.new_study();
    assert!(bench.take_import_source().is_none());
    assert!(bench.take_picture().is_none());
}

#[test]
fn a_study_begun_by_an_import_keeps_the_tables_that_wait() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.read_scores(tables(home.path()));
    bench.wait(|_| {});
    let first = bench.take_import_source().unwrap();
    let import = Import {
        title: first.name,
        ..Import::default()
    };
    bench.import(import);
    assert!(bench.is_open());
    assert_eq!(bench.take_import_source().unwrap().name, "spelling.csv");
}

#[test]
fn what_came_of_a_question_that_nobody_waits_for_is_told_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = workbench(home.path());
    bench.open_demo();
    bench.wait(|_| {});
    let models = &bench.study().doc().models;
    let id = |name: &str| models.iter().find(|m| m.name == name).unwrap().id;
    let (one, other) = (id("mirror"), id("order"));
    bench.take_notices();
    bench.relate(one, other);
    assert!(
        bench.relate_objection(one, other).is_some(),
        "one at a time"
    );
    bench.leave_relation();
    bench.wait(|_| {});
    let told = bench.take_notices();
    assert_eq!(told[0].title, "Related: mirror and order");
    assert!(matches!(
        bench.relation().unwrap().state,
        RelationState::Found(_)
    ));
}
