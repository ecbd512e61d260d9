//! The kinship view as a picture. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use eframe::egui::{CentralPanel, Frame, Theme, Ui, Vec2, vec2};
use egui_kittest::Harness;
use kinfolk::study::{Command, Selection};
use kinfolk::ui::action::View;
use kinfolk::ui::inspector::pair::pair_ui;
use kinfolk::ui::theme::{self, Tokens};
use kinfolk::ui::views::KinshipView;
use kinfolk::workbench::{Folders, Workbench};

use crate::picture;

/// The demo with abacus and mirror selected.
fn demo(dir: &tempfile::TempDir) -> Workbench {
    let mut bench = Workbench::new(Folders::below(dir.path()), || {});
    bench.open_demo();
    bench.wait(|_| {});
    let models = &bench.study().doc().models;
    let pair = Selection::Pair(models[1].id, models[4].id);
    bench.apply(Command::Select(pair));
    bench
}

fn check(name: &str, theme: Theme, size: Vec2, mut content: impl FnMut(&mut Ui)) {
    let mut is_styled = false;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(12)
        .build_ui(move |ui| {
            if is_styled {
                let frame = Frame::new().fill(Tokens::of(ui).background);
                CentralPanel::default().frame(frame).show(ui, &mut content);
            } else {
                theme::apply(ui.ctx());
                ui.ctx().request_repaint();
                is_styled = true;
            }
        });
    harness.run();
    harness.snapshot_options(name, &picture::options());
}

#[test]
fn the_view_looks_as_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let (bench, mut view) = (demo(&dir), KinshipView::default());
    check(
        "kinship_light",
        Theme::Light,
        vec2(820.0, 640.0),
        move |ui| {
            view.ui(ui, &bench, &mut Vec::new());
        },
    );
}

#[test]
fn the_inspector_of_a_pair_looks_as_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let bench = demo(&dir);
    check("pair_dark", Theme::Dark, vec2(300.0, 560.0), move |ui| {
        let frame = Frame::new().inner_margin(theme::space::M);
        frame.show(ui, |ui| {
            let models = &bench.study().doc().models;
            let pair = (models[1].id, models[4].id);
            pair_ui(ui, &bench, pair, View::Models, &mut Vec::new());
        });
    });
}
