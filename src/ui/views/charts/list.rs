//! The list of charts: the user's own, then the paper's figures, one click each.

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Color32, Painter, Pos2, Rect, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, WidgetType,
    lerp, pos2, vec2,
};

use super::choose;
use crate::figures::{Chart, Sketch, chart, charts};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::ui::action::Action;
use crate::ui::colormap::Scale;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::views::PREDICTORS;
use crate::ui::widgets::{Choice, choice, row_ground, text};

const ITEM: f32 = 36.0;
/// Height of an item with a caption below its name, and of a line of it, in points.
const NUMBERED: f32 = 56.0;
const LINE: f32 = 18.0;
const THUMB: [f32; 2] = [36.0, 26.0];
const PAPER: &str = "The paper";

pub fn title(kind: ChartKind) -> &'static str {
    chart(kind).map_or("Figure", |chart| chart.title)
}

pub fn list_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (group, is_printed) in [("This study", false), (PAPER, true)] {
            ui.quiet(group);
            for chart in charts().filter(|chart| chart.study.is_some() == is_printed) {
                if item(ui, chart, choices.kind == chart.kind) {
                    actions.push(choose(ChartChoices {
                        kind: chart.kind,
                        ..choices.clone()
                    }));
                }
            }
            if !is_printed {
                predictors_ui(ui, actions);
            }
            ui.add_space(space::S);
        }
    });
}

/// The way to the page on what predicts the gain of a merge.
fn predictors_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    if ui.link(PREDICTORS).clicked() {
        actions.push(Action::ShowPredictors);
    }
}

/// The same as a menu, where there is no room for a list.
pub fn menu_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    let name = |chart: &Chart| match chart.study {
        Some(_) => format!("{PAPER}, {}", chart.title.to_lowercase()),
        None => chart.title.to_owned(),
    };
    let names: Vec<String> = charts().map(name).collect();
    let options: Vec<Choice<'_, ChartKind>> = charts()
        .zip(&names)
        .map(|(chart, label)| Choice::new(chart.kind, label, chart.sentence))
        .collect();
    if let Some(kind) = choice(ui, "Chart", choices.kind, &options) {
        actions.push(choose(ChartChoices {
            kind,
            ..choices.clone()
        }));
    }
    predictors_ui(ui, actions);
}

fn item(ui: &mut Ui, chart: &Chart, is_current: bool) -> bool {
    let t = Tokens::of(ui);
    let width = ui.available_width() - space::M;
    // The paper's figures have numbers for names: what they show stands below.
    let is_numbered = chart.study.is_some();
    let height = if is_numbered { NUMBERED } else { ITEM };
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let name = chart.title;
    response.named_selected(WidgetType::Button, is_current, name);
    row_ground(ui, &response, rect, is_current);
    let painter = ui.painter();
    let thumb = Rect::from_center_size(
        rect.left_center() + vec2(THUMB[0] / 2.0 + 5.0, 0.0),
        THUMB.into(),
    );
    let line = Stroke::new(1.0, if is_current { t.line_strong } else { t.line });
    painter.rect(thumb, 3, t.raised, line, StrokeKind::Inside);
    paint_sketch(painter, thumb.shrink(4.0), chart.sketch, t);
    let room = rect
        .with_min_x(thumb.right() + space::S)
        .shrink2(vec2(2.0, 0.0));
    let ink = if is_current || response.hovered() {
        t.text
    } else {
        t.text_weak
    };
    let font = eframe::egui::FontId::proportional(size::SMALL + 0.5);
    if is_numbered {
        let title = room.with_max_y(rect.top() + LINE).translate(vec2(0.0, 3.0));
        text::left(painter, title, name, &font, ink);
        let below = room.with_min_y(title.bottom());
        caption_ui(painter, below, chart.sentence, t.text_weak);
    } else {
        text::left(painter, room, name, &font, ink);
    }
    response.on_hover_text(chart.sentence).clicked()
}

/// Two lines of small text, the rest cut off.
fn caption_ui(painter: &Painter, rect: Rect, words: &str, ink: Color32) {
    let font = theme::small_font();
    let mut job = LayoutJob::simple(words.to_owned(), font, ink, rect.width());
    job.wrap.max_rows = 2;
    let galley = painter.layout_job(job);
    painter.galley(rect.left_top(), galley, ink);
}

fn paint_sketch(painter: &Painter, rect: Rect, sketch: &[Sketch], t: &Tokens) {
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
