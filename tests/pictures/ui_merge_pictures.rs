//! The whole merge view as pictures. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use eframe::egui::{CentralPanel, Frame, Theme, vec2};
use egui_kittest::Harness;
use kinfolk::ui::theme::{self, Tokens};
use kinfolk::ui::views::MergeView;
use kinfolk::workbench::{Folders, Workbench};

use crate::picture;

/// The paper's slerp: exact, with lists by filter.
const EXACT: usize = 1;
/// Strips, of which nothing is predicted but what the parents' kinship says.
const STRIPS: usize = 6;

fn check(name: &str, theme: Theme, template: usize) {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Workbench::new(Folders::below(dir.path()), || {});
    bench.open_demo();
    bench.wait(|_| {});
    let doc = bench.study().doc();
    let (base, ids) = (doc.models[0].id, [doc.models[1].id, doc.models[5].id]);
    bench.measure(base, false);
    bench.wait(|_| {});
    bench.compose_template(Some(template), &ids);
    bench.poll();
    bench.wait(|_| {});
    let (mut view, mut is_styled) = (MergeView::default(), false);
    let mut harness = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(40)
        .build_ui(move |ui| {
            if is_styled {
                let frame = Frame::new().fill(Tokens::of(ui).background);
                CentralPanel::default()
                    .frame(frame)
                    .show(ui, |ui| view.ui(ui, &bench, &mut Vec::new()));
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
    check("merge_light", Theme::Light, EXACT);
}

#[test]
fn the_view_looks_as_accepted_in_dark() {
    check("merge_dark", Theme::Dark, EXACT);
}

#[test]
fn strips_look_as_accepted_in_dark() {
    check("merge_strips_dark", Theme::Dark, STRIPS);
}
