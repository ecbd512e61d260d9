//! The Evolution view as a picture. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use std::path::Path;

use eframe::egui::{CentralPanel, Frame, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::ui::theme::{self, Tokens};
use kinfolk::ui::views::EvolutionView;
use kinfolk::workbench::Workbench;

use crate::evolutions::{SEVEN, add, bench_of, know_kinship, run, score_founders, setup};
use crate::picture;

const LAPTOP: Vec2 = vec2(1080.0, 700.0);

/// The view on a study; buttons may be clicked first.
fn check(
    name: &str,
    theme: Theme,
    size: Vec2,
    make: impl FnOnce(&Path) -> Workbench,
    clicks: &[&str],
) {
    let home = tempfile::tempdir().unwrap();
    let bench = make(home.path());
    let mut view = EvolutionView::default();
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
    for label in clicks {
        harness.get_by_label(label).click();
        harness.run();
    }
    harness.snapshot_options(name, &picture::options());
}

fn family(home: &Path) -> Workbench {
    let mut bench = bench_of(home, &SEVEN);
    score_founders(&mut bench);
    know_kinship(&mut bench);
    bench
}

/// An ended greedy run, and one with kinship that is half way.
fn compared(home: &Path) -> Workbench {
    let mut bench = family(home);
    let folder = Path::new("/home/me/merges");
    let greedy = setup(&bench, "greedy", &folder.join("greedy"));
    let greedy = add(&mut bench, "Greedy", greedy);
    run(&mut bench, greedy, 200);
    let mut kinship = setup(&bench, "kinship", &folder.join("with-kinship"));
    kinship.rules.tau = Some(0.98);
    let kinship = add(&mut bench, "With kinship", kinship);
    run(&mut bench, kinship, 26);
    let best = bench
        .evolution_view(kinship)
        .unwrap()
        .generations
        .last()
        .unwrap()
        .selection[0];
    let best: ModelId = bench.evolution_view(kinship).unwrap().models[best];
    bench.apply(Command::Select(Selection::Models(vec![best])));
    bench
}

fn new(home: &Path) -> Workbench {
    let mut bench = family(home);
    let ready = setup(&bench, "kinship", Path::new("/home/me/merges/evolution"));
    add(&mut bench, "Evolution", ready);
    bench
}

#[test]
fn a_run_beside_another_looks_as_accepted_in_light() {
    check("evolution_light", Theme::Light, LAPTOP, compared, &[]);
}

#[test]
fn a_new_evolution_looks_as_accepted_in_dark() {
    check("evolution_new_dark", Theme::Dark, LAPTOP, new, &[]);
}

#[test]
fn a_narrow_window_looks_as_accepted_in_dark() {
    let size = vec2(700.0, 900.0);
    check("evolution_narrow_dark", Theme::Dark, size, compared, &[]);
}
