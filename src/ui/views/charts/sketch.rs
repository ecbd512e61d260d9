//! Small drawings that tell the charts apart in their list. They show the kind of chart, not
//! the data.

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, lerp, pos2, vec2};

use crate::study::chart::ChartKind;
use crate::ui::colormap::Scale;
use crate::ui::theme::Tokens;

/// Draws the sketch of a chart into `rect`.
pub fn paint(painter: &Painter, rect: Rect, kind: ChartKind, t: &Tokens) {
    let pen = Pen { painter, rect, t };
    match kind {
        ChartKind::Scatter => pen.scatter(0, &SPREAD),
        ChartKind::Stagnation => {
            pen.line(
                0,
                &[[0.0, 0.1], [0.3, 0.6], [0.6, 0.85], [1.0, 0.88]],
                false,
            );
            pen.line(1, &[[0.0, 0.2], [0.4, 0.35], [0.7, 0.8], [1.0, 0.95]], true);
        }
        ChartKind::Gains => pen.bars(&[0.9, 0.6, 0.35, -0.2, 0.15]),
        ChartKind::Matrix => pen.cells(4, 4),
        ChartKind::Layers => pen.bars(&[0.3, 0.45, 0.7, 0.9, 0.75, 0.6, 0.8]),
        ChartKind::Runs => {
            pen.line(0, &STEPS, false);
            pen.line(5, &[[0.0, 0.1], [0.4, 0.1], [0.4, 0.5], [1.0, 0.5]], true);
        }
        ChartKind::Paper(2) => pen.scatter(4, &SPREAD),
        ChartKind::Paper(3) => {
            pen.line(0, &[[0.0, 0.1], [0.5, 0.7], [1.0, 0.95]], false);
            pen.line(5, &[[0.0, 0.3], [0.5, 0.55], [1.0, 0.9]], true);
        }
        ChartKind::Paper(4) => {
            pen.line(
                3,
                &[[0.0, 0.2], [0.4, 0.3], [0.7, 0.85], [1.0, 0.95]],
                false,
            );
            pen.line(7, &[[0.0, 0.1], [0.5, 0.7], [1.0, 0.9]], true);
        }
        ChartKind::Paper(5) => pen.tree(),
        ChartKind::Paper(6) => pen.cells(6, 3),
        ChartKind::Paper(7) => pen.cells(5, 5),
        ChartKind::Paper(_) => pen.multiples(),
    }
}

const SPREAD: [[f32; 2]; 8] = [
    [0.08, 0.9],
    [0.2, 0.55],
    [0.35, 0.75],
    [0.5, 0.4],
    [0.6, 0.6],
    [0.75, 0.25],
    [0.85, 0.45],
    [0.95, 0.1],
];
const STEPS: [[f32; 2]; 6] = [
    [0.0, 0.1],
    [0.25, 0.1],
    [0.25, 0.6],
    [0.6, 0.6],
    [0.6, 0.95],
    [1.0, 0.95],
];

struct Pen<'a> {
    painter: &'a Painter,
    rect: Rect,
    t: &'a Tokens,
}

impl Pen<'_> {
    /// A place by its shares of width and height, upwards.
    fn at(&self, [x, y]: [f32; 2]) -> Pos2 {
        pos2(
            lerp(self.rect.x_range(), x),
            lerp(self.rect.y_range(), 1.0 - y),
        )
    }

    fn scatter(&self, role: usize, points: &[[f32; 2]]) {
        for &point in points {
            self.painter
                .circle_filled(self.at(point), 1.6, self.t.role(role));
        }
    }

    fn line(&self, role: usize, points: &[[f32; 2]], is_dashed: bool) {
        let points: Vec<Pos2> = points.iter().map(|&p| self.at(p)).collect();
        let stroke = Stroke::new(1.5, self.t.role(role));
        if is_dashed {
            self.painter
                .extend(Shape::dashed_line(&points, stroke, 3.0, 2.0));
        } else {
            self.painter.add(Shape::line(points, stroke));
        }
    }

    fn bars(&self, heights: &[f32]) {
        let least = heights.iter().copied().fold(0.0, f32::min);
        let most = heights.iter().copied().fold(0.0, f32::max);
        let up = |v: f32| (v - least) / (most - least);
        let step = 1.0 / heights.len() as f32;
        for (k, &height) in heights.iter().enumerate() {
            let left = k as f32 * step;
            let (foot, head) = (
                self.at([left, up(0.0)]),
                self.at([left + step * 0.7, up(height)]),
            );
            self.painter
                .rect_filled(Rect::from_two_pos(foot, head), 0, self.t.role(0));
        }
    }

    fn cells(&self, rows: usize, columns: usize) {
        let size = self.rect.size() / vec2(columns as f32, rows as f32);
        for k in 0..rows * columns {
            let (row, column) = (k / columns, k % columns);
            let far = row.abs_diff(column) as f64 / rows.max(columns) as f64;
            let corner = self.rect.min + size * vec2(column as f32, row as f32);
            let cell = Rect::from_min_size(corner, size).shrink(0.4);
            self.painter.rect_filled(cell, 0, self.value(1.0 - far));
        }
    }

    fn value(&self, value: f64) -> Color32 {
        Scale::KINSHIP.color(Some(value), self.t)
    }

    fn tree(&self) {
        let nodes = [
            [0.05, 0.85],
            [0.05, 0.15],
            [0.5, 0.5],
            [0.95, 0.8],
            [0.95, 0.3],
        ];
        let line = Stroke::new(1.0, self.t.line_strong);
        for (from, to) in [(0, 2), (1, 2), (2, 3), (2, 4)] {
            self.painter
                .line_segment([self.at(nodes[from]), self.at(nodes[to])], line);
        }
        for (role, &node) in [0, 0, 2, 3, 3].into_iter().zip(&nodes) {
            self.painter
                .circle_filled(self.at(node), 2.2, self.t.role(role));
        }
    }

    fn multiples(&self) {
        for k in 0..6 {
            let (left, low) = ((k % 3) as f32 / 3.0, (k / 3) as f32 / 2.0);
            let place = |x: f32, y: f32| [left + x * 0.26, low + 0.06 + y * 0.36];
            self.line(
                3,
                &[place(0.0, 0.1), place(0.5, 0.4), place(1.0, 0.9)],
                false,
            );
        }
    }
}
