//! Makes the pictures of the README and of the guide from the real program, as its window is
//! today.
//!
//! ```text
//! cargo run --release --example pictures
//! ```
//!
//! It opens the demo below a temporary folder, runs the two evolutions of its five founders
//! (which takes a minute or two), and writes `resources/pictures`. Nothing is drawn by a graphics
//! card, so that the pictures are the same on every machine.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a command line for those who work on the program"
)]

#[path = "../tests/common/picture.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod picture;

use std::path::Path;
use std::time::Duration;

use eframe::egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, EvolutionId, ModelId, Selection};
use kinfolk::ui::action::View;
use kinfolk::ui::app::App;
use kinfolk::ui::dialogs::Scripted;
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::{Folders, Workbench};

const SIZE: [f32; 2] = [1280.0, 800.0];
/// More than one, so that letters are sharp on a screen of any density.
const PIXELS_PER_POINT: f32 = 1.5;
/// The paper's SLERP with its lists.
const SLERP: usize = 1;
/// A run waits this long for its next child at a time.
const STEP: Duration = Duration::from_millis(200);

fn main() {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/pictures");
    let home = tempfile::tempdir().unwrap();
    kinship(&demo_in(&home.path().join("kinship")), &out);
    merge(&demo_in(&home.path().join("merge")), &out);
    evolution(&demo_in(&home.path().join("evolution")), &out);
}

/// The folder of a measured demo.
fn demo_in(home: &Path) -> std::path::PathBuf {
    let mut bench = bench_in(home);
    bench.open_demo();
    bench.wait(|_| {});
    bench.save_if_changed();
    home.to_owned()
}

fn bench_in(home: &Path) -> Workbench {
    Workbench::new(Folders::below(home), || {})
}

fn opened(home: &Path) -> Workbench {
    let mut bench = bench_in(home);
    bench.open_demo();
    bench.wait(|_| {});
    bench
}

fn named(bench: &Workbench, name: &str) -> ModelId {
    let mut models = bench.study().doc().models.iter();
    models.find(|model| model.name == name).unwrap().id
}

/// The matrix, with two unrelated models.
fn kinship(home: &Path, out: &Path) {
    let mut bench = opened(home);
    let pair = Selection::Pair(named(&bench, "abacus"), named(&bench, "mirror"));
    bench.apply(Command::Select(pair));
    let window = window(bench, View::Kinship, Theme::Light);
    write(window, &out.join("kinship.png"));
}

/// The canvas, with a merge of two and what it would make.
fn merge(home: &Path, out: &Path) {
    let mut bench = opened(home);
    let two = [named(&bench, "abacus"), named(&bench, "order")];
    bench.compose_template(Some(SLERP), &two);
    bench.wait(|_| {});
    let mut window = window(bench, View::Merge, Theme::Light);
    if let Some(depth) = window.query_all_by_label_contains("Over depth…").next() {
        depth.click();
    }
    let_go(&mut window);
    write(window, &out.join("merge.png"));
}

/// Two runs from the same founders, the later one in front.
fn evolution(home: &Path, out: &Path) {
    let mut bench = opened(home);
    let all = &bench.study().doc().evolutions;
    let runs: Vec<EvolutionId> = (all.iter())
        .filter(|own| own.name.contains("five founders"))
        .map(|own| own.id)
        .collect();
    for id in runs {
        eprintln!("running evolution {}", id.0);
        bench.run_evolution(id);
        while bench.is_evolving() || !bench.jobs().running().is_empty() {
            bench.poll_within(STEP);
        }
    }
    bench.apply(Command::Select(Selection::Nothing));
    let mut window = window(bench, View::Evolution, Theme::Dark);
    if let Some(by) = window.query_by_label("By merges") {
        by.click();
    }
    let_go(&mut window);
    write(window, &out.join("evolution.png"));
}

fn window(bench: Workbench, view: View, theme: Theme) -> Harness<'static, App> {
    let prefs = Prefs {
        view,
        theme: theme.into(),
        ..Prefs::default()
    };
    let mut window = Harness::builder()
        .with_size(SIZE)
        .with_pixels_per_point(PIXELS_PER_POINT)
        .with_theme(theme)
        .with_max_steps(60)
        .renderer(picture::Renderer::default())
        .build_eframe(move |cc| {
            let picker = Box::new(Scripted::new([]));
            App::new(&cc.egui_ctx, bench, picker, prefs, Vec::new())
        });
    settle(&mut window);
    window
}

/// Until no job runs and nothing more is asked for.
fn settle(window: &mut Harness<'static, App>) {
    for _ in 0..8 {
        window.run_steps(4);
        let bench = window.state_mut().workbench_mut();
        while !bench.jobs().running().is_empty() {
            bench.poll_within(STEP);
        }
    }
}

/// Lets a click have its effect, and takes the pointer out of the picture.
fn let_go(window: &mut Harness<'static, App>) {
    settle(window);
    window.remove_cursor();
    settle(window);
}

fn write(mut window: Harness<'static, App>, path: &Path) {
    let picture = window.render().unwrap();
    picture.save(path).unwrap();
    eprintln!("{} is written", path.display());
}
