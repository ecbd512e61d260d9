//! Figures as pictures, light and dark. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

use eframe::egui::{CentralPanel, Frame, Theme, Ui, Vec2, vec2};
use egui_kittest::Harness;
use kinfolk::figures::{
    Axis, Cells, Color, Dash, Figure, Layer, LineMark, Marker, Panel, Point, PointMark, Side,
};
use kinfolk::study::{ModelId, Selection};
use kinfolk::ui::plot::{Drawing, Hand};
use kinfolk::ui::theme::{self, Tokens, space};

use crate::picture;

fn check(name: &str, theme: Theme, size: Vec2, mut content: impl FnMut(&mut Ui)) {
    let mut is_styled = false;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .renderer(picture::Renderer::default())
        .with_max_steps(12)
        .build_ui(move |ui| {
            if is_styled {
                let frame = Frame::new()
                    .fill(Tokens::of(ui).background)
                    .inner_margin(space::M);
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

fn draw(ui: &mut Ui, figure: &Figure) {
    let drawing = Drawing {
        figure,
        id_salt: "test",
        selection: &Selection::Models(vec![ModelId(3)]),
        lasso: false,
        reset: false,
    };
    drawing.show(ui, &mut Hand::default());
}

fn axis(name: &str) -> Axis {
    Axis {
        name: name.to_owned(),
        ..Axis::default()
    }
}

fn point(k: usize, x: f64, y: f64, color: Color) -> Point {
    Point {
        x,
        y,
        color,
        label: match k {
            5 => "中文模型-7B".to_owned(),
            7 => "a-name-of-ninety-characters".repeat(4)[..90].to_owned(),
            _ => format!("model-{k}"),
        },
        details: vec![("Gain".to_owned(), "+1.20".to_owned())],
        models: vec![ModelId(k as u32)],
        short: String::new(),
        is_named: k % 4 == 3 || k == 5,
    }
}

/// A spread without chance.
fn spread(k: usize) -> f64 {
    (k as f64 * 0.618_034).fract() - 0.5
}

fn line(name: &str, color: usize, dash: Dash, points: Vec<[f64; 2]>) -> LineMark {
    LineMark {
        is_thin: false,
        name: name.to_owned(),
        color: Color::Series(color),
        dash,
        side: Side::Left,
        points,
    }
}

/// Two runs, a line with its band, names, zero.
fn scatter(by_value: bool) -> Panel {
    let mut layers = vec![
        Layer::Band {
            name: "95 % of the line".to_owned(),
            color: Color::Quiet,
            points: (0..=10)
                .map(|k| f64::from(k) / 10.0)
                .map(|x| [x, 1.4 - 2.0 * x - 0.6, 3.0 - 2.0 * x])
                .collect(),
        },
        Layer::Line(line(
            "Least squares",
            7,
            Dash::Solid,
            vec![[0.0, 2.2], [1.0, 0.2]],
        )),
        Layer::Horizontal {
            y: 0.0,
            color: Color::Quiet,
        },
    ];
    for (run, marker) in [Marker::Circle, Marker::Cross, Marker::Triangle]
        .into_iter()
        .enumerate()
    {
        let at = |k: usize| {
            let x = (k as f64 * 0.37).fract();
            let y = 2.2 - 2.0 * x + 2.5 * spread(k);
            let color = if by_value {
                Color::Value(y)
            } else {
                Color::Series([0, 5, 2][run])
            };
            point(k, x, y, color)
        };
        layers.push(Layer::Points(PointMark {
            name: format!("Path {}", run + 1),
            marker,
            side: Side::Left,
            points: (run * 8..run * 8 + 8).map(at).collect(),
        }));
    }
    Panel {
        x: axis("Kinship of the parents (Pearson)"),
        y: axis("Merge gain (points)"),
        layers,
        scale: by_value.then(|| ("Merge gain".to_owned(), -1.0, 4.0)),
        has_axes: true,
        ..Panel::default()
    }
}

/// Performance and kinship with an axis each.
fn two_axes() -> Panel {
    let generations = |f: &dyn Fn(f64) -> f64| -> Vec<[f64; 2]> {
        (0..=14).map(|g| [f64::from(g), f(f64::from(g))]).collect()
    };
    let kinship = generations(&|g| 1.0 - 0.9 * (-g / 4.0).exp());
    Panel {
        title: "Path 1".to_owned(),
        x: Axis {
            is_whole: true,
            ..axis("Generation")
        },
        y: axis("Average (points)"),
        right: Some(Axis {
            range: Some((0.0, 1.05)),
            ..axis("Kinship among the best 3 (Pearson)")
        }),
        layers: vec![
            Layer::Line(line(
                "Best so far",
                0,
                Dash::Solid,
                generations(&|g| 77.0 - 5.0 * (-g / 3.0).exp()),
            )),
            Layer::Line(LineMark {
                is_thin: false,
                side: Side::Right,
                ..line("Kinship", 5, Dash::Dashed, kinship.clone())
            }),
            Layer::Points(PointMark {
                name: "Kinship".to_owned(),
                marker: Marker::Triangle,
                side: Side::Right,
                points: kinship
                    .iter()
                    .enumerate()
                    .map(|(k, p)| Point {
                        is_named: false,
                        ..point(k, p[0], p[1], Color::Series(5))
                    })
                    .collect(),
            }),
            Layer::Vertical {
                name: "Saturated from generation 8".to_owned(),
                x: 8.0,
                runs: vec![
                    (Marker::Circle, Color::Series(0)),
                    (Marker::Cross, Color::Series(5)),
                ],
            },
            Layer::Vertical {
                name: "Paper: 9".to_owned(),
                x: 9.0,
                runs: Vec::new(),
            },
        ],
        has_axes: true,
        ..Panel::default()
    }
}

fn matrix() -> Panel {
    let names: Vec<String> = [
        "base-merge",
        "Mistral-7B-Instruct-v0.2",
        "中文模型",
        "d",
        "e",
    ]
    .map(String::from)
    .to_vec();
    let axis = Axis {
        names,
        ..Axis::default()
    };
    let value = |k: usize| (k != 7).then(|| 1.0 - 0.2 * (k / 5).abs_diff(k % 5) as f64);
    Panel {
        title: "Saturated".to_owned(),
        x: axis.clone(),
        y: axis,
        layers: vec![Layer::Cells(Cells {
            columns: 5,
            values: (0..25).map(value).collect(),
            decimals: Some(2),
            ..Cells::default()
        })],
        scale: Some(("Pearson".to_owned(), 0.0, 1.0)),
        ..Panel::default()
    }
}

fn gains() -> Panel {
    Panel {
        title: "Gain".to_owned(),
        x: Axis {
            is_whole: true,
            ..axis("Generation")
        },
        y: axis("Merge gain (points)"),
        layers: vec![Layer::Bars {
            name: "Gain".to_owned(),
            color: Color::Series(0),
            width: 0.7,
            points: (1..9)
                .map(|k| {
                    point(
                        k,
                        k as f64,
                        2.0 - k as f64 * 0.4,
                        Color::Signed(2.0 - k as f64 * 0.4),
                    )
                })
                .collect(),
        }],
        scale: Some(("Gain".to_owned(), -2.0, 2.0)),
        has_axes: true,
        ..Panel::default()
    }
}

fn alone(panel: Panel) -> Figure {
    Figure {
        title: "A figure".to_owned(),
        panels: vec![panel],
        columns: 1,
        ..Figure::default()
    }
}

const SCATTER: Vec2 = vec2(640.0, 420.0);

#[test]
fn a_scatter_looks_as_accepted_in_light() {
    let figure = alone(scatter(false));
    check("chart_scatter_light", Theme::Light, SCATTER, move |ui| {
        draw(ui, &figure);
    });
}

#[test]
fn a_scatter_by_value_looks_as_accepted_in_dark() {
    let figure = alone(scatter(true));
    check("chart_scatter_dark", Theme::Dark, SCATTER, move |ui| {
        draw(ui, &figure);
    });
}

fn panels() -> Figure {
    Figure {
        panels: vec![two_axes(), matrix(), gains(), scatter(true)],
        columns: 2,
        ..alone(Panel::default())
    }
}

const PANELS: Vec2 = vec2(900.0, 640.0);

#[test]
fn several_panels_look_as_accepted_in_light() {
    let figure = panels();
    check("chart_panels_light", Theme::Light, PANELS, move |ui| {
        draw(ui, &figure);
    });
}

#[test]
fn several_panels_look_as_accepted_in_dark() {
    let figure = panels();
    check("chart_panels_dark", Theme::Dark, PANELS, move |ui| {
        draw(ui, &figure);
    });
}
