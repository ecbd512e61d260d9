//! How and where merges are written and models converted: the form, filled in by label.

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::checkpoint::Checkpoint;
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::harness::{WIDE, Window, bench, click, command, doc, opened, says, settle};

/// A file of the GGUF set.
fn data(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/gguf");
    root.join(name)
}

/// A study of a model in safetensors and, if wanted, the same in GGUF.
fn window(home: &Path, with_gguf: bool, answers: Vec<Vec<PathBuf>>) -> Window {
    let plain = home.join("plain");
    std::fs::create_dir_all(&plain).unwrap();
    std::fs::copy(
        data("mallow/base.safetensors"),
        plain.join("model.safetensors"),
    )
    .unwrap();
    let mut models = vec![(0, "plain", plain)];
    if with_gguf {
        let packed = home.join("packed.gguf");
        std::fs::copy(data("mallow/base.q8_0.gguf"), &packed).unwrap();
        models.push((1, "packed", packed));
    }
    let models = models.iter().map(|(id, name, path)| {
        let path = serde_json::to_string(path).unwrap();
        format!(r#"{{"id": {id}, "name": "{name}", "path": {path}}}"#)
    });
    let models = models.collect::<Vec<_>>().join(", ");
    let study = home.join("s.kinfolk.json");
    let text =
        format!(r#"{{"kinfolk": "study", "version": 1, "name": "s", "models": [{models}]}}"#);
    std::fs::write(&study, text).unwrap();
    let mut window = opened(WIDE, bench(home), Prefs::default(), answers, vec![study]);
    settle(&mut window);
    window
}

fn select(window: &mut Window, id: u32) {
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(Selection::Models(vec![ModelId(id)])));
    settle(window);
}

fn press(window: &mut Window, label: &str) {
    click(window, label);
    settle(window);
}

/// The button of the inspector, which may be scrolled out of sight.
fn ask(window: &mut Window) {
    window.get_by_label("Convert…").click_accesskit();
    window.run_steps(3);
    settle(window);
}

/// Chooses in a folded list.
fn choose(window: &mut Window, list: &str, option: &str) {
    click(window, list);
    press(window, option);
}

fn is_disabled(window: &Window, button: &str) -> bool {
    let button = window.get_by_role_and_label(Role::Button, button);
    button.accesskit_node().is_disabled()
}

#[test]
fn a_model_is_converted_to_gguf_and_put_into_the_study() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("made.gguf");
    let template = data("mallow/base.q8_0.gguf");
    let mut window = window(home.path(), false, vec![vec![template], vec![out.clone()]]);
    select(&mut window, 0);
    command(&mut window, "Convert plain");
    settle(&mut window);
    // Nothing of the study is GGUF, so that there is no template.
    assert!(says(
        &window,
        "takes its metadata and its vocabulary from another one"
    ));
    assert!(is_disabled(&window, "Convert"));
    press(&mut window, "Another file…");
    choose(&mut window, "Type of the matrices", "Q8_0");
    press(&mut window, "Choose where to write…");
    assert!(says(&window, "matrices in Q8_0"));
    press(&mut window, "Convert");
    assert!(says(&window, "made is written"));
    press(&mut window, "Add to study");
    let added = doc(&window).models.last().unwrap();
    assert_eq!(
        (added.name.as_str(), added.path.as_ref()),
        ("made", Some(&out))
    );
    // The numbers are those that the converter of llama.cpp gives: the file is the template's twin.
    let (made, theirs) = (
        std::fs::read(&out).unwrap(),
        std::fs::read(data("mallow/base.q8_0.gguf")).unwrap(),
    );
    let tail = 4096.min(made.len() / 2);
    assert!(made[made.len() - tail..] == theirs[theirs.len() - tail..]);
}

#[test]
fn a_gguf_file_is_converted_to_a_folder_that_says_what_it_lacks() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("folder");
    let mut window = window(home.path(), true, vec![vec![out.clone()]]);
    select(&mut window, 1);
    // The inspector of the model has it, too.
    ask(&mut window);
    press(&mut window, "Choose where to write…");
    assert!(says(&window, "has no config.json and no tokenizer"));
    choose(&mut window, "Type of the weights", "float32");
    press(&mut window, "Convert");
    press(&mut window, "Close");
    let made = Checkpoint::open(&out).unwrap();
    assert!(made.dtypes().contains("F32"), "{}", made.dtypes());
    assert_eq!(doc(&window).models.len(), 2);
    // What was looked at and closed is done with: the form is asked again.
    ask(&mut window);
    assert!(!says(&window, "folder is written"));
}

#[test]
fn a_merge_is_written_as_one_gguf_file() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out").join("child.gguf");
    let mut window = window(home.path(), true, vec![vec![out.clone()]]);
    let recipe = home.path().join("half.yaml");
    let text = "merge_method: linear\nmodels:\n\
        - {model: plain, parameters: {weight: 1}}\n\
        - {model: packed.gguf, parameters: {weight: 1}}\n";
    std::fs::write(&recipe, text).unwrap();
    window.state_mut().workbench_mut().open_recipe(&recipe);
    settle(&mut window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num5);
    settle(&mut window);
    press(&mut window, "Write merge…");
    press(&mut window, "One GGUF file");
    press(&mut window, "Choose where to write…");
    // The template is proposed: it is the one of the two that is GGUF.
    assert!(says(&window, "Metadata and vocabulary of"));
    press(&mut window, "Write");
    let child = doc(&window).models.last().unwrap();
    assert_eq!(
        (child.name.as_str(), child.path.as_ref()),
        ("child", Some(&out))
    );
    assert!(Checkpoint::open(&out).unwrap().is_gguf());
    let left = std::fs::read_dir(out.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn a_name_with_an_ending_means_a_file() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), true, vec![vec![home.path().join("x.gguf")]]);
    select(&mut window, 1);
    ask(&mut window);
    assert!(!says(&window, "Another file…"));
    press(&mut window, "Choose where to write…");
    assert!(says(&window, "Another file…"));
    let name = window.get_by_label("Name of the output");
    assert_eq!(name.accesskit_node().value().as_deref(), Some("x"));
}
