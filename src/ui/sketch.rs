//! Small drawings on hover cards, for what a picture says sooner than a sentence. Drawn in the
//! colours of the theme, by the title of the term or the name of the method that they belong to.

use std::f32::consts::TAU;

use eframe::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, Vec2, WidgetType, pos2,
    vec2,
};

use super::ext::ResponseExt;
use super::theme::{Tokens, size};

const SIZE: Vec2 = vec2(200.0, 84.0);

type Drawing = fn(&Pen<'_>);

/// What there is a drawing of, with what it shows for those who do not see it.
const SKETCHES: [(&str, &str, Drawing); 7] = [
    (
        "Task vector δ",
        "An arrow from the base to the model",
        task_vector,
    ),
    (
        "Kinship",
        "Two arrows from the base, with the angle between them",
        kinship,
    ),
    (
        "Generation",
        "Merges of founders in a column, and merges of those in the next",
        generations,
    ),
    (
        "Saturation",
        "A score that rises from generation to generation and then no more",
        saturation,
    ),
    (
        "linear",
        "A point on the straight line between two models",
        linear,
    ),
    ("slerp", "A point on the arc between two models", slerp),
    (
        "ties",
        "Changes of one weight in three models; the one with the other sign is left out",
        ties,
    ),
];

/// Draws what belongs to these words, if anything does.
pub fn ui(ui: &mut Ui, words: &str) {
    let Some((_, shows, draw)) = SKETCHES.iter().find(|(of, ..)| *of == words) else {
        return;
    };
    let (rect, response) = ui.allocate_exact_size(SIZE, Sense::hover());
    response.named(WidgetType::Image, shows);
    let t = Tokens::of(ui);
    draw(&Pen {
        painter: ui.painter(),
        rect,
        t: &t,
    });
}

/// Draws in a rectangle whose sides are 0 to 1, from its lower left corner.
struct Pen<'a> {
    painter: &'a Painter,
    rect: Rect,
    t: &'a Tokens,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(
            self.rect.left() + x * self.rect.width(),
            self.rect.bottom() - y * self.rect.height(),
        )
    }

    fn first(&self) -> Color32 {
        self.t.roles[0]
    }

    fn second(&self) -> Color32 {
        self.t.roles[1]
    }

    fn weak(&self) -> Stroke {
        Stroke::new(1.0, self.t.line_strong)
    }

    fn arrow(&self, from: Pos2, to: Pos2, ink: Color32) {
        self.painter.arrow(from, to - from, Stroke::new(2.0, ink));
    }

    fn line(&self, points: Vec<Pos2>, stroke: Stroke) {
        self.painter.add(Shape::line(points, stroke));
    }

    fn dot(&self, at: Pos2, ink: Color32) {
        self.painter.circle_filled(at, 4.0, ink);
    }

    fn word(&self, at: Pos2, anchor: Align2, words: &str) {
        let font = FontId::proportional(size::SMALL);
        self.painter.text(at, anchor, words, font, self.t.text_weak);
    }

    /// Two models as arrows from their base; their ends.
    fn two_arrows(&self) -> [Pos2; 2] {
        let base = self.at(0.18, 0.16);
        let ends = [self.at(0.46, 0.9), self.at(0.74, 0.34)];
        self.arrow(base, ends[0], self.first());
        self.arrow(base, ends[1], self.second());
        self.dot(base, self.t.text);
        self.word(base - vec2(8.0, 0.0), Align2::RIGHT_CENTER, "base");
        ends
    }

    /// An arc around the base, from one arrow to the other, `radius` points from it.
    fn arc(&self, ends: [Pos2; 2], radius: [f32; 2]) -> Vec<Pos2> {
        const STEPS: usize = 16;
        let base = self.at(0.18, 0.16);
        let [from, to] = ends.map(|end| (end - base).angle());
        let point = |k: usize| {
            let part = k as f32 / STEPS as f32;
            let radius = radius[0] + part * (radius[1] - radius[0]);
            base + radius * Vec2::angled(from + part * (to - from))
        };
        (0..=STEPS).map(point).collect()
    }
}

fn task_vector(pen: &Pen<'_>) {
    let (base, model) = (pen.at(0.24, 0.24), pen.at(0.7, 0.76));
    pen.arrow(base, model, pen.first());
    pen.dot(base, pen.t.text);
    pen.dot(model, pen.first());
    pen.word(base - vec2(8.0, 0.0), Align2::RIGHT_CENTER, "base");
    pen.word(model + vec2(8.0, 0.0), Align2::LEFT_CENTER, "model");
    let middle = base.lerp(model, 0.5);
    pen.word(middle + vec2(6.0, 8.0), Align2::LEFT_CENTER, "δ");
}

fn kinship(pen: &Pen<'_>) {
    let ends = pen.two_arrows();
    pen.line(pen.arc(ends, [26.0, 26.0]), Stroke::new(1.5, pen.t.text));
    pen.word(ends[0] + vec2(6.0, 2.0), Align2::LEFT_CENTER, "δ₁");
    pen.word(ends[1] + vec2(6.0, 0.0), Align2::LEFT_CENTER, "δ₂");
    let note = pen.at(0.98, 0.06);
    pen.word(note, Align2::RIGHT_BOTTOM, "small angle: close kin");
}

fn linear(pen: &Pen<'_>) {
    let ends = pen.two_arrows();
    pen.line(ends.to_vec(), pen.weak());
    let child = ends[0].lerp(ends[1], 0.5);
    pen.dot(child, pen.t.accent);
    pen.word(child + vec2(8.0, -4.0), Align2::LEFT_BOTTOM, "merge");
}

fn slerp(pen: &Pen<'_>) {
    let ends = pen.two_arrows();
    let base = pen.at(0.18, 0.16);
    let lengths = ends.map(|end| base.distance(end));
    let arc = pen.arc(ends, lengths);
    let child = arc[arc.len() / 2];
    pen.line(arc, pen.weak());
    pen.dot(child, pen.t.accent);
    pen.word(child + vec2(8.0, -2.0), Align2::LEFT_BOTTOM, "merge");
}

/// One weight: two models raise it, one lowers it and is not heard; the mean of the others.
fn ties(pen: &Pen<'_>) {
    let zero = 0.36;
    pen.line(vec![pen.at(0.06, zero), pen.at(0.94, zero)], pen.weak());
    let bar = |x: f32, height: f32, ink: Color32| {
        let corners = Rect::from_two_pos(pen.at(x, zero), pen.at(x + 0.09, zero + height));
        pen.painter.rect_filled(corners, 2, ink);
    };
    bar(0.12, 0.5, pen.first());
    bar(0.27, 0.3, pen.second());
    bar(0.42, -0.26, pen.t.line_strong);
    let (a, b) = (pen.at(0.4, zero - 0.32), pen.at(0.53, zero + 0.04));
    let cross = Stroke::new(1.5, pen.t.text);
    pen.line(vec![a, b], cross);
    pen.line(vec![pos2(a.x, b.y), pos2(b.x, a.y)], cross);
    pen.arrow(pen.at(0.6, 0.6), pen.at(0.72, 0.6), pen.t.text_weak);
    bar(0.8, 0.4, pen.t.accent);
    pen.word(pen.at(0.845, zero - 0.04), Align2::CENTER_TOP, "merge");
}

fn generations(pen: &Pen<'_>) {
    let columns: [(f32, &[f32]); 3] = [
        (0.14, &[0.88, 0.6, 0.32]),
        (0.5, &[0.74, 0.46]),
        (0.86, &[0.6]),
    ];
    for pair in columns.windows(2) {
        let [(x0, parents), (x1, children)] = pair else {
            continue;
        };
        for (k, child) in children.iter().enumerate() {
            for parent in &parents[k..k + 2] {
                pen.line(vec![pen.at(*x0, *parent), pen.at(*x1, *child)], pen.weak());
            }
        }
    }
    for (number, (x, rows)) in columns.iter().enumerate() {
        for y in *rows {
            let ink = if number == 0 {
                pen.t.text
            } else {
                pen.t.accent
            };
            pen.dot(pen.at(*x, *y), ink);
        }
        let words = ["founders", "1", "2"][number];
        pen.word(pen.at(*x, 0.0), Align2::CENTER_BOTTOM, words);
    }
}

fn saturation(pen: &Pen<'_>) {
    let corner = pen.at(0.1, 0.2);
    pen.line(
        vec![pen.at(0.1, 0.98), corner, pen.at(0.96, 0.2)],
        pen.weak(),
    );
    let curve = |k: usize| {
        let x = k as f32 / 24.0;
        // From the ground to 0.9 of the height, most of it in the first third.
        let y = 0.28 + 0.62 * (1.0 - (-TAU * x).exp());
        pen.at(0.1 + 0.84 * x, y)
    };
    pen.line((0..=24).map(curve).collect(), Stroke::new(2.0, pen.first()));
    pen.word(pen.at(0.96, 0.16), Align2::RIGHT_TOP, "generations");
    pen.word(pen.at(0.96, 0.84), Align2::RIGHT_TOP, "no more gain");
    pen.word(pen.at(0.08, 0.98), Align2::RIGHT_TOP, "score");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glossary;
    use crate::merge::methods::REGISTRY;

    #[test]
    fn every_drawing_belongs_to_a_term_or_a_method() {
        for (of, shows, _) in SKETCHES {
            let is_term = glossary::all().any(|term| term.title == of);
            let is_method = REGISTRY
                .iter()
                .any(|method| method.description().name == of);
            assert!(is_term || is_method, "{of}");
            assert!(!shows.is_empty() && !shows.ends_with('.'));
        }
    }
}
