//! The scores of a sweep over its values: a line for one parameter, a heat map for two.

use eframe::egui::{Align2, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetType, pos2, vec2};
use egui_plot::{Line, PlotPoints, Points};

use super::score_words;
use crate::ui::colormap::{Scale, text_on};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::ticks::ticks;
use crate::ui::widgets::{still_plot, text};
use crate::workbench::sweeping::{Axis, Table};

/// The smallest and the largest cell of a heat map, in points.
const LEAST: Vec2 = vec2(28.0, 20.0);
const MOST: Vec2 = vec2(96.0, 44.0);
/// The most marks on an axis.
const MOST_MARKS: usize = 8;
/// Room for the values at its left and above it, in points.
const LEFT: f32 = 84.0;
const ABOVE: f32 = 38.0;

/// Draws the picture; the cell that was clicked, by its place in the grid.
pub(super) fn ui(ui: &mut Ui, table: &Table, room: f32) -> Option<usize> {
    match &table.axes[..] {
        [only] => line_ui(ui, table, only, room),
        [down, across] => map_ui(ui, table, (down, across), room),
        _ => None,
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn line_ui(ui: &mut Ui, table: &Table, axis: &Axis, room: f32) -> Option<usize> {
    let values = axis.values.iter().map(|value| value.parse::<f64>().ok());
    // Words stand beside each other.
    let places: Vec<f64> = values
        .collect::<Option<Vec<f64>>>()
        .unwrap_or_else(|| (0..axis.values.len()).map(|k| k as f64).collect());
    let scores = table
        .rows
        .iter()
        .map(|row| row.score().map(|(score, _)| score));
    let points = places.iter().zip(scores);
    let points: Vec<[f64; 2]> = points.filter_map(|(x, y)| Some([*x, y?])).collect();
    let mut sorted = points.clone();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let t = Tokens::of(ui);
    let plot = still_plot(ui, "sweep result", room, [last(&axis.path), "Score"])
        .set_margin_fraction(Vec2::new(0.04, 0.1))
        .x_grid_spacer(|input| ticks(input.bounds, false, MOST_MARKS))
        .y_grid_spacer(|input| ticks(input.bounds, false, MOST_MARKS))
        .show(ui, |plot| {
            let line = Line::new("line", PlotPoints::from(sorted)).allow_hover(false);
            plot.line(line.color(t.accent).width(1.75));
            let dots = Points::new("points", PlotPoints::from(points)).allow_hover(false);
            plot.points(dots.color(t.accent).radius(4.0));
        });
    let name = format!("Score by {}", last(&axis.path));
    plot.response.named(WidgetType::Image, name);
    let at = plot.response.hover_pos()?;
    let x = plot.transform.value_from_position(at).x;
    let nearest = (0..places.len()).min_by(|&a, &b| {
        let far = |k: usize| (places[k] - x).abs();
        far(a).total_cmp(&far(b))
    })?;
    let row = table.rows.get(nearest)?;
    let clicked = plot.response.clicked();
    plot.response
        .on_hover_text(format!("{}: {}", row.name, score_words(row)));
    clicked.then_some(nearest)
}

fn map_ui(ui: &mut Ui, table: &Table, (down, across): (&Axis, &Axis), room: f32) -> Option<usize> {
    let t = Tokens::of(ui);
    let (rows, columns) = (down.values.len(), across.values.len());
    let fits = vec2(
        (ui.available_width() - LEFT) / columns.max(1) as f32,
        (room - ABOVE) / rows.max(1) as f32,
    );
    let cell = fits.clamp(LEAST, MOST);
    let size = vec2(LEFT + cell.x * columns as f32, ABOVE + cell.y * rows as f32);
    let area = eframe::egui::ScrollArea::both()
        .id_salt("sweep map")
        .max_height(room);
    area.show(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let corner = rect.min + vec2(LEFT, ABOVE);
        let small = theme::small_font();
        let names = [
            (
                pos2(corner.x, rect.top()),
                Align2::LEFT_TOP,
                last(&across.path),
            ),
            (
                pos2(rect.left(), corner.y - space::XS),
                Align2::LEFT_BOTTOM,
                last(&down.path),
            ),
        ];
        for (at, align, name) in names {
            ui.painter().text(at, align, name, small.clone(), t.text);
        }
        for (k, value) in across.values.iter().enumerate() {
            let at = pos2(corner.x + cell.x * (k as f32 + 0.5), corner.y - space::XS);
            let shown = text::fitted(ui.painter(), value, &small, cell.x - 2.0);
            ui.painter()
                .text(at, Align2::CENTER_BOTTOM, shown, small.clone(), t.text_weak);
        }
        for (k, value) in down.values.iter().enumerate() {
            let at = pos2(corner.x - space::S, corner.y + cell.y * (k as f32 + 0.5));
            let shown = text::fitted(ui.painter(), value, &small, LEFT - space::S);
            ui.painter()
                .text(at, Align2::RIGHT_CENTER, shown, small.clone(), t.text_weak);
        }
        let scale = scale(table);
        let best = table.best();
        let mut clicked = None;
        for (k, row) in table.rows.iter().enumerate() {
            let (i, j) = (k / columns.max(1), k % columns.max(1));
            let min = corner + vec2(cell.x * j as f32, cell.y * i as f32);
            let place = eframe::egui::Rect::from_min_size(min, cell).shrink(1.0);
            let response = ui.interact(place, ui.id().with(("sweep cell", k)), Sense::click());
            let score = row.score().map(|(score, _)| score);
            response.named(
                WidgetType::Button,
                format!("{} {}", row.name, score_words(row)),
            );
            let ink = scale.color(score.map(|score| turned(table, scale, score)), t);
            ui.painter()
                .rect_filled(place, 2.0, if score.is_some() { ink } else { t.background });
            let edge = match best == Some(k) || response.hovered() {
                true => Stroke::new(2.0, t.accent),
                false => Stroke::new(1.0, t.line),
            };
            ui.painter()
                .rect_stroke(place, 2.0, edge, StrokeKind::Inside);
            if score.is_some() {
                let words = format::score(score);
                let words = text::fitted(ui.painter(), &words, &small, cell.x - 4.0);
                let at = place.center();
                ui.painter().text(
                    at,
                    Align2::CENTER_CENTER,
                    words,
                    small.clone(),
                    text_on(ink),
                );
            }
            if response.clicked() {
                clicked = Some(k);
            }
            response.on_hover_text(format!("{}: {}", row.name, score_words(row)));
        }
        clicked
    })
    .inner
}

fn scale(table: &Table) -> Scale {
    let scores = table
        .rows
        .iter()
        .filter_map(|row| row.score().map(|(score, _)| score));
    let (lo, hi) = scores.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), s| {
        (s.min(lo), s.max(hi))
    });
    Scale::Score { lo, hi }
}

/// A score as it is coloured: the best is the fullest, also where less is better.
fn turned(table: &Table, scale: Scale, score: f64) -> f64 {
    let (lo, hi) = scale.range();
    match table.is_less_better() {
        true => lo + hi - score,
        false => score,
    }
}
