//! One strip on its axis, to be dragged as a whole or by an end.

use eframe::egui::{
    Align2, CursorIcon, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    WidgetType, pos2, vec2,
};

use crate::merge::recipe::Slice;
use crate::ui::theme::{self, Tokens, radius};
use crate::ui::widgets::{focus_ring, text};

/// Height of a strip and of the fields beside it, in points.
pub const HEIGHT: f32 = 26.0;
/// Height of the numbers over the strips, and the room that one of them needs.
const AXIS: f32 = 16.0;
const MARK: f32 = 40.0;
/// Width of an end that can be taken hold of, in points.
const END: f32 = 7.0;

/// What is being dragged, since where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drag {
    index: usize,
    part: Part,
    /// Layers from the pointer to the start of the strip.
    offset: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    First,
    End,
    Whole,
}

pub struct Row {
    pub index: usize,
    pub names: Vec<String>,
    /// First layer, and the one after the last.
    pub range: [i64; 2],
    pub layers: i64,
    /// Whether the buttons mean it.
    pub is_selected: bool,
}

/// The layers that a strip takes from its first model.
pub fn range(slice: &Slice) -> Option<[i64; 2]> {
    slice.sources.first()?.layer_range
}

pub fn length(slice: &Slice) -> i64 {
    range(slice).map_or(0, |[first, end]| end.saturating_sub(first).max(0))
}

/// The numbers of the layers, over where they begin.
pub fn axis_ui(ui: &mut Ui, indent: f32, layers: i64) {
    let size = vec2(ui.available_width().max(indent + 60.0), AXIS);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let axis = rect.with_min_x(rect.left() + indent);
    let unit = axis.width() / layers.max(1) as f32;
    let weak = Tokens::of(ui).text_weak;
    for layer in (0..=layers).step_by(step(unit)) {
        let at = pos2(axis.left() + layer as f32 * unit, axis.center().y);
        let align = match layer {
            0 => Align2::LEFT_CENTER,
            end if end == layers => Align2::RIGHT_CENTER,
            _ => Align2::CENTER_CENTER,
        };
        let text = layer.to_string();
        ui.painter()
            .text(at, align, text, theme::small_font(), weak);
    }
}

/// Layers from one number to the next: a power of two, so that each has its room. An axis is as
/// long as the recipe says, and the marks on it are as many as fit.
fn step(unit: f32) -> usize {
    let powers = (0..usize::BITS - 1).map(|power| 1 << power);
    let mut wide = powers.filter(|&step: &usize| step as f32 * unit >= MARK);
    wide.next().unwrap_or(usize::MAX)
}

impl Row {
    /// Draws it over the width that is left; gives the new range while it is dragged.
    pub fn ui(&self, ui: &mut Ui, drag: &mut Option<Drag>) -> Option<[i64; 2]> {
        let size = vec2(ui.available_width().max(60.0), HEIGHT);
        let (axis, _) = ui.allocate_exact_size(size, Sense::hover());
        let unit = axis.width() / self.layers.max(1) as f32;
        let strip = self.rect(axis, unit);
        let response = ui.interact(strip, self.id(ui), Sense::click_and_drag());
        self.describe(&response);
        self.paint(ui, axis, strip, unit, &response);
        let part = response.hover_pos().map(|at| part_at(strip, at));
        if let Some(part) = part {
            ui.ctx().set_cursor_icon(match part {
                Part::Whole => CursorIcon::Grab,
                _ => CursorIcon::ResizeHorizontal,
            });
        }
        if !response.dragged() {
            if drag.is_some_and(|d| d.index == self.index) && response.drag_stopped() {
                *drag = None;
            }
            return None;
        }
        let at = response.interact_pointer_pos()?;
        let layer = f64::from((at.x - axis.left()) / unit);
        let own = drag.filter(|d| d.index == self.index && !response.drag_started());
        let own = own.unwrap_or(Drag {
            index: self.index,
            part: part_at(strip, at),
            offset: layer - self.range[0] as f64,
        });
        *drag = Some(own);
        Some(self.moved(own, layer))
    }

    pub fn was_clicked(&self, ui: &Ui) -> bool {
        let response = ui.ctx().read_response(self.id(ui));
        response.is_some_and(|r| r.clicked() || r.gained_focus() || r.drag_started())
    }

    /// After how many of its layers it was double-clicked, to be cut there.
    pub fn cut_at(&self, ui: &Ui) -> Option<i64> {
        let response = ui.ctx().read_response(self.id(ui))?;
        let at = response.interact_pointer_pos()?;
        let [first, end] = self.range;
        let share = f64::from((at.x - response.rect.left()) / response.rect.width());
        let layers = (share * (end - first) as f64).round() as i64;
        (response.double_clicked() && 0 < layers && layers < end - first).then_some(layers)
    }

    fn id(&self, ui: &Ui) -> eframe::egui::Id {
        ui.id().with(("strip", self.index))
    }

    fn rect(&self, axis: Rect, unit: f32) -> Rect {
        let [first, end] = self.range.map(|layer| axis.left() + layer as f32 * unit);
        Rect::from_x_y_ranges(first..=end, axis.y_range().shrink(2.0))
    }

    fn moved(&self, drag: Drag, layer: f64) -> [i64; 2] {
        let [first, end] = self.range;
        let at = layer.round() as i64;
        match drag.part {
            // A range that somebody typed may end where it has not begun.
            Part::First => [at.min(end - 1).max(0), end],
            Part::End => [first, at.min(self.layers).max(first + 1)],
            Part::Whole => {
                let length = (end - first).max(1);
                let start = (layer - drag.offset).round() as i64;
                let start = start.clamp(0, (self.layers - length).max(0));
                [start, start + length]
            }
        }
    }

    fn paint(&self, ui: &Ui, axis: Rect, strip: Rect, unit: f32, response: &Response) {
        let t = Tokens::of(ui);
        let painter = ui.painter();
        painter.rect_filled(axis, radius::CONTROL, t.field);
        if unit >= 6.0 {
            for layer in 1..self.layers {
                let x = axis.left() + layer as f32 * unit;
                painter.vline(x, axis.y_range(), Stroke::new(0.5, t.line));
            }
        }
        let (fill, edge) = match self.is_selected {
            true => (t.selection, t.accent),
            false => (t.control, t.line_strong),
        };
        let edge = Stroke::new(1.0, edge);
        painter.rect(strip, radius::CONTROL, fill, edge, StrokeKind::Inside);
        let [first, end] = self.range;
        let words = format!("{}  {first}–{end}", self.names.join(" × "));
        let inner = strip.shrink2(vec2(END + 2.0, 0.0));
        if inner.width() > 30.0 {
            text::left(painter, inner, &words, &theme::small_font(), t.text);
        }
        focus_ring(ui, response);
    }

    fn describe(&self, response: &Response) {
        let [first, end] = self.range;
        response.widget_info(|| {
            let name = format!(
                "Strip {}: layers {first} to {end} of {}",
                self.index + 1,
                self.names.join(" and ")
            );
            WidgetInfo::selected(WidgetType::Button, true, self.is_selected, name)
        });
    }
}

fn part_at(strip: Rect, at: Pos2) -> Part {
    let end = END.min(strip.width() / 3.0);
    if at.x < strip.left() + end {
        Part::First
    } else if at.x > strip.right() - end {
        Part::End
    } else {
        Part::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drag(part: Part) -> Drag {
        Drag {
            index: 0,
            part,
            offset: 2.0,
        }
    }

    #[test]
    fn strips_stay_on_the_axis_and_keep_a_layer() {
        let row = Row {
            index: 0,
            names: vec!["a".to_owned()],
            range: [4, 10],
            layers: 32,
            is_selected: false,
        };
        assert_eq!(row.moved(drag(Part::Whole), 8.0), [6, 12]);
        assert_eq!(row.moved(drag(Part::Whole), 100.0), [26, 32]);
        assert_eq!(row.moved(drag(Part::Whole), -5.0), [0, 6]);
        assert_eq!(row.moved(drag(Part::First), 12.0), [9, 10]);
        assert_eq!(row.moved(drag(Part::End), 1.0), [4, 5]);
        assert_eq!(row.moved(drag(Part::End), 99.0), [4, 32]);
    }

    #[test]
    fn the_ends_are_at_the_ends() {
        let strip = Rect::from_min_max(pos2(10.0, 0.0), pos2(60.0, 20.0));
        assert_eq!(part_at(strip, pos2(12.0, 5.0)), Part::First);
        assert_eq!(part_at(strip, pos2(58.0, 5.0)), Part::End);
        assert_eq!(part_at(strip, pos2(30.0, 5.0)), Part::Whole);
    }
}
