//! The canvas and its list as pictures. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use eframe::egui::{CentralPanel, Frame, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::ui::theme::{self, Tokens};
use kinfolk::ui::views::MergeView;
use kinfolk::workbench::{Folders, Workbench};

use crate::picture;

/// The paper's slerp, with lists by filter.
const BY_FILTER: usize = 1;
/// TIES, with parameters of each model.
const PER_MODEL: usize = 4;

fn check(name: &str, theme: Theme, template: usize, as_list: bool) {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Workbench::new(Folders::below(dir.path()), || {});
    bench.open_demo();
    bench.wait(|_| {});
    let models = &bench.study().doc().models;
    let ids = [models[1].id, models[4].id];
    bench.compose_template(Some(template), &ids);
    bench.poll();
    bench.wait(|_| {});
    let (mut view, mut is_styled) = (MergeView::default(), false);
    let mut harness = Harness::builder()
        .with_size(vec2(980.0, 460.0))
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(40)
        .build_ui(move |ui| {
            if is_styled {
                let frame = Frame::new().fill(Tokens::of(ui).background);
                CentralPanel::default()
                    .frame(frame)
                    .show(ui, |ui| view.canvas_ui(ui, &bench, &mut Vec::new()));
            } else {
                theme::apply(ui.ctx());
                ui.ctx().request_repaint();
                is_styled = true;
            }
        });
    harness.run();
    if as_list {
        harness.get_by_label("List").click();
        harness.run();
    }
    harness.snapshot_options(name, &picture::options());
}

#[test]
fn the_canvas_looks_as_accepted() {
    check("canvas_light", Theme::Light, BY_FILTER, false);
}

#[test]
fn the_canvas_looks_as_accepted_in_dark() {
    check("canvas_dark", Theme::Dark, PER_MODEL, false);
}

#[test]
fn the_list_looks_as_accepted() {
    check("canvas_list_light", Theme::Light, PER_MODEL, true);
}
