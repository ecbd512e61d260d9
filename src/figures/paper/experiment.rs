//! Figure 5: the best so far of the two searches, and the family tree of what they found.

use super::Printed;
use crate::figures::runs::{Best, best_so_far, panel, steps};
use crate::figures::runs_of::{InRun, members};
use crate::figures::{Axis, Color, Dash, Figure, Layer, MODEL, Marker, Panel, Point};
use crate::study::Model;
use crate::text::number;

/// Name, colour, dash and marker of the two searches.
const SEARCHES: [(&str, Color, Dash, Marker); 2] = [
    ("Greedy", Color::Series(5), Dash::Dashed, Marker::Cross),
    (
        "With kinship",
        Color::Series(0),
        Dash::Solid,
        Marker::Circle,
    ),
];
/// How far the paper draws both lines.
const LAST: u32 = 5;

pub fn figure(data: &Printed) -> Figure {
    let counts = SEARCHES.map(|(run, ..)| members(run, &data.doc, &data.record).len());
    let ends = SEARCHES.map(|(run, ..)| {
        let best = best_so_far(&members(run, &data.doc, &data.record));
        best.last().map_or(f64::NAN, |b| b.average)
    });
    Figure {
        title: "Figure 5 of the paper: greedy and kinship-guided merging".into(),
        panels: vec![race(data), tree(data)],
        columns: 2,
        caption: format!(
            "Greedy ends at {} (n = {} models), with kinship at {} (n = {}): {} points apart",
            number(ends[0], 2),
            counts[0],
            number(ends[1], 2),
            counts[1],
            number(ends[1] - ends[0], 2),
        ),
        notes: vec![
            "One run of each, without repeats; both were ended by hand".into(),
            "The greedy run has four generations; its line is drawn on to the fifth, as in the paper".into(),
            "model-5-1 is printed with 69.13, and its three scores average 69.18".into(),
            "The tree shows part of the models; the red edge is the step from model-2-1 that the text calls v2 and the drawing v1".into(),
        ],
        source: data.source(),
    }
}

/// 5a: best average by generation.
fn race(data: &Printed) -> Panel {
    let mut layers = vec![Layer::Vertical {
        name: "Saturation".into(),
        x: 2.0,
        runs: Vec::new(),
    }];
    // The dashes of the greedy run lie over the whole line where both are the same.
    for (run, color, dash, marker) in SEARCHES.into_iter().rev() {
        let members = members(run, &data.doc, &data.record);
        let best = up_to_last(best_so_far(&members));
        let points: Vec<Point> = best
            .iter()
            .enumerate()
            .map(|(k, b)| spot(&best, k, b, &members, run, color))
            .collect();
        let corners: Vec<[f64; 2]> = points.iter().map(|p| [p.x, p.y]).collect();
        layers.push(Layer::line(run, color, dash, steps(&corners)));
        layers.push(Layer::points(run, marker, points));
    }
    let mut out = panel(layers);
    out.title = "Best so far".into();
    out.y.range = Some((66.0, 69.5));
    out
}

/// The last value goes on to the last generation that is drawn.
fn up_to_last(mut best: Vec<Best>) -> Vec<Best> {
    while let Some(last) = best.last().filter(|last| last.generation < LAST) {
        best.push(Best {
            generation: last.generation + 1,
            ..*last
        });
    }
    best
}

/// A point that is named by its value where the best has just risen to what the paper labels.
fn spot(
    best: &[Best],
    k: usize,
    b: &Best,
    members: &[InRun<'_>],
    run: &str,
    color: Color,
) -> Point {
    let has_risen = k == 0 || best[k - 1].average < b.average;
    // What both share at generation 2 is written once.
    let is_named = has_risen && (b.generation > 2 || (b.generation == 2 && run == "Greedy"));
    let model = members[b.member].model;
    let value = number(b.average, 2);
    Point {
        x: f64::from(b.generation),
        y: b.average,
        color,
        label: if is_named {
            value.clone()
        } else {
            model.name.clone()
        },
        details: vec![
            (MODEL.into(), model.name.clone()),
            ("Average".into(), value),
            ("Run".into(), run.into()),
        ],
        is_named,
        ..Point::default()
    }
}

/// What a node of the tree is. A run has one colour in both panels; the best of it differs in
/// shape.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    FineTuned,
    Greedy,
    BestGreedy,
    Kinship,
    BestKinship,
}

use Class::{BestGreedy, BestKinship, FineTuned, Greedy, Kinship};

impl Class {
    const ALL: [(Self, &'static str, Color, Marker); 5] = [
        (FineTuned, "Fine-tuned", Color::Series(2), Marker::Square),
        (Greedy, "Greedy", SEARCHES[0].1, SEARCHES[0].3),
        (BestGreedy, "Best greedy", SEARCHES[0].1, Marker::Triangle),
        (Kinship, "With kinship", SEARCHES[1].1, SEARCHES[1].3),
        (
            BestKinship,
            "Best with kinship",
            SEARCHES[1].1,
            Marker::Diamond,
        ),
    ];
}

/// The models of the tree, as drawn: class and how high each stands. Across they stand by
/// generation; which models descend from which is in the study.
const NODES: [(&str, Class, f64); 11] = [
    ("Instruct", FineTuned, 3.0),
    ("MetaMath", FineTuned, 2.0),
    ("Open-chat", FineTuned, 0.0),
    ("model-1-3", Greedy, 1.1),
    ("model-2-exp", Kinship, 2.7),
    ("model-2-1", BestGreedy, 1.0),
    ("model-3-3", Kinship, 2.2),
    ("model-3-1", Greedy, 0.3),
    ("model-4-6", Kinship, 1.4),
    ("model-4-1", Greedy, 0.0),
    ("model-5-1", BestKinship, 2.0),
];
/// The edge that the paper draws in red.
const RED: (&str, &str) = ("model-2-1", "model-3-3");

/// 5b: the family tree.
fn tree(data: &Printed) -> Panel {
    let place = |name: &str| {
        let (_, class, y) = NODES.into_iter().find(|(n, ..)| *n == name)?;
        let (model, row) = data
            .doc
            .models
            .iter()
            .zip(&data.record.rows)
            .find(|(m, _)| m.name == name)?;
        Some((model, f64::from(row.generation), y, class))
    };
    let mut layers = Vec::new();
    for (child, ..) in NODES {
        let Some((model, x, y, _)) = place(child) else {
            continue;
        };
        for &parent in &model.parents {
            let name = data.doc.name_of(parent);
            let Some((_, from_x, from_y, _)) = place(name) else {
                continue;
            };
            let color = if (name, child) == RED {
                Color::Series(5)
            } else {
                Color::Quiet
            };
            let ends = vec![[from_x, from_y], [x, y]];
            layers.push(Layer::line("", color, Dash::Solid, ends));
        }
    }
    for (class, name, color, marker) in Class::ALL {
        let of_class = NODES.iter().filter(|(_, c, _)| *c == class);
        let points = of_class
            .filter_map(|(name, ..)| place(name))
            .map(|(model, x, y, _)| node(model, x, y, color))
            .collect();
        layers.push(Layer::points(name, marker, points));
    }
    let free = |lo, hi| Axis::default().within(lo, hi);
    Panel {
        title: "Family tree".into(),
        has_axes: false,
        ..Panel::new(free(-0.5, 5.6), free(-0.5, 3.5), layers)
    }
}

fn node(model: &Model, x: f64, y: f64, color: Color) -> Point {
    let average = model
        .origin
        .average
        .map_or_else(|| "–".to_owned(), |v| number(v, 2));
    Point {
        x,
        y,
        color,
        label: model.name.trim_start_matches("model-").to_owned(),
        details: vec![
            (MODEL.into(), model.name.clone()),
            ("Average".into(), average),
        ],
        is_named: true,
        ..Point::default()
    }
}
