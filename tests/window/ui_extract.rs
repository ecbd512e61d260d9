//! An adapter extracted in the whole window: asked for by label, made, looked at, added.

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable;
use kinfolk::checkpoint::Checkpoint;
use kinfolk::ui::prefs::Prefs;

use crate::common::{f32_part, write_safetensors};
use crate::harness::{Window, bench, click, command, doc, opened, says, settle};

/// A base and a fine-tune of two layers in a window at rest; dialogs give `answers`.
fn window(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let wave = |n: usize, from: f32| -> Vec<f32> {
        (0..n).map(|k| ((k as f32 + from) * 0.9).sin()).collect()
    };
    let mut listed = Vec::new();
    for (k, name) in ["base", "tuned"].into_iter().enumerate() {
        let folder = home.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let numbers = |n: usize, of: f32| wave(n, of + 7.0 * k as f32);
        let parts = [
            f32_part(
                "model.layers.0.self_attn.q_proj.weight",
                &[4, 4],
                &numbers(16, 0.0),
            ),
            f32_part(
                "model.layers.0.mlp.up_proj.weight",
                &[6, 4],
                &numbers(24, 1.0),
            ),
            f32_part(
                "model.layers.1.self_attn.q_proj.weight",
                &[4, 4],
                &numbers(16, 2.0),
            ),
            f32_part(
                "model.layers.1.mlp.up_proj.weight",
                &[6, 4],
                &numbers(24, 3.0),
            ),
            f32_part("model.norm.weight", &[4], &numbers(4, 4.0)),
        ];
        write_safetensors(&folder.join("model.safetensors"), &parts);
        let config = r#"{"model_type": "llama"}"#;
        std::fs::write(folder.join("config.json"), config).unwrap();
        let base = if k > 0 { r#", "base": 0"# } else { "" };
        let path = serde_json::to_string(&folder).unwrap();
        listed.push(format!(
            r#"{{"id": {k}, "name": "{name}", "path": {path}{base}}}"#
        ));
    }
    let study = home.join("family.kinfolk.json");
    let text = format!(
        r#"{{"kinfolk": "study", "version": 1, "name": "family", "models": [{}]}}"#,
        listed.join(", ")
    );
    std::fs::write(&study, text).unwrap();
    let mut window = opened(
        crate::harness::WIDE,
        bench(home),
        Prefs::default(),
        answers,
        vec![study],
    );
    settle(&mut window);
    window
}

#[test]
fn an_adapter_is_asked_for_made_looked_at_and_added() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("tuned-lora");
    let mut window = window(home.path(), vec![vec![out.clone()]]);
    select_tuned(&mut window);
    command(&mut window, "Extract LoRA from tuned");
    assert!(says(&window, "4 modules with factors, 1 whole"));
    click(&mut window, "A share of the change");
    click(&mut window, "A rank");
    click(&mut window, "Extract…");
    settle(&mut window);
    assert!(says(&window, "LoRA of tuned"));
    // A rank that all modules have leaves nothing of the change.
    assert!(says(&window, "1.0000 kinship with the model"));
    for chart in ["Rank", "Singular values", "Energy kept"] {
        click(&mut window, chart);
    }
    let adapter = Checkpoint::open(&out).unwrap();
    assert!(adapter.adapter().is_some());
    click(&mut window, "Add to study");
    settle(&mut window);
    assert!(
        doc(&window)
            .models
            .iter()
            .any(|m| m.path.as_ref() == Some(&out))
    );
}

#[test]
fn what_cannot_be_extracted_says_why_before_it_begins() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Vec::new());
    select_tuned(&mut window);
    command(&mut window, "Extract LoRA from tuned");
    let options = window.get_all_by_label("More options").next();
    options.unwrap().click();
    window.run_steps(3);
    // Its name, and the field beside it.
    let field = window.get_all_by_label("Only modules").last();
    field.unwrap().click();
    window.run_steps(3);
    crate::harness::type_text(&mut window, "(");
    window.run_steps(3);
    assert!(says(&window, "is not a regular expression"));
    click(&mut window, "Cancel");
    assert!(!says(&window, "Extract LoRA from tuned"));
}

fn select_tuned(window: &mut Window) {
    use kinfolk::study::{Command, Selection};
    let models = &doc(window).models;
    let tuned = models.iter().find(|m| m.name == "tuned").unwrap().id;
    let select = Command::Select(Selection::Models(vec![tuned]));
    window.state_mut().workbench_mut().apply(select);
    window.run_steps(3);
}
