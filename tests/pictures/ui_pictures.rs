//! The widgets as pictures, light and dark. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use eframe::egui::{CentralPanel, Theme, Ui, vec2};
use egui_kittest::Harness;
use kinfolk::kinship::Join;
use kinfolk::ui::colormap::Scale;
use kinfolk::ui::theme;
use kinfolk::ui::widgets::bars::{Bar, bars_ui};
use kinfolk::ui::widgets::heatmap::{HeatMap, Legend, Undefined};
use kinfolk::ui::widgets::profile::{Profile, Series};

use crate::picture;

fn check(name: &str, theme: Theme, size: (f32, f32), content: impl FnMut(&mut Ui)) {
    let mut harness = Harness::builder()
        .with_size(vec2(size.0, size.1))
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(8)
        .build_ui(themed(content));
    harness.run();
    let name = format!(
        "{name}_{}",
        if theme == Theme::Dark {
            "dark"
        } else {
            "light"
        }
    );
    harness.snapshot_options(&name, &picture::options());
}

/// Our style from the first frame on.
fn themed(mut content: impl FnMut(&mut Ui)) -> impl FnMut(&mut Ui) {
    let mut is_styled = false;
    move |ui| {
        if is_styled {
            CentralPanel::default().show(ui, &mut content);
        } else {
            theme::apply(ui.ctx());
            ui.ctx().request_repaint();
            is_styled = true;
        }
    }
}

fn kinship(a: usize, b: usize) -> Option<f64> {
    let undefined = a.max(b) == 6 && a.min(b) == 2;
    (!undefined).then(|| 1.0 / (1.0 + 0.6 * a.abs_diff(b) as f64))
}

fn heat_map_ui(ui: &mut Ui) {
    let names = [
        "abacus",
        "arith",
        "ledger",
        "mirror",
        "order",
        "中文模型",
        "a-name-far-too-long-to-be-shown",
    ];
    let labels = names.map(String::from);
    let merges = [
        (0, 1, 0.2),
        (2, 3, 0.25),
        (7, 8, 0.5),
        (5, 6, 0.3),
        (10, 4, 0.4),
        (9, 11, 0.9),
    ];
    let merges = merges.map(|(left, right, height)| Join {
        left,
        right,
        height,
    });
    let legend = Legend {
        title: "Pearson",
        scale: Scale::KINSHIP,
        undefined: Some(Undefined::Hatched),
    };
    legend.show(ui);
    HeatMap {
        selected: Some((0, 3)),
        selected_models: &[0, 3],
        order: &[0, 1, 2, 3, 5, 6, 4],
        dendrogram: Some(&merges),
        ghosts: &[4],
        ..HeatMap::new(&labels, &kinship)
    }
    .show(ui);
}

fn inspector_ui(ui: &mut Ui) {
    let bar = |name, value, predicted| Bar {
        name,
        value,
        predicted,
    };
    let bars = [
        bar("abacus", Some(0.912), false),
        bar("order", Some(0.431), true),
        bar("mirror", None, false),
    ];
    bars_ui(ui, &bars, Scale::KINSHIP, 3);
    let wave = |phase: f64| {
        (0..24)
            .map(|i| Some((f64::from(i) * 0.3 + phase).sin() * 0.4))
            .collect()
    };
    let mut series = [
        Series {
            name: "attention",
            role: 0,
            values: wave(0.0),
        },
        Series {
            name: "MLP",
            role: 1,
            values: wave(1.5),
        },
    ];
    series[1].values[9] = None;
    let profile = Profile {
        id_salt: "test",
        x_name: "Layer",
        y_name: "Pearson",
        series: &series,
        y_range: None,
        decimals: 3,
    };
    profile.show(ui);
}

#[test]
fn heat_map_looks_as_accepted_in_light() {
    check("heat_map", Theme::Light, (560.0, 400.0), heat_map_ui);
}

#[test]
fn heat_map_looks_as_accepted_in_dark() {
    check("heat_map", Theme::Dark, (560.0, 400.0), heat_map_ui);
}

#[test]
fn bars_and_profile_look_as_accepted_in_light() {
    check("inspector", Theme::Light, (420.0, 300.0), inspector_ui);
}

#[test]
fn bars_and_profile_look_as_accepted_in_dark() {
    check("inspector", Theme::Dark, (420.0, 300.0), inspector_ui);
}
