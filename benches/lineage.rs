//! How long the lineage of 500 models takes: its layout, and a frame while the pointer moves.
//!
//! ```text
//! cargo bench --bench lineage
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark talks"
)]

#[path = "../tests/common/lineages.rs"]
mod lineages;

use std::hint::black_box;
use std::time::{Duration, Instant};

use eframe::egui::{Context, Event, Key, Modifiers, RawInput, Rect, pos2, vec2};
use kinfolk::lineage::{Graph, lay_out};
use kinfolk::ui::theme;
use kinfolk::ui::views::LineageView;
use kinfolk::workbench::Workbench;

const MODELS: usize = 500;
const A_GENERATION: usize = 25;
const FRAMES: usize = 400;

fn main() {
    let home = std::env::temp_dir().join(format!("kinfolk-lineage-{}", std::process::id()));
    let mut bench = lineages::bench(&home);
    lineages::import(&mut bench, lineages::evolution(MODELS, A_GENERATION));
    let graph = graph(&bench);
    println!("layout of {MODELS} models: {}", times(layouts(&graph)));
    println!("a frame, names readable:  {}", times(frames(&bench, None)));
    let everything = frames(&bench, Some(Key::F));
    println!("a frame, all in sight:    {}", times(everything));
    std::fs::remove_dir_all(&home).ok();
}

/// Who was made from whom in the study.
fn graph(bench: &Workbench) -> Graph {
    let models = &bench.study().doc().models;
    let generations = models.iter().map(|m| m.steps.first().map(|s| s.generation));
    let place = |id| models.iter().position(|m| m.id == id);
    let edges = models.iter().enumerate().flat_map(|(child, model)| {
        let parents = model.parents.iter().filter_map(move |&id| place(id));
        parents.map(move |parent| [parent, child])
    });
    Graph {
        generations: generations.collect(),
        edges: edges.collect(),
    }
}

fn layouts(graph: &Graph) -> Vec<Duration> {
    let one = |_| {
        let start = Instant::now();
        black_box(lay_out(black_box(graph)));
        start.elapsed()
    };
    (0..21).map(one).collect()
}

/// Frames of the view with its triangles, in a window of 1280 × 800, while the pointer goes
/// over the canvas. What the graphics card does with them is not in it.
fn frames(bench: &Workbench, key: Option<Key>) -> Vec<Duration> {
    let (ctx, mut view) = (Context::default(), LineageView::default());
    theme::apply(&ctx);
    let mut frame = |k: usize, events: Vec<Event>| {
        let start = Instant::now();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0))),
            time: Some(k as f64 / 60.0),
            events,
            ..RawInput::default()
        };
        let mut out = ctx.run_ui(input, |ui| view.ui(ui, bench, &mut Vec::new()));
        out.textures_delta.clear();
        black_box(ctx.tessellate(out.shapes, 1.0));
        start.elapsed()
    };
    for k in 0..8 {
        let pressed = key.filter(|_| k == 4).map(pressed);
        frame(k, pressed.into_iter().collect());
    }
    let at = |k: usize| pos2(300.0 + (k * 37 % 900) as f32, 120.0 + (k * 11 % 600) as f32);
    (8..FRAMES)
        .map(|k| frame(k, vec![Event::PointerMoved(at(k))]))
        .collect()
}

fn pressed(key: Key) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

/// The median, and what one in twenty exceeds.
fn times(mut all: Vec<Duration>) -> String {
    all.sort();
    let at = |share: f64| all[(share * (all.len() - 1) as f64) as usize].as_secs_f64() * 1e3;
    format!("{:.2} ms (95 %: {:.2} ms)", at(0.5), at(0.95))
}
