//! The lineage view as a picture. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use eframe::egui::{CentralPanel, Frame, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, Entry, Selection};
use kinfolk::ui::theme::{self, Tokens};
use kinfolk::ui::views::LineageView;

use crate::lineages::{bench, community, evolution, import};
use crate::picture;

/// The view on a study of `entries` with one model selected; a button may be clicked first.
fn check(name: &str, theme: Theme, size: Vec2, entries: Vec<Entry>, button: Option<&str>) {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    import(&mut bench, entries);
    let third = bench.study().doc().models[2].id;
    bench.apply(Command::Select(Selection::Models(vec![third])));
    let mut view = LineageView::default();
    let mut is_styled = false;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(12)
        .build_ui(move |ui| {
            if is_styled {
                let frame = Frame::new().fill(Tokens::of(ui).background);
                CentralPanel::default().frame(frame).show(ui, |ui| {
                    view.ui(ui, &bench, &mut Vec::new());
                });
            } else {
                theme::apply(ui.ctx());
                ui.ctx().request_repaint();
                is_styled = true;
            }
        });
    harness.run();
    if let Some(button) = button {
        harness.get_by_label(button).click();
        harness.run();
    }
    harness.snapshot_options(name, &picture::options());
}

#[test]
fn the_community_looks_as_accepted_in_light() {
    let size = vec2(960.0, 620.0);
    check("lineage_light", Theme::Light, size, community(), None);
}

#[test]
fn the_community_from_afar_looks_as_accepted_in_dark() {
    let (size, fit) = (vec2(960.0, 620.0), Some("Show everything (F)"));
    check("lineage_far_dark", Theme::Dark, size, community(), fit);
}

#[test]
fn an_evolution_looks_as_accepted_in_dark() {
    let size = vec2(960.0, 620.0);
    check("lineage_dark", Theme::Dark, size, evolution(30, 6), None);
}
