//! What to merge next and the evaluator's window as pictures. `UPDATE_SNAPSHOTS=1` accepts new
//! ones; look first.

use eframe::egui::{CentralPanel, Frame, Theme, vec2};
use egui_kittest::Harness;
use kinfolk::evaluate::command::Call;
use kinfolk::study::{Command, Evaluator, EvolutionEdit};
use kinfolk::ui::theme::{self, Tokens, space};
use kinfolk::ui::views::{EvolutionView, NextView};
use kinfolk::workbench::{Folders, Workbench};

use crate::picture;

/// The demo, measured.
fn demo() -> (tempfile::TempDir, Workbench) {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Workbench::new(Folders::below(dir.path()), || {});
    bench.open_demo();
    bench.wait(|_| {});
    let base = bench.study().doc().models[0].id;
    bench.measure(base, false);
    bench.wait(|_| {});
    (dir, bench)
}

fn judge_by(bench: &mut Workbench, evaluator: Evaluator) {
    bench.apply(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator)));
    bench.read_task_files();
    bench.wait(|_| {});
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Next,
    Evaluator,
}

fn check(name: &str, theme: Theme, part: Part, size: [f32; 2], bench: Workbench) {
    let (mut view, mut is_styled) = (EvolutionView::default(), false);
    let mut next = NextView::default();
    if part == Part::Evaluator {
        view.set_evaluator();
    }
    let mut harness = Harness::builder()
        .with_size(vec2(size[0], size[1]))
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(40)
        .build_ui(move |ui| {
            if !is_styled {
                theme::apply(ui.ctx());
                ui.ctx().request_repaint();
                is_styled = true;
                return;
            }
            let frame = Frame::new()
                .fill(Tokens::of(ui).background)
                .inner_margin(space::M);
            CentralPanel::default()
                .frame(frame)
                .show(ui, |ui| match part {
                    Part::Next => next.ui(ui, &bench, &mut Vec::new()),
                    Part::Evaluator => view.evaluator_ui(ui.ctx(), &bench, &mut Vec::new()),
                });
        });
    harness.run();
    harness.snapshot_options(name, &picture::options());
}

#[test]
fn suggestions_look_as_accepted() {
    let (_dir, bench) = demo();
    let size = [808.0, 600.0];
    check("next_light", Theme::Light, Part::Next, size, bench);
}

#[test]
fn suggestions_look_as_accepted_in_dark() {
    let (_dir, bench) = demo();
    let size = [808.0, 600.0];
    check("next_dark", Theme::Dark, Part::Next, size, bench);
}

#[test]
fn task_files_look_as_accepted() {
    let (_dir, mut bench) = demo();
    // By a path that is the same on every machine.
    let tasks = vec!["resources/demo/tasks".into()];
    judge_by(&mut bench, Evaluator::BuiltIn { tasks });
    let size = [760.0, 560.0];
    check(
        "evaluator_built_in",
        Theme::Light,
        Part::Evaluator,
        size,
        bench,
    );
}

#[test]
fn a_program_looks_as_accepted_in_dark() {
    let (_dir, mut bench) = demo();
    let call = Call {
        program: "no-such-judge".to_owned(),
        limit_minutes: Some(90),
        ..Call::lm_eval()
    };
    judge_by(&mut bench, Evaluator::Command { call });
    let size = [760.0, 560.0];
    check(
        "evaluator_program_dark",
        Theme::Dark,
        Part::Evaluator,
        size,
        bench,
    );
}
