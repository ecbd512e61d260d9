//! Small drawings that tell the charts apart in their list.

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, lerp, pos2, vec2};

use crate::figures::Sketch;
use crate::ui::colormap::Scale;
use crate::ui::theme::Tokens;

pub fn paint(painter: &Painter, rect: Rect, sketch: &[Sketch], t: &Tokens) {
    let pen = Pen { painter, rect, t };
    for part in sketch {
        match *part {
            Sketch::Points(role, points) => pen.points(role, points),
            Sketch::Line(role, points) => pen.line(role, points, false),
            Sketch::Dashes(role, points) => pen.line(role, points, true),
            Sketch::Bars(heights) => pen.bars(heights),
            Sketch::Cells(rows, columns) => pen.cells(rows, columns),
            Sketch::Tree => pen.tree(),
            Sketch::Multiples => pen.multiples(),
        }
    }
}

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

    fn points(&self, role: usize, points: &[[f32; 2]]) {
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
